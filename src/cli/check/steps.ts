/** A whole check: step after step of the API's. */
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { path } from "../client.ts";
import { patiently } from "../patiently.ts";
import { checked, type Session } from "../session.ts";
import { type Counts, Seen } from "./seen.ts";

export interface Problem {
  problem: string;
  /** In the API's words; null when nothing that is left of it can make it good. */
  cure: string | null;
}

export interface Checked extends Counts {
  /** Were names and versions compared? Not while something is on its way to them. */
  settled: boolean;
  problems: Problem[];
}

const stepAnswer = v.object({
  packages: v.number(),
  releases: v.number(),
  settled: v.boolean(),
  problems: v.array(v.string()),
  cures: v.array(v.nullable(v.string())),
  next: v.nullable(v.string()),
});
type Step = v.InferOutput<typeof stepAnswer>;

/** Whoever publishes is mostly done in a second. */
const settlePausesMs = [1000, 2000, 4000];

/** Looks, and changes nothing. */
export async function checkAll(session: Session, repository: string): Promise<Checked> {
  return follow("checked", async (after) => {
    const ask = () => askStep(session, repository, "GET", { after });
    let step = await ask();
    for (const pauseMs of settlePausesMs) {
      if (step.settled) break;
      await sleep(pauseMs);
      step = await ask();
    }
    return step;
  });
}

/** Looks, and hands to the ledger what it can make good. @param prune removes what nobody knows of, too. */
export async function repairOnce(
  session: Session,
  repository: string,
  prune: boolean,
): Promise<Checked> {
  return follow("checked", (after) => askStep(session, repository, "POST", { after, prune }));
}

async function follow(
  doing: string,
  ask: (after: string | null) => Promise<Step>,
): Promise<Checked> {
  const all: Checked = { packages: 0, releases: 0, settled: true, problems: [] };
  const seen = new Seen(doing);
  try {
    for (let after: string | null = null; ; ) {
      const step: Step = await ask(after);
      all.packages += step.packages;
      all.releases += step.releases;
      all.settled &&= step.settled;
      all.problems.push(...problemsOf(step));
      seen.show(all);
      if (step.next === null) return all;
      after = step.next;
    }
  } finally {
    seen.end();
  }
}

function problemsOf({ problems, cures }: Step): Problem[] {
  return problems.map((problem, at) => ({ problem, cure: cures[at] ?? null }));
}

async function askStep(
  session: Session,
  repository: string,
  method: "GET" | "POST",
  { after, prune = false }: { after: string | null; prune?: boolean },
): Promise<Step> {
  const query = new URLSearchParams();
  if (after !== null) query.set("after", after);
  if (prune) query.set("prune", "true");
  const where = `${path`/repos/${repository}/check`}${query.size > 0 ? `?${query}` : ""}`;
  const request = method === "POST" ? { method } : {};
  return checked(stepAnswer, await patiently(() => session.ask(where, request)));
}
