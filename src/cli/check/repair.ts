/** Repairs until a whole check finds nothing more to repair: that check is the proof. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Session } from "../session.ts";
import { type Checked, type Problem, repairOnce } from "./steps.ts";

export interface Repaired extends Checked {
  /** So many problems were found, and are no more. */
  repaired: number;
}

/** The alarm writes after a second; what it finds written by somebody else it watches for half a minute. */
const pausesMs = [1000, 1000, 2000, 4000, 8000];
/** It gives up when nothing got better for so long. */
const noProgressMsMax = 90_000;

/** @returns what is left. @param prune removes what nobody knows of, too. */
export async function repairAll(
  session: Session,
  repository: string,
  prune: boolean,
): Promise<Repaired> {
  const found = new Set<string>();
  let before: string | undefined;
  let giveUpAt = 0;
  for (let round = 0; ; round++) {
    const left = await repairOnce(session, repository, prune);
    const due = left.problems.filter((it) => isRepaired(it, prune)).map(({ problem }) => problem);
    for (const problem of due) found.add(problem);
    const now = due.join("\n");
    if (now !== before) giveUpAt = Date.now() + noProgressMsMax;
    before = now;
    if ((due.length === 0 && left.settled) || Date.now() >= giveUpAt) {
      return { ...left, repaired: found.size - due.length };
    }
    await sleep(pausesMs[Math.min(round, pausesMs.length - 1)]);
  }
}

/** As the API does it. */
function isRepaired({ cure }: Problem, prune: boolean): boolean {
  return cure !== null && cure !== "restore ledger" && (prune || cure !== "remove");
}
