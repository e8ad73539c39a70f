import { mtimeOf } from "../../hex/gzip.ts";
import { RegistryError, unpackNames, unpackVersions } from "../../hex/registry.ts";
import { parsePublicKey } from "../../hex/sign.ts";
import { namesKey, publicKeyKey, versionsKey } from "../keys.ts";
import type { Author, Refused } from "../types.ts";
import type { World } from "../world.ts";
import { keepBackup } from "./backup.ts";

export interface Restored {
  packages: number;
  releases: number;
  /** Of how many packages a backup said who owns them; null when there was none that can be read. */
  backup: number | null;
}

/** All packages are adopted: from here on the ledger is the truth again, and the alarm brings the bucket up to it. */
export async function finishRestore(world: World, author: Author): Promise<Restored | Refused> {
  const { repository, ledger, storage } = world;
  if (!ledger.isLost()) return { refused: { reason: "ledger_not_lost", repository } };
  const unfinished: Refused = { refused: { reason: "restore_unfinished", repository } };
  if (!ledger.isAdopted()) return unfinished;
  const files = await Promise.all([
    fileOf(world, "names", namesKey(repository), unpackNames),
    fileOf(world, "versions", versionsKey(repository), unpackVersions),
  ]);
  const publicKey = await storage.head(publicKeyKey(repository));
  await keepBackup(world);
  // Somebody may have begun anew, or finished, while we read.
  if (!ledger.isAdopted()) return unfinished;
  for (const { name, etag, number } of files) {
    ledger.countFrom(number);
    // So the alarm knows what it replaces, and nothing stays in doubt for half a minute.
    if (etag !== null) ledger.setFileEtag(name, etag);
  }
  if (publicKey) ledger.setFileEtag("public_key", publicKey.etag);
  const { packages, releases } = ledger.counts();
  const backup = ledger.remembered();
  ledger.found(author, { packages, releases }, Date.now());
  world.wake();
  return { packages, releases, backup };
}

/** Its ETag, and the number of the change that it shows if it is ours. */
async function fileOf(
  { repository, storage, signer }: World,
  name: string,
  key: string,
  unpack: (file: Uint8Array, key: CryptoKey, of: { repository: string }) => Promise<unknown>,
): Promise<{ name: string; etag: string | null; number: number }> {
  const found = await storage.get(key);
  if (!found) return { name, etag: null, number: 0 };
  const file = new Uint8Array(await new Response(found.body).arrayBuffer());
  const { etag } = found;
  try {
    await unpack(file, await parsePublicKey(signer.publicKeyPem), { repository });
    return { name, etag, number: mtimeOf(file) };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { name, etag, number: 0 };
  }
}
