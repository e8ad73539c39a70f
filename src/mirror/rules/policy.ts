/** The same rules as a policy, for clients that fetch from elsewhere and look at it themselves. */
import type {
  Override,
  OverrideAction,
  PolicyResource,
  Restriction,
  Visibility,
} from "../../hex/registry.ts";
import type { RuleEntry, Rules } from "./declaration.ts";
import { earliest, validEntries } from "./verdict.ts";

/**
 * What a client that follows this policy may resolve to, of the repository that it calls by the same name.
 *
 * A policy cannot say everything. Licences are missing: a client does not know them before it has the
 * tarball. A release without a date is never held: `unknown_age = "hold"` has no word there. Entries do
 * not expire: only those that are valid at `now` are written, so it must be written again at nextExpiry.
 *
 * In a policy the override with a requirement wins over the one without, then the first. So the denials
 * come first, and what is allowed of a package that is denied as a whole is left out.
 */
export function policyOf(
  repository: string,
  policyName: string,
  rules: Rules,
  visibility: Visibility,
  now: number,
): PolicyResource {
  const deny = validEntries(rules.deny, now);
  const denied = new Set(deny.filter((entry) => !entry.requirement).map((entry) => entry.package));
  const allow = validEntries(rules.allow, now).filter((entry) => !denied.has(entry.package));
  const overrides = [
    ...deny.map((entry) => overrideOf(entry, "deny")),
    ...allow.map((entry) => overrideOf(entry, "allow")),
  ];
  return {
    repository,
    name: policyName,
    visibility,
    repositories: [{ repository, restriction: restrictionOf(rules), overrides }],
  };
}

/** The earliest time after `now` at which an entry expires, and policyOf says something else. */
export function nextExpiry(rules: Rules, now: number): number | null {
  return earliest(
    [...rules.allow, ...rules.deny].map(({ until }) => until),
    now,
  );
}

function restrictionOf(rules: Rules): Restriction | undefined {
  const restriction = {
    advisoryMinSeverity: rules.minSeverity,
    retirementReasons: [...new Set(rules.denyRetired)],
    cooldown: rules.cooldownDays > 0 ? `${rules.cooldownDays}d` : undefined,
  };
  const { advisoryMinSeverity, retirementReasons, cooldown } = restriction;
  const isEmpty = !advisoryMinSeverity && retirementReasons.length === 0 && !cooldown;
  return isEmpty ? undefined : restriction;
}

function overrideOf(entry: RuleEntry, action: OverrideAction): Override {
  return {
    action,
    ref: { package: entry.package, requirement: entry.requirement?.text },
    comment: entry.reason,
  };
}
