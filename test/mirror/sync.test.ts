/** `sync = "eager"`: all that upstream has is here before anybody asks, and nobody is told of what is not. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import type { MirrorDeclaration } from "../../src/mirror/declaration.ts";
import { docsTarball } from "../support/direct.ts";
import { injectUpstream, type MirrorWorld, mirrorWorld, syncOnce } from "../support/mirror.ts";
import { untruths, watch } from "../support/mirror-storage.ts";
import { packageTarball } from "../support/tarball.ts";
import { storedFiles } from "../support/world.ts";

afterEach(() => {
  vi.useRealTimers();
});

const all = (...releases: string[]) => {
  const packages = [...new Set(releases.map((it) => it.split("-")[0]))];
  return [
    ...["names", ...packages.map((name) => `packages/${name}`)],
    ...[...releases.map((release) => `tarballs/${release}.tar`), "versions"],
  ];
};

describe("an eager mirror", () => {
  it("brings everything, contents before the index", async () => {
    const it = await eager();
    const watched = await watch(it);
    const status = await syncOnce(it);
    expect(await storedFiles(it)).toEqual(all("bar-1.0.0", "baz-1.0.0", "foo-1.0.0", "foo-1.1.0"));
    expect(watched.wrong).toEqual([]);
    expect(watched.writes.slice(-2)).toEqual(["put versions", "put names"]);
    expect(status).toMatchObject({
      ...{ upstream: "ok", warning: null, pending: 0, failures: [] },
      held: { packages: 3, releases: 4 },
    });
    expect(status.lastSyncAt).toBeGreaterThan(0);
    expect(status.lastChangeAt).toBeGreaterThan(0);
    await expectSame(it, "versions", "names", "packages/foo", "tarballs/foo-1.1.0.tar");
  });

  it("asks two conditional requests when nothing changed", async () => {
    const it = await synced();
    const before = it.upstream.asked.length;
    passSeconds(301);
    const status = await syncOnce(it);
    expect(it.upstream.asked.slice(before)).toEqual(["versions", "names"]);
    for (const headers of it.upstream.headers.slice(before)) {
      expect(headers.get("if-none-match")).toBeTruthy();
    }
    expect(status.lastSyncAt).toBeGreaterThan(status.lastChangeAt ?? Number.POSITIVE_INFINITY);
  });

  it("does not ask before its interval is over, and serves what it has without asking", async () => {
    const it = await synced();
    const before = it.upstream.asked.length;
    passSeconds(120);
    await syncOnce(it);
    for (const path of ["/versions", "/names", "/packages/foo", "/tarballs/foo-1.0.0.tar"]) {
      expect((await it.reader.file(path)).status).toBe(200);
    }
    expect(it.upstream.asked.slice(before)).toEqual([]);
  });

  it("brings a new version, and that one alone", async () => {
    const it = await synced();
    passSeconds(301);
    await it.author.publish({ name: "foo", version: "1.2.0" });
    const before = it.upstream.asked.length;
    const watched = await watch(it);
    await syncOnce(it);
    expect(it.upstream.asked.slice(before)).toEqual([
      ...["versions", "names", "packages/foo", "tarballs/foo-1.2.0.tar"],
    ]);
    expect(watched.writes).toEqual([
      ...["put tarballs/foo-1.2.0.tar", "put packages/foo", "put versions", "put names"],
    ]);
    expect(watched.wrong).toEqual([]);
    await expectSame(it, "versions", "names", "packages/foo", "tarballs/foo-1.2.0.tar");
  });

  it("brings the new bytes of a version that was replaced", async () => {
    const it = await synced();
    passSeconds(301);
    const files = [{ path: "other.ex", bytes: "other" }];
    const again = { name: "foo", version: "1.1.0", replace: true, files };
    expect((await it.author.publish(again)).status).toBeLessThan(300);
    const watched = await watch(it, ["foo 1.1.0"]);
    await syncOnce(it);
    expect(watched.wrong).toEqual([]);
    expect(await untruths(it)).toEqual([]);
    await expectSame(it, "packages/foo", "tarballs/foo-1.1.0.tar");
  });

  it("sees a retirement, that its reason changed, and that it was taken back", async () => {
    const it = await synced();
    for (const change of [
      () => it.author.retire("foo", "1.0.0"),
      () => it.author.retire("foo", "1.0.0", { reason: "invalid", message: "not for use" }),
      () => it.author.unretire("foo", "1.0.0"),
    ]) {
      passSeconds(301);
      const before = await bytes(await it.reader.file("/packages/foo"));
      expect((await change()).status).toBe(204);
      await syncOnce(it);
      expect(await bytes(await it.reader.file("/packages/foo"))).not.toEqual(before);
      await expectSame(it, "packages/foo", "versions", "names");
    }
  });

  it("removes a version that was reverted, after the index no longer lists it", async () => {
    const it = await synced();
    passSeconds(301);
    expect((await it.author.revert("foo", "1.1.0")).status).toBe(204);
    const watched = await watch(it);
    const status = await syncOnce(it);
    expect(watched.wrong).toEqual([]);
    expect(watched.writes).toEqual([
      ...["put packages/foo", "put versions", "put names"],
      ...["delete tarballs/foo-1.1.0.tar", "delete docs/foo-1.1.0.tar.gz"],
    ]);
    expect(await storedFiles(it)).toEqual(all("bar-1.0.0", "baz-1.0.0", "foo-1.0.0"));
    expect(status.held).toEqual({ packages: 3, releases: 3 });
  });

  it("removes a package that is gone, its tarballs and its docs", async () => {
    const it = await synced();
    await it.author.publishDocs("bar", "1.0.0", docsTarball("bar"));
    expect((await it.reader.file("/docs/bar-1.0.0.tar.gz").then(bytes)).length).toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await storedFiles(it)).toContain("docs/bar-1.0.0.tar.gz"));
    passSeconds(301);
    expect((await it.author.revert("bar", "1.0.0")).status).toBe(204);
    const watched = await watch(it);
    const status = await syncOnce(it);
    expect(watched.wrong).toEqual([]);
    expect(await storedFiles(it)).toEqual(all("baz-1.0.0", "foo-1.0.0", "foo-1.1.0"));
    expect(status.held).toEqual({ packages: 2, releases: 3 });
    expect((await it.reader.file("/packages/bar")).status).toBe(404);
  });

  it("keeps what is gone when it is declared so", async () => {
    const it = await synced({ keep_deleted: true });
    const before = await storedFiles(it);
    passSeconds(301);
    await it.author.revert("bar", "1.0.0");
    await syncOnce(it);
    expect(await storedFiles(it)).toEqual(before);
    expect((await it.reader.file("/packages/bar")).status).toBe(200);
    await expectSame(it, "versions");
  });

  it("brings the packages of `only`, and follows when more are declared", async () => {
    const it = await eager({ only: ["foo"] });
    await syncOnce(it);
    expect(await storedFiles(it)).toEqual(all("foo-1.0.0", "foo-1.1.0"));
    await injectUpstream(it, { only: ["foo", "bar"] });
    passSeconds(301);
    await syncOnce(it);
    expect(await storedFiles(it)).toEqual(all("bar-1.0.0", "foo-1.0.0", "foo-1.1.0"));
  });

  it("gives lazily what it does not have yet, but no index that is ahead of it", async () => {
    const it = await eager();
    expect((await it.reader.file("/tarballs/foo-1.0.0.tar").then(bytes)).length).toBeGreaterThan(0);
    expect((await it.reader.file("/packages/bar")).status).toBe(200);
    expect((await it.reader.file("/versions")).status).toBe(504);
    await vi.waitFor(async () => {
      expect(await storedFiles(it)).toContain("tarballs/foo-1.0.0.tar");
    });
    await syncOnce(it);
    expect(await untruths(it)).toEqual([]);
    expect(it.upstream.asked.filter((it) => it === "tarballs/foo-1.0.0.tar")).toHaveLength(1);
    expect((await it.reader.file("/versions")).status).toBe(200);
  });

  it("does as much as a slice allows in one alarm, and goes on with the next", async () => {
    const it = await eager();
    await injectUpstream(it, {}, { requestsMax: 2, packagesAtOnce: 1 });
    const watched = await watch(it);
    await injectUpstream(it, {}, { requestsMax: 2, packagesAtOnce: 1 });
    let alarms = 0;
    for (let left = 1; left > 0; alarms++) {
      const before = it.upstream.asked.length;
      passSeconds(0);
      ({ pending: left } = await syncOnce(it));
      expect(it.upstream.asked.length - before).toBeLessThanOrEqual(4);
      expect(alarms).toBeLessThan(10);
    }
    expect(alarms).toBe(4);
    expect(watched.wrong).toEqual([]);
    expect(await untruths(it)).toEqual([]);
    await expectSame(it, "versions");
  });

  it("goes on where it was when upstream dies in the middle and comes back", async () => {
    const it = await eager();
    let answers = 0;
    it.upstream.answer = () => {
      if (++answers > 5) throw new Error("connection refused");
      return undefined;
    };
    const down = await syncOnce(it);
    expect(down.upstream).toBe("away");
    expect(down.pending).toBeGreaterThan(0);
    expect((await storedFiles(it)).includes("versions")).toBe(false);
    const held = (await storedFiles(it)).filter((it) => it.startsWith("tarballs/"));
    const before = it.upstream.asked.length;
    it.upstream.comeBack();
    passSeconds(61);
    const up = await syncOnce(it);
    expect(up).toMatchObject({ upstream: "ok", pending: 0, failures: [] });
    expect(it.upstream.asked.slice(before).filter((it) => held.includes(it))).toEqual([]);
    expect(await untruths(it)).toEqual([]);
    await expectSame(it, "versions", "names");
  });

  it("says that upstream is away, and serves what it has", async () => {
    const it = await synced();
    it.upstream.goAway();
    passSeconds(301);
    expect((await syncOnce(it)).upstream).toBe("away");
    const answer = await it.reader.file("/packages/foo");
    expect(answer.status).toBe(200);
    it.upstream.comeBack();
    passSeconds(61);
    expect((await syncOnce(it)).upstream).toBe("ok");
  });

  it("lets one broken package stop no other, shows no half of it, and waits with the index", async () => {
    const it = await synced();
    passSeconds(301);
    await it.author.publish({ name: "foo", version: "1.2.0" });
    await it.author.publish({ name: "foo", version: "1.3.0" });
    await it.author.publish({ name: "bar", version: "1.1.0" });
    const wrong = await packageTarball({ name: "foo", version: "9.9.9" });
    it.upstream.answer = (path) =>
      path === "tarballs/foo-1.2.0.tar" ? new Response(wrong) : undefined;
    const watched = await watch(it);
    const versions = await bytes(await it.reader.file("/versions"));
    const foo = await bytes(await it.reader.file("/packages/foo"));
    const status = await syncOnce(it);
    expect(status).toMatchObject({ pending: 1, failures: [{ package: "foo" }] });
    expect(status.failures[0]?.why).toContain("1.2.0: The tarball's checksum is");
    expect(status.warning).toContain("waits for 1 package");
    await expectSame(it, "packages/bar", "tarballs/bar-1.1.0.tar");
    expect(await bytes(await it.reader.file("/versions"))).toEqual(versions);
    expect(await bytes(await it.reader.file("/packages/foo"))).toEqual(foo);
    it.upstream.comeBack();
    passSeconds(602);
    expect(await syncOnce(it)).toMatchObject({ pending: 0, failures: [], warning: null });
    await expectSame(it, "packages/foo", "versions", "names");
    expect(watched.wrong).toEqual([]);
    expect(it.upstream.asked.filter((it) => it === "tarballs/foo-1.3.0.tar")).toHaveLength(1);
  });

  it("comes to others than the one package for which upstream answers 500 each time", async () => {
    const it = await eager();
    await injectUpstream(it, {}, { packagesAtOnce: 1 });
    it.upstream.answer = (path) =>
      path === "packages/bar" ? new Response("", { status: 500 }) : undefined;
    for (let round = 0; round < 4; round++) {
      await syncOnce(it);
      passSeconds(61 * (round + 1));
    }
    expect((await it.stub.status()).failures.map((it) => it.package)).toEqual(["bar"]);
    expect(await storedFiles(it)).toContain("packages/foo");
  });

  it("waits for a package file that lags behind the index", async () => {
    const it = await synced();
    passSeconds(301);
    const old = await bytes(await it.author.file("/packages/foo"));
    await it.author.publish({ name: "foo", version: "1.2.0" });
    it.upstream.answer = (path) => (path === "packages/foo" ? new Response(old) : undefined);
    const status = await syncOnce(it);
    expect(status.failures[0]?.why).toContain("does not list 1.2.0");
    it.upstream.comeBack();
    passSeconds(602);
    expect(await syncOnce(it)).toMatchObject({ pending: 0 });
    await expectSame(it, "packages/foo", "versions");
  });

  it("removes nothing for an index that is older than the one it has", async () => {
    const it = await synced();
    const [names, versions] = await Promise.all(
      ["/names", "/versions"].map(async (path) => bytes(await it.author.file(path))),
    );
    passSeconds(301);
    await it.author.publish({ name: "new", version: "1.0.0" });
    await it.author.publish({ name: "foo", version: "2.0.0" });
    await syncOnce(it);
    const before = await storedFiles(it);
    it.upstream.answer = (path) => {
      if (path === "names") return new Response(names);
      return path === "versions" ? new Response(versions) : undefined;
    };
    for (let round = 0; round < 3; round++) {
      passSeconds(301);
      expect((await syncOnce(it)).warning).toContain("older");
    }
    expect(await storedFiles(it)).toEqual(before);
  });

  it("removes most of what it has only after upstream said so twice", async () => {
    const it = await synced();
    passSeconds(301);
    await it.author.publish({ name: "new", version: "1.0.0" });
    for (const release of ["foo 1.0.0", "foo 1.1.0", "bar 1.0.0"]) {
      const [name = "", version = ""] = release.split(" ");
      expect((await it.author.revert(name, version)).status).toBe(204);
    }
    await syncOnce(it);
    expect(await storedFiles(it)).toEqual(
      all("bar-1.0.0", "baz-1.0.0", "foo-1.0.0", "foo-1.1.0", "new-1.0.0"),
    );
    await expectSame(it, "versions");
    passSeconds(301);
    await syncOnce(it);
    expect(await storedFiles(it)).toEqual(all("baz-1.0.0", "new-1.0.0"));
  });

  it("brings again what somebody removed from storage, when a reader asks", async () => {
    const it = await synced();
    const storage = openStorage(env as Env, it.repository);
    for (const path of ["packages/foo", "tarballs/foo-1.0.0.tar", "versions"]) {
      await storage.delete(`repos/${it.repository}/${path}`);
    }
    passSeconds(61);
    expect((await it.reader.file("/tarballs/foo-1.0.0.tar")).status).toBe(200);
    passSeconds(301);
    await syncOnce(it);
    await expectSame(it, "versions", "packages/foo");
  });
});

async function eager(declaration: Partial<MirrorDeclaration> = {}): Promise<MirrorWorld> {
  const it = await mirrorWorld({ sync: "eager", ...declaration });
  for (const release of ["foo 1.0.0", "foo 1.1.0", "bar 1.0.0", "baz 1.0.0"]) {
    const [name = "", version = ""] = release.split(" ");
    expect((await it.author.publish({ name, version })).status).toBe(201);
  }
  return it;
}

async function synced(declaration: Partial<MirrorDeclaration> = {}): Promise<MirrorWorld> {
  const it = await eager(declaration);
  expect(await syncOnce(it)).toMatchObject({ pending: 0, failures: [] });
  return it;
}

async function expectSame(it: MirrorWorld, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    const [theirs, ours] = await Promise.all([
      it.author.file(`/${path}`),
      it.reader.file(`/${path}`),
    ]);
    expect([path, ours.status]).toEqual([path, 200]);
    expect(await bytes(ours)).toEqual(await bytes(theirs));
  }
}

/** Only the clock: timers go on as they are. */
function passSeconds(seconds: number): void {
  const now = Date.now() + seconds * 1000;
  vi.useFakeTimers({ toFake: ["Date"], now });
}

async function bytes(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}
