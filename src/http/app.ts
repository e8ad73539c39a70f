/** All routes on one screen. */
import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { getPath as pathOf } from "hono/utils/url";
import { ConfigError, readConfig } from "../env.ts";
import { checkRepository } from "./api/check.ts";
import { findDocs, publishDocs, revertDocs } from "./api/docs.ts";
import { showPackage, showRelease } from "./api/packages.ts";
import { publishRelease } from "./api/publish.ts";
import { retireRelease, revertRelease, unretireRelease } from "./api/releases.ts";
import { showMe } from "./api/users.ts";
import type { App } from "./app-type.ts";
import { authenticate } from "./authenticate.ts";
import { discardBody } from "./body.ts";
import { findRepository, requires } from "./find-repository.ts";
import { negotiate, render } from "./format.ts";
import { refuse, refuseInText } from "./refusals.ts";
import { serveFile } from "./repository.ts";
import { showStart } from "./start.ts";

type Handler = (c: Context<App>) => Response | Promise<Response>;
type Methods = { get?: Route; post?: Route; delete?: Route };
type Route = Handler | [MiddlewareHandler<App>, Handler];

export function createApp(): Hono<App> {
  const app = new Hono<App>({ getPath });
  app.use(prepare, configure);
  app.onError(answerFault);
  app.notFound((c) => (isApi(c) ? refuse : refuseInText)(c, { reason: "not_found" }));

  on(app, "/", { get: showStart });
  on(app, "/health", { get: (c) => c.json({ status: "ok" }) });
  app.use("/repos/*", authenticateIn(refuseInText));
  on(app, "/repos/:repository/*", { get: serveFile });

  app.use("/api/*", negotiateFormat, authenticateIn(refuse));
  // Clients put their paths behind whichever api_url they have: see findRepository.
  for (const prefix of ["/api", "/api/repos/:repository", "/api/repos/:base/repos/:repository"]) {
    on(app, `${prefix}/users/me`, { get: showMe });
    app.route(prefix, repositoryApi());
  }
  return app;
}

function repositoryApi(): Hono<App> {
  const api = new Hono<App>();
  const [read, write] = [requires("read"), requires("write")];
  for (const path of ["/publish", "/check", "/packages/*"]) api.use(path, findRepository);
  const release = "/packages/:name/releases/:version";

  on(api, "/publish", { post: [write, publishRelease] });
  on(api, "/packages/:name", { get: [read, showPackage] });
  on(api, "/packages/:name/releases", { post: [write, publishRelease] });
  on(api, release, { get: [read, showRelease], delete: [write, revertRelease] });
  on(api, `${release}/retire`, { post: [write, retireRelease], delete: [write, unretireRelease] });
  on(api, `${release}/docs`, {
    get: [read, findDocs],
    post: [write, publishDocs],
    delete: [write, revertDocs],
  });
  on(api, "/check", { get: [requires("administer"), checkRepository] });
  return api;
}

/** Routes the methods of one path, and says 405 to all others. */
function on(app: Hono<App>, path: string, methods: Methods): void {
  const allow: string[] = [];
  for (const [method, route] of Object.entries(methods)) {
    app.on(method.toUpperCase(), path, ...((Array.isArray(route) ? route : [route]) as [Handler]));
    allow.push(...(method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]));
  }
  app.all(path, (c) => {
    const says = isApi(c) ? refuse : refuseInText;
    return says(c, { reason: "method_not_allowed", allow: allow.join(", ") });
  });
}

/** Clients of the API read a no in their format, all others print it as it is. */
function isApi(c: Context<App>): boolean {
  return /^\/api(\/|$)/.test(c.req.path);
}

/** A base URL that ends with a slash makes clients ask for `//packages/…`. */
function getPath(request: Request): string {
  const path = pathOf(request);
  return path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
}

async function prepare(c: Context<App>, next: Next): Promise<void> {
  // Without Cloudflare in front the header is the client's, and this goes into logs.
  const ray = c.req.header("cf-ray") ?? "";
  c.set("requestId", /^[\w-]{1,64}$/.test(ray) ? ray : crypto.randomUUID());
  await next();
  // What is too large is not even read to be thrown away.
  if (c.res.status !== 413) await discardBody(c);
  c.header("x-request-id", c.get("requestId"));
  // A cache on the way may keep an answer that says nothing, and a 404 is wrong a moment later.
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "private, no-store");
}

/** Not part of `prepare`: a fault in there would be answered past it. */
async function configure(c: Context<App>, next: Next): Promise<void> {
  c.set("config", readConfig(c.env));
  await next();
}

function authenticateIn(says: typeof refuse): MiddlewareHandler<App> {
  return async function authenticated(c, next) {
    const actor = await authenticate(c);
    if ("refused" in actor) return says(c, actor.refused);
    c.set("actor", actor);
    await next();
    return undefined;
  };
}

async function negotiateFormat(c: Context<App>, next: Next): Promise<Response | undefined> {
  if (negotiate(c) === undefined) return refuse(c, { reason: "not_acceptable" });
  await next();
  return undefined;
}

/**
 * A fault: logged once, here, and told in the client's format so that it prints more than a number.
 * 500, not 503: with a Retry-After Erlang's httpc asks again for ever, and without one rebar3 takes
 * it for success.
 */
function answerFault(error: Error, c: Context<App>): Response {
  const requestId = c.get("requestId");
  const where = `${c.req.method} ${c.req.path}`;
  const logged = { message: `${where} failed: ${error.message}`, requestId, stack: error.stack };
  console.error(JSON.stringify(logged));
  const message =
    error instanceof ConfigError
      ? `This registry is not set up rightly: ${error.message}`
      : // What was begun is finished or undone by the repository's alarm, so trying again is right.
        `Internal server error, request ${requestId}: try again in a moment`;
  return isApi(c) ? render(c, 500, { status: 500, message }) : c.text(`${message}\n`, 500);
}
