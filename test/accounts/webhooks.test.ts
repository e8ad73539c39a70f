/** Webhooks of the Accounts object: keys, members, users. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { Accounts } from "../../src/accounts/accounts.ts";
import { Receiver } from "../support/receiver.ts";
import { admin, Fresh } from "./fresh.ts";

async function listening(...webhooks: object[]): Promise<[Fresh, Receiver]> {
  const fresh = new Fresh();
  const receiver = new Receiver(...webhooks);
  await listen(fresh, receiver);
  return [fresh, receiver];
}

async function listen(fresh: Fresh, receiver: Receiver): Promise<void> {
  await receiver.listen(fresh.stub, (instance: Accounts) => instance.world.deliveries);
  await runInDurableObject(fresh.stub, ({ courier }: Accounts) => {
    courier.parts.now = () => fresh.now;
  });
}

async function deliver({ stub }: Fresh): Promise<void> {
  await runDurableObjectAlarm(stub);
  await vi.waitUntil(async () =>
    (await stub.deliveries(100)).every(({ state }) => state !== "sending"),
  );
}

describe("webhooks of accounts", () => {
  it("hear of users, members and keys, and of no login", async () => {
    const [fresh, receiver] = await listening();
    const ann = await fresh.user("ann", { acme: "write" });
    const key = await fresh.key(ann.owner, "api:read repositories", { name: "ci" });
    await fresh.run((it) => {
      it.setRole("acme", "ann", "read", admin);
      it.removeMember("acme", "ann", admin);
      it.revokeKey(ann.owner, "ci", admin);
      it.setPassword("ann", null, admin);
      it.deactivateUser("ann", admin);
    });
    await deliver(fresh);
    await deliver(fresh);
    expect(receiver.events().slice(0, 7)).toEqual([
      ...["user.create", "organization.member.add", "key.generate"],
      ...["organization.member.role", "organization.member.remove", "key.remove"],
      "password.update",
    ]);
    expect(receiver.events()).toContain("user.deactivate");
    expect(receiver.events().filter((event) => event.startsWith("session."))).toEqual([]);
    const [, added, generated] = receiver.heard.map(({ json }) => json);
    expect(added).toMatchObject({
      ...{ repository: "acme", package: null, version: null },
      ...{ params: { user: "ann", role: "write" }, author: { credential: "admin key" } },
    });
    expect(generated).toMatchObject({ repository: null, params: { key: "ci", user: "ann" } });
    // Not from where, and with what program; nor what is secret.
    for (const { body } of receiver.heard) {
      expect(body).not.toMatch(/192\.0\.2|userAgent|requestId/);
      for (const secret of [key.secret, key.hash, "stored password"]) {
        expect(body).not.toContain(secret);
      }
    }
  });

  it("of one organization hear of its members and keys alone", async () => {
    const [fresh, receiver] = await listening({ repositories: ["acme"] });
    await fresh.user("ann", { acme: "write", other: "read" });
    await fresh.key({ kind: "organization", name: "acme" }, "repository:acme");
    await deliver(fresh);
    await deliver(fresh);
    expect(receiver.heard.map(({ json }) => `${json.event} ${json.repository}`)).toEqual([
      "organization.member.add acme",
      "key.generate acme",
    ]);
  });

  it("hear nothing of what was refused", async () => {
    const [fresh, receiver] = await listening();
    await fresh.run((it) => it.addMember("acme", "nobody", "read", admin));
    await fresh.run((it) => it.revokeKey({ kind: "organization", name: "acme" }, "none", admin));
    await deliver(fresh);
    expect(receiver.heard).toEqual([]);
  });

  it("hear of it after a crash, and of what a receiver missed when it is back", async () => {
    const [fresh, receiver] = await listening();
    await fresh.user("ann");
    await fresh.crash();
    receiver.answer = () => new Response(null, { status: 500 });
    await listen(fresh, receiver);
    await deliver(fresh);
    receiver.answer = undefined;
    const alarm = await runInDurableObject(fresh.stub, (_, { storage }) => storage.getAlarm());
    expect(alarm).toBeGreaterThan(Date.now());
    fresh.now += 5000;
    await deliver(fresh);
    expect(receiver.heard.length).toBeGreaterThanOrEqual(2);
    expect(new Set(receiver.heard.map(({ id }) => id)).size).toBe(1);
    expect((await fresh.stub.deliveries(10))[0]?.state).toBe("delivered");
  });
});
