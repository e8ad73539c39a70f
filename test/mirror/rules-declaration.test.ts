/** What an operator may write below [vars.REPOSITORIES.NAME.rules], and what is said about the rest. */
import { parse as parseToml } from "smol-toml";
import { describe, expect, it } from "vitest";
import { declared } from "./rules-values.ts";

describe("rules in wrangler.toml", () => {
  const toml = parseToml(`
    cooldown = "2w"
    unknown_age = "allow"
    deny_retired = ["security", "invalid"]
    min_severity = "high"
    licenses = ["MIT", "Apache-2.0"]
    allow = [
      { package = "decimal", requirement = "~> 2.0", reason = "We need it", until = 2026-12-31 },
      { package = "jason" },
    ]
    deny = [{ package = "foo", reason = "Bad", until = 2026-12-31T18:00:00+01:00 }]
  `);
  const expected = {
    cooldownDays: 14,
    unknownAge: "allow",
    denyRetired: ["security", "invalid"],
    minSeverity: "high",
    licenses: ["MIT", "Apache-2.0"],
    allow: [
      {
        package: "decimal",
        requirement: { text: "~> 2.0", parsed: expect.any(Array) },
        reason: "We need it",
        until: Date.parse("2027-01-01T00:00:00Z"),
      },
      { package: "jason" },
    ],
    deny: [{ package: "foo", reason: "Bad", until: Date.parse("2026-12-31T17:00:00Z") }],
  };

  it("are read as TOML has them, with its own dates", () =>
    expect(declared(toml)).toEqual(expected));

  it("are read as they arrive in a Worker, through JSON", () =>
    expect(declared(JSON.parse(JSON.stringify(toml)))).toEqual(expected));

  it("may be none at all, which hold nothing", () => {
    expect(declared({})).toEqual({
      cooldownDays: 0,
      unknownAge: "hold",
      denyRetired: [],
      allow: [],
      deny: [],
    });
  });

  it.each([
    ["0", 0],
    ["0d", 0],
    ["1d", 1],
    ["7d", 7],
    ["2w", 14],
    ["1mo", 30],
    ["12mo", 360],
    ["9999mo", 299_970],
  ])("know a cooldown of %s", (cooldown, days) =>
    expect(declared({ cooldown }).cooldownDays).toBe(days),
  );

  it.each([
    ["2026-12-31", "2027-01-01T00:00:00Z"],
    ["2024-02-29", "2024-03-01T00:00:00Z"],
    ["2026-12-31T18:00Z", "2026-12-31T18:00:00Z"],
    ["2026-12-31T18:00:00Z", "2026-12-31T18:00:00Z"],
    ["2026-12-31T18:00:00.5Z", "2026-12-31T18:00:00.500Z"],
    ["2026-12-31T18:00:00-03:30", "2026-12-31T21:30:00Z"],
  ])("let an entry count until %s", (until, end) =>
    expect(declared({ allow: [{ package: "foo", until }] }).allow[0]?.until).toBe(Date.parse(end)),
  );
});

const foo = { package: "foo", reason: "Bad" };
const options =
  "there are cooldown, unknown_age, deny_retired, min_severity, allow, deny, licenses";
const table = `rules must be a table of ${options.slice("there are ".length)}`;
const cooldown =
  'rules.cooldown must be a number of days, weeks or months: "7d", "2w", "1mo"; or "0"';
const requirement =
  "rules.deny.0.requirement is no requirement of Elixir such as ~> 2.0 (and != is not allowed)";
const until =
  'rules.deny.0.until must be a day such as "2026-12-31", or a time such as "2026-12-31T18:00:00Z"';
const entries = 'must be a list such as [{ package = "foo", requirement = "~> 2.0", … }]';
const oneLine = "rules.deny.0.reason must be one line of characters that can be seen";
const denied = (more: object) => ({ deny: [{ ...foo, ...more }] });

describe("refused, with a sentence that names it:", () => {
  it.each<[unknown, string]>([
    [[], table],
    ["strict", table],
    [7, table],
    [null, table],
    [true, table],
    [new Date(0), table],
    [{ colour: "red" }, `rules.colour is no option here: ${options}`],
    [{ denied: [] }, `rules.denied is no option here: ${options}`],
    [JSON.parse('{"__proto__": []}'), `rules.__proto__ is no option here: ${options}`],
    [{ constructor: 1 }, `rules.constructor is no option here: ${options}`],
    [{ cooldown: 7 }, 'rules.cooldown must be a text such as "7d", "2w" or "1mo"; "0" for none'],
    [{ cooldown: null }, 'rules.cooldown must be a text such as "7d", "2w" or "1mo"; "0" for none'],
    ...[
      "",
      "7",
      "d",
      "-7d",
      "+7d",
      "7 d",
      "7D",
      "7d ",
      "7m",
      "1y",
      "1.5d",
      "10000d",
      "7d\n",
      "٧d",
    ].map((it): [unknown, string] => [{ cooldown: it }, cooldown]),
    [{ unknown_age: "deny" }, 'rules.unknown_age must be "hold" or "allow"'],
    [{ unknown_age: true }, 'rules.unknown_age must be "hold" or "allow"'],
    [
      { deny_retired: "security" },
      'rules.deny_retired must be a list such as ["security", "invalid"]',
    ],
    [
      { deny_retired: ["security", "old"] },
      'rules.deny_retired.1 must be "other" or "invalid" or "security" or "deprecated" or "renamed"',
    ],
    [
      { min_severity: "none" },
      'rules.min_severity must be "low" or "medium" or "high" or "critical"',
    ],
    [
      { min_severity: "High" },
      'rules.min_severity must be "low" or "medium" or "high" or "critical"',
    ],
    [{ min_severity: 3 }, 'rules.min_severity must be "low" or "medium" or "high" or "critical"'],
    [{ allow: foo }, `rules.allow ${entries}`],
    [{ deny: "foo" }, `rules.deny ${entries}`],
    [{ deny: ["foo"] }, "rules.deny.0 must be a table of package, requirement, reason, until"],
    [{ deny: [[]] }, "rules.deny.0 must be a table of package, requirement, reason, until"],
    [{ deny: [{ reason: "Bad" }] }, "rules.deny.0.package is missing"],
    [{ deny: [foo, { package: "foo" }] }, "rules.deny.1.reason is missing"],
    [{ allow: [{}] }, "rules.allow.0.package is missing"],
    [
      denied({ version: "1.0.0" }),
      "rules.deny.0.version is no option here: there are package, requirement, reason, until",
    ],
    [denied({ package: 5 }), "rules.deny.0.package must be the name of a package"],
    ...["", "f", "Foo", "foo-bar", "foo*", "*", " foo", "foo\n", "../foo", "1foo"].map(
      (it): [unknown, string] => [
        denied({ package: it }),
        "rules.deny.0.package is no name of a package",
      ],
    ),
    [denied({ requirement: 2 }), "rules.deny.0.requirement must be a requirement such as ~> 2.0"],
    ...[
      "",
      " ",
      "2.0",
      "^2.0",
      "2.x",
      ">= 1",
      "!= 1.0.0",
      "! 1.0.0",
      "~> 2.0, < 3.0.0",
      "~> 2.0 and",
    ].map((it): [unknown, string] => [denied({ requirement: it }), requirement]),
    [denied({ reason: 5 }), "rules.deny.0.reason must be a text that says why"],
    [denied({ reason: "" }), "rules.deny.0.reason is empty: say why"],
    [denied({ reason: " " }), "rules.deny.0.reason is empty: say why"],
    [denied({ reason: "x".repeat(501) }), "rules.deny.0.reason must have at most 500 characters"],
    [denied({ reason: "two\nlines" }), oneLine],
    [denied({ reason: "zero\u200bwidth" }), oneLine],
    [denied({ reason: "\u202eturned" }), oneLine],
    [denied({ reason: "half \ud83d" }), oneLine],
    [{ allow: [{ package: "foo", reason: "" }] }, "rules.allow.0.reason is empty: say why"],
    ...[
      ["", "tomorrow", "2026", "2026-12", "31.12.2026", "2026-02-30", "2026-13-01", "2026-00-10"],
      [
        "2026-12-31T18:00:00",
        "2026-12-31 18:00:00Z",
        "2026-12-31T25:00:00Z",
        "2026-12-31T18:00:61Z",
      ],
      [
        "2026-02-30T18:00:00Z",
        "2026-12-31Z",
        " 2026-12-31",
        "2026-12-31\n",
        "+002026-12-31",
        20261231,
        true,
      ],
    ]
      .flat()
      .map((it): [unknown, string] => [denied({ until: it }), until]),
    [denied({ until: parseToml("at = 2026-12-31T18:00:00").at }), until],
    [denied({ until: parseToml("at = 18:00:00").at }), until],
    [{ licenses: "MIT" }, 'rules.licenses must be a list such as ["MIT", "Apache-2.0"]'],
    [
      { licenses: [] },
      "rules.licenses is empty, so nothing could come in: leave it out to accept all licences",
    ],
    [{ licenses: ["MIT", 5] }, "rules.licenses.1 must be an SPDX identifier"],
    [{ licenses: ["Apache 2.0"] }, "rules.licenses.0 is no SPDX identifier such as Apache-2.0"],
    [
      { licenses: ["MIT OR Apache-2.0"] },
      "rules.licenses.0 is no SPDX identifier such as Apache-2.0",
    ],
  ])("%j", (rules, sentence) => expect(() => declared(rules)).toThrow(new Error(sentence)));

  it("never what has 500 characters, which are more code units", () => {
    expect(declared(denied({ reason: "😀".repeat(500) })).deny).toHaveLength(1);
  });
});
