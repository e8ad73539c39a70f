/** Pages that cost as much as a call of the API are counted as one. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { registry, registryWith } from "../http/registry.ts";
import { user } from "../support/people.ts";
import { type World, world } from "../support/world.ts";
import { Visitor } from "./visitor.ts";

const limit = 3;
const limited = registryWith({
  LIMITS: { api_per_minute: limit, failed_credentials_per_15_minutes: 0 },
});
/** In the middle of a window, so that none ends while we ask. */
const noon = Date.UTC(2031, 0, 1, 12, 0, 20);
const asPage = { accept: "text/html" };

let addresses = 0;
const newAddress = () => ({ ...asPage, "cf-connecting-ip": `203.0.113.${addresses++}` });

let open: World;

beforeAll(async () => {
  open = await world({ public: true });
  for (const version of ["1.0.0", "1.1.0"]) {
    expect((await open.admin.publish({ name: "foo", version })).status).toBe(201);
  }
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: noon });
});
afterEach(() => {
  vi.useRealTimers();
});

async function useUp(path: string, headers: Record<string, string>): Promise<void> {
  for (let call = 1; call <= limit; call++) {
    expect([path, (await limited(path, { headers })).status]).not.toEqual([path, 429]);
  }
}

const pages = () => {
  const at = `/packages/${open.repository}/foo`;
  return [
    ...["/", "/packages?search=foo", `/repositories/${open.repository}`, at, `${at}/1.0.0`],
    ...[`${at}/1.0.0/files`, `${at}/1.0.0/files/mix.exs`, `${at}/1.0.0/raw/mix.exs`],
    ...[`${at}/diff`, `${at}/diff/1.0.0..1.1.0`, `${at}/diff/1.0.0..1.1.0/mix.exs`],
  ];
};

const feeds = () => [
  ...["/sitemap.xml", `/sitemaps/${open.repository}.xml`],
  ...[`/repositories/${open.repository}/feed.atom`, `/packages/${open.repository}/foo/feed.atom`],
];

describe("whoever looks at pages", () => {
  it("too often is told so as a page, and when to come back", async () => {
    for (const path of pages()) {
      const headers = newAddress();
      await useUp(path, headers);
      const response = await limited(path, { headers });
      expect([path, response.status]).toEqual([path, 429]);
      expect(response.headers.get("retry-after")).toBe("40");
      expect(response.headers.get("content-type")).toMatch(/^text\/html/);
      expect(await response.text()).toContain(
        "You have looked at too many pages within one minute: load this one again in 40 seconds.",
      );
    }
  });

  it("or feeds and maps too often, is told so in a line", async () => {
    for (const path of feeds()) {
      const headers = newAddress();
      await useUp(path, headers);
      const response = await limited(path, { headers });
      expect([path, response.status]).toEqual([path, 429]);
      expect(response.headers.get("retry-after")).toBe("40");
      expect(await response.text()).toContain("rate limit exceeded");
    }
  });

  it("sees them again in the next minute", async () => {
    const headers = newAddress();
    const [path = ""] = pages();
    await useUp(path, headers);
    expect((await limited(path, { headers })).status).toBe(429);
    vi.setSystemTime(noon + 40_000);
    expect((await limited(path, { headers })).status).toBe(200);
  });

  it("is counted by account when they are signed in, together with what their keys ask of the API", async () => {
    vi.useRealTimers();
    const ann = await user(open);
    const browser = new Visitor(limited);
    expect((await browser.signIn({ username: ann.name, password: ann.password })).status).toBe(303);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    for (let call = 1; call <= limit; call++) {
      expect((await browser.get("/packages", newAddress())).status).toBe(200);
    }
    expect((await browser.get("/packages", newAddress())).status).toBe(429);
    expect((await limited("/api/users/me", { key: ann.key })).status).toBe(429);
  });

  it("may have style sheets, signing in and documentation all the same", async () => {
    const headers = newAddress();
    await useUp("/packages", headers);
    expect((await limited("/packages", { headers })).status).toBe(429);
    for (const path of ["/style.css", "/pages.js", "/sign-in", "/robots.txt"]) {
      expect([path, (await limited(path, { headers })).status]).toEqual([path, 200]);
    }
    const docs = await limited(`/docs/${open.repository}/foo/`, { headers });
    expect(docs.status).toBe(404);
  });

  it("is not counted where there is no limit", async () => {
    const headers = newAddress();
    for (let call = 0; call < 2 * limit; call++) {
      expect((await registry("/packages", { headers })).status).toBe(200);
    }
  });
});
