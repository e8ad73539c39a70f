/** Who owns a package, and what somebody's standing lets them change. */
import { describe, expect, it } from "vitest";
import type { Published } from "../../src/repository/publish.ts";
import type { OwnerLevel, Refused } from "../../src/repository/types.ts";
import { author, docsTarball, person, stock, upload } from "../support/direct.ts";
import { begin, crash, finish, heldCall, injectFaults } from "../support/faulty-storage.ts";
import { expectSound, type World, world } from "../support/world.ts";

const member = person("mia", 9, "member");
const organization = person("acme", null, "member");
const [ann, bob, carol] = [
  person("ann", 1, "creator"),
  person("bob", 2, "creator"),
  person("carol", 3, "creator"),
];
const only = { transfer: false };
const transfer = { transfer: true };
const denied = { refused: { reason: "not_owner", package: "foo" } };
const checksum = new Uint8Array(32);

/** `ann full` and so on, by name. */
async function owners({ stub }: World, name = "foo"): Promise<string[] | undefined> {
  const list = await stub.owners(name);
  return list?.map(({ username, level }) => `${username} ${level}`);
}

async function publish({ stub }: World, version: string, by = ann): Promise<Published | Refused> {
  const { publication, tarball } = await upload({ version });
  return stub.publish(publication, tarball, by);
}

/** foo 1.0.0 with its owners: whoever is named, beside ann. */
async function owned(...others: [string, number, OwnerLevel][]): Promise<World> {
  const it = await world();
  await stock(it, [{ name: "foo", by: ann }]);
  for (const [name, id, level] of others) {
    await it.stub.setOwner("foo", { id, name }, level, only, ann);
  }
  return it;
}

describe("whoever publishes a package first", () => {
  it("owns it, and nobody who publishes after", async () => {
    const it = await world();
    await publish(it, "1.0.0", ann);
    await publish(it, "1.1.0", member);
    expect(await it.stub.owners("foo")).toEqual([{ userId: 1, username: "ann", level: "full" }]);
    expect(await it.stub.package("foo")).toMatchObject({ owners: [{ username: "ann" }] });
    await expectSound(it);
  });

  it("does not own it when it is no user", async () => {
    const it = await world();
    await publish(it, "1.0.0", organization);
    await publish(it, "1.1.0", member);
    expect(await owners(it)).toEqual([]);
  });

  it("loses it with the last release, and the next to come owns it", async () => {
    const it = await world();
    await publish(it, "1.0.0", ann);
    await publish(it, "1.1.0", ann);
    await it.stub.revert("foo", "1.0.0", ann);
    expect(await owners(it)).toEqual(["ann full"]);
    await it.stub.revert("foo", "1.1.0", ann);
    expect(await it.stub.owners("foo")).toBeNull();
    expect(await publish(it, "1.0.0", bob)).toMatchObject({ replaced: false });
    expect(await owners(it)).toEqual(["bob full"]);
    await expectSound(it);
  });
});

describe("standing", () => {
  it("of a member reaches to every package", async () => {
    const it = await owned();
    expect(await publish(it, "1.1.0", member)).toMatchObject({ replaced: false });
    expect(
      await it.stub.retire("foo", "1.1.0", { reason: "other", message: null }, member),
    ).toBeNull();
  });

  it.each([
    ["a creator", bob],
    ["an owner", person("bob", 2, "owner")],
    ["a creator who is no user", person("elsewhere", null, "creator")],
  ])("of %s who does not own the package reaches to nothing of it", async (_who, who) => {
    const it = await owned();
    const before = await it.stub.package("foo");
    const docs = docsTarball("docs");
    expect(await publish(it, "1.0.0", who)).toEqual(denied);
    expect(await publish(it, "1.1.0", who)).toEqual(denied);
    expect(await it.stub.publishDocs("foo", "1.0.0", docs, checksum, who)).toEqual(denied);
    // What there is, and what is not, looks the same.
    for (const version of ["1.0.0", "9.9.9"]) {
      expect(await it.stub.retire("foo", version, null, who)).toEqual(denied);
      expect(await it.stub.revert("foo", version, who)).toEqual(denied);
      expect(await it.stub.revertDocs("foo", version, who)).toEqual(denied);
    }
    expect(await it.stub.setOwner("foo", { id: 2, name: "bob" }, "full", only, who)).toEqual(
      denied,
    );
    expect(await it.stub.removeOwner("foo", 1, false, who)).toEqual(denied);
    expect(await it.stub.disown("foo", who)).toEqual(denied);
    expect(await it.stub.package("foo")).toEqual(before);
    expect(await owners(it)).toEqual(["ann full"]);
  });

  it("of an owner does not reach to a package that is not there, of a creator it does", async () => {
    const it = await world();
    expect(await publish(it, "1.0.0", person("ann", 1, "owner"))).toEqual(denied);
    expect(await it.stub.retire("foo", "1.0.0", null, person("ann", 1, "owner"))).toEqual(denied);
    expect(await it.stub.retire("foo", "1.0.0", null, ann)).toEqual({
      refused: { reason: "package_not_found", package: "foo" },
    });
    expect(await publish(it, "1.0.0", ann)).toMatchObject({ replaced: false });
  });

  it("of a maintainer reaches to releases, but not to who owns the package", async () => {
    const it = await owned(["bob", 2, "maintainer"]);
    for (const standing of ["creator", "owner"] as const) {
      const who = person("bob", 2, standing);
      expect(await it.stub.retire("foo", "1.0.0", null, who)).toBeNull();
      expect(await it.stub.setOwner("foo", { id: 2, name: "bob" }, "full", only, who)).toEqual(
        denied,
      );
      expect(await it.stub.removeOwner("foo", 1, false, who)).toEqual(denied);
      expect(await it.stub.disown("foo", who)).toEqual(denied);
    }
    expect(await owners(it)).toEqual(["ann full", "bob maintainer"]);
    expect(await it.stub.ownedBy(2)).toEqual(["foo"]);
    expect(await it.stub.ownedBy(3)).toEqual([]);
  });

  it("of two creators who come at once lets in the first one alone", async () => {
    const it = await world();
    const outcomes = await Promise.all([publish(it, "1.0.0", ann), publish(it, "2.0.0", bob)]);
    expect(outcomes.filter((outcome) => "release" in outcome)).toHaveLength(1);
    expect(outcomes.filter((outcome) => "refused" in outcome)).toEqual([denied]);
    const winner = "release" in outcomes[0] ? "ann" : "bob";
    expect(await owners(it)).toEqual([`${winner} full`]);
    await expectSound(it);
  });

  it("of a creator waits for what somebody else has on its way, but not for their own", async () => {
    const it = await world();
    const storage = await injectFaults(it);
    storage.holds = ["put tarballs/foo-1.0.0.tar"];
    const first = await upload({ version: "1.0.0" });
    const running = await begin(it, (instance) =>
      instance.publish(first.publication, first.tarball, ann),
    );
    const held = await heldCall(storage);
    expect(await publish(it, "2.0.0", bob)).toEqual(denied);
    expect(await publish(it, "2.0.0", ann)).toMatchObject({ replaced: false });
    await held.land();
    await expect.poll(() => running.outcome).toMatchObject({ value: { replaced: false } });
    await finish(it);
    expect(await owners(it)).toEqual(["ann full"]);
    await expectSound(it);
  });

  it("comes back to others when an upload never arrived", async () => {
    const it = await world();
    const storage = await injectFaults(it);
    storage.holds = ["put tarballs/foo-1.0.0.tar"];
    const first = await upload({ version: "1.0.0" });
    await begin(it, (instance) => instance.publish(first.publication, first.tarball, ann));
    await heldCall(storage);
    await crash(it);
    expect(await publish(it, "2.0.0", bob)).toEqual(denied);
    await finish(it);
    expect(await publish(it, "2.0.0", bob)).toMatchObject({ replaced: false });
    expect(await owners(it)).toEqual(["bob full"]);
  });

  it("stays with the owners when all is reverted while a release of theirs is on its way", async () => {
    const it = await owned(["bob", 2, "maintainer"]);
    const storage = await injectFaults(it);
    storage.holds = ["put tarballs/foo-2.0.0.tar"];
    const next = await upload({ version: "2.0.0" });
    const running = await begin(it, (instance) =>
      instance.publish(next.publication, next.tarball, bob),
    );
    const held = await heldCall(storage);
    await it.stub.revert("foo", "1.0.0", ann);
    expect(await publish(it, "3.0.0", carol)).toEqual(denied);
    await held.land();
    await expect.poll(() => running.outcome).toMatchObject({ value: { replaced: false } });
    expect(await owners(it)).toEqual(["ann full", "bob maintainer"]);
  });
});

describe("owners", () => {
  it("are added, get another level, and are added again without harm", async () => {
    const it = await owned();
    const set = (level: OwnerLevel) =>
      it.stub.setOwner("foo", { id: 2, name: "bob" }, level, only, ann);
    expect(await set("maintainer")).toBeNull();
    expect(await set("maintainer")).toBeNull();
    expect(await owners(it)).toEqual(["ann full", "bob maintainer"]);
    expect(await set("full")).toBeNull();
    expect(await owners(it)).toEqual(["ann full", "bob full"]);
    const log = await it.stub.auditLog({ package: "foo", limit: 10 });
    expect(log.map(({ action, version, params }) => [action, version, params])).toEqual([
      ["owner.update", null, { user: "bob", level: "full" }],
      ["owner.add", null, { user: "bob", level: "maintainer" }],
      ["release.publish", "1.0.0", expect.anything()],
    ]);
  });

  it("keep a full one, whoever is made a maintainer", async () => {
    const it = await owned(["bob", 2, "maintainer"]);
    const demote = (id: number, name: string) =>
      it.stub.setOwner("foo", { id, name }, "maintainer", only, member);
    expect(await demote(1, "ann")).toEqual({
      refused: { reason: "last_full_owner", package: "foo", change: "demote" },
    });
    await it.stub.setOwner("foo", { id: 2, name: "bob" }, "full", only, ann);
    expect(await demote(1, "ann")).toBeNull();
    expect(await owners(it)).toEqual(["ann maintainer", "bob full"]);
  });

  it("all go when the package is transferred, and to a full owner only", async () => {
    const it = await owned(["bob", 2, "full"], ["carol", 3, "maintainer"]);
    const dan = { id: 4, name: "dan" };
    expect(await it.stub.setOwner("foo", dan, "maintainer", transfer, ann)).toEqual({
      refused: { reason: "transfer_needs_full_level", package: "foo" },
    });
    expect(await owners(it)).toEqual(["ann full", "bob full", "carol maintainer"]);
    expect(await it.stub.setOwner("foo", dan, "full", transfer, ann)).toBeNull();
    expect(await owners(it)).toEqual(["dan full"]);
    expect(await it.stub.auditLog({ limit: 1 })).toMatchObject([
      { action: "owner.transfer", author: { name: "ann" }, params: { user: "dan", level: "full" } },
    ]);
    expect(await it.stub.setOwner("foo", dan, "full", transfer, ann)).toEqual(denied);
  });

  it("go all at once when the package is handed to its organization", async () => {
    const it = await owned(["bob", 2, "full"]);
    expect(await it.stub.disown("foo", ann)).toBeNull();
    expect(await owners(it)).toEqual([]);
    expect(await publish(it, "1.1.0", ann)).toEqual(denied);
    expect(await publish(it, "1.1.0", member)).toMatchObject({ replaced: false });
    expect(await owners(it)).toEqual([]);
  });

  it("of a public package are never none, of a private one they may be", async () => {
    const it = await owned(["bob", 2, "maintainer"]);
    const remove = (id: number, isPublic: boolean) =>
      it.stub.removeOwner("foo", id, isPublic, member);
    expect(await remove(3, true)).toEqual({
      refused: { reason: "owner_not_found", package: "foo" },
    });
    expect(await remove(1, true)).toEqual({
      refused: { reason: "last_full_owner", package: "foo", change: "remove" },
    });
    expect(await remove(2, true)).toBeNull();
    expect(await remove(1, true)).toEqual({ refused: { reason: "last_owner", package: "foo" } });
    expect(await owners(it)).toEqual(["ann full"]);
    expect(await remove(1, false)).toBeNull();
    expect(await owners(it)).toEqual([]);
    expect(await it.stub.auditLog({ limit: 1 })).toMatchObject([
      { action: "owner.remove", params: { user: "ann", level: "full" } },
    ]);
  });

  it("of a package that is not there cannot be set", async () => {
    const it = await world();
    const refused = { refused: { reason: "package_not_found", package: "foo" } };
    expect(await it.stub.setOwner("foo", { id: 1, name: "ann" }, "full", only, member)).toEqual(
      refused,
    );
    expect(await it.stub.setOwner("foo", { id: 1, name: "ann" }, "full", only, ann)).toEqual(
      refused,
    );
    expect(await it.stub.removeOwner("foo", 1, true, member)).toEqual(refused);
    expect(await it.stub.disown("foo", author)).toEqual(refused);
    expect(await it.stub.owners("foo")).toBeNull();
  });
});

describe("an owner who leaves", () => {
  it("owns nothing any more, also where nobody else is left, and the audit log says so", async () => {
    const it = await owned(["bob", 2, "maintainer"]);
    await it.stub.forgetOwner(1, member);
    expect(await owners(it)).toEqual(["bob maintainer"]);
    await it.stub.forgetOwner(2, member);
    expect(await owners(it)).toEqual([]);
    expect(await it.stub.ownedBy(1)).toEqual([]);
    const [newest] = await it.stub.auditLog({ package: "foo", limit: 1 });
    expect(newest).toMatchObject({ action: "owner.remove", params: { user: "bob" } });
    await expectSound(it);
  });
});
