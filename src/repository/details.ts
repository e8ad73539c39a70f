import type { PackageDetails } from "./types.ts";
import type { World } from "./world.ts";

/** Publishes are looked for among so many things that were done to the package last. */
const eventsMax = 500;

/** What a package's page shows beside its record. */
export function detailsOf({ ledger }: Pick<World, "ledger">, name: string): PackageDetails {
  const publications: PackageDetails["publications"] = {};
  for (const event of ledger.auditLog({ package: name, limit: eventsMax })) {
    if (event.action !== "release.publish" || event.version === null) continue;
    // Newest first: what is there now.
    publications[event.version] ??= { credential: event.author.credential, at: event.at };
  }
  return {
    dependants: ledger.dependants(name),
    downloadsByDay: ledger
      .releaseDownloads(name, "", "day")
      .map(([day, count]) => ({ day, count })),
    publications,
  };
}
