/**
 * When the cron last ran, and how. Kept in KV, because it is asked about when a Durable Object may be what
 * is broken, and because losing it loses nothing.
 */
import { faultOf } from "./fault.ts";

export interface CronRun {
  /** When it had ended. */
  at: string;
  ok: boolean;
  error?: string;
}

const key = "health/cron";

/** Runs it, and notes how it went. @throws what `work` throws. */
export async function noteCron(
  index: Pick<KVNamespace, "put">,
  now: () => number,
  work: () => Promise<unknown>,
): Promise<void> {
  const note = async (run: Omit<CronRun, "at">) => {
    const noted: CronRun = { at: new Date(now()).toISOString(), ...run };
    await index.put(key, JSON.stringify(noted));
  };
  try {
    await work();
  } catch (error) {
    // What went wrong is to be heard of, not that it could not be noted.
    await note({ ok: false, ...faultOf(error) }).catch(() => {});
    throw error;
  }
  await note({ ok: true });
}

export type Task = [name: string, work: () => Promise<unknown>];

/**
 * Runs all of them to their end: one that fails keeps no other one from it.
 * @throws one error that names each that failed, and why.
 */
export async function runAll(tasks: readonly Task[]): Promise<void> {
  // A binding that is missing throws before there is a promise.
  const results = await Promise.allSettled(tasks.map(async ([, work]) => work()));
  const failed = tasks.flatMap(([name], at) => {
    const result = results[at];
    return result?.status === "rejected" ? [`${name}: ${faultOf(result.reason).error}`] : [];
  });
  if (failed.length === 0) return;
  throw new Error(failed.join("; "));
}

/** Null is never. */
export async function lastCron(
  index: Pick<KVNamespace, "get">,
): Promise<CronRun | { error: string } | null> {
  try {
    return await index.get<CronRun>(key, "json");
  } catch (error) {
    return faultOf(error);
  }
}
