/** Which files a release has, for a tree view. */
import type { Storage } from "../storage/storage.ts";
import { byteOrder } from "./byte-order.ts";
import { type NotOpened, openRelease } from "./open.ts";
import { type Damaged, visitContents } from "./walk.ts";

export type ReleaseFile =
  | { type: "file"; path: string; sizeBytes: number }
  | { type: "symlink"; path: string; sizeBytes: 0; linkTarget: string };

/** Of the lists that are remembered, so that walking through a package inflates it once. */
const listsMax = 100;
const listBytesInAllMax = 8 * 1024 * 1024;

const remembered = new Map<string, { files: readonly ReleaseFile[]; bytes: number }>();
let rememberedBytes = 0;

/** The files of the release at `key`, out of memory when they were listed lately. */
export async function listRelease(
  storage: Pick<Storage, "head" | "get">,
  key: string,
): Promise<{ files: readonly ReleaseFile[] } | NotOpened | undefined> {
  const stored = await storage.head(key);
  if (!stored) return undefined;
  const identity = `${stored.etag} ${key}`;
  const known = remembered.get(identity);
  if (known) {
    forget(identity);
    remember(identity, known.files);
    return { files: known.files };
  }
  const release = await openRelease(storage, key);
  if (!release || !("contents" in release)) return release;
  try {
    const files = await listFiles(release.contents);
    if ("damaged" in files) return files;
    remember(identity, files);
    return { files };
  } finally {
    release.close();
  }
}

/** All files and links in byte order. Folders are not told: one without files shows nothing. */
export async function listFiles(contents: Uint8Array): Promise<readonly ReleaseFile[] | Damaged> {
  const files: ReleaseFile[] = [];
  const damaged = await visitContents(contents, {
    entry(path, { type, sizeBytes, linkTarget }) {
      if (type === "file") files.push({ type, path, sizeBytes });
      if (type === "symlink") files.push({ type, path, sizeBytes: 0, linkTarget });
      return undefined;
    },
  });
  return damaged ?? files.sort((one, other) => byteOrder(one.path, other.path));
}

/** What was not asked for the longest time goes first. */
function remember(identity: string, files: readonly ReleaseFile[]): void {
  const bytes = files.reduce((sum, file) => sum + sizeInMemory(file), 0);
  if (bytes > listBytesInAllMax) return;
  forget(identity); // two requests may have listed the same release at the same time
  remembered.set(identity, { files, bytes });
  rememberedBytes += bytes;
  for (const oldest of remembered.keys()) {
    if (remembered.size <= listsMax && rememberedBytes <= listBytesInAllMax) return;
    forget(oldest);
  }
}

function forget(identity: string): void {
  rememberedBytes -= remembered.get(identity)?.bytes ?? 0;
  remembered.delete(identity);
}

/** Two bytes a character at worst, and the object around it. */
function sizeInMemory(file: ReleaseFile): number {
  return 100 + 2 * (file.path.length + (file.type === "symlink" ? file.linkTarget.length : 0));
}
