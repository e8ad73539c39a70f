/**
 * Lock files: which releases a project has settled on. mix.lock, rebar.lock and Gleam's manifest.toml
 * are read as data; nothing in them is ever run, though Elixir itself evaluates a mix.lock.
 */

import { TermError } from "./erlang/term.ts";
import { type LockContents, type LockedRelease, LockfileError } from "./lockfile/entry.ts";
import { readGleamManifest } from "./lockfile/gleam.ts";
import { type LockfileLimits, lockfileLimits } from "./lockfile/limits.ts";
import { readMixLock } from "./lockfile/mix.ts";
import { readRebarLock } from "./lockfile/rebar.ts";
import { compareVersions, versionOf } from "./version.ts";

export type { LockedRelease } from "./lockfile/entry.ts";
export { type LockfileLimits, lockfileLimits } from "./lockfile/limits.ts";

export type LockfileKind = "mix" | "rebar" | "gleam";

/** Sorted, releases by repository, package and version; no release is there twice. */
export interface Lockfile extends LockContents {
  kind: LockfileKind;
}

export type LockfileRefusal =
  | { reason: "lockfile_too_big"; sizeBytesMax: number }
  /** The message is a sentence that names the line or the entry. */
  | { reason: "bad_lockfile"; message: string };

/**
 * Reads a lock file.
 * @param kind what it is; recognised from the text when it is not said.
 */
export function parseLockfile(
  text: string,
  kind?: LockfileKind,
  limits: LockfileLimits = lockfileLimits,
): Lockfile | { refused: LockfileRefusal } {
  const { sizeBytesMax } = limits;
  if (isLonger(text, sizeBytesMax))
    return { refused: { reason: "lockfile_too_big", sizeBytesMax } };
  try {
    return parse(text, kind, limits);
  } catch (error) {
    if (!(error instanceof LockfileError || error instanceof TermError)) throw error;
    return { refused: { reason: "bad_lockfile", message: error.message } };
  }
}

function parse(text: string, said: LockfileKind | undefined, limits: LockfileLimits): Lockfile {
  if (!text.isWellFormed()) throw new LockfileError("the text has half a surrogate pair");
  refuseConflicts(text);
  const kind = said ?? recognise(text);
  const { releases, skipped } = readers[kind](text, limits);
  return {
    kind,
    releases: withoutDuplicates(releases.sort(byRelease)),
    skipped: skipped.sort((a, b) => compareTexts(a.name, b.name)),
  };
}

const readers = { mix: readMixLock, rebar: readRebarLock, gleam: readGleamManifest };

/** What git leaves in a file; a line of `=` alone would say little. */
function refuseConflicts(text: string): void {
  const found = /^(?:<{7}|>{7}|\|{7}) /m.exec(text);
  if (!found) return;
  const line = text.slice(0, found.index).split("\n").length;
  throw new LockfileError(`the file has conflict markers, resolve them first (line ${line})`);
}

/** By the first thing that is no comment: `%{` opens a map of Elixir, any other `%` a comment of Erlang. */
function recognise(text: string): LockfileKind {
  const pattern = /\s+|#[^\n]*|%(?!\{)[^\n]*/y;
  let start = 0;
  while (pattern.test(text)) start = pattern.lastIndex;
  const opening = text.slice(start, start + 256);
  if (opening.startsWith("%{")) return "mix";
  // A table of TOML has a bare key in its brackets, a list of Erlang a tuple or nothing.
  if (/^(?:\{\s*"|\[\s*[{\]%])/.test(opening)) return "rebar";
  if (/^(?:\[\[?\s*)?[A-Za-z_]+\s*[=\]]/.test(opening)) return "gleam";
  throw new LockfileError("this is neither a mix.lock nor a rebar.lock nor a manifest.toml");
}

function byRelease(a: LockedRelease, b: LockedRelease): number {
  return (
    compareTexts(a.repository ?? "", b.repository ?? "") ||
    compareTexts(a.package, b.package) ||
    compareVersions(versionOf(a.version), versionOf(b.version)) ||
    compareTexts(a.version, b.version)
  );
}

/** One package may stand under two names, but then it is the same to the last byte. */
function withoutDuplicates(sorted: readonly LockedRelease[]): LockedRelease[] {
  const kept: LockedRelease[] = [];
  for (const release of sorted) {
    const last = kept.at(-1);
    if (!last || byRelease(last, release) !== 0) kept.push(release);
    else if (
      last.outerChecksum !== release.outerChecksum ||
      last.innerChecksum !== release.innerChecksum
    ) {
      const name = JSON.stringify(`${release.package} ${release.version}`);
      throw new LockfileError(`${name} is locked twice, with different checksums`);
    }
  }
  return kept;
}

/** Whether the text has more bytes of UTF-8 than that. */
function isLonger(text: string, sizeBytesMax: number): boolean {
  // A unit of UTF-16 is at least one byte: what is far too big is not encoded first.
  return text.length > sizeBytesMax || new TextEncoder().encode(text).length > sizeBytesMax;
}

// Names are ASCII almost always; what matters is that the order does not depend on a locale.
function compareTexts(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
