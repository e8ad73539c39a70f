/** The text of a file in a release, or of several. */
import { TextCollector } from "./text.ts";
import { type Damaged, visitContents } from "./walk.ts";

export type FileText =
  /** UTF-8 without a NUL, with its byte order mark if it has one. */
  | { text: string }
  | { binary: true; sizeBytes: number }
  | { tooLarge: true; sizeBytes: number }
  | { linkTarget: string };

export interface ReadLimits {
  bytesMaxEach: number;
  /** What would make them more is told to be too large, in the order of the archive. */
  bytesMaxAll: number;
}

const textBytesMax = 512 * 1024;
const textBytesInAllMax = 4 * 1024 * 1024;

/** @returns undefined when there is no such file. */
export async function readFile(
  contents: Uint8Array,
  path: string,
  { bytesMax = textBytesMax }: { bytesMax?: number } = {},
): Promise<FileText | Damaged | undefined> {
  const limits = { bytesMaxEach: bytesMax, bytesMaxAll: bytesMax };
  const files = await readFiles(contents, [path], limits);
  return "damaged" in files ? files : files.get(path);
}

/**
 * Several in one walk, which stops behind the last of them.
 * @returns those that there are.
 */
export async function readFiles(
  contents: Uint8Array,
  paths: Iterable<string>,
  limits: ReadLimits = { bytesMaxEach: textBytesMax, bytesMaxAll: textBytesInAllMax },
): Promise<Map<string, FileText> | Damaged> {
  const found = new Map<string, FileText>();
  const missing = new Set(paths);
  let bytesLeft = limits.bytesMaxAll;
  if (missing.size === 0) return found;
  const damaged = await visitContents(contents, {
    entry(path, { type, sizeBytes, linkTarget }) {
      if (type === "directory" || !missing.delete(path)) return undefined;
      if (type === "symlink") found.set(path, { linkTarget });
      else if (sizeBytes > Math.min(limits.bytesMaxEach, bytesLeft)) {
        found.set(path, { tooLarge: true, sizeBytes });
      } else {
        bytesLeft -= sizeBytes;
        return new TextCollector(sizeBytes, sizeBytes, (text) => {
          found.set(path, text === undefined ? { binary: true, sizeBytes } : { text });
        });
      }
      return undefined;
    },
    done: () => missing.size === 0,
  });
  return damaged ?? found;
}
