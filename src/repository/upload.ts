/** reserve → put → commit: the way of every file that a client hands us, and its recovery. */
import { sameBytes } from "../hex/checksum.ts";
import { bytes } from "./ledger/rows.ts";
import { place } from "./place.ts";
import type { Refused } from "./types.ts";
import type { World } from "./world.ts";

/** Bytes that one repository holds in memory at once for uploads; the isolate has 128 MiB in all. */
const bytesAtOnceMax = 64 * 1024 * 1024;
const retryAfterSeconds = 2;

type UploadsWorld = Pick<World, "ledger" | "storage" | "retryDelaysMs">;

export class Uploads {
  readonly #world: UploadsWorld;
  readonly #bytesAtOnceMax: number;
  /** Keys that this very instance is writing; what the ledger holds beyond them is left over. */
  readonly #mine = new Set<string>();
  #bytesAtOnce = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: UploadsWorld, limits = { bytesAtOnceMax }) {
    this.#world = world;
    this.#bytesAtOnceMax = limits.bytesAtOnceMax;
  }

  /** Is nothing on its way at this moment? */
  get idle(): boolean {
    return this.#mine.size === 0;
  }

  /** Is this instance still busy with it? */
  isWriting(key: string): boolean {
    return this.#mine.has(key);
  }

  /**
   * Runs `work`, which writes `sizeBytes` under `key`, unless that would be too much at once, or
   * somebody is writing that very key. `work` must reserve the key in the ledger before it asks storage.
   */
  async admit<T>(
    key: string,
    name: string,
    version: string,
    sizeBytes: number,
    work: () => Promise<T>,
  ): Promise<T | Refused> {
    if (this.#mine.has(key)) return { refused: { reason: "release_busy", package: name, version } };
    return this.hold(sizeBytes, async () => {
      this.#mine.add(key);
      try {
        return await work();
      } finally {
        this.#mine.delete(key);
      }
    });
  }

  /** Runs `work`, which holds `sizeBytes` in memory, unless that would be too much at once. */
  async hold<T>(sizeBytes: number, work: () => Promise<T>): Promise<T | Refused> {
    if (this.#bytesAtOnce + sizeBytes > this.#bytesAtOnceMax) {
      return { refused: { reason: "too_busy", retryAfterSeconds } };
    }
    this.#bytesAtOnce += sizeBytes;
    try {
      return await work();
    } finally {
      this.#bytesAtOnce -= sizeBytes;
    }
  }

  /**
   * As `hold`, one after the other: for work that may need much memory for a moment and only the processor,
   * so nobody is slower for waiting. It must not wait for anything else.
   */
  holdInTurn<T>(sizeBytes: number, work: () => Promise<T>): Promise<T | Refused> {
    const run = this.#turn.then(() => this.hold(sizeBytes, work));
    this.#turn = run.catch(() => undefined);
    return run;
  }

  /** Puts the bytes of a reserved upload and commits it. When it throws, the alarm finds out. */
  async store(key: string, file: Uint8Array): Promise<void> {
    const { ledger } = this.#world;
    const upload = ledger.upload(key);
    const etag = await place(this.#world, key, file, upload?.replaces ?? null);
    ledger.commit(key, etag, Date.now());
  }

  /**
   * Looks at the uploads that a dead instance, or a failed put, left behind. Bytes that arrived are
   * committed, the normal way. Those that did not are given up once they cannot arrive any more.
   */
  async recover(): Promise<void> {
    const { ledger, storage } = this.#world;
    for (const upload of ledger.uploads()) {
      const { key } = upload;
      if (this.#mine.has(key)) continue;
      // Asked before looking, or the bytes could arrive between the look and the end of the wait.
      const isOver = !ledger.isUnsettled(key);
      const found = await storage.head(key);
      // While we looked, the same publisher may have come back and taken over.
      if (this.#mine.has(key) || !ledger.upload(key)) continue;
      if (found?.sha256 && sameBytes(found.sha256, bytes(upload.checksum))) {
        ledger.commit(key, found.etag, Date.now());
      } else if (isOver && !ledger.isUnsettled(key)) ledger.forget(upload);
    }
  }
}
