/**
 * One line of JSON for each change that was made and each credential that was refused: who, what, and how it
 * was answered. Reads leave none, unless somebody showed a credential for them that is not good. A fault
 * leaves its own line, in frame.ts. Neither header nor body gets in here, so no key does.
 */
import type { Context } from "hono";
import type { App } from "./app-type.ts";
import type { FoundRepository } from "./find-repository.ts";

/** What a handler knows better than the path: which package it was, and what to call what was done. */
export interface Done {
  message: string;
  package?: string;
  version?: string;
}

/** To be called when the answer is there. */
export function logRequest(c: Context<App>, beganAt: number): void {
  const { status } = c.res;
  const isRead = ["GET", "HEAD", "OPTIONS"].includes(c.req.method);
  const isDone = status < 400 && !isRead;
  const isRefused = status === 401 || status === 403;
  if (isRefused && (!isRead || c.req.header("authorization"))) console.warn(line(c, beganAt));
  else if (isDone) console.log(line(c, beganAt));
}

function line(c: Context<App>, beganAt: number): string {
  const { status } = c.res;
  // Both are there as soon as somebody has looked for them.
  const done: Done | undefined = c.get("done");
  const repository: FoundRepository | undefined = c.get("repository");
  const actor = actorOf(c);
  return JSON.stringify({
    level: status < 400 ? "info" : "warn",
    message: done?.message ?? `${whatOf(c)} answered ${status} to ${actor ?? "nobody we know"}`,
    requestId: c.get("requestId"),
    ...{ method: c.req.method, path: pathOf(c), status, ms: Date.now() - beganAt, actor },
    repository: repository?.name ?? c.req.param("repository"),
    package: done?.package ?? c.req.param("name"),
    version: done?.version ?? c.req.param("version"),
  });
}

/** Null: their credential is not good. */
function actorOf(c: Context<App>): string | null {
  const identity: App["Variables"]["identity"] | undefined = c.get("identity");
  if (!identity) return null;
  const { actor } = identity;
  return actor.kind === "holder" ? actor.owner.name : actor.kind;
}

/** `PUT /api/…`, for people. */
export function whatOf(c: Context<App>): string {
  return `${c.req.method} ${pathOf(c)}`;
}

const pathLengthMax = 300;

/** Some paths hold a pass, which is nobody's business. */
function pathOf(c: Context<App>): string {
  return c.req.path.replace(/\/~[^/]+/, "/~…").slice(0, pathLengthMax);
}
