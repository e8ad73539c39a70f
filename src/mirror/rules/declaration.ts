/** The rules as they are declared in wrangler.toml, below `[vars.REPOSITORIES.NAME.rules]`. */
import * as v from "valibot";
import { isPackageName } from "../../hex/name.ts";
import {
  type AdvisorySeverity,
  type RetirementReason,
  retirementReasons,
} from "../../hex/registry.ts";
import { checkRequirement, parseRequirement, type Requirement } from "../../hex/requirement.ts";

export interface Rules {
  /** How old a release must be; 0 when that is no question. */
  cooldownDays: number;
  /** What becomes of a release that does not say when it was published, where there is a cooldown. */
  unknownAge: "hold" | "allow";
  /** Releases that were retired for one of these reasons are held. */
  denyRetired: readonly RetirementReason[];
  /** Releases with an advisory of at least this severity are held, and with one that has none. */
  minSeverity?: AdvisorySeverity | undefined;
  allow: readonly RuleEntry[];
  deny: readonly RuleEntry[];
  /** Every licence of a release must be one of these; absent means that nobody asks. */
  licenses?: readonly string[] | undefined;
}

/** What `allow` and `deny` consist of. */
export interface RuleEntry {
  package: string;
  /** Absent means every version. */
  requirement?: { text: string; parsed: Requirement } | undefined;
  reason?: string | undefined;
  /** Milliseconds since 1970: from then on the entry counts as not there. */
  until?: number | undefined;
}

/** As many as the comment of an override in a policy may have. */
const reasonCharactersMax = 500;
/** More would end after the last day that a JavaScript date knows. */
const cooldownPattern = /^(?:0|\d{1,4}(d|w|mo))$/;
const daysOf = { d: 1, w: 7, mo: 30 };

/**
 * Hex ignores an override whose comment has one of these, without a word: its `deny` would be none.
 * Its list is of code points, and these categories are all of them.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const cooldown = v.pipe(
  v.string('must be a text such as "7d", "2w" or "1mo"; "0" for none'),
  v.regex(cooldownPattern, 'must be a number of days, weeks or months: "7d", "2w", "1mo"; or "0"'),
  v.transform((text) => {
    const [, unit] = cooldownPattern.exec(text) ?? [];
    // The pattern knows the same three.
    return unit === undefined ? 0 : Number.parseInt(text, 10) * daysOf[unit as keyof typeof daysOf];
  }),
);

const packageName = v.pipe(
  v.string("must be the name of a package"),
  v.check(isPackageName, "is no name of a package"),
);

const requirement = v.pipe(
  v.string("must be a requirement such as ~> 2.0"),
  v.check(
    (text) => checkRequirement(text) === undefined,
    "is no requirement of Elixir such as ~> 2.0 (and != is not allowed)",
  ),
  v.transform((text) => ({ text, parsed: parseRequirement(text) ?? [] })),
);

const reason = v.pipe(
  v.string("must be a text that says why"),
  v.check((text) => text.trim() !== "", "is empty: say why"),
  v.check(
    (text) => [...text].length <= reasonCharactersMax,
    `must have at most ${reasonCharactersMax} characters`,
  ),
  v.check((text) => !unprintable.test(text), "must be one line of characters that can be seen"),
);

const untilSentence =
  'must be a day such as "2026-12-31", or a time such as "2026-12-31T18:00:00Z"';

const until = v.pipe(
  // TOML has dates of its own. On their way through JSON they become text; `npm start` sees them as they are.
  v.custom<string | Date>((it) => typeof it === "string" || it instanceof Date, untilSentence),
  v.transform((it) => endOf(typeof it === "string" ? it : it.toISOString())),
  v.number(untilSentence),
);

const entry = { package: packageName, requirement: v.optional(requirement) };
const allowEntry = table({
  ...entry,
  reason: v.optional(reason),
  until: v.optional(until),
});
const denyEntry = table({ ...entry, reason, until: v.optional(until) });
const entriesSentence = 'must be a list such as [{ package = "foo", requirement = "~> 2.0", … }]';

const severities = ["low", "medium", "high", "critical"] as const;

/** Gives `Rules`. A message follows the name of what it is about: `rules.cooldown must be …`. */
export const rulesSchema = v.pipe(
  table({
    cooldown: v.optional(cooldown, "0"),
    unknown_age: v.optional(
      v.picklist(["hold", "allow"], 'must be "hold" or "allow"'),
      "hold" as const,
    ),
    deny_retired: v.optional(
      v.array(
        v.picklist(retirementReasons, `must be ${oneOf(retirementReasons)}`),
        'must be a list such as ["security", "invalid"]',
      ),
      [],
    ),
    min_severity: v.optional(v.picklist(severities, `must be ${oneOf(severities)}`)),
    allow: v.optional(v.array(allowEntry, entriesSentence), []),
    deny: v.optional(v.array(denyEntry, entriesSentence), []),
    licenses: v.optional(
      v.pipe(
        v.array(
          // Only the form: one that does not exist lets nothing in that it should not.
          v.pipe(
            v.string("must be an SPDX identifier"),
            v.regex(/^[A-Za-z0-9.+-]+$/, "is no SPDX identifier such as Apache-2.0"),
          ),
          'must be a list such as ["MIT", "Apache-2.0"]',
        ),
        v.minLength(1, "is empty, so nothing could come in: leave it out to accept all licences"),
      ),
    ),
  }),
  v.transform(
    (it): Rules => ({
      cooldownDays: it.cooldown,
      unknownAge: it.unknown_age,
      denyRetired: it.deny_retired,
      minSeverity: it.min_severity,
      allow: it.allow,
      deny: it.deny,
      licenses: it.licenses,
    }),
  ),
);

/**
 * A table with these members and no others. Valibot takes a list or a date for an object without any of
 * its members, so that `rules = []` would be rules that let everything in.
 */
function table<Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries).join(", ");
  return v.pipe(
    v.unknown(),
    v.check(
      (it) => typeof it === "object" && it !== null && !Array.isArray(it) && !(it instanceof Date),
      `must be a table of ${names}`,
    ),
    v.strictObject(entries, (issue) =>
      issue.expected === "never" ? `is no option here: there are ${names}` : "is missing",
    ),
  );
}

/** A day lasts until its end, in UTC. NaN for what is no day and no time with a zone. */
function endOf(text: string): number {
  const [whole, day, time] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.exec(text) ?? [];
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // JavaScript takes 30 February for 2 March.
  if (whole === undefined || Number.isNaN(midnight)) return Number.NaN;
  if (!new Date(midnight).toISOString().startsWith(`${day}T`)) return Number.NaN;
  return time === undefined ? midnight + 24 * 60 * 60 * 1000 : Date.parse(whole);
}

function oneOf(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(" or ");
}
