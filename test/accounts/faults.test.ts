/**
 * The Accounts object dies, or its database fails, at every statement of everything it does: what was
 * answered holds, and what was not answered is there as a whole, with its line in the audit log, or not
 * at all.
 */
import { createExecutionContext, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Accounts } from "../../src/accounts/accounts.ts";
import { accountsName } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";
import { jsonBody } from "../support/answers.ts";
import { organizationKey, setRole, user } from "../support/people.ts";
import { world } from "../support/world.ts";
import {
  admin,
  client,
  expectDone,
  expectTokens,
  Fresh,
  type HeldKey,
  type Member,
  reason,
  scopesOf,
  secondMs,
} from "./fresh.ts";

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));

/** Users, keys and a login, to do something to. */
interface Scene {
  it: Fresh;
  ann: Member;
  keys: HeldKey[];
  accessToken: string;
  refreshToken: string;
  userCode: string;
}

async function scene(): Promise<Scene> {
  const it = new Fresh();
  const ann = await it.user("ann", { acme: "write" });
  await it.user("bob", { acme: "admin" });
  const keys = [await it.key(ann.owner, "api repositories"), await it.key(ann.owner, "api")];
  const { accessToken, refreshToken } = await it.login(ann, "api", keys[1]?.record.id);
  const { userCode } = await it.device("api");
  return { it, ann, keys, accessToken, refreshToken: refreshToken ?? "", userCode };
}

const newKey = { name: "ci", permissions: scopesOf("api"), revokeAt: null, hash: "ab".repeat(32) };

interface Verb {
  title: string;
  /** The action in the audit log. */
  action: string;
  run(accounts: Accounts, scene: Scene): unknown;
  /** Which of `key 1`, `key 2`, `token` are refused after it. */
  refuses: string[];
}

const verbs: Verb[] = [
  {
    title: "making a key",
    action: "key.generate",
    run: (accounts, { ann }) => accounts.createKey(ann.owner, newKey, null, admin),
    refuses: [],
  },
  {
    title: "revoking a key",
    action: "key.remove",
    run: (accounts, { ann }) => accounts.revokeKey(ann.owner, "ci", admin),
    refuses: ["key 1"],
  },
  {
    title: "revoking a key that somebody signed in with",
    action: "key.remove",
    run: (accounts, { ann }) => accounts.revokeKey(ann.owner, "ci-2", admin),
    refuses: ["key 2", "token"],
  },
  {
    title: "revoking all keys",
    action: "key.remove",
    run: (accounts, { ann }) => accounts.revokeAllKeys(ann.owner, admin),
    refuses: ["key 1", "key 2", "token"],
  },
  {
    title: "adding a member",
    action: "organization.member.add",
    run: (accounts) => accounts.addMember("other", "ann", "read", admin),
    refuses: [],
  },
  {
    title: "changing a role",
    action: "organization.member.role",
    run: (accounts) => accounts.setRole("acme", "ann", "read", admin),
    refuses: [],
  },
  {
    title: "removing a member",
    action: "organization.member.remove",
    run: (accounts) => accounts.removeMember("acme", "ann", admin),
    refuses: [],
  },
  {
    title: "a user who leaves",
    action: "user.deactivate",
    run: (accounts) => accounts.deactivateUser("ann", admin),
    refuses: ["key 1", "key 2", "token"],
  },
  {
    title: "another password",
    action: "password.update",
    run: (accounts) => accounts.setPassword("ann", "another", admin),
    refuses: ["token"],
  },
  {
    title: "a new user",
    action: "user.create",
    run: (accounts) =>
      accounts.createUser({ name: "new", email: null, fullName: null, password: null }, admin),
    refuses: [],
  },
  {
    title: "approving a terminal",
    action: "session.create",
    run: (accounts, { ann, userCode }) =>
      accounts.decideDevice(userCode, { id: ann.id, keyId: null }, scopesOf("api"), admin),
    refuses: [],
  },
  {
    title: "the end of a login",
    action: "session.revoke",
    run: (accounts) => {
      const [session] = accounts.world.sql
        .exec<{ id: string }>("SELECT id FROM sessions")
        .toArray();
      return accounts.revokeSession(session?.id ?? "", client, admin);
    },
    refuses: ["token"],
  },
];

describe.each(verbs)("$title", ({ run, action, refuses }) => {
  it("is done as a whole, with its line, or not at all, wherever the database fails", async () => {
    const at = await scene();
    const before = await at.it.dump();
    let calls = 0;
    for (let fault = 1; calls === fault - 1; fault++) {
      for (const happens of [false, true]) {
        calls = await withFault(at.it, fault, (accounts) => run(accounts, at), happens);
        // Fewer: there was no fault any more, and it is done.
        if (calls < fault) break;
        expect(await at.it.dump()).toEqual(before);
      }
      if (calls < fault) break;
    }
    expect(calls).toBeGreaterThan(2);
    const after = await at.it.dump();
    expect(after).not.toEqual(before);
    expect(after.audit?.length).toBe((before.audit?.length ?? 0) + 1);
    expect(after.audit?.at(-1)).toContain(`"action":"${action}"`);
  });

  it("holds after a crash once it was answered, and refuses what it refused", async () => {
    const at = await scene();
    await at.it.run((accounts) => run(accounts, at));
    const after = await at.it.dump();
    await at.it.crash();
    expect(await at.it.dump()).toEqual(after);
    expect(await refusedOf(at)).toEqual(refuses);
  });
});

const crucial = ["key.generate", "key.remove", "organization.member.role", "user.deactivate"];

// Few, for workerd tells stderr of each.
describe.each(verbs.filter(({ action }) => crucial.includes(action)))(
  "$title",
  ({ run, refuses }) => {
    it("is whole or absent after a crash before its answer", async () => {
      const at = await scene();
      const before = await at.it.dump();
      const asked = at.it
        .run((accounts) => run(accounts, at))
        .then(
          () => "answered",
          () => "lost",
        );
      await at.it.abort();
      const heard = await asked;
      const after = await at.it.dump();
      const lines = (after.audit?.length ?? 0) - (before.audit?.length ?? 0);
      if (heard === "answered") expect(lines).toBe(1);
      if (lines === 0) expect(after).toEqual(before);
      else expect(await refusedOf(at)).toEqual(refuses);
    });

    it("leaves nothing when the instance dies in the middle of it", async () => {
      const at = await scene();
      const before = await at.it.dump();
      for (const fault of [2, 4]) {
        await runInDurableObject(at.it.stub, (accounts: Accounts, state) => {
          accounts.world.now = () => at.it.now;
          accounts.world.organizations = at.it.organizations;
          accounts.world.sql = faulty(accounts.world.sql, fault, true, () => state.abort());
          return run(accounts, at);
        }).catch(() => undefined);
        at.it.reconnect();
        expect(await at.it.dump()).toEqual(before);
      }
    });
  },
);

describe("a renewal that fails", () => {
  it("before the new pair was given leaves a login that nobody can use, nor anybody else", async () => {
    let given: object | undefined;
    let ended = 0;
    for (let fault = 1; !given; fault++) {
      const { it, refreshToken, accessToken } = await scene();
      await withFault(it, fault, async (accounts) => {
        given = await accounts.refreshTokens(refreshToken, client, admin);
      });
      if (given) break;
      // The client has its old pair only, and comes again with it.
      const again = await it.refresh(refreshToken);
      if ("accessToken" in again) continue;
      ended++;
      expect(reason(again)).toBe("invalid_grant");
      expect(reason(await it.showToken(accessToken))).toBe("credential_revoked");
    }
    expect(ended).toBeGreaterThan(0);
    expectTokens(given);
  });
});

describe("at once", () => {
  it("twenty keys with one name get twenty names", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    const made = await Promise.all(Array.from({ length: 20 }, () => it.key(owner, "api")));
    const names = new Set(made.map(({ record }) => record.name));
    expect(names).toEqual(
      new Set(Array.from({ length: 20 }, (_, at) => (at === 0 ? "ci" : `ci-${at + 1}`))),
    );
    for (const key of made) expect(reason(await it.show(key))).toBe("yes");
  });

  it("keys are made and one is revoked: each is whole, and the revoked one is gone", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    const old = await it.key(owner, "api");
    const [made] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, () => it.key(owner, "api"))),
      it.run((accounts) => accounts.revokeKey(owner, "ci", admin)),
    ]);
    expect(reason(await it.show(old))).toBe("credential_revoked");
    const names = (await it.run((accounts) => accounts.keys(owner))).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const alive = await Promise.all(made.map((key) => it.show(key)));
    // One of the new ones can have had the name already that was revoked.
    expect(names).toHaveLength(alive.filter((one) => reason(one) === "yes").length);
    expect(names.length).toBeGreaterThanOrEqual(9);
  });

  it("a thief makes keys while all are revoked: none of theirs is left", async () => {
    for (let round = 0; round < 5; round++) {
      const it = new Fresh();
      const { owner } = await it.user("ann", { acme: "admin" });
      const maker = expectDone(await it.show(await it.key(owner, "api")));
      const acme = { kind: "organization", name: "acme" } as const;
      const thief = () => it.ask(owner, "api", { maker });
      await Promise.all([
        ...Array.from({ length: round * 2 }, thief),
        it.run((accounts) => accounts.revokeAllKeys(owner, admin)),
        ...Array.from({ length: 10 }, thief),
        ...Array.from({ length: 10 }, () => it.ask(acme, "api", { maker })),
      ]);
      expect(await it.run((accounts) => accounts.keys(owner))).toEqual([]);
    }
  });

  it("a user leaves while keys are made and terminals are approved: nothing is left", async () => {
    const it = new Fresh();
    const ann = await it.user("ann");
    const maker = expectDone(await it.show(await it.key(ann.owner, "api")));
    const devices = [await it.device("api"), await it.device("api")];
    const [made] = await Promise.all([
      Promise.all(Array.from({ length: 6 }, () => it.ask(ann.owner, "api", { maker }))),
      it.approve(devices[0]?.userCode ?? "", ann, "api"),
      it.run((accounts) => accounts.deactivateUser("ann", admin)),
      it.approve(devices[1]?.userCode ?? "", ann, "api"),
    ]);
    for (const key of made) {
      if (!("refused" in key)) expect(reason(await it.show(key))).toBe("credential_revoked");
    }
    it.now += 5 * secondMs;
    for (const { deviceCode } of devices) {
      expect(reason(await it.poll(deviceCode))).not.toBe("yes");
    }
  });

  it("yes and no to one terminal: the first counts, and there is a login only if it was yes", async () => {
    for (let round = 0; round < 4; round++) {
      const it = new Fresh();
      const ann = await it.user("ann");
      const { deviceCode, userCode } = await it.device("api");
      const no = () =>
        it.run((accounts) =>
          accounts.decideDevice(userCode, { id: ann.id, keyId: null }, null, admin),
        );
      const yes = () => it.approve(userCode, ann, "api");
      const answers = await Promise.all(round % 2 ? [no(), yes()] : [yes(), no()]);
      expect(answers.sort()).toEqual([false, true]);
      it.now += 5 * secondMs;
      const isApproved = "accessToken" in (await it.poll(deviceCode));
      expect((await it.dump()).sessions).toHaveLength(isApproved ? 1 : 0);
    }
  });
});

describe("over HTTP, after a restart", () => {
  it("everything that was revoked is refused, and everything else is not", async () => {
    const it = await world();
    const [ann, bob, cat] = await Promise.all([user(it, "write"), user(it, "write"), user(it)]);
    const spare = await ann.with("api");
    const shared = await organizationKey(it, "api", "repositories");
    await expectStatus(it.admin.fetch(`/api/users/${bob.name}`, { method: "DELETE" }), 204);
    await expectStatus(spare.fetch("/api/keys/test", { method: "DELETE" }), 200);
    await expectStatus(shared.fetch(`/api/orgs/${it.repository}/keys`, { method: "DELETE" }), 200);
    await expectStatus(setRole(it, cat.name, "read"), 200);
    await evictDurableObject(env.ACCOUNTS_OBJECT.getByName(accountsName));
    const app = createApp();
    const ask = async (key: string, path: string, init: RequestInit = {}) => {
      const headers = { ...init.headers, authorization: key };
      const request = new Request(`http://hexedge.test${path}`, { ...init, headers });
      return (await app.fetch(request, env, createExecutionContext())).status;
    };
    const key = jsonBody({ name: "more" });
    const file = `/repos/${it.repository}/names`;
    // Ann revoked the first key of hers, not the one she asked with.
    const refused = [ann.key, bob.key];
    for (const secret of refused) {
      expect(await ask(secret, file)).toBe(401);
      expect(await ask(secret, "/api/keys", { method: "POST", ...key })).toBe(401);
    }
    const password = `Basic ${btoa(`${bob.name}:${bob.password}`)}`;
    expect(await ask(password, "/api/users/me")).toBe(401);
    for (const { key: secret } of [spare, cat]) {
      expect(await ask(secret, "/api/keys", { method: "POST", ...key })).toBe(201);
    }
    expect([200, 404]).toContain(await ask(cat.key, file));
  });
});

async function expectStatus(asked: Promise<Response>, status: number): Promise<void> {
  expect((await asked).status).toBe(status);
}

async function refusedOf({ it, keys, accessToken }: Scene): Promise<string[]> {
  const shown = {
    "key 1": it.show(keys[0] ?? { hash: "" }),
    "key 2": it.show(keys[1] ?? { hash: "" }),
    token: it.showToken(accessToken),
  };
  const refused: string[] = [];
  for (const [name, found] of Object.entries(shown)) {
    if ("refused" in (await found)) refused.push(name);
  }
  return refused;
}

/** Runs it with a database that fails at one statement. @returns how many there were. */
async function withFault(
  it: Fresh,
  fault: number,
  work: (accounts: Accounts) => unknown,
  happens = false,
): Promise<number> {
  return it.run(async (accounts) => {
    const { sql } = accounts.world;
    let calls = 0;
    accounts.world.sql = faulty(sql, fault, happens, undefined, () => calls++);
    try {
      await work(accounts);
    } catch {
      // What is left of it is what the test looks at.
    } finally {
      accounts.world.sql = sql;
    }
    return calls;
  });
}

function faulty(
  sql: SqlStorage,
  fault: number,
  happens: boolean,
  die?: () => void,
  count?: () => void,
): SqlStorage {
  let calls = 0;
  const exec: SqlStorage["exec"] = (query, ...bindings) => {
    calls++;
    count?.();
    if (calls !== fault) return sql.exec(query, ...bindings);
    if (happens) sql.exec(query, ...bindings);
    die?.();
    throw new Error("the database failed");
  };
  return { exec } as SqlStorage; // all that the code under test uses of it
}
