/** What a mirror and a group hand over of their own accord: no request comes to the isolate that counted it. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { type Env, metricsName } from "../../src/env.ts";
import type { Group } from "../../src/group/group.ts";
import { countErrors } from "../../src/metrics/storage.ts";
import { takeCounts } from "../../src/metrics/tally.ts";
import type { Mirror } from "../../src/mirror/mirror.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { mirrorWorld } from "../support/mirror.ts";

const down = () => Promise.reject(new Error("it is down"));
let errors: MockInstance<typeof console.error>;

beforeEach(() => {
  takeCounts();
  errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  return () => vi.restoreAllMocks();
});

const series = (repository: string, operation: string) =>
  `hexedge_storage_errors_total{repository="${repository}",operation="${operation}"}`;

/** What was handed over; `GET /metrics` would hand over what its own isolate has counted. */
async function handedOver(repository: string, operation: string): Promise<number> {
  const all = await env.METRICS.getByName(metricsName).all();
  return all[series(repository, operation)] ?? 0;
}

async function failToRead({ world }: Mirror): Promise<void> {
  const failing: Pick<Storage, "head"> = { head: down };
  const storage = countErrors({ ...world.storage, ...failing }, world.repository);
  await expect(storage.head("names")).rejects.toThrow("it is down");
}

describe("a mirror", () => {
  it("hands over what failed when the cron wakes it", async () => {
    const { stub, repository } = await mirrorWorld();
    await runInDurableObject(stub, async (mirror: Mirror) => {
      await failToRead(mirror);
      await mirror.recover();
    });
    await vi.waitUntil(async () => (await handedOver(repository, "head")) === 1);
  });

  it("hands over what failed when its alarm comes", async () => {
    const { stub, repository } = await mirrorWorld();
    await runInDurableObject(stub, async (mirror: Mirror, state) => {
      await failToRead(mirror);
      await state.storage.setAlarm(Date.now() + 3_600_000);
    });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    await vi.waitUntil(async () => (await handedOver(repository, "head")) === 1);
  });

  it("goes on where nobody takes them over", async () => {
    const { stub, repository } = await mirrorWorld();
    await runInDurableObject(stub, async (mirror: Mirror) => {
      Object.assign(mirror, { env: { ...env, METRICS: undefined } });
      await failToRead(mirror);
      await mirror.recover();
      await mirror.alarm();
    });
    expect(await handedOver(repository, "head")).toBe(0);
    expect(errors.mock.calls).toEqual([]);
    expect([...takeCounts()]).toEqual([[series(repository, "head"), 1]]);
  });
});

describe("a group", () => {
  const building = (settings: Partial<Record<keyof Env, unknown>>) => {
    return runInDurableObject(env.GROUP.getByName("group_050"), async (group: Group) => {
      Object.assign(group, { env: { ...env, ...settings } });
      return group.buildPackage("foo", "own_050").then(String, String);
    });
  };

  it("hands over what failed when it built, by member", async () => {
    expect(await building({ BUCKET: { get: down } })).toContain("it is down");
    await vi.waitUntil(async () => (await handedOver("own_050", "get")) === 1);
  });

  it("says what failed where nobody takes it over", async () => {
    const settings = { BUCKET: { get: down }, METRICS: undefined };
    expect(await building(settings)).toContain("it is down");
    expect(errors.mock.calls).toEqual([]);
    expect([...takeCounts()]).toEqual([[series("own_050", "get"), 1]]);
  });
});

describe("a storage that is counted", () => {
  it("counts a list that breaks off, and gives what came before", async () => {
    const broken: Pick<Storage, "list"> = {
      async *list(prefix) {
        yield `${prefix}a`;
        throw new Error("it is down");
      },
    };
    const storage = countErrors({ ...neverAsked, ...broken }, "acme");
    const seen: string[] = [];
    const reading = async () => {
      for await (const key of storage.list("docs/")) seen.push(key);
    };
    await expect(reading()).rejects.toThrow("it is down");
    expect(seen).toEqual(["docs/a"]);
    expect([...takeCounts()]).toEqual([[series("acme", "list"), 1]]);
  });

  it("counts nothing when whoever reads a list has seen enough", async () => {
    const whole: Pick<Storage, "list"> = {
      async *list(prefix) {
        yield `${prefix}a`;
        yield `${prefix}b`;
      },
    };
    const storage = countErrors({ ...neverAsked, ...whole }, "acme");
    for await (const key of storage.list("docs/")) {
      expect(key).toBe("docs/a");
      break;
    }
    expect([...takeCounts()]).toEqual([]);
  });
});

const neverAsked: Storage = {
  ...{ head: down, get: down, put: down, delete: down },
  list: () => {
    throw new Error("nobody lists");
  },
};
