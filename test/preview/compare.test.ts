import { describe, expect, it } from "vitest";
import { compareReleases } from "../../src/preview/compare.ts";
import { contentsOf, file, folder, link, randomBytes } from "./archive.ts";

const statuses = async (left: Uint8Array, right: Uint8Array) => {
  const files = await compareReleases(left, right);
  if ("damaged" in files) return files;
  return Object.fromEntries(files.map(({ path, status }) => [path, status]));
};

describe("two releases", () => {
  it("are compared file by file, in byte order, with what each is on both sides", async () => {
    const left = contentsOf(file("b", "same"), file("a", "old"), file("c", "gone"));
    const right = contentsOf(file("d", "new file"), file("a", "newer"), file("b", "same"));
    expect(await compareReleases(left, right)).toEqual([
      {
        path: "a",
        status: "changed",
        left: { type: "file", sizeBytes: 3 },
        right: { type: "file", sizeBytes: 5 },
      },
      {
        path: "b",
        status: "same",
        left: { type: "file", sizeBytes: 4 },
        right: { type: "file", sizeBytes: 4 },
      },
      { path: "c", status: "removed", left: { type: "file", sizeBytes: 4 } },
      { path: "d", status: "added", right: { type: "file", sizeBytes: 8 } },
    ]);
  });

  it("are compared by links too, and by what a name is", async () => {
    const left = contentsOf(link("a", "x"), link("b", "x"), link("c", "x"), file("d", "x"));
    const right = contentsOf(link("a", "x"), link("b", "y"), file("c", ""), link("d", "x"));
    expect(await statuses(left, right)).toEqual({
      ...{ a: "same", b: "changed", c: "changed", d: "changed" },
    });
    expect(await compareReleases(left, right)).toContainEqual({
      path: "b",
      status: "changed",
      left: { type: "symlink", sizeBytes: 0, linkTarget: "x" },
      right: { type: "symlink", sizeBytes: 0, linkTarget: "y" },
    });
  });

  it("differ by one byte of any size of file, and not by order or folders", async () => {
    const sizes = [0, 1, 511, 512, 65_535, 65_536, 65_537, 3_000_000];
    const bytes = sizes.map(randomBytes);
    const files = bytes.map((it) => file(`f${it.length}`, it));
    const other = bytes.map((it) => {
      const changed = it.slice();
      if (changed.length > 0) changed[changed.length - 1] = 1 + (changed.at(-1) ?? 0);
      return file(`f${it.length}`, changed);
    });
    const left = contentsOf(...files);
    const reordered = contentsOf(folder("empty"), ...[...files].reverse());
    expect(new Set(Object.values(await statuses(left, reordered)))).toEqual(new Set(["same"]));
    const changed = Object.entries(await statuses(left, contentsOf(...other)));
    expect(changed.filter(([, status]) => status === "same")).toEqual([["f0", "same"]]);
    expect(changed).toHaveLength(sizes.length);
  });

  it("may have JavaScript's own names in them", async () => {
    const left = contentsOf(file("__proto__", "1"), file("constructor", "1"));
    const right = contentsOf(file("__proto__", "2"), file("toString", "1"));
    const files = await compareReleases(left, right);
    expect(Array.isArray(files) && files.map(({ path, status }) => [path, status])).toEqual([
      ["__proto__", "changed"],
      ["constructor", "removed"],
      ["toString", "added"],
    ]);
  });

  it("may have 20,000 files each", async () => {
    const many = (text: string) =>
      contentsOf(
        ...Array.from({ length: 20_000 }, (_, at) =>
          file(`lib/${at % 100}/${at}.ex`, at % 1000 === 0 ? text : `${at}`),
        ),
      );
    const [left, right] = [many("old"), many("new")];
    const files = await statuses(left, right);
    const changed = Object.values(files).filter((status) => status === "changed");
    expect([Object.keys(files).length, changed.length]).toEqual([20_000, 20]);
  });

  it("are damaged when one is, also in the middle of a large file", async () => {
    const good = contentsOf(file("large", randomBytes(1_000_000)));
    const bad = good.slice(0, 500_000);
    for (const [left, right] of [
      [bad, good],
      [good, bad],
      [good, new Uint8Array()],
    ] as const) {
      expect(await compareReleases(left, right)).toEqual({ damaged: expect.any(String) });
    }
  });
});
