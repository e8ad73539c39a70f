import { recordOf } from "./record.ts";
import type { ListQuery, PackageList } from "./types.ts";
import type { World } from "./world.ts";

/** Finds packages, and tells all about those of the page. */
export function list(
  world: Pick<World, "repository" | "ledger">,
  query: ListQuery,
  now: number,
): PackageList {
  const { packages, ...rest } = world.ledger.find(query);
  const listed = packages.flatMap(({ name, sortKey }) => {
    const record = recordOf(world, name, now);
    return record ? [{ package: record, sortKey }] : [];
  });
  return { packages: listed, ...rest };
}
