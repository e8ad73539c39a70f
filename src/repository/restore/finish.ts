import { namesKey, publicKeyKey, versionsKey } from "../keys.ts";
import type { Author, Refused } from "../types.ts";
import type { World } from "../world.ts";
import { readBackup } from "./backup.ts";
import { mtimeOf } from "./package.ts";

export interface Restored {
  packages: number;
  releases: number;
  /** Of how many packages a backup said who owns them; null when there is none that can be read. */
  backup: number | null;
}

/** All packages are adopted: from here on the ledger is the truth again, and the alarm brings the bucket up to it. */
export async function finishRestore(world: World, author: Author): Promise<Restored | Refused> {
  const { repository, ledger, storage } = world;
  if (!ledger.isLost()) return { refused: { reason: "ledger_not_lost", repository } };
  if (!ledger.isAdopted()) return { refused: { reason: "restore_unfinished", repository } };
  const files = [
    ["names", namesKey(repository)],
    ["versions", versionsKey(repository)],
  ] as const;
  for (const [name, key] of files) {
    const found = await storage.get(key, { offset: 0, length: 10 });
    if (!found) continue;
    ledger.countFrom(mtimeOf(new Uint8Array(await new Response(found.body).arrayBuffer())));
    // So the alarm knows what it replaces, and nothing stays in doubt for half a minute.
    ledger.setFileEtag(name, found.etag);
  }
  const publicKey = await storage.head(publicKeyKey(repository));
  if (publicKey) ledger.setFileEtag("public_key", publicKey.etag);
  const backup = await readBackup(world);
  // Somebody may have begun anew while we read.
  if (!ledger.isAdopted()) return { refused: { reason: "restore_unfinished", repository } };
  const counts = ledger.counts();
  ledger.found(author, counts, Date.now());
  world.wake();
  return { ...counts, backup };
}
