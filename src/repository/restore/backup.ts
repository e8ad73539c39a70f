/**
 * What only the ledger knows, kept in the bucket beside the repository: who owns a package, who published a
 * release, how often it was fetched. Without it a repository can be restored as well, and all its releases
 * can be resolved; but nobody knows any more whose they are.
 */
import * as v from "valibot";
import { gunzip } from "../../hex/gunzip.ts";
import { gzip } from "../../hex/gzip.ts";
import { backupKey } from "../keys.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { ownerLevels } from "../types.ts";
import type { World } from "../world.ts";

const time = v.pipe(v.number(), v.integer());
/** A line of JSON for each package: short, because there may be many thousands. */
const line = v.object({
  package: v.string(),
  created: time,
  updated: time,
  downloads: time,
  /** User id, name, level, since. */
  owners: v.array(v.tuple([time, v.string(), v.picklist(ownerLevels), time])),
  /** Version, publisher, published, updated, downloads. */
  releases: v.array(v.tuple([v.string(), v.string(), time, time, time])),
});
export type BackupLine = v.InferOutput<typeof line>;

/** More than a repository of a hundred thousand packages has. */
const inflatedBytesMax = 64 * 1024 * 1024;

/** What changed is in the backup after so long at the latest. */
const backupEveryMs = 3600_000;

/** Has something changed since the last one, and was that long enough ago? */
export function isBackupDue(ledger: Ledger, now: number): boolean {
  const last = ledger.state("backup_at");
  if (typeof last === "number") {
    return now - last >= backupEveryMs && ledger.state("backup_of") !== ledger.lastChange();
  }
  // The first one comes an hour after the repository.
  ledger.setState("backup_at", now);
  return false;
}

/** Writes it, in the place of the one before. Losing the race against another one loses nothing. */
export async function writeBackup({ repository, ledger, storage }: World): Promise<void> {
  const key = backupKey(repository);
  const change = ledger.lastChange();
  const stored = await storage.head(key);
  const text = ledger
    .packageNames()
    .map((name) => `${JSON.stringify(lineOf(ledger, name))}\n`)
    .join("");
  // The date makes two backups of one content differ, so that a late put of an older one loses.
  const bytes = await gzip(new TextEncoder().encode(text), Math.floor(Date.now() / 1000));
  await storage.put(
    key,
    bytes,
    stored ? { kind: "replace", etag: stored.etag } : { kind: "create" },
  );
  ledger.setState("backup_at", Date.now());
  ledger.setState("backup_of", change);
}

/** @returns of how many packages it told; null when there is none, or it cannot be read. */
export async function readBackup({ repository, ledger, storage }: World): Promise<number | null> {
  const found = await storage.get(backupKey(repository));
  if (!found) return null;
  const bytes = new Uint8Array(await new Response(found.body).arrayBuffer());
  let lines: BackupLine[];
  try {
    const text = new TextDecoder().decode(await gunzip(bytes, { inflatedBytesMax }));
    lines = text
      .split("\n")
      .filter((it) => it !== "")
      .map((it) => v.parse(line, JSON.parse(it)));
  } catch {
    return null; // half of it would be worse than nothing: whoever restores is told
  }
  for (const it of lines) ledger.remember(it);
  return lines.length;
}

function lineOf(ledger: Ledger, name: string): BackupLine {
  const row = ledger.package(name);
  const totals = ledger.totalDownloads(name);
  return {
    ...{ package: name, created: row?.created_at ?? 0, updated: row?.updated_at ?? 0 },
    downloads: ledger.packageDownloads(name, Date.now()).all,
    owners: ledger.ownerRows(name),
    releases: ledger
      .releases(name)
      .map((it) => [
        ...([it.version, it.publisher, it.published_at, it.updated_at] as const),
        totals.get(it.version) ?? 0,
      ]),
  };
}
