// Builds terms from the tokens of a text, for consult.ts.

import type { Scanner, Token } from "./scan.ts";
import {
  Atom,
  binaryTerm,
  integerTerm,
  isMapKey,
  type Term,
  type TermLimits,
  Tuple,
} from "./term.ts";

const atomLengthMax = 255; // Erlang's own
const digitsPerByte = Math.log10(256);
const utf8 = new TextEncoder();

/** Builds the terms of one text. */
export class Parser {
  readonly #scanner: Scanner;
  readonly #limits: TermLimits;
  #token: Token;
  #termsLeft: number;

  constructor(scanner: Scanner, limits: TermLimits) {
    this.#scanner = scanner;
    this.#limits = limits;
    this.#token = scanner.next();
    this.#termsLeft = limits.termsMax;
  }

  /** @throws {TermError} for what is not a sequence of terms, each with a dot behind it. */
  terms(): Term[] {
    const terms: Term[] = [];
    while (this.#token.kind !== "end") {
      terms.push(this.#term(this.#limits.depthMax));
      this.#expect(".");
    }
    return terms;
  }

  #term(depthLeft: number): Term {
    this.#countTerms(1);
    if (this.#token.kind === "string") return this.#charlist();
    if (this.#token.kind === "integer") return this.#integer("");
    if (this.#token.kind === "atom") return this.#atom();
    if (this.#skip("-")) return this.#integer("-");
    if (this.#skip("+")) return this.#integer("");
    if (this.#skip("<<")) return this.#binary();
    if (depthLeft <= 0) this.#fail("the term nests too deeply");
    if (this.#skip("[")) return this.#elements("]", depthLeft - 1);
    if (this.#skip("{")) return new Tuple(this.#elements("}", depthLeft - 1));
    if (this.#skip("#")) return this.#map(depthLeft - 1);
    return this.#fail("expected: a term");
  }

  #elements(close: string, depthLeft: number): Term[] {
    const elements: Term[] = [];
    this.#separated(close, () => elements.push(this.#term(depthLeft)));
    return elements;
  }

  #map(depthLeft: number): Map<Term, Term> {
    const map = new Map<Term, Term>();
    this.#expect("{");
    this.#separated("}", () => {
      const { offset } = this.#token;
      const key = this.#term(depthLeft);
      if (!isMapKey(key)) this.#fail("this is not accepted as a map key", offset);
      if (map.has(key)) this.#fail("the map has this key twice", offset);
      this.#expect("=>");
      map.set(key, this.#term(depthLeft));
    });
    return map;
  }

  #binary(): string | Uint8Array {
    const bytes: number[] = [];
    this.#separated(">>", () => {
      const { kind, offset } = this.#token;
      const segment = kind === "string" ? this.#segment() : [this.#integer("")];
      for (const byte of segment) {
        if (byte > 0xff) this.#fail("in a binary without /utf8 this is more than a byte", offset);
        bytes.push(Number(byte));
      }
    });
    return binaryTerm(Uint8Array.from(bytes));
  }

  /** The bytes of `"…"/utf8`; without it the characters, which Erlang would cut down to a byte. */
  #segment(): Iterable<number> {
    const text = this.#strings();
    if (!this.#skip("/")) return codePoints(text);
    if (this.#advance("atom").text !== "utf8") this.#fail("the only type in a binary is utf8");
    return utf8.encode(text);
  }

  #charlist(): number[] {
    const characters = codePoints(this.#strings());
    this.#countTerms(characters.length);
    return characters;
  }

  /** `"a" "b"` is one string, as in C. */
  #strings(): string {
    let text = "";
    while (this.#token.kind === "string") text += this.#advance("string").text;
    return text;
  }

  #integer(sign: "" | "-"): number | bigint {
    const { text, offset } = this.#advance("integer");
    const digitsMax = Math.ceil(this.#limits.integerBytesMax * digitsPerByte);
    if (text.length > digitsMax) this.#fail("the integer is too big", offset);
    return integerTerm(BigInt(sign + text));
  }

  #atom(): Term {
    const { text, offset } = this.#advance("atom");
    if (codePoints(text).length > atomLengthMax) this.#fail("the atom is too long", offset);
    if (text === "nil") return null;
    return text === "true" || text === "false" ? text === "true" : new Atom(text);
  }

  #separated(close: string, readOne: () => void): void {
    if (this.#skip(close)) return;
    do readOne();
    while (this.#skip(","));
    this.#expect(close);
  }

  #skip(mark: string): boolean {
    const found = this.#token.kind === "mark" && this.#token.text === mark;
    if (found) this.#advance("mark");
    return found;
  }

  #expect(mark: string): void {
    if (!this.#skip(mark)) this.#fail(`expected: ${mark}`);
  }

  #advance(kind: Token["kind"]): Token {
    const token = this.#token;
    if (token.kind !== kind) this.#fail(`expected: ${kind}`);
    this.#token = this.#scanner.next();
    return token;
  }

  #countTerms(count: number): void {
    this.#termsLeft -= count;
    if (this.#termsLeft < 0) this.#fail("there are too many terms");
  }

  #fail(sentence: string, offset = this.#token.offset): never {
    return this.#scanner.fail(sentence, offset);
  }
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}
