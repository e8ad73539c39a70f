/** A curated mirror: what its readers get to see of upstream, and what they never get. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { unpackPackage, unpackPolicy } from "../../src/hex/registry.ts";
import { parsePrivateKey, parsePublicKey, publicKeyPem } from "../../src/hex/sign.ts";
import { knownLicenses } from "../../src/mirror/curate/licenses.ts";
import { verdictsOf } from "../../src/mirror/rules.ts";
import { randomNumbers } from "../support/random.ts";
import { Person } from "../support/world.ts";
import {
  bytesOf,
  type CuratedWorld,
  curatedWorld,
  passDays,
  passSeconds,
} from "./curated-world.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a curated mirror", () => {
  it("serves what the rules let in, signed with its own key in upstream's name", async () => {
    const it = await curatedWorld({
      deny: [{ package: "foo", requirement: "~> 1.1", reason: "bad" }],
    });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    const file = await bytesOf(await it.reader.file("/packages/foo"));
    const ours = await it.publicKey();
    const expected = { repository: it.upstreamName, name: "foo" };
    const { releases } = await unpackPackage(file, ours, expected);
    expect(releases.map(({ version }) => version)).toEqual(["1.0.0"]);
    const theirs = await parsePublicKey(await publicKeyPem(await parsePrivateKey(env.SIGNING_KEY)));
    await expect(unpackPackage(file, theirs, expected)).rejects.toThrow("expected key");
    expect(await it.fetched("1.0.0")).toBe("200");
    expect(await it.fetched("1.1.0")).toBe("404 foo 1.1.0 is denied: bad");
    expect(it.upstream.asked).not.toContain("tarballs/foo-1.1.0.tar");
  });

  it("keeps upstream's own file outside of what is public", async () => {
    const it = await curatedWorld({
      deny: [{ package: "foo", requirement: "1.1.0", reason: "bad" }],
    });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    await it.versions();
    await it.fetched("1.0.0");
    await it.listed();
    expect(await keys(it, "repos")).toEqual([
      ...["names", "packages/foo", "public_key", "tarballs/foo-1.0.0.tar", "versions"],
    ]);
    expect(await keys(it, "upstream")).toEqual(["packages/foo"]);
    expect((await it.reader.fetch(`/upstream/${it.repository}/packages/foo`)).status).toBe(404);
    const outside = await it.reader.file("/../../upstream/packages/foo");
    expect(outside.status).toBe(404);
  });

  it("does not know a package of which nothing is in", async () => {
    const it = await curatedWorld({ deny: [{ package: "foo", reason: "abandoned" }] });
    await it.publish("1.0.0");
    const response = await it.reader.file("/packages/foo");
    expect([response.status, await response.text()]).toEqual([
      404,
      "Every release of foo is held back here\n",
    ]);
    expect(await it.fetched("1.0.0")).toBe("404 foo 1.0.0 is denied: abandoned");
    expect(await it.listed()).toEqual([]);
    expect((await it.reader.file("/packages/none")).status).toBe(404);
    expect(await it.fetched("1.0.0", "none")).toBe("404 Page not found");
  });

  it("lists in names and versions what it was asked for, and is let in", async () => {
    const it = await curatedWorld({
      deny: [{ package: "foo", requirement: "1.1.0", reason: "bad" }],
    });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    await it.publish("2.0.0", { name: "bar" });
    expect(await it.listed()).toEqual([]);
    await it.versions("foo");
    await it.versions("bar");
    passSeconds(61);
    expect(await it.listed()).toEqual(["bar 2.0.0", "foo 1.0.0"]);
  });

  it("lists the packages that it is declared for without being asked", async () => {
    const it = await curatedWorld({}, { only: ["foo", "baz"] });
    await it.publish("1.0.0");
    await it.publish("1.0.0", { name: "bar" });
    expect(await it.listed()).toEqual(["foo 1.0.0"]);
  });

  it("holds what was retired upstream, when it was", async () => {
    const it = await curatedWorld({ deny_retired: ["security"] });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    expect(await it.versions()).toEqual(["1.0.0", "1.1.0"]);
    expect(await it.fetched("1.1.0")).toBe("200");
    await it.author.retire("foo", "1.1.0", { reason: "security" });
    await it.author.retire("foo", "1.0.0", { reason: "renamed" });
    passSeconds(61);
    expect(await it.versions()).toEqual(["1.0.0"]);
    expect(await it.fetched("1.1.0")).toBe("404 foo 1.1.0 is held: it is retired (security)");
    await it.author.unretire("foo", "1.1.0");
    passSeconds(61);
    expect(await it.versions()).toEqual(["1.0.0", "1.1.0"]);
  });

  it("holds what has an advisory, and does not list advisories of what is held", async () => {
    const it = await curatedWorld({ min_severity: "high" });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    const advisory = (id: string, severity: "low" | "critical") => ({
      ...{ id, severity, summary: "s", htmlUrl: "https://a", apiUrl: "https://b", aliases: [] },
    });
    await it.doctor("foo", (resource) => ({
      ...resource,
      advisories: [advisory("ONE", "critical"), advisory("TWO", "low")],
      releases: resource.releases.map((release, at) => ({
        ...release,
        advisoryIndexes: at === 0 ? [0, 1] : [1],
      })),
    }));
    const resource = await it.package();
    expect(resource?.releases.map(({ version }) => version)).toEqual(["1.1.0"]);
    expect(resource?.advisories.map(({ id }) => id)).toEqual(["TWO"]);
    expect(resource?.releases[0]?.advisoryIndexes).toEqual([0]);
    expect(await it.fetched("1.0.0")).toContain("advisory ONE has severity critical");
  });

  it("holds what is too young, and lets it in when it is old enough, upstream away or not", async () => {
    const it = await curatedWorld({ cooldown: "7d" });
    await it.publish("1.0.0");
    expect(await it.package()).toBeUndefined();
    expect(await it.fetched("1.0.0")).toContain("must be 7 days old");
    passDays(6);
    await it.publish("1.1.0");
    expect(await it.package()).toBeUndefined();
    passDays(1);
    expect(await it.versions()).toEqual(["1.0.0"]);
    it.upstream.goAway();
    passDays(5.9);
    expect(await it.versions()).toEqual(["1.0.0"]);
    passDays(0.2);
    expect(await it.versions()).toEqual(["1.0.0", "1.1.0"]);
    expect(await it.listed()).toEqual(["foo 1.0.0 1.1.0"]);
  });

  it("lets it in on time, and not when `ttl` is over", async () => {
    const it = await curatedWorld({ cooldown: "1d" });
    await it.publish("1.0.0");
    passDays(0.5);
    await it.publish("1.1.0");
    passDays(1);
    passSeconds(-30);
    expect(await it.versions()).toEqual(["1.0.0"]);
    passSeconds(20);
    expect(await it.versions()).toEqual(["1.0.0"]);
    passSeconds(15);
    expect(await it.versions()).toEqual(["1.0.0", "1.1.0"]);
    expect(await it.fetched("1.1.0")).toBe("200");
  });

  it("lets in what is allowed until the day that it is", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const it = await curatedWorld({
      cooldown: "30d",
      allow: [{ package: "foo", requirement: "1.1.0", reason: "mends a hole", until }],
    });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    expect(await it.versions()).toEqual(["1.1.0"]);
    expect(await it.fetched("1.1.0")).toBe("200");
    expect(await it.listed()).toEqual(["foo 1.1.0"]);
    passSeconds(3601);
    expect(await it.listed()).toEqual([]);
    expect(await it.package()).toBeUndefined();
    expect(await it.fetched("1.1.0")).toContain("must be 30 days old");
  });

  it("holds what is denied until the day that it is", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const it = await curatedWorld({ deny: [{ package: "foo", reason: "not yet", until }] });
    await it.publish("1.0.0");
    expect(await it.package()).toBeUndefined();
    passSeconds(3601);
    expect(await it.versions()).toEqual(["1.0.0"]);
  });

  it("takes new rules at once when it starts again, also for tarballs that are kept", async () => {
    const it = await curatedWorld({});
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    expect(await it.versions()).toEqual(["1.0.0", "1.1.0"]);
    for (const version of ["1.0.0", "1.1.0"]) expect(await it.fetched(version)).toBe("200");
    await vi.waitFor(async () => {
      expect(await keys(it, "repos")).toContain("tarballs/foo-1.1.0.tar");
    });
    const before = (await it.reader.file("/packages/foo")).headers.get("etag");
    await it.declare({ deny: [{ package: "foo", requirement: ">= 1.1.0", reason: "stolen" }] });
    it.upstream.goAway();
    passSeconds(61);
    expect(await it.listed()).toEqual(["foo 1.0.0"]);
    expect(await it.versions()).toEqual(["1.0.0"]);
    expect(await it.fetched("1.1.0")).toBe("404 foo 1.1.0 is denied: stolen");
    expect(await it.fetched("1.0.0")).toBe("200");
    await it.declare({});
    passSeconds(61);
    const after = (await it.reader.file("/packages/foo")).headers.get("etag");
    expect(await it.versions()).toEqual(["1.0.0", "1.1.0"]);
    expect(after).not.toBe(before);
  });

  it("keeps a file as it is when other rules let in the same", async () => {
    const it = await curatedWorld({});
    await it.publish("1.0.0");
    const before = await bytesOf(await it.reader.file("/packages/foo"));
    await it.declare({ deny: [{ package: "bar", reason: "bad" }] });
    passSeconds(61);
    expect(await bytesOf(await it.reader.file("/packages/foo"))).toEqual(before);
  });

  it("gates docs as it gates the tarball", async () => {
    const it = await curatedWorld({ deny: [{ package: "foo", reason: "bad" }] });
    await it.publish("1.0.0");
    const docs = await it.reader.file("/docs/foo-1.0.0.tar.gz");
    expect([docs.status, await docs.text()]).toEqual([404, "foo 1.0.0 is denied: bad\n"]);
    expect(it.upstream.asked).toEqual(["packages/foo"]);
  });

  it("goes on with what it judged when upstream is away, and gives out nothing that it cannot judge", async () => {
    const it = await curatedWorld({ deny: [{ package: "bar", reason: "bad" }] });
    await it.publish("1.0.0");
    expect(await it.versions()).toEqual(["1.0.0"]);
    it.upstream.goAway();
    passSeconds(61);
    const kept = await it.reader.file("/packages/foo");
    expect(kept.headers.get("warning")).toMatch(/^110 /);
    expect((await it.reader.file("/packages/other")).status).toBe(504);
    expect(await it.fetched("1.0.0", "other")).toMatch(/^504 /);
  });

  it("does not give out what somebody put into its storage, while it cannot be judged", async () => {
    const it = await curatedWorld({});
    const storage = openStorage(env as Env, it.repository);
    for (const path of ["packages/foo", "tarballs/foo-1.0.0.tar", "names", "policies/default"]) {
      const key = `repos/${it.repository}/${path}`;
      await storage.put(key, new TextEncoder().encode("evil"), { kind: "create" });
    }
    it.upstream.answer = () => new Response("<html>Welcome to our Wi-Fi</html>");
    expect((await it.reader.file("/packages/foo")).status).toBe(504);
    expect(await it.fetched("1.0.0")).toMatch(/^504 /);
    for (const path of ["/names", "/policies/default"]) {
      expect(await (await it.reader.file(path)).text()).not.toBe("evil");
    }
  });

  it("builds its file again when it is not the one that it built", async () => {
    const it = await curatedWorld({
      deny: [{ package: "foo", requirement: "1.1.0", reason: "bad" }],
    });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    expect(await it.versions()).toEqual(["1.0.0"]);
    const theirs = await bytesOf(await it.author.file("/packages/foo"));
    const storage = openStorage(env as Env, it.repository);
    const key = `repos/${it.repository}/packages/foo`;
    const there = await storage.head(key);
    await storage.put(key, theirs, { kind: "replace", etag: there?.etag ?? "" });
    passSeconds(61);
    expect(await it.versions()).toEqual(["1.0.0"]);
  });

  it("asks for licences, which are in the tarball, and gives out nothing before it knows them", async () => {
    const it = await curatedWorld({ licenses: ["MIT", "Apache-2.0"] });
    const licensed = (text: string) => ({ metadata: { licenses: text } });
    await it.publish("1.0.0", licensed('[<<"MIT">>]'));
    await it.publish("1.1.0", licensed('[<<"GPL-3.0-only">>]'));
    await it.publish("1.2.0", licensed('[<<"MIT">>, <<"Apache-2.0">>]'));
    await it.publish("1.3.0", licensed('[<<"MIT">>, <<"GPL-3.0-only">>]'));
    it.upstream.answer = (path) =>
      path.startsWith("tarballs/") ? new Response("", { status: 500 }) : undefined;
    expect(await it.package()).toBeUndefined();
    expect(await it.fetched("1.0.0")).toContain("its licences are not known yet");
    it.upstream.comeBack();
    passSeconds(61);
    expect(await it.versions()).toEqual(["1.0.0", "1.2.0"]);
    expect(await it.fetched("1.1.0")).toBe(
      "404 foo 1.1.0 is held: its licence GPL-3.0-only is not accepted",
    );
    expect(await it.fetched("1.3.0")).toContain("GPL-3.0-only");
    const asked = it.upstream.asked.filter((path) => path.startsWith("tarballs/")).length;
    await it.declare({ licenses: ["MIT"] });
    passSeconds(61);
    expect(await it.versions()).toEqual(["1.0.0"]);
    expect(it.upstream.asked.filter((path) => path.startsWith("tarballs/")).length).toBe(asked);
  });

  it("looks into some tarballs at a time, the newest first, and not into those that are held anyway", async () => {
    const it = await curatedWorld({
      licenses: ["MIT"],
      deny: [{ package: "foo", requirement: "1.0.0", reason: "bad" }],
    });
    const all = Array.from({ length: 13 }, (_, at) => `1.${at}.0`);
    for (const version of all) await it.publish(version, { salt: version });
    expect(await it.versions()).toEqual(all.slice(3));
    passSeconds(2);
    expect(await it.versions()).toEqual(all.slice(1));
    expect(it.upstream.asked).not.toContain("tarballs/foo-1.0.0.tar");
  });

  it("tells why each release is in or not, in JSON and in Erlang's terms", async () => {
    const it = await curatedWorld({
      cooldown: "7d",
      allow: [{ package: "foo", requirement: "1.0.0", reason: "we read it" }],
      deny: [{ package: "foo", requirement: "1.1.0", reason: "bad" }],
    });
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) await it.publish(version);
    const verdicts = await it.verdicts();
    expect(verdicts["1.0.0"]).toEqual({
      ...{ version: "1.0.0", in: true, rule: null, until: null },
      reason: "foo 1.0.0 is allowed: we read it",
    });
    expect(verdicts["1.1.0"]).toMatchObject({ in: false, rule: "deny" });
    expect(verdicts["1.2.0"]).toMatchObject({ in: false, rule: "cooldown" });
    const until = Date.parse(verdicts["1.2.0"]?.until ?? "");
    expect(Math.abs(until - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
    const erlang = await it.reader.api("/packages/foo/verdicts", {
      headers: { accept: "application/vnd.hex+erlang" },
    });
    expect(erlang.headers.get("content-type")).toContain("application/vnd.hex+erlang");
    expect((await bytesOf(erlang))[0]).toBe(131);
    expect((await it.reader.api("/packages/none/verdicts")).status).toBe(404);
    const bad = await it.reader.api("/packages/Foo-/verdicts");
    expect(bad.status).toBe(404);
  });

  it("has no verdicts where there are no rules", async () => {
    const it = await curatedWorld({});
    const hosted = await it.author.api("/packages/foo/verdicts");
    expect([hosted.status, await hosted.text()]).toEqual([
      404,
      expect.stringContaining("is no mirror"),
    ]);
    const verbatim = await it.reader.fetch("/api/repos/mirror_000/packages/foo/verdicts");
    expect([verbatim.status, await verbatim.text()]).toEqual([
      404,
      expect.stringContaining("has no rules"),
    ]);
    expect((await it.reader.fetch("/repos/mirror_000/policies/default")).status).toBe(404);
    expect((await it.author.file("/policies/default")).status).toBe(404);
  });

  it("hands its rules out as a policy, without what has expired", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const it = await curatedWorld({
      cooldown: "7d",
      deny: [
        { package: "foo", requirement: "~> 1.1", reason: "bad" },
        { package: "bar", reason: "not yet", until },
      ],
    });
    const policy = async () =>
      unpackPolicy(await bytesOf(await it.reader.file("/policies/default")), await it.publicKey(), {
        repository: it.upstreamName,
        name: "default",
      });
    const packagesIn = async () =>
      (await policy()).repositories[0]?.overrides.map(({ ref }) => ref.package);
    expect((await policy()).repositories[0]?.restriction?.cooldown).toBe("7d");
    expect(await packagesIn()).toEqual(["foo", "bar"]);
    passSeconds(3601);
    expect(await packagesIn()).toEqual(["foo"]);
    expect((await it.reader.file("/policies/other")).status).toBe(404);
  });

  it("fetches nothing for a lock file that pins what is held, and says which rule holds it", async () => {
    const it = await curatedWorld({
      deny: [{ package: "foo", requirement: "1.1.0", reason: "bad" }],
    });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    await it.publish("1.0.0", { name: "bar" });
    const pin = (name: string, version: string) =>
      `  "${name}": {:hex, :${name}, "${version}", "${"0".repeat(64)}", [:mix], [], "${it.upstreamName}"},`;
    const pins = [pin("bar", "1.0.0"), pin("foo", "1.1.0")].join("\n");
    const admin = new Person(it.repository, env.ADMIN_KEY);
    const response = await admin.api("/mirror", { method: "POST", body: `%{\n${pins}\n}\n` });
    expect(response.status).toBe(422);
    const { releases } = (await response.json()) as { releases: object[] };
    expect(releases).toEqual([
      { package: "bar", version: "1.0.0", outcome: "new", why: null },
      {
        ...{ package: "foo", version: "1.1.0", outcome: "missing" },
        why: "foo 1.1.0 is denied: bad",
      },
    ]);
    expect(it.upstream.asked).not.toContain("tarballs/foo-1.1.0.tar");
  });

  it("goes on after a crash with what it knows, and with the rules that it finds", async () => {
    const it = await curatedWorld({
      deny: [{ package: "foo", requirement: "1.1.0", reason: "bad" }],
    });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    expect(await it.versions()).toEqual(["1.0.0"]);
    await runInDurableObject(it.stub, (_, state) => state.abort()).catch(() => undefined);
    it.upstream.goAway();
    await it.declare({ deny: [{ package: "foo", requirement: "1.0.0", reason: "bad" }] });
    passSeconds(61);
    expect(await it.listed()).toEqual(["foo 1.1.0"]);
    expect(await it.versions()).toEqual(["1.1.0"]);
  });

  it("builds once for a hundred who ask at once", async () => {
    const it = await curatedWorld({});
    await it.publish("1.0.0");
    const ask = async () => (await it.reader.file("/packages/foo")).headers.get("etag");
    const etags = new Set(await Promise.all(Array.from({ length: 100 }, ask)));
    expect(etags.size).toBe(1);
    expect(it.upstream.asked).toEqual(["packages/foo"]);
  });

  it("lists a release to nobody who may not have it, whatever happens", async () => {
    const it = await curatedWorld({});
    const numbers = randomNumbers(20261121);
    const random = () => numbers(1000) / 1000;
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const published: string[] = [];
    const some = () => pick(published);
    const until = () => new Date(Date.now() + pick([1, 30, 400]) * 3_600_000).toISOString();
    const entry = () => ({
      ...{ package: "foo", reason: "bad", requirement: pick(["~> 1.3", "< 1.2.0", "1.1.0"]) },
      ...(random() < 0.5 ? { until: until() } : {}),
    });
    const rules = () => ({
      cooldown: pick(["0", "1d", "2w"]),
      deny_retired: random() < 0.5 ? ["security"] : [],
      deny: random() < 0.5 ? [entry()] : [],
      allow: random() < 0.5 ? [entry()] : [],
      ...(random() < 0.3 ? { licenses: ["MIT"] } : {}),
    });
    const licenses = ['[<<"MIT">>]', '[<<"GPL-3.0-only">>]'];
    const steps: (() => unknown)[] = [
      () => {
        const version = `1.${published.length}.0`;
        published.push(version);
        return it.publish(version, { salt: version, metadata: { licenses: pick(licenses) } });
      },
      () => it.author.retire("foo", some(), { reason: pick(["security", "renamed"]) }),
      () => it.author.unretire("foo", some()),
      () => it.declare(rules()),
      () => it.declare(rules()),
      () => passDays(pick([0.1, 1, 10])),
      () => it.upstream.goAway(),
      () => it.upstream.comeBack(),
    ];
    let seenCount = 0;
    await steps[0]?.();
    for (let step = 0; step < 40; step++) {
      await pick(steps)();
      passSeconds(61);
      const asked = [() => it.listed(), () => it.versions().catch(() => [])];
      // Whoever is asked first must not matter.
      if (random() < 0.5) asked.reverse();
      const seen: string[] = [];
      for (const ask of asked) {
        for (const line of await ask()) seen.push(...line.replace(/^foo /, "").split(" "));
      }
      for (const version of published) {
        if ((await it.fetched(version)) === "200") seen.push(version);
      }
      seenCount += seen.length;
      const letIn = await letInBy(it);
      expect(seen.filter((version) => !letIn.includes(version))).toEqual([]);
    }
    expect(seenCount).toBeGreaterThan(50);
  });

  it("reads nothing into what the mode before it has kept", async () => {
    const it = await curatedWorld({
      deny: [{ package: "foo", requirement: "1.1.0", reason: "bad" }],
    });
    await it.publish("1.0.0");
    await it.publish("1.1.0");
    // As a verbatim mirror leaves it.
    const storage = openStorage(env as Env, it.repository);
    for (const path of ["packages/foo", "names", "versions"]) {
      const bytes = await bytesOf(await it.author.file(`/${path}`));
      await storage.put(`repos/${it.repository}/${path}`, bytes, { kind: "create" });
    }
    await runInDurableObject(it.stub, async ({ world }) => {
      const { etag } = (await storage.head(`repos/${it.repository}/packages/foo`)) ?? {};
      world.sql.exec(
        "INSERT INTO files VALUES (?, ?, ?, ?)",
        "packages/foo",
        etag,
        etag,
        Date.now(),
      );
    });
    passSeconds(61);
    expect(await it.versions()).toEqual(["1.0.0"]);
    expect(await it.fetched("1.1.0")).toBe("404 foo 1.1.0 is denied: bad");
    expect(await it.listed()).toEqual(["foo 1.0.0"]);
  });
});

async function keys({ repository }: CuratedWorld, top: string): Promise<string[]> {
  const found: string[] = [];
  for await (const key of openStorage(env as Env, repository).list(`${top}/${repository}/`)) {
    found.push(key.slice(`${top}/${repository}/`.length));
  }
  return found;
}

/** What the rules say of upstream's file as it is kept, said once more from outside. */
async function letInBy({ stub, upstreamName: repository }: CuratedWorld): Promise<string[]> {
  return runInDurableObject(stub, async ({ world }) => {
    const { rules } = world.declaration;
    const found = await world.storage.get(`upstream/${world.repository}/packages/foo`);
    if (!rules || !found) return [];
    const file = new Uint8Array(await new Response(found.body as BodyInit).arrayBuffer());
    const expected = { repository, name: "foo" };
    const resource = await unpackPackage(file, world.upstream.publicKey, expected);
    const now = Date.now();
    const verdicts = verdictsOf(resource, rules, { now, licenses: knownLicenses(world, resource) });
    return verdicts.filter(({ isIn }) => isIn).map(({ version }) => version);
  });
}
