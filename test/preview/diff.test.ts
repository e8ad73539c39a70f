import { describe, expect, it } from "vitest";
import { type DiffLine, diffFile, diffLimits } from "../../src/preview/diff.ts";
import { randomNumbers } from "../support/random.ts";

/** As `diff -u` would write it, with the line numbers in front. */
function shown(left: string, right: string): string[] {
  const diff = diffFile(left, right);
  if ("tooDifferent" in diff) return ["too different"];
  const signs = { same: " ", added: "+", removed: "-" };
  const line = (it: DiffLine) =>
    `${it.left ?? ""}|${it.right ?? ""}|${signs[it.kind]}${it.text}${JSON.stringify(it.ending)}`;
  return diff.hunks.flatMap((hunk) => [
    `@@ -${hunk.leftStart},${hunk.leftLines} +${hunk.rightStart},${hunk.rightLines} @@`,
    ...hunk.lines.map(line),
  ]);
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${from + at}\n`).join("");

describe("the difference of two texts", () => {
  it("has three lines of context, and the numbers of both sides", () => {
    const right = `${lines(1, 9)}new\n${lines(11, 20)}`;
    expect(shown(lines(1, 20), right)).toEqual([
      "@@ -7,7 +7,7 @@",
      ...['7|7| 7"\\n"', '8|8| 8"\\n"', '9|9| 9"\\n"', '10||-10"\\n"', '|10|+new"\\n"'],
      ...['11|11| 11"\\n"', '12|12| 12"\\n"', '13|13| 13"\\n"'],
    ]);
  });

  it("is in several hunks when there is more than that between changes", () => {
    const right = `one\n${lines(2, 7)}eight\n${lines(9, 15)}sixteen\n${lines(17, 30)}`;
    expect(shown(lines(1, 30), right).filter((line) => line.startsWith("@@"))).toEqual([
      "@@ -1,11 +1,11 @@",
      "@@ -13,7 +13,7 @@",
    ]);
  });

  it("counts what was added and removed", () => {
    const diff = diffFile(lines(1, 10), `0\n${lines(1, 4)}${lines(8, 10)}`);
    expect(diff).toMatchObject({ linesAdded: 1, linesRemoved: 3 });
  });

  it.each<[string, string, string, string[]]>([
    ["nothing", "", "", []],
    ["the same", "a\n", "a\n", []],
    ["a new file", "", "a\n", ["@@ -0,0 +1,1 @@", '|1|+a"\\n"']],
    ["a file that was emptied", "a\n", "", ["@@ -1,1 +0,0 @@", '1||-a"\\n"']],
    ["no newline at the end", "a\n", "a", ["@@ -1,1 +1,1 @@", '1||-a"\\n"', '|1|+a""']],
    ["a newline at the end", "a", "a\n", ["@@ -1,1 +1,1 @@", '1||-a""', '|1|+a"\\n"']],
    [
      "no newline in common",
      "a\nb",
      "c\nb",
      [...["@@ -1,2 +1,2 @@", '1||-a"\\n"', '|1|+c"\\n"', '2|2| b""']],
    ],
    ["other line endings", "a\r\n", "a\n", ["@@ -1,1 +1,1 @@", '1||-a"\\r\\n"', '|1|+a"\\n"']],
    [
      "a carriage return at the very end",
      "a\n",
      "a\r",
      ["@@ -1,1 +1,1 @@", '1||-a"\\n"', '|1|+a\r""'],
    ],
    ["an empty line", "", "\n", ["@@ -0,0 +1,1 @@", '|1|+"\\n"']],
    [
      "a line of what diff itself says",
      "a",
      "a\n\\ No newline at end of file",
      [...["@@ -1,1 +1,2 @@", '1||-a""', '|1|+a"\\n"', '|2|+\\ No newline at end of file""']],
    ],
    [
      "a byte order mark",
      "\ufeffa\n",
      "a\n",
      ["@@ -1,1 +1,1 @@", '1||-\ufeffa"\\n"', '|1|+a"\\n"'],
    ],
  ])("says %s", (_, left, right, expected) => {
    expect(shown(left, right)).toEqual(expected);
  });

  it("is found in large files, wherever it is", () => {
    for (const at of [1, 2, 3, 4, 5, 25_000, 49_996, 49_997, 49_998, 49_999, 50_000]) {
      const right = `${lines(1, at - 1)}new\n${lines(at + 1, 50_000)}`;
      const diff = diffFile(lines(1, 50_000), right);
      if ("tooDifferent" in diff) throw new Error("too different");
      expect(diff.hunks).toHaveLength(1);
      const changes = diff.hunks.flatMap((hunk) => hunk.lines).filter((it) => it.kind !== "same");
      expect(changes).toMatchObject([
        { kind: "removed", left: at, text: `${at}` },
        { kind: "added", right: at, text: "new" },
      ]);
    }
  });

  it("of a file that is all new, or grew a lot, is never too much", () => {
    expect(diffFile("", lines(1, 100_000))).toMatchObject({ linesAdded: 100_000 });
    expect(diffFile(lines(1, 100_000), "")).toMatchObject({ linesRemoved: 100_000 });
    const grown = `${lines(1, 100)}${lines(1001, 60_000)}${lines(101, 200)}`;
    expect(diffFile(lines(1, 200), grown)).toMatchObject({ linesAdded: 59_000, linesRemoved: 0 });
  });
});

describe("hostile texts", () => {
  const random = randomNumbers(1);
  const randomLines = (count: number, kinds: number) =>
    Array.from({ length: count }, () => `${random(kinds)}\n`).join("");
  const long = "x".repeat(500);

  it.each<[string, () => string]>([
    ["of 20,000 lines that are all different", () => randomLines(20_000, 2 ** 30)],
    ["of 20,000 lines of a few kinds", () => randomLines(20_000, 10)],
    ["of 20,000 lines of two kinds", () => randomLines(20_000, 2)],
    ["of 170,000 short lines", () => randomLines(170_000, 2)],
    [
      "of long lines that differ at their ends",
      () => randomLines(1000, 5).replaceAll("\n", `${long}\n`),
    ],
    ["of long lines that begin alike", () => randomLines(1000, 2 ** 30).replace(/^/gm, long)],
    [
      "of the same lines, shifted",
      () => `${random(9)}\n`.repeat(random(200)) + "a\nb\n".repeat(100_000),
    ],
    ["of one line", () => `${random(10)}`.repeat(500_000)],
    ["of carriage returns", () => "\r".repeat(400_000 + random(9))],
  ])("%s are compared for a short time only", (_, text) => {
    const [left, right] = [text(), text()];
    const startedAt = performance.now();
    diffFile(left, right, { ...diffLimits, timeoutMs: 60_000 });
    const ms = performance.now() - startedAt;
    expect(ms).toBeLessThan(3000);
  });

  it("of which one fits into the other many times are bounded too", () => {
    for (const shorter of [10, 100, 300, 500, 1000, 3000]) {
      const [left, right] = [randomLines(shorter, 2), randomLines(20_000, 2)];
      const startedAt = performance.now();
      diffFile(left, right, { ...diffLimits, timeoutMs: 60_000 });
      expect(performance.now() - startedAt).toBeLessThan(3000);
    }
  });

  it("are too different where the limit says so", () => {
    const limits = { stepsMax: 100, timeoutMs: 1000 };
    expect(diffFile(lines(1, 100), lines(1001, 1100), limits)).toEqual({ tooDifferent: true });
  });
});
