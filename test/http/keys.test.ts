import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { asksForErlang, erlangBody, jsonBody, read } from "../support/answers.ts";
import { permission, setRole, type User, user } from "../support/people.ts";
import { world } from "../support/world.ts";
import {
  accounts,
  basic,
  exchanged,
  keyOfOrganization,
  loggedIn,
  registry,
  registryWith,
} from "./registry.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const secretPattern = expect.stringMatching(/^hex_[0-9a-f]{40}$/);

/** Asks for a key with the key that is given. */
const make = (key: string, body: object, path = "/api/keys") =>
  registry(path, { key, method: "POST", ...jsonBody(body) });
const remove = (key: string, path: string) => registry(path, { key, method: "DELETE" });
const list = async (key: string, path = "/api/keys") =>
  Object.values(await read(await registry(path, { key }))) as Record<string, unknown>[];
const scopes = (...all: string[]) => ({ permissions: all.map(permission) });

async function secretOf(response: Response): Promise<string> {
  expect(response.status).toBe(201);
  return String((await read(response)).secret);
}

async function expectErrors(response: Response, errors: object): Promise<void> {
  expect([response.status, await read(response)]).toEqual([
    422,
    { status: 422, message: "Validation error(s)", errors },
  ]);
}

describe("a new key", () => {
  it("is shown with its secret once, and never again, in both formats", async () => {
    const it = await world();
    const ann = await user(it);
    for (const [bodyOf, name] of [[jsonBody, "one"] as const, [erlangBody, "two"] as const]) {
      const body = bodyOf({ name, ...scopes("api:read", `repository:${it.repository}`) });
      await setRole(it, ann.name, "read");
      const headers = { ...body.headers, ...asksForErlang };
      const response = await registry("/api/keys", {
        key: ann.key,
        ...body,
        method: "POST",
        headers,
      });
      // rebar3 and mix want exactly this.
      expect(response.status).toBe(201);
      const url = `http://hexedge.test/api/keys/${name}`;
      expect(response.headers.get("location")).toBe(url);
      const made = await read(response);
      const view = {
        ...{ name, authing_key: false, revoke_at: null, url },
        ...{ inserted_at: time, updated_at: time },
        permissions: [
          { domain: "api", resource: "read" },
          { domain: "repository", resource: it.repository },
        ],
      };
      expect(made).toEqual({ ...view, secret: secretPattern });
      const shown = await registry(`/api/keys/${name}`, { key: ann.key, headers: asksForErlang });
      expect(await read(shown)).toEqual({ ...view, secret: null });
      expect(await list(ann.key)).toContainEqual({ ...view, secret: null });
      expect((await registry("/api/users/me", { key: String(made.secret) })).status).toBe(200);
    }
  });

  it.each([
    ["nothing said", {}, [{ domain: "api", resource: null }]],
    [
      "an empty resource, as mix sends it",
      { permissions: [{ domain: "api", resource: "" }] },
      [{ domain: "api", resource: null }],
    ],
    [
      "a resource that is null",
      { permissions: [{ domain: "repositories", resource: null }] },
      [{ domain: "repositories", resource: null }],
    ],
  ])("is good for what is meant, with %s", async (_title, body, permissions) => {
    const ann = await user(await world());
    expect(await read(await make(ann.key, { name: "k", ...body }))).toMatchObject({ permissions });
  });

  it.each([
    ["no name", {}, { name: "can't be blank" }],
    ["an empty name", { name: " " }, { name: "should be at least 1 character(s)" }],
    ["a name of two lines", { name: "a\nb" }, { name: "has invalid format" }],
    ["a long name", { name: "x".repeat(256) }, { name: "should be at most 255 character(s)" }],
    ["no permissions", { permissions: [] }, { permissions: "can't be blank" }],
    ["permissions that are none", { permissions: "api" }, { permissions: expect.any(String) }],
    [
      "a domain that is none",
      { permissions: [{ domain: "all" }] },
      { permissions: { domain: "is invalid" } },
    ],
    [
      "a domain of every object",
      { permissions: [{ domain: "__proto__" }] },
      { permissions: { domain: "is invalid" } },
    ],
    [
      "101 permissions",
      { permissions: Array(101).fill({ domain: "api" }) },
      { permissions: "should be at most 100" },
    ],
    [
      "a resource that is none",
      scopes("api:all"),
      { permissions: { resource: "invalid resource for given domain" } },
    ],
    [
      "repositories of one",
      scopes("repositories:foo"),
      { permissions: { resource: "invalid resource for given domain" } },
    ],
    [
      "a repository without name",
      scopes("repository"),
      { permissions: { resource: "invalid resource for given domain" } },
    ],
    [
      "a package of two slashes",
      scopes("package:aa/bb/cc"),
      { permissions: { resource: "invalid resource for given domain" } },
    ],
    [
      "a time that is none",
      { revoke_at: "tomorrow" },
      { revoke_at: expect.stringMatching(/^is invalid/) },
    ],
    [
      "a time that has gone",
      { revoke_at: "2020-01-01T00:00:00Z" },
      { revoke_at: "must be in the future" },
    ],
  ])("is refused with %s", async (title, body, errors) => {
    const ann = await user(await world());
    const response = await make(ann.key, {
      ...(title === "no name" ? {} : { name: "k" }),
      ...body,
    });
    await expectErrors(response, errors);
    expect(await list(ann.key)).toHaveLength(1);
  });

  it("gets a number when its name is taken, and the name itself when that key has gone", async () => {
    const ann = await user(await world());
    const names: unknown[] = [];
    for (const _ of [1, 2, 3]) names.push((await read(await make(ann.key, { name: "ci" }))).name);
    expect(names).toEqual(["ci", "ci-2", "ci-3"]);
    expect((await remove(ann.key, "/api/keys/ci")).status).toBe(200);
    expect((await read(await make(ann.key, { name: "ci" }))).name).toBe("ci");
  });

  it("cannot be for a repository or package that its owner may not see, be it there or not", async () => {
    const [it, other] = [await world(), await world()];
    const ann = await user(it, "admin");
    await other.admin.publish();
    const repository = "you do not have access to this repository";
    const pkg = "you do not have access to this package";
    for (const name of [other.repository, "undeclared"]) {
      for (const [scope, resource] of [
        ...[[`repository:${name}`, repository] as const, [`docs:${name}`, repository] as const],
        ...[[`package:${name}/foo`, pkg] as const, [`package:${name}/nope`, pkg] as const],
      ]) {
        for (const key of [ann.key, basic(ann.name, ann.password)]) {
          const response = await make(key, { name: "k", ...scopes(scope) });
          await expectErrors(response, { permissions: { resource } });
        }
      }
    }
  });

  it("for a package without a repository is for the one of the API's root", async () => {
    const it = await world();
    const ann = await user(it, "write");
    const rooted = registryWith({ ROOT_REPOSITORY: it.repository });
    const body = jsonBody({ name: "k", ...scopes("package:foo") });
    const response = await rooted("/api/keys", { key: ann.key, method: "POST", ...body });
    expect((await read(response)).permissions).toEqual([
      { domain: "package", resource: `${it.repository}/foo` },
    ]);
  });
});

describe("a key", () => {
  it("lists the keys of its owner by name, says which it is, and when each was used", async () => {
    const [it, other] = [await world(), await world()];
    const [ann, bob] = [await user(it), await user(other)];
    const headers = { "user-agent": "Hex/2.4.1", "cf-connecting-ip": "192.0.2.7" };
    const used = await secretOf(await make(ann.key, { name: "zebra" }));
    await make(ann.key, { name: "alpha" });
    await registry("/api/users/me", { key: used, headers });
    const keys = await list(ann.key);
    expect(keys.map(({ name, authing_key }) => [name, authing_key])).toEqual([
      ["alpha", false],
      ["test", true],
      ["zebra", false],
    ]);
    await expect
      .poll(async () => (await list(ann.key)).at(-1)?.last_use)
      .toEqual({ used_at: time, ip: "192.0.2.7", user_agent: "Hex/2.4.1" });
    expect(await list(bob.key)).toHaveLength(1);
    expect(JSON.stringify(keys)).not.toContain("hex_");
  });

  it("is the admin's to list, make and revoke for every user, and nobody else's", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "admin"), await user(it, "admin")];
    const keys = `/api/users/${ann.name}/keys`;
    expect((await it.admin.fetch(keys)).status).toBe(200);
    expect((await it.admin.fetch(`${keys}/test`)).status).toBe(200);
    for (const person of [ann, bob]) {
      for (const method of ["GET", "POST", "DELETE"]) {
        const body = method === "POST" ? jsonBody({ name: "x" }) : {};
        expect((await person.fetch(keys, { method, ...body })).status).toBe(403);
      }
    }
    expect((await it.guest.fetch(keys)).status).toBe(401);
    expect((await it.admin.fetch("/api/users/nobody/keys")).status).toBe(404);
    // The admin key is none of them.
    expect((await it.admin.fetch("/api/keys")).status).toBe(404);
  });

  it("of another user is not there, whatever its name", async () => {
    const it = await world();
    const [ann, bob] = [await user(it), await user(it)];
    await make(ann.key, { name: "ann only" });
    for (const name of ["ann%20only", "nobody%27s", "%00", "..", "test%2F..%2Ftest"]) {
      expect((await registry(`/api/keys/${name}`, { key: bob.key })).status).toBe(404);
      expect((await remove(bob.key, `/api/keys/${name}`)).status).toBe(404);
    }
    expect(await list(ann.key)).toHaveLength(2);
  });

  it("opens nothing after its time", async () => {
    const it = await world();
    const ann = await user(it, "read");
    const revokeAt = "2099-12-31T23:59:59.000Z";
    const response = await make(ann.key, { name: "short", revoke_at: revokeAt });
    const made = await read(response);
    expect(made.revoke_at).toBe(revokeAt);
    await runInDurableObject(accounts(), ({ world: { sql } }) => {
      sql.exec("UPDATE keys SET revoke_at = ? WHERE name = 'short'", Date.now() - 1);
    });
    const answer = await registry("/api/users/me", { key: String(made.secret) });
    expect([answer.status, (await read(answer)).message]).toEqual([401, "API key revoked"]);
    expect((await list(ann.key)).map(({ name }) => name)).toEqual(["test"]);
    expect((await registry("/api/keys/short", { key: ann.key })).status).toBe(404);
  });
});

describe("revoking", () => {
  it("answers with the key, which can do nothing any more that matters", async () => {
    const it = await world();
    const ann = await user(it, "admin");
    const secret = await secretOf(await make(ann.key, { name: "ci" }));
    const response = await remove(ann.key, "/api/keys/ci");
    expect(response.status).toBe(200);
    expect(await read(response)).toMatchObject({ name: "ci", secret: null, authing_key: false });
    const answer = await make(secret, { name: "x" });
    expect([answer.status, (await read(answer)).message]).toEqual([401, "API key revoked"]);
    expect((await remove(ann.key, "/api/keys/ci")).status).toBe(404);
  });

  it("a key ends the tokens that were made with it", async () => {
    const it = await world();
    const ann = await user(it, "admin");
    const secret = await secretOf(await make(ann.key, { name: "ci" }));
    const token = `Bearer ${await exchanged(secret, "api")}`;
    expect((await make(token, { name: "made by the token" })).status).toBe(201);
    await remove(ann.key, "/api/keys/ci");
    expect((await make(token, { name: "x" })).status).toBe(401);
  });

  it("all takes the one that asks too, and answers with it", async () => {
    const it = await world();
    const [ann, bob] = [await user(it), await user(it)];
    const other = await secretOf(await make(ann.key, { name: "other" }));
    const response = await remove(ann.key, "/api/keys");
    expect(response.status).toBe(200);
    expect(await read(response)).toMatchObject({ name: "test", authing_key: true, secret: null });
    for (const key of [ann.key, other]) {
      expect((await make(key, { name: "x" })).status).toBe(401);
    }
    expect((await make(bob.key, { name: "x" })).status).toBe(201);
  });

  it("all with a password or a token answers with no key at all", async () => {
    const ann = await user(await world());
    const token = `Bearer ${(await loggedIn(ann)).access}`;
    for (const key of [basic(ann.name, ann.password), token]) {
      const response = await remove(key, "/api/keys");
      expect([response.status, await response.text()]).toEqual([204, ""]);
    }
    expect(await list(basic(ann.name, ann.password))).toEqual([]);
  });
});

describe("escalation", () => {
  it.each([
    ["api:write", "api"],
    ["api:write", "repositories"],
    ["api:write", "repository:REPO"],
    ["api:write", "docs:REPO"],
    ["api:read api:write", "api"],
    ["api:write repository:REPO", "repositories"],
  ])("%s makes no key for %s", async (held, wanted) => {
    const it = await world();
    const ann = await user(it, "admin", ...held.replace("REPO", it.repository).split(" "));
    const scope = wanted.replace("REPO", it.repository);
    const token = `Bearer ${await exchanged(ann.key, held.replace("REPO", it.repository))}`;
    for (const key of [ann.key, token]) {
      const response = await make(key, { name: "more", ...scopes("api:read", scope) });
      const permissions = `the key that asks cannot do ${scope} itself`;
      await expectErrors(response, { permissions });
    }
  });

  it.each([
    ["api:write", "api:read api:write package:REPO/foo"],
    ["api:write repositories", "repositories repository:REPO docs:REPO"],
    ["api:write repository:REPO", "repository:REPO docs:REPO"],
    // The account itself: rebar3 logs in with it.
    ["api", "api repositories repository:REPO docs:REPO package:REPO/foo"],
  ])("%s makes a key for %s", async (held, wanted) => {
    const it = await world();
    const named = (text: string) => text.replaceAll("REPO", it.repository).split(" ");
    const ann = await user(it, "admin", ...named(held));
    expect((await make(ann.key, { name: "same", ...scopes(...named(wanted)) })).status).toBe(201);
  });

  it.each(["api:read", "repositories", "repository:REPO", "docs:REPO", "package:REPO/foo"])(
    "%s makes and revokes no keys, and lists them only with api",
    async (held) => {
      const it = await world();
      const ann = await user(it, "admin", held.replace("REPO", it.repository));
      for (const path of ["/api/keys", `/api/orgs/${it.repository}/keys`]) {
        for (const response of [
          await make(ann.key, { name: "x", ...scopes(held.replace("REPO", it.repository)) }, path),
          await remove(ann.key, path),
          await remove(ann.key, `${path}/test`),
        ]) {
          expect(response.status).toBe(401);
          expect((await read(response)).message).toBe("key not authorized for this action");
        }
        const listed = await registry(path, { key: ann.key });
        expect(listed.status).toBe(held === "api:read" ? 200 : 401);
      }
    },
  );

  it("a key makes none that lives longer than itself", async () => {
    const ann = await user(await world());
    const revoke_at = new Date(Date.now() + 3600_000).toISOString();
    const hour = await secretOf(await make(ann.key, { name: "hour", revoke_at }));
    const token = `Bearer ${await exchanged(hour, "api")}`;
    for (const key of [hour, token]) {
      const later = new Date(Date.now() + 7200_000).toISOString();
      const response = await make(key, { name: "longer", revoke_at: later });
      await expectErrors(response, { revoke_at: "must not be after the key that asks expires" });
      // Without a time it gets that one.
      expect(await read(await make(key, { name: "as long" }))).toMatchObject({ revoke_at });
    }
  });

  it("a reader's key is worth no more than its owner is now", async () => {
    const it = await world();
    const ann = await user(it, "write");
    const key = await secretOf(
      await make(ann.key, { name: "ci", ...scopes("api", `package:${it.repository}/foo`) }),
    );
    await it.admin.publish();
    const path = `/api/repos/${it.repository}/packages/foo/releases/1.0.0/retire`;
    const retire = () => registry(path, { key, method: "POST", ...jsonBody({ reason: "other" }) });
    expect((await retire()).status).toBe(204);
    await it.admin.fetch(`/api/orgs/${it.repository}/members/${ann.name}`, {
      method: "POST",
      ...jsonBody({ role: "read" }),
    });
    expect((await retire()).status).toBe(403);
    await it.admin.fetch(`/api/orgs/${it.repository}/members/${ann.name}`, { method: "DELETE" });
    expect((await retire()).status).toBe(404);
  });
});

describe("an organization's keys", () => {
  it("are made and revoked by writers, listed by readers, and hidden from all others", async () => {
    const it = await world();
    const [reader, writer] = [await user(it, "read"), await user(it, "write")];
    const stranger = await user(await world(), "admin");
    const keys = `/api/orgs/${it.repository}/keys`;
    const made = await make(writer.key, { name: "ci", ...scopes("api", "repositories") }, keys);
    expect(made.status).toBe(201);
    // As hexpm says it, for keys of organizations too.
    expect(made.headers.get("location")).toBe("http://hexedge.test/api/keys/ci");
    expect((await list(reader.key, keys)).map(({ name }) => name)).toEqual(["ci"]);
    expect((await registry(`${keys}/ci`, { key: reader.key })).status).toBe(200);
    for (const [key, status] of [...[[reader.key, 403] as const, [stranger.key, 404] as const]]) {
      expect((await make(key, { name: "x" }, keys)).status).toBe(status);
      expect((await remove(key, `${keys}/ci`)).status).toBe(status);
      expect((await remove(key, keys)).status).toBe(status);
    }
    expect((await registry(keys, { key: stranger.key })).status).toBe(404);
    expect((await it.guest.fetch(keys)).status).toBe(401);
    expect((await remove(writer.key, `${keys}/ci`)).status).toBe(200);
    expect(await list(reader.key, keys)).toEqual([]);
    expect((await it.admin.fetch("/api/orgs/undeclared/keys")).status).toBe(404);
  });

  it("do in the organization what a writer does, and nothing anywhere else", async () => {
    const [it, other] = [await world(), await world()];
    const key = await keyOfOrganization(it, "api", "repositories");
    await it.admin.publish();
    const repository = `/api/repos/${it.repository}`;
    expect((await registry(`${repository}/packages/foo`, { key })).status).toBe(200);
    expect((await registry(`/repos/${it.repository}/packages/foo`, { key })).status).toBe(200);
    const made = await make(key, { name: "x" }, `/api/orgs/${it.repository}/keys`);
    expect(made.status).toBe(201);
    const members = `/api/orgs/${it.repository}/members`;
    const added = await make(key, { name: (await user(it)).name, role: "admin" }, members);
    expect(added.status).toBe(403);
    expect((await registry(`/api/repos/${other.repository}`, { key })).status).toBe(404);
    expect((await registry(`/repos/${other.repository}/names`, { key })).status).toBe(404);
    expect((await registry("/api/keys", { key })).status).toBe(404);
    expect((await make(key, { name: "x" })).status).toBe(404);
  });

  it("reach no other repository, whatever they are made for", async () => {
    const [it, other] = [await world(), await world()];
    const ann: User = await user(it, "admin");
    await setRole(other, ann.name, "admin");
    const keys = `/api/orgs/${it.repository}/keys`;
    for (const scope of [`repository:${other.repository}`, `package:${other.repository}/foo`]) {
      const response = await make(ann.key, { name: "x", ...scopes(scope) }, keys);
      expect(response.status).toBe(422);
    }
  });

  it("stay when whoever made them goes", async () => {
    const it = await world();
    const ann = await user(it, "write");
    const keys = `/api/orgs/${it.repository}/keys`;
    const key = await secretOf(await make(ann.key, { name: "ci" }, keys));
    await it.admin.fetch(`/api/users/${ann.name}`, { method: "DELETE" });
    expect((await registry(`/api/repos/${it.repository}`, { key })).status).toBe(200);
  });
});
