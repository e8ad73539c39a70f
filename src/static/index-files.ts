/** names and versions, as they follow from the packages. */
import type {
  NamesResource,
  PackageResource,
  Timestamp,
  VersionsResource,
} from "../hex/registry.ts";
import { byName } from "./layout.ts";

export function namesOf(
  repository: string,
  packages: readonly PackageResource[],
  updatedAt: (name: string) => Timestamp | undefined,
): NamesResource {
  const entries = packages.map(({ name }) => ({ name, updatedAt: updatedAt(name) }));
  return { repository, packages: entries.sort(byName) };
}

export function versionsOf(
  repository: string,
  packages: readonly PackageResource[],
): VersionsResource {
  const entries = packages.map(({ name, releases }) => {
    const where = (is: (release: PackageResource["releases"][number]) => boolean) =>
      [...releases.entries()].filter(([, it]) => is(it)).map(([at]) => at);
    return {
      name,
      versions: releases.map(({ version }) => version),
      retired: where(({ retired }) => retired !== undefined),
      withAdvisories: where(({ advisoryIndexes }) => advisoryIndexes.length > 0),
    };
  });
  return { repository, packages: entries.sort(byName) };
}
