import { describe, expect, it } from "vitest";
import { contains } from "../../../src/repository/search/contains.ts";
import { parseSearch, type Search } from "../../../src/repository/search/grammar.ts";
import { ftsQuery, wordsOf } from "../../../src/repository/search/words.ts";

const nothing: Search = {
  ...{ text: null, name: null, description: null, depends: null },
  ...{ buildTool: null, updatedAfter: null, extra: [] },
};
const any = { repository: null };
const is = (text: string) => ({ kind: "is", text });
const holds = (text: string) => ({ kind: "contains", text });
const starts = (text: string) => ({ kind: "starts", text });
const ends = (text: string) => ({ kind: "ends", text });

/** A search, and what it says beside nothing. */
const table: [string, object][] = [
  ["", {}],
  [" \t\n ", {}],
  ["phoenix", { text: { ...any, name: holds("phoenix"), words: ["phoenix"] } }],
  ["Phoenix", { text: { ...any, name: holds("phoenix"), words: ["phoenix"] } }],
  ["ex", { text: { ...any, name: is("ex"), words: ["ex"] } }],
  ["live view", { text: { ...any, name: holds("live view"), words: ["live", "view"] } }],
  ["acme/foo", { text: { repository: holds("acme"), name: holds("foo"), words: ["acme", "foo"] } }],
  ["50%_\\", { text: { ...any, name: holds("50%_\\"), words: ["50"] } }],
  [
    ":foo build_tool:mix",
    { buildTool: "mix", text: { ...any, name: holds(":foo"), words: ["foo"] } },
  ],
  ["the of", { text: { ...any, name: holds("the of"), words: [] } }],
  ["name:foo", { name: { ...any, name: is("foo") } }],
  ["name:foo*", { name: { ...any, name: starts("foo") } }],
  ["name:*foo", { name: { ...any, name: ends("foo") } }],
  ["name:*foo*", { name: { ...any, name: holds("foo") } }],
  ["name:f*o", { name: { ...any, name: is("f*o") } }],
  ["name:*", { name: { ...any, name: holds("") } }],
  ["name:**", { name: { ...any, name: holds("") } }],
  ["name:", { name: { ...any, name: is("") } }],
  ["name:acme/foo*", { name: { repository: is("acme"), name: starts("foo") } }],
  [
    'name:"my package" build_tool:mix',
    { name: { ...any, name: is("my package") }, buildTool: "mix" },
  ],
  ['name:"never closed', { name: { ...any, name: is("never closed") } }],
  [
    "name:foo\tbuild_tool:rebar3\nname:bar",
    { name: { ...any, name: is("bar") }, buildTool: "rebar3" },
  ],
  ["description:json", { description: ["json"] }],
  ['description:"A fast JSON-parser/writer"', { description: ["fast", "json parser", "writer"] }],
  ['description:"!!"', { description: [] }],
  ["depends:ecto", { depends: { repository: null, package: "ecto" } }],
  ["depends:hexpm:ecto", { depends: { repository: "hexpm", package: "ecto" } }],
  ["depends:ecto depends:plug", { depends: { repository: null, package: "plug" } }],
  ["updated_after:2026-01-02T03:04:05Z", { updatedAfter: Date.UTC(2026, 0, 2, 3, 4, 5) }],
  ["updated_after:2026-01-02T03:04:05.250Z", { updatedAfter: Date.UTC(2026, 0, 2, 3, 4, 5, 250) }],
  ["updated_after:2026-01-02T03:04:05+00:00", { updatedAfter: Date.UTC(2026, 0, 2, 3, 4, 5) }],
  ["updated_after:2026-01-02T03:04:05+01:00", {}],
  ["updated_after:2026-02-30T00:00:00Z", {}],
  ["updated_after:yesterday", {}],
  ["extra:license,MIT", { extra: [{ license: "MIT" }] }],
  ["extra:a,b,7 extra:c,d", { extra: [{ a: { b: 7 } }, { c: "d" }] }],
  ["extra:a,[b,1]", { extra: [{ a: ["b", 1] }] }],
  ["extra:__proto__,x", { extra: [JSON.parse('{"__proto__":"x"}')] }],
  [
    "name:foo extra:none",
    { text: { ...any, name: holds("name:foo extra:none"), words: ["name foo", "extra none"] } },
  ],
  ["color:red", {}],
];

describe("the grammar of searches", () => {
  it.each(table)("reads %j", (text, said) => {
    expect(parseSearch(text)).toEqual({ ...nothing, ...said });
  });

  it("reads a long word in no time", () => {
    const began = performance.now();
    parseSearch("a".repeat(100_000));
    parseSearch(`${"a:".repeat(50_000)}"`);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe("the words of a text", () => {
  it("never hold what FTS5 reads as its own", () => {
    const words = wordsOf(`"quoted" NEAR(foo, 2) col:um^n -minus a* AND {b} ''; DROP`);
    expect(words.join("")).not.toMatch(/["'*^(){}:+-]/u);
    expect(ftsQuery(["near", "b c"], "OR")).toBe('"near" OR "b c"');
  });

  it("are at most 32", () => {
    expect(wordsOf(Array.from({ length: 99 }, (_, at) => `w${at}`).join(" "))).toHaveLength(32);
  });
});

describe("containment of JSON", () => {
  const whole = { a: { b: 1, c: [1, "x", { d: null }] }, e: "f" };
  it.each([
    [{ e: "f" }, true],
    [{ a: { b: 1 } }, true],
    [{ a: { b: "1" } }, false],
    [{ a: { c: ["x"] } }, true],
    [{ a: { c: ["x", 1] } }, true],
    [{ a: { c: ["x", "y"] } }, false],
    [{ a: { c: "x" } }, false],
    [{ a: {} }, true],
    [{ toString: "f" }, false],
  ])("looks for %j", (part, is) => {
    expect(contains(whole, part)).toBe(is);
  });
});
