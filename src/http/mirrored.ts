/**
 * Files of a mirror. What is kept is served as of a hosted repository; a registry file that nobody has
 * checked for `ttl`, and a tarball that is not kept, ask the mirror's Durable Object first.
 */
import type { Context } from "hono";
import { type MirrorConfig, openStorage } from "../env.ts";
import type { RegistryPath } from "../mirror/upstream.ts";
import type { App } from "./app-type.ts";
import { respond } from "./file-response.ts";
import { refuseInText } from "./refusals.ts";

/** Until when this isolate need not ask about a registry file again, and what it was told. */
const told = new Map<string, { until: number; why: string | null }>();
const toldMax = 10_000;
/** While upstream is away, the Durable Object is asked this often whether it still is. */
const keptMs = 5000;

/** @param path below the repository, checked. */
export async function serveMirrored(
  c: Context<App>,
  repository: MirrorConfig,
  path: string,
): Promise<Response> {
  if (path === "public_key")
    return c.text(`${repository.declaration.upstream_public_key.trim()}\n`);
  const [, folder, name = "", version = ""] =
    /^(packages|tarballs|docs)\/([^-]+)(?:-(.+?)\.tar(?:\.gz)?)?$/.exec(path) ?? [];
  const { only } = repository.declaration;
  if (only && folder !== undefined && !only.includes(name)) {
    return refuseInText(c, { reason: "not_mirrored", package: name });
  }
  return folder === "tarballs" || folder === "docs"
    ? serveTarball(c, repository, path, folder, name, version)
    : // What `filePath` lets in and is neither of those is one of the three.
      serveRegistryFile(c, repository, path as RegistryPath);
}

async function serveRegistryFile(
  c: Context<App>,
  repository: MirrorConfig,
  path: RegistryPath,
): Promise<Response> {
  const key = `repos/${repository.name}/${path}`;
  let known = told.get(key);
  if (!known || known.until <= Date.now()) {
    const freshness = await mirrorOf(c, repository).refresh(path);
    if (freshness.kind === "missing") return refuseInText(c, { reason: "not_found" });
    if (freshness.kind === "unavailable") {
      return refuseInText(c, { reason: "upstream_away", why: freshness.why });
    }
    const why = freshness.kind === "kept" ? freshness.why : null;
    const ms = why === null ? repository.declaration.ttl * 1000 : keptMs;
    known = { until: Date.now() + ms, why };
    if (told.size >= toldMax) told.clear();
    told.set(key, known);
  }
  const response = await respond(c, openStorage(c.env), key, visibilityOf(repository));
  if (!response) {
    // Somebody removed it since: what was told is not so any more.
    told.delete(key);
    return refuseInText(c, { reason: "not_found" });
  }
  if (known.why !== null) sayKept(response, known.why);
  return response;
}

async function serveTarball(
  c: Context<App>,
  repository: MirrorConfig,
  path: string,
  folder: "tarballs" | "docs",
  name: string,
  version: string,
): Promise<Response> {
  const storage = openStorage(c.env);
  const key = `repos/${repository.name}/${path}`;
  const kept = await respond(c, storage, key, visibilityOf(repository));
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

function visibilityOf({ public: isPublic }: MirrorConfig): "public" | "private" {
  return isPublic ? "public" : "private";
}

function mirrorOf(c: Context<App>, { name }: MirrorConfig) {
  return c.env.MIRROR.getByName(name);
}
