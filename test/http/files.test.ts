import { env } from "cloudflare:workers";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { packageTarball, tar } from "../support/tarball.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";

const ownFiles = ["/names", "/versions", "/public_key"];
const files = [...ownFiles, "/packages/foo", "/tarballs/foo-1.0.0.tar", "/docs/foo-1.0.0.tar.gz"];

describe.each(files)("the file %s", (path) => {
  it("comes byte by byte as it is stored, with a strong ETag and no Content-Encoding", async () => {
    const it = await worldWithFoo();
    const object = await env.BUCKET.get(`repos/${it.repository}${path}`);
    const stored = new Uint8Array((await object?.arrayBuffer()) ?? []);
    expect(stored.length).toBeGreaterThan(0);

    const response = await it.admin.file(path);
    expect(response.status).toBe(200);
    const { "x-request-id": requestId, ...headers } = Object.fromEntries(response.headers);
    expect(requestId).toMatch(/\S/);
    expect(headers).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "private, no-cache, no-transform",
      "content-length": String(stored.length),
      "content-type": "application/octet-stream",
      etag: `"${object?.etag}"`,
      "last-modified": object?.uploaded.toUTCString(),
      vary: "authorization",
    });
    expect(await bytesOf(response)).toEqual(stored);
  });

  it("answers HEAD with the same headers and nothing else", async () => {
    const it = await worldWithFoo();
    const [whole, head] = [
      await it.admin.file(path),
      await it.admin.file(path, { method: "HEAD" }),
    ];
    expect(head.status).toBe(200);
    expect(withoutId(head)).toEqual(withoutId(whole));
    expect(await bytesOf(head)).toEqual(new Uint8Array());
  });

  it("is not sent again to whoever has it", async () => {
    const it = await worldWithFoo();
    const whole = await it.admin.file(path);
    const etag = whole.headers.get("etag") ?? "";
    const date = whole.headers.get("last-modified") ?? "";
    const { "content-length": _, ...kept } = withoutId(whole);
    for (const headers of [{ "if-none-match": etag }, { "if-modified-since": date }]) {
      for (const method of ["GET", "HEAD"]) {
        const response = await it.admin.file(path, { method, headers });
        expect(response.status).toBe(304);
        expect(withoutId(response)).toEqual(kept);
        expect(await bytesOf(response)).toEqual(new Uint8Array());
      }
    }
  });

  it("is sent in part to whoever asks for a part", async () => {
    const it = await worldWithFoo();
    const whole = await bytesOf(await it.admin.file(path));
    const response = await it.admin.file(path, { headers: { range: "bytes=2-9" } });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes 2-9/${whole.length}`);
    expect(response.headers.get("content-length")).toBe("8");
    expect(response.headers.get("etag")).toMatch(/^"[^"]+"$/);
    expect(await bytesOf(response)).toEqual(whole.slice(2, 10));
  });
});

describe("If-None-Match", () => {
  it.each([
    ["TAG", 304],
    ["W/TAG", 304],
    ['"other", TAG', 304],
    ['"other",W/TAG,"more"', 304],
    [" , TAG , ", 304],
    ["*", 304],
    // rebar3 sends it empty with its first request.
    ["", 200],
    ["   ", 200],
    ['""', 200],
    ['"other"', 200],
    ["UNQUOTED", 200],
    ['"UNQUOTED', 200],
    ['"*"', 200],
    [",,,", 200],
  ])("%j is answered with %d", async (header, status) => {
    const it = await worldWithFoo();
    for (const path of files) {
      const etag = (await it.admin.file(path)).headers.get("etag") ?? "";
      const sent = header.replace("TAG", etag).replace("UNQUOTED", etag.slice(1, -1));
      for (const method of ["GET", "HEAD"]) {
        const headers = { "if-none-match": sent };
        const response = await it.admin.file(path, { method, headers });
        expect([path, method, response.status]).toEqual([path, method, status]);
        const body = await bytesOf(response);
        expect(body.length > 0).toBe(method === "GET" && status === 200);
      }
    }
  });

  it("wins over If-Modified-Since, whichever of the two would say yes", async () => {
    const it = await worldWithFoo();
    const etag = (await it.admin.file("/names")).headers.get("etag") ?? "";
    const ask = async (tag: string, date: string) => {
      const headers = { "if-none-match": tag, "if-modified-since": date };
      return (await it.admin.file("/names", { headers })).status;
    };
    expect(await ask('"other"', "Fri, 01 Jan 2100 00:00:00 GMT")).toBe(200);
    expect(await ask(etag, "Mon, 01 Jan 2001 00:00:00 GMT")).toBe(304);
    expect(await ask("", "Fri, 01 Jan 2100 00:00:00 GMT")).toBe(304);
  });

  it("says no after every change of the file", async () => {
    const it = await worldWithFoo();
    const seen = new Set<string>();
    const expectNew = async () => {
      for (const path of ["/names", "/versions", "/packages/foo"]) {
        const headers = { "if-none-match": [...seen].join(", ") };
        const response = await it.admin.file(path, { headers });
        expect([path, response.status]).toEqual([path, 200]);
        seen.add(response.headers.get("etag") ?? "");
      }
    };
    await expectNew();
    // There and back again: the contents are what they were, but for the time.
    await it.admin.retire("foo", "1.0.0");
    await it.stub.recover();
    await expectNew();
    await it.admin.unretire("foo", "1.0.0");
    await it.stub.recover();
    await expectNew();
    await expectSound(it);
  });

  it("says no after a tarball or docs were replaced, and yes to their new tag", async () => {
    const it = await worldWithFoo();
    for (const path of ["/tarballs/foo-1.0.0.tar", "/docs/foo-1.0.0.tar.gz"]) {
      const old = (await it.admin.file(path)).headers.get("etag") ?? "";
      await it.admin.publish({ salt: path, replace: true });
      const docs = gzipSync(tar([{ path: "index.html", bytes: path }]));
      expect((await it.admin.publishDocs("foo", "1.0.0", docs)).status).toBe(201);
      const response = await it.admin.file(path, { headers: { "if-none-match": old } });
      expect(response.status).toBe(200);
      const etag = response.headers.get("etag") ?? "";
      expect((await it.admin.file(path, { headers: { "if-none-match": etag } })).status).toBe(304);
    }
  });

  it("does not turn what is missing into something", async () => {
    const it = await worldWithFoo();
    for (const headers of [
      { "if-none-match": "*" },
      { range: "bytes=0-1" },
      { "if-none-match": "" },
    ]) {
      for (const method of ["GET", "HEAD"]) {
        expect((await it.admin.file("/packages/bar", { method, headers })).status).toBe(404);
      }
    }
  });
});

describe("If-Modified-Since", () => {
  it.each([
    ["the time of the file", 0, 304],
    ["a later time", 60_000, 304],
    ["an earlier time", -60_000, 200],
    ["the second before", -1000, 200],
  ])("%s is answered as it should", async (_title, ms, status) => {
    const it = await worldWithFoo();
    const { headers } = await it.admin.file("/names");
    const date = new Date(Date.parse(headers.get("last-modified") ?? "") + ms).toUTCString();
    const sent = { headers: { "if-modified-since": date } };
    expect((await it.admin.file("/names", sent)).status).toBe(status);
    expect((await it.admin.file("/names", { ...sent, method: "HEAD" })).status).toBe(status);
  });

  it.each([
    "",
    "yesterday",
    "2100",
    "2100-01-01",
    "4102444800",
    "Fri, 41 Jan 2100 00:00:00 GMT",
    "NaN",
  ])("%j is no date of HTTP, and ignored", async (date) => {
    const it = await worldWithFoo();
    const headers = { "if-modified-since": date };
    expect((await it.admin.file("/names", { headers })).status).toBe(200);
  });
});

describe("Range", () => {
  it.each([
    ["bytes=0-3", 0, 4],
    ["bytes=0-0", 0, 1],
    ["bytes=4-", 4, undefined],
    ["bytes=0-", 0, undefined],
    ["bytes=-5", -5, undefined],
    ["bytes=-999999", 0, undefined],
    [`bytes=-${"9".repeat(400)}`, 0, undefined],
    ["bytes=3-999999", 3, undefined],
    [`bytes=3-${"9".repeat(400)}`, 3, undefined],
    [" bytes=0-3 ", 0, 4],
  ])("%s gets that part", async (range, begin, end) => {
    const it = await worldWithFoo();
    const path = "/tarballs/foo-1.0.0.tar";
    const whole = await bytesOf(await it.admin.file(path));
    const response = await it.admin.file(path, { headers: { range } });
    expect(response.status).toBe(206);
    const part = whole.slice(begin, end);
    const first = begin < 0 ? whole.length + begin : begin;
    expect(response.headers.get("content-range")).toBe(
      `bytes ${first}-${first + part.length - 1}/${whole.length}`,
    );
    expect(response.headers.get("content-length")).toBe(String(part.length));
    expect(await bytesOf(response)).toEqual(part);
  });

  it.each([
    "bytes=999999-",
    "bytes=999999-9999999",
    "bytes=-0",
    "bytes=SIZE-",
    `bytes=${"9".repeat(400)}-`,
  ])("%s begins behind the end", async (range) => {
    const it = await worldWithFoo();
    const size = (await it.admin.file("/names")).headers.get("content-length") ?? "";
    const headers = { range: range.replace("SIZE", size) };
    const response = await it.admin.file("/names", { headers });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe(`bytes */${size}`);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(await bytesOf(response)).toEqual(new Uint8Array());
  });

  it.each([
    ["bytes=3-1"],
    ["bytes="],
    ["bytes=-"],
    ["bytes=0-1,3-4"],
    ["bytes=0-1,"],
    ["bytes=a-b"],
    ["bytes=0x0-1"],
    ["bytes=--5"],
    ["bytes=1.5-3"],
    ["items=0-1"],
    ["0-1"],
    [""],
  ])("%j is nothing that we know, and gets the whole", async (range) => {
    const it = await worldWithFoo();
    const whole = await it.admin.file("/names");
    const response = await it.admin.file("/names", { headers: { range } });
    expect(response.status).toBe(200);
    expect(withoutId(response)).toEqual(withoutId(whole));
    expect(await bytesOf(response)).toEqual(await bytesOf(whole));
  });

  it("does not matter to HEAD", async () => {
    const it = await worldWithFoo();
    const whole = await it.admin.file("/names");
    for (const range of ["bytes=0-1", "bytes=999999-"]) {
      const response = await it.admin.file("/names", { method: "HEAD", headers: { range } });
      expect(response.status).toBe(200);
      expect(withoutId(response)).toEqual(withoutId(whole));
    }
  });

  it("does not matter to whoever has the file already", async () => {
    const it = await worldWithFoo();
    const etag = (await it.admin.file("/names")).headers.get("etag") ?? "";
    for (const range of ["bytes=0-1", "bytes=999999-"]) {
      const headers = { range, "if-none-match": etag };
      expect((await it.admin.file("/names", { headers })).status).toBe(304);
    }
  });

  it.each([
    ["TAG", 206],
    ["DATE", 206],
    ["W/TAG", 200],
    ['"other"', 200],
    ["UNQUOTED", 200],
    ["*", 200],
    ["Mon, 01 Jan 2001 00:00:00 GMT", 200],
    ["Fri, 01 Jan 2100 00:00:00 GMT", 200],
    ["2100", 200],
    ["yesterday", 200],
  ])("with If-Range %s is answered with %d", async (condition, status) => {
    const it = await worldWithFoo();
    const { headers } = await it.admin.file("/packages/foo");
    const etag = headers.get("etag") ?? "";
    const ifRange = condition
      .replace("TAG", etag)
      .replace("UNQUOTED", etag.slice(1, -1))
      .replace("DATE", headers.get("last-modified") ?? "");
    const ask = async (range: string) => {
      const sent = { range, "if-range": ifRange };
      return (await it.admin.file("/packages/foo", { headers: sent })).status;
    };
    expect(await ask("bytes=0-1")).toBe(status);
    // Of a file that has changed nobody knows where the end was.
    expect(await ask("bytes=999999-")).toBe(status === 206 ? 416 : 200);
  });

  it("never mixes the bytes of two files", async () => {
    const it = await worldWithFoo();
    const key = `repos/${it.repository}/tarballs/foo-1.0.0.tar`;
    // Somebody replaces the file after it was looked at and before it is read.
    const bucket = {
      head: async (asked: string) => {
        const found = await env.BUCKET.head(asked);
        await env.BUCKET.put(asked, await packageTarball({ salt: crypto.randomUUID() }));
        return found;
      },
      get: (asked: string, options: R2GetOptions) => env.BUCKET.get(asked, options),
    };
    const ask = (headers: Record<string, string>) => {
      const url = `http://hexedge.test/${key}`;
      const request = new Request(url, { headers: { authorization: env.ADMIN_KEY, ...headers } });
      // Serving a file asks nothing else of a bucket.
      return createApp().fetch(request, { ...env, BUCKET: bucket as unknown as R2Bucket });
    };
    const part = await ask({ range: "bytes=0-9" });
    expect(part.status).toBe(503);
    expect(part.headers.get("retry-after")).toBe("1");
    const whole = await ask({ "if-none-match": '"other"' });
    expect(whole.status).toBe(200);
    const { etag } = (await env.BUCKET.head(key)) ?? {};
    expect(whole.headers.get("etag")).toBe(`"${etag}"`);
  });
});

describe("a repository that is new", () => {
  it.each(ownFiles)("has the file %s", async (path) => {
    for (const method of ["GET", "HEAD"]) {
      const it = await world();
      expect((await it.admin.file(path, { method })).status).toBe(200);
      expect(await storedFiles(it)).toEqual(["names", "public_key", "versions"]);
      await expectSound(it);
    }
  });

  it("makes no file for whoever may not read it", async () => {
    const it = await world();
    for (const path of [...ownFiles, "/packages/foo"]) {
      expect((await it.guest.file(path)).status).toBe(403);
    }
    expect(await storedFiles(it)).toEqual([]);
    await expectSound(it);
  });

  it("has its files for everybody when it is public", async () => {
    for (const path of ownFiles) {
      const it = await world({ public: true });
      expect((await it.guest.file(path)).status).toBe(200);
      await expectSound(it);
    }
  });
});

describe("a file that is not there", () => {
  it.each([
    "",
    "/",
    "/NAMES",
    "/names/",
    "/names/foo",
    "/names%00",
    "/names.gz",
    "/public_key.pem",
    "/packages",
    "/packages/",
    "/packages/bar",
    "/packages/Foo",
    "/packages/foo/",
    "/packages/foo/1.0.0",
    "/packages/foo%00",
    "/packages/foo%2F",
    "/packages/foo%2f..%2fbar",
    "/packages/..%2fnames",
    "/packages/..%5cnames",
    "/packages/%2e%2e%2fnames",
    "/packages/%252e%252e%252fnames",
    "/packages/%c0%ae%c0%ae",
    "/packages/%zz",
    "/packages/constructor",
    `/packages/${"a".repeat(10_000)}`,
    "/tarballs/foo.tar",
    "/tarballs/foo-1.0.0",
    "/tarballs/foo-1.0.0.tar.gz",
    "/tarballs/foo-1.0.0.TAR",
    "/tarballs/foo-1.0.0.tar%00",
    "/tarballs/foo-1.0.0%00.tar",
    "/tarballs/foo-1.0.tar",
    "/tarballs/foo-.tar",
    "/tarballs/-1.0.0.tar",
    "/tarballs/.tar",
    "/tarballs/foo-9.9.9.tar",
    "/tarballs/bar-1.0.0.tar",
    "/tarballs/foo-1.0.0+build.tar",
    "/tarballs/foo-1.0.0%2Bbuild.tar",
    "/tarballs/..%2Fdocs%2Ffoo-1.0.0.tar",
    "/docs/foo-1.0.0.tar",
    "/docs/foo-9.9.9.tar.gz",
    "/docs/foo-1.0.0",
    "/policies/foo",
    "/repos/REPO/names",
  ])("is answered with 404 in plain text: %s", async (path) => {
    const it = await worldWithFoo();
    const before = await storedFiles(it);
    for (const method of ["GET", "HEAD"]) {
      const response = await it.admin.file(path.replace("REPO", it.repository), { method });
      expect([method, response.status]).toEqual([method, 404]);
      expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(response.headers.get("cache-control")).toBe("private, no-store");
      expect(response.headers.get("etag")).toBeNull();
      expect(response.headers.get("x-request-id")).not.toBeNull();
    }
    expect(await storedFiles(it)).toEqual(before);
  });
});

describe("a path that is written in another way", () => {
  it.each([
    ["/packages/%66oo", "/packages/foo"],
    ["/packages/%66%6F%6f", "/packages/foo"],
    ["/tarballs/foo%2D1.0.0.tar", "/tarballs/foo-1.0.0.tar"],
    ["/tarballs/foo-1%2E0%2e0.tar", "/tarballs/foo-1.0.0.tar"],
    ["//packages//foo", "/packages/foo"],
    ["/./packages/x/../foo", "/packages/foo"],
    ["/packages/foo?x=1", "/packages/foo"],
  ])("is the same file: %s", async (path, plain) => {
    const it = await worldWithFoo();
    const whole = await bytesOf(await it.admin.file(plain));
    expect(await bytesOf(await it.admin.file(path))).toEqual(whole);
    const encoded = it.repository.replace("_", "%5F").replace("shut", "%73hut");
    const response = await it.admin.fetch(`/repos/${encoded}${path}`);
    expect(response.status).toBe(200);
    expect(await bytesOf(response)).toEqual(whole);
    expect((await it.guest.fetch(`/repos/${encoded}${path}`)).status).toBe(403);
  });
});

async function worldWithFoo(): Promise<World> {
  const it = await world();
  expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
  const docs = gzipSync(tar([{ path: "index.html", bytes: "<h1>foo</h1>" }]));
  expect((await it.admin.publishDocs("foo", "1.0.0", docs)).status).toBe(201);
  expect((await it.admin.file("/names")).status).toBe(200);
  return it;
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

function withoutId({ headers }: Response): Record<string, string> {
  const { "x-request-id": _, ...rest } = Object.fromEntries(headers);
  return rest;
}
