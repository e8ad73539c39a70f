/** What changed between two releases, file by file. */
import { toHex } from "../hex/checksum.ts";
import type { TarEntry } from "../hex/tar.ts";
import { byteOrder } from "./byte-order.ts";
import { type Damaged, type Taker, visitContents } from "./walk.ts";

export interface ComparedFile {
  path: string;
  status: "added" | "removed" | "changed" | "same";
  /** Absent when it was added. */
  left?: Side;
  /** Absent when it was removed. */
  right?: Side;
}

export type Side =
  | { type: "file"; sizeBytes: number }
  | { type: "symlink"; sizeBytes: 0; linkTarget: string };

/** All files and links of both, in byte order, after one walk over each. */
export async function compareReleases(
  left: Uint8Array,
  right: Uint8Array,
): Promise<ComparedFile[] | Damaged> {
  const before = new Map<string, { side: Side; sha256?: string }>();
  const compared = new Map<string, ComparedFile>();
  const damaged =
    (await visitSides(left, (path, side) => {
      before.set(path, { side });
      compared.set(path, { path, status: "removed", left: side });
      return (sha256) => before.set(path, { side, sha256 });
    })) ??
    (await visitSides(right, (path, side) => {
      const known = before.get(path);
      if (!known) {
        compared.set(path, { path, status: "added", right: side });
        return undefined;
      }
      const file: ComparedFile = { path, status: "changed", left: known.side, right: side };
      compared.set(path, file);
      if (sameLink(known.side, side)) file.status = "same";
      if (!mayBeSameFile(known.side, side)) return undefined;
      return (sha256) => {
        if (sha256 === known.sha256) file.status = "same";
      };
    }));
  return damaged ?? [...compared.values()].sort((one, other) => byteOrder(one.path, other.path));
}

/** @param onSide what it returns is told the SHA-256 of the file's bytes. */
function visitSides(
  contents: Uint8Array,
  onSide: (path: string, side: Side) => ((sha256: string) => void) | undefined,
): Promise<Damaged | undefined> {
  return visitContents(contents, {
    entry(path, entry) {
      const side = sideOf(entry);
      const onHash = side && onSide(path, side);
      return onHash && side.type === "file" ? hasher(side.sizeBytes, onHash) : undefined;
    },
  });
}

function sideOf({ type, sizeBytes, linkTarget }: TarEntry): Side | undefined {
  if (type === "directory") return undefined;
  return type === "file" ? { type, sizeBytes } : { type, sizeBytes: 0, linkTarget };
}

function sameLink(one: Side, other: Side): boolean {
  return one.type === "symlink" && other.type === "symlink" && one.linkTarget === other.linkTarget;
}

function mayBeSameFile(one: Side, other: Side): boolean {
  return one.type === "file" && other.type === "file" && one.sizeBytes === other.sizeBytes;
}

/** Most files are smaller, and need no stream of their own; larger ones are never held. */
const digestedAtOnceBytesMax = 64 * 1024;

function hasher(sizeBytes: number, onHash: (sha256: string) => void): Taker {
  return sizeBytes <= digestedAtOnceBytesMax ? hashAtOnce(sizeBytes, onHash) : hashStream(onHash);
}

function hashAtOnce(sizeBytes: number, onHash: (sha256: string) => void): Taker {
  const whole = new Uint8Array(sizeBytes);
  let filled = 0;
  return {
    data(bytes) {
      whole.set(bytes, filled);
      filled += bytes.length;
    },
    async end() {
      onHash(toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", whole))));
    },
  };
}

function hashStream(onHash: (sha256: string) => void): Taker {
  // Node's types of `crypto`, which the tests need, do not know what workerd has.
  const workers = crypto as typeof crypto & { DigestStream: typeof DigestStream };
  const digest = new workers.DigestStream("SHA-256");
  const writer = digest.getWriter();
  // When the archive is damaged further on, nobody waits for it.
  digest.digest.catch(() => {});
  return {
    async data(bytes) {
      await writer.write(bytes.slice());
    },
    async end() {
      await writer.close();
      onHash(toHex(new Uint8Array(await digest.digest)));
    },
  };
}
