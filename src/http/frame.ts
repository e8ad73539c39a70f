/** What is around every route: request ids, the configuration, formats, faults, limits of forms. */
import type { Context, Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { getPath as pathOf } from "hono/utils/url";
import { readConfig } from "../config/config.ts";
import { ConfigError } from "../config/error.ts";
import { count } from "../metrics/tally.ts";
import type { App } from "./app-type.ts";
import { discardBody } from "./body.ts";
import { isDocsHost, isOwnOrigin } from "./context.ts";
import { negotiate, render } from "./format.ts";
import { logRequest, whatOf } from "./log.ts";
import { measure } from "./measure.ts";
import { refuse, refuseInText } from "./refusals.ts";

export async function prepare(c: Context<App>, next: Next): Promise<void> {
  const beganAt = Date.now();
  // Without Cloudflare in front the header is the client's, and this goes into logs.
  const ray = c.req.header("cf-ray") ?? "";
  c.set("requestId", /^[\w-]{1,64}$/.test(ray) ? ray : crypto.randomUUID());
  await next();
  // What is too large is not even read to be thrown away.
  if (c.res.status !== 413) await discardBody(c);
  c.header("x-request-id", c.get("requestId"));
  // A cache on the way may keep an answer that says nothing, and a 404 is wrong a moment later.
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "private, no-store");
  measure(c, beganAt);
  logRequest(c, beganAt);
}

/** Not part of `prepare`: a fault in there would be answered past it. */
export async function configure(c: Context<App>, next: Next): Promise<void> {
  c.set("config", readConfig(c.env));
  await next();
}

/** Documentation may run scripts there, so there is nothing else that they could reach. */
export async function keepDocsApart(c: Context<App>, next: Next): Promise<Response | undefined> {
  if (isDocsHost(c) && !/^\/docs\/[^/]+\/[^/]/.test(c.req.path)) {
    return refuseInText(c, { reason: "not_found" });
  }
  await next();
  return undefined;
}

export async function negotiateFormat(c: Context<App>, next: Next): Promise<Response | undefined> {
  if (negotiate(c) === undefined) return refuse(c, { reason: "not_acceptable" });
  await next();
  return undefined;
}

/** Clients of the API read a no in their format, all others print it as it is. */
export function isApi(c: Context<App>): boolean {
  return /^\/api(\/|$)/.test(c.req.path);
}

/** A base URL that ends with a slash makes clients ask for `//packages/…`. */
export function getPath(request: Request): string {
  const path = pathOf(request);
  return path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
}

/** Of a form on a page. */
const formBytesMax = 16 * 1024;
export const limitForm = bodyLimit({
  maxSize: formBytesMax,
  onError: (c) => refuseInText(c, { reason: "body_too_big", sizeBytesMax: formBytesMax }),
});

/**
 * A browser that was once told a key shows it to the API with whatever another site makes it send. Programs
 * do not say where they come from.
 */
export async function refuseOtherSites(c: Context<App>, next: Next): Promise<Response | undefined> {
  const [site, origin] = [c.req.header("sec-fetch-site"), c.req.header("origin")];
  const isElsewhere =
    (site !== undefined && site !== "same-origin" && site !== "none") ||
    (origin !== undefined && !isOwnOrigin(origin, c));
  if (isElsewhere && c.req.method !== "GET" && c.req.method !== "HEAD") {
    return refuse(c, { reason: "forbidden" });
  }
  await next();
  return undefined;
}

/**
 * A fault: logged once, here, and told in the client's format so that it prints more than a number.
 * 500, not 503: with a Retry-After Erlang's httpc asks again for ever, and without one rebar3 takes
 * it for success.
 */
export function answerFault(error: Error, c: Context<App>): Response {
  // What Hono's own middleware says no with: a form that another site sends.
  if (error instanceof HTTPException) return error.getResponse();
  const requestId = c.get("requestId");
  const message = `${whatOf(c)} failed: ${error.message}`;
  console.error(JSON.stringify({ level: "error", message, requestId, stack: error.stack }));
  count("hexedge_faults_total");
  const told =
    error instanceof ConfigError
      ? `This registry is not set up rightly: ${error.message}`
      : // What was begun is finished or undone by the repository's alarm, so trying again is right.
        `Internal server error, request ${requestId}: try again in a moment`;
  return isApi(c) ? render(c, 500, { status: 500, message: told }) : c.text(`${told}\n`, 500);
}
