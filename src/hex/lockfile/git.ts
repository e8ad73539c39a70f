// Dependencies on git in lock files: where they come from, and which commit is pinned. Apart from the
// releases, since a URL may hold a password, and what is skipped is shown to people.

import { parse } from "smol-toml";
import { charlistToString, consult } from "../erlang/consult.ts";
import { Atom, type Term, Tuple } from "../erlang/term.ts";
import { readLiteral } from "./elixir.ts";
import { entryName, fail } from "./entry.ts";
import { type LockfileLimits, lockfileLimits } from "./limits.ts";

export interface GitDependency {
  /** As it is called in its file. */
  name: string;
  /** As git is given it. */
  url: string;
  commit: string;
  hasSubmodules: boolean;
}

/** @param text of a lock file that parseLockfile took, of the kind that it told. */
export function readGitDependencies(
  text: string,
  kind: "mix" | "rebar" | "gleam",
  limits: LockfileLimits = lockfileLimits,
): GitDependency[] {
  return readers[kind](text, limits);
}

const readers = { mix: readMix, rebar: readRebar, gleam: readGleam };

/** `"app": {:git, "https://…", "SHA", [branch: "main", submodules: true]}` */
function readMix(text: string, limits: LockfileLimits): GitDependency[] {
  const map = readLiteral(text, limits);
  return [...(map as Map<Term, Term>)].flatMap(([key, lock]) => {
    const [source, url, commit, options] = lock instanceof Tuple ? lock.elements : [];
    if (!(source instanceof Atom) || source.name !== "git") return [];
    const name = entryName(key instanceof Atom ? key.name : key, "an entry of the map");
    const hasSubmodules = Array.isArray(options) && options.some(asksForSubmodules);
    return [checked(name, url, commit, hasSubmodules)];
  });
}

function asksForSubmodules(option: Term): boolean {
  const [key, value] = option instanceof Tuple ? option.elements : [];
  return key instanceof Atom && key.name === "submodules" && value === true;
}

/** `{<<"app">>, {git, "https://…", {ref, "SHA"}}, 0}`; of `git_subdir` a folder of it is used. */
function readRebar(text: string, limits: LockfileLimits): GitDependency[] {
  const [first = []] = consult(text, { ...limits, comments: true });
  const [, list] = first instanceof Tuple ? first.elements : [null, first];
  return (list as Term[]).flatMap((entry) => {
    const [app, lock] = entry instanceof Tuple ? entry.elements : [];
    const [source, url = null, version] = lock instanceof Tuple ? lock.elements : [];
    if (!(source instanceof Atom) || !/^git(_subdir)?$/.test(source.name)) return [];
    const [, commit = null] = version instanceof Tuple ? version.elements : [];
    const name = entryName(app, "an entry of the list");
    return [checked(name, charlistToString(url), charlistToString(commit), false)];
  });
}

/** `{ name = "app", source = "git", repo = "https://…", commit = "SHA" }` */
function readGleam(text: string, limits: LockfileLimits): GitDependency[] {
  const { packages } = parse(text, { maxDepth: limits.depthMax });
  return (packages as Record<string, unknown>[]).flatMap(({ name, source, repo, commit }) => {
    if (source !== "git") return [];
    return [checked(entryName(name, "an entry of packages"), repo, commit, false)];
  });
}

function checked(
  name: string,
  url: unknown,
  commit: unknown,
  hasSubmodules: boolean,
): GitDependency {
  if (typeof url !== "string" || url === "") fail(name, "does not say where git finds it");
  if (typeof commit !== "string" || !/^[\da-f]{40}(?:[\da-f]{24})?$/i.test(commit)) {
    fail(name, "does not pin a commit");
  }
  return { name, url, commit: commit.toLowerCase(), hasSubmodules };
}
