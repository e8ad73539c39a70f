/**
 * The end of a round: when all that the index lists is here, the index takes its place, and what it no longer
 * lists goes.
 *
 * One broken package holds the index back for as long as it is broken, and the status says which. We cannot
 * take it out, for the index is signed; and to let the index run ahead would tell readers of what is not
 * here. It costs little: mix and rebar3 resolve from packages/NAME, which goes on package by package.
 */
import { keep } from "../../storage/keep.ts";
import { keepFile, keptFile, setState, stateOf } from "../kept.ts";
import type { World } from "../world.ts";
import {
  counts,
  forgetPackage,
  forgetRelease,
  gonePackages,
  goneReleases,
  keptIndex,
} from "./ledger.ts";
import { roundOf } from "./look.ts";
import type { Slice } from "./slice.ts";

/** Contents are all there when this is called. */
export async function putIndex(world: World): Promise<void> {
  for (const path of ["versions", "names"] as const) {
    const bytes = keptIndex(world, path);
    if (bytes === undefined) return;
    const etag = await keep(world.storage, `repos/${world.repository}/${path}`, bytes);
    const upstreamEtag = stateOf(world, `sync.etag.${path}`);
    if (keptFile(world, path)?.etag !== etag) setState(world, "sync.changed_at", world.now());
    keepFile(world, {
      ...{ path, etag, checked_at: Number(stateOf(world, "sync.looked_at") ?? 0) },
      upstream_etag: typeof upstreamEtag === "string" ? upstreamEtag : null,
    });
  }
}

/** The index no longer lists it, so nobody is told of it. @returns whether something is left to remove now. */
export async function removeGone(world: World, slice: Slice): Promise<boolean> {
  if (world.declaration.keep_deleted) return false;
  const before = removableBefore(world);
  for (const name of gonePackages(world, before)) {
    if (!slice.isOpen) return true;
    await removePackage(world, name);
  }
  for (const { package: name, version } of goneReleases(world, before)) {
    if (!slice.isOpen) return true;
    for (const file of [`tarballs/${name}-${version}.tar`, `docs/${name}-${version}.tar.gz`]) {
      await world.storage.delete(`repos/${world.repository}/${file}`);
    }
    forgetRelease(world, name, version);
  }
  return gonePackages(world, before).length + goneReleases(world, before).length > 0;
}

/**
 * What went in rounds before this one may be removed. When more than half of everything goes at once, that is
 * everything that an earlier look missed too: an upstream that lost its database signs its empty index well.
 */
function removableBefore(world: World): number {
  const { packages, releases, ...gone } = counts(world);
  const isMost =
    gone.gonePackages * 2 > packages ||
    (gone.goneWithThem + gone.goneVersions) * 2 > releases + gone.goneVersions;
  return isMost ? roundOf(world) : Number.MAX_SAFE_INTEGER;
}

/** The file first, then what it told of. No package's name has a `-`, so its files are those with the prefix. */
async function removePackage(world: World, name: string): Promise<void> {
  const { storage, repository } = world;
  const root = `repos/${repository}`;
  await storage.delete(`${root}/packages/${name}`);
  for (const folder of ["tarballs", "docs"]) {
    for await (const key of storage.list(`${root}/${folder}/${name}-`)) await storage.delete(key);
  }
  forgetPackage(world, name);
}
