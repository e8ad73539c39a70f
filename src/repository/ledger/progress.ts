/** Writing down how far the bucket and KV have followed the ledger, and what is not certain yet. */
import { migrate } from "../../storage/migrate.ts";
import { packageKey, pagesPrefix } from "../keys.ts";
import { pagesAreStale, Rows } from "./rows.ts";
import { migrations } from "./schema.ts";

/**
 * How long an operation of a dead instance may still land in the bucket. Until then nobody else
 * touches its key, so a late put or delete can never meet bytes that were promised since.
 */
export const settleMs = 30_000;

export class Progress extends Rows {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage, repository: string) {
    migrate(storage, migrations);
    super(storage.sql, repository);
    this.#storage = storage;
  }

  /** packages/NAME in the bucket now shows change `sequence`; without an ETag it is gone. */
  flushed(name: string, sequence: number, etag: string | null): void {
    this.sql.exec("UPDATE packages SET flushed = ?, etag = ? WHERE name = ?", sequence, etag, name);
  }

  /** KV now shows these changes of these packages, or no longer holds them. */
  indexed(packages: readonly { name: string; sequence: number }[]): void {
    this.step(() => {
      for (const { name, sequence } of packages) {
        // Never ahead of the package: one of that name may have gone and come back meanwhile.
        this.sql.exec(
          "UPDATE packages SET indexed = ?1 WHERE name = ?2 AND touched >= ?1",
          ...[sequence, name],
        );
      }
    });
  }

  /** Drops the last trace of packages whose every release was reverted, once nothing names them. */
  forgetEmptyPackages(): void {
    this.sql.exec(
      `DELETE FROM packages WHERE versions_entry IS NULL AND etag IS NULL
       AND flushed = changed AND indexed = touched AND changed <= ?`,
      this.published(),
    );
  }

  /** names and versions in the bucket now show everything up to `sequence`. */
  indexPublished(sequence: number): void {
    this.setState("published", sequence);
  }

  setFileEtag(name: string, etag: string): void {
    this.setState(`${name}_etag`, etag);
  }

  /** The file is deleted. The answer is here, so nothing about the key is in doubt. */
  removed(key: string): void {
    this.step(() => {
      this.sql.exec("DELETE FROM removals WHERE key = ?", key);
      this.sql.exec("DELETE FROM unsettled WHERE key = ?", key);
      const packages = packageKey(this.repository, "");
      if (!key.startsWith(packages)) return;
      this.sql.exec("UPDATE packages SET etag = NULL WHERE name = ?", key.slice(packages.length));
    });
  }

  /** An operation on `key` has no answer yet, or lost it: it may land for as long as `settleMs`. */
  unsettle(key: string, now: number): void {
    this.sql.exec("INSERT OR REPLACE INTO unsettled VALUES (?, ?)", key, now + settleMs);
  }

  /**
   * A new instance begins: whatever stands half done was begun by a dead one. Of its puts of package
   * files only the first of a package can still win; all others expect an ETag that never comes back.
   * So with pages.
   */
  unsettleLeftovers(now: number): void {
    this.sql.exec(
      `INSERT OR REPLACE INTO unsettled
       SELECT key, ?1 FROM uploads UNION SELECT key, ?1 FROM removals
       UNION SELECT ?2 || name, ?1 FROM packages WHERE etag IS NULL AND changed > flushed
       UNION SELECT ?3 || package || '-' || version, ?1 FROM releases
         WHERE pages_etag IS NULL AND ${pagesAreStale}`,
      ...[now + settleMs, packageKey(this.repository, ""), pagesPrefix(this.repository)],
    );
  }

  /**
   * Forgets the uncertainty whose time is over; uploads and removals that waited for it go on.
   * @param isOurs has this very instance no answer yet? Then the time begins when that fails.
   */
  settle(now: number, isOurs: (key: string) => boolean): void {
    const over = this.sql
      .exec<{ key: string }>("SELECT key FROM unsettled WHERE until <= ?", now)
      .toArray()
      .filter(({ key }) => !isOurs(key));
    for (const { key } of over) this.sql.exec("DELETE FROM unsettled WHERE key = ?", key);
  }

  /** Another signing key: every file has to be signed anew. */
  signAnew(fingerprint: string, now: number): void {
    this.step(() => {
      this.setState("signed_anew_at", now);
      this.setState("signer", fingerprint);
      // Also on the way back to a key whose public_key may have been replaced without our hearing of it.
      this.setState("public_key", "");
      this.sql.exec("UPDATE packages SET changed = ?", this.nextSequence());
    });
  }

  setState(name: string, value: SqlStorageValue): void {
    this.sql.exec("INSERT OR REPLACE INTO state VALUES (?, ?)", name, value);
  }

  protected nextSequence(): number {
    const sequence = this.sequence() + 1;
    this.setState("sequence", sequence);
    return sequence;
  }

  /** All or nothing, and with no await inside: nobody sees half of it. */
  protected step<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }
}
