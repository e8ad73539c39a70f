/** A group while one of its members gets another signing key. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import {
  buildPackage,
  type PackageResource,
  unpackNames,
  unpackPackage,
  unpackVersions,
} from "../../src/hex/registry.ts";
import {
  generateSigningKey,
  parsePrivateKey,
  parsePublicKey,
  publicKeyPem,
} from "../../src/hex/sign.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { storedBytes } from "../support/direct.ts";
import { crash, finish } from "../support/faulty-storage.ts";
import { mirrorWorld } from "../support/mirror.ts";
import { Person, type World } from "../support/world.ts";

describe("a group whose member gets another key", () => {
  it("answers at once, and with all of it, before the member's files are signed anew", async () => {
    const { member, group } = await groupWorld();
    await member.admin.publish({ name: "foo" });
    await finish(member);
    await giveKey(member);
    const before = await storedBytes(member, "packages/foo");
    expect((await read(group, "packages/foo")).releases).toHaveLength(1);
    expect(await storedBytes(member, "packages/foo")).not.toEqual(before);

    await giveKey(member);
    expect(await read(group, "names")).toEqual(["foo"]);
    await giveKey(member);
    await member.admin.publish({ name: "bar" });
    expect(await read(group, "versions")).toContain("foo");
    expect((await read(group, "packages/bar")).releases).toHaveLength(1);
    await member.stub.recover();
    expect(await read(group, "versions")).toEqual(["bar", "foo"]);
  });

  it("shows nothing that somebody else signed, whatever public_key they put into the bucket", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { member, group } = await groupWorld();
    await member.admin.publish({ name: "foo" });
    await finish(member);
    const theirs = await parsePrivateKey(await generateSigningKey());
    const resource: PackageResource = {
      repository: member.repository,
      name: "foo",
      releases: [],
      advisories: [],
    };
    const files = {
      "packages/foo": await buildPackage(resource, theirs, { mtimeSeconds: 1 }),
      public_key: new TextEncoder().encode(await publicKeyPem(theirs)),
    };
    const storage = openStorage(env as Env, member.repository);
    for (const [path, bytes] of Object.entries(files)) {
      const key = `repos/${member.repository}/${path}`;
      const etag = (await storage.head(key))?.etag ?? "";
      expect(await storage.put(key, bytes, { kind: "replace", etag })).toBeDefined();
    }
    expect((await group.file("/packages/foo")).status).toBe(500);
  });
});

/** A group, and of its members the hosted one. */
async function groupWorld(): Promise<{ member: World; group: Person }> {
  const number = (await mirrorWorld()).repository.slice(-3);
  const repository = `own_${number}`;
  const member: World = {
    repository,
    admin: new Person(repository, env.ADMIN_KEY),
    guest: new Person(repository, undefined),
    stub: env.REPOSITORY.getByName(repository),
  };
  return { member, group: new Person(`group_${number}`, undefined) };
}

/** It opens with another key, and nothing is signed anew until somebody asks for that. */
async function giveKey(member: World): Promise<void> {
  const name = `SIGNING_KEY_${member.repository.toUpperCase()}`;
  (env as unknown as Record<string, string>)[name] = await generateSigningKey();
  await crash(member);
  await runInDurableObject(member.stub, async ({ world }: Repository, { storage }) => {
    world.flush.registryStartedAt = 0;
    await storage.deleteAlarm();
  });
}

/** What a client of the group reads. */
async function read(group: Person, path: `packages/${string}`): Promise<PackageResource>;
async function read(group: Person, path: "names" | "versions"): Promise<string[]>;
async function read(group: Person, path: string): Promise<PackageResource | string[]> {
  const key = await parsePublicKey(await (await group.file("/public_key")).text());
  const answer = await group.file(`/${path}`);
  expect([path, answer.status]).toEqual([path, 200]);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const repository = "hexpm";
  if (path.startsWith("packages/")) {
    return unpackPackage(bytes, key, { repository, name: path.slice("packages/".length) });
  }
  const unpack = path === "names" ? unpackNames : unpackVersions;
  const { packages } = await unpack(bytes, key, { repository });
  return packages.map(({ name }) => name);
}
