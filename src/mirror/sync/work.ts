/**
 * Works off the list: for each package its signed file, then every tarball that is not kept or has another
 * checksum, and only then the file takes its place. So whoever reads packages/NAME finds all that it lists;
 * the one moment when that is not so is between a replaced tarball and the file that tells its new
 * checksum, two puts one after the other.
 *
 * Doing it again, or after a crash, fetches only what is not kept.
 */

import { sameBytes } from "../../hex/checksum.ts";
import type { PackageResource, ReleaseResource } from "../../hex/registry.ts";
import { keep } from "../../storage/keep.ts";
import type { Circuit } from "../circuit.ts";
import { keepFile, keptFile, stateOf } from "../kept.ts";
import { readKept } from "../refresh.ts";
import type { Tarballs } from "../tarballs.ts";
import { type FetchedFile, fetchRegistryFile, isOlder } from "../upstream.ts";
import type { World } from "../world.ts";
import { type Entry, readEntry } from "./entry.ts";
import { failed, heldChecksums, holdRelease, nextWanted, synced, type Wanted } from "./ledger.ts";
import { roundOf } from "./look.ts";
import type { Slice, SyncLimits } from "./slice.ts";

export interface Works {
  world: World;
  circuit: Circuit;
  tarballs: Tarballs;
  limits: SyncLimits;
  /** Runs `put` when nobody else writes this file. */
  alone: (path: `packages/${string}`, put: () => Promise<void>) => Promise<void>;
}

type Brought =
  | { kind: "done" }
  /** The slice is over; it stays on the list. */
  | { kind: "unfinished" }
  | { kind: "failed"; why: string }
  /** Not this package's fault, as far as anybody knows. */
  | { kind: "away"; why: string };

export async function workOff(works: Works, slice: Slice): Promise<void> {
  const taken = new Set<string>();
  const lane = async () => {
    while (slice.isOpen) {
      const wanted = nextWanted(works.world, works.world.now(), taken);
      if (wanted === undefined) return;
      taken.add(wanted.name);
      await bringOne(works, slice, wanted);
    }
  };
  await Promise.all(Array.from({ length: works.limits.packagesAtOnce }, lane));
}

/** Never throws, or the others would go on while nobody waits for them. */
async function bringOne(works: Works, slice: Slice, wanted: Wanted): Promise<void> {
  const { world, limits } = works;
  const { name } = wanted;
  const pause = (firstMs: number) =>
    world.now() + Math.min(firstMs * 2 ** Math.min(wanted.failures, 20), limits.retryMsMax);
  try {
    const brought = await bring(works, slice, wanted);
    switch (brought.kind) {
      case "done":
      case "unfinished":
        return;
      case "failed":
        failed(world, name, brought.why, pause(world.declaration.sync_interval * 1000));
        warn(world, name, brought.why);
        return;
      case "away":
        // It may be this package alone that upstream cannot answer for: the others come before it now.
        failed(world, name, brought.why, pause(limits.awayMs));
        slice.stop(brought.why, true);
        return;
    }
  } catch (error) {
    failed(world, name, `a fault: ${error}`, pause(limits.awayMs));
    slice.stop(String(error), false);
  }
}

async function bring(works: Works, slice: Slice, wanted: Wanted): Promise<Brought> {
  const { world, circuit } = works;
  const path = `packages/${wanted.name}` as const;
  const entry = readEntry(wanted.entry);
  const known = keptFile(world, path);
  const before = known?.etag == null ? undefined : await readKept(world, path);
  const there = before && (await world.storage.head(`repos/${world.repository}/${path}`));
  const etag = there && there.etag === known?.etag ? known.upstream_etag : null;

  if (!circuit.mayTry()) return { kind: "away", why: "upstream did not answer a moment ago" };
  slice.count();
  const answer = await fetchRegistryFile(world.upstream, path, { etag }, world);
  if (answer.kind === "unavailable") {
    circuit.failed();
    return { kind: "away", why: answer.why };
  }
  circuit.succeeded();
  if (answer.kind === "invalid") return { kind: "failed", why: answer.why };
  if (answer.kind === "missing") {
    if (entry.versions.length > 0) {
      return { kind: "failed", why: `upstream does not have ${path}, and lists it` };
    }
    // In `names` only, as a package is whose releases are all reverted.
    synced(world, wanted, [], roundOf(world));
    return { kind: "done" };
  }
  const resource = answer.kind === "fetched" ? answer.resource : before;
  if (resource === undefined) return { kind: "failed", why: `${path} was not sent` };
  const why = whyNot(world, entry, resource, before, known?.checked_at ?? 0);
  if (why !== null) return { kind: "failed", why };

  const brought = await bringTarballs(works, slice, resource);
  if (brought.kind !== "done") return brought;
  let isPut = false;
  await works.alone(path, async () => {
    // A reader's request brought another file meanwhile, perhaps a newer one: once more, then.
    if (keptFile(world, path)?.etag !== known?.etag) return;
    await putPackage(world, wanted, resource, before, answer.kind === "fetched" ? answer : null);
    isPut = true;
  });
  return isPut ? brought : { kind: "unfinished" };
}

/** Is the file what the index promises, or do we look at a cache that lags behind it? */
function whyNot(
  world: World,
  { versions, updatedAt }: Entry,
  resource: PackageResource,
  before: PackageResource | undefined,
  checkedAt: number,
): string | null {
  const has = new Set(resource.releases.map(({ version }) => version));
  const lacking = versions.find((version) => !has.has(version));
  if (lacking !== undefined) return `its file does not list ${lacking}, and versions does`;
  const older = before ? isOlder(before, resource, updatedAt) : null;
  // A revert right after the publish looks like an old file; but when the signed index, which is newer than
  // what we keep, lists exactly these versions, then it is one.
  const isListed =
    has.size === versions.length && checkedAt <= Number(stateOf(world, "sync.looked_at") ?? 0);
  if (older === null || isListed) return null;
  return `upstream sent an older file than the one that is kept: ${older}`;
}

/** At least one, so that a slice always gets on; whatever is wrong with one of them, the others come. */
async function bringTarballs(
  { world, circuit, tarballs }: Works,
  slice: Slice,
  { name, releases }: PackageResource,
): Promise<Brought> {
  const held = heldChecksums(world, name);
  let isFirst = true;
  let why: string | null = null;
  for (const { version, outerChecksum } of replacedLast(releases, held)) {
    const kept = held.get(version);
    if (outerChecksum === undefined) {
      why ??= `upstream does not say the checksum of ${version}`;
      continue;
    }
    if (kept && sameBytes(kept, outerChecksum)) continue;
    if (!isFirst && !slice.isOpen) return { kind: "unfinished" };
    isFirst = false;
    slice.count();
    const outcome = await tarballs.hold(name, version, outerChecksum);
    if (outcome.kind === "kept") {
      holdRelease(world, name, version, outerChecksum);
      continue;
    }
    const reason = outcome.kind === "missing" ? "upstream does not have it" : outcome.why;
    if (circuit.state.failures > 0) return { kind: "away", why: `${version}: ${reason}` };
    why ??= `${version}: ${reason}`;
  }
  return why === null ? { kind: "done" } : { kind: "failed", why };
}

function replacedLast(
  releases: readonly ReleaseResource[],
  held: ReadonlyMap<string, Uint8Array>,
): ReleaseResource[] {
  return [
    ...releases.filter(({ version }) => !held.has(version)),
    ...releases.filter(({ version }) => held.has(version)),
  ];
}

async function putPackage(
  world: World,
  wanted: Wanted,
  resource: PackageResource,
  before: PackageResource | undefined,
  fetched: FetchedFile | null,
): Promise<void> {
  const path = `packages/${wanted.name}`;
  const now = world.now();
  const known = keptFile(world, path);
  const etag = fetched
    ? await keep(world.storage, `repos/${world.repository}/${path}`, fetched.bytes)
    : known?.etag;
  if (etag == null) throw new Error(`${path} is not there any more`);
  const upstreamEtag = fetched ? fetched.etag : (known?.upstream_etag ?? null);
  keepFile(world, { path, etag, upstream_etag: upstreamEtag, checked_at: now });
  // Tarballs that readers fetched before this mirror was eager are found, and removed, by this alone.
  for (const { version, outerChecksum } of wanted.synced ? [] : (before?.releases ?? [])) {
    if (outerChecksum) holdRelease(world, wanted.name, version, outerChecksum, "OR IGNORE");
  }
  const versions = resource.releases.map(({ version }) => version);
  synced(world, wanted, versions, roundOf(world));
}

function warn({ repository }: World, name: string, why: string): void {
  const message = `${repository}: ${name} could not be brought from upstream: ${why}`;
  console.warn(JSON.stringify({ message, repository, package: name }));
}
