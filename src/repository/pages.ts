/**
 * Keeps the pages of docs in the bucket: derived from the docs tarball as packages/NAME is from the
 * ledger, and put the same way. Whoever publishes docs has them packed at hand; the alarm, and whoever
 * finishes after a crash, reads the tarball again.
 */

import { stamp } from "../docs/format.ts";
import { pack, packLimits } from "../docs/pack.ts";
import { sameBytes, sha256 } from "../hex/checksum.ts";
import { tarballLimits } from "../hex/tarball.ts";
import { docsKey, pagesKey } from "./keys.ts";
import { bytes } from "./ledger/rows.ts";
import { place } from "./place.ts";
import { Turn } from "./turn.ts";
import type { Refused } from "./types.ts";
import type { World } from "./world.ts";

export interface PackedDocs {
  packed: Uint8Array;
  /** Of the docs tarball. */
  checksum: Uint8Array;
}

type PagesWorld = Pick<World, "repository" | "ledger" | "storage" | "uploads" | "retryDelaysMs">;

export class Pages {
  readonly #world: PagesWorld;
  /** By key: a put beside another, or beside a delete, could land in either order. */
  readonly #turns = new Map<string, Turn>();
  readonly #atHand = new Map<string, PackedDocs>();

  constructor(world: PagesWorld) {
    this.#world = world;
  }

  /** Packs docs. It takes memory, so one set after the other. */
  pack(docs: Uint8Array): Promise<{ packed: Uint8Array } | Refused> {
    return this.#world.uploads.holdInTurn(packLimits.packedBytesMax, async () => {
      const outcome = await pack(docs);
      if ("packed" in outcome) return outcome;
      const { refused } = outcome;
      if (refused.reason !== "bad_tarball") throw new Error(`cannot happen: ${refused.reason}`);
      return { refused };
    });
  }

  /**
   * Resolves when a flush of the release's pages that began after this call has ended: the bucket then
   * shows its docs, unless somebody changes them at this moment. @param atHand spares reading the tarball.
   */
  async flush(name: string, version: string, atHand?: PackedDocs): Promise<void> {
    const key = pagesKey(this.#world.repository, name, version);
    let turn = this.#turns.get(key);
    if (!turn) {
      turn = new Turn(() => this.#flush(key, name, version));
      this.#turns.set(key, turn);
    }
    if (atHand) this.#atHand.set(key, atHand);
    try {
      await turn.next();
    } finally {
      if (atHand) this.#atHand.delete(key);
      if (turn.idle) this.#turns.delete(key);
    }
  }

  /** Brings pages up to date while `mayGoOn`, one set at least. @returns what failed; the others are done. */
  async flushStale(mayGoOn: () => boolean): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const { name, version } of this.#world.ledger.releasesToPage()) {
      await this.flush(name, version).catch((error) => failures.push(error));
      if (!mayGoOn()) break;
    }
    return failures;
  }

  /** Is this instance putting them at this moment? Then they are not to be deleted yet. */
  isWriting(key: string): boolean {
    return this.#turns.get(key)?.idle === false;
  }

  async #flush(key: string, name: string, version: string): Promise<void> {
    const { ledger } = this.#world;
    const due = ledger.docsToPage(name, version);
    if (!due) return;
    const packed =
      this.#packedAtHand(key, due.checksum) ?? (await this.#packAgain(name, version, due.checksum));
    // Packing takes its time: whoever changed the docs meanwhile flushes again, or has the alarm do it.
    const now = ledger.docsToPage(name, version);
    if (!packed || !now || !sameBytes(bytes(now.checksum), bytes(due.checksum))) return;
    if ("impossible" in packed) {
      // Or the alarm would fail with it for ever. Other docs, published later, are tried again.
      ledger.pagesImpossible(name, version, now.checksum);
      return this.#log(name, version, packed.impossible);
    }
    stamp(packed, ledger.nextPagesNumber());
    const etag = await place(this.#world, key, packed, now.replaces);
    ledger.pagesStored(name, version, now.checksum, etag);
  }

  #packedAtHand(key: string, checksum: ArrayBuffer): Uint8Array | undefined {
    const atHand = this.#atHand.get(key);
    return atHand && sameBytes(atHand.checksum, bytes(checksum)) ? atHand.packed : undefined;
  }

  /** @returns undefined when it cannot be done at this moment; the alarm comes again. */
  async #packAgain(
    name: string,
    version: string,
    checksum: ArrayBuffer,
  ): Promise<Uint8Array | { impossible: string } | undefined> {
    const { repository, ledger, storage, uploads } = this.#world;
    const key = docsKey(repository, name, version);
    const outcome = await uploads.hold(tarballLimits.tarballBytesMax, async () => {
      const found = await storage.get(key);
      const docs = found && new Uint8Array(await new Response(found.body).arrayBuffer());
      if (docs && sameBytes(await sha256(docs), bytes(checksum))) return this.pack(docs);
      // Other docs are on their way perhaps, stored even, but not committed.
      if (ledger.upload(key) || ledger.isUnsettled(key)) return undefined;
      return { impossible: `${key} is not what was published` };
    });
    if (outcome === undefined || "impossible" in outcome) return outcome;
    if ("packed" in outcome) return outcome.packed;
    if (outcome.refused.reason !== "bad_tarball") return undefined;
    return { impossible: outcome.refused.message };
  }

  #log(name: string, version: string, why: string): void {
    const { repository } = this.#world;
    console.error({
      message: `the docs of ${name} ${version} in ${repository} are not shown as pages: ${why}`,
      ...{ repository, package: name, version },
    });
  }
}
