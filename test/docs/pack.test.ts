/** Packed docs, read by a reader of the test's own, hold what was in the archive and nothing else. */
import { describe, expect, it } from "vitest";
import { stamp } from "../../src/docs/format.ts";
import { pack } from "../../src/docs/pack.ts";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { docsOf, type Files, limits, noise, text, unpack, utf8 } from "./archives.ts";

async function packed(docs: Uint8Array, some = limits): Promise<Uint8Array> {
  const outcome = await pack(docs, some);
  if ("refused" in outcome) throw new Error(JSON.stringify(outcome.refused));
  return outcome.packed;
}

async function refusal(docs: Uint8Array, some = limits): Promise<string> {
  const outcome = await pack(docs, some);
  if ("packed" in outcome) throw new Error("was not refused");
  expect(outcome.refused.reason).toBe("bad_tarball");
  return "message" in outcome.refused ? outcome.refused.message : "";
}

const html = "<p>one page after the other</p>".repeat(100);
const archives: [string, Files][] = [
  ["no file at all", {}],
  ["one file", { "index.html": html }],
  ["an empty file, alone", { ".build": "" }],
  ["empty files between others", { a: "", "b.html": html, c: "", d: "x", e: "" }],
  [
    "five hundred files",
    Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [`module-${at}.html`, `${html}${at}`]),
    ),
  ],
  [
    "long names",
    { [`${"folder/".repeat(60)}${"n".repeat(400)}.html`]: html, [`${"x".repeat(900)}`]: "1" },
  ],
  [
    "names of many languages, and those that JSON escapes",
    { "größe.html": html, "文档/索引.html": html, "😀": "", 'quote"d.html': "q", __proto: "p" },
  ],
  ["names that objects have", { __proto__x: "1", constructor: "2", toString: "3" }],
  ["bytes that are no text", { "logo.png": noise(5000), "zero.bin": new Uint8Array(70_000) }],
];

describe("packing docs", () => {
  it.each(archives)("keeps every file as it was: %s", async (_title, files) => {
    const docs = docsOf(files);
    const it = await unpack(await packed(docs));
    expect(it.docsChecksum).toBe(toHex(await sha256(docs)));
    expect(it.files.map(({ path }) => path)).toEqual(Object.keys(files));
    for (const { path, bytes } of it.files) {
      const due = files[path] ?? "";
      expect(bytes).toEqual(typeof due === "string" ? utf8.encode(due) : due);
    }
  });

  it("stores as it is what gzip does not make smaller", async () => {
    const files = { "logo.png": noise(3000), "index.html": html, tiny: "x", empty: "" };
    const it = await unpack(await packed(docsOf(files)));
    expect(it.files.map(({ isGzip }) => isGzip)).toEqual([false, true, false, false]);
  });

  it("leaves out folders, links, and the docs_config.js that we make ourselves", async () => {
    const files = { "docs_config.js": "old", "deep/docs_config.js": "kept", "index.html": html };
    const docs = docsOf(files, [
      { path: "folder/", type: "5" },
      { path: "link.html", type: "2", linkTarget: "index.html" },
    ]);
    const it = await unpack(await packed(docs));
    expect(it.files.map(({ path }) => path)).toEqual(["deep/docs_config.js", "index.html"]);
    expect(it.files.map(({ bytes }) => text(bytes))).toEqual(["kept", html]);
  });

  it("compresses big files piece by piece, with the same result for whoever reads", async () => {
    const files = { small: html, big: html.repeat(50), noise: noise(300_000), after: "x" };
    const streamed = await unpack(
      await packed(docsOf(files), { ...limits, wholeBytesMax: 10_000 }),
    );
    const whole = await unpack(await packed(docsOf(files)));
    expect(streamed.files.map(({ isGzip }) => isGzip)).toEqual([true, true, true, false]);
    expect(whole.files.map(({ isGzip }) => isGzip)).toEqual([true, true, false, false]);
    const bytes = (it: typeof whole) => it.files.map((file) => file.bytes);
    expect(bytes(streamed)).toEqual(bytes(whole));
  });

  it("takes a single file of 60 MB", async () => {
    // Not only zeros: no more than 200 times its compressed size is taken.
    const block = new Uint8Array(1_000_000);
    block.set(noise(8000));
    const big = new Uint8Array(60_000_000);
    for (let at = 0; at < big.length; at += block.length) big.set(block, at);
    const object = await packed(docsOf({ big }));
    expect(object.length).toBeLessThan(2_000_000);
    const { files } = await unpack(object);
    expect(toHex(await sha256(files[0]?.bytes ?? new Uint8Array()))).toBe(toHex(await sha256(big)));
  });

  it("makes the same bytes of the same docs, also of big files, until they are stamped", async () => {
    const docs = docsOf({ "index.html": html, "big.js": html.repeat(20) });
    for (const wholeBytesMax of [100, 1_000_000]) {
      const [one, other] = [
        await packed(docs, { ...limits, wholeBytesMax }),
        await packed(docs, { ...limits, wholeBytesMax }),
      ];
      expect(one).toEqual(other);
      stamp(one, 7);
      expect(one).not.toEqual(other);
      expect(await unpack(one)).toEqual(await unpack(other));
    }
  });

  it("takes a view of a bigger buffer", async () => {
    const docs = docsOf({ "index.html": html });
    const around = new Uint8Array(docs.length + 20);
    around.set(docs, 7);
    expect(await packed(around.subarray(7, 7 + docs.length))).toEqual(await packed(docs));
  });
});

describe("docs are refused, and told why,", () => {
  it.each([
    { title: "held whole", wholeBytesMax: 1_000_000 },
    { title: "streamed", wholeBytesMax: 100 },
  ])("when they take more than the limit, to the byte: $title", async ({ wholeBytesMax }) => {
    const docs = docsOf({ "index.html": html, "logo.png": noise(200_000) });
    const { length } = await packed(docs, { ...limits, wholeBytesMax });
    const fits = { ...limits, wholeBytesMax, packedBytesMax: length };
    expect((await packed(docs, fits)).length).toBe(length);
    for (const packedBytesMax of [length - 1, length - 100_000, 1]) {
      expect(await refusal(docs, { ...fits, packedBytesMax })).toBe(
        `docs too big: with each file compressed on its own they take more than ${packedBytesMax} ` +
          "bytes; leave out files that no page needs, or make pictures and search data smaller",
      );
    }
  });

  it("when the list of their paths is too long", async () => {
    const docs = docsOf({ "ä.html": "", "b.html": "" });
    // [["ä.html",0],["b.html",0]] in UTF-8
    expect(await unpack(await packed(docs, { ...limits, indexBytesMax: 28 }))).toBeDefined();
    expect(await refusal(docs, { ...limits, indexBytesMax: 27 })).toMatch(
      /^docs have too many files: .* more than 27 bytes; publish fewer files, or shorter paths$/,
    );
  });

  it("when they are no archive, are cut off, or hold what no contents may", async () => {
    const docs = docsOf({ "index.html": html });
    expect(await refusal(utf8.encode("hello"))).toMatch(/^inner tarball error, is not exactly/);
    expect(await refusal(docs.subarray(0, -1))).toMatch(/^inner tarball error, is not exactly/);
    expect(await refusal(docsOf({ "../x": "" }))).toMatch(/points above its own folder$/);
    const contents = { ...limits.contents, inflatedBytesMax: 2000 };
    expect(await refusal(docs, { ...limits, contents, wholeBytesMax: 10 })).toBe(
      "inner tarball error, too_big_uncompressed: 2000",
    );
  });
});
