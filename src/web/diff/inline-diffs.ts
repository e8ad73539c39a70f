/** What differs in the files of a page, one after another, as long as there is room for it. */
import type { ComparedFile, Side } from "../../preview/compare.ts";
import type { FileDiff } from "../../preview/diff.ts";
import { readFiles } from "../../preview/read.ts";
import type { Damaged } from "../../preview/walk.ts";
import { visibleBytes } from "../files/files.tsx";
import { contentBytesMax } from "../files/page-parts.ts";
import { diffPath, type ReleasePlace } from "../paths.ts";
import { type DiffRow, differenceOf, rowsOf, stepsMax } from "./file-difference.ts";

/** Of the form in which another two versions are chosen. */
const formBytesMax = 4_000;
/** Each is a search of its own. */
const filesMax = 20;
/** A text that does not fit into a page is not even read for it. */
const readLimits = { bytesMaxEach: 128 * 1024, bytesMaxAll: 1024 * 1024 };

export interface ListedFile {
  file: ComparedFile;
  bytes: number;
}

export interface InlineDiff {
  path: string;
  difference: FileDiff;
  rows: DiffRow[];
}

/** With what each takes in the list of a page. */
export function* listedFiles(
  place: ReleasePlace,
  files: readonly ComparedFile[],
): Generator<ListedFile> {
  const around = 230 + 3 * diffPath(place, place.version, place.version).length;
  for (const file of files) {
    const { path } = file;
    yield { file, bytes: around + encodeURIComponent(path).length + visibleBytes(path) };
  }
}

/** Those that fit behind the list; the same ones each time. */
export async function inlineDiffs(
  left: Uint8Array,
  right: Uint8Array,
  listed: readonly ListedFile[],
): Promise<InlineDiff[] | Damaged> {
  const paths = listed
    .filter(({ file }) => maybeText(file.left) && maybeText(file.right))
    .map(({ file }) => file.path)
    .slice(0, filesMax);
  const before = await readFiles(left, paths, readLimits);
  if ("damaged" in before) return before;
  const after = await readFiles(right, paths, readLimits);
  if ("damaged" in after) return after;
  const diffs: InlineDiff[] = [];
  let bytesLeft =
    contentBytesMax - formBytesMax - listed.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const path of paths) {
    // A heading with a link, perhaps a warning, and the head of a table.
    bytesLeft -= 1_000 + 2 * visibleBytes(path) + encodeURIComponent(path).length;
    if (bytesLeft < 0) break;
    const difference = differenceOf(before.get(path), after.get(path), stepsMax.ofMany);
    const rows = "why" in difference ? undefined : rowsWithin(difference, bytesLeft);
    if ("why" in difference || !rows) continue;
    bytesLeft -= rows.reduce((sum, { bytes }) => sum + bytes, 0);
    diffs.push({ path, difference, rows });
  }
  return diffs;
}

/** @returns undefined when they take more. */
function rowsWithin(difference: FileDiff, bytesMax: number): DiffRow[] | undefined {
  const rows: DiffRow[] = [];
  let bytesLeft = bytesMax;
  for (const row of rowsOf(difference)) {
    bytesLeft -= row.bytes;
    if (bytesLeft < 0) return undefined;
    rows.push(row);
  }
  return rows;
}

function maybeText(side: Side | undefined): boolean {
  return side === undefined || side.sizeBytes <= readLimits.bytesMaxEach;
}
