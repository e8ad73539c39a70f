/** Packages and rules for the tests of rules: what is not said is harmless. */
import * as v from "valibot";
import type {
  AdvisorySeverity,
  PackageResource,
  ReleaseResource,
  SecurityAdvisory,
} from "../../src/hex/registry.ts";
import { type Rules, rulesSchema } from "../../src/mirror/rules.ts";

export const now = Date.parse("2026-10-20T12:00:00Z");
export const day = 24 * 60 * 60 * 1000;

/** As in wrangler.toml. @throws Error with the sentence that the operator would read. */
export function declared(rules: unknown): Rules {
  const parsed = v.safeParse(rulesSchema, rules);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`rules.${v.getDotPath(issue)} ${issue.message}`.replace("rules.null", "rules"));
}

export function release(version: string, more: Partial<ReleaseResource> = {}): ReleaseResource {
  return {
    version,
    innerChecksum: new Uint8Array(32).fill(1),
    outerChecksum: new Uint8Array(32).fill(2),
    dependencies: [],
    advisoryIndexes: [],
    ...more,
  };
}

/** Published so many milliseconds before `now`. */
export function age(milliseconds: number): Pick<ReleaseResource, "publishedAt"> {
  const time = now - milliseconds;
  const seconds = Math.floor(time / 1000);
  return { publishedAt: { seconds, nanos: (time - seconds * 1000) * 1_000_000 } };
}

export function advisory(id: string, severity?: AdvisorySeverity): SecurityAdvisory {
  const url = `https://osv.dev/${id}`;
  return { id, summary: `What ${id} is`, htmlUrl: url, severity, apiUrl: url, aliases: [] };
}

export function packageOf(
  releases: readonly ReleaseResource[],
  advisories: readonly SecurityAdvisory[] = [],
): PackageResource {
  return { repository: "hexpm", name: "foo", releases, advisories };
}

/** As Elixir's Version.match?/2 says; rules-policy.test.ts asks it. */
export const requirementRows: [requirement: string, version: string, isMeant: boolean][] = [
  ["~> 2.0", "2.0.0", true],
  ["~> 2.0", "2.9.9", true],
  ["~> 2.0", "3.0.0", false],
  ["~> 2.0", "1.9.9", false],
  ["~> 2.0", "2.0.0-rc.1", false],
  ["~> 2.0", "2.1.0-rc.1", true],
  ["~> 2.0", "3.0.0-rc.1", false],
  ["~> 2.0.1", "2.0.1", true],
  ["~> 2.0.1", "2.0.9", true],
  ["~> 2.0.1", "2.1.0", false],
  ["~> 2.0.1", "2.1.0-dev", false],
  ["~> 2.0-rc", "2.0.0-rc.1", true],
  ["~> 2.0.0-rc.1", "2.0.0-rc.0", false],
  ["~> 2.0.0-rc.1", "2.0.0", true],
  ["2.0.0", "2.0.0", true],
  ["2.0.0", "2.0.0-rc.1", false],
  ["== 2.0.0", "2.0.0+build", true],
  ["< 2.0.0", "2.0.0-rc.1", true],
  ["< 2.0.0", "2.0.0", false],
  ["<= 2.0.0", "2.0.0", true],
  ["> 2.0.0", "2.0.1-rc.1", true],
  ["> 2.0.0-rc.1", "2.0.0-rc.2", true],
  ["> 2.0.0-rc.2", "2.0.0-rc.10", true],
  ["> 2.0.0-rc.2", "2.0.0-rc.a", true],
  [">= 1.0.0 and < 2.0.0", "1.5.0", true],
  [">= 1.0.0 and < 2.0.0", "2.0.0-rc.1", true],
  [">= 1.0.0 and < 2.0.0", "0.9.0", false],
  ["~> 1.0 or ~> 3.0", "1.1.0", true],
  ["~> 1.0 or ~> 3.0", "2.1.0", false],
  ["~> 1.0 or ~> 3.0", "3.1.0", true],
  ["~> 1.0 or >= 3.0.0 and < 4.0.0", "3.5.0", true],
  ["~> 1.0 or >= 3.0.0 and < 4.0.0", "4.0.0", false],
];
