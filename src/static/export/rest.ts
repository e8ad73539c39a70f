/** What an earlier export left in the folder, and nobody tells of any more. */
import type { Folder } from "../folder.ts";
import { docsPath, packagePath, parseFileName, type ReleaseName, tarballPath } from "../layout.ts";

/** Removes it; only what is named as these files are. @returns the paths. */
export async function removeRest(
  folder: Folder,
  packages: readonly { name: string }[],
  releases: readonly { release: ReleaseName; hasDocs: boolean }[],
): Promise<string[]> {
  const due = new Set([
    ...packages.map(({ name }) => packagePath(name)),
    ...releases.map(({ release }) => tarballPath(release)),
    ...releases.flatMap(({ release, hasDocs }) => (hasDocs ? docsPath(release) : [])),
  ]);
  const listed = async (path: string, isOurs: (file: string) => boolean) =>
    ((await folder.list(path)) ?? [])
      .filter(({ name }) => isOurs(name))
      .map(({ name }) => `${path}/${name}`);
  const all = [
    ...(await listed("packages", (file) => /^[a-z][a-z0-9_]*$/.test(file))),
    ...(await listed("tarballs", (file) => parseFileName(file, ".tar") !== undefined)),
    ...(await listed("docs", (file) => parseFileName(file, ".tar.gz") !== undefined)),
  ];
  const rest = all.filter((path) => !due.has(path));
  for (const path of rest) await folder.remove(path);
  return rest;
}
