/** The README of a release. */
import { TextCollector } from "./text.ts";
import { type Damaged, visitContents } from "./walk.ts";

export interface Readme {
  path: string;
  text: string;
  /** There is more of it than what may be shown. */
  cut: boolean;
}

const readmeBytesMax = 256 * 1024;

/** The best first. */
const extensions = [
  ".md",
  ".markdown",
  ".mkd",
  ".livemd",
  "",
  ".txt",
  ".rst",
  ".adoc",
  ".asciidoc",
];

/**
 * The best one at the top that is text, in one walk that ends where no better one can come. Of two
 * with the same ending, which differ in case only, the first.
 * @returns undefined when there is none. Links are not followed.
 */
export async function readReadme(
  contents: Uint8Array,
  { bytesMax = readmeBytesMax }: { bytesMax?: number } = {},
): Promise<Readme | Damaged | undefined> {
  let best: { rank: number; readme: Readme } | undefined;
  const damaged = await visitContents(contents, {
    entry(path, { type, sizeBytes }) {
      const rank = rankOf(path);
      if (type !== "file" || rank === undefined || (best && best.rank <= rank)) return undefined;
      return new TextCollector(sizeBytes, bytesMax, (text, whole) => {
        if (text !== undefined) best = { rank, readme: { path, text, cut: !whole } };
      });
    },
    done: () => best?.rank === 0,
  });
  return damaged ?? best?.readme;
}

function rankOf(path: string): number | undefined {
  const name = path.toLowerCase();
  if (!name.startsWith("readme")) return undefined;
  const rank = extensions.indexOf(name.slice("readme".length));
  return rank < 0 ? undefined : rank;
}
