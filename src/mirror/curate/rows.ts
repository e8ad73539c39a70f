/** What became of each package, in the table `curated`. No await in this file. */
import type { PackageResource, Timestamp, VersionsPackage } from "../../hex/registry.ts";
import type { World } from "../world.ts";

export type CuratedRow = {
  name: string;
  source_etag: string;
  stamp: string;
  payload: string;
  etag: string | null;
  entry: string | null;
  changes_at: number | null;
  again_at: number | null;
};

/** What names and versions say of a package. */
export type Entry = VersionsPackage & { updatedAt?: Timestamp | undefined };

type Tables = Pick<World, "sql">;

export function curatedRow({ sql }: Tables, name: string): CuratedRow | undefined {
  return sql.exec<CuratedRow>("SELECT * FROM curated WHERE name = ?", name).toArray()[0];
}

/** In byte order of their names. */
export function curatedRows({ sql }: Tables): CuratedRow[] {
  return sql.exec<CuratedRow>("SELECT * FROM curated ORDER BY name").toArray();
}

export function keepRow({ sql }: Tables, row: CuratedRow): void {
  sql.exec(
    "INSERT OR REPLACE INTO curated VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ...[row.name, row.source_etag, row.stamp, row.payload, row.etag, row.entry],
    ...[row.changes_at, row.again_at],
  );
}

export function forgetRow({ sql }: Tables, name: string): void {
  sql.exec("DELETE FROM curated WHERE name = ?", name);
}

/** Of those that are held, the ones that never were before. */
export function noteHeld<T extends { version: string; isIn: boolean }>(
  { sql }: Tables,
  name: string,
  verdicts: readonly T[],
): T[] {
  return verdicts.filter(({ version, isIn }) => {
    if (isIn) return false;
    const insert = "INSERT OR IGNORE INTO held_back VALUES (?, ?)";
    return sql.exec(insert, name, version).rowsWritten > 0;
  });
}

export function entryOf({ name, releases }: PackageResource): Entry {
  const positions = (isMeant: (release: PackageResource["releases"][number]) => boolean) =>
    [...releases.entries()].filter(([, release]) => isMeant(release)).map(([at]) => at);
  const times = releases.flatMap(({ publishedAt }) => publishedAt ?? []);
  const updatedAt = times.toSorted((a, b) => a.seconds - b.seconds || a.nanos - b.nanos).at(-1);
  return {
    name,
    versions: releases.map(({ version }) => version),
    retired: positions(({ retired }) => retired !== undefined),
    withAdvisories: positions(({ advisoryIndexes }) => advisoryIndexes.length > 0),
    ...(updatedAt ? { updatedAt } : {}),
  };
}

/** Only entryOf makes what is in the table. */
export function readEntry(entry: string): Entry {
  return JSON.parse(entry) as Entry;
}
