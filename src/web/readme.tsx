/** The README of a release, rendered once for everybody who looks at its page meanwhile. */
import type { Context } from "hono";
import { raw } from "hono/html";
import { openStorage } from "../env.ts";
import type { App } from "../http/app-type.ts";
import type { ShownPackage, ShownRelease } from "../http/shown-package.ts";
import { openRelease } from "../preview/open.ts";
import { readReadme } from "../preview/readme.ts";
import { Empty } from "./parts.tsx";
import { filePath, type ReleasePlace, rawPath } from "./paths.ts";
import { renderMarkdown, renderPlain } from "./text/markdown.ts";

interface RenderedReadme {
  path: string;
  html: string;
  isCut: boolean;
}

/** By the checksum of the tarball, so it is never old. */
const rendered = new Map<string, RenderedReadme | null>();
/** At 30 KB each, at most. */
const renderedMax = 100;

export async function readme(
  c: Context<App>,
  { repository, name }: Pick<ShownPackage, "repository" | "name">,
  { version, outerChecksum }: Pick<ShownRelease, "version" | "outerChecksum">,
) {
  const place = { repository, name, version };
  const found = rendered.has(outerChecksum)
    ? rendered.get(outerChecksum)
    : await renderOf(c, place, outerChecksum);
  if (!found) {
    return (
      <Empty title="No README">
        <p>
          {found === undefined
            ? "The files of this release are not here at the moment."
            : "A file called README.md at the top of the package is shown here."}
        </p>
      </Empty>
    );
  }
  return (
    <section class="readme" aria-label={found.path}>
      {/* Sanitised: see text/sanitise.ts. */}
      {raw(found.html)}
      {found.isCut ? (
        <p class="note">
          The rest is in <a href={filePath(place, found.path)}>{found.path}</a>.
        </p>
      ) : null}
    </section>
  );
}

/** @returns null when there is none, undefined when that cannot be said now. */
async function renderOf(
  c: Context<App>,
  place: ReleasePlace,
  checksum: string,
): Promise<RenderedReadme | null | undefined> {
  const { repository, name, version } = place;
  const key = `repos/${repository}/tarballs/${name}-${version}.tar`;
  const release = await openRelease(openStorage(c.env), key);
  if (!release || !("close" in release)) return undefined;
  try {
    const found = await readReadme(release.contents);
    if (found && "damaged" in found) return undefined;
    const result = found ? render(place, found) : null;
    if (rendered.size >= renderedMax) rendered.clear();
    rendered.set(checksum, result);
    return result;
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
      })
    : renderPlain(text);
  return { path, html, isCut: isCut || cut };
}
