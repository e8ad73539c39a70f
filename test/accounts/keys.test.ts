import { describe, expect, it } from "vitest";
import { type Permission, permits } from "../../src/accounts/permission.ts";
import { hashKeySecret } from "../../src/accounts/secret.ts";
import type { Credential } from "../../src/accounts/types.ts";
import {
  accountsSecret,
  admin,
  client,
  dayMs,
  expectDone,
  expectTokens,
  Fresh,
  type HeldKey,
  minuteMs,
  reason,
  scopesOf,
  secondMs,
} from "./fresh.ts";
import { subjects, verbs } from "./may-table.ts";

const acme = { kind: "organization", name: "acme" } as const;

async function namesOf(it: Fresh, owner: Parameters<Fresh["ask"]>[0]): Promise<string[]> {
  return (await it.run((accounts) => accounts.keys(owner))).map(({ name }) => name);
}

describe("a key", () => {
  it("is good for what was asked, from the moment it is answered", async () => {
    const it = new Fresh();
    const { id, owner } = await it.user("ann", { acme: "write" });
    const key = await it.key(owner, "api:read repository:acme", { name: "laptop" });
    expect(await it.show(key)).toEqual({
      holder: {
        ...{ kind: "holder", owner, roles: { acme: "write" } },
        permissions: scopesOf("api:read repository:acme"),
      },
      ...{ kind: "key", label: "key laptop", keyId: key.record.id, sessionId: null },
      ...{ expiresAt: null, sequence: 1, watch: [`user:${id}`, `key:${key.record.id}`] },
    });
  });

  it("is listed and found by name, by its owner only", async () => {
    const it = new Fresh();
    const [ann, bob] = [await it.user("ann"), await it.user("bob")];
    const { record } = await it.key(ann.owner, "api", { name: "laptop" });
    await it.key(ann.owner, "api", { name: "ci" });
    expect(await namesOf(it, ann.owner)).toEqual(["ci", "laptop"]);
    expect(await namesOf(it, bob.owner)).toEqual([]);
    expect(await it.run((accounts) => accounts.key(ann.owner, "laptop"))).toEqual(record);
    expect(await it.run((accounts) => accounts.key(bob.owner, "laptop"))).toBeNull();
    expect(reason(await it.run((accounts) => accounts.revokeKey(bob.owner, "laptop", admin)))).toBe(
      "key_not_found",
    );
    expect(await namesOf(it, ann.owner)).toEqual(["ci", "laptop"]);
  });

  it("does not confuse a user with an organization, whatever either is called", async () => {
    const it = new Fresh();
    const ann = await it.user("ann", { acme: "admin" });
    await it.key(acme, "api", { name: "shared" });
    const tricky = { kind: "organization", name: String(ann.id) } as const;
    expect(await namesOf(it, ann.owner)).toEqual([]);
    expect(await namesOf(it, tricky)).toEqual([]);
    expect(await namesOf(it, acme)).toEqual(["shared"]);
  });

  it("gets a number when its name is taken, and the name is free after revocation", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    for (let at = 0; at < 3; at++) await it.key(owner, "api");
    expect(await namesOf(it, owner)).toEqual(["ci", "ci-2", "ci-3"]);
    await it.run((accounts) => accounts.revokeKey(owner, "ci", admin));
    expect((await it.key(owner, "api")).record.name).toBe("ci");
  });

  it("leaves its name free when it has expired", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    const first = await it.key(owner, "api", { revokeAt: it.now + minuteMs });
    it.now += minuteMs;
    expect(await namesOf(it, owner)).toEqual([]);
    expect(await it.run((accounts) => accounts.key(owner, "ci"))).toBeNull();
    expect(reason(await it.run((accounts) => accounts.revokeKey(owner, "ci", admin)))).toBe(
      "key_not_found",
    );
    const second = await it.key(owner, "api");
    expect(second.record.name).toBe("ci");
    expect([reason(await it.show(first)), reason(await it.show(second))]).toEqual([
      "credential_revoked",
      "yes",
    ]);
  });

  it("expires to the millisecond", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    const revokeAt = it.now + 5 * minuteMs + 1;
    const key = await it.key(owner, "api", { revokeAt });
    expect(key.record.revokeAt).toBe(new Date(revokeAt).toISOString());
    expect(await it.show(key)).toHaveProperty("expiresAt", revokeAt);
    it.now = revokeAt - 1;
    expect(reason(await it.show(key))).toBe("yes");
    it.now = revokeAt;
    expect(reason(await it.show(key))).toBe("credential_revoked");
  });

  it("cannot expire before it is made", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    for (const ms of [0, -1, -dayMs]) {
      expect(await it.ask(owner, "api", { revokeAt: it.now + ms })).toEqual({
        refused: { reason: "parameter_invalid", errors: { revoke_at: "must be in the future" } },
      });
    }
    expect(await namesOf(it, owner)).toEqual([]);
  });

  it("is refused once it is revoked, and stays so", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    const [key, other] = [await it.key(owner, "api"), await it.key(owner, "api")];
    await it.run((accounts) => accounts.revokeKey(owner, "ci", admin));
    expect(reason(await it.show(key))).toBe("credential_revoked");
    expect(reason(await it.show(other))).toBe("yes");
    expect(await namesOf(it, owner)).toEqual(["ci-2"]);
    const again = await it.run((accounts) => accounts.revokeKey(owner, "ci", admin));
    expect(reason(again)).toBe("key_not_found");
  });

  it("goes with all others when all are revoked, and none of anybody else", async () => {
    const it = new Fresh();
    const [ann, bob] = [await it.user("ann", { acme: "admin" }), await it.user("bob")];
    const keys = await Promise.all([1, 2, 3].map(() => it.key(ann.owner, "api")));
    const others = [await it.key(bob.owner, "api"), await it.key(acme, "api")];
    expect(await it.run((accounts) => accounts.revokeAllKeys(ann.owner, admin))).toBe(3);
    for (const key of keys) expect(reason(await it.show(key))).toBe("credential_revoked");
    for (const key of others) expect(reason(await it.show(key))).toBe("yes");
    expect(await it.run((accounts) => accounts.revokeAllKeys(ann.owner, admin))).toBe(0);
  });

  it("that was never made is unknown", async () => {
    const it = new Fresh();
    expect(reason(await it.show({ hash: await hashKeySecret(accountsSecret, "") }))).toBe(
      "credential_unknown",
    );
  });

  it("shows where it was used last, whatever order that is told in", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    const { record } = await it.key(owner, "api");
    const use = (at: number, ip: string) => ({ keyId: record.id, at, ip, userAgent: "mix" });
    await it.run((accounts) => accounts.keysUsed([use(it.now - 10, "192.0.2.2")]));
    await it.run((accounts) => accounts.keysUsed([use(it.now - 99, "192.0.2.1")]));
    // An isolate whose clock is ahead does not hide what comes after.
    await it.run((accounts) => accounts.keysUsed([use(it.now + dayMs, "192.0.2.3")]));
    const found = await it.run((accounts) => accounts.key(owner, "ci"));
    expect(found?.lastUse).toEqual({
      ...{ usedAt: new Date(it.now).toISOString(), ip: "192.0.2.3", userAgent: "mix" },
    });
  });

  it("is one of a thousand at most", async () => {
    const it = new Fresh();
    const { id, owner } = await it.user("ann");
    await it.run(({ world }) => {
      for (let at = 0; at < 999; at++) {
        world.sql.exec(
          `INSERT INTO keys (owner, name, hash, permissions, created_at, updated_at)
           VALUES (?, ?, ?, '[]', 0, 0)`,
          ...[`user:${id}`, `filler-${at}`, `hash-${at}`],
        );
      }
    });
    await it.key(owner, "api");
    expect(reason(await it.ask(owner, "api"))).toBe("parameter_invalid");
    await it.run((accounts) => accounts.revokeKey(owner, "filler-7", admin));
    expect(reason(await it.ask(owner, "api"))).toBe("yes");
  });
});

/** `api` is the account itself: it may make any key of its owner. */
const words = [
  ...["api:read", "api:write", "repositories", "repository:acme", "repository:open"],
  ...["docs:acme", "package:acme/foo", "package:acme/bar", "package:open/foo", "api"],
];

describe("a key that makes a key", () => {
  it("gives no more than it has, for every pair", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann", { acme: "admin" });
    const makers = new Map<string, Credential>();
    for (const held of words) {
      makers.set(held, expectDone(await it.show(await it.key(owner, held))));
    }
    const made: string[] = [];
    for (const [held, maker] of makers) {
      for (const wanted of words) {
        const key = await it.ask(owner, wanted, { maker });
        if ("refused" in key) continue;
        made.push(`${held} → ${wanted}`);
        const credential = expectDone(await it.show(key));
        if (held !== "api")
          expect(reaches(maker)).toEqual(expect.arrayContaining(reaches(credential)));
      }
    }
    const own = words.filter((it) => it !== "api").map((it) => `${it} → ${it}`);
    const api = words.map((it) => `api → ${it}`);
    expect(made.sort()).toEqual(
      [
        ...[...own, ...api, "api:write → api:read"],
        ...["acme/foo", "acme/bar", "open/foo"].map((it) => `api:write → package:${it}`),
        ...["repository:acme", "repository:open", "docs:acme"].map((it) => `repositories → ${it}`),
        "repository:acme → docs:acme",
      ].sort(),
    );
  });

  it("gives several permissions only if it covers each", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann", { acme: "admin" });
    const maker = expectDone(await it.show(await it.key(owner, "api:write")));
    expect(reason(await it.ask(owner, "api:read api:write", { maker }))).toBe("yes");
    expect(reason(await it.ask(owner, "api:read repositories", { maker }))).toBe(
      "parameter_invalid",
    );
    expect(await namesOf(it, owner)).toEqual(["ci", "ci-2"]);
  });

  it("gives no key that lives longer, and one that names no end ends with it", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    const ends = it.now + 60 * minuteMs;
    const maker = expectDone(await it.show(await it.key(owner, "api", { revokeAt: ends })));
    expect(reason(await it.ask(owner, "api", { maker, revokeAt: ends + 1 }))).toBe(
      "parameter_invalid",
    );
    const heir = await it.key(owner, "api", { maker });
    expect(heir.record.revokeAt).toBe(new Date(ends).toISOString());
    const grandchild = await it.key(owner, "api", { maker: expectDone(await it.show(heir)) });
    expect(grandchild.record.revokeAt).toBe(new Date(ends).toISOString());
    const short = await it.key(owner, "api", { maker, revokeAt: ends - 1 });
    expect(short.record.revokeAt).toBe(new Date(ends - 1).toISOString());
  });

  it("gives no longer life through a token, nor does the token live longer", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann", { acme: "read" });
    const ends = it.now + 10 * minuteMs;
    const key = await it.key(owner, "api repositories", { revokeAt: ends });
    const tokens = expectTokens(await it.exchange(key, "api repositories"));
    expect(tokens.expiresInSeconds).toBeLessThanOrEqual(600);
    const maker = expectDone(await it.showToken(tokens.accessToken));
    expect(maker.expiresAt).toBeLessThanOrEqual(ends);
    const made = await it.key(owner, "api", { maker });
    expect(made.record.revokeAt).toBe(new Date(ends).toISOString());
    expect(reason(await it.ask(owner, "api", { maker, revokeAt: ends + 1 }))).toBe(
      "parameter_invalid",
    );
    it.now = ends;
    expect(reason(await it.showToken(tokens.accessToken))).not.toBe("yes");
    expect(reason(await it.show(made))).toBe("credential_revoked");
  });

  it("gives no longer life through a login, whose tokens end with it too", async () => {
    const it = new Fresh();
    const ann = await it.user("ann", { acme: "read" });
    const ends = it.now + 10 * minuteMs;
    const key = await it.key(ann.owner, "api", { revokeAt: ends });
    const tokens = await it.login(ann, "api repositories", key.record.id);
    const maker = expectDone(await it.showToken(tokens.accessToken));
    expect(maker.expiresAt).toBeLessThanOrEqual(ends);
    const made = await it.key(ann.owner, "api", { maker });
    expect(made.record.revokeAt).toBe(new Date(ends).toISOString());
    it.now = ends - 1;
    const renewed = expectTokens(await it.refresh(tokens.refreshToken));
    expect(renewed.expiresInSeconds).toBeLessThanOrEqual(1);
    it.now = ends;
    expect(reason(await it.showToken(renewed.accessToken))).not.toBe("yes");
    expect(reason(await it.refresh(renewed.refreshToken))).toBe("invalid_grant");
  });

  it("makes none when it was revoked between its check and its wish", async () => {
    const it = new Fresh();
    const ann = await it.user("ann", { acme: "admin" });
    const maker = expectDone(await it.show(await it.key(ann.owner, "api")));
    await it.run((accounts) => accounts.revokeAllKeys(ann.owner, admin));
    expect(reason(await it.ask(ann.owner, "api", { maker }))).toBe("credential_revoked");
    expect(await namesOf(it, ann.owner)).toEqual([]);
  });

  it("makes none of an organization that its owner was removed from meanwhile", async () => {
    const it = new Fresh();
    const [, bob] = [
      await it.user("ann", { acme: "admin" }),
      await it.user("bob", { acme: "write" }),
    ];
    const maker = expectDone(await it.show(await it.key(bob.owner, "api")));
    await it.run((accounts) => accounts.removeMember("acme", "bob", admin));
    expect(reason(await it.ask(acme, "api", { maker }))).toBe("credential_revoked");
    expect(await namesOf(it, acme)).toEqual([]);
  });

  it("makes none by a password that was changed meanwhile, or a login that ended", async () => {
    const it = new Fresh();
    const ann = await it.user("ann");
    const password = await it.run(async (accounts) =>
      accounts.signedIn("ann", "stored password of ann", "192.0.2.1"),
    );
    const tokens = await it.login(ann, "api");
    const login = expectDone(await it.showToken(tokens.accessToken));
    await it.run((accounts) => accounts.revokeSession(login.sessionId ?? "", client, admin));
    expect(reason(await it.ask(ann.owner, "api", { maker: login }))).toBe("credential_revoked");
    await it.run((accounts) => accounts.setPassword("ann", "another", admin));
    expect(reason(await it.ask(ann.owner, "api", { maker: expectDone(password) }))).toBe(
      "credential_revoked",
    );
  });
});

describe("a key for a repository", () => {
  it.each(["repository:acme", "docs:acme", "package:acme/foo", "package:acme/does_not_exist"])(
    "is refused to users who have no role there: %s",
    async (scope) => {
      const it = new Fresh();
      const { owner } = await it.user("ann", { other: "admin" });
      const what = scope.startsWith("package") ? "package" : "repository";
      expect(await it.ask(owner, scope)).toEqual({
        refused: {
          reason: "parameter_invalid",
          errors: { permissions: { resource: `you do not have access to this ${what}` } },
        },
      });
    },
  );

  it("is refused alike whether the repository is hidden or does not exist", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    const hidden = await it.ask(owner, "repository:acme");
    expect(await it.ask(owner, "repository:nowhere")).toEqual(hidden);
    expect(await it.ask(owner, "repository:constructor")).toEqual(hidden);
  });

  it("is given for a public one to anybody", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann");
    await it.key(owner, "repository:open docs:open package:open/foo");
  });

  it("of an organization reaches that organization only", async () => {
    const it = new Fresh();
    const { record, hash } = await it.key(acme, "api repository:acme package:acme/foo docs:acme");
    expect(await it.show({ hash })).toMatchObject({
      ...{ holder: { owner: acme, roles: { acme: "write" } }, watch: [`key:${record.id}`] },
    });
    for (const scope of ["repository:other", "package:other/foo", "docs:open", "repository:open"]) {
      expect(reason(await it.ask(acme, scope))).toBe("parameter_invalid");
    }
  });

  it("of an organization that is not declared any more is refused", async () => {
    const it = new Fresh();
    const key = await it.key(acme, "api repositories");
    it.organizations.delete("acme");
    expect(reason(await it.show(key))).toBe("credential_revoked");
    expect(reason(await it.exchange(key, "repositories"))).toBe("invalid_client");
  });
});

describe("a user", () => {
  it("who loses a role loses what the key reads, and gets it back with the role", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann", { acme: "write", other: "read" });
    const key = await it.key(owner, "api repositories repository:acme");
    const rolesNow = async () => expectDone(await it.show(key)).holder.roles;
    expect(await rolesNow()).toEqual({ acme: "write", other: "read" });
    await it.run((accounts) => accounts.setRole("acme", "ann", "read", admin));
    expect(await rolesNow()).toEqual({ acme: "read", other: "read" });
    await it.run((accounts) => accounts.removeMember("acme", "ann", admin));
    expect(await rolesNow()).toEqual({ other: "read" });
    await it.run((accounts) => accounts.addMember("acme", "ann", "admin", admin));
    expect(await rolesNow()).toEqual({ acme: "admin", other: "read" });
    it.organizations.delete("other");
    expect(await rolesNow()).toEqual({ acme: "admin" });
  });

  it("who is gone has no key, login, token or password that is good for anything", async () => {
    const it = new Fresh();
    const ann = await it.user("ann", { acme: "admin" });
    const key = await it.key(ann.owner, "api repositories");
    const login = await it.login(ann, "api repositories");
    const exchanged = expectTokens(await it.exchange(key, "repositories"));
    const { deviceCode, userCode } = await it.device("api");
    await it.approve(userCode, ann, "api");
    expect(await it.run((accounts) => accounts.deactivateUser("ann", admin))).toBeNull();
    expect([
      reason(await it.show(key)),
      reason(await it.showToken(login.accessToken)),
      reason(await it.showToken(exchanged.accessToken)),
      reason(await it.exchange(key, "repositories")),
      reason(await it.refresh(login.refreshToken)),
    ]).toEqual([
      ...["credential_revoked", "credential_revoked", "credential_revoked"],
      ...["invalid_client", "invalid_grant"],
    ]);
    it.now += 10 * secondMs;
    expect(reason(await it.poll(deviceCode))).toBe("invalid_grant");
    for (const name of ["ann", "ann@hexedge.test"]) {
      expect(await it.run((accounts) => accounts.challenge(name, "a"))).toEqual({ stored: null });
      for (const stored of ["stored password of ann", "", "null"]) {
        const signedIn = await it.run((accounts) => accounts.signedIn(name, stored, "a"));
        expect(reason(signedIn)).toBe("password_wrong");
      }
    }
    expect(await it.run((accounts) => accounts.members("acme"))).toEqual([]);
    const back = await it.run((accounts) => accounts.addMember("acme", "ann", "read", admin));
    expect(reason(back)).toBe("parameter_invalid");
    const password = await it.run((accounts) => accounts.setPassword("ann", "new", admin));
    expect(reason(password)).toBe("user_not_found");
  });

  it("who is gone leaves the name taken, for everything that was done under it", async () => {
    const it = new Fresh();
    await it.user("ann");
    await it.run((accounts) => accounts.deactivateUser("ann", admin));
    const heir = { name: "ann", email: null, fullName: null, password: null };
    expect(reason(await it.run((accounts) => accounts.createUser(heir, admin)))).toBe(
      "parameter_invalid",
    );
    const again = await it.run((accounts) => accounts.deactivateUser("ann", admin));
    expect(reason(again)).toBe("user_not_found");
  });

  it("cannot have the name of an organization", async () => {
    const it = new Fresh();
    const squatter = { name: "acme", email: null, fullName: null, password: null };
    expect(reason(await it.run((accounts) => accounts.createUser(squatter, null)))).toBe(
      "parameter_invalid",
    );
  });
});

describe("the last admin of an organization", () => {
  it("is neither made less nor removed while others are in it", async () => {
    const it = new Fresh();
    await it.user("ann", { acme: "admin" });
    await it.user("bob", { acme: "write" });
    const demoted = () => it.run((accounts) => accounts.setRole("acme", "ann", "write", admin));
    const removed = () => it.run((accounts) => accounts.removeMember("acme", "ann", admin));
    expect([reason(await demoted()), reason(await removed())]).toEqual([
      ...["parameter_invalid", "parameter_invalid"],
    ]);
    await it.run((accounts) => accounts.setRole("acme", "bob", "admin", admin));
    expect(reason(await demoted())).toBe("yes");
    expect(reason(await removed())).toBe("yes");
  });
});

describe("the audit log", () => {
  /** Each action, and the lines that it leaves. */
  const story: [string, (it: Fresh, kept: Kept) => Promise<unknown>, string[]][] = [
    [
      "a user is made",
      (it) => it.user("ann", { acme: "admin" }),
      [
        'user.create admin {"user":"ann"}',
        'organization.member.add admin {"user":"ann","role":"admin"}',
      ],
    ],
    [
      "a role changes",
      async (it) => {
        await it.user("bob", { acme: "read" });
        await it.run((accounts) => accounts.setRole("acme", "bob", "write", admin));
        await it.run((accounts) => accounts.removeMember("acme", "bob", admin));
      },
      [
        'user.create admin {"user":"bob"}',
        'organization.member.add admin {"user":"bob","role":"read"}',
        'organization.member.role admin {"user":"bob","role":"write"}',
        'organization.member.remove admin {"user":"bob"}',
      ],
    ],
    [
      "keys are made",
      async (it, kept) => {
        kept.keys = [await it.key(ann, "api repositories"), await it.key(ann, "api")];
        kept.keys.push(await it.key(acme, "repositories", { name: "shared" }));
      },
      [
        'key.generate admin {"key":"ci","permissions":["api","repositories"],"user":"ann"}',
        'key.generate admin {"key":"ci-2","permissions":["api"],"user":"ann"}',
        'key.generate admin {"key":"shared","permissions":["repositories"]}',
      ],
    ],
    [
      "a key is shown, used and exchanged",
      async (it, { keys: [key] }) => {
        if (!key) return;
        await it.show(key);
        await it.run((accounts) =>
          accounts.keysUsed([{ keyId: key.record.id, at: it.now, ip: "a", userAgent: "b" }]),
        );
        expectTokens(await it.exchange(key, "repositories"));
      },
      [],
    ],
    [
      "a terminal logs in, and its token is renewed",
      async (it, kept) => {
        const tokens = await it.login({ id: 1, name: "ann", owner: ann }, "api repositories");
        kept.tokens = expectTokens(await it.refresh(tokens.refreshToken));
      },
      ['session.create ann {"name":"laptop","scopes":["api","repositories"]}'],
    ],
    [
      "a terminal is denied",
      async (it) => {
        const { userCode } = await it.device("api", { name: "stranger" });
        await it.run((accounts) =>
          accounts.decideDevice(userCode, { id: 1, keyId: null }, null, { ...admin, name: "ann" }),
        );
      },
      ['session.deny ann {"name":"stranger"}'],
    ],
    [
      "a login is revoked, once",
      async (it, { tokens }) => {
        const { sessionId } = expectDone(await it.showToken(tokens?.accessToken ?? ""));
        for (let at = 0; at < 2; at++) {
          await it.run((accounts) => accounts.revokeSession(sessionId ?? "", client, admin));
        }
      },
      ['session.revoke admin {"name":"laptop","reason":"revoked"}'],
    ],
    [
      "keys are revoked",
      async (it) => {
        await it.run((accounts) => accounts.revokeKey(ann, "ci", admin));
        await it.run((accounts) => accounts.revokeAllKeys(ann, admin));
        await it.run((accounts) => accounts.revokeKey(acme, "shared", admin));
      },
      [
        'key.remove admin {"key":"ci","user":"ann"}',
        'key.remove admin {"keys":["ci-2"],"user":"ann"}',
        'key.remove admin {"key":"shared"}',
      ],
    ],
    [
      "a password changes, and the user leaves",
      async (it) => {
        await it.run((accounts) => accounts.setPassword("ann", "stored another", admin));
        await it.run((accounts) => accounts.deactivateUser("ann", admin));
      },
      ['password.update admin {"user":"ann"}', 'user.deactivate admin {"user":"ann"}'],
    ],
    [
      "wishes are refused",
      async (it) => {
        await it.ask(acme, "repository:other");
        await it.run((accounts) => accounts.revokeKey(acme, "shared", admin));
        await it.run((accounts) => accounts.setRole("acme", "nobody", "read", admin));
        await it.run((accounts) => accounts.setPassword("ann", "again", admin));
        await it.run((accounts) => accounts.revokeByHash("00".repeat(32), null, admin));
        await it.refresh("no such token");
      },
      [],
    ],
  ];
  interface Kept {
    keys: HeldKey[];
    tokens?: { accessToken: string };
  }
  const ann = { kind: "user", id: 1, name: "ann" } as const;

  it("has a line for everything that was done and none for what was not, and no secret is anywhere", async () => {
    const it = new Fresh();
    const kept: Kept = { keys: [] };
    const expected: string[] = [];
    for (const [title, act, lines] of story) {
      await act(it, kept);
      expected.push(...lines);
      expect(await it.auditLines(), title).toEqual(expected);
      await expectNoSecrets(it);
    }
    expect(it.secrets.length).toBeGreaterThan(8);
  });

  it("says who, with what, from where, and about whom", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann", { acme: "admin" });
    await it.key(owner, "api");
    const more = { ...admin, standing: "owner", secret: "x" };
    expect(await it.run((accounts) => accounts.revokeAllKeys(owner, more))).toBe(1);
    // There are none any more, so nothing was done.
    expect(await it.run((accounts) => accounts.revokeAllKeys(owner, more))).toBe(0);
    const [line] = await it.run((accounts) => accounts.auditLog({ user: "ann", limit: 1 }));
    expect(line).toEqual({
      ...{ id: 4, at: new Date(it.now).toISOString(), action: "key.remove" },
      ...{ author: admin, organization: null, params: { keys: ["ci"], user: "ann" } },
    });
    const found = async (query: object) =>
      (await it.run((accounts) => accounts.auditLog({ limit: 10, ...query }))).map(
        ({ action }) => action,
      );
    expect(await found({ organization: "acme" })).toEqual(["organization.member.add"]);
    expect(await found({ organization: "other" })).toEqual([]);
    expect(await found({ user: "ann" })).toEqual([
      ...["key.remove", "key.generate", "organization.member.add", "user.create"],
    ]);
    expect(await found({ limit: 2 })).toHaveLength(2);
    expect(await found({ before: it.now })).toEqual([]);
    expect(await found({ user: "nobody" })).toEqual([]);
  });
});

/** No row of any table has a secret in it, nor its hash where hashes have no business. */
async function expectNoSecrets(it: Fresh): Promise<void> {
  const dump = await it.dump();
  const rows = Object.values(dump).flat().join("\n");
  const hashes = Object.entries(dump)
    .filter(([table]) => table !== "keys")
    .flatMap(([, found]) => found)
    .join("\n");
  for (const secret of it.secrets) {
    expect(rows).not.toContain(secret);
    expect(hashes).not.toContain(await hashKeySecret(accountsSecret, secret));
    if (secret.startsWith("hex_")) expect(rows).not.toContain(secret.slice(4, 36));
  }
  expect(rows).not.toContain(accountsSecret);
  const told = [...(dump.audit ?? []), ...(dump.changes ?? []), ...(dump.failures ?? [])].join();
  expect(told).not.toMatch(/[0-9a-f]{32}/);
  expect(told).not.toContain("stored");
}

/** Everything that a credential permits, of all that there is. */
function reaches({ holder }: Credential): string[] {
  const held = holder.permissions as readonly Permission[];
  return [...subjects].flatMap(([name, subject]) =>
    [...verbs.values()]
      .filter((verb) => held.some((permission) => permits(permission, verb, subject)))
      .map((verb) => `${verb} ${name}`),
  );
}
