/** How far the eager mirror is, in SQLite. Every function is one synchronous step. */
import { concatBytes } from "../../hex/checksum.ts";
import type { World } from "../world.ts";

type Tables = Pick<World, "sql">;
export type IndexPath = "versions" | "names";

export interface Wanted extends Record<string, SqlStorageValue> {
  name: string;
  entry: string;
  synced: number;
  failures: number;
}

export interface Failure extends Record<string, SqlStorageValue> {
  package: string;
  why: string;
}

/** Of one parameter: SQLite takes 2 MB. A statement for some thousand packages, not one for each. */
const parameterLengthMax = 500_000;
const partBytes = 1024 * 1024;

/** All that is known, the gone included. */
export function knownEntries({ sql }: Tables): Map<string, { entry: string; state: string }> {
  const known = new Map<string, { entry: string; state: string }>();
  const rows = sql.exec<{ name: string; entry: string; state: string }>(
    "SELECT name, entry, state FROM sync_packages",
  );
  for (const { name, entry, state } of rows) known.set(name, { entry, state });
  return known;
}

/** Packages of which somebody fetched the file, by whatever way it came. */
export function keptPackages({ sql }: Tables): string[] {
  const rows = sql.exec<{ path: string }>(
    "SELECT path FROM files WHERE path LIKE 'packages/%' AND etag IS NOT NULL",
  );
  return [...rows].map(({ path }) => path.slice("packages/".length));
}

/** Puts packages on the work list. */
export function want({ sql }: Tables, entries: Iterable<[string, string]>, round: number): void {
  for (const json of inJson(entries)) {
    sql.exec(
      `INSERT INTO sync_packages (name, entry, state, round, synced, releases, failures, retry_at)
       SELECT value->>0, value->>1, 'wanted', ?, 0, 0, 0, 0 FROM json_each(?) WHERE true
       ON CONFLICT (name) DO UPDATE SET entry = excluded.entry, state = 'wanted',
         round = excluded.round, failures = 0, retry_at = 0, why = NULL`,
      ...[round, json],
    );
  }
}

/** Whoever is gone already stays gone since then. */
export function markGone({ sql }: Tables, names: Iterable<string>, round: number): void {
  for (const json of inJson(names)) {
    sql.exec(
      `INSERT INTO sync_packages (name, entry, state, round, synced, releases, failures, retry_at)
       SELECT value, '', 'gone', ?, 0, 0, 0, 0 FROM json_each(?) WHERE true
       ON CONFLICT (name) DO UPDATE SET state = 'gone', round = excluded.round, entry = '',
         failures = 0, why = NULL WHERE state <> 'gone'`,
      ...[round, json],
    );
  }
}

/** What is kept of them stays, and is not ours to follow any more. */
export function unwant({ sql }: Tables, names: Iterable<string>): void {
  for (const json of inJson(names)) {
    sql.exec(
      `UPDATE sync_packages SET state = 'held', entry = '', failures = 0, why = NULL
       WHERE name IN (SELECT value FROM json_each(?))`,
      json,
    );
  }
}

/** Those that failed come last, or one that brings upstream down would be asked for first each time. */
export function nextWanted(
  { sql }: Tables,
  now: number,
  except: Iterable<string>,
): Wanted | undefined {
  return sql
    .exec<Wanted>(
      `SELECT name, entry, synced, failures FROM sync_packages
       WHERE state = 'wanted' AND retry_at <= ? AND name NOT IN (SELECT value FROM json_each(?))
       ORDER BY failures, name LIMIT 1`,
      ...[now, JSON.stringify([...except])],
    )
    .toArray()[0];
}

export function failed({ sql }: Tables, name: string, why: string, retryAt: number): void {
  sql.exec(
    `UPDATE sync_packages SET failures = failures + 1, why = ?, retry_at = ?
     WHERE name = ? AND state = 'wanted'`,
    ...[why, retryAt, name],
  );
}

/** packages/NAME is in its place, and so are its tarballs. */
export function synced(
  { sql }: Tables,
  { name, entry }: Pick<Wanted, "name" | "entry">,
  versions: readonly string[],
  round: number,
): void {
  const json = JSON.stringify(versions);
  sql.exec(
    `UPDATE sync_releases SET state = 'gone', round = ?
     WHERE package = ? AND state = 'held' AND version NOT IN (SELECT value FROM json_each(?))`,
    ...[round, name, json],
  );
  sql.exec(
    `UPDATE sync_releases SET state = 'held'
     WHERE package = ? AND state = 'gone' AND version IN (SELECT value FROM json_each(?))`,
    ...[name, json],
  );
  sql.exec(
    "UPDATE sync_packages SET synced = 1, releases = ? WHERE name = ?",
    versions.length,
    name,
  );
  // Not when the index said something new of it meanwhile.
  sql.exec(
    `UPDATE sync_packages SET state = 'held', round = ?, failures = 0, why = NULL
     WHERE name = ? AND entry = ? AND state = 'wanted'`,
    ...[round, name, entry],
  );
}

export function isSynced({ sql }: Tables, name: string): boolean {
  return (
    sql.exec("SELECT 1 FROM sync_packages WHERE name = ? AND synced = 1", name).toArray().length > 0
  );
}

export function heldChecksums({ sql }: Tables, name: string): Map<string, Uint8Array> {
  const rows = sql.exec<{ version: string; checksum: ArrayBuffer }>(
    "SELECT version, checksum FROM sync_releases WHERE package = ?",
    name,
  );
  return new Map([...rows].map(({ version, checksum }) => [version, new Uint8Array(checksum)]));
}

export function holdRelease(
  { sql }: Tables,
  name: string,
  version: string,
  checksum: Uint8Array,
  otherwise: "OR REPLACE" | "OR IGNORE" = "OR REPLACE",
): void {
  sql.exec(
    `INSERT ${otherwise} INTO sync_releases VALUES (?, ?, ?, 'held', 0)`,
    ...[name, version, checksum],
  );
}

/** What is no longer listed; `before` that round only. */
export function goneReleases(
  { sql }: Tables,
  before: number,
): { package: string; version: string }[] {
  return sql
    .exec<{ package: string; version: string }>(
      "SELECT package, version FROM sync_releases WHERE state = 'gone' AND round < ? LIMIT 500",
      before,
    )
    .toArray();
}

export function gonePackages({ sql }: Tables, before: number): string[] {
  const rows = sql.exec<{ name: string }>(
    "SELECT name FROM sync_packages WHERE state = 'gone' AND round < ? ORDER BY name LIMIT 500",
    before,
  );
  return [...rows].map(({ name }) => name);
}

export function forgetRelease({ sql }: Tables, name: string, version: string): void {
  sql.exec("DELETE FROM sync_releases WHERE package = ? AND version = ?", name, version);
}

export function forgetPackage({ sql }: Tables, name: string): void {
  sql.exec("DELETE FROM sync_releases WHERE package = ?", name);
  sql.exec("DELETE FROM files WHERE path = ?", `packages/${name}`);
  sql.exec("DELETE FROM sync_packages WHERE name = ?", name);
}

export interface Counts extends Record<string, SqlStorageValue> {
  wanted: number;
  failing: number;
  packages: number;
  releases: number;
  gonePackages: number;
  /** Of those packages. */
  goneWithThem: number;
  /** Of packages that are still there. */
  goneVersions: number;
}

export function counts({ sql }: Tables): Counts {
  return sql
    .exec<Counts>(
      `SELECT count(*) FILTER (WHERE state = 'wanted') AS wanted,
         count(*) FILTER (WHERE state = 'wanted' AND failures > 0) AS failing,
         count(*) FILTER (WHERE synced = 1) AS packages,
         coalesce(sum(releases), 0) AS releases,
         count(*) FILTER (WHERE state = 'gone') AS gonePackages,
         coalesce(sum(releases) FILTER (WHERE state = 'gone'), 0) AS goneWithThem,
         (SELECT count(*) FROM sync_releases WHERE state = 'gone') AS goneVersions
       FROM sync_packages`,
    )
    .one();
}

/** Can anything be done before the next look? */
export function hasWork({ sql }: Tables, now: number): boolean {
  const rows = sql.exec(
    "SELECT 1 FROM sync_packages WHERE state = 'wanted' AND retry_at <= ? LIMIT 1",
    now,
  );
  return rows.toArray().length > 0;
}

export function failures({ sql }: Tables, max: number): Failure[] {
  return sql
    .exec<Failure>(
      `SELECT name AS package, why FROM sync_packages
       WHERE state = 'wanted' AND failures > 0 ORDER BY failures DESC, name LIMIT ?`,
      max,
    )
    .toArray();
}

export function keepIndex({ sql }: Tables, path: IndexPath, bytes: Uint8Array): void {
  sql.exec("DELETE FROM sync_index WHERE path = ?", path);
  for (let at = 0; at < bytes.length; at += partBytes) {
    const part = bytes.slice(at, at + partBytes);
    sql.exec("INSERT INTO sync_index VALUES (?, ?, ?)", path, at / partBytes, part);
  }
}

export function keptIndex({ sql }: Tables, path: IndexPath): Uint8Array | undefined {
  const rows = sql
    .exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM sync_index WHERE path = ? ORDER BY part", path)
    .toArray();
  return rows.length === 0
    ? undefined
    : concatBytes(rows.map(({ bytes }) => new Uint8Array(bytes)));
}

function* inJson(values: Iterable<unknown>): Iterable<string> {
  let pieces: string[] = [];
  let length = 0;
  for (const value of values) {
    const piece = JSON.stringify(value);
    if (pieces.length > 0 && length + piece.length > parameterLengthMax) {
      yield `[${pieces.join(",")}]`;
      pieces = [];
      length = 0;
    }
    pieces.push(piece);
    length += piece.length;
  }
  if (pieces.length > 0) yield `[${pieces.join(",")}]`;
}
