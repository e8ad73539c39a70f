/** `GET /packages/REPOSITORY/NAME/VERSION/files/PATH`: what is in a release, folder by folder and file by file. */
import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import type { App } from "../../http/app-type.ts";
import { listRelease } from "../../preview/files.ts";
import { type FolderEntry, listFolder } from "../../preview/folder.ts";
import { refusePage, renderPage } from "../page.tsx";
import { countText, sizeText, withQuery } from "../parts.tsx";
import { filePath, type ReleasePlace } from "../paths.ts";
import { showFile } from "./file.tsx";
import { askedNumber, contentBytesMax, pickPart } from "./page-parts.ts";
import {
  fetchableRelease,
  fileNotFound,
  keyOf,
  notOpened,
  pathInRelease,
} from "./shown-release.ts";
import { measure, Name, plainText } from "./visible.tsx";
import { bytesOfWhere, Where } from "./where.tsx";

export async function showFiles(c: Context<App>): Promise<Response> {
  const place = await fetchableRelease(c);
  if ("refused" in place) return refusePage(c, place.refused);
  const path = pathInRelease(c);
  const listed = await listRelease(openStorage(c.env, place.repository), keyOf(place));
  if (!listed || !("files" in listed)) return refusePage(c, notOpened(c, place, listed));
  const file = listed.files.find((it) => it.path === path);
  if (file) return showFile(c, place, file, listed.files);
  const entries = path === undefined ? undefined : listFolder(listed.files, path);
  return entries && path !== undefined
    ? showFolder(c, place, path, entries)
    : refusePage(c, fileNotFound(place, path));
}

function showFolder(
  c: Context<App>,
  place: ReleasePlace,
  path: string,
  entries: readonly FolderEntry[],
): Response | Promise<Response> {
  const rows = entries.map((entry) => ({ entry, bytes: bytesOfEntry(place, entry) }));
  const bytesMax = contentBytesMax - bytesOfWhere(place, path);
  const part = pickPart(rows, { part: askedNumber(c.req.query("page")) }, bytesMax);
  const release = `${place.name} ${place.version}`;
  const title = path === "" ? `Files of ${release}` : `${plainText(path, 100)} · ${release}`;
  return renderPage(
    c,
    200,
    title,
    <>
      <Where place={place} path={path} />
      <div class="scroll">
        <table class="files">
          <caption class="hidden">Files and folders here</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" class="number">
                Size
              </th>
            </tr>
          </thead>
          <tbody>
            {part.items.map(({ entry }) => (
              <Entry place={place} entry={entry} />
            ))}
          </tbody>
        </table>
      </div>
      {entries.length === 0 ? <p>There are no files in this release.</p> : null}
      <Parts part={part} hrefOf={(page) => withQuery(filePath(place, path), { page })} />
    </>,
  );
}

function Entry({ place, entry }: { place: ReleasePlace; entry: FolderEntry }) {
  const isFolder = entry.type === "folder";
  return (
    <tr>
      <td>
        <a href={filePath(place, entry.path)}>
          <Name>{isFolder ? `${entry.name}/` : entry.name}</Name>
        </a>
        {entry.type === "symlink" ? (
          <span class="quiet">
            {" "}
            links to <Name>{entry.linkTarget}</Name>
          </span>
        ) : null}
      </td>
      <td class="number">
        {isFolder ? <span class="quiet">{countText(entry.files, "file")}, </span> : null}
        {entry.type === "symlink" ? "link" : sizeText(entry.sizeBytes)}
      </td>
    </tr>
  );
}

/** At most: a name is cut, of what it hides each character takes some 80 bytes. */
function bytesOfEntry(place: ReleasePlace, { path, name, ...entry }: FolderEntry): number {
  const target = "linkTarget" in entry ? visibleBytes(entry.linkTarget) : 0;
  return 200 + filePath(place, path).length + visibleBytes(name) + target;
}

/** Of a text in a `Name`, at most. */
export function visibleBytes(text: string): number {
  return /^[ -~]*$/.test(text) ? measure(text).bytes : Math.min(4_100, 90 * text.length);
}

export function Parts(props: {
  part: { number: number; count: number };
  hrefOf: (number: number) => string;
}) {
  const { number, count } = props.part;
  if (count === 1) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {number > 1 ? (
        <a rel="prev" href={props.hrefOf(number - 1)}>
          Previous
        </a>
      ) : null}
      <span>
        Page {number} of {count}
      </span>
      {number < count ? (
        <a rel="next" href={props.hrefOf(number + 1)}>
          Next
        </a>
      ) : null}
    </nav>
  );
}
