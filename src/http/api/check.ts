import type { Context } from "hono";
import { openStorage } from "../../config/storage.ts";
import type { Cure, Problem } from "../../repository/check/problem.ts";
import { BadCursor, checkStep, type Step } from "../../repository/check/step.ts";
import type { App } from "../app-type.ts";
import { authorOf, repositoryOf } from "../context.ts";
import { render } from "../format.ts";
import { refuse } from "../refusals.ts";

/**
 * `GET /api/repos/NAME/check`: reads the repository as a distrusting client would, a piece at a time; `next`
 * of the answer is `after` of the next request.
 */
export async function checkRepository(c: Context<App>): Promise<Response> {
  const step = await stepOf(c);
  return step instanceof Response ? step : render(c, 200, viewOf(step));
}

/**
 * `POST /api/repos/NAME/check`: the same, and what the ledger knows is written anew by the alarm. With
 * `prune=true` what nothing tells of is removed as well. What is left is told.
 */
export async function repairRepository(c: Context<App>): Promise<Response> {
  const step = await stepOf(c);
  if (step instanceof Response) return step;
  const isPruned = c.req.query("prune") === "true";
  const cures = step.problems.flatMap(({ cure }) => (isDone(cure, isPruned) ? [cure] : []));
  if (cures.length > 0) await repositoryOf(c).repair(cures, authorOf(c));
  return render(c, 200, { ...viewOf(step), repaired: cures.length });
}

async function stepOf(c: Context<App>): Promise<Step | Response> {
  const storage = openStorage(c.env, c.get("repository").name);
  try {
    return await checkStep(storage, repositoryOf(c), c.req.query("after") ?? null);
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error;
    return refuse(c, { reason: "parameter_invalid", errors: { after: error.message } });
  }
}

function isDone(cure: Cure | null, isPruned: boolean): cure is Cure {
  if (!cure || cure.do === "restore ledger") return false;
  return isPruned || cure.do !== "remove";
}

function viewOf({ problems, packages, releases, settled, next }: Step) {
  return {
    status: problems.length === 0 ? "ok" : "broken",
    ...{ packages, releases },
    // While something is on its way, the registry files need not agree with each other yet.
    settled,
    problems: problems.map(({ says }) => says),
    cures: problems.map(cureText),
    next,
  };
}

/** One for each problem, in their order. */
function cureText({ cure }: Problem): string | null {
  return cure?.do ?? null;
}
