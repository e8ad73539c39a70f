/** hex_core's own Erlang on the tarballs that we let in, and on those that we refuse. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/hex/checksum.ts";
import { consult } from "../../src/hex/erlang/consult.ts";
import { type Term, TermError, Tuple } from "../../src/hex/erlang/term.ts";
import { checkMetadata } from "../../src/hex/metadata.ts";
import { readTar, TarError } from "../../src/hex/tar.ts";
import { unpackTarball } from "../../src/hex/tarball.ts";
import { erlangAvailable } from "../support/erlang.ts";
import { filesOf, judgeTarballs, metadataOf, sorted } from "../support/hex-core.ts";
import {
  binary,
  longLink,
  metadataConfig,
  packageTarball,
  pax,
  put,
  type ReleaseOptions,
  type TarMember,
  tar,
} from "../support/tarball.ts";
import { badTarballs, built, patched, right, textOf } from "./bad-tarballs.ts";
import { expected } from "./erlang/vectors.ts";
import { releases } from "./random-releases.ts";

const whySkipped = erlangAvailable ? "" : " (skipped: no erl or no rebar3)";
const file = (path: string, bytes = "x"): TarMember => ({ path, bytes });
const link = (path: string, linkTarget: string): TarMember => ({ path, type: "2", linkTarget });

describe.skipIf(!erlangAvailable)(`a tarball that we refuse${whySkipped}`, () => {
  it("is refused by hex_core too, or there is a reason", async () => {
    const tarballs = await Promise.all(badTarballs.map(({ tarball }) => built(tarball)));
    const actual = judgeTarballs(tarballs).map((verdict, at) => {
      const onDisk = verdict.refusedOnDisk === undefined ? "unpacks" : "refuses on disk";
      return `${badTarballs[at]?.title}: ${"refused" in verdict ? "refuses" : onDisk}`;
    });
    expect(actual).toEqual(badTarballs.map(({ title, hexCore }) => `${title}: ${hexCore}`));
  });
});

describe.skipIf(!erlangAvailable)(
  `a tarball that we let in is the same to hex_core${whySkipped}`,
  () => {
    it("in packages as clients make them", async () => {
      const special: ReleaseOptions[] = [
        {},
        {
          requirements: [
            { name: "plug", repository: "hexpm" },
            { name: "jason", optional: true },
          ],
        },
        { requirements: [{ name: "cowboy" }, { name: "jsx", requirement: "2.0.0" }], rebar3: true },
        {
          metadata: {
            requirements: '#{<<"bar">>=>#{<<"app">>=><<"bar">>,<<"requirement">>=><<"~> 1.0">>}}',
          },
        },
        {
          metadata: {
            requirements: "[]",
            links: "[]",
            licenses: "[]",
            extra: "[]",
            maintainers: "[]",
          },
        },
        {
          metadata: {
            links: "#{}",
            extra: '#{<<"a">>=>1}',
            description: binary('日本 "quoted" \\ \n end'),
          },
        },
        {
          metadata: {
            build_tools: "nil",
            files: '[<<"rebar.config">>,<<"mix.exs">>,<<"Makefile">>]',
          },
        },
        { metadata: { build_tools: "undefined", files: '[<<"rebar">>]' } },
        { metadata: { description: '<<"\\s\\e\\101\\^A\\"\\d\\z">>', elixir: binary("~> 1.14") } },
        {
          metadata: {
            description: '<<"a" "b"/utf8>>',
            extra: '[{<<"i">>,- 5},{<<"j">>,+7},{<<"k">>,007}]',
          },
        },
        {
          metadata: { name: binary("first"), other: '#{1=>[],<<"b">>=>{}}' },
          metadataText: `${metadataConfig({ name: "first" })}{<<"name">>,<<"last">>}.`,
        },
        {
          metadataText: Buffer.from(
            `${metadataConfig()}{<<"latin1">>,<<"caf\u00e9 \u0080">>}.\n`,
            "latin1",
          ),
        },
        { metadata: { extra: '[{<<"__proto__">>,<<"a">>},{<<"constructor">>,#{<<"b">>=>1}}]' } },
        { files: [] },
        {
          files: [
            { path: "./", type: "5" },
            file("./mix.exs"),
            { path: "./lib/", type: "5" },
            file("./lib/a.ex", ""),
          ],
        },
        {
          files: [
            longLink(`${"a/".repeat(200)}b\0`),
            file("x"),
            longLink("../mix.exs", "K"),
            link("lib/a", "x"),
            file("mix.exs"),
          ],
        },
        {
          files: [
            pax([
              ["path", `${"ü/".repeat(100)}b`],
              ["mtime", "1.5"],
              ["comment", "x"],
            ]),
            file("x"),
          ],
        },
        {
          files: [
            pax([["comment", "0123"]], "g"),
            { ...file("a"), type: "\0" },
            { ...file("b"), type: "7" },
          ],
        },
        {
          files: [
            { ...file("name"), spoil: put(345, "in/a/prefix") },
            { ...file("gnu"), spoil: put(257, "ustar  \0") },
          ],
        },
        {
          files: [
            file("README"),
            file("readme"),
            { path: "a/b", type: "5" },
            { path: "a", type: "5" },
            file("a/b/c"),
          ],
        },
        {
          files: [
            link("a/b", "../c"),
            link("d", "a"),
            link("e", "e"),
            link("f", "nothing"),
            file("c"),
          ],
        },
        {
          files: Array.from({ length: 500 }, (_, at) =>
            file(`lib/${at % 7}/${at}`, "x".repeat(at)),
          ),
        },
      ];
      await expectHexCoreAgrees(
        await Promise.all([...special, ...fc.sample(releases, 200)].map(packageTarball)),
      );
    });

    it("whatever bytes fill up its blocks", async () => {
      const changed = Array.from(right.keys(), (at) => patched(right, at, 0x2e));
      const unpacked = await Promise.all(changed.map((bytes) => unpackTarball(bytes)));
      const same = changed.filter((_, at) => at % 10 === 0 && "terms" in (unpacked[at] ?? {}));
      expect(same.length).toBeGreaterThan(100);
      await expectHexCoreAgrees(same);
    });

    it("whatever the bytes of a header are", async () => {
      const spoiled: TarMember[][] = [];
      for (let at = 0; at < 512; at++) {
        for (const byte of [0x2f, 0xff]) {
          spoiled.push([{ ...file("lib/a"), spoil: put(at, Uint8Array.of(byte)) }, file("last")]);
        }
      }
      const readable = spoiled.filter((members) => isReadable(tar(members)));
      expect(readable.length).toBeGreaterThan(500);
      await expectHexCoreAgrees(await unpackable(readable.map((files) => ({ files }))));
    });

    it("whatever long names say", async () => {
      // hex_core 0.7.1 fails at a space or a second `=` in any record; 0.19 no longer does.
      const text = fc.constantFrom(
        "a",
        "lib/b",
        "é/日本",
        "a/",
        "./c",
        "1.5",
        "7",
        "-3",
        "lib//d",
        "\n",
        "\0",
      );
      const key = fc.constantFrom(
        "path",
        "linkpath",
        "comment",
        "mtime",
        "uid",
        "gid",
        "SCHILY.x",
        "uname",
        "",
      );
      const records = fc.array(fc.tuple(key, text), { maxLength: 3 });
      const member = fc.oneof(
        fc
          .tuple(records, fc.constantFrom("x" as const, "x" as const, "g" as const))
          .map((it) => pax(...it)),
        fc.tuple(text, fc.constantFrom("", "\0")).map(([name, end]) => longLink(`${name}${end}`)),
        text.map((target) => longLink(target, "K")),
        text.map((target) => link("m", target)),
        text.map((name) => file(name)),
      );
      const samples = fc.sample(fc.array(member, { minLength: 1, maxLength: 5 }), 1500);
      const readable = samples.filter((members) => isReadable(tar([...members, file("last")])));
      expect(readable.length).toBeGreaterThan(300);
      await expectHexCoreAgrees(
        await unpackable(readable.map((files) => ({ files: [...files, file("last")] }))),
      );
    });

    it("whatever the text of its metadata is", async () => {
      const seed = Date.now() % 2 ** 31;
      const random = fc.sample(metadataTexts, { numRuns: 2500, seed });
      const texts = [...noPairs, ...random].filter((text) => isReadableMetadata(text));
      expect(texts.length, `seed ${seed}`).toBeGreaterThan(200);
      const tarballs = await unpackable(texts.map((metadataText) => ({ metadataText })));
      await expectHexCoreAgrees(tarballs, `seed ${seed}`);
    });
  },
);

/** A comma within a number: rare among random texts, and refused only when the fields are looked at. */
const noPairs = [
  '{<<"k2">>,00,7}.',
  '{<<"k1">>,[]}. {<<"k2">>,9,99,9}.',
  '{<<"k1">>}.',
  "{}.",
  "[].",
];

/** Texts that are metadata or nearly so: what is escaped in texts, and how terms are put together. */
const metadataTexts = (() => {
  const pieces = [
    "\\\\",
    '\\"',
    "^",
    "\\^A",
    "\\^\\",
    "\\^^",
    "x41",
    "41",
    "a",
    "\\n",
    "\\s",
    "\\e",
    "\\101",
    "\\1",
    "\\x41",
    "\\377",
    "\\400",
    "é",
    "日",
    "🦆",
    " ",
    "\n",
    "'",
    "\\'",
    "\\8",
    "\\z",
    "\\[",
    "\\é",
    "\x7f",
    "\u0085",
    "\ufeff",
  ];
  const text = fc
    .array(fc.constantFrom(...pieces), { maxLength: 5 })
    .map((it) => `"${it.join("")}"`);
  const scalar = fc.oneof(
    text,
    text.map((it) => `<<${it}>>`),
    text.map((it) => `<<${it}/utf8>>`),
    fc.tuple(text, text).map((it) => `<<${it.join(" ")}/ utf8>>`),
    fc.tuple(text, fc.nat(300)).map((it) => `<<${it.join(",")}>>`),
    fc.constantFrom(
      "0",
      "12",
      "-5",
      "- 3",
      "+7",
      "007",
      "99999999999999999999",
      "true",
      "false",
      "nil",
      "undefined",
      "'true'",
      "'nil'",
      "utf8",
      "ok",
      "1.5",
      "$a",
      "16#f",
    ),
  );
  const { term } = fc.letrec<{ term: string }>((tie) => ({
    term: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      scalar,
      fc.array(tie("term"), { maxLength: 3 }).map((it) => `[${it.join(", ")}]`),
      fc.array(tie("term"), { maxLength: 3 }).map((it) => `{${it.join(",")}}`),
      fc
        .array(fc.tuple(scalar, tie("term")), { maxLength: 2 })
        .map((it) => `#{${it.map((pair) => pair.join(" => ")).join(",")}}`),
    ),
  }));
  const key = fc.constantFrom('<<"k1">>', '<<"k2">>', '<<"k3"/utf8>>', "<<107,49>>");
  const entry = fc
    .tuple(key, term, fc.constantFrom(".\n", ". ", ".", " .\n"))
    .map(([name, value, end]) => `{${name},${value}}${end}`);
  const entries = fc.array(entry, { minLength: 1, maxLength: 3 }).map((it) => it.join(""));
  const spoiled = fc
    .tuple(entries, fc.nat(), fc.constantFrom('"', "\\", "'", ".", ",", "}", "%", " ", "\0", "<<"))
    .map(([it, at, more]) => it.slice(0, at % it.length) + more + it.slice(at % it.length));
  return fc.oneof(entries, entries, spoiled);
})();

/**
 * hex_core unpacks each of these, in memory and on disk, to what we say is in it. Of one where it differs, all is
 * told that makes it again.
 */
async function expectHexCoreAgrees(tarballs: readonly Uint8Array[], from = ""): Promise<void> {
  const verdicts = judgeTarballs(tarballs);
  expect(verdicts, from).toHaveLength(tarballs.length);
  for (const [at, verdict] of verdicts.entries()) {
    const bytes = tarballs[at] ?? new Uint8Array();
    // As JSON, or nobody sees which of the characters that show nothing are in it.
    const metadata = JSON.stringify(textOf(bytes, "metadata.config"));
    const told = `metadata ${metadata} ${from}\nfiles ${JSON.stringify(await filesOf(bytes))}`;
    if ("refused" in verdict) throw new Error(`hex_core: ${verdict.refused}\n${told}`);
    expect(verdict.refusedOnDisk, told).toBeUndefined();
    const tarball = await unpackTarball(bytes);
    if ("refused" in tarball) throw new Error(`we: ${JSON.stringify(tarball.refused)}\n${told}`);
    expect(toHex(tarball.innerChecksum), told).toBe(verdict.innerChecksum);
    expect(toHex(tarball.outerChecksum), told).toBe(verdict.outerChecksum);
    const checked = checkMetadata(tarball.terms, { public: false });
    if ("metadata" in checked) {
      expect(sorted(checked.metadata), told).toEqual(sorted(metadataOf(verdict.metadata)));
    } else {
      const terms = expected(verdict.metadata);
      expect(new Map(tarball.terms.map(pairOf)), told).toEqual(terms);
    }
    expect(verdict.files.map(withoutDoubleSlash), told).toEqual(
      (await filesOf(bytes)).map(withoutDoubleSlash),
    );
  }
}

/** hex_core joins a name in a header anew, with one slash where there were two. */
function withoutDoubleSlash<It extends { path: string }>(it: It): It {
  return { ...it, path: it.path.replace(/\/+/g, "/") };
}

function pairOf(term: Term): [Term, Term] {
  if (!(term instanceof Tuple)) throw new Error("no tuple");
  const [key = null, value = null] = term.elements;
  return [key, value];
}

/** Those that we let in, but for what fields of metadata must be, which is no question to hex_core. */
async function unpackable(releases: readonly ReleaseOptions[]): Promise<Uint8Array[]> {
  const tarballs: Uint8Array[] = [];
  for (const release of releases) {
    const bytes = await packageTarball(release);
    const tarball = await unpackTarball(bytes);
    if ("terms" in tarball && arePairs(tarball.terms)) tarballs.push(bytes);
  }
  return tarballs;
}

/** Terms that are no pairs nobody can publish either: it is checkMetadata that refuses them. */
function arePairs(terms: readonly Term[]): boolean {
  const checked = checkMetadata(terms, { public: false });
  return !("refused" in checked) || checked.refused.reason !== "bad_tarball";
}

/** Quicker than to unpack a tarball with it. */
function isReadable(archive: Uint8Array): boolean {
  try {
    readTar(archive, () => {});
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(TarError);
    return false;
  }
}

function isReadableMetadata(text: string): boolean {
  try {
    return consult(text, { asHexCore: true }).length > 0;
  } catch (error) {
    expect(error).toBeInstanceOf(TermError);
    return false;
  }
}
