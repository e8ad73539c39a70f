import { describe, expect, it } from "vitest";
import { asksForErlang, erlangBody, jsonBody, read } from "../support/answers.ts";
import { setRole, user } from "../support/people.ts";
import { type World, world } from "../support/world.ts";
import { basic, keyOfOrganization, registry } from "./registry.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

const pathOf = ({ repository }: World) => `/api/orgs/${repository}`;
const membersOf = (it: World) => `${pathOf(it)}/members`;
const post = (key: string, path: string, body: object) =>
  registry(path, { key, method: "POST", ...jsonBody(body) });
const remove = (key: string, path: string) => registry(path, { key, method: "DELETE" });
const list = async (key: string, path: string) =>
  Object.values(await read(await registry(path, { key }))) as Record<string, unknown>[];

describe("an organization", () => {
  it("is listed to its members, by name, with what mix reads", async () => {
    const [one, two, other] = [await world(), await world(), await world()];
    const ann = await user(two, "read");
    await setRole(one, ann.name, "admin");
    const names = [one.repository, two.repository].sort();
    for (const prefix of ["/api", `/api/repos/${one.repository}`]) {
      const response = await registry(`${prefix}/orgs`, { key: ann.key, headers: asksForErlang });
      expect(response.status).toBe(200);
      expect(Object.values(await read(response))).toEqual(
        names.map((name) => ({ name, billing_active: true })),
      );
    }
    const eve = await user(other);
    expect(await list(eve.key, "/api/orgs")).toEqual([]);
  });

  it("is listed to nobody without a key, as hexpm has it, and all to the admin", async () => {
    const it = await world();
    const response = await it.guest.fetch("/api/orgs");
    expect([response.status, await response.text()]).toEqual([200, "[]"]);
    const all: unknown = await (await it.admin.fetch("/api/orgs")).json();
    expect(all).toContainEqual({ name: it.repository, billing_active: true });
  });

  it("is shown with its members to members, and to nobody else", async () => {
    const it = await world();
    const [ann, eve] = [await user(it, "read"), await user(await world(), "admin")];
    const shown = await registry(pathOf(it), { key: ann.key, headers: asksForErlang });
    expect(await read(shown)).toEqual({
      ...{ name: it.repository, billing_active: true },
      users: [
        {
          ...{ username: ann.name, full_name: null, handles: {}, role: "read" },
          ...{ email: `${ann.name}@hexedge.test`, inserted_at: time, updated_at: time },
          url: `http://hexedge.test/api/users/${ann.name}`,
        },
      ],
    });
    expect((await registry(pathOf(it), { key: eve.key })).status).toBe(404);
    expect((await it.guest.fetch(pathOf(it))).status).toBe(401);
    expect((await it.admin.fetch("/api/orgs/undeclared")).status).toBe(404);
    expect((await registry("/api/orgs/undeclared", { key: eve.key })).status).toBe(404);
    expect((await registry("/api/orgs/constructor", { key: eve.key })).status).toBe(404);
  });

  it("of a public repository shows its members to members only", async () => {
    const it = await world({ public: true });
    await user(it, "admin");
    const eve = await user(it);
    expect((await registry(membersOf(it), { key: eve.key })).status).toBe(404);
    expect((await it.guest.fetch(membersOf(it))).status).toBe(401);
  });
});

describe("members", () => {
  it("are added by name or e-mail, listed by name, shown one by one, and removed", async () => {
    const it = await world();
    const [ann, bob, cid] = [await user(it, "admin"), await user(it), await user(it)];
    for (const [bodyOf, named, name] of [
      [jsonBody, bob.name, bob.name] as const,
      [erlangBody, `${cid.name}@HEXEDGE.test`, cid.name] as const,
    ]) {
      const init = { method: "POST", ...bodyOf({ name: named, role: "write" }) };
      const response = await registry(membersOf(it), { key: ann.key, ...init });
      // 200, whatever the specification says.
      expect(response.status).toBe(200);
      const url = `http://hexedge.test${membersOf(it)}/${name}`;
      expect(response.headers.get("location")).toBe(url);
      expect(await read(response)).toMatchObject({ username: name, role: "write" });
    }
    const listed = await list(bob.key, membersOf(it));
    expect(listed.map(({ username, role }) => [username, role])).toEqual(
      [
        [ann.name, "admin"],
        [bob.name, "write"],
        [cid.name, "write"],
      ].sort(),
    );
    for (const named of [cid.name, `${cid.name}@hexedge.test`, `${cid.name}%40hexedge.test`]) {
      const shown = await registry(`${membersOf(it)}/${named}`, { key: bob.key });
      expect(await read(shown)).toMatchObject({ username: cid.name, role: "write" });
    }
    const removed = await remove(ann.key, `${membersOf(it)}/${cid.name}`);
    expect([removed.status, await removed.text()]).toEqual([204, ""]);
    expect((await registry(`${membersOf(it)}/${cid.name}`, { key: ann.key })).status).toBe(404);
    // Also when they are none.
    expect((await remove(ann.key, `${membersOf(it)}/${cid.name}`)).status).toBe(204);
    expect((await remove(ann.key, `${membersOf(it)}/nobody`)).status).toBe(404);
  });

  it.each([
    ["nobody's name", { name: "nobody", role: "read" }, { name: "unknown user" }],
    ["no name", { role: "read" }, { name: "can't be blank" }],
    ["no role", { name: "ANN" }, { role: "can't be blank" }],
    [
      "a role that is none",
      { name: "ANN", role: "owner" },
      { role: "must be read, write or admin" },
    ],
    ["who is one already", { name: "ANN", role: "admin" }, { user_id: "is already member" }],
    ["an organization", { name: "REPO", role: "read" }, { name: "unknown user" }],
  ])("are not added with %s", async (_title, body, errors) => {
    const it = await world();
    const ann = await user(it, "admin");
    const text = JSON.stringify(body).replace("ANN", ann.name).replace("REPO", it.repository);
    const response = await post(ann.key, membersOf(it), JSON.parse(text) as object);
    expect([response.status, await read(response)]).toEqual([
      422,
      { status: 422, message: "Validation error(s)", errors },
    ]);
  });

  it("get another role by an admin, with what it brings at once", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "admin"), await user(it, "read")];
    expect((await bob.publish()).status).toBe(403);
    const response = await post(ann.key, `${membersOf(it)}/${bob.name}`, { role: "write" });
    expect(response.status).toBe(200);
    expect(await read(response)).toMatchObject({ username: bob.name, role: "write" });
    expect((await bob.publish()).status).toBe(201);
    expect((await post(ann.key, `${membersOf(it)}/${bob.name}`, { role: "all" })).status).toBe(422);
    expect((await post(ann.key, `${membersOf(it)}/nobody`, { role: "read" })).status).toBe(404);
  });

  it("keep one admin at least, also when two leave at one time", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "admin"), await user(it, "read")];
    const own = `${membersOf(it)}/${ann.name}`;
    const demoted = await post(ann.key, own, { role: "write" });
    expect([demoted.status, (await read(demoted)).errors]).toEqual([
      422,
      { role: "cannot demote last admin member" },
    ]);
    const removed = await remove(ann.key, own);
    expect([removed.status, (await read(removed)).errors]).toEqual([
      422,
      { name: "cannot remove last admin member" },
    ]);
    await post(ann.key, `${membersOf(it)}/${bob.name}`, { role: "admin" });
    const statuses = await Promise.all([
      post(ann.key, own, { role: "read" }),
      post(bob.key, `${membersOf(it)}/${bob.name}`, { role: "read" }),
    ]);
    expect(statuses.map(({ status }) => status).sort()).toEqual([200, 422]);
  });

  it("leave the last one too, when there is nobody else", async () => {
    const it = await world();
    const ann = await user(it, "admin");
    expect((await remove(ann.key, `${membersOf(it)}/${ann.name}`)).status).toBe(204);
    expect(await (await it.admin.fetch(membersOf(it))).json()).toEqual([]);
  });

  it("are looked after by admins only, and hidden from strangers", async () => {
    const it = await world();
    const [ann, reader, writer] = [
      await user(it, "admin"),
      await user(it, "read"),
      await user(it, "write"),
    ];
    const stranger = await user(await world(), "admin");
    const organization = await keyOfOrganization(it, "api");
    const readOnly = await ann.with("api:read");
    for (const [key, status] of [
      ...[[reader.key, 403] as const, [writer.key, 403] as const, [organization, 403] as const],
      ...[[stranger.key, 404] as const, [readOnly.key, 401] as const],
    ]) {
      const body = { name: stranger.name, role: "read" };
      expect((await post(key, membersOf(it), body)).status).toBe(status);
      expect((await post(key, `${membersOf(it)}/${reader.name}`, { role: "admin" })).status).toBe(
        status,
      );
      expect((await remove(key, `${membersOf(it)}/${reader.name}`)).status).toBe(status);
    }
    const password = basic(ann.name, ann.password);
    expect(
      (await post(password, `${membersOf(it)}/${reader.name}`, { role: "write" })).status,
    ).toBe(200);
  });
});

describe("who leaves an organization", () => {
  it("can see nothing of it from the next change on, nor do anything at once", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "admin"), await user(it, "write")];
    expect((await bob.publish()).status).toBe(201);
    expect((await remove(ann.key, `${membersOf(it)}/${bob.name}`)).status).toBe(204);
    expect((await bob.publish({ version: "2.0.0" })).status).toBe(404);
    expect((await bob.revert("foo", "1.0.0")).status).toBe(404);
    // This isolate heard of it with the refusals above.
    expect((await bob.fetch(membersOf(it))).status).toBe(404);
  });

  it("owns nothing there any more, and gets nothing back by coming back", async () => {
    const it = await world();
    const [ann, bob] = [await user(it, "admin"), await user(it, "read")];
    await it.admin.publish();
    const owner = `/api/repos/${it.repository}/packages/foo/owners/${bob.name}`;
    const made = await registry(owner, { key: ann.key, method: "PUT", ...jsonBody({}) });
    expect(made.status).toBe(204);
    expect((await bob.retire("foo", "1.0.0")).status).toBe(204);
    await remove(ann.key, `${membersOf(it)}/${bob.name}`);
    expect((await bob.retire("foo", "1.0.0")).status).toBe(404);
    const owners = `/api/repos/${it.repository}/packages/foo/owners`;
    expect(await list(ann.key, owners)).toEqual([]);
    await setRole(it, bob.name, "read");
    expect((await bob.retire("foo", "1.0.0")).status).toBe(403);
  });
});

describe("whoever published a package", () => {
  it.each([
    [
      "becomes a reader",
      (it: World, name: string) =>
        it.admin.fetch(`${membersOf(it)}/${name}`, {
          method: "POST",
          ...jsonBody({ role: "read" }),
        }),
    ],
    [
      "leaves, and comes back as a reader",
      async (it: World, name: string) => {
        await it.admin.fetch(`${membersOf(it)}/${name}`, { method: "DELETE" });
        return setRole(it, name, "read");
      },
    ],
  ])("does not publish it any more when they %s, and owns nothing", async (_, change) => {
    const it = await world();
    const ann = await user(it, "write");
    expect((await ann.publish({ name: "foo", version: "1.0.0" })).status).toBe(201);
    expect(await list(ann.key, `/api/repos/${it.repository}/packages/foo/owners`)).toHaveLength(1);
    expect((await change(it, ann.name)).status).toBe(200);
    expect((await ann.publish({ name: "foo", version: "1.1.0" })).status).toBe(403);
    expect(await list(ann.key, `/api/repos/${it.repository}/packages/foo/owners`)).toEqual([]);
  });
});
