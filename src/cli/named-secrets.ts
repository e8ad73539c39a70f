/** Secrets whose names wrangler.toml says: those that sign webhooks, and the keys to upstreams. */

/** Those that the environment has. What is missing the configuration says, by its name. */
export function namedSecrets(
  vars: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const names = [
    ...membersOf(vars.WEBHOOKS).map((it) => it.secret),
    ...membersOf(vars.REPOSITORIES).map((it) => it.upstream_auth_key),
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const secret = typeof name === "string" ? environment[name] : undefined;
      return typeof name === "string" && secret ? [[name, secret]] : [];
    }),
  );
}

/** The tables in a table or a list; of anything else none, which is not for here to say. */
function membersOf(declared: unknown): Record<string, unknown>[] {
  const members = typeof declared === "object" && declared !== null ? Object.values(declared) : [];
  return members.filter((it) => typeof it === "object" && it !== null);
}
