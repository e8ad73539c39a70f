import { describe, expect, it } from "vitest";
import { byteOrder } from "../../src/preview/byte-order.ts";
import { listFiles, listRelease, type ReleaseFile } from "../../src/preview/files.ts";
import { listFolder } from "../../src/preview/folder.ts";
import { packageTarball } from "../support/tarball.ts";
import { bucketWith, contentsOf, file, folder, link } from "./archive.ts";

async function filesOf(contents: Uint8Array): Promise<readonly ReleaseFile[]> {
  const files = await listFiles(contents);
  if ("damaged" in files) throw new Error(files.damaged);
  return files;
}

describe("the files of a release", () => {
  it("are told in byte order, with sizes and where links lead", async () => {
    const contents = contentsOf(
      ...[file("lib/b.ex", "12345"), folder("empty/"), link("docs", "lib"), file("lib.md", "")],
      ...[file("./lib/a.ex", "1"), file("Makefile"), file("\u{1f986}", "22"), file("\uffee")],
    );
    expect(await listFiles(contents)).toEqual([
      { type: "file", path: "Makefile", sizeBytes: 1 },
      { type: "symlink", path: "docs", sizeBytes: 0, linkTarget: "lib" },
      { type: "file", path: "lib.md", sizeBytes: 0 },
      { type: "file", path: "lib/a.ex", sizeBytes: 1 },
      { type: "file", path: "lib/b.ex", sizeBytes: 5 },
      { type: "file", path: "\uffee", sizeBytes: 1 },
      { type: "file", path: "\u{1f986}", sizeBytes: 2 },
    ]);
  });

  it("may be none", async () => {
    expect(await listFiles(contentsOf())).toEqual([]);
  });

  it.each([
    ["cut off", contentsOf(file("a"), file("b")).slice(0, 80)],
    ["not gzip", new Uint8Array(100)],
    ["empty", new Uint8Array()],
    ["dangerous", contentsOf(file("../a"))],
  ])("are told to be damaged when the archive is %s", async (_, contents) => {
    expect(await listFiles(contents)).toEqual({ damaged: expect.any(String) });
  });

  it("may be 20,000", async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => file(`lib/${at % 100}/${at}.ex`));
    const files = await filesOf(contentsOf(...many));
    expect(files).toHaveLength(20_000);
    expect(listFolder(files, "lib")).toHaveLength(100);
    expect(listFolder(files, "")).toEqual([
      { name: "lib", type: "folder", path: "lib", files: 20_000, sizeBytes: 20_000 },
    ]);
  });

  it("are sorted as their UTF-8 would be", () => {
    const texts = [
      "",
      "a",
      "ab",
      "b",
      "\u07ff",
      "\ud7ff",
      "\ue000",
      "\uffff",
      "\u{10000}",
      "\u{10ffff}",
    ];
    const shuffled = [...texts].reverse();
    expect(shuffled.sort(byteOrder)).toEqual(texts);
  });
});

describe("the list of a release", () => {
  it("is read once, as long as the release is the same", async () => {
    const tarball = await packageTarball({ files: [file("first")] });
    const bucket = bucketWith(tarball, { etag: crypto.randomUUID() });
    const expected = { files: [{ type: "file", path: "first", sizeBytes: 1 }] };
    expect(await listRelease(bucket, "key")).toEqual(expected);
    expect(await listRelease(bucket, "key")).toEqual(expected);
    expect(bucket.asked).toEqual(["head key", "get key", "head key"]);
    const other = await packageTarball({ files: [file("second")] });
    expect(await listRelease(bucketWith(other, { etag: crypto.randomUUID() }), "key")).toEqual({
      files: [{ type: "file", path: "second", sizeBytes: 1 }],
    });
  });

  it("is forgotten when a hundred others were read since", async () => {
    const tarball = await packageTarball({ files: [file("first")] });
    const bucket = bucketWith(tarball, { etag: crypto.randomUUID() });
    await listRelease(bucket, "key");
    for (let times = 0; times < 100; times++) {
      await listRelease(bucketWith(tarball, { etag: crypto.randomUUID() }), "key");
    }
    await listRelease(bucket, "key");
    expect(bucket.asked.filter((it) => it === "get key")).toHaveLength(2);
  });

  it("is not there without a release, and says when one is damaged", async () => {
    expect(await listRelease(bucketWith(new Uint8Array()), "other")).toBeUndefined();
    const contents = contentsOf(file("a")).slice(0, -1);
    const bucket = bucketWith(await packageTarball({ contents }));
    expect(await listRelease(bucket, "key")).toEqual({ damaged: expect.any(String) });
  });
});

describe("a folder", () => {
  const archive = contentsOf(
    ...[file("z"), file("lib/a.ex", "1234"), file("lib/x/b.ex", "1"), file("lib/x/y/c.ex", "22")],
    ...[file("lib-a/d.ex", "1"), link("lib/l", "a.ex"), file("__proto__/constructor", "333")],
  );

  it("tells the folders in it first, with what is below them", async () => {
    const files = await filesOf(archive);
    expect(listFolder(files, "")).toEqual([
      { name: "__proto__", type: "folder", path: "__proto__", files: 1, sizeBytes: 3 },
      { name: "lib", type: "folder", path: "lib", files: 4, sizeBytes: 7 },
      { name: "lib-a", type: "folder", path: "lib-a", files: 1, sizeBytes: 1 },
      { name: "z", type: "file", path: "z", sizeBytes: 1 },
    ]);
    expect(listFolder(files, "lib")).toEqual([
      { name: "x", type: "folder", path: "lib/x", files: 2, sizeBytes: 3 },
      { name: "a.ex", type: "file", path: "lib/a.ex", sizeBytes: 4 },
      { name: "l", type: "symlink", path: "lib/l", sizeBytes: 0, linkTarget: "a.ex" },
    ]);
  });

  it.each(["li", "lib/", "z", "lib/a.ex", "nothing", "constructor"])(
    "is not there: %s",
    async (path) => {
      expect(listFolder(await filesOf(archive), path)).toBeUndefined();
    },
  );
});
