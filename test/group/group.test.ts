/** Our own packages and a mirror's as one repository: who answers for which name, and who may read it. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type PackageResource, unpackPackage, unpackVersions } from "../../src/hex/registry.ts";
import { parsePublicKey } from "../../src/hex/sign.ts";
import { registryWith } from "../http/registry.ts";
import { read } from "../support/answers.ts";
import { type MirrorWorld, mirrorWorld } from "../support/mirror.ts";
import { organizationKey, user } from "../support/people.ts";
import { Person } from "../support/world.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a group", () => {
  it("resolves our own and upstream's under one name, signed with one key", async () => {
    const it = await groupWorld();
    await it.own.publish({ name: "ours", version: "1.0.0" });
    await it.mirror.author.publish({ name: "theirs", version: "2.0.0" });
    for (const [name, version] of [
      ["ours", "1.0.0"],
      ["theirs", "2.0.0"],
    ] as const) {
      const resource = await packageOf(it, name);
      expect(resource).toMatchObject({ repository: "hexpm", name, releases: [{ version }] });
      const tarball = await it.reader.file(`/tarballs/${name}-${version}.tar`);
      expect(tarball.status).toBe(200);
      expect(tarball.headers.get("etag")).toBeTruthy();
      const digest = await crypto.subtle.digest("SHA-256", await tarball.arrayBuffer());
      expect(new Uint8Array(digest)).toEqual(resource.releases[0]?.outerChecksum);
    }
    expect((await it.reader.file("/packages/nobodys")).status).toBe(404);
  });

  it("shows what was published the moment publish answered", async () => {
    const it = await groupWorld();
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
      expect((await it.own.publish({ name: "ours", version })).status).toBe(201);
      expect((await packageOf(it, "ours")).releases.at(-1)?.version).toBe(version);
    }
    expect((await it.own.revert("ours", "1.2.0")).status).toBe(204);
    expect((await packageOf(it, "ours")).releases.at(-1)?.version).toBe("1.1.0");
  });

  it("never answers from upstream for a name of ours, not even another version", async () => {
    const it = await groupWorld();
    await it.mirror.author.publish({ name: "foo", version: "9.0.0" });
    expect((await packageOf(it, "foo")).releases[0]?.version).toBe("9.0.0");
    await it.own.publish({ name: "foo", version: "1.0.0" });
    const { releases } = await packageOf(it, "foo");
    expect(releases.map(({ version }) => version)).toEqual(["1.0.0"]);
    expect((await it.reader.file("/tarballs/foo-9.0.0.tar")).status).toBe(404);
    expect((await it.reader.file("/tarballs/foo-1.0.0.tar")).status).toBe(200);
  });

  it("says in the audit log that a name of ours exists upstream too", async () => {
    const it = await groupWorld();
    await it.mirror.author.publish({ name: "foo", version: "9.0.0" });
    await it.own.publish({ name: "foo", version: "1.0.0" });
    await packageOf(it, "foo");
    expect(await env.GROUP.getByName(it.group).conflicts()).toMatchObject([
      { package: "foo", member: it.own.repository, mirror: it.mirror.repository },
    ]);
    const log = await it.own.fetch(`/api/orgs/${it.own.repository}/audit-logs`);
    expect(Object.values(await read(log))).toContainEqual(
      expect.objectContaining({ action: "name.conflict" }),
    );
    const settings = { REPOSITORIES: declared(it), ROOT_REPOSITORY: undefined };
    const health = registryWith(settings);
    expect(await (await health("/health")).json()).toEqual({ status: "ok" });
    expect(await (await health("/health", { key: env.ADMIN_KEY })).json()).toMatchObject({
      name_conflicts: { [it.group]: [{ package: "foo" }] },
    });
  });

  it("makes dependencies between members its own, so that no project needs to name a repository", async () => {
    const it = await groupWorld();
    await it.mirror.author.publish({ name: "theirs", version: "1.0.0" });
    await it.own.publish({ name: "base", version: "1.0.0" });
    const requirements = [
      { name: "base", requirement: "~> 1.0", repository: it.own.repository },
      { name: "theirs", requirement: "~> 1.0", repository: "hexpm" },
    ];
    await it.own.publish({ name: "ours", version: "1.0.0", requirements });
    const [release] = (await packageOf(it, "ours")).releases;
    expect(
      release?.dependencies.map(({ package: name, repository }) => [name, repository]),
    ).toEqual([
      ["base", undefined],
      ["theirs", undefined],
    ]);
  });

  it("is signed and named anew when it is declared anew", async () => {
    const it = await groupWorld();
    await it.own.publish({ name: "ours", version: "1.0.0" });
    await packageOf(it, "ours");
    const renamed = { ...(declared(it) as Record<string, object>) };
    renamed[it.group] = { ...renamed[it.group], name: "renamed" };
    const { runInDurableObject } = await import("cloudflare:test");
    await runInDurableObject(env.GROUP.getByName(it.group), async (instance) => {
      const settings = { REPOSITORIES: renamed, ROOT_REPOSITORY: undefined };
      Object.defineProperty(instance, "env", { value: { ...env, ...settings } });
      await instance.buildPackage("ours", it.own.repository);
    });
    const answer = await it.reader.file("/packages/ours");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const expected = { repository: "renamed", name: "ours" };
    expect(await unpackPackage(bytes, await keyOf(it), expected)).toMatchObject(expected);
  });

  it("lists each name once, in byte order, ours before theirs", async () => {
    const it = await groupWorld();
    await it.mirror.author.publish({ name: "foo", version: "9.0.0" });
    await it.mirror.author.publish({ name: "a_theirs", version: "1.0.0" });
    await it.own.publish({ name: "foo", version: "1.0.0" });
    await it.own.publish({ name: "zoo", version: "1.0.0" });
    await it.mirror.author.file("/versions").then((answer) => answer.arrayBuffer());
    await vi.waitFor(
      async () => {
        const bytes = new Uint8Array(await (await it.reader.file("/versions")).arrayBuffer());
        const { packages } = await unpackVersions(bytes, await keyOf(it), { repository: "hexpm" });
        expect(packages.map(({ name, versions }) => [name, versions])).toEqual([
          ["a_theirs", ["1.0.0"]],
          ["foo", ["1.0.0"]],
          ["zoo", ["1.0.0"]],
        ]);
      },
      { timeout: 10_000, interval: 300 },
    );
    expect((await it.reader.file("/names")).status).toBe(200);
  });

  it("goes on with what is kept when upstream is away, and with ours in any case", async () => {
    const it = await groupWorld();
    await it.mirror.author.publish({ name: "theirs", version: "1.0.0" });
    await it.own.publish({ name: "ours", version: "1.0.0" });
    await packageOf(it, "theirs");
    it.mirror.upstream.goAway();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    expect((await packageOf(it, "theirs")).releases).toHaveLength(1);
    expect((await packageOf(it, "ours")).releases).toHaveLength(1);
    expect((await it.reader.file("/packages/never_seen")).status).toBe(504);
  });

  it("is read only by those who may read each member, and says the same to all others", async () => {
    const it = await groupWorld("vault", "secret");
    await it.own.publish({ name: "ours", version: "1.0.0" });
    await it.mirror.author.publish({ name: "theirs", version: "1.0.0" });
    const member = await user(it.own, "read", "repositories");
    const key = await organizationKey(it.own, `repository:${it.own.repository}`);
    const narrow = await user(it.own, "read", "api");
    const stranger = await user({ repository: it.mirror.repository }, undefined, "repositories");
    const vault = (person: Person, path: string) => person.fetch(`/repos/${it.group}${path}`);
    for (const name of ["ours", "theirs", "nobodys"]) {
      for (const path of [
        `/packages/${name}`,
        `/tarballs/${name}-1.0.0.tar`,
        "/names",
        "/versions",
      ]) {
        const isThere = name !== "nobodys" || path.length < 10;
        expect((await vault(member, path)).status).toBe(isThere ? 200 : 404);
        // The other member is public, so a key that reads the private one reads the group.
        expect((await vault(key, path)).status).toBe(isThere ? 200 : 404);
        expect((await vault(narrow, path)).status).toBe(401);
        expect((await vault(stranger, path)).status).toBe(404);
        expect((await vault(it.reader, path)).status).toBe(403);
      }
    }
  });
});

interface GroupWorld {
  group: string;
  own: Person;
  mirror: MirrorWorld;
  reader: Person;
}

async function groupWorld(kind = "group", own = "own"): Promise<GroupWorld> {
  const mirror = await mirrorWorld();
  const number = mirror.repository.slice(-3);
  const group = `${kind}_${number}`;
  return {
    ...{ group, mirror },
    own: new Person(`${own}_${number}`, env.ADMIN_KEY),
    reader: new Person(group, undefined),
  };
}

/** The three repositories alone: to ask all that the tests declare takes a while. */
function declared({ group, own, mirror }: GroupWorld): object {
  const all = env.REPOSITORIES as Record<string, object>;
  const names = [group, own.repository, mirror.repository];
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

async function packageOf(it: GroupWorld, name: string): Promise<PackageResource> {
  const answer = await it.reader.file(`/packages/${name}`);
  expect(answer.status).toBe(200);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return unpackPackage(bytes, await keyOf(it), { repository: "hexpm", name });
}

async function keyOf({ reader }: GroupWorld): Promise<CryptoKey> {
  return parsePublicKey(await (await reader.file("/public_key")).text());
}
