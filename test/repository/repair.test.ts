/** What a check found is made good where the ledger knows better, and told where it does not. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { sha256 } from "../../src/hex/checksum.ts";
import { checkAtNight } from "../../src/repository/check/nightly.ts";
import { checkStep, type Step } from "../../src/repository/check/step.ts";
import { read } from "../support/answers.ts";
import { author, docsTarball, storedBytes, upload } from "../support/direct.ts";
import { crash, finish, injectFaults, runAlarm } from "../support/faulty-storage.ts";
import { user } from "../support/people.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";

const uploads = await Promise.all([
  upload({ name: "bar", version: "0.1.0" }),
  upload({ name: "foo", version: "1.0.0" }),
  upload({ name: "foo", version: "1.1.0" }),
]);
const docs = docsTarball("foo");
const checksum = await sha256(docs);

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

async function full(): Promise<World> {
  const it = await world();
  for (const { publication, tarball } of uploads) {
    await it.stub.publish(publication, tarball, author);
  }
  await it.stub.publishDocs("foo", "1.0.0", docs, checksum, author);
  await finish(it);
  return it;
}

const put = (it: World, path: string, bytes: string) =>
  env.BUCKET.put(`repos/${it.repository}/${path}`, bytes);
const remove = (it: World, path: string) => env.BUCKET.delete(`repos/${it.repository}/${path}`);
const repair = async (it: World, query = "") =>
  read(await it.admin.api(`/check${query}`, { method: "POST" }));

const damages: [title: string, damage: (it: World) => Promise<unknown>][] = [
  ["packages/NAME is missing", (it) => remove(it, "packages/foo")],
  ["packages/NAME is no registry file", (it) => put(it, "packages/foo", "hello")],
  ["names is missing", (it) => remove(it, "names")],
  ["names is no registry file", (it) => put(it, "names", "hello")],
  ["versions is missing", (it) => remove(it, "versions")],
  ["public_key is another", (it) => put(it, "public_key", "hello")],
  ["public_key is missing", (it) => remove(it, "public_key")],
  ["pages are missing", (it) => env.BUCKET.delete(`pages/${it.repository}/foo-1.0.0`)],
  ["pages are no pages", (it) => env.BUCKET.put(`pages/${it.repository}/foo-1.0.0`, "hello")],
  [
    "lists know nothing",
    ({ stub }) =>
      runInDurableObject(stub, (_instance, { storage }) => {
        storage.sql.exec("DELETE FROM catalog");
        storage.sql.exec("DELETE FROM words");
      }),
  ],
  [
    "everything but the tarballs and docs is gone",
    async (it) => {
      for (const path of await storedFiles(it)) {
        if (!/^(tarballs|docs)/.test(path)) await remove(it, path);
      }
      await env.BUCKET.delete(`pages/${it.repository}/foo-1.0.0`);
    },
  ],
];

describe("repair", () => {
  it.each(damages)("makes good that %s", async (_title, damage) => {
    const it = await full();
    const files = await storedFiles(it);
    await damage(it);
    expect(await repair(it)).toMatchObject({ status: "broken", next: null });
    await finish(it);
    await expectSound(it);
    expect(await storedFiles(it)).toEqual(files);
    expect((await it.stub.list({ search: "foo", sort: "name", limit: 9, offset: 0 })).count).toBe(
      1,
    );
  });

  it("changes no date, and nothing at all where nothing is wrong", async () => {
    const it = await full();
    const before = await storedBytes(it, "names");
    expect(await repair(it)).toMatchObject({ status: "ok", problems: [], repaired: 0 });
    await finish(it);
    expect(await storedBytes(it, "names")).toEqual(before);
    const updatedAt = (await it.stub.package("foo"))?.updatedAt;
    await remove(it, "packages/foo");
    await repair(it);
    await finish(it);
    expect((await it.stub.package("foo"))?.updatedAt).toBe(updatedAt);
  });

  it("tells what nobody can make good, and lets it be", async () => {
    const it = await full();
    await put(it, "tarballs/foo-1.0.0.tar", "hello");
    await remove(it, "docs/foo-1.0.0.tar.gz");
    const told = await repair(it);
    expect(told).toMatchObject({ repaired: 0, cures: [null, null] });
    await finish(it);
    const again = await read(await it.admin.api("/check"));
    expect(again.problems).toEqual(told.problems);
    // Whoever has the bytes publishes them again.
    const { tarball } = uploads[1];
    expect((await it.admin.upload(tarball, true)).status).toBe(200);
    expect((await it.admin.publishDocs("foo", "1.0.0", docs)).status).toBe(201);
    await finish(it);
    await expectSound(it);
  });

  it("removes what nothing tells of only when it is asked to", async () => {
    const it = await full();
    await put(it, "notes.txt", "mine");
    await put(it, "tarballs/foo-9.0.0.tar", "mine");
    await put(it, "packages/other", "mine");
    expect(await repair(it)).toMatchObject({ repaired: 0, cures: ["remove", "remove", "remove"] });
    await finish(it);
    expect(await storedFiles(it)).toContain("notes.txt");
    expect(await repair(it, "?prune=true")).toMatchObject({ repaired: 3 });
    await finish(it);
    await expectSound(it);
  });

  it("is written down, and only an admin's", async () => {
    const it = await full();
    await remove(it, "names");
    const ann = await user(it, "write");
    expect((await ann.api("/check", { method: "POST" })).status).toBe(403);
    expect((await ann.api("/check")).status).toBe(403);
    await repair(it);
    const [latest] = await it.stub.auditLog({ limit: 1 });
    expect(latest).toMatchObject({
      action: "repository.repair",
      params: { cures: ["write index"] },
    });
    expect((await it.admin.api("/check?after=nowhere")).status).toBe(422);
  });

  it("is finished, whatever call of it dies", async () => {
    for (let at = 1, isOver = false; !isOver; at++) {
      const it = await full();
      for (const path of ["packages/foo", "names", "versions", "public_key"]) {
        await remove(it, path);
      }
      await env.BUCKET.delete(`pages/${it.repository}/foo-1.0.0`);
      await repair(it);
      const storage = await injectFaults(it);
      storage.fault = { at, happens: at % 2 === 0, kind: "outage" };
      await runAlarm(it).catch(() => undefined);
      isOver = storage.calls.length < at;
      await crash(it);
      await finish(it);
      await expectSound(it);
    }
  });
});

describe("a check in steps", () => {
  it("sees the same as one in a piece, wherever it stops", async () => {
    const it = await full();
    await remove(it, "tarballs/foo-1.0.0.tar");
    await remove(it, "tarballs/foo-1.1.0.tar");
    await remove(it, "tarballs/bar-0.1.0.tar");
    await remove(it, "names");
    await put(it, "notes.txt", "hello");
    const storage = openStorage(env as Env, it.repository);
    const inOne = await checkStep(storage, it.stub, null);
    expect(inOne.problems).toHaveLength(5);
    const problems: Step["problems"] = [];
    const counts = { packages: 0, releases: 0, steps: 0 };
    for (let cursor: string | null | undefined = null; cursor !== undefined; ) {
      const limits = { reads: 1, bytes: 1, ms: 60_000 };
      const step: Step = await checkStep(storage, it.stub, cursor, limits);
      problems.push(...step.problems);
      counts.packages += step.packages;
      counts.releases += step.releases;
      counts.steps++;
      cursor = step.next ?? undefined;
    }
    expect(problems).toEqual(inOne.problems);
    expect(counts.steps).toBeGreaterThan(3);
    expect(counts).toMatchObject({ packages: inOne.packages, releases: inOne.releases });
  });

  it("tells nothing that is only on its way", async () => {
    const it = await full();
    const storage = openStorage(env as Env, it.repository);
    let isChanged = false;
    // Somebody takes a release back and publishes another between two reads of the check.
    const changing = {
      head: (key: string) => storage.head(key),
      list: (prefix: string, after?: string) => storage.list(prefix, after),
      get: async (key: string) => {
        if (!isChanged && key.endsWith("/tarballs/foo-1.0.0.tar")) {
          isChanged = true;
          await it.stub.revert("foo", "1.0.0", author);
          await it.admin.publish({ name: "foo", version: "1.2.0" });
        }
        return storage.get(key);
      },
    };
    expect((await checkStep(changing, it.stub, null)).problems).toEqual([]);
    expect(isChanged).toBe(true);
  });
});

describe("a check of storage that fails", () => {
  const failing = (it: World, fails: (key: string) => boolean) => {
    const storage = openStorage(env as Env, it.repository);
    const down = (key: string) => {
      if (fails(key)) throw new Error("the disk answered 500");
    };
    return {
      head: async (key: string) => down(key) ?? storage.head(key),
      list: (prefix: string, after?: string) => storage.list(prefix, after),
      get: async (key: string) => down(key) ?? storage.get(key),
    };
  };

  it("tells of what cannot be read, and goes on", async () => {
    const it = await full();
    const broken = failing(it, (key) => /foo-1\.0\.0\.tar$|packages\/bar$/.test(key));
    const { problems, next, settled } = await checkStep(broken, it.stub, null);
    expect(problems.map(({ says }) => says)).toEqual([
      expect.stringMatching(/packages\/bar cannot be read: the disk/),
      expect.stringMatching(/foo-1\.0\.0\.tar cannot be read: the disk/),
    ]);
    expect(problems.every(({ cure }) => cure === null)).toBe(true);
    expect({ next, settled }).toEqual({ next: null, settled: true });
  });

  it("fails when nothing can be read: that is no damage", async () => {
    const it = await full();
    await expect(
      checkStep(
        failing(it, () => true),
        it.stub,
        null,
      ),
    ).rejects.toThrow(/500/);
  });
});

describe("a ledger that was set back to an earlier day", () => {
  it("is told of, and costs nothing that was published since", async () => {
    const it = await full();
    await it.admin.publish({ name: "foo", version: "2.0.0" });
    await finish(it);
    const files = await storedFiles(it);
    await runInDurableObject(it.stub, (_instance, { storage }) => {
      storage.sql.exec("DELETE FROM releases WHERE version = '2.0.0'");
      storage.sql.exec("UPDATE state SET value = 3 WHERE name IN ('sequence', 'published')");
      storage.sql.exec("UPDATE packages SET changed = 3, flushed = 3");
    });
    const { problems, cures } = await repair(it, "?prune=true");
    expect(problems).toContainEqual(expect.stringMatching(/packages\/foo shows change \d+/));
    expect(problems).toContainEqual(expect.stringMatching(/foo-2\.0\.0\.tar: the ledger does not/));
    expect(cures).not.toContain("remove");
    expect(await storedFiles(it)).toEqual(files);
  });
});

describe("the check at night", () => {
  const dayMs = 24 * 3600_000;
  const night = Date.UTC(2031, 0, 5, 2);

  it("is due once a night, and goes on where it stopped", async () => {
    const it = await full();
    expect(await it.stub.checkDue(night)).toBeUndefined();
    expect(await it.stub.checkDue(night + dayMs)).toBeNull();
    // At noon only what was not checked for long.
    expect(await it.stub.checkDue(night + 12 * 3600_000)).toBeUndefined();
    expect(await it.stub.checkDue(night + 2 * dayMs + 12 * 3600_000)).toBeNull();

    const storage = openStorage(env as Env, it.repository);
    const limits = { reads: 1, bytes: 1, ms: 60_000 };
    const first = await checkStep(storage, it.stub, null, limits);
    expect(await it.stub.checked(null, first, night + dayMs)).toBe(true);
    // Another cron, which began at the same time.
    expect(await it.stub.checked(null, first, night + dayMs)).toBe(false);
    await crash(it);
    expect(await it.stub.checkDue(night + dayMs + 1)).toBe(first.next);
    expect(await it.stub.checkState()).toMatchObject({ last: null, running: expect.any(String) });
    await checkAtNight(storage, it.stub, Date.now() + 60_000);
    const { last, running } = await it.stub.checkState();
    expect(last).toMatchObject({ packages: 2, releases: 3, problems: 0, examples: [] });
    expect(running).toBeNull();
    expect(await it.stub.checkDue(Date.parse(last?.at ?? "") + 3600_000)).toBeUndefined();
    const [latest] = await it.stub.auditLog({ limit: 1 });
    expect(latest).toMatchObject({
      action: "repository.check",
      author: { name: "hexedge", credential: "cron" },
      params: { packages: 2, releases: 3, problems: 0 },
    });
  });

  it("says in the log and in its result what is wrong", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const it = await full();
    await remove(it, "tarballs/bar-0.1.0.tar");
    const step = await checkStep(openStorage(env as Env, it.repository), it.stub, null);
    await it.stub.checked(null, step, night);
    const { last } = await it.stub.checkState();
    expect(last).toMatchObject({ problems: 1, examples: [expect.stringContaining("missing")] });
    expect(said).toHaveBeenCalledWith(expect.objectContaining({ problems: 1 }));
  });
});
