/** `check` is what all other tests and operators believe, so it must see every kind of damage. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { signingKeyPem } from "../../src/config/signing-key.ts";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { sha256 } from "../../src/hex/checksum.ts";
import {
  buildNames,
  buildPackage,
  buildVersions,
  type PackageResource,
  unpackNames,
  unpackVersions,
} from "../../src/hex/registry.ts";
import {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import { check } from "../../src/repository/check.ts";
import { author, docsTarball, storedBytes, storedPackage, upload } from "../support/direct.ts";
import { crash, finish } from "../support/faulty-storage.ts";
import { expectSound, type World, world } from "../support/world.ts";

const uploads = await Promise.all([
  upload({ name: "bar", version: "0.1.0" }),
  upload({ name: "foo", version: "1.0.0" }),
  upload({ name: "foo", version: "1.10.0" }),
  upload({ name: "foo", version: "1.9.0" }),
]);
const docs = docsTarball("foo");
const docsSum = await sha256(docs);
const strangerKey = await parsePrivateKey(await generateSigningKey());
const at = { mtimeSeconds: 1 };

/** bar 0.1.0; foo 1.0.0, 1.9.0 (retired) and 1.10.0 (with docs); at rest and sound. */
class Damaged {
  readonly world: World;
  readonly #prefix: string;

  private constructor(world: World) {
    this.world = world;
    this.#prefix = `repos/${world.repository}/`;
  }

  static async open(): Promise<Damaged> {
    const it = await world();
    for (const { publication, tarball } of uploads) {
      await it.stub.publish(publication, tarball, author);
    }
    await it.stub.publishDocs("foo", "1.10.0", docs, docsSum, author);
    await it.stub.retire("foo", "1.9.0", { reason: "security", message: "old" }, author);
    await finish(it);
    await expectSound(it);
    return new Damaged(it);
  }

  async problems(): Promise<string[]> {
    return check(openStorage(env as Env, this.world.repository), this.world.stub);
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    await env.BUCKET.put(this.#prefix + path, bytes);
  }

  async remove(path: string): Promise<void> {
    await env.BUCKET.delete(this.#prefix + path);
  }

  async changeByte(path: string): Promise<void> {
    const bytes = await storedBytes(this.world, path);
    if (!bytes) throw new Error(`${path} is not there`);
    const place = bytes.length >> 1;
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await this.put(path, bytes);
  }

  async changePages(
    change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array,
    to = "foo-1.10.0",
  ): Promise<void> {
    const folder = `pages/${this.world.repository}`;
    const object = await env.BUCKET.get(`${folder}/foo-1.10.0`);
    if (!object) throw new Error("there are no pages");
    await env.BUCKET.put(`${folder}/${to}`, change(new Uint8Array(await object.arrayBuffer())));
  }

  async removePages(): Promise<void> {
    await env.BUCKET.delete(`pages/${this.world.repository}/foo-1.10.0`);
  }

  async key(): Promise<CryptoKey> {
    return parsePrivateKey(signingKeyPem(env as Env, this.world.repository));
  }

  async package(name: string): Promise<PackageResource> {
    const resource = await storedPackage(this.world, name);
    if (!resource) throw new Error(`packages/${name} is not there`);
    return resource;
  }

  async putPackage(resource: PackageResource, key?: CryptoKey): Promise<void> {
    const file = await buildPackage(resource, key ?? (await this.key()), at);
    await this.put(`packages/${resource.name}`, file);
  }

  async names() {
    const { repository } = this.world;
    const file = (await storedBytes(this.world, "names")) ?? new Uint8Array();
    return unpackNames(file, await parsePublicKey(await this.publicKey()), { repository });
  }

  async versions() {
    const { repository } = this.world;
    const file = (await storedBytes(this.world, "versions")) ?? new Uint8Array();
    return unpackVersions(file, await parsePublicKey(await this.publicKey()), { repository });
  }

  async publicKey(): Promise<string> {
    return publicKeyPem(await this.key());
  }
}

type Damage = [title: string, damage: (it: Damaged) => Promise<void>, problem: RegExp];

const damages: Damage[] = [
  [
    "no search finds a package",
    ({ world }) =>
      runInDurableObject(world.stub, (_instance, { storage }) => {
        storage.sql.exec("DELETE FROM catalog WHERE name = 'foo'");
      }),
    /^lists know of bar, the ledger of bar,foo$/,
  ],
  [
    "a tarball is missing",
    (it) => it.remove("tarballs/foo-1.0.0.tar"),
    /packages\/foo names 1\.0\.0, but .*foo-1\.0\.0\.tar is missing/,
  ],
  [
    "a byte of a tarball has changed",
    (it) => it.changeByte("tarballs/foo-1.0.0.tar"),
    /foo-1\.0\.0\.tar has checksum [0-9a-f]{64}, but packages\/foo says [0-9a-f]{64}/,
  ],
  [
    "a tarball is that of another version",
    async (it) => it.put("tarballs/foo-1.0.0.tar", uploads[2].tarball),
    /foo-1\.0\.0\.tar has checksum/,
  ],
  [
    "docs are missing",
    (it) => it.remove("docs/foo-1.10.0.tar.gz"),
    /foo 1\.10\.0 has docs, but .* is missing/,
  ],
  [
    "a byte of the docs has changed",
    (it) => it.changeByte("docs/foo-1.10.0.tar.gz"),
    /docs\/foo-1\.10\.0\.tar\.gz: wrong checksum/,
  ],
  [
    "pages are missing",
    (it) => it.removePages(),
    /^foo 1\.10\.0 has pages, but pages\/\w+\/foo-1\.10\.0 is missing$/,
  ],
  [
    "pages are cut off",
    (it) => it.changePages((bytes) => bytes.slice(0, -1)),
    /^pages\/\w+\/foo-1\.10\.0: its index makes it/,
  ],
  [
    "pages are something else",
    (it) => it.changePages(() => new TextEncoder().encode("hello".repeat(20))),
    /^pages\/\w+\/foo-1\.10\.0: is no set of pages$/,
  ],
  [
    "pages are those of other docs",
    (it) => it.changePages((bytes) => bytes.fill(1, 24, 56)),
    /foo-1\.10\.0 was made of docs with checksum (01){32}, but foo 1\.10\.0 has [0-9a-f]{64}$/,
  ],
  [
    "there are pages of a release without docs",
    (it) => it.changePages((bytes) => bytes, "foo-1.0.0"),
    /^pages\/\w+\/foo-1\.0\.0: nobody knows of it$/,
  ],
  [
    "there are pages of docs that gave none",
    ({ world }) =>
      runInDurableObject(world.stub, (_instance, { storage }) => {
        storage.sql.exec("UPDATE releases SET pages_etag = NULL");
      }),
    /^pages\/\w+\/foo-1\.10\.0: nobody knows of it$/,
  ],
  ["a package file is missing", (it) => it.remove("packages/foo"), /^packages\/foo is missing$/],
  [
    "a byte of a package file has changed",
    (it) => it.changeByte("packages/foo"),
    /^packages\/foo: /,
  ],
  [
    "a package file is not gzip at all",
    (it) => it.put("packages/foo", new TextEncoder().encode("hello")),
    /^packages\/foo: .*gzip/,
  ],
  [
    "a package file of a package that nobody published is there",
    async (it) => it.putPackage({ ...(await it.package("foo")), name: "extra" }),
    /packages\/extra: nobody knows of it/,
  ],
  [
    "a package file is signed with another key",
    async (it) => it.putPackage(await it.package("foo"), strangerKey),
    /^packages\/foo: .*signed/,
  ],
  [
    "a package file speaks for another repository",
    async (it) => it.putPackage({ ...(await it.package("foo")), repository: "other" }),
    /^packages\/foo: .*other/,
  ],
  [
    "a package file is about another package",
    async (it) =>
      it.put("packages/foo", (await storedBytes(it.world, "packages/bar")) ?? new Uint8Array()),
    /^packages\/foo: .*bar/,
  ],
  [
    "a package file lacks a release",
    async (it) => {
      const { releases, ...rest } = await it.package("foo");
      await it.putPackage({ ...rest, releases: releases.slice(1) });
    },
    /packages\/foo says 1\.9\.0 .*, the ledger 1\.0\.0/,
  ],
  [
    "a package file has a release too many",
    async (it) => {
      const { releases, ...rest } = await it.package("foo");
      const more = releases.slice(0, 1).map((release) => ({ ...release, version: "2.0.0" }));
      await it.putPackage({ ...rest, releases: [...releases, ...more] });
    },
    /packages\/foo names 2\.0\.0, but .*foo-2\.0\.0\.tar is missing/,
  ],
  [
    "a package file has its releases in another order",
    async (it) => {
      const { releases, ...rest } = await it.package("foo");
      await it.putPackage({ ...rest, releases: [...releases].reverse() });
    },
    /packages\/foo says 1\.10\.0 .*, the ledger 1\.0\.0/,
  ],
  [
    "a package file forgets a retirement",
    async (it) => {
      const { releases, ...rest } = await it.package("foo");
      const without = releases.map(({ retired: _retired, ...release }) => release);
      await it.putPackage({ ...rest, releases: without });
    },
    /packages\/foo says .*, the ledger .*security/,
  ],
  [
    "a package file has no checksum of a tarball",
    async (it) => {
      const { releases, ...rest } = await it.package("foo");
      const without = releases.map(({ outerChecksum: _checksum, ...release }) => release);
      await it.putPackage({ ...rest, releases: without });
    },
    /foo 1\.0\.0 has no outer checksum/,
  ],
  ["names is missing", (it) => it.remove("names"), /names is missing/],
  ["versions is missing", (it) => it.remove("versions"), /versions is missing/],
  ["public_key is missing", (it) => it.remove("public_key"), /^public_key is missing$/],
  [
    "public_key is another key",
    async (it) => it.put("public_key", new TextEncoder().encode(await publicKeyPem(strangerKey))),
    /public_key is not the key that signs/,
  ],
  [
    "names lacks a package",
    async (it) => {
      const { packages, ...rest } = await it.names();
      const file = await buildNames({ ...rest, packages: packages.slice(1) }, await it.key(), at);
      await it.put("names", file);
    },
    /names says foo, the ledger bar,foo/,
  ],
  [
    "names has its packages in another order",
    async (it) => {
      const { packages, ...rest } = await it.names();
      const reversed = [...packages].reverse();
      await it.put("names", await buildNames({ ...rest, packages: reversed }, await it.key(), at));
    },
    /names says foo,bar, the ledger bar,foo/,
  ],
  [
    "names is signed with another key",
    async (it) => it.put("names", await buildNames(await it.names(), strangerKey, at)),
    /^names: .*signed/,
  ],
  [
    "names speaks for another repository",
    async (it) => {
      const names = { ...(await it.names()), repository: "other" };
      await it.put("names", await buildNames(names, await it.key(), at));
    },
    /^names: .*other/,
  ],
  [
    "versions lacks a version",
    async (it) => {
      const { packages, ...rest } = await it.versions();
      const fewer = packages.map((one) => ({
        ...one,
        versions: one.versions.slice(0, 2),
      }));
      await it.put(
        "versions",
        await buildVersions({ ...rest, packages: fewer }, await it.key(), at),
      );
    },
    /versions says .*foo 1\.0\.0,1\.9\.0 retired 1, the ledger .*foo 1\.0\.0,1\.9\.0,1\.10\.0 retired 1/,
  ],
  [
    "versions has its versions in the order of text",
    async (it) => {
      const { packages, ...rest } = await it.versions();
      const sorted = packages.map((one) => ({ ...one, versions: [...one.versions].sort() }));
      await it.put(
        "versions",
        await buildVersions({ ...rest, packages: sorted }, await it.key(), at),
      );
    },
    /versions says .*foo 1\.0\.0,1\.10\.0,1\.9\.0/,
  ],
  [
    "versions has its packages in another order",
    async (it) => {
      const { packages, ...rest } = await it.versions();
      const reversed = [...packages].reverse();
      await it.put(
        "versions",
        await buildVersions({ ...rest, packages: reversed }, await it.key(), at),
      );
    },
    /versions says foo .*;bar .*, the ledger bar/,
  ],
  [
    "versions says that another release is retired",
    async (it) => {
      const { packages, ...rest } = await it.versions();
      const wrong = packages.map((one) => ({ ...one, retired: one.retired.map(() => 0) }));
      await it.put(
        "versions",
        await buildVersions({ ...rest, packages: wrong }, await it.key(), at),
      );
    },
    /versions says .*retired 0, the ledger .*retired 1/,
  ],
  [
    "a tarball of a release that nobody published is there",
    (it) => it.put("tarballs/foo-3.0.0.tar", uploads[0].tarball),
    /tarballs\/foo-3\.0\.0\.tar: nobody knows of it/,
  ],
  [
    "docs of a release without docs are there",
    (it) => it.put("docs/foo-1.0.0.tar.gz", docs),
    /docs\/foo-1\.0\.0\.tar\.gz: nobody knows of it/,
  ],
  [
    "any other file is there",
    (it) => it.put("notes.txt", new TextEncoder().encode("hello")),
    /notes\.txt: nobody knows of it/,
  ],
];

describe("check", () => {
  it.each(damages)("says so when %s", async (_title, damage, problem) => {
    const it = await Damaged.open();
    await damage(it);
    const problems = await it.problems();
    expect(problems).toContainEqual(expect.stringMatching(problem));
  });

  it("says everything that is wrong, not only the first thing", async () => {
    const it = await Damaged.open();
    await it.remove("tarballs/foo-1.0.0.tar");
    await it.changeByte("tarballs/bar-0.1.0.tar");
    await it.remove("names");
    expect(await it.problems()).toHaveLength(3);
  });

  it("sees damage also while something is on its way", async () => {
    const it = await Damaged.open();
    await it.changeByte("tarballs/foo-1.0.0.tar");
    await it.remove("tarballs/bar-0.1.0.tar");
    await it.world.stub.retire("foo", "1.0.0", { reason: "other", message: null }, author);
    await crash(it.world);
    expect((await it.world.stub.facts()).clean).toBe(false);
    expect(await it.problems()).toHaveLength(2);
  });

  it("finds nothing wrong with a repository that is empty, or not opened yet", async () => {
    const it = await world();
    await expectSound(it);
    await finish(it);
    await expectSound(it);
  });
});
