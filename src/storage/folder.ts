/**
 * A plain folder, through workerd's own disk service: `repos/NAME/…` lies in it as files, so it can
 * be served, copied and read as it is. `npm start` stores here. (Miniflare's simulation of R2 was
 * the alternative: measured, it takes four times as long for a put and for a get.)
 *
 * The disk service replaces files atomically but knows neither conditions nor ETags. Both are kept
 * here, in the memory of the isolate: everything that writes the folder runs in this one isolate,
 * as workerd runs one per Worker, and a lock in the data folder keeps a second process out.
 */
import { sha256, toHex } from "../hex/checksum.ts";
import type { ByteRange, PutCondition, Storage, Stored, StoredBody } from "./storage.ts";

/** What is known of a file's content, and the size and time that it had when it was known. */
interface Known {
  etag: string;
  sha256: Uint8Array;
  sizeBytes: number;
  /** As the disk service writes it. */
  lastModified: string;
  /** When the disk was last asked. */
  seenAt: number;
}

/**
 * For so long a file that was seen is not looked at again. Our own writes are noticed at once in any
 * case; this is only about somebody who changes the folder under us, restoring a backup perhaps.
 */
const lookAgainMs = 1000;
/** Small files are answered from memory, half as fast again as from the disk; large ones are slower. */
const smallBytesMax = 16 * 1024;
const smallBytesInAllMax = 32 * 1024 * 1024;
const small = new Map<string, Uint8Array>();
let smallBytesInAll = 0;

const known = new Map<string, Known>();
/** When each key was last begun or done being written: a read that spans a change looks again. */
const writes = new Map<string, number>();
let lastWrite = 0;
/** What a key that `writes` does not hold counts as. */
let forgottenWrites = 0;
/** Who writes a key at this moment. */
const locks = new Map<string, { ended: Promise<void>; until: number }>();
/**
 * So long a write may take, once it has begun; then it is stopped, and cannot land any more. One whose
 * Durable Object is reset (its disk was full, say) ends without a word, and keeps its successors waiting no
 * longer than this. Whoever counts on a write of somebody dead being over waits longer still (`settleMs` in
 * the repository's ledger).
 */
export const writeMsMax = 20_000;
/** Whoever stops it has another timer than whoever waits for that. */
const stoppingMs = 100;
/** Keys remembered at most, some 300 bytes each; what is forgotten is read once more. */
const keysMax = 50_000;

export class FolderStorage implements Storage {
  readonly #folder: Pick<Fetcher, "fetch">;
  readonly #writeMsMax: number;

  constructor(folder: Pick<Fetcher, "fetch">, limits = { writeMsMax }) {
    this.#folder = folder;
    this.#writeMsMax = limits.writeMsMax;
  }

  async head(key: string): Promise<Stored | undefined> {
    const fresh = seenJustNow(key);
    if (fresh) return fresh;
    const before = writeOf(key);
    const response = await this.#fetch(key, "HEAD");
    if (!response) return undefined;
    const it = recognise(key, response);
    if (it && before === writeOf(key) && !locks.has(key)) return it;
    return (await this.#read(key))?.stored;
  }

  async get(key: string, range?: ByteRange): Promise<StoredBody | undefined> {
    const bytes = small.get(key);
    const fresh = bytes && seenJustNow(key);
    if (fresh) return { ...fresh, body: part(bytes, range) };
    const before = writeOf(key);
    const response = await this.#fetch(key, "GET", { range });
    if (!response?.body) return undefined;
    const it = recognise(key, response);
    const isKnown = it && before === writeOf(key) && !locks.has(key);
    if (isKnown && it.sizeBytes > smallBytesMax) return { ...it, body: response.body };
    await response.body.cancel();
    const found = await this.#read(key);
    return found && { ...found.stored, body: part(found.bytes, range) };
  }

  async put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<Stored | undefined> {
    return this.#alone(key, async (signal) => {
      const response = await this.#fetch(key, "HEAD");
      // Nobody else writes now, so what is recognised is what is there.
      const there = response && (recognise(key, response) ?? (await this.#read(key))?.stored);
      if (condition.kind === "create" ? there : there?.etag !== condition.etag) return undefined;
      const digest = await sha256(bytes);
      const it = { etag: etagOf(digest), sha256: digest, sizeBytes: bytes.length };
      // When this fails the file is the old one or the new one, perhaps of one size and one second.
      forget(key);
      signal.throwIfAborted();
      const answer = await this.#folder.fetch(url(key), { method: "PUT", body: bytes, signal });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`${key}: the disk answered ${answer.status}`);
      const written = await this.#fetch(key, "HEAD");
      const lastModified = written?.headers.get("last-modified") ?? "";
      remember(key, { ...it, lastModified, seenAt: Date.now() }, bytes);
      return { ...it, uploadedAt: new Date(lastModified) };
    });
  }

  async delete(key: string): Promise<void> {
    await this.#alone(key, async (signal) => {
      forget(key);
      const response = await this.#fetch(key, "DELETE", { signal });
      await response?.body?.cancel();
    });
  }

  async *list(prefix: string, after = ""): AsyncIterable<string> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    for await (const key of this.#listFolder(folder, prefix)) if (key > after) yield key;
  }

  /** Reads the whole file to learn what it is; a large one once after a start. */
  async #read(key: string): Promise<{ stored: Stored; bytes: Uint8Array } | undefined> {
    const before = writeOf(key);
    const response = await this.#fetch(key, "GET");
    if (!response) return undefined;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const digest = await sha256(bytes);
    const lastModified = response.headers.get("last-modified") ?? "";
    const it = { etag: etagOf(digest), sha256: digest, sizeBytes: bytes.length };
    if (before === writeOf(key) && !locks.has(key)) {
      remember(key, { ...it, lastModified, seenAt: Date.now() }, bytes);
    }
    return { stored: { ...it, uploadedAt: new Date(lastModified) }, bytes };
  }

  async *#listFolder(folder: string, prefix: string): AsyncIterable<string> {
    const response = await this.#fetch(folder, "GET");
    if (!response) return;
    // The disk service's own answer.
    const entries = await response.json<{ name: string; type: string }[]>();
    const paths = entries
      // Files that a killed process had begun begin with a dot.
      .filter(({ name }) => !name.startsWith("."))
      .map(({ name, type }) => `${folder}${name}${type === "directory" ? "/" : ""}`);
    for (const path of paths.sort()) {
      if (path.endsWith("/")) {
        if (path.startsWith(prefix) || prefix.startsWith(path))
          yield* this.#listFolder(path, prefix);
      } else if (path.startsWith(prefix)) yield path;
    }
  }

  async #fetch(
    key: string,
    method: string,
    { range, signal }: { range?: ByteRange | undefined; signal?: AbortSignal } = {},
  ): Promise<Response | undefined> {
    const headers: Record<string, string> = range
      ? { range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
      : {};
    const init = { method, headers, ...(signal === undefined ? {} : { signal }) };
    const response = await this.#folder.fetch(url(key), init);
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw new Error(`${key}: the disk answered ${response.status}`);
  }

  /**
   * Runs `write` when no other write of the key runs, and lets readers see that something changed. Of what
   * `write` changes nothing may happen once its signal says that its time is over.
   */
  async #alone<T>(key: string, write: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let other = locks.get(key); other && other.until > Date.now(); other = locks.get(key)) {
      await endOrTime(other.ended, other.until);
    }
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const mine = { ended, until: Date.now() + this.#writeMsMax + stoppingMs };
    locks.set(key, mine);
    touch(key);
    const stopper = new AbortController();
    const late = () => stopper.abort(new Error(`${key}: the disk took too long to write it`));
    const timer = setTimeout(late, this.#writeMsMax);
    try {
      return await write(stopper.signal);
    } finally {
      clearTimeout(timer);
      touch(key);
      if (locks.get(key) === mine) locks.delete(key);
      end();
    }
  }
}

async function endOrTime(ended: Promise<void>, time: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, time - Date.now());
  });
  await Promise.race([ended, late]);
  clearTimeout(timer);
}

/** Is the file that answers the one we know? Then all that we know of it. */
function recognise(key: string, response: Response): Stored | undefined {
  const it = known.get(key);
  const lastModified = response.headers.get("last-modified") ?? "";
  if (!it || it.sizeBytes !== sizeOf(response)) return undefined;
  if (it.lastModified !== lastModified) return undefined;
  it.seenAt = Date.now();
  return storedOf(it);
}

/** What is known of a file without asking the disk, if it was asked just now and nobody is writing. */
function seenJustNow(key: string): Stored | undefined {
  const it = known.get(key);
  if (!it || locks.has(key)) return undefined;
  return Date.now() - it.seenAt < lookAgainMs ? storedOf(it) : undefined;
}

function storedOf({ etag, sha256: digest, sizeBytes, lastModified }: Known): Stored {
  return { etag, sha256: digest, sizeBytes, uploadedAt: new Date(lastModified) };
}

function part(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  return range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
}

function writeOf(key: string): number {
  return writes.get(key) ?? forgottenWrites;
}

function touch(key: string): void {
  if (writes.size >= keysMax) {
    writes.clear();
    forgottenWrites = lastWrite;
  }
  writes.set(key, ++lastWrite);
}

function remember(key: string, it: Known, bytes: Uint8Array): void {
  forget(key);
  if (known.size >= keysMax) known.clear();
  known.set(key, it);
  if (bytes.length > smallBytesMax) return;
  if (smallBytesInAll + bytes.length > smallBytesInAllMax) {
    small.clear();
    smallBytesInAll = 0;
  }
  small.set(key, bytes.slice()); // a view would keep its whole buffer
  smallBytesInAll += bytes.length;
}

function forget(key: string): void {
  known.delete(key);
  smallBytesInAll -= small.get(key)?.length ?? 0;
  small.delete(key);
}

const url = (key: string) => `http://folder/${key}`;

const etagOf = (digest: Uint8Array) => toHex(digest.subarray(0, 16));

/** Of the whole file, also when the answer is a part of it. */
function sizeOf(response: Response): number {
  const whole = response.headers.get("content-range")?.split("/")[1];
  return Number(whole ?? response.headers.get("content-length"));
}
