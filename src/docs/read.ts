/**
 * Reading a page out of a packed object: one range read when the index is remembered. Every answer of
 * storage is compared with the ETag of the index, so bytes of one set of docs are never taken by the
 * index of another, whoever replaces them meanwhile.
 */
import type { ByteRange, Storage, StoredBody } from "../storage/storage.ts";
import { decodeHeader, decodeIndex, headerBytes, type PackedBody, PackedError } from "./format.ts";
import { Indexes, type PackedIndex } from "./indexes.ts";

/** The header, and the index of all but enormous docs. Of small docs it is all there is. */
const firstBytes = 64 * 1024;
/** Docs are replaced now and then; not again and again between two reads. */
const attemptsMax = 4;

const remembered = new Indexes();

export interface Page {
  body: ReadableStream<Uint8Array> | Uint8Array;
  /** How `body` is encoded: "gzip", or not at all. */
  encoding: "gzip" | null;
  /** Of `body`, as it is encoded. */
  sizeBytes: number;
  inflatedBytes: number;
  /** Of the whole set of pages: another one has another. */
  etag: string;
  /** SHA-256 of the docs tarball that holds the page. */
  docsChecksum: Uint8Array;
}

type Reads = Pick<Storage, "get">;

/**
 * @returns the page at `path`, or undefined when there is none, or no pages at all. A stream must be read or cancelled.
 * @throws PackedError when the object is damaged.
 */
export async function readPage(
  storage: Reads,
  key: string,
  path: string,
  indexes: Indexes = remembered,
): Promise<Page | undefined> {
  let failure: unknown;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const known = indexes.get(key);
    const opened = known ? { index: known, first: undefined } : await open(storage, key, indexes);
    if (!opened) return undefined;
    const { index, first } = opened;
    const body = index.bodies.get(path);
    // Just read: what it does not name is not there, and what lies in its first bytes is at hand.
    if (first && !body) return undefined;
    if (first && body && body.offset + body.sizeBytes <= first.length) {
      return pageOf(index, body, first.slice(body.offset, body.offset + body.sizeBytes));
    }
    const range = rangeOf(body);
    const found = await storage.get(key, range).catch((error) => {
      // In a smaller set that was put meanwhile there may be nothing at all in that place.
      if (failure !== undefined) throw error;
      failure = error;
      return "failed" as const;
    });
    if (found === "failed") {
      indexes.delete(key);
      continue;
    }
    if (found?.etag === index.etag) {
      if (body && body.sizeBytes > 0) return pageOf(index, body, found.body);
      await discard(found, range);
      return body && pageOf(index, body, new Uint8Array());
    }
    if (found) await discard(found, range);
    indexes.delete(key);
    if (!found) return undefined;
  }
  throw new Error(`${key}: somebody keeps replacing it`);
}

/** The names of all pages, in the order of the docs tarball; undefined when there are no pages. */
export async function readPaths(
  storage: Reads,
  key: string,
  indexes: Indexes = remembered,
): Promise<{ paths: string[]; etag: string; docsChecksum: Uint8Array } | undefined> {
  const known = indexes.get(key);
  const range = rangeOf(undefined);
  const now = known && (await storage.get(key, range));
  if (now) await discard(now, range);
  const index = known && now?.etag === known.etag ? known : await openAnew(storage, key, indexes);
  if (!index) return undefined;
  const { etag, docsChecksum } = index;
  return { paths: [...index.bodies.keys()], etag, docsChecksum };
}

/** Reads the index, and nothing is remembered. For whoever doubts what is stored. */
export async function readIndex(storage: Reads, key: string): Promise<PackedIndex | undefined> {
  return (await open(storage, key, new Indexes({ bytesMax: 0 })))?.index;
}

async function openAnew(storage: Reads, key: string, indexes: Indexes) {
  indexes.delete(key);
  return (await open(storage, key, indexes))?.index;
}

async function open(
  storage: Reads,
  key: string,
  indexes: Indexes,
): Promise<{ index: PackedIndex; first: Uint8Array } | undefined> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const found = await storage.get(key, { offset: 0, length: firstBytes });
    if (!found) return undefined;
    try {
      const first = await bytesOf(found);
      const { indexBytes, docsChecksum } = decodeHeader(first, found.sizeBytes);
      const indexFile = await indexOf(storage, key, found, first, headerBytes + indexBytes);
      if (!indexFile) continue;
      const bodies = await decodeIndex(indexFile, found.sizeBytes);
      const index = { etag: found.etag, docsChecksum, bodies };
      indexes.set(key, index);
      return { index, first };
    } catch (error) {
      if (error instanceof PackedError) throw new PackedError(`${key}: ${error.message}`);
      throw error;
    }
  }
  throw new Error(`${key}: somebody keeps replacing it`);
}

/** The bytes of the index; undefined when the object was replaced before all of them were read. */
async function indexOf(
  storage: Reads,
  key: string,
  { etag }: StoredBody,
  first: Uint8Array,
  end: number,
): Promise<Uint8Array | undefined> {
  if (end <= first.length) return first.subarray(headerBytes, end);
  const range = { offset: headerBytes, length: end - headerBytes };
  const found = await storage.get(key, range);
  if (found?.etag === etag) return exactly(await bytesOf(found), range.length);
  if (found) await discard(found, range);
  return undefined;
}

function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new PackedError("its index is cut off");
  return bytes;
}

function pageOf({ etag, docsChecksum }: PackedIndex, body: PackedBody, bytes: Page["body"]): Page {
  const { encoding, sizeBytes, inflatedBytes } = body;
  return { body: bytes, encoding, sizeBytes, inflatedBytes, etag, docsChecksum };
}

/** For a page that is empty, or not there, a byte: it is the ETag that is asked for. */
function rangeOf(body: PackedBody | undefined): ByteRange {
  if (!body || body.sizeBytes === 0) return { offset: 0, length: 1 };
  return { offset: body.offset, length: body.sizeBytes };
}

async function bytesOf({ body }: StoredBody): Promise<Uint8Array> {
  return body instanceof Uint8Array ? body : new Uint8Array(await new Response(body).arrayBuffer());
}

/** A byte is sooner read than told that nobody wants it. */
async function discard(found: StoredBody, { length }: ByteRange): Promise<void> {
  if (length === 1) await bytesOf(found);
  else if (!(found.body instanceof Uint8Array)) await found.body.cancel();
}
