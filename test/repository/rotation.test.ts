/**
 * A repository gets another signing key: whatever happens in the middle, in the end all of it bears the new
 * signature, and nothing else has changed. How many calls that takes is counted, not written down.
 */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  RegistryError,
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
import { docsTarball, storedBytes, storedPackage, visible } from "../support/direct.ts";
import {
  beginAlarm,
  crash,
  ending,
  type Fault,
  type FaultyStorage,
  finish,
  heldCall,
  injectFaults,
  isClean,
  runAlarm,
} from "../support/faulty-storage.ts";
import { expectSound, type World, world } from "../support/world.ts";

const [newKey, newerKey] = [await generateSigningKey(), await generateSigningKey()];
const oldPublicKey = await publicHalf(env.SIGNING_KEY);
const newPublicKey = await publicHalf(newKey);

// The alarm reports what it could not do.
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));

const faults: { title: string; fault: Omit<Fault, "at"> }[] = [
  { title: "a crash before any of its calls", fault: { kind: "death", happens: false } },
  { title: "a crash before any of its answers", fault: { kind: "death", happens: true } },
  { title: "a failure of any of its calls", fault: { kind: "once", happens: false } },
  { title: "the loss of any of its answers", fault: { kind: "once", happens: true } },
  { title: "an outage that begins at any of its calls", fault: { kind: "outage", happens: true } },
];

describe("signing everything anew", () => {
  it.each(faults)("survives $title", async ({ fault }) => {
    const calls = await callsOfRotation();
    expect(calls).toEqual(
      ["packages/bar", "packages/foo", "versions", "names", "public_key"].map((it) => `put ${it}`),
    );
    for (let at = 1; at <= calls.length; at++) {
      const it = await stocked();
      const before = await visible(it);
      const storage = await giveKey(it, newKey);
      storage.fault = { ...fault, at };
      await ending(await beginAlarm(it), storage);
      expect(storage.calls.length).toBeGreaterThanOrEqual(at);
      await expectReadable(it);
      if (storage.isDead) await crash(it);
      storage.fault = undefined;

      await finish(it);
      await expectSound(it);
      expect(await signers(it)).toEqual(allBy("new"));
      expect(await servedKey(it)).toBe(newPublicKey);
      expect(await visible(it)).toEqual(before);
    }
  });

  it("goes on after a crash by the alarm alone, also when nobody asks for anything", async () => {
    const it = await stocked();
    const storage = await giveKey(it, newKey);
    storage.fault = { at: 2, happens: true, kind: "death" };
    await ending(await beginAlarm(it), storage);
    await crash(it);
    await runAlarm(it);
    expect(await isClean(it)).toBe(true);
    expect(await signers(it)).toEqual(allBy("new"));
  });

  it("leaves public_key to the last: whoever gets the new key reads all files with it", async () => {
    const it = await stocked();
    const storage = await giveKey(it, newKey);
    storage.holds = ["put public_key"];
    const alarm = await beginAlarm(it);
    const held = await heldCall(storage);
    expect(await servedKey(it)).toBe(oldPublicKey);
    expect(await signers(it)).toEqual(allBy("new"));
    await held.land();
    await ending(alarm, storage);
    expect(await servedKey(it)).toBe(newPublicKey);
  });

  it("ends with the last of two keys that come one soon after the other", async () => {
    for (const at of [1, 3, 5]) {
      const it = await stocked();
      const storage = await giveKey(it, newKey);
      storage.fault = { at, happens: true, kind: "death" };
      await ending(await beginAlarm(it), storage);
      await giveKey(it, newerKey);
      await finish(it);
      await expectSound(it);
      expect(await servedKey(it)).toBe(await publicHalf(newerKey));
    }
  });
});

describe("the way back in the middle of it", () => {
  it("leads to the old key in all files, public_key too", async () => {
    for (const happens of [true, false]) {
      for (let at = 1; at <= 5; at++) {
        const it = await stocked();
        const storage = await giveKey(it, newKey);
        storage.fault = { at, happens, kind: "death" };
        await ending(await beginAlarm(it), storage);
        await giveKey(it, env.SIGNING_KEY);
        await finish(it);
        await expectSound(it);
        expect(await signers(it)).toEqual(allBy("old"));
        expect(await servedKey(it)).toBe(oldPublicKey);
      }
    }
  });
});

describe("a publish in the middle of it", () => {
  it("is answered 201 and resolved with the new key, also while other files are yet to come", async () => {
    const it = await stocked();
    const storage = await giveKey(it, newKey);
    storage.holds = ["put packages/bar"];
    const alarm = await beginAlarm(it);
    const held = await heldCall(storage);
    expect((await it.admin.publish({ name: "baz" })).status).toBe(201);
    expect((await it.admin.publish({ name: "foo", version: "2.0.0" })).status).toBe(201);
    expect(await versionsOf(it, "baz")).toEqual(["1.0.0"]);
    expect(await versionsOf(it, "foo")).toEqual(["1.0.0", "2.0.0"]);
    expect((await signers(it))["packages/bar"]).toBe("old");
    await held.land();
    await ending(alarm, storage);
    await finish(it);
    await expectSound(it);
    expect(await signers(it)).toEqual({ ...allBy("new"), "packages/baz": "new" });
  });

  it("of the very package that is being signed waits for that, and is there when it is answered", async () => {
    const it = await stocked();
    const storage = await giveKey(it, newKey);
    storage.holds = ["put packages/foo"];
    const alarm = await beginAlarm(it);
    const held = await heldCall(storage);
    const publishing = it.admin.publish({ name: "foo", version: "2.0.0" });
    await held.land();
    expect((await publishing).status).toBe(201);
    expect(await versionsOf(it, "foo")).toEqual(["1.0.0", "2.0.0"]);
    await ending(alarm, storage);
    await finish(it);
    await expectSound(it);
    expect(await signers(it)).toEqual(allBy("new"));
  });

  it("right after a crash is answered 201, before any alarm", async () => {
    for (let at = 1; at <= 5; at++) {
      const it = await stocked();
      const storage = await giveKey(it, newKey);
      storage.fault = { at, happens: at % 2 === 0, kind: "death" };
      await ending(await beginAlarm(it), storage);
      await crash(it);
      expect((await it.admin.publish({ name: "foo", version: "2.0.0" })).status).toBe(201);
      expect(await versionsOf(it, "foo")).toEqual(["1.0.0", "2.0.0"]);
      await finish(it);
      await expectSound(it);
      expect(await signers(it)).toEqual(allBy("new"));
    }
  });
});

/** Two packages, one with docs, and nothing left to do. */
async function stocked(): Promise<World> {
  const it = await world();
  await it.admin.publish({ name: "foo" });
  await it.admin.publishDocs("foo", "1.0.0", docsTarball("foo"));
  await it.admin.publish({ name: "bar" });
  await finish(it);
  expect(await signers(it)).toEqual(allBy("old"));
  return it;
}

/** As another secret does it: the object begins anew with it. @returns the storage of the new one. */
async function giveKey(it: World, pem: string): Promise<FaultyStorage> {
  (env as unknown as Record<string, string>)[`SIGNING_KEY_${it.repository.toUpperCase()}`] = pem;
  await crash(it);
  return injectFaults(it);
}

/** What a rotation asks of storage when nothing goes wrong. */
async function callsOfRotation(): Promise<string[]> {
  const it = await stocked();
  const storage = await giveKey(it, newKey);
  await ending(await beginAlarm(it), storage);
  return storage.calls;
}

type Signer = "old" | "new";

function allBy(signer: Signer): Record<string, Signer> {
  const paths = ["names", "packages/bar", "packages/foo", "versions"];
  return Object.fromEntries(paths.map((path) => [path, signer]));
}

/** Who signed each file. @throws when it was none of both. */
async function signers(it: World): Promise<Record<string, Signer>> {
  const found: Record<string, Signer> = {};
  for (const path of ["names", "packages/bar", "packages/baz", "packages/foo", "versions"]) {
    const file = await storedBytes(it, path);
    if (file) found[path] = (await isBy(newPublicKey, it, path, file)) ? "new" : "old";
    if (file && found[path] === "old") expect(await isBy(oldPublicKey, it, path, file)).toBe(true);
  }
  return found;
}

async function isBy(pem: string, it: World, path: string, file: Uint8Array): Promise<boolean> {
  const key = await parsePublicKey(pem);
  const expected = { repository: it.repository };
  try {
    if (path === "names") await unpackNames(file, key, expected);
    else if (path === "versions") await unpackVersions(file, key, expected);
    else await unpackPackage(file, key, { ...expected, name: path.slice("packages/".length) });
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.reason === "bad_signature") return false;
    throw error;
  }
}

/** At any moment each file is there, and signed with one of both keys. */
async function expectReadable(it: World): Promise<void> {
  expect(Object.keys(await signers(it))).toEqual(Object.keys(allBy("new")));
}

async function versionsOf(it: World, name: string): Promise<string[]> {
  return ((await storedPackage(it, name))?.releases ?? []).map(({ version }) => version);
}

async function servedKey(it: World): Promise<string> {
  return new TextDecoder().decode(await storedBytes(it, "public_key"));
}

async function publicHalf(pem: string): Promise<string> {
  return publicKeyPem(await parsePrivateKey(pem));
}
