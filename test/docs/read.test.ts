/** Pages out of packed docs: the right bytes, few reads, and no trust in what is stored. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { encodePacked, type IndexRow, PackedError, stamp } from "../../src/docs/format.ts";
import { Indexes } from "../../src/docs/indexes.ts";
import { pack } from "../../src/docs/pack.ts";
import { type Page, readIndex, readPage, readPaths } from "../../src/docs/read.ts";
import { sha256 } from "../../src/hex/checksum.ts";
import { FolderStorage } from "../../src/storage/folder.ts";
import { R2Storage } from "../../src/storage/r2.ts";
import type { ByteRange, Storage, StoredBody } from "../../src/storage/storage.ts";
import { docsOf, type Files, inflate, limits, noise, text, unpack } from "./archives.ts";

/** Counts the reads, and lets a test do something before the answer to one of them. */
class Counting implements Pick<Storage, "get"> {
  readonly ranges: (ByteRange | undefined)[] = [];
  before: ((number: number) => Promise<unknown>) | undefined;
  readonly #inner: Storage;

  constructor(inner: Storage) {
    this.#inner = inner;
  }

  async get(key: string, range?: ByteRange): Promise<StoredBody | undefined> {
    this.ranges.push(range);
    await this.before?.(this.ranges.length);
    return this.#inner.get(key, range);
  }
}

const storages: [string, () => Storage][] = [
  ["R2", () => new R2Storage(env.BUCKET)],
  ["a folder", () => new FolderStorage((env as unknown as { TEST_FOLDER: Fetcher }).TEST_FOLDER)],
];

let keys = 0;
let puts = 0;

class Shelf {
  readonly key = `pages/shelf/foo-${keys++}.0.0`;
  readonly storage: Counting;
  readonly indexes = new Indexes();
  readonly #inner: Storage;

  constructor(inner: Storage) {
    this.#inner = inner;
    this.storage = new Counting(inner);
  }

  async put(files: Files): Promise<Uint8Array> {
    const docs = docsOf(files);
    const outcome = await pack(docs);
    if ("refused" in outcome) throw new Error(JSON.stringify(outcome.refused));
    stamp(outcome.packed, ++puts);
    await this.putBytes(outcome.packed);
    return sha256(docs);
  }

  async putBytes(bytes: Uint8Array): Promise<void> {
    const there = await this.#inner.head(this.key);
    const condition = there
      ? { kind: "replace" as const, etag: there.etag }
      : { kind: "create" as const };
    if (!(await this.#inner.put(this.key, bytes, condition))) throw new Error("put");
  }

  async object(): Promise<Uint8Array> {
    const found = await this.#inner.get(this.key);
    return new Uint8Array(await new Response(found?.body ?? null).arrayBuffer());
  }

  remove(): Promise<void> {
    return this.#inner.delete(this.key);
  }

  page(path: string): Promise<Page | undefined> {
    return readPage(this.storage, this.key, path, this.indexes);
  }

  async text(path: string): Promise<string | undefined> {
    const page = await this.page(path);
    return page && text(await contentOf(page));
  }

  paths() {
    return readPaths(this.storage, this.key, this.indexes);
  }

  /** How many reads that takes. */
  async reads(work: () => Promise<unknown>): Promise<number> {
    const before = this.storage.ranges.length;
    await work();
    return this.storage.ranges.length - before;
  }
}

async function contentOf({ body, encoding, sizeBytes, inflatedBytes }: Page): Promise<Uint8Array> {
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  expect(bytes.length).toBe(sizeBytes);
  const content = encoding === "gzip" ? await inflate(bytes) : bytes;
  expect(content.length).toBe(inflatedBytes);
  return content;
}

const html = "<p>one page after the other</p>".repeat(100);
/** More than a first read brings. */
const far = { "first.bin": noise(70_000) };

describe.each(storages)("a page in %s", (_title, open) => {
  it("is what was in the archive, with its encoding, and the set that it is of", async () => {
    const shelf = new Shelf(open());
    const files = { ...far, "index.html": html, "logo.png": noise(900), "größe.html": "", a: "b" };
    const docsChecksum = await shelf.put(files);
    for (const _round of ["cold", "warm"]) {
      for (const [path, due] of Object.entries(files)) {
        const page = await shelf.page(path);
        expect(page).toMatchObject({ docsChecksum, etag: expect.any(String) });
        expect(page?.encoding).toBe(path === "index.html" ? "gzip" : null);
        if (!page) throw new Error(path);
        expect(await contentOf(page)).toEqual(
          typeof due === "string" ? new TextEncoder().encode(due) : due,
        );
      }
    }
    expect(await shelf.paths()).toMatchObject({ paths: Object.keys(files), docsChecksum });
  });

  it("takes one read when the index is known, and two at most when it is not", async () => {
    const shelf = new Shelf(open());
    await shelf.put({ "near.html": html, ...far, "far.html": html, empty: "" });
    expect(await shelf.reads(() => shelf.text("near.html"))).toBe(1);
    for (const path of ["near.html", "far.html", "first.bin", "empty", "missing.html"]) {
      expect(await shelf.reads(() => shelf.text(path))).toBe(1);
    }
    expect(await shelf.reads(() => shelf.paths())).toBe(1);
    for (const [path, reads] of [
      ["far.html", 2],
      ["near.html", 1],
      ["missing.html", 1],
      ["empty", 2],
    ] as const) {
      shelf.indexes.delete(shelf.key);
      expect([path, await shelf.reads(() => shelf.text(path))]).toEqual([path, reads]);
    }
    shelf.indexes.delete(shelf.key);
    expect(await shelf.reads(() => shelf.paths())).toBe(1);
  });

  it("is found in an index that is longer than the first read, with one read more", async () => {
    const shelf = new Shelf(open());
    const names = Array.from({ length: 3000 }, () =>
      Array.from(noise(30), (it) => it.toString(16)).join(""),
    );
    await shelf.put(Object.fromEntries(names.map((name, at) => [name, `${at}`])));
    const at = async (number: number) => shelf.text(names[number] ?? "");
    expect(await shelf.reads(async () => expect(await at(2999)).toBe("2999"))).toBe(3);
    expect(await shelf.reads(async () => expect(await at(17)).toBe("17"))).toBe(1);
    expect((await shelf.paths())?.paths).toEqual(names);
  });

  it("is found though a long index is replaced by another while it is read", async () => {
    const shelf = new Shelf(open());
    const long = (salt: string) =>
      Object.fromEntries(
        Array.from({ length: 3000 }, (_, at) => [
          at === 7 ? "index.html" : Array.from(noise(30), (it) => it.toString(16)).join(""),
          salt,
        ]),
      );
    await shelf.put(long("1"));
    shelf.storage.before = async (number) => number === 2 && shelf.put(long("2"));
    expect(await shelf.text("index.html")).toBe("2");
  });

  it("is not there in docs that are not there", async () => {
    const shelf = new Shelf(open());
    expect(await shelf.page("index.html")).toBeUndefined();
    expect(await shelf.paths()).toBeUndefined();
    await shelf.put({ "index.html": html });
    expect(await shelf.text("index.html")).toBe(html);
    await shelf.remove();
    expect(await shelf.page("index.html")).toBeUndefined();
    expect(await shelf.page("other.html")).toBeUndefined();
    expect(await shelf.paths()).toBeUndefined();
  });

  it("is that of the newest docs, also when they are much smaller or bigger", async () => {
    const shelf = new Shelf(open());
    const sets: Files[] = [
      { ...far, "index.html": `${html}1`, "old.html": "old" },
      { "index.html": "2", "new.html": "new" },
      { ...far, "more.bin": noise(200_000), "index.html": `${html}3` },
      { ...far, "index.html": `${html}1`, "old.html": "old" },
    ];
    for (const files of sets) {
      await shelf.put(files);
      expect(await shelf.text("index.html")).toBe(files["index.html"]);
      expect(await shelf.text("old.html")).toBe(files["old.html"]);
      expect(await shelf.text("new.html")).toBe(files["new.html"]);
      expect((await shelf.paths())?.paths).toEqual(Object.keys(files));
    }
  });

  it("is never that of one set by the index of another, whenever they are replaced", async () => {
    const sets: Files[] = [
      { ...far, "index.html": `${html}1` },
      { "other.html": "x", ...far, "index.html": `${html}2` },
      { "index.html": "3" },
    ];
    for (const warm of [false, true]) {
      for (let number = 1; number <= 3; number++) {
        for (const next of sets.slice(1)) {
          const shelf = new Shelf(open());
          await shelf.put(sets[0] ?? {});
          if (warm) await shelf.text("index.html");
          const base = shelf.storage.ranges.length;
          shelf.storage.before = async (it) => it - base === number && shelf.put(next);
          const due = [sets[0]?.["index.html"], next["index.html"]];
          expect(due).toContain(await shelf.text("index.html"));
          shelf.storage.before = undefined;
          const reached = shelf.storage.ranges.length - base >= number;
          expect(await shelf.text("index.html")).toBe(due[reached ? 1 : 0]);
        }
      }
    }
  });

  it("is a fault when somebody replaces the docs without end", async () => {
    const shelf = new Shelf(open());
    await shelf.put({ ...far, "index.html": html });
    shelf.storage.before = async () => shelf.put({ ...far, "index.html": html });
    await expect(shelf.text("index.html")).rejects.toThrow(/keeps replacing it/);
  });
});

describe("indexes that are remembered", () => {
  it("are no more than the limit, the one used last stays", async () => {
    const inner = new R2Storage(env.BUCKET);
    const indexes = new Indexes({ bytesMax: 1000 });
    const shelves = [new Shelf(inner), new Shelf(inner), new Shelf(inner)];
    const reads = async (shelf: Shelf | undefined) =>
      shelf?.reads(() => readPage(shelf.storage, shelf.key, "far.html", indexes));
    for (const shelf of shelves) await shelf.put({ ...far, "far.html": html });
    // 192 and twice 192 with paths of 9 and 8: one takes 610.
    expect(await reads(shelves[0])).toBe(2);
    expect(await reads(shelves[0])).toBe(1);
    expect(await reads(shelves[1])).toBe(2);
    expect(await reads(shelves[1])).toBe(1);
    expect(await reads(shelves[0])).toBe(2);
    const two = new Indexes({ bytesMax: 1300 });
    const readTwo = async (at: number) => {
      const shelf = shelves[at];
      return shelf?.reads(() => readPage(shelf.storage, shelf.key, "far.html", two));
    };
    expect([await readTwo(0), await readTwo(1), await readTwo(0)]).toEqual([2, 2, 1]);
    expect([await readTwo(2), await readTwo(0), await readTwo(1)]).toEqual([2, 1, 2]);
    const none = new Indexes({ bytesMax: 600 });
    for (const _time of [1, 2]) {
      expect(
        await shelves[0]?.reads(() =>
          readPage(shelves[0]?.storage ?? inner, shelves[0]?.key ?? "", "far.html", none),
        ),
      ).toBe(2);
    }
  });
});

describe("a damaged object", () => {
  const judge = async (bytes: Uint8Array) => {
    const shelf = new Shelf(new R2Storage(env.BUCKET));
    await shelf.putBytes(bytes);
    const error = await shelf.page("index.html").then(
      (page) => page,
      (reason: unknown) => reason,
    );
    await expect(readIndex(shelf.storage, shelf.key).then(() => undefined, String)).resolves.toBe(
      error instanceof PackedError ? String(error) : undefined,
    );
    return error;
  };
  const sum = new Uint8Array(32);
  const whole = async () => {
    const outcome = await pack(docsOf({ "index.html": html, "logo.png": noise(40) }), limits);
    if ("refused" in outcome) throw new Error("refused");
    return outcome.packed;
  };
  const withIndex = (rows: unknown, bodies: Uint8Array[] = []) =>
    encodePacked(rows as IndexRow[], bodies, sum);

  it("is a fault wherever it is cut off, and whatever comes behind it", async () => {
    const object = await whole();
    expect((await unpack(object)).files).toHaveLength(2);
    for (let length = 1; length < object.length; length += length < 200 ? 3 : 11) {
      expect([length, await judge(object.slice(0, length))]).toEqual([
        length,
        expect.any(PackedError),
      ]);
    }
    const longer = new Uint8Array(object.length + 1);
    longer.set(object);
    expect(await judge(longer)).toEqual(expect.any(PackedError));
  });

  it("is a fault when any byte of the header or index that means something has changed", async () => {
    const object = await whole();
    const indexEnd = 56 + new DataView(object.buffer).getUint32(12);
    for (let at = 0; at < indexEnd; at++) {
      const isFree = (at >= 16 && at < 56) || (at >= 56 + 3 && at < 56 + 10);
      if (isFree) continue;
      const changed = object.slice();
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      expect([at, await judge(changed)]).toEqual([at, expect.any(PackedError)]);
    }
  });

  it.each<[string, unknown]>([
    ["is no list", { "index.html": 1 }],
    ["has a row that is no list", ["index.html"]],
    ["has a row without a size", [["index.html"]]],
    ["has a row with too much", [["index.html", 0, 0, 0]]],
    ["has a path that is no text", [[1, 0]]],
    [
      "has a negative size",
      [
        ["a", 5],
        ["index.html", -5],
      ],
    ],
    [
      "has a size that is no whole number",
      [
        ["index.html", 0.5],
        ["b", -0.5],
      ],
    ],
    ["has a size that is no number", [["index.html", "0"]]],
    ["has an inflated size that is none", [["index.html", 0, -1]]],
    ["points behind the end", [["index.html", 1]]],
    ["points very far", [["index.html", 2 ** 53]]],
    [
      "names a page twice",
      [
        ["index.html", 0],
        ["index.html", 0],
      ],
    ],
  ])("is a fault when its index %s", async (_title, rows) => {
    expect(await judge(await withIndex(rows))).toEqual(expect.any(PackedError));
  });

  it("is a fault when its index is a bomb, or says that it is enormous", async () => {
    const bomb = await withIndex([["x".repeat(5_000_000), 0]]);
    expect(await judge(bomb)).toEqual(expect.any(PackedError));
    const enormous = await whole();
    new DataView(enormous.buffer).setUint32(12, 0xffff_ffff);
    expect(await judge(enormous)).toEqual(expect.any(PackedError));
  });

  it("names its key in the message", async () => {
    const shelf = new Shelf(new R2Storage(env.BUCKET));
    await shelf.putBytes(noise(100));
    await expect(shelf.page("a")).rejects.toThrow(`${shelf.key}: is no set of pages`);
  });

  it("is none when it has no pages", async () => {
    expect(await judge(await withIndex([]))).toBeUndefined();
  });
});
