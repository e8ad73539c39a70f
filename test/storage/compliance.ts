/** The contract of src/storage/storage.ts, as tests that every storage has to pass. */
import { beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/hex/checksum.ts";
import type { Storage, Stored } from "../../src/storage/storage.ts";

const utf8 = new TextEncoder();
const create = { kind: "create" } as const;
const replace = (etag: string) => ({ kind: "replace", etag }) as const;

/**
 * @param open the storage to test; it may hold other keys than those below `compliance/`.
 * @param losersThrow who loses against a put at the same time may get an error instead of undefined.
 */
export function storageCompliance(open: () => Storage, { losersThrow = false } = {}): void {
  let storage: Storage;
  let folder = "";
  let used = 0;
  beforeEach(() => {
    storage = open();
    folder = `compliance/${String(used++).padStart(3, "0")}/`;
  });

  const put = async (key: string, text: string) => {
    const stored = await storage.put(folder + key, utf8.encode(text), create);
    if (!stored) throw new Error(`${key} is there already`);
    return stored;
  };
  const read = async (key: string, range?: { offset: number; length: number }) => {
    const found = await storage.get(folder + key, range);
    return found && new Response(found.body).text();
  };
  /** What a put says that it stored; a store may know the time only as that of its answer. */
  const expectSame = (found: Stored | undefined, stored: Stored | undefined) => {
    const [one, other] = [found?.uploadedAt, stored?.uploadedAt].map((it) => it?.getTime() ?? 0);
    expect({ ...found, uploadedAt: 0 }).toEqual({ ...stored, uploadedAt: 0 });
    expect(Math.abs((one ?? 0) - (other ?? 0))).toBeLessThanOrEqual(2000);
  };
  const list = async (prefix = "") => {
    const keys: string[] = [];
    for await (const key of storage.list(folder + prefix)) keys.push(key.slice(folder.length));
    return keys;
  };

  describe("a key without an object", () => {
    it("is found by nobody", async () => {
      expect(await storage.head(`${folder}nothing`)).toBeUndefined();
      expect(await storage.get(`${folder}nothing`)).toBeUndefined();
      expect(await storage.get(`${folder}nothing`, { offset: 0, length: 1 })).toBeUndefined();
      expect(await list()).toEqual([]);
    });

    it("can be deleted", async () => {
      await storage.delete(`${folder}nothing`);
    });

    it("cannot be replaced", async () => {
      const { etag } = await put("other", "bytes");
      expect(await storage.put(`${folder}key`, utf8.encode("new"), replace(etag))).toBeUndefined();
      expect(await storage.head(`${folder}key`)).toBeUndefined();
    });
  });

  describe("a put that creates", () => {
    it("stores the bytes, and says what it stored", async () => {
      const before = Date.now();
      const bytes = utf8.encode("bytes");
      const stored = await storage.put(`${folder}key`, bytes, create);
      expect(stored).toMatchObject({ sizeBytes: 5, sha256: await sha256(bytes) });
      expect(stored?.etag).toMatch(/^[^"]+$/);
      expect(Math.abs((stored?.uploadedAt.getTime() ?? 0) - before)).toBeLessThan(60_000);
      expectSame(await storage.head(`${folder}key`), stored);
      expect(await read("key")).toBe("bytes");
    });

    it("stores nothing when something is there", async () => {
      const stored = await put("key", "first");
      expect(await storage.put(`${folder}key`, utf8.encode("second"), create)).toBeUndefined();
      expect(await storage.put(`${folder}key`, utf8.encode("first"), create)).toBeUndefined();
      expect(await read("key")).toBe("first");
      expectSame(await storage.head(`${folder}key`), stored);
    });

    it("succeeds again after a delete", async () => {
      await put("key", "first");
      await storage.delete(`${folder}key`);
      expect(await storage.head(`${folder}key`)).toBeUndefined();
      expect(await list()).toEqual([]);
      await put("key", "second");
      expect(await read("key")).toBe("second");
    });

    it("stores an empty object", async () => {
      expect(await put("key", "")).toMatchObject({ sizeBytes: 0 });
      expect(await read("key")).toBe("");
    });

    it("stores a part of a buffer, and no more", async () => {
      const whole = utf8.encode("before bytes after");
      await storage.put(`${folder}key`, whole.subarray(7, 12), create);
      expect(await read("key")).toBe("bytes");
    });

    it("stores 16 MiB", async () => {
      const bytes = new Uint8Array(16 * 1024 * 1024).map((_, at) => at * 7 + (at >> 10));
      const checksum = await sha256(bytes);
      const stored = await storage.put(`${folder}key`, bytes, create);
      expect(stored).toMatchObject({ sizeBytes: bytes.length, sha256: checksum });
      const found = await storage.get(`${folder}key`);
      const back = new Uint8Array(await new Response(found?.body).arrayBuffer());
      expect(await sha256(back)).toEqual(checksum);
    });
  });

  describe("a put that replaces", () => {
    it("stores the bytes when the ETag is that of what is there", async () => {
      const { etag } = await put("key", "first");
      const stored = await storage.put(`${folder}key`, utf8.encode("second"), replace(etag));
      expect(stored).toMatchObject({ sizeBytes: 6, sha256: await sha256(utf8.encode("second")) });
      expect(stored?.etag).not.toBe(etag);
      expect(await read("key")).toBe("second");
      expectSame(await storage.head(`${folder}key`), stored);
    });

    it("stores nothing when the ETag is an older one", async () => {
      const { etag } = await put("key", "first");
      await storage.put(`${folder}key`, utf8.encode("second"), replace(etag));
      const third = await storage.put(`${folder}key`, utf8.encode("third"), replace(etag));
      expect(third).toBeUndefined();
      expect(await read("key")).toBe("second");
    });

    it("stores nothing when the object is gone", async () => {
      const { etag } = await put("key", "first");
      await storage.delete(`${folder}key`);
      expect(await storage.put(`${folder}key`, utf8.encode("new"), replace(etag))).toBeUndefined();
      expect(await storage.head(`${folder}key`)).toBeUndefined();
    });
  });

  describe("an ETag", () => {
    it("is another one for every other content", async () => {
      const etags = [];
      for (const text of ["", "a", "b", "ab"]) etags.push((await put(`key-${text}`, text)).etag);
      expect(new Set(etags).size).toBe(etags.length);
    });
  });

  describe("puts at the same time", () => {
    it("have one winner when they create", async () => {
      const texts = Array.from({ length: 10 }, (_, at) => `content ${at}`);
      const stored = await Promise.all(
        texts.map((text) => storage.put(`${folder}key`, utf8.encode(text), create)),
      );
      expect(stored.filter((it) => it !== undefined)).toHaveLength(1);
      expect(await read("key")).toBe(texts[stored.findIndex((it) => it !== undefined)]);
    });

    it("have one winner when they replace", async () => {
      const { etag } = await put("key", "first");
      const texts = Array.from({ length: 10 }, (_, at) => `content ${at}`);
      const puts = texts.map((text) =>
        storage.put(`${folder}key`, utf8.encode(text), replace(etag)).catch((error) => {
          if (!losersThrow) throw error;
        }),
      );
      const stored = await Promise.all(puts);
      expect(stored.filter((it) => it !== undefined)).toHaveLength(1);
      expect(await read("key")).toBe(texts[stored.findIndex((it) => it !== undefined)]);
    });
  });

  describe("a get", () => {
    it("tells the same about the object as a head", async () => {
      const stored = await put("key", "bytes");
      const { body, ...found } = (await storage.get(`${folder}key`)) ?? {};
      await new Response(body).arrayBuffer();
      expectSame(found as Stored, stored);
    });

    it("reads a part, and tells the size of the whole", async () => {
      await put("key", "0123456789");
      expect(await read("key", { offset: 0, length: 1 })).toBe("0");
      expect(await read("key", { offset: 3, length: 4 })).toBe("3456");
      expect(await read("key", { offset: 9, length: 1 })).toBe("9");
      const part = await storage.get(`${folder}key`, { offset: 3, length: 4 });
      await new Response(part?.body).arrayBuffer();
      expect(part).toMatchObject({
        sizeBytes: 10,
        sha256: await sha256(utf8.encode("0123456789")),
      });
    });

    it("goes on reading what was there when it began", async () => {
      const { etag } = await put("key", "first");
      const found = await storage.get(`${folder}key`);
      await storage.put(`${folder}key`, utf8.encode("second"), replace(etag));
      expect(await new Response(found?.body).text()).toBe("first");
    });
  });

  describe("a list", () => {
    it("has the keys with the prefix, in byte order", async () => {
      const keys = ["a-1", "a.b", "a/b", "a0", "aB", "a_b", "ab", "b"];
      for (const key of [...keys].reverse()) await put(key, key);
      expect(await list()).toEqual(keys);
      expect(await list("a")).toEqual(keys.slice(0, -1));
      expect(await list("a/")).toEqual(["a/b"]);
      expect(await list("c")).toEqual([]);
    });

    it("has all of more keys than one page holds", async () => {
      const keys = Array.from({ length: 1050 }, (_, at) => `many/${String(at).padStart(4, "0")}`);
      for (let at = 0; at < keys.length; at += 50) {
        await Promise.all(keys.slice(at, at + 50).map((key) => put(key, key)));
      }
      await put("other", "bytes");
      expect(await list("many/")).toEqual(keys);
      expect(await list()).toEqual([...keys, "other"]);
    });
  });
}
