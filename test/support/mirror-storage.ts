/** The storage of a mirror that is looked at after every change, or dies at one. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { sameBytes, sha256 } from "../../src/hex/checksum.ts";
import { unpackNames, unpackPackage, unpackVersions } from "../../src/hex/registry.ts";
import type { PutCondition, Storage } from "../../src/storage/storage.ts";
import { injectUpstream, type MirrorWorld } from "./mirror.ts";

/**
 * Everything that a reader could be told, and would not find. Checksums are not compared for
 * `replaced`, whose tarball is for a moment ahead of its file.
 */
export async function untruths(it: MirrorWorld, replaced: string[] = []): Promise<string[]> {
  const signed = await signerOf(it);
  return untruthsOf(it, signed, replaced);
}

interface SignedBy {
  name: string;
  publicKey: CryptoKey;
}

function signerOf({ stub }: MirrorWorld): Promise<SignedBy> {
  return runInDurableObject(stub, ({ world }) => world.upstream);
}

/** Asks nothing of a Durable Object, so that one can call it. */
async function untruthsOf(
  it: Pick<MirrorWorld, "repository">,
  { name: repository, publicKey }: SignedBy,
  replaced: string[],
): Promise<string[]> {
  const storage = openStorage(env as Env, it.repository);
  const read = async (path: string) => {
    const found = await storage.get(`repos/${it.repository}/${path}`);
    return found && new Uint8Array(await new Response(found.body as BodyInit).arrayBuffer());
  };
  const wrong: string[] = [];
  const files = new Map<string, Set<string>>();
  for await (const key of storage.list(`repos/${it.repository}/packages/`)) {
    const name = key.split("/").at(-1) ?? "";
    const bytes = (await read(`packages/${name}`)) ?? new Uint8Array();
    const { releases } = await unpackPackage(bytes, publicKey, { repository, name });
    files.set(name, new Set(releases.map(({ version }) => version)));
    for (const { version, outerChecksum } of releases) {
      const tarball = await read(`tarballs/${name}-${version}.tar`);
      if (!tarball) wrong.push(`packages/${name} lists ${version}, which is not there`);
      else if (!replaced.includes(`${name} ${version}`)) {
        const isIt = outerChecksum && sameBytes(await sha256(tarball), outerChecksum);
        if (!isIt) wrong.push(`packages/${name} lists ${version} with another checksum`);
      }
    }
  }
  const versions = await read("versions");
  const listed = versions ? await unpackVersions(versions, publicKey, { repository }) : undefined;
  for (const it of listed?.packages ?? []) {
    if (!files.has(it.name)) wrong.push(`versions lists ${it.name}, which is not there`);
  }
  const names = await read("names");
  const named = names ? await unpackNames(names, publicKey, { repository }) : undefined;
  for (const { name } of named?.packages ?? []) {
    if (!files.has(name)) wrong.push(`names lists ${name}, which is not there`);
  }
  return wrong;
}

export interface Watched {
  /** `put tarballs/foo-1.0.0.tar`, in order. */
  writes: string[];
  /** What was wrong after which of them. */
  wrong: string[];
}

/** Looks at all after each put and delete. */
export async function watch(it: MirrorWorld, replaced: string[] = []): Promise<Watched> {
  const watched: Watched = { writes: [], wrong: [] };
  const signed = await signerOf(it);
  let looking = Promise.resolve();
  await replaceStorage(it, (inner) => ({
    ...reading(inner),
    put: async (key: string, bytes: Uint8Array, condition: PutCondition) => {
      const stored = await inner.put(key, bytes, condition);
      await after(`put ${key}`);
      return stored;
    },
    delete: async (key: string) => {
      await inner.delete(key);
      await after(`delete ${key}`);
    },
  }));
  async function after(call: string): Promise<void> {
    const write = call.replace(`repos/${it.repository}/`, "");
    watched.writes.push(write);
    looking = looking.then(async () => {
      const wrong = await untruthsOf(it, signed, replaced);
      watched.wrong.push(...wrong.map((what) => `after ${write}: ${what}`));
    });
    await looking;
  }
  return watched;
}

/** The instance dies at its `at`th write, before or after it happens, and another one starts. */
export async function crashAt(it: MirrorWorld, at: number, happens: boolean): Promise<boolean> {
  let writes = 0;
  let isDead = false;
  const die = () => {
    isDead = true;
    return new Promise<never>(() => {});
  };
  const dying = async <T>(run: () => Promise<T>): Promise<T> => {
    if (isDead) return die();
    writes++;
    if (writes < at) return run();
    if (happens) await run();
    return die();
  };
  await replaceStorage(it, (inner) => ({
    ...reading(inner),
    put: (key, bytes, condition) => dying(() => inner.put(key, bytes, condition)),
    delete: (key) => dying(() => inner.delete(key)),
  }));
  let isDone = false;
  await runInDurableObject(it.stub, async (instance, state) => {
    await state.storage.deleteAlarm();
    void instance.alarm().then(() => {
      isDone = true;
    });
  });
  while (!isDone && !isDead) await new Promise((resolve) => setTimeout(resolve, 2));
  // An eviction would wait for the write, which nobody will ever answer.
  await runInDurableObject(it.stub, (_instance, state) => state.abort()).catch(() => undefined);
  // The old stub would go on reporting the abort.
  it.stub = env.MIRROR.getByName(it.repository);
  return isDead;
}

async function replaceStorage(it: MirrorWorld, wrap: (inner: Storage) => Storage): Promise<void> {
  await injectUpstream(it);
  await runInDurableObject(it.stub, ({ world }) => {
    world.storage = wrap(openStorage(env as Env, it.repository));
  });
}

function reading(inner: Storage): Pick<Storage, "head" | "get" | "list"> {
  return {
    head: (key) => inner.head(key),
    get: (key, range) => inner.get(key, range),
    list: (prefix) => inner.list(prefix),
  };
}
