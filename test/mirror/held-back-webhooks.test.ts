/** What webhooks hear of a curated mirror. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import type { Mirror } from "../../src/mirror/mirror.ts";
import { Receiver } from "../support/receiver.ts";
import { type CuratedWorld, curatedWorld } from "./curated-world.ts";

const rules = { cooldown: "7d" };

async function deliver({ stub }: CuratedWorld): Promise<void> {
  await runDurableObjectAlarm(stub);
  await vi.waitUntil(async () =>
    (await stub.deliveries(100)).every(({ state }) => state !== "sending"),
  );
}

function listen(it: CuratedWorld, receiver: Receiver): Promise<void> {
  return receiver.listen(it.stub, (instance: Mirror) => instance.world.deliveries);
}

it("tells of each release that is held back, once, also after a crash", async () => {
  const it = await curatedWorld(rules, { ttl: 0 });
  const receiver = new Receiver();
  await listen(it, receiver);
  await it.publish("1.0.0");
  expect(await it.versions()).toEqual([]);
  await deliver(it);
  expect(receiver.heard.map(({ json }) => json)).toMatchObject([
    {
      ...{
        event: "release.held_back",
        repository: it.repository,
        package: "foo",
        version: "1.0.0",
      },
      author: { name: "hexedge" },
      params: { rule: "cooldown", reason: expect.any(String), until: expect.stringMatching(/Z$/) },
    },
  ]);
  await evictDurableObject(it.stub);
  await it.declare(rules, { ttl: 0 });
  await listen(it, receiver);
  await it.publish("2.0.0");
  expect(await it.versions()).toEqual([]);
  await deliver(it);
  await deliver(it);
  expect(receiver.heard.map(({ json }) => json.version)).toEqual(["1.0.0", "2.0.0"]);
});
