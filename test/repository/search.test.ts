/** Lists and searches, as the ledger answers them. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { migrations } from "../../src/repository/ledger/schema.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { author, needs, stock, upload } from "../support/direct.ts";
import { randomNumbers } from "../support/random.ts";
import { type World, world } from "../support/world.ts";

const day = 24 * 60 * 60 * 1000;
const begin = Date.UTC(2026, 0, 1);

/** The names that a search finds, in order. */
async function names(
  { stub }: Pick<World, "stub">,
  search: string,
  sort = "name",
  page: { limit: number; offset: number } = { limit: 100, offset: 0 },
): Promise<string[]> {
  const list = await stub.list({ search, sort, ...page });
  return list.packages.map((it) => it.package.name);
}

async function shop(): Promise<World> {
  const it = await world();
  await stock(it, [
    { name: "jason", description: "A blazing fast JSON parser and generator", at: begin },
    { name: "poison", description: "JSON library, going fast", at: begin + day },
    { name: "ecto", description: "A toolkit for data mapping", at: begin + 2 * day },
    {
      ...{ name: "ecto_sql", description: "SQL-based adapters", at: begin + 3 * day },
      requirements: [needs("ecto"), needs("telemetry", "hexpm")],
    },
    { name: "phoenix_live_view", description: "Rich user experiences", at: begin + 4 * day },
    {
      ...{ name: "cowboy", description: "HTTP server", at: begin + 5 * day },
      ...{
        buildTools: ["rebar3", "make"],
        extra: { list: ["a", 1], maintenance: { team: "core", since: 7 } },
      },
    },
  ]);
  return it;
}

describe("a search", () => {
  it("without words lists all packages by name, with how many there are", async () => {
    const it = await shop();
    const list = await it.stub.list({ sort: "name", limit: 2, offset: 1 });
    expect(list).toMatchObject({
      packages: [
        { sortKey: "ecto", package: { repository: it.repository, name: "ecto" } },
        { sortKey: "ecto_sql" },
      ],
      ...{ count: 6, sort: "name", descending: false },
    });
  });

  it.each<[string, string[]]>([
    // In the name from three characters on, else as the whole name.
    ["ect", ["ecto", "ecto_sql"]],
    ["ec", []],
    ["ECTO", ["ecto", "ecto_sql"]],
    // In the description, by its stem; any of the words.
    ["parsers", ["jason"]],
    ["json toolkit", ["ecto", "jason", "poison"]],
    ["mapping", ["ecto"]],
    // Words of a name.
    ["live view", ["phoenix_live_view"]],
    // No wildcards in free text.
    ["ecto%", []],
    ["e_to", []],
    ["*", []],
    // By name.
    ["name:ecto", ["ecto"]],
    ["name:ecto*", ["ecto", "ecto_sql"]],
    ["name:*son", ["jason", "poison"]],
    ["name:*live*", ["phoenix_live_view"]],
    ["name:e*o", []],
    ["name:*", ["cowboy", "ecto", "ecto_sql", "jason", "phoenix_live_view", "poison"]],
    ["name:REPOSITORY/ecto", ["ecto"]],
    ["name:elsewhere/ecto", []],
    ["REPOSITORY/ecto_", ["ecto_sql"]],
    ["elsewhere/ecto", []],
    // By description.
    ["description:fast", ["jason", "poison"]],
    ['description:"toolkit server"', ["cowboy", "ecto"]],
    ["description:ecto", []],
    ['description:"!"', []],
    // By what they need, and by build tool.
    ["depends:ecto", ["ecto_sql"]],
    ["depends:REPOSITORY:ecto", ["ecto_sql"]],
    ["depends:hexpm:ecto", []],
    ["depends:hexpm:telemetry", ["ecto_sql"]],
    ["depends:telemetry", ["ecto_sql"]],
    ["depends:ect", []],
    ["build_tool:make", ["cowboy"]],
    ["build_tool:mak", []],
    // By extra.
    ["extra:maintenance,team,core", ["cowboy"]],
    ["extra:maintenance,since,7", ["cowboy"]],
    ["extra:list,[1]", ["cowboy"]],
    ["extra:list,[a,1] extra:maintenance,team,core", ["cowboy"]],
    ["extra:list,[a,2]", []],
    ["extra:team,core", []],
    // All that is said has to be true.
    ["json name:*son description:generator", ["jason"]],
    ["json build_tool:rebar3", []],
    ["json color:red", ["jason", "poison"]],
  ])("for %j", async (search, found) => {
    const it = await shop();
    expect(await names(it, search.replace("REPOSITORY", it.repository))).toEqual(found);
  });

  it("for what changed since lists the oldest change first, whatever order was asked for", async () => {
    const it = await shop();
    const since = new Date(begin + 3 * day).toISOString();
    expect(await names(it, `updated_after:${since}`, "total_downloads")).toEqual([
      ...["ecto_sql", "phoenix_live_view", "cowboy"],
    ]);
    const list = await it.stub.list({
      search: `updated_after:${since}`,
      sort: "",
      limit: 1,
      offset: 0,
    });
    expect(list).toMatchObject({
      packages: [{ sortKey: begin + 3 * day }],
      ...{ count: 3, sort: "updated_at", descending: false },
    });
  });

  it("goes by the latest release, a stable one if there is one", async () => {
    const it = await world();
    await stock(it, [
      {
        name: "foo",
        version: "1.0.0",
        requirements: [needs("plug", "hexpm")],
        buildTools: ["make"],
      },
      { name: "foo", version: "1.10.0", requirements: [needs("ecto", "hexpm")] },
      { name: "foo", version: "1.9.0", requirements: [needs("plug", "hexpm")] },
      { name: "foo", version: "2.0.0-rc.1", requirements: [needs("plug", "hexpm")] },
      { name: "bar", version: "0.1.0-dev", requirements: [needs("plug", "hexpm")] },
    ]);
    expect(await names(it, "depends:plug")).toEqual(["bar"]);
    expect(await names(it, "depends:ecto")).toEqual(["foo"]);
    // Build tools are those of any release.
    expect(await names(it, "build_tool:make")).toEqual(["foo"]);
  });

  it("knows a change at once, and forgets what is reverted", async () => {
    const it = await world();
    for (const version of ["1.0.0", "1.1.0"]) {
      const { publication, tarball } = await upload({ name: "foo", version });
      const description = version === "1.0.0" ? "about apples" : "about pears";
      publication.meta.description = description;
      await it.stub.publish(publication, tarball, author);
      expect(await names(it, `description:${description.split(" ")[1]}`)).toEqual(["foo"]);
    }
    expect(await names(it, "apple")).toEqual([]);
    await it.stub.revert("foo", "1.1.0", author);
    expect(await names(it, "name:foo")).toEqual(["foo"]);
    await it.stub.revert("foo", "1.0.0", author);
    expect(await names(it, "")).toEqual([]);
    expect(await names(it, "pear")).toEqual([]);
  });

  it("sorts, and equal ones by name", async () => {
    const it = await shop();
    const today = new Date().toISOString().slice(0, 10);
    await it.stub.countDownloads([
      { package: "poison", version: "1.0.0", day: today, count: 5 },
      { package: "ecto", version: "1.0.0", day: today, count: 7 },
    ]);
    const byDownloads = ["ecto", "poison", "cowboy", "ecto_sql", "jason", "phoenix_live_view"];
    for (const sort of ["recent_downloads", "total_downloads", "downloads"]) {
      expect(await names(it, "", sort)).toEqual(byDownloads);
    }
    const newest = ["cowboy", "phoenix_live_view", "ecto_sql", "ecto", "poison", "jason"];
    expect(await names(it, "", "inserted_at")).toEqual(newest);
    await it.stub.retire("jason", "1.0.0", { reason: "other", message: null }, author);
    expect(await names(it, "", "updated_at")).toEqual(["jason", ...newest.slice(0, 5)]);
    expect(await names(it, "", "inserted_at")).toEqual(newest);
    expect(await names(it, "", "whatever")).toEqual([...newest].sort());
  });

  it("takes whatever anybody types", async () => {
    const it = await shop();
    const random = randomNumbers(7);
    const pieces = [
      ...[
        '"',
        "'",
        "*",
        "(",
        ")",
        "{",
        "}",
        "^",
        "-",
        "+",
        ":",
        ",",
        "/",
        "\\",
        "%",
        "_",
        "[",
        "]",
        " ",
      ],
      ...[
        "\t",
        "\n",
        "\0",
        "\u{1f600}",
        "\ud800",
        "é",
        "ß",
        "漢",
        "́",
        "²",
        "NEAR",
        "AND",
        "OR",
        "NOT",
        "a",
        "json",
      ],
      ...[
        "name:",
        "description:",
        "extra:",
        "extra:a,",
        "depends:",
        "build_tool:",
        "updated_after:",
        "words",
        "rowid",
      ],
      ...["__proto__", "9".repeat(30), "x".repeat(60), "2026-01-01T00:00:00Z"],
    ];
    const searches = Array.from({ length: 1500 }, () =>
      Array.from({ length: 1 + random(8) }, () => pieces[random(pieces.length)]).join(""),
    );
    searches.push("extra:a,b ".repeat(300), "w ".repeat(500), "z".repeat(100_000));
    const failures = await runInDurableObject(it.stub, (instance: Repository) =>
      searches.flatMap((search) => {
        try {
          instance.list({ search, sort: "name", limit: 2, offset: 0 });
          return [];
        } catch (error) {
          return [`${JSON.stringify(search).slice(0, 200)}: ${error}`];
        }
      }),
    );
    expect(failures).toEqual([]);
    for (const page of [-1, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) {
      expect((await it.stub.list({ sort: "name", limit: page, offset: page })).count).toBe(6);
    }
  });
});

describe("a repository from before there was a search", () => {
  it("finds its packages once it is opened anew, and keeps all it had", async () => {
    const it = await world();
    await runInDurableObject(it.stub, async (_instance, { storage }) => {
      await storage.deleteAll();
      migrate(storage, migrations.slice(0, 1));
      const meta = { description: "An old JSON parser", licenses: [], links: {}, maintainers: [] };
      for (const [at, name] of ["foo", "bar"].entries()) {
        storage.sql.exec(
          `INSERT INTO packages (name, created_at, updated_at, meta, versions_entry, changed, touched, indexed)
           VALUES (?, ?, ?, ?, x'00', 1, 1, 1)`,
          ...[name, begin, begin + at, JSON.stringify({ ...meta, extra: '{"team":"core"}' })],
        );
        storage.sql.exec(
          `INSERT INTO releases (package, version, inner_checksum, outer_checksum, size_bytes, etag, app,
             build_tools, requirements, publisher, published_at, updated_at)
           VALUES (?1, '1.0.0', zeroblob(32), zeroblob(32), 1, 'e', ?1, '["mix"]', ?2, 'admin', ?3, ?3)`,
          ...[name, JSON.stringify([{ package: "ecto", repository: "hexpm" }]), begin],
        );
      }
      storage.sql.exec(
        "INSERT INTO audit (at, action, package, version, author, params) VALUES (?, ?, ?, ?, ?, ?)",
        ...[begin, "release.publish", "foo", "1.0.0"],
        ...['{"name":"admin","requestId":"1","ip":null,"userAgent":null}', '{"replaced":false}'],
      );
    });
    await evictDurableObject(it.stub);
    const both = ["bar", "foo"];
    for (const search of [
      "",
      "parser",
      "depends:hexpm:ecto",
      "build_tool:mix",
      "extra:team,core",
    ]) {
      expect(await names(it, search)).toEqual(both);
    }
    expect(await names(it, "", "updated_at")).toEqual(both);
    expect(await it.stub.package("foo")).toMatchObject({
      owners: [],
      downloads: { all: 0, recent: 0, week: 0, day: 0 },
      releases: [{ version: "1.0.0", downloads: 0 }],
    });
    expect(await it.stub.auditLog({ author: "admin", limit: 10 })).toMatchObject([
      { action: "release.publish", author: { name: "admin", credential: "admin key" } },
    ]);
  });
});
