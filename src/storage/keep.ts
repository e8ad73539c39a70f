/** Putting verified bytes into storage; for files that a Durable Object can always get, or build, again. */
import { sameBytes, sha256 } from "../hex/checksum.ts";
import type { Storage } from "./storage.ts";

const attemptsMax = 4;
const delayMs = 100;

/**
 * Puts `bytes` in the place of whatever is there. A put that a dead instance left in flight is conditional
 * too, so it loses against this one, or is replaced by the next. So is one whose answer was lost: what is
 * there then is looked at.
 * @returns the ETag under which they are stored.
 */
export async function keep(
  storage: Pick<Storage, "head" | "put">,
  key: string,
  bytes: Uint8Array,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const there = await storage.head(key);
    if (there?.sha256 && sameBytes(there.sha256, await sha256(bytes))) return there.etag;
    const condition = there
      ? { kind: "replace" as const, etag: there.etag }
      : { kind: "create" as const };
    try {
      const stored = await storage.put(key, bytes, condition);
      if (stored) return stored.etag;
    } catch (error) {
      if (attempt === attemptsMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs * 2 ** attempt));
      continue;
    }
    if (attempt === attemptsMax) throw new Error(`${key}: somebody else keeps writing it`);
  }
}
