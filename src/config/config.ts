/** What is declared in wrangler.toml and its secrets, checked once: a mistake stops every request with a sentence. */
import * as v from "valibot";
import type { Env } from "../env.ts";
import { type StorageKind, storageKind } from "../storage/kind.ts";
import type { S3Options } from "../storage/s3.ts";
import type { Webhook } from "../webhooks/declaration.ts";
import { ConfigError, parse } from "./error.ts";
import { gitRepository } from "./git.ts";
import {
  checkMembers,
  type GroupConfig,
  type HostedConfig,
  type MirrorConfig,
  type RepositoryConfig,
  repositoryConfig,
} from "./repositories.ts";
import { s3Options } from "./s3.ts";
import { webhooksOf } from "./webhooks.ts";

export interface Config {
  adminKey: string;
  accountsSecret: string;
  /** Under it the cookies of pages are signed; another admin key signs everybody out. */
  pageSecret: string;
  /** May anyone make a user? Otherwise only the admin may. */
  isSignupOpen: boolean;
  limits: { apiPerMinute: number; failedCredentialsPer15Minutes: number };
  repositories: ReadonlyMap<string, RepositoryConfig>;
  /** Those that releases are published into. */
  hosted: ReadonlyMap<string, HostedConfig>;
  rootRepository: string | undefined;
  /** Whoever may read it may read what is mirrored of git; undefined: nothing is. */
  gitRepository: string | undefined;
  /** As a browser would write it, without a slash at its end; it may have a path. */
  publicUrl: string | undefined;
  /** Where documentation is served, and nothing else; undefined: below our own host, in a sandbox. */
  docsHost: string | undefined;
  /** Of repositories that do not say; undefined: a folder where there is one, else R2. */
  storage: StorageKind | undefined;
  /** Undefined when no repository is there. */
  s3: S3Options | undefined;
  webhooks: readonly Webhook[];
}

/** Compared at one size: see authenticate. */
const adminKeyLengthMax = 256;

const limit = v.pipe(
  v.number("must be a number; 0 for no limit"),
  v.integer("must be a whole number"),
  v.minValue(0, "must not be negative; 0 for no limit"),
);

const schema = v.object({
  ADMIN_KEY: v.pipe(
    v.string("is missing: `npx wrangler secret put ADMIN_KEY`"),
    v.minLength(16, "must have at least 16 characters"),
    v.maxLength(adminKeyLengthMax, `must have at most ${adminKeyLengthMax} characters`),
    // Others do not survive in a header, so nobody could ever show the key.
    v.regex(/^[!-~]*$/, "must have letters, digits and punctuation of ASCII only, and no blanks"),
  ),
  ACCOUNTS_SECRET: v.pipe(
    v.string("is missing: `openssl rand -hex 32 | npx wrangler secret put ACCOUNTS_SECRET`"),
    v.minLength(32, "must have at least 32 characters"),
  ),
  ACCOUNTS: v.strictObject(
    {
      signup: v.optional(v.picklist(["open", "closed"], 'must be "open" or "closed"'), "closed"),
    },
    (issue) =>
      issue.expected === "never"
        ? "is no option of ACCOUNTS"
        : 'is a table with signup = "open" or "closed"',
  ),
  LIMITS: v.strictObject(
    {
      api_per_minute: v.optional(limit, 500),
      failed_credentials_per_15_minutes: v.optional(limit, 20),
    },
    (issue) =>
      issue.expected === "never"
        ? "is no limit"
        : "is a table of limits: api_per_minute, failed_credentials_per_15_minutes",
  ),
  REPOSITORIES: v.pipe(
    v.custom<object>(
      (value) => typeof value === "object" && value !== null && !Array.isArray(value),
      "is missing: declare [vars.REPOSITORIES.NAME]",
    ),
    // Not a record, which would leave out a repository that is called `constructor`.
    v.transform((declared) => Object.entries(declared)),
  ),
  STORAGE: v.optional(storageKind),
  ROOT_REPOSITORY: v.optional(v.string("must be the name of a repository")),
  PUBLIC_URL: v.optional(
    v.pipe(
      v.string("must be a URL such as https://hex.example.com"),
      v.url("must be a URL such as https://hex.example.com"),
      v.regex(
        /^https?:\/\/[^?#@]+$/i,
        "must begin with https:// or http://, and end before any ? or #",
      ),
    ),
  ),
  DOCS_HOST: v.optional(
    v.pipe(
      v.string("must be a host such as docs.example.com"),
      v.regex(/^[a-z0-9.-]+(:\d+)?$/, "must be a host such as docs.example.com, without https://"),
    ),
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
  // Named one by one: what nobody has set is no key of `env`, and the sentence would be another.
  const { ADMIN_KEY, REPOSITORIES, STORAGE, ROOT_REPOSITORY, PUBLIC_URL, DOCS_HOST, ...accounts } =
    parse(schema, {
      ADMIN_KEY: env.ADMIN_KEY,
      ACCOUNTS_SECRET: env.ACCOUNTS_SECRET,
      ACCOUNTS: env.ACCOUNTS ?? {},
      LIMITS: env.LIMITS ?? {},
      REPOSITORIES: env.REPOSITORIES,
      STORAGE: env.STORAGE,
      ROOT_REPOSITORY: env.ROOT_REPOSITORY,
      PUBLIC_URL: env.PUBLIC_URL,
      DOCS_HOST: env.DOCS_HOST,
    });
  const repositories = new Map<string, RepositoryConfig>();
  for (const [name, declared] of REPOSITORIES) {
    repositories.set(name, repositoryConfig(env, name, declared));
  }
  for (const it of repositories.values()) {
    if (it.kind !== "group") continue;
    checkMembers(it, repositories);
    it.public = it.members.every((member) => repositories.get(member)?.public);
  }
  if (ROOT_REPOSITORY !== undefined && !repositories.has(ROOT_REPOSITORY)) {
    throw new ConfigError(
      `ROOT_REPOSITORY names ${ROOT_REPOSITORY}, which REPOSITORIES does not declare`,
    );
  }
  // Whoever is not signed in is sent there, from the other host as well.
  if (DOCS_HOST !== undefined && PUBLIC_URL === undefined) {
    throw new ConfigError("DOCS_HOST needs PUBLIC_URL, the address of all the rest");
  }
  const isOnS3 = [...repositories.values()].some((it) => (it.storage ?? STORAGE) === "s3");
  return {
    adminKey: ADMIN_KEY,
    accountsSecret: accounts.ACCOUNTS_SECRET,
    pageSecret: `${accounts.ACCOUNTS_SECRET}\n${ADMIN_KEY}`,
    isSignupOpen: accounts.ACCOUNTS.signup === "open",
    limits: {
      apiPerMinute: accounts.LIMITS.api_per_minute,
      failedCredentialsPer15Minutes: accounts.LIMITS.failed_credentials_per_15_minutes,
    },
    repositories,
    hosted: new Map(
      [...repositories].flatMap(([name, it]) => (it.kind === "hosted" ? [[name, it]] : [])),
    ),
    rootRepository: ROOT_REPOSITORY,
    gitRepository: gitRepository(env, repositories),
    publicUrl: PUBLIC_URL === undefined ? undefined : normalised(PUBLIC_URL),
    docsHost: DOCS_HOST,
    storage: STORAGE,
    s3: s3Options(env, isOnS3),
    webhooks: webhooksOf(env, repositories),
  };
}

/** A browser knows no capitals in a host, and no port that goes without saying. */
function normalised(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, "");
}

/** The declaration of a group. @throws ConfigError when it is none. */
export function groupOf(env: Env, name: string): GroupConfig {
  const config = readConfig(env).repositories.get(name);
  if (config?.kind === "group") return config;
  throw new ConfigError(`REPOSITORIES.${name} is no group`);
}

/** The declaration of a mirror. @throws ConfigError when it is none. */
export function mirrorOf(env: Env, name: string): MirrorConfig {
  const config = readConfig(env).repositories.get(name);
  if (config?.kind === "mirror") return config;
  throw new ConfigError(`REPOSITORIES.${name} is no mirror`);
}
