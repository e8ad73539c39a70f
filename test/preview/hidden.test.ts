import { describe, expect, it } from "vitest";
import { findHiddenCharacters } from "../../src/preview/hidden.ts";

describe("hidden characters", () => {
  it("are found, with their place and name", () => {
    // The commenting-out of the paper, https://trojansource.codes
    const source = 'access = "user"\n🦆 if x != "user\u202e \u2066# admin\u2069 \u2066"\n';
    expect(findHiddenCharacters(source)).toEqual([
      {
        offset: 32,
        line: 2,
        column: 16,
        bidirectional: true,
        name: "U+202E RIGHT-TO-LEFT OVERRIDE",
      },
      {
        offset: 34,
        line: 2,
        column: 18,
        bidirectional: true,
        name: "U+2066 LEFT-TO-RIGHT ISOLATE",
      },
      {
        offset: 42,
        line: 2,
        column: 26,
        bidirectional: true,
        name: "U+2069 POP DIRECTIONAL ISOLATE",
      },
      {
        offset: 44,
        line: 2,
        column: 28,
        bidirectional: true,
        name: "U+2066 LEFT-TO-RIGHT ISOLATE",
      },
    ]);
  });

  it.each([
    ["a\u200bb", "U+200B ZERO WIDTH SPACE"],
    ["a\u00adb", "U+00AD SOFT HYPHEN"],
    ["\u3164", "U+3164 HANGUL FILLER"],
    ["a\ufeffb", "U+FEFF ZERO WIDTH NO-BREAK SPACE"],
    ["a\u200db", "U+200D ZERO WIDTH JOINER"],
    ["😀\u200db", "U+200D ZERO WIDTH JOINER"],
    ["a\ufe0f", "U+FE0F VARIATION SELECTOR-16"],
    ["😀\ufe0f\ufe0e", "U+FE0E VARIATION SELECTOR-15"],
    ["a\u{e0100}", "U+E0100 VARIATION SELECTOR-17"],
    ["a\u{e0041}", "U+E0041 TAG CHARACTER"],
    ["a\u2028b", "U+2028 LINE SEPARATOR"],
    ["a\x1b[2K", "U+001B CONTROL CHARACTER"],
    ["a\u0085", "U+0085 CONTROL CHARACTER"],
    ["\u206a", "U+206A INVISIBLE CHARACTER"],
  ])("have names: %j", (text, name) => {
    expect(findHiddenCharacters(text)).toMatchObject([{ name }]);
  });

  it.each([
    ["ordinary text", "def a do\r\n\t:ok\r\nend\f\n"],
    ["all languages", "日本語 Ελληνικά العربية עברית हिन्दी e\u0301"],
    ["a byte order mark at the beginning", "\ufeffa"],
    ["emoji", "❤️ 👩‍🚀 👨‍👩‍👧 🏳️‍🌈 👍🏽 1️⃣ #️⃣ 👩🏽‍🚀 ©️ ☎︎"],
  ])("are not in %s", (_, text) => {
    expect(findHiddenCharacters(text)).toEqual([]);
  });

  it("are no more than somebody reads, and found fast in a text of nothing else", () => {
    const startedAt = performance.now();
    expect(findHiddenCharacters("\u202e".repeat(500_000))).toHaveLength(1000);
    expect(findHiddenCharacters(`${"x".repeat(400_000)}${"\u200b".repeat(9)}`, 5)).toHaveLength(5);
    expect(findHiddenCharacters("❤️".repeat(200_000))).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });
});
