/** Reading the tables; nothing here writes. */
import { packageKey } from "../keys.ts";
import type { Author, DependencyRecord, PackageMeta } from "../types.ts";

export type PackageRow = {
  name: string;
  created_at: number;
  updated_at: number;
  meta: string;
  etag: string | null;
  names_entry: ArrayBuffer | null;
  versions_entry: ArrayBuffer | null;
  changed: number;
  flushed: number;
  touched: number;
  indexed: number;
  untold: number;
  told_at: number;
};

export type ReleaseRow = {
  package: string;
  version: string;
  inner_checksum: ArrayBuffer;
  outer_checksum: ArrayBuffer;
  size_bytes: number;
  etag: string;
  app: string;
  build_tools: string;
  elixir: string | null;
  requirements: string;
  publisher: string;
  published_at: number;
  updated_at: number;
  retirement_reason: string | null;
  retirement_message: string | null;
  docs_etag: string | null;
  docs_checksum: ArrayBuffer | null;
  pages_etag: string | null;
  pages_of: ArrayBuffer | null;
};

export type UploadRow = {
  key: string;
  kind: "tarball" | "docs";
  package: string;
  version: string;
  checksum: ArrayBuffer;
  replaces: string | null;
  details: string;
  author: string;
};

/** What an upload's `details` hold for a tarball: the release as it will be. */
export interface UploadDetails {
  innerChecksum: number[];
  sizeBytes: number;
  app: string;
  buildTools: string[];
  elixir: string | null;
  meta: PackageMeta;
  requirements: DependencyRecord[];
  /** Of a release that comes from elsewhere; absent when it is published now. */
  publishedAt?: number;
}

/** The pages in the bucket, if any, are not those of the docs. As the index in `schema.ts` says it. */
export const pagesAreStale = "docs_checksum IS NOT NULL AND docs_checksum IS NOT pages_of";

export class Rows {
  protected readonly sql: SqlStorage;
  protected readonly repository: string;

  constructor(sql: SqlStorage, repository: string) {
    this.sql = sql;
    this.repository = repository;
  }

  package(name: string): PackageRow | undefined {
    return this.sql.exec<PackageRow>("SELECT * FROM packages WHERE name = ?", name).toArray()[0];
  }

  /** In no particular order: SQLite knows nothing of SemVer. */
  releases(name: string): ReleaseRow[] {
    return this.sql.exec<ReleaseRow>("SELECT * FROM releases WHERE package = ?", name).toArray();
  }

  release(name: string, version: string): ReleaseRow | undefined {
    return this.sql
      .exec<ReleaseRow>("SELECT * FROM releases WHERE package = ? AND version = ?", name, version)
      .toArray()[0];
  }

  /** Does a stored release of the package exist? */
  holds(name: string): boolean {
    return this.#any("SELECT 1 FROM releases WHERE package = ? LIMIT 1", name);
  }

  /** Which other packages of ours need this one, also in what is being published right now. */
  dependants(name: string): string[] {
    const names = this.sql
      .exec<{ package: string }>("SELECT package FROM dependants WHERE dependency = ?", name)
      .toArray()
      .map((row) => row.package);
    for (const upload of this.uploads()) {
      if (upload.kind === "docs") continue;
      // What `details` holds was written by `reserve`, so its shape is known.
      const { requirements } = JSON.parse(upload.details) as UploadDetails;
      const needs = requirements.some((it) => it.package === name && it.repository === null);
      if (needs) names.push(upload.package);
    }
    return [...new Set(names)].filter((dependant) => dependant !== name).sort();
  }

  upload(key: string): UploadRow | undefined {
    return this.sql.exec<UploadRow>("SELECT * FROM uploads WHERE key = ?", key).toArray()[0];
  }

  uploads(): UploadRow[] {
    return this.sql.exec<UploadRow>("SELECT * FROM uploads").toArray();
  }

  isUnsettled(key: string): boolean {
    return this.#any("SELECT 1 FROM unsettled WHERE key = ?", key);
  }

  isBeingRemoved(key: string): boolean {
    return this.#any("SELECT 1 FROM removals WHERE key = ?", key);
  }

  /**
   * Keys whose time has come: all that named them in the bucket is rewritten, and no other operation
   * on them is in doubt. A package's file stays while a release is on its way that it will name.
   */
  removals(): string[] {
    return this.sql
      .exec<{ key: string }>(
        `SELECT key FROM removals WHERE after <= ?1 AND key NOT IN (SELECT key FROM unsettled)
         AND key NOT IN (SELECT ?2 || package FROM uploads)`,
        ...[this.published(), packageKey(this.repository, "")],
      )
      .toArray()
      .map((row) => row.key);
  }

  /** Does packages/NAME in the bucket not show the newest change yet? */
  isStale(name: string): boolean {
    return this.#any("SELECT 1 FROM packages WHERE name = ? AND changed > flushed", name);
  }

  packagesToFlush(): string[] {
    return this.#names("SELECT name FROM packages WHERE changed > flushed");
  }

  packagesToIndex(limit: number): string[] {
    return this.#names("SELECT name FROM packages WHERE touched > indexed LIMIT ?", limit);
  }

  /** The change that names and versions in the bucket show; -1 when they were never written. */
  published(): number {
    return Number(this.state("published") ?? -1);
  }

  isPublished(): boolean {
    return this.published() >= this.sequence();
  }

  fileEtag(name: string): string | null {
    const etag = this.state(`${name}_etag`);
    return typeof etag === "string" ? etag : null;
  }

  sequence(): number {
    return Number(this.state("sequence") ?? 0);
  }

  /** How much of what the ledger says is not in the bucket, or in KV, yet; and since when. */
  backlog(now: number): { flushLagMs: number; dirty: number; unindexed: number; uploads: number } {
    const { oldest, ...counts } = this.sql
      .exec<{ oldest: number | null; dirty: number; unindexed: number; uploads: number }>(
        `SELECT (SELECT min(updated_at) FROM packages WHERE changed > flushed OR changed > ?)
             AS oldest,
           (SELECT count(*) FROM packages WHERE changed > flushed) AS dirty,
           (SELECT count(*) FROM packages WHERE touched > indexed) AS unindexed,
           (SELECT count(*) FROM uploads) AS uploads`,
        this.published(),
      )
      .one();
    // With another key all is to be written again, which is no change of a package.
    const since = Math.max(oldest ?? now, Number(this.state("signed_anew_at") ?? 0));
    return { ...counts, flushLagMs: Math.max(0, now - since) };
  }

  /** Is the ledger empty over a bucket that is not? See `repairs.ts`. */
  isLost(): boolean {
    return this.state("lost") !== undefined;
  }

  /** Is everything that the ledger says in the bucket and in KV? */
  isClean(): boolean {
    if (!this.isPublished()) return false;
    return !this.#any(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM packages WHERE changed > flushed)
       OR EXISTS (SELECT 1 FROM packages WHERE touched > indexed)
       OR EXISTS (SELECT 1 FROM releases WHERE ${pagesAreStale})
       OR EXISTS (SELECT 1 FROM uploads) OR EXISTS (SELECT 1 FROM removals)
       OR EXISTS (SELECT 1 FROM unsettled)`,
    );
  }

  /** The pieces of names and versions of every package with a release, in byte order. */
  *entries(): Iterable<{ name: string; names: Uint8Array; versions: Uint8Array }> {
    const rows = this.sql.exec<Pick<PackageRow, "name" | "names_entry" | "versions_entry">>(
      `SELECT name, names_entry, versions_entry FROM packages
       WHERE versions_entry IS NOT NULL ORDER BY name`,
    );
    for (const { name, names_entry, versions_entry } of rows) {
      if (names_entry && versions_entry) {
        yield { name, names: bytes(names_entry), versions: bytes(versions_entry) };
      }
    }
  }

  /** In byte order, those behind `after`. */
  packageNames(after = "", limit = Number.MAX_SAFE_INTEGER): string[] {
    return this.#names(
      "SELECT name FROM packages WHERE name > ? ORDER BY name LIMIT ?",
      ...[after, limit],
    );
  }

  /** Of the packages behind `after`, and not behind `last`: by name. */
  versionsBetween(
    after: string,
    last: string | null,
  ): { package: string; version: string; retired: number }[] {
    return this.sql
      .exec<{ package: string; version: string; retired: number }>(
        `SELECT package, version, retirement_reason IS NOT NULL AS retired FROM releases
         WHERE package > ?1 AND (?2 IS NULL OR package <= ?2) ORDER BY package, version`,
        ...[after, last],
      )
      .toArray();
  }

  /** What lists and searches know of. */
  catalogNames(after: string, last: string | null): string[] {
    return this.#names(
      "SELECT name FROM catalog WHERE name > ?1 AND (?2 IS NULL OR name <= ?2) ORDER BY name",
      ...[after, last],
    );
  }

  keysInProgress(): string[] {
    const rows = this.sql.exec<{ key: string }>(
      "SELECT key FROM uploads UNION SELECT key FROM removals UNION SELECT key FROM unsettled",
    );
    return rows.toArray().map((row) => row.key);
  }

  state(name: string): SqlStorageValue | undefined {
    return this.sql
      .exec<{ value: SqlStorageValue }>("SELECT value FROM state WHERE name = ?", name)
      .toArray()[0]?.value;
  }

  #names(query: string, ...bindings: SqlStorageValue[]): string[] {
    const rows = this.sql.exec<{ name: string }>(query, ...bindings);
    return rows.toArray().map((row) => row.name);
  }

  #any(query: string, ...bindings: SqlStorageValue[]): boolean {
    return this.sql.exec(query, ...bindings).toArray().length > 0;
  }
}

export function bytes(blob: ArrayBuffer): Uint8Array {
  return new Uint8Array(blob);
}

/** What was written when there was only the admin key does not say with what, and on what ground. */
const earlier: Pick<Author, "userId" | "credential" | "standing"> = {
  ...{ userId: null, credential: "admin key", standing: "member" },
};

export function authorOf(row: { author: string }): Author {
  // Written by `reserve` and `audit`, so its shape is known.
  return { ...earlier, ...(JSON.parse(row.author) as Author) };
}
