/**
 * Is a file that upstream sent older than the one we keep? Both are signed well, and the registry has no
 * sequence number, so whoever stands between can send last year's and hide a release that mends
 * a hole; a CDN does so by accident. What there is to go by is when things were published.
 *
 * These are guesses, and wrong in both ways:
 * - A revert of the newest release looks like the file from before it. It is taken once the package's
 *   updated_at in `names` says that something happened since (hex.pm sets it on publish, revert and
 *   retirement), or a newer release is there. Until then ours is kept.
 * - An old file that lost no newest release is not noticed: what it can bring back are retirements that were
 *   not there yet, advisories, replaced bytes (which lock files refuse), and reverted releases.
 * - One package's roll-back in `versions` passes for a revert; its own file has the stricter rule.
 * - An upstream whose files have no dates is taken as it comes.
 */
import type {
  NamesResource,
  PackageResource,
  ReleaseResource,
  Timestamp,
  VersionsResource,
} from "../../hex/registry.ts";

/** A package is touched in the same transaction as its release is published, not at the same instant. */
const sameMomentSeconds = 5;

/**
 * @param touchedAt the package's updated_at in a verified `names`, where that is known.
 * @returns why `fetched` looks older than `kept`, or null when it may take its place.
 */
export function isOlder(
  kept: PackageResource | VersionsResource,
  fetched: PackageResource | VersionsResource,
  touchedAt?: Timestamp,
): string | null {
  if ("releases" in kept) {
    return "releases" in fetched ? packageIsOlder(kept, fetched, touchedAt) : null;
  }
  return "releases" in fetched ? null : versionsAreOlder(kept, fetched);
}

/** The time of a package never goes back, so one that does is enough. A package that is gone says nothing. */
export function namesAreOlder(kept: NamesResource, fetched: NamesResource): string | null {
  const times = new Map(fetched.packages.map(({ name, updatedAt }) => [name, updatedAt]));
  const wentBack = kept.packages.find(
    ({ name, updatedAt }) => updatedAt && times.has(name) && isBefore(times.get(name), updatedAt),
  );
  if (!wentBack) return null;
  return `${wentBack.name} was updated ${text(wentBack.updatedAt)} in the kept names, and ${text(times.get(wentBack.name))} in the fetched ones`;
}

/** The newest date went back. Other releases that are gone were reverted, or deleted by an admin. */
function packageIsOlder(
  kept: PackageResource,
  fetched: PackageResource,
  touchedAt: Timestamp | undefined,
): string | null {
  const before = newest(kept);
  const after = newest(fetched);
  if (!before?.publishedAt || !isBefore(after?.publishedAt, before.publishedAt)) return null;
  const untouchedUntil = {
    ...before.publishedAt,
    seconds: before.publishedAt.seconds + sameMomentSeconds,
  };
  if (touchedAt && isBefore(untouchedUntil, touchedAt)) return null;
  return `${kept.name} ${before.version}, published ${text(before.publishedAt)}, is missing, and the newest of the others was published ${text(after?.publishedAt)}`;
}

function newest({ releases }: PackageResource): ReleaseResource | undefined {
  return releases.reduce<ReleaseResource | undefined>(
    (best, it) => (it.publishedAt && isBefore(best?.publishedAt, it.publishedAt) ? it : best),
    undefined,
  );
}

/**
 * No dates here. A roll-back loses what several packages published, and has nothing new; a revert loses a
 * version of one. What several packages lost at once is taken with the next thing that anybody publishes.
 */
function versionsAreOlder(kept: VersionsResource, fetched: VersionsResource): string | null {
  const before = new Map(kept.packages.map(({ name, versions }) => [name, new Set(versions)]));
  const after = new Map(fetched.packages.map(({ name, versions }) => [name, new Set(versions)]));
  for (const [name, versions] of after) {
    for (const version of versions) if (!before.get(name)?.has(version)) return null;
  }
  const losers = [...before].filter(([name, versions]) => {
    const left = after.get(name);
    return left === undefined || left.size < versions.size;
  });
  if (losers.length < 2) return null;
  const [first, second] = losers.map(([name]) => name);
  return `versions of ${losers.length} packages are missing (${first}, ${second} …), and there is none that we do not know`;
}

/** What has no date is before everything that has one. */
function isBefore(one: Timestamp | undefined, other: Timestamp): boolean {
  if (!one) return true;
  return one.seconds < other.seconds || (one.seconds === other.seconds && one.nanos < other.nanos);
}

function text(time: Timestamp | undefined): string {
  if (!time) return "at no time that it says";
  const date = new Date(time.seconds * 1000);
  // A signature does not make a date one that exists.
  return Number.isNaN(date.getTime()) ? `at second ${time.seconds}` : `at ${date.toISOString()}`;
}
