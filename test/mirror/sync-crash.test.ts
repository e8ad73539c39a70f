/** An eager mirror that dies at each of its writes, before or after it happens, and goes on. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { injectUpstream, type MirrorWorld, mirrorWorld, syncOnce } from "../support/mirror.ts";
import { crashAt, untruths } from "../support/mirror-storage.ts";
import { storedFiles } from "../support/world.ts";

const eager = { sync: "eager" } as const;
const first = ["foo 1.0.0", "foo 1.1.0", "bar 1.0.0", "baz 1.0.0"];

afterEach(() => {
  vi.useRealTimers();
});

describe.each([false, true])(
  "an eager mirror that dies at a write (which happens: %s)",
  (happens) => {
    it("goes on with its first sync, and fetches no tarball twice that was kept", async () => {
      let at = 1;
      for (; ; at++) {
        const it = await source();
        await it.stub.recover();
        const died = await crashAt(it, at, happens);
        expect(await untruths(it)).toEqual([]);
        await goOn(it);
        expect(await untruths(it)).toEqual([]);
        expect(await storedFiles(it)).toEqual([
          ...["names", "packages/bar", "packages/baz", "packages/foo", "tarballs/bar-1.0.0.tar"],
          ...["tarballs/baz-1.0.0.tar", "tarballs/foo-1.0.0.tar", "tarballs/foo-1.1.0.tar"],
          "versions",
        ]);
        if (!died) break;
      }
      expect(at).toBe(10);
    });

    it("goes on with new, replaced, reverted and deleted releases", async () => {
      let at = 1;
      for (; ; at++) {
        const it = await source();
        await syncOnce(it);
        passSeconds(301);
        await it.author.publish({ name: "new", version: "1.0.0" });
        const files = [{ path: "other.ex", bytes: "other" }];
        await it.author.publish({ name: "baz", version: "1.0.0", replace: true, files });
        expect((await it.author.revert("foo", "1.1.0")).status).toBe(204);
        expect((await it.author.revert("bar", "1.0.0")).status).toBe(204);
        await upstreamWrites(it);
        const died = await crashAt(it, at, happens);
        expect(await untruths(it, ["baz 1.0.0"])).toEqual([]);
        await goOn(it);
        expect(await untruths(it)).toEqual([]);
        expect(await storedFiles(it)).toEqual([
          ...["names", "packages/baz", "packages/foo", "packages/new", "tarballs/baz-1.0.0.tar"],
          ...["tarballs/foo-1.0.0.tar", "tarballs/new-1.0.0.tar", "versions"],
        ]);
        vi.useRealTimers();
        if (!died) break;
      }
      expect(at).toBe(12);
    });
  },
);

async function source(): Promise<MirrorWorld> {
  const it = await mirrorWorld(eager);
  for (const release of first) {
    const [name = "", version = ""] = release.split(" ");
    expect((await it.author.publish({ name, version })).status).toBe(201);
  }
  await upstreamWrites(it);
  return it;
}

/** What the instance that starts after the crash does; nothing that was kept is fetched again. */
async function goOn(it: MirrorWorld): Promise<void> {
  await injectUpstream(it, eager);
  const kept = (await storedFiles(it)).filter((path) => path.startsWith("tarballs/"));
  const before = it.upstream.asked.length;
  for (let alarms = 0; alarms < 3; alarms++) {
    await syncOnce(it);
    passSeconds(31);
  }
  // The bytes of baz 1.0.0 that are kept may be those from before.
  const again = it.upstream.asked.slice(before).filter((path) => kept.includes(path));
  expect(again.filter((path) => path !== "tarballs/baz-1.0.0.tar")).toEqual([]);
  expect(await it.stub.status()).toMatchObject({ pending: 0, failures: [], upstream: "ok" });
}

async function upstreamWrites(it: MirrorWorld): Promise<void> {
  const { env } = await import("cloudflare:workers");
  await env.REPOSITORY.getByName(it.author.repository).recover();
}

function passSeconds(seconds: number): void {
  const now = Date.now() + seconds * 1000;
  vi.useFakeTimers({ toFake: ["Date"], now });
}
