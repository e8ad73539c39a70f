/** Documentation: what storing and publishing it takes, and a page of it against the bare object's same range. */
import { createServer } from "node:http";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { docsTarball, type DocsFile, exdocFiles } from "../support/exdoc.ts";
import { median, type Rate } from "./load.ts";

const files = 500;
const tarballBytes = 12 * 1024 * 1024;
const requests = 600;

export async function benchDocs(
  { origin, adminKey, repository }: { origin: string; adminKey: string; repository: string },
  /** Where the platform answers with a part of the object. */
  bare: (sizeBytes: number) => string,
  /** Where objects lie. */
  folder: string,
  record: (name: string, rate: Rate, note?: string) => void,
  tell: (name: string, text: string, value: number) => void,
): Promise<void> {
  const at = `${origin}/api/repos/${repository}/packages/secured/releases/1.0.0/docs`;
  const docs = docsTarball(filled());
  const taken: number[] = [];
  const before = await objectsIn(folder);
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    const body = docs.slice();
    const response = await fetch(at, { method: "POST", headers: { authorization: adminKey }, body });
    if (response.status !== 201) throw new Error(await response.text());
    await response.arrayBuffer();
    taken.push(performance.now() - began);
  }
  const after = await objectsIn(folder);
  const stored = [...after].filter(([path]) => !before.has(path));
  const [packed = ["", 0]] = stored.filter(([path]) => path.includes("pages"));
  tell("docs: files in the tarball", `${files}`, files);
  tell("docs: tarball, bytes", mebibytes(docs.length), docs.length);
  tell("docs: objects stored", `${stored.length}`, stored.length);
  tell("docs: packed object, bytes", mebibytes(packed[1]), packed[1]);
  tell("docs: publish, ms", `${Math.round(median(taken))} ms`, Math.round(median(taken)));

  const root = `${origin}/docs/${repository}/secured/1.0.0/`;
  const headers = { "accept-encoding": "gzip" };
  const page = await bytesOf(`${root}Secured.Module1.html`, headers);
  tell("docs: a page on the wire, bytes", `${page}`, page);
  const assets = exdocFiles({ name: "secured" }).filter(({ path }) => isAsset(path));
  let all = page + (await bytesOf(`${root}docs_config.js`, headers));
  for (const { path } of assets) all += await bytesOf(root + path, headers);
  tell("docs: a page and its assets, bytes", `${all}`, all);

  const times = { page: [] as number[], bare: [] as number[], cold: [] as number[] };
  for (let round = 0; round < requests; round++) {
    const began = performance.now();
    await bytesOf(`${root}Secured.Module${(round % 200) + 1}.html`, headers);
    const between = performance.now();
    await bytesOf(bare(page), {});
    times.page.push(between - began);
    times.bare.push(performance.now() - between);
  }
  const [ours, theirs] = [rateOf(times.page), rateOf(times.bare)];
  record("R2.get of as many bytes, one at a time", theirs, "1.00 × bare");
  record("docs page, one at a time", ours, `${(ours.p50Ms / theirs.p50Ms).toFixed(2)} × as long`);
}

