// rebar.lock: `{"1.2.0", [{<<"app">>, {pkg, <<"package">>, <<"1.0.0">>}, 0}, …]}.` and a list of
// checksums by the name of the app, or in the first versions the list of entries alone.

import { charlistToString, consult } from "../erlang/consult.ts";
import { Atom, type Term, Tuple } from "../erlang/term.ts";
import {
  checkRelease,
  entryName,
  fail,
  type LockContents,
  LockfileError,
  skipEntry,
} from "./entry.ts";
import type { LockfileLimits } from "./limits.ts";

/** @throws {LockfileError} or TermError, when the text is no rebar.lock. */
export function readRebarLock(text: string, limits: LockfileLimits): LockContents {
  const [first = [], attributes = []] = consult(text, { ...limits, comments: true });
  const contents: LockContents = { releases: [], skipped: [] };
  const inner = checksums(attributes, "pkg_hash");
  const outer = checksums(attributes, "pkg_hash_ext");
  for (const entry of entries(first)) {
    const [app, lock, level] = entry instanceof Tuple ? entry.elements : [];
    const name = entryName(app, "an entry of the list");
    const [source, ...fields] = lock instanceof Tuple ? lock.elements : [];
    if (!(source instanceof Atom) || typeof level !== "number") {
      fail(name, "is no tuple of a name, a source and a level");
    }
    const hashes = { innerChecksum: inner.get(name), outerChecksum: outer.get(name) };
    if (source.name === "pkg") contents.releases.push(release(name, fields, hashes));
    else contents.skipped.push(skipEntry(name, source.name));
  }
  return contents;
}

function entries(term: Term): readonly Term[] {
  if (Array.isArray(term)) return term;
  const [version, list] = term instanceof Tuple ? term.elements : [];
  if (version === undefined || !charlistToString(version) || !Array.isArray(list)) {
    throw new LockfileError("a rebar.lock is a list, or a tuple of a version and a list");
  }
  return list;
}

/**
 * rebar3 writes three elements and reads five, with the two checksums, as it has them inside. It
 * knows no repositories here: at the next start it looks for the package in all of them.
 */
function release(
  entry: string,
  [name, version, inner, outer]: readonly Term[],
  hashes: { innerChecksum: Term | undefined; outerChecksum: Term | undefined },
) {
  return checkRelease(entry, {
    ...{ package: name, version },
    innerChecksum: hashes.innerChecksum ?? noValue(inner),
    outerChecksum: hashes.outerChecksum ?? noValue(outer),
  });
}

/** `[{pkg_hash, [{<<"app">>, <<"ABC…">>}, …]}, …]` */
function checksums(attributes: Term, kind: string): Map<string, Term> {
  const found = new Map<string, Term>();
  for (const attribute of pairs(attributes)) {
    const [key, list] = attribute;
    if (!(key instanceof Atom) || key.name !== kind) continue;
    for (const [app, checksum] of pairs(list)) {
      const name = entryName(app, `an entry of ${kind}`);
      if (found.has(name)) fail(name, `has two checksums in ${kind}`);
      found.set(name, checksum);
    }
  }
  return found;
}

function pairs(list: Term): (readonly [Term, Term])[] {
  if (!Array.isArray(list)) throw new LockfileError("the checksums of a rebar.lock are a list");
  return list.map((pair) => {
    const [key, value, ...more] = pair instanceof Tuple ? pair.elements : [];
    if (key === undefined || value === undefined || more.length > 0) {
      throw new LockfileError("the checksums of a rebar.lock are a list of pairs");
    }
    return [key, value];
  });
}

function noValue(term: Term | undefined): Term {
  return term === undefined || (term instanceof Atom && term.name === "undefined") ? null : term;
}
