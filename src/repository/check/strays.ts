/** What lies in the repository's part of the bucket although nothing tells of it. */
import { mtimeOf } from "../../hex/gzip.ts";
import { packageKey, pagesPrefix, parseKey, repositoryPrefix } from "../keys.ts";
import type { Facts } from "./facts.ts";
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
  { repository, sequence }: Pick<Facts, "repository" | "sequence">,
  after: string,
  unknown: (keys: string[]) => Promise<string[]>,
  say: (problem: Problem) => void,
): Promise<string | null> {
  let seen = 0;
  let some: string[] = [];
  /** @returns the last key that was looked at. */
  const ask = async (): Promise<string | undefined> => {
    const listed = some;
    some = [];
    for (const key of listed.length > 0 ? await unknown(listed) : []) {
      // It may have been removed, in good order, since it was listed.
      const isThere = (await reader.head(key)) && (await unknown([key])).length > 0;
      if (isThere && (await isOfLater(reader, repository, sequence, key))) {
        say({ says: `${key}: the ledger does not know of it any more`, cure: null });
      } else if (isThere) say({ says: `${key}: nobody knows of it`, cure: { do: "remove", key } });
      if (reader.isSpent) return key;
    }
    return listed.at(-1);
  };
  // In byte order: `pages/` comes before `repos/`.
  for (const prefix of [pagesPrefix(repository), repositoryPrefix(repository)]) {
    if (after > prefix && !after.startsWith(prefix)) continue;
    for await (const key of reader.storage.list(prefix, after)) {
      some.push(key);
      if (some.length < keysAtOnce) continue;
      const last = await ask();
      seen += keysAtOnce;
      if (last !== key || seen >= keysMax || reader.isSpent) return last ?? key;
    }
  }
  const end = some.at(-1);
  const last = await ask();
  return last === end ? null : (last ?? null);
}

/** Does its packages/NAME show a later change than the ledger has? Then it is the ledger that is wrong. */
async function isOfLater(
  reader: Reader,
  repository: string,
  sequence: number,
  key: string,
): Promise<boolean> {
  const of = parseKey(repository, key);
  if (!of || of.kind === "index") return false;
  const file = await reader.read(packageKey(repository, of.name));
  return file !== undefined && mtimeOf(file) > sequence;
}
