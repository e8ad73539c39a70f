/** What lies directly in a folder of a release. */
import { byteOrder } from "./byte-order.ts";
import type { ReleaseFile } from "./files.ts";

export type FolderEntry = { name: string } & (ReleaseFile | Folder);

export interface Folder {
  type: "folder";
  path: string;
  /** In it and all folders below it, links too. */
  files: number;
  sizeBytes: number;
}

/**
 * Folders first, each kind in byte order.
 * @param path without a slash at its end; "" is the top.
 * @returns undefined when there is no such folder.
 */
export function listFolder(files: readonly ReleaseFile[], path: string): FolderEntry[] | undefined {
  const prefix = path === "" ? "" : `${path}/`;
  const folders = new Map<string, { name: string } & Folder>();
  const entries: FolderEntry[] = [];
  for (const file of files) {
    if (!file.path.startsWith(prefix)) continue;
    const [name = "", below] = file.path.slice(prefix.length).split("/", 2);
    if (below === undefined) {
      entries.push({ name, ...file });
      continue;
    }
    const folder = folders.get(name) ?? emptyFolder(name, prefix + name);
    folders.set(name, folder);
    folder.files++;
    folder.sizeBytes += file.sizeBytes;
  }
  if (path !== "" && folders.size + entries.length === 0) return undefined;
  return [...[...folders.values()].sort(byName), ...entries.sort(byName)];
}

function emptyFolder(name: string, path: string): { name: string } & Folder {
  return { name, type: "folder", path, files: 0, sizeBytes: 0 };
}

function byName(one: { name: string }, other: { name: string }): number {
  return byteOrder(one.name, other.name);
}
