/**
 * Is what we keep of a registry file still what upstream says? Asked when nobody has looked for `ttl`.
 * Nothing unverified is kept, an older file never takes the place of a newer one, and when upstream
 * is away or lies, what is kept goes on being served.
 */

import { sameBytes } from "../hex/checksum.ts";
import {
  type NamesResource,
  type PackageResource,
  RegistryError,
  unpackNames,
  unpackPackage,
  unpackVersions,
  type VersionsResource,
} from "../hex/registry.ts";
import { keep } from "../storage/keep.ts";
import type { Circuit } from "./circuit.ts";
import { checkedFile, keepFile, keptFile, upstreamKey } from "./kept.ts";
import {
  type FetchedFile,
  fetchRegistryFile,
  isOlder,
  namesAreOlder,
  type RegistryPath,
} from "./upstream.ts";
import type { World } from "./world.ts";

export type Freshness =
  /** Upstream said so at most `ttl` ago. */
  | { kind: "current" }
  /** Upstream cannot be asked, or said something that cannot be: what is kept is served. */
  | { kind: "kept"; why: string }
  | { kind: "missing" }
  /** Upstream cannot be asked, and nothing is kept. */
  | { kind: "unavailable"; why: string };

export async function refresh(
  world: World,
  circuit: Circuit,
  path: RegistryPath,
): Promise<Freshness> {
  const { declaration, storage, upstream } = world;
  const key = upstreamKey(world, path);
  const known = keptFile(world, path);
  const there = known?.etag == null ? undefined : await storage.head(key);
  const isKept = there !== undefined;
  const otherwise = (why: string): Freshness =>
    isKept ? { kind: "kept", why } : { kind: "unavailable", why };
  if (declaration.offline) {
    const found = isKept || (await storage.head(key)) !== undefined;
    if (found) return { kind: "kept", why: "this mirror is offline" };
    return { kind: "unavailable", why: "this mirror is offline, and does not keep it" };
  }
  const isYoung = known !== undefined && world.now() - known.checked_at < declaration.ttl * 1000;
  if (isYoung && known.etag === null) return { kind: "missing" };
  // What somebody removed from storage is fetched again, however young it was.
  if (isYoung && isKept) return { kind: "current" };
  if (!circuit.mayTry()) return otherwise("upstream did not answer a moment ago");

  // What is there has to be what the ETag was for, or upstream would confirm another file.
  const etag = there && there.etag === known?.etag ? known.upstream_etag : null;
  const answer = await fetchRegistryFile(upstream, path, { etag }, world);
  if (answer.kind !== "unavailable") circuit.succeeded();
  switch (answer.kind) {
    case "unavailable":
      circuit.failed();
      return otherwise(`upstream is away: ${answer.why}`);
    case "unchanged":
      checkedFile(world, path, world.now());
      return { kind: "current" };
    case "invalid":
      warn(world, `${path}: upstream's answer is not believed: ${answer.why}`);
      return otherwise("upstream's answer is not believed");
    case "missing":
      // Anybody on the way can say so, unsigned: what is kept goes when the signed index says that it is gone.
      if (isKept) return { kind: "kept", why: "upstream does not have it any more" };
      keepFile(world, { path, etag: null, upstream_etag: null, checked_at: world.now() });
      return { kind: "missing" };
    case "fetched":
      return accept(world, path, key, answer);
  }
}

async function accept(
  world: World,
  path: RegistryPath,
  key: string,
  { bytes, etag, resource }: FetchedFile,
): Promise<Freshness> {
  const why = await whyOlder(world, path, resource);
  if (why !== null) {
    warn(world, `${path}: upstream sent an older file than the one that is kept: ${why}`);
    checkedFile(world, path, world.now());
    return { kind: "kept", why: "upstream sent an older file" };
  }
  if (path !== "names" && path !== "versions") {
    // Before the new file: a crash between leaves less than there could be, and never what nobody would mend.
    await removeReplaced(world, path, resource as PackageResource);
  }
  const stored = await keep(world.storage, key, bytes);
  keepFile(world, { path, etag: stored, upstream_etag: etag, checked_at: world.now() });
  return { kind: "current" };
}

/** Tarballs of which upstream now has other bytes; whoever wants one fetches it again. */
async function removeReplaced(
  world: World,
  path: `packages/${string}`,
  { name, releases }: PackageResource,
): Promise<void> {
  const kept = await readKept(world, path);
  for (const { version, outerChecksum } of kept?.releases ?? []) {
    const now = releases.find((it) => it.version === version)?.outerChecksum;
    if (!now || !outerChecksum || sameBytes(now, outerChecksum)) continue;
    await world.storage.delete(`repos/${world.repository}/tarballs/${name}-${version}.tar`);
  }
}

type Resource = NamesResource | VersionsResource | PackageResource;

/** @param fetched what the path says that it is. @returns why it looks older than what is kept, or null. */
async function whyOlder(
  world: World,
  path: RegistryPath,
  fetched: Resource,
): Promise<string | null> {
  if (path === "names") {
    const kept = await readKept(world, path);
    return kept ? namesAreOlder(kept, fetched as NamesResource) : null;
  }
  const kept: VersionsResource | PackageResource | undefined = await readKept(world, path);
  if (!kept) return null;
  const resource = fetched as VersionsResource | PackageResource;
  const why = isOlder(kept, resource);
  if (why === null || path === "versions") return why;
  // A revert looks like this too; then the signed names say that the package was touched since.
  const names = await fetchRegistryFile(world.upstream, "names", { etag: null }, world);
  if (names.kind !== "fetched") return why;
  const name = path.slice("packages/".length);
  const touched = names.resource.packages.find((it) => it.name === name);
  return isOlder(kept, resource, touched?.updatedAt);
}

/** The kept file, decoded and verified again; undefined when there is none, or it is not what it should be. */
export async function readKept<Path extends RegistryPath>(
  world: World,
  path: Path,
): Promise<FetchedFile<Path>["resource"] | undefined> {
  const { storage, upstream } = world;
  const found = await storage.get(upstreamKey(world, path));
  if (!found) return undefined;
  const bytes = new Uint8Array(await new Response(found.body as BodyInit).arrayBuffer());
  const { name: repository, publicKey } = upstream;
  const unpack = (): Promise<Resource> => {
    if (path === "names") return unpackNames(bytes, publicKey, { repository });
    if (path === "versions") return unpackVersions(bytes, publicKey, { repository });
    return unpackPackage(bytes, publicKey, { repository, name: path.slice("packages/".length) });
  };
  try {
    // Which of the three it is, the path says.
    return (await unpack()) as FetchedFile<Path>["resource"];
  } catch (error) {
    // Its key was changed, or somebody wrote into our storage: then it is no measure of anything.
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

function warn({ repository }: World, message: string): void {
  console.warn(JSON.stringify({ message: `${repository}: ${message}`, repository }));
}
