/**
 * Elixir's `Version`, not npm's: three numbers always, no ranges, no `v`, and nothing is repaired.
 * Two versions that differ in build metadata alone are equal, as in Elixir.
 */

/** Elixir has no such limit; no release can have more than 109. A bigint of a megabyte is work. */
const versionLengthMax = 1_024;
const numericComponentMax = 99_999_999_999_999;
const prereleaseLengthMax = 64;

/**
 * A number of a version. Elixir's integers have no end, so a text that a JavaScript number cannot
 * hold exactly is a bigint: 9007199254740993 must not compare equal to 9007199254740992. Everything
 * a registry admits is a plain number, which keeps versions cheap and printable as JSON. A value is
 * a bigint only when it must be; `<` and `>` are exact between the two, `===` is not.
 */
export type Numeral = number | bigint;

export type Version = {
  readonly major: Numeral;
  readonly minor: Numeral;
  readonly patch: Numeral;
  /** The identifiers of `-rc.1`; empty when the version is stable. */
  readonly pre: readonly (Numeral | string)[];
  /** The text behind `+`. */
  readonly build: string | undefined;
};

// Every character has one place where it can match, so this is linear in the text. `$` without the
// m flag is the very end, and \d is 0-9 alone: a newline at the end or other digits are refused.
const numeric = String.raw`(0|[1-9]\d*)`;
const identifiers = String.raw`([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)`;
const versionPattern = new RegExp(
  String.raw`^${numeric}\.${numeric}\.${numeric}(?:-${identifiers})?(?:\+${identifiers})?$`,
);

/**
 * Reads `MAJOR.MINOR.PATCH[-pre][+build]`; undefined for whatever Elixir 1.14 refuses, and for a
 * text of more than 1,024 characters.
 */
export function parseVersion(text: string): Version | undefined {
  if (text.length > versionLengthMax) return undefined;
  const parts = versionPattern.exec(text);
  if (!parts) return undefined;
  const [, major = "", minor = "", patch = "", prerelease, build] = parts;
  const pre = prerelease?.split(".") ?? [];
  if (pre.some(isZeroPadded)) return undefined;
  return {
    major: numeral(major),
    minor: numeral(minor),
    patch: numeral(patch),
    pre: pre.map((identifier) => (isNumeric(identifier) ? numeral(identifier) : identifier)),
    build,
  };
}

/** Reads a version that was checked when it came in. Throws when it is none: our data is broken. */
export function versionOf(text: string): Version {
  const version = parseVersion(text);
  if (!version) throw new Error(`not a version: ${JSON.stringify(text)}`);
  return version;
}

/** Elixir's order: negative when `a` comes first, 0 when they are equal, positive otherwise. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareValues(a.major, b.major) ||
    compareValues(a.minor, b.minor) ||
    compareValues(a.patch, b.patch) ||
    comparePrereleases(a.pre, b.pre)
  );
}

/** The versions in ascending order, as a new array. Throws when one is not a version. */
export function sortVersions(versions: readonly string[]): string[] {
  return versions
    .map((text) => ({ text, version: versionOf(text) }))
    .sort((a, b) => compareVersions(a.version, b.version))
    .map(({ text }) => text);
}

/** The highest version; undefined when there is none. Throws when one is not a version. */
export function latestVersion(
  versions: readonly string[],
  { stableOnly = false }: { stableOnly?: boolean } = {},
): string | undefined {
  const candidates = stableOnly
    ? versions.filter((text) => !isPrerelease(versionOf(text)))
    : versions;
  return sortVersions(candidates).at(-1);
}

/** Whether this is a pre-release such as `1.0.0-rc.1`. */
export function isPrerelease(version: Version): boolean {
  return version.pre.length > 0;
}

/** Why a release may not have this version, in hex.pm's words; undefined when it may. */
export function checkReleaseVersion(text: string): string | undefined {
  const version = parseVersion(text);
  if (!version) return "is invalid SemVer";
  if (version.build !== undefined) return "build number not allowed";
  const components = [version.major, version.minor, version.patch, ...version.pre];
  if (components.some((part) => typeof part !== "string" && part > numericComponentMax)) {
    return `numeric components must be at most ${numericComponentMax}`;
  }
  if (version.pre.join(".").length > prereleaseLengthMax) {
    return `prerelease must be at most ${prereleaseLengthMax} characters`;
  }
  return undefined;
}

function numeral(digits: string): Numeral {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

function isNumeric(identifier: string): boolean {
  return /^\d+$/.test(identifier);
}

function isZeroPadded(identifier: string): boolean {
  return identifier.startsWith("0") && identifier.length > 1 && isNumeric(identifier);
}

// 1.0.0-rc comes before 1.0.0, but 1.0.0-rc before 1.0.0-rc.1.
function comparePrereleases(a: Version["pre"], b: Version["pre"]): number {
  if (a.length === 0 || b.length === 0) return compareValues(b.length, a.length);
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return compareValues(a.length, b.length);
}

// A number comes before any word; words are ASCII, so UTF-16 order is Elixir's byte order.
function compareIdentifiers(a: Numeral | string, b: Numeral | string): number {
  if (typeof a === "string") return typeof b === "string" ? compareValues(a, b) : 1;
  return typeof b === "string" ? -1 : compareValues(a, b);
}

function compareValues<Value extends Numeral | string>(a: Value, b: Value): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
