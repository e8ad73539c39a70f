import type { Context } from "hono";
import type { MirrorConfig } from "../../config/repositories.ts";
import { openStorage } from "../../config/storage.ts";
import { parsePublicKey } from "../../hex/sign.ts";
import { checkKept, type MirrorStep } from "../../mirror/check.ts";
import type { Cure } from "../../repository/check/problem.ts";
import { BadCursor, checkStep, type Step } from "../../repository/check/step.ts";
import type { App } from "../app-type.ts";
import { authorOf, repositoryOf } from "../context.ts";
import { render } from "../format.ts";
import { refuse } from "../refusals.ts";

/**
 * `GET /api/repos/NAME/check`: reads the repository as a distrusting client would, a piece at a time; `next`
 * of the answer is `after` of the next request. Of a mirror, what it keeps.
 */
export async function checkRepository(c: Context<App>): Promise<Response> {
  const repository = c.get("repository");
  if (repository.kind === "mirror")
    return render(c, 200, mirrorView(await mirrorStep(c, repository), repository));
  const step = await stepOf(c);
  return step instanceof Response ? step : render(c, 200, viewOf(step));
}

/**
 * `POST /api/repos/NAME/check`: the same, and what the ledger knows is written anew by the alarm. With
 * `prune=true` what nothing tells of is removed as well. What is left is told. Of a mirror, what is damaged is
 * removed, so that it is fetched again; when it is offline it can only be told.
 */
export async function repairRepository(c: Context<App>): Promise<Response> {
  const repository = c.get("repository");
  if (repository.kind === "mirror") return repairMirror(c, repository);
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

async function repairMirror(c: Context<App>, repository: MirrorConfig): Promise<Response> {
  const step = await mirrorStep(c, repository);
  const keys = repository.declaration.offline ? [] : step.problems.map(({ key }) => key);
  if (keys.length > 0) await c.env.MIRROR.getByName(repository.name).drop(keys);
  return render(c, 200, { ...mirrorView(step, repository), repaired: keys.length });
}

async function mirrorStep(
  c: Context<App>,
  { name, declaration }: MirrorConfig,
): Promise<MirrorStep> {
  const mirror = {
    ...{ repository: name, upstreamName: declaration.upstream_name },
    prefix: `${declaration.mode === "curated" ? "upstream" : "repos"}/${name}/`,
    publicKey: await parsePublicKey(declaration.upstream_public_key),
  };
  return checkKept(openStorage(c.env, name), mirror, c.req.query("after") ?? "");
}

function mirrorView(step: MirrorStep, { declaration }: MirrorConfig) {
  const cure = declaration.offline ? "go online" : "fetch again";
  return { ...countsOf(step), settled: true, cures: step.problems.map(() => cure) };
}

function viewOf(step: Step) {
  return {
    ...countsOf(step),
    // While something is on its way, the registry files need not agree with each other yet.
    settled: step.settled,
    // One for each problem, in their order.
    cures: step.problems.map(({ cure }) => cure?.do ?? null),
  };
}

function countsOf({
  problems,
  packages,
  releases,
  next,
}: Pick<Step, "packages" | "releases" | "next"> & { problems: readonly { says: string }[] }) {
  return {
    status: problems.length === 0 ? "ok" : "broken",
    ...{ packages, releases, problems: problems.map(({ says }) => says), next },
  };
}
