/**
 * How many calls of the API, and looks at pages that cost as much, one account, or one address without an
 * account, may make a minute, in fixed windows. Each isolate counts for itself: exact on one machine; on Cloudflare, where there are several,
 * it stops a runaway script and promises no more. The platform's own rate limiting binding promises
 * neither more (it counts by location), nor takes its number from [vars.LIMITS], nor says how many
 * calls are left. What must not be guessed is counted in the Accounts object: accounts/throttle.ts.
 */
import type { Context, Next } from "hono";
import type { App } from "./app-type.ts";
import { nobody } from "./authenticate.ts";
import { addressOf } from "./context.ts";
import type { Refusal } from "./refusals.ts";

const windowMs = 60_000;
const calls = { window: 0, counts: new Map<string, number>() };

type Says = (c: Context<App>, refusal: Refusal) => Response | Promise<Response>;

/** Counts the call, says in headers how many are left, and answers 429 when none was. */
export function limitCallsIn(says: Says) {
  return async function limitCalls(c: Context<App>, next: Next): Promise<Response | undefined> {
    const limit = c.get("config").limits.apiPerMinute;
    // Of a sitemap nobody is asked who they are.
    const { actor } = c.get("identity") ?? nobody;
    // Whoever has the admin key could turn the limit off as well.
    if (limit === 0 || actor.kind === "admin") {
      await next();
      return undefined;
    }
    const who =
      actor.kind === "holder" ? `${actor.owner.kind} ${actor.owner.name}` : `IP ${addressOf(c)}`;
    const { count, resetSeconds } = countCall(who, Date.now());
    if (count > limit) {
      const retryAfterSeconds = Math.max(1, Math.ceil(resetSeconds - Date.now() / 1000));
      const refusal = { reason: "too_many_calls", who, retryAfterSeconds } as const;
      c.res = await says(c, { ...refusal, isUpload: isUpload(c) });
    } else {
      await next();
    }
    c.header("x-ratelimit-limit", String(limit));
    c.header("x-ratelimit-remaining", String(Math.max(0, limit - count)));
    c.header("x-ratelimit-reset", String(resetSeconds));
    return undefined;
  };
}

function countCall(who: string, now: number): { count: number; resetSeconds: number } {
  const window = Math.floor(now / windowMs);
  if (calls.window !== window) {
    calls.window = window;
    calls.counts.clear();
  }
  const count = (calls.counts.get(who) ?? 0) + 1;
  calls.counts.set(who, count);
  return { count, resetSeconds: ((window + 1) * windowMs) / 1000 };
}

/** rebar3 takes a 429 to these for success. */
function isUpload(c: Context<App>): boolean {
  return c.req.method === "POST" && /\/(publish|releases|docs)$/.test(c.req.path);
}
