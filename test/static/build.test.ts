import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "fflate";
import { beforeEach, describe, expect, it } from "vitest";
import { buildNames, buildPackage } from "../../src/hex/registry.ts";
import { generateSigningKey, parsePrivateKey } from "../../src/hex/sign.ts";
import { type BuildReport, buildRepository } from "../../src/static/build.ts";
import { erlangAvailable, runErlang } from "../support/erlang.ts";
import { packageTarball, type ReleaseOptions } from "../support/tarball.ts";
import { MemoryFolder } from "./memory-folder.ts";
import { problems, says } from "./says.ts";

const key = await parsePrivateKey(await generateSigningKey());
const otherKey = await parsePrivateKey(await generateSigningKey());

let folder: MemoryFolder;

beforeEach(() => {
  folder = new MemoryFolder();
});

async function add(release: ReleaseOptions, modifiedSeconds?: number): Promise<void> {
  const { name = "foo", version = "1.0.0" } = release;
  const path = `tarballs/${name}-${version}.tar`;
  folder.put(path, await packageTarball(release), modifiedSeconds);
}

async function build(
  options: { in?: MemoryFolder; key?: CryptoKey; force?: boolean; name?: string } = {},
) {
  folder.did = [];
  return buildRepository({
    ...{ folder: options.in ?? folder, repository: options.name ?? "acme" },
    ...{ privateKey: options.key ?? key, force: options.force ?? false },
  });
}

async function built(options: Parameters<typeof build>[0] = {}): Promise<BuildReport> {
  const report = await build(options);
  if ("refused" in report) throw new Error(JSON.stringify(report.refused));
  return report;
}

const said = (it: MemoryFolder = folder) => says((path) => it.read(path), "acme");

describe("build, beside mix hex.registry build", () => {
  const vectors = JSON.parse(
    readFileSync(join(import.meta.dirname, "vectors/elixir-task.json"), "utf8"),
  );
  const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

  beforeEach(() => {
    for (const { file, gzip, modifiedSeconds } of vectors.tarballs) {
      folder.put(`tarballs/${file}`, gunzipSync(bytesOf(gzip)), modifiedSeconds);
    }
  });

  it("says what the Elixir task says, file by file", async () => {
    await built({ key: await parsePrivateKey(vectors.privateKey) });
    const theirs = await says(async (path) => bytesOf(vectors.files[path]), "acme");
    expect(theirs.packages).toHaveLength(20);
    expect(await said()).toEqual(theirs);
  });

  it("goes on with a folder that the Elixir task has built", async () => {
    for (const [path, base64] of Object.entries<string>(vectors.files)) {
      folder.put(path, bytesOf(base64));
    }
    const own = await parsePrivateKey(vectors.privateKey);
    expect(await built({ key: own })).toMatchObject({ written: [], unpacked: 0, removed: [] });
  });

  it.skipIf(!erlangAvailable)("is read by hex_core (where Erlang is)", async () => {
    await built({ key: await parsePrivateKey(vectors.privateKey) });
    const encoded = folder
      .paths()
      .filter((it) => !it.startsWith("tarballs/"))
      .map((it) => `${it} ${Buffer.from(folder.files.get(it)?.bytes ?? []).toString("base64")}`);
    const told = runErlang(judge, [encoded.join("\n")])
      .trim()
      .split("\n");
    expect(told.find((line) => line.startsWith("names"))).toMatch(/^names 20 /);
    expect(told.find((line) => line.startsWith("versions"))).toMatch(/^versions 20 /);
    const ours = (await said()).packages;
    for (const { name, releases } of ours) {
      const line = releases.map((it) => {
        const needs = it.dependencies.map((one) => `${one.name}:${one.repository ?? "acme"}`);
        return `${it.version}=${it.outerChecksum}[${needs.sort().join(",")}]`;
      });
      expect(told).toContain(`package ${name} ${line.join(" ")}`);
    }
  });
});

describe("build", () => {
  it("makes an empty repository out of an empty folder of tarballs", async () => {
    folder.put("tarballs/README", new Uint8Array());
    expect(await built()).toMatchObject({ packages: 0, releases: 0 });
    expect(folder.paths()).toEqual(["names", "public_key", "tarballs/README", "versions"]);
    expect((await said()).names).toEqual([]);
  });

  it("writes nothing when nothing changed, and the same bytes from nothing", async () => {
    await add({ name: "foo" });
    await add({ name: "bar", requirements: [{ name: "foo" }] });
    await built();
    const again = folder.copy();
    expect(await built()).toMatchObject({ written: [], removed: [], unpacked: 0 });
    for (const path of again.paths()) if (!path.startsWith("tarballs/")) again.files.delete(path);
    await built({ in: again });
    for (const path of folder.paths()) {
      expect(again.files.get(path)?.bytes, path).toEqual(folder.files.get(path)?.bytes);
    }
  });

  it("writes only what a new tarball changes", async () => {
    await add({ name: "foo" });
    await add({ name: "bar" });
    await built();
    await add({ name: "foo", version: "1.1.0" }, 1_800_000_000);
    const report = await built();
    expect(report).toMatchObject({ unpacked: 1, written: ["packages/foo", "versions", "names"] });
    const { names } = await said();
    expect(names.map((it) => it.updatedAt?.seconds)).toEqual([1_700_000_000, 1_800_000_000]);
  });

  it("sees a tarball that was replaced by one of the same size and date", async () => {
    await add({ name: "foo", salt: "1" });
    await built();
    const sizeBytes = folder.files.get("tarballs/foo-1.0.0.tar")?.bytes.length;
    const before = await said();
    await add({ name: "foo", salt: "2" });
    expect(folder.files.get("tarballs/foo-1.0.0.tar")?.bytes).toHaveLength(sizeBytes ?? 0);
    expect(await built()).toMatchObject({ unpacked: 1, written: ["packages/foo"] });
    expect((await said()).packages).not.toEqual(before.packages);
    expect(await problems((path) => folder.read(path), "acme")).toEqual([]);
  });

  it("keeps dates of what did not change, as after git clone", async () => {
    await add({ name: "foo" }, 1_600_000_000);
    await built();
    await add({ name: "foo" }, 1_900_000_000);
    expect((await built()).written).toEqual([]);
  });

  it("takes away packages and releases whose tarballs are gone, index first", async () => {
    await add({ name: "foo" });
    await add({ name: "foo", version: "2.0.0" });
    await add({ name: "bar" });
    await built();
    folder.files.delete("tarballs/foo-2.0.0.tar");
    folder.files.delete("tarballs/bar-1.0.0.tar");
    expect((await built()).removed).toEqual(["packages/bar"]);
    expect(folder.did).toEqual([
      ...["write packages/foo", "write versions", "write names", "remove packages/bar"],
    ]);
    expect((await said()).versions).toMatchObject([{ name: "foo", versions: ["1.0.0"] }]);
  });

  it("keeps retirements, publication dates and advisories, also of a replaced tarball", async () => {
    await add({ name: "foo" });
    await add({ name: "foo", version: "2.0.0" });
    await built();
    const [before] = (await said()).packages;
    const retired = { reason: "security" as const, message: "Do not use" };
    const advisory = { id: "GHSA-1", summary: "Bad", htmlUrl: "https://a", apiUrl: "https://b" };
    const releases = (before?.releases ?? []).map((it) => ({
      ...{ version: it.version, dependencies: [], advisoryIndexes: [] as number[] },
      innerChecksum: new Uint8Array(Buffer.from(it.innerChecksum, "hex")),
      outerChecksum: new Uint8Array(Buffer.from(it.outerChecksum, "hex")),
      ...(it.version === "1.0.0"
        ? { retired, advisoryIndexes: [0], publishedAt: { seconds: 5, nanos: 6 } }
        : {}),
    }));
    const resource = { repository: "acme", name: "foo", releases };
    const advisories = [{ ...advisory, aliases: [] }];
    folder.put(
      "packages/foo",
      await buildPackage({ ...resource, advisories }, key, { mtimeSeconds: 1 }),
    );
    await add({ name: "foo", salt: "replaced" });
    await add({ name: "foo", version: "3.0.0" });
    await built();
    const { packages, versions } = await said();
    expect(packages[0]?.advisories).toHaveLength(1);
    expect(packages[0]?.releases[0]).toMatchObject({ retired, publishedAt: { seconds: 5 } });
    expect(versions).toMatchObject([
      { versions: ["1.0.0", "2.0.0", "3.0.0"], retired: [0], withAdvisories: [0] },
    ]);
  });

  it("takes a dependency without repository for ours if it is here, else for hexpm's", async () => {
    await add({ name: "foo", requirements: [{ name: "bar" }, { name: "jason" }], rebar3: true });
    await built();
    const repositories = async () => {
      const foo = (await said()).packages.find(({ name }) => name === "foo");
      return foo?.releases[0]?.dependencies.map((it) => `${it.name} ${it.repository}`);
    };
    expect(await repositories()).toEqual(["bar hexpm", "jason hexpm"]);
    await add({ name: "bar" });
    expect((await built()).written).toEqual(["packages/bar", "packages/foo", "versions", "names"]);
    expect(await repositories()).toEqual(["bar null", "jason hexpm"]);
    folder.files.delete("tarballs/bar-1.0.0.tar");
    await built();
    expect(await repositories()).toEqual(["bar hexpm", "jason hexpm"]);
  });

  it("is a working repository at every moment, and finishes what was cut off anywhere", async () => {
    await add({ name: "foo" });
    await add({ name: "bar" });
    await add({ name: "old" });
    await built();
    const start = folder.copy();
    start.files.delete("tarballs/bar-1.0.0.tar");
    start.put("tarballs/new-1.0.0.tar", await packageTarball({ name: "new" }), 1_800_000_000);
    start.put(
      "tarballs/foo-1.1.0.tar",
      await packageTarball({ name: "foo", version: "1.1.0" }),
      1_800_000_000,
    );
    const whole = start.copy();
    await built({ in: whole });
    for (let changes = 0; ; changes++) {
      const cut = start.copy();
      cut.changesLeft = changes;
      const ended = await build({ in: cut }).then(
        () => true,
        () => false,
      );
      // What it tells of is there; the tarball that was taken away is not build's doing.
      const wrong = await problems((path) => cut.read(path), "acme");
      expect(wrong.filter((it) => !it.startsWith("bar "))).toEqual([]);
      cut.changesLeft = Number.POSITIVE_INFINITY;
      await built({ in: cut });
      expect(cut.paths()).toEqual(whole.paths());
      expect(await said(cut)).toEqual(await said(whole));
      if (ended) break;
    }
  });

  it("says of every tarball what is wrong with it, and writes nothing", async () => {
    await add({ name: "foo" });
    await built();
    const bar = await packageTarball({ name: "bar" });
    folder.put("tarballs/bar-1.0.0.tar", bar.slice(0, 3000));
    folder.put("tarballs/bar-2.0.0.tar", bar);
    folder.put("tarballs/foo.tar", folder.files.get("tarballs/foo-1.0.0.tar")?.bytes ?? bar);
    folder.put("tarballs/junk.tar", new Uint8Array(10));
    const report = await build();
    expect(report).toMatchObject({ refused: { reason: "bad_tarballs" } });
    expect("refused" in report && "problems" in report.refused && report.refused.problems).toEqual([
      { file: "bar-1.0.0.tar", why: expect.stringMatching(/^tarball error/) },
      { file: "bar-2.0.0.tar", why: expect.stringContaining("bar 1.0.0, as is bar-1.0.0.tar") },
      { file: "foo.tar", why: "it is foo 1.0.0, as is foo-1.0.0.tar: keep one of them" },
      { file: "junk.tar", why: expect.stringMatching(/^tarball error/) },
    ]);
    expect(folder.did).toEqual([]);
    for (const file of ["bar-1.0.0.tar", "foo.tar", "junk.tar"])
      folder.files.delete(`tarballs/${file}`);
    expect(await build()).toMatchObject({
      refused: {
        problems: [{ why: "it is bar 1.0.0, so its name has to be bar-1.0.0.tar" }],
      },
    });
  });

  it("refuses a folder without tarballs/", async () => {
    expect(await build()).toEqual({ refused: { reason: "no_tarballs" } });
  });

  it("signs with another key only when told to, and then keeps what was said", async () => {
    await add({ name: "foo" });
    await add({ name: "bar" });
    await built();
    const before = await said();
    expect(await build({ key: otherKey })).toMatchObject({ refused: { reason: "other_key" } });
    expect(folder.did).toEqual([]);
    // Also when it was cut off in the middle.
    folder.changesLeft = 2;
    await expect(build({ key: otherKey, force: true })).rejects.toThrow("power failed");
    folder.changesLeft = Number.POSITIVE_INFINITY;
    expect(await build({ key: otherKey })).toMatchObject({ refused: { reason: "other_key" } });
    await built({ key: otherKey, force: true });
    const { fingerprint, ...after } = await said();
    expect({ ...before, ...after }).toEqual(before);
    expect(fingerprint).not.toBe(before.fingerprint);
    expect((await built({ key: otherKey })).written).toEqual([]);
  });

  it("does not believe what nobody knows has signed, nor another repository", async () => {
    await add({ name: "foo" });
    await built();
    const good = folder.copy();
    const names = { repository: "acme", packages: [] };
    folder.put("names", await buildNames(names, otherKey, { mtimeSeconds: 0 }));
    expect(await build()).toMatchObject({ refused: { reason: "bad_file", path: "names" } });
    expect((await built({ force: true })).written).toEqual(["names"]);
    expect(await build({ in: good, name: "other" })).toMatchObject({
      refused: { reason: "other_repository", repository: "acme" },
    });
    good.put("public_key", new TextEncoder().encode("no key"));
    expect(await build({ in: good })).toMatchObject({ refused: { reason: "bad_public_key" } });
  });
});

/** Verifies and decodes all, and prints a line for each. */
const judge = `
main([Text]) ->
  Files = maps:from_list([begin [P, B] = string:split(L, " "), {P, base64:decode(B)} end
    || L <- string:split(Text, "\\n", all)]),
  Key = maps:get("public_key", Files),
  Open = fun(Path) ->
    {ok, Payload} = r3_hex_registry:decode_and_verify_signed(zlib:gunzip(maps:get(Path, Files)), Key),
    Payload end,
  {ok, Names} = r3_hex_registry:decode_names(Open("names"), <<"acme">>),
  io:format("names ~w of it~n", [length(Names)]),
  {ok, Versions} = r3_hex_registry:decode_versions(Open("versions"), <<"acme">>),
  io:format("versions ~w of it~n", [length(Versions)]),
  [begin
    {ok, Releases} = r3_hex_registry:decode_package(Open("packages/" ++ Name), <<"acme">>, list_to_binary(Name)),
    Lines = [io_lib:format(" ~s=~s[~s]", [V, hex(C), lists:join(",", lists:sort([
        [maps:get(package, D), ":", maps:get(repository, D, <<"acme">>)] || D <- Ds]))])
      || #{version := V, outer_checksum := C, dependencies := Ds} <- Releases],
    io:format("package ~s~s~n", [Name, Lines])
  end || "packages/" ++ Name <- maps:keys(Files)].

hex(Bytes) -> [io_lib:format("~2.16.0b", [B]) || <<B>> <= Bytes].
`;
