/**
 * What the index says about a package, `versions` and `names` together, as text: when it differs from what
 * it was, the package is looked at again. Its time in `names` is what tells of a version with new bytes, and
 * of a retirement for another reason.
 */
import type {
  NamesResource,
  Timestamp,
  VersionsPackage,
  VersionsResource,
} from "../../hex/registry.ts";

export interface Entry {
  versions: readonly string[];
  updatedAt: Timestamp | undefined;
}

/** A row has at most 2 MB, and a packages/NAME at most 50,000 releases. */
const entryLengthMax = 600_000;

/**
 * By name. Who is in one of the two alone is there too: they are two files, fetched one after the other, and
 * whoever publishes in between is in one of them.
 * @returns a sentence when a package has more versions than its own file could hold.
 */
export function entriesOf(
  versions: VersionsResource,
  names: NamesResource,
): Map<string, string> | string {
  const times = new Map(names.packages.map(({ name, updatedAt }) => [name, updatedAt]));
  const entries = new Map<string, string>();
  for (const it of versions.packages) entries.set(it.name, entryText(it, times.get(it.name)));
  for (const { name, updatedAt } of names.packages) {
    if (!entries.has(name)) entries.set(name, entryText(undefined, updatedAt));
  }
  const [tooLong] = [...entries].find(([, entry]) => entry.length > entryLengthMax) ?? [];
  return tooLong === undefined ? entries : `${tooLong} has too many versions`;
}

function entryText(listed: VersionsPackage | undefined, updatedAt: Timestamp | undefined): string {
  const { versions = [], retired = [], withAdvisories = [] } = listed ?? {};
  const time = updatedAt ? [updatedAt.seconds, updatedAt.nanos] : null;
  return JSON.stringify([versions, time, retired, withAdvisories]);
}

/** @param text of our own making. */
export function readEntry(text: string): Entry {
  const [versions, time]: [string[], [number, number] | null] = JSON.parse(text);
  return { versions, updatedAt: time ? { seconds: time[0], nanos: time[1] } : undefined };
}
