/**
 * The client of an upstream Hex repository: fetches, checks, and says in a value what came of it. An
 * upstream, and everybody on the way to it, is a stranger here: the registry is believed for its
 * signature, a tarball for its checksum in the registry, and nothing is believed to ever end.
 */
export { isOlder, namesAreOlder } from "./upstream/older.ts";
export {
  type FetchedFile,
  fetchRegistryFile,
  type RegistryFetch,
  type RegistryPath,
} from "./upstream/registry-file.ts";
export { fetchDocs, fetchTarball, type TarballEnd, type TarballFetch } from "./upstream/tarball.ts";
export {
  type Invalid,
  type Missing,
  type Unavailable,
  type Upstream,
  type UpstreamLimits,
  type UpstreamOptions,
  upstreamLimits,
} from "./upstream/types.ts";
