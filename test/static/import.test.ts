import { beforeEach, describe, expect, it } from "vitest";
import { sameBytes } from "../../src/hex/checksum.ts";
import {
  buildNames,
  buildPackage,
  buildVersions,
  type PackageResource,
  type ReleaseResource,
  unpackPackage,
} from "../../src/hex/registry.ts";
import {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { buildRepository } from "../../src/static/build.ts";
import type { DateRefused, Target } from "../../src/static/import/target.ts";
import { importRepository } from "../../src/static/import.ts";
import { readTarball } from "../../src/static/tarball.ts";
import { packageTarball, type ReleaseOptions } from "../support/tarball.ts";
import { MemoryFolder } from "./memory-folder.ts";

const key = await parsePrivateKey(await generateSigningKey());
const publicKey = await parsePublicKey(await publicKeyPem(key));
const repository = "acme";
const options = { mtimeSeconds: 0 };

let source: MemoryFolder;
let target: MemoryTarget;

beforeEach(() => {
  [source, target] = [new MemoryFolder(), new MemoryTarget()];
});

/** Takes what has its dependencies of acme, as a hosted repository does. */
class MemoryTarget implements Target {
  readonly packages = new Map<string, ReleaseResource[]>();
  readonly kept = new Map<string, Uint8Array>();
  readonly did: string[] = [];
  /** `foo 1.0.0` → the date it was published with. */
  readonly dates = new Map<string, string>();
  refusesDate: (date: Date) => DateRefused | undefined = () => undefined;
  /** After so many requests the power fails: before the next one comes in, or before its answer is out. */
  left = Number.POSITIVE_INFINITY;
  happens = false;
  requests = 0;

  async releases(name: string) {
    this.#step();
    return this.#after(this.packages.get(name) ?? []);
  }

  async docs({ name, version }: { name: string; version: string }) {
    this.#step();
    return this.#after(this.kept.get(`${name} ${version}`));
  }

  async publishAs(bytes: Uint8Array, publishedAt: Date) {
    const refused = this.refusesDate(publishedAt);
    if (refused) {
      this.#step();
      this.did.push("refuse a date");
      return this.#after(refused);
    }
    return this.publish(bytes, publishedAt);
  }

  async publish(bytes: Uint8Array, publishedAt?: Date) {
    this.#step();
    const facts = await readTarball(bytes);
    if ("refused" in facts) return facts;
    const { name, version, requirements, innerChecksum, outerChecksum } = facts;
    const lacking = requirements.find((it) => !this.packages.has(it.name));
    if (lacking) return { refused: `${lacking.name} package does not exist` };
    const release = {
      version,
      innerChecksum,
      outerChecksum,
      dependencies: [],
      advisoryIndexes: [],
    };
    this.packages.set(name, [...(this.packages.get(name) ?? []), release]);
    this.did.push(`publish ${name} ${version}`);
    if (publishedAt) this.dates.set(`${name} ${version}`, publishedAt.toISOString());
    return this.#after(undefined);
  }

  async retire({ name, version }: { name: string; version: string }, retired: { reason: "other" }) {
    this.#step();
    const releases = this.packages.get(name) ?? [];
    const after = releases.map((it) => (it.version === version ? { ...it, retired } : it));
    this.packages.set(name, after);
    this.did.push(`retire ${name} ${version}`);
    return this.#after(undefined);
  }

  async publishDocs({ name, version }: { name: string; version: string }, docs: Uint8Array) {
    this.#step();
    this.kept.set(`${name} ${version}`, docs);
    this.did.push(`docs ${name} ${version}`);
    return this.#after(undefined);
  }

  #step(): void {
    this.requests++;
    if (this.left-- <= 0 && !this.happens) throw new Error("power failed");
  }

  #after<T>(answer: T): T {
    if (this.left < 0) throw new Error("power failed");
    return answer;
  }
}

async function put(...releases: ReleaseOptions[]): Promise<void> {
  for (const release of releases) {
    const { name = "foo", version = "1.0.0" } = release;
    source.put(`tarballs/${name}-${version}.tar`, await packageTarball(release));
  }
  const built = await buildRepository({ folder: source, repository, privateKey: key });
  if ("refused" in built) throw new Error(JSON.stringify(built));
}

async function resourceOf(name: string): Promise<PackageResource> {
  const bytes = (await source.read(`packages/${name}`)) ?? new Uint8Array();
  return unpackPackage(bytes, publicKey, { repository, name });
}

async function change(
  name: string,
  what: (releases: readonly ReleaseResource[]) => readonly ReleaseResource[],
): Promise<void> {
  const resource = await resourceOf(name);
  const changed = { ...resource, releases: what(resource.releases) };
  source.put(`packages/${name}`, await buildPackage(changed, key, options));
}

function at(day: string, nanos = 0) {
  return { seconds: Date.parse(day) / 1000, nanos };
}

/** Versions 1.0.0, 1.1.0 … of a package, published on these days. */
async function putDated(name: string, ...days: string[]): Promise<void> {
  await put(...days.map((_, nth) => ({ name, version: `1.${nth}.0` })));
  await change(name, (all) => all.map((it, nth) => ({ ...it, publishedAt: at(days[nth] ?? "") })));
}

const run = () => importRepository({ source, publicKey, target, docs: true });

const outcomes = async () =>
  (await run()).releases.map((it) => `${it.package} ${it.version} ${it.outcome}`);

describe("import", () => {
  it("publishes what others depend on first, retires, brings docs, and skips all of it again", async () => {
    await put(
      { name: "app", requirements: [{ name: "lib" }], rebar3: true },
      { name: "lib", requirements: [{ name: "zero" }], rebar3: true },
      { name: "zero" },
      { name: "zero", version: "1.1.0" },
    );
    await change("zero", (releases) =>
      releases.map((it, at) => (at === 0 ? { ...it, retired: { reason: "other" } } : it)),
    );
    source.put("docs/zero-1.1.0.tar.gz", new Uint8Array(7));
    expect(await run()).toMatchObject({ from: "acme", retired: 1, docs: 1 });
    expect(target.did).toEqual([
      ...["publish zero 1.0.0", "retire zero 1.0.0", "publish zero 1.1.0", "docs zero 1.1.0"],
      ...["publish lib 1.0.0", "publish app 1.0.0"],
    ]);
    target.did.length = 0;
    const again = await run();
    expect(again.releases.map(({ outcome }) => outcome)).toEqual([
      "there",
      "there",
      "there",
      "there",
    ]);
    expect(again).toMatchObject({ retired: 0, docs: 0 });
    expect(target.did).toEqual([]);
  });

  it.each([
    ["before", false],
    ["after", true],
  ])("ends with the same when it was cut off %s any request", async (_when, happens) => {
    await put({ name: "app", requirements: [{ name: "lib" }], rebar3: true }, { name: "lib" });
    await change("lib", (all) =>
      all.map((it) => ({ ...it, retired: { reason: "security" }, publishedAt: at("2020-01-02") })),
    );
    source.put("docs/lib-1.0.0.tar.gz", new Uint8Array(7));
    await run();
    const { requests } = target;
    expect(requests).toBeGreaterThan(6);
    for (const refuses of [() => undefined, () => ({ dateRefused: "no", always: true })]) {
      // Refusing a date takes one request more.
      for (let nth = 0; nth <= requests; nth++) {
        target = new MemoryTarget();
        target.refusesDate = refuses;
        [target.left, target.happens] = [nth, happens];
        await run().catch(() => {});
        target.left = Number.POSITIVE_INFINITY;
        const { releases } = await run();
        const cut = `cut ${nth}`;
        expect(
          releases.every(({ outcome }) => ["new", "there"].includes(outcome)),
          cut,
        ).toBe(true);
        expect(
          target.did.filter((it) => it !== "refuse a date"),
          cut,
        ).toEqual([
          ...["publish lib 1.0.0", "retire lib 1.0.0", "docs lib 1.0.0", "publish app 1.0.0"],
        ]);
        const dates = refuses() ? [] : [["lib 1.0.0", "2020-01-02T00:00:00.000Z"]];
        expect([...target.dates], cut).toEqual(dates);
      }
    }
  });

  it("hands on when each release was published, where the source knows it", async () => {
    await put({ name: "foo" }, { name: "foo", version: "1.1.0" }, { name: "bar" });
    await change("foo", (all) =>
      all.map((it, nth) =>
        nth === 0 ? { ...it, publishedAt: at("2020-01-02", 345_678_900) } : it,
      ),
    );
    const absurd = { seconds: Number.MAX_SAFE_INTEGER, nanos: 0 };
    await change("bar", (all) => all.map((it) => ({ ...it, publishedAt: absurd })));
    expect(await run()).toMatchObject({ undated: [] });
    expect([...target.dates]).toEqual([["foo 1.0.0", "2020-01-02T00:00:00.345Z"]]);
    expect([...target.packages.keys()].sort()).toEqual(["bar", "foo"]);
  });

  it("goes on without dates when it may not say any, and asks only once", async () => {
    await putDated("foo", "2018-01-02", "2019-01-02", "2020-01-02");
    target.refusesDate = () => ({ dateRefused: "only admins", always: true });
    const { releases, undated } = await run();
    expect(releases.map(({ outcome }) => outcome)).toEqual(["new", "new", "new"]);
    expect(undated).toEqual([{ releases: 3, why: "only admins" }]);
    expect(target.did).toEqual([
      ...["refuse a date", "publish foo 1.0.0", "publish foo 1.1.0", "publish foo 1.2.0"],
    ]);
    expect(target.dates.size).toBe(0);
    expect(await run()).toMatchObject({ undated: [] });
  });

  it("goes on without the one date that is refused", async () => {
    await putDated("foo", "2018-01-02", "2001-01-02", "2020-01-02");
    target.refusesDate = (date) =>
      date.getUTCFullYear() < 2010 ? { dateRefused: "too old", always: false } : undefined;
    expect((await run()).undated).toEqual([{ releases: 1, why: "too old" }]);
    expect([...target.dates.keys()]).toEqual(["foo 1.0.0", "foo 1.2.0"]);
    expect(target.packages.get("foo")).toHaveLength(3);
  });

  it("does not touch what is there with another checksum, or other docs", async () => {
    await put({ name: "foo" }, { name: "bar" });
    await run();
    await put({ name: "foo", salt: "another" }, { name: "foo", version: "2.0.0" });
    source.put("docs/bar-1.0.0.tar.gz", new Uint8Array(7));
    target.kept.set("bar 1.0.0", new Uint8Array(8));
    const before = target.packages.get("foo")?.[0]?.outerChecksum ?? new Uint8Array();
    expect(await outcomes()).toEqual(["bar 1.0.0 conflict", "foo 1.0.0 conflict", "foo 2.0.0 new"]);
    const after = target.packages.get("foo")?.[0]?.outerChecksum ?? new Uint8Array(1);
    expect(sameBytes(before, after)).toBe(true);
    expect(target.kept.get("bar 1.0.0")).toHaveLength(8);
  });

  it("reports MiniRepo's defects, each, and imports none of them", async () => {
    await put(
      ...[{ name: "good" }, { name: "twice" }, { name: "twice", version: "1.1.0" }],
      ...[{ name: "reverted" }, { name: "lost" }],
    );
    const tarball = (name: string) => packageTarball({ name, salt: "first" });
    // Publishing a version twice lists it twice, with two checksums.
    await change("twice", (releases) => [
      ...releases.map((it) => ({ ...it, outerChecksum: new Uint8Array(32) })).slice(0, 1),
      ...releases,
    ]);
    // Reverting the last release leaves packages/NAME, any other its tarball.
    const listed = ["good", "lost", "twice"];
    const versions = listed.map((name) => ({
      ...{ name, retired: [], withAdvisories: [] },
      versions: name === "twice" ? ["1.0.0", "1.0.0", "1.1.0"] : ["1.0.0"],
    }));
    source.put("versions", await buildVersions({ repository, packages: versions }, key, options));
    const names = { repository, packages: listed.map((name) => ({ name })) };
    source.put("names", await buildNames(names, key, options));
    source.files.delete("tarballs/reverted-1.0.0.tar");
    source.files.delete("tarballs/lost-1.0.0.tar");
    source.put("tarballs/good-0.9.0.tar", await tarball("good"));
    source.put("docs/good-0.9.0.tar.gz", new Uint8Array(3));
    expect((await outcomes()).sort()).toEqual([
      ...["good 0.9.0 orphan", "good 0.9.0 orphan", "good 1.0.0 new", "lost 1.0.0 missing"],
      ...["reverted null stale", "twice 1.0.0 duplicate", "twice 1.1.0 new"],
    ]);
    const did = ["publish good 1.0.0", "publish twice 1.1.0"];
    expect(target.did.sort()).toEqual(did);
    // And once more: nothing is done, and the same is told.
    expect((await outcomes()).sort()).toEqual([
      ...["good 0.9.0 orphan", "good 0.9.0 orphan", "good 1.0.0 there", "lost 1.0.0 missing"],
      ...["reverted null stale", "twice 1.0.0 duplicate", "twice 1.1.0 there"],
    ]);
    expect(target.did).toEqual(did);
  });

  it("believes neither another key nor another checksum, nor a name that is a path", async () => {
    await put({ name: "foo" }, { name: "bar" });
    source.put("tarballs/bar-1.0.0.tar", await packageTarball({ name: "bar", salt: "other" }));
    expect(await outcomes()).toEqual(["bar 1.0.0 broken", "foo 1.0.0 new"]);
    const other = await parsePrivateKey(await generateSigningKey());
    const otherKey = await parsePublicKey(await publicKeyPem(other));
    const request = { source, publicKey: otherKey, target, docs: true };
    await expect(importRepository(request)).rejects.toThrow("not signed with the expected key");
    const packages = [{ name: "../../x", versions: ["1.0.0"], retired: [], withAdvisories: [] }];
    source.put("versions", await buildVersions({ repository, packages }, key, options));
    expect(await outcomes()).toContain("../../x null broken");
  });

  it("says of releases that depend on each other that neither can be first", async () => {
    await put(
      { name: "egg", requirements: [{ name: "hen" }], rebar3: true },
      { name: "hen", requirements: [{ name: "egg" }], rebar3: true },
      { name: "other", requirements: [{ name: "jason", repository: "acme" }] },
    );
    const { releases } = await run();
    expect(releases.map(({ outcome, why }) => `${outcome}: ${why}`)).toEqual([
      "refused: it depends on hen, of which no release could be published before",
      "refused: it depends on egg, of which no release could be published before",
      "refused: jason package does not exist",
    ]);
  });
});
