import { env } from "cloudflare:workers";
import { gzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asksForErlang, erlangType, jsonBody, read } from "../support/answers.ts";
import { setRole, user } from "../support/people.ts";
import { packageTarball, tar } from "../support/tarball.ts";
import { storedFiles, world } from "../support/world.ts";
import { basic, keyOfOrganization, registry, registryWith } from "./registry.ts";

const limit = 5;
const limited = registryWith({
  LIMITS: { api_per_minute: limit, failed_credentials_per_15_minutes: 0 },
});
const headersOf = (response: Response) =>
  ["limit", "remaining", "reset"].map((it) => response.headers.get(`x-ratelimit-${it}`));
/** In the middle of a window, so that none ends while we ask. */
const noon = Date.UTC(2030, 0, 1, 12, 0, 20);
const windowEnds = String(Date.UTC(2030, 0, 1, 12, 1) / 1000);

let addresses = 0;
/** An address that nobody has called from. */
const newAddress = () => ({ "cf-connecting-ip": `198.51.100.${addresses++}` });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: noon });
});
afterEach(() => {
  vi.useRealTimers();
});

async function useUp(ask: () => Promise<Response>): Promise<void> {
  for (let call = 1; call <= limit; call++) expect((await ask()).status).not.toBe(429);
}

describe("whoever calls the API", () => {
  it("is told with each answer how many calls are left, and until when", async () => {
    const { key } = await user(await world());
    for (let call = 1; call <= limit; call++) {
      const response = await limited("/api/users/me", { key });
      expect(response.status).toBe(200);
      expect(headersOf(response)).toEqual([String(limit), String(limit - call), windowEnds]);
    }
  });

  it.each([
    ["JSON", {}, "application/json"],
    ["Erlang terms", asksForErlang, erlangType],
  ])("too often hears so in %s, and when to come back", async (_title, headers, type) => {
    const ann = await user(await world());
    const ask = () => limited("/api/users/me", { key: ann.key, headers });
    await useUp(ask);
    for (const path of ["/api/users/me", "/api", "/api/nothing", "/api/repos"]) {
      const response = await limited(path, { key: ann.key, headers });
      expect([path, response.status]).toEqual([path, 429]);
      expect(response.headers.get("content-type")).toBe(`${type}; charset=utf-8`);
      expect(response.headers.get("retry-after")).toBe("40");
      expect(headersOf(response)).toEqual([String(limit), "0", windowEnds]);
      expect(await read(response)).toEqual({
        status: 429,
        message: `API rate limit exceeded for user ${ann.name}`,
      });
    }
    vi.setSystemTime(noon + 40_000);
    const response = await ask();
    expect([response.status, response.headers.get("x-ratelimit-remaining")]).toEqual([
      200,
      String(limit - 1),
    ]);
  });

  it("is counted by account, whatever the key, password or address", async () => {
    const it = await world();
    const [ann, bob] = [await user(it), await user(it)];
    const other = await ann.with("api:read");
    await useUp(() => limited("/api/users/me", { key: ann.key, headers: newAddress() }));
    for (const key of [other.key, basic(ann.name, ann.password)]) {
      expect((await limited("/api/users/me", { key })).status).toBe(429);
    }
    expect((await limited("/api/users/me", { key: bob.key })).status).toBe(200);
    const organization = await keyOfOrganization(it, "api");
    const path = `/api/orgs/${it.repository}`;
    await useUp(() => limited(path, { key: organization }));
    const response = await limited(path, { key: organization });
    expect(await read(response)).toMatchObject({
      message: `API rate limit exceeded for organization ${it.repository}`,
    });
  });

  it("without an account is counted by address", async () => {
    const headers = newAddress();
    await useUp(() => limited("/api", { headers }));
    const response = await limited("/api", { headers });
    expect([response.status, (await read(response)).message]).toEqual([
      429,
      `API rate limit exceeded for IP ${headers["cf-connecting-ip"]}`,
    ]);
    expect((await limited("/api", { headers: newAddress() })).status).toBe(200);
    // Somebody who says who they are is not counted with those behind the same address.
    const { key } = await user(await world());
    expect((await limited("/api/users/me", { key, headers })).status).toBe(200);
  });

  it("as the admin may do so as often as they like, and reads no numbers", async () => {
    const key = env.ADMIN_KEY;
    for (let call = 0; call < 3 * limit; call++) {
      const response = await limited("/api/users/me", { key });
      expect([response.status, ...headersOf(response)]).toEqual([200, null, null, null]);
    }
  });

  it("as often as they like where there is no limit reads no numbers", async () => {
    const { key } = await user(await world());
    for (let call = 0; call < 3 * limit; call++) {
      const response = await registry("/api/users/me", { key });
      expect([response.status, ...headersOf(response)]).toEqual([200, null, null, null]);
    }
  });
});

describe("a call too many", () => {
  it("that uploads is refused with 422, because rebar3 prints Published after a 429", async () => {
    const it = await world();
    const ann = await user(it, "write");
    await it.admin.publish();
    const before = await storedFiles(it);
    await useUp(() => limited("/api/users/me", { key: ann.key }));
    const docs = gzipSync(tar([{ path: "index.html", bytes: "x" }]));
    const body = await packageTarball({ version: "2.0.0" });
    const releases = `/api/repos/${it.repository}/packages/foo/releases`;
    for (const [path, bytes] of [
      [`/api/repos/${it.repository}/publish`, body] as const,
      ...[[releases, body] as const, [`${releases}/1.0.0/docs`, docs] as const],
    ]) {
      const init = { key: ann.key, method: "POST", body: bytes, headers: asksForErlang };
      const response = await limited(path, init);
      expect([path, response.status]).toEqual([path, 422]);
      expect(await read(response)).toEqual({
        status: 422,
        message: `API rate limit exceeded for user ${ann.name}`,
      });
    }
    const retire = { key: ann.key, method: "POST", ...jsonBody({ reason: "other" }) };
    expect((await limited(`${releases}/1.0.0/retire`, retire)).status).toBe(429);
    expect(await storedFiles(it)).toEqual(before);
  });

  it("of the API keeps nobody from files and pages", async () => {
    const it = await world();
    const ann = await user(it);
    await setRole(it, ann.name, "read");
    await useUp(() => limited("/api/users/me", { key: ann.key }));
    for (const path of [`/repos/${it.repository}/names`, "/", "/health"]) {
      const response = await limited(path, { key: ann.key });
      expect([path, response.status, ...headersOf(response)]).toEqual([
        path,
        200,
        null,
        null,
        null,
      ]);
    }
  });

  it("with a wrong key is the wrong key's, not the address's", async () => {
    const headers = newAddress();
    for (let call = 0; call < 2 * limit; call++) {
      expect((await limited("/api", { key: "wrong", headers })).status).toBe(401);
    }
    expect((await limited("/api", { headers })).status).toBe(200);
  });
});
