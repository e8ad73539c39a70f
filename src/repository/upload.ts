/** reserve → put → commit: the way of every file that a client hands us, and its recovery. */
import { sameBytes } from "../hex/checksum.ts";
import type { Storage } from "../storage/storage.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { bytes, type UploadRow } from "./ledger/rows.ts";
import { place } from "./place.ts";
import type { Refused } from "./types.ts";

/** Bytes that one repository holds in memory at once for uploads; the isolate has 128 MiB in all. */
const bytesAtOnceMax = 64 * 1024 * 1024;
const retryAfterSeconds = 2;

export class Uploads {
  readonly #ledger: Ledger;
  readonly #storage: Storage;
  /** Keys that this very instance is writing; what the ledger holds beyond them is left over. */
  readonly #mine = new Set<string>();
  #bytesAtOnce = 0;

  constructor(ledger: Ledger, storage: Storage) {
    this.#ledger = ledger;
    this.#storage = storage;
  }

  /**
   * Runs `work`, which writes `sizeBytes` under `key`, unless that would be too much at once, or
   * somebody is writing that very key. `work` must reserve the key in the ledger before it awaits.
   */
  async admit<T>(
    key: string,
    name: string,
    version: string,
    sizeBytes: number,
    work: () => Promise<T>,
  ): Promise<T | Refused> {
    if (this.#mine.has(key)) return { refused: { reason: "release_busy", package: name, version } };
    if (this.#bytesAtOnce + sizeBytes > bytesAtOnceMax) {
      return { refused: { reason: "too_busy", retryAfterSeconds } };
    }
    this.#mine.add(key);
    this.#bytesAtOnce += sizeBytes;
    try {
      return await work();
    } finally {
      this.#mine.delete(key);
      this.#bytesAtOnce -= sizeBytes;
    }
  }

  /** Puts the bytes of a reserved upload and commits it. When it throws, the alarm finds out. */
  async store(key: string, file: Uint8Array): Promise<void> {
    try {
      const upload = this.#ledger.upload(key);
      const etag = await place(this.#storage, key, file, upload?.replaces ?? null);
      this.#ledger.commit(key, etag, Date.now());
    } catch (error) {
      this.#ledger.unsettle(key, Date.now());
      throw error;
    }
  }

  /**
   * Looks at the uploads that a dead instance, or a failed put, left behind. Bytes that arrived are
   * committed, the normal way. Those that did not are given up once they cannot arrive any more.
   */
  async recover(): Promise<void> {
    for (const upload of this.#ledger.uploads()) {
      if (this.#mine.has(upload.key)) continue;
      const found = await this.#storage.head(upload.key);
      // While we looked, the same publisher may have come back and taken over.
      if (this.#mine.has(upload.key) || !this.#ledger.upload(upload.key)) continue;
      if (found?.sha256 && sameBytes(found.sha256, bytes(upload.checksum))) {
        this.#ledger.commit(upload.key, found.etag, Date.now());
      } else this.#giveUp(upload);
    }
  }

  #giveUp(upload: UploadRow): void {
    if (this.#ledger.isSettled(upload.key, Date.now())) this.#ledger.forget(upload);
  }
}
