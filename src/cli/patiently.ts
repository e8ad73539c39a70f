/** What fails because of the network or of storage is tried again: nobody watches a command that takes an hour. */
import { setTimeout as sleep } from "node:timers/promises";
import { Refused, Unreachable } from "./client.ts";
import type { Mistake } from "./mistake.ts";

/** Before each time that it is asked again. */
const pausesMs = [500, 2000, 5000];

/** @param ask may be done twice. @throws at once what would be no better the next time. */
export async function patiently<T>(
  ask: () => Promise<T>,
  pauses: readonly number[] = pausesMs,
): Promise<T> {
  for (const pauseMs of pauses) {
    try {
      return await ask();
    } catch (error) {
      if (!mayPass(error)) throw error;
      await sleep(pauseMs);
    }
  }
  return ask();
}

/** A fault, and no refusal: perhaps it is over at the next time. */
export function mayPass(error: unknown): error is Mistake {
  if (error instanceof Unreachable) return true;
  return error instanceof Refused && (error.status === 429 || error.status >= 500);
}
