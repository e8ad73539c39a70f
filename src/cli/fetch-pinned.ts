/** Tarballs that lock files pin, from another repository into a folder. */
import { fromHex, sameBytes, sha256 } from "../hex/checksum.ts";
import type { LockedRelease } from "../hex/lockfile.ts";
import { atOnce } from "../static/at-once.ts";
import { tarballPath } from "../static/layout.ts";
import { readTarball } from "../static/tarball.ts";
import type { DiskFolder } from "./disk-folder.ts";
import { Mistake } from "./mistake.ts";
import { readPinned } from "./pinned.ts";
import { pinnedOf } from "./pinned-of.ts";
import { Progress } from "./progress.ts";
import { readUrl } from "./source.ts";
import { getFile, type Place } from "./transfer.ts";

export interface PinnedOptions {
  /** What the repository is called that is built. */
  name: string;
  /** What the lock files call it, if otherwise. */
  from?: string;
  /** Where it is, and what to show there. */
  url?: string;
  key?: string;
}

export interface Fetched {
  fetched: number;
  there: number;
  skipped: { name: string; why: string }[];
}

const fetchesAtOnce = 8;

/** Fetches what the lock files pin: all of them, or none of the rest is done: a registry that lacks what is pinned helps nobody. */
export async function fetchPinned(
  folder: DiskFolder,
  lockfiles: readonly string[],
  options: PinnedOptions,
): Promise<Fetched> {
  const place = placeOf(options);
  const { releases, skipped } = pinnedOf(await readPinned(lockfiles), [
    options.from ?? options.name,
  ]);
  const progress = new Progress("releases fetched");
  const counts = { fetched: 0, there: 0 };
  const problems: string[] = [];
  try {
    let done = 0;
    await atOnce(releases, fetchesAtOnce, async (release) => {
      const outcome = await fetchOne(folder, place, release);
      if (typeof outcome === "object") problems.push(outcome.why);
      else counts[outcome]++;
      progress.show(++done, releases.length);
    });
  } finally {
    progress.end();
  }
  if (problems.length === 0) return { ...counts, skipped };
  throw new Mistake(`nothing is built:\n${problems.sort().join("\n")}`);
}

async function fetchOne(
  folder: DiskFolder,
  place: Place,
  { package: name, version, outerChecksum, innerChecksum }: LockedRelease,
): Promise<"there" | "fetched" | { why: string }> {
  const path = tarballPath({ name, version });
  const isRight = async (bytes: Uint8Array): Promise<boolean> => {
    if (outerChecksum) return isSame(outerChecksum, await sha256(bytes));
    const facts = await readTarball(bytes);
    if ("refused" in facts) return false;
    return innerChecksum === null || isSame(innerChecksum, facts.innerChecksum);
  };
  const there = await folder.read(path);
  if (there && (await isRight(there))) return "there";
  const bytes = await getFile(place, `/${path}`);
  if (!bytes) return { why: `${name} ${version}: ${place.url} does not have it` };
  if (!(await isRight(bytes))) {
    return { why: `${name} ${version}: what ${place.url} has is not what is pinned` };
  }
  await folder.write(path, bytes);
  return "fetched";
}

function isSame(hex: string, checksum: Uint8Array): boolean {
  return sameBytes(fromHex(hex) ?? new Uint8Array(), checksum);
}

function placeOf({ url, key }: PinnedOptions): Place {
  const wanted = "--lock needs --url, the repository to fetch from: https://repo.hex.pm";
  const place = readUrl(url ?? "", wanted);
  const help = { key: "--key", away: "is --url right, and does it answer?" };
  return { url: place, key: key || environmentKey(place), help };
}

/** The key of a Hexedge is nothing that hex.pm, or whoever is named here, should see. */
function environmentKey(place: string): string | undefined {
  const { HEXEDGE_URL, HEXEDGE_KEY } = process.env;
  const isMeant = URL.parse(HEXEDGE_URL ?? "")?.origin === new URL(place).origin;
  return isMeant ? HEXEDGE_KEY || undefined : undefined;
}
