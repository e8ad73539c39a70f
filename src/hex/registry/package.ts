/** `packages/NAME`: what a client needs to resolve one package, and to check its tarballs. */
import { Package } from "../pb/package.js";
import { advisoryMessage, decodeAdvisory, type SecurityAdvisory } from "./advisory.ts";
import { requiredName } from "./fields.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import { decodeRelease, type ReleaseResource, releaseMessage } from "./release.ts";
import {
  type BuildOptions,
  buildSigned,
  checkName,
  checkRepository,
  type UnpackLimits,
  unpackSigned,
} from "./signed.ts";

export interface PackageResource {
  repository: string;
  name: string;
  /** Written in the order given; the specification wants ascending order. */
  releases: readonly ReleaseResource[];
  /** Those that affect any of the releases; a release points to them by position. */
  advisories: readonly SecurityAdvisory[];
}

/** hex.pm's largest have some 100 kB; at 300 bytes a release this holds 50,000. */
const inflatedBytesMax = 16 * 1024 * 1024;

/** @returns the payload. @throws Error naming the release and field that is missing or wrong. */
export function encodePackage(resource: PackageResource): Uint8Array {
  const name = requiredName(resource.name, "a package's name");
  const { releases, advisories } = resource;
  return encodeMessage(Package, {
    releases: releases.map((release) => releaseMessage(release, name, advisories.length)),
    name,
    repository: requiredName(resource.repository, `${name}: repository`),
    advisories: advisories.map((advisory) => advisoryMessage(advisory, name)),
  });
}

/**
 * What is newer than this program decodes to what keeps the release usable: a reason for retirement to
 * "other", a severity to none at all.
 * @throws RegistryError "bad_message".
 */
export function decodePackage(payload: Uint8Array): PackageResource {
  const { name, repository, releases, advisories } = decodeMessage(Package, payload, "package");
  return {
    repository,
    name,
    releases: releases.map((release) => decodeRelease(release, name)),
    advisories: advisories.map(decodeAdvisory),
  };
}

/** @returns the file. */
export async function buildPackage(
  resource: PackageResource,
  privateKey: CryptoKey,
  options: BuildOptions,
): Promise<Uint8Array> {
  return buildSigned(encodePackage(resource), privateKey, options);
}

/** @throws RegistryError for any reason of the list. */
export async function unpackPackage(
  bytes: Uint8Array,
  publicKey: CryptoKey,
  expected: { repository: string; name: string } & UnpackLimits,
): Promise<PackageResource> {
  const limits = { inflatedBytesMax: expected.inflatedBytesMax ?? inflatedBytesMax };
  const resource = decodePackage(await unpackSigned(bytes, publicKey, limits));
  checkRepository(resource, expected.repository);
  checkName(resource, expected.name);
  return resource;
}
