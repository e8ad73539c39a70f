import { runDurableObjectAlarm } from "cloudflare:test";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { unpackNames, unpackPackage, unpackVersions } from "../../src/hex/registry.ts";
import { parsePublicKey } from "../../src/hex/sign.ts";
import { retirementReasons } from "../../src/repository/types.ts";
import { asksForErlang, erlangBody, jsonBody, read } from "../support/answers.ts";
import { type TarMember, tar } from "../support/tarball.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";

const foo = "/packages/foo/releases/1.0.0";
const registryFiles = ["names", "public_key", "versions"];
const fooFiles = ["packages/foo", "tarballs/foo-1.0.0.tar"];

/** What cannot be the name of a package; none of it may be anything but not found. */
const noNames = ["Foo", "f", "foo.bar", "foo-bar", "-", "__proto__", "%00", "foo%00", "foo%2Fbar"]
  .concat(["%zz", "%ff", "%ed%a0%80", "f%C3%B6%C3%B6", "a".repeat(256), "b".repeat(10_000)])
  .concat(["%20foo", "foo%0A", "..%2ffoo", "'", "*"]);
const noVersions = [
  "1",
  "1.0",
  "v1.0.0",
  "01.0.0",
  "1.0.0.0",
  "latest",
  "1.0.0%00",
  "1.0.0%0A",
].concat(["%zz", "1.0.0-", "1.0.0%2F..%2F2.0.0", "9".repeat(10_000), "%201.0.0", "1.0.0%20"]);
/** Versions as such, which no release has. */
const otherVersions = ["9.9.9", "1.0.0-rc.1", "1.0.0+build", "1.0.0%2Bbuild", "0.0.0"];

describe("a package", () => {
  it("is shown with its releases, the newest first", async () => {
    const it = await world();
    for (const version of ["1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"]) {
      expect((await it.admin.publish({ version })).status).toBe(201);
    }
    const origin = "http://hexedge.test";
    const url = `${origin}/api/repos/${it.repository}/packages/foo`;
    const shown = await read(await it.admin.api("/packages/foo"));
    expect(shown).toEqual({
      repository: it.repository,
      name: "foo",
      inserted_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      url,
      html_url: `${origin}/packages/${it.repository}/foo`,
      docs_html_url: null,
      latest_version: "2.0.0-rc.1",
      latest_stable_version: "1.10.0",
      configs: {
        "mix.exs": `{:foo, "~> 1.10", repo: "${it.repository}"}`,
        "rebar.config": '{foo, "1.10.0"}',
        "erlang.mk": "dep_foo = hex 1.10.0",
      },
      meta: {
        description: "What foo is for",
        licenses: ["MIT"],
        links: { GitHub: "https://example.com" },
        maintainers: [],
      },
      releases: ["2.0.0-rc.1", "1.10.0", "1.9.0", "1.0.0"].map((version) => ({
        version,
        url: `${url}/releases/${version}`,
        has_docs: false,
        inserted_at: expect.stringMatching(/Z$/),
      })),
      retirements: {},
      downloads: { all: 0, recent: 0, week: 0, day: 0 },
      owners: [],
    });
    const inErlang = await read(await it.admin.api("/packages/foo", { headers: asksForErlang }));
    expect(inErlang).toEqual(shown);
  });

  it("with pre-releases only has no stable version, and a configuration all the same", async () => {
    const it = await world();
    await it.admin.publish({ version: "1.0.0-rc.1" });
    expect(await read(await it.admin.api("/packages/foo"))).toMatchObject({
      latest_version: "1.0.0-rc.1",
      latest_stable_version: null,
      configs: { "mix.exs": `{:foo, "~> 1.0.0-rc.1", repo: "${it.repository}"}` },
    });
  });

  it("of a public repository is shown to guests at once, and again when all is settled", async () => {
    const it = await world({ public: true });
    expect((await it.guest.api("/packages/foo")).status).toBe(404);
    await it.admin.publish();
    const admin = await read(await it.admin.api("/packages/foo"));
    expect(await read(await it.guest.api("/packages/foo"))).toEqual(admin);
    await settle(it);
    expect(await read(await it.guest.api("/packages/foo"))).toEqual(admin);
    expect(await read(await it.guest.api(foo))).toEqual(await read(await it.admin.api(foo)));

    await it.admin.revert("foo", "1.0.0");
    await settle(it);
    expect((await it.guest.api("/packages/foo")).status).toBe(404);
    expect((await it.guest.api(foo)).status).toBe(404);
  });

  it.each([...noNames, "bar", "constructor"])(
    "that was never there is not found: %j",
    async (name) => {
      const it = await worldWithFoo();
      for (const [method, path] of [
        ["GET", `/packages/${name}`],
        ["GET", `/packages/${name}/releases/1.0.0`],
        ["GET", `/packages/${name}/releases/1.0.0/docs`],
        ["DELETE", `/packages/${name}/releases/1.0.0`],
        ["DELETE", `/packages/${name}/releases/1.0.0/docs`],
        ["DELETE", `/packages/${name}/releases/1.0.0/retire`],
        ["POST", `/packages/${name}/releases/1.0.0/retire`],
        ["POST", `/packages/${name}/releases/1.0.0/docs`],
      ] as const) {
        const body =
          method === "POST" ? (path.endsWith("docs") ? docs : '{"reason":"other"}') : null;
        const response = await it.admin.api(path, { method, body, headers: asksForErlang });
        expect([method, response.status]).toEqual([method, 404]);
        expect(await read(response)).toEqual({
          status: 404,
          message: expect.stringMatching(/not found/),
        });
      }
      await expectStored(it, fooFiles);
    },
  );
});

describe("a release", () => {
  it("is shown with all that mix reads of it", async () => {
    const it = await worldWithFoo();
    const shown = await read(await it.admin.api(foo));
    expect(shown).toMatchObject({ version: "1.0.0", retirement: null, has_docs: false });
    expect(shown).toMatchObject({ configs: { "mix.exs": expect.any(String) }, requirements: {} });
    expect(await read(await it.admin.api(foo, { headers: asksForErlang }))).toEqual(shown);
  });

  it.each(["1.0.0", "1%2E0%2E0", "%31.0.0"])(
    "is found by its version, written %s",
    async (text) => {
      const it = await worldWithFoo();
      expect((await it.admin.api(`/packages/f%6Fo/releases/${text}`)).status).toBe(200);
      expect((await it.admin.revert("f%6Fo", text)).status).toBe(204);
      await expectStored(it, []);
    },
  );

  it.each(otherVersions)("with another version is not found: %s", async (version) => {
    const it = await worldWithFoo();
    const path = `/packages/foo/releases/${version}`;
    for (const response of [
      await it.admin.api(path),
      await it.admin.api(`${path}/docs`),
      await it.admin.api(path, { method: "DELETE" }),
      await it.admin.api(`${path}/docs`, { method: "DELETE" }),
      await it.admin.publishDocs("foo", version, docs),
      await it.admin.retire("foo", version),
      await it.admin.unretire("foo", version),
    ]) {
      expect(response.status).toBe(404);
      const named = `Release foo ${decodeURIComponent(version)} not found`;
      expect(await read(response)).toEqual({ status: 404, message: named });
    }
    await expectStored(it, fooFiles);
  });

  it.each(noVersions)("is not looked for by what is no version: %j", async (version) => {
    const it = await worldWithFoo();
    const path = `/packages/foo/releases/${version}`;
    for (const response of [
      await it.admin.api(path),
      await it.admin.api(`${path}/docs`),
      await it.admin.api(path, { method: "DELETE" }),
      await it.admin.api(`${path}/docs`, { method: "DELETE" }),
      await it.admin.retire("foo", version),
      await it.admin.unretire("foo", version),
    ]) {
      expect(response.status).toBe(400);
      expect((await read(response)).message).toMatch(/^invalid version: /);
    }
    await expectStored(it, fooFiles);
  });
});

describe("reverting", () => {
  it("takes the release away from everywhere, and answers 204 with nothing", async () => {
    const it = await worldWithFoo();
    await it.admin.publish({ version: "1.1.0" });
    await it.admin.publishDocs("foo", "1.0.0", docs);
    const response = await it.admin.revert("foo", "1.0.0");
    expect([response.status, await response.text()]).toEqual([204, ""]);

    expect((await it.admin.api(foo)).status).toBe(404);
    expect((await it.admin.file("/tarballs/foo-1.0.0.tar")).status).toBe(404);
    expect((await it.admin.file("/docs/foo-1.0.0.tar.gz")).status).toBe(404);
    expect((await packageFile(it)).releases.map(({ version }) => version)).toEqual(["1.1.0"]);
    expect(await versionsFile(it)).toMatchObject([{ name: "foo", versions: ["1.1.0"] }]);
    await expectStored(it, ["packages/foo", "tarballs/foo-1.1.0.tar"]);
  });

  it("the last release takes the package away too", async () => {
    const it = await worldWithFoo();
    expect((await it.admin.revert("foo", "1.0.0")).status).toBe(204);
    expect((await it.admin.api("/packages/foo")).status).toBe(404);
    expect((await it.admin.file("/packages/foo")).status).toBe(404);
    expect(await namesFile(it)).toEqual([]);
    expect(await versionsFile(it)).toEqual([]);
    expect((await it.admin.revert("foo", "1.0.0")).status).toBe(404);
    await expectStored(it, []);
  });

  it("is refused for the last release of a package that another one needs", async () => {
    const it = await worldWithFoo();
    const requirements = [{ name: "foo", repository: it.repository }];
    await it.admin.publish({ name: "bar", requirements });
    const response = await it.admin.revert("foo", "1.0.0");
    expect(response.status).toBe(422);
    const name = "you cannot delete this package because other packages depend on it: bar";
    expect((await read(response)).errors).toEqual({ name });
    await expectStored(it, ["packages/bar", "tarballs/bar-1.0.0.tar", ...fooFiles]);

    expect((await it.admin.revert("bar", "1.0.0")).status).toBe(204);
    expect((await it.admin.revert("foo", "1.0.0")).status).toBe(204);
    await expectStored(it, []);
  });
});

describe("retiring", () => {
  it.each(retirementReasons)(
    "with the reason %s shows in the API, the package file and versions",
    async (reason) => {
      const it = await worldWithFoo();
      await it.admin.publish({ version: "1.1.0" });
      for (const request of [
        erlangBody({ reason, message: "why" }),
        jsonBody({ reason, message: "why" }),
      ]) {
        const response = await it.admin.api(`${foo}/retire`, { method: "POST", ...request });
        // rebar3 wants exactly this.
        expect([response.status, await response.text()]).toEqual([204, ""]);
      }
      const retirement = { reason, message: "why" };
      expect(await read(await it.admin.api(foo))).toMatchObject({ retirement });
      expect(await read(await it.admin.api("/packages/foo"))).toMatchObject({
        retirements: { "1.0.0": retirement },
      });
      const [old, newer] = (await packageFile(it)).releases;
      expect([old?.retired, newer?.retired]).toEqual([retirement, undefined]);
      await settle(it);
      expect(await versionsFile(it)).toMatchObject([
        { versions: ["1.0.0", "1.1.0"], retired: [0] },
      ]);
      await expectSound(it);
    },
  );

  it("again says something else, and can be taken back", async () => {
    const it = await worldWithFoo();
    await it.admin.retire("foo", "1.0.0", { reason: "security", message: "a hole" });
    await it.admin.retire("foo", "1.0.0", { reason: "renamed" });
    expect((await read(await it.admin.api(foo))).retirement).toEqual({
      reason: "renamed",
      message: null,
    });
    for (const _twice of [1, 2]) {
      const response = await it.admin.unretire("foo", "1.0.0");
      expect([response.status, await response.text()]).toEqual([204, ""]);
      expect((await read(await it.admin.api(foo))).retirement).toBeNull();
    }
    expect((await packageFile(it)).releases[0]?.retired).toBeUndefined();
    await settle(it);
    expect(await versionsFile(it)).toMatchObject([{ retired: [] }]);
    await expectStored(it, fooFiles);
  });

  it("can be taken back where nothing was retired", async () => {
    const it = await worldWithFoo();
    expect((await it.admin.unretire("foo", "1.0.0")).status).toBe(204);
    await expectStored(it, fooFiles);
  });

  it.each([
    ["absent", undefined, null],
    ["null", null, null],
    ["empty", "", null],
    ["blank", " \n\t ", null],
    ["of 3 characters", "abc", "abc"],
    ["of 140 characters", "x".repeat(140), "x".repeat(140)],
    ["of 140 characters beyond the first plane", "🦄".repeat(140), "🦄".repeat(140)],
    ["with what looks like Erlang or HTML", '"}]. <b>', '"}]. <b>'],
  ])("takes a message that is %s", async (_title, message, kept) => {
    const it = await worldWithFoo();
    expect((await it.admin.retire("foo", "1.0.0", { reason: "other", message })).status).toBe(204);
    expect((await read(await it.admin.api(foo))).retirement).toEqual({
      reason: "other",
      message: kept,
    });
    const [release] = (await packageFile(it)).releases;
    expect(release?.retired).toEqual({
      reason: "other",
      ...(kept === null ? {} : { message: kept }),
    });
    await expectSound(it);
  });

  it.each([
    ["of 1 character", '"x"', "should be at least 3 character(s)"],
    ["of 2 characters", '"ab"', "should be at least 3 character(s)"],
    ["of 2 characters beyond the first plane", '"🦄🦄"', "should be at least 3 character(s)"],
    ["of 141 characters", `"${"x".repeat(141)}"`, "should be at most 140 character(s)"],
    [
      "of 141 characters beyond the first plane",
      `"${"🦄".repeat(141)}"`,
      "should be at most 140 character(s)",
    ],
    ["with half a surrogate pair", '"abc\\ud800"', "is invalid"],
    ["a number", "123", "is invalid"],
    ["a truth", "true", "is invalid"],
    ["a list", '["abc"]', "is invalid"],
    ["a map", '{"abc":"abc"}', "is invalid"],
  ])("refuses a message that is %s", async (_title, message, said) => {
    const it = await worldWithFoo();
    await expectNotRetired(it, `{"reason":"other","message":${message}}`, { message: said });
  });

  it.each([
    ["absent", "{}", "can't be blank"],
    ["absent, with an empty body", "", "can't be blank"],
    ["null", '{"reason":null}', "can't be blank"],
    ["empty", '{"reason":""}', "can't be blank"],
    ["nested, as a form would have it", '{"retirement":{"reason":"other"}}', "can't be blank"],
    ["unknown", '{"reason":"boring"}', "is invalid"],
    ["in capitals", '{"reason":"SECURITY"}', "is invalid"],
    ["with blanks around", '{"reason":" other "}', "is invalid"],
    ["a number", '{"reason":0}', "is invalid"],
    ["a list", '{"reason":["other"]}', "is invalid"],
    ["what every object of JavaScript has", '{"reason":"constructor"}', "is invalid"],
    ["hidden behind a prototype", '{"__proto__":{"reason":"other"}}', "can't be blank"],
  ])("refuses a reason that is %s", async (_title, body, said) => {
    const it = await worldWithFoo();
    await expectNotRetired(it, body, { reason: said });
  });
});

describe("docs", () => {
  it("are stored as they came, shown, found by a redirect, replaced and taken back", async () => {
    const it = await worldWithFoo();
    const url = `http://hexedge.test/repos/${it.repository}/docs/foo-1.0.0.tar.gz`;
    for (const bytes of [docs, gzipSync(tar([{ path: "index.html", bytes: "second" }]))]) {
      const response = await it.admin.publishDocs("foo", "1.0.0", bytes);
      expect([response.status, await response.text()]).toEqual([201, ""]);
      expect(response.headers.get("location")).toBe(url);
      const served = await it.admin.file("/docs/foo-1.0.0.tar.gz");
      expect(new Uint8Array(await served.arrayBuffer())).toEqual(bytes);
      await expectSound(it);
    }
    expect(await read(await it.admin.api(foo))).toMatchObject({
      has_docs: true,
      docs_html_url: `http://hexedge.test/docs/${it.repository}/foo/1.0.0/`,
    });
    expect(await read(await it.admin.api("/packages/foo"))).toMatchObject({
      docs_html_url: `http://hexedge.test/docs/${it.repository}/foo/`,
      releases: [{ has_docs: true }],
    });
    const found = await it.admin.api(`${foo}/docs`);
    // Absolute, or mix crashes.
    expect([found.status, found.headers.get("location")]).toEqual([302, url]);
    await expectStored(it, ["docs/foo-1.0.0.tar.gz", ...fooFiles]);

    const removed = await it.admin.api(`${foo}/docs`, { method: "DELETE" });
    expect([removed.status, await removed.text()]).toEqual([204, ""]);
    expect((await it.admin.file("/docs/foo-1.0.0.tar.gz")).status).toBe(404);
    expect(await read(await it.admin.api(foo))).toMatchObject({
      has_docs: false,
      docs_html_url: null,
    });
    for (const method of ["GET", "DELETE"]) {
      const missing = await it.admin.api(`${foo}/docs`, { method });
      expect(missing.status).toBe(404);
      expect((await read(missing)).message).toBe("foo 1.0.0 has no docs");
    }
    await expectStored(it, fooFiles);
  });

  it("are published again right after they were taken back, also where all is new", async () => {
    const it = await worldWithFoo();
    expect((await it.admin.publishDocs("foo", "1.0.0", docs)).status).toBe(201);
    expect((await it.admin.api(`${foo}/docs`, { method: "DELETE" })).status).toBe(204);
    expect((await it.admin.file("/docs/foo-1.0.0.tar.gz")).status).toBe(404);
    expect((await it.admin.publishDocs("foo", "1.0.0", docs)).status).toBe(201);
    await expectStored(it, ["docs/foo-1.0.0.tar.gz", ...fooFiles]);
  });

  it.each(["9.9.9", "1.0.0-rc.1", "1.0", "latest"])(
    "of version %s, which is not there, are refused with 404: rebar3 prints Published after a 400",
    async (version) => {
      const it = await worldWithFoo();
      const response = await it.admin.publishDocs("foo", version, docs);
      expect(response.status).toBe(404);
      expect((await read(response)).message).toMatch(/not found/);
      await expectStored(it, fooFiles);
    },
  );

  const file = (member: TarMember) => gzipSync(tar([{ path: "index.html", bytes: "x" }, member]));
  it.each([
    ["empty", new Uint8Array()],
    ["no gzip", new TextEncoder().encode("<h1>foo</h1>")],
    ["a tar without gzip", tar([{ path: "index.html", bytes: "x" }])],
    ["a gzip of something else", gzipSync(new TextEncoder().encode("<h1>foo</h1>"))],
    ["cut off", docs_().slice(0, -9)],
    ["followed by something", Uint8Array.of(...docs_(), 1)],
    ["two of them", Uint8Array.of(...docs_(), ...docs_())],
    ["with a file outside", file({ path: "../index.html" })],
    ["with an absolute file", file({ path: "/index.html" })],
    ["with a link outside", file({ path: "a", type: "2", linkTarget: "/etc/passwd" })],
    ["with a hard link", file({ path: "a", type: "1", linkTarget: "index.html" })],
    ["with a device", file({ path: "a", type: "3" })],
    ["with a file twice", file({ path: "index.html" })],
    ["a bomb", gzipSync(tar([{ path: "index.html", bytes: new Uint8Array(30_000_000) }]))],
  ])("are refused when they are %s", async (_title, bytes) => {
    const it = await worldWithFoo();
    const response = await it.admin.publishDocs("foo", "1.0.0", bytes);
    expect(response.status).toBe(422);
    expect(await read(response)).toEqual({
      status: 422,
      message: "Validation error(s)",
      errors: { tar: expect.stringMatching(/\S/) },
    });
    expect(await read(await it.admin.api(foo))).toMatchObject({ has_docs: false });
    await expectStored(it, fooFiles);
  });
});

describe("users/me", () => {
  it.each([
    "/api/users/me",
    "/api/repos/REPO/users/me",
    "/api/repos/hexpm/users/me",
    "/api//users/me",
  ])("says at %s what mix asks before it publishes", async (path) => {
    const { admin, repository } = await world();
    const response = await admin.fetch(path.replace("REPO", repository), {
      headers: asksForErlang,
    });
    expect(response.status).toBe(200);
    expect(await read(response)).toEqual({
      username: "admin",
      full_name: "Administrator",
      handles: {},
      url: "http://hexedge.test/api/users/me",
      packages: [],
      owned_packages: {},
      organizations: [],
    });
  });
});

const docs = docs_();

function docs_(): Uint8Array {
  return gzipSync(tar([{ path: "index.html", bytes: "<h1>foo</h1>" }]));
}

async function worldWithFoo(): Promise<World> {
  const it = await world();
  expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
  return it;
}

async function expectNotRetired(it: World, body: string, errors: object): Promise<void> {
  const headers = { "content-type": "application/json", ...asksForErlang };
  const response = await it.admin.api(`${foo}/retire`, { method: "POST", headers, body });
  expect(response.status).toBe(422);
  expect(await read(response)).toEqual({
    status: 422,
    message: "Validation error(s)",
    errors: { retirement: errors },
  });
  expect((await read(await it.admin.api(foo))).retirement).toBeNull();
  await expectStored(it, fooFiles);
}

/** Lets the alarm finish what it has to. */
async function settle(it: World): Promise<void> {
  await runDurableObjectAlarm(it.stub);
  await it.stub.recover();
}

/** Brings everything to rest, then states all that is stored besides the registry's own files. */
async function expectStored(it: World, files: string[]): Promise<void> {
  await settle(it);
  const stored = await storedFiles(it);
  const own = stored.filter((key) => registryFiles.includes(key));
  expect(stored).toEqual([...own, ...files].sort());
  await expectSound(it);
}

/** Files of the registry as a client has them: fetched, and checked with the public key. */
async function packageFile(it: World) {
  const [bytes, key] = await fetchSigned(it, "/packages/foo");
  return unpackPackage(bytes, key, { repository: it.repository, name: "foo" });
}

async function namesFile(it: World) {
  const [bytes, key] = await fetchSigned(it, "/names");
  return (await unpackNames(bytes, key, it)).packages;
}

async function versionsFile(it: World) {
  const [bytes, key] = await fetchSigned(it, "/versions");
  return (await unpackVersions(bytes, key, it)).packages;
}

async function fetchSigned(it: World, path: string): Promise<[Uint8Array, CryptoKey]> {
  const fetchBytes = async (file: string) =>
    new Uint8Array(await (await it.admin.file(file)).arrayBuffer());
  const pem = new TextDecoder().decode(await fetchBytes("/public_key"));
  return [await fetchBytes(path), await parsePublicKey(pem)];
}
