// Terms for the property tests, and how Erlang would write them as text. Each of these terms is
// what our readers give for it: a whole number is no float, bytes are not UTF-8.

import fc from "fast-check";
import { Atom, type Term, Tuple } from "../../../src/hex/erlang/term.ts";

const nameAnywhere = fc.constantFrom("__proto__", "constructor", "toString", "name", "");
/** Erlang's scanner takes neither of the two in source text, also not escaped. */
const unscannable = /[\ufffe\uffff]/;
const anyText = fc.string({ unit: "binary", maxLength: 20 }).filter((it) => !unscannable.test(it));
const text = fc.oneof(anyText, nameAnywhere);
const bytes = fc.uint8Array({ maxLength: 20 }).map((tail) => Uint8Array.of(0xff, ...tail));
const integer = fc.oneof(fc.nat(300), fc.integer(), fc.maxSafeInteger());
const bigInteger = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 2047n), max: 2n ** 2047n }),
    fc
      .tuple(fc.constantFrom(53n, 63n, 64n, 2000n), fc.bigInt({ min: -2n, max: 2n }))
      .map(([power, more]) => 2n ** power + more),
  )
  .filter((value) => !Number.isSafeInteger(Number(value)));
const float = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => !Number.isInteger(value));

/** Any term that both formats have, except atoms of the class `Atom`; floats on demand. */
export function terms(options: { floats: boolean }): fc.Arbitrary<Term> {
  const scalar = fc.oneof(fc.constant(null), fc.boolean(), integer, bigInteger, text);
  const key = options.floats ? fc.oneof(scalar, float) : scalar;
  const leaf = fc.oneof(key, bytes);
  const { term } = fc.letrec<{ term: Term }>((tie) => {
    const children = fc.array(tie("term"), { maxLength: 5 });
    const pairs = fc.array(fc.tuple(key, tie("term")), { maxLength: 5 });
    return {
      term: fc.oneof(
        { maxDepth: 5, depthSize: "medium" },
        leaf,
        children,
        children.map((elements) => new Tuple(elements)),
        pairs.map((entries) => new Map<Term, Term>(entries)),
      ),
    };
  });
  return term;
}

/** Writes a term as Erlang reads it. By hand, so that Erlang's reading judges our encoder. */
export function print(term: Term): string {
  if (term === null) return "nil";
  if (typeof term === "boolean" || typeof term === "bigint") return String(term);
  if (typeof term === "number") return Number.isInteger(term) ? String(term) : printFloat(term);
  if (typeof term === "string") return `<<"${escaped(term)}"/utf8>>`;
  if (term instanceof Uint8Array) return `<<${term.join(",")}>>`;
  if (term instanceof Atom) return `'${escaped(term.name)}'`;
  if (term instanceof Tuple) return `{${term.elements.map(print).join(", ")}}`;
  if (Array.isArray(term)) return `[${term.map(print).join(",")}]`;
  const pairs = Array.from(term, ([key, value]) => `${print(key)} => ${print(value)}`);
  return `#{${pairs.join(",")}}`;
}

/** Erlang wants a fraction before an exponent: 1.0e-7. */
function printFloat(value: number): string {
  return String(value).replace(/^(-?\d+)e/, "$1.0e");
}

/** What neither quotes nor a backslash may be, as an escape of its code; the rest as it is. */
function escaped(raw: string): string {
  return Array.from(raw, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const plain = code >= 0x20 && !`"'\\`.includes(character);
    return plain ? character : `\\x{${code.toString(16)}}`;
  }).join("");
}
