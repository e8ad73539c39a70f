/** Text for a person: columns that line up, dates that can be read. */
import { styleText } from "node:util";

/** What a value that is not there looks like. */
const nothing = "-";

type Cell = string | null | undefined;

export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "none";
  const lines = [headings, ...rows].map((row) => headings.map((_, at) => printable(row[at])));
  const widths = headings.map((_, at) => Math.max(...lines.map((line) => widthOf(line[at] ?? ""))));
  const [head = "", ...rest] = lines.map((line) => aligned(line, widths));
  return [styleText("bold", head), ...rest].join("\n");
}

/** A name and a value a line. */
export function details(values: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...values.map(([name]) => name.length));
  return values
    .map(([name, value]) => `${styleText("bold", name.padEnd(width))}  ${printable(value)}`)
    .join("\n");
}

/** `2030-01-31 12:00 UTC` */
export function date(iso: Cell): string {
  return iso ? `${minute(iso)} UTC` : nothing;
}

/** The same for a column whose heading says that it is UTC. */
export function minute(iso: Cell): string {
  return iso ? iso.slice(0, 16).replace("T", " ") : nothing;
}

function aligned(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - widthOf(cell)))
    .join("  ")
    .trimEnd();
}

/** A registry that means harm could otherwise write anything onto the terminal. */
export function printable(cell: Cell): string {
  return (cell || nothing).replace(/[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd");
}

function widthOf(text: string): number {
  return [...text].length;
}
