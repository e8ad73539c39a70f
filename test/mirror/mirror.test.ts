/** A verbatim mirror: what its readers get while upstream is there, away, and lying. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { type MirrorWorld, mirrorWorld } from "../support/mirror.ts";
import { packageTarball } from "../support/tarball.ts";
import { Person } from "../support/world.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a mirror", () => {
  it("serves upstream's own bytes, and asks for each once", async () => {
    const it = await withFoo();
    for (const path of ["/packages/foo", "/tarballs/foo-1.0.0.tar", "/names", "/versions"]) {
      const [theirs, ours] = await Promise.all([it.author.file(path), it.reader.file(path)]);
      expect(ours.status).toBe(200);
      expect(await bytes(ours)).toEqual(await bytes(theirs));
      expect(await bytes(await it.reader.file(path))).toEqual(
        await bytes(await it.author.file(path)),
      );
    }
    expect(it.upstream.asked.toSorted()).toEqual([
      "names",
      "packages/foo",
      "tarballs/foo-1.0.0.tar",
      "versions",
    ]);
  });

  it("keeps what it served, as it can be served from any bucket", async () => {
    const it = await withFoo();
    await it.reader.file("/tarballs/foo-1.0.0.tar").then(bytes);
    await vi.waitFor(async () => {
      expect(await kept(it)).toEqual(["packages/foo", "tarballs/foo-1.0.0.tar"]);
    });
  });

  it("says 404 for what upstream does not have, and for a version that the package does not list", async () => {
    const it = await withFoo();
    for (const path of [
      "/packages/nothing",
      "/tarballs/foo-9.9.9.tar",
      "/tarballs/nothing-1.0.0.tar",
    ]) {
      expect((await it.reader.file(path)).status).toBe(404);
    }
    expect(it.upstream.asked).not.toContain("tarballs/foo-9.9.9.tar");
  });

  it("gives out the new bytes of a version that upstream replaced", async () => {
    const it = await withFoo();
    const path = "/tarballs/foo-1.0.0.tar";
    const before = await bytes(await it.reader.file(path));
    await vi.waitFor(async () => expect(await kept(it)).toContain("tarballs/foo-1.0.0.tar"));
    await it.author.publish({ name: "foo", version: "1.0.0", salt: "2", replace: true });
    passSeconds(61);
    expect((await it.reader.file("/packages/foo")).status).toBe(200);
    const after = await bytes(await it.reader.file(path));
    expect(after).not.toEqual(before);
    expect(after).toEqual(await bytes(await it.author.file(path)));
  });

  it("fetches again what somebody removed from its storage", async () => {
    const it = await withFoo();
    const first = await bytes(await it.reader.file("/packages/foo"));
    await openStorage(env as Env, it.repository).delete(`repos/${it.repository}/packages/foo`);
    // This isolate was told a moment ago that it is there.
    expect((await it.reader.file("/packages/foo")).status).toBe(404);
    expect(await bytes(await it.reader.file("/packages/foo"))).toEqual(first);
  });

  it("makes one request for a hundred who ask at once", async () => {
    const it = await withFoo();
    const ask = () => it.reader.file("/tarballs/foo-1.0.0.tar");
    const answers = await Promise.all(Array.from({ length: 100 }, ask));
    const all = await Promise.all(answers.map(bytes));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(all.map((it) => it.length)).size).toBe(1);
    expect(it.upstream.asked).toEqual(["packages/foo", "tarballs/foo-1.0.0.tar"]);
  });

  it("sees a new release when `ttl` is over, asking only whether the file changed", async () => {
    const it = await withFoo();
    const first = await bytes(await it.reader.file("/packages/foo"));
    await it.author.publish({ name: "foo", version: "1.1.0" });
    expect(await bytes(await it.reader.file("/packages/foo"))).toEqual(first);
    passSeconds(61);
    expect(await bytes(await it.reader.file("/packages/foo"))).not.toEqual(first);
    passSeconds(61);
    expect((await it.reader.file("/packages/foo")).status).toBe(200);
    expect(it.upstream.headers.at(-1)?.get("if-none-match")).toBeTruthy();
    expect((await it.reader.file("/tarballs/foo-1.1.0.tar")).status).toBe(200);
  });

  it("goes on with what it keeps when upstream is away, says so, and waits for it only once", async () => {
    const it = await withFoo();
    const first = await bytes(await it.reader.file("/packages/foo"));
    await it.reader.file("/tarballs/foo-1.0.0.tar").then(bytes);
    await vi.waitFor(async () => expect(await kept(it)).toContain("tarballs/foo-1.0.0.tar"));
    it.upstream.goAway();
    passSeconds(61);
    const before = it.upstream.asked.length;
    for (let time = 0; time < 5; time++) {
      const answer = await it.reader.file("/packages/foo");
      expect(answer.status).toBe(200);
      expect(answer.headers.get("warning")).toMatch(/^110 /);
      expect(await bytes(answer)).toEqual(first);
      expect((await it.reader.file("/tarballs/foo-1.0.0.tar")).status).toBe(200);
      const other = await it.reader.file("/packages/other");
      expect(other.status).toBe(504);
    }
    expect(it.upstream.asked.length).toBe(before + 1);
    it.upstream.comeBack();
    passSeconds(62 + 6);
    const back = await it.reader.file("/packages/foo");
    expect(back.headers.get("warning")).toBeNull();
  });

  it("holds names and versions too when a lock file is brought in, for an export without upstream", async () => {
    const it = await withFoo();
    expect(await pin(it)).toMatchObject({ status: 200, warnings: [] });
    const { asked } = it.upstream;
    for (const path of ["names", "versions"]) {
      expect(asked.filter((one) => one === path)).toEqual([path]);
    }
    expect(await kept(it)).toEqual(["names", "packages/foo", "tarballs/foo-1.0.0.tar", "versions"]);
    await declare(it, { offline: true });
    passSeconds(61);
    for (const path of ["/names", "/versions"]) {
      expect(await bytes(await it.reader.file(path))).toEqual(
        await bytes(await it.author.file(path)),
      );
    }
  });

  it("only warns when names or versions cannot be had, and brings what is pinned", async () => {
    const it = await withFoo();
    it.upstream.answer = (path) =>
      path === "versions" ? new Response("no", { status: 503 }) : undefined;
    expect(await pin(it)).toMatchObject({
      ...{ status: 200, releases: [{ package: "foo", outcome: "new" }] },
      warnings: [expect.stringMatching(/^versions: upstream is away: /)],
    });
    expect(await kept(it)).toEqual(["names", "packages/foo", "tarballs/foo-1.0.0.tar"]);
  });

  it("never asks upstream when it is declared offline", async () => {
    const it = await withFoo();
    await it.reader.file("/tarballs/foo-1.0.0.tar").then(bytes);
    await vi.waitFor(async () => expect(await kept(it)).toContain("tarballs/foo-1.0.0.tar"));
    const asked = it.upstream.asked.length;
    await declare(it, { offline: true });
    passSeconds(61);
    expect((await it.reader.file("/packages/foo")).status).toBe(200);
    expect((await it.reader.file("/tarballs/foo-1.0.0.tar")).status).toBe(200);
    expect((await it.reader.file("/packages/bar")).status).toBe(504);
    expect(it.upstream.asked.length).toBe(asked);
  });

  it("does not keep, nor give out to its end, a tarball that is not the one in the registry", async () => {
    const it = await withFoo();
    const wrong = await packageTarball({
      name: "foo",
      version: "1.0.0",
      files: [{ path: "x", bytes: "evil" }],
    });
    it.upstream.answer = (path) => (path.startsWith("tarballs/") ? new Response(wrong) : undefined);
    const answer = await it.reader.file("/tarballs/foo-1.0.0.tar");
    const read = answer.status === 200 ? await bytes(answer).catch(() => "broken off") : "refused";
    expect(read === "broken off" || read === "refused").toBe(true);
    it.upstream.comeBack();
    expect(await kept(it)).toEqual(["packages/foo"]);
    expect((await it.reader.file("/tarballs/foo-1.0.0.tar")).status).toBe(200);
  });

  it("does not believe a file of another package, nor one that goes back in time", async () => {
    const it = await withFoo();
    await it.author.publish({ name: "bar", version: "1.0.0" });
    const bar = await bytes(await it.author.file("/packages/bar"));
    it.upstream.answer = (path) => (path === "packages/foo" ? new Response(bar) : undefined);
    expect((await it.reader.file("/packages/foo")).status).toBe(504);
    expect(await kept(it)).toEqual([]);
    it.upstream.comeBack();
    const old = await bytes(await it.author.file("/packages/foo"));
    await it.author.publish({ name: "foo", version: "2.0.0" });
    passSeconds(61);
    const newest = await bytes(await it.reader.file("/packages/foo"));
    expect(newest).not.toEqual(old);
    it.upstream.answer = (path) => (path === "packages/foo" ? new Response(old) : undefined);
    passSeconds(61);
    const answer = await it.reader.file("/packages/foo");
    expect(await bytes(answer)).toEqual(newest);
    expect(answer.headers.get("warning")).toContain("older");
  });

  it("takes a revert upstream for what it is, because the signed names say that something happened", async () => {
    const it = await withFoo();
    await it.author.publish({ name: "foo", version: "2.0.0" });
    const both = await bytes(await it.reader.file("/packages/foo"));
    // So long after its publish that it cannot be the same moment.
    passSeconds(10);
    expect((await it.author.revert("foo", "2.0.0")).status).toBe(204);
    await it.author.file("/names").then(bytes);
    passSeconds(61);
    const one = await it.reader.file("/packages/foo");
    expect(one.headers.get("warning")).toBeNull();
    expect(await bytes(one)).not.toEqual(both);
  });

  it("gives out the key that upstream signs with, and takes nothing in", async () => {
    const it = await withFoo();
    expect(await (await it.reader.file("/public_key")).text()).toContain("BEGIN PUBLIC KEY");
    const admin = it.author;
    const tarball = await packageTarball({ name: "foo", version: "3.0.0" });
    const published = await admin.fetch(`/api/repos/${it.repository}/publish`, {
      method: "POST",
      body: tarball,
    });
    expect(published.status).toBe(404);
    expect(await published.text()).toContain("is a mirror");
  });

  it("tells upstream nothing about whoever asks", async () => {
    const it = await withFoo();
    const headers = { authorization: env.ADMIN_KEY, cookie: "a=b", "x-forwarded-for": "192.0.2.1" };
    expect((await it.reader.file("/packages/foo", { headers })).status).toBe(200);
    expect([...(it.upstream.headers[0]?.keys() ?? [])].toSorted()).toEqual([
      ...["accept-encoding", "user-agent"],
    ]);
  });
});

async function withFoo(): Promise<MirrorWorld> {
  const it = await mirrorWorld();
  expect((await it.author.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
  await it.author.file("/names").then(bytes);
  return it;
}

/** Brings foo in as the command does, when upstream's index is written. */
async function pin({ author, repository }: MirrorWorld): Promise<unknown> {
  await env.REPOSITORY.getByName(author.repository).recover();
  const admin = new Person(repository, env.ADMIN_KEY);
  const body = `%{\n  "foo": {:hex, :foo, "1.0.0", "${"0".repeat(64)}", [:mix], [], "${author.repository}"},\n}\n`;
  const answer = await admin.api("/mirror", { method: "POST", body });
  return answer.json();
}

async function declare(it: MirrorWorld, declaration: object): Promise<void> {
  const { runInDurableObject } = await import("cloudflare:test");
  await runInDurableObject(it.stub, (instance) => {
    Object.assign(instance.world.declaration, declaration);
  });
}

/** Only the clock: timers go on as they are. */
function passSeconds(seconds: number): void {
  const now = Date.now() + seconds * 1000;
  vi.useFakeTimers({ toFake: ["Date"], now });
}

async function kept({ repository }: MirrorWorld): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of openStorage(env as Env, repository).list(`repos/${repository}/`)) {
    keys.push(key.slice(`repos/${repository}/`.length));
  }
  return keys;
}

async function bytes(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}
