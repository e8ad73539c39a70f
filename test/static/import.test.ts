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
import { importRepository, type Target } from "../../src/static/import.ts";
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
  /** After so many requests the power fails. */
  left = Number.POSITIVE_INFINITY;

  async releases(name: string) {
    return this.packages.get(name) ?? [];
  }

  async docs({ name, version }: { name: string; version: string }) {
    return this.kept.get(`${name} ${version}`);
  }

  async publish(bytes: Uint8Array) {
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
    return undefined;
  }

  async retire({ name, version }: { name: string; version: string }, retired: { reason: "other" }) {
    this.#step();
    const releases = this.packages.get(name) ?? [];
    const after = releases.map((it) => (it.version === version ? { ...it, retired } : it));
    this.packages.set(name, after);
    this.did.push(`retire ${name} ${version}`);
    return undefined;
  }

  async publishDocs({ name, version }: { name: string; version: string }, docs: Uint8Array) {
    this.#step();
    this.kept.set(`${name} ${version}`, docs);
    this.did.push(`docs ${name} ${version}`);
    return undefined;
  }

  #step(): void {
    if (this.left-- <= 0) throw new Error("power failed");
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

  it("finishes what was cut off anywhere", async () => {
    await put({ name: "app", requirements: [{ name: "lib" }], rebar3: true }, { name: "lib" });
    await change("lib", (all) => all.map((it) => ({ ...it, retired: { reason: "security" } })));
    source.put("docs/lib-1.0.0.tar.gz", new Uint8Array(7));
    for (let requests = 0; requests < 5; requests++) {
      target = new MemoryTarget();
      target.left = requests;
      await run().catch(() => {});
      target.left = Number.POSITIVE_INFINITY;
      await run();
      expect(target.did, `cut after ${requests}`).toEqual([
        ...["publish lib 1.0.0", "retire lib 1.0.0", "docs lib 1.0.0", "publish app 1.0.0"],
      ]);
    }
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
    expect(target.did.sort()).toEqual(["publish good 1.0.0", "publish twice 1.1.0"]);
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
