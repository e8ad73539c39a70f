/**
 * Reads a repository as a distrusting client does, with nothing but its public key, and says everything
 * that is wrong: against itself and against the ledger. Tests call it after every step, operators
 * whenever they like (`hexedge check REPO`), and the cron at night. In pieces: `check/step.ts`.
 */
import type { Reads } from "./check/reader.ts";
import { type Checked, checkStep } from "./check/step.ts";

/** @returns a sentence for each thing that is wrong; none when all is well. */
export async function check(storage: Reads, repository: Checked): Promise<string[]> {
  const problems: string[] = [];
  let cursor: string | null = null;
  do {
    const step = await checkStep(storage, repository, cursor);
    problems.push(...step.problems.map(({ says }) => says));
    cursor = step.next;
  } while (cursor !== null);
  return problems;
}
