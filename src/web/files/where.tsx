/** The way to a file: repository, package, release, and the folders that it lies in. */
import { encodePath, filePath, packagePath, type ReleasePlace, releasePath } from "../paths.ts";
import { Name } from "./visible.tsx";

/** Of a deep path only the last ones are links, since each repeats those before it. */
const foldersLinkedMax = 6;

export function Where({ place, path }: { place: ReleasePlace; path: string }) {
  const { repository, name, version } = place;
  const names = path === "" ? [] : path.split("/");
  return (
    <>
      <p class="path">
        <a href={`/repositories/${repository}`}>{repository}</a> /{" "}
        <a href={packagePath(place)}>{name}</a> / <a href={releasePath(place)}>{version}</a>
      </p>
      <h1>{names.length === 0 ? "Files" : <Name>{names.at(-1) ?? ""}</Name>}</h1>
      {names.length === 0 ? null : <Crumbs place={place} names={names} />}
    </>
  );
}

function Crumbs({ place, names }: { place: ReleasePlace; names: readonly string[] }) {
  const leftOut = Math.max(0, names.length - 1 - foldersLinkedMax);
  return (
    <nav class="crumbs" aria-label="Folders">
      <ol>
        <li>
          <a href={filePath(place, "")}>{`${place.name}-${place.version}`}</a>
        </li>
        {leftOut > 0 ? <li>…</li> : null}
        {names.slice(leftOut).map((folder, at) => {
          const end = leftOut + at + 1;
          return (
            <li>
              {end === names.length ? (
                <span aria-current="page">
                  <Name>{folder}</Name>
                </span>
              ) : (
                <a href={filePath(place, names.slice(0, end).join("/"))}>
                  <Name>{folder}</Name>
                </a>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

/**
 * What a path of more than usual length takes of the page, since links repeat it: the folders above, the
 * download, the parts before and after, and where to sign in.
 */
export function bytesOfWhere(place: ReleasePlace, path: string): number {
  const length = encodePath(path).length + releasePath(place).length - 200;
  return Math.min(
    20_000,
    Math.max(0, length * (5 + Math.min(foldersLinkedMax, path.split("/").length))),
  );
}
