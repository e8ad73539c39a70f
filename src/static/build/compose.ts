/** What the registry has to say, as it follows from the tarballs and from what was said before. Pure. */
import type { PackageResource, ReleaseResource, Timestamp } from "../../hex/registry.ts";
import { sortVersions } from "../../hex/version.ts";
import { dependencies } from "../tarball.ts";
import type { Before } from "./before.ts";
import type { Tarball } from "./tarballs.ts";

/** packages/NAME of each package; what only an older file tells of a version is kept. */
export function composePackages(
  repository: string,
  tarballs: readonly Tarball[],
  before: Before,
): PackageResource[] {
  const byPackage = Map.groupBy(tarballs, ({ name }) => name);
  const isHeld = (name: string) => byPackage.has(name);
  return [...byPackage].map(([name, files]) => {
    const old = before.package(name);
    const byVersion = new Map(files.map((it) => [it.version, it]));
    const releases = sortVersions([...byVersion.keys()]).flatMap((version): ReleaseResource[] => {
      const { known, facts } = byVersion.get(version) ?? {};
      if (known) return [known];
      if (!facts) return [];
      // What the tarball does not know: somebody has said it of this version.
      const kept = old?.releases.find((it) => it.version === version);
      const { innerChecksum, outerChecksum, requirements } = facts;
      return [
        {
          ...{ version, innerChecksum, outerChecksum },
          dependencies: dependencies(requirements, repository, isHeld),
          retired: kept?.retired,
          advisoryIndexes: kept?.advisoryIndexes ?? [],
          publishedAt: kept?.publishedAt,
        },
      ];
    });
    return { repository, name, releases, advisories: old?.advisories ?? [] };
  });
}

/** The date of each package's last tarball, which is what the Elixir task writes. */
export function newestTarballs(tarballs: readonly Tarball[]): ReadonlyMap<string, Timestamp> {
  const newest = new Map<string, Timestamp>();
  for (const { name, modifiedSeconds } of tarballs) {
    const seconds = Math.max(modifiedSeconds, newest.get(name)?.seconds ?? 0);
    newest.set(name, { seconds, nanos: 0 });
  }
  return newest;
}
