import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTerm } from "../../../src/hex/erlang/decode.ts";
import { encodeTerm } from "../../../src/hex/erlang/encode.ts";
import {
  Atom,
  fromTerm,
  type Json,
  type Term,
  TermError,
  Tuple,
  toTerm,
} from "../../../src/hex/erlang/term.ts";
import { erlangIsMissing, judge, whySkipped } from "./judge.ts";
import { terms } from "./random-terms.ts";
import { bytesOf, expected, termVectors } from "./vectors.ts";

const { accepted, refused } = termVectors();
const anyTerm = terms({ floats: true });

describe("decoding what Erlang wrote", () => {
  it.each(accepted)("reads $title", ({ bytes, term }) => {
    // A client's other words for "no value".
    expect(decodeTerm(bytesOf(bytes))).toStrictEqual(expected(term, () => null));
  });

  it.each(refused)("refuses $title", ({ bytes }) => {
    expect(() => decodeTerm(bytesOf(bytes))).toThrow(TermError);
  });

  it("refuses every vector that is cut short, at every byte", () => {
    for (const { bytes } of accepted) {
      const whole = bytesOf(bytes);
      for (let length = 0; length < whole.length; length++) {
        expect(() => decodeTerm(whole.subarray(0, length))).toThrow(TermError);
      }
    }
  });

  it("refuses every vector with a byte after it", () => {
    for (const { bytes } of accepted) {
      expect(() => decodeTerm(bytesOf(`${bytes}6a`))).toThrow("bytes follow the term");
    }
  });

  it("says at which byte it stopped", () => {
    expect(() => decodeTerm(bytesOf("836c000000016101ff"))).toThrow(
      expect.objectContaining({ message: "the list is improper (byte 8)", offset: 8 }),
    );
  });

  it.each(["6c", "69", "74"])("believes no count beyond the bytes that are there: %s", (tag) => {
    const stopped = expect.objectContaining({ message: "the term is cut short (byte 6)" });
    expect(() => decodeTerm(bytesOf(`83${tag}ffffffff610161016a`))).toThrow(stopped);
  });

  it("gives bytes that do not lie in the body they came in", () => {
    const body = Buffer.from("836d00000002fffe", "hex");
    const term = decodeTerm(body);
    body.fill(0);
    expect(term).toStrictEqual(Uint8Array.of(0xff, 0xfe));
  });
});

describe("any bytes at all", () => {
  it("are a term or a TermError", () => {
    const tags = fc.constantFrom(70, 97, 98, 99, 100, 104, 105, 106, 107, 108, 109, 110, 111, 115);
    const likely = fc.oneof(tags, fc.constantFrom(116, 118, 119, 0, 1, 2), fc.nat(255));
    const bytes = fc.array(likely).map((tail) => Uint8Array.of(131, ...tail));
    fc.assert(fc.property(bytes, onlyTermErrors), { numRuns: 5_000 });
  });

  it("are a term or a TermError when a vector is changed in one byte", () => {
    const vector = fc.constantFrom(...[...accepted, ...refused].map(({ bytes }) => bytes));
    fc.assert(
      fc.property(vector, fc.nat(), fc.nat(255), (written, place, value) => {
        const bytes = bytesOf(written);
        bytes[place % (bytes.length || 1)] = value;
        onlyTermErrors(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  function onlyTermErrors(bytes: Uint8Array): void {
    try {
      decodeTerm(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(TermError);
    }
  }
});

describe("limits", () => {
  it("holds for depth: 64 containers inside one another, not 65, not 100,000", () => {
    expect(() => decodeTerm(lists(64))).not.toThrow();
    expect(() => decodeTerm(lists(65))).toThrow("the term nests too deeply");
    expect(() => decodeTerm(lists(100_000))).toThrow("the term nests too deeply");
    expect(() => decodeTerm(lists(3), { depthMax: 2 })).toThrow("the term nests too deeply");
  });

  it("holds for depth in tuples and maps", () => {
    const tuples = bytesOf(`83${"6801".repeat(65)}6a`);
    const maps = bytesOf(`83${"74000000016101".repeat(65)}6a`);
    expect(() => decodeTerm(tuples)).toThrow("the term nests too deeply");
    expect(() => decodeTerm(maps)).toThrow("the term nests too deeply");
  });

  it("holds for the number of terms, the letters of a string included", () => {
    expect(decodeTerm(encodeTerm([1, 2]), { termsMax: 3 })).toEqual([1, 2]);
    expect(() => decodeTerm(encodeTerm([1, 2]), { termsMax: 2 })).toThrow("too many terms");
    expect(() => decodeTerm(encodeTerm([[], []]), { termsMax: 2 })).toThrow("too many terms");
    expect(() => decodeTerm(bytesOf("836b00026162"), { termsMax: 2 })).toThrow("too many terms");
    const many = new Array<Term>(100_000).fill(0);
    expect(() => decodeTerm(encodeTerm(many))).toThrow("too many terms");
    expect(() => decodeTerm(encodeTerm(many.slice(1)))).not.toThrow();
  });

  it("holds for the size", () => {
    expect(decodeTerm(encodeTerm("ab"), { sizeBytesMax: 8 })).toBe("ab");
    expect(() => decodeTerm(encodeTerm("abc"), { sizeBytesMax: 8 })).toThrow("too big");
  });

  it("holds for integers", () => {
    expect(decodeTerm(encodeTerm(2n ** 2048n - 1n))).toBe(2n ** 2048n - 1n);
    expect(() => decodeTerm(encodeTerm(2n ** 2048n))).toThrow("the integer is too big");
    const limits = { integerBytesMax: 4 };
    expect(decodeTerm(encodeTerm(2 ** 32 - 1), limits)).toBe(2 ** 32 - 1);
    expect(() => decodeTerm(encodeTerm(2 ** 32), limits)).toThrow("the integer is too big");
  });

  function lists(depth: number): Uint8Array {
    return bytesOf(`83${"6c00000001".repeat(depth - 1)}6c00000000${"6a".repeat(depth)}`);
  }
});

describe("encoding", () => {
  it("writes what the decoder reads", () => {
    fc.assert(
      fc.property(anyTerm, (term) => {
        expect(decodeTerm(encodeTerm(term))).toStrictEqual(term);
      }),
      { numRuns: 1_000 },
    );
  });

  it("writes integers, text, tuples and the empty list byte for byte as Erlang does", () => {
    const same = /^(the integer|a binary|an empty binary|a tuple|the empty (list|tuple|map))/;
    for (const { title, bytes } of accepted.filter(({ title }) => same.test(title))) {
      expect([title, encodeTerm(decodeTerm(bytesOf(bytes)))]).toEqual([title, bytesOf(bytes)]);
    }
  });

  it("writes a whole number as an integer, also one that JavaScript cannot count to", () => {
    expect(decodeTerm(encodeTerm(1e300))).toBe(BigInt(1e300));
    expect(encodeTerm(-0)).toEqual(encodeTerm(0));
    expect(encodeTerm(7n)).toEqual(encodeTerm(7));
  });

  it("sends no atom but nil, true and false", () => {
    expect(Buffer.from(encodeTerm([null, true, false])).toString("latin1")).toBe(
      "\x83l\0\0\0\x03w\x03nilw\x04truew\x05falsej",
    );
    expect(() => encodeTerm(new Atom("ok"))).toThrow(TermError);
  });

  it("gives bytes in a buffer of just their size", () => {
    for (const text of ["", "a".repeat(5_000)]) {
      const bytes = encodeTerm(text);
      expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, bytes.length]);
    }
  });

  it.each([
    ["NaN", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["half a surrogate pair", "a\ud83e"],
    ["a list for a map key", new Map<Term, Term>([[[], 1]])],
    ["bytes for a map key", new Map<Term, Term>([[new Uint8Array(1), 1]])],
    ["a number that may be twice in a map", new Map<Term, Term>([[1n, 1]])],
    ["an atom for a map key", new Map<Term, Term>([[new Atom("a"), 1]])],
  ])("refuses %s", (_, term) => {
    expect(() => encodeTerm(term)).toThrow(TermError);
  });

  it("refuses a list that holds itself", () => {
    const list: Term[] = [];
    list.push(list);
    expect(() => encodeTerm(list)).toThrow("the term nests too deeply");
    expect(() => encodeTerm([[1]], 1)).toThrow("the term nests too deeply");
  });

  it("refuses what is no term, as untyped code may hand over", () => {
    for (const value of [undefined, {}, () => 1, Symbol("a"), new Date(0)]) {
      // Not a Term on purpose.
      expect(() => encodeTerm(value as unknown as Term)).toThrow(TermError);
    }
  });
});

describe("plain values", () => {
  it("become terms and come back", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        // fast-check has a type of its own for the same values.
        const term = toTerm(value as Json);
        expect(json(fromTerm(decodeTerm(encodeTerm(term))))).toBe(json(value));
      }),
    );

    /** A whole number beyond the safe integers comes back as a bigint, of the same value. */
    function json(value: unknown): string {
      return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? Number(item) : item));
    }
  });

  it("leave out what is undefined", () => {
    expect(toTerm({ a: undefined, b: null })).toEqual(new Map([["b", null]]));
  });

  it("keep __proto__ and constructor as keys like any other", () => {
    const value = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}');
    const plain = fromTerm(decodeTerm(encodeTerm(toTerm(value))));
    expect(Object.getPrototypeOf(plain)).toBeNull();
    expect(plain).not.toHaveProperty("admin");
    expect(JSON.stringify(plain)).toBe('{"__proto__":{"admin":true},"constructor":1}');
  });

  it.each([
    ["bytes", new Uint8Array([255])],
    ["a tuple", new Tuple([])],
    ["an atom", new Atom("ok")],
    ["a map key that is no text", new Map([[1, 1]])],
    ["a tuple somewhere inside", new Map([["a", [new Tuple([])]]])],
  ])("do not exist for %s", (_, term) => {
    expect(() => fromTerm(term)).toThrow(TermError);
  });

  it("are nothing else than JSON", () => {
    for (const value of [new Date(0), new Map(), new Uint8Array(1), undefined, 1n, [undefined]]) {
      // Not Json on purpose.
      expect(() => toTerm(value as unknown as Json)).toThrow(TermError);
    }
  });

  it("may nest as deep as terms", () => {
    const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));
    expect(fromTerm(toTerm(nested(64)))).toEqual(nested(64));
    expect(() => toTerm(nested(65))).toThrow("nests too deeply");
    expect(() => fromTerm(nested(65))).toThrow("nests too deeply");
    expect(() => toTerm([[]], 1)).toThrow("nests too deeply");
  });
});

describe("Erlang itself", () => {
  it.skipIf(erlangIsMissing)(`reads what we encode, and we what it encodes${whySkipped}`, () => {
    const sample = fc.sample(anyTerm, 1_000);
    const judgements = judge(sample);
    expect(judgements).toHaveLength(sample.length);
    for (const [at, { text, verdict, encodedByErlang }] of judgements.entries()) {
      expect([text, verdict]).toEqual([text, "same"]);
      expect([text, decodeTerm(encodedByErlang)]).toStrictEqual([text, sample[at]]);
    }
  });
});
