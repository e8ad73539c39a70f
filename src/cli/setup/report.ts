/** What setup tells while it goes: a line why, the commands in a dry run, a line what became of it. */
import { styleText } from "node:util";
import type { Wrangler } from "./wrangler.ts";

export type Outcome = "there" | "done" | "planned" | "skipped";

export interface Step {
  step: string;
  outcome: Outcome;
  told: string;
  commands: string[];
}

export class Report {
  readonly steps: Step[] = [];
  readonly #wrangler: Wrangler;
  readonly #isQuiet: boolean;

  constructor(wrangler: Wrangler, isQuiet: boolean) {
    this.#wrangler = wrangler;
    this.#isQuiet = isQuiet;
  }

  /** @param work what is done; it tells the outcome. */
  async step<T>(
    step: string,
    why: string,
    work: () => Promise<{ outcome: Outcome; told: string; value: T }>,
  ): Promise<T> {
    this.#say(`${styleText("bold", step)}: ${why}`);
    const { outcome, told, value } = await work();
    const commands = this.#wrangler.takeCommands();
    this.steps.push({ step, outcome, told, commands });
    if (this.#wrangler.isDryRun) for (const command of commands) this.#say(`    ${command}`);
    this.#say(`  ${marks[outcome]} ${told}`);
    return value;
  }

  #say(line: string): void {
    if (!this.#isQuiet) console.log(line);
  }
}

const marks: Record<Outcome, string> = { there: "=", done: "+", planned: "?", skipped: "-" };
