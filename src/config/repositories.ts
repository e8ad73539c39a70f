/** The three kinds of repository, as wrangler.toml declares them. */
import * as v from "valibot";
import type { Env } from "../env.ts";
import { groupSchema } from "../group/declaration.ts";
import { type MirrorDeclaration, mirrorSchema } from "../mirror/declaration.ts";
import { type StorageKind, storageKind } from "../storage/kind.ts";
import { ConfigError, parse } from "./error.ts";
import { signingKeyPem } from "./signing-key.ts";

export type RepositoryConfig = HostedConfig | MirrorConfig | GroupConfig;

interface Placed {
  /** Where its files are; undefined: where those of the others are. */
  storage?: StorageKind | undefined;
}

export interface HostedConfig extends Placed {
  name: string;
  kind: "hosted";
  /** Anyone may read it. */
  public: boolean;
  /** Who may publish a package that exists: whoever may write, or its owners and the admins alone. */
  publish: "members" | "owners";
}

/** Follows an upstream repository: nothing is published into it. */
export interface MirrorConfig extends Placed {
  name: string;
  kind: "mirror";
  public: boolean;
  declaration: MirrorDeclaration;
  /** What upstream gets as `authorization`. */
  authKey: string | undefined;
}

/** Several repositories seen as one, under one name and with our signature. */
export interface GroupConfig extends Placed {
  name: string;
  kind: "group";
  /** Each member is. Whoever may read each of them may read the group, and nobody else. */
  public: boolean;
  /** What clients call it: the name inside the signed files. */
  signedName: string;
  /** Hosted ones first. */
  members: readonly string[];
}

const hostedSchema = v.strictObject(
  {
    kind: v.literal("hosted"),
    public: v.optional(v.boolean("must be true or false"), false),
    publish: v.optional(
      v.picklist(["members", "owners"], 'must be "members" or "owners"'),
      "members",
    ),
    storage: v.optional(storageKind),
  },
  "is no option of a repository",
);

const repositorySchema = v.variant("kind", [hostedSchema, mirrorSchema, groupSchema], (issue) =>
  issue.input === undefined
    ? 'is missing: kind = "hosted"'
    : 'must be "hosted", "mirror" or "group"',
);

/** @throws ConfigError with a sentence that names the key. */
export function repositoryConfig(env: Env, name: string, declared: unknown): RepositoryConfig {
  checkRepositoryName(name);
  const declaration = parse(repositorySchema, declared, `REPOSITORIES.${name}`);
  const { storage } = declaration;
  if (declaration.kind === "hosted") {
    signingKeyPem(env, name);
    return { name, ...declaration, storage };
  }
  if (declaration.kind === "group") {
    signingKeyPem(env, name);
    const { name: signedName, members } = declaration;
    // Whether all members are public is seen when all are known.
    return { name, kind: "group", public: false, signedName, members, storage };
  }
  checkCuration(env, name, declaration);
  const secret = declaration.upstream_auth_key;
  const authKey = secret === undefined ? undefined : secretNamed(env, secret);
  return { name, kind: "mirror", public: declaration.public, declaration, authKey, storage };
}

/** A group is of repositories that are no groups. @throws ConfigError */
export function checkMembers(
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

/** What its signed files call it, and so do its clients. */
export function signedNameOf(repository: RepositoryConfig): string {
  switch (repository.kind) {
    case "hosted":
      return repository.name;
    case "mirror":
      return repository.declaration.upstream_name;
    case "group":
      return repository.signedName;
  }
}
