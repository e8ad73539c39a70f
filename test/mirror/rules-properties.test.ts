/** What holds for all rules and all packages. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePackage, type PackageResource } from "../../src/hex/registry.ts";
import {
  filterPackage,
  nextChange,
  nextExpiry,
  policyOf,
  verdictsOf,
} from "../../src/mirror/rules.ts";
import {
  type SomeRules,
  someAllow,
  someDeny,
  someLicenses,
  somePackage,
  someRules,
} from "./rules-arbitraries.ts";
import { day, declared, now } from "./rules-values.ts";

type Licenses = (version: string) => readonly string[] | null | undefined;

const verdicts = (resource: PackageResource, rules: SomeRules, licenses: Licenses, at = now) =>
  verdictsOf(resource, declared(rules), { now: at, licenses });

const versionsIn = (...args: Parameters<typeof verdicts>) =>
  new Set(verdicts(...args).flatMap(({ version, isIn }) => (isIn ? version : [])));

const expectWithin = (few: Set<string>, many: Set<string>) =>
  expect([...few].filter((version) => !many.has(version))).toEqual([]);

const check = (property: Parameters<typeof fc.assert>[0]) => fc.assert(property, { numRuns: 1000 });

/** These hold releases; without one of them there must not be fewer. `allow` is no such thing. */
const holding = ["cooldown", "deny_retired", "min_severity", "deny", "licenses"] as const;

describe("for all rules", () => {
  it("another deny lets nothing in, wherever it stands", () =>
    check(
      fc.property(
        somePackage,
        someRules,
        someLicenses,
        someDeny,
        fc.nat(3),
        (resource, rules, licenses, one, at) => {
          const deny = (rules.deny ?? []).toSpliced(at, 0, one);
          const before = versionsIn(resource, rules, licenses);
          expectWithin(versionsIn(resource, { ...rules, deny }, licenses), before);
        },
      ),
    ));

  it("a rule less holds nothing more", () =>
    check(
      fc.property(
        somePackage,
        someRules,
        someLicenses,
        fc.constantFrom(...holding),
        (resource, rules, licenses, name) => {
          const { [name]: _removed, ...rest } = rules;
          const before = versionsIn(resource, rules, licenses);
          expectWithin(before, versionsIn(resource, rest, licenses));
        },
      ),
    ));

  it("an entry of deny less holds nothing more", () =>
    check(
      fc.property(
        somePackage,
        someRules,
        someLicenses,
        fc.nat(2),
        (resource, rules, licenses, at) => {
          const deny = (rules.deny ?? []).toSpliced(at, 1);
          const before = versionsIn(resource, rules, licenses);
          expectWithin(before, versionsIn(resource, { ...rules, deny }, licenses));
        },
      ),
    ));

  it("another allow holds nothing", () =>
    check(
      fc.property(
        somePackage,
        someRules,
        someLicenses,
        someAllow,
        (resource, rules, licenses, one) => {
          const allow = [...(rules.allow ?? []), one];
          const before = versionsIn(resource, rules, licenses);
          expectWithin(before, versionsIn(resource, { ...rules, allow }, licenses));
        },
      ),
    ));

  it("the order of entries means nothing", () =>
    check(
      fc.property(somePackage, someRules, someLicenses, (resource, rules, licenses) => {
        const turned = {
          ...rules,
          allow: rules.allow?.toReversed() ?? [],
          deny: rules.deny?.toReversed() ?? [],
        };
        const signs = (all: ReturnType<typeof verdicts>) =>
          all.map(({ reason: _, ...sign }) => sign);
        expect(signs(verdicts(resource, turned, licenses))).toEqual(
          signs(verdicts(resource, rules, licenses)),
        );
      }),
    ));

  it("a verdict says what it is in all its parts", () =>
    check(
      fc.property(somePackage, someRules, someLicenses, (resource, rules, licenses) => {
        const all = verdicts(resource, rules, licenses);
        expect(all.map(({ version }) => version)).toEqual(
          resource.releases.map(({ version }) => version),
        );
        for (const { isIn, rule, reason, until } of all) {
          expect(isIn).toBe(rule === null);
          expect(reason).toMatch(isIn ? / is (in|allowed)\b/ : / is (held|denied)\b/);
          expect(until === null || until > now).toBe(true);
        }
      }),
    ));

  it("nothing changes before the next change, and then something does", () =>
    check(
      fc.property(
        somePackage,
        someRules,
        someLicenses,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (resource, rules, licenses, part) => {
          const before = verdicts(resource, rules, licenses);
          const next = nextChange(before, now);
          const meanwhile = now + Math.floor(((next ?? now + 999 * day) - now) * part);
          expect(verdicts(resource, rules, licenses, meanwhile)).toEqual(before);
          if (next === null) return;
          expect(verdicts(resource, rules, licenses, next - 1)).toEqual(before);
          expect(verdicts(resource, rules, licenses, next)).not.toEqual(before);
        },
      ),
    ));

  it("a policy says the same until the next expiry", () =>
    check(
      fc.property(someRules, (declaration) => {
        const rules = declared(declaration);
        const at = (time: number) => policyOf("hexpm", "strict", rules, "private", time);
        const next = nextExpiry(rules, now);
        expect(at(next === null ? now + 999 * day : next - 1)).toEqual(at(now));
      }),
    ));

  it("what is left has exactly the advisories that it points to, and the same ones as before", () =>
    check(
      fc.property(somePackage, someRules, someLicenses, (resource, rules, licenses) => {
        const all = verdicts(resource, rules, licenses);
        const left = filterPackage(resource, all);
        const kept = all.flatMap(({ version, isIn }) => (isIn ? version : []));
        expect(left?.releases.map(({ version }) => version) ?? []).toEqual(kept);
        if (!left) return;
        const used = left.releases.flatMap(({ advisoryIndexes }) => advisoryIndexes);
        expect([...new Set(used)].sort((a, b) => a - b)).toEqual([...left.advisories.keys()]);
        for (const { version, advisoryIndexes } of left.releases) {
          const before = resource.releases.find((release) => release.version === version);
          expect(advisoryIndexes.map((at) => left.advisories[at])).toEqual(
            before?.advisoryIndexes.map((at) => resource.advisories[at]),
          );
        }
        expect(() => encodePackage(left)).not.toThrow();
      }),
    ));
});
