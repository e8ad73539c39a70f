import { runDurableObjectAlarm } from "cloudflare:test";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { asksForErlang, erlangType, read } from "../support/answers.ts";
import { metadataConfig, packageTarball, type ReleaseOptions, tar } from "../support/tarball.ts";
import { expectSound, type Person, storedFiles, type World, world } from "../support/world.ts";

const registryFiles = ["names", "public_key", "versions"];
const fooFiles = ["packages/foo", "tarballs/foo-1.0.0.tar"];

describe("publishing a release", () => {
  it.each(["/publish", "/packages/foo/releases"])(
    "answers 201 with the release, and where it is, at %s",
    async (path) => {
      const it = await world();
      const tarball = await packageTarball({
        name: "foo",
        version: "1.0.0",
        requirements: [
          { name: "plug", requirement: "~> 1.0", optional: true, repository: "hexpm" },
        ],
      });
      const response = await it.admin.api(path, { method: "POST", body: tarball });
      expect(response.status).toBe(201);
      const url = `http://hexedge.test/api/repos/${it.repository}/packages/foo/releases/1.0.0`;
      expect(response.headers.get("location")).toBe(url);
      expect(await read(response)).toEqual({
        version: "1.0.0",
        checksum: toHex(await sha256(tarball)),
        has_docs: false,
        inserted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
        updated_at: expect.stringMatching(/Z$/),
        retirement: null,
        package_url: `http://hexedge.test/api/repos/${it.repository}/packages/foo`,
        url,
        html_url: `http://hexedge.test/packages/${it.repository}/foo/1.0.0`,
        docs_html_url: null,
        requirements: { plug: { app: "plug", requirement: "~> 1.0", optional: true } },
        configs: {
          "mix.exs": `{:foo, "~> 1.0", repo: "${it.repository}"}`,
          "rebar.config": '{foo, "1.0.0"}',
          "erlang.mk": "dep_foo = hex 1.0.0",
        },
        meta: { app: "foo", build_tools: ["mix"], elixir: null },
        downloads: 0,
        publisher: { username: "admin", url: "http://hexedge.test/api/users/admin" },
      });
      await expectStored(it, fooFiles);
    },
  );

  it("stores the upload byte by byte as it came", async () => {
    const it = await world();
    const tarball = await packageTarball();
    await it.admin.upload(tarball);
    const response = await it.admin.file("/tarballs/foo-1.0.0.tar");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(tarball);
  });

  it.each([
    ["octets, as mix and rebar3 do", "application/octet-stream"],
    ["a tar", "application/x-tar"],
    ["a form, as curl --data-binary does", "application/x-www-form-urlencoded"],
    ["a form with parts", "multipart/form-data; boundary=x"],
    ["Erlang terms", erlangType],
    ["JSON", "application/json"],
  ])("does not mind when the tarball is called: %s", async (_title, type) => {
    const it = await world();
    const headers = { "content-type": type };
    const body = await packageTarball();
    const response = await it.admin.api("/publish", { method: "POST", headers, body });
    expect(response.status).toBe(201);
    await expectStored(it, fooFiles);
  });

  it("takes a body of unknown length", async () => {
    const it = await world();
    const tarball = await packageTarball();
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < tarball.length; at += 100) {
          controller.enqueue(tarball.slice(at, at + 100));
        }
        controller.close();
      },
    });
    expect((await it.admin.api("/publish", { method: "POST", body })).status).toBe(201);
    await expectStored(it, fooFiles);
  });

  it("keeps text of any language, and keys that mean something to JavaScript", async () => {
    const it = await world();
    const metadata = {
      description: '<<"Größe 👩‍👩‍👧‍👦 — 名前"/utf8>>',
      links:
        '[{<<"__proto__">>,<<"https://a.example">>},{<<"constructor">>,<<"https://b.example">>}]',
      maintainers: '[<<"José"/utf8>>]',
    };
    expect((await it.admin.publish({ metadata })).status).toBe(201);
    for (const headers of [{}, asksForErlang]) {
      const { meta } = await read(await it.admin.api("/packages/foo", { headers }));
      expect(meta).toMatchObject({
        description: "Größe 👩‍👩‍👧‍👦 — 名前",
        maintainers: ["José"],
      });
      expect(JSON.stringify(meta)).toContain(
        '"links":{"__proto__":"https://a.example","constructor":"https://b.example"}',
      );
    }
    await expectStored(it, fooFiles);
  });

  it("takes names, versions and requirements as long as they may be", async () => {
    const name = "n".repeat(200);
    for (const [short, release] of Object.entries({
      name: { name },
      version: { version: `1.0.0-${"v".repeat(64)}` },
      requirement: {
        requirements: [{ name: "plug", requirement: `~> 1.0${" or ~> 1.0".repeat(40)}` }],
      },
      app: { requirements: [{ name: "plug", app: "a".repeat(100) }] },
    })) {
      const it = await world();
      const response = await it.admin.publish(release);
      expect([short, response.status]).toEqual([short, 201]);
      const { name = "foo", version = "1.0.0" } = release as ReleaseOptions;
      await expectStored(it, [`packages/${name}`, `tarballs/${name}-${version}.tar`]);
    }
  });

  it("names the app in the configuration when it is not called like the package", async () => {
    const it = await world();
    const published = await it.admin.publish({ version: "0.3.1", metadata: { app: '<<"bar">>' } });
    expect((await read(published)).configs).toEqual({
      "mix.exs": `{:bar, "~> 0.3.1", hex: :foo, repo: "${it.repository}"}`,
      "rebar.config": '{bar, "0.3.1", {pkg, foo}}',
      "erlang.mk": "dep_foo = hex 0.3.1",
    });
  });

  it("lets one of two win who publish the same version at the same time", async () => {
    const it = await world();
    const answers = await Promise.all([
      it.admin.publish({ salt: "one" }),
      it.admin.publish({ salt: "two" }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
    await expectStored(it, fooFiles);
  });
});

describe("publishing a version that exists", () => {
  it.each([
    "",
    "?replace=false",
    "?replace=TRUE",
    "?replace=1",
    "?replace",
    "?replace=",
    "?replace=false&replace=true",
    "?Replace=true",
  ])("is refused with 422 at /publish%s", async (query) => {
    const it = await worldWithFoo();
    const response = await post(it.admin, `/publish${query}`, { salt: "other" });
    expect(response.status).toBe(422);
    expect(await read(response)).toEqual({
      status: 422,
      message: "Validation error(s)",
      errors: { inserted_at: "must include the --replace flag to update an existing release" },
    });
    await expectUnchanged(it);
  });

  it("is refused with 422 also when the bytes are the same", async () => {
    const it = await worldWithFoo();
    const response = await it.admin.publish();
    expect(response.status).toBe(422);
    expect(await read(response)).toMatchObject({
      errors: { inserted_at: "has already been published with exactly these bytes" },
    });
    await expectUnchanged(it);
  });

  it.each(["/publish?replace=true", "/packages/foo/releases?replace=true"])(
    "replaces it at %s, answers 200, and keeps when it was published first",
    async (path) => {
      const it = await worldWithFoo();
      const { inserted_at } = await read(await it.admin.api(foo));
      const tarball = await packageTarball({ salt: "other" });
      const response = await it.admin.api(path, { method: "POST", body: tarball });
      expect(response.status).toBe(200);
      expect(response.headers.get("location")).toBeNull();
      expect(await read(response)).toMatchObject({
        version: "1.0.0",
        checksum: toHex(await sha256(tarball)),
        inserted_at,
      });
      const served = await it.admin.file("/tarballs/foo-1.0.0.tar");
      expect(new Uint8Array(await served.arrayBuffer())).toEqual(tarball);
      await expectStored(it, fooFiles);
    },
  );

  it("keeps docs and retirement when it is replaced", async () => {
    const it = await worldWithFoo();
    await it.admin.publishDocs("foo", "1.0.0", gzipSync(tar([{ path: "index.html" }])));
    await it.admin.retire("foo", "1.0.0", { reason: "security", message: "a hole" });
    const response = await it.admin.publish({ salt: "other", replace: true });
    expect(response.status).toBe(200);
    expect(await read(response)).toMatchObject({
      has_docs: true,
      retirement: { reason: "security", message: "a hole" },
    });
    await expectStored(it, ["docs/foo-1.0.0.tar.gz", ...fooFiles]);
  });

  it("is a first publish again after it was reverted", async () => {
    const it = await worldWithFoo();
    expect((await it.admin.revert("foo", "1.0.0")).status).toBe(204);
    expect((await it.admin.publish({ salt: "other" })).status).toBe(201);
    await expectStored(it, fooFiles);
  });

  it("replaces nothing where nothing is: that is a first publish", async () => {
    const it = await world();
    expect((await it.admin.publish({ replace: true })).status).toBe(201);
    await expectStored(it, fooFiles);
  });
});

describe("a tarball", () => {
  it("of another package than the path names is refused", async () => {
    const it = await world();
    for (const name of ["bar", "fo", "Foo", "foo%00", "foo%2Fbar", "%ff"]) {
      const response = await post(it.admin, `/packages/${name}/releases`);
      expect([name, response.status]).toEqual([name, 422]);
      expect((await read(response)).errors).toEqual({
        name: "metadata does not match package name",
      });
    }
    expect(await storedFiles(it)).toEqual([]);
  });

  const contents = gzipSync(tar([{ path: "mix.exs", bytes: "x" }]));
  const wrong: [string, (valid: Uint8Array) => BodyInit | Promise<Uint8Array>, RegExp][] = [
    ["empty", () => "", /unexpected end of file/],
    ["text", () => "this is no tarball", /unexpected end of file/],
    ["a page of HTML", () => "<html>".repeat(200), /ustar/],
    ["an empty tar", () => new Uint8Array(1024), /missing files/],
    ["gzipped as a whole", (valid) => gzipSync(valid), /\S/],
    ["cut in the middle", (valid) => valid.slice(0, valid.length / 2), /unexpected end of file/],
    ["cut before its end", (valid) => valid.slice(0, -1024), /unexpected end of file/],
    ["followed by something", (valid) => Uint8Array.of(...valid, 1), /\S/],
    ["of version 2", () => withMember("VERSION", "2"), /unsupported version/],
    ["without metadata.config", () => tar([{ path: "VERSION", bytes: "3" }]), /missing files/],
    ["with a wrong checksum", () => withMember("CHECKSUM", "0".repeat(64)), /checksum mismatch/],
    ["with no checksum", () => withMember("CHECKSUM", "zz"), /CHECKSUM is not 64 hex/],
    [
      "with bad metadata",
      () => packageTarball({ metadataText: "{name, " }),
      /error reading package metadata/,
    ],
    [
      "with metadata that are no pairs",
      () => packageTarball({ metadataText: '<<"foo">>.' }),
      /not in key-value format/,
    ],
    [
      "with contents that are no gzip",
      () => packageTarball({ contents: Uint8Array.of(1, 2) }),
      /inner tarball error/,
    ],
    [
      "with contents that are cut off",
      () => packageTarball({ contents: contents.slice(0, -9) }),
      /inner tarball error/,
    ],
    [
      "with a file outside",
      () => packageTarball({ files: [{ path: "../etc/passwd" }] }),
      /points above its own folder/,
    ],
    [
      "with an absolute file",
      () => packageTarball({ files: [{ path: "/etc/passwd" }] }),
      /absolute path/,
    ],
    [
      "with a link outside",
      () => packageTarball({ files: [{ path: "a", type: "2", linkTarget: "../.." }] }),
      /links to/,
    ],
    ["with VERSION twice", async () => twice(await packageTarball()), /VERSION.*twice/],
  ];
  it.each(wrong)("is refused with what is wrong when it is %s", async (_title, spoil, message) => {
    const it = await world();
    const body = await spoil(await packageTarball());
    for (const path of ["/publish", "/publish?replace=true", "/packages/foo/releases"]) {
      const response = await it.admin.api(path, { method: "POST", headers: asksForErlang, body });
      expect(response.status).toBe(422);
      expect(await read(response)).toEqual({
        status: 422,
        message: "Validation error(s)",
        errors: { tar: expect.stringMatching(message) },
      });
    }
    await expectStored(it, []);
  });

  const rules: [string, ReleaseOptions, object][] = [
    ["a reserved name", { name: "elixir" }, { name: "is reserved" }],
    ["a name in capitals", { name: "Foo" }, { name: "has invalid format" }],
    ["a name with a path in it", { name: "../foo" }, { name: "has invalid format" }],
    ["a name of one letter", { name: "f" }, { name: "should be at least 2 character(s)" }],
    ["a very long name", { name: "f".repeat(256) }, { name: "should be at most 255 character(s)" }],
    ["no version", { metadata: { version: '<<"1.0">>' } }, { version: "is invalid SemVer" }],
    ["build metadata", { version: "1.0.0+build" }, { version: "build number not allowed" }],
    [
      "a number for a description",
      { metadata: { description: "1" } },
      { meta: { description: "expected type string" } },
    ],
    [
      "a text for licences",
      { metadata: { licenses: '<<"MIT">>' } },
      { meta: { licenses: "expected type list(string)" } },
    ],
    ["no files", { metadata: { files: "[]" } }, { meta: { files: "package can't be empty" } }],
    [
      "a requirement that is none",
      { requirements: [{ name: "plug", requirement: "~> x" }] },
      { requirements: { plug: expect.stringMatching(/invalid requirement/) } },
    ],
    [
      "a dependency from elsewhere",
      { requirements: [{ name: "plug", repository: "acme" }] },
      { requirements: { plug: expect.stringMatching(/got: "acme"/) } },
    ],
    [
      "several mistakes, all told at once",
      { name: "Foo", version: "1" },
      { name: "has invalid format", version: "is invalid SemVer" },
    ],
  ];
  it.each(rules)(
    "is refused with what is wrong when it has %s",
    async (_title, release, errors) => {
      const it = await world();
      for (const headers of [{}, asksForErlang]) {
        const body = await packageTarball(release);
        const response = await it.admin.api("/publish", { method: "POST", headers, body });
        expect(response.status).toBe(422);
        const message = "Validation error(s)";
        expect(await read(response)).toEqual({ status: 422, message, errors });
      }
      await expectStored(it, []);
    },
  );

  it("needs a description and a known licence in a public repository only", async () => {
    const metadataText = metadataConfig()
      .replace(/\{<<"description">>.*\n/, "")
      .replace('<<"MIT">>', '<<"Whatever">>');
    const open = await world({ public: true });
    const refused = await post(open.admin, "/publish", { metadataText });
    expect(refused.status).toBe(422);
    expect((await read(refused)).errors).toEqual({
      meta: { description: "can't be blank", licenses: 'invalid license "Whatever"' },
    });
    await expectStored(open, []);

    const shut = await world();
    expect((await post(shut.admin, "/publish", { metadataText })).status).toBe(201);
    await expectStored(shut, fooFiles);
  });

  it("may depend on a package of the repository once that is there", async () => {
    const it = await world();
    const release = { name: "bar", requirements: [{ name: "foo", repository: it.repository }] };
    const refused = await it.admin.publish(release);
    expect(refused.status).toBe(422);
    expect((await read(refused)).errors).toEqual({
      requirements: { foo: `package does not exist in repository "${it.repository}"` },
    });
    await it.admin.publish({ name: "foo" });
    expect((await it.admin.publish(release)).status).toBe(201);
    await expectStored(it, ["packages/bar", "tarballs/bar-1.0.0.tar", ...fooFiles].sort());
  });
});

const foo = "/packages/foo/releases/1.0.0";

/** Brings everything to rest, then states all that is stored besides the registry's own files. */
async function expectStored(it: World, files: string[]): Promise<void> {
  await runDurableObjectAlarm(it.stub);
  await it.stub.recover();
  const stored = await storedFiles(it);
  const own = stored.filter((file) => registryFiles.includes(file));
  expect(stored).toEqual([...own, ...files].sort());
  await expectSound(it);
}

const worlds = new WeakMap<World, Uint8Array>();

async function worldWithFoo(): Promise<World> {
  const it = await world();
  const tarball = await packageTarball();
  expect((await it.admin.upload(tarball)).status).toBe(201);
  worlds.set(it, tarball);
  return it;
}

/** What `worldWithFoo` published is still what everyone gets. */
async function expectUnchanged(it: World): Promise<void> {
  const response = await it.admin.file("/tarballs/foo-1.0.0.tar");
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(worlds.get(it));
  await expectStored(it, fooFiles);
}

async function post(person: Person, path: string, release: ReleaseOptions = {}): Promise<Response> {
  return person.api(path, { method: "POST", body: await packageTarball(release) });
}

function withMember(path: string, bytes: string): Promise<Uint8Array> {
  return packageTarball({ members: [{ path, bytes }] });
}

/** The first member once more, before all others. */
function twice(tarball: Uint8Array): Uint8Array {
  return Uint8Array.of(...tarball.subarray(0, 1024), ...tarball);
}
