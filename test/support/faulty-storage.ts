/**
 * A storage that fails on command, and the Durable Objects it fails for. It wraps the bucket and KV
 * of one instance and counts what that instance asks of them. A call can fail, once or from there on,
 * whether it happened or not; the instance can die at it; or the call can be held back and land late.
 */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type { Index } from "../../src/repository/world.ts";
import type {
  ByteRange,
  PutCondition,
  Storage,
  Stored,
  StoredBody,
} from "../../src/storage/storage.ts";
import type { World } from "./world.ts";

export interface Fault {
  /** The number of the call, from 1. */
  at: number;
  /** Does the call happen, and only its answer is lost? */
  happens: boolean;
  /** `once`: the next call is fine again. `outage`: none is. `death`: no call is ever answered. */
  kind: "once" | "outage" | "death";
}

/** A call that did not reach the storage yet. */
export class Held {
  readonly call: string;
  readonly #run: () => Promise<unknown>;
  #landing: Promise<unknown> | undefined;
  /** What the one who called gets to see, if it still lives. */
  answer: { value: unknown } | { error: unknown } | undefined;

  constructor(call: string, run: () => Promise<unknown>) {
    this.call = call;
    this.#run = run;
  }

  /** Lets it through, now. @returns what storage answers, also when nobody waits for it any more. */
  async land(): Promise<unknown> {
    this.#landing ??= this.#run();
    const value = await this.#landing;
    this.answer ??= { value };
    return value;
  }

  /** Tells the one who called that it failed. It can land all the same. */
  fail(): void {
    this.answer = { error: new StorageDown(this.call) };
  }
}

export class FaultyStorage implements Storage {
  /** Every call so far: `put tarballs/foo-1.0.0.tar`. */
  readonly calls: string[] = [];
  /** When each of them came, in milliseconds. */
  readonly times: number[] = [];
  /** Calls that were held back, in the order they came in. */
  readonly held: Held[] = [];
  /** Calls that begin with one of these are held back, the first one of each. */
  holds: string[] = [];
  /** Nothing is answered any more. */
  isDead = false;
  fault: Fault | undefined;
  readonly #prefix: string;
  readonly #inner: Storage;
  readonly #index: Index;

  constructor(repository: string, inner: Storage, index: Index) {
    this.#prefix = `repos/${repository}/`;
    this.#inner = inner;
    this.#index = index;
  }

  head(key: string): Promise<Stored | undefined> {
    return this.#call(`head ${key}`, () => this.#inner.head(key));
  }

  get(key: string, range?: ByteRange): Promise<StoredBody | undefined> {
    return this.#call(`get ${key}`, () => this.#inner.get(key, range));
  }

  put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<Stored | undefined> {
    return this.#call(`put ${key}`, () => this.#inner.put(key, bytes, condition));
  }

  delete(key: string): Promise<void> {
    return this.#call(`delete ${key}`, () => this.#inner.delete(key));
  }

  async *list(prefix: string, after?: string): AsyncIterable<string> {
    await this.#call(`list ${prefix}`, async () => undefined);
    yield* this.#inner.list(prefix, after);
  }

  /** KV, whose calls are counted along. */
  readonly index: Index = {
    put: (key, value) => this.#call(`index ${key}`, () => this.#index.put(key, value)),
    delete: (key) => this.#call(`unindex ${key}`, () => this.#index.delete(key)),
  };

  async #call<T>(asked: string, run: () => Promise<T>): Promise<T> {
    if (this.isDead) return forever();
    const call = asked.replace(this.#prefix, "");
    const number = this.calls.push(call);
    this.times.push(Date.now());
    const hold = this.holds.findIndex((start) => call.startsWith(start));
    if (hold !== -1) {
      this.holds.splice(hold, 1);
      return this.#hold(call, run);
    }
    const { fault } = this;
    if (!fault || number < fault.at) return run();
    if (number > fault.at) {
      if (fault.kind === "outage") throw new StorageDown(call);
      return run();
    }
    if (fault.happens) await run();
    if (fault.kind !== "death") throw new StorageDown(call);
    this.isDead = true;
    return forever();
  }

  async #hold<T>(call: string, run: () => Promise<T>): Promise<T> {
    const held = new Held(call, run);
    this.held.push(held);
    // It is the test that lets the call land, in another I/O context: nothing else than looking
    // again and again leads from there to here.
    while (!held.answer) {
      if (this.isDead) return forever();
      await sleep(2);
    }
    if ("error" in held.answer) throw held.answer.error;
    return held.answer.value as T; // what `run` returned
  }
}

export class StorageDown extends Error {
  constructor(call: string) {
    super(`${call}: the storage is down`);
  }
}

const injected = new Map<string, FaultyStorage>();

/** Puts a faulty storage into the running instance. It is gone with the instance. */
export async function injectFaults({
  stub,
  repository,
}: Pick<World, "stub" | "repository">): Promise<FaultyStorage> {
  return runInDurableObject(stub, ({ world }: Repository) => {
    const storage = new FaultyStorage(repository, openStorage(env as Env, repository), world.index);
    world.storage = storage;
    world.index = storage.index;
    world.retryDelaysMs = [0, 0, 0];
    injected.set(repository, storage);
    return storage;
  });
}

export interface Running<T> {
  outcome: { value: T } | { error: unknown } | undefined;
}

/** Begins something inside the Durable Object and comes back at once, however long it takes. */
export async function begin<T>(
  { stub }: Pick<World, "stub">,
  work: (instance: Repository, state: DurableObjectState) => Promise<T>,
): Promise<Running<T>> {
  const running: Running<T> = { outcome: undefined };
  await runInDurableObject(stub, (instance: Repository, state) => {
    void work(instance, state).then(
      (value) => {
        running.outcome = { value };
      },
      (error: unknown) => {
        running.outcome = { error };
      },
    );
  });
  return running;
}

/** The alarm, as `begin` begins things. */
export function beginAlarm(world: Pick<World, "stub">): Promise<Running<void>> {
  return begin(world, async (instance, state) => {
    instance.world.flush.registryStartedAt = 0;
    await state.storage.deleteAlarm();
    await instance.alarm();
  });
}

/** @returns what came out of it; undefined when the instance died before. */
export async function ending<T>(
  running: Running<T>,
  storage: FaultyStorage,
): Promise<Running<T>["outcome"]> {
  await until(() => running.outcome !== undefined || storage.isDead);
  return running.outcome;
}

/** Waits until that many calls are held back, and returns the last of them. */
export async function heldCall(storage: FaultyStorage, count = 1): Promise<Held> {
  await until(() => storage.held.length >= count);
  const held = storage.held[count - 1];
  if (!held) throw new Error("nothing is held back");
  return held;
}

/** The instance dies in the middle of whatever `begin` began; the next call starts another. */
export async function crash(world: World): Promise<void> {
  const storage = injected.get(world.repository);
  if (storage) storage.isDead = true;
  const evicted = evictDurableObject(world.stub).then(
    () => true,
    () => false,
  );
  // An eviction waits for requests and alarms, and on a slow machine an alarm may hang by now.
  if (!(await Promise.race([evicted, sleep(1000)]))) await abort(world);
}

/** The same in the middle of requests, which all fail. Not for everywhere: workerd tells stderr. */
export async function abort(world: World): Promise<void> {
  await runInDurableObject(world.stub, (_instance, state) => state.abort()).catch(() => undefined);
  // The old stub would go on reporting the abort.
  world.stub = env.REPOSITORY.getByName(world.repository);
}

/** Runs the alarm if one is set, without waiting for its time. */
export async function runAlarm({ stub }: Pick<World, "stub">): Promise<void> {
  await runInDurableObject(stub, ({ world }: Repository) => {
    world.flush.registryStartedAt = 0;
  });
  await runDurableObjectAlarm(stub);
}

/** Runs alarms until nothing is left to do, with the waits of half a minute taken as over. */
export async function finish(world: Pick<World, "stub">): Promise<void> {
  for (let round = 0; round < 8; round++) {
    await settle(world);
    await runAlarm(world);
    if (await isClean(world)) return;
  }
  const left = await runInDurableObject(world.stub, (_instance, { storage }) =>
    ["uploads", "removals", "unsettled"].map((table) => [
      table,
      storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
    ]),
  );
  expect.fail(`the repository does not come to rest: ${JSON.stringify(left)}`);
}

/** The half minute is over in which what is in doubt could still land. */
export async function settle({ stub }: Pick<World, "stub">): Promise<void> {
  await runInDurableObject(stub, (_instance, { storage }) => {
    storage.sql.exec("UPDATE unsettled SET until = 0");
  });
}

export async function isClean({ stub }: Pick<World, "stub">): Promise<boolean> {
  return runInDurableObject(stub, ({ world }: Repository) => world.ledger.isClean());
}

/** Looks again and again; across Durable Objects nothing else is possible. */
export async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, { interval: 2, timeout: 10_000 });
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function forever(): Promise<never> {
  return new Promise(() => {});
}
