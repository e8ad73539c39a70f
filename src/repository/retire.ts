import type { Author, Refused, Retirement } from "./types.ts";
import type { World } from "./world.ts";

/** Retires a release, or takes the retirement back with null. versions follows with the alarm. */
export async function retire(
  world: World,
  name: string,
  version: string,
  retirement: Retirement | null,
  author: Author,
): Promise<Refused | null> {
  const refused = world.ledger.retire(name, version, retirement, author, Date.now());
  if (refused) return refused;
  world.wake();
  await world.flush.package(name);
  return null;
}
