/**
 * Counts fetched tarballs. A read only adds to a number in this isolate; some seconds later one call to
 * each repository's Durable Object carries what has come together. No read waits for it or fails with it,
 * and what an isolate had not yet told when it ended is lost: at most a few seconds' worth.
 */
import type { Context } from "hono";
import { seriesOf, count as tally } from "../metrics/tally.ts";
import type { DownloadCount } from "../repository/types.ts";
import type { App } from "./app-type.ts";

/** So long an isolate collects. The platform lets work go on for 30 s after an answer. */
const collectMs = 5000;
/** Different tarballs at one time; beyond that they are not counted until the next call. */
const countsMax = 1000;

/** By repository, then by `package version day`. */
let collected = new Map<string, Map<string, DownloadCount>>();
/** Until then somebody is about to tell. Not for ever: the platform may stop them where they stand. */
let tellingUntil = 0;

/** @param path `tarballs/PACKAGE-VERSION.tar`; what else is fetched is not counted. */
export function countDownload(c: Context<App>, repository: string, path: string): void {
  const [, name, version] = /^tarballs\/([^-]+)-(.+)\.tar$/.exec(path) ?? [];
  if (name === undefined || version === undefined || c.req.method !== "GET") return;
  tally(seriesOf("hexedge_downloads_total", { repository }));
  const day = new Date().toISOString().slice(0, 10);
  const counts = collected.get(repository) ?? new Map<string, DownloadCount>();
  collected.set(repository, counts);
  const key = `${name} ${version} ${day}`;
  const known = counts.get(key);
  if (known) known.count++;
  else if (counts.size < countsMax) counts.set(key, { package: name, version, day, count: 1 });
  const now = Date.now();
  if (now < tellingUntil) return;
  tellingUntil = now + 2 * collectMs;
  c.executionCtx.waitUntil(tell(c));
}

async function tell(c: Context<App>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, collectMs));
  const told = collected;
  collected = new Map();
  tellingUntil = 0;
  for (const [repository, counts] of told) {
    try {
      await c.env.REPOSITORY.getByName(repository).countDownloads([...counts.values()]);
    } catch (error) {
      const message = `${repository}: downloads could not be counted: ${error}`;
      console.error(JSON.stringify({ message }));
    }
  }
}
