/** What wrangler.toml declares, as far as it has to be made; and whether the Worker will take it. */
import { readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import * as v from "valibot";
import { type Config, readConfig } from "../../config/config.ts";
import { ConfigError } from "../../config/error.ts";
import type { Env } from "../../env.ts";
import { Mistake } from "../mistake.ts";

const schema = v.object({
  name: v.optional(v.string(), ""),
  account_id: v.optional(v.string()),
  r2_buckets: v.optional(
    v.array(
      v.object({
        binding: v.string(),
        bucket_name: v.optional(v.string()),
        jurisdiction: v.optional(v.string()),
      }),
    ),
    [],
  ),
  kv_namespaces: v.optional(
    v.array(v.object({ binding: v.string(), id: v.optional(v.string()) })),
    [],
  ),
  vars: v.optional(v.record(v.string(), v.unknown()), {}),
});

export type Declared = v.InferOutput<typeof schema> & { path: string; text: string };

export function readDeclared(path: string): Declared {
  const text = readText(path);
  const read = v.safeParse(schema, parseToml(path, text));
  if (read.success) {
    const { name } = read.output;
    // It becomes the name of a folder too.
    if (/^[a-z0-9][a-z0-9_-]{0,62}$/i.test(name)) return { ...read.output, path, text };
    throw new Mistake(`${path}: name is missing, or no name of a Worker: name = "hexedge"`);
  }
  const [issue] = read.issues;
  throw new Mistake(`${path}: ${v.getDotPath(issue) ?? "it"} ${issue.message}`);
}

/** Of the secrets only the names matter here; these would all be taken. */
const standIns: Record<string, string> = {
  ADMIN_KEY: "a_stand_in_of_20_characters",
  ACCOUNTS_SECRET: "a stand-in of more than 32 characters",
  SIGNING_KEY: "-----BEGIN PRIVATE KEY-----",
};

/**
 * What the Worker would say to every request, said before anything is made.
 * @param secrets the names of those that it has, or will have.
 */
export function checkDeclared({ path, vars }: Declared, secrets: readonly string[]): Config {
  const values = secrets.map((name) => [
    name,
    standIns[name.replace(/^(SIGNING_KEY)_\w+$/, "$1")] ?? standIns.ADMIN_KEY,
  ]);
  try {
    // Of the bindings it looks at none.
    return readConfig({ ...vars, ...Object.fromEntries(values) } as unknown as Env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [, missing] = /^(\w+) is missing: `npx wrangler secret put/.exec(error.message) ?? [];
    if (missing === undefined) throw new Mistake(`${path}: ${error.message}`);
    throw new Mistake(
      `${path} needs the secret ${missing}: put its value into the environment, as ${missing}, and run this again`,
    );
  }
}

/** Secrets beyond the three that everybody needs, which this configuration could use. */
export function furtherSecrets({ vars }: Declared): string[] {
  const repositories = Object.entries(Object(vars.REPOSITORIES) as Record<string, unknown>);
  const upstream = repositories.flatMap(([, it]) => {
    const name: unknown = Object(it).upstream_auth_key;
    return typeof name === "string" ? [name] : [];
  });
  const own = repositories.map(([name]) => `SIGNING_KEY_${name.toUpperCase()}`);
  return [...new Set(["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", ...upstream, ...own])];
}

/** Secrets that sign what webhooks are told: which they are does not matter, so they can be made. */
export function webhookSecrets(declared: Declared): string[] {
  const webhooks = Object.values(Object(declared.vars.WEBHOOKS) as Record<string, unknown>);
  const names = webhooks.flatMap((it) => {
    const name: unknown = Object(it).secret;
    return typeof name === "string" ? [name] : [];
  });
  // What is somebody else's key as well cannot be.
  const further = furtherSecrets(declared);
  return [...new Set(names)].filter((name) => !further.includes(name));
}

/** Where files are, of all repositories. @throws Mistake for what only `npm start` has. */
export function needsBucket({ path }: Declared, config: Config): boolean {
  const kinds = [...config.repositories.values()].map(
    ({ storage }) => storage ?? config.storage ?? "r2",
  );
  if (kinds.includes("folder")) {
    throw new Mistake(
      `${path}: storage = "folder" is for one machine; Cloudflare has none: "r2" or "s3"`,
    );
  }
  return kinds.includes("r2");
}

function readText(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    throw new Mistake(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

function parseToml(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new Mistake(`${path}: ${error.message}`);
  }
}
