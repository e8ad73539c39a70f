/** What differs in one file, as rows of a page; or why that is not shown. */
import { diffFile, diffLimits, type FileDiff } from "../../preview/diff.ts";
import type { FileText } from "../../preview/read.ts";
import { type VisibleLine, visibleLine } from "../files/visible.tsx";

/** Of the search for one of twenty on a page, which takes some 20 ms; and for the only one. */
export const stepsMax = { ofMany: 250_000, ofOne: 1_000_000 };

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

export type Difference = FileDiff | { why: string };

/** @param left undefined when the file was added. @param right undefined when it was removed. */
export function differenceOf(
  left: FileText | undefined,
  right: FileText | undefined,
  stepsMax: number,
): Difference {
  for (const side of [left, right]) {
    if (side && "binary" in side) return { why: "This is no text, so it cannot be shown here." };
    if (side && "tooLarge" in side) return { why: "This is too large to be compared here." };
  }
  const [before, after] = [textOf(left), textOf(right)];
  if (isLink(left) !== isLink(right) && left && right) {
    return { why: isLink(right) ? "This file became a link." : "This link became a file." };
  }
  const diff = diffFile(before, after, { ...diffLimits, stepsMax });
  if ("tooDifferent" in diff) return { why: "There is too much that differs in it." };
  return diff;
}

/** Of a link that what it points to is what differs. */
function textOf(side: FileText | undefined): string {
  if (side && "text" in side) return side.text;
  return side && "linkTarget" in side ? side.linkTarget : "";
}

function isLink(side: FileText | undefined): boolean {
  return side !== undefined && "linkTarget" in side;
}

/** One by one: of a quarter of a million a page shows some hundreds. */
export function* rowsOf({ hunks }: FileDiff): Generator<DiffRow> {
  const isMixed = hunks.some(({ lines }) =>
    lines.some(({ kind, ending }) => kind !== "same" && ending !== "\r\n"),
  );
  for (const { leftStart, leftLines, rightStart, rightLines, lines } of hunks) {
    const hunk = `@@ -${leftStart},${leftLines} +${rightStart},${rightLines} @@`;
    for (const [at, { kind, left, right, text, ending }] of lines.entries()) {
      const line = visibleLine([{ text, className: undefined }], left === 1 || right === 1);
      const isReturned = isMixed && kind !== "same" && ending === "\r\n";
      // <tr class="removed"><td>12</td><td>13</td><td>+…</td></tr>, and what may stand behind the line
      const around = 75 + (at === 0 ? 120 : 0) + (isReturned ? 70 : 0) + (ending === "" ? 70 : 0);
      const bytes = line.bytes + around;
      yield { ...{ kind, left, right, line, isReturned, hunk, bytes }, hasNewline: ending !== "" };
    }
  }
}

/** Where to look for what hides. */
export function shownText({ hunks }: FileDiff): string {
  return hunks.flatMap(({ lines }) => lines.map(({ text }) => text)).join("\n");
}
