/**
 * What somebody typed into a search box → what they look for, in hexpm's grammar: words apart by blanks,
 * `key:value` and `key:"more words"` among them. Pure, and every text means something.
 */
import { wordsOf } from "./words.ts";

export interface Search {
  text: FreeText | null;
  name: QualifiedName | null;
  /** Any of these words; with none of them nothing is found. */
  description: string[] | null;
  depends: { repository: string | null; package: string } | null;
  buildTool: string | null;
  /** Milliseconds since 1970. */
  updatedAfter: number | null;
  /** Each has to be contained in the package's `extra`. */
  extra: Extra[];
}

/** A name that matches, or any of the words in the description. */
export interface FreeText extends QualifiedName {
  words: string[];
}

export interface QualifiedName {
  /** Null for every repository. */
  repository: Pattern | null;
  name: Pattern;
}

/** The whole name, or so much of it. */
export interface Pattern {
  kind: "is" | "contains" | "starts" | "ends";
  text: string;
}

export type Extra = string | number | Extra[] | { [key: string]: Extra };

/** Less than that is in too many names: "ex" is looked for as it is. */
const containedLengthMin = 3;

/** Reads a search. A key that nobody knows says nothing; `extra` without a value makes all of it free text. */
export function parseSearch(text: string): Search {
  const search: Search = {
    ...{ text: null, name: null, description: null, depends: null },
    ...{ buildTool: null, updatedAfter: null, extra: [] },
  };
  const words: string[] = [];
  for (const { key, value } of tokens(text)) {
    if (key === null) words.push(value);
    else if (key === "name") search.name = qualified(value, wildcard);
    else if (key === "description") search.description = wordsOf(value);
    else if (key === "depends") search.depends = dependency(value);
    else if (key === "build_tool") search.buildTool = value;
    else if (key === "updated_after") search.updatedAfter = utc(value);
    else if (key === "extra") {
      const extra = extraOf(value);
      if (extra === undefined) return { ...parseSearch(""), text: freeText(text.trim()) };
      search.extra.push(extra);
    }
  }
  if (words.length > 0) search.text = freeText(words.join(" "));
  return search;
}

/** Does the pattern match? For the names that are not in SQL. */
export function matches({ kind, text }: Pattern, name: string): boolean {
  if (kind === "is") return name === text;
  if (kind === "contains") return name.includes(text);
  return kind === "starts" ? name.startsWith(text) : name.endsWith(text);
}

interface Token {
  /** Null for a word of free text. */
  key: string | null;
  value: string;
}

/** A colon at the very beginning names no key. A quote that is never closed reaches to the end. */
function* tokens(text: string): Iterable<Token> {
  const token = /([^\s:]+):(?:"([^"]*)(?:"|$)|(\S*))|(\S+)/gu;
  for (const [, key, quoted, plain, word] of text.matchAll(token)) {
    if (key === undefined) yield { key: null, value: word ?? "" };
    else yield { key, value: quoted ?? plain ?? "" };
  }
}

function freeText(text: string): FreeText {
  return { ...qualified(text, containing), words: wordsOf(text) };
}

/** `repository/package`, or a package of any repository. */
function qualified(text: string, pattern: (text: string) => Pattern): QualifiedName {
  const slash = text.indexOf("/");
  if (slash === -1) return { repository: null, name: pattern(text.toLowerCase()) };
  const [repository, name] = [text.slice(0, slash), text.slice(slash + 1)];
  return { repository: pattern(repository.toLowerCase()), name: pattern(name.toLowerCase()) };
}

function containing(text: string): Pattern {
  return { kind: [...text].length >= containedLengthMin ? "contains" : "is", text };
}

/** A `*` at either end stands for anything, elsewhere for itself. */
function wildcard(text: string): Pattern {
  if (text === "*") return { kind: "contains", text: "" };
  const [starts, ends] = [text.endsWith("*"), text.startsWith("*")];
  const rest = text.slice(ends ? 1 : 0, starts ? -1 : undefined);
  if (rest === "" && (starts || ends)) return { kind: "contains", text: "" };
  if (starts && ends) return { kind: "contains", text: rest };
  return { kind: starts ? "starts" : ends ? "ends" : "is", text: rest };
}

function dependency(text: string): Search["depends"] {
  const colon = text.indexOf(":");
  if (colon === -1) return { repository: null, package: text };
  return { repository: text.slice(0, colon), package: text.slice(colon + 1) };
}

/** `a,b,1` is {"a": {"b": 1}}, `a,[b,1]` is {"a": ["b", 1]}. @returns undefined without a key or value. */
function extraOf(text: string): Extra | undefined {
  const list = /^(.+?),\[(.*)$/su.exec(text);
  const parts = (list?.[1] ?? text).split(",");
  const value: Extra | undefined = list
    ? (list[2] ?? "").replace(/\]+$/u, "").split(",").map(integerOrText)
    : integerOrText(parts.pop() ?? "");
  if (parts.length === 0 || parts[0] === "") return undefined;
  return parts.reduceRight<Extra>((inner, key) => Object.fromEntries([[key, inner]]), value);
}

function integerOrText(text: string): number | string {
  const number = /^[+-]?\d+$/u.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : text;
}

/** @returns null, as if it had not been asked, for what is no time in UTC. */
function utc(text: string): number | null {
  const iso = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:[.,]\d+)?)(?:[Zz]|[+-]00(?::?00)?)$/u;
  const [, day, time = ""] = iso.exec(text) ?? [];
  if (day === undefined) return null;
  const ms = Date.parse(`${day}T${time.replace(",", ".")}Z`);
  // The 30th of February is no day, whatever Date makes of it.
  const exists = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
  return exists ? ms : null;
}
