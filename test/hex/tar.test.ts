import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../src/hex/checksum.ts";
import { readTar, type TarEntry, TarError, TarScanner } from "../../src/hex/tar.ts";
import { longLink, pax, paxRecord, put, type TarMember, tar } from "../support/tarball.ts";

const utf8 = new TextEncoder();
const file = (path: string, bytes = "x"): TarMember => ({ path, bytes });
const link = (path: string, linkTarget: string): TarMember => ({ path, type: "2", linkTarget });

describe("an archive", () => {
  it("is read entry by entry, each with its data", () => {
    const archive = tar([
      file("a", "one"),
      { path: "lib/", type: "5" },
      file("lib/b", ""),
      link("lib/c", "../a"),
      file("d", "x".repeat(1000)),
    ]);
    expect(walk(archive)).toEqual([
      { path: "a", type: "file", sizeBytes: 3, linkTarget: "", data: "one" },
      { path: "lib/", type: "directory", sizeBytes: 0, linkTarget: "", data: "" },
      { path: "lib/b", type: "file", sizeBytes: 0, linkTarget: "", data: "" },
      { path: "lib/c", type: "symlink", sizeBytes: 0, linkTarget: "../a", data: "" },
      { path: "d", type: "file", sizeBytes: 1000, linkTarget: "", data: "x".repeat(1000) },
    ]);
  });

  it.each([0, 1, 511, 512, 513, 1024, 5000])("may have a file of %i bytes", (size) => {
    const archive = tar([file("a", "y".repeat(size)), file("b")]);
    expect(walk(archive).map(({ data }) => data)).toEqual(["y".repeat(size), "x"]);
  });

  it("may be empty", () => {
    expect(walk(tar([]))).toEqual([]);
  });

  it("may end in more zeros, as tar fills up to 10,240 bytes", () => {
    expect(walk(concatBytes([tar([file("a")]), new Uint8Array(8192)]))).toHaveLength(1);
  });

  it.each([
    ["in two fields of the header", [{ ...file("b/c"), spoil: put(345, "a".repeat(155)) }]],
    ["in GNU's way", [longLink(`${"a".repeat(155)}/b/c\0`), file("short")]],
    ["in GNU's way without a NUL", [longLink(`${"a".repeat(155)}/b/c`), file("short")]],
    ["in GNU's way with many NULs", [longLink(`${"a".repeat(155)}/b/c\0\0\0`), file("short")]],
    ["in pax's way", [pax([["path", `${"a".repeat(155)}/b/c`]]), file("short")]],
    [
      "in pax's way among other records",
      [
        pax([
          ["mtime", "1700000000.123456789"],
          ["atime", "-1"],
          ["uid", "0"],
          ["path", `${"a".repeat(155)}/b/c`],
          ["comment", "key=value of a record"],
          ["SCHILY.fflags", "none"],
        ]),
        file("short"),
      ],
    ],
    [
      "behind git's comment about the whole archive",
      [
        pax([["comment", "0123456789abcdef"]], "g"),
        pax([["path", `${"a".repeat(155)}/b/c`]]),
        file("short"),
      ],
    ],
  ])("may have a long name %s", (_, members) => {
    expect(walk(tar([...members, file("next")])).map(({ path }) => path)).toEqual([
      `${"a".repeat(155)}/b/c`,
      "next",
    ]);
  });

  it.each([
    ["in GNU's way", [longLink(`${"t".repeat(200)}\0`, "K"), link("a", "short")]],
    ["in pax's way", [pax([["linkpath", "t".repeat(200)]]), link("a", "short")]],
    [
      "together with a long name",
      [longLink("a\0"), longLink("t".repeat(200), "K"), link("short", "short")],
    ],
  ])("may have a long link target %s", (_, members) => {
    expect(walk(tar([...members, link("next", "b")]))).toMatchObject([
      { path: "a", linkTarget: "t".repeat(200) },
      { path: "next", linkTarget: "b" },
    ]);
  });

  it("may have names in all scripts, in every place", () => {
    const name = "æ/日本/🦆";
    const archive = tar([
      file(name),
      link("a", name),
      longLink(name),
      file("x"),
      pax([["path", name]]),
      file("x"),
    ]);
    expect(walk(archive)).toMatchObject([
      { path: name },
      { linkTarget: name },
      { path: name },
      { path: name },
    ]);
  });

  it("is read with GNU's own magic, where times stand in place of a prefix", () => {
    const spoil = (header: Uint8Array) => {
      put(257, "ustar  \0")(header);
      put(345, "14000000000\x0014000000000\0")(header);
    };
    expect(walk(tar([{ ...file("a"), spoil }]))).toMatchObject([{ path: "a" }]);
  });

  it.each(["\0", "7"])("may call a file %j, as old writers do", (type) => {
    expect(walk(tar([{ ...file("a"), type }]))).toMatchObject([{ type: "file", data: "x" }]);
  });

  it.each([
    ["spaces in front", "         1 "],
    ["spaces behind", "00000000001 "],
    ["no end", "000000000001"],
    ["NULs behind", "1\0\0\0\0\0\0\0\0\0\0\0"],
  ])("may pad a size with %s", (_, size) => {
    expect(walk(tar([{ ...file("a"), spoil: put(124, size.padEnd(12, "\0")) }]))).toHaveLength(1);
  });

  it("may leave out who owns a file, and when and how it was written", () => {
    const spoil = (header: Uint8Array) => {
      header.fill(0, 100, 124);
      header.fill(0, 136, 148);
    };
    expect(walk(tar([{ ...file("a"), spoil }]))).toHaveLength(1);
  });

  it("gives data as views into what it was given", () => {
    const archive = tar([file("a", "abc"), file("b", "d"), file("c", "")]);
    const paths: string[] = [];
    const files = readTar(archive, ({ path }) => paths.push(path));
    expect(paths).toEqual(["a", "b", "c"]);
    expect(files.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["abc", "d", ""]);
    expect(files[0]?.bytes.buffer).toBe(archive.buffer);
  });

  it("is not read beyond a view, nor before it", () => {
    const archive = tar([file("a")]);
    const around = concatBytes([tar([file("before")]), archive, utf8.encode("behind")]);
    const at = around.length - archive.length - 6;
    expect(walk(around.subarray(at, at + archive.length))).toMatchObject([{ path: "a" }]);
  });

  it("is left at the entry that its reader does not want", () => {
    const archive = tar([file("a"), file("b"), file("c")]);
    const seen: string[] = [];
    const stop = new Error("enough");
    const read = () =>
      readTar(archive, ({ path }) => {
        seen.push(path);
        if (path === "b") throw stop;
      });
    expect(read).toThrow(stop);
    expect(seen).toEqual(["a", "b"]);
  });
});

describe("an archive is refused", () => {
  const anyName = { path: "a", bytes: "x" };

  it.each<[string, Uint8Array, string]>([
    ["without a byte", new Uint8Array(), "unexpected end of file"],
    ["of one zero block", new Uint8Array(512), "unexpected end of file"],
    ["without its zero blocks", tar([file("a")]).subarray(0, -1024), "unexpected end of file"],
    ["with one zero block", tar([file("a")]).subarray(0, -512), "unexpected end of file"],
    ["with a byte behind it", concatBytes([tar([]), Uint8Array.of(0)]), "unexpected end of file"],
    [
      "with an entry behind a zero block",
      concatBytes([new Uint8Array(512), tar([file("a")])]),
      "there is something behind the end of the archive",
    ],
    [
      "with another archive behind it",
      concatBytes([tar([file("a")]), tar([file("b")])]),
      "there is something behind the end of the archive",
    ],
    [
      "with a block of garbage behind it",
      concatBytes([tar([file("a")]), new Uint8Array(512).fill(1)]),
      "there is something behind the end of the archive",
    ],
    [
      "that is gzip",
      concatBytes([Uint8Array.of(0x1f, 0x8b), new Uint8Array(1022)]),
      "not a ustar header",
    ],
  ])("%s", (_, archive, message) => {
    expectRefused(archive, message);
  });

  it.each<[string, (header: Uint8Array) => void, string]>([
    [
      "without magic, as version 7 of Unix wrote them",
      put(257, "\0\0\0\0\0\0\0\0"),
      "not a ustar header",
    ],
    ["with half of GNU's magic", put(257, "ustar \0\0"), "not a ustar header"],
    ["with another version of ustar", put(257, "ustar\x0001"), "not a ustar header"],
    ["with star's trailer", put(508, "tar\0"), "not a ustar header"],
    ["with anything behind the prefix", put(500, "1"), "not a ustar header"],
    ["with a negative size", put(124, "-0000000001\0"), "a number in a header is not octal"],
    ["with a size in decimal", put(124, "00000000009\0"), "a number in a header is not octal"],
    ["with a size in hexadecimal", put(124, "0x000000001\0"), "a number in a header is not octal"],
    [
      "with a size in base 256",
      put(124, Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
      "a number in a header is not octal",
    ],
    [
      "with a negative size in base 256",
      put(124, new Uint8Array(12).fill(0xff)),
      "a number in a header is not octal",
    ],
    ["with no size", put(124, new Uint8Array(12)), "a number in a header is not octal"],
    ["with spaces for a size", put(124, "            "), "a number in a header is not octal"],
    ["with a size in two parts", put(124, "0000001 001\0"), "a number in a header is not octal"],
    ["with a line feed in a size", put(124, "00000000001\n"), "a number in a header is not octal"],
    ["with a mode that is no number", put(100, "rw-r--r-"), "a number in a header is not octal"],
    [
      "with an owner that is no number",
      put(108, "root\0\0\0\0"),
      "a number in a header is not octal",
    ],
    ["with a group that is no number", put(116, "99999999"), "a number in a header is not octal"],
    [
      "with a time that is no number",
      put(136, "yesterday\0\0\0"),
      "a number in a header is not octal",
    ],
    ["with a name that is not UTF-8", put(0, Uint8Array.of(0x61, 0xff)), "a name is not UTF-8"],
    [
      "with a name of half a surrogate pair",
      put(0, Uint8Array.of(0xed, 0xa0, 0x80)),
      "a name is not UTF-8",
    ],
    ["with a name of too long UTF-8", put(0, Uint8Array.of(0xc0, 0xaf)), "a name is not UTF-8"],
    ["with a prefix that is not UTF-8", put(345, Uint8Array.of(0xff)), "a name is not UTF-8"],
    ["with a link target that is not UTF-8", put(157, Uint8Array.of(0xff)), "a name is not UTF-8"],
    ["with a user name that is not UTF-8", put(265, Uint8Array.of(0xff)), "a name is not UTF-8"],
    ["with a group name that is not UTF-8", put(297, Uint8Array.of(0xff)), "a name is not UTF-8"],
    ["with a hard link", put(156, "1"), "a: hard links are not allowed"],
    ["with a character device", put(156, "3"), 'a: entries of type "3" are not allowed'],
    ["with a block device", put(156, "4"), 'a: entries of type "4" are not allowed'],
    ["with a fifo", put(156, "6"), 'a: entries of type "6" are not allowed'],
    ["with a sparse file of GNU", put(156, "S"), "a: sparse files are not allowed"],
    ["with a folder of GNU's backups", put(156, "D"), 'a: entries of type "D" are not allowed'],
    ["with a continued file of GNU", put(156, "M"), 'a: entries of type "M" are not allowed'],
    ["with a volume's name", put(156, "V"), 'a: entries of type "V" are not allowed'],
    ["with pax's header of Solaris", put(156, "X"), 'a: entries of type "X" are not allowed'],
    ["with an unknown type", put(156, "z"), 'a: entries of type "z" are not allowed'],
    [
      "with a type beyond ASCII",
      put(156, Uint8Array.of(0xff)),
      'a: entries of type "ÿ" are not allowed',
    ],
    ["with a folder that has data", put(156, "5"), "a: only files have data"],
    ["with a link that has data", put(156, "2"), "a: only files have data"],
  ])("%s", (_, spoil, message) => {
    expectRefused(tar([{ ...anyName, spoil }]), message);
    expectRefused(tar([file("first"), { ...anyName, spoil }]), message);
  });

  it.each<[string, TarMember[], string]>([
    [
      "with a file that is named like a folder",
      [file("a/", "")],
      "a/: is named like a folder and is a file",
    ],
    [
      "with a file that pax names like a folder",
      [pax([["path", "a/"]]), file("a", "")],
      "a/: is named like a folder and is a file",
    ],
    [
      "with a name that would drop its prefix",
      [{ ...file("/etc/passwd"), spoil: put(345, "lib") }],
      "/etc/passwd: absolute path",
    ],
    ["with a long name for nothing", [file("a"), longLink("b\0")], "a long name without its entry"],
    [
      "with a pax name for nothing",
      [file("a"), pax([["path", "b"]])],
      "a long name without its entry",
    ],
    [
      "with two long names for one entry",
      [longLink("a"), longLink("b"), file("c")],
      "an entry with two long names",
    ],
    [
      "with two pax names for one entry",
      [
        pax([
          ["path", "a"],
          ["path", "b"],
        ]),
        file("c"),
      ],
      "an entry with two long names",
    ],
    [
      "with two pax headers that name one entry",
      [pax([["path", "a"]]), pax([["path", "b"]]), file("c")],
      "an entry with two long names",
    ],
    [
      "with a name in GNU's and in pax's way",
      [longLink("a"), pax([["path", "b"]]), file("c")],
      "an entry with two long names",
    ],
    [
      "with two long link targets for one link",
      [longLink("a", "K"), pax([["linkpath", "b"]]), link("c", "d")],
      "an entry with two long names",
    ],
    ["with a long name that is empty", [longLink(""), file("a")], "malformed long name"],
    ["with a long name of NULs", [longLink("\0\0"), file("a")], "malformed long name"],
    [
      "with a long name that goes on behind a NUL",
      [longLink("good\0evil\0"), file("a")],
      "malformed long name",
    ],
    [
      "with a long name that is not UTF-8",
      [longLink(Uint8Array.of(0xff)), file("a")],
      "a name is not UTF-8",
    ],
    [
      "with a long name of more than 64 KiB",
      [longLink("a".repeat(65_537)), file("a")],
      "extended header too big",
    ],
    [
      "with a pax header of more than 64 KiB",
      [pax([["comment", "a".repeat(65_536)]]), file("a")],
      "extended header too big",
    ],
    [
      "with a name for all entries",
      [pax([["path", "evil"]], "g"), file("a")],
      "global pax header with a path",
    ],
    [
      "with a link target for all entries",
      [pax([["linkpath", "evil"]], "g"), file("a")],
      "global pax header with a path",
    ],
    [
      "with a header about all entries between a name and its entry",
      [pax([["path", "a"]]), pax([["comment", "x"]], "g"), file("b")],
      "global pax header with a path",
    ],
    [
      "with a second size for an entry",
      [pax([["size", "0"]]), file("a")],
      "pax size is not allowed",
    ],
    [
      "with a second size for all entries",
      [pax([["size", "0"]], "g"), file("a")],
      "pax size is not allowed",
    ],
    [
      "with a sparse file of pax",
      [pax([["GNU.sparse.major", "1"]]), file("a")],
      "pax GNU.sparse.major is not allowed",
    ],
    [
      "with a sparse file's name",
      [pax([["GNU.sparse.name", "evil"]]), file("a")],
      "pax GNU.sparse.name is not allowed",
    ],
    [
      "with a pax value that is not UTF-8",
      [pax([["path", Uint8Array.of(0xff)]]), file("a")],
      "a name is not UTF-8",
    ],
    [
      "with a pax record that hides another",
      [pax([["comment", "x\n13 path=evil"]]), file("a")],
      "malformed pax header",
    ],
    [
      "with a pax name that has a line feed",
      [pax([["path", "a\nb"]]), file("a")],
      "malformed pax header",
    ],
    [
      "with a pax name that goes on behind a NUL",
      [pax([["path", "a\0b"]]), file("a")],
      "malformed pax header",
    ],
    ["with a pax name that is empty", [pax([["path", ""]]), file("a")], "malformed pax header"],
    ["with a pax record without a key", [pax([["", "x"]]), file("a")], "malformed pax header"],
    [
      "with a pax owner that is no number",
      [pax([["uid", "root"]]), file("a")],
      "malformed pax header",
    ],
    [
      "with a pax group that is no number",
      [pax([["gid", "1.5"]]), file("a")],
      "malformed pax header",
    ],
    [
      "with a pax time that is no number",
      [pax([["mtime", "now"]]), file("a")],
      "malformed pax header",
    ],
    ...paxTexts.map(([title, text]): [string, TarMember[], string] => [
      `with a pax record ${title}`,
      [{ path: "pax_header", type: "x", bytes: text }, file("a")],
      "malformed pax header",
    ]),
  ])("%s", (_, members, message) => {
    expectRefused(tar(members), message);
  });

  it("with a header whose checksum is wrong, or is none", () => {
    const archive = tar([file("a")]);
    for (const checksum of [
      "000000\0 ",
      "777777\0 ",
      "        ",
      "\0".repeat(8),
      "-1\0\0\0\0\0\0",
    ]) {
      const spoiled = new Uint8Array(archive);
      put(148, checksum)(spoiled);
      expect(() => walk(spoiled), checksum).toThrow(TarError);
    }
  });

  it("when it is cut off, at every byte", () => {
    const archive = tar([
      pax([["path", "a/b"]]),
      file("a", "abc"),
      longLink("c\0"),
      file("d", "x".repeat(600)),
      { path: "lib/", type: "5" },
      link("lib/e", "../a"),
    ]);
    for (let length = 0; length < archive.length; length++) {
      expectRefused(archive.subarray(0, length), "unexpected end of file");
    }
  });

  it("when any byte of a header changes, in whatever way", () => {
    const archive = tar([file("lib/a"), link("b", "c")]);
    for (const header of [0, 1024]) {
      for (let at = header; at < header + 512; at++) {
        for (const change of [0x01, 0x20, 0x80, 0xff]) {
          const spoiled = new Uint8Array(archive);
          spoiled[at] = (spoiled[at] ?? 0) ^ change;
          // A zero or a space may stand for the other around the checksum itself.
          if (at - header >= 148 && at - header < 156) onlyTarErrors(spoiled);
          else expect(() => walk(spoiled), `byte ${at}`).toThrow(TarError);
        }
      }
    }
  });
});

describe("any bytes at all", () => {
  it("are an archive or a TarError", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), onlyTarErrors), { numRuns: 500 });
  });

  it("are an archive or a TarError when they begin as one", () => {
    fc.assert(
      fc.property(archives, fc.nat(), fc.uint8Array({ maxLength: 20 }), (archive, place, bytes) => {
        const spoiled = new Uint8Array(archive);
        spoiled.set(bytes.subarray(0, spoiled.length), place % (spoiled.length - 20));
        onlyTarErrors(spoiled);
      }),
      { numRuns: 1_000 },
    );
  });

  it("are an archive or a TarError when they are the data of a pax header or of a long name", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc
        .constantFrom("path", "=", " ", "\n", "10 path=a\n", "0", "9 a=b", "size", "\0")
        .map(encode),
      fc
        .tuple(fc.constantFrom("path", "linkpath", "uid", "mtime", "size"), fc.string())
        .map((it) => paxRecord(...it)),
    );
    const data = fc.array(piece, { maxLength: 4 }).map(concatBytes);
    fc.assert(
      fc.property(data, fc.constantFrom("x", "g", "L", "K"), (bytes, type) => {
        onlyTarErrors(tar([{ path: "h", type, bytes }, file("a")]));
      }),
      { numRuns: 2_000 },
    );
  });

  it("are read alike in one piece and in pieces of any sizes", () => {
    const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 30 });
    fc.assert(
      fc.property(archives, cuts, (archive, sizes) => {
        expect(walk(archive, sizes)).toEqual(walk(archive));
      }),
      { numRuns: 300 },
    );
    const archive = tar([longLink("lib/a\0"), file("b", "abc"), link("c", "d")]);
    expect(walk(archive, new Array(archive.length).fill(1))).toEqual(walk(archive));
  });
});

const paxTexts: [title: string, text: string][] = [
  ["that is longer than its header", "20 path=b\n"],
  ["that is shorter than it says", "9 path=b\n\n"],
  ["that does not end", "10 path=bc"],
  ["that ends in a space", "9 path=b "],
  ["without a length", " path=b\n"],
  ["without a length and a space", "path=b\n"],
  ["with a negative length", "-9 path=b\n"],
  ["with a length of zero", "0 path=b\n"],
  ["with a length in hexadecimal", "0xb path=b\n"],
  ["with a length with an exponent", "1e1 path=b\n"],
  ["with a length that is too big to be one", `${"9".repeat(400)} path=b\n`],
  ["with a length behind a line feed", "\n10 path=b\n"],
  ["with a length and a sign", "+10 path=b\n"],
  ["with a length in Arabic digits", "١ path=b\n"],
  ["without a value", "7 path\n"],
  ["with a right one in front", "9 path=b\nx"],
  ["of zeros", "\0\0\0\0"],
];

/** Archives that are right, with everything that may be in one. */
const archives = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 600 }).map((text) => [file("a", text)]),
      fc
        .string({ minLength: 1, maxLength: 600, unit: fc.constantFrom("a", "b", "/", "é") })
        .map((name) => [longLink(`${name}\0`), { path: "short", type: "5" }]),
      fc.constant([pax([["path", "b/c"]]), file("x")]),
      fc.constant([link("a", "b")]),
    ),
    { maxLength: 5 },
  )
  .map((members) => tar(members.flat()));

type Walked = TarEntry & { data: string };

/** Everything that the scanner says about an archive, given in pieces of these sizes. */
function walk(archive: Uint8Array, sizes: readonly number[] = []): Walked[] {
  const entries: Walked[] = [];
  const scanner = new TarScanner(
    (entry) => entries.push({ ...entry, data: "" }),
    (bytes) => {
      const entry = entries.at(-1);
      if (entry) entry.data += Buffer.from(bytes).toString("latin1");
    },
  );
  let at = 0;
  for (const size of sizes) {
    scanner.push(archive.subarray(at, at + size));
    at += size;
  }
  scanner.push(archive.subarray(at));
  scanner.end();
  return entries;
}

function expectRefused(archive: Uint8Array, message: string): void {
  expect(() => walk(archive)).toThrow(new TarError(message));
}

function onlyTarErrors(archive: Uint8Array): void {
  try {
    walk(archive);
  } catch (error) {
    expect(error).toBeInstanceOf(TarError);
  }
}

function encode(text: string): Uint8Array {
  return utf8.encode(text);
}
