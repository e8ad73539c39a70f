/** The faults of MiniRepo's mirror, by their numbers in our list of them: none of them is here. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { injectUpstream, type MirrorWorld, mirrorWorld, syncOnce } from "../support/mirror.ts";
import { untruths, watch } from "../support/mirror-storage.ts";
import { packageTarball } from "../support/tarball.ts";
import { storedFiles } from "../support/world.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("an eager mirror, unlike MiniRepo's,", () => {
  it("#15 is done with a deleted package once it is deleted", async () => {
    const it = await synced();
    await next(it, () => it.author.revert("bar", "1.0.0"));
    const before = it.upstream.asked.length;
    const watched = await watch(it);
    passSeconds(301);
    await syncOnce(it);
    expect(it.upstream.asked.slice(before)).toEqual(["versions", "names"]);
    expect(watched.writes).toEqual([]);
  });

  it("#16 deletes what is its own, below its own name", async () => {
    const it = await synced();
    const theirs = await storedFiles({ repository: it.author.repository });
    const watched = await watch(it);
    await next(it, () => it.author.revert("bar", "1.0.0"));
    expect(watched.writes.filter((write) => write.startsWith("delete "))).toEqual([
      ...["delete packages/bar", "delete tarballs/bar-1.0.0.tar"],
    ]);
    expect((await storedFiles(it)).filter((path) => path.includes("bar"))).toEqual([]);
    const left = theirs.filter((path) => !path.includes("bar"));
    expect(await storedFiles({ repository: it.author.repository })).toEqual(left);
  });

  it("#17 puts names and versions after packages, and packages after tarballs", async () => {
    const it = await source();
    const watched = await watch(it);
    await syncOnce(it);
    await next(it, () => it.author.publish({ name: "foo", version: "2.0.0" }));
    expect(watched.wrong).toEqual([]);
    expect(watched.writes.slice(-4)).toEqual([
      ...["put tarballs/foo-2.0.0.tar", "put packages/foo", "put versions", "put names"],
    ]);
  });

  it("#18 comes back for a tarball that could not be fetched", async () => {
    const it = await synced();
    it.upstream.answer = (path) =>
      path === "tarballs/foo-2.0.0.tar" ? new Response("", { status: 404 }) : undefined;
    await next(it, () => it.author.publish({ name: "foo", version: "2.0.0" }));
    expect((await it.stub.status()).failures).toEqual([
      { package: "foo", why: "2.0.0: upstream does not have it" },
    ]);
    it.upstream.comeBack();
    passSeconds(601);
    await syncOnce(it);
    expect(await storedFiles(it)).toContain("tarballs/foo-2.0.0.tar");
    expect(await it.stub.status()).toMatchObject({ pending: 0, failures: [] });
  });

  it("#19 notices new bytes of a version, and another reason of a retirement", async () => {
    const it = await synced();
    const files = [{ path: "other.ex", bytes: "other" }];
    const replaced = { name: "foo", version: "1.0.0", replace: true, files };
    for (const change of [
      () => it.author.publish(replaced),
      () => it.author.retire("foo", "1.0.0"),
      () => it.author.retire("foo", "1.0.0", { reason: "deprecated" }),
    ]) {
      await next(it, change);
      for (const path of ["/packages/foo", "/tarballs/foo-1.0.0.tar"]) {
        const theirs = await (await it.author.file(path)).arrayBuffer();
        const ours = await (await it.reader.file(path)).arrayBuffer();
        expect(new Uint8Array(ours)).toEqual(new Uint8Array(theirs));
      }
    }
  });

  it("#20 keeps no tarball whose checksum is not the registry's", async () => {
    const it = await source();
    const wrong = await packageTarball({ name: "foo", version: "6.6.6" });
    it.upstream.answer = (path) =>
      path.startsWith("tarballs/foo") ? new Response(wrong) : undefined;
    await syncOnce(it);
    expect(await storedFiles(it)).toEqual(["packages/bar", "tarballs/bar-1.0.0.tar"]);
    expect((await it.stub.status()).failures[0]?.why).toContain("checksum");
  });

  it("#21 takes as many alarms as a package with many tarballs needs", async () => {
    const it = await source();
    for (const version of ["1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"]) {
      await it.author.publish({ name: "foo", version });
    }
    await injectUpstream(it, {}, { requestsMax: 3 });
    let alarms = 1;
    while ((await syncOnce(it)).pending > 0 && alarms < 20) alarms++;
    expect(alarms).toBeGreaterThan(2);
    expect(alarms).toBeLessThan(20);
    expect(await untruths(it)).toEqual([]);
    const tarballs = it.upstream.asked.filter((path) => path.startsWith("tarballs/"));
    expect(tarballs.length).toBe(new Set(tarballs).size);
  });

  it.each(["names", "versions", "packages/foo"])(
    "#22 survives a %s that is no gzip, or is signed by somebody else, and says so",
    async (broken) => {
      const it = await synced();
      const before = await storedFiles(it);
      for (const body of ["no gzip", ""]) {
        it.upstream.answer = (path) => (path === broken ? new Response(body) : undefined);
        const version = body === "" ? "2.0.0" : "2.1.0";
        await next(it, () => it.author.publish({ name: "foo", version }));
        const { warning, failures } = await it.stub.status();
        expect(warning ?? failures[0]?.why).toBeTruthy();
        expect(await storedFiles(it)).toEqual(before);
      }
      it.upstream.comeBack();
      passSeconds(2000);
      await syncOnce(it);
      expect(await it.stub.status()).toMatchObject({ pending: 0, failures: [], warning: null });
      expect(await storedFiles(it)).toContain("tarballs/foo-2.0.0.tar");
    },
  );

  it("#23 mirrors any name of the registry, `__proto__` too, without making anything of it", async () => {
    const it = await source();
    await it.author.publish({ name: "constructor", version: "1.0.0" });
    await it.author.publish({ name: "x__proto__", version: "1.0.0" });
    await syncOnce(it);
    expect(await storedFiles(it)).toContain("tarballs/constructor-1.0.0.tar");
    expect(await untruths(it)).toEqual([]);
    expect(await it.stub.status()).toMatchObject({ pending: 0, held: { packages: 4 } });
  });
});

async function source(): Promise<MirrorWorld> {
  const it = await mirrorWorld({ sync: "eager" });
  await it.author.publish({ name: "foo", version: "1.0.0" });
  await it.author.publish({ name: "bar", version: "1.0.0" });
  return it;
}

async function synced(): Promise<MirrorWorld> {
  const it = await source();
  expect(await syncOnce(it)).toMatchObject({ pending: 0, failures: [] });
  return it;
}

/** Something happens upstream, and the next sync sees it. */
async function next(it: MirrorWorld, change: () => Promise<Response>): Promise<void> {
  passSeconds(301);
  expect((await change()).ok).toBe(true);
  await syncOnce(it);
}

function passSeconds(seconds: number): void {
  const now = Date.now() + seconds * 1000;
  vi.useFakeTimers({ toFake: ["Date"], now });
}
