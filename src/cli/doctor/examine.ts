/** All checks, in the order in which one would look oneself. */
import { Mistake } from "../mistake.ts";
import { type Finding, fine, skipped, wrong } from "./finding.ts";
import { type Health, readHealth } from "./health.ts";
import {
  checkClock,
  checkCron,
  checkMirrors,
  checkNames,
  checkNights,
  checkObjects,
  checkStorages,
  checkVersion,
  checkWebhooks,
} from "./inside.ts";
import { checkReach, checkTls } from "./reach.ts";
import { roundTrip } from "./round-trip.ts";
import { checkSignatures } from "./signatures.ts";
import type { Site } from "./site.ts";

export async function examine(
  site: Site,
  options: { keySource: string; isWriting: boolean },
): Promise<Finding[]> {
  const reach = await checkReach(site);
  if (reach.verdict === "wrong") return [reach];
  const outside = [reach, checkTls(site)];
  let health: Awaited<ReturnType<typeof readHealth>>;
  try {
    health = await readHealth(site, "?probe");
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const todo = "see what it says: `npx wrangler tail`, or the output of npm start";
    return [...outside, wrong("health", error.message, todo)];
  }
  if (health.version === undefined) {
    const todo =
      "use the Worker's ADMIN_KEY: HEXEDGE_KEY=…; a version before 0.1.0 has to be deployed anew";
    return [...outside, wrong("key", `the key of ${options.keySource} is not the admin key`, todo)];
  }
  return [
    ...outside,
    fine("key", "the admin key"),
    checkVersion(health),
    checkClock(health),
    ...checkStorages(health),
    ...checkObjects(health),
    checkCron(health, Date.now() + health.skewMs),
    ...(await checkSignatures(site, health)),
    ...checkNights(health),
    ...checkMirrors(health),
    ...checkWebhooks(health),
    ...checkNames(health),
    ...(options.isWriting ? [await checkWriting(site, health)] : []),
  ];
}

async function checkWriting(site: Site, { repositories }: Health): Promise<Finding> {
  const check = "publish and revert";
  const hosted = repositories.find(({ kind }) => kind === "hosted");
  if (!hosted) return skipped(check, "no hosted repository is declared");
  try {
    const { ms } = await roundTrip(site, hosted.name);
    return fine(
      check,
      `${hosted.name}: published, resolved with its signature, reverted in ${ms} ms`,
    );
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return wrong(
      check,
      error.message,
      "see what is wrong above; `npx wrangler tail` shows the request",
    );
  }
}
