/** packages/NAME of a curated mirror: upstream's, without what the rules hold. */
import { buildSigned, encodePackage, type PackageResource } from "../../hex/registry.ts";
import { keep } from "../../storage/keep.ts";
import { upstreamKey } from "../kept.ts";
import { readKept } from "../refresh.ts";
import { filterPackage, nextChange, type Verdict, verdictsOf } from "../rules.ts";
import type { World } from "../world.ts";
import { digestOf, nextMtimeSeconds } from "./digest.ts";
import { knownLicenses, learnLicenses, type Unknown } from "./licenses.ts";
import {
  type CuratedRow,
  curatedRow,
  entryOf,
  forgetRow,
  keepRow,
  noteHeld,
  readEntry,
} from "./rows.ts";
import type { Curated, Curation } from "./types.ts";

export type Judgement =
  | { kind: "judged"; verdicts: Verdict[] }
  | { kind: "missing" }
  | { kind: "unavailable"; why: string };

/** While tarballs come in, and while they do not. */
const learningPauseMs = 1000;
const failingPauseMs = 30_000;

/** @param options.learns whether tarballs are fetched for their licences; what is not known is held. */
export async function curatePackage(
  curation: Curation,
  name: string,
  options: { learns: boolean },
): Promise<Curated> {
  const { world } = curation;
  const { storage } = world;
  const freshness = await curation.refresh(`packages/${name}`);
  if (freshness.kind === "missing") forgetRow(world, name);
  if (freshness.kind === "missing" || freshness.kind === "unavailable") return freshness;
  const why = freshness.kind === "kept" ? freshness.why : null;

  // Before it is read: should it be replaced in between, this ETag is old, and it is built once more.
  const source = await storage.head(upstreamKey(world, `packages/${name}`));
  const served = await storage.head(servedKey(world, name));
  const row = curatedRow(world, name);
  const isBuilt =
    row !== undefined && row.source_etag === source?.etag && row.etag === (served?.etag ?? null);
  if (isBuilt && isValid(row, curation)) return answer(row, why);

  const resource = source && (await readKept(world, `packages/${name}`));
  if (!resource) return { kind: "unavailable", why: "what is kept of upstream cannot be read" };
  const unknown = options.learns ? await learnLicenses(curation, resource) : "some";
  const built = await build(curation, resource, source.etag, isBuilt ? row : undefined);
  const now = { ...built, again_at: againAt(curation, unknown) };
  keepRow(world, now);
  if (now.etag === null) await storage.delete(servedKey(world, name));
  return answer(now, why);
}

/** @param unknown licences: whoever did not look leaves it to the next who asks. */
function againAt({ rules, world }: Curation, unknown: Unknown): number | null {
  if (!rules.licenses || unknown === "none") return null;
  return world.now() + (unknown === "some" ? learningPauseMs : failingPauseMs);
}

/** What the rules say now about upstream's file as it is kept. */
export async function judgePackage(curation: Curation, name: string): Promise<Judgement> {
  const { world } = curation;
  const resource = await readKept(world, `packages/${name}`);
  if (!resource) return { kind: "unavailable", why: "what is kept of upstream cannot be read" };
  return { kind: "judged", verdicts: judge(curation, resource, world.now()) };
}

function judge(curation: Curation, resource: PackageResource, now: number): Verdict[] {
  const licenses = knownLicenses(curation.world, resource);
  return verdictsOf(resource, curation.rules, { now, licenses });
}

/** @param before what is there already, and is ours. */
async function build(
  curation: Curation,
  resource: PackageResource,
  sourceEtag: string,
  before: CuratedRow | undefined,
): Promise<CuratedRow> {
  const { world, signer, stamp } = curation;
  const now = world.now();
  const verdicts = judge(curation, resource, now);
  tellHeld(world, resource.name, verdicts);
  const filtered = filterPackage(resource, verdicts);
  const { name } = resource;
  const row = { name, source_etag: sourceEtag, stamp, again_at: null };
  const judged = { ...row, changes_at: nextChange(verdicts, now) };
  if (!filtered) return { ...judged, payload: "", etag: null, entry: null };
  const bytes = encodePackage(filtered);
  const payload = await digestOf(signer.fingerprint, bytes);
  const entry = JSON.stringify(entryOf(filtered));
  // What says the same stays as it is, so that nobody fetches it again.
  if (before?.etag && before.payload === payload) {
    return { ...judged, payload, etag: before.etag, entry };
  }
  const mtimeSeconds = nextMtimeSeconds(world);
  const file = await buildSigned(bytes, signer.key, { mtimeSeconds });
  const etag = await keep(world.storage, servedKey(world, name), file);
  return { ...judged, payload, etag, entry };
}

/** Both in one step, so that webhooks hear of each release that is held, and once. */
function tellHeld(world: World, name: string, verdicts: readonly Verdict[]): void {
  for (const { version, rule, reason, until } of noteHeld(world, name, verdicts)) {
    world.deliveries.write({
      ...{ event: "release.held_back", at: world.now() },
      ...{ repository: world.repository, package: name, version },
      author: { name: "hexedge", credential: "none" },
      params: { rule, reason, until: until === null ? null : new Date(until).toISOString() },
    });
  }
}

function isValid(row: CuratedRow, { stamp, world }: Curation): boolean {
  const now = world.now();
  return (
    row.stamp === stamp &&
    (row.changes_at === null || now < row.changes_at) &&
    (row.again_at === null || now < row.again_at)
  );
}

function answer(row: CuratedRow, why: string | null): Curated {
  if (row.entry === null) return { kind: "held" };
  const times = [row.changes_at, row.again_at].filter((time) => time !== null);
  const until = times.length === 0 ? null : Math.min(...times);
  return { kind: "there", why, until, versions: readEntry(row.entry).versions };
}

function servedKey({ repository }: Pick<World, "repository">, name: string): string {
  return `repos/${repository}/packages/${name}`;
}
