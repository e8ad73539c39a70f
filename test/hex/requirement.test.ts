import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkRequirement,
  matches,
  parseRequirement,
  type Requirement,
} from "../../src/hex/requirement.ts";
import { versionOf } from "../../src/hex/version.ts";

/** What vectors/versions.exs writes; see there. */
type Vectors = {
  requirements: string[];
  refusedRequirements: string[];
  /** The two answers are for `allow_pre: true` and `allow_pre: false`. */
  matches: [string, string, boolean, boolean][];
  blank: number[];
};

const script = `${import.meta.dirname}/vectors/versions.exs`;
const committed = readFileSync(`${import.meta.dirname}/vectors/versions.json`, "utf8");
const elixirIsInstalled = spawnSync("elixir", ["--version"]).status === 0;

describe("Elixir's requirements and ours", () => {
  it("agree on thousands of requirements that Elixir 1.14 was asked about", () => {
    expectAgreement(committed);
  });

  it.skipIf(!elixirIsInstalled)(
    "agree on fresh requirements, other ones each time (skipped when no elixir is on the PATH)",
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

describe("a requirement", () => {
  it.each([
    ["~> 1.0", "1.1.0-rc.1", true],
    ["~> 1.0", "2.0.0-rc.1", false],
    ["~> 1.0", "1.0.0-rc.1", false],
    ["~> 1.0.0-rc.1", "1.1.0", false],
    ["~> 1.2.3", "1.2.9", true],
    ["~> 1.2.3", "1.3.0", false],
    ["1.0.0", "1.0.0+build", true],
    ["!= 1.0.0", "1.0.1", true],
    ["! 1.0.0", "1.0.0", false],
  ])("%j asked about %s: %s", (requirement, version, expected) => {
    expect(matches(versionOf(version), read(requirement))).toBe(expected);
  });

  it("lets `and` bind tighter than `or`", () => {
    const requirement = read("== 1.0.0 or == 2.0.0 and == 3.0.0");
    expect(matches(versionOf("1.0.0"), requirement)).toBe(true);
    expect(matches(versionOf("3.0.0"), requirement)).toBe(false);
  });

  it("takes a pre-release when it names one itself, and otherwise only when told to", () => {
    const version = versionOf("1.1.0-rc.1");
    expect(matches(version, read("~> 1.0"))).toBe(true);
    expect(matches(version, read("~> 1.0"), { allowPre: false })).toBe(false);
    expect(matches(version, read("~> 1.0-rc"), { allowPre: false })).toBe(true);
  });

  it("is met in every alternative way of writing it", () => {
    fc.assert(
      fc.property(operator, versionText, versionText, (sign, operand, version) => {
        const answers = [
          `${sign} ${operand}`,
          `  ${sign}${operand} `,
          `${sign} ${operand} or ${sign}${operand}`,
        ]
          .map(read)
          .map((requirement) => matches(versionOf(version), requirement));
        expect(new Set(answers).size).toBe(1);
      }),
    );
  });

  it("and its opposite are never met by the same version, and one of them always is", () => {
    const opposites = fc.constantFrom(["==", "!="], ["<", ">="], [">", "<="], ["!", "=="]);
    fc.assert(
      fc.property(opposites, versionText, versionText, ([one, other], operand, version) => {
        const meets = (sign = "") => matches(versionOf(version), read(`${sign} ${operand}`));
        expect(meets(one)).toBe(!meets(other));
      }),
    );
  });

  it("never makes the reader throw, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        parseRequirement(text);
        checkRequirement(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it("may have 1,024 bytes and no more", () => {
    const longest = `>= 1.0.0${" ".repeat(1_016)}`;
    expect(parseRequirement(longest)).toBeDefined();
    expect(parseRequirement(`${longest} `)).toBeUndefined();
    expect(checkRequirement(`${longest} `)).toBe("invalid requirement: longer than 1024 bytes");
  });

  it("cannot be written so that reading it takes long", () => {
    const hard = [" ", "> ", " or ", " and ", "1.0.0-a", "1.", "~> 1.0 or "];
    const started = performance.now();
    for (const part of hard) parseRequirement(`${part.repeat(1_024).slice(0, 1_023)}\n`);
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe("the requirement of a dependency", () => {
  it.each(["~> 1.0", "  ~> 1.0  ", "1.0.0", ">= 0.0.0 and < 1.0.0 or >= 2.0.0", "== 1.0.0+build"])(
    "may be %j",
    (text) => {
      expect(checkRequirement(text)).toBeUndefined();
    },
  );

  it.each([undefined, null, "", " ", "\t\n", "\u00a0\u2003\u0085"])(
    "may not be missing or blank: %j",
    (text) => {
      expect(checkRequirement(text)).toBe("can't be blank");
    },
  );

  it.each([1, true, {}, ["~> 1.0"]])("may not be another type: %j", (value) => {
    expect(checkRequirement(value)).toBe("expected type string");
  });

  it.each([
    ["~> x", 'invalid requirement: "~> x"'],
    ["~> 1", 'invalid requirement: "~> 1"'],
    ["~> 1.0\n", String.raw`invalid requirement: "~> 1.0\n"`],
    ['"', String.raw`invalid requirement: "\""`],
    ["!= 1.0", 'invalid requirement: "!= 1.0"'],
    ["!= 1.0.0", 'invalid requirement: "!= 1.0.0", != is not allowed in requirements'],
    ["! 1.0.0", 'invalid requirement: "! 1.0.0", != is not allowed in requirements'],
    [
      "~> 1.0 and !=1.2.0",
      'invalid requirement: "~> 1.0 and !=1.2.0", != is not allowed in requirements',
    ],
  ])("may not be %j: %s", (text, refusal) => {
    expect(checkRequirement(text)).toBe(refusal);
  });
});

function expectAgreement(json: string, origin = "the committed vectors"): void {
  const vectors: Vectors = JSON.parse(json);
  expect(vectors.matches.length, origin).toBeGreaterThan(1_000);
  expect(
    vectors.requirements.filter((text) => !parseRequirement(text)),
    origin,
  ).toEqual([]);
  expect(vectors.refusedRequirements.filter(parseRequirement), origin).toEqual([]);
  const ours = vectors.matches.map(([text, requirement]) => {
    const version = versionOf(text);
    return [
      text,
      requirement,
      matches(version, read(requirement)),
      matches(version, read(requirement), { allowPre: false }),
    ];
  });
  expect(ours, origin).toEqual(vectors.matches);
  const blank = Array.from({ length: 0xd800 }, (_, code) => code).filter(
    (code) => checkRequirement(String.fromCharCode(code)) === "can't be blank",
  );
  expect(blank, origin).toEqual(vectors.blank);
}

function read(text: string): Requirement {
  const requirement = parseRequirement(text);
  if (!requirement) throw new Error(`not a requirement: ${text}`);
  return requirement;
}

const operator = fc.constantFrom("==", "!=", "!", ">", ">=", "<", "<=", "~>");
const versionText = fc
  .tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.constantFrom("", "-0", "-rc", "-rc.1", "+b"))
  .map(([major, minor, patch, rest]) => `${major}.${minor}.${patch}${rest}`);
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(fc.oneof(operator, versionText, fc.constantFrom(" ", " or ", " and ", "~", "=", "\n")))
    .map((parts) => parts.join("")),
);
