/** Bringing releases into a mirror before anybody asks for them: exactly what a lock file pins. */
import { fromHex, sameBytes } from "../hex/checksum.ts";
import type { LockedRelease } from "../hex/lockfile.ts";
import type { Tarballs } from "./tarballs.ts";
import type { World } from "./world.ts";

/** What became of a release. */
export interface Held {
  package: string;
  version: string;
  outcome:
    | "new"
    | "there"
    /** Upstream does not have it. */
    | "missing"
    /** Upstream could not be asked, or its bytes are not what its registry says. */
    | "unavailable"
    /** The lock file pins other bytes than upstream has. */
    | "wrong"
    /** It belongs to another repository than this one mirrors. */
    | "elsewhere";
  why: string | null;
}

const atOnce = 4;

/** In the order of `releases`. Doing it again, or after half of it, fetches only what is not there. */
export async function hold(
  world: World,
  tarballs: Tarballs,
  releases: readonly LockedRelease[],
): Promise<Held[]> {
  const held: Held[] = [];
  for (let at = 0; at < releases.length; at += atOnce) {
    const batch = releases.slice(at, at + atOnce);
    held.push(...(await Promise.all(batch.map((release) => holdOne(world, tarballs, release)))));
  }
  return held;
}

async function holdOne(world: World, tarballs: Tarballs, release: LockedRelease): Promise<Held> {
  const { package: name, version } = release;
  const as = (outcome: Held["outcome"], why: string | null = null): Held => {
    return { package: name, version, outcome, why };
  };
  const { declaration, repository } = world;
  // rebar.lock and manifest.toml name none: then it is whichever is mirrored.
  if (release.repository !== null && release.repository !== declaration.upstream_name) {
    return as("elsewhere", `it belongs to ${release.repository}`);
  }
  if (declaration.only && !declaration.only.includes(name)) {
    return as("elsewhere", "it is not among the packages mirrored here");
  }
  const key = `repos/${repository}/tarballs/${name}-${version}.tar`;
  const before = await world.storage.head(key);
  if (!before) {
    const delivered = await tarballs.hold(name, version);
    if (delivered.kind === "missing") return as("missing", "upstream does not have it");
    if (delivered.kind !== "kept") return as("unavailable", delivered.why);
  }
  const there = before ?? (await world.storage.head(key));
  const pinned = release.outerChecksum === null ? undefined : fromHex(release.outerChecksum);
  if (pinned && there?.sha256 && !sameBytes(pinned, there.sha256)) {
    return as("wrong", "the lock file pins other bytes than upstream has");
  }
  return as(before ? "there" : "new");
}
