/** What the Worker is given: bindings, secrets and declarations, and the only place that reads them. */
import * as v from "valibot";
import type { Accounts } from "./accounts/accounts.ts";
import { groupSchema } from "./group/declaration.ts";
import type { Group } from "./group/group.ts";
import { type MirrorDeclaration, mirrorSchema } from "./mirror/declaration.ts";
import type { Mirror } from "./mirror/mirror.ts";
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
  /** Absent: nothing can be mirrored. */
  MIRROR: DurableObjectNamespace<Mirror>;
  /** Absent: several repositories cannot be seen as one. */
  GROUP: DurableObjectNamespace<Group>;
  /** Absent: only the admin key opens anything. The name ACCOUNTS is that of the declarations below. */
  ACCOUNTS_OBJECT: DurableObjectNamespace<Accounts>;
  /** Secret. RSA private key, PEM; `SIGNING_KEY_NAME` is one for the repository NAME alone. */
  SIGNING_KEY?: string;
  /** Secret. Whoever knows it may do everything. */
  ADMIN_KEY?: string;
  /** Secret. Under it keys are hashed and tokens signed: whoever changes it makes all of them void. */
  ACCOUNTS_SECRET?: string;
  REPOSITORIES?: unknown;
  /** `signup = "open"` lets anyone make a user. */
  ACCOUNTS?: unknown;
  /** How much is too much; 0 turns a limit off. */
  LIMITS?: unknown;
  /** The repository that `/api/packages/…` means when none is named. */
  ROOT_REPOSITORY?: string;
  /** Where clients reach us, when a proxy in front hides it: `https://hex.example.com`. */
  PUBLIC_URL?: string;
}

export interface Config {
  adminKey: string;
  accountsSecret: string;
  /** May anyone make a user? Otherwise only the admin may. */
  isSignupOpen: boolean;
  limits: { apiPerMinute: number; failedCredentialsPer15Minutes: number };
  repositories: ReadonlyMap<string, RepositoryConfig>;
  /** Those that releases are published into. */
  hosted: ReadonlyMap<string, HostedConfig>;
  rootRepository: string | undefined;
  publicUrl: string | undefined;
}

export type RepositoryConfig = HostedConfig | MirrorConfig | GroupConfig;

export interface HostedConfig {
  name: string;
  kind: "hosted";
  /** Anyone may read it. */
  public: boolean;
  /** Who may publish a package that exists: whoever may write, or its owners and the admins alone. */
  publish: "members" | "owners";
}

/** Follows an upstream repository: nothing is published into it. */
export interface MirrorConfig {
  name: string;
  kind: "mirror";
  public: boolean;
  declaration: MirrorDeclaration;
  /** What upstream gets as `authorization`. */
  authKey: string | undefined;
}

/** Several repositories seen as one, under one name and with our signature. */
export interface GroupConfig {
  name: string;
  kind: "group";
  /** Each member is. Whoever may read each of them may read the group, and nobody else. */
  public: boolean;
  /** What clients call it: the name inside the signed files. */
  signedName: string;
  /** Hosted ones first. */
  members: readonly string[];
}

/** The deployment is set up wrongly: no request can be answered until it is mended. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const hostedSchema = v.strictObject(
  {
    kind: v.literal("hosted"),
    public: v.optional(v.boolean("must be true or false"), false),
    publish: v.optional(
      v.picklist(["members", "owners"], 'must be "members" or "owners"'),
      "members",
    ),
  },
  "is no option of a repository",
);

const repositorySchema = v.variant("kind", [hostedSchema, mirrorSchema, groupSchema], (issue) =>
  issue.input === undefined
    ? 'is missing: kind = "hosted"'
    : 'must be "hosted", "mirror" or "group"',
);

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
});

/** The Accounts object's only name: there is one. */
export const accountsName = "accounts";

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
  const { ADMIN_KEY, REPOSITORIES, ROOT_REPOSITORY, PUBLIC_URL, ...accounts } = parse(schema, {
    ADMIN_KEY: env.ADMIN_KEY,
    ACCOUNTS_SECRET: env.ACCOUNTS_SECRET,
    ACCOUNTS: env.ACCOUNTS ?? {},
    LIMITS: env.LIMITS ?? {},
    REPOSITORIES: env.REPOSITORIES,
    ROOT_REPOSITORY: env.ROOT_REPOSITORY,
    PUBLIC_URL: env.PUBLIC_URL,
  });
  const repositories = new Map<string, RepositoryConfig>();
  for (const [name, declared] of REPOSITORIES) {
    checkRepositoryName(name);
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
  return {
    adminKey: ADMIN_KEY,
    accountsSecret: accounts.ACCOUNTS_SECRET,
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
    publicUrl: PUBLIC_URL?.replace(/\/+$/, ""),
  };
}

function repositoryConfig(env: Env, name: string, declared: unknown): RepositoryConfig {
  const declaration = parse(repositorySchema, declared, `REPOSITORIES.${name}`);
  if (declaration.kind === "hosted") {
    signingKeyPem(env, name);
    return { name, ...declaration };
  }
  if (declaration.kind === "group") {
    signingKeyPem(env, name);
    const { name: signedName, members } = declaration;
    // Whether all members are public is seen when all are known.
    return { name, kind: "group", public: false, signedName, members };
  }
  checkCuration(env, name, declaration);
  const secret = declaration.upstream_auth_key;
  const authKey = secret === undefined ? undefined : secretNamed(env, secret);
  return { name, kind: "mirror", public: declaration.public, declaration, authKey };
}

function checkMembers(
  { name, members }: GroupConfig,
  repositories: ReadonlyMap<string, RepositoryConfig>,
): void {
  const kinds = members.map((member) => repositories.get(member)?.kind);
  const wrong = members[kinds.findIndex((kind) => kind !== "hosted" && kind !== "mirror")];
  if (wrong !== undefined) {
    throw new ConfigError(
      `REPOSITORIES.${name}.members names ${wrong}, which is no hosted repository and no mirror`,
    );
  }
  // Our own first is the promise that a name of ours is never answered from elsewhere.
  if (kinds.lastIndexOf("hosted") > kinds.indexOf("mirror") && kinds.includes("mirror")) {
    throw new ConfigError(
      `REPOSITORIES.${name}.members must name hosted repositories before mirrors`,
    );
  }
}

/** The declaration of a group. @throws ConfigError when it is none. */
export function groupOf(env: Env, name: string): GroupConfig {
  const config = readConfig(env).repositories.get(name);
  if (config?.kind === "group") return config;
  throw new ConfigError(`REPOSITORIES.${name} is no group`);
}

/** Rules without a mode that heeds them, or the reverse, would hold nothing back, and nobody would notice. */
function checkCuration(env: Env, name: string, { mode, rules }: MirrorDeclaration): void {
  const where = `REPOSITORIES.${name}.rules`;
  if (mode === "curated" && !rules) {
    throw new ConfigError(`${where} is missing: declare [vars.${where}]`);
  }
  if (mode === "verbatim" && rules) {
    throw new ConfigError(`${where} would hold nothing back: rules are for mode = "curated"`);
  }
  if (mode === "curated") signingKeyPem(env, name);
}

function secretNamed(env: Env, name: string): string {
  const secret = (env as unknown as Record<string, unknown>)[name];
  if (typeof secret === "string" && secret !== "") return secret;
  throw new ConfigError(`${name} is missing: \`npx wrangler secret put ${name}\``);
}

/** The declaration of a mirror. @throws ConfigError when it is none. */
export function mirrorOf(env: Env, name: string): MirrorConfig {
  const config = readConfig(env).repositories.get(name);
  if (config?.kind === "mirror") return config;
  throw new ConfigError(`REPOSITORIES.${name} is no mirror`);
}

/** @throws ConfigError with the path below `where`, and the first thing that is wrong there. */
function parse<T extends v.GenericSchema>(
  schema: T,
  value: unknown,
  where?: string,
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = [where, v.getDotPath(issue)].filter((part) => part != null).join(".");
  throw new ConfigError(`${path} ${issue.message}`);
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

/** The PEM that signs a repository. @throws ConfigError when there is none, or it is no private key. */
export function signingKeyPem(env: Env, repository: string): string {
  const secrets = env as unknown as Record<string, unknown>;
  const own = `SIGNING_KEY_${repository.toUpperCase()}`;
  const name = secrets[own] === undefined ? "SIGNING_KEY" : own;
  const pem = secrets[name];
  if (typeof pem !== "string" || pem === "") {
    throw new ConfigError(`${name} is missing: \`npx wrangler secret put ${name} < key.pem\``);
  }
  // Whether it is RSA, and long enough, is seen when the repository opens.
  if (!/-----BEGIN (RSA )?PRIVATE KEY-----/.test(pem)) {
    throw new ConfigError(
      `${name} is not a private RSA key in PEM: \`openssl genrsa -out key.pem 2048\``,
    );
  }
  return pem;
}

export function openStorage(env: Env): Storage {
  return env.FOLDER ? new FolderStorage(env.FOLDER) : new R2Storage(env.BUCKET);
}
