/**
 * What lists and searches need to know, a row a package, kept in the same step as every change. All of
 * it is made of the other tables, so that it can be made anew.
 */
import { latestVersion } from "../../hex/version.ts";
import type { DependencyRecord, PackageMeta } from "../types.ts";
import type { PackageRow, ReleaseRow } from "./rows.ts";

/** To be raised when what is written here changes: every ledger then makes its catalog anew. */
export const catalogVersion = 1;

/** The package has these releases now; without one it is in no list. */
export function catalogue(sql: SqlStorage, row: PackageRow, releases: readonly ReleaseRow[]): void {
  if (releases.length === 0) {
    strike(sql, row.name);
    return;
  }
  const meta = JSON.parse(row.meta) as PackageMeta; // written by `commit`
  const { id } = sql
    .exec<{ id: number }>(
      `INSERT INTO catalog (name, inserted_at, updated_at, build_tools, dependencies, extra,
         total_downloads, recent_downloads)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6,
         coalesce((SELECT count FROM download_totals WHERE package = ?1 AND version = ''), 0),
         coalesce((SELECT sum(count) FROM downloads WHERE package = ?1 AND version = ''), 0))
       ON CONFLICT (name) DO UPDATE SET inserted_at = ?2, updated_at = ?3, build_tools = ?4,
         dependencies = ?5, extra = ?6 RETURNING id`,
      ...[row.name, row.created_at, row.updated_at, lines(buildTools(releases))],
      ...[lines(dependencies(releases)), meta.extra === "{}" ? null : meta.extra],
    )
    .one();
  index(sql, id, row.name, meta.description ?? "");
}

/** Makes all of it anew. */
export function catalogueAll(
  sql: SqlStorage,
  packages: Iterable<{ row: PackageRow; releases: readonly ReleaseRow[] }>,
): void {
  sql.exec("DELETE FROM words");
  sql.exec("DELETE FROM catalog");
  for (const { row, releases } of packages) catalogue(sql, row, releases);
}

/** How a build tool, or a dependency, stands in its column. */
export function line(text: string): string {
  return `\n${text}\n`;
}

function strike(sql: SqlStorage, name: string): void {
  sql.exec("DELETE FROM words WHERE rowid = (SELECT id FROM catalog WHERE name = ?)", name);
  sql.exec("DELETE FROM catalog WHERE name = ?", name);
}

/** Most changes leave the words as they were, and writing them is the dearest part. */
function index(sql: SqlStorage, id: number, name: string, description: string): void {
  const known = sql
    .exec<{ description: string }>("SELECT description FROM words WHERE rowid = ?", id)
    .toArray()[0];
  if (known?.description === description) return;
  if (known) sql.exec("DELETE FROM words WHERE rowid = ?", id);
  sql.exec("INSERT INTO words (rowid, name, description) VALUES (?, ?, ?)", id, name, description);
}

function buildTools(releases: readonly ReleaseRow[]): string[] {
  return releases.flatMap((release) => JSON.parse(release.build_tools) as string[]);
}

function dependencies(releases: readonly ReleaseRow[]): string[] {
  const versions = releases.map(({ version }) => version);
  const latest = latestVersion(versions, { stableOnly: true }) ?? latestVersion(versions);
  const release = releases.find(({ version }) => version === latest);
  const records = JSON.parse(release?.requirements ?? "[]") as DependencyRecord[];
  return records.map((it) => `${it.repository ?? ""}/${it.package}`);
}

function lines(texts: readonly string[]): string {
  return [...new Set(texts)].map(line).join("");
}
