import { env } from "cloudflare:workers";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { asksForErlang, read } from "../support/answers.ts";
import { user } from "../support/people.ts";
import { packageTarball, tar } from "../support/tarball.ts";
import { expectSound, Person, storedFiles, type World, world } from "../support/world.ts";

/** Clients put their own paths, with or without /repos/NAME, behind whichever api_url they have. */
const prefixes = [
  "/api/repos/REPO",
  "/api/repos/hexpm:REPO",
  "/api/repos/hexpm%3AREPO",
  "/api/repos/REPO/repos/hexpm",
  "/api/repos/REPO/repos/REPO",
  "/api/repos/REPO/repos/hexpm:REPO",
  "/api/repos/hexpm/repos/REPO",
  "/api/repos/OTHER/repos/REPO",
  "/api/repos/hexpm:REPO/repos/hexpm",
  // An api_url with a slash at its end.
  "/api/repos/REPO/",
  "//api//repos//REPO",
];
const rootPrefixes = ["/api", "/api/", "/api/repos/hexpm", "/api/repos/hexpm/repos/hexpm"];

const foo = "/packages/foo/releases/1.0.0";
const docs = gzipSync(tar([{ path: "index.html" }]));

/** Each route once, in an order in which they all succeed: method, path, status. */
const journey: [string, string, number][] = [
  ["GET", "/users/me", 200],
  ["POST", "/publish", 201],
  ["POST", "/packages/foo/releases?replace=true", 200],
  ["GET", "/packages/foo", 200],
  ["GET", "/packages/foo/owners", 200],
  ["GET", "/packages/foo/audit-logs", 200],
  ["GET", foo, 200],
  ["POST", `${foo}/retire`, 204],
  ["DELETE", `${foo}/retire`, 204],
  ["POST", `${foo}/docs`, 201],
  ["GET", `${foo}/docs`, 302],
  ["DELETE", `${foo}/docs`, 204],
  ["GET", "/check", 200],
  ["DELETE", foo, 204],
];

/** Of the registry, whatever repository the path names. */
const accounts = ["/users", "/users/me", "/orgs", "/auth?domain=api"].concat([
  "/orgs/shut_000",
  "/orgs/shut_000/members",
  "/orgs/shut_000/keys",
]);

describe("an api_url", () => {
  it.each(prefixes)(
    "that leads to %s means the repository in it, on every route",
    async (prefix) => {
      const it = await world();
      const other = await world();
      await travel(it, prefix.replace(/REPO/g, it.repository).replace("OTHER", other.repository));
      expect(await storedFiles(other)).toEqual([]);
    },
  );

  it.each(rootPrefixes)(
    "that leads to %s means the root repository, on every route",
    async (prefix) => {
      // Declared as ROOT_REPOSITORY in test/vitest.config.ts.
      const root = { repository: "shut_000", stub: env.REPOSITORY.getByName("shut_000") };
      await travel({ ...root, ...people("shut_000") }, prefix);
    },
  );

  it.each([...prefixes, ...rootPrefixes, "/api/repos/nowhere"])(
    "that leads to %s means the same accounts as any other",
    async (prefix) => {
      const [it, other] = [await world(), await world()];
      const named = prefix.replace(/REPO/g, it.repository).replace("OTHER", other.repository);
      for (const path of accounts) {
        const response = await it.admin.fetch(`${named}${path}`);
        expect([path, response.status]).toEqual([path, 200]);
        expect(await response.json()).toEqual(await (await it.admin.fetch(`/api${path}`)).json());
      }
    },
  );

  it("to the root tells where things are in words that name the repository", async () => {
    const { admin } = people("shut_000");
    const body = await packageTarball({ name: "bar" });
    const response = await admin.fetch("/api/publish?replace=true", { method: "POST", body });
    expect(response.headers.get("location")).toBe(
      "http://hexedge.test/api/repos/shut_000/packages/bar/releases/1.0.0",
    );
    expect((await admin.revert("bar", "1.0.0")).status).toBe(204);
  });

  it("with two repositories means the second, and asks what that one allows", async () => {
    const shut = await world();
    const open = await world({ public: true });
    await shut.admin.publish();
    await open.admin.publish();
    const between = (one: World, other: World) =>
      shut.guest.fetch(`/api/repos/${one.repository}/repos/${other.repository}/packages/foo`);
    expect((await between(open, shut)).status).toBe(401);
    expect((await between(shut, open)).status).toBe(200);
    expect((await read(await between(shut, open))).repository).toBe(open.repository);
  });
});

describe("without a root repository", () => {
  const { ROOT_REPOSITORY: _, ...rootless } = env;

  it.each([
    ["GET", "/api/packages/foo"],
    ["POST", "/api/publish"],
    ["POST", "/api/packages/foo/releases"],
    ["GET", "/api/repos/hexpm/packages"],
    ["GET", `/api/repos/hexpm${foo}`],
    ["DELETE", `/api/repos/hexpm/repos/hexpm${foo}`],
    ["GET", "/api/check"],
  ])("%s %s says what to do", async (method, path) => {
    const response = await ask(rootless, method, path);
    expect(response.status).toBe(404);
    const { message } = await read(response);
    expect(message).toContain("api_url that ends with /api/repos/REPOSITORY");
    expect(message).toContain("ROOT_REPOSITORY");
  });

  it.each([["/api/packages"], ["/api/repos"], ["/api"]])("GET %s needs none", async (path) => {
    const { repository } = await world();
    const declared = { ...rootless, REPOSITORIES: { [repository]: { kind: "hosted" } } };
    expect((await ask(declared, "GET", path)).status).toBe(200);
  });

  it("a repository that the path names is found as ever", async () => {
    const it = await world();
    await it.admin.publish();
    for (const prefix of [`/api/repos/${it.repository}`, `/api/repos/hexpm:${it.repository}`]) {
      expect((await ask(rootless, "GET", `${prefix}/packages/foo`)).status).toBe(200);
    }
    expect((await ask(rootless, "GET", "/api/users/me")).status).toBe(200);
  });
});

describe("a repository that is not declared", () => {
  const names = ["nowhere", "SHUT_000", "shut_000x", "__proto__", "constructor", "%00"].concat([
    "shut_000%2Fpackages",
    "%zz",
    "a".repeat(10_000),
    "hexpm:nowhere",
    "hexpm:",
  ]);

  it.each(names)("is not found in the API: %j", async (name) => {
    const { admin } = await world();
    for (const [method, path] of journey) {
      if (accounts.includes(path)) continue;
      const response = await admin.fetch(`/api/repos/${name}${path}`, {
        method,
        headers: asksForErlang,
        body: method === "POST" ? "x" : null,
      });
      expect([method, path, response.status]).toEqual([method, path, 404]);
      expect(await read(response)).toEqual({ status: 404, message: expect.stringMatching(/\S/) });
    }
  });

  it.each(names)("has no files: %j", async (name) => {
    const { admin } = await world();
    for (const path of ["/names", "/public_key", "/packages/foo", "/tarballs/foo-1.0.0.tar", ""]) {
      const response = await admin.fetch(`/repos/${name}${path}`);
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
      expect(response.headers.get("cache-control")).toBe("private, no-store");
    }
  });

  it("is not reached by dots, which mean in a path what they mean in every URL", async () => {
    const [shut, open] = [await world(), await world({ public: true })];
    await shut.admin.publish();
    for (const dots of ["..", "%2e%2e", ".%2E"]) {
      const path = `/repos/${open.repository}/${dots}/${shut.repository}/packages/foo`;
      expect((await open.guest.fetch(path)).status).toBe(403);
      expect((await open.guest.fetch(`/api${path}`)).status).toBe(401);
    }
    const slash = `/repos/${open.repository}/packages/..%2f..%2f${shut.repository}%2fpackages%2ffoo`;
    expect((await open.guest.fetch(slash)).status).toBe(404);
    expect((await open.guest.fetch(`/api${slash}`)).status).toBe(404);
  });

  it("is named in the answer, with how to declare it", async () => {
    const { admin } = await world();
    const { message } = await read(await admin.fetch("/api/repos/nowhere/packages/foo"));
    expect(message).toContain("[vars.REPOSITORIES.nowhere] in wrangler.toml");
    const text = await (await admin.fetch("/repos/nowhere/names")).text();
    expect(text).toContain("[vars.REPOSITORIES.nowhere] in wrangler.toml");
  });
});

describe("a method that a path does not have", () => {
  const routes: [string, string[]][] = [
    ["/users/me", ["GET"]],
    ["/publish", ["POST"]],
    ["/packages", ["GET"]],
    ["/packages/foo", ["GET"]],
    ["/packages/foo/owners", ["GET"]],
    ["/packages/foo/owners/ann", ["GET", "PUT", "DELETE"]],
    ["/packages/foo/audit-logs", ["GET"]],
    ["/packages/foo/releases", ["POST"]],
    [foo, ["GET", "DELETE"]],
    [`${foo}/retire`, ["POST", "DELETE"]],
    [`${foo}/docs`, ["GET", "POST", "DELETE"]],
    ["/check", ["GET", "POST"]],
    ["/restore", ["POST"]],
    ["/restore/finish", ["POST"]],
    ["/users", ["GET", "POST"]],
    ["/users/ann", ["GET", "DELETE"]],
    ["/users/ann/password", ["POST"]],
    ["/users/ann/keys", ["GET", "POST", "DELETE"]],
    ["/users/ann/keys/ci", ["GET", "DELETE"]],
    ["/users/me/audit-logs", ["GET"]],
    ["/keys", ["GET", "POST", "DELETE"]],
    ["/keys/ci", ["GET", "DELETE"]],
    ["/orgs", ["GET"]],
    ["/orgs/acme", ["GET"]],
    ["/orgs/acme/members", ["GET", "POST"]],
    ["/orgs/acme/members/ann", ["GET", "POST", "DELETE"]],
    ["/orgs/acme/keys", ["GET", "POST", "DELETE"]],
    ["/orgs/acme/keys/ci", ["GET", "DELETE"]],
    ["/orgs/acme/audit-logs", ["GET"]],
    ["/auth", ["GET"]],
    ["/oauth/device_authorization", ["POST"]],
    ["/oauth/token", ["POST"]],
    ["/oauth/revoke", ["POST"]],
    ["/oauth/revoke_by_hash", ["POST"]],
    ["/short_url", ["POST"]],
    ["/audit-logs", ["GET"]],
  ];
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];

  it.each(routes)("is refused with those it has: %s", async (path, allowed) => {
    const it = await world();
    const allow = allowed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    for (const prefix of ["/api", `/api/repos/${it.repository}`, "/api/repos/hexpm/repos/hexpm"]) {
      for (const method of methods.filter((it) => !allow.includes(it))) {
        const response = await it.admin.fetch(`${prefix}${path}`, {
          method,
          headers: asksForErlang,
        });
        expect([method, response.status]).toEqual([method, 405]);
        expect(response.headers.get("allow")).toBe(allow.join(", "));
        expect(response.headers.get("x-request-id")).not.toBeNull();
        if (method === "HEAD") continue;
        expect(await read(response)).toEqual({
          status: 405,
          message: `Only ${allow.join(", ")} here`,
        });
      }
    }
    expect(await storedFiles(it)).toEqual([]);
  });

  it.each([
    "/",
    "/health",
    "/l/code",
    "/repos/REPO/names",
    "/repos/REPO/packages/foo",
    "/repos/REPO/public_key",
  ])("is refused in plain text outside the API: %s", async (path) => {
    const it = await world();
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await it.admin.fetch(path.replace("REPO", it.repository), { method });
      expect([method, response.status]).toEqual([method, 405]);
      expect(response.headers.get("allow")).toBe("GET, HEAD");
      expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
      expect(await response.text()).toBe("Only GET, HEAD here\n");
    }
  });
});

describe("a path that is none", () => {
  it.each([
    "/api/nothing",
    "/api/repos/REPO/nothing",
    "/api/repos/REPO/repos/REPO/nothing",
    "/api/repos/REPO/packages/",
    "/api/repos/REPO/packages/foo/",
    "/api/repos/REPO/packages/foo/releases/1.0.0/",
    "/api/repos/REPO/packages/foo/releases/1.0.0/retire/x",
    "/api/repos/REPO/packages/foo/nothing",
    "/api/repos/REPO/users/me/nothing",
    "/api/repos/REPO/repos/REPO/repos/REPO/packages/foo",
    "/api/users/",
    "/api/orgs/REPO/nothing",
    "/api/orgs/REPO/keys/a/b",
    "/api/oauth",
    "/api/publish/x",
    "/api/%2e%2e%2f%2e%2e",
  ])("is not found, in the client's format: %s", async (path) => {
    const it = await worldWithFoo();
    const response = await it.admin.fetch(path.replaceAll("REPO", it.repository), {
      headers: asksForErlang,
    });
    expect(response.status).toBe(404);
    expect(await read(response)).toEqual({ status: 404, message: "Page not found" });
  });

  it.each(["/apiary", "/favicon.ico", "/repos", "/repos/", "/%00", "/%zz"])(
    "is not found, in plain text: %s",
    async (path) => {
      const { guest } = await world();
      const response = await guest.fetch(path);
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
      expect(response.headers.get("x-request-id")).not.toBeNull();
    },
  );
});

describe("the pages for people", () => {
  it("GET /health says that the registry answers", async () => {
    const { guest } = await world();
    const response = await guest.fetch("/health");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(await response.json()).toEqual({ status: "ok" });
  });

  it("GET / says in plain text how to use each repository that one may read", async () => {
    const response = await ask(
      {
        ...env,
        REPOSITORIES: { one: { kind: "hosted" }, two: { kind: "hosted", public: true } },
        ROOT_REPOSITORY: "one",
      },
      "GET",
      "/",
    );
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    const text = await response.text();
    expect(text).toContain(
      "mix hex.repo add one http://hexedge.test/repos/one --public-key one.pem --auth-key KEY\n",
    );
    expect(text).toContain(
      "mix hex.repo add two http://hexedge.test/repos/two --public-key two.pem\n",
    );
    expect(text).toContain("HEX_API_URL=http://hexedge.test/api/repos/one");
    expect(text).not.toContain(env.ADMIN_KEY);
  });

  it("GET / names no repository to those who may not know that it is there", async () => {
    const [it, other] = [await world(), await world()];
    const open = await world({ public: true });
    const named = async (who: Person) => {
      const text = await (await who.fetch("/")).text();
      return [it, other, open].map(({ repository }) => text.includes(repository));
    };
    expect(await named(it.guest)).toEqual([false, false, true]);
    expect(await named(await user(it, "read"))).toEqual([true, false, true]);
    expect(await named(await user(it))).toEqual([false, false, true]);
    expect(await named(it.admin)).toEqual([true, true, true]);
    const hint = 'curl -H "authorization: KEY" http://hexedge.test/\n';
    expect(await (await it.guest.fetch("/")).text()).toContain(hint);
    expect(await (await it.admin.fetch("/")).text()).not.toContain(hint);
  });

  it("HEAD says the same without a body", async () => {
    const { guest } = await world();
    for (const path of ["/", "/health"]) {
      const response = await guest.fetch(path, { method: "HEAD" });
      expect([response.status, await response.text()]).toEqual([200, ""]);
    }
  });

  it("name the address under which clients reach the registry behind a proxy", async () => {
    const it = await worldWithFoo();
    const behind = { ...env, PUBLIC_URL: "https://hex.example.com/" };
    expect(await (await ask(behind, "GET", "/")).text()).toContain(
      "https://hex.example.com/repos/",
    );
    const path = `/api/repos/${it.repository}/packages/foo`;
    const shown = await read(await ask(behind, "GET", path));
    expect(shown.url).toBe(`https://hex.example.com${path}`);
  });
});

async function travel(it: World, prefix: string): Promise<void> {
  expect((await it.admin.file("/names")).status).toBe(200);
  for (const [method, path, status] of journey) {
    const body =
      method === "POST"
        ? path.endsWith("retire")
          ? '{"reason":"other"}'
          : path.endsWith("docs")
            ? docs
            : await packageTarball()
        : null;
    const response = await it.admin.fetch(`${prefix}${path}`, { method, body });
    expect([method, path, response.status]).toEqual([method, path, status]);
    if (status === 200 && path === "/packages/foo") {
      expect((await read(response)).repository).toBe(it.repository);
    }
    await expectSound(it);
  }
}

function people(repository: string): Pick<World, "admin" | "guest"> {
  return { admin: new Person(repository, env.ADMIN_KEY), guest: new Person(repository, undefined) };
}

async function worldWithFoo(): Promise<World> {
  const it = await world();
  expect((await it.admin.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
  return it;
}

/** The Worker with other declarations, as the admin. */
async function ask(environment: Env, method: string, path: string): Promise<Response> {
  const headers = { authorization: environment.ADMIN_KEY ?? "" };
  const body = method === "POST" ? "x" : null;
  return createApp().fetch(
    new Request(`http://hexedge.test${path}`, { method, headers, body }),
    environment,
  );
}
