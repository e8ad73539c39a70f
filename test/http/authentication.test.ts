import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeKeySecret } from "../../src/accounts/secret.ts";
import { createApp } from "../../src/http/app.ts";
import { read } from "../support/answers.ts";
import { user } from "../support/people.ts";
import { packageTarball, tar } from "../support/tarball.ts";
import {
  expectSound,
  type Person,
  setFailuresMax,
  storedFiles,
  type World,
  world,
} from "../support/world.ts";

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

/** What is said to those who show one that is wrong. */
const says = {
  key: "invalid API key",
  malformed: "invalid authentication information",
  password: "invalid username and password combination",
};
const passwordForFiles = "A password opens the API only: use a key, also as the password of Basic";
const unknownKey = makeKeySecret();
const mistypedKey = unknownKey.replace(/.$/, (last) => (last === "0" ? "1" : "0"));

const wrongHeaders: [string, string, keyof typeof says][] = [
  ["another key", "hex_only_for_tests_9876543210", "key"],
  ["a key as we make them, which we have not made", unknownKey, "key"],
  ["the same with a typing error", mistypedKey, "key"],
  ["the same as Bearer", `Bearer ${unknownKey}`, "key"],
  ["the same as password of Basic", `Basic ${btoa(`anyone:${unknownKey}`)}`, "key"],
  ["the key and one character more", `${key}x`, "key"],
  ["the key but for its last character", key.slice(0, -1), "key"],
  ["the key in capitals", key.toUpperCase(), "key"],
  ["the key twice", `${key} ${key}`, "key"],
  ["another key as Bearer", "Bearer wrong", "key"],
  ["what looks like a token", "Bearer eyJhbGciOiJub25lIn0.e30.", "key"],
  ["dots alone", "Bearer ..", "key"],
  ["Bearer alone", "Bearer", "key"],
  ["Bearer with two keys", `Bearer ${key} ${key}`, "key"],
  ["a scheme that nobody uses", `Token ${key}`, "key"],
  ["Basic alone", "Basic", "key"],
  ["Basic with neither name nor password", `Basic ${btoa(":")}`, "key"],
  ["Basic with the key as user name", `Basic ${btoa(`${key}:`)}`, "password"],
  ["Basic with another password", `Basic ${btoa("admin:wrong")}`, "password"],
  ["Basic without a password", `Basic ${btoa("admin:")}`, "password"],
  ["Basic without a colon", `Basic ${btoa(key)}`, "malformed"],
  ["Basic with the key as it is", `Basic ${key}`, "malformed"],
  ["Basic with what is no base64", "Basic %%%", "malformed"],
  ["a quoted key", `"${key}"`, "key"],
  ["characters beyond ASCII", "Bearer kl\u00fcssel\u00ff", "key"],
  ["a very long key", "x".repeat(10_000), "key"],
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
    const more = ["/public_key", "/packages/unknown", "/docs/unknown-1.0.0.tar.gz"];
    for (const path of [...files, ...more]) {
      for (const method of ["GET", "HEAD"]) {
        const response = await it.guest.file(path, { method });
        expect([method, path, response.status]).toEqual([method, path, 403]);
        expect(response.headers.get("etag")).toBeNull();
        expectUncached(response);
        const said = `The repository ${it.repository} is private, or is not here: add a key, as in mix hex.repo set ${it.repository} --auth-key KEY\n`;
        if (method === "GET") expect(await response.text()).toBe(said);
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

  it("cannot be told from one that is not here, by anybody who has nothing to do with it", async () => {
    const it = await worldWithFoo();
    const stranger = await user(it);
    const other = await user(await world(), "admin");
    for (const who of [it.guest, stranger, other]) {
      for (const say of [
        ...[...reads, "", "/packages", "/packages/foo/owners", "/check"].map(
          (path) => (name: string) => who.fetch(`/api/repos/${name}${path}`),
        ),
        ...writes.map(
          ([method, path]) =>
            (name: string) =>
              send(who, method, path, name),
        ),
        ...[...files, "/public_key", "/nothing"].map(
          (path) => (name: string) => who.fetch(`/repos/${name}${path}`),
        ),
      ]) {
        const [there, nowhere] = [await say(it.repository), await say("nowhere")];
        expect(await told(there, it.repository)).toEqual(await told(nowhere, "nowhere"));
        const isFile = there.url.startsWith("http://hexedge.test/repos/");
        expect(there.status).toBe(who === it.guest ? (isFile ? 403 : 401) : 404);
      }
    }
    await expectSound(it);
  });

  it("is, to whoever has another account, not there, or not for them to see", async () => {
    const it = await worldWithFoo();
    const stranger = await user(it);
    const message = `There is no ${it.repository} here, or you may not see it`;
    expect(await read(await stranger.api("/packages/foo"))).toEqual({ status: 404, message });
    expect(await text(await stranger.file("/names"))).toBe(`${message}\n`);
  });

  it("gives its public key to whoever may read it, also before the first publish", async () => {
    const it = await world();
    for (const reader of [it.admin, await user(it, "read")]) {
      const response = await reader.file("/public_key");
      expect(response.status).toBe(200);
      expect(await text(response)).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
      expect(response.headers.get("cache-control")).toMatch(/^private,/);
    }
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
    async (_title, authorization, kind) => {
      const it = await worldWithFoo({ public: true });
      const headers = { authorization };
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
        expect(await read(response)).toEqual({ status: 401, message: says[kind] });
      }
      for (const path of [...files, "/public_key"]) {
        const response = await it.guest.file(path, { headers });
        expect([path, response.status]).toEqual([path, 401]);
        const message = kind === "password" ? passwordForFiles : says[kind];
        expect(await response.text()).toBe(`${message}\n`);
      }
      expect(await storedFiles(it)).toEqual(before);
    },
  );

  it("is two credentials, even when both are right", async () => {
    const it = await worldWithFoo({ public: true });
    const headers = new Headers();
    headers.append("authorization", key);
    headers.append("authorization", key);
    expect((await it.guest.api("/packages/foo", { headers })).status).toBe(401);
    expect((await it.guest.file("/names", { headers })).status).toBe(401);
  });

  it("is told on the page that says how to use the registry, and does not matter to /health", async () => {
    const { guest } = await world();
    const headers = { authorization: "wrong" };
    const start = await guest.fetch("/", { headers });
    expect([start.status, await start.text()]).toEqual([401, "invalid API key\n"]);
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

  it("is never in a log, and neither is any other key, whether right or wrong", async () => {
    const it = await world();
    const ann = await user(it, "write");
    const logs = [vi.spyOn(console, "log"), vi.spyOn(console, "error"), vi.spyOn(console, "warn")];
    const url = `http://hexedge.test/api/repos/${it.repository}/publish?replace=true`;
    const secrets = [key, ann.key, "a_wrong_key_of_somebody", unknownKey];
    for (const authorization of secrets) {
      const body = await packageTarball();
      const request = new Request(url, { method: "POST", headers: { authorization }, body });
      await createApp().fetch(request, { ...env }, createExecutionContext());
    }
    const logged = JSON.stringify(logs.flatMap((log) => log.mock.calls));
    expect(logged).toContain("published foo 1.0.0");
    for (const secret of secrets) expect(logged).not.toContain(secret);
    vi.restoreAllMocks();
  });
});

describe("somebody who guesses keys", () => {
  const guessesMax = 5;
  // In a window that is over, so that nothing of it is left for other tests.
  const windowMs = 15 * 60_000;
  const begin = Date.UTC(2026, 0, 1);
  const at = (ms: number) => vi.spyOn(Date, "now").mockReturnValue(begin + ms);

  beforeEach(() => setFailuresMax(guessesMax));
  afterEach(async () => {
    vi.restoreAllMocks();
    await setFailuresMax(0);
  });

  it.each([
    ["keys that cannot be ours", () => `guess_${Math.random()}`],
    ["keys as we make them", makeKeySecret],
    ["tokens", () => `e30.e30.${Math.random()}`],
  ])("is told to wait until the quarter of an hour is over: %s", async (title, guess) => {
    at(1000);
    const it = await world();
    const guessed = () => it.guest.api("/packages/foo", { headers: from(title, guess()) });
    for (let guesses = 0; guesses < guessesMax; guesses++) {
      const response = await guessed();
      expect([response.status, await read(response)]).toEqual([
        401,
        { status: 401, message: "invalid API key" },
      ]);
    }
    await expectLimited(await guessed(), 899);
    for (let guesses = 0; guesses < 3; guesses++) await expectLimited(await guessed());
    at(windowMs - 1000);
    await expectLimited(await guessed(), 1);
    at(windowMs + 1000);
    expect((await guessed()).status).toBe(401);
  });

  it("hears the same in plain text where files are", async () => {
    at(0);
    const it = await world();
    for (let guesses = 0; guesses < guessesMax; guesses++) {
      const response = await it.guest.file("/names", {
        headers: from("files", `guess_${guesses}`),
      });
      expect([response.status, await response.text()]).toEqual([401, "invalid API key\n"]);
    }
    const file = await it.guest.file("/names", { headers: from("files", "wrong") });
    expect([file.status, file.headers.get("content-type")]).toEqual([
      429,
      "text/plain; charset=utf-8",
    ]);
    expect(file.headers.get("retry-after")).toBe("900");
    expect(await file.text()).toBe("Too many wrong credentials: try again in 900 seconds\n");
  });

  it("does not keep out the right key, nor the admin, at the same address", async () => {
    const it = await worldWithFoo();
    const ann = await user(it, "read");
    expect((await ann.api("/packages/foo")).status).toBe(200);
    await guessUntilLimited(it, "203.0.113.1");
    const headers = { "cf-connecting-ip": "203.0.113.1" };
    for (const who of [ann, it.admin]) {
      expect((await who.api("/packages/foo", { headers })).status).toBe(200);
      expect((await who.file("/names", { headers })).status).toBe(200);
    }
    expect((await it.guest.fetch("/health", { headers })).status).toBe(200);
    expect((await it.guest.api("/packages/foo", { headers })).status).toBe(401);
    await expectLimited(await guess(it, "203.0.113.1"));
  });

  it("does not slow down anybody at another address", async () => {
    const it = await world();
    await guessUntilLimited(it, "203.0.113.2");
    expect((await guess(it, "203.0.113.3")).status).toBe(401);
  });

  it("is, without Cloudflare in front, everybody at once", async () => {
    at(0);
    const it = await world();
    await guessUntilLimited(it, undefined);
    await expectLimited(await it.guest.file("/names", { headers: { authorization: "other" } }));
  });

  it("hears 401 to an upload, because rebar3 prints Published after a 429", async () => {
    const it = await world();
    await guessUntilLimited(it, "203.0.113.4");
    const body = await packageTarball();
    for (const path of ["/publish", "/packages/foo/releases", `${foo}/docs`]) {
      const headers = from("203.0.113.4", "wrong");
      const response = await it.guest.api(path, { method: "POST", headers, body });
      expect([response.status, await read(response)]).toEqual([
        401,
        { status: 401, message: "invalid API key" },
      ]);
    }
    expect(await storedFiles(it)).toEqual([]);
  });

  it("is not counted where the limit is 0", async () => {
    await setFailuresMax(0);
    const it = await world();
    for (let guesses = 0; guesses < 40; guesses++) {
      expect((await guess(it, "203.0.113.5")).status).toBe(401);
    }
  });
});

function from(address: string | undefined, authorization: string): Record<string, string> {
  return { authorization, ...(address === undefined ? {} : { "cf-connecting-ip": address }) };
}

function guess({ guest }: World, address: string | undefined): Promise<Response> {
  return guest.api("/packages/foo", { headers: from(address, `Bearer guess_${Math.random()}`) });
}

/** A quarter of an hour may end while we guess. */
async function guessUntilLimited(it: World, address: string | undefined): Promise<void> {
  for (let guesses = 0; guesses < 20; guesses++) {
    const response = await guess(it, address);
    if (response.status !== 401) return expectLimited(response);
  }
  throw new Error("nobody stopped us");
}

async function expectLimited(response: Response, seconds?: number): Promise<void> {
  const retryAfter = response.headers.get("retry-after");
  const message = `Too many wrong credentials: try again in ${retryAfter} seconds`;
  const isText = response.headers.get("content-type")?.startsWith("text/");
  expect(response.status).toBe(429);
  expect(response.headers.get("www-authenticate")).toBeNull();
  expectUncached(response);
  if (isText) expect(await response.text()).toBe(`${message}\n`);
  else expect(await read(response)).toEqual({ status: 429, message });
  if (seconds !== undefined) expect(retryAfter).toBe(String(seconds));
}

/** What an answer tells, without the name that was asked for. */
async function told(response: Response, name: string): Promise<unknown> {
  const { "x-request-id": _, ...headers } = Object.fromEntries(response.headers);
  // Its length is that of the name.
  delete headers["content-length"];
  const body = await text(response.clone());
  return { status: response.status, headers, body: body.replaceAll(name, "NAME") };
}

function expectUncached(response: Response): void {
  expect(response.headers.get("cache-control")).toBe("private, no-store");
}

/** With the body that the route wants. */
async function send(
  person: Person,
  method: string,
  path: string,
  repository = person.repository,
): Promise<Response> {
  const ask = (body: BodyInit | null) =>
    person.fetch(`/api/repos/${repository}${path}`, { method, body });
  if (method !== "POST") return ask(null);
  if (path.endsWith("/docs")) return ask(docs);
  return ask(path.endsWith("/retire") ? '{"reason":"other"}' : await packageTarball());
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
