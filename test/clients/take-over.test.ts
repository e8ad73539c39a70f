/**
 * A bucket that MiniRepo filled, with everything that MiniRepo leaves behind in one, becomes a repository of
 * Hexedge where it lies; hex_core and rebar3 then read it as any other.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { stoppedSentence } from "../../src/cli/check/tell.ts";
import {
  buildPackage,
  type PackageResource,
  type ReleaseResource,
  unpackPackage,
} from "../../src/hex/registry.ts";
import {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { says } from "../static/says.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { hexedge } from "../support/hexedge.ts";
import { askHexCore, getDeps } from "../support/rebar3.ts";
import { FakeS3, fakeKeys } from "../support/s3.ts";
import {
  type Server,
  type ServerOptions,
  startServer,
  temporaryFolder,
  until,
} from "../support/server.ts";
import { packageTarball, tar } from "../support/tarball.ts";

const repository = "test_repo";
const config = `name = "hexedge"
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat"]
[vars.REPOSITORIES.${repository}]
kind = "hosted"
`;
const docs = gzipSync(tar([{ path: "index.html", bytes: "<p>good</p>" }]), { mtime: 0 });
const oldPem = await generateSigningKey();
const oldKey = await parsePrivateKey(oldPem);
const oldPublicPem = await publicKeyPem(oldKey);
const oldPublicKey = await parsePublicKey(oldPublicPem);

/** Where the repository's files lie: paths are below `repos/test_repo/`. */
interface Bucket {
  read(path: string): Buffer;
  write(path: string, bytes: Buffer): void;
  remove(path: string): void;
  has(path: string): boolean;
}

interface Place {
  bucket: Bucket;
  options: ServerOptions;
}

/** `npm start` as it comes: what another program kept is copied into its data folder. */
async function inFolder(): Promise<Place> {
  const dataPath = join(temporaryFolder(), "data");
  const folder = join(dataPath, "files/repos", repository);
  await makeMiniRepo(folder);
  const bucket = {
    read: (path: string) => readFileSync(join(folder, path)),
    write: (path: string, bytes: Buffer) => writeFileSync(join(folder, path), bytes),
    remove: (path: string) => rmSync(join(folder, path)),
    has: (path: string) => existsSync(join(folder, path)),
  };
  return { bucket, options: { config, dataPath } };
}

/** An S3 that is strict, with other things beside the repository in the bucket. */
async function onS3(): Promise<Place> {
  const fake = (await FakeS3.start()).unref();
  fake.keysPerPage = 3;
  const folder = join(temporaryFolder(), repository);
  await makeMiniRepo(folder);
  const keyOf = (path: string) => `team/hex/repos/${repository}/${path}`;
  const bucket = {
    read(path: string) {
      const { bytes } = fake.objects.get(keyOf(path)) ?? {};
      if (!bytes) throw new Error(`${path} is not there`);
      return bytes;
    },
    write(path: string, bytes: Buffer) {
      const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
      fake.objects.set(keyOf(path), { bytes, etag, lastModified: new Date(), meta: {} });
    },
    remove: (path: string) => fake.objects.delete(keyOf(path)),
    has: (path: string) => fake.objects.has(keyOf(path)),
  };
  for (const it of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(it.parentPath, it.name);
    if (it.isFile()) bucket.write(path.slice(folder.length + 1), readFileSync(path));
  }
  const { endpoint, region, bucket: name } = fake;
  const s3 = `[vars]
STORAGE = "s3"
[vars.S3]
endpoint = "${endpoint}"
region = "${region}"
bucket = "${name}"
prefix = "team/hex"
`;
  const environment = {
    S3_ACCESS_KEY_ID: fakeKeys.accessKeyId,
    S3_SECRET_ACCESS_KEY: fakeKeys.secretAccessKey,
  };
  const placed = config.replace("[vars.REPOSITORIES", `${s3}[vars.REPOSITORIES`);
  return { bucket, options: { config: placed, environment } };
}

/** A folder in which another program has kept the repository. */
async function makeMiniRepo(folder: string): Promise<void> {
  mkdirSync(join(folder, "tarballs"), { recursive: true });
  mkdirSync(join(folder, "docs"));
  const releases = [
    { name: "good", version: "1.0.0" },
    { name: "good", version: "1.1.0" },
    { name: "uses", requirements: [{ name: "good" }], rebar3: true },
    ...[{ name: "twice" }, { name: "twice", version: "1.1.0" }],
    ...[{ name: "bent" }, { name: "gone" }, { name: "reverted" }],
  ];
  for (const it of releases) {
    const file = `tarballs/${it.name}-${"version" in it ? it.version : "1.0.0"}.tar`;
    writeFileSync(join(folder, file), await packageTarball(it));
  }
  writeFileSync(join(folder, "docs/good-1.1.0.tar.gz"), docs);
  const key = join(temporaryFolder(), "key.pem");
  writeFileSync(key, oldPem);
  const build = async () => {
    const args = ["build", folder, "--name", repository, "--private-key", key];
    const told = await hexedge({ origin: "", adminKey: "" }, args);
    expect(told, told.stderr).toMatchObject({ code: 0 });
  };
  await build();
  const reverted = readFileSync(join(folder, "packages/reverted"));
  rmSync(join(folder, "tarballs/reverted-1.0.0.tar"));
  await build();
  writeFileSync(join(folder, "packages/reverted"), reverted);
  await change(folder, "good", ([first, ...others]) => [
    { ...first, retired: { reason: "security", message: "leaky" } } as ReleaseResource, // it is there
    ...others,
  ]);
  await change(folder, "twice", ([first, ...others]) => [
    ...(first ? [first, first] : []),
    ...others,
  ]);
  writeFileSync(join(folder, "tarballs/good-0.9.0.tar"), "nobody's");
  writeFileSync(
    join(folder, "tarballs/bent-1.0.0.tar"),
    await packageTarball({ name: "bent", salt: "other" }),
  );
  rmSync(join(folder, "tarballs/gone-1.0.0.tar"));
  rmSync(join(folder, "public_key")); // MiniRepo seldom writes it
}

async function change(
  folder: string,
  name: string,
  what: (releases: readonly ReleaseResource[]) => ReleaseResource[],
): Promise<void> {
  const path = join(folder, "packages", name);
  const resource: PackageResource = await unpackPackage(readFileSync(path), oldPublicKey, {
    ...{ repository, name },
  });
  const changed = { ...resource, releases: what(resource.releases) };
  writeFileSync(path, await buildPackage(changed, oldKey, { mtimeSeconds: 0 }));
}

describe("what stops a restore", () => {
  it("is said with what to do first: the key, where signatures are why", () => {
    const sentence = stoppedSentence(5, 5);
    expect(sentence).toMatch(/^5 things .*, so give --public-key FILE, the key of whoever signed/);
    // That would leave out all there is.
    expect(sentence).not.toContain("--without-broken");
    expect(stoppedSentence(5, 2)).toMatch(
      /: 2 of them by the signature, so first give --public-key FILE.*; then mend the rest.*--without-broken/,
    );
    expect(stoppedSentence(1, 0)).not.toContain("--public-key");
  });
});

describe.each([
  ["in a folder", inFolder],
  ["on S3", onS3],
])("a MiniRepo's bucket %s, taken over in place", (_where, place) => {
  let server: Server;
  let bucket: Bucket;
  let keyFile: string;
  const key = () => ["--public-key", keyFile];
  const takeOver = (...args: string[]) => hexedge(server, ["import", "--in-place", ...args]);
  const read = async (path: string) => {
    const answer = await server.fetch(`/repos/${repository}/${path}`);
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  };
  const fetched = async (path: string) => Buffer.from((await read(path)) ?? []);

  beforeAll(async () => {
    const placed = await place();
    bucket = placed.bucket;
    keyFile = join(temporaryFolder(), "old.pem");
    writeFileSync(keyFile, oldPublicPem);
    server = await startServer(placed.options);
  });

  it("is read as it lies, and cannot be published to", async () => {
    expect(await fetched("packages/good")).toEqual(bucket.read("packages/good"));
    const refused = await server.publish({ name: "new" });
    expect(refused.status).toBe(422);
    expect(bucket.has("tarballs/new-1.0.0.tar")).toBe(false);
  });

  it("is not believed without the key that it was signed with", async () => {
    const told = await takeOver(repository);
    expect(told).toMatchObject({ code: 1, stdout: "" });
    expect(told.stderr).toMatch(
      /^hexedge: versions: .* not signed with the expected key: --public-key FILE /,
    );
    expect((await takeOver(repository, "acme", ...key())).stderr).toContain("takes only");
    expect(await hexedge(server, ["import", repository])).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining("missing required argument 'repo'") },
    });
  });

  it("is told apart from a damaged one by check: what lacks first is the key of whoever signed", async () => {
    const told = await hexedge(server, ["check", repository, "--repair"]);
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("not signed with the expected key");
    expect(told.stderr).toMatch(/nothing was changed.*--public-key FILE/);
  });

  it("is not emptied when versions is missing", async () => {
    const versions = bucket.read("versions");
    bucket.remove("versions");
    // A file that was seen is not looked at again for a second.
    await until(async () => (await read("versions")) === undefined, "versions to be gone");
    const told = await takeOver(repository, ...key());
    expect(told).toMatchObject({ code: 1, stdout: "" });
    expect(told.stderr).toContain("versions: It is not there");
    bucket.write("versions", versions);
  });

  it("is reported on, and left as it is while clients would lose something", async () => {
    const before = bucket.read("packages/twice");
    const told = await takeOver(repository, ...key());
    expect(told.code).toBe(1);
    const rows = told.stdout.split("\n").map((it) => it.split(/ {2,}/).slice(0, 2).join(" "));
    expect(rows.slice(1, rows.indexOf(""))).toEqual([
      ...["bent 1.0.0 broken", "gone 1.0.0 missing", "reverted stale", "twice 1.0.0 duplicate"],
      ...["bent orphan", "gone orphan", "reverted orphan"],
      ...["bent 1.0.0 orphan", "good 0.9.0 orphan", "twice 1.0.0 orphan"],
    ]);
    expect(told.stdout).toMatch(
      /\nsigned with SHA256:.*\ntest_repo: 4 new, 1 broken, 1 missing, 1 stale, 1 duplicate, 6 orphan\n$/,
    );
    expect(told.stderr).toMatch(
      /^hexedge: 3 things in the bucket cannot be restored, so nothing was changed.*--without-broken/,
    );
    expect(bucket.read("packages/twice")).toEqual(before);
    expect((await server.publish({ name: "new" })).status).toBe(422);
  });

  it("is Hexedge's then, without its defects and with every good file as it was", async () => {
    const tarball = await fetched("tarballs/good-1.1.0.tar");
    const told = await takeOver(repository, ...key(), "--without-broken");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(/\nwas signed with SHA256:.*; now with Hexedge's key, which .*\n/);
    expect(await fetched("tarballs/good-1.1.0.tar")).toEqual(tarball);
    expect(await fetched("docs/good-1.1.0.tar.gz")).toEqual(Buffer.from(docs));
    expect(await fetched("public_key")).toEqual(Buffer.from(server.publicKeyPem));
    const { versions } = await says(read, repository);
    expect(versions.map((it) => [it.name, it.versions, it.retired])).toEqual([
      ["good", ["1.0.0", "1.1.0"], [0]],
      ["twice", ["1.1.0"], []],
      ["uses", ["1.0.0"], []],
    ]);
    const again = await takeOver(repository, ...key());
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout).toBe("test_repo: already taken over: nothing to do\n");
    const asJson = await takeOver(repository, "--json");
    expect(asJson).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(asJson.stdout)).toEqual({
      ...{ repository, fingerprint: null, finished: true, summary: { new: 0 } },
      ...{ releases: [], problems: [] },
    });
    const check = await hexedge(server, ["check", repository, "--json"]);
    expect(JSON.parse(check.stdout).problems.map((it: { cure: string }) => it.cure)).toEqual(
      Array.from({ length: 6 }, () => "remove"),
    );
  });

  // While hex_core is asked this process waits, and with it the S3 that it plays.
  it.skipIf(!erlangAvailable || place === onS3)("is read by hex_core", () => {
    const answers = askHexCore(server, {
      names: `{ok, {200, _, Names}} = r3_hex_repo:get_names(C), [N || #{name := N} <- Names]`,
      retired: `{ok, {200, _, Rs}} = r3_hex_repo:get_package(C, <<"good">>),
        [{V, maps:is_key(retired, R)} || #{version := V} = R <- Rs]`,
    });
    expect(answers).toEqual({
      names: '[<<"good">>,<<"twice">>,<<"uses">>]',
      retired: '[{<<"1.0.0">>,true},{<<"1.1.0">>,false}]',
    });
  });

  it.skipIf(!erlangAvailable)("is read by rebar3", async () => {
    const told = await getDeps({
      ...{ url: server.files(), publicKeyPem: server.publicKeyPem, repoKey: server.adminKey },
      dependencies: '[{uses, "1.0.0"}]',
    });
    expect(told.code, told.output).toBe(0);
    expect(told.fetched("good/mix.exs")).toContain("MixProject");
  });

  it("takes what was left out when it is published again", async () => {
    for (const release of [
      { name: "twice" },
      { name: "bent" },
      { name: "good", version: "0.9.0" },
    ]) {
      const answer = await server.publish({ ...release, salt: "again" });
      expect(answer.status, await answer.text()).toBe(201);
    }
    const told = await hexedge(server, ["check", repository, "--repair", "--prune"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(
      /^test_repo: 4 packages, 7 releases, \d repaired, nothing wrong\n$/,
    );
    const { versions } = await says(read, repository);
    expect(versions.map((it) => [it.name, it.versions])).toEqual([
      ["bent", ["1.0.0"]],
      ["good", ["0.9.0", "1.0.0", "1.1.0"]],
      ["twice", ["1.0.0", "1.1.0"]],
      ["uses", ["1.0.0"]],
    ]);
  });
});
