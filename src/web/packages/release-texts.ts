/** What a release says of itself in its tarball, read once for everybody who looks at its page meanwhile. */
import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import { consult } from "../../hex/erlang/consult.ts";
import { TermError } from "../../hex/erlang/term.ts";
import { checkMetadata, type Metadata } from "../../hex/metadata.ts";
import type { App } from "../../http/app-type.ts";
import { openRelease } from "../../preview/open.ts";
import { readReadme } from "../../preview/readme.ts";
import { filePath, type ReleasePlace, rawPath } from "../paths.ts";
import { renderMarkdown, renderPlain } from "../text/markdown.ts";

export interface ReleaseTexts {
  /** Null when the release has none. */
  readme: RenderedReadme | null;
  /** Null when it cannot be read, as of very old packages of others. */
  metadata: Metadata | null;
}

export interface RenderedReadme {
  path: string;
  /** Safe: see text/sanitise.ts. */
  html: string;
  /** There is more of it. */
  isCut: boolean;
}

/** With style sheet and versions the page stays below 50 KB. */
const htmlBytesMax = 20_000;

/** By the checksum of the tarball, so it is never old. */
const known = new Map<string, ReleaseTexts>();
/** At 20 KB each, at most. */
const knownMax = 100;

/** @returns "busy" when there is no room to open the tarball right now; undefined when it cannot be opened. */
export async function releaseTexts(
  c: Context<App>,
  place: ReleasePlace,
  checksum: string,
): Promise<ReleaseTexts | "busy" | undefined> {
  // Links in the text name the place.
  const name = `${place.repository}/${checksum}`;
  const texts = known.get(name) ?? (await readTexts(c, place));
  if (!texts || texts === "busy") return texts;
  if (known.size >= knownMax) known.clear();
  known.set(name, texts);
  return texts;
}

async function readTexts(
  c: Context<App>,
  place: ReleasePlace,
): Promise<ReleaseTexts | "busy" | undefined> {
  const { repository, name, version } = place;
  const key = `repos/${repository}/tarballs/${name}-${version}.tar`;
  const release = await openRelease(openStorage(c.env, repository), key);
  if (!release) return undefined;
  if (!("close" in release)) {
    return "refused" in release && release.refused === "busy" ? "busy" : undefined;
  }
  try {
    const readme = await readReadme(release.contents);
    if (readme && "damaged" in readme) return undefined;
    return {
      readme: readme ? render(place, readme) : null,
      metadata: metadataOf(release.metadata),
    };
  } finally {
    release.close();
  }
}

function render(
  place: ReleasePlace,
  { path, text, cut }: { path: string; text: string; cut: boolean },
): RenderedReadme {
  const isMarkdown = /\.(md|markdown|mkd|livemd)$/i.test(path);
  const { html, isCut } = isMarkdown
    ? renderMarkdown(text, {
        path,
        linkOf: (file) => filePath(place, file),
        pictureOf: (file) => rawPath(place, file),
        htmlBytesMax,
      })
    : renderPlain(text, { htmlBytesMax });
  return { path, html, isCut: isCut || cut };
}

function metadataOf(bytes: Uint8Array): Metadata | null {
  try {
    const checked = checkMetadata(consult(bytes, { asHexCore: true }), { public: false });
    return "metadata" in checked ? checked.metadata : null;
  } catch (error) {
    if (error instanceof TermError) return null;
    throw error;
  }
}
