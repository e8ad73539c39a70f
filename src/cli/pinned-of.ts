/** What lock files pin from one repository. */
import type { LockedRelease } from "../hex/lockfile.ts";
import { Mistake } from "./mistake.ts";
import type { Pinned } from "./pinned.ts";

/** @param names what the lock files may call the repository; what they do not name is hexpm's. */
export function pinnedOf(
  pinned: Pinned,
  names: readonly string[],
): { releases: LockedRelease[]; skipped: Pinned["skipped"] } {
  const isOurs = ({ repository }: LockedRelease) => names.includes(repository ?? "hexpm");
  const releases = pinned.releases.filter(isOurs);
  const others = pinned.releases.filter((it) => !isOurs(it));
  if (releases.length === 0 && others.length > 0) {
    const from = [...new Set(others.map((it) => it.repository ?? "hexpm"))].join(", ");
    const called = [...new Set(names)].join(" or ");
    throw new Mistake(
      `the lock files pin nothing from ${called}, but from ${from}: say which is meant with --from`,
    );
  }
  const skipped = others.map((it) => ({
    name: `${it.package} ${it.version}`,
    why: `it belongs to ${it.repository ?? "hexpm"}`,
  }));
  return { releases, skipped: [...skipped, ...pinned.skipped] };
}
