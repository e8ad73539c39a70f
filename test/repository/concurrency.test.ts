/** Many people at once. Whatever each of them is told must be true when all are done, and stay so. */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { docsTarball, storedBytes, storedNames, storedPackage } from "../support/direct.ts";
import { abort, finish, injectFaults, sleep, until } from "../support/faulty-storage.ts";
import { packageTarball } from "../support/tarball.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";

const many = Array.from({ length: 50 }, (_, at) => at);

function statusesOf(responses: Response[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Those of `items` whose response is the one that was hoped for. */
function winners<T>(items: readonly T[], responses: Response[], status: number): T[] {
  return items.filter((_, at) => responses[at]?.status === status);
}

async function versionsOf(it: World, name = "foo"): Promise<string[]> {
  return (await storedPackage(it, name))?.releases.map(({ version }) => version) ?? [];
}

async function expectRest(it: World): Promise<void> {
  await expectSound(it);
  await finish(it);
  await expectSound(it);
}

// A line for each of hundreds of requests.
beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

describe("fifty publishes at once", () => {
  it("of different versions all succeed, and each can be resolved as soon as it is answered", async () => {
    const it = await world();
    const responses = await Promise.all(
      many.map(async (at) => {
        const version = `1.${at}.0`;
        const response = await it.admin.publish({ version });
        expect(await versionsOf(it)).toContain(version);
        return response;
      }),
    );
    expect(statusesOf(responses)).toEqual({ 201: 50 });
    await expectSound(it);
    expect(await versionsOf(it)).toEqual(many.map((at) => `1.${at}.0`));
    await expectRest(it);
  });

  it("of one version with different bytes have one winner, whose bytes are stored", async () => {
    const it = await world();
    const tarballs = await Promise.all(many.map((at) => packageTarball({ salt: `${at}` })));
    const responses = await Promise.all(tarballs.map((tarball) => it.admin.upload(tarball)));
    expect(statusesOf(responses)).toEqual({ 201: 1, 422: 49 });
    const [winner] = winners(tarballs, responses, 201);
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(winner);
    await expectRest(it);
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(winner);
  });

  it("of one version with the same bytes have one winner", async () => {
    const it = await world();
    const tarball = await packageTarball();
    const responses = await Promise.all(many.map(() => it.admin.upload(tarball)));
    expect(statusesOf(responses)).toEqual({ 201: 1, 422: 49 });
    expect(await storedBytes(it, "tarballs/foo-1.0.0.tar")).toEqual(tarball);
    await expectRest(it);
  });

  it("of different packages all succeed", async () => {
    const it = await world();
    const responses = await Promise.all(many.map((at) => it.admin.publish({ name: `foo_${at}` })));
    expect(statusesOf(responses)).toEqual({ 201: 50 });
    await expectRest(it);
    const files = await storedFiles(it);
    expect(files.filter((path) => path.startsWith("packages/"))).toHaveLength(50);
  });
});

describe("publish and revert at once", () => {
  it("of the only version and the next one leave what each of them was told", async () => {
    for (const revertFirst of [true, false]) {
      const it = await world();
      await it.admin.publish({ version: "1.0.0" });
      const calls = [
        () => it.admin.revert("foo", "1.0.0"),
        () => it.admin.publish({ version: "2.0.0" }),
      ];
      if (!revertFirst) calls.reverse();
      const responses = await Promise.all(calls.map((call) => call()));
      expect(statusesOf(responses)).toEqual({ 201: 1, 204: 1 });
      expect(await versionsOf(it)).toEqual(["2.0.0"]);
      await expectRest(it);
      expect(await versionsOf(it)).toEqual(["2.0.0"]);
    }
  });

  it("of the same version never mix up the old bytes and the new ones", async () => {
    const it = await world();
    await it.admin.publish({ version: "1.0.0", salt: "old" });
    await it.admin.publish({ version: "2.0.0" });
    const [published, reverted] = await Promise.all([
      it.admin.publish({ version: "1.0.0", salt: "new" }),
      it.admin.revert("foo", "1.0.0"),
    ]);
    // It was there when the publish came, and is gone when the revert has answered.
    expect([published.status, reverted.status]).toEqual([422, 204]);
    expect(await versionsOf(it)).toEqual(["2.0.0"]);
    expect((await it.admin.publish({ version: "1.0.0", salt: "new" })).status).toBe(201);
    await expectRest(it);
  });

  it("of a version that is on its way leave it published", async () => {
    const it = await world();
    const [published, reverted] = await Promise.all([
      it.admin.publish({ version: "1.0.0" }),
      it.admin.revert("foo", "1.0.0"),
    ]);
    expect(published.status).toBe(201);
    expect([404, 422]).toContain(reverted.status);
    expect(await versionsOf(it)).toEqual(["1.0.0"]);
    await expectRest(it);
  });
});

describe("replace and revert at once", () => {
  it.each(["replace", "revert"])("leave the whole new release or none: %s first", async (first) => {
    const it = await world();
    await it.admin.publish({ version: "1.0.0", salt: "old" });
    await it.admin.publish({ version: "2.0.0" });
    const replace = () => it.admin.publish({ version: "1.0.0", salt: "new", replace: true });
    const revert = () => it.admin.revert("foo", "1.0.0");
    const [replaced, reverted] =
      first === "replace"
        ? await Promise.all([replace(), revert()])
        : (await Promise.all([revert(), replace()])).reverse();
    // One of them came first, and the other was told that something is going on.
    expect([
      [200, 422],
      [422, 204],
    ]).toContainEqual([replaced?.status, reverted?.status]);
    const isThere = replaced?.status === 200;
    expect(await versionsOf(it)).toEqual(isThere ? ["1.0.0", "2.0.0"] : ["2.0.0"]);
    await expectRest(it);
  });
});

describe("two replaces at once", () => {
  it("leave the bytes of one that succeeded", async () => {
    const it = await world();
    await it.admin.publish({ salt: "old" });
    const tarballs = await Promise.all(many.map((at) => packageTarball({ salt: `${at}` })));
    const responses = await Promise.all(tarballs.map((tarball) => it.admin.upload(tarball, true)));
    const successful = winners(tarballs, responses, 200);
    expect(successful.length).toBeGreaterThan(0);
    expect(successful.length + winners(tarballs, responses, 422).length).toBe(50);
    const stored = await storedBytes(it, "tarballs/foo-1.0.0.tar");
    expect(successful).toContainEqual(stored);
    await expectRest(it);
  });
});

describe("publish and retire at once", () => {
  it("leave the new version and the retirement", async () => {
    const it = await world();
    await it.admin.publish({ version: "1.0.0" });
    const responses = await Promise.all([
      it.admin.publish({ version: "1.1.0" }),
      it.admin.retire("foo", "1.0.0"),
      it.admin.publish({ version: "1.2.0" }),
    ]);
    expect(statusesOf(responses)).toEqual({ 201: 2, 204: 1 });
    const releases = (await storedPackage(it, "foo"))?.releases ?? [];
    expect(releases.map(({ version, retired }) => [version, retired?.reason])).toEqual([
      ["1.0.0", "security"],
      ["1.1.0", undefined],
      ["1.2.0", undefined],
    ]);
    await expectRest(it);
  });
});

describe("docs and revert at once", () => {
  it.each(["docs", "revert"])(
    "leave no docs of a release that is gone: %s first",
    async (first) => {
      const it = await world();
      await it.admin.publish({ version: "1.0.0" });
      const publish = () => it.admin.publishDocs("foo", "1.0.0", docsTarball("foo"));
      const revert = () => it.admin.revert("foo", "1.0.0");
      const [published, reverted] =
        first === "docs"
          ? await Promise.all([publish(), revert()])
          : (await Promise.all([revert(), publish()])).reverse();
      expect([
        [201, 422],
        [201, 204],
        [404, 204],
        [422, 204],
      ]).toContainEqual([published?.status, reverted?.status]);
      await expectRest(it);
      const docs = (await storedFiles(it)).filter((path) => path.startsWith("docs/"));
      expect(docs).toEqual(reverted?.status === 204 ? [] : ["docs/foo-1.0.0.tar.gz"]);
    },
  );
});

describe("revert of a dependency and publish of its dependant at once", () => {
  it.each(["revert", "publish"])("never leave a dependant without it: %s first", async (first) => {
    const it = await world();
    await it.admin.publish({ name: "dep" });
    const requirements = [{ name: "dep", requirement: "~> 1.0", repository: it.repository }];
    const publish = () => it.admin.publish({ name: "app", requirements });
    const revert = () => it.admin.revert("dep", "1.0.0");
    const [published, reverted] =
      first === "publish"
        ? await Promise.all([publish(), revert()])
        : (await Promise.all([revert(), publish()])).reverse();
    expect([
      [201, 422],
      [422, 204],
    ]).toContainEqual([published?.status, reverted?.status]);
    await expectRest(it);
    const isPublished = published?.status === 201;
    expect(await versionsOf(it, "dep")).toEqual(isPublished ? ["1.0.0"] : []);
    expect(await versionsOf(it, "app")).toEqual(isPublished ? ["1.0.0"] : []);
  });
});

describe("everything at once", () => {
  it.each([
    { seed: 1, crashes: false },
    { seed: 2, crashes: false },
    { seed: 3, crashes: true },
    { seed: 4, crashes: true },
    { seed: 5, crashes: true },
    { seed: 6, crashes: true },
  ])(
    "leaves a sound repository with nothing but what was published ($seed, with a crash: $crashes)",
    async ({ seed, crashes }) => {
      const it = await world();
      await it.admin.publish();
      const storage = crashes ? await injectFaults(it) : undefined;
      if (storage) storage.fault = { at: 3 * seed - 6, happens: true, kind: "death" };
      const random = randomNumbers(seed);
      const pick = (choices: string) => choices.split(" ")[random(choices.split(" ").length)] ?? "";
      /** What may be stored: the bytes whose publish succeeded, or was never answered. */
      const possible = new Set([await checksumOf(await packageTarball())]);
      const calls = Array.from({ length: 120 }, async (_, at) => {
        const [name, version] = [pick("foo bar"), pick("1.0.0 1.1.0 2.0.0")];
        const verb = pick("publish publish replace replace revert retire docs");
        await microtasks(random(300));
        if (verb === "revert") return it.admin.revert(name, version);
        if (verb === "retire") return it.admin.retire(name, version);
        if (verb === "docs") return it.admin.publishDocs(name, version, docsTarball(`${at}`));
        const tarball = await packageTarball({ name, version, salt: `${seed} ${at}` });
        const response = await it.admin.upload(tarball, verb === "replace");
        if (response.ok || response.status >= 500) possible.add(await checksumOf(tarball));
        return response;
      });
      if (storage) {
        await until(() => storage.isDead);
        await abort(it);
      }
      const statuses = Object.keys(statusesOf(await Promise.all(calls))).map(Number);
      const allowed = [200, 201, 204, 404, 422, ...(crashes ? [500, 503] : [])];
      for (const status of statuses) expect(allowed).toContain(status);
      if (crashes) expect(statuses.some((status) => status >= 500)).toBe(true);
      await expectRest(it);
      for (const name of ["foo", "bar"]) {
        for (const { outerChecksum } of (await storedPackage(it, name))?.releases ?? []) {
          expect(possible).toContain(outerChecksum && toHex(outerChecksum));
        }
      }
    },
  );
});

describe("names and versions", () => {
  it("are written at most once a second, and show each release within two", async () => {
    const it = await world();
    const storage = await injectFaults(it);
    const lateMs: Promise<number>[] = [];
    for (let at = 0; at < 12; at++) {
      const name = `foo_${at}`;
      expect((await it.admin.publish({ name })).status).toBe(201);
      lateMs.push(untilNamed(it, name));
      await sleep(200);
    }
    for (const ms of await Promise.all(lateMs)) expect(ms).toBeLessThan(2200);
    await runInDurableObject(it.stub, ({ world }: Repository) => world.flush.registry());
    for (const file of ["names", "versions"]) {
      const times = storage.times.filter((_, at) => storage.calls[at] === `put ${file}`);
      expect(times.length).toBeGreaterThan(2);
      const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
      // They are begun a second apart; signing takes a little more or less time.
      expect(Math.min(...gaps)).toBeGreaterThan(950);
    }
    await expectRest(it);
  });
});

/** @returns how long it took until names had the package. */
async function untilNamed(it: World, name: string): Promise<number> {
  const start = Date.now();
  while (!(await storedNames(it)).includes(name)) {
    if (Date.now() - start > 10_000) return Number.POSITIVE_INFINITY;
    await sleep(50);
  }
  return Date.now() - start;
}

async function checksumOf(bytes: Uint8Array): Promise<string> {
  return toHex(await sha256(bytes));
}

async function microtasks(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await null;
}

/** Mulberry32: the same numbers for the same seed. @returns a whole number below `end`. */
function randomNumbers(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
}
