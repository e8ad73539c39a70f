/** How often releases were fetched. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { indexKey } from "../../src/repository/keys.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type { PackageRecord } from "../../src/repository/types.ts";
import { author, stock, upload } from "../support/direct.ts";
import { finish, injectFaults } from "../support/faulty-storage.ts";
import { expectSound, type World, world } from "../support/world.ts";

const dayMs = 24 * 60 * 60 * 1000;
const noon = Date.UTC(2026, 5, 15, 12);

afterEach(() => {
  vi.useRealTimers();
});

/** A day, so many days from noon of the tests' today. */
const day = (days = 0, of = noon) => new Date(of + days * dayMs).toISOString().slice(0, 10);
const count = (version: string, count: number, on = day(), name = "foo") => ({
  ...{ package: name, version, day: on, count },
});

/** Counts as if it were so many days later than the tests' today. */
async function counted(
  { stub }: World,
  counts: Parameters<Repository["countDownloads"]>[0],
  days = 0,
): Promise<void> {
  await runInDurableObject(stub, ({ world }: Repository) => {
    world.ledger.countDownloads(counts, noon + days * dayMs);
  });
}

function downloads({ stub }: World, days = 0, name = "foo") {
  return runInDurableObject(stub, ({ world }: Repository) =>
    world.ledger.packageDownloads(name, noon + days * dayMs),
  );
}

function age({ stub }: World, days: number): Promise<void> {
  return runInDurableObject(stub, ({ world }: Repository) =>
    world.ledger.ageDownloads(noon + days * dayMs),
  );
}

async function shop(): Promise<World> {
  const it = await world();
  await stock(it, [{ name: "foo" }, { name: "foo", version: "2.0.0" }, { name: "bar" }]);
  return it;
}

async function totals({ stub }: World, name = "foo"): Promise<[string, number][]> {
  const record = await stub.package(name);
  return (record?.releases ?? []).map((release) => [release.version, release.downloads]);
}

describe("downloads", () => {
  it("add up by release, by package and by day", async () => {
    const it = await shop();
    await counted(it, [
      count("1.0.0", 1),
      count("1.0.0", 2),
      count("2.0.0", 4),
      count("1.0.0", 8, day(-1)),
    ]);
    await counted(it, [count("1.0.0", 16)]);
    expect(await downloads(it)).toEqual({ all: 31, recent: 31, week: 31, day: 8 });
    expect(await totals(it)).toEqual([
      ["2.0.0", 4],
      ["1.0.0", 27],
    ]);
    expect(await downloads(it, 0, "bar")).toEqual({ all: 0, recent: 0, week: 0, day: 0 });
    expect(await it.stub.releaseDownloads("foo", "1.0.0", "day")).toEqual([
      [day(-1), 8],
      [day(), 19],
    ]);
    expect(await it.stub.releaseDownloads("foo", "1.0.0", "month")).toEqual([["2026-06", 27]]);
    expect(await it.stub.releaseDownloads("foo", "1.0.0", "day", day())).toEqual([[day(), 19]]);
    expect(await it.stub.releaseDownloads("foo", "1.0.0", "day", undefined, day(-1))).toEqual([
      [day(-1), 8],
    ]);
  });

  it("are not taken for what does not exist, and not when they cannot be", async () => {
    const it = await shop();
    const some = [
      ...[count("9.9.9", 1), count("", 1), count("1.0.0", 1, day(), "nothing")],
      ...[count("1.0.0", 0), count("1.0.0", -1), count("1.0.0", 1.5), count("1.0.0", Number.NaN)],
      ...[count("1.0.0", 1e15), count("1.0.0", Number.POSITIVE_INFINITY)],
      ...[count("1.0.0", 1, day(1)), count("1.0.0", 1, day(-3)), count("1.0.0", 1, "")],
      count("1.0.0", 1, `${day()}T00:00`),
    ];
    await counted(it, some);
    await counted(
      it,
      Array.from({ length: 1001 }, () => count("1.0.0", 1)),
    );
    await counted(it, []);
    expect(await downloads(it)).toEqual({ all: 0, recent: 0, week: 0, day: 0 });
    // One that is right counts beside all that are wrong.
    await counted(it, [...some, count("1.0.0", 1, day(-2))]);
    expect(await downloads(it)).toEqual({ all: 1, recent: 1, week: 1, day: 0 });
  });

  it("are of a week and of 90 days, and for ever", async () => {
    const it = await shop();
    await counted(it, [count("1.0.0", 5)]);
    expect(await downloads(it, 6)).toMatchObject({ week: 5, day: 0 });
    expect(await downloads(it, 7)).toMatchObject({ week: 0, recent: 5 });
    expect(await downloads(it, 89)).toMatchObject({ recent: 5 });
    expect(await downloads(it, 90)).toEqual({ all: 5, recent: 0, week: 0, day: 0 });
  });

  it("of more than 90 days ago are forgotten, but for the sum", async () => {
    const it = await shop();
    const recent = async () =>
      (await it.stub.list({ search: "foo", sort: "recent_downloads", limit: 1, offset: 0 }))
        .packages[0]?.sortKey;
    await age(it, 0);
    await counted(it, [count("1.0.0", 5)]);
    await counted(it, [count("1.0.0", 6, day(30))], 30);
    await age(it, 89);
    expect(await recent()).toBe(11);
    await age(it, 90);
    expect(await recent()).toBe(6);
    expect(await it.stub.releaseDownloads("foo", "1.0.0", "day")).toEqual([[day(30), 6]]);
    expect(await downloads(it, 90)).toMatchObject({ all: 11, recent: 6 });
    expect(await totals(it)).toEqual([
      ["2.0.0", 0],
      ["1.0.0", 11],
    ]);
  });

  it("of a reverted release stay with its package, and go with the package", async () => {
    const it = await world();
    for (const version of ["1.0.0", "2.0.0"]) {
      const { publication, tarball } = await upload({ version });
      await it.stub.publish(publication, tarball, author);
    }
    await counted(it, [count("1.0.0", 1), count("2.0.0", 2)]);
    await it.stub.revert("foo", "2.0.0", author);
    expect(await downloads(it)).toMatchObject({ all: 3, recent: 3 });
    expect(await totals(it)).toEqual([["1.0.0", 1]]);
    expect(await it.stub.releaseDownloads("foo", "2.0.0", "day")).toEqual([]);
    const again = await upload({ version: "2.0.0" });
    await it.stub.publish(again.publication, again.tarball, author);
    expect(await totals(it)).toEqual([
      ["2.0.0", 0],
      ["1.0.0", 1],
    ]);
    for (const version of ["1.0.0", "2.0.0"]) await it.stub.revert("foo", version, author);
    await it.stub.publish(again.publication, again.tarball, author);
    expect(await downloads(it)).toEqual({ all: 0, recent: 0, week: 0, day: 0 });
  });

  it("rewrite no registry file, and reach KV once an hour", async () => {
    const it = await world();
    const { publication, tarball } = await upload();
    await it.stub.publish(publication, tarball, author);
    await finish(it);
    const storage = await injectFaults(it);
    const shown = async () =>
      (await (env.INDEX as KVNamespace).get<PackageRecord>(indexKey(it.repository, "foo"), "json"))
        ?.downloads.all;
    vi.useFakeTimers({ toFake: ["Date"], now: noon });
    const fetched = (minutes: number) => {
      vi.setSystemTime(noon + minutes * 60_000);
      return it.stub.countDownloads([count("1.0.0", 1)]);
    };
    await fetched(0);
    await finish(it);
    expect(await shown()).toBe(1);
    await fetched(30);
    await fetched(59);
    await finish(it);
    expect(await shown()).toBe(1);
    await fetched(60);
    await finish(it);
    expect(await shown()).toBe(4);
    expect(storage.calls).toEqual(["index packages/foo", "index packages/foo"]);
    await expectSound(it);
  });

  it("that nobody adds to reach KV all the same, and so does the end of their day", async () => {
    const it = await shop();
    await age(it, 0);
    const storage = await injectFaults(it);
    const told = () =>
      runInDurableObject(it.stub, (_instance, { storage }) =>
        storage.sql
          .exec<{ name: string }>("SELECT name FROM packages WHERE touched > indexed")
          .toArray(),
      );
    const tellAll = () =>
      runInDurableObject(it.stub, (_instance, { storage }) => {
        storage.sql.exec("UPDATE packages SET indexed = touched");
      });
    await counted(it, [count("1.0.0", 1)]);
    await tellAll();
    await counted(it, [count("1.0.0", 1)], 0.01);
    expect(await told()).toEqual([]);
    await age(it, 0.1);
    expect(await told()).toEqual([{ name: "foo" }]);
    // They become yesterday's, are yesterday's no more, nor this week's, nor recent.
    for (const days of [1, 2, 7, 90]) {
      await tellAll();
      await age(it, days);
      expect(await told()).toEqual([{ name: "foo" }]);
      if (days === 1) continue;
      await tellAll();
      await age(it, days + 1);
      expect(await told()).toEqual([]);
    }
    expect(storage.calls).toEqual([]);
  });
});
