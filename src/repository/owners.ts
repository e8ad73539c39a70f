/** Who owns a package. No registry file says so; KV follows with the alarm. */
import type { Author, OwnerLevel, Refused } from "./types.ts";
import type { World } from "./world.ts";

type OwnersWorld = Pick<World, "ledger" | "wake">;

/** Makes somebody an owner, or changes their level. With `transfer` all other owners go. */
export function setOwner(
  world: OwnersWorld,
  name: string,
  user: { id: number; name: string },
  level: OwnerLevel,
  options: { transfer: boolean },
  author: Author,
): Refused | null {
  const now = Date.now();
  return waking(world, world.ledger.setOwner(name, user, level, options, author, now));
}

/** Refused when somebody has to be left and would not: in a public repository. */
export function removeOwner(
  world: OwnersWorld,
  name: string,
  userId: number,
  isPublic: boolean,
  author: Author,
): Refused | null {
  const now = Date.now();
  return waking(world, world.ledger.removeOwner(name, userId, isPublic, author, now));
}

/** Hands a package over to its organization. */
export function disown(world: OwnersWorld, name: string, author: Author): Refused | null {
  return waking(world, world.ledger.disown(name, author, Date.now()));
}

/** Takes everything from an owner who has left, also where nobody else is left. */
export function forgetOwner(world: OwnersWorld, userId: number, author: Author): void {
  if (world.ledger.forgetOwner(userId, author, Date.now())) world.wake();
}

function waking(world: OwnersWorld, refused: Refused | undefined): Refused | null {
  if (refused) return refused;
  world.wake();
  return null;
}
