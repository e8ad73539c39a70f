import fc from "fast-check";
import { gunzipSync, gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { concatBytes, sha256, toHex } from "../../src/hex/checksum.ts";
import { Tuple } from "../../src/hex/erlang/term.ts";
import { checkMetadata, type Metadata } from "../../src/hex/metadata.ts";
import { readTar } from "../../src/hex/tar.ts";
import { checkDocs, type Tarball, tarballLimits, unpackTarball } from "../../src/hex/tarball.ts";
import { filesOf, metadataOf, sorted, type Unpacked } from "../support/hex-core.ts";
import { metadataConfig, packageTarball, type TarMember, tar } from "../support/tarball.ts";
import { badTarballs, built, patched, right, textOf } from "./bad-tarballs.ts";
import { releases } from "./random-releases.ts";
import committed from "./vectors/tarballs.json" with { type: "json" };

const utf8 = new TextEncoder();
const file = (path: string, bytes = "x"): TarMember => ({ path, bytes });
const link = (path: string, linkTarget: string): TarMember => ({ path, type: "2", linkTarget });

describe("a tarball that hex_core made", () => {
  const vectors = committed as (Unpacked & { title: string; tarball: string })[];

  it.each(vectors)("is unpacked to what hex_core put in: $title", async (vector) => {
    const bytes = gunzipSync(Buffer.from(vector.tarball, "base64"));
    const tarball = await accepted(bytes);
    expect(toHex(tarball.innerChecksum)).toBe(vector.innerChecksum);
    expect(toHex(tarball.outerChecksum)).toBe(vector.outerChecksum);
    expect(sorted(metadata(tarball))).toEqual(sorted(metadataOf(vector.metadata)));
    expect(await filesOf(bytes)).toEqual(vector.files);
  });
});

describe("a tarball", () => {
  it("has two checksums: of the files in it, and of all of it", async () => {
    const bytes = await packageTarball();
    const { innerChecksum, outerChecksum } = await accepted(bytes);
    expect(toHex(innerChecksum).toUpperCase()).toBe(textOf(bytes, "CHECKSUM"));
    expect(outerChecksum).toEqual(await sha256(bytes));
  });

  it("has the terms of its metadata, not yet checked", async () => {
    const { terms } = await accepted(await packageTarball({ metadataText: '{<<"a">>,[nil]}.' }));
    expect(terms).toEqual([new Tuple(["a", [null]])]);
  });

  it("may be a view of a bigger buffer, and is left as it was", async () => {
    const bytes = await packageTarball();
    const around = concatBytes([utf8.encode("before"), bytes, utf8.encode("behind")]);
    const view = around.subarray(6, 6 + bytes.length);
    expect(await accepted(view)).toEqual(await accepted(bytes));
    expect(around.subarray(6, 6 + bytes.length)).toEqual(bytes);
  });

  it("may have its four files in any order", async () => {
    const bytes = await packageTarball();
    const files = readTar(bytes, () => {}).reverse();
    const { innerChecksum } = await accepted(tar(files));
    expect(innerChecksum).toEqual((await accepted(bytes)).innerChecksum);
  });

  it("may have its CHECKSUM in lower case", async () => {
    const checksum = textOf(await packageTarball(), "CHECKSUM").toLowerCase();
    await accepted(await packageTarball({ members: [file("CHECKSUM", checksum)] }));
  });

  it("may have contents without a file", async () => {
    await accepted(await packageTarball({ files: [] }));
  });

  it("may be as big as the limit, and not a byte bigger", async () => {
    const bytes = await packageTarball();
    const limits = { ...tarballLimits, tarballBytesMax: bytes.length };
    expect(await unpackTarball(bytes, limits)).toHaveProperty("terms");
    const less = { ...limits, tarballBytesMax: bytes.length - 1 };
    expect(await unpackTarball(bytes, less)).toEqual({
      refused: { reason: "tarball_too_big", sizeBytesMax: bytes.length - 1 },
    });
  });

  it("has the limits of hex_core", () => {
    const { contents: _, ...limits } = tarballLimits;
    expect(limits).toEqual({
      tarballBytesMax: 16_777_216,
      versionBytesMax: 32,
      checksumBytesMax: 128,
      metadataBytesMax: 1_048_576,
    });
  });

  it("may have metadata as big as the limit, and not a byte bigger", async () => {
    const bytes = await packageTarball();
    const size = textOf(bytes, "metadata.config").length;
    const limits = { ...tarballLimits, metadataBytesMax: size };
    expect(await unpackTarball(bytes, limits)).toHaveProperty("terms");
    const message = "file too big: metadata.config";
    await expectRefused(bytes, message, { ...limits, metadataBytesMax: size - 1 });
  });

  it("may have contents as big as their own limits allow", async () => {
    const bytes = await packageTarball();
    const contents = { ...tarballLimits.contents, inflatedBytesMax: 100 };
    const message = "inner tarball error, too_big_uncompressed: 100";
    await expectRefused(bytes, message, { ...tarballLimits, contents });
  });
});

describe("a tarball is refused", () => {
  it.each(badTarballs)("$title", async ({ tarball, says }) => {
    await expectRefused(await built(tarball), says);
  });

  it("when it is cut off, at every byte", async () => {
    for (let length = 0; length < right.length; length++) {
      await expectRefused(right.subarray(0, length), "tarball error, unexpected end of file");
    }
  });

  it("when its contents are cut off, at every byte", async () => {
    const contents = gzipSync(tar([file("mix.exs", "hello")]));
    for (let length = 0; length < contents.length; length++) {
      const tarball = await packageTarball({ contents: contents.subarray(0, length) });
      await expectRefused(tarball, /^inner tarball error, is not exactly one gzip file: \S/);
    }
  });

  it("when its metadata is cut off, at every byte but behind a dot", async () => {
    const text = metadataConfig();
    for (let length = 0; length < text.length; length++) {
      const cut = text.slice(0, length);
      const unpacked = await unpackTarball(await packageTarball({ metadataText: cut, files: [] }));
      const whole = cut === "" || /\}\.\n?$/.test(cut);
      expect("terms" in unpacked, cut).toBe(whole);
    }
  });

  it("when any byte of it changes, or it is what it was", async () => {
    const { innerChecksum } = await accepted(right);
    let unchanged = 0;
    for (const [at, byte] of right.entries()) {
      const bytes = patched(right, at, byte ^ 0xff);
      const unpacked = await unpackTarball(bytes);
      if ("refused" in unpacked) {
        expect(unpacked.refused).toMatchObject({ reason: "bad_tarball" });
        continue;
      }
      expect(unpacked.innerChecksum).toEqual(innerChecksum);
      expect(unpacked.outerChecksum).toEqual(await sha256(bytes));
      unchanged++;
    }
    // Nobody looks at what fills up a file's last block.
    const padding = readTar(right, () => {}).map(({ bytes }) => -bytes.length & 511);
    expect(unchanged).toBe(padding.reduce((sum, bytes) => sum + bytes, 0));
  });

  it("or unpacked, whatever its bytes are", async () => {
    const start = fc.nat({ max: right.length });
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 3000 }), async (length, bytes) => {
        expectAnswer(await unpackTarball(bytes));
        expectAnswer(await unpackTarball(concatBytes([right.subarray(0, length), bytes])));
      }),
      { numRuns: 300 },
    );
  });

  it("or unpacked, whatever the bytes of its files are", async () => {
    const name = fc.constantFrom("VERSION", "CHECKSUM", "metadata.config", "contents.tar.gz", "x");
    const member = fc.record({ path: name, bytes: fc.uint8Array({ maxLength: 600 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 3 }), async (members) => {
        expectAnswer(await unpackTarball(await packageTarball({ members })));
      }),
      { numRuns: 300 },
    );
  });

  it("or unpacked, whatever the right checksum is of", async () => {
    const tarball = fc.record({
      metadataText: fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "binary" })),
      contents: fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array().map((it) => gzipSync(it)),
      ),
    });
    await fc.assert(
      fc.asyncProperty(tarball, fc.boolean(), async ({ metadataText, contents }, both) => {
        expectAnswer(
          await unpackTarball(
            await packageTarball({ metadataText, ...(both ? { contents } : {}) }),
          ),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe("a tarball of a random package", () => {
  it("is unpacked to what was put in", async () => {
    await fc.assert(
      fc.asyncProperty(releases, async (release) => {
        const bytes = await packageTarball(release);
        const tarball = await accepted(bytes);
        expect(toHex(tarball.innerChecksum).toUpperCase()).toBe(textOf(bytes, "CHECKSUM"));
        const { name, version, description, requirements } = metadata(tarball);
        expect({ name, version, description }).toEqual({
          name: release.name,
          version: release.version,
          description: release.description,
        });
        expect(requirements).toEqual(
          release.requirements.map((it) => ({
            ...{ app: it.name, repository: null },
            ...it,
          })),
        );
        const files = release.files.filter((it) => it.type === undefined);
        expect((await filesOf(bytes)).map(({ path }) => path)).toEqual(
          files.map(({ path }) => path),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("a docs tarball", () => {
  const docs = gzipSync(tar([file("index.html", "<h1>"), file("dist/app.js")]));

  it("has a checksum", async () => {
    expect(await checkDocs(docs)).toEqual({ checksum: await sha256(docs) });
  });

  it("is under the rules of a package's contents", async () => {
    const wrong: [Uint8Array, string | RegExp][] = [
      [
        gzipSync(tar([file("../index.html")])),
        "inner tarball error, ../index.html: points above its own folder",
      ],
      [
        gzipSync(tar([link("index.html", "/etc/passwd")])),
        "inner tarball error, index.html: links to /etc/passwd, which is not inside",
      ],
      [docs.subarray(0, -1), /^inner tarball error, is not exactly one gzip file: \S/],
      [concatBytes([docs, docs]), /^inner tarball error, is not exactly one gzip file: \S/],
      [new Uint8Array(), /^inner tarball error, is not exactly one gzip file: \S/],
      [right, /^inner tarball error, is not exactly one gzip file: \S/],
    ];
    for (const [bytes, message] of wrong) {
      expect(await checkDocs(bytes)).toEqual({
        refused: { reason: "bad_tarball", message: expect.stringMatching(message) },
      });
    }
  });

  it("has nothing at its root that is named as a version", async () => {
    const folder = { path: "1.0.0/", type: "5" };
    const roots: [TarMember, string][] = [
      [file("1.0.0/index.html"), "1.0.0"],
      [folder, "1.0.0"],
      [file("2.0.0-rc.1+build"), "2.0.0-rc.1+build"],
      [link("0.1.0", "index.html"), "0.1.0"],
      [file("./1.0.0/index.html"), "1.0.0"],
    ];
    for (const [member, root] of roots) {
      const message = `inner tarball error, ${root}: no file or folder at the root of docs may be named as a version`;
      expect(await checkDocs(gzipSync(tar([file("index.html"), member])))).toEqual({
        refused: { reason: "bad_tarball", message },
      });
    }
    const others = ["1.0/index.html", "v1.0.0.html", "1.0.0.html", "assets/1.0.0/app.js", "01.0.0"];
    const fine = gzipSync(tar(others.map((path) => file(path))));
    expect(await checkDocs(fine)).toHaveProperty("checksum");
  });

  it("is under the limits of a package", async () => {
    const limits = { ...tarballLimits, tarballBytesMax: docs.length };
    expect(await checkDocs(docs, limits)).toHaveProperty("checksum");
    expect(await checkDocs(docs, { ...limits, tarballBytesMax: docs.length - 1 })).toEqual({
      refused: { reason: "tarball_too_big", sizeBytesMax: docs.length - 1 },
    });
    const contents = { ...limits.contents, filesMax: 2 };
    expect(await checkDocs(docs, { ...limits, contents })).toEqual({
      refused: { reason: "bad_tarball", message: "inner tarball error, more than 2 entries" },
    });
  });
});

async function accepted(bytes: Uint8Array): Promise<Tarball> {
  const unpacked = await unpackTarball(bytes);
  if ("refused" in unpacked) throw new Error(JSON.stringify(unpacked.refused));
  return unpacked;
}

function metadata({ terms }: Tarball): Metadata {
  const checked = checkMetadata(terms, { public: false });
  if ("refused" in checked) throw new Error(JSON.stringify(checked.refused));
  return checked.metadata;
}

async function expectRefused(
  bytes: Uint8Array,
  says: string | RegExp,
  limits = tarballLimits,
): Promise<void> {
  const message = typeof says === "string" ? says : expect.stringMatching(says);
  const refused = { reason: "bad_tarball", message };
  expect(await unpackTarball(bytes, limits)).toEqual({ refused });
}

function expectAnswer(unpacked: Awaited<ReturnType<typeof unpackTarball>>): void {
  if ("refused" in unpacked) {
    expect(unpacked.refused).toEqual({
      reason: "bad_tarball",
      message: expect.stringMatching(/\S/),
    });
  } else {
    expect(unpacked).toMatchObject({
      innerChecksum: { length: 32 },
      outerChecksum: { length: 32 },
    });
    expect(Object.keys(checkMetadata(unpacked.terms, { public: true }))).toHaveLength(1);
  }
}
