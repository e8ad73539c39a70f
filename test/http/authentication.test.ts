import { env } from "cloudflare:workers";
import { gzipSync } from "fflate";
import { describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { read } from "../support/answers.ts";
import { packageTarball, tar } from "../support/tarball.ts";
import { expectSound, type Person, storedFiles, type World, world } from "../support/world.ts";

const foo = "/packages/foo/releases/1.0.0";
const key = env.ADMIN_KEY;

const reads = ["/packages/foo", foo, `${foo}/docs`];
/** Each with the status that whoever may do it gets, in an order in which they all succeed. */
const writes: [string, string, number][] = [
  ["POST", "/publish?replace=true", 200],
  ["POST", "/packages/foo/releases?replace=true", 200],
  ["POST", `${foo}/docs`, 201],
  ["DELETE", `${foo}/docs`, 204],
  ["POST", `${foo}/retire`, 204],
  ["DELETE", `${foo}/retire`, 204],
  ["DELETE", foo, 204],
];
const files = [
  "/names",
  "/versions",
  "/packages/foo",
  "/tarballs/foo-1.0.0.tar",
  "/docs/foo-1.0.0.tar.gz",
];

const rightHeaders: [string, string][] = [
  ["the raw key", key],
  ["the raw key with blanks around", ` \t ${key}\t `],
  ["Bearer", `Bearer ${key}`],
  ["bearer in small letters and with more blanks", `bearer   ${key}`],
  ["Basic with any user name", `Basic ${btoa(`anyone:${key}`)}`],
  ["Basic without a user name", `Basic ${btoa(`:${key}`)}`],
  ["basic in small letters", `basic ${btoa(`u:${key}`)}`],
  ["Basic without padding", `Basic ${btoa(`us:${key}`).replace(/=+$/, "")}`],
];

const wrongHeaders: [string, string][] = [
  ["another key", "hex_only_for_tests_9876543210"],
  ["the key and one character more", `${key}x`],
  ["the key but for its last character", key.slice(0, -1)],
  ["the key in capitals", key.toUpperCase()],
  ["the key twice", `${key} ${key}`],
  ["another key as Bearer", "Bearer wrong"],
  ["Bearer alone", "Bearer"],
  ["Bearer with two keys", `Bearer ${key} ${key}`],
  ["a scheme that nobody uses", `Token ${key}`],
  ["Basic alone", "Basic"],
  ["Basic with the key as user name", `Basic ${btoa(`${key}:`)}`],
  ["Basic with another password", `Basic ${btoa("admin:wrong")}`],
  ["Basic without a password", `Basic ${btoa("admin:")}`],
  ["Basic without a colon", `Basic ${btoa(key)}`],
  ["Basic with the key as it is", `Basic ${key}`],
  ["Basic with what is no base64", "Basic %%%"],
  ["a quoted key", `"${key}"`],
  ["characters beyond ASCII", "Bearer kl\u00fcssel\u00ff"],
  ["a very long key", "x".repeat(10_000)],
];

describe("a private repository", () => {
  it("asks whoever has no key for one, on every route of the API", async () => {
    const it = await worldWithFoo();
    const before = await storedFiles(it);
    const routes = [
      ...[...reads, "/users/me", "/check"].flatMap((path) => [
        ["GET", path],
        ["HEAD", path],
      ]),
      ...writes.map(([method, path]) => [method, path]),
    ];
    for (const [method = "", path = ""] of routes) {
      const response = await send(it.guest, method, path);
      expect([method, path, response.status]).toEqual([method, path, 401]);
      // Word for word: mix and rebar3 compare it.
      expect(response.headers.get("www-authenticate")).toBe("Basic realm=hex");
      expectUncached(response);
      if (method !== "HEAD") {
        const message = "missing authentication information";
        expect(await read(response)).toEqual({ status: 401, message });
      }
    }
    expect(await storedFiles(it)).toEqual(before);
    await expectSound(it);
  });

  it("refuses files without a key, with 403 because mix would ask a CI job to log in", async () => {
    const it = await worldWithFoo();
    for (const path of [...files, "/packages/unknown", "/docs/unknown-1.0.0.tar.gz"]) {
      for (const method of ["GET", "HEAD"]) {
        const response = await it.guest.file(path, { method });
        expect([method, path, response.status]).toEqual([method, path, 403]);
        expect(response.headers.get("etag")).toBeNull();
        expectUncached(response);
        const said = `${it.repository} is private: add a key, as in mix hex.repo set`;
        if (method === "GET") expect(await response.text()).toContain(said);
      }
    }
  });

  it("does not show by its refusals what it holds", async () => {
    const it = await worldWithFoo();
    for (const say of [
      (name: string) => it.guest.api(`/packages/${name}`),
      (name: string) => it.guest.api(`/packages/${name}/releases/1.0.0`),
      (name: string) => it.guest.api(`/packages/${name}/releases/1.0.0/docs`),
      (name: string) => it.guest.file(`/packages/${name}`),
      (name: string) => it.guest.file(`/tarballs/${name}-1.0.0.tar`),
      (name: string) => it.guest.file(`/packages/${name}`, { headers: { "if-none-match": "*" } }),
      (name: string) => it.guest.file(`/packages/${name}`, { headers: { range: "bytes=9999-" } }),
    ]) {
      const [there, missing] = [await say("foo"), await say("bar")];
      expect(there.status).toBe(missing.status);
      expect(await there.text()).toBe(await missing.text());
    }
  });

  it("gives its public key to everyone, also before the first publish", async () => {
    const { guest } = await world();
    const response = await guest.file("/public_key");
    expect(response.status).toBe(200);
    expect(await text(response)).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(response.headers.get("cache-control")).toMatch(/^private,/);
  });

  it.each(rightHeaders)("opens for the admin key given as: %s", async (_title, authorization) => {
    const it = await worldWithFoo();
    const headers = { authorization };
    expect((await it.guest.api("/users/me", { headers })).status).toBe(200);
    expect((await it.guest.api("/packages/foo", { headers })).status).toBe(200);
    expect((await it.guest.file("/names", { headers })).status).toBe(200);
    expect((await it.guest.file("/packages/foo", { headers })).status).toBe(200);
    const body = await packageTarball({ name: "bar" });
    const response = await it.guest.api("/publish", { method: "POST", headers, body });
    expect(response.status).toBe(201);
    await expectSound(it);
  });

  it("opens every route for the admin key, and lets no shared cache keep an answer", async () => {
    const it = await worldWithFoo();
    for (const path of [...reads, "/users/me", "/check"]) {
      const response = await it.admin.api(path);
      expect([path, response.status]).toEqual([path, path.endsWith("/docs") ? 302 : 200]);
      expectUncached(response);
    }
    for (const path of files) {
      const response = await it.admin.file(path);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get("cache-control")).toMatch(/^private, no-cache/);
      const etag = response.headers.get("etag") ?? "";
      for (const headers of [{ "if-none-match": etag }, { range: "bytes=0-1" }]) {
        const partial = await it.admin.file(path, { headers });
        expect([206, 304]).toContain(partial.status);
        expect(partial.headers.get("cache-control")).toMatch(/^private, no-cache/);
      }
      expectUncached(await it.admin.file(path, { headers: { range: "bytes=99999-" } }));
    }
    for (const [method, path, status] of writes) {
      const response = await send(it.admin, method, path);
      expect([method, path, response.status]).toEqual([method, path, status]);
      expectUncached(response);
    }
    await expectSound(it);
  });
});

describe("a public repository", () => {
  it("is read without a key", async () => {
    const it = await worldWithFoo({ public: true });
    for (const path of reads) {
      const response = await it.guest.api(path);
      expect([path, response.status]).toEqual([path, path.endsWith("/docs") ? 302 : 200]);
      expectUncached(response);
    }
    for (const path of [...files, "/public_key"]) {
      const response = await it.guest.file(path);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get("cache-control")).toBe("public, no-cache, no-transform");
    }
  });

  it("is read with an authorization header that is empty", async () => {
    const it = await worldWithFoo({ public: true });
    const headers = { authorization: "  " };
    expect((await it.guest.api("/packages/foo", { headers })).status).toBe(200);
    expect((await it.guest.file("/packages/foo", { headers })).status).toBe(200);
  });

  it("is written, and checked, with a key only", async () => {
    const it = await worldWithFoo({ public: true });
    const before = await storedFiles(it);
    for (const [method, path] of [...writes, ["GET", "/check"], ["GET", "/users/me"]] as const) {
      const response = await send(it.guest, method, path);
      expect([method, path, response.status]).toEqual([method, path, 401]);
      expect(response.headers.get("www-authenticate")).toBe("Basic realm=hex");
    }
    expect(await storedFiles(it)).toEqual(before);
    await expectSound(it);
  });
});

describe("a wrong credential", () => {
  it.each(wrongHeaders)(
    "is refused even where none is needed: %s",
    async (title, authorization) => {
      const it = await worldWithFoo({ public: true });
      const headers = { authorization, "cf-connecting-ip": title };
      const before = await storedFiles(it);
      for (const response of [
        await it.guest.api("/packages/foo", { headers }),
        await it.guest.api("/nothing", { headers }),
        await it.guest.fetch("/api/users/me", { headers }),
        await it.guest.api("/publish", { method: "POST", headers, body: await packageTarball() }),
      ]) {
        expect(response.status).toBe(401);
        expect(response.headers.get("www-authenticate")).toBe("Basic realm=hex");
        expectUncached(response);
        expect((await read(response)).message).toMatch(
          /^invalid (API key|authentication information)$/,
        );
      }
      for (const path of [...files, "/public_key"]) {
        const response = await it.guest.file(path, { headers });
        expect([path, response.status]).toEqual([path, 401]);
        expect(await response.text()).toMatch(/^invalid (API key|authentication information)\n$/);
      }
      expect(await storedFiles(it)).toEqual(before);
    },
  );

  it("is two credentials, even when both are right", async () => {
    const it = await worldWithFoo({ public: true });
    const headers = new Headers({ "cf-connecting-ip": "two" });
    headers.append("authorization", key);
    headers.append("authorization", key);
    expect((await it.guest.api("/packages/foo", { headers })).status).toBe(401);
    expect((await it.guest.file("/names", { headers })).status).toBe(401);
  });

  it("does not keep anyone from the pages that say how to use the registry", async () => {
    const { guest } = await world();
    const headers = { authorization: "wrong" };
    expect((await guest.fetch("/", { headers })).status).toBe(200);
    const health = await guest.fetch("/health", { headers });
    expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
  });
});

describe("an admin key", () => {
  it("may hold colons, which Basic uses too", async () => {
    const secret = "colons:in:the:secret";
    const request = (authorization: string) =>
      createApp().fetch(
        new Request("http://hexedge.test/api/users/me", { headers: { authorization } }),
        { ...env, ADMIN_KEY: secret },
      );
    expect((await request(secret)).status).toBe(200);
    expect((await request(`Bearer ${secret}`)).status).toBe(200);
    expect((await request(`Basic ${btoa(`user:${secret}`)}`)).status).toBe(200);
    expect((await request(`Basic ${btoa(secret)}`)).status).toBe(401);
  });

  it("is never in a log, whether right or wrong", async () => {
    const it = await world();
    const logs = [vi.spyOn(console, "log"), vi.spyOn(console, "error"), vi.spyOn(console, "warn")];
    const url = `http://hexedge.test/api/repos/${it.repository}/publish`;
    for (const authorization of [key, "a_wrong_key_of_somebody"]) {
      const body = await packageTarball();
      const request = new Request(url, { method: "POST", headers: { authorization }, body });
      await createApp().fetch(request, { ...env });
    }
    const logged = JSON.stringify(logs.flatMap((log) => log.mock.calls));
    expect(logged).toContain("published foo 1.0.0");
    expect(logged).not.toContain(key);
    expect(logged).not.toContain("a_wrong_key_of_somebody");
    vi.restoreAllMocks();
  });
});

describe("somebody who guesses keys", () => {
  it("is told to wait a minute, and the right key still passes from the same address", async () => {
    const it = await worldWithFoo();
    const guess = guesser(it, "203.0.113.1");
    const limited = await guessUntilLimited(guess);
    expect(limited.headers.get("retry-after")).toBe("60");
    expect(limited.headers.get("www-authenticate")).toBeNull();
    expect((await read(limited)).message).toContain("try again in a minute");

    const file = await it.guest.file("/names", {
      headers: { authorization: "wrong", "cf-connecting-ip": "203.0.113.1" },
    });
    expect([file.status, file.headers.get("content-type")]).toEqual([
      429,
      "text/plain; charset=utf-8",
    ]);

    const headers = { "cf-connecting-ip": "203.0.113.1" };
    expect((await it.admin.api("/packages/foo", { headers })).status).toBe(200);
    expect((await it.admin.file("/names", { headers })).status).toBe(200);
    expect((await it.guest.file("/public_key", { headers })).status).toBe(200);
  });

  it("does not slow down anybody at another address", async () => {
    const it = await world();
    await guessUntilLimited(guesser(it, "203.0.113.2"));
    expect((await guesser(it, "203.0.113.3")()).status).toBe(401);
  });

  it("hears 401 to an upload, because rebar3 prints Published after a 429", async () => {
    const it = await world();
    await guessUntilLimited(guesser(it, "203.0.113.4"));
    const response = await it.guest.api("/publish", {
      method: "POST",
      headers: { authorization: "wrong", "cf-connecting-ip": "203.0.113.4" },
      body: await packageTarball(),
    });
    expect(response.status).toBe(401);
    expect(await storedFiles(it)).toEqual([]);
  });

  it("is only counted when the registry has a counter", async () => {
    const { GUESSES: _, ...without } = env;
    for (let guesses = 0; guesses < 70; guesses++) {
      const request = new Request("http://hexedge.test/api/users/me", {
        headers: { authorization: "wrong", "cf-connecting-ip": "203.0.113.5" },
      });
      expect((await createApp().fetch(request, without)).status).toBe(401);
    }
  });
});

function guesser({ guest }: World, address: string): () => Promise<Response> {
  let guesses = 0;
  return () =>
    guest.api("/packages/foo", {
      headers: { authorization: `Bearer guess_${guesses++}`, "cf-connecting-ip": address },
    });
}

/** wrangler.toml says sixty a minute, and a minute may end while we guess. */
async function guessUntilLimited(guess: () => Promise<Response>): Promise<Response> {
  for (let guesses = 0; guesses < 60; guesses++) expect((await guess()).status).toBe(401);
  for (let guesses = 0; guesses < 60; guesses++) {
    const response = await guess();
    if (response.status !== 401) {
      expect(response.status).toBe(429);
      return response;
    }
  }
  throw new Error("nobody stopped us");
}

function expectUncached(response: Response): void {
  expect(response.headers.get("cache-control")).toBe("private, no-store");
}

/** With the body that the route wants. */
async function send(person: Person, method: string, path: string): Promise<Response> {
  if (method !== "POST") return person.api(path, { method });
  if (path.endsWith("/docs")) return person.api(path, { method, body: docs });
  if (path.endsWith("/retire")) return person.api(path, { method, body: '{"reason":"other"}' });
  return person.api(path, { method, body: await packageTarball() });
}

const docs = gzipSync(tar([{ path: "index.html", bytes: "<h1>foo</h1>" }]));

async function worldWithFoo(options: { public?: boolean } = {}): Promise<World> {
  const it = await world(options);
  expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
  expect((await it.admin.publishDocs("foo", "1.0.0", docs)).status).toBe(201);
  return it;
}

/** workerd warns when bytes are taken for text. */
async function text(response: Response): Promise<string> {
  return new TextDecoder().decode(await response.arrayBuffer());
}
