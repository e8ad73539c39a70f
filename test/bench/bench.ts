/**
 * `npm run bench`: publishes and reads per second, and beside them the bare platform, in one runtime.
 * It prints a table and one line of JSON. `npm run bench -- --quick` leaves out the large repositories,
 * `npm run bench -- 5000` measures with so many packages only.
 * `npm run bench -- pages` measures pages for people, with 20,000 packages, `-- docs` documentation.
 * `npm run bench -- static` measures build, export and import of static repositories.
 * `npm run bench -- keys` measures what keys and tokens cost, `-- reads` reading as well.
 * Numbers of one machine say little: look at the ratios.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "../../src/cli/build.ts";
import { DataFolder } from "../../src/cli/data-folder.ts";
import { openMiniflare } from "../../src/cli/miniflare.ts";
import { readWranglerConfig } from "../../src/cli/wrangler-config.ts";
import { parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { packageTarball } from "../support/tarball.ts";
import { benchAuthentication, openRepository, shutRepository } from "./authentication.ts";
import { benchDocs } from "./docs.ts";
import { median, medianRate, type Rate, readRate, runAtOnce, send } from "./load.ts";
import {
  benchHerd,
  benchLockfile,
  benchMirror,
  countRequests,
  mirrorRepository,
} from "./mirror.ts";
import { benchPages, pagesRepository } from "./pages.ts";
import { benchStatic } from "./static.ts";

const quick = process.argv.includes("--quick");
/** `-- reads`, `-- keys`, `-- pages`, `-- docs`, `-- static`: those alone. */
const only = process.argv.find((it) => ["reads", "keys", "pages", "docs", "static"].includes(it));
const rounds = 3;
const publishesInRound = quick ? 60 : 200;
const asked = process.argv
  .slice(2)
  .filter((it) => /^\d+$/.test(it))
  .map(Number);
const repositorySizes = asked.length > 0 ? asked : quick ? [0] : [0, 5_000, 20_000];
const readSeconds = quick ? 1 : 3;
const tarballBytes = 30_000;
const root = join(import.meta.dirname, "../..");
const port = 4710;
const origin = `http://127.0.0.1:${port}`;
const platform = `http://127.0.0.1:${port + 1}`;

/** The same as `origin`, counted. */
const counted = `http://127.0.0.1:${port + 2}`;

const results: Record<string, number> = {};
const rows: string[][] = [];

async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hexedge-bench-"));
  try {
    const { key } = await withServer(folder, async (key) => {
      if (only === "static") {
        const packages = asked.length > 0 ? asked : [1_000];
        const site = { origin, adminKey: key, repository: shutRepository, packages };
        await benchStatic(site, tell);
        return { key };
      }
      if (!only) for (const size of repositorySizes) await benchPublishing(key, size);
      if (!only || only === "reads") await benchReads(key);
      if (only === "pages" || (!only && !quick)) {
        await benchPages({ origin, adminKey: key, rounds }, `${platform}/hello`, record);
      }
      if (only === "pages") return { key };
      if (!only || only === "docs") await benchDocumentation(key, folder);
      if (only === "docs") return { key };
      const reads = { origin, adminKey: key, rounds, seconds: readSeconds };
      await benchAuthentication(reads, await tarball("secured", 50_000), record);
      await benchMirrors(key);
      if (!only) await benchPlatform();
      return { key };
    });
    if (!only) await benchColdStart(folder, key);
  } finally {
    await rm(folder, { recursive: true });
  }
  printTable();
  console.log(JSON.stringify(results));
}

async function withServer<T>(folder: string, work: (key: string) => Promise<T>): Promise<T> {
  const config = readWranglerConfig(join(root, "wrangler.toml"));
  config.vars.ROOT_REPOSITORY = repositoryOf(repositorySizes[0] ?? 0);
  const data = await DataFolder.open(folder);
  const secrets = await data.secrets({});
  config.vars.REPOSITORIES = {
    ...Object.fromEntries(repositorySizes.map((size) => [repositoryOf(size), { kind: "hosted" }])),
    [openRepository]: { kind: "hosted", public: true },
    [shutRepository]: { kind: "hosted" },
    [pagesRepository]: { kind: "hosted" },
    [mirrorRepository]: {
      ...{ kind: "mirror", public: true, upstream_name: openRepository },
      upstream_url: `${counted}/repos/${openRepository}`,
      upstream_public_key: await publicKeyPem(await parsePrivateKey(secrets.signingKey)),
    },
  };
  const miniflare = await openMiniflare({ host: "127.0.0.1", port, config, data, secrets }, [
    {
      name: "platform",
      modules: [
        {
          type: "ESModule",
          path: "platform.js",
          contents: await buildWorker(join(root, "test/bench/platform.ts")),
        },
      ],
      compatibilityDate: config.compatibilityDate,
      r2Buckets: { BUCKET: "bench" },
      serviceBindings: { FOLDER: { disk: { path: data.filesPath, writable: true } } },
      durableObjects: { COUNTER: { className: "Counter", useSQLite: true } },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: port + 1 }],
    },
  ]);
  await miniflare.ready;
  try {
    return await work(secrets.adminKey);
  } finally {
    await miniflare.dispose();
    data.close();
  }
}

const repositoryOf = (size: number) => `with_${size}`;

async function benchPublishing(key: string, size: number): Promise<void> {
  const repository = repositoryOf(size);
  if (size > 0) {
    const jobs = Array.from({ length: size }, (_, at) => async () => {
      await publish(key, repository, await tarball(`filled_${at}`, 1_000));
    });
    const filled = await runAtOnce(jobs, 8);
    record(
      `fill with ${size} packages, 8 at once`,
      filled,
      `${Math.round(size / filled.perSecond)} s`,
    );
    await settled(key, repository);
  }
  for (const atOnce of [1, 8, 32]) {
    const measured: Rate[] = [];
    for (let round = 0; round < rounds; round++) {
      const tarballs = await Promise.all(
        Array.from({ length: publishesInRound }, (_, at) =>
          tarball(`bench_${atOnce}_${round}_${at}`, tarballBytes),
        ),
      );
      const jobs = tarballs.map((bytes) => () => publish(key, repository, bytes));
      measured.push(await runAtOnce(jobs, atOnce));
    }
    record(`publish into ${size} packages, ${atOnce} at once`, medianRate(measured));
  }
  await settled(key, repository);
}

async function tarball(name: string, sizeBytes: number): Promise<Uint8Array> {
  // What does not compress, so the size on the wire is the size that is meant.
  const files = [{ path: "mix.exs", bytes: randomBytes(sizeBytes) }];
  return packageTarball({ name, version: "1.0.0", files });
}

async function publish(key: string, repository: string, body: Uint8Array): Promise<void> {
  await send("POST", `${origin}/api/repos/${repository}/publish`, 201, { key, body });
}

/** Waits until names and versions have followed, so that one measurement does not pay for another. */
async function settled(key: string, repository: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await send("GET", `${origin}/repos/${repository}/versions`, 200, { key });
}

async function benchReads(key: string): Promise<void> {
  const repository = repositoryOf(repositorySizes[0] ?? 0);
  await publish(key, repository, await tarball("read_me", 50_000));
  const headers = { authorization: key };
  const file = `${origin}/repos/${repository}/packages/read_me`;
  const etag = (await fetch(file, { headers })).headers.get("etag") ?? "";
  await fetch(`${platform}/r2/prepare?size=2000`);
  await fetch(`${platform}/r2/prepare?size=50000`);
  const reads: [string, string, Record<string, string>][] = [
    ["hello-world of the platform", `${platform}/hello`, {}],
    ["read packages/NAME", file, headers],
    ["read a 50 KB tarball", `${origin}/repos/${repository}/tarballs/read_me-1.0.0.tar`, headers],
    ["read packages/NAME, 304", file, { ...headers, "if-none-match": etag }],
    ["R2.get of 2 KB", `${platform}/r2/get?size=2000`, {}],
    ["R2.get of 50 KB", `${platform}/r2/get?size=50000`, {}],
  ];
  const measured = new Map<string, Rate[]>();
  // Round by round, so that a slow minute of the machine hits all of them.
  for (let round = 0; round < rounds; round++) {
    for (const [name, url, sent] of reads) {
      const rate = await readRate(url, readSeconds, sent);
      measured.set(name, [...(measured.get(name) ?? []), rate]);
    }
  }
  const hello = medianRate(measured.get("hello-world of the platform") ?? []);
  for (const [name, rates] of measured) {
    const rate = medianRate(rates);
    record(name, rate, `${(rate.perSecond / hello.perSecond).toFixed(2)} × hello-world`);
  }
}

async function benchDocumentation(key: string, folder: string): Promise<void> {
  await publish(key, openRepository, await tarball("documented", 1_000));
  const site = { origin, adminKey: key, repository: openRepository };
  await benchDocs(site, { platform, folder: join(folder, "files") }, record, tell);
}

async function benchMirrors(key: string): Promise<void> {
  const upstream = `${origin}/repos/${openRepository}`;
  const reads = { origin, upstream, rounds, seconds: readSeconds };
  const publishSome = async (count: number) => {
    const names = Array.from({ length: count }, (_, at) => `missed_${at}`);
    const jobs = names.map((name) => async () => {
      await publish(key, openRepository, await tarball(name, tarballBytes));
    });
    await runAtOnce(jobs, 8);
    return names;
  };
  const counter = await countRequests(origin, port + 2);
  try {
    await benchMirror(reads, publishSome, record);
    await publish(key, openRepository, await tarball("wanted", tarballBytes));
    const asked = await benchHerd(origin, "wanted", counter);
    tell("100 who miss one tarball at once", `${asked} requests upstream`, asked);
    const pinned = Array.from({ length: 300 }, (_, at) => `pinned_${at}`);
    const jobs = pinned.map((name) => async () => {
      await publish(key, openRepository, await tarball(name, tarballBytes));
    });
    await runAtOnce(jobs, 8);
    const [first, second] = await benchLockfile(origin, key, pinned, openRepository);
    tell("mirror a lock file of 300, ms", `${Math.round(first)} ms`, Math.round(first));
    tell("the same again, ms", `${Math.round(second)} ms`, Math.round(second));
  } finally {
    counter.server.closeAllConnections();
    counter.server.close();
  }
}

function tell(name: string, text: string, value: number): void {
  results[name] = value;
  rows.push([name, "", text, "", ""]);
}

async function benchPlatform(): Promise<void> {
  for (const [name, path] of [
    ["R2.put of 30 KB", "/r2/put?size=30000"],
    ["disk put of 30 KB", "/disk/put?size=30000"],
    ["Durable Object call", "/do/call"],
    ["Durable Object insert", "/do/insert"],
  ] as const) {
    for (const atOnce of [1, 32]) {
      const measured: Rate[] = [];
      for (let round = 0; round < rounds; round++) {
        const status = path === "/do/call" ? 200 : 204;
        const job = async () => void (await send("GET", `${platform}${path}`, status));
        measured.push(
          await runAtOnce(
            Array.from({ length: 500 }, () => job),
            atOnce,
          ),
        );
      }
      record(`${name}, ${atOnce} at once`, medianRate(measured));
    }
  }
}

/** From `node` to the first right answer, with all that was published before. */
async function benchColdStart(folder: string, key: string): Promise<void> {
  const config = join(folder, "wrangler.toml");
  const { readFile, writeFile } = await import("node:fs/promises");
  const shipped = await readFile(join(root, "wrangler.toml"), "utf8");
  const names = repositorySizes.map(
    (size) => `[vars.REPOSITORIES.${repositoryOf(size)}]\nkind = "hosted"\n`,
  );
  const head = shipped
    .slice(0, shipped.indexOf("[vars]"))
    .replace("src/index.ts", join(root, "src/index.ts"));
  await writeFile(config, `${head}\n${names.join("\n")}`);
  const file = `${origin}/repos/${repositoryOf(Math.max(...repositorySizes))}/versions`;
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    const args = ["--port", String(port), "--data", folder, "--config", config];
    const child = spawn(process.execPath, [join(root, "src/cli/start.ts"), ...args], {
      stdio: "ignore",
    });
    while (!(await answers(file, key))) {
      if (performance.now() - began > 60_000) throw new Error("no answer for a minute");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    times.push(performance.now() - began);
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  }
  const ms = median(times);
  results["cold start, ms"] = Math.round(ms);
  rows.push(["cold start to the first right answer", "", `${Math.round(ms)} ms`, "", ""]);
}

async function answers(url: string, key: string): Promise<boolean> {
  const response = await fetch(url, { headers: { authorization: key } }).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status === 200;
}

function record(name: string, rate: Rate, note = ""): void {
  results[`${name}, per second`] = Number(rate.perSecond.toFixed(1));
  results[`${name}, p99 ms`] = Number(rate.p99Ms.toFixed(1));
  const row = [name, rate.perSecond.toFixed(0), rate.p50Ms.toFixed(1), rate.p99Ms.toFixed(1), note];
  rows.push(row);
  console.error(row.join("  "));
}

function printTable(): void {
  const head = ["what", "per second", "p50 ms", "p99 ms", ""];
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => (row[at] ?? "").length)),
  );
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join("  "),
    );
  }
}

await bench();
