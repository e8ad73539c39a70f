/** Everything that is counted. Labels have few values: never a package, never a path, never an address. */

export type MetricType = "counter" | "gauge" | "histogram";

export const metrics = {
  hexedge_http_requests_total: [
    "counter",
    "Requests, by group of routes, method and class of status",
  ],
  hexedge_http_request_seconds: ["histogram", "Time until the answer began, by group of routes"],
  hexedge_refused_credentials_total: ["counter", "Credentials that were refused, by reason"],
  hexedge_downloads_total: ["counter", "Tarballs fetched from hosted repositories"],
  hexedge_mirror_reads_total: [
    "counter",
    "Reads from mirrors: hit, out of what is kept; miss, the mirror had to look or to fetch",
  ],
  hexedge_upstream_requests_total: [
    "counter",
    "Requests to upstreams, by class of status; failed without any answer",
  ],
  hexedge_upstream_circuit_open: ["gauge", "1 while an upstream is left alone because it failed"],
  hexedge_storage_errors_total: ["counter", "Operations on storage that failed"],
  hexedge_faults_total: [
    "counter",
    "Requests that ended with a fault, each with a line in the log",
  ],
  hexedge_webhook_deliveries_total: [
    "counter",
    "Tries to deliver to webhooks: delivered, retried (failed, and tried again), failed (given up)",
  ],
  hexedge_webhook_deliveries_waiting: ["gauge", "Deliveries that are still to be made"],
  hexedge_flush_lag_seconds: [
    "gauge",
    "Age of the oldest change that the registry files in storage do not show yet",
  ],
  hexedge_dirty_packages: ["gauge", "Packages whose registry file in storage is stale"],
  hexedge_unindexed_packages: ["gauge", "Packages whose entry in KV is stale"],
  hexedge_uploads_in_progress: ["gauge", "Uploads that are reserved and not committed yet"],
  hexedge_up: ["gauge", "1 when that part of the registry answered just now"],
  hexedge_repository_up: ["gauge", "1 when the repository's Durable Object answered just now"],
} as const satisfies Record<string, readonly [MetricType, string]>;

export type MetricName = keyof typeof metrics;

/** Upper ends of the histogram's buckets, in seconds. */
export const bucketsSeconds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/** More is a mistake of ours: a label that has a value for each package, say. */
export const seriesMax = 5000;

/** The metric that a series, such as `name_bucket{le="1"}`, belongs to; undefined when it is none of ours. */
export function familyOf(series: string): MetricName | undefined {
  const name = series.split("{", 1)[0] ?? "";
  return [name, name.replace(/_(bucket|sum)$/, "")].find(isMetric);
}

function isMetric(name: string): name is MetricName {
  return Object.hasOwn(metrics, name);
}
