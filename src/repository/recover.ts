import type { World } from "./world.ts";

/** Pages, and then KV, are brought up to date for so long in one alarm; while somebody publishes, they come first. */
const laterMsMax = 10_000;
const laterMsMaxWhenBusy = 50;

/**
 * Finishes whatever is begun: the normal steps, run again. The alarm calls it after every change,
 * and the cron as a safety net. @returns whether something is left for the next alarm.
 */
export async function recover(world: World): Promise<boolean> {
  const { ledger, uploads, pages, flush } = world;
  // What this very instance is waiting for is not over, however long it takes.
  const isOurs = (key: string) => [uploads, pages, flush].some((it) => it.isWriting(key));
  ledger.settle(Date.now(), isOurs);
  ledger.ageDownloads(Date.now());
  await uploads.recover();
  await flush.registry();
  await flush.removals();
  const failures = await pages.flushStale(forAWhile(uploads));
  await flush.indexes(forAWhile(uploads));
  // Pages that cannot be written hold nobody else up, but they are not done either.
  if (failures.length > 0) throw failures[0];
  return !ledger.isClean();
}

function forAWhile(uploads: World["uploads"]): () => boolean {
  const began = Date.now();
  return () => Date.now() - began < (uploads.idle ? laterMsMax : laterMsMaxWhenBusy);
}
