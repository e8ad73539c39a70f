import { describe, expect, it } from "vitest";
import { asksForErlang, jsonBody, read } from "../support/answers.ts";
import { setRole, user } from "../support/people.ts";
import { type World, world } from "../support/world.ts";
import { type Ask, basic, exchanged, keyOfOrganization, registryWith } from "./registry.ts";

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

type Shown = { name: string; repository: string };

/** `name` of each, or with `repository/` before it. */
async function names(ask: Ask, query: string, key?: string, path = "/api/packages") {
  const response = await ask(`${path}${query}`, key === undefined ? {} : { key });
  expect(response.status).toBe(200);
  const all = Object.values(await read(response)) as Shown[];
  return all.map(({ name }) => name);
}

async function places(ask: Ask, query: string, key?: string): Promise<string[]> {
  const response = await ask(`/api/packages${query}`, key === undefined ? {} : { key });
  const all = Object.values(await read(response)) as Shown[];
  return all.map(({ name, repository }) => `${repository}/${name}`);
}

/** Publishes packages one after the other. */
async function stocked(options: { public?: boolean }, ...all: string[]): Promise<World> {
  const it = await world(options);
  for (const name of all) expect((await it.admin.publish({ name })).status).toBe(201);
  return it;
}

describe("the packages of a repository", () => {
  it("are listed with what mix and rebar3 read, in both formats", async () => {
    const it = await stocked({ public: true }, "foo");
    await it.admin.publish({ name: "foo", version: "1.1.0-rc.1" });
    const url = `http://hexedge.test/api/repos/${it.repository}/packages/foo`;
    for (const headers of [{}, asksForErlang]) {
      const response = await it.guest.api("/packages?search=foo&sort=downloads", { headers });
      expect(response.status).toBe(200);
      const [foo, ...others] = Object.values(await read(response));
      expect(others).toEqual([]);
      expect(foo).toMatchObject({
        ...{ name: "foo", repository: it.repository, url },
        html_url: expect.stringMatching(/^http:\/\/hexedge\.test\//),
        meta: { description: "What foo is for", licenses: ["MIT"] },
        releases: [{ version: "1.1.0-rc.1" }, { version: "1.0.0", url: `${url}/releases/1.0.0` }],
        ...{ latest_version: "1.1.0-rc.1", latest_stable_version: "1.0.0" },
        downloads: { all: 0, recent: 0, week: 0, day: 0 },
      });
    }
  });

  it("are sorted as asked: by name, or by what is newest", async () => {
    const it = await stocked({ public: true }, "cc", "aa", "bb");
    await it.admin.publish({ name: "aa", version: "1.1.0" });
    const ask = registryOf(it);
    const list = (query: string) =>
      names(ask, query, undefined, `/api/repos/${it.repository}/packages`);
    expect(await list("")).toEqual(["aa", "bb", "cc"]);
    expect(await list("?sort=name")).toEqual(["aa", "bb", "cc"]);
    expect(await list("?sort=nothing")).toEqual(["aa", "bb", "cc"]);
    expect(await list("?sort=inserted_at")).toEqual(["bb", "aa", "cc"]);
    expect(await list("?sort=updated_at")).toEqual(["aa", "bb", "cc"]);
    const today = new Date().toISOString().slice(0, 10);
    const count = { version: "1.0.0", day: today };
    await it.stub.countDownloads([
      { ...count, package: "cc", count: 2 },
      { ...count, package: "bb", count: 3 },
    ]);
    for (const sort of ["downloads", "total_downloads", "recent_downloads"]) {
      expect([sort, await list(`?sort=${sort}`)]).toEqual([sort, ["bb", "cc", "aa"]]);
    }
  });

  it("come in pages, of which a hundred is the largest", async () => {
    const it = await stocked({ public: true }, "aa", "bb", "cc");
    const ask = registryOf(it);
    const path = `/api/repos/${it.repository}/packages`;
    const list = (query: string) => names(ask, query, undefined, path);
    expect(await list("?per_page=2")).toEqual(["aa", "bb"]);
    expect(await list("?per_page=2&page=2")).toEqual(["cc"]);
    expect(await list("?per_page=2&page=3")).toEqual([]);
    expect(await list("?page=2")).toEqual([]);
    expect(await list("?page=100000000")).toEqual([]);
    for (const wrong of ["page=0", "page=-1", "page=x", "page=1.5", "per_page=0", "per_page=-3"]) {
      expect([wrong, await list(`?${wrong}`)]).toEqual([wrong, ["aa", "bb", "cc"]]);
    }
    expect(await list("?per_page=1000000")).toHaveLength(3);
  });

  it.each([
    ["search=aa", ["aa"]],
    ["search=zz", []],
    ["search=name:b*", ["bb"]],
    ["search=depends:aa", ["bb"]],
    ["search=What%20bb%20is", ["bb"]],
    ["search=%25", []],
    ["search=_a", []],
    ["search=%00", []],
    ["search='%20OR%201=1", []],
    [`search=${"x".repeat(5000)}`, []],
    ["search=extra:", []],
    ["search=%F0%9F%A6%84", []],
    ["search=", ["aa", "bb"]],
    ["search=%20", ["aa", "bb"]],
  ])("are searched: %s finds %j", async (query, found) => {
    const it = await stocked({ public: true }, "aa");
    const requirements = [{ name: "aa", repository: it.repository }];
    await it.admin.publish({ name: "bb", requirements });
    const path = `/api/repos/${it.repository}/packages`;
    expect(await names(registryOf(it), `?${query}`, undefined, path)).toEqual(found);
  });

  it("that were reverted are in no list", async () => {
    const it = await stocked({ public: true }, "aa", "bb");
    await it.admin.revert("aa", "1.0.0");
    expect(await names(registryOf(it), "")).toEqual(["bb"]);
  });
});

describe("the packages of all repositories", () => {
  it("are those that one may read, in one order", async () => {
    const [open, mine, other] = [
      await stocked({ public: true }, "aa", "dd"),
      await stocked({}, "bb", "dd"),
      await stocked({}, "cc"),
    ];
    const ask = registryOf(open, mine, other);
    const ann = await user(mine, "read");
    const inOpen = [`${open.repository}/aa`, `${open.repository}/dd`];
    expect(await places(ask, "")).toEqual(inOpen);
    const all = [
      ...[`${open.repository}/aa`, `${mine.repository}/bb`, `${open.repository}/dd`],
      `${mine.repository}/dd`,
    ];
    for (const key of [ann.key, (await ann.with("api:read")).key, basic(ann.name, ann.password)]) {
      expect(await places(ask, "", key)).toEqual(all);
    }
    const token = `Bearer ${await exchanged(ann.key, "api:read")}`;
    expect(await places(ask, "", token)).toEqual(all);
    const organization = await keyOfOrganization(other, "api:read");
    expect(await places(ask, "", organization)).toEqual([
      ...[`${open.repository}/aa`, `${other.repository}/cc`, `${open.repository}/dd`],
    ]);
    await setRole(other, ann.name, "read");
    expect(await places(ask, "?search=cc", (await ann.with("api")).key)).toEqual([
      `${other.repository}/cc`,
    ]);
    const forFiles = await ann.with("repositories");
    expect((await ask("/api/packages", { key: forFiles.key })).status).toBe(401);
  });

  it("are in order by every sort, and in pages", async () => {
    const one = await world({ public: true });
    const two = await world({ public: true });
    for (const [it, name] of [[one, "dd"] as const, [two, "cc"], [one, "bb"], [two, "aa"]]) {
      await (it as World).admin.publish({ name: name as string });
    }
    const ask = registryOf(two, one);
    expect(await names(ask, "")).toEqual(["aa", "bb", "cc", "dd"]);
    expect(await names(ask, "?sort=inserted_at")).toEqual(["aa", "bb", "cc", "dd"]);
    const day = new Date().toISOString().slice(0, 10);
    const counted = (name: string, count: number) => ({
      package: name,
      version: "1.0.0",
      day,
      count,
    });
    await one.stub.countDownloads([counted("dd", 4), counted("bb", 1)]);
    await two.stub.countDownloads([counted("aa", 2), counted("cc", 9)]);
    expect(await names(ask, "?sort=downloads")).toEqual(["cc", "dd", "aa", "bb"]);
    expect(await names(ask, "?sort=downloads&per_page=3")).toEqual(["cc", "dd", "aa"]);
    expect(await names(ask, "?sort=downloads&per_page=3&page=2")).toEqual(["bb"]);
    expect(await names(ask, "?per_page=1&page=3")).toEqual(["cc"]);
    expect(await names(ask, "?per_page=1&page=5")).toEqual([]);
  });

  it("of more pages than are read at once are asked for by repository", async () => {
    const [one, two] = [await world({ public: true }), await world({ public: true })];
    const ask = registryOf(one, two);
    expect((await ask("/api/packages?page=100")).status).toBe(200);
    const response = await ask("/api/packages?page=101");
    expect(response.status).toBe(422);
    expect((await read(response)).errors).toEqual({ page: expect.stringMatching(/at most 100/) });
  });

  it("are none for whoever may read none", async () => {
    const it = await stocked({}, "aa");
    const ask = registryOf(it);
    expect(await names(ask, "")).toEqual([]);
    const stranger = await user(await world(), "admin");
    expect(await names(ask, "", stranger.key)).toEqual([]);
    expect((await ask(`/api/repos/${it.repository}/packages`, { key: stranger.key })).status).toBe(
      404,
    );
    expect((await ask(`/api/repos/${it.repository}/packages`)).status).toBe(401);
  });
});

describe("repositories", () => {
  it("are listed as far as one may read them, and shown with where they are", async () => {
    const [open, mine] = [await world({ public: true }), await world()];
    const ask = registryOf(open, mine);
    const ann = await user(mine, "read");
    const view = ({ repository }: World, isPublic: boolean) => ({
      ...{ name: repository, kind: "hosted", public: isPublic, publish: "members" },
      url: `http://hexedge.test/api/repos/${repository}`,
      repository_url: `http://hexedge.test/repos/${repository}`,
    });
    const list = async (init: { key?: string; headers?: Record<string, string> }) =>
      Object.values(await read(await ask("/api/repos", init)));
    expect(await list({})).toEqual([view(open, true)]);
    for (const headers of [{}, asksForErlang]) {
      expect(await list({ key: ann.key, headers })).toEqual([view(open, true), view(mine, false)]);
      const shown = await ask(`/api/repos/${mine.repository}`, { key: ann.key, headers });
      expect(await read(shown)).toEqual({ ...view(mine, false), published: true });
    }
    expect((await ask(`/api/repos/${mine.repository}`)).status).toBe(401);
    expect((await ask(`/api/repos/${open.repository}`)).status).toBe(200);
    expect((await ask("/api/repos/undeclared", { key: ann.key })).status).toBe(404);
    const write = { key: ann.key, method: "POST", ...jsonBody({ name: "more" }) };
    expect((await ask("/api/repos", write)).status).toBe(405);
  });
});
