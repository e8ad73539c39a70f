/** Several repositories as one: what their files say under the group's name. Pure. */
import type { PackageResource, VersionsPackage, VersionsResource } from "../hex/registry.ts";

/**
 * A member's package as the group's own. A dependency on a member, or on a package of the same member, is
 * one on the group itself, so it names no repository; others stay as they are.
 * @param names what the members are called in signed files.
 */
export function asGroup(
  resource: PackageResource,
  group: string,
  names: ReadonlySet<string>,
): PackageResource {
  return {
    ...resource,
    repository: group,
    releases: resource.releases.map((release) => ({
      ...release,
      dependencies: release.dependencies.map(({ repository, ...dependency }) =>
        repository === undefined || repository === group || names.has(repository)
          ? dependency
          : { ...dependency, repository },
      ),
    })),
  };
}

/** Of each name, what the first member says that has it: not even other versions from the next. In byte order. */
export function mergeVersions(
  members: readonly VersionsResource[],
  group: string,
): VersionsResource {
  const byName = new Map<string, VersionsPackage>();
  for (const { packages } of members) {
    for (const it of packages) if (!byName.has(it.name)) byName.set(it.name, it);
  }
  const packages = [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  return { repository: group, packages };
}
