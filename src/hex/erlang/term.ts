// Erlang's terms as TypeScript values: the model that the external term format (decode.ts,
// encode.ts) and the text of metadata.config and of lock files (consult.ts) share.

/** What a term may cost before it is refused. Every reader takes these, and a test can lower them. */
export interface TermLimits {
  /** How many containers may lie inside one another. It bounds our recursion, hence the stack. */
  readonly depthMax: number;
  /** How many terms there may be in all, the characters of charlists included. */
  readonly termsMax: number;
  readonly sizeBytesMax: number;
  /** The magnitude of one integer; 256 bytes is 2048 bits, and turning bits to text is quadratic. */
  readonly integerBytesMax: number;
}

/** The size is what Hex's own server takes for a request body. */
export const termLimits: TermLimits = {
  depthMax: 64,
  termsMax: 100_000,
  sizeBytesMax: 8_000_000,
  integerBytesMax: 256,
};

/**
 * A term. The atoms that clients use are values of JavaScript: `nil`, `true` and `false`.
 *
 * Two pairs of terms that Erlang tells apart are one here: a binary that is valid UTF-8 is a
 * string, however it was written; and a float without a fraction is an integer (1.0 becomes 1).
 * A bigint is only ever found outside the safe integers.
 */
export type Term =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Term[]
  | Tuple
  | Atom
  | Map<Term, Term>;

/** A tuple, `{ok, 1}`; an array would be a list. */
export class Tuple {
  readonly elements: readonly Term[];
  constructor(elements: readonly Term[]) {
    this.elements = elements;
  }
}

/** An atom that is no value of JavaScript, such as `pkg_hash`. Only text brings it, see consult.ts. */
export class Atom {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** The one error of this folder: a term, or bytes or text that should have been one, is refused. */
export class TermError extends Error {
  override readonly name = "TermError";
  /** Where it went wrong: a byte of the external term format, or a UTF-16 unit of text. */
  readonly offset: number | undefined;
  constructor(sentence: string, offset?: number) {
    super(sentence);
    this.offset = offset;
  }
}

/** What `JSON.stringify` takes without changing it, `undefined` properties apart. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json | undefined };

/**
 * Turns a plain value into a term: an object becomes a map with strings for keys, because that is
 * what clients look for, and a property that is `undefined` is left out as JSON does.
 *
 * @throws {TermError} when the value is no JSON (a Date, a function, …) or nests too deeply.
 */
export function toTerm(value: Json, depthMax = termLimits.depthMax): Term {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "string") return value;
  if (depthMax <= 0) throw new TermError("the value nests too deeply");
  if (isArray(value)) return Array.from(value, (item) => toTerm(item, depthMax - 1));
  if (!isPlainObject(value)) throw new TermError("what JSON cannot say is no term");
  const map = new Map<Term, Term>();
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) map.set(key, toTerm(item, depthMax - 1));
  }
  return map;
}

/**
 * Turns a term into a plain value: a map becomes an object without a prototype, so that a key such
 * as `__proto__` is a key like any other. A bigint stays what it is.
 *
 * @throws {TermError} when JSON has no word for the term: a tuple, an atom, a binary that is not
 * UTF-8 or a map with keys that are not strings; or when it nests too deeply.
 */
export function fromTerm(term: Term, depthMax = termLimits.depthMax): unknown {
  if (term === null || typeof term !== "object") return term;
  if (depthMax <= 0) throw new TermError("the term nests too deeply");
  if (Array.isArray(term)) return term.map((item) => fromTerm(item, depthMax - 1));
  if (term instanceof Tuple) throw new TermError("a tuple has no plain form");
  if (term instanceof Atom) throw new TermError(`the atom ${term.name} has no plain form`);
  if (!(term instanceof Map)) throw new TermError("a binary that is not UTF-8 has no plain form");
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, item] of term) {
    if (typeof key !== "string")
      throw new TermError("a map key that is not text has no plain form");
    plain[key] = fromTerm(item, depthMax - 1);
  }
  return plain;
}

/** An integer as the model has it: a number where that is exact, else a bigint. */
export function integerTerm(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A binary as the model has it: text where it is valid UTF-8, else a copy of the bytes. */
export function binaryTerm(bytes: Uint8Array): string | Uint8Array {
  return utf8Text(bytes) ?? new Uint8Array(bytes);
}

/** The text of UTF-8 bytes, a byte order mark included; undefined when they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Whether two equal terms of this kind are one key of a JavaScript `Map`. Lists, tuples and
 * binaries compare by identity there, so one key could stand in a map twice; and so could an
 * integer that is written once as a number and once as a bigint.
 */
export function isMapKey(term: Term): boolean {
  if (typeof term === "number") return Number.isSafeInteger(term) || !Number.isInteger(term);
  if (typeof term === "bigint") return !Number.isSafeInteger(Number(term));
  return term === null || typeof term !== "object";
}

/** Whether a number is a character of Unicode; the halves of surrogate pairs are none. */
export function isCodePoint(code: number): boolean {
  return Number.isInteger(code) && code >= 0 && code <= 0x10ffff && code >> 11 !== 0b11011;
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function isPlainObject(value: unknown): value is JsonObject {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
