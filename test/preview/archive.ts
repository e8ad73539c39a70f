/** Contents of releases for the tests here, and a count of what is inflated of them. */
import { gzipSync } from "fflate";
import type { StoredBody } from "../../src/storage/storage.ts";
import { type TarMember, tar } from "../support/tarball.ts";

export const file = (path: string, bytes: string | Uint8Array = "x"): TarMember => ({
  path,
  bytes,
});
export const folder = (path: string): TarMember => ({ path, type: "5" });
export const link = (path: string, linkTarget: string): TarMember => ({
  path,
  type: "2",
  linkTarget,
});
export const contentsOf = (...members: TarMember[]) => gzipSync(tar(members), { mtime: 0 });

export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** A bucket with one object in it. */
export function bucketWith(bytes: Uint8Array, changes: Partial<StoredBody> = {}) {
  const stored: StoredBody = {
    etag: "etag",
    sizeBytes: bytes.length,
    uploadedAt: new Date(0),
    sha256: undefined,
    body: bytes,
    ...changes,
  };
  const asked: string[] = [];
  return {
    asked,
    async head(key: string) {
      asked.push(`head ${key}`);
      return key === "key" ? stored : undefined;
    },
    async get(key: string) {
      asked.push(`get ${key}`);
      return key === "key" ? stored : undefined;
    },
  };
}

/** How many bytes are inflated while `work` is done. */
export async function inflatedBytes(work: () => Promise<unknown>): Promise<number> {
  const Original = DecompressionStream;
  let bytes = 0;
  class Counting {
    readonly readable: unknown;
    readonly writable: unknown;
    constructor(format: "gzip") {
      const stream = new Original(format);
      this.writable = stream.writable;
      this.readable = {
        getReader() {
          const reader = stream.readable.getReader();
          return {
            cancel: () => reader.cancel(),
            async read() {
              const result = await reader.read();
              bytes += result.value?.length ?? 0;
              return result;
            },
          };
        },
      };
    }
  }
  Object.assign(globalThis, { DecompressionStream: Counting });
  try {
    await work();
    return bytes;
  } finally {
    Object.assign(globalThis, { DecompressionStream: Original });
  }
}
