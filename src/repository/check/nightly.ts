/** The check that the cron makes at night: a piece at each of its runs, until all is checked. */
import type { Reads } from "./reader.ts";
import { type Checked, checkStep, type Step } from "./step.ts";

/** How the last check went that the cron made, and how far the one is that it makes. */
export interface CheckState {
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
}

/** The repository's Durable Object, which remembers how far the check is. */
export interface NightlyChecked extends Checked {
  /** Where to go on; null begins; undefined when there is nothing to check now. */
  checkDue(now: number): Promise<string | null | undefined>;
  checked(step: Step, now: number): Promise<void>;
}

/** Checks on until it is done, or `untilMs` is over. */
export async function checkAtNight(
  storage: Reads,
  repository: NightlyChecked,
  untilMs: number,
): Promise<void> {
  let cursor = await repository.checkDue(Date.now());
  while (cursor !== undefined && Date.now() < untilMs) {
    const step = await checkStep(storage, repository, cursor);
    await repository.checked(step, Date.now());
    cursor = step.next ?? undefined;
  }
}
