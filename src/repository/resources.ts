/** Ledger rows → what the registry files and the API must say. Pure. */
import { toHex } from "../hex/checksum.ts";
import {
  encodeNamesEntry,
  encodeVersionsEntry,
  type PackageResource,
  type ReleaseResource,
  type Timestamp,
} from "../hex/registry.ts";
import { sortVersions } from "../hex/version.ts";
import { bytes, type PackageRow, type ReleaseRow } from "./ledger/rows.ts";
import type {
  DependencyRecord,
  OwnerRecord,
  PackageDownloads,
  PackageRecord,
  ReleaseRecord,
  Retirement,
} from "./types.ts";

/** What packages/NAME says: the releases in SemVer order. */
export function packageResource(
  repository: string,
  name: string,
  releases: readonly ReleaseRow[],
): PackageResource {
  return { repository, name, advisories: [], releases: ascending(releases).map(releaseResource) };
}

/** The package's piece of names. */
export function namesEntry(name: string, updatedAt: number): Uint8Array {
  return encodeNamesEntry({ name, updatedAt: timestamp(updatedAt) });
}

/** The package's piece of versions, with the indexes of retired ones into the sorted list. */
export function versionsEntry(name: string, releases: readonly ReleaseRow[]): Uint8Array {
  const sorted = ascending(releases);
  const retired = [...sorted.keys()].filter((at) => sorted[at]?.retirement_reason !== null);
  const versions = sorted.map((release) => release.version);
  return encodeVersionsEntry({ name, versions, retired, withAdvisories: [] });
}

export interface PackageFacts {
  row: PackageRow;
  releases: readonly ReleaseRow[];
  owners: OwnerRecord[];
  downloads: PackageDownloads;
  /** Downloads of each version. */
  totals: ReadonlyMap<string, number>;
}

/** What the API, the pages and KV show. */
export function packageRecord(
  repository: string,
  { row, releases, owners, downloads, totals }: PackageFacts,
): PackageRecord {
  return {
    repository,
    name: row.name,
    meta: JSON.parse(row.meta),
    insertedAt: iso(row.created_at),
    updatedAt: iso(row.updated_at),
    releases: ascending(releases)
      .reverse()
      .map((release) => releaseRecord(release, totals.get(release.version) ?? 0)),
    downloads,
    owners,
  };
}

export function releaseRecord(row: ReleaseRow, downloads: number): ReleaseRecord {
  return {
    version: row.version,
    outerChecksum: toHex(bytes(row.outer_checksum)),
    innerChecksum: toHex(bytes(row.inner_checksum)),
    sizeBytes: row.size_bytes,
    app: row.app,
    buildTools: JSON.parse(row.build_tools),
    elixir: row.elixir,
    requirements: dependencies(row),
    publisher: row.publisher,
    insertedAt: iso(row.published_at),
    updatedAt: iso(row.updated_at),
    retirement: retirement(row),
    hasDocs: row.docs_etag !== null,
    hasPages: row.pages_etag !== null,
    downloads,
  };
}

function releaseResource(row: ReleaseRow): ReleaseResource {
  const retired = retirement(row);
  return {
    version: row.version,
    innerChecksum: bytes(row.inner_checksum),
    outerChecksum: bytes(row.outer_checksum),
    dependencies: dependencies(row)
      .sort(byRepositoryAndName)
      .map((it) => ({
        package: it.package,
        requirement: it.requirement,
        // As hexpm writes them: only what differs from what a client assumes.
        ...(it.optional ? { optional: true } : {}),
        ...(it.app === it.package ? {} : { app: it.app }),
        ...(it.repository === null ? {} : { repository: it.repository }),
      })),
    ...(retired
      ? {
          retired: {
            reason: retired.reason,
            ...(retired.message ? { message: retired.message } : {}),
          },
        }
      : {}),
    advisoryIndexes: [],
    publishedAt: timestamp(row.published_at),
  };
}

function ascending(releases: readonly ReleaseRow[]): ReleaseRow[] {
  const byVersion = new Map(releases.map((release) => [release.version, release]));
  return sortVersions([...byVersion.keys()]).flatMap((version) => byVersion.get(version) ?? []);
}

function retirement(row: ReleaseRow): Retirement | null {
  if (row.retirement_reason === null) return null;
  // Only `retire` writes the column, with a reason from the list.
  return { reason: row.retirement_reason as Retirement["reason"], message: row.retirement_message };
}

function dependencies(row: ReleaseRow): DependencyRecord[] {
  return JSON.parse(row.requirements);
}

function byRepositoryAndName(one: DependencyRecord, other: DependencyRecord): number {
  const left = `${one.repository ?? ""}/${one.package}`;
  const right = `${other.repository ?? ""}/${other.package}`;
  return left < right ? -1 : left > right ? 1 : 0;
}

function timestamp(ms: number): Timestamp {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
