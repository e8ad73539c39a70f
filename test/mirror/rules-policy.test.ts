/** The rules as a policy: what is written, and what the real Hex makes of it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/hex/checksum.ts";
import {
  decodePolicy,
  encodePackage,
  encodePolicy,
  type PackageResource,
  type PolicyResource,
} from "../../src/hex/registry.ts";
import { nextExpiry, policyOf, verdictsOf } from "../../src/mirror/rules.ts";
import { mixHexAvailable } from "../support/mix.ts";
import { somePackage, someRules } from "./rules-arbitraries.ts";
import { age, day, declared, now, packageOf, release, requirementRows } from "./rules-values.ts";

const strict = (rules: unknown, at = now) =>
  policyOf("acme", "strict", declared(rules), "private", at);
const limits = (policy: PolicyResource) => policy.repositories[0];
const bad = { package: "foo", reason: "Bad" };

describe("a policy", () => {
  it("says what the rules say, of the repository that it is in", () => {
    const policy = strict({
      cooldown: "1mo",
      unknown_age: "hold",
      deny_retired: ["security", "invalid", "security"],
      min_severity: "high",
      licenses: ["MIT"],
      allow: [{ package: "decimal", requirement: "~> 2.0", reason: "Ours", until: "2026-12-31" }],
      deny: [{ package: "foo", requirement: "< 1.2.0", reason: "Leaks" }],
    });
    expect(policy).toEqual({
      repository: "acme",
      name: "strict",
      visibility: "private",
      repositories: [
        {
          repository: "acme",
          restriction: {
            advisoryMinSeverity: "high",
            retirementReasons: ["security", "invalid"],
            cooldown: "30d",
          },
          overrides: [
            { action: "deny", ref: { package: "foo", requirement: "< 1.2.0" }, comment: "Leaks" },
            {
              action: "allow",
              ref: { package: "decimal", requirement: "~> 2.0" },
              comment: "Ours",
            },
          ],
        },
      ],
    });
    expect(decodePolicy(encodePolicy(policy))).toEqual(policy);
  });

  it("has these bytes, worked out by hand from the fields of clients.md 5", () => {
    const policy = strict({
      cooldown: "7d",
      deny_retired: ["security"],
      min_severity: "low",
      deny: [bad],
    });
    expect(toHex(encodePolicy(policy))).toBe(
      [
        ["0a0461636d65", "1206737472696374", "2000"], // acme, strict, private
        ["2a21", "0a0461636d65"], // repositories: acme
        ["1209", "0801", "120102", "1a023764", "1a0e"], // at least low; security; 7d. An override:
        ["0801", "1205", "0a03666f6f", "2a03426164"], // deny foo, Bad
      ]
        .flat()
        .join(""),
    );
  });

  it("restricts nothing without rules", () => {
    const nothing = { repository: "acme", restriction: undefined, overrides: [] };
    expect(limits(strict({}))).toEqual(nothing);
    expect(limits(strict({ cooldown: "0", deny_retired: [], licenses: ["MIT"] }))).toEqual(nothing);
  });

  it.each([
    [{ cooldown: "7d" }, { retirementReasons: [], cooldown: "7d" }],
    [{ cooldown: "2w" }, { retirementReasons: [], cooldown: "14d" }],
    [{ deny_retired: ["other"] }, { retirementReasons: ["other"] }],
    [{ min_severity: "critical" }, { retirementReasons: [], advisoryMinSeverity: "critical" }],
  ])("restricts what %o says, and that alone", (rules, restriction) =>
    expect(limits(strict(rules))?.restriction).toEqual(restriction),
  );

  it("can be public", () => {
    expect(policyOf("acme", "strict", declared({}), "public", now).visibility).toBe("public");
  });

  it("has the entries that are valid now, and is to be written again when one expires", () => {
    const rules = {
      deny: [
        { ...bad, until: "2026-10-20" },
        { ...bad, requirement: "1.0.0", until: "2026-10-19" },
      ],
      allow: [{ package: "bar", until: "2026-10-21" }, { package: "baz" }],
    };
    const packages = (at: number) =>
      limits(strict(rules, at))?.overrides.map(({ ref }) => ref.package);
    const [first, second] = [
      Date.parse("2026-10-21T00:00:00Z"),
      Date.parse("2026-10-22T00:00:00Z"),
    ];
    expect([now, first, second].map(packages)).toEqual([
      ["foo", "bar", "baz"],
      ["bar", "baz"],
      ["baz"],
    ]);
    expect([now, first, second].map((at) => nextExpiry(declared(rules), at))).toEqual([
      first,
      second,
      null,
    ]);
  });

  it("does not let an allow of some versions undo the deny of a package, as it would in Hex", () => {
    const allow = [{ package: "foo", requirement: "1.0.0" }, { package: "bar" }];
    const actions = (rules: unknown) =>
      limits(strict(rules))?.overrides.map(({ action, ref }) => [action, ref.package]);
    expect(actions({ allow, deny: [bad] })).toEqual([
      ["deny", "foo"],
      ["allow", "bar"],
    ]);
    expect(actions({ allow, deny: [{ ...bad, requirement: "1.0.0" }] })).toEqual([
      ["deny", "foo"],
      ["allow", "foo"],
      ["allow", "bar"],
    ]);
  });
});

const hexWithPolicies =
  mixHexAvailable && askHex("IO.write(Code.ensure_loaded?(Hex.Policy.Filter))") === "true";
const installed = hexWithPolicies ? "" : " (skipped: no mix with a Hex that has policies)";

describe.skipIf(!hexWithPolicies)(`the real Hex${installed}`, () => {
  it("reads every field that we write", () => {
    const deny = [{ ...bad, requirement: "~> 1.0", reason: "Tränen 😀" }];
    const policy = strict({ cooldown: "1w", deny_retired: ["renamed"], min_severity: "low", deny });
    const payload = Buffer.from(encodePolicy(policy)).toString("base64");
    const read = askHex(
      `{:ok, p} = :mix_hex_registry.decode_policy(Base.decode64!("${payload}"), "acme", "strict")
       [%{overrides: [o]}] = p.repositories
       IO.inspect([p, Hex.Policy.Filter.valid_override?(o)], printable_limit: :infinity)`,
    );
    expect(read.replace(/\s+/g, " ").trim()).toBe(
      '[ %{ name: "strict", repositories: [ %{ overrides: [ %{ action: :OVERRIDE_ACTION_DENY, ' +
        'comment: "Tränen 😀", ref: %{package: "foo", requirement: "~> 1.0"} } ], ' +
        'repository: "acme", restriction: %{ advisory_min_severity: :SEVERITY_LOW, cooldown: "7d", ' +
        'retirement_reasons: [:RETIRED_RENAMED] } } ], repository: "acme", ' +
        "visibility: :VISIBILITY_PRIVATE }, true ]",
    );
  });

  it("holds and lets in the same releases as the mirror, where a policy can say it", () => {
    const releases = fc.tuple(somePackage, someRules);
    const cases = fc.sample(releases, { numRuns: 1500, seed: 2026 }).map(([resource, rules]) => {
      const { licenses: _unsaid, ...said } = { ...rules, unknown_age: "allow" };
      return caseOf(resource, said);
    });
    expectSame(cases);
  });

  it("and means the same versions by a requirement", () => {
    const cases = requirementRows.flatMap(([requirement, version]) => [
      caseOf(packageOf([release(version)]), { deny: [{ ...bad, requirement }] }),
      caseOf(packageOf([release(version, age(0))]), {
        cooldown: "7d",
        allow: [{ package: "foo", requirement }],
      }),
    ]);
    expectSame(cases);
  });

  it("and to the second the same end of a cooldown", () => {
    const ages = [-1000, -1, 0, 1, 999, 1000].map((more) => 7 * day + more);
    const releases = ages.map((it, at) => release(`${at}.0.0`, age(it)));
    expectSame([caseOf(packageOf(releases), { cooldown: "7d" })]);
  });

  it("does not know a character in a comment that rules may have", () => {
    // Of every character, whether an override with it in its comment counts.
    const refused = askHex(`
      for c <- Enum.concat([0..0xD7FF, 0xE000..0x10FFFF]),
          not Hex.Policy.Filter.valid_override?(%{action: :OVERRIDE_ACTION_DENY,
            ref: %{package: "foo"}, comment: <<c::utf8>>}),
          do: IO.write("#{c} ")`);
    const characters = refused
      .trim()
      .split(" ")
      .map((code) => String.fromCodePoint(Number(code)));
    const accepted = characters.filter((character) => {
      try {
        return declared({ deny: [{ package: "foo", reason: `x${character}x` }] });
      } catch {
        return false;
      }
    });
    expect(characters.length).toBeGreaterThan(100);
    expect(accepted).toEqual([]);
  });
});

interface Case {
  policy: PolicyResource;
  resource: PackageResource;
  /** Of each release, whether it is in. */
  areIn: boolean[];
}

function caseOf(resource: PackageResource, declaration: unknown): Case {
  const rules = declared(declaration);
  const verdicts = verdictsOf(resource, rules, { now, licenses: () => undefined });
  const policy = policyOf(resource.repository, "strict", rules, "private", now);
  return { policy, resource, areIn: verdicts.map(({ isIn }) => isIn) };
}

function expectSame(cases: readonly Case[]): void {
  const lines = cases.map(({ policy, resource }) =>
    [encodePolicy(policy), encodePackage(resource)]
      .map((bytes) => Buffer.from(bytes).toString("base64"))
      .join(" "),
  );
  const folder = mkdtempSync(join(tmpdir(), "hexedge-policies-"));
  try {
    const file = join(folder, "cases");
    writeFileSync(file, lines.join("\n"));
    const answers = askHex(verdictsScript, [file, String(now / 1000)])
      .trimEnd()
      .split("\n");
    const theirs = answers.map((line) => [...line].map((letter) => letter === "+"));
    for (const [at, { areIn, ...it }] of cases.entries()) {
      // An empty package gets an empty line, whose dot says that it is there.
      expect(theirs[at]?.slice(1), JSON.stringify(it)).toEqual(areIn);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Candidates as Hex.Registry.Server makes them of packages/NAME. */
const verdictsScript = `
[file, now] = System.argv()
now = String.to_integer(now)
for line <- String.split(File.read!(file), "\\n") do
  [policy, package] = line |> String.split(" ") |> Enum.map(&Base.decode64!/1)
  {:ok, policy} = :mix_hex_registry.decode_policy(policy, "hexpm", "strict")
  {:ok, package} = :mix_hex_registry.decode_package(package, "hexpm", "foo")
  advisories = package[:advisories] || []
  verdicts = for release <- package.releases do
    candidate = %{repo: "hexpm", package: "foo", version: release.version,
      advisories: Enum.map(release[:advisory_indexes] || [], &Enum.at(advisories, &1)),
      retired: release[:retired], published_at: release[:published_at][:seconds]}
    if Hex.Policy.Filter.classify(policy, candidate, now: now) == :allowed, do: "+", else: "-"
  end
  IO.puts(["." | verdicts])
end
`;

/** Runs a script where Hex is loaded, without a network. @returns what it wrote. */
function askHex(script: string, args: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), "hexedge-hex-"));
  try {
    writeFileSync(join(folder, "script.exs"), script);
    return execFileSync("mix", ["run", "--no-mix-exs", "script.exs", ...args], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HEX_OFFLINE: "1",
        MIX_ENV: "prod",
        HEX_HOME: folder,
        LC_ALL: "C.UTF-8",
      },
      maxBuffer: 64 * 1024 * 1024,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
