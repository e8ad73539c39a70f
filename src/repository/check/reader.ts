/** Reads the bucket within bounds, so that a check of any repository is a row of short steps. */
import { PackedError } from "../../docs/format.ts";
import { readIndex } from "../../docs/read.ts";
import type { Storage, Stored } from "../../storage/storage.ts";

export interface Limits {
  reads: number;
  bytes: number;
  ms: number;
}

/** A Worker may ask storage a thousand times for one request, and clients wait for a minute. */
export const stepLimits: Limits = { reads: 400, bytes: 128 * 1024 * 1024, ms: 15_000 };

export type Reads = Pick<Storage, "head" | "get" | "list">;

/** Storage has it, or not, and does not say: told of the one object, since a check is for finding such. */
export class Unreadable extends Error {}

/** So many one after the other are no damage: storage is down. */
const unreadableMax = 5;

export class Reader {
  readonly storage: Reads;
  #unreadable = 0;
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

  /** @throws Unreadable */
  async read(key: string): Promise<Uint8Array | undefined> {
    return (await this.object(key))?.bytes;
  }

  /** The object with its bytes. @throws Unreadable */
  async object(key: string): Promise<(Stored & { bytes: Uint8Array }) | undefined> {
    return this.#ask(key, async () => {
      const found = await this.storage.get(key);
      if (!found) return undefined;
      this.#bytes -= found.sizeBytes;
      const { body, ...stored } = found;
      return { ...stored, bytes: new Uint8Array(await new Response(body).arrayBuffer()) };
    });
  }

  /** SHA-256 of the object, which is never whole in memory; undefined when there is none. */
  async checksum(key: string): Promise<Uint8Array | undefined> {
    return this.#ask(key, async () => {
      const found = await this.storage.get(key);
      if (!found) return undefined;
      this.#bytes -= found.sizeBytes;
      const digest = new crypto.DigestStream("SHA-256");
      await new Response(found.body).body?.pipeTo(digest);
      return new Uint8Array(await digest.digest);
    });
  }

  /** @throws PackedError when they are damaged. */
  pages(key: string): ReturnType<typeof readIndex> {
    this.#reads--; // and one more below
    return this.#ask(key, () => readIndex(this.storage, key));
  }

  head(key: string): ReturnType<Storage["head"]> {
    return this.#ask(key, () => this.storage.head(key));
  }

  async #ask<T>(key: string, ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      this.#reads--;
      try {
        const answer = await ask();
        this.#unreadable = 0;
        return answer;
      } catch (error) {
        if (error instanceof PackedError) throw error;
        if (attempt === 1) continue;
        if (++this.#unreadable >= unreadableMax) throw error;
        throw new Unreadable(
          `${key} cannot be read: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
  }
}
