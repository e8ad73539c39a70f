/** Package tarballs that are wrong, each in one way, for tarball.test.ts and tarball-erlang.test.ts. */
import { gzipSync } from "fflate";
import { concatBytes } from "../../src/hex/checksum.ts";
import { readTar } from "../../src/hex/tar.ts";
import {
  longLink,
  metadataConfig,
  packageTarball,
  pax,
  put,
  type ReleaseOptions,
  type TarMember,
  tar,
} from "../support/tarball.ts";

const utf8 = new TextEncoder();
const file = (path: string, bytes = "x"): TarMember => ({ path, bytes });
const link = (path: string, linkTarget: string): TarMember => ({ path, type: "2", linkTarget });

/** What is wrong with a tarball, what we say, and what hex_core does with it. */
export interface BadTarball {
  title: string;
  tarball: ReleaseOptions | Uint8Array | Promise<Uint8Array>;
  says: string | RegExp;
  /** "unpacks": we are stricter on purpose, for the reason that stands above. */
  hexCore: "refuses" | "refuses on disk" | "unpacks";
}

/** One that is right. */
export const right = await packageTarball();

const badOuter: BadTarball[] = [
  {
    title: "of no bytes",
    tarball: new Uint8Array(),
    says: "tarball error, unexpected end of file",
    hexCore: "refuses",
  },
  {
    title: "of text",
    tarball: utf8.encode("hello ".repeat(500)),
    says: "tarball error, not a ustar header",
    hexCore: "refuses",
  },
  {
    title: "of zeros",
    tarball: new Uint8Array(10_240),
    says: 'missing files: ["VERSION","CHECKSUM","metadata.config","contents.tar.gz"]',
    hexCore: "refuses",
  },
  {
    title: "that is compressed",
    tarball: gzipSync(right),
    says: "tarball error, not a ustar header",
    hexCore: "refuses",
  },
  ...["VERSION", "CHECKSUM", "metadata.config", "contents.tar.gz"].map(
    (name): BadTarball => ({
      title: `without ${name}`,
      tarball: tar(readTar(right, () => {}).filter(({ path }) => path !== name)),
      says: `missing files: ["${name}"]`,
      hexCore: "refuses",
    }),
  ),
  {
    title: "of version 2",
    tarball: { members: [file("VERSION", "2")] },
    says: 'unsupported version: <<"2">>',
    hexCore: "refuses",
  },
  {
    title: "of version 4",
    tarball: { members: [file("VERSION", "4")] },
    says: 'unsupported version: <<"4">>',
    hexCore: "refuses",
  },
  {
    title: "of version 3 and a line feed",
    tarball: { members: [file("VERSION", "3\n")] },
    says: 'unsupported version: <<"3\\n">>',
    hexCore: "refuses",
  },
  {
    title: "of no version",
    tarball: { members: [file("VERSION", "")] },
    says: 'unsupported version: <<"">>',
    hexCore: "refuses",
  },
  {
    title: "with a VERSION of 33 bytes",
    tarball: { members: [file("VERSION", "3".repeat(33))] },
    says: "file too big: VERSION",
    hexCore: "refuses",
  },
  {
    title: "with a CHECKSUM of other files",
    tarball: { members: [file("CHECKSUM", "AB".repeat(32))] },
    says: /^tarball checksum mismatch: CHECKSUM says (ab){32}, the files have [0-9a-f]{64}$/,
    hexCore: "refuses",
  },
  {
    title: "with a CHECKSUM that is too short",
    tarball: { members: [file("CHECKSUM", "AB".repeat(31))] },
    says: "CHECKSUM is not 64 hexadecimal characters",
    hexCore: "refuses",
  },
  {
    title: "with half a byte of CHECKSUM missing",
    tarball: { members: [file("CHECKSUM", "A".repeat(63))] },
    says: "CHECKSUM is not 64 hexadecimal characters",
    hexCore: "refuses",
  },
  {
    title: "with a CHECKSUM that is too long",
    tarball: { members: [file("CHECKSUM", "AB".repeat(33))] },
    says: "CHECKSUM is not 64 hexadecimal characters",
    hexCore: "refuses",
  },
  {
    title: "with a CHECKSUM that is not hexadecimal",
    tarball: { members: [file("CHECKSUM", "XY".repeat(32))] },
    says: "CHECKSUM is not 64 hexadecimal characters",
    hexCore: "refuses",
  },
  {
    title: "with an empty CHECKSUM",
    tarball: { members: [file("CHECKSUM", "")] },
    says: "CHECKSUM is not 64 hexadecimal characters",
    hexCore: "refuses",
  },
  // hex_core 0.7.1 has no limit of its own for this file, and answers with the digest's length.
  {
    title: "with a CHECKSUM of 129 bytes",
    tarball: { members: [file("CHECKSUM", "A".repeat(129))] },
    says: "file too big: CHECKSUM",
    hexCore: "refuses",
  },
  // hex_core drops the last half byte: one upload more that means the same.
  {
    title: "with a CHECKSUM and a line feed",
    tarball: { members: [file("CHECKSUM", `${textOf(right, "CHECKSUM")}\n`)] },
    says: "CHECKSUM is not 64 hexadecimal characters",
    hexCore: "unpacks",
  },
  // hexpm ignores it. But clients that unpack from memory refuse, among them rebar3, and a file that
  // means VERSION on disk only is another package to some.
  {
    title: "with a file more",
    tarball: { members: [file("SIGNATURE")] },
    says: 'unexpected file: "SIGNATURE"',
    hexCore: "refuses",
  },
  {
    title: "with another VERSION on disk",
    tarball: { members: [file("./VERSION", "2")] },
    says: 'unexpected file: "./VERSION"',
    hexCore: "refuses",
  },
  {
    title: "with another VERSION where no case is known",
    tarball: { members: [file("version", "2")] },
    says: 'unexpected file: "version"',
    hexCore: "refuses",
  },
  {
    title: "with a file that climbs out",
    tarball: { members: [file("../evil")] },
    says: 'unexpected file: "../evil"',
    hexCore: "refuses",
  },
  {
    title: "with a file at the root",
    tarball: { members: [file("/VERSION", "2")] },
    says: 'unexpected file: "/VERSION"',
    hexCore: "refuses",
  },
  {
    title: "with a file called __proto__",
    tarball: { members: [file("__proto__")] },
    says: 'unexpected file: "__proto__"',
    hexCore: "refuses",
  },
  {
    title: "with a file called constructor",
    tarball: { members: [file("constructor")] },
    says: 'unexpected file: "constructor"',
    hexCore: "refuses",
  },
  // hex_core skips in memory what is no file, on disk it makes it.
  {
    title: "with a folder",
    tarball: { members: [{ path: "lib/", type: "5" }] },
    says: 'unexpected directory: "lib/"',
    hexCore: "unpacks",
  },
  {
    title: "with a link",
    tarball: { members: [link("lib", "/hexedge-nowhere")] },
    says: 'unexpected symlink: "lib"',
    hexCore: "unpacks",
  },
  {
    title: "with a link for a file",
    tarball: { members: [link("VERSION", "contents.tar.gz")] },
    says: 'unexpected symlink: "VERSION"',
    hexCore: "refuses",
  },
  {
    title: "with a folder for a file",
    tarball: { members: [{ path: "VERSION", type: "5" }] },
    says: 'unexpected directory: "VERSION"',
    hexCore: "refuses",
  },
  {
    title: "with a hard link",
    tarball: { members: [{ path: "a", type: "1", linkTarget: "VERSION" }] },
    says: "tarball error, a: hard links are not allowed",
    hexCore: "unpacks",
  },
  // hex_core means the last one. Another reader may mean the first.
  ...["VERSION", "CHECKSUM", "metadata.config", "contents.tar.gz"].map(
    (name): BadTarball => ({
      title: `with ${name} twice`,
      tarball: tar([
        ...readTar(right, () => {}),
        ...readTar(right, () => {}).filter(({ path }) => path === name),
      ]),
      says: `${name} is in the tarball twice`,
      hexCore: "unpacks",
    }),
  ),
  {
    title: "with another VERSION in front",
    tarball: tar([file("VERSION", "2"), ...readTar(right, () => {})]),
    says: "VERSION is in the tarball twice",
    hexCore: "unpacks",
  },
  {
    title: "with a VERSION by its long name",
    tarball: tar([...readTar(right, () => {}), longLink("VERSION\0"), file("x", "2")]),
    says: "VERSION is in the tarball twice",
    hexCore: "refuses",
  },
  {
    title: "with a size that another header changes",
    tarball: tar([pax([["size", "0"]]), ...readTar(right, () => {})]),
    says: "tarball error, pax size is not allowed",
    hexCore: "refuses",
  },
  // What is behind the end changes the outer checksum only: one upload more that means the same.
  {
    title: "with bytes behind its end",
    tarball: concatBytes([right, utf8.encode("garbage")]),
    says: "tarball error, unexpected end of file",
    hexCore: "unpacks",
  },
  {
    title: "with a block behind its end",
    tarball: concatBytes([right, new Uint8Array(512).fill(1)]),
    says: "tarball error, there is something behind the end of the archive",
    hexCore: "unpacks",
  },
  {
    title: "with another tarball behind its end",
    tarball: concatBytes([right, right]),
    says: "tarball error, there is something behind the end of the archive",
    hexCore: "unpacks",
  },
  {
    title: "without the second block of zeros",
    tarball: right.subarray(0, -512),
    says: "tarball error, unexpected end of file",
    hexCore: "unpacks",
  },
  {
    title: "without the blocks of zeros",
    tarball: right.subarray(0, -1024),
    says: "tarball error, unexpected end of file",
    hexCore: "refuses",
  },
];

const inMetadata = (
  text: string,
  sentence: string,
  hexCore: BadTarball["hexCore"] = "refuses",
) => ({
  tarball: { metadataText: `${metadataConfig()}${text}\n{<<"last">>,<<"\u00fc"/utf8>>}.\n` },
  says: `error reading package metadata: ${sentence}`,
  hexCore,
});

const badMetadata: BadTarball[] = [
  {
    title: "with metadata that ends in the middle",
    ...inMetadata('{<<"a">>,', "expected: a term (line 11)"),
    tarball: { metadataText: '{<<"a">>,' },
    says: "error reading package metadata: expected: a term (line 1)",
  },
  {
    title: "with a quote that does not close in its metadata",
    tarball: { metadataText: '{<<"a">>,<<"b}.' },
    says: "error reading package metadata: a quote opens here and does not close (line 1)",
    hexCore: "refuses",
  },
  {
    title: "with a comment in its metadata",
    ...inMetadata("% why", "this character has no place here (line 10)"),
  },
  {
    title: "with a float in its metadata",
    ...inMetadata('{<<"a">>,1.5}.', "this character has no place here (line 10)"),
  },
  {
    title: "with a character in its metadata",
    ...inMetadata('{<<"a">>,$a}.', "this character has no place here (line 10)"),
  },
  {
    title: "with an integer to another base in its metadata",
    ...inMetadata('{<<"a">>,16#ff}.', "expected: } (line 10)"),
  },
  {
    title: "with a variable in its metadata",
    ...inMetadata('{<<"a">>,B}.', "this character has no place here (line 10)"),
  },
  {
    title: "with a call in its metadata",
    ...inMetadata(
      '{<<"a">>,os:cmd("id")}.',
      "only the atoms true, false, nil and undefined are allowed (line 10)",
    ),
  },
  {
    title: "with a byte order mark before its metadata",
    tarball: { metadataText: `\ufeff${metadataConfig()}` },
    says: "error reading package metadata: this character has no place here (line 1)",
    hexCore: "refuses",
  },
  // hex_core's scanner takes the longest string, so it goes on to the next quote.
  {
    title: "with a text that ends in a backslash in its metadata",
    ...inMetadata(
      '{<<"a">>,<<"ends in \\\\">>}.',
      "Hex cannot read a backslash right before the closing quote (line 10)",
    ),
  },
  {
    title: "with a text that ends in a backslash and ^ in its metadata",
    ...inMetadata(
      '{<<"a">>,<<"ends in \\\\^">>}.',
      "Hex cannot read a backslash right before the closing quote (line 10)",
    ),
  },
  {
    title: "with a text that ends in control-\\ in its metadata",
    ...inMetadata(
      '{<<"a">>,<<"ends in \\^\\">>}.',
      "Hex cannot read a backslash right before the closing quote (line 10)",
    ),
  },
  {
    title: "with a control-quote in its metadata",
    ...inMetadata('{<<"a">>,<<"\\^">>}.', "this escape means nothing (line 10)"),
  },
  {
    title: "with a charlist that ends in a backslash in its metadata",
    ...inMetadata(
      '{<<"a">>,"ends in \\\\"}.',
      "Hex cannot read a backslash right before the closing quote (line 10)",
    ),
  },
  {
    title: "with an atom that hex_core may not know in its metadata",
    ...inMetadata(
      '{<<"a">>,hexedge_unknown_atom}.',
      "only the atoms true, false, nil and undefined are allowed (line 10)",
    ),
  },
  // Which atoms an Erlang knows depends on what else it has loaded.
  {
    title: "with an atom that some hex_core knows in its metadata",
    ...inMetadata(
      '{<<"a">>,ok}.',
      "only the atoms true, false, nil and undefined are allowed (line 10)",
      "unpacks",
    ),
  },
  {
    title: "with an atom for a key in its metadata",
    ...inMetadata(
      '{name,<<"evil">>}.',
      "only the atoms true, false, nil and undefined are allowed (line 10)",
      "unpacks",
    ),
  },
  // To hex_core `\x41` is `x41` and `\0` is `0`. To Erlang's own reader they are A and NUL.
  {
    title: "with a hexadecimal escape in its metadata",
    ...inMetadata('{<<"a">>,<<"\\x41">>}.', "Hex does not know this escape (line 10)", "unpacks"),
  },
  {
    title: "with a long hexadecimal escape in its metadata",
    ...inMetadata('{<<"a">>,<<"\\x{41}">>}.', "Hex does not know this escape (line 10)", "unpacks"),
  },
  {
    title: "with a short octal escape in its metadata",
    ...inMetadata('{<<"a">>,<<"\\0">>}.', "Hex does not know this escape (line 10)", "unpacks"),
  },
  // hex_core drops backslash and line feed both, Erlang drops the backslash.
  {
    title: "with an escaped line feed in its metadata",
    ...inMetadata('{<<"a">>,<<"b\\\nc">>}.', "this escape means nothing (line 10)", "unpacks"),
  },
  // Erlang cuts it down to a byte.
  {
    title: "with a character beyond a byte in its metadata",
    ...inMetadata(
      '{<<"a">>,<<"\u65e5">>}.',
      "in a binary without /utf8 this is more than a byte (line 10)",
      "unpacks",
    ),
  },
  {
    title: "with a number beyond a byte in its metadata",
    ...inMetadata(
      '{<<"a">>,<<256>>}.',
      "in a binary without /utf8 this is more than a byte (line 10)",
      "unpacks",
    ),
  },
  {
    title: "with a key twice in a map in its metadata",
    ...inMetadata('{<<"a">>,#{1=>1,1=>2}}.', "the map has this key twice (line 10)", "unpacks"),
  },
  {
    title: "with two terms on a line without white space in its metadata",
    ...inMetadata(
      '{<<"a">>,1}.{<<"b">>,2}.',
      "this character has no place here (line 10)",
      "unpacks",
    ),
  },
  // Nothing that anyone writes, and a stack to overflow.
  {
    title: "with lists in lists in lists in its metadata",
    ...inMetadata(
      `{<<"a">>,${"[".repeat(70)}${"]".repeat(70)}}.`,
      "the term nests too deeply (line 10)",
      "unpacks",
    ),
  },
  {
    title: "with an integer of a thousand digits in its metadata",
    ...inMetadata(`{<<"a">>,${"9".repeat(1000)}}.`, "the integer is too big (line 10)", "unpacks"),
  },
];

const inContents = (
  files: TarMember[],
  sentence: string,
  hexCore: BadTarball["hexCore"],
): Omit<BadTarball, "title"> => ({
  tarball: { files: [file("mix.exs"), ...files] },
  says: `inner tarball error, ${sentence}`,
  hexCore,
});

const badContents: BadTarball[] = [
  {
    title: "whose contents are empty",
    tarball: { contents: new Uint8Array() },
    says: /^inner tarball error, is not exactly one gzip file: \S/,
    hexCore: "refuses",
  },
  {
    title: "whose contents are text",
    tarball: { contents: utf8.encode("hello") },
    says: /^inner tarball error, is not exactly one gzip file: \S/,
    hexCore: "refuses",
  },
  {
    title: "whose contents are gzip of text",
    tarball: { contents: gzipSync(utf8.encode("hello ".repeat(500))) },
    says: "inner tarball error, not a ustar header",
    hexCore: "refuses",
  },
  {
    title: "whose contents are gzip of nothing",
    tarball: { contents: gzipSync(new Uint8Array()) },
    says: "inner tarball error, unexpected end of file",
    hexCore: "refuses",
  },
  {
    title: "whose contents end early",
    tarball: { contents: gzipSync(tar([file("a")]).subarray(0, 1024)) },
    says: "inner tarball error, unexpected end of file",
    hexCore: "refuses",
  },
  {
    title: "whose contents climb out",
    ...inContents([file("../evil")], "../evil: points above its own folder", "refuses on disk"),
  },
  {
    title: "whose contents climb out further down",
    ...inContents([file("a/../../b")], "a/../../b: points above its own folder", "refuses on disk"),
  },
  // hex_core 0.7.1, which is in rebar3 3.19, makes such links; 0.19 refuses them. The judge runs on
  // somebody's machine, and hex_core changes the date of what a link leads to: it leads nowhere.
  {
    title: "with a link to the root",
    ...inContents(
      [link("a", "/hexedge-nowhere")],
      "a: links to /hexedge-nowhere, which is not inside",
      "unpacks",
    ),
  },
  {
    title: "with a link that climbs out",
    ...inContents([link("a", "../b")], "a: links to ../b, which is not inside", "unpacks"),
  },
  {
    title: "with a file below a file",
    ...inContents(
      [file("a"), file("a/b")],
      "a/b: lies below a, which is a file",
      "refuses on disk",
    ),
  },
  {
    title: "with a file without a name",
    ...inContents([file("")], '"": is no name of a file', "refuses on disk"),
  },
  {
    title: "with a file called .",
    ...inContents([file(".")], '".": is no name of a file', "refuses on disk"),
  },
  {
    title: "with a file with a NUL in its name",
    ...inContents([pax([["path", "a\0b"]]), file("c")], "malformed pax header", "refuses on disk"),
  },
  {
    title: "with a name that is not UTF-8",
    ...inContents(
      [{ ...file("a"), spoil: put(0, Uint8Array.of(0x61, 0xff, 0x62)) }],
      "a name is not UTF-8",
      "refuses",
    ),
  },
  {
    title: "with a wrong header checksum",
    ...inContents([], "wrong header checksum", "refuses"),
    tarball: { contents: gzipSync(patched(tar([file("a")]), 0, 0x62)) },
  },
  {
    title: "with a size in words",
    ...inContents(
      [{ ...file("a"), spoil: put(124, "one") }],
      "a number in a header is not octal",
      "refuses",
    ),
  },
  {
    title: "with an owner that is no number",
    ...inContents(
      [{ ...file("a"), spoil: put(108, "root") }],
      "a number in a header is not octal",
      "refuses",
    ),
  },
  {
    title: "with a time in base 256",
    ...inContents(
      [{ ...file("a"), spoil: put(136, Uint8Array.of(0xff)) }],
      "a number in a header is not octal",
      "refuses",
    ),
  },
  {
    title: "with a user name that is not UTF-8",
    ...inContents(
      [{ ...file("a"), spoil: put(265, Uint8Array.of(0xff, 0x61)) }],
      "a name is not UTF-8",
      "refuses",
    ),
  },
  {
    title: "with a pax name that is empty",
    ...inContents([pax([["path", ""]]), file("a")], "malformed pax header", "refuses"),
  },
  {
    title: "with a pax owner that is no number",
    ...inContents([pax([["uid", "root"]]), file("a")], "malformed pax header", "refuses"),
  },
  {
    title: "with a pax time that is no number",
    ...inContents([pax([["mtime", "now"]]), file("a")], "malformed pax header", "refuses"),
  },
  {
    title: "with a long name that is empty",
    ...inContents([longLink(""), file("a")], "malformed long name", "refuses"),
  },
  {
    title: "with star's trailer and a long prefix",
    ...inContents(
      [
        {
          ...file("a"),
          spoil: (header) => {
            put(345, "b".repeat(155))(header);
            put(508, "tar\0")(header);
          },
        },
      ],
      "not a ustar header",
      "refuses",
    ),
  },
  // To hex_core these files have other names than to us, or than to other readers.
  {
    title: "with a pax record that hides another",
    ...inContents(
      [pax([["comment", "x\n13 path=evil"]]), file("good")],
      "malformed pax header",
      "unpacks",
    ),
  },
  {
    title: "with a name that is for another header",
    ...inContents(
      [pax([["path", "good"]]), pax([["comment", "x"]], "g"), file("evil")],
      "global pax header with a path",
      "unpacks",
    ),
  },
  {
    title: "with two names for one file",
    ...inContents(
      [longLink("good\0"), pax([["path", "evil"]]), file("a")],
      "an entry with two long names",
      "unpacks",
    ),
  },
  {
    title: "with a name for all files",
    ...inContents(
      [pax([["path", "evil"]], "g"), file("good")],
      "global pax header with a path",
      "unpacks",
    ),
  },
  {
    title: "with a name that drops its prefix",
    ...inContents([{ ...file("/b"), spoil: put(345, "a") }], "/b: absolute path", "unpacks"),
  },
  {
    title: "with a file that is named like a folder",
    ...inContents([file("a/", "")], "a/: is named like a folder and is a file", "unpacks"),
  },
  {
    title: "with a long name that goes on behind a NUL",
    ...inContents([longLink("good\0evil\0"), file("a")], "malformed long name", "unpacks"),
  },
  {
    title: "with a header of version 7",
    ...inContents(
      [{ ...file("a"), spoil: put(257, new Uint8Array(8)) }],
      "not a ustar header",
      "unpacks",
    ),
  },
  {
    title: "with a size in two parts",
    ...inContents(
      [{ ...file("a"), spoil: put(124, "0000000 001") }],
      "a number in a header is not octal",
      "unpacks",
    ),
  },
  // hex_core takes the first slash away, and keeps the last of two files.
  { title: "with a file at the root", ...inContents([file("/a")], "/a: absolute path", "unpacks") },
  {
    title: "with a file twice",
    ...inContents([file("a"), file("a")], "a: is in the archive twice", "unpacks"),
  },
  // On the other systems these are other places.
  {
    title: "with a backslash in a name",
    ...inContents([file("a\\b")], "a\\b: backslash in a path", "unpacks"),
  },
  { title: "with a drive", ...inContents([file("C:\\a")], "C:\\a: absolute path", "unpacks") },
  {
    title: "with a link to a drive",
    ...inContents([link("a", "C:\\b")], "a: links to C:\\b, which is not inside", "unpacks"),
  },
  // They climb and stay inside, but need not once somebody else wrote the links.
  {
    title: "with a name that climbs inside",
    ...inContents([file("a/../b")], "a/../b: points above its own folder", "unpacks"),
  },
  {
    title: "with a link that goes down and up",
    ...inContents([link("a", "b/../c")], "a: links to b/../c, which is not inside", "unpacks"),
  },
  {
    title: "with a file below a link",
    ...inContents(
      [{ path: "b/", type: "5" }, link("a", "b"), file("a/c")],
      "a/c: lies below a, which is a symlink",
      "unpacks",
    ),
  },
  // A name that nobody can type.
  {
    title: "with a line feed in a name",
    ...inContents([file("a\nb")], '"a\\nb": control character in a path', "unpacks"),
  },
  // hex_core leaves out hard links, and makes empty files of the others.
  {
    title: "with a hard link",
    ...inContents(
      [{ ...link("a", "mix.exs"), type: "1" }],
      "a: hard links are not allowed",
      "unpacks",
    ),
  },
  {
    title: "with a fifo",
    ...inContents(
      [{ ...file("a", ""), type: "6" }],
      'a: entries of type "6" are not allowed',
      "unpacks",
    ),
  },
  // hex_core reads contents that are not compressed, and the first of several gzip members.
  {
    title: "whose contents are not compressed",
    tarball: { contents: tar([file("a")]) },
    says: /^inner tarball error, is not exactly one gzip file: \S/,
    hexCore: "unpacks",
  },
  {
    title: "with contents in two gzip members",
    tarball: { contents: concatBytes([gzipSync(tar([file("a")])), gzipSync(tar([file("b")]))]) },
    says: /^inner tarball error, is not exactly one gzip file: \S/,
    hexCore: "unpacks",
  },
  // What hex_core 0.7.1 refuses too, but 0.19 in memory does not.
  {
    title: "with bytes behind its contents",
    tarball: { contents: concatBytes([gzipSync(tar([file("a")])), Uint8Array.of(0)]) },
    says: /^inner tarball error, is not exactly one gzip file: \S/,
    hexCore: "refuses",
  },
];

/** All of them. */
export const badTarballs: readonly BadTarball[] = [...badOuter, ...badMetadata, ...badContents];

export function built(tarball: BadTarball["tarball"]): Promise<Uint8Array> | Uint8Array {
  return tarball instanceof Uint8Array || tarball instanceof Promise
    ? tarball
    : packageTarball(tarball);
}

/** One of the four files, as text. */
export function textOf(tarball: Uint8Array, name: string): string {
  const bytes = readTar(tarball, () => {}).find(({ path }) => path === name)?.bytes;
  return Buffer.from(bytes ?? []).toString();
}

/** A copy with another byte at one place. */
export function patched(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[at] = byte;
  return copy;
}
