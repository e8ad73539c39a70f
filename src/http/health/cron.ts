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
