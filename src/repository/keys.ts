/**
 * Object keys; they equal the URL paths, so the bucket can be served, copied or exported as it is.
 * Names cannot hold a `-` or `/`, so no two releases share a key.
 */
export const repositoryPrefix = (repository: string) => `repos/${repository}/`;
export const namesKey = (repository: string) => `repos/${repository}/names`;
export const versionsKey = (repository: string) => `repos/${repository}/versions`;
export const publicKeyKey = (repository: string) => `repos/${repository}/public_key`;
export const packageKey = (repository: string, name: string) =>
  `repos/${repository}/packages/${name}`;
export const tarballKey = (repository: string, name: string, version: string) =>
  `repos/${repository}/tarballs/${name}-${version}.tar`;
export const docsKey = (repository: string, name: string, version: string) =>
  `repos/${repository}/docs/${name}-${version}.tar.gz`;

/**
 * The pages of a release's docs, in one object (`docs/format.ts`). Made of the docs tarball, and outside
 * of `repos/`, which is the public layout: nobody but our own pages reads them.
 */
export const pagesPrefix = (repository: string) => `pages/${repository}/`;
export const pagesKey = (repository: string, name: string, version: string) =>
  `pages/${repository}/${name}-${version}`;

/** Where the KV index keeps what the API shows about a package. */
export const indexKey = (repository: string, name: string) =>
  `repos/${repository}/packages/${name}`;

export type ParsedKey =
  | { kind: "index" }
  | { kind: "package"; name: string }
  | { kind: "tarball" | "docs" | "pages"; name: string; version: string };

/** What a key of the bucket is for; undefined when it is none of the repository's. */
export function parseKey(repository: string, key: string): ParsedKey | undefined {
  if ([namesKey, versionsKey, publicKeyKey].some((of) => of(repository) === key)) {
    return { kind: "index" };
  }
  const packages = packageKey(repository, "");
  if (key.startsWith(packages)) return { kind: "package", name: key.slice(packages.length) };
  const pages = pagesPrefix(repository);
  if (key.startsWith(pages)) return releaseOf("pages", key.slice(pages.length), "");
  const file = key.slice(repositoryPrefix(repository).length);
  const isIn = (folder: string) =>
    key === `${repositoryPrefix(repository)}${file}` && file.startsWith(folder);
  if (isIn("tarballs/")) return releaseOf("tarball", file.slice("tarballs/".length), ".tar");
  if (isIn("docs/")) return releaseOf("docs", file.slice("docs/".length), ".tar.gz");
  return undefined;
}

function releaseOf(
  kind: "tarball" | "docs" | "pages",
  file: string,
  suffix: string,
): ParsedKey | undefined {
  const [, name, version] =
    /^([^/-]+)-([^/]+)$/.exec(file.slice(0, file.length - suffix.length)) ?? [];
  if (!name || !version || !file.endsWith(suffix)) return undefined;
  return { kind, name, version };
}

/** What only the ledger knows of the repository: who owns what, who published it. Nobody but `restore` reads it. */
export const backupKey = (repository: string) => `backups/${repository}`;
