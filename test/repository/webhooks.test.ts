/** Webhooks of a repository: told exactly what happened, at least once, and never waited for. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Repository } from "../../src/repository/repository.ts";
import type { Webhook } from "../../src/webhooks/declaration.ts";
import { Deliveries, type DeliveryRecord } from "../../src/webhooks/deliveries.ts";
import { concerns } from "../../src/webhooks/event.ts";
import { nextTry, pausesMs } from "../../src/webhooks/schedule.ts";
import { author, docsTarball } from "../support/direct.ts";
import { injectFaults } from "../support/faulty-storage.ts";
import { hang, Receiver } from "../support/receiver.ts";
import { expectSound, type World, world } from "../support/world.ts";

let warned: string[] = [];

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  warned = [];
  vi.spyOn(console, "warn").mockImplementation((line) => {
    warned.push(String(line));
  });
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function listening(...webhooks: Partial<Webhook>[]): Promise<[World, Receiver]> {
  const it = await world({ public: true });
  const receiver = new Receiver(...webhooks);
  await listen(it, receiver);
  return [it, receiver];
}

function listen({ stub }: World, receiver: Receiver): Promise<void> {
  return receiver.listen(stub, (instance: Repository) => instance.world.ledger.deliveries);
}

/** The alarm comes, and what it begins ends. */
async function deliver({ stub }: World): Promise<void> {
  await runDurableObjectAlarm(stub);
  await vi.waitUntil(async () => (await log(stub)).every((it) => it.state !== "sending"), {
    timeout: 10_000,
  });
}

async function log(stub: World["stub"]): Promise<DeliveryRecord[]> {
  return await stub.deliveries(100);
}

describe("what a webhook hears of a repository", () => {
  it("is each change, in order, with who did it", async () => {
    const [it, receiver] = await listening();
    expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
    await it.admin.publish({ name: "foo", version: "1.0.0", salt: "2", replace: true });
    await it.admin.retire("foo", "1.0.0", { reason: "security", message: "do not use" });
    await it.admin.unretire("foo", "1.0.0");
    await it.admin.publishDocs("foo", "1.0.0", docsTarball("a"));
    await it.admin.api("/packages/foo/releases/1.0.0/docs", { method: "DELETE" });
    await it.admin.publish({ name: "foo", version: "2.0.0" });
    await it.admin.revert("foo", "2.0.0");
    await vi.waitUntil(
      async () => {
        await deliver(it);
        return (await log(it.stub)).every(({ state }) => state === "delivered");
      },
      { timeout: 20_000 },
    );
    expect(receiver.events()).toEqual([
      "release.publish",
      "release.publish",
      "release.retire",
      "release.unretire",
      "docs.publish",
      "docs.revert",
      "release.publish",
      "release.revert",
    ]);
    const [published, replaced, retired] = receiver.heard.map(({ json }) => json);
    expect(published).toEqual({
      id: receiver.heard[0]?.id,
      event: "release.publish",
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      repository: it.repository,
      package: "foo",
      version: "1.0.0",
      author: { name: "admin", credential: "admin key" },
      params: { replaced: false, checksum: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(replaced.params.replaced).toBe(true);
    expect(retired.params).toEqual({ reason: "security", message: "do not use" });
    expect(new Set(receiver.heard.map(({ id }) => id)).size).toBe(8);
    await expectSound(it);
  });

  it("is who becomes an owner, and who is none any more", async () => {
    const [it, receiver] = await listening();
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    const [ann, bob] = [
      { id: 1, name: "ann" },
      { id: 2, name: "bob" },
    ];
    const stay = { transfer: false };
    await it.stub.setOwner("foo", ann, "full", stay, author);
    await it.stub.setOwner("foo", bob, "maintainer", stay, author);
    await it.stub.setOwner("foo", bob, "full", stay, author);
    await it.stub.removeOwner("foo", ann.id, true, author);
    await it.stub.removeOwner("foo", bob.id, true, author);
    await it.stub.setOwner("foo", ann, "full", { transfer: true }, author);
    await deliver(it);
    await vi.waitUntil(() => receiver.heard.length >= 6);
    const heard = receiver.heard.map(({ json }) => `${json.event} ${json.params.user ?? ""}`);
    expect(heard.slice(1)).toEqual([
      ...["owner.add ann", "owner.add bob", "owner.update bob", "owner.remove ann"],
      "owner.transfer ann",
    ]);
  });

  it("is nothing of what was refused", async () => {
    const [it, receiver] = await listening();
    expect((await it.guest.publish()).status).toBe(401);
    expect((await it.admin.retire("foo", "1.0.0")).status).toBe(404);
    expect((await it.admin.upload(new Uint8Array(10))).status).toBe(422);
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(422);
    await deliver(it);
    expect(receiver.events()).toEqual(["release.publish"]);
  });

  it("is what it asked for, and what concerns its repositories", () => {
    const webhook = { events: ["release.*", "docs.publish"], repositories: ["acme"] };
    const hears = (event: string, repository: string | null) =>
      concerns(webhook, { event, repository });
    expect(hears("release.publish", "acme")).toBe(true);
    expect(hears("docs.publish", "acme")).toBe(true);
    expect(hears("docs.revert", "acme")).toBe(false);
    expect(hears("release.publish", "other")).toBe(false);
    expect(hears("release.publish", null)).toBe(false);
    expect(hears("session.create", "acme")).toBe(false);
    expect(
      concerns(
        { events: ["*"], repositories: null },
        { event: "session.create", repository: null },
      ),
    ).toBe(false);
  });

  it("comes when the release can be fetched, and not before", async () => {
    const [it, receiver] = await listening();
    const storage = await injectFaults(it);
    await listen(it, receiver);
    // The tarball arrives, and nothing after it.
    storage.fault = { at: 2, happens: false, kind: "outage" };
    const response = await it.admin.publish({ name: "foo", version: "1.0.0" });
    expect(response.status).toBe(500);
    await deliver(it);
    await deliver(it);
    expect(receiver.events()).toEqual([]);
    storage.fault = undefined;
    await deliver(it);
    await deliver(it);
    expect(receiver.events()).toEqual(["release.publish"]);
  });
});

describe("a receiver that fails", () => {
  const answers: [string, () => Response, RegExp][] = [
    ["500", () => new Response("no", { status: 500 }), /^answered 500$/],
    [
      "a redirect",
      () => Response.redirect("https://elsewhere.test/", 307),
      /^answered 307, and redirects/,
    ],
    ["404", () => new Response(null, { status: 404 }), /^answered 404$/],
  ];
  for (const [name, answer, error] of answers) {
    it(`with ${name} is asked again, and hears the same`, async () => {
      const [it, receiver] = await listening();
      receiver.answer = answer;
      await it.admin.publish({ name: "foo", version: "1.0.0" });
      await deliver(it);
      const [failed] = await log(it.stub);
      expect(failed).toMatchObject({
        state: "waiting",
        tries: 1,
        error: expect.stringMatching(error),
      });
      await deliver(it);
      expect(receiver.heard).toHaveLength(1);
      receiver.answer = undefined;
      receiver.passMs(pausesMs[0] ?? 0);
      await deliver(it);
      expect(receiver.heard).toHaveLength(2);
      expect(receiver.heard[1]?.body).toBe(receiver.heard[0]?.body);
      expect((await log(it.stub))[0]).toMatchObject({ state: "delivered", tries: 2, status: 200 });
    });
  }

  it("with silence is left after the time-out, and with nobody there as well", async () => {
    const [it, receiver] = await listening();
    receiver.answer = (_, signal) => hang(signal);
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    await deliver(it);
    expect((await log(it.stub))[0]).toMatchObject({
      state: "waiting",
      error: "no answer within 0.3 s",
    });
    receiver.answer = () => Promise.reject(new Error("connection refused"));
    receiver.passMs(pausesMs[0] ?? 0);
    await deliver(it);
    expect((await log(it.stub))[0]).toMatchObject({ tries: 2, error: "Error: connection refused" });
  });

  it("because its secret is missing hears of it once the secret is there", async () => {
    const [it, receiver] = await listening({ secret: null, secretName: "CI_SECRET" });
    expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
    await deliver(it);
    expect((await log(it.stub))[0]).toMatchObject({
      ...{ state: "waiting", tries: 1, status: null },
      error: expect.stringMatching(/^CI_SECRET is missing: `openssl/),
    });
    expect(receiver.heard).toEqual([]);
    for (const webhook of receiver.webhooks) webhook.secret = receiver.secret;
    receiver.passMs(pausesMs[0] ?? 0);
    await deliver(it);
    expect(receiver.events()).toEqual(["release.publish"]);
  });

  it("with an answer without end is not read", async () => {
    const [it, receiver] = await listening();
    let pulled = 0;
    let isCancelled = false;
    receiver.answer = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            pulled++;
            controller.enqueue(new Uint8Array(65_536));
          },
          cancel() {
            isCancelled = true;
          },
        }),
      );
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    await deliver(it);
    expect((await log(it.stub))[0]).toMatchObject({ state: "delivered" });
    expect([isCancelled, pulled < 4]).toEqual([true, true]);
  });

  it("for hours is given up, says so in the log without its path, and can be told once more", async () => {
    const [it, receiver] = await listening({ url: "https://receiver.test/path-that-is-a-secret" });
    receiver.answer = () => new Response(null, { status: 503 });
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    for (const pauseMs of [0, ...pausesMs]) {
      receiver.passMs(pauseMs);
      await deliver(it);
    }
    const [failed] = await log(it.stub);
    expect(failed).toMatchObject({ state: "failed", tries: 8, nextTryAt: null, status: 503 });
    receiver.passMs(1e9);
    await deliver(it);
    expect(receiver.heard).toHaveLength(8);
    const said = warned.filter((line) => line.includes("8 tries"));
    expect(said).toHaveLength(1);
    expect(said[0]).not.toContain("path-that-is");
    receiver.answer = undefined;
    const path = `/api/webhooks/deliveries/${failed?.id}/redeliver?repository=${it.repository}`;
    expect((await it.guest.fetch(path, { method: "POST" })).status).toBe(401);
    expect((await it.admin.fetch(path, { method: "POST" })).status).toBe(204);
    await deliver(it);
    expect(receiver.heard).toHaveLength(9);
    expect(receiver.heard[8]?.id).toBe(failed?.id);
    const list = `/api/webhooks/deliveries?repository=${it.repository}`;
    expect((await it.guest.fetch(list)).status).toBe(401);
    const shown = await (await it.admin.fetch(list)).json();
    expect(shown).toMatchObject([
      {
        id: failed?.id,
        event: "release.publish",
        package: "foo",
        state: "delivered",
        last_status: 200,
      },
    ]);
    expect(await (await it.admin.fetch(`${list}&before=${failed?.id}`)).json()).toEqual([]);
  });

  it("keeps the order while it is down for a moment, and no other receiver from hearing", async () => {
    const [it, receiver] = await listening({}, { url: "https://other.test/" });
    const told = (url: string) =>
      receiver.heard.filter((it) => it.url === url).map(({ json }) => json.version);
    receiver.answer = ({ url }) => new Response(null, { status: url === receiver.url ? 500 : 204 });
    for (const version of ["1.0.0", "2.0.0", "3.0.0"]) await it.admin.publish({ version });
    await deliver(it);
    await deliver(it);
    expect(told("https://other.test/")).toEqual(["1.0.0", "2.0.0", "3.0.0"]);
    expect(told(receiver.url)).toEqual(["1.0.0"]);
    receiver.answer = undefined;
    receiver.passMs(pausesMs[0] ?? 0);
    await deliver(it);
    await deliver(it);
    expect(told(receiver.url)).toEqual(["1.0.0", "1.0.0", "2.0.0", "3.0.0"]);
  });

  it("only with what it cannot digest hears the rest nevertheless", async () => {
    const [it, receiver] = await listening();
    receiver.answer = ({ json }) =>
      new Response(null, { status: json.version === "1.0.0" ? 500 : 200 });
    for (const version of ["1.0.0", "2.0.0"]) await it.admin.publish({ version });
    for (const pauseMs of [0, ...pausesMs.slice(0, 3)]) {
      receiver.passMs(pauseMs);
      await deliver(it);
    }
    expect(receiver.heard.map(({ json }) => json.version)).toContain("2.0.0");
  });

  it("and hangs makes no publish slower, and the registry files follow as ever", async () => {
    const [it, receiver] = await listening(
      {},
      { url: "https://other.test/" },
      { url: "https://third.test/" },
    );
    let hanging = 0;
    receiver.answer = () => {
      hanging++;
      return new Promise<Response>(() => {});
    };
    await runInDurableObject(it.stub, ({ courier }: Repository) => {
      courier.parts.timeoutMs = 60_000;
    });
    await it.admin.publish({ version: "1.0.0" });
    await runDurableObjectAlarm(it.stub);
    await vi.waitUntil(() => hanging === 2, { timeout: 5000 });
    const began = Date.now();
    for (let at = 0; at < 10; at++) {
      expect((await it.admin.publish({ name: `p${at}`, version: "1.0.0" })).status).toBe(201);
    }
    expect(Date.now() - began).toBeLessThan(3000);
    // The alarm comes by itself: nobody runs it here.
    await vi.waitUntil(async () => (await it.stub.facts()).clean, { timeout: 8000, interval: 100 });
    expect(hanging).toBe(2);
    await expectSound(it);
  });
});

describe("a crash", () => {
  it("between a change and its delivery loses nothing", async () => {
    const [it, receiver] = await listening();
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    const [waiting] = await log(it.stub);
    await evictDurableObject(it.stub);
    await listen(it, receiver);
    await deliver(it);
    expect(receiver.heard.map(({ id }) => id)).toEqual([waiting?.id]);
    const alarm = await runInDurableObject(it.stub, (_, { storage }) => storage.getAlarm());
    expect(alarm === null || alarm > Date.now()).toBe(true);
  });

  it("in the middle of a delivery delivers it once more, under the same id", async () => {
    const [it, receiver] = await listening();
    receiver.answer = () => new Promise<Response>(() => {});
    await runInDurableObject(it.stub, ({ courier }: Repository) => {
      courier.parts.timeoutMs = 60_000;
    });
    await it.admin.publish({ name: "foo", version: "1.0.0" });
    await runDurableObjectAlarm(it.stub);
    await vi.waitUntil(() => receiver.heard.length === 1);
    // Somebody has to wake whoever comes next.
    const alarm = await runInDurableObject(it.stub, (_, { storage }) => storage.getAlarm());
    expect(alarm).not.toBeNull();
    await runInDurableObject(it.stub, (_, state) => state.abort()).catch(() => undefined);
    it.stub = env.REPOSITORY.getByName(it.repository);
    receiver.answer = undefined;
    await listen(it, receiver);
    await deliver(it);
    expect(receiver.heard).toHaveLength(2);
    expect(receiver.heard[1]?.id).toBe(receiver.heard[0]?.id);
    expect((await log(it.stub))[0]).toMatchObject({ state: "delivered", tries: 2 });
  });
});

describe("the table of deliveries", () => {
  it("keeps the last ones for the log, and a dead receiver does not fill it", async () => {
    const { stub } = await world();
    await runInDurableObject(stub, (_, { storage }) => {
      const { sql } = storage;
      const webhook = {
        ...{ url: "https://a.test/", events: ["*"], repositories: null },
        ...{ secret: "s", secretName: "WEBHOOK_SECRET" },
      };
      const limits = { keptMax: 3, waitingMax: 5, tryMs: 1000 };
      const deliveries = new Deliveries(sql, [webhook], limits);
      const write = (version: string) =>
        deliveries.write({
          ...{ event: "release.publish", at: 1000, repository: "acme", package: null, version },
          ...{ author: { name: "ann", credential: "key ci" }, params: {} },
        });
      for (let at = 0; at < 20; at++) write(`${at}.0.0`);
      const states = deliveries.log(100).map(({ state }) => state);
      expect(states).toEqual([...Array(5).fill("waiting"), ...Array(3).fill("failed")]);
      expect(deliveries.counts()).toEqual({ delivered: 0, retried: 0, failed: 15, waiting: 5 });
      for (let at = 0; at < 5; at++) {
        const taken = deliveries.take(1000, new Set());
        if (taken) deliveries.tried(taken, 1001, 200, null);
      }
      expect(deliveries.log(100)).toHaveLength(3);
      expect(deliveries.nextAt(1001)).toBeNull();
      expect(deliveries.counts()).toEqual({ delivered: 5, retried: 0, failed: 15, waiting: 0 });
      sql.exec("DELETE FROM deliveries");
    });
  });

  it("holds no secret", async () => {
    const [it, receiver] = await listening();
    await it.admin.publish();
    await deliver(it);
    const rows = await runInDurableObject(it.stub, (_, { storage }) =>
      JSON.stringify(storage.sql.exec("SELECT * FROM deliveries").toArray()),
    );
    expect(rows).toContain("release.publish");
    expect(rows).not.toContain(receiver.secret);
    expect(rows).not.toContain(env.ADMIN_KEY);
  });

  it("gives a delivery up after eight tries, over hours", () => {
    expect(nextTry(1, 0)).toBe(5000);
    expect(nextTry(7, 0)).toBe(2 * 3600_000);
    expect(nextTry(8, 0)).toBeUndefined();
  });
});
