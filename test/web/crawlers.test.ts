import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { countSitemaps, sitemapOf } from "../../src/web/feeds/sitemap.ts";
import { type Ask, registryWith } from "../http/registry.ts";
import { docsTarball } from "../support/exdoc.ts";
import { type World, world } from "../support/world.ts";

/** A registry of these repositories alone. */
const registryOf = (...worlds: World[]): Ask =>
  registryWith({
    REPOSITORIES: Object.fromEntries(
      worlds.map(({ repository }) => [
        repository,
        { kind: "hosted", public: repository.startsWith("open") },
      ]),
    ),
    ROOT_REPOSITORY: worlds[0]?.repository,
  });

const addresses = (text: string): string[] =>
  [...text.matchAll(/<loc>([^<]*)<\/loc>/g)].map(([, address]) => address ?? "");

describe("/robots.txt", () => {
  it("lets crawlers see pages, and nothing that has no end", async () => {
    const ask = registryOf(await world({ public: true }));
    const response = await ask("/robots.txt");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    const text = await response.text();
    expect(text).toMatch(/^User-agent: \*\nDisallow: \/api\n/);
    expect(text).toMatch(/\nSitemap: http:\/\/hexedge\.test\/sitemap\.xml\n$/);
    const patterns = [...text.matchAll(/^Disallow: (.+)$/gm)].map(([, pattern = ""]) => pattern);
    const isClosed = (path: string) => patterns.some((pattern) => matches(pattern, path));
    const closed = [
      ...["/api/packages", "/repos/acme/names", "/sign-in?to=/", "/account/keys", "/oauth/device"],
      ...["/packages?search=x", "/packages/acme/foo/diff", "/packages/acme/foo/diff/1.0.0..2.0.0"],
      ...["/packages/acme/foo/1.0.0/raw/lib/foo.ex"],
    ];
    const open = [
      ...["/", "/packages", "/packages/acme/foo", "/packages/acme/foo/1.0.0", "/repositories/acme"],
      ...["/packages/acme/foo/1.0.0/files", "/docs/acme/foo/", "/packages/acme/diffy"],
      ...["/sitemaps/acme.xml", "/repositories/acme/feed.atom"],
    ];
    expect(closed.filter((path) => !isClosed(path))).toEqual([]);
    expect(open.filter(isClosed)).toEqual([]);
  });

  it("names no repository, whoever asks", async () => {
    const [shut, open] = [await world(), await world({ public: true })];
    const ask = registryOf(shut, open);
    const guest = await (await ask("/robots.txt")).text();
    expect(await (await ask("/robots.txt", { key: env.ADMIN_KEY })).text()).toBe(guest);
    expect(guest).not.toContain(shut.repository);
  });
});

describe("/sitemap.xml", () => {
  it("leads to the sitemap of each public repository, and to all of its pages", async () => {
    const [shut, open] = [await world(), await world({ public: true })];
    await shut.admin.publish();
    for (const name of ["foo", "bar"]) await open.admin.publish({ name });
    const docs = docsTarball([{ path: "index.html", bytes: "<h1>foo" }]);
    expect((await open.admin.publishDocs("foo", "1.0.0", docs)).status).toBe(201);
    const ask = registryOf(shut, open);
    for (const key of [undefined, env.ADMIN_KEY]) {
      const index = await (await ask("/sitemap.xml", key === undefined ? {} : { key })).text();
      expect(addresses(index)).toEqual([`http://hexedge.test/sitemaps/${open.repository}.xml`]);
    }
    const response = await ask(`/sitemaps/${open.repository}.xml`);
    expect(response.headers.get("content-type")).toBe("application/xml; charset=utf-8");
    const sitemap = await response.text();
    const home = "http://hexedge.test";
    expect(addresses(sitemap)).toEqual([
      `${home}/repositories/${open.repository}`,
      `${home}/packages/${open.repository}/bar`,
      `${home}/packages/${open.repository}/foo`,
      `${home}/docs/${open.repository}/foo/`,
    ]);
    expect(sitemap.match(/<lastmod>\d{4}-\d\d-\d\dT[\d:.]+Z<\/lastmod>/g)).toHaveLength(3);
  });

  it("is not there for a private repository, as for one that does not exist", async () => {
    const shut = await world();
    await shut.admin.publish();
    const ask = registryOf(shut);
    const told = async (file: string, key: string) => {
      const response = await ask(`/sitemaps/${file}`, { key });
      const { status, headers } = response;
      return [status, headers.get("content-type"), await response.text()];
    };
    for (const key of ["", env.ADMIN_KEY]) {
      const expected = await told("no_such.xml", key);
      expect(expected[0]).toBe(404);
      const files = [`${shut.repository}.xml`, `${shut.repository}-2.xml`, shut.repository];
      for (const file of files) expect(await told(file, key)).toEqual(expected);
    }
  });

  it("has no file but those that it names", async () => {
    const { guest, repository } = await world({ public: true });
    for (const file of ["-1", "-0", "-2", "-02", "-99999", "-1e3"]) {
      expect((await guest.fetch(`/sitemaps/${repository}${file}.xml`)).status).toBe(404);
    }
    expect((await guest.fetch(`/sitemaps/${repository}.xml`)).status).toBe(200);
  });

  it("takes several files for many packages", async () => {
    const { admin, stub, repository } = await world({ public: true });
    const names = ["a1", "a2", "a3", "a4", "a5", "a6", "a7"];
    for (const name of names) await admin.publish({ name });
    const limits = { packagesMax: 3, packagesAtOnce: 2 };
    const list: Parameters<typeof countSitemaps>[0] = async (query) => await stub.list(query);
    const count = await countSitemaps(list, limits);
    expect(count).toBe(3);
    const found: string[][] = [];
    for (let number = 1; number <= count; number++) {
      const made = await sitemapOf({ origin: "" }, repository, number, list, limits);
      found.push(addresses(made?.text ?? ""));
    }
    const page = (name: string) => `/packages/${repository}/${name}`;
    expect(found).toEqual([
      [`/repositories/${repository}`, ...["a1", "a2", "a3"].map(page)],
      ["a4", "a5", "a6"].map(page),
      ["a7"].map(page),
    ]);
    expect(await sitemapOf({ origin: "" }, repository, 4, list, limits)).toBeUndefined();
  });
});

/** As RFC 9309 says: from the beginning of the path, `*` for anything. */
function matches(pattern: string, path: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.?+^$()[\]{}|\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}`).test(path);
}
