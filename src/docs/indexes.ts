/** The indexes that an isolate remembers, so that a page costs one read instead of two. */
import type { PackedBody } from "./format.ts";

export interface PackedIndex {
  /** Of the object that it is the index of, and of no other. */
  etag: string;
  docsChecksum: Uint8Array;
  bodies: ReadonlyMap<string, PackedBody>;
}

/** Some hundred sets of docs; the isolate has 128 MiB for everything. */
const bytesMax = 16 * 1024 * 1024;
/** What V8 takes for an entry beside its path, measured roughly and rounded up. */
const entryBytes = 192;

/** By storage key, the one that was used last behind all others. What does not fit is not kept. */
export class Indexes {
  readonly #known = new Map<string, { index: PackedIndex; bytes: number }>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(limits = { bytesMax }) {
    this.#bytesMax = limits.bytesMax;
  }

  get(key: string): PackedIndex | undefined {
    const found = this.#known.get(key);
    if (!found) return undefined;
    this.#known.delete(key);
    this.#known.set(key, found);
    return found.index;
  }

  set(key: string, index: PackedIndex): void {
    this.delete(key);
    const bytes = bytesOf(index);
    if (bytes > this.#bytesMax) return;
    this.#known.set(key, { index, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#known.get(key)?.bytes ?? 0;
    this.#known.delete(key);
  }
}

function bytesOf({ bodies }: PackedIndex): number {
  let bytes = entryBytes;
  for (const path of bodies.keys()) bytes += entryBytes + 2 * path.length;
  return bytes;
}
