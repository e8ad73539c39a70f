import type { Author, Refused } from "./types.ts";
import type { World } from "./world.ts";

/**
 * Takes a release back. Publishing in reverse: first no registry file names it any more, then its
 * bytes go, so no reader is ever told of a release whose bytes are not there.
 */
export async function revert(
  world: World,
  name: string,
  version: string,
  author: Author,
): Promise<Refused | null> {
  const refused = world.ledger.revert(name, version, author, Date.now());
  if (refused) return refused;
  world.wake();
  await world.flush.package(name);
  await world.flush.registry();
  await world.flush.removals();
  return null;
}
