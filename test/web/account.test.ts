/** The pages of accounts and organizations: who may see and do what, what goes wrong, what never leaks. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { accounts, exchanged, loggedIn, registry } from "../http/registry.ts";
import { CuratedWorld } from "../mirror/curated-world.ts";
import { type User, user } from "../support/people.ts";
import { type World, world } from "../support/world.ts";
import { signInPage, Visitor, visitor } from "./visitor.ts";

const hostile = `<img src=x onerror=alert(1)>"'&`;
const people = ["anonymous", "stranger", "reader", "writer", "admin", "registry", "reads"] as const;
type Who = (typeof people)[number] | "packages";

let place: World;
let users: Record<"stranger" | "reader" | "writer" | "admin", User>;
let seen: Record<Who, Visitor>;

beforeAll(async () => {
  place = await world();
  users = {
    stranger: await user(place),
    reader: await user(place, "read"),
    writer: await user(place, "write"),
    admin: await user(place, "admin"),
  };
  const of = ({ name, password }: User) => visitor({ username: name, password });
  const narrow = async (scope: string) => visitor({ key: (await users.admin.with(scope)).key });
  seen = {
    anonymous: new Visitor(),
    stranger: await of(users.stranger),
    reader: await of(users.reader),
    writer: await of(users.writer),
    admin: await of(users.admin),
    registry: await visitor({ key: env.ADMIN_KEY }),
    reads: await narrow("api:read"),
    packages: await narrow(`package:${place.repository}/foo`),
  };
});

afterEach(() => vi.restoreAllMocks());

describe("who may see a page", () => {
  // In the order of `people`: anonymous, stranger, reader, writer, admin, registry's admin, api:read.
  it.each([
    ["/account", "in 200 200 200 200 200 200"],
    ["/account/audit-log", "in 200 200 200 200 200 200"],
    ["/account/keys/new", "in 200 200 200 200 404 401"],
    ["/account/keys/revoke?key=test", "in 200 200 200 200 404 401"],
    ["/account/password", "in 200 200 200 200 403 401"],
    ["/organizations/ORG", "in 404 200 200 200 200 200"],
    ["/organizations/ORG/keys", "in 404 200 200 200 200 200"],
    ["/organizations/ORG/keys/new", "in 404 403 200 200 200 401"],
    ["/organizations/ORG/keys/revoke?key=none", "in 404 403 404 404 404 401"],
    ["/organizations/ORG/audit-log", "in 404 200 200 200 200 200"],
    ["/organizations/ORG/members/remove?user=READER", "in 404 403 403 200 200 401"],
    ["/organizations/nowhere", "in 404 404 404 404 404 404"],
    ["/users", "in 403 403 403 403 200 401"],
    ["/new-user", "in 403 403 403 403 200 401"],
    ["/users/READER", "in 403 403 403 403 200 401"],
    ["/users/nobody", "in 403 403 403 403 404 401"],
    ["/users/READER/password", "in 403 403 403 403 200 401"],
    ["/users/READER/deactivate", "in 403 403 403 403 200 401"],
    ["/users/READER/keys/revoke?key=test", "in 403 403 403 403 200 401"],
    ["/audit-log", "in 403 403 403 403 200 401"],
  ])("%s", async (path, expected) => {
    const before = await facts();
    const answers: string[] = [];
    for (const who of people) {
      const response = await seen[who].get(named(path));
      const body = await response.text();
      answers.push(signInPage(response) ? "in" : String(response.status));
      expect(body.length).toBeLessThan(50_000);
      expect(response.headers.get("www-authenticate")).toBe(null);
      if (!signInPage(response)) expect(response.headers.get("cache-control")).toMatch(/no-store/);
    }
    expect(answers.join(" ")).toBe(expected);
    // Looking changes nothing.
    expect(await facts()).toEqual(before);
  });
});

describe("who may send a form", () => {
  // Forms that are filled in wrongly: 422 says that whoever sent it may.
  it.each([
    ["/account/keys/new", { name: "" }, "401 422 422 422 422 404 401"],
    ["/account/keys/revoke", { key: "none" }, "401 404 404 404 404 404 401"],
    ["/account/logins", { login: "none" }, "401 303 303 303 303 303 401"],
    ["/account/password", { password: "short" }, "401 422 422 422 422 403 401"],
    ["/organizations/ORG/members", { name: "nobody", role: "read" }, "401 404 403 403 422 422 401"],
    ["/organizations/ORG/members/role", { user: "x", role: "boss" }, "401 404 403 403 422 422 401"],
    ["/organizations/ORG/members/remove", { user: "nobody" }, "401 404 403 403 404 404 401"],
    ["/organizations/ORG/keys/new", { name: "" }, "401 404 403 422 422 422 401"],
    ["/organizations/ORG/keys/revoke", { key: "none" }, "401 404 403 404 404 404 401"],
    ["/new-user", { username: "a" }, "401 403 403 403 403 422 401"],
    ["/users/READER/password", { password: "short" }, "401 403 403 403 403 422 401"],
    ["/users/nobody/deactivate", {}, "401 403 403 403 403 404 401"],
    ["/users/READER/keys/revoke", { key: "none" }, "401 403 403 403 403 404 401"],
  ])("%s", async (path, fields, expected) => {
    const before = await facts();
    const answers: number[] = [];
    for (const who of people) answers.push((await seen[who].post(named(path), fields)).status);
    expect(answers.join(" ")).toBe(expected);
    expect(await facts()).toEqual(before);
  });

  it("not from another site, nor from nowhere", async () => {
    const fields = { name: "stolen", scope: "api" };
    for (const origin of ["", "null", "https://evil.example", "http://hexedge.test.evil.example"]) {
      const response = await seen.admin.post("/account/keys/new", fields, { origin });
      expect(response.status).toBe(403);
    }
    const cross = { origin: "", "sec-fetch-site": "cross-site" };
    expect((await seen.admin.post("/account/keys/new", fields, cross)).status).toBe(403);
    expect(await keyNames(users.admin)).not.toContain("stolen");
  });
});

describe("a key", () => {
  it("is made on the page, shown once, and works", async () => {
    const logged = ["log", "error", "warn", "info"] as const;
    const lines = logged.map((name) => vi.spyOn(console, name));
    const response = await seen.writer.post("/account/keys/new", {
      ...{
        name: `ci ${hostile}`,
        scope: ["api:read", "repository", "package"],
        expires: "2035-01-31",
      },
      ...{ repository: place.repository, package: `${place.repository}/foo` },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(response.headers.get("location")).toBe(null);
    const body = await response.text();
    const secret = /hex_[0-9a-f]{40}/.exec(body)?.[0] ?? "";
    expect(body).toContain(`http://hexedge.test/repos/${place.repository}`);
    expect(body).toContain(`--auth-key ${secret}`);
    expect(body).toContain(`HEX_API_KEY=${secret} mix hex.publish`);
    expect(body).not.toContain("<img");
    expect((await registry("/api/users/me", { key: secret })).status).toBe(200);
    const account = await (await seen.writer.get("/account")).text();
    expect(account).not.toContain(secret);
    expect(account).not.toContain("<img");
    expect(account).toContain("31 Jan 2035");
    expect(account).toContain(`Publish ${place.repository}/foo`);
    for (const spy of lines) expect(JSON.stringify(spy.mock.calls)).not.toContain(secret);
    for (const path of ["/account/audit-log", `/organizations/${place.repository}/audit-log`]) {
      expect(await (await seen.writer.get(path)).text()).not.toContain(secret);
    }
  });

  it.each([
    [{ name: "", scope: "api" }, "The name should be at least 1 character(s)."],
    [{ name: "a".repeat(256), scope: "api" }, "The name should be at most 255 character(s)."],
    [{ name: "..", scope: "api" }, "The name has invalid format."],
    [{ name: "x" }, "Choose at least one thing that the key may do."],
    [{ name: "x", scope: "api:admin" }, "Choose among what is here."],
    [{ name: "x", scope: "package" }, "Say which package it is."],
    [
      { name: "x", scope: "package", package: "foo" },
      "foo is no name of a package: write REPOSITORY/PACKAGE.",
    ],
    [
      { name: "x", scope: "api", docs: "acme" },
      "You named the repository acme: tick it as well, or empty the field.",
    ],
    [
      { name: "x", scope: "repository", repository: "nowhere" },
      "You do not have access to this repository.",
    ],
    [
      { name: "x", scope: "api", expires: "2030-02-31" },
      "The end must be a day such as 2030-01-31.",
    ],
    [{ name: "x", scope: "api", expires: "2001-01-31" }, "The end must be in the future."],
  ])("that cannot be so is asked for again: %j", async (fields, sentence) => {
    const response = await seen.reader.post("/account/keys/new", fields);
    expect(response.status).toBe(422);
    const body = await response.text();
    expect(body).toContain(`role="alert">${sentence}`);
    expect(body).toContain(`name="name" value="${fields.name}"`);
  });

  it("can do no more than the key one signed in with", async () => {
    const narrow = await visitor({ key: (await users.writer.with("api:write")).key });
    const page = await (await narrow.get("/account/keys/new")).text();
    expect(page).toMatch(/value="api" disabled/);
    expect(page).toMatch(/value="repositories" disabled/);
    expect(page).not.toMatch(/value="api:write" disabled/);
    for (const scope of ["api", "repositories"]) {
      const refused = await narrow.post("/account/keys/new", { name: "wider", scope });
      expect(refused.status).toBe(422);
      expect(await refused.text()).toContain(`The key that asks cannot do ${scope} itself.`);
    }
    expect(
      (await narrow.post("/account/keys/new", { name: "same", scope: "api:write" })).status,
    ).toBe(200);
    const [shut] = [await narrow.get("/account/password")];
    expect(shut.status).toBe(403);
  });

  it("is revoked after a page that asks", async () => {
    await seen.stranger.post("/account/keys/new", { name: `old ${hostile}`, scope: "api:read" });
    const query = `?key=${encodeURIComponent(`old ${hostile}`)}`;
    const asks = await seen.stranger.get(`/account/keys/revoke${query}`);
    expect(await asks.text()).not.toContain("<img");
    expect(await keyNames(users.stranger)).toContain(`old ${hostile}`);
    const done = await seen.stranger.post("/account/keys/revoke", { key: `old ${hostile}` });
    expect([done.status, done.headers.get("location")]).toEqual([303, "/account?done=key-revoked"]);
    expect(await keyNames(users.stranger)).not.toContain(`old ${hostile}`);
    const next = await (await seen.stranger.get("/account?done=key-revoked")).text();
    expect(next).toContain("The key is revoked.");
    const free = await (await seen.stranger.get("/account?done=You+won")).text();
    expect(free).not.toContain("You won");
    expect(await (await seen.stranger.get("/account?done=constructor")).text()).not.toContain(
      "status",
    );
  });

  it("of an organization is made by its writers, for it only", async () => {
    const path = `/organizations/${place.repository}/keys/new`;
    const made = await seen.writer.post(path, { name: "robot", scope: "repositories" });
    expect(made.status).toBe(200);
    const list = await seen.reader.get(`/organizations/${place.repository}/keys`);
    const body = await list.text();
    expect(body).toContain("robot");
    expect(body).not.toContain("/keys/revoke");
    const other = { name: "spy", scope: "repository", repository: "shut_399" };
    expect((await seen.writer.post(path, other)).status).toBe(422);
  });
});

describe("a login", () => {
  it("is seen with what it may do, and ended; another's is not", async () => {
    const own = await user(place, "read");
    const here = await visitor({ username: own.name, password: own.password });
    const there = await visitor({ username: own.name, password: own.password });
    const terminal = await loggedIn(own);
    const page = await (await here.get("/account")).text();
    expect(page).toContain("laptop");
    expect(page).toContain("this one");
    const logins = await accounts().sessions((await accounts().user(own.name))?.id ?? -1);
    const laptop = logins.find(({ name }) => name === "laptop")?.id ?? "";
    await seen.stranger.post("/account/logins", { login: laptop });
    expect((await registry("/api/keys", { key: terminal.access })).status).toBe(200);
    const done = await here.post("/account/logins", { login: laptop });
    expect(done.headers.get("location")).toBe("/account?done=login-ended");
    const write = { method: "DELETE", key: terminal.access };
    expect((await registry("/api/keys/none", write)).status).toBe(401);
    await here.post("/account/logins");
    expect((await there.post("/account/keys/new")).status).toBe(401);
    expect((await here.post("/account/keys/new")).status).toBe(422);
  });
});

describe("a password", () => {
  it("is changed by who knows it, and ends all other logins", async () => {
    const own = await user(place, "read");
    const here = await visitor({ username: own.name, password: own.password });
    const there = await visitor({ username: own.name, password: own.password });
    const fields = { current: own.password, password: "another one", again: "another one" };
    const wrong = await here.post("/account/password", { ...fields, current: "not that one" });
    expect(wrong.status).toBe(422);
    const body = await wrong.text();
    expect(body).toContain("This is not your current password.");
    expect(body).not.toMatch(/not that one|another one/);
    expect((await here.post("/account/password", { ...fields, again: "x" })).status).toBe(422);
    const done = await here.post("/account/password", fields);
    expect(done.headers.get("location")).toBe("/account?done=password-set");
    const cookie = done.headers.get("set-cookie")?.split(";")[0];
    expect(cookie).not.toBe(here.cookie);
    expect((await here.post("/account/keys/new")).status).toBe(401);
    expect((await there.post("/account/keys/new")).status).toBe(401);
    here.cookie = cookie;
    expect((await here.post("/account/keys/new")).status).toBe(422);
    const old = await new Visitor().signIn({ username: own.name, password: own.password });
    expect(old.status).toBe(401);
  });

  it("is not changed with a key or a token of whoever it is", async () => {
    const token = await exchanged(users.writer.key, "api:write");
    const { access } = await loggedIn(users.writer);
    const keyed = await visitor({ key: users.writer.key });
    expect((await keyed.get("/account/password")).status).toBe(403);
    for (const shown of [users.writer.key, `Bearer ${token}`, `Bearer ${access}`]) {
      const response = await new Visitor().get("/account/password", { authorization: shown });
      expect(response.status).toBe(403);
    }
  });
});

describe("an organization", () => {
  it("gets members, other roles, and loses them", async () => {
    const [base, guest] = [`/organizations/${place.repository}`, await user(place)];
    const email = `${guest.name}@hexedge.test`;
    const added = await seen.admin.post(`${base}/members`, { name: email, role: "write" });
    expect(added.headers.get("location")).toBe(`${base}?done=member-added`);
    const again = await seen.admin.post(`${base}/members`, { name: guest.name, role: "read" });
    expect(again.status).toBe(422);
    expect(await again.text()).toContain("This user is already member.");
    const role = await seen.admin.post(`${base}/members/role`, { user: guest.name, role: "read" });
    expect(role.status).toBe(303);
    const removed = await seen.admin.post(`${base}/members/remove`, { user: guest.name });
    expect(removed.status).toBe(303);
    expect(await (await seen.admin.get(base)).text()).not.toContain(guest.name);
    const last = await seen.admin.post(`${base}/members/remove`, { user: users.admin.name });
    expect(last.status).toBe(422);
    expect(await last.text()).toContain("Cannot remove last admin member.");
    const typed = await seen.admin.post(`${base}/members`, { name: hostile, role: "read" });
    const body = await typed.text();
    expect(body).toContain("&lt;img");
    expect(body).not.toContain("<img");
  });
});

describe("the registry's admin", () => {
  it("makes, finds, and deactivates users", async () => {
    const fields = { username: "made_here", full_name: hostile, password: "long enough" };
    const made = await seen.registry.post("/new-user", fields);
    expect(made.headers.get("location")).toBe("/users/made_here?done=user-made");
    const taken = await seen.registry.post("/new-user", fields);
    expect(taken.status).toBe(422);
    const body = await taken.text();
    expect(body).toContain("The user name has already been taken.");
    expect(body).toContain("made_here");
    expect(body).not.toContain("long enough");
    const list = await (await seen.registry.get("/users?name=MADE_h")).text();
    expect(list).toContain("/users/made_here");
    expect(list).not.toContain("<img");
    expect(
      (await new Visitor().signIn({ username: "made_here", password: "long enough" })).status,
    ).toBe(303);
    const set = await seen.registry.post("/users/made_here/password", { password: "longer still" });
    expect(set.status).toBe(303);
    expect(
      (await new Visitor().signIn({ username: "made_here", password: "longer still" })).status,
    ).toBe(303);
    expect((await seen.registry.post("/users/made_here/deactivate")).status).toBe(303);
    expect((await seen.registry.get("/users/made_here/password")).status).toBe(404);
    expect(await (await seen.registry.get("/users/made_here")).text()).toContain("deactivated");
  });

  it("revokes a key of a user", async () => {
    const own = await user(place);
    const done = await seen.registry.post(`/users/${own.name}/keys/revoke`, { key: "test" });
    expect(done.headers.get("location")).toBe(`/users/${own.name}?done=key-revoked`);
    expect((await registry("/api/users/me", { key: own.key })).status).toBe(401);
  });
});

describe("an audit log", () => {
  it("shows names and programs as text, from where only to whom it concerns", async () => {
    const asks = { "user-agent": hostile, "cf-connecting-ip": "203.0.113.99" };
    await seen.writer.post(
      `/organizations/${place.repository}/keys/new`,
      { name: hostile, scope: "api" },
      asks,
    );
    const path = `/organizations/${place.repository}/audit-log`;
    const [admin, reader] = await Promise.all(
      [seen.admin, seen.reader].map(async (it) => (await it.get(path)).text()),
    );
    for (const body of [admin, reader]) {
      expect(body).toContain("&lt;img src=x");
      expect(body).not.toContain("<img");
    }
    expect(admin).toContain("203.0.113.99");
    expect(reader).not.toContain("203.0.113.99");
  });

  it("goes back page by page, and leaves nothing out", async () => {
    const own = await user(place);
    const key = { owner: { kind: "user" as const, id: 0, name: own.name }, count: 120 };
    const found = await accounts().user(own.name);
    const author = { ...nobody, name: own.name };
    for (let at = 0; at < key.count; at++) {
      await accounts().setPassword(own.name, `stored ${at}`, author);
    }
    expect(found).not.toBe(null);
    const session = new Visitor();
    const bearer = { authorization: own.key };
    let path: string | undefined = "/account/audit-log";
    let count = 0;
    for (let page = 0; path !== undefined && page < 9; page++) {
      const body: string = await (await session.get(path, bearer)).text();
      count += body.split("set a password").length - 1;
      path = /<a rel="next" href="([^"]+)"/.exec(body)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(count).toBe(120);
    expect((await session.get("/account/audit-log?before=yesterday", bearer)).status).toBe(422);
  });
});

describe("a curated mirror", () => {
  it("says what it holds back, to whoever may read it", async () => {
    const path = "/repositories/curated_039/held-back";
    const guest = new Visitor();
    const page = await guest.get(path);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("Nothing has been asked for here yet.");
    const bad = await guest.get(`${path}?package=${encodeURIComponent(hostile)}`);
    expect(bad.status).toBe(404);
    expect(await bad.text()).not.toContain("<img");
    expect((await guest.get("/repositories/open_001/held-back")).status).toBe(404);
    expect((await guest.get("/repositories/mirror_001/held-back")).status).toBe(404);
    expect(signInPage(await guest.get(`/repositories/${place.repository}/held-back`))).toBe(true);
  });

  it("names the release, the reason, and the day when it comes in", async () => {
    const mirror = new CuratedWorld("038");
    await mirror.declare({
      cooldown: "7d",
      deny: [{ package: "foo", requirement: "1.0.0", reason: hostile }],
    });
    await mirror.publish("1.0.0");
    await mirror.publish("1.1.0");
    await mirror.package();
    const path = `/repositories/${mirror.repository}/held-back`;
    const list = await (await new Visitor().get(path)).text();
    expect(list).toContain(`href="${path}?package=foo"`);
    const page = await (await new Visitor().get(`${path}?package=foo`)).text();
    expect(page).toContain("2 releases held back, 0 releases let in");
    expect(page).not.toContain("<img");
    expect(page).toMatch(/Until <time/);
  });
});

const nobody = {
  ...{ userId: null, credential: "password", requestId: "" },
  ...{ ip: null, userAgent: null },
};

function named(path: string): string {
  return path.replace("ORG", place.repository).replace("READER", users.reader.name);
}

/** What forms change. */
async function facts() {
  const members = (await accounts().members(place.repository)).map(({ user: it, role }) => [
    ...[it.name, role],
  ]);
  const all = await accounts().users();
  const keys = await Promise.all(Object.values(users).map(keyNames));
  return { members, users: all.map(({ name, updatedAt }) => [name, updatedAt]), keys };
}

async function keyNames({ name }: User): Promise<string[]> {
  const id = (await accounts().user(name))?.id ?? -1;
  return (await accounts().keys({ kind: "user", id, name })).map((key) => key.name).sort();
}
