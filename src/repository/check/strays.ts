/** What lies in the repository's part of the bucket although nothing tells of it. */
import { pagesPrefix, repositoryPrefix } from "../keys.ts";
import type { Problem } from "./problem.ts";
import type { Reader } from "./reader.ts";

/** The ledger is asked about so many keys at once. */
const keysAtOnce = 500;
/** In one step. */
const keysMax = 5000;

/**
 * Goes on behind the key `after`.
 * @param unknown those of the keys that the ledger does not know.
 * @returns the last key looked at, and null when it was the last one of all.
 */
export async function checkStrays(
  reader: Reader,
  repository: string,
  after: string,
  unknown: (keys: string[]) => Promise<string[]>,
  say: (problem: Problem) => void,
): Promise<string | null> {
  let seen = 0;
  let some: string[] = [];
  const ask = async () => {
    for (const key of some.length > 0 ? await unknown(some) : []) {
      // It may have been removed, in good order, since it was listed.
      if (!(await reader.head(key)) || (await unknown([key])).length === 0) continue;
      say({ says: `${key}: nobody knows of it`, cure: { do: "remove", key } });
    }
    some = [];
  };
  // In byte order: `pages/` comes before `repos/`.
  for (const prefix of [pagesPrefix(repository), repositoryPrefix(repository)]) {
    if (after > prefix && !after.startsWith(prefix)) continue;
    for await (const key of reader.storage.list(prefix, after)) {
      some.push(key);
      if (some.length < keysAtOnce) continue;
      await ask();
      seen += keysAtOnce;
      if (seen >= keysMax || reader.isSpent) return key;
    }
  }
  await ask();
  return null;
}
