import type { World } from "./world.ts";

/** KV is brought up to date for so long in one alarm; while somebody publishes, they come first. */
const indexMsMax = 10_000;
const indexMsMaxWhenBusy = 50;

/**
 * Finishes whatever is begun: the normal steps, run again. The alarm calls it after every change,
 * and the cron as a safety net. @returns whether something is left for the next alarm.
 */
export async function recover(world: World): Promise<boolean> {
  const { ledger, uploads, flush } = world;
  ledger.settle(Date.now());
  ledger.ageDownloads(Date.now());
  await uploads.recover();
  await flush.registry();
  await flush.removals();
  const began = Date.now();
  const indexMs = () => (uploads.idle ? indexMsMax : indexMsMaxWhenBusy);
  await flush.indexes(() => Date.now() - began < indexMs());
  return !ledger.isClean();
}
