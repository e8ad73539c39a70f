/**
 * What operators and the cron do to a repository: looking whether all is well, writing anew what is not, and
 * making a lost ledger anew. The methods are asked over RPC, by `check/step.ts` and `restore/step.ts`.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { type Facts, factsAbout, factsOf, type IndexFacts, indexFactsOf } from "./check/facts.ts";
import type { CheckState } from "./check/nightly.ts";
import type { Cure } from "./check/problem.ts";
import { checkDue, checkState, noteStep } from "./check/progress.ts";
import type { Step } from "./check/step.ts";
import type { BackupLine } from "./restore/backup.ts";
import { finishRestore, type Restored } from "./restore/finish.ts";
import type { RestoredPackage } from "./restore/package.ts";
import type { Author, Refused } from "./types.ts";
import type { World } from "./world.ts";

export class Upkeep extends DurableObject<Env> {
  /** Not `#world`: tests put a faulty storage into it. */
  world!: World;

  /** What the ledger says should be in the bucket, of the packages behind `after`, for `check`. */
  facts(after = "", releasesMax = Number.POSITIVE_INFINITY): Facts {
    return factsOf(this.world, after, releasesMax);
  }

  factsAbout(name: string): Facts {
    return factsAbout(this.world, name);
  }

  indexFacts(after: string, packagesMax: number): IndexFacts {
    return indexFactsOf(this.world, after, packagesMax);
  }

  /** Those of the keys that should not be in the bucket. */
  unknown(keys: string[]): string[] {
    return keys.filter((key) => !this.world.ledger.knows(key));
  }

  /** Makes good what a check found, with the next alarm. */
  repair(cures: readonly Cure[], author: Author): void {
    if (this.world.ledger.isLost()) return;
    this.world.ledger.cure(cures, author, Date.now());
    this.world.wake();
  }

  /** Begins to make a lost ledger anew; `adopt`, `adopted` and `finishRestore` follow, as `RestoreTarget` says. */
  beginRestore(): string | null {
    const { ledger } = this.world;
    return ledger.isLost() ? ledger.beginAdoption() : null;
  }

  adopt(restore: string, packages: readonly RestoredPackage[]): boolean {
    return this.world.ledger.adoptAll(restore, packages);
  }

  remember(restore: string, lines: readonly BackupLine[]): boolean {
    return this.world.ledger.rememberAll(restore, lines);
  }

  adopted(restore: string): boolean {
    return this.world.ledger.adopted(restore);
  }

  finishRestore(author: Author): Promise<Restored | Refused> {
    return finishRestore(this.world, author);
  }

  /** As `NightlyChecked` says. */
  checkDue(now: number): string | null | undefined {
    return checkDue(this.world.ledger, now);
  }

  checked(cursor: string | null, step: Step, now: number): boolean {
    const { ledger, repository } = this.world;
    const run = noteStep(ledger, cursor, step, now);
    if (run === "late") return false;
    if (!run) return true;
    const { packages, releases, problems } = run;
    ledger.noteCheck({ packages, releases, problems }, now);
    if (problems > 0) {
      console.error({ message: `${repository}: the check found ${problems} problems`, ...run });
    }
    return true;
  }

  checkState(): CheckState {
    return checkState(this.world.ledger);
  }
}
