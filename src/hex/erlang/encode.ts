// Writes the external term format, for answers in application/vnd.hex+erlang. Clients decode it
// with `safe`, where one atom that their Erlang does not know spoils the whole answer: hence no
// atom leaves this file but nil, true and false.

import { ByteWriter } from "./bytes.ts";
import * as tag from "./tags.ts";
import { isMapKey, type Term, TermError, Tuple, termLimits } from "./term.ts";

const utf8 = new TextEncoder();

/**
 * Encodes one term. An integer takes its smallest form, also one that is a `number`, however big;
 * any other number is a float. Strings and bytes are binaries, `null` is the atom `nil`.
 *
 * @returns bytes with a buffer of their own, of just that size.
 * @throws {TermError} for NaN and the infinities, a string with half a surrogate pair, an `Atom`,
 * a map key that is a container or not unique for certain (see `isMapKey`), a term that nests too
 * deeply or holds itself, and for what is no term at all.
 */
export function encodeTerm(term: Term, depthMax = termLimits.depthMax): Uint8Array<ArrayBuffer> {
  const output = new ByteWriter();
  output.u8(tag.VERSION);
  writeTerm(output, term, depthMax);
  return output.finish();
}

function writeTerm(output: ByteWriter, term: Term, depthLeft: number): void {
  if (term === null) writeAtom(output, "nil");
  else if (typeof term === "boolean") writeAtom(output, term ? "true" : "false");
  else if (typeof term === "number") writeNumber(output, term);
  else if (typeof term === "bigint") writeInteger(output, term);
  else if (typeof term === "string") writeText(output, term);
  else if (term instanceof Uint8Array) writeBinary(output, term);
  else if (depthLeft <= 0) throw new TermError("the term nests too deeply");
  else if (Array.isArray(term)) writeList(output, term, depthLeft - 1);
  else if (term instanceof Map) writeMap(output, term, depthLeft - 1);
  else if (term instanceof Tuple) writeTuple(output, term.elements, depthLeft - 1);
  else throw new TermError("an atom other than nil, true and false is not sent");
}

function writeAtom(output: ByteWriter, name: "nil" | "true" | "false"): void {
  output.u8(tag.SMALL_ATOM_UTF8_EXT);
  output.u8(name.length);
  output.chunk(utf8.encode(name));
}

function writeNumber(output: ByteWriter, value: number): void {
  if (!Number.isFinite(value)) throw new TermError(`${value} is not a number in Erlang`);
  if (Number.isInteger(value)) {
    writeInteger(output, BigInt(value));
  } else {
    output.u8(tag.NEW_FLOAT_EXT);
    output.f64(value);
  }
}

function writeInteger(output: ByteWriter, value: bigint): void {
  if (value === BigInt.asUintN(8, value)) {
    output.u8(tag.SMALL_INTEGER_EXT);
    output.u8(Number(value));
  } else if (value === BigInt.asIntN(32, value)) {
    output.u8(tag.INTEGER_EXT);
    output.i32(Number(value));
  } else {
    writeBigInteger(output, value);
  }
}

function writeBigInteger(output: ByteWriter, value: bigint): void {
  const digits = (value < 0n ? -value : value).toString(16);
  writeCount(output, tag.SMALL_BIG_EXT, tag.LARGE_BIG_EXT, Math.ceil(digits.length / 2));
  output.u8(value < 0n ? 1 : 0);
  for (let end = digits.length; end > 0; end -= 2) {
    output.u8(Number.parseInt(digits.slice(Math.max(0, end - 2), end), 16));
  }
}

function writeText(output: ByteWriter, text: string): void {
  // TextEncoder would put U+FFFD there, and the client would get what nobody has sent.
  if (!text.isWellFormed()) throw new TermError("a string has half a surrogate pair");
  writeBinary(output, utf8.encode(text));
}

function writeBinary(output: ByteWriter, bytes: Uint8Array): void {
  output.u8(tag.BINARY_EXT);
  output.u32(bytes.length);
  output.chunk(bytes);
}

function writeList(output: ByteWriter, list: readonly Term[], depthLeft: number): void {
  if (list.length > 0) {
    output.u8(tag.LIST_EXT);
    output.u32(list.length);
    for (const element of list) writeTerm(output, element, depthLeft);
  }
  output.u8(tag.NIL_EXT);
}

function writeTuple(output: ByteWriter, elements: readonly Term[], depthLeft: number): void {
  writeCount(output, tag.SMALL_TUPLE_EXT, tag.LARGE_TUPLE_EXT, elements.length);
  for (const element of elements) writeTerm(output, element, depthLeft);
}

function writeMap(output: ByteWriter, map: ReadonlyMap<Term, Term>, depthLeft: number): void {
  output.u8(tag.MAP_EXT);
  output.u32(map.size);
  for (const [key, value] of map) {
    if (!isMapKey(key)) throw new TermError("this is not accepted as a map key");
    writeTerm(output, key, depthLeft);
    writeTerm(output, value, depthLeft);
  }
}

function writeCount(output: ByteWriter, small: number, large: number, count: number): void {
  output.u8(count <= 0xff ? small : large);
  if (count <= 0xff) output.u8(count);
  else output.u32(count);
}
