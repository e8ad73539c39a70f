/**
 * The difference of two texts, as `diff -u` would show it: the fewest lines by Myers' algorithm,
 * out of the library `diff`.
 *
 * Its cost grows with the square of the difference, so it is bounded. The clock of a Worker stands
 * still while it computes: what really bounds it there is the number of edits, not `timeout`.
 */
import { structuredPatch } from "diff";
import { trimCommonLines } from "./common-lines.ts";

export interface FileDiff {
  hunks: Hunk[];
  linesAdded: number;
  linesRemoved: number;
}

/**
 * Lines are counted from 1; of a side that has none here, the start is the line before, as in
 * `diff -u`.
 */
export interface Hunk {
  leftStart: number;
  leftLines: number;
  rightStart: number;
  rightLines: number;
  lines: DiffLine[];
}

export interface DiffLine {
  kind: "same" | "removed" | "added";
  /** Its number on each side that has it. */
  left?: number;
  right?: number;
  /** Without its ending. */
  text: string;
  /** "" is "No newline at end of file". */
  ending: "\n" | "\r\n" | "";
}

export interface DiffLimits {
  /** Steps of the search: 4,000,000 take some 300 ms. Who shows many differences allows each less. */
  stepsMax: number;
  timeoutMs: number;
}

export const diffLimits: DiffLimits = { stepsMax: 4_000_000, timeoutMs: 2_000 };

const contextLines = 3;
const noNewline = "\\ No newline at end of file";

export function diffFile(
  left: string,
  right: string,
  limits: DiffLimits = diffLimits,
): FileDiff | { tooDifferent: true } {
  const middle = trimCommonLines(left, right, contextLines);
  const patch = structuredPatch("", "", middle.left, middle.right, undefined, undefined, {
    context: contextLines,
    maxEditLength: editsMax(middle.left, middle.right, limits.stepsMax),
    timeout: limits.timeoutMs,
  });
  if (!patch) return { tooDifferent: true };
  addContext(patch.hunks.at(-1)?.lines ?? [], middle.behind);
  const hunks = patch.hunks.map(({ oldStart, newStart, lines }) =>
    readHunk(lines, oldStart + middle.linesBefore, newStart + middle.linesBefore),
  );
  const count = (kind: DiffLine["kind"]) =>
    hunks.reduce((sum, { lines }) => sum + lines.filter((line) => line.kind === kind).length, 0);
  return { hunks, linesAdded: count("added"), linesRemoved: count("removed") };
}

/**
 * Each edit tries a path on one diagonal more, and there are hardly more diagonals than lines on the
 * shorter side. So a file that is all new is never too different.
 */
function editsMax(left: string, right: string, stepsMax: number): number {
  const shorter = Math.min(countLines(left), countLines(right)) + 1;
  const byPaths = Math.max(Math.sqrt(stepsMax), stepsMax / shorter);
  // A diagonal is as long as the shorter side, and each line on it may be compared; that costs little.
  const byComparisons = (25 * stepsMax) / shorter;
  return Math.floor(Math.min(byPaths, byComparisons));
}

/** Of lines that are alike, another may have been taken than the one we kept for context. */
function addContext(hunk: string[], behind: string): void {
  const context = hunk.length - 1 - hunk.findLastIndex((line) => !line.startsWith(" "));
  const lines = behind.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  for (const line of hunk.length === 0 ? [] : lines.slice(0, contextLines - context)) {
    hunk.push(` ${line.replace(/\n$/, "")}`);
    if (!line.endsWith("\n")) hunk.push(noNewline);
  }
}

function readHunk(lines: readonly string[], leftStart: number, rightStart: number): Hunk {
  let [left, right] = [leftStart, rightStart];
  const read: DiffLine[] = [];
  for (const line of lines) {
    const last = read.at(-1);
    // Lines of the files have a sign in front.
    if (line === noNewline && last) {
      // And a carriage return there is no line's ending, but its last letter.
      if (last.ending === "\r\n") last.text += "\r";
      last.ending = "";
      continue;
    }
    const ending = line.endsWith("\r") ? "\r\n" : "\n";
    const text = line.slice(1, ending === "\r\n" ? -1 : undefined);
    if (line.startsWith("+")) read.push({ kind: "added", right: right++, text, ending });
    else if (line.startsWith("-")) read.push({ kind: "removed", left: left++, text, ending });
    else read.push({ kind: "same", left: left++, right: right++, text, ending });
  }
  const [leftLines, rightLines] = [left - leftStart, right - rightStart];
  return {
    leftStart: leftLines === 0 ? leftStart - 1 : leftStart,
    leftLines,
    rightStart: rightLines === 0 ? rightStart - 1 : rightStart,
    rightLines,
    lines: read,
  };
}

function countLines(text: string): number {
  let lines = text === "" || text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}
