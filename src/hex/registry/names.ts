/** `names`: which packages a repository has. */
import { Names, type Package } from "../pb/names.js";
import { entryOf } from "./entries.ts";
import { decodeTimestamp, encodeTimestamp, requiredName, type Timestamp } from "./fields.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import {
  type BuildOptions,
  buildSigned,
  checkRepository,
  type UnpackLimits,
  unpackSigned,
} from "./signed.ts";

export interface NamesResource {
  repository: string;
  /** Written in the order given; the specification wants byte order of the names. */
  packages: readonly NamesPackage[];
}

export interface NamesPackage {
  name: string;
  updatedAt?: Timestamp | undefined;
}

/** hex.pm's file has under 1 MB; a Worker has 128 MB in all. */
const inflatedBytesMax = 32 * 1024 * 1024;

/** @returns the payload. @throws Error naming the field that is missing or wrong. */
export function encodeNames(names: NamesResource): Uint8Array {
  const repository = requiredName(names.repository, "names: repository");
  return encodeMessage(Names, { packages: names.packages.map(packageMessage), repository });
}

/** @returns one package's piece of the payload, for concatEntries. @throws Error as encodeNames. */
export function encodeNamesEntry(entry: NamesPackage): Uint8Array {
  return entryOf(encodeMessage(Names, { packages: [packageMessage(entry)], repository: "" }));
}

/** @throws RegistryError "bad_message". */
export function decodeNames(payload: Uint8Array): NamesResource {
  const { repository, packages } = decodeMessage(Names, payload, "names");
  return {
    repository,
    packages: packages.map(({ name, updatedAt }) =>
      updatedAt ? { name, updatedAt: decodeTimestamp(updatedAt) } : { name },
    ),
  };
}

/** @returns the file. */
export async function buildNames(
  names: NamesResource,
  privateKey: CryptoKey,
  options: BuildOptions,
): Promise<Uint8Array> {
  return buildSigned(encodeNames(names), privateKey, options);
}

/** @throws RegistryError for any reason but "bad_name". */
export async function unpackNames(
  bytes: Uint8Array,
  publicKey: CryptoKey,
  expected: { repository: string } & UnpackLimits,
): Promise<NamesResource> {
  const limits = { inflatedBytesMax: expected.inflatedBytesMax ?? inflatedBytesMax };
  const names = decodeNames(await unpackSigned(bytes, publicKey, limits));
  checkRepository(names, expected.repository);
  return names;
}

function packageMessage(entry: NamesPackage): Package.$Properties {
  const name = requiredName(entry.name, "names: a package's name");
  if (!entry.updatedAt) return { name };
  return { name, updatedAt: encodeTimestamp(entry.updatedAt, `${name}: updated_at`) };
}
