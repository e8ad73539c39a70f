// mix.lock, as Hex writes it into Mix's map: `"app": {:hex, :package, "1.0.0", inner, managers, deps,
// repository, outer}`. Older versions of Hex wrote the first four elements, or six.

import { Atom, type Term, Tuple } from "../erlang/term.ts";
import { readLiteral } from "./elixir.ts";
import {
  checkRelease,
  entryName,
  fail,
  type LockContents,
  LockfileError,
  skipEntry,
} from "./entry.ts";
import type { LockfileLimits } from "./limits.ts";

/** @throws {LockfileError} or TermError, when the text is no mix.lock. */
export function readMixLock(text: string, limits: LockfileLimits): LockContents {
  const map = readLiteral(text, limits);
  if (!(map instanceof Map)) throw new LockfileError("a mix.lock is a map");
  const contents: LockContents = { releases: [], skipped: [] };
  for (const [key, lock] of map) {
    const name = entryName(nameOf(key), "an entry of the map");
    const [source, ...fields] = lock instanceof Tuple ? lock.elements : [];
    if (!(source instanceof Atom)) fail(name, "is no tuple that begins with an atom");
    if (source.name === "hex") contents.releases.push(release(name, fields));
    else contents.skipped.push(skipEntry(name, source.name));
  }
  return contents;
}

function release(entry: string, fields: readonly Term[]) {
  const [name, version, innerChecksum, , , repository, outerChecksum] = fields;
  return checkRelease(entry, {
    ...{ package: nameOf(name), version, innerChecksum, outerChecksum },
    // Before there were others, mix named none.
    repository: repository === undefined ? "hexpm" : repository,
  });
}

function nameOf(term: Term | undefined): unknown {
  return term instanceof Atom ? term.name : term;
}
