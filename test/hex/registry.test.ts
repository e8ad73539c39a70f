import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/hex/checksum.ts";
import { gunzip } from "../../src/hex/gunzip.ts";
import { gzip } from "../../src/hex/gzip.ts";
import {
  buildNames,
  buildPackage,
  buildPolicy,
  buildSigned,
  buildVersions,
  concatEntries,
  decodeNames,
  decodePackage,
  decodePolicy,
  decodeVersions,
  encodeNames,
  encodeNamesEntry,
  encodePackage,
  encodePolicy,
  encodeVersions,
  encodeVersionsEntry,
  type NamesResource,
  type PackageResource,
  type PolicyResource,
  RegistryError,
  type ReleaseResource,
  unpackNames,
  unpackPackage,
  unpackPolicy,
  unpackVersions,
  type VersionsResource,
} from "../../src/hex/registry.ts";
import { parsePrivateKey, parsePublicKey, sign } from "../../src/hex/sign.ts";
import keys from "./vectors/keys.json" with { type: "json" };
import erlang from "./vectors/registry.json" with { type: "json" };

const now = { mtimeSeconds: 1_700_000_000 };
let privateKey: CryptoKey;
let publicKey: CryptoKey;
beforeAll(async () => {
  privateKey = await parsePrivateKey(keys.pkcs8);
  publicKey = await parsePublicKey(keys.spki);
});

/** Values with every field, and their bytes written by hand from the specification's table. */
const names: NamesResource = {
  repository: "acme",
  packages: [
    { name: "a", updatedAt: { seconds: 2 ** 33, nanos: 500 } },
    { name: "b", updatedAt: { seconds: -1, nanos: 0 } },
    { name: "c" },
  ],
};
const namesBytes = `
  0a 0e  0a 01 61  1a 09  08 80 80 80 80 20  10 f4 03
  0a 12  0a 01 62  1a 0d  08 ff ff ff ff ff ff ff ff ff 01  10 00
  0a 03  0a 01 63
  12 04 61 63 6d 65`;

const versions: VersionsResource = {
  repository: "acme",
  packages: [
    { name: "a", versions: ["1.0.0", "2.0.0"], retired: [0, 1], withAdvisories: [1] },
    { name: "b", versions: [], retired: [], withAdvisories: [] },
  ],
};
const versionsBytes = `
  0a 18  0a 01 61  12 05 31 2e 30 2e 30  12 05 32 2e 30 2e 30  1a 02 00 01  2a 01 01
  0a 03  0a 01 62
  12 04 61 63 6d 65`;

const release: ReleaseResource = {
  version: "1",
  innerChecksum: new Uint8Array(32).fill(0x11),
  outerChecksum: new Uint8Array(32).fill(0x22),
  dependencies: [
    { package: "b", requirement: "~> 1.0", optional: true, app: "c", repository: "d" },
  ],
  retired: { reason: "security", message: "é" },
  advisoryIndexes: [0, 0],
  publishedAt: { seconds: 1, nanos: 0 },
};
const resource: PackageResource = {
  repository: "acme",
  name: "a",
  releases: [release],
  advisories: [
    {
      id: "X",
      summary: "s",
      htmlUrl: "h",
      severity: "critical",
      cvssScore: 9.5,
      apiUrl: "u",
      aliases: ["y", "z"],
    },
  ],
};
const packageBytes = `
  0a 6e
    0a 01 31
    12 20 ${"11".repeat(32)}
    1a 13  0a 01 62  12 06 7e 3e 20 31 2e 30  18 01  22 01 63  2a 01 64
    22 06  08 02  12 02 c3 a9
    2a 20 ${"22".repeat(32)}
    30 00  30 00
    3a 04  08 01  10 00
  12 01 61
  1a 04 61 63 6d 65
  22 19  0a 01 58  12 01 73  1a 01 68  20 04  2d 00 00 18 41  32 01 75  3a 01 79  3a 01 7a`;

const policy: PolicyResource = {
  repository: "acme",
  name: "strict",
  description: "d",
  visibility: "public",
  repositories: [
    {
      repository: "hexpm",
      restriction: {
        advisoryMinSeverity: "none",
        retirementReasons: ["other", "renamed"],
        cooldown: "7d",
      },
      overrides: [
        { action: "allow", ref: { package: "a", requirement: "1" } },
        {
          action: "retirement",
          ref: { package: "a" },
          advisoryId: "X",
          retirementReason: "other",
          comment: "c",
        },
      ],
    },
  ],
};
const policyBytes = `
  0a 04 61 63 6d 65
  12 06 73 74 72 69 63 74
  1a 01 64
  20 01
  2a 30
    0a 05 68 65 78 70 6d
    12 0a  08 00  12 02 00 04  1a 02 37 64
    1a 0a  08 00  12 06 0a 01 61 12 01 31
    1a 0f  08 03  12 03 0a 01 61  1a 01 58  20 00  2a 01 63`;

describe("a payload", () => {
  it.each([
    ["names", () => encodeNames(names), namesBytes],
    ["versions", () => encodeVersions(versions), versionsBytes],
    ["package", () => encodePackage(resource), packageBytes],
    ["policy", () => encodePolicy(policy), policyBytes],
  ])("of %s has the specification's numbers, order and packing", (_, encode, expected) => {
    expect(toHex(encode())).toBe(toHex(hex(expected)));
  });

  it("decodes to what was encoded", () => {
    expect(decodeNames(hex(namesBytes))).toEqual(names);
    expect(decodeVersions(hex(versionsBytes))).toEqual(versions);
    expect(decodePackage(hex(packageBytes))).toEqual(resource);
    expect(decodePolicy(hex(policyBytes))).toEqual(policy);
  });

  it("has a buffer of its own, and so have the checksums out of it", () => {
    const payloads = [encodeNames(names), encodeVersionsEntry({ ...first(versions.packages) })];
    for (const payload of payloads) expect(payload.buffer.byteLength).toBe(payload.length);
    const decoded = first(decodePackage(Buffer.from(hex(packageBytes))).releases);
    expect(decoded.innerChecksum.buffer.byteLength).toBe(32);
    expect(decoded.outerChecksum?.buffer.byteLength).toBe(32);
    expect(decoded.innerChecksum.constructor).toBe(Uint8Array);
  });

  it("says nothing about what is absent", () => {
    const bare = {
      version: "1",
      innerChecksum: release.innerChecksum,
      dependencies: [],
      advisoryIndexes: [],
    };
    const bytes = encodePackage({ repository: "r", name: "a", releases: [bare], advisories: [] });
    expect(toHex(bytes)).toBe(
      toHex(hex(`0a 25  0a 01 31  12 20 ${"11".repeat(32)}  12 01 61  1a 01 72`)),
    );
    expect(decodePackage(bytes).releases).toEqual([bare]);
    const notOptional = { package: "b", requirement: "", optional: false };
    const dependent = { ...bare, dependencies: [notOptional] };
    expect(toHex(encodePackage({ ...resource, releases: [dependent] }))).toContain(
      "1a050a01621200",
    );
  });

  it("may be empty", () => {
    expect(toHex(encodeNames({ repository: "r", packages: [] }))).toBe("120172");
    expect(decodeVersions(hex("12 01 72"))).toEqual({ repository: "r", packages: [] });
  });

  it("keeps a score of one decimal as it was, though a float cannot hold it", () => {
    for (let tenths = 0; tenths <= 100; tenths++) {
      const advisory = { ...first(resource.advisories), cvssScore: tenths / 10 };
      const decoded = decodePackage(encodePackage({ ...resource, advisories: [advisory] }));
      expect(first(decoded.advisories).cvssScore).toBe(tenths / 10);
    }
  });
});

describe("entries of the ledger", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,30}$/);
  const packages = fc.array(fc.record({ name: word, versions: fc.array(word, { maxLength: 40 }) }));

  it("join to exactly what encoding the whole makes", () => {
    fc.assert(
      fc.property(word, packages, (repository, list) => {
        const named = list.map(({ name }, at) => ({ name, updatedAt: { seconds: at, nanos: at } }));
        expect(concatEntries(named.map(encodeNamesEntry), repository)).toEqual(
          encodeNames({ repository, packages: named }),
        );
        const versioned = list.map(({ name, versions: all }) => ({
          name,
          versions: all,
          retired: [...all.keys()].filter((at) => at % 2 === 0),
          withAdvisories: [...all.keys()].filter((at) => at % 3 === 0),
        }));
        expect(concatEntries(versioned.map(encodeVersionsEntry), repository)).toEqual(
          encodeVersions({ repository, packages: versioned }),
        );
      }),
    );
  });

  it("are one tag, one length and one message each", () => {
    expect(toHex(encodeNamesEntry({ name: "c" }))).toBe("0a030a0163");
    expect(toHex(concatEntries([], "r"))).toBe("120172");
  });

  it("join out of a generator too", () => {
    function* entries() {
      for (const entry of names.packages) yield encodeNamesEntry(entry);
    }
    expect(concatEntries(entries(), "acme")).toEqual(encodeNames(names));
  });
});

describe("a file", () => {
  it("is unpacked to what was built", async () => {
    const acme = { repository: "acme" };
    expect(await unpackNames(await buildNames(names, privateKey, now), publicKey, acme)).toEqual(
      names,
    );
    const versionsFile = await buildVersions(versions, privateKey, now);
    expect(await unpackVersions(versionsFile, publicKey, acme)).toEqual(versions);
    const packageFile = await buildPackage(resource, privateKey, now);
    expect(await unpackPackage(packageFile, publicKey, { ...acme, name: "a" })).toEqual(resource);
    const policyFile = await buildPolicy(policy, privateKey, now);
    expect(await unpackPolicy(policyFile, publicKey, { ...acme, name: "strict" })).toEqual(policy);
  });

  it("is gzip(Signed { payload, signature }), with the date in it", async () => {
    const file = await buildNames(names, privateKey, now);
    expect([...file.subarray(4, 8)]).toEqual([0x00, 0xf1, 0x53, 0x65]);
    const signature = await sign(hex(namesBytes), privateKey);
    const envelope = await gunzip(file, { inflatedBytesMax: 1000 });
    expect(toHex(envelope)).toBe(`0a2f${toHex(hex(namesBytes))}128002${toHex(signature)}`);
  });

  it("differs from the same content a second later, and from nothing else", async () => {
    const file = await buildNames(names, privateKey, now);
    expect(await buildNames(names, privateKey, now)).toEqual(file);
    expect(await buildNames(names, privateKey, { mtimeSeconds: 1_700_000_001 })).not.toEqual(file);
  });
});

describe("a file is refused", () => {
  const expected = { repository: "acme", name: "a" };
  const unpack = (file: Uint8Array, options: Partial<Parameters<typeof unpackPackage>[2]> = {}) =>
    refusal(() => unpackPackage(file, publicKey, { ...expected, ...options }));
  const seal = (envelope: string) => gzip(hex(envelope), 0);
  let file: Uint8Array;
  beforeAll(async () => {
    file = await buildPackage(resource, privateKey, now);
  });

  it("when it is about another repository or package", async () => {
    expect(await unpack(file, { repository: "hexpm" })).toBe("bad_repository");
    expect(await unpack(file, { name: "b" })).toBe("bad_name");
    const policyFile = await buildPolicy(policy, privateKey, now);
    const elsewhere = { repository: "hexpm", name: "strict" };
    expect(await refusal(() => unpackPolicy(policyFile, publicKey, elsewhere))).toBe(
      "bad_repository",
    );
    const other = { repository: "acme", name: "lax" };
    expect(await refusal(() => unpackPolicy(policyFile, publicKey, other))).toBe("bad_name");
    const indexes = [
      async () => unpackNames(await buildNames(names, privateKey, now), publicKey, elsewhere),
      async () =>
        unpackVersions(await buildVersions(versions, privateKey, now), publicKey, elsewhere),
    ];
    for (const index of indexes) expect(await refusal(index)).toBe("bad_repository");
  });

  it("when another key signed it, or none, or something else was signed", async () => {
    const other = await parsePublicKey(erlang.public_key_spki);
    expect(await refusal(() => unpackPackage(file, other, expected))).toBe("bad_signature");
    const payload = toHex(encodePackage(resource));
    const tag = `0a${(payload.length / 2).toString(16)}01`;
    const signature = toHex(await sign(encodePackage({ ...resource, name: "b" }), privateKey));
    expect(await unpack(await seal(`${tag}${payload}`))).toBe("bad_signature");
    expect(await unpack(await seal(`${tag}${payload}1200`))).toBe("bad_signature");
    expect(await unpack(await seal(`${tag}${payload}128002${signature}`))).toBe("bad_signature");
  });

  it("when it is not gzip, or not all of it, or has more", async () => {
    expect(await unpack(encodePackage(resource))).toBe("not_gzip");
    expect(await unpack(new Uint8Array(0))).toBe("not_gzip");
    expect(await unpack(file.subarray(0, -1))).toBe("not_gzip");
    expect(await unpack(Uint8Array.of(...file, 0))).toBe("not_gzip");
  });

  it("when it inflates to more than is allowed", async () => {
    expect(await unpack(file, { inflatedBytesMax: 100 })).toBe("too_big");
    expect(await unpack(await gzip(new Uint8Array(17 * 1024 * 1024), 0))).toBe("too_big");
    expect(await unpack(file, { inflatedBytesMax: undefined })).toBe("accepted");
  });

  it("when the envelope is no message, cut off at any byte", async () => {
    expect(await unpack(await seal("ff ff ff ff"))).toBe("bad_message");
    expect(await unpack(await seal(""))).toBe("bad_message");
    const envelope = await gunzip(file, { inflatedBytesMax: 10_000 });
    for (let length = 0; length < envelope.length; length++) {
      const reason = await unpack(await gzip(envelope.subarray(0, length), 0));
      expect(["bad_message", "bad_signature"]).toContain(reason);
    }
  });

  it("when what was signed is no message of the kind, cut off at any byte", async () => {
    const payload = encodePackage(resource);
    for (let length = 0; length < payload.length; length++) {
      const cut = payload.subarray(0, length);
      // Between two fields a cut goes unseen, once name and repository are there.
      const reason = await refusal(async () => decodePackage(cut));
      expect([length, reason]).toEqual([
        length,
        length === 112 + 3 + 6 ? "accepted" : "bad_message",
      ]);
    }
    const asPackage = await buildSigned(encodeNames(names), privateKey, now);
    expect(await unpack(asPackage)).toBe("bad_message");
  });

  it("when a checksum is not 32 bytes, a text not UTF-8, or a time out of reach", async () => {
    const bad = [
      packageBytes.replace("12 20 11", "12 1f").replace("0a 6e", "0a 6d"),
      packageBytes.replace("2a 20 22", "2a 1f").replace("0a 6e", "0a 6d"),
      packageBytes.replace("c3 a9", "c3 28"),
      packageBytes
        .replace("3a 04  08 01", "3a 0c  08 80 80 80 80 80 80 80 80 01")
        .replace("0a 6e", "0a 76"),
    ];
    for (const bytes of bad) {
      expect(bytes).not.toBe(packageBytes);
      expect(await refusal(async () => decodePackage(hex(bytes)))).toBe("bad_message");
    }
  });

  it("with a sentence", async () => {
    const unpacked = unpackPackage(file, publicKey, { repository: "hexpm", name: "a" });
    await expect(unpacked).rejects.toThrow(
      "The registry file speaks for the repository acme, not for hexpm",
    );
    expect(() => decodeNames(new Uint8Array(0))).toThrow(
      "names cannot be read: missing required 'repository'",
    );
  });
});

describe("what is newer than this program", () => {
  it("leaves a release retired and usable, for a reason that is not known", () => {
    const decoded = decodePackage(hex(packageBytes.replace("22 06  08 02", "22 06  08 09")));
    expect(first(decoded.releases).retired).toEqual({ reason: "other", message: "é" });
  });

  it("leaves an advisory without the severity", () => {
    const decoded = decodePackage(hex(packageBytes.replace("20 04  2d", "20 05  2d")));
    expect(first(decoded.advisories).severity).toBeUndefined();
    expect(first(decoded.advisories).cvssScore).toBe(9.5);
  });

  it("is skipped when it is a field", () => {
    const more = "f2 3e 01 00  f8 3e 05  fd 3e 00 00 00 00";
    expect(decodePackage(hex(`${packageBytes} ${more}`))).toEqual(resource);
    expect(decodePolicy(hex(`${policyBytes} ${more}`))).toEqual(policy);
  });

  it("makes a policy private when it is the visibility", () => {
    expect(decodePolicy(hex(policyBytes.replace("20 01", "20 07"))).visibility).toBe("private");
  });

  it("is left out of a policy when it is an override's action or reason, or a limit", () => {
    const rule = (bytes: string) => first(decodePolicy(hex(bytes)).repositories);
    const { overrides } = first(policy.repositories);
    expect(rule(policyBytes.replace("1a 0f  08 03", "1a 0f  08 05")).overrides).toEqual([
      overrides[0],
    ]);
    expect(rule(policyBytes.replace("20 00  2a", "20 05  2a")).overrides).toEqual([overrides[0]]);
    expect(rule(policyBytes.replace("12 02 00 04", "12 02 05 04")).restriction).toMatchObject({
      retirementReasons: ["renamed"],
    });
    expect(
      rule(policyBytes.replace("12 0a  08 00", "12 0a  08 05")).restriction?.advisoryMinSeverity,
    ).toBeUndefined();
  });

  it("is read packed and unpacked alike", () => {
    const unpacked = versionsBytes.replace("1a 02 00 01", "18 00 18 01");
    expect(decodeVersions(hex(unpacked))).toEqual(versions);
    const packed = packageBytes.replace("30 00  30 00", "32 02 00 00");
    expect(decodePackage(hex(packed))).toEqual(resource);
  });
});

describe("what must not be signed", () => {
  const withRelease = (fields: object) => () =>
    encodePackage({ ...resource, releases: [{ ...release, ...fields }] });
  const withAdvisory = (fields: object) => () =>
    encodePackage({ ...resource, advisories: [{ ...first(resource.advisories), ...fields }] });
  const entry = { name: "a", versions: ["1.0.0"], retired: [], withAdvisories: [] };
  const override = { action: "deny", ref: { package: "a" } } as const;
  const withOverride = (fields: object) => () =>
    encodePolicy({
      ...policy,
      repositories: [{ repository: "hexpm", overrides: [{ ...override, ...fields }] }],
    });

  it.each<[string, () => unknown]>([
    ["names: repository is missing", () => encodeNames({ ...names, repository: "" })],
    ["names: a package's name is missing", () => encodeNamesEntry({ name: "" })],
    [
      "a: updated_at: 1.5 are no whole",
      () => encodeNamesEntry({ name: "a", updatedAt: { seconds: 1.5, nanos: 0 } }),
    ],
    [
      "a: updated_at: -1 are no nano",
      () => encodeNamesEntry({ name: "a", updatedAt: { seconds: 1, nanos: -1 } }),
    ],
    ["a: a version is missing", () => encodeVersionsEntry({ ...entry, versions: [""] })],
    [
      "a: retired: 1 is no position in a list of 1",
      () => encodeVersionsEntry({ ...entry, retired: [1] }),
    ],
    ["a: with_advisories: -1", () => encodeVersionsEntry({ ...entry, withAdvisories: [-1] })],
    ["repository is missing", () => concatEntries([], "")],
    ["a package's name is missing", () => encodePackage({ ...resource, name: "" })],
    ["a: repository is missing", () => encodePackage({ ...resource, repository: "" })],
    ["a: a release's version is missing", withRelease({ version: undefined })],
    ["a 1: inner_checksum is missing", withRelease({ innerChecksum: undefined })],
    ["a 1: inner_checksum has 31 bytes", withRelease({ innerChecksum: new Uint8Array(31) })],
    ["a 1: inner_checksum is missing", withRelease({ innerChecksum: "11".repeat(32) })],
    ["a 1: outer_checksum has 0 bytes", withRelease({ outerChecksum: new Uint8Array(0) })],
    [
      "a 1: retired.reason: boring is none of other,",
      withRelease({ retired: { reason: "boring" } }),
    ],
    [
      "a 1: retired.message is no Unicode text",
      withRelease({ retired: { reason: "other", message: "\ud800" } }),
    ],
    ["a 1: advisory_indexes: 1 is no", withRelease({ advisoryIndexes: [1] })],
    ["a 1: published_at", withRelease({ publishedAt: { seconds: Number.NaN, nanos: 0 } })],
    [
      "a 1: a dependency's package is missing",
      withRelease({ dependencies: [{ requirement: "1" }] }),
    ],
    [
      "a 1: dependency b: requirement is missing",
      withRelease({ dependencies: [{ package: "b" }] }),
    ],
    ["a: advisory X: summary is missing", withAdvisory({ summary: undefined })],
    ["a: advisory X: severity: bad is none of", withAdvisory({ severity: "bad" })],
    ["a: advisory X: cvss_score: 11 is not", withAdvisory({ cvssScore: 11 })],
    [
      "strict: visibility: secret is none",
      () => encodePolicy({ ...policy, visibility: "secret" as "public" }),
    ],
    ["strict: hexpm: override of a: action: hide is none", withOverride({ action: "hide" })],
    ["strict: hexpm: override of a: comment has more", withOverride({ comment: "x".repeat(501) })],
  ])("is refused: %s", (message, encode) => {
    expect(encode).toThrow(message);
    expect(encode).not.toThrow(RegistryError);
  });
});

async function refusal(unpack: () => Promise<unknown>): Promise<unknown> {
  try {
    await unpack();
    return "accepted";
  } catch (error) {
    return error instanceof RegistryError ? error.reason : error;
  }
}

function hex(text: string): Uint8Array {
  const bytes = fromHex(text.replaceAll(/\s/g, ""));
  if (!bytes) throw new Error(`not hexadecimal: ${text}`);
  return bytes;
}

function first<T>(list: readonly T[]): T {
  const [value] = list;
  if (value === undefined) throw new Error("an empty list");
  return value;
}
