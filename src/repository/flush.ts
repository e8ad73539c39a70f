/**
 * Brings the bucket and KV up to the ledger, in an order in which no reader is told of something
 * that is not there: package files, then names and versions, then the removal of what nothing names.
 * Builds read the ledger when they run and carry no change with them, so running one twice, or
 * again after a crash, is the same as running it once.
 */
import { buildPackage, buildSigned, concatEntries } from "../hex/registry.ts";
import { indexKey, namesKey, packageKey, publicKeyKey, versionsKey } from "./keys.ts";
import { place } from "./place.ts";
import { recordOf } from "./record.ts";
import { packageResource } from "./resources.ts";
import { Turn } from "./turn.ts";
import type { World } from "./world.ts";

/** names and versions are rebuilt for all who published meanwhile; R2 takes one write a second per key. */
export const registrySpacingMs = 1000;
const atOnce = 16;

type FlushWorld = Omit<World, "uploads" | "flush" | "wake">;

export class Flush {
  readonly #world: FlushWorld;
  readonly #packages = new Map<string, Turn>();
  readonly #registry = new Turn(() => this.#flushRegistry());
  /** One at a time: a second delete of a key could land after the key was published to again. */
  readonly #removals = new Turn(() => this.#flushRemovals());
  /** Keys that this very instance puts or deletes at this moment; of each at most one at a time. */
  readonly #putting = new Set<string>();
  readonly #deleting = new Set<string>();
  /** When names and versions were last begun; a test may set it back. */
  registryStartedAt = 0;

  constructor(world: FlushWorld) {
    this.#world = world;
  }

  /** Resolves when a flush of packages/NAME that began after this call has stored it. */
  async package(name: string): Promise<void> {
    let turn = this.#packages.get(name);
    if (!turn) {
      turn = new Turn(() => this.#flushPackage(name));
      this.#packages.set(name, turn);
    }
    try {
      await turn.next();
    } finally {
      if (turn.idle) this.#packages.delete(name);
    }
  }

  /** Resolves when names, versions and all package files show what the ledger knew at this call. */
  async registry(): Promise<void> {
    await this.#registry.next();
  }

  /** Resolves when the files that nothing named at this call are deleted. */
  async removals(): Promise<void> {
    await this.#removals.next();
  }

  /** Does this instance wait for the answer to a put or a delete of it? */
  isWriting(key: string): boolean {
    return this.#putting.has(key) || this.#deleting.has(key);
  }

  /** Brings entries of KV up to date while `mayGoOn`. KV may be late; it is never the truth. */
  async indexes(mayGoOn: () => boolean): Promise<void> {
    const { ledger } = this.#world;
    let stale = ledger.packagesToIndex(atOnce);
    while (stale.length > 0 && mayGoOn()) {
      ledger.indexed(await Promise.all(stale.map((name) => this.#flushIndex(name))));
      stale = ledger.packagesToIndex(atOnce);
    }
    ledger.forgetEmptyPackages();
  }

  /** @returns which change of the package KV now shows. */
  async #flushIndex(name: string): Promise<{ name: string; sequence: number }> {
    const { repository, ledger, index } = this.#world;
    const sequence = ledger.package(name)?.touched ?? 0;
    const record = recordOf(this.#world, name, Date.now());
    if (!record) await index.delete(indexKey(repository, name));
    else await index.put(indexKey(repository, name), JSON.stringify(record));
    return { name, sequence };
  }

  async #flushPackage(name: string): Promise<void> {
    const { repository, ledger, signer } = this.#world;
    const row = ledger.package(name);
    if (!row || row.changed <= row.flushed) return;
    const key = packageKey(repository, name);
    const releases = ledger.releases(name);
    // Its file is deleted already, and only KV has yet to follow.
    if (releases.length === 0 && !ledger.isBeingRemoved(key)) {
      return ledger.flushed(name, row.changed, null);
    }
    // Without releases the file says so until it is deleted, as the last of what nothing names: a late
    // put of an older file finds something in its place, and loses.
    const resource = packageResource(repository, name, releases);
    // The number of the change makes the bytes of every change unlike all before, so an ETag never
    // comes back and the late put of an older file can never pass for the newest.
    const file = await buildPackage(resource, signer.key, { mtimeSeconds: row.changed });
    ledger.flushed(name, row.changed, await this.#place(key, file, row.etag));
  }

  async #flushRegistry(): Promise<void> {
    const { repository, ledger, signer } = this.#world;
    if (ledger.isPublished()) return;
    await sleepUntil(this.registryStartedAt + registrySpacingMs);
    this.registryStartedAt = Date.now();
    // Removals wait for `upTo`, so every package file up to it comes first.
    const upTo = ledger.sequence();
    const failures = await inBatches(ledger.packagesToFlush(), (name) => this.package(name));

    const change = { mtimeSeconds: ledger.sequence() };
    const names: Uint8Array[] = [];
    const versions: Uint8Array[] = [];
    for (const entry of ledger.entries()) {
      names.push(entry.names);
      versions.push(entry.versions);
    }
    const namesFile = await buildSigned(concatEntries(names, repository), signer.key, change);
    const versionsFile = await buildSigned(concatEntries(versions, repository), signer.key, change);
    await this.#placeFile("versions", versionsKey(repository), versionsFile);
    await this.#placeFile("names", namesKey(repository), namesFile);
    if (ledger.state("public_key") !== signer.fingerprint) {
      const publicKey = new TextEncoder().encode(signer.publicKeyPem);
      await this.#placeFile("public_key", publicKeyKey(repository), publicKey);
      ledger.setState("public_key", signer.fingerprint);
    }
    // A package that cannot be written holds nobody else up, but it is not done either.
    if (failures.length > 0) throw failures[0];
    ledger.indexPublished(upTo);
  }

  async #flushRemovals(): Promise<void> {
    const { ledger, storage, pages } = this.#world;
    // Pages that are being put at this moment are left to the next alarm.
    const due = ledger.removals().filter((key) => !pages.isWriting(key));
    const failures = await inBatches(due, async (key) => {
      // Nobody is promised anything under this key until the answer is here. If none comes, the
      // removal waits until this delete cannot land any more, and is tried again.
      ledger.unsettle(key, Date.now());
      const deleting = storage.delete(key).catch((error) => {
        ledger.unsettle(key, Date.now());
        throw error;
      });
      await during(this.#deleting, key, deleting);
      ledger.removed(key);
    });
    if (failures.length > 0) throw failures[0];
  }

  #place(key: string, file: Uint8Array, etag: string | null): Promise<string> {
    return during(this.#putting, key, place(this.#world, key, file, etag));
  }

  /** One of the repository's own files, whose ETags the ledger keeps by name. */
  async #placeFile(name: string, key: string, file: Uint8Array): Promise<void> {
    const { ledger } = this.#world;
    const etag = ledger.fileEtag(name);
    ledger.setFileEtag(name, await this.#place(key, file, etag));
  }
}

/** Keeps `key` in `keys` until `work` has ended. */
async function during<T>(keys: Set<string>, key: string, work: Promise<T>): Promise<T> {
  keys.add(key);
  try {
    return await work;
  } finally {
    keys.delete(key);
  }
}

/** Does all the work, also when some of it fails. @returns the failures. */
async function inBatches<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    const outcomes = await Promise.allSettled(items.slice(at, at + atOnce).map(work));
    for (const it of outcomes) if (it.status === "rejected") failures.push(it.reason);
  }
  return failures;
}

async function sleepUntil(time: number): Promise<void> {
  const ms = time - Date.now();
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
