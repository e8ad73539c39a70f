/**
 * What somebody of another organization learns about a private repository: nothing. Every route that the
 * app has, with every kind of credential, answers the same whether what is asked for exists or not.
 */
import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gzipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { makeKeySecret } from "../../src/accounts/secret.ts";
import { createApp } from "../../src/http/app.ts";
import { erlangType, jsonBody, read } from "../support/answers.ts";
import { permission, setRole, type User, user } from "../support/people.ts";
import { packageTarball, tar } from "../support/tarball.ts";
import { expectSound, storedFiles, type World, world } from "../support/world.ts";
import { accounts, basic, exchanged, keyOfOrganization, loggedIn, mix } from "./registry.ts";

const app = createApp();
/** As long as the names of the tests' repositories, so that answers are equally long. */
const undeclared = "shut_xyz";

/** What a stranger may call wherever it stands: it tells about themselves, and of others only names. */
const aboutOneself = new Set(
  ["/users", "/users/me", "/users/me/audit-logs", "/users/:user", "/keys", "/keys/:key"].concat(
    ["/orgs", "/auth", "/short_url", "/audit-logs", "/oauth/device_authorization"],
    ["/oauth/token", "/oauth/revoke", "/oauth/revoke_by_hash"],
  ),
);
/** Of the whole registry; `/api/packages` lists what one may read. */
const ofNobody = new Set(["/", "/health", "/l/:code", "/api", "/api/repos", "/api/packages"]);

const credentials = [
  ...["none", "a key that is none", "a password"],
  ...["api", "api:read", "api:write", "repositories"],
  ...["repository of their own", "docs of their own", "package of their own"],
  ...["a key of their own organization", "a key of their own organization for its files"],
  ...["a token made from a key for files", "a token made from a key for the API"],
  ...["a token of a login", "a revoked key", "an expired key"],
  ...["a former member's api key", "a former member's key for the repository"],
  ...["a former member's key for packages", "a former member's key for the docs"],
  ...["a former member's token", "a former member's login"],
] as const;
const shown = new Map<string, string | undefined>();

/** The first tenant, whose repository is tried. */
let victim: World;
/** The second tenant's. */
let own: World;
let member: User;
/** The registry with these two tenants only, and the victim where no repository is named. */
let tried: typeof env;

/** What the parameters of a route are: something that is there, or not. */
type Names = Record<"repository" | "name" | "version" | "user" | "key" | "code", string>;
let there: Names;
let absent: Names[];

beforeAll(async () => {
  victim = await world();
  own = await world();
  member = await user(victim, "admin");
  await user(victim, "write");
  for (const release of [{ name: "foo" }, { name: "bar" }]) {
    expect((await victim.admin.publish({ ...release, version: "1.0.0" })).status).toBe(201);
  }
  expect((await victim.admin.publishDocs("foo", "1.0.0", docs)).status).toBe(201);
  expect((await victim.admin.revert("bar", "1.0.0")).status).toBe(204);
  const owner = `/packages/foo/owners/${member.name}`;
  expect((await victim.admin.api(owner, { method: "PUT", ...jsonBody({}) })).status).toBe(204);
  await keyOfOrganization(victim, "api");
  expect((await own.admin.publish({ name: "baz", version: "1.0.0" })).status).toBe(201);

  there = { ...{ repository: victim.repository, name: "foo", version: "1.0.0" } } as Names;
  Object.assign(there, { user: member.name, key: "test", code: "abcde" });
  absent = [
    { ...there, name: "qux" },
    { ...there, name: "bar" },
    { ...there, version: "9.9.9", user: "nobody", key: "none" },
    { ...there, repository: undeclared },
    { ...there, repository: undeclared, name: "qux", user: "nobody", key: "none" },
  ];
  tried = {
    ...env,
    REPOSITORIES: { [victim.repository]: { kind: "hosted" }, [own.repository]: { kind: "hosted" } },
    ROOT_REPOSITORY: victim.repository,
  };
  await makeCredentials();
}, 120_000);

describe.each(credentials)("a stranger with: %s", (title) => {
  it("is told on every route of the API the same of what is there and what is not", async () => {
    const before = await everything();
    for (const path of apiRoutes()) {
      const suffix = path.replace(/^\/api(\/repos\/:base)?(\/repos\/:repository)?/, "");
      const isOwn = aboutOneself.has(suffix) || ofNobody.has(path);
      for (const method of isOwn ? ["GET", "HEAD"] : methods) {
        // A password takes long to check, by intent: what is there, below one prefix, is enough for it.
        const isSpared = !path.startsWith("/api/repos/:repository/") || !isThere(method, path);
        if (title === "a password" && isSpared) continue;
        await expectSame(title, method, path, { isOwn });
      }
    }
    expect(await everything()).toEqual(before);
  }, 120_000);

  it("is told the same of every file of the repository", async () => {
    for (const path of files) {
      for (const method of methods) await expectSame(title, method, `/repos/:repository/${path}`);
      for (const header of [{ "if-none-match": "*" }, { range: "bytes=0-1" }]) {
        await expectSame(title, "GET", `/repos/:repository/${path}`, { header });
      }
    }
  });

  it("is told the same on every page", async () => {
    for (const path of pageRoutes()) {
      const isOwn = !/:(repository|organization|name|user)/.test(path);
      for (const method of isOwn ? ["GET", "HEAD"] : methods) {
        await expectSame(title, method, path, { isOwn, isPage: true });
      }
    }
  });
});

describe.each(["none", "api", "a former member's api key"])(
  "in other formats, with: %s",
  (title) => {
    it.each([erlangType, "text/html", "application/vnd.hex+json"])("%s", async (accept) => {
      const paths = apiRoutes().filter((path) => path.startsWith("/api/repos/:repository/"));
      for (const path of paths) {
        const isOwn = aboutOneself.has(path.replace("/api/repos/:repository", ""));
        if (!isOwn) await expectSame(title, "GET", path, { header: { accept } });
      }
    });
  },
);

const strangers = ["api", "repositories", "a key of their own organization", "a token of a login"];
describe.each([...strangers, "a former member's api key"])("a stranger with %s", (title) => {
  it.each(["/auth", "/repos/REPO/auth"])("learns nothing from %s", async (path) => {
    for (const [domain, resource] of [
      ...[["repository", "REPO"] as const, ["docs", "REPO"] as const],
      ...[["package", "REPO/foo"] as const, ["package", "REPO/qux"] as const],
    ]) {
      const ask = (name: string) => {
        const query = `?domain=${domain}&resource=${resource.replace("REPO", name)}`;
        return send(title, "GET", `/api${path.replace("REPO", name)}${query}`);
      };
      expect([401, 403]).toContain(await expectSameOfBoth(ask));
    }
  });

  it("learns nothing from what keys they can make", async () => {
    for (const scope of ["repository:REPO", "docs:REPO", "package:REPO/foo", "package:REPO/qux"]) {
      const ask = (name: string) =>
        send(title, "POST", "/api/keys", {
          ...jsonBody({ name: "k", permissions: [permission(scope.replace("REPO", name))] }),
        });
      expect([401, 404, 422]).toContain(await expectSameOfBoth(ask));
    }
  });

  it("gets no token that opens more than their key does", async () => {
    for (const scope of ["repository:REPO", "docs:REPO", "package:REPO/foo", "repositories"]) {
      const ask = async (name: string) => {
        const asked = { client_id: mix, grant_type: "client_credentials", client_secret: key };
        const body = jsonBody({ ...asked, scope: scope.replace("REPO", name) });
        const response = await send("none", "POST", "/api/oauth/token", body);
        const { access_token: token, ...rest } = await read(response);
        return { status: response.status, token, text: JSON.stringify(rest) };
      };
      const key = shown.get(title);
      const { token, ...answer } = await ask(victim.repository);
      const { token: _, ...other } = await ask(undeclared);
      expect(answer).toEqual({
        ...other,
        text: other.text.replaceAll(undeclared, victim.repository),
      });
      if (token === undefined) continue;
      shown.set("their token", `Bearer ${token}`);
      for (const path of ["names", "packages/:name", "docs/:name-:version.tar.gz"]) {
        await expectSame("their token", "GET", `/repos/:repository/${path}`, { isNamed: true });
      }
      for (const [method = "", path = ""] of [
        ...[
          ["GET", "/packages/:name"],
          ["POST", "/publish"],
          ["POST", "/packages/:name/releases"],
        ],
        ["DELETE", "/packages/:name/releases/:version"],
      ]) {
        const whole = `/api/repos/:repository${path}`;
        await expectSame("their token", method, whole, { isNamed: true, isPackageNamed: true });
      }
    }
  });

  it("finds in no list what is not theirs", async () => {
    const ofOthers = [`/users/${member.name}`, `/users/${member.name}@hexedge.test`];
    const lists = ["/repos", "/packages", "/packages?search=foo", "/packages?search=depends:foo"];
    const paths = [...lists, "/orgs", "/audit-logs", "/users", "", "/users/me", ...ofOthers];
    for (const path of paths) {
      const response = await send(title, "GET", `/api${path}`);
      const { text } = await seen(response);
      for (const secret of [victim.repository, '"foo"', `${member.name}@`]) {
        const isEcho = response.status === 404 && path.includes(secret);
        expect([path, secret, isEcho ? "" : text]).not.toEqual([
          path,
          secret,
          expect.stringContaining(secret),
        ]);
      }
    }
    expect((await seen(await send(title, "GET", "/"))).text).not.toContain(victim.repository);
  });
});

it("whoever is a member is told more, or this file would find no leak at all", async () => {
  shown.set("a member", member.key);
  const answered: string[] = [];
  for (const path of apiRoutes().filter((it) => it.startsWith("/api/repos/:repository/"))) {
    const [known, missing] = [
      plain(path, there),
      plain(path, { ...there, repository: undeclared }),
    ];
    const { status } = await send("a member", "GET", known);
    if (status === (await send("a member", "GET", missing)).status) continue;
    answered.push(path.replace("/api/repos/:repository", ""));
  }
  expect(answered).toEqual(
    expect.arrayContaining([
      ...["/packages", "/packages/:name", "/packages/:name/releases/:version"],
      ...["/packages/:name/releases/:version/docs", "/packages/:name/owners", "/check"],
      ...["/packages/:name/owners/:user", "/packages/:name/audit-logs", "/orgs/:organization"],
      ...["/orgs/:organization/members", "/orgs/:organization/members/:user"],
      ...["/orgs/:organization/keys", "/orgs/:organization/keys/:key"],
      "/orgs/:organization/audit-logs",
    ]),
  );
});

it("a stranger who shares an organization sees only what is of it", async () => {
  // Whoever is in both sees both: the test would not notice if nothing were ever shown.
  const both = await user(victim, "read");
  expect((await both.api("/packages/foo")).status).toBe(200);
  expect((await both.file("/packages/foo")).status).toBe(200);
  const elsewhere = await both.fetch(`/api/repos/${own.repository}/packages/baz`);
  expect(elsewhere.status).toBe(404);
});

const methods = ["GET", "HEAD", "POST", "PUT", "DELETE"];
const docs = gzipSync(tar([{ path: "index.html", bytes: "<h1>foo</h1>" }]));
const files = ["names", "versions", "public_key", "policy", "packages/:name", "packages/:name/x"]
  .concat(["tarballs/:name-:version.tar", "docs/:name-:version.tar.gz", "docs/:name/index.html"])
  .concat(["", "packages", "packages/%66oo", "packages/..%2fnames", "tarballs/:name", "x/y/z"]);

/** The path of each route of the app: 405 is registered for all methods, so each path is there. */
function routes(): string[] {
  const paths = app.routes.map(({ path }) => path).filter((path) => !path.includes("*"));
  return [...new Set(paths)];
}

/** Does the app do something there? */
const isThere = (method: string, path: string) =>
  app.routes.some((route) => route.method === method && route.path === path);

const apiRoutes = () => routes().filter((path) => /^\/api(\/|$)/.test(path));
const pageRoutes = () => routes().filter((path) => !/^\/(api|repos)(\/|$)/.test(path));

/**
 * Asks for what is there, and for several things that are not; both repositories of a path with two are
 * meant in turn.
 */
async function expectSame(
  title: string,
  method: string,
  path: string,
  options: {
    isOwn?: boolean;
    isPage?: boolean;
    /** The credential is made for this repository or package: about others it may be told more. */
    isNamed?: boolean;
    isPackageNamed?: boolean;
    header?: Record<string, string>;
  } = {},
): Promise<void> {
  const { isOwn = false, isPage = false, header = {}, isPackageNamed = false } = options;
  const isNamed = options.isNamed ?? title.startsWith("a former member's");
  for (const fill of path.includes("/:base/") ? [innerMeant, outerMeant] : [plain]) {
    const ask = async (names: Names) => {
      const filled = fill(path, names);
      const response = await send(
        title,
        method,
        filled,
        await bodyFor(method, path, names, header),
      );
      const { text, ...rest } = await seen(response);
      return { ...rest, path, method, text: isOwn ? text : withoutNames(text, names) };
    };
    const answer = await ask(there);
    const statuses = [401, 403, 404, 405, 406, ...(isPage ? [302, 303] : [])];
    if (!isOwn)
      expect([path, method, statuses]).toEqual([
        path,
        method,
        expect.arrayContaining([answer.status]),
      ]);
    else if (!isNamed) expect(answer.text).not.toContain(victim.repository);
    const others = absent.filter(
      (it) =>
        !(isOwn && it.user !== there.user) &&
        !(isNamed && it.repository !== there.repository) &&
        !(isPackageNamed && it.name !== there.name),
    );
    const asked = title === "a password" ? others.slice(-1) : others;
    for (const names of asked) expect(await ask(names)).toEqual(answer);
  }
}

const plain = (path: string, names: Names) =>
  path.replace(/:(\w+)/g, (_, parameter: string) => {
    const isRepository = ["repository", "organization", "base"].includes(parameter);
    return names[isRepository ? "repository" : (parameter as keyof Names)];
  });
const innerMeant = (path: string, names: Names) =>
  plain(path.replace(":base", own.repository), names);
const outerMeant = (path: string, names: Names) =>
  plain(path.replace("/:base/repos/:repository", "/:base/repos/hexpm"), names);

async function send(
  title: string,
  method: string,
  path: string,
  init: { headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  const authorization = shown.get(title);
  if (authorization !== undefined) headers.set("authorization", authorization);
  const request = new Request(`http://hexedge.test${path}`, { ...init, method, headers });
  return app.fetch(request, tried, createExecutionContext());
}

/** A body with which the route would do something for whoever may. */
async function bodyFor(
  method: string,
  path: string,
  names: Names,
  header: Record<string, string>,
): Promise<{ headers: Record<string, string>; body?: string | Uint8Array }> {
  if (method !== "POST" && method !== "PUT") return { headers: header };
  if (path.endsWith("/docs")) return { headers: header, body: docs };
  if (/\/(publish|releases)$/.test(path)) {
    return { headers: header, body: await tarballOf(names) };
  }
  const { headers, body } = jsonBody({
    ...{ name: names.user, role: "read", level: "full", transfer: true, password: "long enough" },
    ...{ reason: "security", permissions: [{ domain: "api" }], url: "http://hexedge.test/" },
  });
  return { headers: { ...headers, ...header }, body };
}

const tarballs = new Map<string, Uint8Array>();
async function tarballOf({ name, version }: Names): Promise<Uint8Array> {
  const key = `${name} ${version}`;
  const made = tarballs.get(key) ?? (await packageTarball({ name, version }));
  tarballs.set(key, made);
  return made;
}

/** All that an answer tells, but for what differs from one to the next anyway. */
async function seen(response: Response) {
  const headers = Object.fromEntries(response.headers);
  for (const name of ["date", "x-request-id"]) delete headers[name];
  for (const name of Object.keys(headers))
    if (name.startsWith("x-ratelimit-")) delete headers[name];
  // Names are looked for in text.
  const location = decodeURIComponent(headers.location ?? "");
  delete headers.location;
  const text = location + new TextDecoder().decode(await response.arrayBuffer());
  const answer = { status: response.status, headers, text };
  // Another one for each page, which says nothing about what is on it.
  const policy = headers["content-security-policy"] ?? "";
  const [, nonce] = /'nonce-([^']+)'/.exec(policy) ?? [];
  if (nonce === undefined) return answer;
  headers["content-security-policy"] = policy.replaceAll(nonce, "NONCE");
  return { ...answer, text: text.replaceAll(nonce, "NONCE") };
}

/** What was asked for may stand in the answer. */
function withoutNames(text: string, { repository, ...names }: Names): string {
  const { name, version, user, key } = names;
  return [repository, victim.repository, name, version, user, key].reduce(
    (rest, it) => rest.replace(new RegExp(`\\b${it.replaceAll(".", "\\.")}\\b`, "g"), "IT"),
    text,
  );
}

async function expectSameOfBoth(ask: (repository: string) => Promise<Response>): Promise<number> {
  const [answer, other] = [
    await seen(await ask(victim.repository)),
    await seen(await ask(undeclared)),
  ];
  expect({ ...answer, text: answer.text.replaceAll(victim.repository, undeclared) }).toEqual(other);
  return answer.status;
}

/** All that there is of the repository and its organization. */
async function everything(): Promise<unknown> {
  const { admin, repository, stub } = victim;
  const shownTo = async (path: string) => (await admin.fetch(path)).json();
  await expectSound(victim);
  return {
    files: await storedFiles(victim),
    audit: await stub.auditLog({ limit: 1000 }),
    facts: await stub.facts(),
    package: await shownTo(`/api/repos/${repository}/packages/foo`),
    owners: await shownTo(`/api/repos/${repository}/packages/foo/owners`),
    organization: await shownTo(`/api/orgs/${repository}`),
    keys: await shownTo(`/api/orgs/${repository}/keys`),
    doings: await shownTo(`/api/orgs/${repository}/audit-logs`),
  };
}

async function makeCredentials(): Promise<void> {
  const stranger = await user(own, "admin");
  const keyFor = async (...scopes: string[]) => (await stranger.with(...scopes)).key;
  shown.set("none", undefined);
  shown.set("a key that is none", makeKeySecret());
  shown.set("a password", basic(stranger.name, stranger.password));
  for (const scope of ["api", "api:read", "api:write", "repositories"]) {
    shown.set(scope, await keyFor(scope));
  }
  shown.set("repository of their own", await keyFor(`repository:${own.repository}`));
  shown.set("docs of their own", await keyFor(`docs:${own.repository}`));
  shown.set("package of their own", await keyFor(`package:${own.repository}/baz`));
  shown.set("a key of their own organization", await keyOfOrganization(own, "api"));
  const forFiles = await keyOfOrganization(own, `repository:${own.repository}`);
  shown.set("a key of their own organization for its files", forFiles);
  const token = async (key: string, scope: string) => `Bearer ${await exchanged(key, scope)}`;
  const [api = "", repositories = ""] = ["api", "repositories"].map((it) => shown.get(it));
  shown.set("a token made from a key for files", await token(repositories, "repositories"));
  shown.set("a token made from a key for the API", await token(api, "api"));
  shown.set("a token of a login", `Bearer ${(await loggedIn(stranger)).access}`);

  const revoked = await keyFor("api", "repositories");
  const expired = await keyFor("api", "repositories");
  await runInDurableObject(accounts(), ({ world: { sql } }) => {
    const [last, first] = sql.exec<{ id: number }>("SELECT id FROM keys ORDER BY id DESC LIMIT 2");
    sql.exec("UPDATE keys SET revoked_at = 1 WHERE id = ?", first?.id ?? 0);
    sql.exec("UPDATE keys SET revoke_at = 1 WHERE id = ?", last?.id ?? 0);
  });
  shown.set("a revoked key", revoked);
  shown.set("an expired key", expired);

  const former = await user(victim, "admin");
  await setRole(own, former.name, "read");
  const formerKey = async (scope: string) => (await former.with(scope)).key;
  const scopeOf = `repository:${victim.repository}`;
  shown.set("a former member's api key", await formerKey("api"));
  shown.set("a former member's key for the repository", await formerKey(scopeOf));
  const packages = ["foo", "bar", "qux"].map((name) => `package:${victim.repository}/${name}`);
  shown.set("a former member's key for packages", (await former.with(...packages)).key);
  shown.set("a former member's key for the docs", await formerKey(`docs:${victim.repository}`));
  shown.set(
    "a former member's token",
    await token(await formerKey("repositories"), "repositories"),
  );
  shown.set("a former member's login", `Bearer ${(await loggedIn(former)).access}`);
  const left = `/api/orgs/${victim.repository}/members/${former.name}`;
  expect((await victim.admin.fetch(left, { method: "DELETE" })).status).toBe(204);
}
