/** What the repository does when nobody asks it to: alarms, restarts, refusals in time. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { generateSigningKey } from "../../src/hex/sign.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { Uploads } from "../../src/repository/upload.ts";
import {
  author,
  docsTarball,
  storedNames,
  storedPackage,
  upload,
  visible,
} from "../support/direct.ts";
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
  settle,
  sleep,
} from "../support/faulty-storage.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";

const one = await upload({ version: "1.0.0" });
const two = await upload({ version: "2.0.0" });

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

/** Waits for alarms that come by themselves, without touching the Durable Object. */
async function untilStored(it: World, path: string, seconds: number): Promise<string[]> {
  for (let at = 0; at < seconds * 10; at++) {
    const files = await storedFiles(it);
    if (files.includes(path)) return files;
    await sleep(100);
  }
  return storedFiles(it);
}

async function alarmIsSet({ stub }: World): Promise<boolean> {
  return runInDurableObject(
    stub,
    async (_instance, { storage }) => (await storage.getAlarm()) !== null,
  );
}

describe("a repository whose instance died", () => {
  const own = ["names", "packages/foo", "public_key", "tarballs/foo-1.0.0.tar", "versions"];

  it("finishes a publish by itself, though nobody ever asks for it again", async () => {
    const it = await world();
    const storage = await injectFaults(it);
    storage.fault = { at: 1, happens: true, kind: "death" };
    await ending(
      await begin(it, (repository) => repository.publish(one.publication, one.tarball, author)),
      storage,
    );
    expect(await storedFiles(it)).toEqual(["tarballs/foo-1.0.0.tar"]);
    await crash(it);
    // Started by its alarm, it has to know its name from that alone.
    expect(await untilStored(it, "names", 5)).toEqual(own);
    await expectSound(it);
  });

  it("finishes what was answered, too", async () => {
    const it = await world();
    await it.admin.publish();
    await crash(it);
    expect(await untilStored(it, "names", 5)).toEqual(own);
    await expectSound(it);
  });

  it("is looked after by the cron when its alarm was lost", async () => {
    const it = await world();
    await it.admin.publish();
    await runInDurableObject(it.stub, (_instance, { storage }) => storage.deleteAlarm());
    await it.stub.recover();
    expect(await storedFiles(it)).toEqual(own);
    await expectSound(it);
  });
});

describe("an alarm", () => {
  it("comes again after every failure, until all is done", async () => {
    const it = await world();
    expect((await it.admin.publish()).status).toBe(201);
    const storage = await injectFaults(it);
    storage.fault = { at: 1, happens: false, kind: "outage" };
    for (let at = 0; at < 10; at++) {
      expect(await alarmIsSet(it)).toBe(true);
      await runAlarm(it);
      await expectSound(it);
    }
    storage.fault = undefined;
    expect(await alarmIsSet(it)).toBe(true);
    await finish(it);
    await expectSound(it);
    expect(await storedNames(it)).toEqual(["foo"]);
  });

  it("that was put off after failures does not keep the next publish waiting", async () => {
    const it = await world();
    await it.admin.publish();
    const storage = await injectFaults(it);
    storage.fault = { at: 1, happens: false, kind: "outage" };
    for (let at = 0; at < 10; at++) await runAlarm(it);
    storage.fault = undefined;
    await it.admin.publish({ name: "bar" });
    await untilStored(it, "names", 3);
    expect(await storedNames(it)).toEqual(["bar", "foo"]);
  });

  it("stops coming when nothing is left to do", async () => {
    const it = await world();
    await it.admin.publish();
    await finish(it);
    expect(await alarmIsSet(it)).toBe(false);
  });

  it("brings everything else up to date while one upload is in doubt", async () => {
    const it = await world();
    const storage = await injectFaults(it);
    storage.fault = { at: 1, happens: false, kind: "death" };
    await ending(
      await begin(it, (repository) => repository.publish(one.publication, one.tarball, author)),
      storage,
    );
    await crash(it);
    expect((await it.admin.publish({ name: "bar" })).status).toBe(201);
    await runAlarm(it);
    expect(await storedNames(it)).toEqual(["bar"]);
    expect(await isClean(it)).toBe(false);
    expect(await alarmIsSet(it)).toBe(true);
    await settle(it);
    await runAlarm(it);
    await runAlarm(it);
    expect(await isClean(it)).toBe(true);
    await expectSound(it);
  });
});

describe("more bytes at once than the repository takes", () => {
  it("are refused with a word when to come back, and leave nothing", async () => {
    const it = await world();
    const storage = await injectFaults(it);
    await runInDurableObject(it.stub, ({ world }: Repository) => {
      const bytesAtOnceMax = one.tarball.length + two.tarball.length - 1;
      world.uploads = new Uploads(world, { bytesAtOnceMax });
    });
    storage.holds = ["put tarballs/foo-1.0.0"];
    const slow = await begin(it, (repository) =>
      repository.publish(one.publication, one.tarball, author),
    );
    const held = await heldCall(storage);
    expect(await it.stub.publish(two.publication, two.tarball, author)).toEqual({
      refused: { reason: "too_busy", retryAfterSeconds: 2 },
    });
    const response = await it.admin.upload(two.tarball);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await storedFiles(it)).toEqual([]);
    expect(storage.calls).toEqual(["put tarballs/foo-1.0.0.tar"]);
    await expectSound(it);

    await held.land();
    expect(await ending(slow, storage)).toHaveProperty("value.release");
    expect((await it.admin.upload(two.tarball)).status).toBe(201);
    await finish(it);
    await expectSound(it);
    const releases = (await storedPackage(it, "foo"))?.releases ?? [];
    expect(releases.map(({ version }) => version)).toEqual(["1.0.0", "2.0.0"]);
  });

  it("are as many again after uploads that failed", async () => {
    const it = await world();
    const storage = await injectFaults(it);
    await runInDurableObject(it.stub, ({ world }: Repository) => {
      world.uploads = new Uploads(world, { bytesAtOnceMax: one.tarball.length });
    });
    storage.fault = { at: 1, happens: false, kind: "outage" };
    for (let at = 0; at < 3; at++) expect((await it.admin.publish()).status).toBe(500);
    storage.fault = undefined;
    // The same bytes may come again at once; all else waits until the failed ones cannot arrive.
    expect((await it.admin.publish()).status).toBe(201);
    await finish(it);
    await expectSound(it);
  });
});

describe("a new signing key", () => {
  it("signs every file anew, and nothing else changes", async () => {
    const it = await world();
    await it.admin.publish({ version: "1.0.0" });
    await it.admin.publish({ version: "2.0.0" });
    await it.admin.publishDocs("foo", "1.0.0", docsTarball("foo"));
    await it.admin.publish({ name: "bar" });
    await it.admin.publish({ name: "gone" });
    await it.admin.revert("gone", "1.0.0");
    await finish(it);
    const before = await visible(it);
    const { publicKeyPem } = await it.stub.facts();

    const name = `SIGNING_KEY_${it.repository.toUpperCase()}`;
    (env as unknown as Record<string, string>)[name] = await generateSigningKey();
    await crash(it);
    expect((await it.stub.facts()).publicKeyPem).not.toBe(publicKeyPem);
    await runAlarm(it);
    expect(await isClean(it)).toBe(true);
    await expectSound(it);
    expect(await visible(it)).toEqual(before);
    expect(await storedNames(it)).toEqual(["bar", "foo"]);
    const publicKey = await it.admin.file("/public_key");
    expect(publicKey.status).toBe(200);
    expect(new TextDecoder().decode(await publicKey.arrayBuffer())).toBe(
      (await it.stub.facts()).publicKeyPem,
    );
  });

  it("finishes also when it comes in the middle of a revert, and the storage fails", async () => {
    const it = await world();
    await it.admin.publish();
    await finish(it);
    const storage = await injectFaults(it);
    storage.holds = ["delete packages/foo"];
    await begin(it, (repository) => {
      repository.world.flush.registryStartedAt = 0;
      return repository.revert("foo", "1.0.0", author);
    });
    const late = await heldCall(storage);
    const name = `SIGNING_KEY_${it.repository.toUpperCase()}`;
    (env as unknown as Record<string, string>)[name] = await generateSigningKey();
    await crash(it);
    const again = await injectFaults(it);
    again.fault = { at: 2, happens: true, kind: "death" };
    await ending(await beginAlarm(it), again);
    await crash(it);
    await runAlarm(it);
    await late.land();
    await finish(it);
    await expectSound(it);
    expect(await storedFiles(it)).toEqual(["names", "public_key", "versions"]);
  });
});
