/** How far the nightly check is, in the ledger: crashes and deployments do not begin it anew. */
import type { Ledger } from "../ledger/ledger.ts";
import type { CheckRun, CheckState } from "./nightly.ts";
import type { Step } from "./step.ts";

interface Running extends Omit<CheckRun, "at"> {
  startedAt: number;
  cursor: string | null;
}

const [lastName, runningName] = ["last_check", "running_check"];
const hourMs = 3600_000;
/** Of UTC: when few build. */
const nightHours = [1, 2, 3, 4, 5];
/** Not twice in a night; and a machine that sleeps at night is checked by day. */
const [betweenMsMin, betweenMsMax] = [18 * hourMs, 40 * hourMs];
const examplesMax = 20;

/** As `NightlyChecked.checkDue`. */
export function checkDue(ledger: Ledger, now: number): string | null | undefined {
  const running = runningOf(ledger);
  if (running) return running.cursor;
  const last = lastOf(ledger);
  // Which is said at once, and not again and again.
  if (!last && ledger.isLost()) return null;
  // A repository that has just begun is checked when it is a day old, like all others.
  const since = now - Number(last ? Date.parse(last.at) : (ledger.state("first_check") ?? now));
  if (!last && ledger.state("first_check") === undefined) ledger.setState("first_check", now);
  const isNight = nightHours.includes(new Date(now).getUTCHours());
  const isDue = since > betweenMsMax || (isNight && since > betweenMsMin);
  return isDue ? null : undefined;
}

/**
 * @param cursor where the step began. Of two that began there only one counts: crons may overlap.
 * @returns how it went when this was the last step; "late" when it does not count.
 */
export function noteStep(
  ledger: Ledger,
  cursor: string | null,
  step: Step,
  now: number,
): CheckRun | "late" | undefined {
  const before = runningOf(ledger);
  if ((before?.cursor ?? null) !== cursor) return "late";
  const says = step.problems.map((it) => it.says);
  const running: Running = {
    startedAt: before?.startedAt ?? now,
    cursor: step.next,
    packages: (before?.packages ?? 0) + step.packages,
    releases: (before?.releases ?? 0) + step.releases,
    problems: (before?.problems ?? 0) + says.length,
    examples: [...(before?.examples ?? []), ...says].slice(0, examplesMax),
    settled: (before?.settled ?? true) && step.settled,
  };
  if (step.next !== null) {
    ledger.setState(runningName, JSON.stringify(running));
    return undefined;
  }
  const { startedAt: _startedAt, cursor: _cursor, ...counts } = running;
  const run = { at: new Date(now).toISOString(), ...counts };
  ledger.setState(lastName, JSON.stringify(run));
  ledger.setState(runningName, null);
  return run;
}

export function checkState(ledger: Ledger): CheckState {
  const running = runningOf(ledger);
  return {
    lost: ledger.isLost(),
    last: lastOf(ledger),
    running: running ? new Date(running.startedAt).toISOString() : null,
  };
}

function lastOf(ledger: Ledger): CheckRun | null {
  return JSON.parse(String(ledger.state(lastName) ?? "null")) as CheckRun | null; // written above
}

function runningOf(ledger: Ledger): Running | null {
  return JSON.parse(String(ledger.state(runningName) ?? "null")) as Running | null; // written above
}
