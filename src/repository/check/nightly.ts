/** The check that the cron makes at night: a piece at each of its runs, until all is checked. */
import type { Reads } from "./reader.ts";
import { type Checked, checkStep, type Step } from "./step.ts";

/** How the last check went that the cron made, and how far the one is that it makes. */
export interface CheckState {
  /** Nothing can be changed until the ledger is restored. */
  lost: boolean;
  /** Null: never yet. */
  last: CheckRun | null;
  /** When the one began that is under way. */
  running: string | null;
}

export interface CheckRun {
  /** When it had ended. ISO 8601. */
  at: string;
  packages: number;
  releases: number;
  problems: number;
  /** The first ones. */
  examples: string[];
  /** Were names and versions compared with the rest? Not while something is on its way to them. */
  settled: boolean;
}

/** The repository's Durable Object, which remembers how far the check is. */
export interface NightlyChecked extends Checked {
  /** Where to go on; null begins; undefined when there is nothing to check now. */
  checkDue(now: number): Promise<string | null | undefined>;
  /** @returns whether the step counts; false: somebody else is at it. */
  checked(cursor: string | null, step: Step, now: number): Promise<boolean>;
}

/** In one run of the cron, which may ask storage ten thousand times in all. */
const stepsMax = 10;

/** Checks on until it is done, or `untilMs` is over. */
export async function checkAtNight(
  storage: Reads,
  repository: NightlyChecked,
  untilMs: number,
): Promise<void> {
  let cursor = await repository.checkDue(Date.now());
  for (let steps = 0; cursor !== undefined && steps < stepsMax; steps++) {
    if (Date.now() >= untilMs) return;
    const step = await checkStep(storage, repository, cursor);
    if (!(await repository.checked(cursor, step, Date.now()))) return;
    cursor = step.next ?? undefined;
  }
}
