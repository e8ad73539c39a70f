/** `npm run hexedge -- export`: a running Hexedge's repositories as folders, and clients without it. */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { problems, says } from "../static/says.ts";
import { hexedge } from "../support/hexedge.ts";
import { killedAfter } from "../support/killed.ts";
import { freePort, type Server, startServer, temporaryFolder, until } from "../support/server.ts";
import { packageTarball, type ReleaseOptions, tar } from "../support/tarball.ts";

let server: Server;
let dir: string;
const pem = await generateSigningKey();

beforeAll(async () => {
  const port = await freePort();
  const publicKey = await publicKeyPem(await parsePrivateKey(pem));
  server = await startServer({
    ...{ port, environment: { SIGNING_KEY: pem } },
    config: `name = "hexedge"
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars]
LIMITS = { api_per_minute = 0 }
[vars.REPOSITORIES.acme]
kind = "hosted"
public = true
[vars.REPOSITORIES.shut]
kind = "hosted"
[vars.REPOSITORIES.fresh]
kind = "hosted"
[vars.REPOSITORIES.ours]
kind = "group"
members = ["fresh"]
[vars.REPOSITORIES.mirrored]
kind = "mirror"
public = true
upstream_name = "acme"
upstream_url = "http://127.0.0.1:${port}/repos/acme"
upstream_public_key = """${publicKey}"""
[vars.REPOSITORIES.cut_off]
kind = "mirror"
offline = true
public = true
upstream_name = "acme"
upstream_url = "http://127.0.0.1:${port}/repos/acme"
upstream_public_key = """${publicKey}"""
[vars.REPOSITORIES.both]
kind = "group"
members = ["acme", "mirrored"]
`,
  });
  await publish("acme", { name: "bar" });
  await publish("acme", { name: "foo", requirements: [{ name: "bar" }], rebar3: true });
  await publish("acme", { name: "foo", version: "1.1.0" });
  const docs = gzipSync(tar([{ path: "index.html", bytes: "<p>foo</p>" }]), { mtime: 0 });
  await send("POST", "/api/repos/acme/packages/foo/releases/1.0.0/docs", docs);
  await server.mustAsk("POST", "/api/repos/acme/packages/foo/releases/1.1.0/retire", {
    body: { reason: "deprecated", message: "old as it is" },
  });
  await publish("shut", { name: "secret" });
  await until(async () => {
    const { versions } = await says(served("acme"), "acme");
    return versions.some(({ retired }) => retired.length === 1);
  }, "versions to follow");
  await until(async () => (await says(served("shut"), "shut")).versions.length === 1, "the same");
});

beforeEach(() => {
  dir = join(temporaryFolder(), "public");
});

async function send(method: string, path: string, body: Uint8Array): Promise<void> {
  const headers = { "content-type": "application/octet-stream" };
  const answer = await server.fetch(path, { method, headers, body: body.slice() });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/** Also waits until names and versions tell of it. */
async function publish(repository: string, release: ReleaseOptions): Promise<void> {
  await send("POST", `/api/repos/${repository}/publish`, await packageTarball(release));
}

const run = (repository: string, args: readonly string[] = []) =>
  hexedge(server, ["export", repository, dir, ...args]);

const read = (path: string) =>
  readFile(join(dir, path)).then(
    (bytes) => new Uint8Array(bytes),
    () => undefined,
  );

const served = (repository: string) => async (path: string) => {
  const answer = await server.fetch(`/repos/${repository}/${path}`);
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
};

async function lockOf(names: readonly string[], changed?: string): Promise<string> {
  const lines = names.map(async (name) => {
    const bytes = await served("acme")(`tarballs/${name}-1.0.0.tar`);
    const outer = changed ?? toHex(await sha256(bytes ?? new Uint8Array()));
    return `"${name}": {:hex, :${name}, "1.0.0", "${"a".repeat(64)}", [:mix], [], "acme", "${outer}"},`;
  });
  const path = join(temporaryFolder(), "mix.lock");
  writeFileSync(path, `%{\n${(await Promise.all(lines)).join("\n")}\n}\n`);
  return path;
}

describe("hexedge export", () => {
  it("writes a hosted repository, verified, and the next time only what changed", async () => {
    const told = await run("acme");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(
      /^acme in .*: 2 packages, 3 releases, 1 with docs; 9 files written, 0 removed, 0\.0 MB fetched\nsigned with SHA256:/,
    );
    expect(await problems(read, "acme")).toEqual([]);
    expect(await says(read, "acme")).toEqual(await says(served("acme"), "acme"));
    expect(await read("docs/foo-1.0.0.tar.gz")).toEqual(
      await served("acme")("docs/foo-1.0.0.tar.gz"),
    );
    const before = statSync(join(dir, "packages/foo")).mtimeMs;
    const again = await run("acme", ["--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({
      ...{ repository: "acme", packages: 2, releases: 3, docs: 1, written: [], removed: [] },
    });
    expect(statSync(join(dir, "packages/foo")).mtimeMs).toBe(before);

    await publish("acme", { name: "passing" });
    await until(
      async () => JSON.stringify(await says(served("acme"), "acme")).includes("passing"),
      "it",
    );
    const followed = JSON.parse((await run("acme", ["--json"])).stdout);
    expect(followed.written).toEqual([
      ...["tarballs/passing-1.0.0.tar", "packages/passing", "versions", "names"],
    ]);
    await server.mustAsk("DELETE", "/api/repos/acme/packages/passing/releases/1.0.0");
    await until(
      async () => !JSON.stringify(await says(served("acme"), "acme")).includes("passing"),
      "it",
    );
    const reverted = JSON.parse((await run("acme", ["--json"])).stdout);
    expect(reverted.removed).toEqual(["packages/passing", "tarballs/passing-1.0.0.tar"]);
  });

  it.each(["fresh", "ours"])(
    "misses nothing of what was published a moment ago: %s",
    async (repository) => {
      const made: string[] = [];
      for (const number of ["one", "two", "three"]) {
        const name = `${repository}_${number}`;
        await publish("fresh", { name });
        made.push(name);
        const told = await run(repository, ["--force"]);
        expect(told).toMatchObject({ code: 0, stderr: "" });
        for (const it of made) expect(await read(`tarballs/${it}-1.0.0.tar`), it).toBeDefined();
      }
    },
  );

  it("says what to do when a mirror does not hold the index, and cannot ask for it", async () => {
    const told = await run("cut_off");
    expect(told).toMatchObject({ code: 1, stdout: "" });
    expect(told.stderr).toMatch(/names answers 504: .*`hexedge mirror LOCKFILE --repository NAME`/);
  });

  it.each(["mirrored", "both", "shut"])("writes the repository %s as well", async (repository) => {
    const told = await run(repository, ["--json"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    const { repository: called, releases } = JSON.parse(told.stdout);
    expect([called, releases]).toEqual(
      { mirrored: ["acme", 3], both: ["hexpm", 3], shut: ["shut", 1] }[repository],
    );
    expect(await problems(read, called)).toEqual([]);
  });

  it("takes only what lock files pin, and signs a list of that when it gets a key", async () => {
    const lock = await lockOf(["foo", "bar"]);
    expect(await run("mirrored", ["--lock", lock])).toMatchObject({ code: 0, stderr: "" });
    expect(await read("tarballs/foo-1.1.0.tar")).toBeUndefined();
    expect(await read("packages/foo")).toEqual(await served("acme")("packages/foo"));

    dir = join(temporaryFolder(), "own");
    const keyFile = join(temporaryFolder(), "key.pem");
    writeFileSync(keyFile, await generateSigningKey());
    const told = await run("acme", ["--lock", lock, "--private-key", keyFile, "--no-docs"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    const { versions } = await says(read, "acme");
    expect(versions.map((it) => `${it.name} ${it.versions}`)).toEqual(["bar 1.0.0", "foo 1.0.0"]);
    const wrong = await run("acme", ["--lock", await lockOf(["foo"], "c".repeat(64)), "--force"]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("foo 1.0.0: the repository has another checksum than is pinned");
  });

  it("goes on where it was killed", async () => {
    const names = Array.from({ length: 60 }, (_, at) => `many_${at}`);
    for (const name of names) await publish("shut", { name });
    await until(
      async () => JSON.stringify(await says(served("shut"), "shut")).includes("many_59"),
      "it",
    );
    let killed = 0;
    for (const ms of [400, 500, 600, 700]) {
      if (await killedAfter(ms, server, ["export", "shut", dir])) killed++;
      if (await read("names")) expect(await problems(read, "shut")).toEqual([]);
    }
    expect(killed).toBeGreaterThan(0);
    expect(await run("shut")).toMatchObject({ code: 0, stderr: "" });
    expect(await says(read, "shut")).toEqual(await says(served("shut"), "shut"));
  });

  it("says in a sentence what is wrong, and leaves the folder as it was", async () => {
    const missing = await run("nowhere");
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain("is nowhere a repository of this Hexedge?");
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "holiday.jpg"), "");
    const other = await run("acme");
    expect(other.stderr).toContain("holds other things");
    const bad = await hexedge({ ...server, adminKey: "hex_no" }, ["export", "shut", `${dir}/x`]);
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining("answers 401") });
    const name = await run("../acme");
    expect(name.stderr).toContain("is no name of a repository");
    const file = await hexedge(server, ["export", "acme", join(dir, "holiday.jpg")]);
    expect(file.code).toBe(1);
    expect(file.stderr).not.toContain("    at ");
    const key = join(temporaryFolder(), "key.pem");
    writeFileSync(key, await publicKeyPem(await parsePrivateKey(await generateSigningKey())));
    const unexpected = await hexedge(server, [
      ...["export", "acme", `${dir}/x`, "--public-key", key],
    ]);
    expect(unexpected.stderr).toContain("which is not the key of --public-key");
    expect(await hexedge(server, ["export", "--help"])).toMatchObject({
      ...{ code: 0, stdout: expect.stringContaining("go on where it stopped") },
    });
  });
});
