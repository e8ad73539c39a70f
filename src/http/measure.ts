/**
 * Counts requests and their latencies, in memory: two or three additions a request. The platform's clock
 * only moves on when something is waited for, so what is measured is waiting, not computing.
 */
import type { Context } from "hono";
import { metricsName } from "../env.ts";
import {
  count,
  type Histogram,
  handOverSoon,
  histogramOf,
  observe,
  seriesOf,
} from "../metrics/tally.ts";
import type { App } from "./app-type.ts";

/** As they are written into labels, made once. */
const requests = new Map<string, string>();
const latencies = new Map<string, Histogram>();

export function measure(c: Context<App>, beganAt: number): void {
  // Nobody would take over what was counted.
  if (!c.env.METRICS) return;
  const group = groupOf(c.req.path);
  const status = Math.floor(c.res.status / 100);
  const key = `${group} ${methodOf(c.req.method)} ${status}xx`;
  let series = requests.get(key);
  let latency = latencies.get(group);
  if (series === undefined) {
    const [, method = "", code = ""] = key.split(" ");
    series = seriesOf("hexedge_http_requests_total", { group, method, status: code });
    requests.set(key, series);
  }
  if (latency === undefined) {
    latency = histogramOf("hexedge_http_request_seconds", { group });
    latencies.set(group, latency);
  }
  count(series);
  observe(latency, Math.max(0, Date.now() - beganAt) / 1000);
  handOverSoon(
    (counts) => metricsOf(c).add(counts),
    (work) => c.executionCtx.waitUntil(work),
  );
}

export function metricsOf(c: Context<App>) {
  return c.env.METRICS.getByName(metricsName);
}

const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

function methodOf(method: string): string {
  return methods.includes(method) ? method : "other";
}

const files = [
  "names",
  "versions",
  "packages",
  "tarballs",
  "docs",
  "public_key",
  "policies",
  "installs",
];
const apis = [
  ...["publish", "packages", "mirror", "check", "users", "keys", "orgs", "auth", "oauth", "repos"],
  ...["short_url", "audit-logs", "webhooks"],
];

/** The group of a path's route; whatever the path says, there are few. */
export function groupOf(path: string): string {
  const parts = path.split("/", 16);
  const [, first = "", , third = ""] = parts;
  if (first === "repos") return `files_${files.includes(third) ? third : "other"}`;
  if (first === "api") return apiGroup(parts.slice(2));
  // At the root a file is `/tarballs/FILE`; a page has more behind it.
  const isFile = files.includes(first) && parts.length < 4;
  if (isFile && first !== "docs" && parts.length !== 2) return `files_${first}`;
  if (["names", "versions", "public_key"].includes(first)) return `files_${first}`;
  if (["health", "metrics", "git"].includes(first)) return first;
  return first === "docs" ? "docs_pages" : "pages";
}

function apiGroup(parts: string[]): string {
  let [first = "", , third = "", ...rest] = parts;
  // Clients put their paths behind whichever api_url they have.
  while (first === "repos" && third !== "") [first, , third = "", ...rest] = [third, ...rest];
  if (first === "packages" && third === "releases") {
    return rest[1] === "docs" ? "api_docs" : "api_releases";
  }
  if (first === "packages" && third === "owners") return "api_owners";
  return `api_${apis.includes(first) ? first.replace("-", "_") : "other"}`;
}
