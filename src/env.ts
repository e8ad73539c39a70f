/** What the Worker is given: bindings, secrets and declarations, and the only place that reads them. */
import * as v from "valibot";
import type { Repository } from "./repository/repository.ts";
import { FolderStorage } from "./storage/folder.ts";
import { R2Storage } from "./storage/r2.ts";
import type { Storage } from "./storage/storage.ts";

export interface Env {
  /** Absent: nothing can be stored or read, unless there is a FOLDER. */
  BUCKET: R2Bucket;
  /** A folder on this machine, which `npm start` gives. Absent: files are in BUCKET. */
  FOLDER?: Fetcher;
  /** Absent: the API cannot show packages to readers. */
  INDEX: KVNamespace;
  /** Absent: nothing can be published. */
  REPOSITORY: DurableObjectNamespace<Repository>;
  /** Counts wrong credentials by address. Absent: guesses are not slowed down. */
  GUESSES?: RateLimit;
  /** Secret. RSA private key, PEM; `SIGNING_KEY_NAME` is one for the repository NAME alone. */
  SIGNING_KEY?: string;
  /** Secret. Whoever knows it may do everything. */
  ADMIN_KEY?: string;
  REPOSITORIES?: unknown;
  /** The repository that `/api/packages/…` means when none is named. */
  ROOT_REPOSITORY?: string;
  /** Where clients reach us, when a proxy in front hides it: `https://hex.example.com`. */
  PUBLIC_URL?: string;
}

export interface Config {
  adminKey: string;
  repositories: ReadonlyMap<string, RepositoryConfig>;
  rootRepository: string | undefined;
  publicUrl: string | undefined;
}

export interface RepositoryConfig {
  name: string;
  kind: "hosted";
  /** Anyone may read it. */
  public: boolean;
}

/** The deployment is set up wrongly: no request can be answered until it is mended. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const repositorySchema = v.strictObject({
  kind: v.literal("hosted", 'must be "hosted"'),
  public: v.optional(v.boolean("must be true or false"), false),
});

const schema = v.object({
  ADMIN_KEY: v.pipe(
    v.string("is missing: `npx wrangler secret put ADMIN_KEY`"),
    v.minLength(16, "must have at least 16 characters"),
  ),
  REPOSITORIES: v.record(
    v.string(),
    repositorySchema,
    "is missing: declare [vars.REPOSITORIES.NAME]",
  ),
  ROOT_REPOSITORY: v.optional(v.string("must be the name of a repository")),
  PUBLIC_URL: v.optional(
    v.pipe(v.string(), v.url("must be a URL such as https://hex.example.com")),
  ),
});

const known = new WeakMap<Env, Config>();

/**
 * Checks what is declared, once per isolate.
 * @throws ConfigError with a sentence that names the key; nothing ever silently becomes a default.
 */
export function readConfig(env: Env): Config {
  let config = known.get(env);
  if (!config) {
    config = parseConfig(env);
    known.set(env, config);
  }
  return config;
}

function parseConfig(env: Env): Config {
  const parsed = v.safeParse(schema, env);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new ConfigError(`${v.getDotPath(issue) ?? "configuration"} ${issue.message}`);
  }
  const { ADMIN_KEY, REPOSITORIES, ROOT_REPOSITORY, PUBLIC_URL } = parsed.output;
  const repositories = new Map<string, RepositoryConfig>();
  for (const [name, declared] of Object.entries(REPOSITORIES)) {
    checkRepositoryName(name);
    signingKeyPem(env, name);
    repositories.set(name, { name, ...declared });
  }
  if (ROOT_REPOSITORY !== undefined && !repositories.has(ROOT_REPOSITORY)) {
    throw new ConfigError(
      `ROOT_REPOSITORY names ${ROOT_REPOSITORY}, which REPOSITORIES does not declare`,
    );
  }
  return {
    adminKey: ADMIN_KEY,
    repositories,
    rootRepository: ROOT_REPOSITORY,
    publicUrl: PUBLIC_URL?.replace(/\/+$/, ""),
  };
}

function checkRepositoryName(name: string): void {
  if (!/^[a-z][a-z0-9_]{1,63}$/.test(name)) {
    throw new ConfigError(
      `REPOSITORIES.${name}: a name has 2 to 64 characters a-z, 0-9 and _, and begins with a letter`,
    );
  }
  // Clients keep the public registry under this name, and the signed files would claim to be its.
  if (name === "hexpm")
    throw new ConfigError("REPOSITORIES.hexpm: a hosted repository cannot be called hexpm");
}

/** The PEM that signs a repository. @throws ConfigError when there is none. */
export function signingKeyPem(env: Env, repository: string): string {
  const own = (env as unknown as Record<string, unknown>)[
    `SIGNING_KEY_${repository.toUpperCase()}`
  ];
  const pem = own ?? env.SIGNING_KEY;
  if (typeof pem !== "string" || pem === "") {
    throw new ConfigError(
      "SIGNING_KEY is missing: `npx wrangler secret put SIGNING_KEY < key.pem`",
    );
  }
  return pem;
}

export function openStorage(env: Env): Storage {
  return env.FOLDER ? new FolderStorage(env.FOLDER) : new R2Storage(env.BUCKET);
}
