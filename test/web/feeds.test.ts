import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newestReleases } from "../../src/web/feeds/newest-releases.ts";
import { xml } from "../../src/web/feeds/xml.ts";
import { basic } from "../http/registry.ts";
import { user } from "../support/people.ts";
import { binary } from "../support/tarball.ts";
import { type World, world } from "../support/world.ts";

/** What stands in each element of this name, escaped as it is. */
function contents(text: string, element: string): string[] {
  const found = text.matchAll(new RegExp(`<${element}[^>]*>([^<]*)</${element}>`, "g"));
  return [...found].map(([, content]) => content ?? "");
}

async function feedOf({ guest, repository }: World, name?: string): Promise<string> {
  const page =
    name === undefined ? `/repositories/${repository}` : `/packages/${repository}/${name}`;
  const response = await guest.fetch(`${page}/feed.atom`);
  expect(response.status).toBe(200);
  return response.text();
}

describe("the feed of a repository", () => {
  it("has its newest releases, newest first", async () => {
    const it = await world({ public: true });
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    await it.admin.publish({ name: "bar", version: "2.0.0" });
    await it.admin.publish({ name: "foo", version: "0.9.0" });
    // Changes the package, and is no news.
    await it.admin.retire("foo", "1.0.0", { reason: "security", message: "CVE <1>" });
    const feed = await feedOf(it);
    const home = `http://hexedge.test/repositories/${it.repository}`;
    expect(contents(feed, "title")).toEqual([it.repository, "foo 0.9.0", "bar 2.0.0", "foo 1.0.0"]);
    expect(contents(feed, "id")).toEqual([
      `${home}/feed.atom`,
      ...["foo/0.9.0", "bar/2.0.0", "foo/1.0.0"].map(
        (path) => `http://hexedge.test/packages/${it.repository}/${path}`,
      ),
    ]);
    expect(contents(feed, "summary")).toEqual([
      ...["What foo is for", "What bar is for"],
      "Retired (security): CVE &lt;1&gt;. What foo is for",
    ]);
    expect(feed).toContain(
      `<link rel="self" type="application/atom+xml" href="${home}/feed.atom"/>`,
    );
    const [whole, ...each] = contents(feed, "updated");
    expect(each.toSorted().at(-1)).toBe(whole);
    // A retirement is an update of what was published before.
    expect(each.at(-1)).toBe(whole);
    expect(Number(each.length)).toBe(contents(feed, "published").length);
  });

  it("is one without entries before anything is published", async () => {
    const feed = await feedOf(await world({ public: true }));
    expect(contents(feed, "updated")).toEqual(["1970-01-01T00:00:00.000Z"]);
    expect(feed).not.toContain("<entry>");
  });

  it("finds the newest releases however many packages were changed since", async () => {
    const it = await world({ public: true });
    for (const name of ["old1", "old2", "old3", "new1", "new2"]) await it.admin.publish({ name });
    for (const name of ["old1", "old2", "old3"]) await it.admin.retire(name, "1.0.0");
    const limits = { releasesMax: 2, packagesAtOnce: 2, packagesMax: 100 };
    const found = await newestReleases(async (query) => await it.stub.list(query), limits);
    expect(found.map((one) => one.package.name)).toEqual(["new2", "new1"]);
    const bounded = { ...limits, packagesMax: 2 };
    expect(await newestReleases(async (query) => await it.stub.list(query), bounded)).toHaveLength(
      2,
    );
  });

  it("is not sent again to whoever has it", async () => {
    const it = await world({ public: true });
    await it.admin.publish();
    const path = `/repositories/${it.repository}/feed.atom`;
    const first = await it.guest.fetch(path);
    expect(first.headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
    expect(first.headers.get("cache-control")).toBe("public, max-age=300");
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    await first.text();
    const again = await it.guest.fetch(path, { headers });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    await it.admin.publish({ version: "1.1.0" });
    const changed = await it.guest.fetch(path, { headers });
    expect(changed.status).toBe(200);
    expect(contents(await changed.text(), "title")).toContain("foo 1.1.0");
  });

  it("is of hosted repositories only", async () => {
    const { guest } = await world();
    for (const name of ["mirror_000", "group_000"]) {
      const response = await guest.fetch(`/repositories/${name}/feed.atom`);
      expect([response.status, await response.text()]).toEqual([404, "Page not found\n"]);
    }
  });
});

describe("the feed of a package", () => {
  it("has its releases, and no page of a version is meant", async () => {
    const it = await world({ public: true });
    await it.admin.publish({ version: "1.0.0" });
    await it.admin.publish({ version: "1.1.0-rc.1" });
    await it.admin.publish({ name: "bar" });
    const feed = await feedOf(it, "foo");
    expect(contents(feed, "title")).toEqual([
      `${it.repository}/foo`,
      ...["foo 1.1.0-rc.1", "foo 1.0.0"],
    ]);
  });

  it("of a package that there is not, is not", async () => {
    const it = await world({ public: true });
    for (const name of ["nope", "No-Name"]) {
      const response = await it.guest.fetch(`/packages/${it.repository}/${name}/feed.atom`);
      expect(response.status).toBe(404);
      expect(response.headers.get("www-authenticate")).toBeNull();
    }
  });

  it("keeps hostile descriptions in their place", async () => {
    const it = await world({ public: true });
    const description = `]]></summary></entry><script>alert("1")</script>&lt;\u0001\u001b\ufffe & 'x' 🦔`;
    const metadata = { description: binary(description) };
    expect((await it.admin.publish({ metadata })).status).toBe(201);
    expect(contents(await feedOf(it, "foo"), "summary")).toEqual([
      "]]&gt;&lt;/summary&gt;&lt;/entry&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;" +
        "&amp;lt;\ufffd\ufffd\ufffd &amp; &apos;x&apos; 🦔",
    ]);
  });

  it("does not hold a book for each release", async () => {
    const it = await world({ public: true });
    await it.admin.publish({ metadata: { description: binary("x".repeat(100_000)) } });
    expect((await feedOf(it, "foo")).length).toBeLessThan(4000);
  });
});

describe("the feed of what is private", () => {
  const paths = (repository: string) => [
    `/repositories/${repository}/feed.atom`,
    `/packages/${repository}/foo/feed.atom`,
  ];

  it("asks for a key, in the same words whether it is there or not", async () => {
    const it = await world();
    await it.admin.publish();
    const told = async (path: string) => {
      const response = await it.guest.fetch(path);
      const asks = response.headers.get("www-authenticate");
      return [response.status, asks, await response.text()];
    };
    const expected = [401, 'Basic realm="hexedge"', "missing authentication information\n"];
    for (const repository of [it.repository, "no_such_repository"]) {
      for (const path of paths(repository)) expect(await told(path)).toEqual(expected);
    }
  });

  it("is for a member's key as password, whatever the user name", async () => {
    const it = await world();
    await it.admin.publish();
    const { key } = await user(it, "read");
    for (const path of paths(it.repository)) {
      for (const name of ["", "anything", "me@example.com"]) {
        const headers = { authorization: basic(name, key) };
        const response = await it.guest.fetch(path, { headers });
        expect(response.status).toBe(200);
        expect(response.headers.get("cache-control")).toBe("private, no-cache");
        expect(await response.text()).toContain("foo 1.0.0");
      }
    }
  });

  it("says no to the key of somebody else as if it were not there", async () => {
    const it = await world();
    await it.admin.publish();
    const headers = { authorization: basic("", (await user(await world(), "admin")).key) };
    for (const path of paths(it.repository)) {
      const response = await it.guest.fetch(path, { headers });
      const other = await it.guest.fetch(path.replace(it.repository, "no_such"), { headers });
      expect(response.status).toBe(404);
      expect(other.status).toBe(404);
      expect(await other.text()).toBe((await response.text()).replaceAll(it.repository, "no_such"));
    }
  });

  it("asks again for a key that is none", async () => {
    const it = await world();
    const headers = { authorization: basic("me", "0123456789abcdef0123456789abcdef") };
    const response = await it.guest.fetch(`/repositories/${it.repository}/feed.atom`, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Basic realm="hexedge"');
  });

  it("opens with the cookie of whoever is signed in", async () => {
    const it = await world();
    await it.admin.publish();
    const signedIn = await it.guest.fetch("/sign-in", {
      method: "POST",
      headers: {
        origin: "http://hexedge.test",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams({ key: env.ADMIN_KEY }).toString(),
    });
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect(cookie).not.toBe("");
    const response = await it.guest.fetch(`/repositories/${it.repository}/feed.atom`, {
      headers: { cookie },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("foo 1.0.0");
  });
});

describe("XML out of a template", () => {
  it("has nothing in it that XML 1.0 cannot hold", () => {
    const all = Array.from({ length: 0x10000 }, (_, at) => String.fromCharCode(at)).join(" ");
    const { text } = xml`<a b="${all}">${`${all}🦔`}</a>`;
    expect(text.isWellFormed()).toBe(true);
    expect(text).toContain("🦔");
    const held = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
    expect(held.test(text)).toBe(true);
  });

  it("escapes once", () => {
    const inner = xml`<b>${"<&"}</b>`;
    expect(xml`<a>${inner}${[inner, inner]}</a>`.text).toBe(
      `<a>${"<b>&lt;&amp;</b>".repeat(3)}</a>`,
    );
  });
});
