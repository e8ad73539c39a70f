/**
 * What only the ledger knows, kept in the bucket beside the repository: who owns a package, who published a
 * release, how often it was fetched. Without it a repository can be restored as well, and all its releases
 * can be resolved; but nobody knows any more whose they are.
 */
import * as v from "valibot";
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

const linesAtOnce = 200;

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

/** Writes it, in the place of the one before. Whoever loses the race against another one comes again. */
export async function writeBackup({ repository, ledger, storage }: World): Promise<void> {
  const key = backupKey(repository);
  const change = ledger.lastChange();
  const stored = await storage.head(key);
  const bytes = await compressed(ledger);
  const written = await storage.put(
    key,
    bytes,
    stored ? { kind: "replace", etag: stored.etag } : { kind: "create" },
  );
  // The other one may have begun before the change that this one has.
  if (!written) return;
  ledger.setState("backup_at", Date.now());
  ledger.setState("backup_of", change);
}

/** Bytes that are no backup. */
export class BackupError extends Error {}

/** @throws BackupError */
export function readLine(text: string): BackupLine {
  try {
    return v.parse(line, JSON.parse(text));
  } catch (error) {
    throw new BackupError(error instanceof Error ? error.message : String(error));
  }
}

/** Keeps what a restore was made of: the next backup knows of what was restored, and of nothing else. */
export async function keepBackup({ repository, storage }: World): Promise<void> {
  const found = await storage.get(backupKey(repository));
  if (!found) return;
  const bytes = new Uint8Array(await new Response(found.body).arrayBuffer());
  const key = `${backupKey(repository)}.before-restore`;
  const there = await storage.head(key);
  await storage.put(key, bytes, there ? { kind: "replace", etag: there.etag } : { kind: "create" });
}

/** Some hundred lines at a time, so that nobody waits for all of them. */
async function compressed(ledger: Ledger): Promise<Uint8Array> {
  const stream = new CompressionStream("gzip");
  const read = new Response(stream.readable).arrayBuffer();
  const writer = stream.writable.getWriter();
  for (let after: string | undefined = ""; after !== undefined; ) {
    const names: string[] = ledger.packageNames(after, linesAtOnce);
    const lines = names.map((name) => `${JSON.stringify(lineOf(ledger, name))}\n`);
    await writer.write(new TextEncoder().encode(lines.join("")));
    await new Promise((resolve) => setTimeout(resolve, 0));
    after = names.at(-1);
  }
  await writer.close();
  return new Uint8Array(await read);
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
