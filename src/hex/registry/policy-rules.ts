/** What a policy says about the releases of one repository. */
import type {
  Override as OverrideMessage,
  Restriction as RestrictionMessage,
  RepositoryPolicy as RuleMessage,
} from "../pb/policy.js";
import { type AdvisorySeverity, advisorySeverities } from "./advisory.ts";
import {
  decodeWord,
  encodeWord,
  fromMessage,
  optionalText,
  requiredName,
  toMessage,
} from "./fields.ts";
import { type RetirementReason, retirementReasons } from "./release.ts";

export interface RepositoryPolicy {
  /** The repository whose releases this limits, as clients call it. */
  repository: string;
  restriction?: Restriction | undefined;
  overrides: readonly Override[];
}

/** A release is blocked when any one of the limits is met. */
export interface Restriction {
  advisoryMinSeverity?: AdvisorySeverity | undefined;
  retirementReasons: readonly RetirementReason[];
  /** "0", or a number with d, w or mo behind it. */
  cooldown?: string | undefined;
}

/** The last word about the releases that `ref` matches. */
export interface Override {
  action: OverrideAction;
  ref: PackageRef;
  advisoryId?: string | undefined;
  retirementReason?: RetirementReason | undefined;
  /** At most 500 characters. */
  comment?: string | undefined;
}

export interface PackageRef {
  package: string;
  /** Absent means every version. */
  requirement?: string | undefined;
}

/** In the order of their numbers. */
export const overrideActions = ["allow", "deny", "advisory", "retirement", "cooldown"] as const;
export type OverrideAction = (typeof overrideActions)[number];

const commentCharactersMax = 500;

/** @throws Error naming the field that is missing or wrong. */
export function ruleMessage(rule: RepositoryPolicy, policy: string): RuleMessage.$Properties {
  const where = `${policy}: ${requiredName(rule.repository, `${policy}: a limited repository`)}`;
  return {
    repository: rule.repository,
    restriction: toMessage(rule.restriction, (limits) => restrictionMessage(limits, where)),
    overrides: rule.overrides.map((override) => overrideMessage(override, where)),
  };
}

export function decodeRule(rule: RuleMessage.$Properties): RepositoryPolicy {
  return {
    repository: rule.repository,
    restriction: fromMessage(rule.restriction, decodeRestriction),
    overrides: (rule.overrides ?? []).flatMap((override) => decodeOverride(override) ?? []),
  };
}

/** Undefined when it cannot be understood as a whole: half an override would say something else. */
function decodeOverride(override: OverrideMessage.$Properties): Override | undefined {
  const action = decodeWord(overrideActions, override.action);
  const retirementReason = decodeWord(retirementReasons, override.retirementReason);
  if (!action || (override.retirementReason != null && !retirementReason)) return undefined;
  return {
    action,
    ref: { package: override.ref.package, requirement: override.ref.requirement ?? undefined },
    advisoryId: override.advisoryId ?? undefined,
    retirementReason,
    comment: override.comment ?? undefined,
  };
}

function restrictionMessage(limits: Restriction, where: string): RestrictionMessage.$Properties {
  return {
    advisoryMinSeverity: toMessage(limits.advisoryMinSeverity, (word) =>
      encodeWord(advisorySeverities, word, `${where}: advisory_min_severity`),
    ),
    retirementReasons: limits.retirementReasons.map((word) =>
      encodeWord(retirementReasons, word, `${where}: retirement_reasons`),
    ),
    cooldown: optionalText(limits.cooldown, `${where}: cooldown`),
  };
}

function decodeRestriction(limits: RestrictionMessage.$Properties): Restriction {
  return {
    advisoryMinSeverity: decodeWord(advisorySeverities, limits.advisoryMinSeverity),
    retirementReasons: (limits.retirementReasons ?? []).flatMap(
      (reason) => decodeWord(retirementReasons, reason) ?? [],
    ),
    cooldown: limits.cooldown ?? undefined,
  };
}

function overrideMessage(override: Override, where: string): OverrideMessage.$Properties {
  const what = `${where}: override of ${override.ref.package}`;
  const { comment } = override;
  if (comment !== undefined && [...comment].length > commentCharactersMax) {
    throw new Error(`${what}: comment has more than ${commentCharactersMax} characters`);
  }
  return {
    action: encodeWord(overrideActions, override.action, `${what}: action`),
    ref: {
      package: requiredName(override.ref.package, `${where}: an override's package`),
      requirement: optionalText(override.ref.requirement, `${what}: requirement`),
    },
    advisoryId: optionalText(override.advisoryId, `${what}: advisory_id`),
    retirementReason: toMessage(override.retirementReason, (word) =>
      encodeWord(retirementReasons, word, `${what}: retirement_reason`),
    ),
    comment: optionalText(comment, `${what}: comment`),
  };
}
