import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync as zlibGzip } from "node:zlib";
import fc from "fast-check";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/hex/checksum.ts";
import { ContentsError, checkContents, contentsLimits } from "../../src/hex/contents.ts";
import { longLink, pax, put, type TarMember, tar } from "../support/tarball.ts";

const utf8 = new TextEncoder();
const file = (path: string, bytes = "x"): TarMember => ({ path, bytes });
const folder = (path: string): TarMember => ({ path, type: "5" });
const link = (path: string, linkTarget: string): TarMember => ({ path, type: "2", linkTarget });
const gz = (bytes: Uint8Array) => gzipSync(bytes, { mtime: 0 });

describe("contents", () => {
  it("are counted: files, and the bytes in them", async () => {
    const members = [
      file("mix.exs", "12345"),
      folder("lib/"),
      file("lib/a", ""),
      link("b", "lib/a"),
    ];
    expect(await checkContents(gz(tar(members)))).toEqual({ files: 2, sizeBytes: 5 });
  });

  it("may be empty", async () => {
    expect(await checkContents(gz(tar([])))).toEqual({ files: 0, sizeBytes: 0 });
  });

  it("may be compressed by anyone, with a file's name in it or without", async () => {
    const archive = tar([file("a")]);
    const named = gzipSync(archive, { filename: "contents.tar", mtime: 1e12 });
    const raw = gzipSync(archive, { level: 0 });
    for (const bytes of [named, raw, new Uint8Array(zlibGzip(archive))]) {
      expect(await checkContents(bytes)).toEqual({ files: 1, sizeBytes: 1 });
    }
  });

  it.each<[string, TarMember[]]>([
    [
      "./ in front of all names, as tar writes it",
      [folder("./"), folder("./lib/"), file("./lib/a")],
    ],
    ["a folder twice", [folder("lib/"), folder("lib"), file("lib/a"), folder("lib/")]],
    ["a folder behind what is in it", [file("lib/a"), folder("lib")]],
    ["names in all scripts", [file("æ/日本/🦆"), file("e\u0301"), file("\u00e9")]],
    [
      "names that differ in case only",
      [file("README"), file("readme"), folder("Lib"), file("lib/a")],
    ],
    [
      "dots in names",
      [file("..."), file("..a"), file("a.."), file(".gitignore"), file("a/...b/..c")],
    ],
    [
      "names with spaces, quotes, stars and colons",
      [file(" a"), file('b "c" *?<>|'), file("ab:c")],
    ],
    ["a link beside it", [file("a"), link("b", "a")]],
    ["a link into a folder", [link("a", "lib/b/c")]],
    ["a link to its own folder", [link("lib/a", "."), link("lib/b", "./")]],
    ["a link up to the top and down again", [link("a/b/c", "../../d/e"), file("d/e")]],
    ["a link to the top itself", [link("a/b", "..")]],
    ["a link to nothing", [link("a", "nothing")]],
    ["a link to itself", [link("a", "a")]],
    ["links in a circle", [link("a", "b"), link("b", "a")]],
    ["a link to a link", [link("a", "b"), link("b", "c"), file("c")]],
    ["a name of 1,024 characters", [longLink(`${"a/".repeat(511)}aa`), file("x")]],
    ["JavaScript's own names", [file("__proto__/constructor"), link("toString", "__proto__")]],
  ])("may have %s", async (_, members) => {
    await expect(checkContents(gz(tar(members)))).resolves.toBeDefined();
  });
});

describe("contents are refused", () => {
  it.each<[string, TarMember[], string]>([
    ["that climb out", [file("../evil")], "../evil: points above its own folder"],
    ["that climb out further down", [file("a/../../b")], "a/../../b: points above its own folder"],
    ["that climb at all", [file("a/../b")], "a/../b: points above its own folder"],
    ["that climb at the end", [folder("a/..")], "a/..: points above its own folder"],
    ["whose folder climbs", [folder("../")], "../: points above its own folder"],
    ["whose link climbs", [link("../a", "b")], "../a: points above its own folder"],
    ["that climb behind a dot", [file("./../a")], "./../a: points above its own folder"],
    ["at the root", [file("/etc/passwd")], "/etc/passwd: absolute path"],
    ["at the root, twice", [file("//etc/passwd")], "//etc/passwd: absolute path"],
    ["at the root of a drive", [file("C:\\evil")], "C:\\evil: absolute path"],
    ["at the root of a drive, with slashes", [file("c:/evil")], "c:/evil: absolute path"],
    ["on a drive", [file("z:evil")], "z:evil: absolute path"],
    ["on a share", [file("\\\\host\\share")], "\\\\host\\share: absolute path"],
    ["that climb in Windows' way", [file("a\\..\\..\\b")], "a\\..\\..\\b: backslash in a path"],
    ["with a backslash", [file("a\\b")], "a\\b: backslash in a path"],
    ["with a folder with a backslash", [folder("a\\b/")], "a\\b/: backslash in a path"],
    ["with a line feed in a name", [file("a\nb")], '"a\\nb": control character in a path'],
    ["with a carriage return in a name", [file("a\rb")], '"a\\rb": control character in a path'],
    ["with an escape in a name", [file("\x1b[31m")], '"\\u001b[31m": control character in a path'],
    ["with a DEL in a name", [file("a\x7f")], '"a\x7f": control character in a path'],
    ["with a line feed in a folder", [folder("a\n/")], '"a\\n/": control character in a path'],
    ["with a file without a name", [file("")], '"": is no name of a file'],
    ["with a file called .", [file(".")], '".": is no name of a file'],
    [
      "with a file called ./",
      [{ ...file("x"), spoil: put(0, "./") }],
      "./: is named like a folder and is a file",
    ],
    ["with a file called a/.", [file("a/.")], '"a/.": is no name of a file'],
    ["with a link called .", [link(".", "a")], '".": is no name of a symlink'],
    ["with a link called a/", [link("a/", "b")], '"a/": is no name of a symlink'],
    [
      "with a name of 1,025 characters",
      [longLink(`${"a/".repeat(512)}a`), file("x")],
      `${"a/".repeat(50)}…: longer than 1024 characters`,
    ],
    ["with a file twice", [file("a"), file("a")], "a: is in the archive twice"],
    [
      "with a file twice, in two spellings",
      [file("a/b"), file("./a//b")],
      "./a//b: is in the archive twice",
    ],
    [
      "with a file twice, once by its long name",
      [file("a"), longLink("a"), file("b")],
      "a: is in the archive twice",
    ],
    ["with a link twice", [link("a", "b"), link("a", "c")], "a: is in the archive twice"],
    [
      "with a file and a link of one name",
      [file("a"), link("a", "b")],
      "a: is in the archive twice",
    ],
    [
      "with a link and a file of one name",
      [link("a", "b"), file("a")],
      "a: is in the archive twice",
    ],
    ["with a file that was a folder", [folder("a"), file("a")], "a: is in the archive twice"],
    ["with a folder that was a file", [file("a"), folder("a")], "a: is in the archive twice"],
    ["with a link that was a folder", [folder("a"), link("a", "b")], "a: is in the archive twice"],
    [
      "with a link that was a folder with files in it",
      [file("a/b"), link("a", "c")],
      "a: is in the archive twice",
    ],
    [
      "with a folder that was a link",
      [link("a", "b"), folder("a/")],
      "a/: is in the archive twice",
    ],
    [
      "with a file below a link",
      [link("a", "b"), file("a/c")],
      "a/c: lies below a, which is a symlink",
    ],
    [
      "with a file deep below a link",
      [link("a", "b"), file("a/c/d/e")],
      "a/c/d/e: lies below a, which is a symlink",
    ],
    [
      "with a folder below a link",
      [link("a", "b"), folder("a/c")],
      "a/c: lies below a, which is a symlink",
    ],
    [
      "with a link below a link",
      [link("a", "."), link("a/b", "../c")],
      "a/b: lies below a, which is a symlink",
    ],
    ["with a file below a file", [file("a"), file("a/b")], "a/b: lies below a, which is a file"],
    [
      "with a file below a link where no case is known",
      [link("Lib", "."), file("lib/a")],
      "lib/a: lies below lib, which is a symlink",
    ],
    [
      "with a link below a link where no accents are known",
      [link("\u00e9", "."), link("e\u0301/a", "../b")],
      "e\u0301/a: lies below e\u0301, which is a symlink",
    ],
    [
      "with a link that is a folder where no case is known",
      [file("LIB/a"), link("lib", ".")],
      "lib: is a folder too",
    ],
    [
      "with a link that is a folder where ς is σ",
      [folder("λόγος"), link("λόγοσ", ".")],
      "λόγοσ: is a folder too",
    ],
    ["with a link to nowhere", [link("a", "")], 'a: links to "", which is not inside'],
    ["with a link to the root", [link("a", "/")], "a: links to /, which is not inside"],
    [
      "with a link to a file of the system",
      [link("a", "/etc/passwd")],
      "a: links to /etc/passwd, which is not inside",
    ],
    ["with a link to a drive", [link("a", "C:/")], "a: links to C:/, which is not inside"],
    [
      "with a link to a share",
      [link("a", "\\\\host\\share")],
      "a: links to \\\\host\\share, which is not inside",
    ],
    ["with a link up from the top", [link("a", "..")], "a: links to .., which is not inside"],
    ["with a link to a file above", [link("a", "../b")], "a: links to ../b, which is not inside"],
    [
      "with a link that climbs too far",
      [link("a/b/c", "../../../d")],
      "a/b/c: links to ../../../d, which is not inside",
    ],
    [
      "with a link that climbs from a name with dots",
      [link("a/./b", "../../c")],
      "a/b: links to ../../c, which is not inside",
    ],
    [
      "with a link that climbs from a name with two slashes",
      [link("a//b", "../../c")],
      "a/b: links to ../../c, which is not inside",
    ],
    [
      "with a link that climbs behind a dot",
      [link("a", "./../b")],
      "a: links to ./../b, which is not inside",
    ],
    [
      "with a link that goes down and up",
      [link("a", "b/..")],
      "a: links to b/.., which is not inside",
    ],
    [
      "with a link that goes down a link and up",
      [link("x/y/a", "../.."), link("b", "x/y/a/../..")],
      "b: links to x/y/a/../.., which is not inside",
    ],
    [
      "with a link that climbs in Windows' way",
      [link("a/b", "..\\..\\c")],
      "a/b: links to ..\\..\\c, which is not inside",
    ],
    [
      "with a link whose long target climbs",
      [longLink("../a", "K"), link("b", "c")],
      "b: links to ../a, which is not inside",
    ],
    [
      "with a link whose pax target climbs",
      [pax([["linkpath", "../a"]]), link("b", "c")],
      "b: links to ../a, which is not inside",
    ],
    [
      "with a target of 1,025 characters",
      [longLink("a".repeat(1025), "K"), link("b", "c")],
      `b: links to ${"a".repeat(100)}, which is not inside`,
    ],
    [
      "with a hard link",
      [{ ...link("a", "/etc/passwd"), type: "1" }],
      "a: hard links are not allowed",
    ],
    ["with a device", [{ ...file("a", ""), type: "3" }], 'a: entries of type "3" are not allowed'],
    ["with a fifo", [{ ...file("a", ""), type: "6" }], 'a: entries of type "6" are not allowed'],
    ["with a sparse file", [{ ...file("a", ""), type: "S" }], "a: sparse files are not allowed"],
  ])("%s", async (_, members, message) => {
    await expectRefused(gz(tar(members)), message);
    await expectRefused(gz(tar([file("first"), ...members, file("last")])), message);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["of no bytes", new Uint8Array(), /^is not exactly one gzip file: \S/],
    ["that are no gzip", tar([file("a")]), /^is not exactly one gzip file: \S/],
    [
      "that are compressed in zlib's way",
      Uint8Array.of(0x78, 0x9c, 3, 0, 0, 0, 0, 1),
      /^is not exactly one gzip file: \S/,
    ],
    ["that are gzip of nothing", gz(new Uint8Array()), /^unexpected end of file$/],
    ["that are gzip of no tar", gz(utf8.encode("hello".repeat(500))), /^not a ustar header$/],
    ["that are gzip in gzip", gz(gz(tar([file("a")]))), /^unexpected end of file$/],
    [
      "with a second gzip member",
      concatBytes([gz(tar([file("a")])), gz(tar([file("b")]))]),
      /^is not exactly one gzip file: \S/,
    ],
    [
      "of two gzip members that make one tar",
      twoMembers(tar([file("a"), file("b")])),
      /^is not exactly one gzip file: \S/,
    ],
    [
      "with an empty gzip member behind",
      concatBytes([gz(tar([file("a")])), gz(new Uint8Array())]),
      /^is not exactly one gzip file: \S/,
    ],
    [
      "with zeros behind the gzip",
      concatBytes([gz(tar([file("a")])), new Uint8Array(512)]),
      /^is not exactly one gzip file: \S/,
    ],
    [
      "with one byte behind the gzip",
      concatBytes([gz(tar([file("a")])), Uint8Array.of(0x1f)]),
      /^is not exactly one gzip file: \S/,
    ],
    [
      "with another archive in the same gzip",
      gz(concatBytes([tar([file("a")]), tar([file("../evil")])])),
      /^there is something behind the end of the archive$/,
    ],
  ])("%s", async (_, bytes, message) => {
    await expectRefused(bytes, message);
  });

  it("when their gzip is cut off, at every byte", async () => {
    const bytes = gz(tar([file("lib/a", "hello"), link("b", "lib/a")]));
    for (let length = 0; length < bytes.length; length++) {
      await expectRefused(bytes.subarray(0, length), /^is not exactly one gzip file: \S/);
    }
  });

  it("when a byte of their gzip changes, but for those that say nothing", async () => {
    const bytes = gz(tar([file("lib/a", "hello"), link("b", "lib/a")]));
    const accepted: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const spoiled = new Uint8Array(bytes);
      spoiled[at] = (spoiled[at] ?? 0) ^ 0xff;
      if (await onlyContentsErrors(spoiled)) accepted.push(at);
    }
    // RFC 1952, 2.3: the date (offset: 4 - length: 4), the level and the system.
    expect(accepted).toEqual([4, 5, 6, 7, 8, 9]);
  });
});

describe("limits of contents", () => {
  const archive = tar([file("a", "x".repeat(1000)), file("b", "y".repeat(1000))]);

  it("are those of hex_core, and some against attacks", () => {
    expect(contentsLimits).toEqual({
      inflatedBytesMax: 134_217_728,
      filesMax: 50_000,
      pathsLengthMax: 8_388_608,
      ratioMax: 200,
      ratioFromBytes: 8_388_608,
    });
  });

  it("hold for the inflated size: the limit itself, not a byte more", async () => {
    const limits = { ...contentsLimits, inflatedBytesMax: archive.length };
    await expect(checkContents(gz(archive), limits)).resolves.toBeDefined();
    const less = { ...limits, inflatedBytesMax: archive.length - 1 };
    await expectRefused(gz(archive), `too_big_uncompressed: ${archive.length - 1}`, less);
  });

  it("hold for the inflated size also when only zeros follow the end", async () => {
    const padded = concatBytes([archive, new Uint8Array(512 * 1000)]);
    const limits = { ...contentsLimits, inflatedBytesMax: archive.length };
    await expectRefused(gz(padded), `too_big_uncompressed: ${archive.length}`, limits);
  });

  it("hold for the inflated size before anything else is said about a bomb", async () => {
    const bomb = gz(concatBytes([tar([file("a")]).subarray(0, 1024), new Uint8Array(3_000_000)]));
    const limits = { ...contentsLimits, inflatedBytesMax: 1_000_000 };
    await expectRefused(bomb, "too_big_uncompressed: 1000000", limits);
  });

  it("hold for the ratio, but only from a size on", async () => {
    const zeros = tar([file("zeros", "\0".repeat(100_000))]);
    const limits = { ...contentsLimits, ratioMax: 20, ratioFromBytes: zeros.length };
    await expect(checkContents(gz(zeros), limits)).resolves.toBeDefined();
    const message = "inflates to more than 20 times its size";
    await expectRefused(gz(zeros), message, { ...limits, ratioFromBytes: zeros.length - 1 });
  });

  it("let through what hardly compresses", async () => {
    const noise = crypto.getRandomValues(new Uint8Array(60_000));
    const limits = { ...contentsLimits, ratioMax: 20, ratioFromBytes: 0 };
    await expect(
      checkContents(gz(tar([{ path: "a", bytes: noise }])), limits),
    ).resolves.toBeDefined();
  });

  it("hold for the number of files, folders and links together", async () => {
    const members = [file("a"), folder("b"), link("c", "a")];
    const limits = { ...contentsLimits, filesMax: 3 };
    await expect(checkContents(gz(tar(members)), limits)).resolves.toBeDefined();
    await expectRefused(gz(tar([...members, file("d")])), "more than 3 entries", limits);
    await expectRefused(gz(tar([...members, folder("d")])), "more than 3 entries", limits);
  });

  it("hold for folders that are named by their files only", async () => {
    const limits = { ...contentsLimits, filesMax: 3 };
    await expect(checkContents(gz(tar([file("a/b/c")])), limits)).resolves.toBeDefined();
    await expectRefused(gz(tar([file("a/b/c/d")])), "more than 3 entries", limits);
    await expectRefused(gz(tar([file("a/b"), file("c/d")])), "more than 3 entries", limits);
  });

  it("hold for all paths together, so that names alone do not fill the memory", async () => {
    const members = [file("a/bc"), link("d", "e"), folder("fg/")];
    const limits = { ...contentsLimits, pathsLengthMax: 1 + 4 + 1 + 2 };
    await expect(checkContents(gz(tar(members)), limits)).resolves.toBeDefined();
    const message = "paths of more than 8 characters together";
    await expectRefused(gz(tar([...members, file("h")])), message, limits);
    await expectRefused(gz(tar([...members, folder("h")])), message, limits);
  });

  it("do not count a folder that is there again", async () => {
    const members = [file("a/b"), ...new Array(10).fill(folder("a/")), file("a/c")];
    const limits = { ...contentsLimits, filesMax: 3 };
    await expect(checkContents(gz(tar(members)), limits)).resolves.toBeDefined();
  });
});

describe("any contents", () => {
  it("are counted or refused, whatever the bytes are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        await onlyContentsErrors(bytes);
        await onlyContentsErrors(gz(bytes));
      }),
      { numRuns: 200 },
    );
  });

  it("are counted or refused, whatever the names and types are", async () => {
    const name = fc.oneof(fc.string(), fc.string({ unit: "binary" }));
    const member = fc.record({
      path: name.map((text) => Buffer.from(text).subarray(0, 90).toString()),
      type: fc.constantFrom("0", "5", "2", "L", "K", "x", "g", "1", "S"),
      linkTarget: name.map((text) => Buffer.from(text).subarray(0, 90).toString()),
      bytes: fc.constantFrom("", "a", "10 path=b\n"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 6 }), async (members) => {
        await onlyContentsErrors(gz(tar(members)));
      }),
      { numRuns: 500 },
    );
  });

  it("that we let in stay in their folder, also when whoever unpacks them checks nothing", async () => {
    const part = fc.constantFrom("a", "b", "é", ".", "..");
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const target = fc
      .tuple(fc.constantFrom("", "../", "../../", "/"), path)
      .map(([up, rest]) => up + rest);
    const member = fc.oneof(
      path.map((it) => file(it)),
      path.map(folder),
      fc.tuple(path, target).map((it) => link(...it)),
      fc.tuple(path, target).map((it) => link(...it)),
    );
    const root = mkdtempSync(join(tmpdir(), "hexedge-contents-"));
    let unpacked = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 6 }), async (members) => {
          if (!(await onlyContentsErrors(gz(tar(members))))) return;
          // Deep down, so that a way out would end where nothing is.
          const top = join(root, String(unpacked++), "1/2/3/4/5/6");
          unpackCarelessly(top, members);
          const inside = `${realpathSync(top)}/`;
          for (const { path } of members) {
            expect(`${whereIs(top, path)}/`.startsWith(inside), path).toBe(true);
          }
        }),
        { numRuns: 3_000 },
      );
      expect(unpacked).toBeGreaterThan(100);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

/** As one would unpack who has never heard of links: each step of a path is taken as it is. */
function unpackCarelessly(top: string, members: readonly TarMember[]): void {
  mkdirSync(top, { recursive: true });
  for (const { path, type, linkTarget = "", bytes = "" } of members) {
    const place = join(top, path);
    mkdirSync(type === "5" ? place : dirname(place), { recursive: true });
    if (type === "2") symlinkSync(linkTarget, place);
    else if (type !== "5") writeFileSync(place, bytes);
  }
}

/** Where a path leads; a link to nothing or in a circle leads nowhere, so it is its own place. */
function whereIs(top: string, path: string): string {
  try {
    return realpathSync(join(top, path));
  } catch {
    return realpathSync(top);
  }
}

/** The two halves of an archive, compressed each on its own. */
function twoMembers(archive: Uint8Array): Uint8Array {
  return concatBytes([gz(archive.subarray(0, 700)), gz(archive.subarray(700))]);
}

async function expectRefused(
  bytes: Uint8Array,
  message: string | RegExp,
  limits = contentsLimits,
): Promise<void> {
  const error = await checkContents(bytes, limits).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ContentsError);
  if (typeof message === "string") expect(error).toHaveProperty("message", message);
  else expect((error as ContentsError).message).toMatch(message);
}

/** Whether they are let in; throws what is not a refusal. */
async function onlyContentsErrors(bytes: Uint8Array): Promise<boolean> {
  try {
    const { files, sizeBytes } = await checkContents(bytes);
    expect(files).toBeGreaterThanOrEqual(0);
    expect(sizeBytes).toBeGreaterThanOrEqual(0);
    return true;
  } catch (error) {
    if (error instanceof ContentsError) return false;
    throw error;
  }
}
