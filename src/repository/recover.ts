import type { World } from "./world.ts";

/** KV entries brought up to date in one alarm; more follow in the next. */
const indexesAtOnce = 200;

/**
 * Finishes whatever is begun: the normal steps, run again. The alarm calls it after every change,
 * and the cron as a safety net. @returns whether something is left for the next alarm.
 */
export async function recover(world: World): Promise<boolean> {
  const { ledger, uploads, flush } = world;
  ledger.settle(Date.now());
  await uploads.recover();
  await flush.registry();
  await flush.removals();
  await flush.indexes(indexesAtOnce);
  return !ledger.isClean();
}
