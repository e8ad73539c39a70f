// The vectors that real Erlang wrote, see test/hex/vectors/terms.escript.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Atom, type Term, Tuple } from "../../../src/hex/erlang/term.ts";

export type WrittenTerm =
  | { integer: string }
  | { float: string }
  | { binary: string }
  | { atom: string }
  | { list: WrittenTerm[] }
  | { tuple: WrittenTerm[] }
  | { map: [WrittenTerm, WrittenTerm][] };

interface TermVectors {
  accepted: { title: string; bytes: string; term: WrittenTerm }[];
  refused: { title: string; bytes: string }[];
}

export function termVectors(): TermVectors {
  return readVectors("terms.json");
}

export function consultVectors(): { title: string; text: string; terms: WrittenTerm[] }[] {
  return readVectors("consult.json");
}

function readVectors(name: string) {
  return JSON.parse(readFileSync(join(import.meta.dirname, "../vectors", name), "utf8"));
}

/** The term of our model that Erlang meant. `atom` says what an atom outside JavaScript becomes. */
export function expected(written: WrittenTerm, atom: (name: string) => Term = named): Term {
  if ("integer" in written) return exact(BigInt(written.integer));
  if ("float" in written) return Number(written.float);
  if ("binary" in written) return textOrBytes(bytesOf(written.binary));
  if ("list" in written) return written.list.map((element) => expected(element, atom));
  if ("tuple" in written) return new Tuple(written.tuple.map((element) => expected(element, atom)));
  if ("map" in written) {
    return new Map(written.map.map(([key, value]) => [expected(key, atom), expected(value, atom)]));
  }
  if (written.atom === "nil") return null;
  return written.atom === "true" ? true : written.atom === "false" ? false : atom(written.atom);
}

export function bytesOf(hexadecimal: string): Uint8Array {
  return new Uint8Array(Buffer.from(hexadecimal, "hex"));
}

function named(name: string): Atom {
  return new Atom(name);
}

function exact(value: bigint): number | bigint {
  const safe = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
  return safe ? Number(value) : value;
}

function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  const text = Buffer.from(bytes).toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : bytes;
}
