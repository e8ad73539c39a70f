/** What the rules say about each release of a package, and how long they will say so. */
import {
  advisorySeverities,
  type PackageResource,
  type ReleaseResource,
  type SecurityAdvisory,
} from "../../hex/registry.ts";
import { matches } from "../../hex/requirement.ts";
import { parseVersion, type Version } from "../../hex/version.ts";
import type { RuleEntry, Rules } from "./declaration.ts";

export interface Verdict {
  version: string;
  isIn: boolean;
  /** What holds the release; null when it is in. */
  rule: null | "deny" | "retired" | "advisory" | "cooldown" | "unknown_age" | "license";
  /** A sentence for people. Parts of it may be upstream's words: to be escaped like any text. */
  reason: string;
  /**
   * When time alone changes this verdict: the end of the cooldown, of the `deny`, or of the `allow` that
   * lets the release in. Another rule may hold it then. Null when time alone changes nothing.
   */
  until: number | null;
}

export interface VerdictContext {
  /** Milliseconds since 1970. */
  now: number;
  /**
   * From the metadata in the release's tarball: null or an empty list when it names none, undefined when
   * nobody has looked yet. Asked only about releases that nothing else holds or lets in.
   */
  licenses(version: string): readonly string[] | null | undefined;
}

/** One release in front of the rules. */
interface Case {
  release: ReleaseResource;
  /** Undefined when Elixir would not read it: then every `deny` of the package is meant, and no `allow` of some versions. */
  version: Version | undefined;
  advisories: readonly SecurityAdvisory[];
  /** The entries of this package that have not expired. */
  allow: readonly RuleEntry[];
  deny: readonly RuleEntry[];
  rules: Rules;
  context: VerdictContext;
}

/** The reason here is the end of the sentence. */
type Finding = Omit<Verdict, "version">;

const dayMilliseconds = 24 * 60 * 60 * 1000;
/** The last moment that a JavaScript date knows. */
const timeMax = 8_640_000_000_000_000;

/** @returns one verdict for every release, in their order. */
export function verdictsOf(
  resource: PackageResource,
  rules: Rules,
  context: VerdictContext,
): Verdict[] {
  const ofPackage = (entries: readonly RuleEntry[]) =>
    validEntries(entries, context.now).filter((entry) => entry.package === resource.name);
  const [allow, deny] = [ofPackage(rules.allow), ofPackage(rules.deny)];
  return resource.releases.map((release) => {
    const version = parseVersion(release.version);
    const { advisories } = resource;
    const finding = judge({ release, version, advisories, allow, deny, rules, context });
    const reason = `${resource.name} ${release.version} is ${finding.reason}`;
    return { version: release.version, ...finding, reason };
  });
}

/** The earliest time after `now` at which time alone changes one of the verdicts. */
export function nextChange(verdicts: readonly Verdict[], now: number): number | null {
  return earliest(
    verdicts.map(({ until }) => until),
    now,
  );
}

/** The earliest of the times that are still to come. */
export function earliest(times: readonly (number | null | undefined)[], now: number) {
  return times.reduce<number | null>(
    (first, time) =>
      time == null || time <= now || (first !== null && first <= time) ? first : time,
    null,
  );
}

export function validEntries(entries: readonly RuleEntry[], now: number): RuleEntry[] {
  return entries.filter(({ until }) => until === undefined || now < until);
}

/** The first rule that has something to say. The licence is last, because it is in the tarball. */
function judge(it: Case): Finding {
  return (
    judgeDeny(it) ??
    judgeAllow(it) ??
    judgeRetirement(it) ??
    judgeAdvisories(it) ??
    judgeAge(it) ??
    judgeLicenses(it) ?? { isIn: true, rule: null, reason: "in: no rule holds it", until: null }
  );
}

function judgeDeny({ deny, version }: Case): Finding | undefined {
  const entry = lasting(deny.filter((entry) => isMeant(entry, version, true)));
  return entry && { isIn: false, rule: "deny", ...words("denied", entry) };
}

function judgeAllow({ allow, version }: Case): Finding | undefined {
  const entry = lasting(allow.filter((entry) => isMeant(entry, version, false)));
  return entry && { isIn: true, rule: null, ...words("allowed", entry) };
}

// A reason that is newer than this program was read as "other".
function judgeRetirement({ release: { retired }, rules }: Case): Finding | undefined {
  if (!retired || !rules.denyRetired.includes(retired.reason)) return undefined;
  return held("retired", `held: it is retired (${retired.reason})`);
}

function judgeAdvisories({ release, advisories, rules }: Case): Finding | undefined {
  const { minSeverity } = rules;
  if (minSeverity === undefined) return undefined;
  const limit = advisorySeverities.indexOf(minSeverity);
  for (const index of release.advisoryIndexes) {
    const advisory = advisories[index];
    if (!advisory)
      return held("advisory", "held: it has an advisory that the package does not list");
    const { id, severity } = advisory;
    // Nobody says that it is harmless. Hex ranks it above "critical" too.
    if (severity === undefined)
      return held("advisory", `held: advisory ${id} has no known severity`);
    if (advisorySeverities.indexOf(severity) >= limit) {
      return held("advisory", `held: advisory ${id} has severity ${severity}`);
    }
  }
  return undefined;
}

function judgeAge({ release: { publishedAt }, rules, context }: Case): Finding | undefined {
  const { cooldownDays, unknownAge } = rules;
  if (cooldownDays === 0) return undefined;
  if (!publishedAt) {
    if (unknownAge === "allow") return undefined;
    return held("unknown_age", "held: upstream does not say when it was published");
  }
  // In whole seconds, as Hex counts: the same release is old enough here and at a client.
  const publishedAtMilliseconds = publishedAt.seconds * 1000;
  const until = publishedAtMilliseconds + cooldownDays * dayMilliseconds;
  if (until > timeMax) return held("cooldown", "held: upstream says it is from a far future");
  if (context.now >= until) return undefined;
  const since = `it was published at ${timeText(publishedAtMilliseconds)}`;
  const reason = `held until ${timeText(until)}: ${since} and must be ${cooldownDays} days old`;
  return { isIn: false, rule: "cooldown", reason, until };
}

function judgeLicenses({ release, rules, context }: Case): Finding | undefined {
  const accepted = rules.licenses;
  if (!accepted) return undefined;
  const licenses = context.licenses(release.version);
  if (licenses === undefined) return held("license", "held: its licences are not known yet");
  if (licenses === null || licenses.length === 0)
    return held("license", "held: it names no licence");
  // Whether two of them mean "and" or "or" is not said anywhere in a package, so each must be accepted.
  const other = licenses.find((license) => !accepted.includes(license));
  if (other === undefined) return undefined;
  return held("license", `held: its licence ${other} is not accepted`);
}

function held(rule: Finding["rule"], reason: string): Finding {
  return { isIn: false, rule, reason, until: null };
}

/** Pre-releases count, as in Elixir: `~> 2.0` means 2.1.0-rc.1, and not 2.0.0-rc.1. */
function isMeant(entry: RuleEntry, version: Version | undefined, otherwise: boolean): boolean {
  if (!entry.requirement) return true;
  return version ? matches(version, entry.requirement.parsed) : otherwise;
}

/** As long as this one is valid, the others change nothing. */
function lasting(entries: readonly RuleEntry[]): RuleEntry | undefined {
  const ends = ({ until }: RuleEntry) => until ?? Number.POSITIVE_INFINITY;
  return entries.reduce<RuleEntry | undefined>(
    (last, entry) => (last && ends(last) >= ends(entry) ? last : entry),
    undefined,
  );
}

function words(verb: string, { reason, until }: RuleEntry): Pick<Finding, "reason" | "until"> {
  const end = until === undefined ? "" : ` until ${timeText(until)}`;
  return { reason: `${verb}${end}: ${reason ?? "the rules name it"}`, until: until ?? null };
}

function timeText(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
