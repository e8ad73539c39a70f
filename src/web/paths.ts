/** Where the pages of packages are. */
export interface ReleasePlace {
  repository: string;
  name: string;
  version: string;
}

export const packagePath = ({ repository, name }: Pick<ReleasePlace, "repository" | "name">) =>
  `/packages/${repository}/${name}`;
export const releasePath = (place: ReleasePlace) => `${packagePath(place)}/${place.version}`;

/** A file or folder of the release; `""` is all of it. */
export const filePath = (place: ReleasePlace, path: string) =>
  `${releasePath(place)}/files${path === "" ? "" : `/${encodePath(path)}`}`;

/** The bytes of a file. */
export const rawPath = (place: ReleasePlace, path: string) =>
  `${releasePath(place)}/raw/${encodePath(path)}`;

export const diffPath = (
  { repository, name }: Pick<ReleasePlace, "repository" | "name">,
  from: string,
  to: string,
  path = "",
) =>
  `${packagePath({ repository, name })}/diff/${from}..${to}${path === "" ? "" : `/${encodePath(path)}`}`;

/** The docs of a release, or without a version those of the latest. */
export const docsPath = (
  { repository, name }: Pick<ReleasePlace, "repository" | "name">,
  version?: string,
) => `/docs/${repository}/${name}/${version === undefined ? "" : `${version}/`}`;

export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
