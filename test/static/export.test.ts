import { gzipSync } from "fflate";
import { beforeEach, describe, expect, it } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { buildVersions } from "../../src/hex/registry.ts";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { buildRepository } from "../../src/static/build.ts";
import {
  type ExportReport,
  type ExportRequest,
  exportRepository,
  type Source,
} from "../../src/static/export.ts";
import { packageTarball, type ReleaseOptions, tar } from "../support/tarball.ts";
import { MemoryFolder } from "./memory-folder.ts";
import { problems, says } from "./says.ts";

const key = await parsePrivateKey(await generateSigningKey());
const ownKey = await parsePrivateKey(await generateSigningKey());

let upstream: MemoryFolder;
let folder: MemoryFolder;
let asked: string[];
/** Changes what is answered. */
let spoil: (path: string, bytes: Uint8Array) => Uint8Array | undefined;

beforeEach(async () => {
  [upstream, folder, asked] = [new MemoryFolder(), new MemoryFolder(), []];
  spoil = (_, bytes) => bytes;
  await publish({ name: "foo" }, { name: "foo", version: "1.1.0" }, { name: "bar" });
  const docs = tar([{ path: "index.html", bytes: "<p>foo</p>" }]);
  upstream.put("docs/foo-1.0.0.tar.gz", gzipSync(docs, { mtime: 0 }));
});

async function publish(...releases: ReleaseOptions[]): Promise<void> {
  for (const release of releases) {
    const { name = "foo", version = "1.0.0" } = release;
    upstream.put(`tarballs/${name}-${version}.tar`, await packageTarball(release));
  }
  const report = await buildRepository({ folder: upstream, repository: "acme", privateKey: key });
  if ("refused" in report) throw new Error(JSON.stringify(report));
}

const source: Source = {
  async get(path, etag) {
    asked.push(path);
    const bytes = await upstream.read(path);
    const sent = bytes && spoil(path, bytes);
    if (!sent) return "missing";
    const is = toHex(await sha256(sent));
    return is === etag ? "unchanged" : { bytes: sent, etag: is };
  },
};

async function run(options: Partial<ExportRequest> = {}) {
  [folder.did, asked] = [[], []];
  return exportRepository({ source, folder, docs: true, pauseMs: 1, ...options });
}

async function exported(options: Partial<ExportRequest> = {}): Promise<ExportReport> {
  const report = await run(options);
  if ("refused" in report) throw new Error(JSON.stringify(report.refused));
  return report;
}

const read = (path: string) => folder.read(path);
const own = (it: MemoryFolder) => it.paths().filter((path) => !path.startsWith(".hexedge/"));

describe("export", () => {
  it("writes every file as it is served, contents first and index last", async () => {
    const report = await exported();
    expect(report).toMatchObject({ repository: "acme", packages: 2, releases: 3, docs: 1 });
    expect(own(folder)).toEqual(own(upstream));
    for (const path of own(folder)) {
      expect(folder.files.get(path)?.bytes, path).toEqual(upstream.files.get(path)?.bytes);
    }
    const order = folder.did.map((it) => it.replace("write ", ""));
    expect(order.slice(-2)).toEqual(["versions", "names"]);
    for (const file of [
      "tarballs/foo-1.0.0.tar",
      "tarballs/foo-1.1.0.tar",
      "docs/foo-1.0.0.tar.gz",
    ])
      expect(order.indexOf(file)).toBeLessThan(order.indexOf("packages/foo"));
  });

  it("writes only what changed the next time, and fetches no tarball again", async () => {
    await exported();
    expect(await exported()).toMatchObject({ written: [], removed: [] });
    expect(asked.filter((path) => path.startsWith("tarballs/"))).toEqual([]);
    await publish({ name: "foo", version: "2.0.0" });
    expect((await exported()).written).toEqual([
      ...["tarballs/foo-2.0.0.tar", "packages/foo", "versions"],
    ]);
    expect(asked.filter((path) => path.startsWith("tarballs/"))).toEqual([
      "tarballs/foo-2.0.0.tar",
    ]);
  });

  it("does not write again what only has another date", async () => {
    await exported();
    const versions = await says((path) => upstream.read(path), "acme");
    const resource = { repository: "acme", packages: versions.versions };
    upstream.put("versions", await buildVersions(resource, key, { mtimeSeconds: 99 }));
    expect((await exported()).written).toEqual([]);
  });

  it("mends what is damaged in the folder", async () => {
    await exported();
    folder.put("tarballs/foo-1.0.0.tar", new Uint8Array(5));
    folder.put("packages/bar", new Uint8Array(5));
    folder.put("docs/foo-1.0.0.tar.gz", new Uint8Array(5));
    expect((await exported()).written.toSorted()).toEqual([
      ...["docs/foo-1.0.0.tar.gz", "packages/bar", "tarballs/foo-1.0.0.tar"],
    ]);
    expect(await problems(read, "acme")).toEqual([]);
  });

  it("removes what is gone, behind the index, and nothing that is named otherwise", async () => {
    await exported();
    folder.put("docs/README.md", new Uint8Array(1));
    upstream.files.delete("tarballs/foo-1.0.0.tar");
    upstream.files.delete("docs/foo-1.0.0.tar.gz");
    upstream.files.delete("tarballs/bar-1.0.0.tar");
    await publish();
    expect((await exported()).removed).toEqual([
      ...["packages/bar", "tarballs/bar-1.0.0.tar", "tarballs/foo-1.0.0.tar"],
      "docs/foo-1.0.0.tar.gz",
    ]);
    expect(folder.did.findIndex((it) => it.startsWith("remove"))).toBe(
      folder.did.indexOf("write names") + 1,
    );
    expect(folder.paths()).toContain("docs/README.md");
  });

  it("is a working repository at every moment, and finishes what was cut off anywhere", async () => {
    await exported();
    const start = folder.copy();
    upstream.files.delete("tarballs/bar-1.0.0.tar");
    await publish({ name: "foo", version: "2.0.0" }, { name: "new" });
    for (let changes = 0; ; changes++) {
      folder = start.copy();
      folder.changesLeft = changes;
      const ended = await run().then(
        () => true,
        () => false,
      );
      expect(await problems(read, "acme")).toEqual([]);
      folder.changesLeft = Number.POSITIVE_INFINITY;
      await exported();
      expect(own(folder)).toEqual(own(upstream));
      if (ended) break;
    }
  });

  it("takes only what is pinned, with the repository's own signed files", async () => {
    const pinned = () => [{ name: "foo", version: "1.0.0", outerChecksum: null }];
    await exported({ pinned });
    expect(own(folder)).toEqual([
      ...["docs/foo-1.0.0.tar.gz", "names", "packages/foo", "public_key"],
      ...["tarballs/foo-1.0.0.tar", "versions"],
    ]);
    expect(await read("packages/foo")).toEqual(await upstream.read("packages/foo"));
    expect(await read("names")).toEqual(await upstream.read("names"));
    const other = () => [{ name: "bar", version: "1.0.0", outerChecksum: "a".repeat(64) }];
    expect(await run({ pinned: other })).toMatchObject({
      refused: { problems: expect.arrayContaining([expect.stringContaining("than is pinned")]) },
    });
    const missing = () => [{ name: "bar", version: "9.0.0", outerChecksum: null }];
    expect(await run({ pinned: missing })).toMatchObject({
      refused: { problems: ["bar 9.0.0: the repository does not have it"] },
    });
  });

  it("signs anew what lists only what is there, and then has nothing to write", async () => {
    const pinned = () => [{ name: "foo", version: "1.0.0", outerChecksum: null }];
    await exported({ pinned, privateKey: ownKey, docs: false });
    const said = await says(read, "acme");
    expect(said.versions).toEqual([
      { name: "foo", versions: ["1.0.0"], retired: [], withAdvisories: [] },
    ]);
    expect(said.names[0]?.updatedAt).toEqual({ seconds: 1_700_000_000, nanos: 0 });
    expect(await problems(read, "acme")).toEqual([]);
    expect((await exported({ pinned, privateKey: ownKey, docs: false })).written).toEqual([]);
  });

  it("writes nothing that is not signed, or has another checksum", async () => {
    const good = (await exported()).written;
    for (const path of good.filter((it) => !/^(docs|public_key)/.test(it))) {
      folder = new MemoryFolder();
      spoil = (it, bytes) =>
        it === path ? bytes.map((byte, at) => byte ^ Number(at === 40)) : bytes;
      const report = await run();
      expect(report, path).toMatchObject({ refused: { reason: "bad_files" } });
      expect(folder.paths()).not.toContain(path);
      expect(folder.paths()).not.toContain("names");
    }
    folder = new MemoryFolder();
    spoil = (it, bytes) => (it.startsWith("docs/") ? bytes.slice(0, 9) : bytes);
    expect(await run()).toMatchObject({ refused: { reason: "bad_files" } });
    spoil = (it, bytes) => (it === "packages/foo" ? undefined : bytes);
    expect(await run()).toMatchObject({ refused: { reason: "bad_files" } });
  });

  it("waits until a repository that is changed just now says one thing", async () => {
    const old = await upstream.read("packages/foo");
    await publish({ name: "foo", version: "3.0.0" });
    let times = 0;
    spoil = (path, bytes) => (path === "packages/foo" && times++ === 0 ? old : bytes);
    expect(await exported()).toMatchObject({ releases: 4 });
    const versions = { repository: "acme", packages: [] };
    const none = await buildVersions(versions, key, { mtimeSeconds: 0 });
    spoil = (path, bytes) => (path === "versions" ? none : bytes);
    expect(await run()).toMatchObject({
      refused: { problems: ["names and versions tell of different packages"] },
    });
  });

  it("asks for the right key, and does not write over another repository", async () => {
    const expected = { publicKeyPem: await publicKeyPem(ownKey) };
    expect(await run(expected)).toMatchObject({ refused: { reason: "unexpected_key" } });
    expect(folder.paths()).toEqual([]);
    await exported({ publicKeyPem: await publicKeyPem(key) });
    expect(await run({ privateKey: ownKey })).toMatchObject({ refused: { reason: "other_key" } });
    expect(folder.did).toEqual([]);
    await exported({ privateKey: ownKey, force: true });
    expect(await problems(read, "acme")).toEqual([]);

    const other = new MemoryFolder();
    other.put("tarballs/x", new Uint8Array());
    await buildRepository({ folder: other, repository: "other", privateKey: key });
    folder = other;
    expect(await run()).toMatchObject({
      refused: { reason: "other_repository", repository: "other" },
    });
    upstream = new MemoryFolder();
    expect(await run()).toMatchObject({ refused: { reason: "no_repository" } });
  });
});
