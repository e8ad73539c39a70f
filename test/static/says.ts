/** What a static repository says, as a distrusting client reads it. */
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { unpackNames, unpackPackage, unpackVersions } from "../../src/hex/registry.ts";
import { parsePublicKey, publicKeyFingerprint } from "../../src/hex/sign.ts";

export type Read = (path: string) => Promise<Uint8Array | undefined>;

/**
 * Decoded and verified, with what a client assumes anyway left out: the Elixir task writes
 * `optional: false` and each `app`, and packages in no order when there are more than 32.
 */
export async function says(read: Read, repository: string) {
  const pem = new TextDecoder().decode(await must(read, "public_key"));
  const key = await parsePublicKey(pem);
  const names = await unpackNames(await must(read, "names"), key, { repository });
  const versions = await unpackVersions(await must(read, "versions"), key, { repository });
  const packages = await Promise.all(
    versions.packages.map(async ({ name }) => {
      const file = await must(read, `packages/${name}`);
      const { releases, ...rest } = await unpackPackage(file, key, { repository, name });
      return { ...rest, releases: releases.map(plain) };
    }),
  );
  return {
    fingerprint: await publicKeyFingerprint(pem),
    names: names.packages.toSorted(byName),
    versions: versions.packages.toSorted(byName),
    packages: packages.sort(byName),
  };
}

/** Everything that a client would stumble over in a folder that is being changed. */
export async function problems(read: Read, repository: string): Promise<string[]> {
  const found: string[] = [];
  const { names, versions, packages } = await says(read, repository);
  if (names.map(({ name }) => name).join() !== versions.map(({ name }) => name).join()) {
    // They are two files: for a moment they differ, and no client minds.
    if (Math.abs(names.length - versions.length) > 1) found.push("names and versions differ");
  }
  for (const { name, releases } of packages) {
    const listed = versions.find((it) => it.name === name)?.versions ?? [];
    for (const version of listed) {
      if (!releases.some((it) => it.version === version)) found.push(`${name} ${version} listed`);
    }
    for (const { version, outerChecksum } of releases) {
      const tarball = await read(`tarballs/${name}-${version}.tar`);
      if (!tarball || toHex(await sha256(tarball)) !== outerChecksum) {
        found.push(`${name} ${version}: no right tarball`);
      }
    }
  }
  return found;
}

function plain(release: Awaited<ReturnType<typeof unpackPackage>>["releases"][number]) {
  const { innerChecksum, outerChecksum, dependencies, ...rest } = release;
  return {
    ...rest,
    innerChecksum: toHex(innerChecksum),
    outerChecksum: toHex(outerChecksum ?? new Uint8Array()),
    dependencies: dependencies.map(({ package: name, requirement, optional, app, repository }) => ({
      ...{ name, requirement, repository: repository ?? null },
      ...{ optional: optional ?? false, app: app ?? name },
    })),
  };
}

async function must(read: Read, path: string): Promise<Uint8Array> {
  const bytes = await read(path);
  if (!bytes) throw new Error(`${path} is not there`);
  return bytes;
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1;
}
