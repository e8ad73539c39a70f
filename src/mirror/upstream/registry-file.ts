/** `names`, `versions` and `packages/NAME` of an upstream, fetched and verified. */
import { isPackageName } from "../../hex/name.ts";
import {
  type NamesResource,
  type PackageResource,
  RegistryError,
  unpackNames,
  unpackPackage,
  unpackVersions,
  type VersionsResource,
} from "../../hex/registry.ts";
import { ask, pathOf } from "./ask.ts";
import type { Body } from "./body.ts";
import {
  type Invalid,
  type Missing,
  type Unavailable,
  type Upstream,
  UpstreamFailure,
  type UpstreamOptions,
  upstreamLimits,
} from "./types.ts";

export type RegistryPath = "names" | "versions" | `packages/${string}`;

type ResourceOf<Path extends RegistryPath> = Path extends "names"
  ? NamesResource
  : Path extends "versions"
    ? VersionsResource
    : PackageResource;

export interface FetchedFile<Path extends RegistryPath = RegistryPath> {
  kind: "fetched";
  /** As upstream sent them; verified. */
  bytes: Uint8Array;
  etag: string | null;
  resource: ResourceOf<Path>;
}

export type RegistryFetch<Path extends RegistryPath = RegistryPath> =
  | FetchedFile<Path>
  /** Still what `known.etag` was for. */
  | { kind: "unchanged" }
  | Missing
  | Unavailable
  | Invalid;

/** @param known the ETag of what is kept, or null to get the file in any case. */
export async function fetchRegistryFile<Path extends RegistryPath>(
  upstream: Upstream,
  path: Path,
  known: { etag: string | null },
  options: UpstreamOptions,
): Promise<RegistryFetch<Path>> {
  const { registryFileBytesMax } = { ...upstreamLimits, ...options.limits };
  const encoded = encode(path);
  if (encoded === undefined) return { kind: "missing" };
  try {
    const answer = await ask(upstream, encoded, known, options);
    if (answer.kind !== "answered") return answer;
    const bytes = await answer.body.whole(registryFileBytesMax);
    const resource = await unpack(upstream, path, bytes, answer.body);
    // The path says which of the three it is; TypeScript does not follow that into a generic.
    return { kind: "fetched", bytes, etag: answer.etag, resource: resource as ResourceOf<Path> };
  } catch (error) {
    if (error instanceof UpstreamFailure) return { kind: error.kind, why: error.message };
    if (error instanceof RegistryError) return { kind: "invalid", why: error.message };
    throw error;
  }
}

function encode(path: RegistryPath): string | undefined {
  return path === "names" || path === "versions" ? path : pathOf("packages", packageOf(path));
}

async function unpack(
  { name: repository, publicKey }: Upstream,
  path: RegistryPath,
  bytes: Uint8Array,
  body: Body,
): Promise<NamesResource | VersionsResource | PackageResource> {
  try {
    if (path === "names" || path === "versions") {
      const read = path === "names" ? unpackNames : unpackVersions;
      return checkKind(path, await read(bytes, publicKey, { repository }));
    }
    return await unpackPackage(bytes, publicKey, { repository, name: packageOf(path) });
  } catch (error) {
    const isNotGzip = error instanceof RegistryError && error.reason === "not_gzip";
    if (!isNotGzip || body.encoding === null) throw error;
    // Compressing it again would make a file of ours that passes for upstream's, under upstream's ETag; and
    // mix can use such an upstream no better.
    const message = `The upstream, or a proxy before it, calls the file's own gzip a content-encoding (${body.encoding}), so it cannot be kept as it is`;
    throw new UpstreamFailure("invalid", message);
  }
}

/**
 * A signature does not say what kind of file it is for, and the messages are alike: `names` is read as a
 * `versions` in which nobody has a version, and the file of a package that is called like the repository as a
 * list of packages that are called 1.0.0. Either would make all the others look deleted.
 */
function checkKind<Resource extends NamesResource | VersionsResource>(
  path: "names" | "versions",
  resource: Resource,
): Resource {
  const isOther = (entry: Resource["packages"][number]) =>
    !isPackageName(entry.name) || ("versions" in entry && entry.versions.length === 0);
  if (resource.packages.length === 0 || !resource.packages.every(isOther)) return resource;
  throw new UpstreamFailure("invalid", `The upstream sends another signed file as ${path}`);
}

function packageOf(path: `packages/${string}`): string {
  return path.slice("packages/".length);
}
