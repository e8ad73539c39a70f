/** Documentation: what storing and publishing it takes, and a page of it against the bare object's same range. */
import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { type DocsFile, docsTarball, exdocFiles } from "../support/exdoc.ts";
import { median, type Rate } from "./load.ts";

const files = 500;
const tarballBytes = 12 * 1024 * 1024;
const requests = 600;
const agent = new Agent({ keepAlive: true });

export async function benchDocs(
  { origin, adminKey, repository }: { origin: string; adminKey: string; repository: string },
  /** The platform, and the folder where objects lie. */
  { platform, folder }: { platform: string; folder: string },
  record: (name: string, rate: Rate, note?: string) => void,
  tell: (name: string, text: string, value: number) => void,
): Promise<void> {
  const at = `${origin}/api/repos/${repository}/packages/documented/releases/1.0.0/docs`;
  const docs = docsTarball(filled());
  const taken: number[] = [];
  const before = await objectsIn(folder);
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    const body = docs.slice();
    const response = await fetch(at, {
      method: "POST",
      headers: { authorization: adminKey },
      body,
    });
    if (response.status !== 201) throw new Error(await response.text());
    await response.arrayBuffer();
    taken.push(performance.now() - began);
  }
  const after = await objectsIn(folder);
  const stored = [...after].filter(([path]) => !before.has(path) && /docs|pages/.test(path));
  const [packed = ["", 0]] = stored.filter(([path]) => path.includes("pages"));
  tell("docs: files in the tarball", `${files}`, files);
  tell("docs: tarball, bytes", mebibytes(docs.length), docs.length);
  tell("docs: objects stored", `${stored.length}`, stored.length);
  tell("docs: packed object, bytes", mebibytes(packed[1]), packed[1]);
  tell("docs: publish, ms", `${Math.round(median(taken))} ms`, Math.round(median(taken)));

  const root = `${origin}/docs/${repository}/documented/1.0.0/`;
  const headers = { "accept-encoding": "gzip" };
  const page = await bytesOf(`${root}Documented.Module1.html`, headers);
  tell("docs: a page on the wire, bytes", `${page}`, page);
  const assets = exdocFiles({ name: "documented" }).filter(({ path }) => isAsset(path));
  let all = page + (await bytesOf(`${root}docs_config.js`, headers));
  for (const { path } of assets) all += await bytesOf(root + path, headers);
  tell("docs: a page and its assets, bytes", `${all}`, all);

  const path = encodeURIComponent(packed[0].slice(folder.length + 1));
  const part = `${platform}/disk/part?path=${path}&offset=100000&size=${page}`;
  const module = () => `${root}Documented.Module${Math.ceil(Math.random() * 200)}.html`;
  const reads: [string, () => string][] = [
    ["the same range of the bare object, one at a time", () => part],
    ["docs asset, one at a time", () => `${root}dist/html-MX33GQN7.js`],
    ["docs page, one at a time", module],
  ];
  const times = new Map<string, number[]>(reads.map(([name]) => [name, []]));
  for (let round = 0; round < requests; round++) {
    for (const [name, url] of reads) {
      const began = performance.now();
      await bytesOf(url(), headers);
      times.get(name)?.push(performance.now() - began);
    }
  }
  const rates = reads.map(([name]) => [name, rateOf(times.get(name) ?? [])] as const);
  const bare = rates[0]?.[1].p50Ms ?? Number.NaN;
  for (const [name, rate] of rates) {
    record(name, rate, `${(rate.p50Ms / bare).toFixed(2)} × as long`);
  }
}

/** A set of docs of ExDoc's, with pictures until there are as many files and bytes as are meant. */
function filled(): DocsFile[] {
  const made = exdocFiles({ name: "documented" });
  const left = files - made.length;
  const pictureBytes = Math.floor((tarballBytes - docsTarball(made).length) / left) - 100;
  const pictures = Array.from({ length: left }, (_, at) => ({
    path: `assets/picture_${at}.png`,
    bytes: randomBytes(pictureBytes),
  }));
  return [...made, ...pictures];
}

/** What every page of ExDoc's asks for. */
function isAsset(path: string): boolean {
  return /^dist\/(html|lato|sidebar_items)|^assets\/logo/.test(path);
}

/** Of the body as it is on the wire. */
function bytesOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((done, fail) => {
    const asked = request(url, { agent, headers }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => {
        bytes += chunk.length;
      });
      response.on("end", () => {
        if (response.statusCode === 200 || response.statusCode === 206) done(bytes);
        else fail(new Error(`${url}: ${response.statusCode}`));
      });
    });
    asked.on("error", fail);
    asked.end();
  });
}

async function objectsIn(folder: string): Promise<Map<string, number>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const objects = found.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
  const sizes = objects.map(async (path) => [path, (await stat(path)).size] as const);
  return new Map(await Promise.all(sizes));
}

const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)} MiB`;

function rateOf(ms: readonly number[]): Rate {
  const sorted = [...ms].sort((one, other) => one - other);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
  return { perSecond: 1000 / at(0.5), p50Ms: at(0.5), p99Ms: at(0.99) };
}
