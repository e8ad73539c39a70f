import { describe, expect, it } from "vitest";
import { asksForErlang, erlangBody, jsonBody, read } from "../support/answers.ts";
import { setRole, user } from "../support/people.ts";
import { type Person, setFailuresMax, world } from "../support/world.ts";
import { basic, keyOfOrganization, loggedIn, mix, registry, registryWith } from "./registry.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const origin = "http://hexedge.test";
const open = registryWith({ ACCOUNTS: { signup: "open" } });

let count = 0;
/** A name that nobody has yet. */
const newName = () => `somebody${count++}`;

const make = (admin: Person, body: object, path = "/api/users") =>
  admin.fetch(path, { method: "POST", ...jsonBody(body) });

describe("a new user", () => {
  it("is made by the admin, and shown as clients read it, in both formats", async () => {
    const { admin } = await world();
    for (const bodyOf of [jsonBody, erlangBody]) {
      const name = newName();
      const body = bodyOf({ username: name, password: "long enough", email: `${name}@a.test` });
      const headers = { ...body.headers, ...asksForErlang };
      const response = await admin.fetch("/api/users", { ...body, method: "POST", headers });
      expect(response.status).toBe(201);
      expect(response.headers.get("location")).toBe(`${origin}/api/users/${name}`);
      expect(await read(response)).toEqual({
        ...{ username: name, full_name: null, handles: {}, email: `${name}@a.test` },
        ...{ url: `${origin}/api/users/${name}`, inserted_at: time, updated_at: time },
      });
    }
  });

  it("needs no password and no e-mail when the admin makes it, and then has neither", async () => {
    const { admin } = await world();
    const name = newName();
    const response = await make(admin, { username: name, full_name: "Ann Example" });
    expect(response.status).toBe(201);
    const made = await read(response);
    expect(made).toMatchObject({ username: name, full_name: "Ann Example" });
    // rebar3 crashes on an e-mail that is no text.
    expect(made).not.toHaveProperty("email");
    const password = basic(name, "");
    expect((await registry("/api/users/me", { key: password })).status).toBe(401);
  });

  it("may send the e-mail as old clients do, and is written small", async () => {
    const { admin } = await world();
    const name = newName();
    const emails = [{ email: `${name}@A.test` }];
    const response = await make(admin, { username: name.toUpperCase(), emails });
    expect(await read(response)).toMatchObject({ username: name, email: `${name}@a.test` });
  });

  it.each([
    ["no name", {}, { username: "can't be blank" }],
    [
      "a name of two letters",
      { username: "ab" },
      { username: "should be at least 3 character(s)" },
    ],
    ["a name with a blank", { username: "a b c" }, { username: "has invalid format" }],
    ["a name with a slash", { username: "a/../b" }, { username: "has invalid format" }],
    ["a name like an e-mail", { username: "a@b.test" }, { username: "has invalid format" }],
    ["a name that is no text", { username: 123 }, { username: "can't be blank" }],
    ["a name in Cyrillic", { username: "аnn" }, { username: "has invalid format" }],
    ["the name me", { username: "me" }, { username: "should be at least 3 character(s)" }],
    ["the name admin", { username: "Admin" }, { username: "is reserved" }],
    ["the name hexpm", { username: "hexpm" }, { username: "is reserved" }],
    ["the name anonymous", { username: "anonymous" }, { username: "is reserved" }],
    [
      "a short password",
      { password: "1234567" },
      { password: "should be at least 8 character(s)" },
    ],
    ["no e-mail", { email: "ann" }, { email: "has invalid format" }],
    ["an e-mail of two lines", { email: "a@b.test\nx" }, { email: "has invalid format" }],
    ["an e-mail list without one", { emails: ["ann"] }, { emails: expect.any(String) }],
    [
      "a full name with an escape",
      { full_name: "\u001b[31m" },
      { full_name: "has invalid format" },
    ],
  ])("is refused with %s", async (title, wrong, errors) => {
    const { admin } = await world();
    const body = title === "no name" ? {} : { username: newName(), ...wrong };
    const response = await make(admin, body);
    expect([title, response.status, await read(response)]).toEqual([
      title,
      422,
      { status: 422, message: "Validation error(s)", errors },
    ]);
  });

  it("cannot take a name or e-mail that somebody has, nor an organization's name", async () => {
    const it = await world();
    const ann = await user(it);
    for (const [body, errors] of [
      [{ username: ann.name }, { username: "has already been taken" }],
      [{ username: ann.name.toUpperCase() }, { username: "has already been taken" }],
      [{ username: it.repository }, { username: "has already been taken" }],
      [{ username: newName(), email: `${ann.name}@HEXEDGE.test` }, { email: "already in use" }],
    ] as const) {
      const response = await make(it.admin, body);
      expect([response.status, await read(response)]).toEqual([
        422,
        { status: 422, message: "Validation error(s)", errors },
      ]);
    }
  });

  it("is one only, when the same name is asked for ten times at once", async () => {
    const { admin } = await world();
    const username = newName();
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => make(admin, { username })),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(422)]);
  });
});

describe("signing up", () => {
  it.each(["/api/users", "/api/repos/hexpm/users"])(
    "where it is closed is refused for everybody but the admin: %s",
    async (path) => {
      const it = await world();
      const username = newName();
      const ann = await user(it, "admin");
      for (const person of [it.guest, ann]) {
        const response = await make(person, { username, password: "x", email: "" }, path);
        expect(response.status).toBe(403);
        expect((await read(response)).message).toMatch(/^Only the administrator makes users here/);
      }
      expect((await it.admin.fetch(`/api/users/${username}`)).status).toBe(404);
    },
  );

  it("where it is open makes a user who can sign in, belongs to nothing, and stands in the log", async () => {
    const it = await world();
    const name = newName();
    const asked = { username: name, password: "long enough", email: `${name}@a.test` };
    const response = await open("/api/users", { method: "POST", ...jsonBody(asked) });
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(`${origin}/api/users/${name}`);
    expect(await read(response)).toMatchObject({ username: name, email: `${name}@a.test` });

    const key = basic(name, "long enough");
    const me = await read(await registry("/api/users/me", { key }));
    expect(me).toMatchObject({ username: name, organizations: [] });
    const elsewhere = await registry(`/api/repos/${it.repository}/packages/foo`, { key });
    expect(elsewhere.status).toBe(404);
    const alone = registryWith({ REPOSITORIES: {}, ROOT_REPOSITORY: undefined });
    const log = await (await alone("/api/users/me/audit-logs", { key })).json();
    expect(log).toMatchObject([{ action: "user.create", user: name, credential: "sign-up" }]);
  });

  it.each([
    ["password", { email: "x@a.test" }],
    ["email", { password: "long enough" }],
  ])("needs a %s", async (missing, given) => {
    const body = jsonBody({ username: newName(), ...given });
    const response = await open("/api/users", { method: "POST", ...body });
    expect(response.status).toBe(422);
    expect((await read(response)).errors).toEqual({ [missing]: "can't be blank" });
  });

  it("gives nobody a role, a key or a name that is another's, whatever is sent along", async () => {
    const it = await world();
    const name = newName();
    const role = { role: "admin", organizations: [{ name: it.repository, role: "admin" }] };
    const asked = { username: name, password: "long enough", email: `${name}@a.test`, ...role };
    const response = await open("/api/users", { method: "POST", ...jsonBody(asked) });
    expect(response.status).toBe(201);
    const shown = await read(await it.admin.fetch(`/api/orgs/${it.repository}`));
    expect(shown.users).toEqual([]);
  });
});

describe("users/me", () => {
  it("says who one is and in which organizations, for key, password, e-mail and token", async () => {
    const it = await world();
    const ann = await user(it, "write");
    const readOnly = await ann.with("api:read");
    const forPackage = await ann.with(`package:${it.repository}/foo`);
    for (const key of [
      ...[ann.key, `Bearer ${ann.key}`, readOnly.key, forPackage.key],
      ...[basic(ann.name, ann.password), basic(`${ann.name}@hexedge.test`, ann.password)],
      `Bearer ${(await loggedIn(ann)).access}`,
    ]) {
      for (const path of ["/api/users/me", `/api/repos/${it.repository}/users/me`]) {
        const response = await registry(path, { key, headers: asksForErlang });
        expect(response.status).toBe(200);
        expect(await read(response)).toEqual({
          ...{ username: ann.name, full_name: null, handles: {} },
          ...{ email: `${ann.name}@hexedge.test`, url: `${origin}/api/users/${ann.name}` },
          ...{ inserted_at: time, updated_at: time, packages: expect.any(Array) },
          owned_packages: {},
          organizations: [{ name: it.repository, role: "write" }],
        });
      }
    }
  });

  it("is for nobody without an account, and not for keys of files", async () => {
    const it = await world();
    const ann = await user(it, "read", "repositories");
    expect((await it.guest.fetch("/api/users/me")).status).toBe(401);
    const response = await ann.fetch("/api/users/me");
    expect([response.status, (await read(response)).message]).toEqual([
      401,
      "key not authorized for this action",
    ]);
    const key = await keyOfOrganization(it, "api");
    expect((await registry("/api/users/me", { key })).status).toBe(404);
  });
});

describe("another user", () => {
  it("is shown to users, with an e-mail only to those who share an organization", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "read"), await user(it, "read")];
    const eve = await user(await world(), "admin");
    const path = `/api/users/${ann.name}`;
    for (const person of [ann, bob, it.admin]) {
      const shown = await read(await person.fetch(path));
      expect(shown).toMatchObject({ username: ann.name, email: `${ann.name}@hexedge.test` });
    }
    const shown = await read(await eve.fetch(path));
    expect(shown).toMatchObject({ username: ann.name, url: `${origin}/api/users/${ann.name}` });
    expect(shown).not.toHaveProperty("email");
    expect((await it.guest.fetch(path)).status).toBe(401);
    expect((await eve.fetch("/api/users/nobody")).status).toBe(404);
  });

  it("is found by e-mail only by those who may know it", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "read"), await user(it, "read")];
    const eve = await user(await world(), "admin");
    for (const address of [`${ann.name}@hexedge.test`, `${ann.name}%40hexedge.test`]) {
      expect((await bob.fetch(`/api/users/${address}`)).status).toBe(200);
      const response = await eve.fetch(`/api/users/${address}`);
      const missing = await eve.fetch("/api/users/nobody@hexedge.test");
      expect([response.status, missing.status]).toEqual([404, 404]);
    }
  });

  it("is in the list of all, which is the admin's", async () => {
    const it = await world();
    const ann = await user(it, "admin");
    const listed: unknown = await (await it.admin.fetch("/api/users")).json();
    expect(listed).toContainEqual(
      expect.objectContaining({
        ...{ username: ann.name, has_password: true, deactivated_at: null },
        organizations: [{ name: it.repository, role: "admin" }],
      }),
    );
    expect(JSON.stringify(listed)).not.toContain("scrypt");
    expect((await ann.fetch("/api/users")).status).toBe(403);
    expect((await it.guest.fetch("/api/users")).status).toBe(401);
  });
});

describe("a password", () => {
  const change = (person: Person | string, name: string, password: unknown) => {
    const init = { method: "POST", ...jsonBody({ password }) };
    const path = `/api/users/${name}/password`;
    return typeof person === "string"
      ? registry(path, { ...init, key: person })
      : person.fetch(path, init);
  };

  it("is changed by whoever knows it, and the old one and all logins end", async () => {
    const it = await world();
    const ann = await user(it);
    const { access, refresh } = await loggedIn(ann);
    const old = basic(ann.name, ann.password);
    const response = await change(old, ann.name, "something new");
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect((await registry("/api/users/me", { key: old })).status).toBe(401);
    const key = basic(ann.name, "something new");
    expect((await registry("/api/users/me", { key })).status).toBe(200);
    const body = jsonBody({ name: "x" });
    const made = await registry("/api/keys", { key: `Bearer ${access}`, method: "POST", ...body });
    expect(made.status).toBe(401);
    const again = { grant_type: "refresh_token", refresh_token: refresh, client_id: mix };
    const refreshed = await registry("/api/oauth/token", { method: "POST", ...jsonBody(again) });
    expect([refreshed.status, (await read(refreshed)).error]).toEqual([400, "invalid_grant"]);
    // Keys are not logins: a build server goes on.
    expect((await ann.fetch("/api/users/me")).status).toBe(200);
  });

  it("is not changed with a key or a token, nor by anybody else", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "admin"), await user(it, "admin")];
    const token = `Bearer ${(await loggedIn(ann)).access}`;
    for (const key of [ann.key, token, bob.key, basic(bob.name, bob.password)]) {
      expect((await change(key, ann.name, "something new")).status).toBe(403);
    }
    expect((await change(it.guest, ann.name, "something new")).status).toBe(401);
    const key = basic(ann.name, ann.password);
    expect((await registry("/api/users/me", { key })).status).toBe(200);
  });

  it("is set by the admin, also for a user who had none", async () => {
    const { admin } = await world();
    const username = newName();
    await make(admin, { username });
    expect((await change(admin, username, "long enough")).status).toBe(204);
    const key = basic(username, "long enough");
    expect((await registry("/api/users/me", { key })).status).toBe(200);
    expect((await change(admin, "nobody", "long enough")).status).toBe(404);
    expect((await change(admin, username, "short")).status).toBe(422);
    expect((await change(admin, username, null)).status).toBe(422);
  });

  it("opens the API, and never the files", async () => {
    const it = await world();
    const ann = await user(it, "read");
    const key = basic(ann.name, ann.password);
    const response = await registry(`/repos/${it.repository}/names`, { key });
    expect(response.status).toBe(401);
    expect(await response.text()).toMatch(/^A password opens the API only/);
  });

  it.each(["e\u0301te\u0301 2026", "пароль-пароль", "🦄🦄🦄🦄🦄🦄🦄🦄", "a:b:c:d:e"])(
    "may be %s",
    async (password) => {
      const { admin } = await world();
      const username = newName();
      await make(admin, { username, password });
      for (const typed of [password, password.normalize("NFC")]) {
        const bytes = new TextEncoder().encode(`${username}:${typed}`);
        const key = `Basic ${btoa(String.fromCharCode(...bytes))}`;
        expect((await registry("/api/users/me", { key })).status).toBe(200);
      }
    },
  );
});

describe("a user who is deactivated", () => {
  it("can do nothing from the next change on, and the name stays taken", async () => {
    const it = await world();
    const ann = await user(it, "admin");
    await setRole(it, (await user(it)).name, "admin");
    const token = `Bearer ${(await loggedIn(ann)).access}`;
    const remove = () => it.admin.fetch(`/api/users/${ann.name}`, { method: "DELETE" });
    const response = await remove();
    expect([response.status, await response.text()]).toEqual([204, ""]);

    for (const key of [ann.key, token, basic(ann.name, ann.password)]) {
      const made = await registry("/api/keys", { key, method: "POST", ...jsonBody({ name: "x" }) });
      expect(made.status).toBe(401);
      expect(made.headers.get("www-authenticate")).toBe("Basic realm=hex");
    }
    const members = await (await it.admin.fetch(`/api/orgs/${it.repository}/members`)).json();
    expect(members).toHaveLength(1);
    expect((await remove()).status).toBe(404);
    expect((await setRole(it, ann.name, "read")).status).toBe(422);
    expect((await make(it.admin, { username: ann.name })).status).toBe(422);
    const keys = `/api/users/${ann.name}/keys`;
    expect((await it.admin.fetch(keys)).status).toBe(404);
    expect((await make(it.admin, { name: "x" }, keys)).status).toBe(404);
    expect(
      (await make(it.admin, { password: "x".repeat(9) }, `/api/users/${ann.name}/password`)).status,
    ).toBe(404);
    // The address is free for somebody else.
    const email = `${ann.name}@hexedge.test`;
    expect((await make(it.admin, { username: newName(), email })).status).toBe(201);
  });

  it("is so by the admin only", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "admin"), await user(it, "admin")];
    for (const key of [ann.key, bob.key, basic(ann.name, ann.password)]) {
      const init = { key, method: "DELETE" };
      expect((await registry(`/api/users/${ann.name}`, init)).status).toBe(403);
    }
    expect((await it.guest.fetch(`/api/users/${ann.name}`, { method: "DELETE" })).status).toBe(401);
    expect((await ann.fetch("/api/users/me")).status).toBe(200);
  });
});

describe("addresses in answers", () => {
  const named = registryWith({ PUBLIC_URL: "https://hex.example.com" });

  it("are those that the world knows, when a proxy is in front", async () => {
    const it = await world();
    const ann = await user(it, "admin");
    const key = ann.key;
    const shown = await read(await named("/api/users/me", { key }));
    expect(shown.url).toBe(`https://hex.example.com/api/users/${ann.name}`);
    const body = jsonBody({ name: "my laptop" });
    const made = await named("/api/keys", { key, method: "POST", ...body });
    expect(made.headers.get("location")).toBe("https://hex.example.com/api/keys/my%20laptop");
    expect((await read(made)).url).toBe("https://hex.example.com/api/keys/my%20laptop");
    const other = await user(it);
    const member = jsonBody({ name: other.name, role: "read" });
    const path = `/api/orgs/${it.repository}/members`;
    const added = await named(path, { key, method: "POST", ...member });
    expect(added.headers.get("location")).toBe(`https://hex.example.com${path}/${other.name}`);
  });
});

describe("signing up", () => {
  it("is slowed down for an address that does nothing else, and for no other", async () => {
    await setFailuresMax(3);
    try {
      const signUp = (address: string, name: string) =>
        open("/api/users", {
          method: "POST",
          ...jsonBody({ username: name, password: "password of one", email: `${name}@x.test` }),
          headers: { "content-type": "application/json", "cf-connecting-ip": address },
        });
      for (const name of ["flood1", "flood2", "flood3"]) {
        expect((await signUp("203.0.113.77", name)).status).toBe(201);
      }
      expect((await signUp("203.0.113.77", "flood4")).status).toBe(429);
      expect((await signUp("203.0.113.78", "calm")).status).toBe(201);
    } finally {
      await setFailuresMax(0);
    }
  });
});
