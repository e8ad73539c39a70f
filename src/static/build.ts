/**
 * A folder of tarballs becomes a repository that any web server can serve: what `mix hex.registry build`
 * does, but only for what changed.
 *
 * Every tarball is read and its SHA-256 compared with the one in packages/NAME, which is signed with our
 * key: there is nothing else to keep, and nothing that can be wrong. Sizes and dates would save the
 * reading, and miss a tarball that was replaced by one of the same size in the same second, or with
 * `cp -p`; the registry would then go on telling the old checksum, and every client refuse the package.
 * What is saved is what takes time: unpacking, checking, signing and writing.
 *
 * Contents first, index last, and removing the other way round: whoever kills it leaves a repository
 * that works, and the next run does the rest.
 */
import {
  buildNames,
  buildPackage,
  buildVersions,
  encodeNames,
  encodeVersions,
} from "../hex/registry.ts";
import { publicKeyPem } from "../hex/sign.ts";
import { Before } from "./build/before.ts";
import { composePackages, newestTarballs } from "./build/compose.ts";
import { BuildError, type BuildRefusal } from "./build/refusals.ts";
import { readTarballs } from "./build/tarballs.ts";
import type { Folder } from "./folder.ts";
import { namesOf, versionsOf } from "./index-files.ts";
import { journalPath, packagePath } from "./layout.ts";

export type { BuildRefusal, Problem } from "./build/refusals.ts";

export interface BuildRequest {
  folder: Folder;
  repository: string;
  privateKey: CryptoKey;
  /** Sign anew what another key signed, or what was another repository's, or is not readable. */
  force?: boolean;
  /** Told after each tarball. */
  onTarball?: (done: number, total: number) => void;
}

export interface BuildReport {
  repository: string;
  packages: number;
  releases: number;
  /** How many tarballs were new or changed. */
  unpacked: number;
  /** Paths. */
  written: string[];
  removed: string[];
}

/** @returns what it did, or why nothing was done: everything is read and checked before the first file is written. */
export async function buildRepository(
  request: BuildRequest,
): Promise<BuildReport | { refused: BuildRefusal }> {
  return BuildError.caught(() => build(request));
}

/** @returns why nothing would be built there whatever the tarballs are, or undefined. */
export async function refusalOfFolder(
  request: Omit<BuildRequest, "onTarball">,
): Promise<BuildRefusal | undefined> {
  const read = await BuildError.caught(() => Before.read(request));
  return "refused" in read ? read.refused : undefined;
}

async function build(request: BuildRequest): Promise<BuildReport> {
  const { folder, repository, privateKey } = request;
  const listed = await folder.list("tarballs");
  if (!listed) throw new BuildError({ reason: "no_tarballs" });
  const before = await Before.read(request);
  const tarballs = await readTarballs(request, listed, before);
  const packages = composePackages(repository, tarballs, before);

  const written: string[] = [];
  const write = async (path: string, bytes: Uint8Array) => {
    await folder.write(path, bytes);
    written.push(path);
  };
  // No date in the files: the same tarballs give the same bytes, which git likes.
  const options = { mtimeSeconds: 0 };
  const changed = packages.filter((it) => !before.says(it));
  await before.begin(folder, changed);
  for (const it of changed) {
    await write(packagePath(it.name), await buildPackage(it, privateKey, options));
  }
  const versions = versionsOf(repository, packages);
  if (!before.hasVersions(encodeVersions(versions))) {
    await write("versions", await buildVersions(versions, privateKey, options));
  }
  const changedNames = new Set([...changed.map(({ name }) => name), ...before.unfinished]);
  const [newest, updatedAt] = [newestTarballs(tarballs), before.updatedAt];
  const names = namesOf(repository, packages, (name) =>
    changedNames.has(name) ? newest.get(name) : (updatedAt.get(name) ?? newest.get(name)),
  );
  if (!before.hasNames(encodeNames(names))) {
    await write("names", await buildNames(names, privateKey, options));
  }
  // Behind all that it signs: until then an interrupted run knows what the old key has signed.
  if (!before.hasPublicKey) {
    await write("public_key", new TextEncoder().encode(await publicKeyPem(privateKey)));
  }
  const held = new Set(packages.map(({ name }) => name));
  const stale = before.files.filter((name) => !held.has(name)).map(packagePath);
  for (const path of stale) await folder.remove(path);
  await folder.remove(journalPath);
  const releases = tarballs.length;
  const unpacked = tarballs.filter(({ facts }) => facts).length;
  return {
    ...{ repository, packages: packages.length, releases, unpacked, written, removed: stale },
  };
}
