/** `npm run hexedge -- import`: repositories of other makes, into a running Hexedge. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { says } from "../static/says.ts";
import { hexedge } from "../support/hexedge.ts";
import { hostedConfig } from "../support/hosted.ts";
import { killedAfter } from "../support/killed.ts";
import { freePort, type Server, startServer, temporaryFolder, until } from "../support/server.ts";
import { packageTarball, type ReleaseOptions, tar } from "../support/tarball.ts";

const names = ["one", "two", "three", "four", "five", "six", "seven"];
const pem = await generateSigningKey();
let server: Server;
let dir: string;

beforeAll(async () => {
  const group = `[vars.REPOSITORIES.together]\nkind = "group"\nmembers = ["one"]\n`;
  server = await startServer({ config: hostedConfig(names) + group });
});

beforeEach(() => {
  dir = join(temporaryFolder(), "static");
});

const docs = gzipSync(tar([{ path: "index.html", bytes: "<p>zero</p>" }]), { mtime: 0 });

/** A static repository called acme, as `build` makes it. */
async function makeStatic(...releases: ReleaseOptions[]): Promise<void> {
  mkdirSync(join(dir, "tarballs"), { recursive: true });
  for (const release of releases) {
    const { name = "foo", version = "1.0.0" } = release;
    writeFileSync(join(dir, `tarballs/${name}-${version}.tar`), await packageTarball(release));
  }
  const keyFile = join(temporaryFolder(), "key.pem");
  writeFileSync(keyFile, pem);
  const args = ["build", dir, "--name", "acme", "--private-key", keyFile];
  const told = await hexedge({ origin: "", adminKey: "" }, args);
  if (told.code !== 0) throw new Error(told.stderr);
}

const run = (repository: string, args: readonly string[] = [], source = dir) =>
  hexedge(server, ["import", source, repository, ...args]);

async function versionsOf(repository: string, name: string): Promise<string[]> {
  const { body } = await server.ask("GET", `/api/repos/${repository}/packages/${name}`);
  return (body.releases ?? []).map(({ version }: { version: string }) => version);
}

async function noProblems(repository: string): Promise<void> {
  const problems = async () =>
    (await server.mustAsk("GET", `/api/repos/${repository}/check`)).problems.length === 0;
  await until(problems, "a repository without problems");
}

describe("hexedge import", () => {
  it("takes in a static folder, and the second time nothing", async () => {
    await makeStatic(
      { name: "app", requirements: [{ name: "zero" }], rebar3: true },
      ...[{ name: "zero" }, { name: "zero", version: "1.1.0" }],
    );
    mkdirSync(join(dir, "docs"));
    writeFileSync(join(dir, "docs/zero-1.1.0.tar.gz"), docs);
    const told = await run("one");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(
      /^signed with SHA256:.*, as the source itself says: compare it, or give --public-key\none: 3 new, 0 already there, 0 conflict, 0 refused, 0 retired, 1 docs\n$/,
    );
    expect(await versionsOf("one", "zero")).toEqual(["1.1.0", "1.0.0"]);
    await noProblems("one");
    const again = await run("one", ["--json"]);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(again.stdout).summary).toEqual({
      ...{ new: 0, there: 3, conflict: 0, refused: 0, retired: 0, docs: 0 },
    });
    const app = await server.mustAsk("GET", "/api/repos/one/packages/app/releases/1.0.0");
    expect(app.requirements).toMatchObject({ zero: { requirement: "~> 1.0" } });
  });

  it("takes in a running repository, with its retirements and its dates", async () => {
    const key = join(temporaryFolder(), "public.pem");
    writeFileSync(key, server.publicKeyPem);
    for (const version of ["1.0.0", "2.0.0"]) {
      const body = (await packageTarball({ name: "foo", version })).slice();
      const date = `${version.startsWith("1") ? 2020 : 2021}-01-02T03:04:05.678Z`;
      const answer = await server.fetch(`/api/repos/two/publish?published_at=${date}`, {
        ...{ method: "POST", body, headers: { "content-type": "application/octet-stream" } },
      });
      expect(answer.status).toBe(201);
    }
    await server.mustAsk("POST", "/api/repos/two/packages/foo/releases/1.0.0/retire", {
      body: { reason: "security", message: "do not use" },
    });
    const served = async (path: string) => {
      const answer = await server.fetch(`/repos/two/${path}`);
      return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
    };
    const isListed = async () => {
      const { versions } = await says(served, "two");
      return versions[0]?.versions.length === 2 && versions[0].retired.length === 1;
    };
    await until(isListed, "versions to follow");
    await noProblems("two");
    const args = ["--public-key", key, "--source-key", server.adminKey];
    const told = await run("three", args, `${server.origin}/repos/two`);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toContain(
      "three: 2 new, 0 already there, 0 conflict, 0 refused, 1 retired",
    );
    const { body } = await server.ask("GET", "/api/repos/three/packages/foo/releases/1.0.0");
    expect(body).toMatchObject({
      retirement: { reason: "security", message: "do not use" },
      inserted_at: "2020-01-02T03:04:05.678Z",
    });
    const foo = await server.mustAsk("GET", "/api/repos/three/packages/foo");
    expect(foo.inserted_at).toBe("2020-01-02T03:04:05.678Z");

    // Whoever may publish, but not say when.
    const writer = await server.makeUser("wendy", "write", "seven");
    const source = `${server.origin}/repos/two`;
    const dateless = await hexedge({ ...server, adminKey: writer }, [
      ...["import", source, "seven", ...args],
    ]);
    expect(dateless).toMatchObject({ code: 0, stderr: "" });
    expect(dateless.stdout).toMatch(
      /^signed with .*\nwarning: 2 of the new ones have today's date, not that of the source: Only an admin of the repository .*\nseven: 2 new/,
    );
    const late = await server.mustAsk("GET", "/api/repos/seven/packages/foo");
    expect(Date.now() - Date.parse(late.inserted_at)).toBeLessThan(600_000);
    const keyless = await run("three", [], `${server.origin}/repos/two`);
    expect(keyless).toMatchObject({ code: 1, stderr: expect.stringContaining("takes a key") });
  });

  it("takes in a MiniRepo's folder, and leaves its defects out", async () => {
    await makeStatic({ name: "good" }, { name: "bad" });
    rmSync(join(dir, "public_key")); // MiniRepo seldom writes it
    writeFileSync(join(dir, "tarballs/good-0.1.0.tar"), "");
    writeFileSync(join(dir, "packages/reverted"), "");
    rmSync(join(dir, "tarballs/bad-1.0.0.tar"));
    const data = join(temporaryFolder(), "data");
    cpSync(dir, join(data, "repos/acme"), { recursive: true });
    mkdirSync(join(data, "repos/other"));
    const key = join(temporaryFolder(), "public.pem");
    writeFileSync(key, await publicKeyPem(await parsePrivateKey(pem)));
    expect((await run("four", [], data)).stderr).toContain("say which one with --from");
    expect((await run("four", ["--from", "acme"], data)).stderr).toContain("has no public_key");
    const told = await run("four", ["--from", "acme", "--public-key", key], data);
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/bad 1\.0\.0 +missing +there is no tarballs\/bad-1\.0\.0\.tar/);
    expect(told.stdout).toMatch(/good 0\.1\.0 +orphan/);
    expect(told.stdout).toMatch(/reverted +stale/);
    expect(told.stderr).toMatch(/^hexedge: 1 of what .* tells of is not in four as it is there\n$/);
    expect(await versionsOf("four", "good")).toEqual(["1.0.0"]);
    expect((await server.ask("GET", "/api/repos/four/packages/reverted")).status).toBe(404);
    await noProblems("four");
    const again = ["--from", "acme", "--public-key", key, "--json"];
    expect(JSON.parse((await run("four", again, data)).stdout).summary).toMatchObject({
      ...{ new: 0, there: 1, missing: 1, orphan: 1, stale: 1 },
    });
  });

  it("reports a version that is there with another checksum, and does not touch it", async () => {
    await makeStatic({ name: "foo" });
    await run("five");
    const file = await server.fetch("/repos/five/tarballs/foo-1.0.0.tar");
    const before = new Uint8Array(await file.arrayBuffer());
    await makeStatic({ name: "foo", salt: "another" }, { name: "foo", version: "1.1.0" });
    const told = await run("five");
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("foo 1.0.0  conflict  the target has another tarball");
    expect(told.stdout).toContain("five: 1 new, 0 already there, 1 conflict, 0 refused");
    const after = await server.fetch("/repos/five/tarballs/foo-1.0.0.tar");
    expect(new Uint8Array(await after.arrayBuffer())).toEqual(before);
  });

  it("goes on where it was killed", async () => {
    const all = Array.from({ length: 40 }, (_, at) => ({
      ...{ name: `many_${at}`, rebar3: true },
      requirements: at % 10 === 0 ? [] : [{ name: `many_${at - 1}` }],
    }));
    await makeStatic(...all);
    let killed = 0;
    for (const ms of [450, 550, 650]) {
      if (await killedAfter(ms, server, ["import", dir, "six"])) killed++;
    }
    expect(killed).toBeGreaterThan(0);
    const told = await run("six", ["--json"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    const { summary } = JSON.parse(told.stdout);
    expect(summary.new + summary.there).toBe(40);
    await noProblems("six");
  });

  it("says in a sentence what is wrong", async () => {
    await makeStatic({ name: "foo" });
    const closed = await freePort();
    const sentences: [string[], string][] = [
      [["/nowhere", "one"], "/nowhere is not there"],
      [[temporaryFolder(), "one"], "holds no repository"],
      [[dir, "nothing_such"], "is not there: is it a repository of this Hexedge?"],
      [[dir, "../one"], "is no name of a repository"],
      [[`${server.origin}/repos/two?x`, "one"], "the URL must be only"],
      [[dir, "together"], "together is a group: only into a hosted repository"],
      [[`${server.origin}/repos/two`, "one", "--from", "b"], "--from is for a folder"],
      [[dir, "one", "--from", "b"], "--from is for a folder"],
      [[dir, "one", "--source-key", "x"], "--source-key is for a source behind a URL"],
      [[dir, "one", "--without-broken"], "--without-broken goes with --in-place"],
      [
        ["one", "--in-place", "--from", "b", "--source-key", "x", "--no-docs"],
        "--from, --source-key, --no-docs goes with a source, and not with --in-place",
      ],
      [
        [`${server.origin}/repos/two`, "one"],
        "answers 403: it takes a key that may read it: --source-key",
      ],
      [[`http://127.0.0.1:${closed}/repos/two`, "one"], "is its URL right, and does it answer?"],
    ];
    for (const [args, sentence] of sentences) {
      const told = await hexedge(server, ["import", ...args]);
      expect(told, args.join(" ")).toMatchObject({ code: 1, stdout: "" });
      expect(told.stderr).toContain(sentence);
    }
    const away = { origin: `http://127.0.0.1:${closed}`, adminKey: "hex_no" };
    for (const args of [
      ["import", dir, "one"],
      ["export", "one", join(temporaryFolder(), "out")],
    ]) {
      const told = await hexedge(away, args);
      expect(told).toMatchObject({ code: 1, stdout: "" });
      expect(told.stderr).toContain("ECONNREFUSED): start it, or name another with --url");
    }
    writeFileSync(join(dir, "names"), "broken");
    const broken = await run("one");
    expect(broken.stderr).toMatch(/names: The registry file is not exactly one gzip file/);
    const reader = await server.makeUser("rita", "read", "one");
    await makeStatic({ name: "fresh" }).catch(() => {});
    rmSync(join(dir, "names"));
    await makeStatic({ name: "fresh" });
    const refused = await hexedge({ ...server, adminKey: reader }, ["import", dir, "one"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("answers 403") });
    expect(await hexedge(server, ["import", "--help"])).toMatchObject({
      ...{ code: 0, stdout: expect.stringContaining("MiniRepo") },
    });
  });
});
