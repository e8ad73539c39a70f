/** The cron: what fails is named, all of it, and keeps nothing else from being done. */
import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/env.ts";
import worker from "../../src/index.ts";

const REPOSITORIES = {
  broken: { kind: "hosted" },
  slow: { kind: "hosted" },
  away: { kind: "mirror", public: true, upstream_url: "http://upstream.test" },
};

describe("the cron", () => {
  it("wakes all others when some fail, says which, and notes it", async () => {
    const done: string[] = [];
    const notes: { ok: boolean; error?: string }[] = [];
    const failing = (why: string) => ({ recover: () => Promise.reject(new Error(why)) });
    const slow = {
      recover: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        done.push("slow");
      },
    };
    const accounts = { news: async () => ({}), tidy: async () => void done.push("accounts") };
    const settings = {
      ...{ ...env, REPOSITORIES, ROOT_REPOSITORY: undefined },
      REPOSITORY: { getByName: (it: string) => (it === "slow" ? slow : failing("disk is full")) },
      // Not bound at all.
      MIRROR: undefined,
      ACCOUNTS_OBJECT: { getByName: () => accounts },
      INDEX: {
        put: async (key: string, text: string) => {
          if (key === "health/cron") notes.push(JSON.parse(text));
        },
      },
    };
    const cron = worker.scheduled(
      createScheduledController(),
      settings as unknown as Env, // as far as the cron asks
    );
    await expect(cron).rejects.toThrow(/^broken: disk is full; away: .+getByName/);
    expect(done.sort()).toEqual(["accounts", "slow"]);
    expect(notes).toMatchObject([
      { ok: false, error: expect.stringMatching(/^broken: disk is full; away: /) },
    ]);
  });

  it("notes that it failed as well when the declarations are wrong", async () => {
    const notes: { ok: boolean; error?: string }[] = [];
    const INDEX = {
      put: async (_: string, text: string) => void notes.push(JSON.parse(text)),
    };
    const settings = { ...env, ADMIN_KEY: "short", INDEX };
    const cron = worker.scheduled(
      createScheduledController(),
      settings as unknown as Env, // as far as the cron asks
    );
    await expect(cron).rejects.toThrow("ADMIN_KEY must have");
    expect(notes).toMatchObject([{ ok: false, error: expect.stringContaining("ADMIN_KEY must") }]);
  });
});
