import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { asksForErlang, jsonBody, read } from "../support/answers.ts";
import { stock } from "../support/direct.ts";
import { type User, user } from "../support/people.ts";
import { packageTarball } from "../support/tarball.ts";
import { type World, world } from "../support/world.ts";
import { basic, keyOfOrganization, registryWith } from "./registry.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const from = { "cf-connecting-ip": "192.0.2.9", "user-agent": "Hex/2.4.1" };

type Entry = { action: string; user: string; params: Record<string, unknown> } & Record<
  string,
  unknown
>;

/** A registry of these repositories alone: a list of all that is done asks each of them. */
function registryOf(...worlds: World[]) {
  const declared = worlds.map(({ repository }) => [
    repository,
    { kind: "hosted", public: repository.startsWith("open") },
  ]);
  const root = worlds[0]?.repository;
  const ask = registryWith({ REPOSITORIES: Object.fromEntries(declared), ROOT_REPOSITORY: root });
  const log = async (key: string, path: string): Promise<Entry[]> => {
    const response = await ask(`/api${path}`, { key });
    expect([path, response.status]).toEqual([path, 200]);
    return Object.values(await read(response)) as Entry[];
  };
  return { ask, log };
}

/** What a writer does to a package, from somewhere. */
async function busyWorld(options: { public?: boolean } = {}) {
  const it = await world(options);
  const { ask, log } = registryOf(it);
  const [ann, bob] = [await user(it, "admin"), await user(it, "write")];
  const foo = `/api/repos/${it.repository}/packages/foo`;
  const send = async (method: string, path: string, init: RequestInit = {}) => {
    const headers = { ...(init.headers as object), ...from };
    const response = await ask(path, { ...init, key: bob.key, method, headers });
    expect([method, path, response.ok]).toEqual([method, path, true]);
  };
  await send("POST", `/api/repos/${it.repository}/publish`, { body: await packageTarball() });
  await send("POST", `${foo}/releases/1.0.0/retire`, jsonBody({ reason: "security" }));
  await send("DELETE", `${foo}/releases/1.0.0/retire`);
  return { ...it, ask, log, ann, bob, foo };
}

describe("a package's log", () => {
  it("says who did what with which credential, the newest first, in both formats", async () => {
    const it = await busyWorld();
    for (const headers of [{}, asksForErlang]) {
      const response = await it.ask(`${it.foo}/audit-logs`, { key: it.bob.key, headers });
      expect(response.status).toBe(200);
      const entries = Object.values(await read(response)) as Entry[];
      expect(entries.map(({ action }) => action)).toEqual([
        ...["release.unretire", "release.retire", "release.publish"],
      ]);
      expect(entries[1]).toEqual({
        ...{ action: "release.retire", inserted_at: time, user: it.bob.name },
        ...{ credential: "key test", request_id: expect.stringMatching(/^[\w-]+$/) },
        ...{ ip: "192.0.2.9", user_agent: "Hex/2.4.1" },
        params: expect.objectContaining({
          ...{ repository: it.repository, package: "foo", version: "1.0.0" },
        }),
      });
    }
  });

  it("shows addresses and programs to administrators, and of one's own doings", async () => {
    const it = await busyWorld();
    const reader = await user(it, "read");
    const origins = async (key: string) =>
      (await it.log(key, `${it.foo.slice(4)}/audit-logs`)).map(({ ip }) => ip ?? null);
    expect(await origins(it.bob.key)).toEqual(Array(3).fill("192.0.2.9"));
    expect(await origins(it.ann.key)).toEqual(Array(3).fill("192.0.2.9"));
    expect(await origins(basic(it.ann.name, it.ann.password))).toEqual(Array(3).fill("192.0.2.9"));
    expect(await origins(reader.key)).toEqual([null, null, null]);
    // A key that may only read is no administrator's, whoever holds it.
    expect(await origins((await it.ann.with("api:read")).key)).toEqual([null, null, null]);
    const whole = await (await it.admin.fetch(`${it.foo}/audit-logs`)).json();
    expect(whole).toMatchObject([{ ip: "192.0.2.9" }, {}, {}]);
  });

  it("of a public package is for users, without addresses, and for nobody else", async () => {
    const it = await busyWorld({ public: true });
    const stranger = await user(await world(), "admin");
    const entries = await it.log(stranger.key, `${it.foo.slice(4)}/audit-logs`);
    expect(entries).toHaveLength(3);
    for (const entry of entries) {
      expect(entry).not.toHaveProperty("ip");
      expect(entry).not.toHaveProperty("user_agent");
    }
    expect((await it.ask(`${it.foo}/audit-logs`)).status).toBe(401);
  });

  it("says who owns it", async () => {
    const it = await busyWorld();
    const owner = `${it.foo}/owners/${it.ann.name}`;
    await it.ask(owner, { key: it.ann.key, method: "PUT", ...jsonBody({}) });
    await it.ask(owner, { key: it.ann.key, method: "DELETE" });
    const [removed, added] = await it.log(it.bob.key, `${it.foo.slice(4)}/audit-logs`);
    expect(removed).toMatchObject({ action: "owner.remove", params: { user: it.ann.name } });
    expect(added).toMatchObject({ action: "owner.add", user: it.ann.name });
  });

  it("is there after the package has gone, for those who may read the repository", async () => {
    const it = await busyWorld();
    await it.bob.revert("foo", "1.0.0");
    const entries = await it.log(it.bob.key, `${it.foo.slice(4)}/audit-logs`);
    expect(entries[0]).toMatchObject({ action: "release.revert" });
    expect(await it.log(it.bob.key, `/repos/${it.repository}/packages/nope/audit-logs`)).toEqual(
      [],
    );
  });
});

describe("an organization's log", () => {
  it("has its members, its keys and all that is done in its repository", async () => {
    const it = await busyWorld();
    const keys = `/api/orgs/${it.repository}/keys`;
    const init = { key: it.bob.key, method: "POST", ...jsonBody({ name: "ci" }) };
    expect((await it.ask(keys, init)).status).toBe(201);
    expect((await it.ask(`${keys}/ci`, { key: it.bob.key, method: "DELETE" })).status).toBe(200);
    const member = `/api/orgs/${it.repository}/members/${it.bob.name}`;
    await it.ask(member, { key: it.ann.key, method: "POST", ...jsonBody({ role: "read" }) });
    await it.ask(member, { key: it.ann.key, method: "DELETE" });
    const entries = await it.log(it.ann.key, `/orgs/${it.repository}/audit-logs`);
    const organization = it.repository;
    expect(entries.map(({ action, user: who }) => [action, who])).toEqual(
      expect.arrayContaining([
        ["organization.member.remove", it.ann.name],
        ["organization.member.role", it.ann.name],
        ["key.remove", it.bob.name],
        ["key.generate", it.bob.name],
        ["release.publish", it.bob.name],
        ["organization.member.add", "admin"],
      ]),
    );
    const made = entries.find(({ action }) => action === "key.generate");
    expect(made?.params).toMatchObject({ organization, key: "ci", permissions: ["api"] });
    expect(JSON.stringify(entries)).not.toContain("hex_");
    const times = entries.map(({ inserted_at }) => String(inserted_at));
    expect(times).toEqual([...times].sort().reverse());
  });

  it("is its members', with addresses for its admins, and hidden from all others", async () => {
    const it = await busyWorld();
    const path = `/orgs/${it.repository}/audit-logs`;
    const reader = await user(it, "read");
    const ips = async (key: string) =>
      (await it.log(key, path)).filter(({ user: who }) => who === it.bob.name).map(({ ip }) => ip);
    expect(await ips(it.ann.key)).toContain("192.0.2.9");
    expect(await ips(reader.key)).toEqual([undefined, undefined, undefined]);
    const organization = await keyOfOrganization(it, "api");
    expect(await ips(organization)).toEqual([undefined, undefined, undefined]);
    const stranger = await user(await world(), "admin");
    expect((await it.ask(`/api${path}`, { key: stranger.key })).status).toBe(404);
    expect((await it.ask(`/api${path}`)).status).toBe(401);
    expect((await it.ask("/api/orgs/undeclared/audit-logs", { key: it.ann.key })).status).toBe(404);
  });
});

describe("one's own log", () => {
  it("has what one did and what was done to one, everywhere, and nothing of others", async () => {
    const [it, other] = [await busyWorld(), await world()];
    const { log, ask } = registryOf(it, other);
    const password = basic(it.bob.name, it.bob.password);
    const wrong = await ask("/api/users/me", { key: basic(it.bob.name, "wrong") });
    expect(wrong.status).toBe(401);
    const body = jsonBody({ password: "another one" });
    const path = `/api/users/${it.bob.name}/password`;
    await ask(path, {
      key: password,
      method: "POST",
      ...body,
      headers: { ...body.headers, ...from },
    });
    const entries = await log(it.bob.key, "/users/me/audit-logs");
    expect(entries.map(({ action }) => action)).toEqual([
      ...["password.update", "release.unretire", "release.retire", "release.publish"],
      ...["key.generate", "organization.member.add", "user.create"],
    ]);
    expect(entries[0]).toMatchObject({
      ip: "192.0.2.9",
      user: it.bob.name,
      credential: "password",
    });
    // The admin's address is not theirs to know.
    expect(entries.at(-1)).toMatchObject({ user: "admin" });
    expect(entries.at(-1)).not.toHaveProperty("ip");
    expect(JSON.stringify(entries)).not.toContain("another one");
  });

  it("is nobody's without an account, and not an organization's", async () => {
    const it = await busyWorld();
    const organization = await keyOfOrganization(it, "api");
    const path = "/api/users/me/audit-logs";
    expect((await it.ask(path, { key: organization })).status).toBe(404);
    expect((await it.ask(path)).status).toBe(401);
    expect((await it.ask(path, { key: (await it.bob.with("repositories")).key })).status).toBe(401);
  });
});

describe("the whole log", () => {
  it("is the admin's, with addresses", async () => {
    const it = await busyWorld();
    const entries = await it.log(env.ADMIN_KEY, "/audit-logs");
    expect(entries.length).toBeGreaterThan(6);
    expect(entries.every((entry) => "ip" in entry)).toBe(true);
    const published = entries.find(({ action }) => action === "release.publish");
    expect(published).toMatchObject({ user: it.bob.name, ip: "192.0.2.9" });
    expect((await it.ask("/api/audit-logs", { key: it.ann.key })).status).toBe(403);
    expect((await it.ask("/api/audit-logs")).status).toBe(401);
  });
});

describe("a long log", () => {
  it("comes in pages of a hundred, and from any time back", async () => {
    const it = await world();
    const begin = Date.UTC(2026, 0, 1);
    const minute = 60_000;
    await stock(
      it,
      Array.from({ length: 250 }, (_, at) => ({ name: `p${at}x`, at: begin + at * minute })),
    );
    const reader: User = await user(it, "read");
    const { log, ask } = registryOf(it);
    const path = `/orgs/${it.repository}/audit-logs`;
    const pages = [1, 2, 3, 4].map((page) => log(reader.key, `${path}?page=${page}`));
    const all = await Promise.all(pages);
    expect(all.map(({ length }) => length)).toEqual([100, 100, 51, 0]);
    const times = all.flat().map(({ inserted_at }) => String(inserted_at));
    expect(times).toEqual([...times].sort().reverse());
    const before = new Date(begin + 10 * minute).toISOString();
    const early = await log(reader.key, `${path}?before=${before}`);
    expect(early.map(({ params }) => params.package)).toEqual(
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((at) => `p${at}x`),
    );
    for (const page of ["0", "-1", "x", ""]) {
      expect(await log(reader.key, `${path}?page=${page}`)).toHaveLength(100);
    }
    for (const [query, field] of [
      ["page=101", "page"] as const,
      ["before=lunch", "before"] as const,
    ]) {
      const response = await ask(`/api${path}?${query}`, { key: reader.key });
      expect([query, response.status]).toEqual([query, 422]);
      expect(Object.keys((await read(response)).errors as object)).toEqual([field]);
    }
  });

  it("keeps the order of what was done in one moment", async () => {
    const it = await world();
    await stock(
      it,
      Array.from({ length: 30 }, (_, at) => ({ name: `p${at}x`, at: 1_000_000 })),
    );
    const reader = await user(it, "read");
    const { log } = registryOf(it);
    const entries = await log(reader.key, `/orgs/${it.repository}/audit-logs`);
    const packages = entries.flatMap(({ params }) => params.package ?? []);
    expect(packages).toEqual(Array.from({ length: 30 }, (_, at) => `p${29 - at}x`));
  });
});
