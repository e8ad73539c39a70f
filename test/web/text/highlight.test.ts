/** Source in colours, line by line. */
import { describe, expect, it } from "vitest";
import { highlightLines } from "../../../src/web/text/highlight.ts";
import { languageOf } from "../../../src/web/text/languages.ts";

const plain = (text: string) => ({ text, className: undefined });

describe("lines of code", () => {
  it("says what each run is", () => {
    expect(highlightLines("x = 1 # one\n", "elixir")).toEqual([
      [
        ...[plain("x = "), { text: "1", className: "hljs-number" }],
        ...[plain(" "), { text: "# one", className: "hljs-comment" }],
      ],
    ]);
  });

  it("closes what spans several lines at the end of each", () => {
    const lines = highlightLines('pub const a = "one\n\ntwo"\r\npub fn f() {}', "gleam");
    expect(lines[0]?.at(-1)).toEqual({ text: '"one', className: "hljs-string" });
    expect(lines[1]).toEqual([]);
    expect(lines[2]).toEqual([{ text: 'two"', className: "hljs-string" }]);
    expect(lines[3]?.at(0)).toEqual({ text: "pub", className: "hljs-keyword" });
  });

  it("loses nothing of the text", () => {
    const text = 'defmodule A do\n\n  @doc """\n  <b> & #{x}\n  """\n  def a?, do: ~s(x)\nend\n\n';
    for (const language of ["elixir", "erlang", "gleam", "xml", "markdown", undefined, "nothing"]) {
      const lines = highlightLines(text, language).map((line) => line.map(({ text }) => text));
      expect(`${lines.map((line) => line.join("")).join("\n")}\n`).toBe(text);
    }
  });

  it("shows controls that turn the direction of text", () => {
    expect(highlightLines("a\u202Eb", undefined)).toEqual([
      [plain("a"), { text: "U+202E", className: "unseen" }, plain("b")],
    ]);
  });

  it("has no lines for an empty file", () => {
    expect(highlightLines("", "elixir")).toEqual([]);
  });

  it.each([
    ["long lines", `x = [${"1, ".repeat(200)}]`],
    ["long words", "a".repeat(200)],
    ["big files", "x = 1\n".repeat(20_000)],
  ])("leaves %s plain", (_, text) => {
    const runs = highlightLines(text, "elixir").flat();
    expect(runs.every(({ className }) => className === undefined)).toBe(true);
  });

  it("survives source that nests as deep as it is long", () => {
    expect(highlightLines("(".repeat(200).concat("\n").repeat(300), "c")).toHaveLength(300);
  });
});

describe("the language of a file", () => {
  it.each([
    ["mix.exs", "elixir"],
    ["mix.lock", "elixir"],
    ["lib/a/b.ex", "elixir"],
    ["rebar.config", "erlang"],
    ["rebar.lock", "erlang"],
    ["src/foo.app.src", "erlang"],
    ["src/foo.erl", "erlang"],
    ["include/foo.hrl", "erlang"],
    ["src/foo.gleam", "gleam"],
    ["gleam.toml", "ini"],
    ["lib/a.html.heex", "xml"],
    ["lib/a.eex", "xml"],
    ["Makefile", "makefile"],
    ["c_src/Makefile", "makefile"],
    ["README.MD", "markdown"],
    ["LICENSE", undefined],
    ["constructor", undefined],
    ["lib.ex/readme", undefined],
  ])("%s is %s", (path, language) => {
    expect(languageOf(path)).toBe(language);
  });
});
