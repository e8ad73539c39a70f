// Reads one literal of Elixir, for mix.lock: maps, tuples, lists, keyword lists, atoms, strings and
// integers, which is all that Mix and Hex write. Elixir evaluates a lock file; here whatever would be
// code is refused, and so are literals that no lock has: floats, charlists, sigils, `<<1>>`, aliases,
// `0x1F`, `?a`, operators as atoms. What is read means what Elixir means.

import { meaningOfLetter } from "../erlang/scan.ts";
import {
  Atom,
  integerTerm,
  isCodePoint,
  isMapKey,
  type Term,
  TermError,
  Tuple,
} from "../erlang/term.ts";
import type { LockfileLimits } from "./limits.ts";

/**
 * The one term of the text, as in erlang/term.ts: a keyword list is a list of pairs, and equal atoms
 * are one object, so that a `Map` knows them as one key.
 *
 * @throws {TermError} for every other text, with the line.
 */
export function readLiteral(
  text: string,
  limits: Pick<LockfileLimits, "depthMax" | "termsMax">,
): Term {
  return new LiteralReader(text, limits).read();
}

const space = /[ \t\r\n]+/y;
const comment = /#[^\n]*/y;
const bareKey = /[\p{ID_Start}_][\p{ID_Continue}@]*[?!]?:(?=[ \t\r\n])/uy;
const endOfQuotedKey = /:(?=[ \t\r\n])/y;
const bareAtom = /:[\p{ID_Start}_][\p{ID_Continue}@]*[?!]?(?![\p{ID_Continue}@?!:])/uy;
const value = /(?:true|false|nil)(?![\p{ID_Continue}@?!:])/uy;
const integer = /-?\d[\d_]*/y;
const unescaped = /(?:[^"\\#]|#(?!\{))[^"\\#]*/y;
// As Elixir, except for what it warns of (`\x{…}`, `\xA`) and for half a character (`\xC3`).
const escaped =
  /\\(?:x(?<ascii>[0-7][\dA-Fa-f])|u(?<four>[\dA-Fa-f]{4})|u\{(?<code>[\dA-Fa-f]{1,6})\}|(?<newline>\r?\n)|(?<letter>[^xu]))/uy;
const meaningInElixir = new Map([...meaningOfLetter, ["0", "\0"], ["a", "\x07"]]);

const atomLengthMax = 255; // Erlang's own
const integerDigitsMax = 100;

class LiteralReader {
  readonly #text: string;
  readonly #depthMax: number;
  #termsLeft: number;
  readonly #atoms = new Map<string, Atom>();
  #offset = 0;

  constructor(text: string, limits: Pick<LockfileLimits, "depthMax" | "termsMax">) {
    this.#text = text;
    this.#depthMax = limits.depthMax;
    this.#termsLeft = limits.termsMax;
  }

  read(): Term {
    this.#skipSpace();
    const term = this.#term(this.#depthMax);
    if (this.#offset < this.#text.length) this.#fail("the literal has ended before this");
    return term;
  }

  #term(depthLeft: number): Term {
    this.#termsLeft -= 1;
    if (this.#termsLeft < 0) this.#fail("there are too many terms");
    const scalar = this.#scalar();
    if (scalar !== undefined) return scalar;
    if (depthLeft <= 0) this.#fail("the literal nests too deeply");
    if (this.#skip("%{")) return this.#map(depthLeft - 1);
    if (this.#skip("{")) return this.#tuple(depthLeft - 1);
    if (this.#skip("[")) return this.#list(depthLeft - 1);
    return this.#fail(
      "this is no map, tuple, list, atom, string or integer, as a lock file has them",
    );
  }

  #scalar(): Term | undefined {
    if (this.#text[this.#offset] === '"') return this.#spaced(this.#quoted());
    if (this.#text.startsWith(':"', this.#offset)) {
      this.#offset += 1;
      return this.#spaced(this.#atom(this.#quoted()));
    }
    const name = this.#match(bareAtom)?.slice(1) ?? this.#match(value);
    if (name !== undefined) return this.#spaced(this.#atom(name));
    const digits = this.#match(integer);
    return digits === undefined ? undefined : this.#spaced(this.#integer(digits));
  }

  #list(depthLeft: number): Term[] {
    let keywords = false;
    return this.#separated("]", () => {
      const key = this.#key();
      if (key === undefined && keywords) this.#fail("behind a keyword there may be keywords only");
      keywords = key !== undefined;
      const term = this.#term(depthLeft);
      return key === undefined ? term : new Tuple([key, term]);
    });
  }

  #tuple(depthLeft: number): Tuple {
    return new Tuple(this.#separated("}", () => this.#term(depthLeft)));
  }

  #map(depthLeft: number): Map<Term, Term> {
    const map = new Map<Term, Term>();
    let keywords = false;
    this.#separated("}", () => {
      const start = this.#offset;
      const keyword = this.#key();
      if (keyword === undefined && keywords)
        this.#fail("behind a keyword there may be keywords only");
      keywords = keyword !== undefined;
      const key = keyword ?? this.#term(depthLeft);
      if (!(key instanceof Atom || isMapKey(key)))
        this.#fail("this is not accepted as a map key", start);
      if (map.has(key)) this.#fail("the map has this key twice", start);
      if (keyword === undefined) this.#expect("=>");
      map.set(key, this.#term(depthLeft));
    });
    return map;
  }

  /** The key of `key: term` or `"key": term`; undefined, and nothing is read, when there is none. */
  #key(): Term | undefined {
    const bare = this.#match(bareKey);
    if (bare !== undefined) return this.#spaced(this.#atom(bare.slice(0, -1)));
    const start = this.#offset;
    if (this.#text[start] === '"') {
      const text = this.#quoted();
      if (this.#match(endOfQuotedKey) !== undefined) return this.#spaced(this.#atom(text));
      this.#offset = start;
    }
    return undefined;
  }

  #atom(name: string): Term {
    if (name === "nil") return null;
    if (name === "true" || name === "false") return name === "true";
    const atom = this.#atoms.get(name) ?? new Atom(name);
    if (Array.from(name).length > atomLengthMax) this.#fail("the atom is too long");
    this.#atoms.set(name, atom);
    return atom;
  }

  #integer(digits: string): Term {
    if (digits.length > integerDigitsMax) this.#fail("the integer is too big");
    if (/__|_$/.test(digits)) this.#fail("in an integer an underscore is between two digits");
    return integerTerm(BigInt(digits.replaceAll("_", "")));
  }

  #quoted(): string {
    const start = this.#offset;
    this.#offset += 1;
    let text = "";
    while (this.#text[this.#offset] !== '"') {
      if (this.#offset >= this.#text.length)
        this.#fail("a quote opens here and does not close", start);
      if (this.#text.startsWith("#{", this.#offset)) this.#fail("a lock file does not interpolate");
      text += this.#match(unescaped) ?? this.#escape();
    }
    this.#offset += 1;
    return text;
  }

  #escape(): string {
    const start = this.#offset;
    escaped.lastIndex = start;
    const found = escaped.exec(this.#text);
    if (!found?.groups) return this.#fail("this escape means nothing");
    this.#offset = escaped.lastIndex;
    const { newline, letter, ascii, four, code } = found.groups;
    if (newline !== undefined) return "";
    if (letter !== undefined) return meaningInElixir.get(letter) ?? letter;
    const codePoint = Number.parseInt(ascii ?? four ?? code ?? "", 16);
    if (!isCodePoint(codePoint)) this.#fail("this code is no character", start);
    return String.fromCodePoint(codePoint);
  }

  /** Elements up to the bracket that closes; a comma may stand behind the last one. */
  #separated<Element>(close: string, readOne: () => Element): Element[] {
    const elements: Element[] = [];
    while (!this.#skip(close)) {
      elements.push(readOne());
      if (this.#skip(",")) continue;
      this.#expect(close);
      break;
    }
    return elements;
  }

  #skip(mark: string): boolean {
    const found = this.#text.startsWith(mark, this.#offset);
    if (found) this.#offset += mark.length;
    if (found) this.#skipSpace();
    return found;
  }

  #expect(mark: string): void {
    if (!this.#skip(mark)) this.#fail(`expected: ${mark}`);
  }

  /** Hands the value on, behind the white space that follows it. */
  #spaced<Value>(value: Value): Value {
    this.#skipSpace();
    return value;
  }

  #skipSpace(): void {
    do this.#match(space);
    while (this.#match(comment) !== undefined);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    this.#offset += found?.length ?? 0;
    return found;
  }

  #fail(sentence: string, offset = this.#offset): never {
    const line = this.#text.slice(0, offset).split("\n").length;
    throw new TermError(`${sentence} (line ${line})`, offset);
  }
}
