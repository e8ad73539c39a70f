/** What differs in one file, as rows of a page; or why that is not shown. */
import { diffFile, diffLimits, type FileDiff } from "../preview/diff.ts";
import type { FileText } from "../preview/read.ts";
import { type VisibleLine, visibleLine } from "./visible.tsx";

/** One page may show twenty of them, and one such search takes some 20 ms. */
const limits = { ...diffLimits, stepsMax: 250_000 };

export interface DiffRow {
  kind: "same" | "added" | "removed";
  left: number | undefined;
  right: number | undefined;
  line: VisibleLine;
  /** `\r\n`, where the others end with `\n`: else two lines would look the same. */
  isReturned: boolean;
  hasNewline: boolean;
  /** Where its hunk is: "@@ -1,7 +1,9 @@" */
  hunk: string;
  bytes: number;
}

export type Difference =
  | { rows: DiffRow[]; linesAdded: number; linesRemoved: number; text: string }
  /** A sentence. */
  | { why: string };

/** @param left undefined when the file was added. @param right undefined when it was removed. */
export function differenceOf(left: FileText | undefined, right: FileText | undefined): Difference {
  for (const side of [left, right]) {
    if (side && "binary" in side) return { why: "This is no text, so it cannot be shown here." };
    if (side && "tooLarge" in side) return { why: "This is too large to be compared here." };
  }
  const [before, after] = [textOf(left), textOf(right)];
  if (isLink(left) !== isLink(right) && left && right) {
    return { why: isLink(right) ? "This file became a link." : "This link became a file." };
  }
  const diff = diffFile(before, after, limits);
  if ("tooDifferent" in diff) return { why: "There is too much that differs in it." };
  const { linesAdded, linesRemoved } = diff;
  return { rows: rowsOf(diff), linesAdded, linesRemoved, text: changedText(diff) };
}

/** Of a link that what it points to is what differs. */
function textOf(side: FileText | undefined): string {
  if (side && "text" in side) return side.text;
  return side && "linkTarget" in side ? side.linkTarget : "";
}

function isLink(side: FileText | undefined): boolean {
  return side !== undefined && "linkTarget" in side;
}

function rowsOf({ hunks }: FileDiff): DiffRow[] {
  const changed = hunks.flatMap(({ lines }) => lines.filter(({ kind }) => kind !== "same"));
  const isMixed = changed.some(({ ending }) => ending !== "\r\n");
  return hunks.flatMap(({ leftStart, leftLines, rightStart, rightLines, lines }) => {
    const hunk = `@@ -${leftStart},${leftLines} +${rightStart},${rightLines} @@`;
    return lines.map(({ kind, left, right, text, ending }, at): DiffRow => {
      const isFirst = left === 1 || right === 1;
      const line = visibleLine([{ text, className: undefined }], isFirst);
      const isReturned = isMixed && kind !== "same" && ending === "\r\n";
      // <tr class="removed"><td>12</td><td>13</td><td>+…</td></tr>, and what may stand behind the line
      const around = 75 + (at === 0 ? 120 : 0) + (isReturned ? 70 : 0) + (ending === "" ? 70 : 0);
      const bytes = line.bytes + around;
      return { ...{ kind, left, right, line, isReturned, hunk, bytes }, hasNewline: ending !== "" };
    });
  });
}

/** Where to look for what hides. */
function changedText({ hunks }: FileDiff): string {
  return hunks.flatMap(({ lines }) => lines.map(({ text }) => text)).join("\n");
}
