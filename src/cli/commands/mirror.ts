/** `mirror …`: a mirror holds what lock files pin, before anybody builds with it. */
import type { Command } from "commander";
import * as v from "valibot";
import type { LockedRelease } from "../../hex/lockfile.ts";
import { path, Refused } from "../client.ts";
import { examples } from "../examples.ts";
import { Mistake } from "../mistake.ts";
import { mayPass, patiently } from "../patiently.ts";
import { type Pinned, readPinned, writeLockfile } from "../pinned.ts";
import { Progress } from "../progress.ts";
import { checked, openSession, type Session } from "../session.ts";
import { table } from "../table.ts";

export function mirrorCommand(program: Command): void {
  const mirror = program
    .command("mirror <lockfiles...>")
    .description("bring into a mirror what lock files pin: mix.lock, rebar.lock, manifest.toml")
    .requiredOption("--repository <repository>", "the mirror")
    .action(mirrorLockfiles);
  examples(mirror, [
    "mirror mix.lock --repository hexpm_mirror",
    "mirror */mix.lock */rebar.lock --repository hexpm_mirror --json",
  ]).addHelpText(
    "after",
    "\nWhat is there is not fetched again, so doing it again goes on where it stopped. Ends with 1 when\n" +
      "a release that is pinned is not there afterwards. names and versions come with them, so that the\n" +
      "mirror can be exported when upstream is away; that they cannot be had is only a warning.",
  );
}

/** Each piece is a request, which has to be answered in a minute also when upstream is slow. */
const pieceReleasesMax = 20;
const piecesAtOnce = 2;
/** Before a piece is sent again, each time. */
const pausesMs = [500, 2000];

const held = v.object({
  package: v.string(),
  version: v.string(),
  /** `new`, `there`, `elsewhere`; all others say that it is not there. */
  outcome: v.string(),
  why: v.nullable(v.string()),
});
type Held = v.InferOutput<typeof held>;

const report = v.object({
  repository: v.string(),
  summary: v.record(v.string(), v.number()),
  releases: v.array(held),
  skipped: v.array(v.object({ name: v.string(), why: v.nullable(v.string()) })),
  /** What else an export would need, and is not there. */
  warnings: v.array(v.string()),
});
type Report = v.InferOutput<typeof report>;

async function mirrorLockfiles(
  files: string[],
  { repository }: { repository: string },
  command: Command,
): Promise<void> {
  const session = await openSession(command);
  const pinned = await readPinned(files);
  const answers = await holdAll(session, repository, pinned.releases);
  const made = reportOf(repository, answers, pinned);
  session.show(made, report, tell);
  const lacking = made.releases.filter(isLacking).length;
  if (lacking === 0) return;
  const how = `${lacking} of ${made.releases.length} pinned releases`;
  throw new Mistake(`${repository} does not hold ${how}: run it again to try only these`);
}

interface Answers {
  /** What became of each, in no order that means something. */
  held: Held[];
  /** Of the last answer: what the ones before lacked may have come since. */
  warnings: string[];
}

async function holdAll(
  session: Session,
  repository: string,
  releases: readonly LockedRelease[],
): Promise<Answers> {
  const progress = new Progress("releases");
  progress.show(0, releases.length);
  const pieces = piecesOf(releases);
  const all: Answers = { held: [], warnings: [] };
  const sendPieces = async () => {
    for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
      all.held.push(...(await holdOrSayWhy(piece)));
      progress.show(all.held.length, releases.length);
    }
  };
  let isAnswering = false;
  const holdOrSayWhy = async (piece: readonly LockedRelease[]): Promise<Held[]> => {
    try {
      const answered = await patiently(() => hold(session, repository, piece), pausesMs);
      isAnswering = true;
      all.warnings = answered.warnings ?? [];
      return answered.releases;
    } catch (error) {
      // That it is not there at all, or that this may not be done, is said once, and not of each piece.
      if (isAnswering && mayPass(error)) return piece.map((it) => unavailable(it, error));
      pieces.length = 0;
      throw error;
    }
  };
  try {
    await Promise.all(Array.from({ length: piecesAtOnce }, sendPieces));
  } finally {
    progress.end();
  }
  return all;
}

/** One without releases when nothing is pinned: the mirror may say that it is none. */
function piecesOf(releases: readonly LockedRelease[]): LockedRelease[][] {
  const count = Math.max(1, Math.ceil(releases.length / pieceReleasesMax));
  return Array.from({ length: count }, (_, at) =>
    releases.slice(at * pieceReleasesMax, (at + 1) * pieceReleasesMax),
  );
}

async function hold(
  session: Session,
  repository: string,
  piece: readonly LockedRelease[],
): Promise<Answer> {
  const body = writeLockfile(piece);
  const asked = session.ask(path`/repos/${repository}/mirror`, { method: "POST", body });
  const answer = await asked.catch((error: unknown) => {
    // Also says of each release what became of it.
    if (error instanceof Refused && v.is(answered, error.answer)) return error.answer;
    throw error;
  });
  const said = checked(answered, answer);
  const { length } = said.releases;
  if (length === piece.length) return said;
  throw new Mistake(`asked for ${piece.length} releases, the answer is about ${length}`);
}

const answered = v.object({
  releases: v.array(held),
  /** An older registry tells none. */
  warnings: v.optional(v.array(v.string())),
});
type Answer = v.InferOutput<typeof answered>;

function unavailable({ package: name, version }: LockedRelease, error: Mistake): Held {
  return { package: name, version, outcome: "unavailable", why: error.message };
}

function isLacking({ outcome }: Held): boolean {
  return outcome !== "new" && outcome !== "there";
}

/** What belongs to others is none of the mirror's, as is what comes from no repository at all. */
function reportOf(repository: string, answers: Answers, pinned: Pinned): Report {
  const { held: all, warnings } = answers;
  const isElsewhere = ({ outcome }: Held) => outcome === "elsewhere";
  const releases = all.filter((it) => !isElsewhere(it)).sort(byName);
  const elsewhere = all.filter(isElsewhere).sort(byName);
  const skipped = [
    ...elsewhere.map((it) => ({ name: nameOf(it), why: it.why })),
    ...pinned.skipped,
  ];
  const summary: Report["summary"] = { new: 0, there: 0, missing: 0, wrong: 0, unavailable: 0 };
  for (const { outcome } of releases) summary[outcome] = (summary[outcome] ?? 0) + 1;
  return {
    repository,
    summary: { ...summary, skipped: skipped.length },
    releases,
    skipped,
    warnings,
  };
}

function tell({ repository, summary, releases, skipped, warnings }: Report): string {
  const lacking = releases.filter(isLacking);
  const counts = Object.entries(summary).map(([outcome, count]) => {
    return `${count} ${outcome === "there" ? "already there" : outcome}`;
  });
  const parts = [
    lacking.length > 0 &&
      table(
        ["RELEASE", "OUTCOME", "WHY"],
        lacking.map((it) => [nameOf(it), it.outcome, it.why]),
      ),
    skipped.length > 0 &&
      table(
        ["SKIPPED", "WHY"],
        skipped.map(({ name, why }) => [name, why]),
      ),
    warnings.length > 0 &&
      warnings.map((it) => `warning: ${it}; without it the mirror cannot be exported`).join("\n"),
    `${repository}: ${counts.join(", ")}`,
  ];
  return parts.filter((part) => part !== false).join("\n\n");
}

function nameOf({ package: name, version }: Held): string {
  return `${name} ${version}`;
}

function byName(a: Held, b: Held): number {
  return Number(nameOf(a) > nameOf(b)) - Number(nameOf(a) < nameOf(b));
}
