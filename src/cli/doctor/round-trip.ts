/**
 * Publishes the throw-away package through the API, resolves it as a client does, checking the signature,
 * and reverts it. Its name is always the same and it replaces itself, so that one which a crash has left
 * behind is gone after the next time.
 */
import { sameBytes, sha256 } from "../../hex/checksum.ts";
import { RegistryError, unpackPackage } from "../../hex/registry.ts";
import { KeyError, parsePublicKey } from "../../hex/sign.ts";
import { Mistake } from "../mistake.ts";
import { type Site, siteGet, siteSend } from "./site.ts";
import { throwAway, throwAwayTarball } from "./throw-away.ts";

const { name, version } = throwAway;

/** @returns how long it took. @throws Mistake with what went wrong. */
export async function roundTrip(site: Site, repository: string): Promise<{ ms: number }> {
  const began = performance.now();
  const tarball = await throwAwayTarball();
  const [api, files] = [`/api/repos/${repository}`, `/repos/${repository}`];
  const published = await siteSend(site, "POST", `${api}/publish?replace=true`, tarball);
  if (published.status !== 201 && published.status !== 200) {
    throw new Mistake(
      `publishing to ${repository} is answered ${published.status}: ${published.text}`,
    );
  }
  try {
    await resolve(site, files, repository, tarball);
  } finally {
    const path = `${api}/packages/${name}/releases/${version}`;
    const reverted = await siteSend(site, "DELETE", path);
    if (reverted.status !== 204) {
      // biome-ignore lint/correctness/noUnsafeFinally: a package that stays is worse than what came before
      throw new Mistake(
        `reverting ${name} in ${repository} is answered ${reverted.status}: ${reverted.text}`,
      );
    }
  }
  const left = await siteGet(site, `${files}/tarballs/${name}-${version}.tar`);
  if (left.status !== 404) {
    throw new Mistake(`${name} is reverted, and its tarball is still answered ${left.status}`);
  }
  return { ms: Math.round(performance.now() - began) };
}

async function resolve(
  site: Site,
  files: string,
  repository: string,
  tarball: Uint8Array,
): Promise<void> {
  const [key, resource, stored] = await Promise.all([
    siteGet(site, `${files}/public_key`),
    siteGet(site, `${files}/packages/${name}`),
    siteGet(site, `${files}/tarballs/${name}-${version}.tar`),
  ]);
  for (const { status, path, text } of [key, resource, stored]) {
    if (status !== 200) throw new Mistake(`${path} is answered ${status}: ${text}`);
  }
  try {
    const publicKey = await parsePublicKey(key.text);
    const { releases } = await unpackPackage(resource.bytes, publicKey, { repository, name });
    const release = releases.find((it) => it.version === version);
    const digest = await sha256(stored.bytes);
    if (!release?.outerChecksum || !sameBytes(release.outerChecksum, digest)) {
      throw new Mistake(`the signed checksum of ${name} is not that of its tarball`);
    }
  } catch (error) {
    if (error instanceof RegistryError || error instanceof KeyError) {
      throw new Mistake(`packages/${name} of ${repository}: ${error.message}`);
    }
    throw error;
  }
  if (!sameBytes(stored.bytes, tarball)) {
    throw new Mistake(`${repository} serves another tarball of ${name} than was published`);
  }
}
