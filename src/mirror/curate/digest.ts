/** Telling whether something is as it was when a file was built. */
import { sha256, toHex } from "../../hex/checksum.ts";
import { setState, stateOf } from "../kept.ts";
import type { Rules } from "../rules.ts";
import type { World } from "../world.ts";

export async function stampOf(rules: Rules, upstreamName: string, fingerprint: string) {
  return digestOf(JSON.stringify([rules, upstreamName, fingerprint]));
}

export async function digestOf(...parts: (string | Uint8Array)[]): Promise<string> {
  const encoder = new TextEncoder();
  return toHex(
    await sha256(...parts.map((it) => (typeof it === "string" ? encoder.encode(it) : it))),
  );
}

/**
 * For the gzip header of the next file that is built: it grows always, also after the tables were lost, so
 * that an ETag never comes back with other contents before or behind it.
 */
export function nextMtimeSeconds(world: Pick<World, "sql" | "now">): number {
  const last = Number(stateOf(world, "mtime") ?? 0);
  const next = Math.max(last + 1, Math.floor(world.now() / 1000));
  setState(world, "mtime", next);
  return next;
}
