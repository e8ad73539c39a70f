import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { erlangBody, erlangType, jsonBody, read } from "../support/answers.ts";
import { user } from "../support/people.ts";
import { packageTarball } from "../support/tarball.ts";
import { type Person, setFailuresMax, storedFiles, type World, world } from "../support/world.ts";

afterEach(() => vi.restoreAllMocks());

const formats = [
  { asked: undefined, answered: "application/json; charset=utf-8" },
  { asked: "*/*", answered: "application/json; charset=utf-8" },
  { asked: "application/json", answered: "application/json; charset=utf-8" },
  { asked: "application/vnd.hex+json", answered: "application/vnd.hex+json; charset=utf-8" },
  { asked: erlangType, answered: "application/vnd.hex+erlang; charset=utf-8" },
];

/** Every kind of answer that has a body: what to do for it, and its status. */
const answers: Record<string, (it: World, headers: Headers) => Promise<Response>> = {
  "200 who you are": (it, headers) => it.admin.api("/users/me", { headers }),
  "201 published": (it, headers) => post(it.admin, "/publish", headers, release("new")),
  "200 replaced": (it, headers) =>
    post(it.admin, "/publish?replace=true", headers, release("foo", "again")),
  "200 a package": (it, headers) => it.admin.api("/packages/foo", { headers }),
  "200 a release": (it, headers) => it.admin.api("/packages/foo/releases/1.0.0", { headers }),
  "200 a check": (it, headers) => it.admin.api("/check", { headers }),
  "400 no version": (it, headers) => it.admin.api("/packages/foo/releases/v1", { headers }),
  "400 no map": (it, headers) => post(it.admin, `${foo}/retire`, headers, "[]"),
  "401 no key": (it, headers) => it.guest.api("/users/me", { headers }),
  "401 a wrong key": (it, headers) => {
    headers.set("authorization", "wrong");
    return it.guest.api("/packages/foo", { headers });
  },
  "404 no such page": (it, headers) => it.admin.api("/nothing/here", { headers }),
  "404 no such page, outside": (it, headers) => it.guest.fetch("/api/nothing", { headers }),
  "401 no key, and perhaps no such repository": (it, headers) =>
    it.guest.fetch("/api/repos/nowhere/packages/foo", { headers }),
  "404 no such repository": (it, headers) =>
    it.admin.fetch("/api/repos/nowhere/packages/foo", { headers }),
  "404 not for others to see": async (it, headers) =>
    (await user(it)).api("/packages/foo", { headers }),
  "403 not for readers to do": async (it, headers) =>
    post(await user(it, "read"), "/publish", headers, release("new")),
  "404 no such package": (it, headers) => it.admin.api("/packages/bar", { headers }),
  "404 no such release": (it, headers) => it.admin.api("/packages/foo/releases/9.0.0", { headers }),
  "404 no docs": (it, headers) => it.admin.api(`${foo}/docs`, { headers }),
  "405 another method": (it, headers) => it.admin.api("/publish", { method: "PUT", headers }),
  "413 too large": (it, headers) =>
    post(it.admin, "/publish", headers, new Uint8Array(16 * 1024 * 1024 + 1)),
  "422 no tarball": (it, headers) => post(it.admin, "/publish", headers, "no tarball"),
  "422 nested errors": (it, headers) =>
    post(it.admin, "/publish", headers, release("bar", "", { licenses: "[1]" })),
  "422 exists already": (it, headers) => post(it.admin, "/publish", headers, release("foo", "2")),
  "422 no reason": (it, headers) => post(it.admin, `${foo}/retire`, headers, "{}"),
  "500 a fault": (it, headers) => broken(it, "/packages/foo", headers),
  "500 set up wrongly": (_it, headers) =>
    fetchApp(new Request("http://hexedge.test/api/users/me", { headers }), { ADMIN_KEY: "short" }),
};

const foo = "/packages/foo/releases/1.0.0";

describe.each(formats)("a client that accepts $asked", ({ asked, answered }) => {
  it.each(Object.entries(answers))("reads: %s", async (title, ask) => {
    const it = await worldWithFoo();
    const response = await ask(it, new Headers(asked === undefined ? {} : { accept: asked }));

    expect(response.status).toBe(Number(title.slice(0, 3)));
    expect(response.headers.get("content-type")).toBe(answered);
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(response.headers.get("vary")).toBe("accept, authorization");
    expect(response.headers.get("x-request-id")).toMatch(/^\S{8,}$/);
    const body = await read(response);
    if (response.status >= 400) expectRefusal(body, response.status);
  });

  it("learns after too many wrong keys that it must wait", async () => {
    const { guest } = await world();
    const headers = new Headers({
      authorization: "wrong",
      "cf-connecting-ip": `of ${asked ?? "nobody"}`,
    });
    if (asked !== undefined) headers.set("accept", asked);
    await setFailuresMax(5);
    onTestFinished(() => setFailuresMax(0));
    let response = await guest.api("/users/me", { headers });
    for (let guesses = 1; guesses < 20 && response.status === 401; guesses++) {
      response = await guest.api("/users/me", { headers });
    }
    expect(response.status).toBe(429);
    expect(response.headers.get("content-type")).toBe(answered);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    expectRefusal(await read(response), 429);
  });

  it("need not read again what it has, but for the headers", async () => {
    const it = await worldWithFoo();
    const headers = new Headers(asked === undefined ? {} : { accept: asked });
    for (const path of ["/packages/foo", foo, "/packages", "/users/me", ""]) {
      const etag = (await it.admin.api(path, { headers })).headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[0-9a-f]{40}"$/);
      for (const method of ["GET", "HEAD"]) {
        headers.set("if-none-match", `"other", W/${etag}`);
        const same = await it.admin.api(path, { method, headers });
        expect([method, path, same.status, await same.text()]).toEqual([method, path, 304, ""]);
        expect(same.headers.get("etag")).toBe(etag);
        expect(same.headers.get("cache-control")).toBe("private, no-store");
        expect(same.headers.get("vary")).toBe("accept, authorization");
        expect(same.headers.get("x-request-id")).not.toBeNull();
      }
      headers.delete("if-none-match");
    }
    const before = (await it.admin.api("/packages/foo", { headers })).headers.get("etag") ?? "";
    await it.admin.retire("foo", "1.0.0");
    headers.set("if-none-match", before);
    const changed = await it.admin.api("/packages/foo", { headers });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).not.toBe(before);
  });

  it("hears a refusal as ever when it has something already", async () => {
    const it = await worldWithFoo();
    const headers = new Headers(asked === undefined ? {} : { accept: asked });
    headers.set("if-none-match", "*");
    const refused = await it.admin.api("/packages/bar", { headers });
    expect([refused.status, refused.headers.get("etag")]).toEqual([404, null]);
    expect((await it.guest.api("/packages/foo", { headers })).status).toBe(401);
    expect((await post(it.admin, "/publish", headers, release("new"))).status).toBe(201);
  });

  it("gets the headers of an answer alone when it asks with HEAD", async () => {
    const { admin } = await worldWithFoo();
    const headers = new Headers(asked === undefined ? {} : { accept: asked });
    for (const path of ["/packages/foo", "/packages/bar", "/nothing", "/publish"]) {
      const whole = await admin.api(path, { headers });
      const head = await admin.api(path, { method: "HEAD", headers });
      expect(head.status).toBe(whole.status);
      expect(head.headers.get("content-type")).toBe(answered);
      expect(head.headers.get("allow")).toBe(whole.headers.get("allow"));
      expect(head.headers.get("x-request-id")).not.toBeNull();
      expect(await head.text()).toBe("");
    }
  });
});

describe("what a client accepts", () => {
  it.each([
    ["", "application/json"],
    ["*/*;q=0.1", "application/json"],
    ["application/*", "application/json"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "application/json"],
    ["Application/Vnd.Hex+Erlang", erlangType],
    [`${erlangType}; charset=utf-8`, erlangType],
    [` ${erlangType} ;q=1.0`, erlangType],
    [`${erlangType};q=0.5, application/json`, "application/json"],
    [`application/json;q=0.5, ${erlangType}`, erlangType],
    [`text/html, ${erlangType}`, erlangType],
    [`application/json;q=0, ${erlangType}`, erlangType],
    [`${erlangType}, */*`, erlangType],
  ])("%j is answered in %s", async (accept, type) => {
    const { admin } = await world();
    const response = await admin.api("/users/me", { headers: { accept } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(`${type}; charset=utf-8`);
    expect(await read(response)).toMatchObject({ username: "admin", organizations: [] });
  });

  it.each([
    "text/html",
    "application/vnd.hex+elixir",
    "application/json;q=0",
    "application/x-erlang-binary",
    "json",
    ",",
    ";;;,;;;",
    "a;".repeat(5000),
    '"',
  ])("%j is nothing that we have, and is told so in JSON", async (accept) => {
    const { admin } = await world();
    const response = await admin.api("/users/me", { headers: { accept } });
    expect(response.status).toBe(406);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    const body = await read(response);
    expectRefusal(body, 406);
    expect(body.message).toContain("application/vnd.hex+erlang");
  });

  it("does not matter for files, which have one format", async () => {
    const { admin } = await worldWithFoo();
    const response = await admin.file("/packages/foo", { headers: { accept: "text/html" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
  });
});

describe("what a client sends", () => {
  const parameters = { reason: "renamed", message: "use böö instead" };

  it.each([
    ["mix and rebar3, in Erlang terms", erlangBody(parameters)],
    ["Erlang terms with a charset", inType(`${erlangType}; charset=utf-8`, parameters)],
    ["Erlang terms, in capitals", inType("APPLICATION/VND.HEX+ERLANG", parameters)],
    ["JSON", jsonBody(parameters)],
    ["JSON with a charset", inType("application/json; charset=utf-8", parameters)],
    ["hex's JSON", inType("application/vnd.hex+json", parameters)],
    ["JSON without saying so", inType(undefined, parameters)],
    ["a form, as curl -d sends it", inType("application/x-www-form-urlencoded", parameters)],
  ])("is understood: %s", async (_title, request) => {
    const it = await worldWithFoo();
    const response = await it.admin.api(`${foo}/retire`, { method: "POST", ...request });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    const shown = await read(await it.admin.api(foo));
    expect(shown.retirement).toEqual(parameters);
  });

  it.each([
    ["JSON cut short", "application/json", '{"reason":"other"'],
    ["a list", "application/json", '["other"]'],
    ["a text", "application/json", '"other"'],
    ["null", "application/json", "null"],
    [
      "JSON that is not UTF-8",
      "application/json",
      latin1('{"reason":"other","message":"b\xf6se"}'),
    ],
    ["a form that is not UTF-8", "application/x-www-form-urlencoded", latin1("reason=\xf6")],
    ["JSON called Erlang", erlangType, '{"reason":"other"}'],
    ["no term", erlangType, Uint8Array.of(131)],
    [
      "a compressed term",
      erlangType,
      Uint8Array.of(131, 80, 0, 0, 0, 1, 120, 156, 99, 4, 0, 0, 2, 0, 2),
    ],
    ["a term with something behind", erlangType, Uint8Array.of(131, 116, 0, 0, 0, 0, 1)],
    ["a list of terms", erlangType, Uint8Array.of(131, 106)],
    ["an unknown atom", erlangType, Uint8Array.of(131, 119, 3, 102, 111, 111)],
    [
      "a map that claims four billion keys",
      erlangType,
      Uint8Array.of(131, 116, 255, 255, 255, 255),
    ],
    [
      "a map with a number for a key",
      erlangType,
      Uint8Array.of(131, 116, 0, 0, 0, 1, 97, 1, 97, 1),
    ],
  ])("is refused when it is not what it says: %s", async (_title, type, body) => {
    const it = await worldWithFoo();
    const response = await it.admin.api(`${foo}/retire`, {
      method: "POST",
      headers: { "content-type": type, accept: erlangType },
      body,
    });
    expect(response.status).toBe(400);
    expectRefusal(await read(response), 400);
    expect((await read(await it.admin.api(foo))).retirement).toBeNull();
  });
});

describe("a fault", () => {
  it("is told with a number that the log has too, and only the log says what failed", async () => {
    const it = await worldWithFoo();
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await broken(it, "/packages/foo", new Headers({ accept: erlangType }));
    const body = await read(response);
    const requestId = String(response.headers.get("x-request-id"));
    expect(body.message).toContain(requestId);
    expect(body.message).not.toContain("the database of secrets");
    const path = `/api/repos/${it.repository}/packages/foo`;
    const message = `GET ${path} failed: the database of secrets is gone`;
    expect(log).toHaveBeenCalledOnce();
    expect(JSON.parse(String(log.mock.calls[0]))).toMatchObject({ message, requestId });
    expect(JSON.stringify(log.mock.calls)).not.toContain(env.ADMIN_KEY);
    // With it Erlang's httpc would ask again and again, and its user see nothing.
    expect(response.headers.get("retry-after")).toBeNull();
  });

  it("is plain text for clients of files, which print it as it is", async () => {
    const it = await worldWithFoo();
    const request = new Request(`http://hexedge.test/repos/${it.repository}/names`, {
      headers: { authorization: env.ADMIN_KEY },
    });
    const response = await fetchApp(request, { BUCKET: failing });
    expect(response.status).toBe(500);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    const text = await response.text();
    expect(text).toContain(String(response.headers.get("x-request-id")));
    expect(text).not.toContain("the database of secrets");
  });

  it("leaves what is stored as it was", async () => {
    const it = await worldWithFoo();
    const before = await storedFiles(it);
    const request = new Request(`http://hexedge.test/api/repos/${it.repository}/publish`, {
      method: "POST",
      headers: { authorization: env.ADMIN_KEY },
      body: await packageTarball({ name: "bar" }),
    });
    expect((await fetchApp(request, { REPOSITORY: failing })).status).toBe(500);
    expect(await storedFiles(it)).toEqual(before);
  });
});

/** A refusal that mix and rebar3 can print: no lists, nothing empty. */
function expectRefusal(body: Record<string, unknown>, status: number): void {
  expect(body.status).toBe(status);
  expect(body.message).toMatch(/\S/);
  expect(Object.keys(body).sort()).toEqual(
    "errors" in body ? ["errors", "message", "status"] : ["message", "status"],
  );
  if ("errors" in body) expectErrors(body.errors);
}

function expectErrors(errors: unknown): void {
  if (typeof errors === "string") {
    expect(errors).toMatch(/\S/);
    return;
  }
  expect(errors).toBeTypeOf("object");
  expect(Array.isArray(errors)).toBe(false);
  const values = Object.values(errors ?? {});
  expect(values.length).toBeGreaterThan(0);
  for (const value of values) expectErrors(value);
}

async function worldWithFoo(): Promise<World> {
  const it = await world();
  expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
  return it;
}

const release = (name: string, salt = "", metadata: Record<string, string> = {}) =>
  packageTarball({ name, version: "1.0.0", salt, metadata });

async function post(
  person: Person,
  path: string,
  headers: Headers,
  body: BodyInit | Promise<Uint8Array>,
): Promise<Response> {
  return person.api(path, { method: "POST", headers, body: await body });
}

/** A binding that fails whatever is asked of it. */
// biome-ignore lint/suspicious/noExplicitAny: stands for every binding
const failing: any = new Proxy(
  {},
  {
    get: () => () => {
      throw new Error("the database of secrets is gone");
    },
  },
);

function broken(it: World, path: string, headers: Headers): Promise<Response> {
  headers.set("authorization", env.ADMIN_KEY);
  const url = `http://hexedge.test/api/repos/${it.repository}${path}`;
  return fetchApp(new Request(url, { headers }), { REPOSITORY: failing });
}

/** The Worker with other bindings. */
async function fetchApp(request: Request, changes: Partial<Env>): Promise<Response> {
  if (!vi.isMockFunction(console.error)) vi.spyOn(console, "error").mockImplementation(() => {});
  return createApp().fetch(request, { ...env, ...changes });
}

function inType(
  type: string | undefined,
  parameters: Record<string, string>,
): { headers: Record<string, string>; body: BodyInit } {
  const body = /erlang/i.test(type ?? "")
    ? erlangBody(parameters).body
    : type?.includes("form")
      ? new URLSearchParams(parameters).toString()
      : // Bytes: a text would get a content type of its own.
        new TextEncoder().encode(JSON.stringify(parameters));
  return { headers: type === undefined ? {} : { "content-type": type }, body };
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
