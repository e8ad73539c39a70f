/**
 * The releases that were published last, out of the packages that were changed last. Not out of the audit
 * log: it also tells of releases that are gone again, and of all that is done beside publishing, so that one
 * would read any number of events, and then each package for its description anyway.
 */
import type {
  ListQuery,
  PackageList,
  PackageRecord,
  ReleaseRecord,
} from "../../repository/types.ts";

export interface NewRelease {
  package: PackageRecord;
  release: ReleaseRecord;
}

export const newestLimits = {
  releasesMax: 50,
  /** Asked for at once. */
  packagesAtOnce: 50,
  /** When ever so many packages were only retired or given docs since, the feed is short of some old release. */
  packagesMax: 1000,
};

/**
 * @param list what the repository's Durable Object answers.
 * @returns newest first.
 */
export async function newestReleases(
  list: (query: ListQuery) => Promise<PackageList>,
  { releasesMax, packagesAtOnce, packagesMax } = newestLimits,
): Promise<NewRelease[]> {
  // By name and version: a package that changes meanwhile comes twice.
  const found = new Map<string, NewRelease>();
  for (let offset = 0; offset < packagesMax; offset += packagesAtOnce) {
    const { packages } = await list({ sort: "updated_at", limit: packagesAtOnce, offset });
    for (const it of packages) {
      for (const release of newestOf(it.package, releasesMax)) {
        found.set(`${it.package.name} ${release.release.version}`, release);
      }
    }
    const last = packages.at(-1);
    if (!last || packages.length < packagesAtOnce) break;
    // A package is changed when a release of it is published, so all others have older ones only.
    const oldest = newest(found.values(), releasesMax)[releasesMax - 1];
    if (oldest && oldest.release.insertedAt >= last.package.updatedAt) break;
  }
  return newest(found.values(), releasesMax);
}

/** Of one package. */
export function newestOf(
  record: PackageRecord,
  releasesMax = newestLimits.releasesMax,
): NewRelease[] {
  return newest(
    record.releases.map((release) => ({ package: record, release })),
    releasesMax,
  );
}

/** Dates are ISO 8601 in UTC: in their order as text. What is of one moment stays in its order. */
function newest(releases: Iterable<NewRelease>, releasesMax: number): NewRelease[] {
  return [...releases]
    .sort(({ release: one }, { release: other }) =>
      one.insertedAt === other.insertedAt ? 0 : one.insertedAt < other.insertedAt ? 1 : -1,
    )
    .slice(0, releasesMax);
}
