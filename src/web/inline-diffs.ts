/** What differs in the files of a page, one after another, as long as there is room for it. */
import type { ComparedFile, Side } from "../preview/compare.ts";
import { readFiles } from "../preview/read.ts";
import type { Damaged } from "../preview/walk.ts";
import { type Difference, differenceOf } from "./file-difference.ts";
import { visibleBytes } from "./files.tsx";
import { contentBytesMax } from "./page-parts.ts";
import { diffPath, type ReleasePlace } from "./paths.ts";

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
  difference: Exclude<Difference, { why: string }>;
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
    const difference = differenceOf(before.get(path), after.get(path));
    const bytes = "why" in difference ? 0 : difference.rows.reduce((sum, it) => sum + it.bytes, 0);
    if ("why" in difference || bytes > bytesLeft) continue;
    bytesLeft -= bytes;
    diffs.push({ path, difference });
  }
  return diffs;
}

function maybeText(side: Side | undefined): boolean {
  return side === undefined || side.sizeBytes <= readLimits.bytesMaxEach;
}
