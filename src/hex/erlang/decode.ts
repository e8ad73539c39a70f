// Reads the external term format, as clients send it in bodies of application/vnd.hex+erlang.
// It is a safe subset: no atom is made, nothing can be executed, and no length is believed before
// the bytes for it are there.

import { ByteReader } from "./bytes.ts";
import * as tag from "./tags.ts";
import {
  binaryTerm,
  integerTerm,
  isMapKey,
  type Term,
  type TermLimits,
  Tuple,
  termLimits,
} from "./term.ts";

/**
 * Clients say "no value" by `undefined` (Erlang) and `null` (JSON libraries) as well as by `nil`
 * (Elixir); no field of Hex means something else by them.
 */
const atoms = new Map<string, null | boolean>([
  ["nil", null],
  ["undefined", null],
  ["null", null],
  ["true", true],
  ["false", false],
]);
const atomSizeBytesMax = 9; // "undefined"

/**
 * Decodes one term, which must be all there is.
 *
 * A float without a fraction becomes an integer (1.0 is 1), and a binary in UTF-8 a string; the
 * bytes of any other binary are a copy.
 *
 * @throws {TermError} for every other input, whatever it is: cut short, with trailing bytes, too
 * big or too deep, compressed, an improper list, a map that names a key twice or has one that is a
 * container, and every kind of term and every atom outside the subset.
 */
export function decodeTerm(bytes: Uint8Array, limits: Partial<TermLimits> = {}): Term {
  return new TermReader(bytes, { ...termLimits, ...limits }).document();
}

class TermReader {
  readonly #input: ByteReader;
  readonly #limits: TermLimits;
  #termsLeft: number;

  constructor(bytes: Uint8Array, limits: TermLimits) {
    this.#input = new ByteReader(bytes);
    this.#limits = limits;
    this.#termsLeft = limits.termsMax;
  }

  document(): Term {
    const input = this.#input;
    if (input.left > this.#limits.sizeBytesMax) throw input.error("the term is too big");
    if (input.u8() !== tag.VERSION) throw input.error("this is not the external term format", 0);
    const term = this.#term(this.#limits.depthMax);
    if (input.left > 0) throw input.error("bytes follow the term");
    return term;
  }

  #term(depthLeft: number): Term {
    this.#countTerms(1);
    const input = this.#input;
    const { offset } = input;
    const kind = input.u8();
    switch (kind) {
      case tag.SMALL_INTEGER_EXT:
        return input.u8();
      case tag.INTEGER_EXT:
        return input.i32();
      case tag.SMALL_BIG_EXT:
        return this.#bigInteger(input.u8());
      case tag.LARGE_BIG_EXT:
        return this.#bigInteger(input.u32());
      case tag.NEW_FLOAT_EXT:
        return this.#finite(input.f64());
      case tag.FLOAT_EXT:
        return this.#floatText();
      case tag.ATOM_EXT:
      case tag.ATOM_UTF8_EXT:
        return this.#atom(input.u16());
      case tag.SMALL_ATOM_EXT:
      case tag.SMALL_ATOM_UTF8_EXT:
        return this.#atom(input.u8());
      case tag.BINARY_EXT:
        return binaryTerm(input.chunk(input.u32()));
      case tag.STRING_EXT:
        return this.#byteList(input.u16());
      case tag.NIL_EXT:
        return [];
      case tag.LIST_EXT:
        return this.#list(input.u32(), depthLeft);
      case tag.SMALL_TUPLE_EXT:
        return new Tuple(this.#elements(input.u8(), depthLeft));
      case tag.LARGE_TUPLE_EXT:
        return new Tuple(this.#elements(input.u32(), depthLeft));
      case tag.MAP_EXT:
        return this.#map(input.u32(), depthLeft);
      default:
        throw input.error(`a term with the tag ${kind} is not accepted`, offset);
    }
  }

  #list(length: number, depthLeft: number): Term[] {
    const list = this.#elements(length, depthLeft);
    const { offset } = this.#input;
    if (this.#input.u8() !== tag.NIL_EXT) throw this.#input.error("the list is improper", offset);
    return list;
  }

  #elements(count: number, depthLeft: number): Term[] {
    this.#checkContainer(count, depthLeft);
    const elements: Term[] = [];
    for (let read = 0; read < count; read++) elements.push(this.#term(depthLeft - 1));
    return elements;
  }

  #map(count: number, depthLeft: number): Map<Term, Term> {
    this.#checkContainer(count * 2, depthLeft);
    const map = new Map<Term, Term>();
    for (let read = 0; read < count; read++) {
      const { offset } = this.#input;
      const key = this.#term(depthLeft - 1);
      if (!isMapKey(key)) throw this.#input.error("this is not accepted as a map key", offset);
      if (map.has(key)) throw this.#input.error("the map has this key twice", offset);
      map.set(key, this.#term(depthLeft - 1));
    }
    return map;
  }

  /** Every element takes a byte at least, so a count beyond the bytes that are left is a lie. */
  #checkContainer(count: number, depthLeft: number): void {
    if (depthLeft <= 0) throw this.#input.error("the term nests too deeply");
    if (count > this.#input.left) throw this.#input.error("the term is cut short");
  }

  #countTerms(count: number): void {
    this.#termsLeft -= count;
    if (this.#termsLeft < 0) throw this.#input.error("there are too many terms");
  }

  #byteList(length: number): number[] {
    this.#countTerms(length);
    return Array.from(this.#input.chunk(length));
  }

  #atom(length: number): null | boolean {
    const { offset } = this.#input;
    const name = this.#input.chunk(length);
    // The names we know are ASCII, where Latin-1 and UTF-8 agree.
    const atom = length <= atomSizeBytesMax ? atoms.get(String.fromCharCode(...name)) : undefined;
    if (atom === undefined) {
      throw this.#input.error("an atom other than nil, true and false is not accepted", offset);
    }
    return atom;
  }

  #bigInteger(length: number): number | bigint {
    const { offset } = this.#input;
    const sign = this.#input.u8();
    if (sign > 1) throw this.#input.error("an integer has a sign that is none", offset);
    if (length > this.#limits.integerBytesMax) {
      throw this.#input.error("the integer is too big", offset);
    }
    const bytes = Array.from(this.#input.chunk(length)).reverse();
    const digits = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const magnitude = BigInt(`0x0${digits}`);
    return integerTerm(sign === 1 ? -magnitude : magnitude);
  }

  #floatText(): number {
    const { offset } = this.#input;
    const text = String.fromCharCode(...this.#input.chunk(31)).replace(/\0+$/, "");
    if (!/^-?\d\.\d{20}e[+-]\d{2,3}$/.test(text)) {
      throw this.#input.error("a float is not written as one", offset);
    }
    return this.#finite(Number(text));
  }

  #finite(value: number): number {
    if (!Number.isFinite(value)) throw this.#input.error("a float is not a number");
    return value;
  }
}
