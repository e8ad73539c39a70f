/**
 * A release's tarball out of the bucket, opened to look at the files in it. It was checked when it
 * was published or mirrored; what is damaged since then is a value here, never a crash.
 *
 * The tarball is held compressed, and nothing of it is ever inflated whole. (Keeping each file of
 * each release as an object of its own was the alternative: pages would cost a read of a few
 * kilobytes, and a release of 20,000 files would cost 20,000 writes.)
 */
import { readTar, TarError } from "../hex/tar.ts";
import { tarballLimits } from "../hex/tarball.ts";
import type { Storage, StoredBody } from "../storage/storage.ts";
import type { Damaged } from "./walk.ts";

export interface OpenLimits {
  tarballBytesMax: number;
  /** Of all tarballs that this isolate holds at one time; it has 128 MiB in all. */
  bytesAtOnceMax: number;
  /** Of these, of tarballs whose reader says how long it takes: the rest is for pages, which take a moment. */
  bytesStreamedMax: number;
  /** A slow download of the largest file needs less, and is ended then: see pump. */
  heldMsMax: number;
}

export const openLimits: OpenLimits = {
  tarballBytesMax: tarballLimits.tarballBytesMax,
  bytesAtOnceMax: 48 * 1024 * 1024,
  bytesStreamedMax: 24 * 1024 * 1024,
  heldMsMax: 10 * 60_000,
};

export interface OpenRelease {
  /** contents.tar.gz, for all who read files. */
  contents: Uint8Array;
  /** metadata.config. */
  metadata: Uint8Array;
  /** Says that nobody reads `contents` any more. More than once does no harm. */
  close(): void;
  /** Asks to read on at a reader's pace, who may be slow. @returns whether there is room for one more of these. */
  stream(): boolean;
}

export type NotOpened =
  /** Too many others are looked at right now; later there is room again. */
  { refused: "busy" } | { refused: "too_big"; sizeBytes: number } | Damaged;

/**
 * Tarballs that are held right now. The platform stops a request that was cut off where it stands,
 * perhaps before its `close`; so each counts for a limited time.
 */
const held = new Set<Holding>();

interface Holding {
  sizeBytes: number;
  until: number;
  isStreamed: boolean;
}

/** @returns undefined when there is none; otherwise whoever opened it must `close` it. */
export async function openRelease(
  storage: Pick<Storage, "get">,
  key: string,
  limits: OpenLimits = openLimits,
): Promise<OpenRelease | NotOpened | undefined> {
  const stored = await storage.get(key);
  if (!stored) return undefined;
  const { sizeBytes } = stored;
  if (sizeBytes > limits.tarballBytesMax) return discard(stored, { refused: "too_big", sizeBytes });
  if (bytesHeld() + sizeBytes > limits.bytesAtOnceMax) return discard(stored, { refused: "busy" });
  const holding = { sizeBytes, until: Date.now() + limits.heldMsMax, isStreamed: false };
  held.add(holding);
  const close = () => {
    held.delete(holding);
  };
  const stream = () => {
    holding.isStreamed = bytesHeld((it) => it.isStreamed) + sizeBytes <= limits.bytesStreamedMax;
    return holding.isStreamed;
  };
  let opened = false;
  try {
    const bytes = await readWhole(stored);
    const members = bytes ? takeApart(bytes) : { damaged: "not as long as its size says" };
    if ("damaged" in members) return members;
    opened = true;
    return { ...members, close, stream };
  } finally {
    if (!opened) close();
  }
}

function bytesHeld(counts: (holding: Holding) => boolean = () => true): number {
  const now = Date.now();
  for (const holding of held) if (holding.until < now) held.delete(holding);
  return [...held].filter(counts).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function discard<T>({ body }: StoredBody, answer: T): Promise<T> {
  if (!(body instanceof Uint8Array)) await body.cancel().catch(() => {});
  return answer;
}

/** The bytes in one buffer of the known size, or undefined when they do not fill it exactly. */
async function readWhole({ body, sizeBytes }: StoredBody): Promise<Uint8Array | undefined> {
  if (body instanceof Uint8Array) return body.length === sizeBytes ? body : undefined;
  const whole = new Uint8Array(sizeBytes);
  let filled = 0;
  for await (const chunk of body) {
    if (filled + chunk.length > sizeBytes) return undefined;
    whole.set(chunk, filled);
    filled += chunk.length;
  }
  return filled === sizeBytes ? whole : undefined;
}

function takeApart(tarball: Uint8Array): { contents: Uint8Array; metadata: Uint8Array } | Damaged {
  try {
    const files = readTar(tarball, () => {});
    const contents = files.find(({ path }) => path === "contents.tar.gz")?.bytes;
    const metadata = files.find(({ path }) => path === "metadata.config")?.bytes;
    return contents && metadata ? { contents, metadata } : { damaged: "files are missing in it" };
  } catch (error) {
    if (error instanceof TarError) return { damaged: error.message };
    throw error;
  }
}
