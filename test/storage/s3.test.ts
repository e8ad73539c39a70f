/** S3 as a strict fake speaks it; another implementation judges us in real-s3.test.ts. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { settleMs } from "../../src/repository/ledger/progress.ts";
import { place } from "../../src/repository/place.ts";
import { keep } from "../../src/storage/keep.ts";
import { writeMsMax } from "../../src/storage/s3/client.ts";
import { readPage } from "../../src/storage/s3/page.ts";
import type { Outside, S3Limits, S3Options } from "../../src/storage/s3/request.ts";
import { S3Storage } from "../../src/storage/s3.ts";
import { FakeS3, fakeKeys } from "../support/s3.ts";
import { storageCompliance } from "./compliance.ts";

let fake: FakeS3;
beforeAll(async () => {
  fake = await FakeS3.start();
});
afterAll(() => fake.stop());

describe("S3", () => {
  storageCompliance(() => new S3Storage(fake.options));
});

describe("S3 below a prefix", () => {
  storageCompliance(() => new S3Storage({ ...fake.options, prefix: "team a/hex+edge/" }));

  it("keeps everything below it", () => {
    const outside = fake.keys().filter((key) => !key.startsWith("team a/hex+edge/"));
    expect(outside.filter((key) => !key.startsWith("compliance/"))).toEqual([
      "conditional-writes-probe",
    ]);
  });
});

const utf8 = (text: string) => new TextEncoder().encode(text);
const create = { kind: "create" } as const;

describe("an S3 that fails", () => {
  /** How long it waited before each try. */
  const waited: number[] = [];
  let used = 0;
  let key = "";

  const open = (
    options: Partial<S3Options> = {},
    limits: Partial<S3Limits> = {},
    outside: Partial<Outside> = {},
  ) =>
    new S3Storage({
      ...fake.options,
      ...options,
      limits: { readMsMax: 1000, writeMsMax: 1000, ...limits },
      outside: {
        sleep: async (ms) => {
          waited.push(ms);
        },
        random: () => 1,
        ...outside,
      },
    });
  const text = async (storage: S3Storage) => {
    const found = await storage.get(key);
    return found && new Response(found.body).text();
  };
  const asks = () => fake.asked.filter((it) => it.endsWith(` ${key}`));

  beforeAll(() => open().checkConditions());
  beforeEach(() => {
    waited.length = 0;
    fake.asked.length = 0;
    fake.abandoned.length = 0;
    key = `failing/${used++}`;
  });

  describe("for a moment", () => {
    for (const [name, fault] of [
      ["500", { kind: "refuse", status: 500, code: "InternalError" }],
      ["503 SlowDown", { kind: "refuse", status: 503, code: "SlowDown" }],
      ["502 of a proxy", { kind: "refuse", status: 502 }],
      ["429", { kind: "refuse", status: 429 }],
      ["a lost connection", { kind: "cut off" }],
      ["a lost answer", { kind: "lose answer" }],
      ["a body cut in the middle", { kind: "cut body" }],
    ] as const) {
      it(`reads on after ${name}, a little later each time`, async () => {
        const storage = open();
        await storage.put(key, utf8("bytes"), create);
        fake.fail(`GET ${key}`, fault, 3);
        expect(await text(storage)).toBe("bytes");
        expect(waited).toEqual([200, 400, 800]);
      });
    }

    it("gives up a read after four tries, and says why", async () => {
      fake.fail(`GET ${key}`, { kind: "refuse", status: 503, code: "SlowDown" }, 4);
      await expect(text(open())).rejects.toThrow(
        `${key}: the bucket hexedge-test at ${fake.endpoint} answered 503 SlowDown`,
      );
    });

    it("gives up a try that is not answered in time", async () => {
      const storage = open({}, { readMsMax: 100 });
      await storage.put(key, utf8("bytes"), create);
      fake.fail(`GET ${key}`, { kind: "hang" }, 2);
      expect(await text(storage)).toBe("bytes");
      fake.fail(`HEAD ${key}`, { kind: "hang" }, 4);
      await expect(storage.head(key)).rejects.toThrow("no answer for 0.1 seconds");
    });

    it("waits for a slow one", async () => {
      const storage = open();
      fake.fail(`PUT ${key}`, { kind: "slow", ms: 300 });
      expect(await storage.put(key, utf8("bytes"), create)).toBeDefined();
    });

    it("waits for different times when many were refused at once", async () => {
      fake.fail(`GET ${key}`, { kind: "refuse", status: 503, code: "SlowDown" }, 1);
      await text(open({}, {}, { random: () => 0 }));
      expect(waited).toEqual([100]);
    });

    it("lists on, after a page that was cut off and one that said 200 and then failed", async () => {
      const storage = open();
      for (const at of [1, 2, 3]) await storage.put(`${key}/${at}`, utf8("bytes"), create);
      fake.fail("GET ", { kind: "cut body" });
      fake.fail("GET ", { kind: "late error", code: "InternalError" });
      const keys: string[] = [];
      for await (const it of storage.list(`${key}/`)) keys.push(it);
      expect(keys).toEqual([`${key}/1`, `${key}/2`, `${key}/3`]);
    });

    for (const [name, fault] of [
      ["SlowDown", { kind: "refuse", status: 503, code: "SlowDown" }],
      ["429", { kind: "refuse", status: 429 }],
      ["a conflict", { kind: "refuse", status: 409, code: "ConditionalRequestConflict" }],
    ] as const) {
      it(`puts again after ${name}, which says that nothing was stored`, async () => {
        const storage = open();
        fake.fail(`PUT ${key}`, fault, 3);
        expect(await storage.put(key, utf8("bytes"), create)).toMatchObject({ sizeBytes: 5 });
        expect(waited).toEqual([200, 400, 800]);
        fake.fail(`PUT ${key}`, fault, 4);
        await expect(storage.put(key, utf8("other"), create)).rejects.toThrow(/answered/);
      });
    }
  });

  describe("and does not say whether it stored something", () => {
    const faults = [
      { kind: "lose answer" },
      { kind: "cut off" },
      { kind: "refuse", status: 500, code: "InternalError" },
      { kind: "refuse", status: 502 },
      { kind: "late error", code: "InternalError" },
    ] as const;
    const ledgerOf = (unsettled: string[]) =>
      ({
        unsettle: (it: string) => {
          unsettled.push(it);
        },
      }) as never;

    for (const fault of faults) {
      const name = "status" in fault ? `${fault.kind} ${fault.status}` : fault.kind;
      it(`lets the caller know (${name}), who may not take it for stored or not stored`, async () => {
        fake.fail(`PUT ${key}`, fault);
        await expect(open().put(key, utf8("bytes"), create)).rejects.toThrow(key);
        expect(waited).toEqual([]);
        fake.fail(`DELETE ${key}`, fault);
        await expect(open().delete(key)).rejects.toThrow(key);
      });

      it(`creates and replaces all the same (${name}), and the ledger knows`, async () => {
        const storage = open();
        const unsettled: string[] = [];
        const world = { storage, retryDelaysMs: [0, 0, 0], ledger: ledgerOf(unsettled) };
        fake.fail(`PUT ${key}`, fault);
        const etag = await place(world, key, utf8("first"), null);
        expect(await text(storage)).toBe("first");
        expect(unsettled.length).toBeGreaterThan(0);
        fake.fail(`PUT ${key}`, fault);
        const second = await place(world, key, utf8("second"), etag);
        expect(await text(storage)).toBe("second");
        expect((await storage.head(key))?.etag).toBe(second);
      });

      it(`keeps a file of a mirror all the same (${name})`, async () => {
        const storage = open();
        fake.fail(`PUT ${key}`, fault, 2);
        const etag = await keep(storage, key, utf8("bytes"));
        expect(await storage.head(key)).toMatchObject({ etag });
        expect(await text(storage)).toBe("bytes");
      });
    }
  });

  describe("and takes its time for a write", () => {
    it("leaves what was sent at the last moment ten seconds to land, before its key is anybody's again", () => {
      expect(settleMs - writeMsMax).toBeGreaterThanOrEqual(10_000);
    });

    const write = {
      PUT: (storage: S3Storage) => storage.put(key, utf8("bytes"), create),
      DELETE: (storage: S3Storage) => storage.delete(key),
    };
    for (const method of ["PUT", "DELETE"] as const) {
      it(`gives up all tries together, and sends nothing more: ${method}`, async () => {
        const sentAt: number[] = [];
        const outside = {
          fetch: (url: string, init: RequestInit) => {
            sentAt.push(Date.now());
            return fetch(url, init);
          },
        };
        const storage = open({}, { writeMsMax: 500, delayMs: 1 }, outside);
        // The third try would be refused when the time is over, and a fourth would get through.
        const fault = { kind: "refuse", status: 429, afterMs: 200 } as const;
        fake.fail(`${method} ${key}`, fault, 3);
        const began = Date.now();
        await expect(write[method](storage)).rejects.toThrow(key);
        await vi.waitUntil(() => fake.abandoned.includes(`${method} ${key}`));
        expect(Math.max(...sentAt) - began).toBeLessThan(500);
        expect(asks()).toEqual([]);
      });

      it(`tells the store that it has given up, if the store says nothing at all: ${method}`, async () => {
        fake.fail(`${method} ${key}`, { kind: "hang" });
        await expect(write[method](open({}, { writeMsMax: 200 }))).rejects.toThrow(
          `${key}: no whole answer from the store: no answer for 0.2 seconds`,
        );
        await vi.waitUntil(() => fake.abandoned.includes(`${method} ${key}`));
        expect(waited).toEqual([]);
      });

      it(`does not begin a try that has no time left: ${method}`, async () => {
        const fault = { kind: "refuse", status: 503, code: "SlowDown", afterMs: 100 } as const;
        fake.fail(`${method} ${key}`, fault);
        const storage = open({}, { writeMsMax: 250, delayMs: 200 });
        await expect(write[method](storage)).rejects.toThrow("answered 503 SlowDown");
        expect(waited).toEqual([]);
        expect(asks()).toEqual([]);
      });
    }
  });

  describe("and says nothing more in the middle of a body", () => {
    const large = new Uint8Array(1024 * 1024).fill(7);
    const read = async (storage: S3Storage, range?: { offset: number; length: number }) =>
      new Uint8Array(await new Response((await storage.get(key, range))?.body).arrayBuffer());

    it("fails with a sentence, and goes away", async () => {
      const storage = open({}, { idleMsMax: 200 });
      await storage.put(key, large, create);
      for (const range of [undefined, { offset: 1000, length: 500_000 }]) {
        fake.abandoned.length = 0;
        fake.fail(`GET ${key}`, { kind: "stall" });
        await expect(read(storage, range)).rejects.toThrow(
          `${key}: the store sent nothing more for 0.2 seconds, in the middle of it`,
        );
        await vi.waitUntil(() => fake.abandoned.includes(`GET ${key}`));
      }
      expect(await read(storage)).toEqual(large);
    });

    it("asks again when the body is small", async () => {
      const storage = open({}, { readMsMax: 200 });
      await storage.put(key, utf8("bytes"), create);
      fake.fail(`GET ${key}`, { kind: "stall" });
      expect(await text(storage)).toBe("bytes");
      fake.fail("GET ", { kind: "stall" });
      const keys: string[] = [];
      for await (const it of storage.list(key)) keys.push(it);
      expect(keys).toEqual([key]);
    });

    it("is no matter as long as the reader is who takes the time", async () => {
      const storage = open({}, { idleMsMax: 50 });
      await storage.put(key, large, create);
      const found = await storage.get(key);
      if (!found || found.body instanceof Uint8Array) throw new Error("it is no stream");
      const pieces: Uint8Array[] = [];
      for await (const piece of found.body) {
        if (pieces.length < 3) await new Promise((resolve) => setTimeout(resolve, 100));
        pieces.push(piece);
      }
      expect(Buffer.concat(pieces).equals(large)).toBe(true);
    });

    it("lets go of the connection of a reader who has had enough", async () => {
      const storage = open();
      await storage.put(key, large, create);
      fake.fail(`GET ${key}`, { kind: "stall" });
      const found = await storage.get(key);
      if (!found || found.body instanceof Uint8Array) throw new Error("it is no stream");
      await found.body.cancel();
      await vi.waitUntil(() => fake.abandoned.includes(`GET ${key}`));
    });
  });

  it("hands on the error when a large body breaks off in the middle", async () => {
    const storage = open();
    await storage.put(key, new Uint8Array(1024 * 1024), create);
    fake.fail(`GET ${key}`, { kind: "cut body" });
    const found = await storage.get(key);
    await expect(new Response(found?.body).arrayBuffer()).rejects.toThrow();
  });

  it("says what to look at when the secret is wrong", async () => {
    const wrong = open({ secretAccessKey: "test/secret+of=somebody" });
    const sentence = "S3_SECRET_ACCESS_KEY is not that of S3_ACCESS_KEY_ID";
    await expect(text(wrong)).rejects.toThrow(sentence);
    await expect(wrong.put(key, utf8("bytes"), create)).rejects.toThrow(sentence);
    await expect(wrong.delete(key)).rejects.toThrow(sentence);
    // An answer to HEAD has no body that could say more.
    await expect(wrong.head(key)).rejects.toThrow("S3_SECRET_ACCESS_KEY may be wrong");
    expect(waited).toEqual([]);
    expect(asks()).toEqual([]);
  });

  it("never says the secret, the key, or what the store wrote", async () => {
    for (const options of [
      { secretAccessKey: "test/secret+of=somebody" },
      { accessKeyId: "SOMEBODY" },
      { bucket: "another" },
      { region: "us-west-9" },
    ]) {
      const error = await text(open(options)).catch(String);
      expect(error).toMatch(/^S3Fault: /);
      expect(error).not.toMatch(/secret\+of|TESTKEY|SOMEBODY|It says/);
    }
  });

  it("says what to look at when the key is unknown, the clock wrong, the region another", async () => {
    await expect(text(open({ accessKeyId: "SOMEBODY" }))).rejects.toThrow(
      "does not know S3_ACCESS_KEY_ID",
    );
    const late = open({}, {}, { now: () => Date.now() + 3_600_000 });
    await expect(text(late)).rejects.toThrow("the clock here, or there, is wrong");
    await expect(text(open({ region: "us-west-9" }))).rejects.toThrow("[vars.S3] region");
    fake.fail(`GET ${key}`, { kind: "refuse", status: 301, code: "PermanentRedirect" });
    await expect(text(open())).rejects.toThrow("[vars.S3] region and endpoint");
  });

  it("says which permissions it needs when one is missing", async () => {
    fake.fail(`GET ${key}`, { kind: "refuse", status: 403, code: "AccessDenied" });
    await expect(text(open())).rejects.toThrow("s3:ListBucket on the bucket; s3:GetObject");
  });

  it("does not take a bucket that does not exist for an empty one", async () => {
    const nowhere = open({ bucket: "another" });
    const sentence = "the bucket another";
    await expect(nowhere.head(key)).rejects.toThrow(sentence);
    await expect(text(nowhere)).rejects.toThrow("make it, or correct [vars.S3] bucket");
    await expect(nowhere.delete(key)).rejects.toThrow(sentence);
    await expect(nowhere.put(key, utf8("bytes"), create)).rejects.toThrow(sentence);
    const list = async () => {
      for await (const it of nowhere.list("")) return it;
      return undefined;
    };
    await expect(list()).rejects.toThrow(sentence);
  });

  it("does not take a page of a proxy, which knows no such place, for a file that is not there", async () => {
    const storage = open();
    for (const method of ["GET", "PUT", "DELETE"]) {
      fake.fail(`${method} ${key}`, { kind: "refuse", status: 404 });
    }
    await expect(text(storage)).rejects.toThrow("answered 404");
    await expect(storage.put(key, utf8("bytes"), create)).rejects.toThrow("answered 404");
    await expect(storage.delete(key)).rejects.toThrow("answered 404");
  });

  it("is found at a host of its own name, where it is declared so", async () => {
    const urls: string[] = [];
    const outside = {
      fetch: async (url: string) => {
        urls.push(url);
        return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
      },
    };
    const endpoint = "https://s3.example.com";
    await open({ endpoint, isVirtualHost: true, prefix: "team/" }, {}, outside).get("a+b/c");
    expect(urls).toEqual(["https://hexedge-test.s3.example.com/team/a%2Bb/c"]);
  });

  it("reads a checksum from objects of ours alone", async () => {
    const storage = open();
    await storage.put(key, utf8("bytes"), create);
    const there = fake.objects.get(key);
    expect(there?.meta).toEqual({ "x-amz-meta-sha256": toHex(await sha256(utf8("bytes"))) });
    if (there) there.meta = { "x-amz-meta-sha256": "somebody else's" };
    expect((await storage.head(key))?.sha256).toBeUndefined();
  });
});

describe("an S3 that overwrites what must not be overwritten", () => {
  it("is not written to, and the sentence says why", async () => {
    const careless = await FakeS3.start();
    careless.isCareless = true;
    const storage = new S3Storage(careless.options);
    for (const key of ["repos/acme/names", "repos/acme/versions"]) {
      await expect(storage.put(key, utf8("bytes"), create)).rejects.toThrow(
        "this S3 does not keep conditions on writes, so Hexedge does not write to it",
      );
    }
    expect(careless.keys()).toEqual(["conditional-writes-probe"]);
    await careless.stop();
  });

  it("is written to as soon as it does not any more", async () => {
    const careless = await FakeS3.start();
    careless.isCareless = true;
    const storage = new S3Storage({ ...careless.options, ...fakeKeys });
    await expect(storage.put("key", utf8("bytes"), create)).rejects.toThrow();
    careless.isCareless = false;
    expect(await storage.put("key", utf8("bytes"), create)).toBeDefined();
    await careless.stop();
  });
});

describe("whether an S3 keeps conditions", () => {
  const probe = "conditional-writes-probe";
  let fresh: FakeS3;
  beforeEach(async () => {
    fresh = await FakeS3.start();
    return () => fresh.stop();
  });
  const putAll = (storage: S3Storage) =>
    Promise.allSettled(
      Array.from({ length: 8 }, (_, at) => storage.put(`key-${at}`, utf8("bytes"), create)),
    );

  it("is looked at once for all who write at the same time", async () => {
    const outcomes = await putAll(new S3Storage(fresh.options));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill("fulfilled"));
    const put = `PUT ${probe}`;
    expect(fresh.asked.filter((it) => it.endsWith(probe))).toEqual([
      ...[put, put, `HEAD ${probe}`, put, put],
    ]);
  });

  it("is looked at anew after the look failed, which fails all who waited for it", async () => {
    const storage = new S3Storage(fresh.options);
    fresh.fail(`HEAD ${probe}`, { kind: "refuse", status: 403, code: "AccessDenied" });
    const outcomes = await putAll(storage);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill("rejected"));
    expect(fresh.keys()).toEqual([probe]);
    expect(await storage.put("key", utf8("bytes"), create)).toBeDefined();
  });

  it("takes none of the time that a write has, beyond its end", async () => {
    const limits = { writeMsMax: 300, triesMax: 1 };
    const storage = new S3Storage({ ...fresh.options, limits });
    fresh.fail(`HEAD ${probe}`, { kind: "hang" });
    await expect(storage.put("key", utf8("bytes"), create)).rejects.toThrow(
      "key: the store did not say in time whether it keeps conditions",
    );
    // Whoever comes next does not wait for the look that hangs.
    expect(await storage.put("key", utf8("bytes"), create)).toBeDefined();
    expect(fresh.asked.filter((it) => it === "PUT key")).toEqual(["PUT key"]);
  });
});

describe("a list that a store answers", () => {
  const listOf = (inside: string) =>
    `<?xml version='1.0' encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</ListBucketResult>\n`;
  const all = "<IsTruncated>false</IsTruncated>";
  const object = (key: string) => `<Contents><Key>${key}</Key><Size>1</Size><Owner/></Contents>`;

  it("has keys with every entity, and is whole or has a token", () => {
    const keys = ["a&amp;b", "&lt;&gt;&quot;&apos;", "&#233;&#xE9;&#x1F600;", " b "].map(object);
    expect(readPage(listOf(all + keys.join("\n")))).toEqual({
      keys: ["a&b", "<>\"'", "éé😀", " b "],
      next: undefined,
    });
    const more =
      "<IsTruncated>true</IsTruncated><NextContinuationToken>a=&amp;</NextContinuationToken>";
    expect(readPage(listOf(more))).toEqual({ keys: [], next: "a=&" });
  });

  it.each([
    ["nothing", ""],
    ["a page of a proxy", "<html><body>Hello<br></body></html>"],
    ["another document", "<Error><Code>InternalError</Code></Error>"],
    ["no word about whether it is all", listOf(object("a"))],
    ["more to come, but no token", listOf("<IsTruncated>true</IsTruncated>")],
    ["an object without a key", listOf(`${all}<Contents></Contents>`)],
    ["an object with two keys", listOf(`${all}<Contents><Key>a</Key><Key>b</Key></Contents>`)],
    ["an entity of its own", `<!DOCTYPE a [<!ENTITY e "e">]>${listOf(all + object("&e;"))}`],
    ["an entity that is none", listOf(all + object("&nbsp;"))],
    ["a bare ampersand", listOf(all + object("a&b"))],
    ["a character that is none", listOf(all + object("&#x110000;"))],
    ["no character at all", listOf(all + object("&#0;"))],
    ["CDATA", listOf(all + object("<![CDATA[a]]>"))],
    ["two documents", listOf(all) + listOf(all)],
    ["text after it", `${listOf(all)}text`],
    ["elements across each other", listOf(`${all}<Contents><Key>a</Contents></Key>`)],
    ["elements without end", "<a>".repeat(100_000)],
  ])("is refused when it is or has %s", (_title, body) => {
    expect(() => readPage(body)).toThrow();
  });

  it("is refused when it is cut off anywhere", () => {
    const whole = listOf(object("a&amp;b") + all).trimEnd();
    expect(readPage(whole).keys).toEqual(["a&b"]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => readPage(whole.slice(0, length))).toThrow();
    }
  });
});
