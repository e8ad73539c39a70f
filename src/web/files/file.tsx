/** A file of a release: its text with numbers and colours, or what it is instead. */
import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import type { App } from "../../http/app-type.ts";
import type { ReleaseFile } from "../../preview/files.ts";
import { openRelease } from "../../preview/open.ts";
import { type FileText, readFile } from "../../preview/read.ts";
import { refusePage, renderPage } from "../page.tsx";
import { sizeText } from "../parts.tsx";
import { filePath, type ReleasePlace, rawPath } from "../paths.ts";
import { Code } from "./code.tsx";
import { linkedPath } from "./linked-path.ts";
import { pictureTypeOf } from "./raw.ts";
import { fileNotFound, keyOf, notOpened } from "./shown-release.ts";
import { Name, plainText } from "./visible.tsx";
import { Where } from "./where.tsx";

/** A browser takes the whole of it, and shows it at the width of the page. */
const pictureBytesMax = 4 * 1024 * 1024;

export async function showFile(
  c: Context<App>,
  place: ReleasePlace,
  file: ReleaseFile,
  files: readonly ReleaseFile[],
): Promise<Response> {
  const content = await contentOf(c, place, file, files);
  if (content instanceof Response) return content;
  const title = `${plainText(file.path, 100)} · ${place.name} ${place.version}`;
  return renderPage(
    c,
    200,
    title,
    <>
      <Where place={place} path={file.path} />
      {content}
    </>,
  );
}

async function contentOf(
  c: Context<App>,
  place: ReleasePlace,
  file: ReleaseFile,
  files: readonly ReleaseFile[],
) {
  if (file.type === "symlink") return <LinkTarget place={place} link={file} files={files} />;
  const download = <Download place={place} path={file.path} sizeBytes={file.sizeBytes} />;
  if (pictureTypeOf(file.path) && file.sizeBytes <= pictureBytesMax) {
    return (
      <>
        <p class="count">{download}</p>
        <p>
          <img class="picture" src={rawPath(place, file.path)} alt={plainText(file.path, 200)} />
        </p>
      </>
    );
  }
  const read = await readText(c, place, file);
  if (read instanceof Response) return read;
  if ("text" in read) {
    return (
      <Code
        place={place}
        path={file.path}
        text={read.text}
        from={c.req.query("from")}
        download={download}
      />
    );
  }
  return (
    <>
      <p class="count">{download}</p>
      <p>
        {"binary" in read
          ? "This is no text, so it is not shown here."
          : "This is too large to be shown here."}
      </p>
    </>
  );
}

async function readText(
  c: Context<App>,
  place: ReleasePlace,
  { path }: ReleaseFile,
): Promise<FileText | Response> {
  const release = await openRelease(openStorage(c.env, place.repository), keyOf(place));
  if (!release || !("close" in release)) return refusePage(c, notOpened(c, place, release));
  try {
    const read = await readFile(release.contents, path);
    // It was listed a moment ago: somebody replaced the release.
    if (!read) return refusePage(c, fileNotFound(place, path));
    return "damaged" in read ? refusePage(c, notOpened(c, place, read)) : read;
  } finally {
    release.close();
  }
}

function Download(props: { place: ReleasePlace; path: string; sizeBytes: number }) {
  return (
    <>
      {sizeText(props.sizeBytes)} ·{" "}
      <a href={rawPath(props.place, props.path)} download>
        Download
      </a>
    </>
  );
}

function LinkTarget(props: {
  place: ReleasePlace;
  link: { path: string; linkTarget: string };
  files: readonly ReleaseFile[];
}) {
  const { place, link, files } = props;
  const path = linkedPath(files, link);
  return (
    <p>
      This is a symbolic link to{" "}
      {path === undefined ? (
        <>
          <Name>{link.linkTarget}</Name>, which is not in the package
        </>
      ) : (
        <a href={filePath(place, path)}>
          <Name>{link.linkTarget}</Name>
        </a>
      )}
      .
    </p>
  );
}
