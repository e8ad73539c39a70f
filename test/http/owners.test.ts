import { describe, expect, it } from "vitest";
import { asksForErlang, erlangBody, jsonBody, read } from "../support/answers.ts";
import { setRole, type User, user } from "../support/people.ts";
import { packageTarball } from "../support/tarball.ts";
import { expectSound, type World, world } from "../support/world.ts";
import { keyOfOrganization, registry, registryWith } from "./registry.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

const ownersOf = ({ repository }: Pick<World, "repository">, name = "foo") =>
  `/api/repos/${repository}/packages/${name}/owners`;
const put = (key: string, path: string, body: object = {}) =>
  registry(path, { key, method: "PUT", ...jsonBody(body) });
const remove = (key: string, path: string) => registry(path, { key, method: "DELETE" });

/** `[name, level]` of each. */
async function owners(it: World, name = "foo"): Promise<unknown[]> {
  const response = await it.admin.fetch(ownersOf(it, name));
  const all = Object.values(await read(response)) as { username: string; level: string }[];
  return all.map(({ username, level }) => [username, level]);
}

async function expectRefused(response: Response, status: number, errors?: object): Promise<void> {
  const message = expect.stringMatching(/\S/);
  const body = errors ? { status, message, errors } : { status, message };
  expect([response.status, await read(response)]).toEqual([status, body]);
}

async function publicWorld(): Promise<World & { ann: User; bob: User }> {
  const it = await world({ public: true });
  const [ann, bob] = [await user(it, "write"), await user(it)];
  expect((await ann.publish()).status).toBe(201);
  return { ...it, ann, bob };
}

async function privateWorld(): Promise<World & { ann: User; bob: User }> {
  const it = await world();
  const [ann, bob] = [await user(it, "admin"), await user(it, "read")];
  expect((await it.admin.publish()).status).toBe(201);
  return { ...it, ann, bob };
}

describe("whoever publishes a new package", () => {
  it("owns it in a public repository", async () => {
    const it = await publicWorld();
    expect(await owners(it)).toEqual([[it.ann.name, "full"]]);
    const shown = await read(await it.guest.api("/packages/foo"));
    expect(shown.owners).toEqual([expect.objectContaining({ username: it.ann.name })]);
    const me = await read(await it.ann.fetch("/api/users/me"));
    expect(me.organizations).toEqual([{ name: it.repository, role: "write" }]);
  });

  it("owns it in a private one too, when it is a user", async () => {
    const it = await world();
    const ann = await user(it, "write");
    expect((await ann.publish()).status).toBe(201);
    expect((await it.admin.publish({ name: "bar" })).status).toBe(201);
    expect([await owners(it), await owners(it, "bar")]).toEqual([[[ann.name, "full"]], []]);
  });
});

describe("owners", () => {
  it("are listed and shown to whoever may read, in both formats, with what mix and rebar3 print", async () => {
    const it = await publicWorld();
    await put(it.ann.key, `${ownersOf(it)}/${it.bob.name}`, { level: "maintainer" });
    const view = ({ name }: User, level: string, email: string | null) => ({
      ...{ username: name, full_name: null, handles: {}, email, level },
      ...{ url: `http://hexedge.test/api/users/${name}`, inserted_at: time, updated_at: time },
    });
    for (const headers of [{}, asksForErlang]) {
      const listed = await registry(ownersOf(it), { headers });
      expect(listed.status).toBe(200);
      // An e-mail is nobody's but their own and their organization's; mix wants the key all the same.
      expect(Object.values(await read(listed))).toEqual(
        [view(it.ann, "full", null), view(it.bob, "maintainer", null)].sort((one, other) =>
          one.username < other.username ? -1 : 1,
        ),
      );
      const shown = await registry(`${ownersOf(it)}/${it.bob.name}`, { key: it.bob.key, headers });
      const email = `${it.bob.name}@hexedge.test`;
      expect(await read(shown)).toEqual(view(it.bob, "maintainer", email));
    }
    expect((await registry(`${ownersOf(it)}/nobody`)).status).toBe(404);
    expect((await registry(ownersOf(it, "nope"))).status).toBe(404);
    expect((await registry(`${ownersOf(it, "nope")}/${it.ann.name}`)).status).toBe(404);
  });

  it("are added as full ones, or as maintainers, get another level, and twice is once", async () => {
    const it = await publicWorld();
    const path = `${ownersOf(it)}/${it.bob.name}`;
    for (const [body, level] of [
      [jsonBody({}), "full"],
      [jsonBody({ level: "maintainer", transfer: false }), "maintainer"],
      [erlangBody({ level: "maintainer", transfer: false }), "maintainer"],
      [erlangBody({ level: "full" }), "full"],
      [jsonBody({ level: "maintainer", transfer: "false" }), "maintainer"],
    ] as const) {
      const response = await registry(path, { key: it.ann.key, method: "PUT", ...body });
      // rebar3 wants 204 or 201.
      expect([response.status, await response.text()]).toEqual([204, ""]);
      expect(await owners(it)).toContainEqual([it.bob.name, level]);
    }
    expect(await owners(it)).toHaveLength(2);
  });

  it.each(["@", "%40"])("are added, shown and removed by e-mail too, with %s", async (at) => {
    const it = await publicWorld();
    const path = `${ownersOf(it)}/${it.bob.name}${at}hexedge.test`;
    expect((await put(it.ann.key, path)).status).toBe(204);
    expect(await owners(it)).toHaveLength(2);
    expect((await registry(path, { key: it.bob.key })).status).toBe(200);
    expect((await remove(it.ann.key, path)).status).toBe(204);
    expect(await owners(it)).toEqual([[it.ann.name, "full"]]);
  });

  it("are not found by e-mail by those who may not know it", async () => {
    const it = await publicWorld();
    for (const named of [it.ann.name, "nobody"]) {
      const response = await registry(`${ownersOf(it)}/${named}@hexedge.test`);
      expect(response.status).toBe(404);
    }
  });

  it("all go with a transfer, but the one it goes to", async () => {
    const it = await publicWorld();
    const cid = await user(it);
    await put(it.ann.key, `${ownersOf(it)}/${cid.name}`, { level: "maintainer" });
    const body = { level: "full", transfer: true };
    expect((await put(it.ann.key, `${ownersOf(it)}/${it.bob.name}`, body)).status).toBe(204);
    expect(await owners(it)).toEqual([[it.bob.name, "full"]]);
  });

  it("can hand the package to its organization, and to no other", async () => {
    const [it, other] = [await publicWorld(), await world()];
    const own = `${ownersOf(it)}/${it.repository}`;
    await expectRefused(await put(it.ann.key, own), 422, {
      username: "can only be transferred, removing all existing owners",
    });
    const elsewhere = `${ownersOf(it)}/${other.repository}`;
    await expectRefused(await put(it.ann.key, elsewhere, { transfer: true }), 422, {
      username: expect.stringMatching(/^is an organization/),
    });
    expect((await put(it.ann.key, own, { transfer: true })).status).toBe(204);
    expect(await owners(it)).toEqual([]);
  });

  it("are removed, but for the last in a public repository", async () => {
    const it = await publicWorld();
    const [ann, bob] = [`${ownersOf(it)}/${it.ann.name}`, `${ownersOf(it)}/${it.bob.name}`];
    await expectRefused(await remove(it.ann.key, bob), 422, {
      username: "user is not an owner of package",
    });
    await expectRefused(await remove(it.ann.key, ann), 422, {
      username: "cannot remove last owner of package",
    });
    await put(it.ann.key, bob, { level: "maintainer" });
    await expectRefused(await remove(it.ann.key, ann), 422, {
      username: "cannot remove the last full owner of package",
    });
    await expectRefused(await put(it.ann.key, ann, { level: "maintainer" }), 422, {
      username: "cannot demote the last full owner of a package",
    });
    await put(it.ann.key, bob);
    const response = await remove(it.ann.key, ann);
    // rebar3 wants exactly this.
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(await owners(it)).toEqual([[it.bob.name, "full"]]);
  });

  it("of a private package are members, and may be none", async () => {
    const it = await privateWorld();
    const eve = await user(await world());
    await expectRefused(await put(it.ann.key, `${ownersOf(it)}/${eve.name}`), 422, {
      username: expect.stringMatching(/^is no member/),
    });
    const path = `${ownersOf(it)}/${it.bob.name}`;
    expect((await put(it.ann.key, path)).status).toBe(204);
    expect((await remove(it.bob.key, path)).status).toBe(204);
    expect(await owners(it)).toEqual([]);
  });

  it.each([
    ["nobody", 404, {}, undefined],
    ["BOB", 422, { level: "owner" }, { level: "is invalid" }],
    ["BOB", 422, { level: "maintainer", transfer: true }, { level: expect.any(String) }],
    ["BOB", 422, { transfer: 1 }, { transfer: "is invalid" }],
  ])("are refused: %s, %i for %j", async (name, status, body, errors) => {
    const it = await publicWorld();
    const path = `${ownersOf(it)}/${name.replace("BOB", it.bob.name)}`;
    await expectRefused(await put(it.ann.key, path, body), status, errors);
    expect(await owners(it)).toEqual([[it.ann.name, "full"]]);
  });

  it("of a package that is not there are nobody", async () => {
    const it = await publicWorld();
    for (const name of ["nope", "..", "Foo", "%00"]) {
      const path = `${ownersOf(it, name)}/${it.bob.name}`;
      expect((await it.admin.fetch(path, { method: "PUT", ...jsonBody({}) })).status).toBe(404);
      expect((await it.admin.fetch(path, { method: "DELETE" })).status).toBe(404);
    }
  });
});

describe("who owns a public package", () => {
  it("is said by its full owners, the organization's admins and the admin alone", async () => {
    const it = await publicWorld();
    const [admin, writer, stranger, cid] = [
      ...[await user(it, "admin"), await user(it, "write")],
      ...[await user(it), await user(it)],
    ];
    await put(it.ann.key, `${ownersOf(it)}/${it.bob.name}`, { level: "maintainer" });
    const path = `${ownersOf(it)}/${cid?.name}`;
    const organization = await keyOfOrganization(it, "api");
    for (const key of [writer?.key, stranger?.key, it.bob.key, organization]) {
      await expectRefused(await put(key ?? "", path), 403);
      await expectRefused(await remove(key ?? "", `${ownersOf(it)}/${it.ann.name}`), 403);
    }
    for (const scope of ["api:read", "repositories", `package:${it.repository}/foo`]) {
      const { key } = await it.ann.with(scope);
      await expectRefused(await put(key, path), 401);
    }
    expect((await it.guest.fetch(path, { method: "PUT" })).status).toBe(401);
    for (const key of [it.ann.key, admin?.key ?? "", (await it.ann.with("api:write")).key]) {
      expect((await put(key, path)).status).toBe(204);
      expect((await remove(key, path)).status).toBe(204);
    }
    expect((await it.admin.fetch(path, { method: "PUT", ...jsonBody({}) })).status).toBe(204);
  });

  it("may publish without a role, a maintainer as well, until they are removed", async () => {
    const it = await publicWorld();
    expect((await it.bob.publish({ version: "1.1.0" })).status).toBe(403);
    const path = `${ownersOf(it)}/${it.bob.name}`;
    await put(it.ann.key, path, { level: "maintainer" });
    expect((await it.bob.publish({ version: "1.1.0" })).status).toBe(201);
    expect((await it.bob.retire("foo", "1.1.0")).status).toBe(204);
    expect((await it.bob.publish({ name: "other" })).status).toBe(403);
    await remove(it.ann.key, path);
    expect((await it.bob.publish({ version: "1.2.0" })).status).toBe(403);
    expect((await it.bob.revert("foo", "1.1.0")).status).toBe(403);
    await expectSound(it);
  });

  it("may use a key for that package, as long as they own it", async () => {
    const it = await publicWorld();
    await put(it.ann.key, `${ownersOf(it)}/${it.bob.name}`);
    const ci = await it.bob.with(`package:${it.repository}/foo`);
    expect((await ci.publish({ version: "1.1.0" })).status).toBe(201);
    expect((await ci.publish({ name: "other" })).status).toBe(401);
    expect((await ci.api("/packages/foo")).status).toBe(200);
    await remove(it.ann.key, `${ownersOf(it)}/${it.bob.name}`);
    expect((await ci.publish({ version: "1.2.0" })).status).toBe(403);
  });
});

describe("who owns a private package", () => {
  it("is said by admins and full owners, and hidden from strangers", async () => {
    const it = await privateWorld();
    const [writer, cid] = [await user(it, "write"), await user(it, "read")];
    const eve = await user(await world(), "admin");
    const path = `${ownersOf(it)}/${cid.name}`;
    await expectRefused(await put(writer.key, path), 403);
    await expectRefused(await put(it.bob.key, path), 403);
    await expectRefused(await put(eve.key, path), 404);
    await expectRefused(await registry(ownersOf(it), { key: eve.key }), 404);
    await put(it.ann.key, `${ownersOf(it)}/${it.bob.name}`);
    expect((await put(it.bob.key, path)).status).toBe(204);
    // A reader who owns it may publish it.
    expect((await cid.publish({ version: "1.1.0" })).status).toBe(201);
    expect((await cid.publish({ name: "other" })).status).toBe(403);
  });
});

describe('a repository with publish = "owners"', () => {
  async function guarded() {
    const it = await world();
    const declared = { [it.repository]: { kind: "hosted", publish: "owners" } };
    const ask = registryWith({ REPOSITORIES: declared, ROOT_REPOSITORY: it.repository });
    const publish = async (key: string, version: string, name = "foo", path = "/api/publish") =>
      ask(path, { key, method: "POST", body: await packageTarball({ name, version }) });
    return { ...it, ask, publish };
  }

  it("lets only owners and admins publish a package that exists, and writers new ones", async () => {
    const it = await guarded();
    const [admin, ann, bob, reader] = [
      ...[await user(it, "admin"), await user(it, "write"), await user(it, "write")],
      ...[await user(it, "read")],
    ].map(({ key, name }) => ({ key, name })) as [User, User, User, User];
    expect((await it.publish(ann.key, "1.0.0")).status).toBe(201);
    await put(admin.key, `${ownersOf(it)}/${ann.name}`);
    const whole = "/api/packages/foo/releases";
    for (const path of ["/api/publish", whole, `/api/repos/${it.repository}/publish`]) {
      await expectRefused(await it.publish(bob.key, "2.0.0", "foo", path), 403);
      await expectRefused(await it.publish(reader.key, "2.0.0", "foo", path), 403);
    }
    expect((await it.publish(ann.key, "1.1.0")).status).toBe(201);
    expect((await it.publish(admin.key, "1.2.0")).status).toBe(201);
    expect((await it.publish(bob.key, "1.0.0", "bar")).status).toBe(201);
    await expectRefused(await it.publish(reader.key, "1.0.0", "baz"), 403);

    const release = "/api/packages/foo/releases/1.0.0";
    const retire = (key: string) =>
      it.ask(`${release}/retire`, { key, method: "POST", ...jsonBody({ reason: "other" }) });
    await expectRefused(await retire(bob.key), 403);
    await expectRefused(await it.ask(release, { key: bob.key, method: "DELETE" }), 403);
    expect((await retire(ann.key)).status).toBe(204);
    await put(admin.key, `${ownersOf(it)}/${bob.name}`, { level: "maintainer" });
    expect((await retire(bob.key)).status).toBe(204);
    await expectSound(it);
  });

  it("keeps whoever lost their role from what they own there", async () => {
    const it = await guarded();
    const [admin, ann] = [await user(it, "admin"), await user(it, "write")];
    await it.publish(ann.key, "1.0.0");
    await put(admin.key, `${ownersOf(it)}/${ann.name}`);
    const member = `/api/orgs/${it.repository}/members/${ann.name}`;
    await it.admin.fetch(member, { method: "DELETE" });
    await expectRefused(await it.publish(ann.key, "1.1.0"), 404);
    await setRole(it, ann.name, "read");
    await expectRefused(await it.publish(ann.key, "1.1.0"), 403);
  });

  it("says so where it is shown", async () => {
    const it = await guarded();
    const response = await it.ask(`/api/repos/${it.repository}`, {
      key: (await user(it, "read")).key,
    });
    expect(await read(response)).toMatchObject({ publish: "owners", public: false });
  });
});
