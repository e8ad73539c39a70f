/** A package tarball as packages/NAME tells of it. */
import { sameBytes, sha256 } from "../hex/checksum.ts";
import { checkMetadata, type Dependency } from "../hex/metadata.ts";
import type { FieldErrors, UploadRefusal } from "../hex/refusal.ts";
import type { DependencyResource, ReleaseResource } from "../hex/registry.ts";
import { type TarballLimits, tarballLimits, unpackTarball } from "../hex/tarball.ts";

export interface TarballFacts {
  name: string;
  version: string;
  innerChecksum: Uint8Array;
  outerChecksum: Uint8Array;
  requirements: readonly Dependency[];
}

/** @returns what it says of itself, or in a sentence why it is no package. */
export async function readTarball(
  bytes: Uint8Array,
  limits: TarballLimits = tarballLimits,
): Promise<TarballFacts | { refused: string }> {
  const tarball = await unpackTarball(bytes, limits);
  if ("refused" in tarball) return { refused: sentence(tarball.refused) };
  const checked = checkMetadata(tarball.terms, { public: false });
  if ("refused" in checked) return { refused: sentence(checked.refused) };
  const { innerChecksum, outerChecksum } = tarball;
  const { name, version, requirements } = checked.metadata;
  return { name, version, requirements, innerChecksum, outerChecksum };
}

/** Is it the tarball that packages/NAME tells of? Only very old registries have no outer checksum. */
export async function hasChecksum(
  tarball: Uint8Array,
  { innerChecksum, outerChecksum }: Pick<ReleaseResource, "innerChecksum" | "outerChecksum">,
): Promise<boolean> {
  if (outerChecksum) return sameBytes(await sha256(tarball), outerChecksum);
  const unpacked = await unpackTarball(tarball);
  return !("refused" in unpacked) && sameBytes(unpacked.innerChecksum, innerChecksum);
}

/**
 * What packages/NAME says of the requirements, in byte order of the names.
 *
 * One that names no repository, which is how rebar3 writes all of them, is ours if we hold the package,
 * and hexpm's otherwise: what a hosted repository decides as well. `mix hex.registry build` takes it for
 * ours in any case, and then nobody can resolve it.
 */
export function dependencies(
  requirements: readonly Dependency[],
  repository: string,
  isHeld: (name: string) => boolean,
): DependencyResource[] {
  const sorted = requirements.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return sorted.map(({ name, app, requirement, optional, repository: said }) => {
    const owner = said ?? (isHeld(name) ? repository : "hexpm");
    return {
      ...{ package: name, requirement },
      // As hexpm writes them: only what differs from what a client assumes.
      ...(optional ? { optional } : {}),
      ...(app === name ? {} : { app }),
      ...(owner === repository ? {} : { repository: owner }),
    };
  });
}

function sentence(refusal: UploadRefusal): string {
  switch (refusal.reason) {
    case "tarball_too_big":
      return `it has more than ${refusal.sizeBytesMax} bytes`;
    case "bad_tarball":
      return refusal.message;
    case "bad_metadata":
      return fieldErrors(refusal.errors).join("; ");
  }
}

function fieldErrors(errors: FieldErrors): string[] {
  return Object.entries(errors).flatMap(([field, error]) =>
    typeof error === "string"
      ? `${field} ${error}`
      : fieldErrors(error).map((it) => `${field}: ${it}`),
  );
}
