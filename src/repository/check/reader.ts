/** Reads the bucket within bounds, so that a check of any repository is a row of short steps. */
import { readIndex } from "../../docs/read.ts";
import type { Storage } from "../../storage/storage.ts";

export interface Limits {
  reads: number;
  bytes: number;
  ms: number;
}

/** A Worker may ask storage a thousand times for one request, and clients wait for a minute. */
export const stepLimits: Limits = { reads: 400, bytes: 128 * 1024 * 1024, ms: 15_000 };

export type Reads = Pick<Storage, "head" | "get" | "list">;

export class Reader {
  readonly storage: Reads;
  readonly #until: number;
  #reads: number;
  #bytes: number;

  constructor(storage: Reads, limits: Limits) {
    this.storage = storage;
    this.#until = Date.now() + limits.ms;
    this.#reads = limits.reads;
    this.#bytes = limits.bytes;
  }

  /** Enough for one step: what is left comes with the next one. */
  get isSpent(): boolean {
    return this.#reads <= 0 || this.#bytes <= 0 || Date.now() >= this.#until;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    this.#reads--;
    const found = await this.storage.get(key);
    if (!found) return undefined;
    this.#bytes -= found.sizeBytes;
    return new Uint8Array(await new Response(found.body).arrayBuffer());
  }

  /** SHA-256 of the object, which is never whole in memory; undefined when there is none. */
  async checksum(key: string): Promise<Uint8Array | undefined> {
    this.#reads--;
    const found = await this.storage.get(key);
    if (!found) return undefined;
    this.#bytes -= found.sizeBytes;
    const digest = new crypto.DigestStream("SHA-256");
    await new Response(found.body).body?.pipeTo(digest);
    return new Uint8Array(await digest.digest);
  }

  /** @throws PackedError when they are damaged. */
  pages(key: string): ReturnType<typeof readIndex> {
    this.#reads -= 2;
    return readIndex(this.storage, key);
  }

  head(key: string): ReturnType<Storage["head"]> {
    this.#reads--;
    return this.storage.head(key);
  }
}
