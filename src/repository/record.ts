import { packageRecord } from "./resources.ts";
import type { PackageRecord } from "./types.ts";
import type { World } from "./world.ts";

/** The package as the ledger knows it now; null when it holds no release. */
export function recordOf(
  { repository, ledger }: Pick<World, "repository" | "ledger">,
  name: string,
  now: number,
): PackageRecord | null {
  const row = ledger.package(name);
  const releases = ledger.releases(name);
  if (!row || releases.length === 0) return null;
  return packageRecord(repository, {
    ...{ row, releases, owners: ledger.owners(name) },
    downloads: ledger.packageDownloads(name, now),
    totals: ledger.totalDownloads(name),
  });
}
