/** Pages of docs follow the docs, whoever comes together, whatever lands late, whatever was there before. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import { readPage } from "../../src/docs/read.ts";
import type { Env } from "../../src/env.ts";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type { RepositoryRefusal } from "../../src/repository/types.ts";
import { Uploads } from "../../src/repository/upload.ts";
import { docsOf, inflate, noise, text } from "../docs/archives.ts";
import { author, docsTarball, upload } from "../support/direct.ts";
import {
  begin,
  beginAlarm,
  crash,
  ending,
  finish,
  heldCall,
  injectFaults,
  isClean,
  runAlarm,
  sleep,
  until,
} from "../support/faulty-storage.ts";
import { expectSound, type World, world } from "../support/world.ts";
import { pagesOf, storedKeys } from "./pages.ts";

const one = await upload({ version: "1.0.0" });
const two = await upload({ version: "2.0.0" });

interface Docs {
  docs: Uint8Array;
  checksum: Uint8Array;
  hex: string;
}

async function docsSaying(some: string | Uint8Array): Promise<Docs> {
  const docs = typeof some === "string" ? docsTarball(some) : some;
  const checksum = await sha256(docs);
  return { docs, checksum, hex: toHex(checksum) };
}

const a = await docsSaying("a");
const b = await docsSaying("b");
const c = await docsSaying("c");

const publishing =
  ({ docs, checksum }: Docs, version = "1.0.0") =>
  (it: Repository) =>
    it.publishDocs("foo", version, docs, checksum, author);
const reverting = (it: Repository) => it.revertDocs("foo", "1.0.0", author);

async function outcomeOf(
  it: World,
  work: (repository: Repository) => Promise<unknown>,
): Promise<"done" | RepositoryRefusal["reason"]> {
  const outcome = await runInDurableObject(it.stub, work);
  // What is refused is one of these.
  return (outcome as { refused?: RepositoryRefusal } | null)?.refused?.reason ?? "done";
}

async function repositoryWith(...sets: Docs[]): Promise<World> {
  const it = await world();
  for (const { publication, tarball } of [one, two]) {
    await it.stub.publish(publication, tarball, author);
  }
  for (const docs of sets) {
    expect(await outcomeOf(it, publishing(docs))).toBe("done");
    expect(await pagesOf(it)).toBe(docs.hex);
    await expectSound(it);
  }
  await finish(it);
  await expectSound(it);
  return it;
}

async function interrupted(
  it: World,
  call: "put" | "delete",
  work: (repository: Repository) => Promise<unknown>,
) {
  const storage = await injectFaults(it);
  storage.holds = [`${call} pages/`];
  await runInDurableObject(it.stub, ({ world }: Repository) => {
    world.flush.registryStartedAt = 0;
  });
  const running = await begin(it, work);
  return { late: await heldCall(storage), running, storage };
}

const rest = [
  ...["names", "packages/foo", "public_key", "tarballs/foo-1.0.0.tar", "tarballs/foo-2.0.0.tar"],
  "versions",
];
const withDocs = ["pages/foo-1.0.0", "docs/foo-1.0.0.tar.gz", ...rest];

/** At rest with the pages of these docs, or with none; and nothing else is stored. */
async function expectAtRest(it: World, docs: Docs | null): Promise<void> {
  await expectSound(it);
  await finish(it);
  await expectSound(it);
  expect(await pagesOf(it)).toBe(docs?.hex ?? "none");
  expect(await storedKeys(it)).toEqual(docs ? withDocs : rest);
  const release = (await it.stub.package("foo"))?.releases.find((r) => r.version === "1.0.0");
  expect(release).toMatchObject({ hasDocs: docs !== null, hasPages: docs !== null });
}

async function page(it: World, path: string): Promise<string | undefined> {
  const found = await readPage(
    openStorage(env as Env, it.repository),
    `pages/${it.repository}/foo-1.0.0`,
    path,
  );
  if (!found) return undefined;
  const bytes = new Uint8Array(await new Response(found.body).arrayBuffer());
  return text(found.encoding === "gzip" ? await inflate(bytes) : bytes);
}

/** What KV says of 1.0.0. */
async function told({ repository }: World): Promise<object | undefined> {
  const key = `repos/${repository}/packages/foo`;
  return (await env.INDEX.get<{ releases: object[] }>(key, "json"))?.releases[1];
}

const logged = vi.spyOn(console, "error");
beforeEach(() => void logged.mockReset().mockImplementation(() => undefined));

describe("pages", () => {
  it("are there when whoever published docs is answered, and are theirs", async () => {
    const it = await repositoryWith();
    expect(await page(it, "index.html")).toBeUndefined();
    for (const [docs, says] of [
      [a, "<p>a</p>"],
      [b, "<p>b</p>"],
      [a, "<p>a</p>"],
    ] as const) {
      expect(await outcomeOf(it, publishing(docs))).toBe("done");
      expect(await page(it, "index.html")).toBe(says);
      expect(await storedKeys(it)).toEqual(withDocs);
      await expectSound(it);
    }
    expect(await outcomeOf(it, reverting)).toBe("done");
    expect(await page(it, "index.html")).toBeUndefined();
    await expectAtRest(it, null);
  });

  it("have an ETag that never comes back, though the docs do", async () => {
    const it = await repositoryWith();
    const etags = new Set<string | undefined>();
    for (const docs of [a, b, a, b]) {
      await outcomeOf(it, publishing(docs));
      etags.add((await env.BUCKET.head(`pages/${it.repository}/foo-1.0.0`))?.etag);
    }
    expect(await outcomeOf(it, reverting)).toBe("done");
    await finish(it);
    await outcomeOf(it, publishing(a));
    etags.add((await env.BUCKET.head(`pages/${it.repository}/foo-1.0.0`))?.etag);
    expect(etags.size).toBe(5);
  });

  it("are not put again when the same docs are published again", async () => {
    const it = await repositoryWith(a);
    const storage = await injectFaults(it);
    expect(await outcomeOf(it, publishing(a))).toBe("done");
    expect(storage.calls.filter((call) => call.startsWith("put pages/"))).toEqual([]);
    await expectAtRest(it, a);
  });

  it("are made without reading the docs, in one put", async () => {
    const it = await repositoryWith();
    const storage = await injectFaults(it);
    expect(await outcomeOf(it, publishing(a))).toBe("done");
    expect(storage.calls).toEqual([
      "put docs/foo-1.0.0.tar.gz",
      `put pages/${it.repository}/foo-1.0.0`,
    ]);
  });

  it("stay when the release itself is replaced", async () => {
    const it = await repositoryWith(a);
    const other = await upload({ version: "1.0.0", salt: "other", replace: true });
    await it.stub.publish(other.publication, other.tarball, author);
    await expectAtRest(it, a);
  });

  it("are told of in KV once they are there", async () => {
    const it = await repositoryWith(a);
    expect(await told(it)).toMatchObject({ version: "1.0.0", hasDocs: true, hasPages: true });
    await outcomeOf(it, reverting);
    await finish(it);
    expect(await told(it)).toMatchObject({ hasDocs: false, hasPages: false });
  });
});

describe("docs that give no pages", () => {
  it("are refused before anything is written", async () => {
    // Each file of noise once in the window of gzip, so the archive is small, and the pages are not.
    const same = noise(16_000);
    const files = Array.from({ length: 2200 }, (_, at) => [`${at}.png`, same] as const);
    const huge = await docsSaying(docsOf(Object.fromEntries(files)));
    const it = await repositoryWith(a);
    const storage = await injectFaults(it);
    const outcome = await runInDurableObject(it.stub, publishing(huge));
    expect(outcome).toMatchObject({
      refused: { reason: "bad_tarball", message: expect.stringMatching(/^docs too big: .*leave/) },
    });
    expect(await outcomeOf(it, publishing(await docsSaying(new Uint8Array(9))))).toBe(
      "bad_tarball",
    );
    expect(storage.calls).toEqual([]);
    expect(await isClean(it)).toBe(true);
    await expectAtRest(it, a);
    expect(await outcomeOf(it, publishing(b))).toBe("done");
  });

  it.each(["for the first time", "in the place of others"])(
    "are done without any when they are there already %s, and that is logged once",
    async (when) => {
      const it = await repositoryWith(a);
      const old = await docsSaying(new TextEncoder().encode("published under older rules"));
      const key = `repos/${it.repository}/docs/foo-1.0.0.tar.gz`;
      const pages = `pages/${it.repository}/foo-1.0.0`;
      const put = await env.BUCKET.put(key, old.docs, { sha256: old.checksum });
      if (when === "for the first time") await env.BUCKET.delete(pages);
      await runInDurableObject(it.stub, (_instance, { storage }) => {
        storage.sql.exec(
          "UPDATE releases SET docs_etag = ?, docs_checksum = ? WHERE version = '1.0.0'",
          ...[put?.etag, old.checksum],
        );
        if (when !== "for the first time") return;
        storage.sql.exec("UPDATE releases SET pages_etag = NULL, pages_of = NULL");
      });
      await expectSound(it);
      await crash(it);
      await finish(it);
      await runAlarm(it);
      await expectSound(it);
      expect(await storedKeys(it)).toEqual(withDocs.slice(1));
      const record = await it.stub.package("foo");
      expect(record?.releases[1]).toMatchObject({ hasDocs: true, hasPages: false });
      const lines = logged.mock.calls.filter(([it]) => JSON.stringify(it).includes("as pages"));
      expect(lines).toHaveLength(1);
      expect(lines[0]?.[0]).toMatchObject({ package: "foo", version: "1.0.0" });
      // Good ones bring them back.
      expect(await outcomeOf(it, publishing(b))).toBe("done");
      await expectAtRest(it, b);
    },
  );

  it("are done without any when somebody took their tarball away", async () => {
    const it = await repositoryWith(a);
    await env.BUCKET.delete(`repos/${it.repository}/docs/foo-1.0.0.tar.gz`);
    await runInDurableObject(it.stub, (_instance, { storage }) => {
      storage.sql.exec("UPDATE releases SET pages_of = NULL");
    });
    await runInDurableObject(it.stub, (instance: Repository) => instance.recover());
    await finish(it);
    expect(await pagesOf(it)).toBe("none");
  });
});

describe("docs from before there were pages", () => {
  it("get them by themselves, in every release, also when one cannot be written", async () => {
    const it = await repositoryWith(a);
    expect(await outcomeOf(it, publishing(b, "2.0.0"))).toBe("done");
    await finish(it);
    for (const version of ["1.0.0", "2.0.0"]) {
      await env.BUCKET.delete(`pages/${it.repository}/foo-${version}`);
    }
    await runInDurableObject(it.stub, async (_instance, { storage }) => {
      storage.sql.exec("UPDATE releases SET pages_etag = NULL, pages_of = NULL");
      await storage.deleteAlarm();
    });
    await crash(it);
    await expectSound(it);
    await runInDurableObject(it.stub, async (_instance, { storage }) => {
      expect(await storage.getAlarm()).not.toBeNull();
    });
    const storage = await injectFaults(it);
    // Reading the docs of 1.0.0; then 2.0.0 comes all the same.
    storage.fault = { at: 1, happens: false, kind: "once" };
    await ending(await beginAlarm(it), storage);
    expect([await pagesOf(it), await pagesOf(it, "2.0.0")]).toEqual(["none", b.hex]);
    expect(await told(it)).toMatchObject({ version: "1.0.0", hasPages: false });
    await expectSound(it);
    await finish(it);
    expect([await pagesOf(it), await pagesOf(it, "2.0.0")]).toEqual([a.hex, b.hex]);
    await expectSound(it);
    expect(await told(it)).toMatchObject({ version: "1.0.0", hasPages: true });
  });
});

describe("a late put of pages", () => {
  it("loses against those of newer docs", async () => {
    const it = await repositoryWith(a);
    const { late } = await interrupted(it, "put", publishing(b));
    await crash(it);
    await expectSound(it);
    expect(await outcomeOf(it, publishing(c))).toBe("done");
    expect(await late.land()).toBeUndefined();
    await expectAtRest(it, c);
  });

  it("is replaced by those of newer docs when it comes before them", async () => {
    const it = await repositoryWith(a);
    const { late } = await interrupted(it, "put", publishing(b));
    await crash(it);
    expect(await late.land()).toBeDefined();
    await expectSound(it);
    expect(await outcomeOf(it, publishing(c))).toBe("done");
    await expectAtRest(it, c);
  });

  it("loses when the docs are again what they were before it", async () => {
    const it = await repositoryWith(a);
    const { late } = await interrupted(it, "put", publishing(b));
    await crash(it);
    expect(await outcomeOf(it, publishing(c))).toBe("done");
    expect(await outcomeOf(it, publishing(a))).toBe("done");
    expect(await late.land()).toBeUndefined();
    await expectAtRest(it, a);
  });

  it("loses when it was only thought to have failed, and the docs are again what they were", async () => {
    const it = await repositoryWith(a);
    const { late, running, storage } = await interrupted(it, "put", publishing(b));
    late.fail();
    expect(await ending(running, storage)).toEqual({ value: null });
    expect(await outcomeOf(it, publishing(a))).toBe("done");
    expect(await late.land()).toBeUndefined();
    await expectAtRest(it, a);
  });

  it.each(["docs", "release"])("leaves nothing behind when the %s went meanwhile", async (what) => {
    for (const [dies, lands] of [
      [true, "before"],
      [true, "behind"],
      [false, "before"],
      [false, "behind"],
    ] as const) {
      const it = await repositoryWith();
      const { late, running, storage } = await interrupted(it, "put", publishing(a));
      if (dies) await crash(it);
      if (lands === "before") await late.land();
      const revert = (repository: Repository) =>
        what === "docs" ? reverting(repository) : repository.revert("foo", "1.0.0", author);
      expect(await outcomeOf(it, revert)).toBe("done");
      await expectSound(it);
      // Whoever comes now waits until nothing can land any more.
      if (what === "docs" && lands === "behind") {
        expect(await outcomeOf(it, publishing(b))).toBe("release_busy");
      }
      await runAlarm(it);
      await expectSound(it);
      await late.land();
      if (!dies) expect(await ending(running, storage)).toEqual({ value: null });
      await finish(it);
      await expectSound(it);
      expect(await pagesOf(it)).toBe("none");
      const gone = what === "docs" ? [] : ["tarballs/foo-1.0.0.tar"];
      expect(await storedKeys(it)).toEqual(rest.filter((key) => !gone.includes(key)));
      if (what === "release") continue;
      const record = await it.stub.package("foo");
      expect(record?.releases[1]).toMatchObject({ hasDocs: false, hasPages: false });
      expect(await outcomeOf(it, publishing(b))).toBe("done");
      await expectAtRest(it, b);
    }
  });
});

describe("a late delete of pages", () => {
  it.each([true, false])(
    "does not take those of docs that are published anew (crash: %s)",
    async (dies) => {
      const it = await repositoryWith(a);
      const { late, running, storage } = await interrupted(it, "delete", reverting);
      expect(await outcomeOf(it, publishing(b))).toBe("release_busy");
      if (dies) await crash(it);
      else {
        late.fail();
        expect(await ending(running, storage)).toHaveProperty("error");
      }
      expect(await outcomeOf(it, publishing(b))).toBe("release_busy");
      await runAlarm(it);
      expect(await outcomeOf(it, publishing(b))).toBe("release_busy");
      await late.land();
      await finish(it);
      expect(await outcomeOf(it, publishing(b))).toBe("done");
      await expectAtRest(it, b);
    },
  );
});

describe("several at once", () => {
  it("publish docs of one release: one wins, with tarball and pages", async () => {
    const it = await repositoryWith();
    const outcomes = await Promise.all([a, b, c].map((docs) => outcomeOf(it, publishing(docs))));
    expect(outcomes).toEqual(["done", "release_busy", "release_busy"]);
    await expectAtRest(it, a);
  });

  it("publish docs of several releases: all of them do, though memory is for one", async () => {
    const it = await repositoryWith();
    const outcomes = await Promise.all([
      outcomeOf(it, publishing(a)),
      outcomeOf(it, publishing(b, "2.0.0")),
    ]);
    expect(outcomes).toEqual(["done", "done"]);
    await finish(it);
    await expectSound(it);
    expect([await pagesOf(it), await pagesOf(it, "2.0.0")]).toEqual([a.hex, b.hex]);
  });

  it("are told to come again when there is no memory to pack in, and nothing is left behind", async () => {
    const it = await repositoryWith();
    await runInDurableObject(it.stub, ({ world }: Repository) => {
      world.uploads = new Uploads(world, { bytesAtOnceMax: 32 * 1024 * 1024 });
    });
    expect(await outcomeOf(it, publishing(a))).toBe("too_busy");
    await expectAtRest(it, null);
    await runInDurableObject(it.stub, ({ world }: Repository) => {
      world.uploads = new Uploads(world);
    });
    for (let at = 0; at < 5; at++) expect(await outcomeOf(it, publishing(a))).toBe("done");
    await expectAtRest(it, a);
  });

  it("publish and have the alarm make pages of older docs: the newest win", async () => {
    const it = await repositoryWith(a);
    await runInDurableObject(it.stub, (_instance, { storage }) => {
      storage.sql.exec("UPDATE releases SET pages_of = NULL WHERE version = '1.0.0'");
    });
    const storage = await injectFaults(it);
    storage.holds = ["put pages/"];
    const alarm = await beginAlarm(it);
    const late = await heldCall(storage);
    const publish = await begin(it, publishing(b));
    await sleep(50);
    expect(publish.outcome).toBeUndefined();
    await expectSound(it);
    await late.land();
    expect(await ending(publish, storage)).toEqual({ value: null });
    expect(await pagesOf(it)).toBe(b.hex);
    await ending(alarm, storage);
    await expectAtRest(it, b);
  });

  it("read the docs again and replace them: pages are never of docs that are gone", async () => {
    const it = await staleRepository();
    const gate = { isOpen: false, puts: 0 };
    await runInDurableObject(it.stub, ({ world }: Repository) => {
      const inner = world.storage;
      world.storage = {
        head: (key) => inner.head(key),
        delete: (key) => inner.delete(key),
        list: (prefix) => inner.list(prefix),
        async put(key, bytes, condition) {
          if (key.startsWith("pages/")) gate.puts++;
          return inner.put(key, bytes, condition);
        },
        async get(key, range) {
          const found = await inner.get(key, range);
          if (!found) return undefined;
          const body = new Uint8Array(await new Response(found.body).arrayBuffer());
          while (!gate.isOpen) await sleep(2);
          return { ...found, body };
        },
      };
    });
    const alarm = await beginAlarm(it);
    await sleep(50);
    const publish = await begin(it, publishing(b));
    await sleep(100);
    gate.isOpen = true;
    await until(() => publish.outcome !== undefined && alarm.outcome !== undefined);
    expect(publish.outcome).toEqual({ value: null });
    expect(gate.puts).toBe(1);
    expect(logged).not.toHaveBeenCalled();
    await expectAtRest(it, b);
  });

  it("read the docs again while others land, unheard: these are not taken for damage", async () => {
    const it = await staleRepository();
    const storage = await injectFaults(it);
    storage.holds = ["put docs/"];
    const publish = await begin(it, publishing(b));
    const late = await heldCall(storage);
    await env.BUCKET.put(`repos/${it.repository}/docs/foo-1.0.0.tar.gz`, b.docs, {
      sha256: b.checksum,
    });
    await runAlarm(it);
    await expectSound(it);
    expect(logged).not.toHaveBeenCalled();
    await late.land();
    expect(await ending(publish, storage)).toEqual({ value: null });
    expect(await pagesOf(it)).toBe(b.hex);
    await expectAtRest(it, b);
  });
});

/** The pages of 1.0.0 are to be made again. */
async function staleRepository(): Promise<World> {
  const it = await repositoryWith(a);
  await runInDurableObject(it.stub, (_instance, { storage }) => {
    storage.sql.exec("UPDATE releases SET pages_of = NULL WHERE version = '1.0.0'");
  });
  return it;
}
