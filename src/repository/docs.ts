import { docsKey } from "./keys.ts";
import type { Author, Refused } from "./types.ts";
import type { World } from "./world.ts";

/**
 * Stores the docs tarball of a release that exists, in the place of an older one. Answers when its pages
 * are stored as well. They are packed first: what cannot be shown is refused before anything is written.
 */
export async function publishDocs(
  world: World,
  name: string,
  version: string,
  docs: Uint8Array,
  checksum: Uint8Array,
  author: Author,
): Promise<Refused | null> {
  const { repository, ledger, uploads, pages } = world;
  const key = docsKey(repository, name, version);
  return uploads.admit(key, name, version, docs.length, async () => {
    // Asked again when it is reserved: this only spares us the packing.
    const hopeless = ledger.refusesDocs(name, version, checksum, author);
    if (hopeless) return hopeless;
    const outcome = await pages.pack(docs);
    if ("refused" in outcome) return outcome;
    const { packed } = outcome;
    return uploads.hold(packed.length, async () => {
      const refused = ledger.reserveDocs(name, version, checksum, author);
      if (refused) return refused;
      world.wake();
      await uploads.store(key, docs);
      await pages.flush(name, version, { packed, checksum });
      return null;
    });
  });
}

/** Removes the docs of a release; the release stays. */
export async function revertDocs(
  world: World,
  name: string,
  version: string,
  author: Author,
): Promise<Refused | null> {
  const refused = world.ledger.revertDocs(name, version, author, Date.now());
  if (refused) return refused;
  world.wake();
  await world.flush.removals();
  return null;
}
