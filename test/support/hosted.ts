/** A declaration of hosted repositories, for tests that use many. */
export function hostedConfig(repositories: readonly string[]): string {
  return `name = "hexedge"
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars]
LIMITS = { api_per_minute = 0 }
${repositories.map((name) => `[vars.REPOSITORIES.${name}]\nkind = "hosted"\n`).join("")}`;
}
