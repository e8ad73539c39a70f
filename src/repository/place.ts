/** Putting bytes under a key of which this Durable Object is the only writer. */
import { sameBytes, sha256 } from "../hex/checksum.ts";
import type { World } from "./world.ts";

/** A put that fails may be R2 asking for patience (one write a second to one key). */
export const retryDelaysMs: readonly number[] = [100, 400, 1200];

/**
 * Puts `bytes` in the place of what has the ETag `expected` (null: of nothing), and makes sure.
 *
 * What is found there instead can only be ours as well: an earlier try whose answer was lost, or
 * the late put of an evicted predecessor. If it is these bytes, all is done; else it is replaced,
 * on the condition that it is still what was found, so a put that lands later than this one loses.
 *
 * Either way a put of unknown fate is about, and the ledger writes that down. The platform holds the
 * next put back until that is durable, so an instance that has a successor and does not know it
 * ends here, instead of replacing its successor's file.
 * @returns the ETag under which the bytes are stored.
 * @throws when storage keeps failing; the bytes may be there or not.
 */
export async function place(
  { storage, ledger, retryDelaysMs }: Pick<World, "storage" | "ledger" | "retryDelaysMs">,
  key: string,
  bytes: Uint8Array,
  expected: string | null,
): Promise<string> {
  let etag = expected;
  for (let attempt = 0; ; attempt++) {
    try {
      const condition =
        etag === null ? { kind: "create" as const } : { kind: "replace" as const, etag };
      const stored = await storage.put(key, bytes, condition);
      if (stored) return stored.etag;
      const found = await storage.head(key);
      if (found?.sha256 && sameBytes(found.sha256, await sha256(bytes))) return found.etag;
      etag = found?.etag ?? null;
      ledger.unsettle(key, Date.now());
    } catch (error) {
      ledger.unsettle(key, Date.now());
      const delay = retryDelaysMs[attempt];
      if (delay === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
      continue;
    }
    if (attempt > retryDelaysMs.length) throw new Error(`${key}: somebody else keeps writing it`);
  }
}
