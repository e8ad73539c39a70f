import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type S3Options, S3Storage } from "../../src/storage/s3.ts";
import { begin, crash, until } from "../support/faulty-storage.ts";
import { world } from "../support/world.ts";
import { storageCompliance } from "./compliance.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      TEST_S3: S3Options;
    }
  }
}

describe("S3 from inside workerd", () => {
  storageCompliance(() => new S3Storage(env.TEST_S3));

  it("does not hang when the store says nothing more in the middle of a large body", async () => {
    const headers = { etag: '"1"', "last-modified": new Date().toUTCString() };
    const body = new IdentityTransformStream();
    const writing = body.writable.getWriter().write(new Uint8Array(1000));
    const storage = new S3Storage({
      ...env.TEST_S3,
      limits: { idleMsMax: 100 },
      outside: {
        fetch: async () =>
          new Response(body.readable, { headers: { ...headers, "content-length": "100000" } }),
      },
    });
    const found = await storage.get("key");
    await expect(new Response(found?.body).arrayBuffer()).rejects.toThrow(
      "key: the store sent nothing more for 0.1 seconds, in the middle of it",
    );
    await writing;
  });
});

describe("one S3 of several Durable Objects", () => {
  const create = { kind: "create" } as const;
  const bytes = new Uint8Array(10);
  const isProbe = (url: string) => url.endsWith("conditional-writes-probe");

  it("is looked at by one of them, and the others wait for that", async () => {
    const asked: string[] = [];
    const storage = new S3Storage({
      ...{ ...env.TEST_S3, prefix: "looked-at-once/" },
      outside: {
        fetch: (url, init) => {
          if (isProbe(url)) asked.push(init.method ?? "");
          return fetch(url, init);
        },
      },
    });
    const worlds = await Promise.all([world(), world(), world()]);
    const stored = await Promise.all(
      worlds.map(({ stub, repository }) =>
        runInDurableObject(stub, async () => {
          return (await storage.put(repository, bytes, create)) !== undefined;
        }),
      ),
    );
    expect(stored).toEqual([true, true, true]);
    expect(asked).toEqual(["PUT", "PUT", "HEAD", "PUT", "PUT"]);
  });

  it("is looked at by the next when the one who looked has died", async () => {
    let isFirst = true;
    const storage = new S3Storage({
      ...{ ...env.TEST_S3, prefix: "looked-at-again/" },
      limits: { writeMsMax: 3000 },
      outside: {
        fetch: (url, init) => {
          if (!isFirst) return fetch(url, init);
          isFirst = false;
          return new Promise(() => {});
        },
      },
    });
    const [dying, living] = await Promise.all([world(), world()]);
    await begin(dying, () => storage.put("one", bytes, create));
    await until(() => !isFirst);
    const waiting = await begin(living, () => storage.put("two", bytes, create));
    await crash(dying);
    await until(() => waiting.outcome !== undefined);
    expect(waiting.outcome).toHaveProperty("error.name", "S3Fault");
    const again = await begin(living, () => storage.put("two", bytes, create));
    await until(() => again.outcome !== undefined);
    expect(again.outcome).toHaveProperty("value.sizeBytes", 10);
  });
});
