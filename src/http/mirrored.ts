/**
 * Files of a mirror. What is kept is served as of a hosted repository; a registry file that nobody has
 * checked for `ttl`, and a tarball that is not kept, ask the mirror's Durable Object first.
 *
 * Of a curated mirror all registry files are its own, and a tarball is served when the packages/NAME that
 * is served lists its version, be it kept or not.
 */
import type { Context } from "hono";
import type { MirrorConfig } from "../config/repositories.ts";
import { openStorage } from "../config/storage.ts";
import { count, seriesOf } from "../metrics/tally.ts";
import type { CuratedPath } from "../mirror/curate.ts";
import type { RegistryPath } from "../mirror/upstream.ts";
import type { App } from "./app-type.ts";
import { respond } from "./file-response.ts";
import { type Refusal, refuseInText } from "./refusals.ts";

interface Told {
  /** Milliseconds: until then this isolate need not ask again. */
  until: number;
  /** Why the file is not what upstream says now, or null. */
  why: string | null;
  /** Of a package of a curated mirror: those that are in. */
  versions?: ReadonlySet<string> | undefined;
}

/** What this isolate was told about registry files, by their keys. */
const told = new Map<string, Told>();
const toldMax = 10_000;
/** While upstream is away, the Durable Object is asked this often whether it still is. */
const keptMs = 5000;

/** @param path below the repository, checked. */
export async function serveMirrored(
  c: Context<App>,
  repository: MirrorConfig,
  path: string,
): Promise<Response> {
  const { upstream_public_key: upstreamKey } = repository.declaration;
  if (path === "public_key" && !isCurated(repository)) return c.text(`${upstreamKey.trim()}\n`);
  const [, folder, name = "", version = ""] =
    /^(packages|tarballs|docs)\/([^-]+)(?:-(.+?)\.tar(?:\.gz)?)?$/.exec(path) ?? [];
  if (folder !== undefined && !isMirrored(repository, name)) {
    return refuseInText(c, { reason: "not_mirrored", package: name });
  }
  if (folder === "tarballs" || folder === "docs") {
    const refused = isCurated(repository) && (await heldBack(c, repository, name, version));
    if (refused) return refuseInText(c, refused);
    return serveTarball(c, repository, path, folder, name, version);
  }
  if (path.startsWith("policies/") && !isCurated(repository)) {
    return refuseInText(c, { reason: "not_found" });
  }
  // What `filePath` lets in and is neither of those is one of these.
  return serveRegistryFile(c, repository, path as CuratedPath);
}

/** Brings a registry file up to date without serving it. @returns why there is none, or undefined. */
export async function freshen(
  c: Context<App>,
  repository: MirrorConfig,
  path: "names" | "versions" | `packages/${string}`,
): Promise<Refusal | undefined> {
  const name = path.slice("packages/".length);
  if (path.startsWith("packages/") && !isMirrored(repository, name)) {
    return { reason: "not_mirrored", package: name };
  }
  const known = await learn(c, repository, path);
  return "refused" in known ? known.refused : undefined;
}

function isMirrored({ declaration }: MirrorConfig, name: string): boolean {
  return declaration.only?.includes(name) ?? true;
}

async function serveRegistryFile(
  c: Context<App>,
  repository: MirrorConfig,
  path: CuratedPath,
): Promise<Response> {
  const known = await learn(c, repository, path);
  if ("refused" in known) return refuseInText(c, known.refused);
  const key = keyOf(repository, path);
  const response = await respond(
    c,
    openStorage(c.env, repository.name),
    key,
    visibilityOf(repository),
  );
  if (!response) {
    // Somebody removed it since: what was told is not so any more.
    told.delete(key);
    return refuseInText(c, { reason: "not_found" });
  }
  if (known.why !== null) sayKept(response, known.why);
  return response;
}

/** Asks the Durable Object about a registry file, unless it has told not long ago. */
async function learn(
  c: Context<App>,
  repository: MirrorConfig,
  path: CuratedPath,
): Promise<Told | { refused: Refusal }> {
  const key = keyOf(repository, path);
  const known = told.get(key);
  const isKnown = known !== undefined && Date.now() < known.until;
  countRead(repository, isKnown ? "hit" : "miss");
  if (isKnown) return known;
  const answer = await (isCurated(repository)
    ? askCurated(c, repository, path)
    : // The two others are for curated mirrors only.
      askVerbatim(c, repository, path as RegistryPath));
  told.delete(key);
  if ("refused" in answer) return answer;
  if (told.size >= toldMax) told.clear();
  told.set(key, answer);
  return answer;
}

async function askVerbatim(
  c: Context<App>,
  repository: MirrorConfig,
  path: RegistryPath,
): Promise<Told | { refused: Refusal }> {
  const freshness = await mirrorOf(c, repository).refresh(path);
  if (freshness.kind === "missing") return { refused: { reason: "not_found" } };
  if (freshness.kind === "unavailable") {
    return { refused: { reason: "upstream_away", why: freshness.why } };
  }
  const why = freshness.kind === "kept" ? freshness.why : null;
  return { until: untilOf(repository, why), why };
}

async function askCurated(
  c: Context<App>,
  repository: MirrorConfig,
  path: CuratedPath,
): Promise<Told | { refused: Refusal }> {
  const answer = await mirrorOf(c, repository).curate(path);
  switch (answer.kind) {
    case "missing":
      return { refused: { reason: "not_found" } };
    case "unavailable":
      return { refused: { reason: "upstream_away", why: answer.why } };
    case "held": {
      const name = path.slice("packages/".length);
      return {
        refused: { reason: "held_back", why: `Every release of ${name} is held back here` },
      };
    }
    case "there": {
      const { why, until, versions } = answer;
      const latest = untilOf(repository, why);
      // What time changes, it changes on time.
      const soonest = until === null ? latest : Math.min(latest, until);
      return { until: soonest, why, versions: new Set(versions) };
    }
  }
}

/** Why this tarball, or its docs, are not for the clients of a curated mirror; undefined when they are. */
async function heldBack(
  c: Context<App>,
  repository: MirrorConfig,
  name: string,
  version: string,
): Promise<Refusal | undefined> {
  const path = `packages/${name}` as const;
  let known = await learn(c, repository, path);
  if ("versions" in known && !known.versions?.has(version)) {
    // Another isolate may have been told of it since, and its client comes here for the tarball.
    told.delete(keyOf(repository, path));
    known = await learn(c, repository, path);
  }
  if ("versions" in known && known.versions?.has(version)) return undefined;
  if ("refused" in known && known.refused.reason !== "held_back") return known.refused;
  const judgement = await mirrorOf(c, repository).judge(name);
  if (judgement.kind !== "judged") return { reason: "not_found" };
  const verdict = judgement.verdicts.find((it) => it.version === version);
  if (!verdict) return { reason: "not_found" };
  // Let in within these few milliseconds: whoever asks again gets it.
  const why = verdict.isIn ? `${name} ${version} comes in just now: ask again` : verdict.reason;
  return { reason: "held_back", why };
}

async function serveTarball(
  c: Context<App>,
  repository: MirrorConfig,
  path: string,
  folder: "tarballs" | "docs",
  name: string,
  version: string,
): Promise<Response> {
  const storage = openStorage(c.env, repository.name);
  const key = `repos/${repository.name}/${path}`;
  const kept = await respond(c, storage, key, visibilityOf(repository));
  countRead(repository, kept ? "hit" : "miss");
  if (kept) return kept;
  const delivery = await mirrorOf(c, repository).deliver(folder, name, version);
  switch (delivery.kind) {
    case "kept": {
      const response = await respond(c, storage, key, visibilityOf(repository));
      return response ?? refuseInText(c, { reason: "not_found" });
    }
    case "missing":
      return refuseInText(c, { reason: "not_found" });
    case "unavailable":
      return refuseInText(c, { reason: "upstream_away", why: delivery.why });
    case "streaming":
      // Nobody reads it then; it is kept all the same.
      if (c.req.method === "HEAD") await delivery.body.cancel();
      return new Response(c.req.method === "HEAD" ? null : delivery.body, {
        headers: {
          // rebar3 refuses a tarball without one.
          ...(delivery.etag === null ? {} : { etag: `"${delivery.etag}"` }),
          "content-type": "application/octet-stream",
          "cache-control": `${visibilityOf(repository)}, no-cache, no-transform`,
          vary: "authorization",
        },
      });
  }
}

/** So that whoever wonders why a build sees no new release can find out. */
function sayKept(response: Response, why: string): void {
  response.headers.set("warning", `110 hexedge "${why}"`);
  response.headers.set("x-hexedge-mirror", `kept: ${why}`);
}

function untilOf({ declaration }: MirrorConfig, why: string | null): number {
  return Date.now() + (why === null ? declaration.ttl * 1000 : keptMs);
}

function countRead({ name: repository }: MirrorConfig, result: "hit" | "miss"): void {
  count(seriesOf("hexedge_mirror_reads_total", { repository, result }));
}

function keyOf({ name }: MirrorConfig, path: CuratedPath): string {
  return `repos/${name}/${path}`;
}

function isCurated({ declaration }: MirrorConfig): boolean {
  return declaration.mode === "curated";
}

function visibilityOf({ public: isPublic }: MirrorConfig): "public" | "private" {
  return isPublic ? "public" : "private";
}

function mirrorOf(c: Context<App>, { name }: MirrorConfig) {
  return c.env.MIRROR.getByName(name);
}
