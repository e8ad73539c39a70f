import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkReleaseVersion,
  compareVersions,
  isPrerelease,
  latestVersion,
  type Numeral,
  parseVersion,
  sortVersions,
  type Version,
  versionOf,
} from "../../src/hex/version.ts";

/** What vectors/versions.exs writes; see there. */
type Vectors = {
  parsed: [string, Numeral, Numeral, Numeral, Version["pre"], string | null][];
  refused: string[];
  compared: [string, string, number][];
  sorted: string[];
};

const script = `${import.meta.dirname}/vectors/versions.exs`;
const committed = readFileSync(`${import.meta.dirname}/vectors/versions.json`, "utf8");
const elixirIsInstalled = spawnSync("elixir", ["--version"]).status === 0;

describe("Elixir's Version and ours", () => {
  it("agree on thousands of versions that Elixir 1.14 was asked about", () => {
    expectAgreement(committed);
  });

  it.skipIf(!elixirIsInstalled)(
    "agree on fresh versions, other ones each time (skipped when no elixir is on the PATH)",
    () => {
      const seed = `${Date.now()}`;
      const fresh = execFileSync("elixir", [script, seed], {
        encoding: "utf8",
        maxBuffer: 16 * 1024 * 1024,
        stdio: ["ignore", "pipe", "ignore"],
      });
      expectAgreement(fresh, `seed ${seed}`);
    },
  );
});

describe("a version", () => {
  it.each(["1.0.0\n", "1.0.0\r\n", "\n1.0.0", " 1.0.0", "v1.0.0", "1.0", "1.0.0.0", "١.0.0"])(
    "is not repaired: %j is refused",
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );

  it("keeps numbers that a JavaScript number would round", () => {
    expect(parseVersion("9007199254740991.9007199254740992.9007199254740993")).toEqual({
      major: 9007199254740991,
      minor: 9007199254740992n,
      patch: 9007199254740993n,
      pre: [],
      build: undefined,
    });
  });

  it("is refused at once when it is absurdly long", () => {
    expect(parseVersion(`1.0.0-${"a".repeat(1_018)}`)).toBeDefined();
    expect(parseVersion(`1.0.0-${"a".repeat(1_019)}`)).toBeUndefined();
    expect(parseVersion(`${"9".repeat(10_000_000)}.0.0`)).toBeUndefined();
    expect(parseVersion(`1.0.0-${"a.".repeat(10_000_000)}`)).toBeUndefined();
  });

  it("never makes the reader throw, whatever the text", () => {
    fc.assert(fc.property(anyText, (text) => void parseVersion(text)));
  });

  it("is the same after it was written and read again", () => {
    fc.assert(
      fc.property(versionText, (text) => {
        expect(written(versionOf(text))).toBe(text);
      }),
    );
  });

  it("is a pre-release when it has a part behind the dash, and build metadata is none", () => {
    expect(isPrerelease(versionOf("1.0.0-rc.1"))).toBe(true);
    expect(isPrerelease(versionOf("1.0.0+a-b"))).toBe(false);
  });

  it("that was checked before and is none now is a fault", () => {
    expect(() => versionOf("1.0")).toThrow('not a version: "1.0"');
    expect(() => sortVersions(["1.0.0", "1.0"])).toThrow('not a version: "1.0"');
  });
});

describe("the order of versions", () => {
  it("puts pre-releases before their release, numbers before words, the shorter first", () => {
    const ascending = [
      "1.0.0-0",
      "1.0.0-2",
      "1.0.0-10",
      "1.0.0--",
      "1.0.0-A",
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-rc10",
      "1.0.0-rc2",
      "1.0.0",
      "1.0.1-rc",
      "1.2.0",
      "1.10.0",
      "9007199254740992.0.0",
      "9007199254740993.0.0",
    ];
    expect(sortVersions(ascending.toReversed())).toEqual(ascending);
  });

  it("ignores build metadata, and leaves equal versions in the order they came in", () => {
    expect(compareVersions(versionOf("1.0.0+a"), versionOf("1.0.0+b"))).toBe(0);
    expect(sortVersions(["1.0.0+b", "1.0.0", "1.0.0+a"])).toEqual(["1.0.0+b", "1.0.0", "1.0.0+a"]);
  });

  it("is total: of three versions, any order of asking gives the same answer", () => {
    fc.assert(
      fc.property(versionText, versionText, versionText, (...texts) => {
        const ascending = texts.map(versionOf).sort(compareVersions);
        for (const [index, low] of ascending.entries()) {
          for (const high of ascending.slice(index)) {
            expect(compareVersions(low, high)).toBeLessThanOrEqual(0);
            expect(compareVersions(high, low)).toBe(0 - compareVersions(low, high));
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("leaves the array it was given alone", () => {
    const versions = ["2.0.0", "1.0.0"];
    sortVersions(versions);
    expect(versions).toEqual(["2.0.0", "1.0.0"]);
  });
});

describe("the latest version", () => {
  it("is the highest of all, or the highest stable one when asked for that", () => {
    const versions = ["1.0.0", "1.10.0", "2.0.0-rc.1", "1.9.0"];
    expect(latestVersion(versions)).toBe("2.0.0-rc.1");
    expect(latestVersion(versions, { stableOnly: true })).toBe("1.10.0");
  });

  it("is none when there is no version, or no stable one", () => {
    expect(latestVersion([])).toBeUndefined();
    expect(latestVersion(["1.0.0-rc.1"], { stableOnly: true })).toBeUndefined();
  });
});

describe("the version of a release", () => {
  it.each([
    "0.0.0",
    "1.2.3",
    "1.0.0-rc.1",
    "99999999999999.99999999999999.99999999999999-99999999999999",
    `1.0.0-${"a".repeat(64)}`,
    `1.0.0-${"a.".repeat(31)}bb`,
    "1.0.0-100000000000000a",
  ])("may be %s", (text) => {
    expect(checkReleaseVersion(text)).toBeUndefined();
  });

  it.each([
    ["", "is invalid SemVer"],
    ["1.0", "is invalid SemVer"],
    ["1.0.0\n", "is invalid SemVer"],
    ["1.0.0-01", "is invalid SemVer"],
    ["1.0.0+build", "build number not allowed"],
    ["100000000000000.0.0+build", "build number not allowed"],
    ["100000000000000.0.0", "numeric components must be at most 99999999999999"],
    ["0.100000000000000.0", "numeric components must be at most 99999999999999"],
    ["0.0.100000000000000", "numeric components must be at most 99999999999999"],
    ["0.0.0-rc.100000000000000", "numeric components must be at most 99999999999999"],
    [`0.0.9${"9".repeat(40)}`, "numeric components must be at most 99999999999999"],
    [`1.0.0-${"a".repeat(65)}`, "prerelease must be at most 64 characters"],
    [`1.0.0-${"a.".repeat(32)}b`, "prerelease must be at most 64 characters"],
  ])("may not be %j: %s", (text, refusal) => {
    expect(checkReleaseVersion(text)).toBe(refusal);
  });
});

function expectAgreement(json: string, origin = "the committed vectors"): void {
  const { parsed, refused, compared, sorted }: Vectors = JSON.parse(json, reviveBig);
  expect(parsed.length, origin).toBeGreaterThan(1_000);
  const ours = parsed.map(([text]) => {
    const version = parseVersion(text);
    return (
      version && [text, version.major, version.minor, version.patch, version.pre, version.build]
    );
  });
  expect(ours, origin).toEqual(parsed.map(([...row]) => row.map((field) => field ?? undefined)));
  expect(refused.filter(parseVersion), origin).toEqual([]);
  expect(
    compared.map(([a, b]) => [a, b, compareVersions(versionOf(a), versionOf(b))]),
    origin,
  ).toEqual(compared);
  expect(sortVersions(sorted.toReversed()), origin).toEqual(sorted);
}

function reviveBig(_key: string, value: unknown): unknown {
  const isBig = typeof value === "object" && value !== null && "big" in value;
  return isBig ? BigInt(String(value.big)) : value;
}

function written({ major, minor, patch, pre, build }: Version): string {
  const prerelease = pre.length > 0 ? `-${pre.join(".")}` : "";
  return `${major}.${minor}.${patch}${prerelease}${build === undefined ? "" : `+${build}`}`;
}

// Few values, so that neighbours and equals are common, and some beyond what a number holds.
const numeral = fc.oneof(
  fc.constantFrom("0", "1", "2", "10"),
  fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }).map(String),
  fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
);
const identifier = fc.oneof(numeral, fc.constantFrom("a", "B", "rc", "-", "0a", "00-"));
const identifiers = fc.array(identifier, { minLength: 1, maxLength: 3 });
const versionText = fc
  .record({
    core: fc.tuple(numeral, numeral, numeral).map((numbers) => numbers.join(".")),
    pre: fc.option(identifiers, { nil: [] }),
    build: fc.option(identifiers, { nil: [] }),
  })
  .map(
    ({ core, pre, build }) =>
      core +
      (pre.length > 0 ? `-${pre.join(".")}` : "") +
      (build.length > 0 ? `+${build.join(".")}` : ""),
  );
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."019.-+aZ\n \u0661"), maxLength: 30 }),
);
