import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { charlistToString, consult } from "../../../src/hex/erlang/consult.ts";
import { Atom, TermError, Tuple } from "../../../src/hex/erlang/term.ts";
import { erlangIsMissing, judge, whySkipped } from "./judge.ts";
import { print, terms } from "./random-terms.ts";
import { consultVectors, expected } from "./vectors.ts";

const vectors = consultVectors();
const anyTerm = terms({ floats: false });

describe("reading what file:consult/1 reads", () => {
  it.each(vectors)("reads $title", ({ text, terms }) => {
    const read = consult(Buffer.from(text, "latin1"), { comments: true });
    expect(read).toStrictEqual(terms.map((term) => expected(term)));
  });

  it("takes text as well as bytes", () => {
    expect(consult('{<<"name">>, <<"日本"/utf8>>}.')).toEqual([new Tuple(["name", "日本"])]);
  });

  it("reads back any term that is written as text", () => {
    fc.assert(
      fc.property(anyTerm, fc.boolean(), (term, asBytes) => {
        const text = `${print(term)}.\n`;
        expect(consult(asBytes ? Buffer.from(text) : text)).toStrictEqual([term]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("reads back any atom that is written in quotes", () => {
    const name = fc
      .string({ unit: "binary", maxLength: 255 })
      .filter((text) => !["nil", "true", "false"].includes(text));
    fc.assert(
      fc.property(name, (text) => {
        expect(consult(`${print(new Atom(text))}.`)).toStrictEqual([new Atom(text)]);
      }),
    );
  });

  it("keeps __proto__ and constructor as keys like any other", () => {
    expect(consult('#{<<"__proto__">> => 1, <<"constructor">> => 2}.')).toEqual([
      new Map([
        ["__proto__", 1],
        ["constructor", 2],
      ]),
    ]);
  });

  it("gives a string as code points, which charlistToString joins", () => {
    const [text, empty, numbers] = consult('"æ🦆". "". [1114112].');
    expect(text).toEqual([0xe6, 0x1f986]);
    expect(charlistToString(text ?? null)).toBe("æ🦆");
    expect(charlistToString(empty ?? null)).toBe("");
    expect(charlistToString(numbers ?? null)).toBeUndefined();
    for (const term of [null, "text", [0xd800], [-1], [1.5], ["a"], [[97]], new Tuple([97])]) {
      expect(charlistToString(term)).toBeUndefined();
    }
  });
});

describe("refusing what metadata may not say", () => {
  it.each([
    ["a term without a dot", "{a, 1}"],
    ["a dot without white space", "{a}.{b}."],
    ["a dot alone", "."],
    ["a float", "1.5."],
    ["a float with an exponent", "1.0e3."],
    ["a character literal", "$a."],
    ["an integer to another base", "16#ff."],
    ["an integer with underscores", "1_000."],
    ["an integer of 618 digits", `${"9".repeat(618)}.`],
    ["two signs", "- -1."],
    ["a sign alone", "-."],
    ["a sign before an atom", "-a."],
    ["a sum", "1+1."],
    ["a comment", "% why\na."],
    ["a comment at the end", "a. % why"],
    ["a variable", "Name."],
    ["a reserved character", "a;b."],
    ["a character outside ASCII", "é."],
    ["a byte order mark", "\ufeffa."],
    ["a string that does not end", '"abc.'],
    ["a string that ends in a backslash", '"abc\\'],
    ["an atom that does not end", "'abc."],
    ["an atom of 256 characters", `${"a".repeat(256)}.`],
    ["strings without white space between", '"a""b".'],
    ["a text of three quotes", '"""\na\n""".'],
    ["an escape of hexadecimal digits that are none", '"\\xZZ".'],
    ["an escape of an X that is large, and its digits", '"\\x{}".'],
    ["an escape beyond Unicode", '"\\x{110000}".'],
    ["an escape of half a surrogate pair", '"\\x{d800}".'],
    ["an escaped line feed", '"a\\\nb".'],
    ["half a surrogate pair", '<<"\ud83e"/utf8>>.'],
    ["a binary that is not closed", "<<1."],
    ["a binary with a number beyond a byte", "<<256>>."],
    ["a binary with a huge number", "<<99999999999999999999>>."],
    ["a binary with a negative number", "<<-1>>."],
    ["a binary with characters beyond Latin-1", '<<"日">>.'],
    ["a binary of another type", '<<"a"/utf16>>.'],
    ["a binary of a named number", "<<1/integer>>."],
    ["a binary with a size", "<<1:8>>."],
    ["a binary in a binary", "<< <<1>>/binary >>."],
    ["a binary that ends in a comma", "<<1,>>."],
    ["a list that is not closed", "[a."],
    ["a list that ends in a comma", "[a,]."],
    ["a list with a tail", "[a|b]."],
    ["a list that is closed as a tuple", "[a}."],
    ["a tuple that begins with a comma", "{,a}."],
    ["a map without a value", "#{a}."],
    ["a map that names a key twice", "#{1=>1,1=>2}."],
    ["a map with an atom for a key", "#{a=>1}."],
    ["a map with a string for a key", '#{"a"=>1}.'],
    ["a record", "#r{a=1}."],
    ["a call", "f()."],
    ["two terms in one", "a b."],
  ])("refuses %s", (_, text) => {
    expect(() => consult(text)).toThrow(TermError);
  });

  it("says on which line it stopped", () => {
    expect(() => consult("{a, 1}.\n{b,\n $c}.\n")).toThrow(
      expect.objectContaining({
        message: "this character has no place here (line 3)",
        offset: 13,
      }),
    );
  });

  it("allows comments only on demand", () => {
    expect(consult("% a\n1. % b", { comments: true })).toEqual([1]);
    expect(() => consult("% a\n1. % b")).toThrow(TermError);
  });
});

describe("any text at all", () => {
  it("is terms or a TermError", () => {
    const piece = fc.constantFrom(
      ...["{", "}", "[", "]", "<<", ">>", "#", "#{", "=>", ",", ".", ". ", "\n", "-", "+", "/utf8"],
      ...[
        '"',
        "'",
        "\\",
        "\\x{",
        "a",
        "B",
        "é",
        "日",
        "\ud83e",
        "1",
        "99",
        "%",
        "\0",
        '"a"',
        "<<1>>",
      ],
    );
    const text = fc.array(fc.oneof(piece, fc.string())).map((pieces) => pieces.join(""));
    fc.assert(fc.property(text, onlyTermErrors), { numRuns: 5_000 });
    fc.assert(fc.property(fc.uint8Array(), onlyTermErrors), { numRuns: 2_000 });
  });

  it("is terms or a TermError when a vector is cut at any character", () => {
    for (const { text } of vectors) {
      for (let length = 0; length < text.length; length++) {
        onlyTermErrors(Buffer.from(text.slice(0, length), "latin1"));
      }
    }
  });

  it("is never read when one term is cut short", () => {
    fc.assert(
      fc.property(anyTerm, fc.nat(), (term, place) => {
        const text = print(term);
        expect(() => consult(text)).toThrow(TermError);
        const length = 1 + (place % text.length);
        expect(() => consult(text.slice(0, length))).toThrow(TermError);
      }),
    );
  });
});

describe("limits", () => {
  it("holds for depth: 64 containers inside one another, not 65, not 500,000", () => {
    for (const [open, close] of [
      ["[", "]"],
      ["{", "}"],
      ["#{1=>", "}"],
    ] as const) {
      const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}.`;
      expect(() => consult(nested(64))).not.toThrow();
      expect(() => consult(nested(65))).toThrow("the term nests too deeply");
      expect(() => consult(nested(2), { depthMax: 1 })).toThrow("the term nests too deeply");
    }
    expect(() => consult("[".repeat(500_000))).toThrow("the term nests too deeply");
  });

  it("holds for the number of terms, the letters of a string included", () => {
    expect(consult("[1,2].", { termsMax: 3 })).toEqual([[1, 2]]);
    expect(() => consult("[1,2].", { termsMax: 2 })).toThrow("too many terms");
    expect(() => consult('"abc".', { termsMax: 3 })).toThrow("too many terms");
    expect(consult('<<"abc">>.', { termsMax: 1 })).toEqual(["abc"]);
  });

  it("holds for the size: a mebibyte of metadata", () => {
    const text = (length: number) => `<<"${"a".repeat(length - 7)}">>.`;
    expect(() => consult(text(1024 * 1024))).not.toThrow();
    expect(() => consult(text(1024 * 1024 + 1))).toThrow("the text is too big");
    expect(() => consult(Buffer.from("abc."), { sizeBytesMax: 3 })).toThrow("the text is too big");
  });

  it.each(["[", "{", "<<", "#{", '"', "'", "-", "1", "a", ".", ",", " ", "%\n", '"\\n', "\\n"])(
    "holds when a mebibyte is nothing but %j",
    (piece) => {
      const text = piece.repeat(Math.floor((1024 * 1024 - 6) / piece.length));
      onlyTermErrors(text);
      onlyTermErrors(`<<"${text}">>.`);
      onlyTermErrors(`[${text}].`);
    },
  );

  it("holds for integers", () => {
    expect(() => consult("1000.", { integerBytesMax: 1 })).toThrow("the integer is too big");
  });
});

describe("Erlang itself", () => {
  it.skipIf(erlangIsMissing)(`writes metadata that we read${whySkipped}`, () => {
    const sample = fc.sample(anyTerm, 1_000);
    const judgements = judge(sample);
    expect(judgements).toHaveLength(sample.length);
    for (const [at, { text, printedByHexCore }] of judgements.entries()) {
      expect([text, consult(printedByHexCore)]).toStrictEqual([text, [sample[at]]]);
    }
  });
});

function onlyTermErrors(input: string | Uint8Array): void {
  try {
    consult(input, { comments: true });
  } catch (error) {
    expect(error).toBeInstanceOf(TermError);
  }
}
