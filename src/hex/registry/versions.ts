/** `versions`: every version of every package of a repository. */
import { type Package, Versions } from "../pb/versions.js";
import { entryOf } from "./entries.ts";
import { positions, requiredName } from "./fields.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import {
  type BuildOptions,
  buildSigned,
  checkRepository,
  type UnpackLimits,
  unpackSigned,
} from "./signed.ts";

export interface VersionsResource {
  repository: string;
  /** Written in the order given; the specification wants byte order of the names. */
  packages: readonly VersionsPackage[];
}

export interface VersionsPackage {
  name: string;
  /** Written in the order given; the specification wants ascending order. */
  versions: readonly string[];
  /** Positions in `versions`, from 0, of the retired ones. Not checked when decoded. */
  retired: readonly number[];
  /** Positions in `versions`, from 0, of those that an advisory affects. Not checked when decoded. */
  withAdvisories: readonly number[];
}

/** hex.pm's file has 2 MB; a Worker has 128 MB in all, and decoding takes a multiple. */
const inflatedBytesMax = 32 * 1024 * 1024;

/** @returns the payload. @throws Error naming the field that is missing or wrong. */
export function encodeVersions(versions: VersionsResource): Uint8Array {
  const repository = requiredName(versions.repository, "versions: repository");
  return encodeMessage(Versions, { packages: versions.packages.map(packageMessage), repository });
}

/** @returns one package's piece of the payload, for concatEntries. @throws Error as encodeVersions. */
export function encodeVersionsEntry(entry: VersionsPackage): Uint8Array {
  return entryOf(encodeMessage(Versions, { packages: [packageMessage(entry)], repository: "" }));
}

/** @throws RegistryError "bad_message". */
export function decodeVersions(payload: Uint8Array): VersionsResource {
  const { repository, packages } = decodeMessage(Versions, payload, "versions");
  return {
    repository,
    packages: packages.map(({ name, versions, retired, withAdvisories }) => ({
      name,
      versions: versions ?? [],
      retired: retired ?? [],
      withAdvisories: withAdvisories ?? [],
    })),
  };
}

/** @returns the file. */
export async function buildVersions(
  versions: VersionsResource,
  privateKey: CryptoKey,
  options: BuildOptions,
): Promise<Uint8Array> {
  return buildSigned(encodeVersions(versions), privateKey, options);
}

/** @throws RegistryError for any reason but "bad_name". */
export async function unpackVersions(
  bytes: Uint8Array,
  publicKey: CryptoKey,
  expected: { repository: string } & UnpackLimits,
): Promise<VersionsResource> {
  const limits = { inflatedBytesMax: expected.inflatedBytesMax ?? inflatedBytesMax };
  const versions = decodeVersions(await unpackSigned(bytes, publicKey, limits));
  checkRepository(versions, expected.repository);
  return versions;
}

function packageMessage(entry: VersionsPackage): Package.$Properties {
  const name = requiredName(entry.name, "versions: a package's name");
  const count = entry.versions.length;
  return {
    name,
    versions: entry.versions.map((version) => requiredName(version, `${name}: a version`)),
    retired: positions(entry.retired, count, `${name}: retired`),
    withAdvisories: positions(entry.withAdvisories, count, `${name}: with_advisories`),
  };
}
