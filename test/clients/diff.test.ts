/** Our differences, judged by the programs that everybody knows: diff, git and patch. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { diffFile, type FileDiff, type Hunk } from "../../src/preview/diff.ts";

const folder = mkdtempSync(join(tmpdir(), "hexedge-diff-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

/** @returns what it said; `diff` and `git diff` leave with 1 when there is a difference. */
function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
  if (status !== 0 && (status !== 1 || command === "patch")) {
    throw new Error(`${command}: ${status} ${stdout} ${stderr}`);
  }
  return stdout;
}

function difference(left: string, right: string): FileDiff {
  const diff = diffFile(left, right);
  if ("tooDifferent" in diff) throw new Error("too different");
  writeFileSync(at("left"), left);
  writeFileSync(at("right"), right);
  return diff;
}

function unified({ hunks }: FileDiff): string {
  return hunks.length === 0 ? "" : `--- left\n+++ right\n${hunks.map(unifiedHunk).join("")}`;
}

function unifiedHunk({ leftStart, leftLines, rightStart, rightLines, lines }: Hunk): string {
  const range = (start: number, count: number) => (count === 1 ? `${start}` : `${start},${count}`);
  const signs = { same: " ", removed: "-", added: "+" };
  return [
    `@@ -${range(leftStart, leftLines)} +${range(rightStart, rightLines)} @@\n`,
    ...lines.map(
      ({ kind, text, ending }) =>
        `${signs[kind]}${text}${ending || "\n\\ No newline at end of file\n"}`,
    ),
  ].join("");
}

function patched(diff: FileDiff): string {
  writeFileSync(at("patch"), unified(diff));
  rmSync(at("patched"), { force: true });
  if (diff.hunks.length === 0) return readFileSync(at("left"), "utf8");
  run("patch", "--binary", "--silent", "--fuzz=0", "--output=patched", "left", "patch");
  return existsSync(at("patched")) ? readFileSync(at("patched"), "utf8") : "";
}

/** Added and removed lines of a unified diff. */
function counts(patch: string): { linesAdded: number; linesRemoved: number } {
  const lines = patch
    .split("\n")
    .slice(patch === "" ? 0 : patch.split("\n").findIndex((it) => it.startsWith("@@")));
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return { linesAdded: count("+"), linesRemoved: count("-") };
}

/** Few kinds of lines, so that there is much in common; some look like parts of a diff. */
const line = fc.constantFrom(
  ...["", "a", "b", "c", "d", "e", " ", "é🦆", "-", "+", "--- left", "+++ right", "@@ -1 +1 @@"],
  ...["\\ No newline at end of file", "a\r", "\r", "a b", "\t", "x\ry"],
);
const text = fc
  .tuple(fc.array(line, { maxLength: 60 }), fc.boolean())
  .map(([lines, end]) => lines.join("\n") + (end && lines.length > 0 ? "\n" : ""));
/** A text, and what somebody made of it. */
const edited = fc
  .tuple(
    fc.array(fc.tuple(line, fc.nat({ max: 30 })), { maxLength: 100 }),
    line,
    fc.boolean(),
    fc.boolean(),
  )
  .map(([lines, other, leftEnd, rightEnd]): [string, string] => {
    const left = lines.map(([it]) => it);
    const right = lines.flatMap(([it, change]) =>
      change === 0 ? [] : change === 1 ? [other, it] : change === 2 ? [other] : [it],
    );
    return [left.join("\n") + (leftEnd ? "\n" : ""), right.join("\n") + (rightEnd ? "\n" : "")];
  });
/** The same few lines again and again, so that beginnings and ends in common overlap. */
const repeated = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 3 }), fc.nat(20), fc.nat(20), fc.nat(9))
  .map(([lines, leftTimes, rightTimes, more]): [string, string] => {
    const again = (times: number) => `${lines.join("\n")}\n`.repeat(times);
    return [again(leftTimes), again(rightTimes) + [...again(1)].slice(0, more).join("")];
  });
const pairs = fc.oneof(fc.tuple(text, text), edited, repeated);

describe("differences of random texts", () => {
  it("make one of the other, says patch", () => {
    fc.assert(
      fc.property(pairs, ([left, right]) => {
        expect(patched(difference(left, right))).toBe(right);
      }),
      { numRuns: 500 },
    );
  });

  it("have three lines around them, but at the ends of the text", () => {
    fc.assert(
      fc.property(pairs, ([left, right]) => {
        const lastLine = left.split("\n").length - (left.endsWith("\n") || left === "" ? 1 : 0);
        for (const hunk of difference(left, right).hunks) {
          const changed = hunk.lines.flatMap(({ kind }, at) => (kind === "same" ? [] : [at]));
          const before = changed.at(0) ?? 0;
          const behind = hunk.lines.length - 1 - (changed.at(-1) ?? 0);
          const lastOfHunk = hunk.leftStart + hunk.leftLines - 1;
          expect(before).toBe(hunk.leftStart <= 1 ? Math.min(before, 3) : 3);
          expect(behind).toBe(
            lastOfHunk === lastLine || hunk.leftLines === 0 ? Math.min(behind, 3) : 3,
          );
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("are no longer than those that diff takes pains to find, or git", () => {
    fc.assert(
      fc.property(pairs, ([left, right]) => {
        const diff = difference(left, right);
        const { linesAdded, linesRemoved } = diff;
        expect(counts(unified(diff))).toEqual({ linesAdded, linesRemoved });
        expect({ linesAdded, linesRemoved }).toEqual(
          counts(run("diff", "-a", "-d", "-u", "left", "right")),
        );
        const git = counts(run("git", "diff", "--no-index", "-a", "--minimal", "left", "right"));
        expect(linesAdded + linesRemoved).toBeLessThanOrEqual(git.linesAdded + git.linesRemoved);
      }),
      { numRuns: 300 },
    );
  });

  it("are the very same where there is only one: no line is there twice", () => {
    const changes = fc.array(fc.nat({ max: 20 }), { maxLength: 120 });
    fc.assert(
      fc.property(changes, fc.boolean(), fc.boolean(), (numbers, leftEnd, rightEnd) => {
        const left = numbers.map((_, number) => `line ${number}`);
        const right = numbers.flatMap((change, number) =>
          change === 0
            ? []
            : change === 1
              ? [`new ${number}`]
              : change === 2
                ? [`new ${number}`, `line ${number}`]
                : [`line ${number}`],
        );
        const textOf = (lines: string[], end: boolean) =>
          lines.join("\n") + (end && lines.length > 0 ? "\n" : "");
        const ours = unified(difference(textOf(left, leftEnd), textOf(right, rightEnd)));
        const named = ["--label", "left", "--label", "right"];
        expect(ours).toBe(run("diff", "-a", "-u", ...named, "left", "right"));
        const git = run("git", "diff", "--no-index", "-a", "left", "right");
        // git tells of a function behind the @@.
        const hunks = git.slice(Math.max(0, git.search(/^@@/m))).replace(/^(@@ .* @@).*/gm, "$1");
        expect(ours.replace(/^--- left\n[+]{3} right\n/, "")).toBe(hunks);
      }),
      { numRuns: 300 },
    );
  });
});
