/**
 * Looks whether upstream's index changed, and makes the work list from what is different. Two conditional
 * requests when nothing is. Everything that a look finds out is written in one step at its end.
 */
import {
  type NamesResource,
  unpackNames,
  unpackVersions,
  type VersionsResource,
} from "../../hex/registry.ts";
import type { Circuit } from "../circuit.ts";
import { setState, stateOf } from "../kept.ts";
import { fetchRegistryFile, isOlder, namesAreOlder, type RegistryFetch } from "../upstream.ts";
import type { World } from "../world.ts";
import { entriesOf } from "./entry.ts";
import {
  type IndexPath,
  keepIndex,
  keptIndex,
  keptPackages,
  knownEntries,
  markGone,
  unwant,
  want,
} from "./ledger.ts";

export type Look =
  | { kind: "looked" }
  | { kind: "away"; why: string }
  /** It answers, and what it says cannot be. */
  | { kind: "distrusted"; why: string };

export async function look(world: World, circuit: Circuit): Promise<Look> {
  // After a new key of upstream's, its old signatures are of no use to anybody: all is fetched again.
  const source = JSON.stringify([world.declaration.upstream_public_key, world.upstream.name]);
  const isAnew = stateOf(world, "sync.source") !== source;
  const versions = await askFor(world, circuit, "versions", isAnew);
  if (versions.kind !== "fetched" && versions.kind !== "unchanged") return toLook(versions);
  const names = await askFor(world, circuit, "names", isAnew);
  if (names.kind !== "fetched" && names.kind !== "unchanged") return toLook(names);

  const round = roundOf(world) + 1;
  const scope = JSON.stringify(world.declaration.only ?? null);
  const isSame = versions.kind === "unchanged" && names.kind === "unchanged";
  if (!isSame || stateOf(world, "sync.scope") !== scope) {
    const now = {
      versions: versions.kind === "fetched" ? versions.resource : await knownVersions(world),
      names: names.kind === "fetched" ? names.resource : await knownNames(world),
    };
    if (!now.versions || !now.names) throw new Error("upstream's index is not kept any more");
    const older = isAnew ? null : await whyOlder(world, now.versions, now.names);
    if (older) return { kind: "distrusted", why: `upstream sent an older index: ${older}` };
    const entries = entriesOf(now.versions, now.names);
    if (typeof entries === "string") return { kind: "distrusted", why: entries };
    // No await from here on.
    list(world, entries, round, isAnew);
    setState(world, "sync.scope", scope);
    setState(world, "sync.source", source);
    for (const [path, fetched] of [
      ["versions", versions],
      ["names", names],
    ] as const) {
      if (fetched.kind !== "fetched") continue;
      keepIndex(world, path, fetched.bytes);
      setState(world, `sync.etag.${path}`, fetched.etag);
    }
  }
  setState(world, "sync.round", round);
  setState(world, "sync.looked_at", world.now());
  return { kind: "looked" };
}

/** On its own, so that what was decoded for it is free before the list is made: each is some 10 MB. */
async function whyOlder(
  world: World,
  versions: VersionsResource,
  names: NamesResource,
): Promise<string | null> {
  const versionsBefore = await knownVersions(world);
  const older = versionsBefore ? isOlder(versionsBefore, versions) : null;
  if (older !== null) return older;
  const namesBefore = await knownNames(world);
  return namesBefore ? namesAreOlder(namesBefore, names) : null;
}

/** How often upstream's whole index was seen. */
export function roundOf(world: Pick<World, "sql">): number {
  return Number(stateOf(world, "sync.round") ?? 0);
}

/** Makes the work list say what is different from `entries`; what is on it already stays. */
function list(
  world: World,
  entries: ReadonlyMap<string, string>,
  round: number,
  isAnew: boolean,
): void {
  const only = world.declaration.only ? new Set(world.declaration.only) : undefined;
  const known = knownEntries(world);
  const wanted: [string, string][] = [];
  for (const [name, entry] of entries) {
    if (only && !only.has(name)) continue;
    const before = known.get(name);
    if (isAnew || before?.entry !== entry) wanted.push([name, entry]);
  }
  const gone = new Set<string>();
  for (const name of keptPackages(world)) if (!entries.has(name)) gone.add(name);
  const unwanted: string[] = [];
  for (const [name, { state }] of known) {
    if (!entries.has(name)) gone.add(name);
    else if (state !== "held" && only && !only.has(name)) unwanted.push(name);
  }
  want(world, wanted, round);
  markGone(world, gone, round);
  unwant(world, unwanted);
}

async function askFor<Path extends IndexPath>(
  world: World,
  circuit: Circuit,
  path: Path,
  isAnew: boolean,
): Promise<RegistryFetch<Path>> {
  if (!circuit.mayTry()) {
    return { kind: "unavailable", why: "upstream did not answer a moment ago" };
  }
  const known = stateOf(world, `sync.etag.${path}`);
  const etag = !isAnew && typeof known === "string" ? known : null;
  const answer = await fetchRegistryFile(world.upstream, path, { etag }, world);
  if (answer.kind === "unavailable") circuit.failed();
  else circuit.succeeded();
  return answer;
}

function toLook(answer: Exclude<RegistryFetch, { kind: "fetched" } | { kind: "unchanged" }>): Look {
  if (answer.kind === "unavailable") return { kind: "away", why: answer.why };
  const why = answer.kind === "missing" ? "upstream has no index" : answer.why;
  return { kind: "distrusted", why };
}

/** What the last look saw. */
async function knownVersions(world: World): Promise<VersionsResource | undefined> {
  const bytes = keptIndex(world, "versions");
  const { name: repository, publicKey } = world.upstream;
  return bytes && unpackVersions(bytes, publicKey, { repository });
}

async function knownNames(world: World): Promise<NamesResource | undefined> {
  const bytes = keptIndex(world, "names");
  const { name: repository, publicKey } = world.upstream;
  return bytes && unpackNames(bytes, publicKey, { repository });
}
