/** What a Hexedge says of one of its repositories; and waiting until its index shows all that it has. */
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { path as apiPath, ask, Refused, Unreachable } from "./client.ts";
import { Mistake } from "./mistake.ts";
import { mayPass, patiently } from "./patiently.ts";
import type { Registry } from "./registry.ts";

const described = v.object({
  kind: v.string(),
  /** Do names and versions show all that was answered? Of mirrors, and by an older Hexedge, it is not told. */
  published: v.optional(v.boolean()),
});
type Described = v.InferOutput<typeof described>;

const limits = { waitMs: 30_000, pauseMs: 250 };

/**
 * @returns undefined when it is not there, or not for whoever asks: what is asked for next says it better.
 * @throws Mistake when there is no answer, also after a while.
 */
export async function describeRepository(
  registry: Registry,
  repository: string,
): Promise<Described | undefined> {
  const asked = () => ask(registry, apiPath`/repos/${repository}`);
  try {
    const answer = await asked().catch((error: unknown) => {
      // Who has not started it need not wait to hear so: nothing has begun that patience would save.
      const isStopped = error instanceof Unreachable && error.isRefused;
      if (isStopped || !mayPass(error)) throw error;
      return patiently(asked);
    });
    return v.is(described, answer) ? answer : undefined;
  } catch (error) {
    if (error instanceof Refused && error.status < 500 && error.status !== 429) return undefined;
    throw error;
  }
}

/**
 * names and versions follow a publish after a moment: who reads them before misses it without a trace.
 * @throws Mistake when they do not follow.
 */
export async function waitUntilPublished(
  registry: Registry,
  repository: string,
  { waitMs, pauseMs } = limits,
): Promise<void> {
  const giveUpAt = Date.now() + waitMs;
  let isTold = process.stderr.isTTY !== true;
  while ((await describeRepository(registry, repository))?.published === false) {
    if (Date.now() >= giveUpAt) {
      throw new Mistake(
        `names and versions of ${repository} do not show what was published last, after ` +
          `${waitMs / 1000} seconds: try again when nobody publishes; else its storage cannot be written, ` +
          `and \`hexedge check ${repository}\` tells more`,
      );
    }
    if (!isTold) console.error(`waiting until the index of ${repository} shows what was published`);
    isTold = true;
    await sleep(pauseMs);
  }
}
