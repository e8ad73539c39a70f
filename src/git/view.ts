/** The files that git's dumb protocol asks for, as they follow from the state. Pure but for reading it. */
import type { Storage, StoredBody } from "../storage/storage.ts";
import { readState, type State } from "./state.ts";

/**
 * Packs that were just replaced are listed too: whoever read the refs before an update may read this after
 * it. All others who need them have read it before; they are found by name, for longer.
 */
const listedMs = 3600_000;

export const views = {
  "info/refs": ({ refs }: State) =>
    refs
      .map(({ name, sha, peeled }) => {
        return `${sha}\t${name}\n${peeled === null ? "" : `${peeled}\t${name}^{}\n`}`;
      })
      .join(""),
  HEAD: ({ head }: State) => {
    if (head === null) return undefined;
    return head.startsWith("refs/") ? `ref: ${head}\n` : `${head}\n`;
  },
  "objects/info/packs": ({ packs, kept }: State, now: number) => {
    const recent = kept.filter(({ at }) => now - at < listedMs).map(({ pack }) => pack);
    // git looks into the last one first (http.c puts each before those it has).
    return `${[...recent, ...packs].map((pack) => `P ${pack}.pack\n`).join("")}\n`;
  },
} satisfies Record<string, (state: State, now: number) => string | undefined>;

export type View = keyof typeof views;

/** A view as a file of storage, so that its ETag and ranges are those of files. */
export function viewed(
  storage: Pick<Storage, "get">,
  address: string,
  view: View,
  now: number,
): Pick<Storage, "get" | "head"> {
  const get: Storage["get"] = async (_key, range): Promise<StoredBody | undefined> => {
    const found = await readState(storage, address);
    if (!found) return undefined;
    const text = views[view](found.state, now);
    if (text === undefined) return undefined;
    const bytes = new TextEncoder().encode(text);
    const body = range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
    // The list of packs becomes shorter with time, and the state stays.
    const etag = `${found.stored.etag}-${bytes.length}`;
    return { ...found.stored, etag, sizeBytes: bytes.length, body };
  };
  return { get, head: (key) => get(key) };
}
