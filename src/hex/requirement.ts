/**
 * Elixir's requirements: `~> 1.0 or >= 3.0.0 and < 4.0.0`. `and` binds tighter than `or`, the space
 * is the only separator, and a version without an operator means `==`.
 */
import {
  compareVersions,
  isPrerelease,
  type Numeral,
  parseVersion,
  type Version,
} from "./version.ts";

const requirementBytesMax = 1_024;

type Operator = "==" | "!=" | ">" | ">=" | "<" | "<=";

type Condition = { readonly operator: Operator; readonly version: Version };

/** Met when every condition of any one alternative is met. */
export type Requirement = readonly (readonly Condition[])[];

/**
 * Reads a requirement; undefined for whatever Elixir 1.14 refuses, and for a text of more than
 * 1,024 bytes. `!=` and its synonym `!` are read, as Elixir does: see checkRequirement.
 */
export function parseRequirement(text: string): Requirement | undefined {
  // Only ASCII can be valid, so what is short enough but has more bytes than units is refused below.
  if (text.length > requirementBytesMax) return undefined;
  const alternatives: Condition[][] = [];
  for (const alternative of text.split(" or ")) {
    const conditions: Condition[] = [];
    for (const part of alternative.split(" and ")) {
      const parsed = parseCondition(part);
      if (!parsed) return undefined;
      conditions.push(...parsed);
    }
    alternatives.push(conditions);
  }
  return alternatives;
}

/**
 * Whether the version meets the requirement. With `allowPre: false` (what Mix resolves with) `~>`,
 * `>` and `>=` take a pre-release only when they name one themselves; the server allows them.
 */
export function matches(
  version: Version,
  requirement: Requirement,
  { allowPre = true }: { allowPre?: boolean } = {},
): boolean {
  return requirement.some((conditions) =>
    conditions.every((condition) => meets(version, condition, allowPre)),
  );
}

/**
 * Why a dependency may not have this requirement, in hex.pm's words; undefined when it may.
 * hex.pm lets a lone `!` pass, which Elixir reads as `!=` all the same. We refuse both.
 */
export function checkRequirement(text: unknown): string | undefined {
  if (text === undefined || text === null) return "can't be blank";
  if (typeof text !== "string") return "expected type string";
  if (isBlank(text)) return "can't be blank";
  // Too long to be quoted back.
  if (text.length > requirementBytesMax) {
    return `invalid requirement: longer than ${requirementBytesMax} bytes`;
  }
  // JSON quotes as Elixir's inspect does, but for control characters and `#{`.
  const refusal = `invalid requirement: ${JSON.stringify(text)}`;
  if (!parseRequirement(text)) return refusal;
  if (text.includes("!")) return `${refusal}, != is not allowed in requirements`;
  return undefined;
}

function meets(version: Version, condition: Condition, allowPre: boolean): boolean {
  const order = compareVersions(version, condition.version);
  const preIsWelcome = allowPre || isPrerelease(condition.version) || !isPrerelease(version);
  switch (condition.operator) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0 && preIsWelcome;
    case ">=":
      return order >= 0 && preIsWelcome;
  }
}

// Two runs of spaces never meet without an operator between them, so this is linear. What the
// last group takes may be anything: parseVersion judges it.
const conditionPattern = /^ *(?:(==|!=|>=|<=|~>|[<>!]) *)?([^ ]+) *$/;

function parseCondition(text: string): Condition[] | undefined {
  const [, sign = "==", operand = ""] = conditionPattern.exec(text) ?? [];
  if (sign === "~>") return parseApproximate(operand);
  const version = parseVersion(operand);
  if (!version) return undefined;
  // The pattern caught one of its own signs, and the two that are no Operator are dealt with.
  return [{ operator: sign === "!" ? "!=" : (sign as Operator), version }];
}

// `~> 1.2.3` is `>= 1.2.3 and < 1.3.0`. It alone may leave out the patch: `~> 1.2` is
// `>= 1.2.0 and < 2.0.0`. The pre-release `-0` is the lowest there is, so 2.0.0-rc.1 is out too.
function parseApproximate(operand: string): Condition[] | undefined {
  const lowest = operand.replace(/^\d+\.\d+(?=[-+]|$)/, "$&.0");
  const version = parseVersion(lowest);
  if (!version) return undefined;
  const { major, minor } = version;
  const bound = { patch: 0, pre: [0], build: undefined };
  const upper =
    lowest === operand
      ? { ...bound, major, minor: successor(minor) }
      : { ...bound, major: successor(major), minor: 0 };
  return [
    { operator: ">=", version },
    { operator: "<", version: upper },
  ];
}

// A plain number in a version is at most 2^53 - 1, and 2^53 is exact too.
function successor(value: Numeral): Numeral {
  return typeof value === "bigint" ? value + 1n : value + 1;
}

// Ecto's notion of blank is Unicode's, and JavaScript's trim knows another set.
function isBlank(text: string): boolean {
  return /^\p{White_Space}*$/u.test(text);
}
