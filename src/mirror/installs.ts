/**
 * `installs/…` of an upstream: hex.pm's lists of Hex versions, and Hex itself for `mix local.hex` on machines
 * that cannot reach hex.pm. Nothing in the registry vouches for them: over https they are upstream's, and
 * what needs a signature (`.signed`, the archive's digest in the list) mix checks itself.
 */

import { keep } from "../storage/keep.ts";
import type { Circuit } from "./circuit.ts";
import { checkedFile, keepFile, keptFile } from "./kept.ts";
import type { Freshness } from "./refresh.ts";
import { ask } from "./upstream/ask.ts";
import { UpstreamFailure } from "./upstream/types.ts";
import type { World } from "./world.ts";

/** They change when Hex is released. */
const ttlMs = 3600_000;
const sizeBytesMax = 16 * 1024 * 1024;

/** @param path `installs/…`, of characters that need no encoding. */
export async function refreshInstall(
  world: World,
  circuit: Circuit,
  path: string,
): Promise<Freshness> {
  const { declaration, storage, repository, upstream } = world;
  const key = `repos/${repository}/${path}`;
  const known = keptFile(world, path);
  const isKept = (await storage.head(key)) !== undefined;
  const otherwise = (why: string): Freshness =>
    isKept ? { kind: "kept", why } : { kind: "unavailable", why };
  if (declaration.offline) return otherwise("this mirror is offline");
  if (known && world.now() - known.checked_at < ttlMs) {
    return isKept ? { kind: "current" } : { kind: "missing" };
  }
  if (!circuit.mayTry()) return otherwise("upstream did not answer a moment ago");
  try {
    const etag = isKept ? (known?.upstream_etag ?? null) : null;
    const answer = await ask(upstream, path, { etag }, world);
    circuit.succeeded();
    const row = { path, checked_at: world.now() };
    if (answer.kind === "unchanged") checkedFile(world, path, world.now());
    else if (answer.kind === "missing") {
      keepFile(world, { ...row, etag: null, upstream_etag: null });
      return isKept ? { kind: "current" } : { kind: "missing" };
    } else {
      answer.body.checkSize(sizeBytesMax);
      const stored = await keep(storage, key, await answer.body.whole(sizeBytesMax));
      keepFile(world, { ...row, etag: stored, upstream_etag: answer.etag });
    }
    return { kind: "current" };
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    circuit.failed();
    return otherwise(`upstream is away: ${error.message}`);
  }
}
