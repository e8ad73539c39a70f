/** The outbox of one repository: whose turn it is, and what looking for it costs. */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { Deliveries, type DeliveryLimits, deliveryLimits } from "../../src/webhooks/deliveries.ts";
import { triesInOrder } from "../../src/webhooks/schedule.ts";
import { world } from "../support/world.ts";

const url = "https://receiver.test/hook";
const webhook = (to = url) => ({
  ...{ url: to, secret: "s", secretName: "WEBHOOK_SECRET", events: ["*"], repositories: null },
});
const nobody = new Set<string>();

interface Outbox {
  deliveries: Deliveries;
  sql: SqlStorage;
  write(name: string | null, version: string, at?: number): void;
  /** Takes, and says how it ended. @returns what was taken, as `NAME VERSION`. */
  send(now: number, ends: "well" | "badly"): string | undefined;
}

/** In the tables of a repository that nothing else uses. */
async function outbox(
  test: (it: Outbox) => void,
  options: { urls?: string[]; limits?: Partial<DeliveryLimits> } = {},
): Promise<void> {
  const { stub } = await world();
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    const limits = { ...deliveryLimits, ...options.limits };
    const deliveries = new Deliveries(sql, (options.urls ?? [url]).map(webhook), limits);
    const write = (name: string | null, version: string, at = 1000) =>
      deliveries.write({
        ...{ event: "release.publish", at, repository: "acme", package: name, version },
        ...{ author: { name: "ann", credential: "key ci" }, params: {} },
      });
    const send = (now: number, ends: "well" | "badly") => {
      const taken = deliveries.take(now, nobody);
      if (!taken) return undefined;
      deliveries.tried(taken, now, null, ends === "well" ? null : "refused");
      return said(taken.body);
    };
    test({ deliveries, sql, write, send });
    sql.exec("DELETE FROM deliveries");
  });
}

function said(body: string): string {
  const { package: name, version } = JSON.parse(body) as Record<string, string>;
  return `${name} ${version}`;
}

describe("whose turn it is", () => {
  it("is another package's, while the files of one cannot be written", () =>
    outbox(({ deliveries, write, send }) => {
      deliveries.isVisible = (name) => name !== "stuck";
      write("stuck", "1.0.0");
      write("foo", "1.0.0");
      write("stuck", "2.0.0");
      write("foo", "2.0.0");
      expect(deliveries.nextAt(1000)).toBe(1000);
      const heard = [1, 2, 3].map(() => send(1000, "well"));
      expect(heard).toEqual(["foo 1.0.0", "foo 2.0.0", undefined]);
      expect(deliveries.nextAt(1000)).toBeNull();
      deliveries.isVisible = () => true;
      expect([send(1000, "well"), send(1000, "well")]).toEqual(["stuck 1.0.0", "stuck 2.0.0"]);
    }));

  it("is another package's, while one waits to be tried again; its own later ones wait", () =>
    outbox(({ write, send }) => {
      write("foo", "1.0.0");
      write("foo", "2.0.0");
      write("bar", "1.0.0");
      expect(send(1000, "badly")).toBe("foo 1.0.0");
      expect([send(1000, "well"), send(1000, "well")]).toEqual(["bar 1.0.0", undefined]);
      const later = [6000, 6000, 6000].map((now) => send(now, "well"));
      expect(later).toEqual(["foo 1.0.0", "foo 2.0.0", undefined]);
    }));

  it("is that of the order in which things happened, when all goes well", () =>
    outbox(({ write, send }) => {
      const all = ["foo 1", "bar 1", "foo 2", "baz 1", "bar 2", "foo 3"];
      for (const [at, it] of all.entries()) {
        const [name = "", version = ""] = it.split(" ");
        write(name, version, 1000 + at);
      }
      expect(all.map(() => send(9000, "well"))).toEqual(all);
    }));

  it("is a later one's after so many tries, also when the last of them killed us", () =>
    outbox(({ deliveries, sql, write, send }) => {
      write("foo", "1.0.0");
      write("foo", "2.0.0");
      let now = 1000;
      for (let tries = 1; tries < triesInOrder; tries++) {
        expect(send(now, "badly")).toBe("foo 1.0.0");
        now += 3600_000;
      }
      deliveries.take(now, nobody);
      // Never heard of again: the instance is dead, and there is another one.
      const next = new Deliveries(sql, [webhook()]);
      const taken = [next.take(now, nobody), next.take(now, nobody)];
      expect(taken.map((it) => said(it?.body ?? "{}"))).toEqual(["foo 1.0.0", "foo 2.0.0"]);
    }));

  it("is known of what waited before there was an order of packages", () =>
    outbox(({ sql, write }) => {
      for (const version of ["1.0.0", "2.0.0"]) for (const it of ["foo", "bar"]) write(it, version);
      sql.exec("DROP INDEX deliveries_due");
      sql.exec("DROP INDEX deliveries_in_order");
      sql.exec("DROP INDEX deliveries_finished");
      sql.exec("UPDATE deliveries SET next_at = created_at");
      const updated = new Deliveries(sql, [webhook()]);
      const taken = [1, 2, 3].map(() => updated.take(2000, nobody));
      expect(taken.map((it) => it && said(it.body))).toEqual(["foo 1.0.0", "bar 1.0.0", undefined]);
    }));

  it("comes again for what is on its way, should whoever sends it die", () =>
    outbox(({ deliveries, write }) => {
      write("foo", "1.0.0");
      write("bar", "1.0.0");
      deliveries.take(1000, nobody);
      expect(deliveries.nextAt(1000, new Set([url]))).toBe(1000 + deliveryLimits.tryMs);
    }));
});

describe("what is given up because too many wait", () => {
  it("is the oldest that waits, and is counted once; never what is on its way", () =>
    outbox(
      ({ deliveries, write }) => {
        write("foo", "1.0.0");
        const taken = deliveries.take(1000, nobody);
        for (const version of ["2.0.0", "3.0.0", "4.0.0", "5.0.0"]) write("foo", version);
        const states = deliveries.log(10).map(({ state, body }) => `${said(body)} ${state}`);
        expect(states.toReversed()).toEqual([
          ...["foo 1.0.0 sending", "foo 2.0.0 failed", "foo 3.0.0 failed"],
          ...["foo 4.0.0 waiting", "foo 5.0.0 waiting"],
        ]);
        expect(deliveries.counts()).toMatchObject({ failed: 2, waiting: 3 });
        if (taken) deliveries.tried(taken, 1000, 200, null);
        expect(said(deliveries.take(1000, nobody)?.body ?? "{}")).toBe("foo 4.0.0");
      },
      { limits: { waitingMax: 3 } },
    ));

  it("holds up nothing that came after it", () =>
    outbox(
      ({ deliveries, write, send }) => {
        for (const version of ["1.0.0", "2.0.0", "3.0.0"]) write("foo", version);
        expect([1, 2, 3].map(() => send(1000, "well"))).toEqual([
          ...["foo 2.0.0", "foo 3.0.0", undefined],
        ]);
        expect(deliveries.counts()).toMatchObject({ delivered: 2, failed: 1, waiting: 0 });
      },
      { limits: { waitingMax: 2 } },
    ));
});

describe("looking for the next one", () => {
  it("reads a few rows, however many wait and are kept", () =>
    outbox(
      ({ sql, write }) => {
        for (let at = 0; at < 1500; at++) write(at % 3 === 0 ? "foo" : `p${at}`, `${at}.0.0`);
        const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
        const counted = {
          exec: (query: string, ...bindings: SqlStorageValue[]) => {
            const cursor = sql.exec(query, ...bindings);
            cursors.push(cursor);
            return cursor;
          },
        };
        const others = ["https://a.test/", "https://b.test/"].map(webhook);
        // Of SqlStorage it needs nothing else.
        const deliveries = new Deliveries(counted as SqlStorage, others);
        const readBy = (work: () => void): number => {
          cursors.length = 0;
          work();
          return cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
        };
        const taking = readBy(() => {
          const taken = deliveries.take(2000, new Set(["https://a.test/"]));
          if (taken) deliveries.tried(taken, 2000, 200, null);
          deliveries.nextAt(2000);
        });
        expect(taking).toBeGreaterThan(0);
        expect(taking).toBeLessThan(60);
      },
      { urls: ["https://a.test/", "https://b.test/"] },
    ));
});
