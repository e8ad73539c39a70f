/** What all answers of the API have in common: ETags, absolute addresses; and the downloads that they count. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { asksForErlang, erlangType, jsonBody, read } from "../support/answers.ts";
import { type User, user } from "../support/people.ts";
import { packageTarball, tar } from "../support/tarball.ts";
import { type World, world } from "../support/world.ts";
import { type Ask, registry, registryWith } from "./registry.ts";

const foo = "/packages/foo/releases/1.0.0";
const docs = gzipSync(tar([{ path: "index.html", bytes: "<h1>foo</h1>" }]));

async function worldWithFoo(): Promise<World & { ann: User }> {
  const it = await world();
  const ann = await user(it, "admin");
  expect((await ann.publish()).status).toBe(201);
  return { ...it, ann };
}

describe("an ETag", () => {
  const formats: [string, Record<string, string>][] = [
    ["application/json", {}],
    ["application/vnd.hex+json", { accept: "application/vnd.hex+json" }],
    [erlangType, asksForErlang],
  ];

  it.each(formats)("of %s spares a client what it has already", async (_type, headers) => {
    const it = await worldWithFoo();
    for (const path of [
      ...[`/api/repos/${it.repository}/packages/foo`, `/api/repos/${it.repository}${foo}`],
      ...[`/api/repos/${it.repository}/packages`, `/api/repos/${it.repository}`, "/api/orgs"],
      ...["/api/users/me", "/api/keys/test", `/api/repos/${it.repository}/packages/foo/owners`],
      ...[`/api/orgs/${it.repository}/members`, "/api"],
    ]) {
      const ask = (more: Record<string, string> = {}, method = "GET") =>
        registry(path, { key: it.ann.key, headers: { ...headers, ...more }, method });
      const first = await ask();
      const etag = first.headers.get("etag") ?? "";
      expect([path, first.status, etag]).toEqual([path, 200, expect.stringMatching(/^"[^"]+"$/)]);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        for (const method of ["GET", "HEAD"]) {
          const again = await ask({ "if-none-match": known }, method);
          expect([path, known, again.status, await again.text()]).toEqual([path, known, 304, ""]);
          expect(again.headers.get("etag")).toBe(etag);
          expect(again.headers.get("cache-control")).toBe("private, no-store");
          expect(again.headers.get("vary")).toBe("accept, authorization");
        }
      }
      for (const other of ['"other"', "", "other"]) {
        expect((await ask({ "if-none-match": other })).status).toBe(200);
      }
    }
  });

  it("is another in another format, and after a change", async () => {
    const it = await worldWithFoo();
    const etagOf = async (headers: Record<string, string>) =>
      (await it.ann.api("/packages/foo", { headers })).headers.get("etag");
    const [json, erlang] = [await etagOf({}), await etagOf(asksForErlang)];
    expect(json).not.toBe(erlang);
    expect(await etagOf({})).toBe(json);
    const crossed = { ...asksForErlang, "if-none-match": String(json) };
    expect((await it.ann.api("/packages/foo", { headers: crossed })).status).toBe(200);
    await it.ann.retire("foo", "1.0.0");
    expect(await etagOf({})).not.toBe(json);
    const stale = { "if-none-match": String(json) };
    expect((await it.ann.api("/packages/foo", { headers: stale })).status).toBe(200);
  });

  it("is not on what says no, which a condition does not turn into 304", async () => {
    const it = await worldWithFoo();
    for (const headers of [{ "if-none-match": "*" }, { "if-none-match": "*", ...asksForErlang }]) {
      for (const [response, status] of [
        [await it.guest.api("/packages/foo", { headers }), 401],
        [await it.ann.api("/packages/nope", { headers }), 404],
        [await it.ann.api(`/packages/foo/releases/x`, { headers }), 400],
        [await it.ann.fetch("/api/audit-logs", { headers }), 403],
      ] as const) {
        expect([response.status, response.headers.get("etag")]).toEqual([status, null]);
      }
    }
  });

  it("on a write is no condition", async () => {
    const it = await worldWithFoo();
    const headers = { "if-none-match": "*", "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify({ reason: "other" }) };
    expect((await it.ann.api(`${foo}/retire`, init)).status).toBe(204);
  });
});

describe("an address in an answer", () => {
  /** Every `location`, and everything in a body that is called url. */
  async function addresses(response: Response): Promise<string[]> {
    const location = response.headers.get("location");
    const text = await response.text();
    const inBody = [...text.matchAll(/"\w*url":"([^"]*)"/g)].map(([, url = ""]) => url);
    return [...(location === null ? [] : [location]), ...inBody];
  }

  it.each([
    ["as clients reach us", {}, "http://hexedge.test"],
    ["behind a proxy", { PUBLIC_URL: "https://hex.example.com/" }, "https://hex.example.com"],
    ["below a path", { PUBLIC_URL: "https://example.com/hex" }, "https://example.com/hex"],
  ])("is absolute: %s", async (_title, settings, origin) => {
    const it = await world();
    const [ann, bob] = [await user(it, "admin"), await user(it)];
    const ask = registryWith(settings);
    const repository = `/api/repos/${it.repository}`;
    const packages = `${repository}/packages`;
    const body = await packageTarball();
    const found: string[] = [];
    for (const [method, path, init, status] of [
      ["POST", `${repository}/publish`, { body }, 201],
      ["POST", `${packages}/foo/releases?replace=true`, { body }, 200],
      ["POST", `${repository}${foo}/docs`, { body: docs }, 201],
      ["GET", `${repository}${foo}/docs`, {}, 302],
      ["GET", `${repository}${foo}`, {}, 200],
      ["GET", `${packages}/foo`, {}, 200],
      ["GET", packages, {}, 200],
      ["GET", `${packages}/foo/owners`, {}, 200],
      ["GET", repository, {}, 200],
      ["GET", "/api", {}, 200],
      ["POST", "/api/keys", jsonBody({ name: "k" }), 201],
      ["GET", "/api/keys", {}, 200],
      ["POST", `/api/orgs/${it.repository}/keys`, jsonBody({ name: "k" }), 201],
      [
        ...["POST", `/api/orgs/${it.repository}/members`],
        ...[jsonBody({ name: bob.name, role: "read" }), 200],
      ],
      ["GET", `/api/orgs/${it.repository}`, {}, 200],
      ["GET", "/api/users/me", {}, 200],
      ["POST", "/api/short_url", jsonBody({ url: "https://hex.pm/packages/jason" }), 201],
    ] as [string, string, RequestInit, number][]) {
      const response = await ask(path, { ...init, key: ann.key, method });
      expect([method, path, response.status]).toEqual([method, path, status]);
      found.push(...(await addresses(response)));
    }
    const isOurs = (url: string) =>
      url.startsWith(`${origin}/`) || url === "https://github.com/hexpm/specifications";
    expect(found.filter((url) => !isOurs(url))).toEqual([]);
    expect(found.length).toBeGreaterThan(25);
  });

  it("that is short leads to the long one, and only to pages that we may send people to", async () => {
    const it = await world();
    const shorten = (url: unknown) =>
      it.guest.fetch("/api/short_url", { method: "POST", ...jsonBody({ url }) });
    const long = "https://diff.hex.pm/diffs?diffs[]=jason:1.0.0:1.4.0";
    const response = await shorten(long);
    // mix wants exactly this.
    expect(response.status).toBe(201);
    const { url } = await read(response);
    expect(url).toMatch(/^http:\/\/hexedge\.test\/l\/\w+$/);
    const followed = await it.guest.fetch(new URL(String(url)).pathname);
    expect([followed.status, followed.headers.get("location")]).toEqual([302, long]);
    expect((await shorten("http://hexedge.test/packages")).status).toBe(201);
    for (const wrong of [
      ...["https://example.com", "https://hex.pm.example.com", "https://evilhex.pm", "x", "", 7],
      ...["javascript:alert(1)//hex.pm", "ftp://hex.pm", "//hex.pm", null, undefined],
      ...[
        "https://hex.pm@example.com/",
        "http://hexedge.test:81/",
        `https://hex.pm/${"x".repeat(8000)}`,
      ],
    ]) {
      expect([wrong, (await shorten(wrong)).status]).toEqual([wrong, 422]);
    }
    expect((await it.guest.fetch("/l/nope")).status).toBe(404);
  });
});

describe("downloads", () => {
  it("of tarballs are shown a few seconds later, in every place, and nothing else counts", async () => {
    const it = await worldWithFoo();
    const reader = await user(it, "read");
    const fetchFile = (path: string, init: Parameters<Ask>[1] = {}) =>
      registry(`/repos/${it.repository}${path}`, { key: reader.key, ...init });
    const whole = await fetchFile("/tarballs/foo-1.0.0.tar");
    await whole.arrayBuffer();
    const etag = String(whole.headers.get("etag"));
    // What a client has kept counts as hexpm counts it: it uses it again.
    const known = await fetchFile("/tarballs/foo-1.0.0.tar", {
      headers: { "if-none-match": etag },
    });
    expect([whole.status, known.status]).toEqual([200, 304]);
    for (const [path, init] of [
      ["/tarballs/foo-1.0.0.tar", { method: "HEAD" }],
      ["/tarballs/foo-9.9.9.tar", {}],
      ["/packages/foo", {}],
      ["/names", {}],
    ] as const) {
      await (await fetchFile(path, init)).arrayBuffer();
    }
    const stranger = await user(await world(), "admin");
    const refused = await fetchFile("/tarballs/foo-1.0.0.tar", { key: stranger.key });
    expect(refused.status).toBe(404);
    const all = async () => {
      const { downloads } = await read(await it.ann.api("/packages/foo"));
      return downloads;
    };
    const twice = { all: 2, recent: 2 };
    await expect.poll(all, { timeout: 20_000, interval: 500 }).toMatchObject(twice);
    const release = await read(await it.ann.api(foo));
    expect(release.downloads).toBe(2);
    const day = new Date().toISOString().slice(0, 10);
    expect((await read(await it.ann.api(`${foo}?downloads=day`))).downloads).toEqual([[day, 2]]);
    const month = await it.ann.api(`${foo}?downloads=month`, { headers: asksForErlang });
    expect((await read(month)).downloads).toEqual([[day.slice(0, 7), 2]]);
    const none = await it.ann.api(`${foo}?downloads=day&downloads_after=2099-01-01`);
    expect((await read(none)).downloads).toEqual([]);
    expect((await read(await it.ann.api(`${foo}?downloads=all`))).downloads).toBe(2);
    await runDurableObjectAlarm(it.stub);
    const shown = await read(await reader.api("/packages/foo"));
    expect(shown.downloads).toMatchObject(twice);
  });
});
