/** names and versions: as they are served, what is missing of what they tell of, and as they are written. */
import {
  buildNames,
  buildVersions,
  decodeNames,
  decodeVersions,
  encodeNames,
  encodeVersions,
  type NamesResource,
  type PackageResource,
  RegistryError,
  unpackSigned,
  type VersionsResource,
} from "../../hex/registry.ts";
import { namesOf, versionsOf } from "../index-files.ts";
import type { ReleaseName } from "../layout.ts";
import { ExportError, type PinnedRelease } from "./request.ts";
import type { Fetcher } from "./source.ts";
import { indexLimits, type WrittenFolder } from "./written-folder.ts";

export interface Index {
  names: { bytes: Uint8Array; resource: NamesResource };
  versions: { bytes: Uint8Array; resource: VersionsResource };
}

export async function readIndex(source: Fetcher, key: CryptoKey): Promise<Index> {
  const file = async <T>(path: string, decode: (payload: Uint8Array) => T) => {
    const bytes = await source.read(path);
    if (!bytes) throw new ExportError({ reason: "no_repository", path });
    try {
      return { bytes, resource: decode(await unpackSigned(bytes, key, indexLimits)) };
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      throw new ExportError({ reason: "bad_files", problems: [`${path}: ${error.message}`] });
    }
  };
  // The other way round than they are written there.
  const names = await file("names", decodeNames);
  const versions = await file("versions", decodeVersions);
  return { names, versions };
}

/** What the index tells of, or the lock files, and what has not come. */
export function missing(
  { names, versions }: Index,
  packages: readonly PackageResource[],
  pinned: readonly PinnedRelease[] | undefined,
): string[] {
  const held = new Map(packages.map((it) => [it.name, it.releases]));
  const has = ({ name, version }: ReleaseName) =>
    held.get(name)?.some((it) => it.version === version) === true;
  if (pinned) {
    return pinned
      .filter((it) => !has(it))
      .map(({ name, version }) => `${name} ${version}: the repository does not have it`);
  }
  const listed = versions.resource.packages.flatMap(({ name, versions: list }) =>
    held.has(name) ? list.map((version) => ({ name, version })) : [],
  );
  const lacking = listed
    .filter((it) => !has(it))
    .map(({ name, version }) => `versions tells of ${name} ${version}, packages/${name} does not`);
  const [one, other] = [names, versions].map(({ resource }) =>
    resource.packages.map(({ name }) => name).sort(),
  );
  return one?.join() === other?.join()
    ? lacking
    : [...lacking, "names and versions tell of different packages"];
}

/** As it is served; or, where there is a key to sign with, what it has to say of these packages. */
export async function writeIndex(
  folder: WrittenFolder,
  { names, versions }: Index,
  packages: readonly PackageResource[],
  key: CryptoKey,
  privateKey: CryptoKey | undefined,
): Promise<void> {
  if (!privateKey) {
    await folder.writeVerbatim("versions", versions.bytes, key);
    await folder.writeVerbatim("names", names.bytes, key);
    return;
  }
  const { repository } = versions.resource;
  const options = { mtimeSeconds: 0 };
  const dates = new Map(names.resource.packages.map((it) => [it.name, it.updatedAt]));
  const ownVersions = versionsOf(repository, packages);
  const ownNames = namesOf(repository, packages, (name) => dates.get(name));
  await folder.writeSigned(
    ...(["versions", privateKey, encodeVersions(ownVersions)] as const),
    (payload) => encodeVersions(decodeVersions(payload)),
    () => buildVersions(ownVersions, privateKey, options),
  );
  await folder.writeSigned(
    ...(["names", privateKey, encodeNames(ownNames)] as const),
    (payload) => encodeNames(decodeNames(payload)),
    () => buildNames(ownNames, privateKey, options),
  );
}
