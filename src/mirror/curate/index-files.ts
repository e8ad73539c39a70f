/**
 * names and versions of a curated mirror. No client resolves from them, so they list what this mirror has
 * been asked for so far, and with `only` those packages, asked for or not. To list all of upstream without
 * what is held, somebody would have to fetch every package of upstream, for each change of the rules.
 *
 * A package whose verdicts are not of now is left out until it is judged again: nothing that is held is
 * ever listed.
 */
import { buildSigned, encodeNames, encodeVersions } from "../../hex/registry.ts";
import { keep } from "../../storage/keep.ts";
import { setState, stateOf } from "../kept.ts";
import { digestOf, nextMtimeSeconds } from "./digest.ts";
import { type CuratedRow, curatedRows, readEntry } from "./rows.ts";
import type { Curated, Curation } from "./types.ts";

/** Packages that one question judges; the next one goes on. */
const judgedMax = 100;
const atOnce = 4;
const againMs = 5000;

interface Asks {
  curatePackage(name: string): Promise<Curated>;
  /** Resolves when the files may be written again. */
  turn(): Promise<void>;
}

export async function curateIndex(
  curation: Curation,
  { curatePackage, turn }: Asks,
): Promise<Curated> {
  const { world } = curation;
  const wanted = toJudge(curation);
  const chosen = wanted.slice(0, judgedMax);
  for (let at = 0; at < chosen.length; at += atOnce) {
    await Promise.all(chosen.slice(at, at + atOnce).map(curatePackage));
  }
  const isBuilt = (await filesToBuild(curation, listed(curation))).length === 0;
  if (!isBuilt) await turn();
  const now = world.now();
  const rows = listed(curation);
  if (!isBuilt) await build(curation, rows);
  const times = rows.flatMap(({ changes_at }) => changes_at ?? []);
  if (wanted.length > chosen.length) times.push(now + againMs);
  return {
    kind: "there",
    why: null,
    until: times.length === 0 ? null : Math.min(...times),
    versions: [],
  };
}

/** Those whose verdicts are old come first. */
function toJudge(curation: Curation): string[] {
  const { world } = curation;
  const { only } = world.declaration;
  const rows = new Map(curatedRows(world).map((row) => [row.name, row]));
  const isOld = (name: string) => {
    const row = rows.get(name);
    return row === undefined || !isJudged(row, curation, world.now());
  };
  if (!only) return [...rows.keys()].filter(isOld);
  return only.toSorted((a, b) => Number(isOld(b)) - Number(isOld(a)));
}

function isJudged({ stamp, changes_at }: CuratedRow, curation: Curation, now: number): boolean {
  return stamp === curation.stamp && (changes_at === null || now < changes_at);
}

/** What may be listed now. */
function listed(curation: Curation): CuratedRow[] {
  const { world } = curation;
  const { only } = world.declaration;
  const now = world.now();
  return curatedRows(world)
    .filter(({ name, etag }) => etag !== null && (only?.includes(name) ?? true))
    .filter((row) => isJudged(row, curation, now));
}

async function build(curation: Curation, rows: readonly CuratedRow[]): Promise<void> {
  const { world, signer } = curation;
  for (const { path, key, payload, digest } of await filesToBuild(curation, rows)) {
    const file = await buildSigned(payload, signer.key, { mtimeSeconds: nextMtimeSeconds(world) });
    setState(world, `built ${path}`, `${digest} ${await keep(world.storage, key, file)}`);
  }
}

/** Those that say something else than what is in storage. */
async function filesToBuild({ world, signer }: Curation, rows: readonly CuratedRow[]) {
  const { repository, storage, declaration } = world;
  const packages = rows.flatMap(({ entry }) => (entry === null ? [] : [readEntry(entry)]));
  const resource = { repository: declaration.upstream_name, packages };
  const files = [
    { path: "versions", payload: encodeVersions(resource) },
    { path: "names", payload: encodeNames(resource) },
  ];
  const toBuild = [];
  for (const { path, payload } of files) {
    const key = `repos/${repository}/${path}`;
    const digest = await digestOf(signer.fingerprint, payload);
    const there = await storage.head(key);
    const isBuilt = there && stateOf(world, `built ${path}`) === `${digest} ${there.etag}`;
    if (!isBuilt) toBuild.push({ path, key, payload, digest });
  }
  return toBuild;
}
