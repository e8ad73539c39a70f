/** `npm run hexedge -- build`: tarballs in a folder, and clients that fetch from it without any Hexedge. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { generateSigningKey } from "../../src/hex/sign.ts";
import { makeTarballs } from "../static/packages.ts";
import { problems, says } from "../static/says.ts";
import { hexedge } from "../support/hexedge.ts";
import { killedAfter } from "../support/killed.ts";
import { type Server, startServer, temporaryFolder } from "../support/server.ts";
import { packageTarball, type ReleaseOptions } from "../support/tarball.ts";

const pem = await generateSigningKey();
const otherPem = await generateSigningKey();
/** Nobody is asked. */
const nobody = { origin: "", adminKey: "" };

let dir: string;
let keyFile: string;

beforeEach(() => {
  const folder = temporaryFolder();
  keyFile = join(folder, "key.pem");
  writeFileSync(keyFile, pem);
  dir = join(folder, "public");
  mkdirSync(join(dir, "tarballs"), { recursive: true });
});

async function add(release: ReleaseOptions): Promise<void> {
  const { name = "foo", version = "1.0.0" } = release;
  writeFileSync(join(dir, `tarballs/${name}-${version}.tar`), await packageTarball(release));
}

const build = (args: readonly string[] = [], who = nobody) =>
  hexedge(who, ["build", dir, "--name", "acme", "--private-key", keyFile, ...args]);

const read = (path: string) =>
  readFile(join(dir, path)).then(
    (bytes) => new Uint8Array(bytes),
    () => undefined,
  );

describe("hexedge build", () => {
  it("builds, says what it wrote, and the next time that there is nothing to do", async () => {
    await add({ name: "foo" });
    expect(await build()).toMatchObject({
      ...{ code: 0, stderr: "" },
      stdout:
        "+ packages/foo\n+ versions\n+ names\n+ public_key\n" +
        `acme in ${dir}: 1 packages, 1 releases, 1 new or changed; 4 files written\n`,
    });
    expect(readdirSync(dir).sort()).toEqual([
      ...["names", "packages", "public_key", "tarballs", "versions"],
    ]);
    expect(await problems(read, "acme")).toEqual([]);
    const times = () => ["names", "packages/foo"].map((it) => statSync(join(dir, it)).mtimeMs);
    const before = times();
    const again = await build(["--json"]);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(again.stdout)).toEqual({
      ...{ repository: "acme", packages: 1, releases: 1, unpacked: 0, written: [], removed: [] },
    });
    expect(times()).toEqual(before);
  });

  it("tells a newcomer what it takes", async () => {
    const told = await hexedge(nobody, ["build", "--help"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    for (const said of ["openssl genrsa", "nginx", "--force", "Examples:", "interrupted"])
      expect(told.stdout).toContain(said);
  });

  it("says in a sentence what is missing or wrong, and writes nothing", async () => {
    await add({ name: "foo" });
    const path = join(dir, "tarballs/bad-1.0.0.tar");
    writeFileSync(path, "no tarball");
    const broken = await build();
    expect(broken).toMatchObject({ code: 1, stdout: "" });
    expect(broken.stderr).toMatch(
      /^hexedge: nothing is written:\n.*bad-1\.0\.0\.tar: tarball error/,
    );
    expect(readdirSync(dir)).toEqual(["tarballs"]);
    rmSync(path);

    const sentences: [string[], string][] = [
      [[dir, "--private-key", "/nowhere"], "the key /nowhere is not there"],
      [[dir, "--private-key", path.replace("bad-", "foo-")], "/foo-1.0.0.tar: "],
      [["/nowhere", "--private-key", keyFile], "there is no folder /nowhere/tarballs"],
      [[keyFile, "--private-key", keyFile], "there is no folder"],
      [[dir, "--private-key", keyFile, "--name", "A B"], '"A B" is no name of a repository'],
      [[dir, "--private-key", keyFile, "--lock", "mix.lock"], "--lock needs --url"],
      [[dir, "--private-key", keyFile, "--from", "hexpm"], "it goes with --lock"],
    ];
    for (const [args, sentence] of sentences) {
      const told = await hexedge(nobody, ["build", "--name", "acme", ...args]);
      expect(told, args.join(" ")).toMatchObject({ code: 1, stdout: "" });
      expect(told.stderr).toContain(sentence);
      expect(told.stderr).not.toContain("    at ");
    }
    expect(await hexedge(nobody, ["build", dir])).toMatchObject({ code: 2 });
    expect(readdirSync(dir)).toEqual(["tarballs"]);
  });

  it("does not sign with another key unless it is told to", async () => {
    await add({ name: "foo" });
    await build();
    writeFileSync(keyFile, otherPem);
    const refused = await build();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("is signed with another key, SHA256:");
    expect(await build(["--force"])).toMatchObject({ code: 0, stderr: "" });
    expect(await problems(read, "acme")).toEqual([]);
  });

  it("says whose folder it is before it calls anything there bad, or fetches into it", async () => {
    await add({ name: "foo" });
    await build();
    const tarballs = readdirSync(join(dir, "tarballs"));
    for (const more of [[], ["--lock", "/nowhere/mix.lock", "--url", "http://127.0.0.1:9"]]) {
      const told = await build(["--name", "other", ...more]);
      expect(told).toMatchObject({ code: 1, stdout: "" });
      expect(told.stderr).toMatch(/^hexedge: \S+ holds the repository acme: build into another/);
    }
    expect(readdirSync(join(dir, "tarballs"))).toEqual(tarballs);
    expect(await problems(read, "acme")).toEqual([]);
    expect(await build(["--name", "other", "--force"])).toMatchObject({ code: 0, stderr: "" });
    expect(await problems(read, "other")).toEqual([]);
  });

  it("finishes what was killed, and is a working repository meanwhile", async () => {
    for (const { file, bytes } of await makeTarballs(120, 2)) {
      writeFileSync(join(dir, "tarballs", file), bytes);
    }
    await build();
    const whole = await says(read, "acme");
    rmSync(join(dir, "names"));
    rmSync(join(dir, "versions"));
    rmSync(join(dir, "packages"), { recursive: true });
    let killed = 0;
    for (const ms of [250, 400, 500, 600, 700]) {
      const args = ["build", dir, "--name", "acme", "--private-key", keyFile];
      if (await killedAfter(ms, nobody, args)) killed++;
      if ((await read("names")) && (await read("versions"))) {
        expect(await problems(read, "acme")).toEqual([]);
      }
    }
    expect(killed).toBeGreaterThan(0);
    expect(await build()).toMatchObject({ code: 0, stderr: "" });
    expect(await says(read, "acme")).toEqual(whole);
    expect(readdirSync(dir)).not.toContain(".hexedge");
  });
});

describe("hexedge build --lock", () => {
  let server: Server;

  async function withServer(): Promise<string> {
    server ??= await startServer();
    await server.publish({ name: "foo", requirements: [{ name: "bar", repository: "hexpm" }] });
    await server.publish({ name: "bar" });
    return server.files();
  }

  async function lockOf(changes: Record<string, string> = {}): Promise<string> {
    const entry = async (name: string) => {
      const response = await server.fetch(`/repos/test_repo/tarballs/${name}-1.0.0.tar`);
      const outer = toHex(await sha256(new Uint8Array(await response.arrayBuffer())));
      const checksum = changes[name] ?? outer;
      return `"${name}": {:hex, :${name}, "1.0.0", "${"a".repeat(64)}", [:mix], [], "test_repo", "${checksum}"},`;
    };
    const path = join(temporaryFolder(), "mix.lock");
    const other = `"x": {:hex, :xx, "1.0.0", "${"a".repeat(64)}", [:mix], [], "hexpm", "${"b".repeat(64)}"},`;
    writeFileSync(path, `%{\n${await entry("foo")}\n${await entry("bar")}\n${other}\n}\n`);
    return path;
  }

  it("fetches what is pinned, compares checksums, and builds", async () => {
    const url = await withServer();
    const who = { origin: server.origin, adminKey: server.adminKey };
    const lock = await lockOf();
    const args = ["--url", url, "--lock", lock, "--from", "test_repo"];
    const told = await build(args, who);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toContain("skipped xx 1.0.0: it belongs to hexpm\n2 fetched, 0 already");
    expect(await problems(read, "acme")).toEqual([]);
    const again = await build([...args, "--json"], who);
    expect(JSON.parse(again.stdout)).toMatchObject({
      ...{ written: [], lock: { fetched: 0, there: 2, skipped: [{ name: "xx 1.0.0" }] } },
    });
  });

  it("builds nothing when something is not there, or not what is pinned", async () => {
    const url = await withServer();
    const who = { origin: server.origin, adminKey: server.adminKey };
    const lock = await lockOf({ bar: "c".repeat(64) });
    const wrong = await build(["--url", url, "--lock", lock, "--from", "test_repo"], who);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain(`bar 1.0.0: what ${url} has is not what is pinned`);
    expect(readdirSync(dir)).not.toContain("names");
    const unnamed = await build(["--url", url, "--lock", lock], who);
    expect(unnamed.stderr).toContain("the lock files pin nothing from acme, but from");
    // The key of one Hexedge is not shown to another.
    const other = { origin: "http://127.0.0.1:9", adminKey: server.adminKey };
    const keyless = await build(["--url", url, "--lock", lock, "--from", "test_repo"], other);
    expect(keyless).toMatchObject({ code: 1, stderr: expect.stringContaining("it takes a key") });
    const away = await build(["--url", `${url}x`, "--lock", lock, "--from", "test_repo"], who);
    expect(away).toMatchObject({ code: 1, stdout: "" });
  });
});
