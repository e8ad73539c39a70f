/**
 * The Worker in Miniflare: what `wrangler deploy` would upload, with its data in a folder. A direct
 * socket leads straight into the Worker, past Miniflare's own, which takes two thirds of the speed.
 */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { buildWorker } from "./build.ts";
import { type DataFolder, type Secrets, secretBindings } from "./data-folder.ts";
import { namedSecrets } from "./named-secrets.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

type Options = Extract<Parameters<typeof convertV4MiniflareOptions>[0], { workers: unknown }>;

export interface Deployment {
  host: string;
  port: number;
  config: WranglerConfig;
  data: DataFolder;
  secrets: Secrets;
}

/** @param others more Workers in the same runtime; the benchmark measures the bare platform with one. */
export async function openMiniflare(
  deployment: Deployment,
  others: Options["workers"] = [],
): Promise<Miniflare> {
  const { host, port, config, data, secrets } = deployment;
  return new Miniflare(
    convertV4MiniflareOptions({
      ...{ host: "127.0.0.1", port: 0, cf: false, telemetry: { enabled: false } },
      ...{ log: new Log(LogLevel.WARN), logRequests: false },
      resourcePersistencePath: data.path,
      workers: [
        {
          // Where Miniflare keeps the ledgers follows the names here, so they never change.
          name: "hexedge",
          modules: [
            { type: "ESModule", path: "worker.js", contents: await buildWorker(config.main) },
          ],
          compatibilityDate: config.compatibilityDate,
          compatibilityFlags: config.compatibilityFlags,
          serviceBindings: {
            FOLDER: { disk: { path: data.filesPath, writable: true } },
            ASSETS: { disk: { path: config.assets } },
          },
          kvNamespaces: { INDEX: "index" },
          durableObjects: {
            REPOSITORY: { className: "Repository", useSQLite: true },
            ACCOUNTS_OBJECT: { className: "Accounts", useSQLite: true },
            MIRROR: { className: "Mirror", useSQLite: true },
            GROUP: { className: "Group", useSQLite: true },
            METRICS: { className: "Metrics", useSQLite: true },
          },
          bindings: {
            ...config.vars,
            ...namedSecrets(config.vars, process.env),
            ...secretBindings(secrets),
          },
          unsafeDirectSockets: [{ host, port }],
        },
        ...others,
      ],
    }),
  );
}
