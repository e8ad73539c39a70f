/** A curated mirror that gets another signing key: what upstream signed stays, what we sign is signed anew. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { generateSigningKey, parsePrivateKey, publicKeyPem } from "../../src/hex/sign.ts";
import { curatedWorld, passSeconds } from "../mirror/curated-world.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("signs each file anew when it is asked for, upstream unchanged or away", async () => {
  const it = await curatedWorld({});
  await it.publish("1.0.0");
  await it.publish("1.0.0", { name: "bar" });
  expect([await it.versions("foo"), await it.versions("bar")]).toEqual([["1.0.0"], ["1.0.0"]]);
  expect(await it.listed()).toEqual(["bar 1.0.0", "foo 1.0.0"]);
  const before = await servedKey(it.reader);

  const key = await generateSigningKey();
  (env as unknown as Record<string, string>)[`SIGNING_KEY_${it.repository.toUpperCase()}`] = key;
  await evictDurableObject(it.stub);
  await it.declare({});
  // What this isolate remembers is over then; a new secret begins with new ones.
  passSeconds(24 * 60 * 60);
  expect(await servedKey(it.reader)).toBe(await publicKeyPem(await parsePrivateKey(key)));
  expect(await servedKey(it.reader)).not.toBe(before);
  // Each of these verifies with the served key.
  expect(await it.versions("foo")).toEqual(["1.0.0"]);
  it.upstream.goAway();
  expect(await it.versions("bar")).toEqual(["1.0.0"]);
  expect(await it.listed()).toEqual(["bar 1.0.0", "foo 1.0.0"]);
});

async function servedKey(reader: { file(path: string): Promise<Response> }): Promise<string> {
  const answer = await reader.file("/public_key");
  expect(answer.status).toBe(200);
  return answer.text();
}
