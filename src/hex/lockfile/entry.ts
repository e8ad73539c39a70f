// What the entries of all lock files have in common: their checks, and the words for what is wrong.

import { isPackageName } from "../name.ts";
import { parseVersion } from "../version.ts";

export interface LockedRelease {
  /** As the file says it, with an organization of hex.pm as `hexpm:acme`; null when its kind says none. */
  repository: string | null;
  /** The name in the registry, not that of the OTP application. */
  package: string;
  version: string;
  /** SHA-256 of the tarball, in lowercase hex. */
  outerChecksum: string | null;
  /** The older one, over the files inside the tarball. */
  innerChecksum: string | null;
}

export interface LockContents {
  releases: LockedRelease[];
  /** What does not come from a Hex repository. */
  skipped: SkippedEntry[];
}

export interface SkippedEntry {
  name: string;
  why: string;
}

/** The text is no lock file, with a sentence for the person who sent it. */
export class LockfileError extends Error {
  override readonly name = "LockfileError";
}

const nameLengthMax = 255; // of an atom, and of a package

/** The name that an entry goes by, which may be anything that an atom may be. */
export function entryName(name: unknown, kind: string): string {
  if (typeof name !== "string" || name === "") throw new LockfileError(`${kind} has no name`);
  if (name.length > nameLengthMax) throw new LockfileError(`the name of ${kind} is too long`);
  return name;
}

type Unchecked = { [field in keyof LockedRelease]?: unknown };

/** @throws {LockfileError} with the name of the entry, for every field that is not what it must be. */
export function checkRelease(entry: string, fields: Unchecked): LockedRelease {
  const { package: name, version, repository = null } = fields;
  if (typeof name !== "string" || !isPackageName(name))
    return fail(entry, "does not have the name of a package");
  if (typeof version !== "string" || !parseVersion(version))
    return fail(entry, "does not have a version");
  if (repository !== null && !isRepositoryName(repository))
    return fail(entry, "does not have the name of a repository");
  return {
    repository,
    package: name,
    version,
    outerChecksum: checksum(entry, "outer", fields.outerChecksum ?? null),
    innerChecksum: checksum(entry, "inner", fields.innerChecksum ?? null),
  };
}

/** An entry that is no release; its address is left out, since there may be a password in it. */
export function skipEntry(name: string, source: string): SkippedEntry {
  return { name, why: `it comes from ${wordsFor.get(source) ?? JSON.stringify(source)}` };
}

const wordsFor = new Map([
  ["git", "git"],
  ["git_subdir", "git"],
  ["hg", "Mercurial"],
  ["path", "a folder"],
  ["local", "a folder"],
]);

export function fail(entry: string, sentence: string): never {
  throw new LockfileError(`the entry ${JSON.stringify(entry)} ${sentence}`);
}

/** A person may call a repository what they like, with `mix hex.repo add`. */
function isRepositoryName(name: unknown): name is string {
  return typeof name === "string" && /^[!-~]{1,255}$/.test(name);
}

function checksum(entry: string, which: "outer" | "inner", value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === "string" && /^[\da-f]{64}$/i.test(value)) return value.toLowerCase();
  return fail(entry, `has an ${which} checksum that is no SHA-256`);
}
