/** Packages and rules by chance, of which many have to do with each other. */
import * as fc from "fast-check";
import {
  advisorySeverities,
  type PackageResource,
  type ReleaseResource,
  retirementReasons,
} from "../../src/hex/registry.ts";

import { advisory, age, day, now, packageOf, release } from "./rules-values.ts";

const versions = [
  "0.9.0",
  "1.0.0-rc.1",
  "1.0.0",
  "1.0.1",
  "1.1.0",
  "2.0.0-rc.1",
  "2.0.0",
  "2.1.0-dev",
  "2.1.0+build",
  "10.0.0",
];
const requirements = [
  "~> 1.0",
  "~> 2.0",
  "1.0.0",
  ">= 1.0.1",
  "< 2.0.0",
  "~> 1.0.0-rc or > 2.0.0",
  "> 1.0.0 and < 2.0.0",
];
const advisories = [undefined, ...advisorySeverities].map((severity, at) =>
  advisory(`GHSA-${at}`, severity),
);

/** Around the cooldowns below, to the millisecond. */
const ages = [0, 1, 7, 14, 30].flatMap((days) =>
  [-1000, -1, 0, 1, 1000].map((more) => days * day + more),
);

const publishedAt = fc.option(
  fc.constantFrom(...ages).map((it) => age(it).publishedAt),
  { nil: undefined },
);
const someRelease: fc.Arbitrary<ReleaseResource> = fc
  .record({
    version: fc.constantFrom(...versions),
    publishedAt,
    advisoryIndexes: fc.subarray([...advisories.keys()], { maxLength: 2 }),
    retired: fc.option(fc.record({ reason: fc.constantFrom(...retirementReasons) }), {
      nil: undefined,
      freq: 1,
    }),
  })
  .map(({ version, ...more }) => release(version, more));

/** The package is called foo. */
export const somePackage: fc.Arbitrary<PackageResource> = fc
  .uniqueArray(someRelease, { selector: ({ version }) => version })
  .map((releases) => packageOf(releases, advisories));

const untils = [-day, 0, 1, 1000, day, 400 * day].map((it) => new Date(now + it).toISOString());
const entry = {
  package: fc.constantFrom("foo", "foo", "foo", "bar"),
  requirement: fc.constantFrom(...requirements),
  until: fc.constantFrom(...untils),
  reason: fc.constantFrom("Known to be bad", "Tränen 😀"),
};
export const someAllow = fc.record(entry, { requiredKeys: ["package"] });
export const someDeny = fc.record(entry, { requiredKeys: ["package", "reason"] });

/** As declared. */
export const someRules = fc.record(
  {
    cooldown: fc.constantFrom("0", "1d", "7d", "2w", "1mo"),
    unknown_age: fc.constantFrom("hold", "allow"),
    deny_retired: fc.subarray([...retirementReasons]),
    min_severity: fc.constantFrom("low", "medium", "high", "critical"),
    allow: fc.array(someAllow, { maxLength: 3 }),
    deny: fc.array(someDeny, { maxLength: 3 }),
    licenses: fc.subarray(["MIT", "Apache-2.0", "BSD-3-Clause"], { minLength: 1 }),
  },
  { requiredKeys: [] },
);
export type SomeRules = typeof someRules extends fc.Arbitrary<infer It> ? It : never;

/** Of each version: some licences, none, or not known. */
export const someLicenses = fc
  .array(
    fc.oneof(fc.subarray(["MIT", "Apache-2.0", "GPL-3.0-only"]), fc.constantFrom(null, undefined)),
    { minLength: versions.length, maxLength: versions.length },
  )
  .map((licenses) => (version: string) => licenses[versions.indexOf(version)]);
