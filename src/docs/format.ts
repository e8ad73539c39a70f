/**
 * All pages of a release's docs in one object: a header, an index, the bodies one behind the other.
 * Written once and put as a whole, so a reader never meets half of one set and half of another, and a
 * page costs one range read. (An object a file was the alternative: 500 puts a publish, and as many
 * deletes that a crash can leave half done.)
 *
 *     offset  length
 *          0       8  "hexpages"
 *          8       4  version of this format, 1; numbers are big-endian
 *         12       4  length of the index
 *         16       8  number of the put, see `stamp`
 *         24      32  SHA-256 of the docs tarball that the pages were made of
 *         56          the index: gzipped JSON, [path, length] for a body that is stored as it is,
 *                     [path, length, inflated size] for a gzipped one, in the order of the bodies
 *                     the bodies, each `length` bytes, to the very end
 */
import { concatBytes } from "../hex/checksum.ts";
import { GzipError, gunzip } from "../hex/gunzip.ts";
import { gzip } from "../hex/gzip.ts";

export const headerBytes = 56;
/** Of the JSON. Whoever reads a page holds all of it; 50,000 files with paths of 60 characters fit. */
export const indexBytesMax = 4 * 1024 * 1024;
const magic = new TextEncoder().encode("hexpages");
const formatVersion = 1;

/** As the index says it: without a third part the body is stored as it is. */
export type IndexRow = [path: string, sizeBytes: number, inflatedBytes?: number];

export interface PackedHeader {
  indexBytes: number;
  /** Of the docs tarball. */
  docsChecksum: Uint8Array;
}

export interface PackedBody {
  /** From the beginning of the object. */
  offset: number;
  sizeBytes: number;
  encoding: "gzip" | null;
  inflatedBytes: number;
}

/** The object is not what `pack` wrote: a fault, nothing that anybody asked for. */
export class PackedError extends Error {
  override name = "PackedError";
}

/** The whole object; same arguments, same bytes, as long as the runtime compresses the same way. */
export async function encodePacked(
  rows: readonly IndexRow[],
  bodies: readonly Uint8Array[],
  docsChecksum: Uint8Array,
): Promise<Uint8Array> {
  const index = await gzip(new TextEncoder().encode(JSON.stringify(rows)), 0);
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  header.set(magic, 0);
  view.setUint32(8, formatVersion);
  view.setUint32(12, index.length);
  header.set(docsChecksum, 24);
  return concatBytes([header, index, ...bodies]);
}

/**
 * Writes the number of the put into `packed`. `pack` makes equal bytes of equal docs, so docs that come
 * back after others would come back under their old ETag, and a put of an evicted instance, which waits
 * for just that ETag, could land late and win. With a number that is used once it never does.
 */
export function stamp(packed: Uint8Array, number: number): void {
  new DataView(packed.buffer, packed.byteOffset).setBigUint64(16, BigInt(number));
}

/** @param sizeBytes of the whole object. @throws PackedError when it cannot be what its header says. */
export function decodeHeader(bytes: Uint8Array, sizeBytes: number): PackedHeader {
  if (bytes.length < headerBytes) throw new PackedError("shorter than its header");
  if (magic.some((byte, at) => bytes[at] !== byte)) throw new PackedError("is no set of pages");
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const version = view.getUint32(8);
  if (version !== formatVersion) throw new PackedError(`format ${version} is not known`);
  const indexBytes = view.getUint32(12);
  if (headerBytes + indexBytes > sizeBytes) throw new PackedError("its index is cut off");
  // Gzip makes nothing longer by more than this.
  if (indexBytes > indexBytesMax + 4096) throw new PackedError("its index is too big");
  return { indexBytes, docsChecksum: bytes.slice(24, headerBytes) };
}

/**
 * @param index the bytes behind the header; @param sizeBytes of the whole object.
 * @returns where each page is; every one lies inside the object.
 * @throws PackedError when the index is damaged, or does not fit the object.
 */
export async function decodeIndex(
  index: Uint8Array,
  sizeBytes: number,
): Promise<Map<string, PackedBody>> {
  const bodies = new Map<string, PackedBody>();
  let offset = headerBytes + index.length;
  for (const row of await parseIndex(index)) {
    if (!isRow(row)) throw new PackedError("its index has a row that says nothing");
    const [path, length, inflated] = row;
    if (bodies.has(path)) throw new PackedError("its index names a page twice");
    const encoding = inflated === undefined ? null : "gzip";
    bodies.set(path, { offset, sizeBytes: length, encoding, inflatedBytes: inflated ?? length });
    offset += length;
  }
  if (offset !== sizeBytes) {
    throw new PackedError(`its index makes it ${offset} bytes long, but it has ${sizeBytes}`);
  }
  return bodies;
}

async function parseIndex(index: Uint8Array): Promise<unknown[]> {
  try {
    const json = await gunzip(index, { inflatedBytesMax: indexBytesMax });
    const rows: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json),
    );
    if (Array.isArray(rows)) return rows;
  } catch (error) {
    const isDamage = error instanceof GzipError || error instanceof SyntaxError;
    if (!isDamage && !(error instanceof TypeError)) throw error;
  }
  throw new PackedError("its index cannot be read");
}

function isRow(row: unknown): row is IndexRow {
  if (!Array.isArray(row) || row.length < 2 || row.length > 3) return false;
  const [path, ...sizes] = row as unknown[];
  return (
    typeof path === "string" && sizes.every((it) => Number.isSafeInteger(it) && Number(it) >= 0)
  );
}
