/** All routes on one screen. */
import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { csrf } from "hono/csrf";
import { etag } from "hono/etag";
import { showAccount } from "../web/account/account.tsx";
import * as logs from "../web/account/audit-log.tsx";
import * as webKeys from "../web/account/keys.tsx";
import { endLogins } from "../web/account/logins.tsx";
import { makeNewKey, showNewKey } from "../web/account/new-key.tsx";
import * as organization from "../web/account/organization.tsx";
import * as password from "../web/account/password.tsx";
import * as webUser from "../web/account/user.tsx";
import * as webUsers from "../web/account/users.tsx";
import { assets, showAsset } from "../web/assets.ts";
import * as device from "../web/device.tsx";
import { chooseDiff, compareVersions } from "../web/diff/compare.tsx";
import { showDiff } from "../web/diff/diff.tsx";
import { allowAsking, showDocs } from "../web/docs/docs.ts";
import { showRobots, showSitemap, showSitemapIndex } from "../web/feeds/crawlers.ts";
import { asksForKey, showPackageFeed, showRepositoryFeed } from "../web/feeds/feeds.ts";
import { showFiles } from "../web/files/files.tsx";
import { showRaw } from "../web/files/raw.ts";
import { showHeldBack } from "../web/held-back.tsx";
import { showPackagePage } from "../web/packages/package.tsx";
import { findPackages } from "../web/packages/packages.tsx";
import { refusePage, wantsPage } from "../web/page.tsx";
import { showRepositoryPage } from "../web/repository.tsx";
import * as signIn from "../web/sign-in.tsx";
import { showStartPage } from "../web/start.tsx";
import * as audit from "./api/audit.ts";
import { showAuth } from "./api/auth.ts";
import { checkRepository, repairRepository } from "./api/check.ts";
import { findDocs, publishDocs, revertDocs } from "./api/docs.ts";
import { putPack, showGit, updateGit } from "./api/git.ts";
import { listRepositories, showIndex, showRepository } from "./api/index.ts";
import * as keys from "./api/keys.ts";
import { mirrorLockfile } from "./api/mirror.ts";
import * as oauth from "./api/oauth.ts";
import * as organizations from "./api/organizations.ts";
import * as owners from "./api/owners.ts";
import { showPackage, showRelease } from "./api/packages.ts";
import { publishRelease } from "./api/publish.ts";
import { retireRelease, revertRelease, unretireRelease } from "./api/releases.ts";
import { finishRestore, restoreRepository } from "./api/restore.ts";
import { listPackages } from "./api/search.ts";
import { createShortUrl, followShortUrl } from "./api/short-urls.ts";
import * as users from "./api/users.ts";
import { listVerdicts } from "./api/verdicts.ts";
import * as webhooks from "./api/webhooks.ts";
import type { App } from "./app-type.ts";
import { authenticateIn } from "./authenticate.ts";
import { isOwnOrigin } from "./context.ts";
import { findRepository } from "./find-repository.ts";
import {
  answerFault,
  configure,
  getPath,
  isApi,
  keepDocsApart,
  limitForm,
  negotiateFormat,
  prepare,
  refuseOtherSites,
} from "./frame.ts";
import { serveGit, takeKeyFromUser } from "./git.ts";
import { showHealth } from "./health.ts";
import { limitCallsIn } from "./limits.ts";
import { showMetrics } from "./metrics.ts";
import { authenticatePage } from "./page-session.ts";
import { permit, requires, requiresStanding } from "./permit.ts";
import { refuse, refuseInText } from "./refusals.ts";
import { serveFile } from "./repository.ts";

type Handler = (c: Context<App>) => Response | Promise<Response>;
type Methods = { get?: Route; post?: Route; put?: Route; delete?: Route };
type Wrap = (handler: Handler) => Route;
type Route = Handler | [...MiddlewareHandler<App>[], Handler];

/** Where clients of hex.pm look for the files of its public repository. */
const rootPaths = [
  ...["/names", "/versions", "/public_key"],
  ...["/packages/:file", "/tarballs/:file", "/docs/:file", "/policies/:file", "/installs/*"],
];

export function createApp(): Hono<App> {
  const app = new Hono<App>({ getPath });
  app.use(prepare, configure, keepDocsApart);
  app.onError(answerFault);
  app.notFound((c) => saysNo(c)(c, { reason: "not_found" }));

  const inText = authenticateIn(refuseInText, { passwords: false });
  on(app, "/health", { get: showHealth });
  on(app, "/metrics", { get: [inText, showMetrics] });
  on(app, "/l/:code", { get: followShortUrl });
  for (const path of assets) on(app, path, { get: showAsset });
  app.route("/", pages());
  app.use("/repos/*", inText);
  on(app, "/repos/:repository/*", { get: serveFile });
  for (const path of rootPaths) on(app, path, { get: [inText, serveFile] });
  on(app, "/git/*", { get: [takeKeyFromUser, inText, serveGit] });

  app.use(
    "/api/*",
    negotiateFormat,
    refuseOtherSites,
    authenticateIn(refuse, { passwords: true }),
    limitCallsIn(refuse),
    etag(),
  );
  on(app, "/api", { get: showIndex });
  on(app, "/api/repos", { get: listRepositories });
  on(app, "/api/git/:address{.+\\.git}", { get: showGit, put: updateGit });
  on(app, "/api/git/:address{.+\\.git}/packs/:file", { put: putPack });
  app.use("/api/repos/:repository", findRepository);
  on(app, "/api/repos/:repository", { get: showRepository });
  // Clients put their paths behind whichever api_url they have: see findRepository.
  for (const prefix of ["/api", "/api/repos/:repository", "/api/repos/:base/repos/:repository"]) {
    app.route(prefix, accountsApi());
    app.route(prefix, repositoryApi());
  }
  return app;
}

/** What people see; who they are says a cookie, or a key. */
function pages(): Hono<App> {
  const web = new Hono<App>();
  const page = (handler: Handler): Route => [authenticatePage, handler];
  // What looks into repositories costs as much as calls of the API do, and counts as one.
  const limit = limitCallsIn(refusePage);
  const look = (handler: Handler): Route => [authenticatePage, limit, handler];
  // To programs the start page is a few lines.
  const limitPage: MiddlewareHandler<App> = (c, next) => (wantsPage(c) ? limit(c, next) : next());
  const limitInText = limitCallsIn(refuseInText);
  const feed = (handler: Handler): Route => [
    ...[etag(), asksForKey, authenticatePage, limitInText],
    handler,
  ];
  const onlyOurForms = csrf({ origin: isOwnOrigin });
  const form = (handler: Handler): Route => [limitForm, onlyOurForms, authenticatePage, handler];
  on(web, "/", { get: [authenticatePage, limitPage, showStartPage] });
  on(web, "/packages", { get: look(findPackages) });
  on(web, "/repositories/:repository", { get: look(showRepositoryPage) });
  on(web, "/packages/:repository/:name", { get: look(showPackagePage) });
  on(web, "/repositories/:repository/feed.atom", { get: feed(showRepositoryFeed) });
  // Before the page of a version, which would take it for one.
  on(web, "/packages/:repository/:name/feed.atom", { get: feed(showPackageFeed) });
  const release = "/packages/:repository/:name/:version";
  on(web, `${release}/files/*`, { get: look(showFiles) });
  on(web, `${release}/raw/*`, { get: look(showRaw) });
  // Before the page of a version as well.
  on(web, "/packages/:repository/:name/diff", { get: look(chooseDiff) });
  on(web, "/packages/:repository/:name/diff/:versions", { get: look(compareVersions) });
  on(web, "/packages/:repository/:name/diff/:versions/*", { get: look(showDiff) });
  on(web, "/packages/:repository/:name/:version", { get: look(showPackagePage) });
  for (const path of ["/docs/:repository/:name", "/docs/:repository/:name/*"]) {
    web.options(path, allowAsking);
    on(web, path, { get: page(showDocs) });
  }
  on(web, "/robots.txt", { get: showRobots });
  on(web, "/sitemap.xml", { get: [etag(), limitInText, showSitemapIndex] });
  on(web, "/sitemaps/:file", { get: [etag(), limitInText, showSitemap] });
  on(web, "/repositories/:repository/held-back", { get: look(showHeldBack) });
  on(web, "/sign-in", { get: page(signIn.showSignIn), post: form(signIn.signIn) });
  on(web, "/sign-out", { post: form(signIn.signOut) });
  on(web, "/oauth/device", { get: page(device.showDevice), post: form(device.enterCode) });
  on(web, "/oauth/device/decision", { post: form(device.decide) });
  accountPages(web, page, form);
  return web;
}

/** What whoever is signed in looks after: their account, their organizations, and as the admin all users. */
function accountPages(web: Hono<App>, page: Wrap, form: Wrap): void {
  const [one, user] = ["/organizations/:organization", "/users/:user"];
  on(web, "/account", { get: page(showAccount) });
  on(web, "/account/logins", { post: form(endLogins) });
  on(web, "/account/password", {
    get: page(password.showPassword),
    post: form(password.changePassword),
  });
  on(web, "/account/audit-log", { get: page(logs.showOwnLog) });
  for (const whose of ["/account", one]) {
    on(web, `${whose}/keys/new`, { get: page(showNewKey), post: form(makeNewKey) });
  }
  for (const whose of ["/account", one, user]) {
    const revoke = { get: page(webKeys.askToRevoke), post: form(webKeys.revokeKey) };
    on(web, `${whose}/keys/revoke`, revoke);
  }
  on(web, one, { get: page(organization.showOrganization) });
  on(web, `${one}/keys`, { get: page(webKeys.showOrganizationKeys) });
  on(web, `${one}/audit-log`, { get: page(logs.showOrganizationLog) });
  on(web, `${one}/members`, { post: form(organization.addMember) });
  on(web, `${one}/members/role`, { post: form(organization.setRole) });
  on(web, `${one}/members/remove`, {
    get: page(organization.askToRemove),
    post: form(organization.removeMember),
  });
  on(web, "/users", { get: page(webUsers.listUsers) });
  on(web, "/new-user", { get: page(webUsers.showNewUser), post: form(webUsers.makeNewUser) });
  on(web, user, { get: page(webUser.showUser) });
  on(web, `${user}/password`, {
    get: page(webUser.showUserPassword),
    post: form(webUser.setUserPassword),
  });
  on(web, `${user}/deactivate`, {
    get: page(webUser.askToDeactivate),
    post: form(webUser.deactivateUser),
  });
  on(web, "/audit-log", { get: page(logs.showWholeLog) });
}

function repositoryApi(): Hono<App> {
  const api = new Hono<App>();
  const [read, write, own] = [requires("read"), requiresStanding("write"), requiresStanding("own")];
  const upkeep = ["/mirror", "/check", "/restore", "/restore/finish"];
  for (const path of ["/publish", ...upkeep, "/packages/:name/*", "/packages/:name"]) {
    api.use(path, findRepository);
  }
  const release = "/packages/:name/releases/:version";

  on(api, "/publish", { post: [write, publishRelease] });
  on(api, "/packages", { get: [readsNamed, listPackages] });
  on(api, "/packages/:name", { get: [read, showPackage] });
  on(api, "/packages/:name/releases", { post: [write, publishRelease] });
  on(api, release, { get: [read, showRelease], delete: [write, revertRelease] });
  on(api, `${release}/retire`, { post: [write, retireRelease], delete: [write, unretireRelease] });
  on(api, `${release}/docs`, {
    get: [read, findDocs],
    post: [write, publishDocs],
    delete: [write, revertDocs],
  });
  on(api, "/packages/:name/owners", { get: [read, owners.listOwners] });
  on(api, "/packages/:name/owners/:user", {
    get: [read, owners.showOwner],
    put: [own, owners.setOwner],
    delete: [own, owners.removeOwner],
  });
  on(api, "/packages/:name/audit-logs", { get: [read, audit.packageAuditLog] });
  on(api, "/packages/:name/verdicts", { get: listVerdicts });
  on(api, "/mirror", { post: mirrorLockfile });
  const administer = requires("administer");
  const keeps = requires("administer", ["hosted", "mirror"]);
  on(api, "/check", { get: [keeps, checkRepository], post: [keeps, repairRepository] });
  on(api, "/restore", { post: [administer, restoreRepository] });
  on(api, "/restore/finish", { post: [administer, finishRestore] });
  return api;
}

function accountsApi(): Hono<App> {
  const api = new Hono<App>();
  const keysOf = { get: keys.listKeys, post: keys.createKey, delete: keys.revokeAllKeys };
  const keyOf = { get: keys.showKey, delete: keys.revokeKey };

  on(api, "/users", { get: [administers, users.listUsers], post: users.createUser });
  on(api, "/users/me", { get: users.showMe });
  on(api, "/users/me/audit-logs", { get: audit.ownAuditLog });
  on(api, "/users/:user", { get: users.showUser, delete: [administers, users.deactivateUser] });
  on(api, "/users/:user/password", { post: users.setPassword });
  for (const whose of ["", "/users/:user", "/orgs/:organization"]) {
    on(api, `${whose}/keys`, keysOf);
    on(api, `${whose}/keys/:key`, keyOf);
  }
  on(api, "/orgs", { get: organizations.listOrganizations });
  on(api, "/orgs/:organization", { get: organizations.showOrganization });
  on(api, "/orgs/:organization/audit-logs", { get: audit.organizationAuditLog });
  on(api, "/orgs/:organization/members", {
    get: organizations.listMembers,
    post: organizations.addMember,
  });
  on(api, "/orgs/:organization/members/:user", {
    get: organizations.showMember,
    post: organizations.setRole,
    delete: organizations.removeMember,
  });
  on(api, "/auth", { get: showAuth });
  on(api, "/oauth/device_authorization", { post: oauth.authorizeDevice });
  on(api, "/oauth/token", { post: oauth.issueToken });
  on(api, "/oauth/revoke", { post: oauth.revokeToken });
  on(api, "/oauth/revoke_by_hash", { post: oauth.revokeTokenByHash });
  on(api, "/short_url", { post: createShortUrl });
  on(api, "/audit-logs", { get: audit.wholeAuditLog });
  const deliveries = "/webhooks/deliveries";
  on(api, deliveries, { get: [administers, webhooks.listDeliveries] });
  on(api, `${deliveries}/:id/redeliver`, { post: [administers, webhooks.redeliver] });
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
    return saysNo(c)(c, { reason: "method_not_allowed", allow: allow.join(", ") });
  });
}

/** How clients of the API, people and all others are told no. */
function saysNo(c: Context<App>) {
  if (isApi(c)) return refuse;
  return wantsPage(c) ? refusePage : refuseInText;
}

/** A list of one repository is for whoever may read it; without one, it is of all that they may read. */
async function readsNamed(c: Context<App>, next: Next): Promise<Response | undefined> {
  if (c.req.param("repository") !== undefined) {
    const refused = await findRepository(c, async () => {});
    return refused ?? requires("read")(c, next);
  }
  await next();
  return undefined;
}

async function administers(c: Context<App>, next: Next): Promise<Response | undefined> {
  const refused = await permit(c, "administer", { kind: "registry" });
  if (refused) return refuse(c, refused);
  await next();
  return undefined;
}
