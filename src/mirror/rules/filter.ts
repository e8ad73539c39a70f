/** A package without what is held. */
import type { PackageResource } from "../../hex/registry.ts";
import type { Verdict } from "./verdict.ts";

/**
 * @param verdicts of the same resource, from verdictsOf.
 * @returns the releases that are in, with the advisories that affect them and no others; undefined when
 *   nothing is left, because a package without releases is not listed anywhere.
 * @throws Error when the verdicts are about something else.
 */
export function filterPackage(
  resource: PackageResource,
  verdicts: readonly Verdict[],
): PackageResource | undefined {
  if (verdicts.length !== resource.releases.length) {
    throw new Error(`${resource.name}: ${verdicts.length} verdicts are not one for each release`);
  }
  const releases = resource.releases.filter((release, at) => {
    const verdict = verdicts[at];
    if (verdict?.version === release.version) return verdict.isIn;
    throw new Error(`${resource.name} ${release.version}: the verdict is about another version`);
  });
  if (releases.length === 0) return undefined;

  const used = new Set(releases.flatMap(({ advisoryIndexes }) => advisoryIndexes));
  const advisories = [...resource.advisories.entries()].filter(([at]) => used.has(at));
  const positions = new Map(advisories.map(([before], after) => [before, after]));
  return {
    ...resource,
    releases: releases.map((release) => ({
      ...release,
      // What points behind the list says nothing, and could not be signed.
      advisoryIndexes: release.advisoryIndexes.flatMap((before) => positions.get(before) ?? []),
    })),
    advisories: advisories.map(([, advisory]) => advisory),
  };
}
