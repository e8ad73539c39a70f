import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { settleMs } from "../../src/repository/ledger/progress.ts";
import { FolderStorage, writeMsMax } from "../../src/storage/folder.ts";
import { world } from "../support/world.ts";
import { storageCompliance } from "./compliance.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      TEST_FOLDER: Fetcher;
    }
  }
}

storageCompliance(() => new FolderStorage(env.TEST_FOLDER));

describe("a folder", () => {
  const storage = new FolderStorage(env.TEST_FOLDER);
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const write = (path: string, text: string) =>
    env.TEST_FOLDER.fetch(`http://folder/${path}`, { method: "PUT", body: text });

  it("does not list what a killed process had begun to write", async () => {
    await storage.put("killed/whole", bytesOf("whole"), { kind: "create" });
    await write("killed/.half.1.2.tmp", "ha");
    const keys: string[] = [];
    for await (const key of storage.list("killed/")) keys.push(key);
    expect(keys).toEqual(["killed/whole"]);
  });

  it("knows a file that lay there before, and replaces it on its ETag", async () => {
    await write("found/file", "restored from a backup");
    const found = await storage.head("found/file");
    expect(found?.sizeBytes).toBe(22);
    const replaced = await storage.put("found/file", bytesOf("new"), {
      kind: "replace",
      etag: found?.etag ?? "",
    });
    expect(replaced?.etag).not.toBe(found?.etag);
  });

  it("does not take a file for the old one when the answer to its replacement was lost", async () => {
    let isDown = false;
    const flaky = new FolderStorage({
      fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
        const response = await env.TEST_FOLDER.fetch(input, init);
        if (isDown && init?.method === "PUT") throw new Error("the answer was lost");
        return response;
      },
    });
    const first = await flaky.put("lost/file", bytesOf("first"), { kind: "create" });
    isDown = true;
    const replacing = flaky.put("lost/file", bytesOf("other"), {
      kind: "replace",
      etag: first?.etag ?? "",
    });
    await expect(replacing).rejects.toThrow("lost");
    const found = await flaky.get("lost/file");
    expect(await new Response(found?.body).text()).toBe("other");
    expect(found?.etag).not.toBe(first?.etag);
    expect(await flaky.head("lost/file")).toMatchObject({ etag: found?.etag });
  });

  it("does not wait for ever for the write of a Durable Object that was reset", async () => {
    const it = await world();
    const patient = new FolderStorage(env.TEST_FOLDER, { writeMsMax: 300 });
    await runInDurableObject(it.stub, async (_instance, state) => {
      void patient.put("reset/file", bytesOf("never"), { kind: "create" });
      state.abort();
    }).catch(() => undefined);
    await patient.put("reset/file", bytesOf("first"), { kind: "create" });
    const found = await patient.get("reset/file");
    expect(["never", "first"]).toContain(await new Response(found?.body).text());
  });

  it("never writes for a Durable Object that was reset while it waited for its turn", async () => {
    const it = await world();
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const failing = new FolderStorage({
      fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
        if (init?.method !== "PUT") return env.TEST_FOLDER.fetch(input, init);
        begun();
        await new Promise((resolve) => setTimeout(resolve, 300));
        throw new Error("the disk is full");
      },
    });
    const first = failing.put("turn/file", bytesOf("first"), { kind: "create" });
    const failed = expect(first).rejects.toThrow("the disk is full");
    await hasBegun;
    await runInDurableObject(it.stub, async (_instance, state) => {
      void storage.put("turn/file", bytesOf("dead"), { kind: "create" });
      state.abort();
    }).catch(() => undefined);
    const last = storage.put("turn/file", bytesOf("last"), { kind: "create" });
    await failed;
    expect(await last).toBeDefined();
    const found = await env.TEST_FOLDER.fetch("http://folder/turn/file");
    expect(await found.text()).toBe("last");
  });

  it("stops a write that takes too long, before another may write the same file", async () => {
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const slow = new FolderStorage(
      {
        // The disk thinks for a while, and then does what it was told, if it is still asked to.
        fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
          if (init?.method !== "PUT") return env.TEST_FOLDER.fetch(input, init);
          begun();
          await new Promise((resolve) => setTimeout(resolve, 600));
          return env.TEST_FOLDER.fetch(input, init);
        },
      },
      { writeMsMax: 300 },
    );
    const late = slow.put("late/file", bytesOf("late"), { kind: "create" }).then(
      () => "stored",
      (error: Error) => error.message,
    );
    await hasBegun;
    const stored = await storage.put("late/file", bytesOf("first"), { kind: "create" });
    expect(stored).toBeDefined();
    expect(await late).toBe("late/file: the disk took too long to write it");
    const found = await env.TEST_FOLDER.fetch("http://folder/late/file");
    expect(await found.text()).toBe("first");
    expect((await storage.head("late/file"))?.etag).toBe(stored?.etag);
  });

  it("has given a write up long before others count on its being over", () => {
    expect(settleMs - writeMsMax).toBeGreaterThanOrEqual(10_000);
  });

  it("never gives the bytes of one version with the ETag of another, while it is written", async () => {
    const etags = new Map<string, string>();
    let etag =
      (await storage.put("busy/file", bytesOf("0".repeat(100)), { kind: "create" }))?.etag ?? "";
    etags.set("0".repeat(100), etag);
    let isWriting = true;
    const writing = (async () => {
      for (let digit = 1; digit <= 60; digit++) {
        const text = String(digit % 10).repeat(100 + Math.floor(digit / 10));
        etag =
          (await storage.put("busy/file", bytesOf(text), { kind: "replace", etag }))?.etag ?? "";
        etags.set(text, etag);
      }
      isWriting = false;
    })();
    const seen: [string, string][] = [];
    while (isWriting) {
      const found = await storage.get("busy/file");
      if (found) seen.push([await new Response(found.body).text(), found.etag]);
    }
    await writing;
    expect(seen.length).toBeGreaterThan(10);
    for (const [text, tag] of seen) expect(tag).toBe(etags.get(text));
  });
});
