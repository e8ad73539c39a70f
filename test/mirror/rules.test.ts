/** What the rules of a mirror say about a release: a table of releases, rules and verdicts. */
import { describe, expect, it } from "vitest";
import {
  type AdvisorySeverity,
  type ReleaseResource,
  type RetirementReason,
  retirementReasons,
} from "../../src/hex/registry.ts";
import { nextChange, type Verdict, verdictsOf } from "../../src/mirror/rules.ts";
import {
  advisory,
  age,
  day,
  declared,
  now,
  packageOf,
  release,
  requirementRows,
} from "./rules-values.ts";

type Rule = NonNullable<Verdict["rule"]>;
/** "in", or the rule that holds it; then `until`, when there is one. */
type Expected = "in" | Rule | ["in" | Rule, number];
/** What the release is, its rules, what becomes of it. */
type Row = [title: string, Subject, rules: unknown, Expected];
type Subject = Partial<ReleaseResource> & {
  licenses?: readonly string[] | null;
  advisories?: readonly (AdvisorySeverity | undefined)[];
};

function verdict(it: Subject, rules: unknown, at = now): Verdict {
  const { licenses, advisories = [], version = "1.0.0", ...more } = it;
  const listed = advisories.map((severity, index) => advisory(`GHSA-${index}`, severity));
  const advisoryIndexes = more.advisoryIndexes ?? listed.map((_, index) => index);
  const resource = packageOf([release(version, { ...more, advisoryIndexes })], listed);
  const [verdict] = verdictsOf(resource, declared(rules), { now: at, licenses: () => licenses });
  if (!verdict) throw new Error("no verdict");
  return verdict;
}

function expectVerdict({ version, isIn, rule, reason, until }: Verdict, expected: Expected) {
  const [what, end = null] = typeof expected === "string" ? [expected] : expected;
  expect({ isIn, rule, until }).toEqual({
    isIn: what === "in",
    rule: what === "in" ? null : what,
    until: end,
  });
  expect(reason).toMatch(new RegExp(`^foo ${version.replace(/[.+]/g, "\\$&")} is \\S.+`));
}

const rows = (title: string, table: readonly Row[]) =>
  describe(title, () => {
    it.each(table)("%s", (_title, it, rules, expected) =>
      expectVerdict(verdict(it, rules), expected),
    );
  });

const retired = (reason: RetirementReason): Subject => ({
  retired: { reason, message: "Gone" },
});
const foo = (more: object = {}) => [{ package: "foo", ...more }];
const no = (more: object = {}) => foo({ reason: "Not here", ...more });
const later = "2026-10-21T00:00:00Z";
const laterTime = Date.parse(later);

rows("without rules", [
  ["lets in what is old", age(1000 * day), {}, "in"],
  ["lets in what is new", age(0), {}, "in"],
  ["lets in what has no date", {}, {}, "in"],
  ["lets in what was retired", retired("security"), {}, "in"],
  ["lets in what has an advisory", { advisories: ["critical"] }, {}, "in"],
  ["lets in what points behind the advisories", { advisoryIndexes: [3] }, {}, "in"],
  ["lets in what names no licence", { licenses: null }, {}, "in"],
  ["lets in what is no version to Elixir", { version: "1.0" }, {}, "in"],
  ["asks nothing about age without a cooldown", {}, { unknown_age: "hold" }, "in"],
  ["asks nothing about age with a cooldown of 0", {}, { cooldown: "0" }, "in"],
  ["asks nothing about age with a cooldown of 0d", age(-day), { cooldown: "0d" }, "in"],
]);

const week = { cooldown: "7d" };
rows("a cooldown", [
  ["holds what was published now", age(0), week, ["cooldown", now + 7 * day]],
  ["holds what is a second too young", age(7 * day - 1000), week, ["cooldown", now + 1000]],
  ["counts in whole seconds", age(7 * day - 1), week, "in"],
  ["lets in what is just old enough", age(7 * day), week, "in"],
  ["lets in what is a second older", age(7 * day + 1000), week, "in"],
  ["lets in what is much older", age(700 * day), week, "in"],
  ["lets in what is from 1970", { publishedAt: { seconds: 0, nanos: 0 } }, week, "in"],
  ["lets in what is from before 1970", { publishedAt: { seconds: -5, nanos: 0 } }, week, "in"],
  [
    "lets in what is from before any date",
    { publishedAt: { seconds: -8e15, nanos: 0 } },
    week,
    "in",
  ],
  ["holds what is from tomorrow", age(-day), week, ["cooldown", now + 8 * day]],
  [
    "holds for good what is from behind all dates",
    { publishedAt: { seconds: 9e15, nanos: 0 } },
    week,
    "cooldown",
  ],
  [
    "holds for good what would be old enough behind all dates",
    { publishedAt: { seconds: 8_640_000_000_000, nanos: 0 } },
    week,
    "cooldown",
  ],
  ["of a day holds", age(day - 1000), { cooldown: "1d" }, ["cooldown", now + 1000]],
  ["of a day ends", age(day), { cooldown: "1d" }, "in"],
  ["of two weeks holds", age(14 * day - 1000), { cooldown: "2w" }, ["cooldown", now + 1000]],
  ["of two weeks ends", age(14 * day), { cooldown: "2w" }, "in"],
  [
    "of a month holds for 30 days",
    age(30 * day - 1000),
    { cooldown: "1mo" },
    ["cooldown", now + 1000],
  ],
  ["of a month ends after 30 days", age(30 * day), { cooldown: "1mo" }, "in"],
  ["of a year and more holds", age(400 * day), { cooldown: "401d" }, ["cooldown", now + day]],
  ["holds what has no date", {}, week, "unknown_age"],
  ["holds what has no date when told to", {}, { ...week, unknown_age: "hold" }, "unknown_age"],
  ["lets in what has no date when told to", {}, { ...week, unknown_age: "allow" }, "in"],
  [
    "holds what is too young whatever is said about dates",
    age(0),
    { ...week, unknown_age: "allow" },
    ["cooldown", now + 7 * day],
  ],
  [
    "holds a pre-release like any other",
    { version: "2.0.0-rc.1", ...age(0) },
    week,
    ["cooldown", now + 7 * day],
  ],
]);

// Hex counts in whole seconds, and so do we.
describe("the end of a cooldown", () => {
  const publishedAt = { seconds: now / 1000, nanos: 999_999_999 };
  const end = now + 7 * day;
  it.each([
    [end - 1000, false],
    [end - 1, false],
    [end, true],
    [end + 1, true],
    [end + 1000, true],
  ])("at %d", (at, isIn) => {
    expect(verdict({ publishedAt }, week, at)).toMatchObject({ isIn, until: isIn ? null : end });
  });
});

const bad = { deny_retired: ["security", "invalid"] };
rows("retirement", [
  ["holds for security", retired("security"), bad, "retired"],
  ["holds for being invalid", retired("invalid"), bad, "retired"],
  ["does not hold for being deprecated", retired("deprecated"), bad, "in"],
  ["does not hold for being renamed", retired("renamed"), bad, "in"],
  ["does not hold for other reasons", retired("other"), bad, "in"],
  ["does not hold what was not retired", {}, bad, "in"],
  ["holds nothing when the list is empty", retired("security"), { deny_retired: [] }, "in"],
  ["holds without a message", { retired: { reason: "security" } }, bad, "retired"],
  [
    "counts before the cooldown, which would end",
    { ...retired("invalid"), ...age(0) },
    { ...bad, ...week },
    "retired",
  ],
]);

describe.each(retirementReasons)("retired as %s", (reason) => {
  it.each(retirementReasons)("when %s is held", (denied) => {
    const expected = reason === denied ? "retired" : "in";
    expectVerdict(verdict(retired(reason), { deny_retired: [denied] }), expected);
  });
});

const limits = ["low", "medium", "high", "critical"] as const;
const severities = ["none", "low", "medium", "high", "critical"] as const;
describe.each(limits)("min_severity = %s", (limit) => {
  const rules = { min_severity: limit };
  it.each(severities)("and an advisory of severity %s", (severity) => {
    const isHeld = severities.indexOf(severity) >= severities.indexOf(limit);
    expectVerdict(verdict({ advisories: [severity] }, rules), isHeld ? "advisory" : "in");
  });
  it("holds what has an advisory without severity", () =>
    expectVerdict(verdict({ advisories: [undefined] }, rules), "advisory"));
  it("holds what points behind the advisories", () =>
    expectVerdict(verdict({ advisories: ["none"], advisoryIndexes: [1] }, rules), "advisory"));
  it("lets in what has no advisory", () => expectVerdict(verdict({}, rules), "in"));
});

const high = { min_severity: "high" };
rows("advisories", [
  ["hold when the worst is bad enough", { advisories: ["low", "none", "high"] }, high, "advisory"],
  ["hold when one is unknown", { advisories: ["low", undefined] }, high, "advisory"],
  ["do not hold when all are harmless", { advisories: ["low", "none", "medium"] }, high, "in"],
  [
    "of other releases do not count",
    { advisories: ["critical", "low"], advisoryIndexes: [1] },
    high,
    "in",
  ],
  [
    "count behind retirement",
    { advisories: ["high"], ...retired("security") },
    { ...bad, ...high },
    "retired",
  ],
  [
    "count before the cooldown",
    { advisories: ["high"], ...age(0) },
    { ...week, ...high },
    "advisory",
  ],
]);

const free = { licenses: ["MIT", "Apache-2.0"] };
rows("licences", [
  ["let in what is accepted", { licenses: ["MIT"] }, free, "in"],
  ["let in when both are accepted", { licenses: ["Apache-2.0", "MIT"] }, free, "in"],
  ["hold what is not accepted", { licenses: ["GPL-3.0-only"] }, free, "license"],
  ["hold when one of two is not accepted", { licenses: ["MIT", "GPL-3.0-only"] }, free, "license"],
  ["hold what is written in another way", { licenses: ["Apache 2.0"] }, free, "license"],
  ["hold what differs in case", { licenses: ["mit"] }, free, "license"],
  ["hold what names none", { licenses: null }, free, "license"],
  ["hold what names an empty list", { licenses: [] }, free, "license"],
  ["hold what is not known yet", {}, free, "license"],
  [
    "come after the cooldown",
    { licenses: ["X"], ...age(0) },
    { ...free, ...week },
    ["cooldown", now + 7 * day],
  ],
  [
    "count when the cooldown is over",
    { licenses: ["X"], ...age(8 * day) },
    { ...free, ...week },
    "license",
  ],
]);

const everything = { cooldown: "7d", ...bad, min_severity: "low", ...free };
const worst: Subject = {
  ...retired("security"),
  ...age(0),
  advisories: ["critical"],
  licenses: null,
};
rows("an allow", [
  ["lets in what everything else holds", worst, { ...everything, allow: foo() }, "in"],
  ["lets in what is too young", age(0), { ...week, allow: foo() }, "in"],
  ["lets in what has no date", {}, { ...week, allow: foo() }, "in"],
  ["lets in what was retired", retired("security"), { ...bad, allow: foo() }, "in"],
  ["lets in what has an advisory", { advisories: ["critical"] }, { ...high, allow: foo() }, "in"],
  ["lets in what has another licence", { licenses: ["X"] }, { ...free, allow: foo() }, "in"],
  [
    "for another package lets in nothing",
    age(0),
    { ...week, allow: [{ package: "bar" }] },
    ["cooldown", now + 7 * day],
  ],
  [
    "for another version lets in nothing",
    {},
    { ...week, allow: foo({ requirement: "~> 2.0" }) },
    "unknown_age",
  ],
  ["for this version lets in", {}, { ...week, allow: foo({ requirement: "1.0.0" }) }, "in"],
  ["lets in until it expires", {}, { ...week, allow: foo({ until: later }) }, ["in", laterTime]],
  [
    "lets in until the end of its day",
    {},
    { ...week, allow: foo({ until: "2026-10-20" }) },
    ["in", laterTime],
  ],
  [
    "that has expired lets in nothing",
    {},
    { ...week, allow: foo({ until: "2026-10-19" }) },
    "unknown_age",
  ],
  [
    "that expires now lets in nothing",
    {},
    { ...week, allow: foo({ until: "2026-10-20T12:00:00Z" }) },
    "unknown_age",
  ],
  [
    "lets in for a second more",
    {},
    { ...week, allow: foo({ until: "2026-10-20T12:00:01Z" }) },
    ["in", now + 1000],
  ],
  [
    "lets in as long as the longest",
    {},
    { ...week, allow: [...foo({ until: later }), ...foo({ until: "2027-01-01" })] },
    ["in", Date.parse("2027-01-02T00:00:00Z")],
  ],
  [
    "lets in for good when one has no end",
    {},
    { ...week, allow: [...foo({ until: later }), ...foo()] },
    "in",
  ],
  [
    "of some versions is not for what is no version",
    { version: "1.0" },
    { ...week, allow: foo({ requirement: ">= 0.0.0" }) },
    "unknown_age",
  ],
  [
    "of the package is for what is no version too",
    { version: "1.0" },
    { ...week, allow: foo() },
    "in",
  ],
]);

rows("a deny", [
  ["holds", {}, { deny: no() }, "deny"],
  ["holds this version", {}, { deny: no({ requirement: "1.0.0" }) }, "deny"],
  ["does not hold another version", {}, { deny: no({ requirement: "1.0.1" }) }, "in"],
  ["does not hold another package", {}, { deny: [{ package: "bar", reason: "Bad" }] }, "in"],
  [
    "does not hold a package whose name begins like it",
    {},
    { deny: [{ package: "foo_bar", reason: "Bad" }] },
    "in",
  ],
  ["wins over an allow", {}, { deny: no(), allow: foo() }, "deny"],
  [
    "wins over an allow that is more specific",
    {},
    { deny: no(), allow: foo({ requirement: "1.0.0" }) },
    "deny",
  ],
  [
    "wins over an allow that is less specific",
    {},
    { deny: no({ requirement: "1.0.0" }), allow: foo() },
    "deny",
  ],
  [
    "of other versions leaves an allow alone",
    {},
    { ...week, deny: no({ requirement: "2.0.0" }), allow: foo() },
    "in",
  ],
  ["holds until it expires", {}, { deny: no({ until: later }) }, ["deny", laterTime]],
  [
    "holds until the end of its day",
    {},
    { deny: no({ until: "2026-10-20" }) },
    ["deny", laterTime],
  ],
  [
    "holds until a time elsewhere",
    {},
    { deny: no({ until: "2026-10-21T02:00:00+02:00" }) },
    ["deny", laterTime],
  ],
  ["that has expired holds nothing", {}, { deny: no({ until: "2026-10-19" }) }, "in"],
  ["that expires now holds nothing", {}, { deny: no({ until: "2026-10-20T12:00:00Z" }) }, "in"],
  [
    "holds for a second more",
    {},
    { deny: no({ until: "2026-10-20T12:00:01Z" }) },
    ["deny", now + 1000],
  ],
  [
    "holds as long as the longest",
    {},
    { deny: [...no({ until: "2027-01-01" }), ...no({ until: later })] },
    ["deny", Date.parse("2027-01-02T00:00:00Z")],
  ],
  ["holds for good when one has no end", {}, { deny: [...no(), ...no({ until: later })] }, "deny"],
  [
    "that has expired leaves the rest to the others",
    {},
    { ...week, deny: no({ until: "2026-10-19" }) },
    "unknown_age",
  ],
  [
    "that has expired no longer wins over an allow",
    {},
    { ...week, deny: no({ until: "2026-10-19" }), allow: foo() },
    "in",
  ],
  ["comes before retirement", retired("security"), { ...bad, deny: no() }, "deny"],
  [
    "of some versions holds what is no version",
    { version: "1.0" },
    { deny: no({ requirement: "~> 9.0" }) },
    "deny",
  ],
  [
    "of some versions holds a version with a leading zero",
    { version: "01.0.0" },
    { deny: no({ requirement: "~> 9.0" }) },
    "deny",
  ],
]);

describe("a requirement", () => {
  it.each(requirementRows)("%s of a deny and version %s: %s", (requirement, version, isMeant) => {
    expectVerdict(verdict({ version }, { deny: no({ requirement }) }), isMeant ? "deny" : "in");
  });
  it.each(requirementRows)("%s of an allow and version %s: %s", (requirement, version, isMeant) => {
    const expected = isMeant ? "in" : "unknown_age";
    expectVerdict(verdict({ version }, { ...week, allow: foo({ requirement }) }), expected);
  });
});

describe("what people read", () => {
  it.each([
    [{}, {}, "foo 1.0.0 is in: no rule holds it"],
    [{}, { deny: no() }, "foo 1.0.0 is denied: Not here"],
    [
      {},
      { deny: no({ until: "2026-12-31" }) },
      "foo 1.0.0 is denied until 2027-01-01T00:00:00Z: Not here",
    ],
    [{}, { allow: foo() }, "foo 1.0.0 is allowed: the rules name it"],
    [
      {},
      { allow: foo({ reason: "Ours", until: later }) },
      "foo 1.0.0 is allowed until 2026-10-21T00:00:00Z: Ours",
    ],
    [retired("security"), bad, "foo 1.0.0 is held: it is retired (security)"],
    [
      { advisories: ["low", "high"] as const },
      high,
      "foo 1.0.0 is held: advisory GHSA-1 has severity high",
    ],
    [{ advisories: [undefined] }, high, "foo 1.0.0 is held: advisory GHSA-0 has no known severity"],
    [
      age(day),
      week,
      "foo 1.0.0 is held until 2026-10-26T12:00:00Z: it was published at 2026-10-19T12:00:00Z and must be 7 days old",
    ],
    [{}, week, "foo 1.0.0 is held: upstream does not say when it was published"],
    [
      { licenses: ["MIT", "GPL-2.0"] },
      free,
      "foo 1.0.0 is held: its licence GPL-2.0 is not accepted",
    ],
    [{ licenses: null }, free, "foo 1.0.0 is held: it names no licence"],
    [{}, free, "foo 1.0.0 is held: its licences are not known yet"],
  ])("%o under %o", (it, rules, reason) => expect(verdict(it, rules).reason).toBe(reason));
});

describe("verdicts of a package", () => {
  it("are one for each release, in their order, and of no other package's entries", () => {
    const resource = packageOf([release("1.0.0"), release("1.1.0"), release("2.0.0-rc.1")]);
    const rules = declared({ deny: no({ requirement: "~> 1.1" }), allow: [{ package: "bar" }] });
    const verdicts = verdictsOf(resource, rules, { now, licenses: () => null });
    expect(verdicts.map(({ version, isIn }) => [version, isIn])).toEqual([
      ["1.0.0", true],
      ["1.1.0", false],
      ["2.0.0-rc.1", true],
    ]);
  });

  it("ask for licences only where they decide", () => {
    const asked: string[] = [];
    const licenses = (version: string) => {
      asked.push(version);
      return ["MIT"];
    };
    const releases = [
      release("1.0.0", age(0)),
      release("1.1.0", age(9 * day)),
      release("1.2.0", { ...age(9 * day), retired: { reason: "security" } }),
      release("1.3.0", age(9 * day)),
    ];
    const rules = { ...everything, allow: foo({ requirement: "1.3.0" }) };
    verdictsOf(packageOf(releases), declared(rules), { now, licenses });
    expect(asked).toEqual(["1.1.0"]);
  });

  it("change next at the earliest time that is still to come", () => {
    const releases = [release("1.0.0", age(0)), release("1.1.0", age(day)), release("1.2.0")];
    const rules = declared({ ...week, allow: foo({ requirement: "1.2.0", until: "2026-10-22" }) });
    const at = (time: number) =>
      nextChange(verdictsOf(packageOf(releases), rules, { now: time, licenses: () => null }), time);
    const [expiry, second, first] = [
      Date.parse("2026-10-23T00:00:00Z"),
      now + 6 * day,
      now + 7 * day,
    ];
    expect([now, expiry, second, first].map(at)).toEqual([expiry, second, first, null]);
    expect(nextChange([], now)).toBeNull();
  });
});
