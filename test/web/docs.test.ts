/** Documentation over HTTP: what is served, and to whom. What a hostile page can do: test/clients/docs-isolation.test.ts. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { newsMsMax } from "../../src/accounts/changes.ts";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { pagesKey } from "../../src/repository/keys.ts";
import { docsOf, type Files, noise, unpack, utf8 } from "../docs/archives.ts";
import { accounts, basic, keyOfOrganization } from "../http/registry.ts";
import { setRole, type User, user } from "../support/people.ts";
import { expectSound, type World, world } from "../support/world.ts";

const main = "http://hexedge.test";
const apart = { DOCS_HOST: "docs.test", PUBLIC_URL: main };

type Fetch = (url: string, headers?: HeadersInit, init?: RequestInit) => Promise<Response>;

/** The registry with other settings, asked at any host; paths are of the main one. */
function siteWith(settings: object): Fetch {
  const app = createApp();
  const configured = { ...env, ...settings };
  return async (url, headers = {}, init = {}) => {
    const request = new Request(new URL(url, main), { headers, redirect: "manual", ...init });
    return app.fetch(request, configured, createExecutionContext());
  };
}

const site = siteWith({});

/** As a browser opens a page. */
const opens = (cookie?: string) => ({
  accept: "text/html",
  "sec-fetch-dest": "document",
  ...(cookie === undefined ? {} : { cookie }),
});
const gzipped = { "accept-encoding": "gzip" };

const html = (title: string) =>
  `<!DOCTYPE html><title>${title}</title><body><p>${`${title} `.repeat(100)}</p></body>`;
const picture = noise(3000);
const some: Files = {
  "index.html": html("start"),
  "Foo.html": html("Foo"),
  "guides/index.html": html("guides"),
  "guides/one.html": html("one"),
  "guides/bare": "no type",
  "dist/app-MX33GQN7.js": "// ".repeat(200),
  "dist/app-1A2B3C4D.css": "a{} ".repeat(200),
  "report-20240101.html": html("not hashed"),
  "data.json": JSON.stringify(Array.from({ length: 200 }, () => "x")),
  "logo.png": picture,
  "odd/a b%2F#1?.txt": "odd",
  "odd/ünï.html": html("unicode"),
  "odd/100%.txt": "percent",
  "empty.txt": "",
  "docs_config.js": "var stolen = true;",
};

afterEach(() => {
  vi.useRealTimers();
});

async function publish(
  it: World,
  version: string,
  files: Files | null = some,
  name = "foo",
): Promise<void> {
  expect((await it.admin.publish({ name, version })).status).toBe(201);
  if (files) expect((await it.admin.publishDocs(name, version, docsOf(files))).status).toBe(201);
}

/** Of an open repository with foo 1.0.0. */
async function openWorld(...versions: string[]) {
  const it = await world({ public: true });
  for (const version of versions) await publish(it, version);
  return { ...it, at: `/docs/${it.repository}/foo` };
}

async function status(url: string, headers: HeadersInit = {}): Promise<number> {
  const response = await site(url, headers);
  await response.arrayBuffer();
  return response.status;
}

const placeOf = (response: Response) => response.headers.get("location")?.replace(main, "");

async function config(url: string): Promise<{ version: string; url: string }[]> {
  const script = await (await site(url)).text();
  return JSON.parse(/^var versionNodes = (.*);$/m.exec(script)?.[1] ?? "null");
}

/** A page of ours names another one each time. */
function withoutNonce(text: string): string {
  return text.replace(/(nonce-|nonce=")[\da-f-]{36}/g, "$1…");
}

describe("a page of documentation", () => {
  let it_: Awaited<ReturnType<typeof openWorld>>;

  beforeAll(async () => {
    it_ = await openWorld("1.0.0");
  });

  it("is the index.html of a folder, whose address ends with a slash", async () => {
    const { at } = it_;
    expect(await (await site(`${at}/`)).text()).toBe(some["index.html"]);
    expect(await (await site(`${at}/1.0.0/`)).text()).toBe(some["index.html"]);
    expect(await (await site(`${at}/1.0.0/guides/`)).text()).toBe(some["guides/index.html"]);
    for (const folder of [at, `${at}/1.0.0`, `${at}/1.0.0/guides`, `${at}/guides`]) {
      const response = await site(`${folder}?q=1`);
      expect([folder, response.status, placeOf(response)]).toEqual([folder, 302, `${folder}/?q=1`]);
    }
    expect(await status(`${at}/1.0.0/guides/bare`)).toBe(200);
    expect(await status(`${at}/1.0.0/guides/bare/`)).toBe(404);
  });

  it("is what was published, of its type, gzipped as it is stored or inflated", async () => {
    const stored = await openStorage(env as Env, it_.repository).get(
      pagesKey(it_.repository, "foo", "1.0.0"),
    );
    const packed = new Uint8Array(await new Response(stored?.body).arrayBuffer());
    const { files } = await unpack(packed);
    const types: Record<string, string> = {
      ...{ html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8" },
      ...{ css: "text/css; charset=utf-8", json: "application/json", png: "image/png" },
      ...{ txt: "text/plain; charset=utf-8", bare: "application/octet-stream" },
    };
    for (const { path, bytes, isGzip } of files) {
      const url = `${it_.at}/1.0.0/${path.split("/").map(encodeURIComponent).join("/")}`;
      const plain = await site(url);
      expect([path, plain.status, plain.headers.get("content-type")]).toEqual([
        ...[path, 200, types[path.split(/[./]/).at(-1) ?? ""]],
      ]);
      expect(plain.headers.get("content-encoding")).toBeNull();
      expect(plain.headers.get("content-length")).toBe(`${bytes.length}`);
      expect(new Uint8Array(await plain.arrayBuffer())).toEqual(bytes);
      const refusing = await site(url, { "accept-encoding": "br, gzip;q=0" });
      expect(refusing.headers.get("content-encoding")).toBeNull();
      await refusing.arrayBuffer();
      const small = await site(url, gzipped);
      expect([path, small.headers.get("content-encoding")]).toEqual([path, isGzip ? "gzip" : null]);
      const sent = new Uint8Array(await small.arrayBuffer());
      expect(small.headers.get("content-length")).toBe(`${sent.length}`);
      expect(small.headers.get("vary")).toContain("accept-encoding");
      if (!isGzip) expect(sent).toEqual(bytes);
      // Byte for byte what lies in the object.
      else expect(indexOf(packed, sent)).toBeGreaterThan(0);
    }
    expect(files.map(({ path }) => path)).not.toContain("docs_config.js");
  });

  it("answers HEAD as GET, without a body", async () => {
    for (const path of ["/", "/Foo.html", "/logo.png", "/docs_config.js", "/missing.html"]) {
      for (const headers of [{}, gzipped]) {
        const [head, get] = [
          await site(`${it_.at}/1.0.0${path}`, headers, { method: "HEAD" }),
          await site(`${it_.at}/1.0.0${path}`, headers),
        ];
        expect((await head.arrayBuffer()).byteLength).toBe(0);
        await get.arrayBuffer();
        const told = (of: Response) =>
          [...of.headers]
            .filter(([name]) => name !== "x-request-id")
            .map(([name, value]) => `${name}: ${withoutNonce(value)}`);
        expect([path, head.status, told(head)]).toEqual([path, get.status, told(get)]);
      }
    }
    expect((await site(`${it_.at}/`, {}, { method: "POST" })).status).toBe(405);
  });

  it("may be kept, and is asked about each time, but for names with a hash", async () => {
    const kept = async (path: string) => {
      const response = await site(`${it_.at}/1.0.0/${path}`);
      await response.arrayBuffer();
      return response.headers.get("cache-control");
    };
    for (const path of ["", "Foo.html", "data.json", "logo.png", "report-20240101.html"]) {
      expect([path, await kept(path)]).toEqual([path, "public, no-cache"]);
    }
    for (const path of ["dist/app-MX33GQN7.js", "dist/app-1A2B3C4D.css"]) {
      expect([path, await kept(path)]).toEqual([path, "public, max-age=86400"]);
    }
    expect(await kept("docs_config.js")).toBe("private, no-cache");
    expect(await kept("missing.html")).toContain("private, no-");
  });

  it("is not sent again to whoever has it", async () => {
    const url = `${it_.at}/1.0.0/Foo.html`;
    const etag = (await site(url)).headers.get("etag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await site(url, { "if-none-match": known });
      expect([known, response.status, response.headers.get("etag")]).toEqual([known, 304, etag]);
      expect((await response.arrayBuffer()).byteLength).toBe(0);
    }
    expect(await status(url, { "if-none-match": '"other"' })).toBe(200);
  });

  it("is this package's own, however its name is written", async () => {
    const { at, repository } = it_;
    expect((await it_.admin.publish({ name: "other" })).status).toBe(201);
    const others = docsOf({ "index.html": "of the other", "secret.txt": "of the other" });
    expect((await it_.admin.publishDocs("other", "1.0.0", others)).status).toBe(201);
    expect(await (await site(`${at}/1.0.0/odd/a%20b%252F%231%3F.txt`)).text()).toBe("odd");
    expect(await (await site(`${at}/1.0.0/odd/100%25.txt`)).text()).toBe("percent");
    expect(await (await site(`${at}/1.0.0/odd/ünï.html`)).text()).toBe(some["odd/ünï.html"]);
    const long = "x".repeat(7000);
    for (const path of [
      ...["..%2fother/1.0.0/secret.txt", "..%2f..%2fother%2f1.0.0%2fsecret.txt", "..%5cother%5c"],
      ...["%2e%2e%2fother/secret.txt", "%252e%252e/other/secret.txt", "%00", "Foo.html%00.png"],
      ...["%ff%fe", "%", "%zz", "%c0%ae%c0%ae/other", "\\..\\other\\", "%2e/Foo.html%20"],
      ...[long, `${long}/`, "__proto__", "constructor", "toString/", "%0d%0aset-cookie:%20a=b"],
      ...["~/", "~../", "~%0d%0a/", "~a b/", "~a%3b%20script-src%20*/", `~${long}/`],
    ]) {
      for (const base of [`${at}/`, `${at}/1.0.0/`]) {
        const response = await site(base + path, opens());
        const told = await response.text();
        expect([path, response.status]).toEqual([path, expect.toBeOneOf([302, 404])]);
        expect(told).not.toContain("of the other");
        expect(response.headers.has("set-cookie")).toBe(false);
      }
    }
    for (const path of ["/docs/..%2f/foo/", "/docs/%00/foo/", `/docs/${repository}/%00/`]) {
      expect([path, await status(path)]).toEqual([path, expect.toBeOneOf([303, 404])]);
    }
    for (const path of ["/foo%2f1.0.0/", "/Foo/", "/fo%6f%20/", "/f-o/", "/foo/01.0.0/", "/bar/"]) {
      expect([path, await status(`/docs/${repository}${path}`)]).toEqual([path, 404]);
    }
  });

  it("costs one read of storage, two the first time", async () => {
    const it = await openWorld("1.0.0", "1.1.0");
    const read = counting();
    const ask = siteWith({ BUCKET: read.bucket });
    const reads = async (path: string) => {
      read.count = 0;
      const response = await ask(it.at + path);
      await response.arrayBuffer();
      return [response.status, read.count];
    };
    const big = { "index.html": html("big"), "big.bin": noise(200_000), "last.html": html("last") };
    expect((await it.admin.publishDocs("foo", "1.1.0", docsOf(big))).status).toBe(201);
    expect(await reads("/1.1.0/last.html")).toEqual([200, 2]);
    for (const path of ["/1.1.0/last.html", "/last.html", "/", "/1.1.0/big.bin"]) {
      expect([path, ...(await reads(path))]).toEqual([path, 200, 1]);
    }
    // The old one has a banner.
    expect(await reads("/1.0.0/Foo.html")).toEqual([200, 1]);
    expect(await reads("/1.0.0/Foo.html")).toEqual([200, 1]);
    expect(await reads("/docs_config.js")).toEqual([200, 0]);
    expect(await reads("/1.0.0/missing.html")).toEqual([404, 2]);
    expect(await reads("/2.0.0/")).toEqual([404, 1]);
  });

  it("may do nothing but run, and load what lies beside it", async () => {
    const response = await site(`${it_.at}/1.0.0/Foo.html`, opens());
    await response.arrayBuffer();
    const own = `${main}${it_.at}/`;
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy.split("; ")).toEqual(
      expect.arrayContaining([
        `default-src ${own} 'unsafe-inline' 'unsafe-eval' data: blob:`,
        ...[`form-action ${own}`, `base-uri ${own}`, "object-src 'none'", "worker-src 'none'"],
        expect.stringMatching(/^sandbox /),
      ]),
    );
    expect(policy).not.toMatch(/allow-same-origin|allow-top/);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...{ "x-content-type-options": "nosniff", "x-frame-options": "DENY" },
      ...{ "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin" },
      "access-control-allow-origin": "*",
      "connection-allowlist": expect.stringContaining("webrtc=block"),
    });
    expect((await site(`${it_.at}/1.0.0/Foo.html`, { "service-worker": "script" })).status).toBe(
      403,
    );
  });
});

describe("versions of documentation", () => {
  it("are shown by the newest stable one that has docs", async () => {
    const it = await openWorld();
    const named = (version: string) => ({ "index.html": html(version) });
    const latest = async () =>
      /<title>(.*)<\/title>/.exec(await (await site(`${it.at}/`)).text())?.[1];
    await publish(it, "1.0.0-rc.1", named("1.0.0-rc.1"));
    expect(await latest()).toBe("1.0.0-rc.1");
    await publish(it, "1.0.0-rc.2", named("1.0.0-rc.2"));
    expect(await latest()).toBe("1.0.0-rc.2");
    await publish(it, "0.9.0", named("0.9.0"));
    expect(await latest()).toBe("0.9.0");
    await publish(it, "1.10.0", named("1.10.0"));
    await publish(it, "1.9.0", named("1.9.0"));
    await publish(it, "2.0.0-dev", named("2.0.0-dev"));
    await publish(it, "3.0.0", null);
    expect(await latest()).toBe("1.10.0");
    expect((await it.admin.revert("foo", "1.10.0")).status).toBe(204);
    expect(await latest()).toBe("1.9.0");
    await expectSound(it);
  });

  it("are all named by docs_config.js, at the package and at each version", async () => {
    const it = await openWorld("1.0.0", "1.1.0", "2.0.0-rc.1");
    await publish(it, "1.2.0", null);
    await it.admin.retire("foo", "1.0.0");
    const url = (version: string) => `${main}${it.at}/${version}`;
    const expected = [
      { version: "v2.0.0-rc.1", url: url("2.0.0-rc.1") },
      { version: "v1.1.0", url: url("1.1.0"), latest: true },
      { version: "v1.0.0", url: url("1.0.0"), retired: true },
    ];
    for (const place of ["", "/1.0.0", "/2.0.0-rc.1"]) {
      expect(await config(`${it.at}${place}/docs_config.js`)).toEqual(expected);
    }
    const response = await site(`${it.at}/docs_config.js`);
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const script = await response.text();
    expect(script).not.toContain("stolen");
    // A global that ExDoc's own script finds, not something inside of a module.
    expect(script).toMatch(/^var versionNodes = \[/);
  });

  it("say that they are old, or retired, and lead to the latest", async () => {
    const it = await openWorld("1.0.0", "1.1.0", "2.0.0-rc.1");
    const note = async (version: string) => {
      const page = await (await site(`${it.at}/${version}/Foo.html`, gzipped)).text();
      const [, said = "", href] =
        /<div role="note"[^>]*>([^<]*)(?:<a href="([^"]*)")?/.exec(page) ?? [];
      return [said.trim(), href];
    };
    expect(await note("1.1.0")).toEqual(["", undefined]);
    expect(await note("1.0.0")).toEqual(["These are the docs of 1.0.0.", `${it.at}/1.1.0/`]);
    expect((await note("2.0.0-rc.1"))[1]).toBe(`${it.at}/1.1.0/`);
    await it.admin.retire("foo", "1.0.0");
    await it.admin.retire("foo", "1.1.0");
    expect((await note("1.0.0"))[0]).toContain("this version is retired");
    expect(await note("1.1.0")).toEqual(["Version 1.1.0 is retired.", undefined]);
    // Only what is a page.
    const data = await (await site(`${it.at}/1.0.0/data.json`)).text();
    expect(data).toBe(some["data.json"]);
    const etag = (await site(`${it.at}/1.0.0/Foo.html`)).headers.get("etag") ?? "";
    const again = await site(`${it.at}/1.0.0/Foo.html`, { "if-none-match": etag });
    expect([again.status, again.headers.get("etag")]).toEqual([304, etag]);
    await it.admin.unretire("foo", "1.0.0");
    expect(await status(`${it.at}/1.0.0/Foo.html`, { "if-none-match": etag })).toBe(200);
    await publish(it, "1.2.0");
    expect((await note("1.0.0"))[1]).toBe(`${it.at}/1.2.0/`);
  });

  it("get their banner at the end of the body, whatever the page is made of", async () => {
    const it = await openWorld();
    const bodies = {
      "index.html": "<body>one",
      "latin.html": new Uint8Array([
        ...utf8.encode("<body>"),
        0xe9,
        0xff,
        ...utf8.encode("</body>"),
      ]),
      "twice.html": "<body><body></body></body>",
      "none.html": "<p>no body",
      "empty.html": "",
      "wide.html": `<body ${`data-x="${"y".repeat(3_000_000)}"`}><p>end</body>`,
    };
    await publish(it, "1.0.0", bodies);
    await publish(it, "1.1.0");
    for (const [path, bytes] of Object.entries(bodies)) {
      const response = await site(`${it.at}/1.0.0/${path}`);
      const sent = new Uint8Array(await response.arrayBuffer());
      expect([path, response.status]).toEqual([path, 200]);
      const length = typeof bytes === "string" ? bytes.length : bytes.length;
      expect(sent.length).toBeGreaterThanOrEqual(length);
      expect(response.headers.get("content-length") ?? `${sent.length}`).toBe(`${sent.length}`);
    }
  });

  it("show what replaced them at once, and nothing when they are gone", async () => {
    const it = await openWorld("1.0.0", "1.1.0");
    const etag = (await site(`${it.at}/1.1.0/`)).headers.get("etag") ?? "";
    const replaced = docsOf({ "index.html": html("anew") });
    expect((await it.admin.publishDocs("foo", "1.1.0", replaced)).status).toBe(201);
    expect(await (await site(`${it.at}/`, { "if-none-match": etag })).text()).toBe(html("anew"));
    expect(await status(`${it.at}/1.1.0/Foo.html`)).toBe(404);
    const path = "/packages/foo/releases/1.1.0/docs";
    expect((await it.admin.api(path, { method: "DELETE" })).status).toBe(204);
    expect(await status(`${it.at}/1.1.0/`)).toBe(404);
    expect(await (await site(`${it.at}/`)).text()).toBe(some["index.html"]);
    expect((await it.admin.revert("foo", "1.0.0")).status).toBe(204);
    for (const gone of ["/", "/1.0.0/", "/docs_config.js", "/1.0.0/Foo.html"]) {
      const response = await site(it.at + gone);
      await response.arrayBuffer();
      expect([gone, response.status]).toEqual([gone, 404]);
    }
    await expectSound(it);
  });

  it("are hosted ones: a mirror's and a group's are not served", async () => {
    for (const name of ["mirror_050", "group_050", "vault_050", "nowhere"]) {
      expect([name, await status(`/docs/${name}/foo/`, { authorization: env.ADMIN_KEY })]).toEqual([
        ...[name, 404],
      ]);
    }
    expect(await status("/docs/mirror_050/foo/")).toBe(404);
  });

  it("that are missing say so, and so does a package without any", async () => {
    const it = await openWorld();
    await publish(it, "1.0.0", null);
    for (const path of ["/", "/1.0.0/", "/1.0.0/Foo.html", "/9.9.9/"]) {
      const response = await site(it.at + path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.text()).toMatch(/documentation|docs/i);
    }
  });
});

/** A private repository with foo and bar, and somebody who may read it and is signed in. */
async function privateWorld(...scopes: string[]) {
  const it = await world();
  for (const version of ["1.0.0", "1.1.0"]) await publish(it, version);
  await publish(it, "1.0.0", { "index.html": html("bar") }, "bar");
  const reader = await user(it, "read", ...scopes);
  return { ...it, at: `/docs/${it.repository}/foo`, reader, cookie: await signIn(reader) };
}

async function signIn(fields: User | { key: string }, ask = site): Promise<string> {
  const shown =
    "password" in fields ? { username: fields.name, password: fields.password } : fields;
  const response = await ask(
    "/sign-in",
    { origin: main },
    {
      ...{ method: "POST", body: new URLSearchParams(shown) },
    },
  );
  expect(response.status).toBe(303);
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

/** Where whoever is signed in is sent on to. */
async function passFor(url: string, cookie: string, ask = site): Promise<string> {
  const response = await ask(url, opens(cookie));
  expect([await response.text(), response.status]).toEqual(["", 302]);
  return response.headers.get("location") ?? "";
}

/** As a page asks for what lies beside it, or a program that found the address. */
const loads = { "sec-fetch-dest": "script" };

describe("private documentation", () => {
  it("asks who is not signed in to do so, and leads back", async () => {
    const { at } = await privateWorld();
    for (const path of [at, `${at}/1.0.0/Foo.html`, `${at}/9.9.9/`, "/docs/shut_999/foo/"]) {
      const response = await site(path, opens());
      expect(response.status).toBe(303);
      expect(placeOf(response)).toBe(`/sign-in?to=${encodeURIComponent(path)}`);
      expect(response.headers.get("cache-control")).toContain("no-store");
    }
  });

  it("opens to a key in a header, and to no other caches", async () => {
    const it = await privateWorld();
    const { key } = it.reader;
    for (const authorization of [key, `Bearer ${key}`, basic("x", key), env.ADMIN_KEY]) {
      const response = await site(`${it.at}/1.1.0/Foo.html`, { authorization });
      expect([await response.text(), response.status]).toEqual([some["Foo.html"], 200]);
      expect(response.headers.get("cache-control")).toBe("private, no-cache");
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(response.headers.has("set-cookie")).toBe(false);
    }
    expect(await status(`${it.at}/`, { authorization: "0".repeat(32) })).toBe(401);
    const scopes: [string, number][] = [
      ...([
        [`docs:${it.repository}`, 200],
        ["repositories", 200],
      ] as [string, number][]),
      ...([[`repository:${it.repository}`, 200]] as [string, number][]),
      ...([
        [`package:${it.repository}/foo`, 200],
        [`package:${it.repository}/other`, 401],
        ["api", 401],
      ] as [string, number][]),
    ];
    for (const [scope, expected] of scopes) {
      const { key: authorization } = await it.reader.with(scope);
      expect([scope, await status(`${it.at}/`, { authorization })]).toEqual([scope, expected]);
    }
    const authorization = await keyOfOrganization(it, `docs:${it.repository}`);
    expect(await status(`${it.at}/`, { authorization })).toBe(200);
  });

  it("opens to whoever is signed in at an address with a pass, and keeps what was asked for", async () => {
    const { at, cookie } = await privateWorld();
    const address = await passFor(`${at}/1.0.0/search.html?q=a%20b`, cookie);
    expect(address).toMatch(
      new RegExp(`^${main}${at}/~[\\w.-]+/1\\.0\\.0/search\\.html\\?q=a%20b$`),
    );
    const page = await passFor(`${at}/1.0.0/Foo.html`, cookie);
    const response = await site(page, opens(cookie));
    expect([response.status, response.headers.get("cache-control")]).toEqual([
      ...[200, "private, no-cache"],
    ]);
    const told = await response.text();
    const root = page.replace("1.0.0/Foo.html", "");
    expect(told).toContain(`href="${root.replace(main, "")}1.1.0/"`);
    expect(response.headers.get("content-security-policy")).toContain(`default-src ${root} `);
    // What is beside it comes without a cookie.
    expect(await status(page.replace("Foo.html", "dist/app-MX33GQN7.js"), loads)).toBe(200);
    expect(await status(page.replace("1.0.0", "1.1.0"), loads)).toBe(200);
    const nodes = await config(`${root}docs_config.js`);
    expect(nodes.map(({ url }) => url)).toEqual([`${root}1.1.0`, `${root}1.0.0`]);
    const folder = await site(`${root}1.0.0/guides`, opens(cookie));
    expect(folder.headers.get("location")).toBe(`${root}1.0.0/guides/`);
    const bare = await site(root.slice(0, -1), opens(cookie));
    expect(bare.headers.get("location")).toBe(root);
  });

  it("gives no pass to what is no page that somebody opens", async () => {
    const { at, cookie } = await privateWorld();
    for (const dest of [
      "script",
      "iframe",
      "frame",
      "image",
      "empty",
      "embed",
      "style",
      "worker",
    ]) {
      const response = await site(`${at}/1.0.0/Foo.html`, { cookie, "sec-fetch-dest": dest });
      expect([dest, response.status, response.headers.get("location")]).toEqual([dest, 404, null]);
      await response.arrayBuffer();
    }
  });

  it("opens with a pass nothing but this package's docs", async () => {
    const it = await privateWorld();
    const address = await passFor(`${it.at}/1.1.0/Foo.html`, it.cookie);
    const [, pass = ""] = /~([^/]+)/.exec(address) ?? [];
    const { repository } = it;
    const elsewhere = await world();
    for (const path of [
      `/docs/${repository}/bar/~${pass}/`,
      `/docs/${elsewhere.repository}/foo/~${pass}/`,
    ]) {
      expect([path, await status(path, loads)]).toEqual([path, 404]);
      const led = await site(path, opens(it.cookie));
      expect(led.headers.get("location")).toBe(main + path.replace(`~${pass}/`, ""));
    }
    const api = `/api/repos/${repository}`;
    for (const path of [
      `${api}/packages/foo`,
      "/api/users/me",
      `/repos/${repository}/names`,
      it.at,
    ]) {
      for (const headers of [{ authorization: pass }, { authorization: `Bearer ${pass}` }]) {
        expect([path, await status(path, headers)]).toEqual([path, 401]);
      }
    }
    for (const path of ["/account", `/packages/${repository}/foo`, it.at]) {
      const asCookie = await status(path, opens(`hexedge=${pass}; __Host-hexedge=${pass}`));
      expect([path, asCookie]).toEqual([path, expect.toBeOneOf([303, 404])]);
    }
    const cookieAsPass = it.cookie.replace("hexedge=", "");
    expect(await status(`${it.at}/~${cookieAsPass}/`, loads)).toBe(404);
    expect(await status(`${it.at}/~${pass.slice(0, -2)}/`, loads)).toBe(404);
    expect(await status(`${it.at}/~${pass}%20/`, loads)).toBe(404);
  });

  it("tells nothing by its pass, nor by a page that is missing", async () => {
    const { at, cookie, reader, repository } = await privateWorld();
    const address = await passFor(`${at}/1.1.0/missing.html`, cookie);
    const [, pass = ""] = /~([^/]+)/.exec(address) ?? [];
    const readable = pass.split(".").map((part) => {
      return atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    });
    const { id } = (await accounts().user(reader.name)) ?? { id: 0 };
    expect(id).toBeGreaterThan(0);
    for (const secret of [reader.name, repository, "sid", "session", "foo", "user:"]) {
      expect([secret, readable.join("\n").includes(secret)]).toEqual([secret, false]);
    }
    // Whoever found the address, with a program.
    for (const headers of [{}, loads, { accept: "text/html" }]) {
      const response = await site(address, headers);
      const told = await response.text();
      expect([response.status, told.includes(reader.name)]).toEqual([404, false]);
    }
  });

  it("does not open to a browser that somebody else, or nobody, is signed in with", async () => {
    const it = await privateWorld();
    const address = await passFor(`${it.at}/1.1.0/Foo.html`, it.cookie);
    const other = await signIn(await user(it, "read"));
    for (const cookie of [undefined, other, await signIn(it.reader)]) {
      const response = await site(address, opens(cookie));
      expect([response.status, placeOf(response)]).toEqual([302, `${it.at}/1.1.0/Foo.html`]);
    }
  });

  it("looks to strangers as if it were not there", async () => {
    const it = await privateWorld();
    const stranger = await signIn(await user(await world(), "read"));
    const missing = "shut_998";
    const seen = async (repository: string, path: string, headers: HeadersInit) => {
      const response = await site(`/docs/${repository}/${path}`, headers);
      const told = withoutNonce((await response.text()).replaceAll(repository, "R"));
      const headersSeen = [...response.headers]
        .filter(([name]) => name !== "x-request-id")
        .map(([name, value]) => `${name}: ${withoutNonce(value.replaceAll(repository, "R"))}`);
      return [response.status, told, headersSeen];
    };
    for (const path of [
      "foo/",
      "foo",
      "foo/1.0.0/Foo.html",
      "foo/docs_config.js",
      "none/",
      "foo/~x/",
    ]) {
      for (const headers of [{}, opens(), opens(stranger), { ...loads, cookie: stranger }, loads]) {
        expect(await seen(it.repository, path, headers)).toEqual(
          await seen(missing, path, headers),
        );
      }
    }
  });

  const endings: [string, (it: Awaited<ReturnType<typeof privateWorld>>) => Promise<Response>][] = [
    [
      "they sign out",
      ({ cookie }) => site("/sign-out", { origin: main, cookie }, { method: "POST" }),
    ],
    [
      "they are no member any more",
      ({ admin, repository, reader }) =>
        admin.fetch(`/api/orgs/${repository}/members/${reader.name}`, { method: "DELETE" }),
    ],
    [
      "they are deactivated",
      ({ admin, reader }) => admin.fetch(`/api/users/${reader.name}`, { method: "DELETE" }),
    ],
  ];
  it.each(endings)("closes when %s, and nobody is led in circles", async (_, end) => {
    const it = await privateWorld();
    const address = await passFor(`${it.at}/1.1.0/Foo.html`, it.cookie);
    expect(await status(address, loads)).toBe(200);
    const ended = await end(it);
    expect(ended.status).toBeLessThan(400);
    await expectNoCircle(it.at, it.cookie, site);
    laterThanNews();
    expect(await status(address, loads)).toBe(404);
    await expectNoCircle(it.at, it.cookie, site);
  });

  it("closes with the key that was shown at sign-in", async () => {
    const it = await privateWorld();
    const made = await it.reader.with("api:read", "repositories");
    const cookie = await signIn({ key: made.key });
    const address = await passFor(`${it.at}/1.1.0/Foo.html`, cookie);
    expect(await status(address, loads)).toBe(200);
    const all = await it.admin.fetch(`/api/users/${it.reader.name}/keys`, { method: "DELETE" });
    expect(all.status).toBe(204);
    laterThanNews();
    expect(await status(address, loads)).toBe(404);
    await expectNoCircle(it.at, cookie, site);
  });

  it("stays shut to a session whose key is not for docs", async () => {
    const it = await privateWorld();
    const cookie = await signIn({ key: (await it.reader.with("api:read")).key });
    const response = await site(`${it.at}/`, opens(cookie));
    expect([response.status, response.headers.get("location")]).toEqual([401, null]);
  });

  it("opens to a session whose key is for docs of the repository", async () => {
    const it = await privateWorld();
    const { key } = await it.reader.with("api:read", `docs:${it.repository}`);
    const cookie = await signIn({ key });
    const address = await passFor(`${it.at}/1.1.0/Foo.html`, cookie);
    expect(await status(address, opens(cookie))).toBe(200);
    const other = await signIn({
      key: (await it.reader.with("api:read", `package:${it.repository}/other`)).key,
    });
    expect(await status(`${it.at}/`, opens(other))).toBe(401);
  });

  it("never stands in a log with its pass", async () => {
    const { at, cookie } = await privateWorld();
    const address = await passFor(`${at}/1.1.0/Foo.html`, cookie);
    const [, pass = ""] = /~([^/]+)/.exec(address) ?? [];
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const broken = siteWith({
      BUCKET: { ...env.BUCKET, get: () => Promise.reject(new Error("no storage")) },
    });
    expect((await broken(address, loads)).status).toBe(500);
    const lines = logged.mock.calls.flat().join("\n");
    logged.mockRestore();
    expect(lines).toContain("/~…/1.1.0/Foo.html");
    expect(lines).not.toContain(pass);
  });
});

describe("documentation on a host of its own", () => {
  const there = siteWith(apart);
  const docs = "http://docs.test";

  it("is where the main host leads to", async () => {
    const { at } = await openWorld("1.0.0");
    for (const path of ["/", "/1.0.0/", "/1.0.0/Foo.html?a=b", "/docs_config.js"]) {
      const response = await there(at + path, opens());
      expect([response.status, response.headers.get("location")]).toEqual([302, docs + at + path]);
    }
    const response = await there(`${docs}${at}/1.0.0/Foo.html`, opens());
    expect([await response.text(), response.status]).toEqual([some["Foo.html"], 200]);
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain(`default-src ${docs}${at}/ `);
    expect(policy).not.toContain("sandbox");
    const script = await (await there(`${docs}${at}/docs_config.js`)).text();
    expect(script).toContain(`"url":"${docs}${at}/1.0.0"`);
  });

  it("has nothing else there", async () => {
    const it = await openWorld("1.0.0");
    const headers = { ...opens(), authorization: env.ADMIN_KEY, origin: docs };
    const paths = [
      ...["/", "/api", "/api/users/me", "/sign-in", "/sign-out", "/account", "/account/keys"],
      ...["/packages", `/packages/${it.repository}/foo`, `/repos/${it.repository}/names`, "/names"],
      ...["/docs/foo-1.0.0.tar.gz", "/docs/", "/docs/x", "/docs/x/", "/style.css", "/pages.js"],
      ...["/health", "/robots.txt", "/sitemap.xml", "/oauth/device", "/l/abc", "//api//users/me"],
      ...["/docs/..%2f..%2fapi", "/docs/../api/users/me", "/docs/a/../../account"],
      ...[
        "/%61pi/users/me",
        "/docs%2fa%2fb",
        "/docs/a%2f/",
        "/favicon.svg",
        "/installs/hex-1.x.csv",
      ],
    ];
    for (const path of paths) {
      for (const method of ["GET", "HEAD", "POST", "DELETE", "OPTIONS"]) {
        const body = method === "POST" ? "a=b" : null;
        const response = await there(docs + path, headers, { method, body });
        await response.arrayBuffer();
        expect([path, method, response.status]).toEqual([path, method, 404]);
        expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
        expect(response.headers.has("set-cookie")).toBe(false);
      }
    }
    for (const method of ["POST", "DELETE", "PUT"]) {
      const response = await there(`${docs}${it.at}/`, {}, { method });
      expect([method, response.status, response.headers.has("set-cookie")]).toEqual([
        ...[method, 405, false],
      ]);
    }
    const missing = await there(`${docs}${it.at}/1.0.0/none.html`, opens());
    expect([missing.status, missing.headers.get("content-type")]).toEqual([
      ...[404, "text/plain; charset=utf-8"],
    ]);
  });

  it("is reached by way of the main host when it is private, in a sandbox", async () => {
    const it = await privateWorld();
    const cookie = await signIn(it.reader, there);
    const first = await there(`${docs}${it.at}/1.1.0/Foo.html?a=b`, opens(cookie));
    expect([first.status, first.headers.get("location")]).toEqual([
      ...[302, `${main}${it.at}/1.1.0/Foo.html?a=b`],
    ]);
    const address = await passFor(first.headers.get("location") ?? "", cookie, there);
    expect(address).toMatch(/^http:\/\/docs\.test\/docs\/.*\/~[\w.-]+\/1\.1\.0\/Foo\.html\?a=b$/);
    const response = await there(address, opens());
    expect([await response.text(), response.status]).toEqual([some["Foo.html"], 200]);
    // What it stored would be other packages' to read.
    expect(response.headers.get("content-security-policy")).toMatch(/; sandbox (?!.*same-origin)/);
    expect(response.headers.has("set-cookie")).toBe(false);
    expect((await there(`${docs}${it.at}/`, loads)).status).toBe(404);
    // A key opens nothing there: nobody is anybody.
    const keyed = await there(`${docs}${it.at}/`, { authorization: it.reader.key });
    expect(keyed.status).toBe(302);
    // The same pass on the main host leads to where docs are.
    const wrong = await there(address.replace(docs, main), opens(cookie));
    expect(wrong.headers.get("location")).toBe(`${main}${it.at}/1.1.0/Foo.html?a=b`);
  });

  it("leads nobody in circles, whose session ended or rights are lost", async () => {
    const it = await privateWorld();
    const cookie = await signIn(it.reader, there);
    await expectNoCircle(`${docs}${it.at}/`, undefined, there);
    await expectNoCircle(`${docs}/docs/shut_997/foo/`, cookie, there);
    await expectNoCircle(`${docs}/docs/mirror_051/foo/`, cookie, there);
    const address = await passFor(`${it.at}/`, cookie, there);
    await it.admin.fetch(`/api/orgs/${it.repository}/members/${it.reader.name}`, {
      method: "DELETE",
    });
    await expectNoCircle(address, cookie, there);
    laterThanNews();
    await expectNoCircle(address, cookie, there);
    await setRole(it, it.reader.name, "read");
    await there("/sign-out", { origin: main, cookie }, { method: "POST" });
    await expectNoCircle(address, cookie, there);
    laterThanNews();
    await expectNoCircle(address, cookie, there);
  });

  it("needs to know where all the rest is", async () => {
    const response = await siteWith({ DOCS_HOST: "docs.test", PUBLIC_URL: undefined })("/");
    expect(response.status).toBe(500);
    expect(await response.text()).toContain(
      "DOCS_HOST needs PUBLIC_URL, the address of all the rest",
    );
    for (const host of ["https://docs.test", "docs.test/x", "*.test", ""]) {
      const wrong = await siteWith({ ...apart, DOCS_HOST: host })("/");
      expect(await wrong.text()).toMatch(/DOCS_HOST must be a host/);
    }
  });
});

// The last: what has heard news of an hour later believes nothing older.
describe("a pass", () => {
  it("ends when the hour is over", async () => {
    const { at, cookie } = await privateWorld();
    const address = await passFor(`${at}/1.1.0/Foo.html`, cookie);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 59 * 60_000);
    expect(await status(address, loads)).toBe(200);
    vi.setSystemTime(Date.now() + 2 * 60_000);
    expect(await status(address, loads)).toBe(404);
  });
});

/** Follows where it leads, the cookie going to the main host only. */
async function expectNoCircle(url: string, cookie: string | undefined, ask: Fetch): Promise<void> {
  const seen: string[] = [];
  for (let at: string | null = new URL(url, main).href; at !== null; ) {
    seen.push(at.replace(/~[^/]+/, "~…"));
    expect(seen.length, seen.join("\n")).toBeLessThan(6);
    const response = await ask(at, opens(at.startsWith(main) ? cookie : undefined));
    await response.arrayBuffer();
    at =
      response.headers.get("location") && new URL(response.headers.get("location") ?? "", at).href;
  }
}

/** What an isolate has heard stays with it from test to test, so every "later" is later than those before. */
let skippedMs = 0;

/** So long may a read go on that was allowed before. */
function laterThanNews(): void {
  vi.useFakeTimers({ toFake: ["Date"] });
  skippedMs += newsMsMax + 1000;
  vi.setSystemTime(vi.getRealSystemTime() + skippedMs);
}

/** The bucket, and how often it was read. */
function counting() {
  const counter = { count: 0, bucket: env.BUCKET };
  counter.bucket = new Proxy(env.BUCKET, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        counter.count++;
        return Reflect.apply(value, target, given);
      };
    },
  });
  return counter;
}

function indexOf(whole: Uint8Array, part: Uint8Array): number {
  const letters = (bytes: Uint8Array) =>
    Array.from(bytes, (it) => String.fromCharCode(it)).join("");
  return letters(whole).indexOf(letters(part));
}
