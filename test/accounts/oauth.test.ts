import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { scopeOf } from "../../src/accounts/permission.ts";
import { hashToken } from "../../src/accounts/secret.ts";
import {
  docsTokens,
  pageTokens,
  readToken,
  signingKey,
  signToken,
} from "../../src/accounts/token.ts";
import type { Credential } from "../../src/accounts/types.ts";
import {
  accountsSecret,
  admin,
  client,
  dayMs,
  expectDone,
  expectTokens,
  Fresh,
  type Member,
  minuteMs,
  otherClient,
  reason,
  scopesOf,
  secondMs,
} from "./fresh.ts";

async function withAnn(): Promise<{ it: Fresh; ann: Member }> {
  const it = new Fresh();
  return { it, ann: await it.user("ann", { acme: "write", other: "read" }) };
}

describe("a terminal that waits", () => {
  it("gets a code for itself and one to show, and when to ask", async () => {
    const { it } = await withAnn();
    const started = await it.device("api repositories");
    expect(started).toEqual({
      deviceCode: expect.stringMatching(/^[\w-]{43}$/),
      userCode: expect.stringMatching(/^[2-9B-Z]{8}$/),
      ...{ expiresInSeconds: 600, intervalSeconds: 5 },
    });
  });

  it("hears that nobody answered yet, as often as it may ask, until the code is over", async () => {
    const { it } = await withAnn();
    const { deviceCode } = await it.device("api");
    const startedAt = it.now;
    for (it.now += 5 * secondMs; it.now < startedAt + 600 * secondMs; it.now += 5 * secondMs) {
      expect(reason(await it.poll(deviceCode))).toBe("authorization_pending");
    }
    it.now = startedAt + 600 * secondMs;
    expect(reason(await it.poll(deviceCode))).toBe("expired_token");
    it.now += minuteMs;
    await it.run((accounts) => accounts.tidy());
    expect(reason(await it.poll(deviceCode))).toBe("expired_token");
    it.now += dayMs;
    await it.run((accounts) => accounts.tidy());
    expect(reason(await it.poll(deviceCode))).toBe("invalid_grant");
  });

  it("that asks too often waits five seconds longer each time", async () => {
    const { it, ann } = await withAnn();
    const { deviceCode, userCode } = await it.device("api");
    for (const seconds of [10, 15, 20]) {
      it.now += secondMs;
      expect(await it.poll(deviceCode)).toEqual({
        error: "slow_down",
        description: `Ask every ${seconds} seconds`,
      });
    }
    // Also when the answer is there already.
    await it.approve(userCode, ann, "api");
    it.now += 19 * secondMs;
    expect(reason(await it.poll(deviceCode))).toBe("slow_down");
    it.now += 24 * secondMs;
    expect(reason(await it.poll(deviceCode))).toBe("slow_down");
    it.now += 30 * secondMs;
    expectTokens(await it.poll(deviceCode));
  });

  it("gets its tokens once", async () => {
    const { it, ann } = await withAnn();
    const { deviceCode, userCode } = await it.device("api");
    await it.approve(userCode, ann, "api");
    it.now += 5 * secondMs;
    const tokens = expectTokens(await it.poll(deviceCode));
    it.now += 5 * secondMs;
    expect(reason(await it.poll(deviceCode))).toBe("invalid_grant");
    expect(reason(await it.showToken(tokens.accessToken))).toBe("yes");
  });

  it("gets its tokens once, also when it asks twenty times at once", async () => {
    const { it, ann } = await withAnn();
    const { deviceCode, userCode } = await it.device("api");
    await it.approve(userCode, ann, "api");
    it.now += 5 * secondMs;
    const polls = await Promise.all(Array.from({ length: 20 }, () => it.poll(deviceCode)));
    expect(polls.filter((answer) => "accessToken" in answer)).toHaveLength(1);
    expect((await it.dump()).refresh_tokens).toHaveLength(1);
  });

  it("gets nothing when the user says no", async () => {
    const { it, ann } = await withAnn();
    const { deviceCode, userCode } = await it.device("api");
    const denied = it.run((accounts) =>
      accounts.decideDevice(userCode, { id: ann.id, keyId: null }, null, admin),
    );
    expect(await denied).toBe(true);
    expect(reason(await it.poll(deviceCode))).toBe("access_denied");
    expect(await it.approve(userCode, ann, "api")).toBe(false);
    expect(reason(await it.poll(deviceCode))).toBe("access_denied");
    expect((await it.dump()).sessions).toEqual([]);
  });

  it.each(["api:write", "api", "repositories api:read", "repository:acme"])(
    "gets nothing when more is granted than it asked for: %s",
    async (granted) => {
      const { it, ann } = await withAnn();
      const { deviceCode, userCode } = await it.device("api:read");
      expect(await it.approve(userCode, ann, granted)).toBe(true);
      expect(reason(await it.poll(deviceCode))).toBe("access_denied");
      expect((await it.dump()).sessions).toEqual([]);
    },
  );

  it("gets less when less is granted", async () => {
    const { it, ann } = await withAnn();
    const { deviceCode, userCode } = await it.device("api:read api:write repositories");
    await it.approve(userCode, ann, "api:read");
    it.now += 5 * secondMs;
    const { scope, accessToken } = expectTokens(await it.poll(deviceCode));
    expect(scope).toBe("api:read");
    expect(expectDone(await it.showToken(accessToken)).holder.permissions).toEqual(
      scopesOf("api:read"),
    );
  });

  it("is answered once: who comes second hears so", async () => {
    const { it, ann } = await withAnn();
    const bob = await it.user("bob");
    const { deviceCode, userCode } = await it.device("api");
    const answers = await Promise.all([ann, bob].map((user) => it.approve(userCode, user, "api")));
    expect(answers.sort()).toEqual([false, true]);
    expect((await it.dump()).sessions).toHaveLength(1);
    it.now += 5 * secondMs;
    expectTokens(await it.poll(deviceCode));
    expect(await it.approve(userCode, bob, "api")).toBe(false);
  });

  it("is not found, nor answered, when its code is over, or wrong", async () => {
    const { it, ann } = await withAnn();
    const { userCode } = await it.device("api");
    const found = (code: string) => it.run((accounts) => accounts.findDevice(code, "a", null));
    expect(await found(userCode)).toEqual({
      ...{ name: "laptop", permissions: scopesOf("api"), ip: null },
    });
    for (const wrong of ["", userCode.slice(1), `${userCode}2`, "22222222"]) {
      expect(await found(wrong)).toBeNull();
      expect(await it.approve(wrong, ann, "api")).toBe(false);
    }
    it.now += 600 * secondMs;
    expect(await found(userCode)).toBeNull();
    expect(await it.approve(userCode, ann, "api")).toBe(false);
  });

  it("is found however people type its code", async () => {
    const { it } = await withAnn();
    const { userCode } = await it.device("api");
    const halves = [userCode.slice(0, 4), userCode.slice(4)];
    for (const typed of [
      ...[halves.join("-"), halves.join(" "), userCode.toLowerCase(), ` ${userCode}\n`],
      ...[halves.join("–"), [...userCode].join(".")],
    ]) {
      const device = await it.run((accounts) => accounts.findDevice(typed, "a", null));
      expect(device).toHaveProperty("name", "laptop");
    }
  });

  it("is known by its client only", async () => {
    const { it, ann } = await withAnn();
    const { deviceCode, userCode } = await it.device("api");
    await it.approve(userCode, ann, "api");
    it.now += 5 * secondMs;
    expect(reason(await it.poll(deviceCode, otherClient))).toBe("invalid_client");
    expect(reason(await it.poll("no such code"))).toBe("invalid_grant");
    // The code to show is not the code to ask with.
    expect(reason(await it.poll(userCode))).toBe("invalid_grant");
    expectTokens(await it.poll(deviceCode));
  });

  it("gets nothing when whoever approved it is gone before it asks", async () => {
    const { it, ann } = await withAnn();
    const { deviceCode, userCode } = await it.device("api");
    await it.approve(userCode, ann, "api");
    await it.run((accounts) => accounts.setPassword("ann", "another", admin));
    it.now += 5 * secondMs;
    expect(reason(await it.poll(deviceCode))).toBe("invalid_grant");
  });

  it("is one of ten thousand at most", async () => {
    const { it } = await withAnn();
    await it.device("api");
    await it.run(({ world }) => {
      for (let at = 1; at < 10_000; at++) {
        world.sql.exec(
          "INSERT INTO devices SELECT hash || ?1, user_code || ?1, client, name, permissions, ip, expires_at, poll_at, interval_ms, state, session FROM devices WHERE length(hash) = 64",
          String(at),
        );
      }
    });
    await expect(it.device("api")).rejects.toThrow("Too many devices");
    it.now += 21 * minuteMs;
    await it.device("api");
  });
});

describe("a refresh token", () => {
  it("gives a new pair, and is used up", async () => {
    const { it, ann } = await withAnn();
    const first = await it.login(ann, "api repositories");
    const second = expectTokens(await it.refresh(first.refreshToken));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    const third = expectTokens(await it.refresh(second.refreshToken));
    for (const { accessToken } of [first, second, third]) {
      expect(reason(await it.showToken(accessToken))).toBe("yes");
    }
  });

  it("that comes a second time ends the login: every token of it, also the newest", async () => {
    const { it, ann } = await withAnn();
    const other = await it.login(ann, "api");
    const pairs = [await it.login(ann, "api")];
    for (let at = 0; at < 3; at++) {
      pairs.push(expectTokens(await it.refresh(pairs.at(-1)?.refreshToken ?? "")));
    }
    expect(await it.refresh(pairs[1]?.refreshToken ?? "")).toEqual({
      ...{ error: "invalid_grant", description: "Refresh token has been revoked" },
    });
    for (const { accessToken, refreshToken } of pairs) {
      expect(reason(await it.showToken(accessToken))).toBe("credential_revoked");
      expect(reason(await it.refresh(refreshToken))).toBe("invalid_grant");
    }
    expect(reason(await it.showToken(other.accessToken))).toBe("yes");
    expectTokens(await it.refresh(other.refreshToken));
    expect(await it.auditLines()).toContain(
      'session.revoke admin {"name":"laptop","reason":"a refresh token was used twice"}',
    );
  });

  it("that comes twice at once gives one pair at most, and that is void", async () => {
    const { it, ann } = await withAnn();
    const { refreshToken } = await it.login(ann, "api");
    const answers = await Promise.all(Array.from({ length: 5 }, () => it.refresh(refreshToken)));
    const given = answers.filter((answer) => "accessToken" in answer);
    expect(given.length).toBeLessThanOrEqual(1);
    for (const pair of given) {
      expect(reason(await it.showToken(pair.accessToken))).toBe("credential_revoked");
      expect(reason(await it.refresh(pair.refreshToken))).toBe("invalid_grant");
    }
  });

  it("lives thirty days from the login, however often it is renewed, and its tokens no longer", async () => {
    const { it, ann } = await withAnn();
    let pair = await it.login(ann, "api");
    const ends = it.now + 30 * dayMs - 5 * secondMs;
    const approvedAt = it.now - 5 * secondMs;
    expect(approvedAt + 30 * dayMs).toBe(ends);
    for (let day = 0; day < 29; day++) {
      it.now += dayMs;
      pair = expectTokens(await it.refresh(pair.refreshToken));
      expect(pair.expiresInSeconds).toBe(1800);
    }
    it.now = ends - 10 * minuteMs;
    const last = expectTokens(await it.refresh(pair.refreshToken));
    expect(last.expiresInSeconds).toBeLessThanOrEqual(600);
    it.now = ends;
    expect(reason(await it.showToken(last.accessToken))).not.toBe("yes");
    expect(await it.refresh(last.refreshToken)).toHaveProperty(
      ...(["description", "Refresh token has expired"] as const),
    );
  });

  it("gives what the user may do now, of what was granted", async () => {
    const { it, ann } = await withAnn();
    const asked = "api:write repositories repository:open docs:acme package:acme/foo";
    let pair = await it.login(ann, asked);
    expect(pair.scope).toBe(
      "api:write repository:acme repository:other docs:acme package:acme/foo",
    );
    await it.run((accounts) => accounts.removeMember("acme", "ann", admin));
    pair = expectTokens(await it.refresh(pair.refreshToken));
    expect(pair.scope).toBe("api:write repository:other package:acme/foo");
    await it.run((accounts) => accounts.addMember("open", "ann", "read", admin));
    pair = expectTokens(await it.refresh(pair.refreshToken));
    expect(pair.scope).toBe("api:write repository:open repository:other package:acme/foo");
    const { holder } = expectDone(await it.showToken(pair.accessToken));
    expect(holder.roles).toEqual({ open: "read", other: "read" });
  });

  it("is void after another password, a revoked key behind it, and for another client", async () => {
    const { it, ann } = await withAnn();
    const byPassword = await it.login(ann, "api");
    const key = await it.key(ann.owner, "api");
    const byKey = await it.login(ann, "api", key.record.id);
    expect(reason(await it.refresh(byPassword.refreshToken, otherClient))).toBe("invalid_grant");
    expect(reason(await it.refresh("no such token"))).toBe("invalid_grant");
    expect(reason(await it.refresh(byPassword.accessToken))).toBe("invalid_grant");
    await it.run((accounts) => accounts.revokeKey(ann.owner, "ci", admin));
    expect(reason(await it.refresh(byKey.refreshToken))).toBe("invalid_grant");
    expect(reason(await it.showToken(byKey.accessToken))).toBe("credential_revoked");
    const renewed = expectTokens(await it.refresh(byPassword.refreshToken));
    await it.run((accounts) => accounts.setPassword("ann", "another", admin));
    expect(reason(await it.refresh(renewed.refreshToken))).toBe("invalid_grant");
    expect(reason(await it.showToken(renewed.accessToken))).toBe("credential_revoked");
  });

  it("that is told twice by a wrong client ends nothing", async () => {
    const { it, ann } = await withAnn();
    const pair = await it.login(ann, "api");
    const renewed = expectTokens(await it.refresh(pair.refreshToken));
    await it.refresh(pair.refreshToken, otherClient);
    expect(reason(await it.showToken(renewed.accessToken))).toBe("yes");
  });
});

describe("a login", () => {
  it("is one of twenty at most: with one more, the oldest ends, and the log says so", async () => {
    const { it, ann } = await withAnn();
    const bob = await it.login(await it.user("bob"), "api");
    const logins = [];
    for (let at = 0; at < 22; at++) logins.push(await it.login(ann, "api"));
    const alive = await Promise.all(
      logins.map(async ({ accessToken }) => reason(await it.showToken(accessToken))),
    );
    expect(alive).toEqual([
      ...["credential_revoked", "credential_revoked"],
      ...Array.from({ length: 20 }, () => "yes"),
    ]);
    expect(reason(await it.refresh(logins[0]?.refreshToken ?? ""))).toBe("invalid_grant");
    expect(reason(await it.showToken(bob.accessToken))).toBe("yes");
    const ended = (await it.auditLines()).filter((line) => line.startsWith("session.revoke"));
    expect(ended).toEqual(
      [1, 2].map(() => 'session.revoke ann {"name":"laptop","reason":"too many logins"}'),
    );
  });

  it.each(["the first", "a used", "the newest"])(
    "ends by the hash of %s refresh token, in small letters or capitals",
    async (which) => {
      for (const change of ["toLowerCase", "toUpperCase"] as const) {
        const { it, ann } = await withAnn();
        const first = await it.login(ann, "api");
        const second = expectTokens(await it.refresh(first.refreshToken));
        const third = expectTokens(await it.refresh(second.refreshToken));
        const other = await it.login(ann, "api");
        const leaked = { "the first": first, "a used": second }[which] ?? third;
        const hash = (await hashToken(leaked.refreshToken ?? ""))[change]();
        await it.run((accounts) => accounts.revokeByHash(hash, null, admin));
        for (const { accessToken } of [first, second, third]) {
          expect(reason(await it.showToken(accessToken))).toBe("credential_revoked");
        }
        expect(reason(await it.refresh(third.refreshToken))).toBe("invalid_grant");
        expect(reason(await it.showToken(other.accessToken))).toBe("yes");
      }
    },
  );

  it("is revoked by its own client only, if a client is named", async () => {
    const { it, ann } = await withAnn();
    const { accessToken, refreshToken } = await it.login(ann, "api");
    const hash = await hashToken(refreshToken ?? "");
    await it.run((accounts) => accounts.revokeByHash(hash, otherClient, admin));
    expect(reason(await it.showToken(accessToken))).toBe("yes");
    await it.run((accounts) => accounts.revokeByHash(hash, client, admin));
    expect(reason(await it.showToken(accessToken))).toBe("credential_revoked");
    const lines = await it.auditLines();
    await it.run((accounts) => accounts.revokeByHash(hash, client, admin));
    expect(await it.auditLines()).toEqual(lines);
  });
});

describe("a key that is exchanged for a token", () => {
  /** The key's scopes, what is wanted, and the token's; ann writes acme, reads other. */
  const table: [string, string, string][] = [
    ["repositories", "repositories", "repository:acme repository:other"],
    ["repositories", "repository:acme", "repository:acme"],
    ["repositories", "docs:acme", "docs:acme"],
    ["repositories", "repository:open", ""],
    ["repositories", "api", "invalid_scope"],
    ["repositories", "api:read", "invalid_scope"],
    ["repositories", "package:acme/foo", "invalid_scope"],
    ["repository:acme", "repositories", "repository:acme"],
    ["repository:acme", "repository:acme", "repository:acme"],
    ["repository:acme", "repository:other", "invalid_scope"],
    ["repository:acme", "docs:acme", "docs:acme"],
    ["docs:acme", "repositories", ""],
    ["docs:acme", "repository:acme", "invalid_scope"],
    ["api", "repositories", ""],
    ["api", "api", "api"],
    ["api", "api:read api:write", "api:read api:write"],
    ["api", "repository:acme", "invalid_scope"],
    ["api:read", "api:read", "api:read"],
    ["api:read", "api", "invalid_scope"],
    ["api:read", "api:write", "invalid_scope"],
    ["api:write", "api:read", "api:read"],
    ["api:write", "api", "invalid_scope"],
    ["api:write", "package:acme/foo", "package:acme/foo"],
    ["package:acme/foo", "package:acme/foo", "package:acme/foo"],
    ["package:acme/foo", "package:acme/bar", "invalid_scope"],
    ["package:acme/foo", "api:read", "invalid_scope"],
    ["package:acme/foo", "repositories", ""],
    ["api repositories", "api:write repositories", "api:write repository:acme repository:other"],
    ["api repositories", "repositories repositories", "repository:acme repository:other"],
  ];

  it.each(table)("of %s, for %s: %s", async (held, wanted, expected) => {
    const { it, ann } = await withAnn();
    const key = await it.key(ann.owner, held);
    const answer = await it.exchange(key, wanted);
    if (expected === "invalid_scope") {
      expect(reason(answer)).toBe(expected);
      return;
    }
    const tokens = expectTokens(answer);
    expect(tokens).toMatchObject({ scope: expected, expiresInSeconds: 1800, refreshToken: null });
    const credential = expectDone(await it.showToken(tokens.accessToken));
    const permissions = credential.holder.permissions;
    expect(permissions === "everything" ? "" : permissions.map(scopeOf).join(" ")).toBe(expected);
    // It rests on the key, and the edge reads the same off it.
    const read = await readToken(accountsSecret, tokens.accessToken, it.now);
    expect(read?.credential).toEqual(credential);
  });

  it("of an organization reads that organization only", async () => {
    const { it } = await withAnn();
    const key = await it.key({ kind: "organization", name: "acme" }, "repositories");
    const tokens = expectTokens(await it.exchange(key, "repositories"));
    expect(tokens.scope).toBe("repository:acme");
    expect(expectDone(await it.showToken(tokens.accessToken)).holder).toMatchObject({
      ...{ owner: { kind: "organization", name: "acme" }, roles: { acme: "write" } },
    });
  });

  it("gives none when it is revoked, expired or unknown, and the token goes with it", async () => {
    const { it, ann } = await withAnn();
    const key = await it.key(ann.owner, "repositories");
    const expiring = await it.key(ann.owner, "repositories", { revokeAt: it.now + minuteMs });
    const { accessToken } = expectTokens(await it.exchange(key, "repositories"));
    await it.run((accounts) => accounts.revokeKey(ann.owner, "ci", admin));
    it.now += minuteMs;
    for (const wrong of [key, expiring, { hash: "00".repeat(32) }]) {
      expect(reason(await it.exchange(wrong, "repositories"))).toBe("invalid_client");
    }
    expect(reason(await it.showToken(accessToken))).toBe("credential_revoked");
  });

  it("gives a token that reads no more when the role is gone", async () => {
    const { it, ann } = await withAnn();
    const key = await it.key(ann.owner, "repositories");
    const { accessToken } = expectTokens(await it.exchange(key, "repositories"));
    await it.run((accounts) => accounts.removeMember("acme", "ann", admin));
    expect(expectDone(await it.showToken(accessToken)).holder.roles).toEqual({ other: "read" });
  });
});

describe("a token that we did not make", () => {
  const now = Date.parse("2031-01-01T00:00:00Z");
  const seconds = now / 1000;
  const good = {
    ...{ iss: "hexedge", aud: "hexedge:api", sub: "user:ann", uid: 1, scope: "api", roles: {} },
    ...{ sid: null, key: 1, seq: 0, watch: [], label: "token", iat: seconds, exp: seconds + 60 },
  };
  const sign = async (claims: object, secret = accountsSecret, alg = "HS256") =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg, typ: "JWT" })
      .sign(await signingKey(secret));
  const without = (name: string) =>
    Object.fromEntries(Object.entries(good).filter(([claim]) => claim !== name));
  const raw = new TextEncoder().encode(accountsSecret);

  it("is taken when it is as one of ours, so the others are refused for what they say", async () => {
    expect(await readToken(accountsSecret, await sign(good), now)).toBeDefined();
  });

  it.each<[string, () => Promise<string> | string]>([
    ["is signed by another secret", () => sign(good, "another secret: 0123456789abcdef0123456789")],
    [
      "is signed by ACCOUNTS_SECRET itself",
      () => new SignJWT(good).setProtectedHeader({ alg: "HS256" }).sign(raw),
    ],
    ["is not signed", () => new UnsecuredJWT(good).encode()],
    ["says that it needs no signature", async () => reheaded(await sign(good), { alg: "none" })],
    ["has no signature", async () => (await sign(good)).replace(/[^.]+$/, "")],
    ["names another algorithm", async () => reheaded(await sign(good), { alg: "HS512" })],
    [
      "has other claims than were signed",
      async () => reclaimed(await sign(good), { scope: "api repositories" }),
    ],
    ["is over", () => sign({ ...good, exp: seconds })],
    ["is not good yet", () => sign({ ...good, nbf: seconds + 1 })],
    ["is of another issuer", () => sign({ ...good, iss: "hexpm" })],
    ["is a page's cookie", () => sign({ ...good, aud: pageTokens.audience })],
    ["has no end", () => sign(without("exp"))],
    ["has no subject", () => sign(without("sub"))],
    ["has no number of a change", () => sign(without("seq"))],
    ["is of a link to docs", () => sign({ ...good, aud: docsTokens("acme", "foo").audience })],
    ["is nothing", () => ""],
    ["is dots", () => ".."],
    ["has a fourth part", async () => `${await sign(good)}.x`],
    ["is padded", async () => `${await sign(good)}==`],
    ["has a blank in it", async () => (await sign(good)).replace(".", ". ")],
  ])("and %s is refused", async (_, make) => {
    expect(await readToken(accountsSecret, await make(), now)).toBeUndefined();
  });

  it("nor changed by one character is refused", async () => {
    const token = await sign(good);
    for (let at = 0; at < token.length - 1; at += 3) {
      const other = token[at] === "A" ? "B" : "A";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(await readToken(accountsSecret, changed, now)).toBeUndefined();
    }
  });

  it("rests on what there is, when somebody has our secret's signature on an old one", async () => {
    const { it } = await withAnn();
    const forged = await sign({ ...good, key: 99, exp: Math.floor(it.now / 1000) + 60 });
    expect(reason(await it.showToken(forged))).toBe("credential_unknown");
    const neither = await sign({ ...good, key: null, exp: Math.floor(it.now / 1000) + 60 });
    expect(reason(await it.showToken(neither))).toBe("credential_revoked");
  });

  it("ours is over when it says so, to the second, and says no more than its credential", async () => {
    const credential: Credential = {
      holder: {
        ...{
          kind: "holder",
          owner: { kind: "user", id: 1, name: "ann" },
          roles: { acme: "write" },
        },
        permissions: scopesOf("api"),
      },
      ...{ kind: "key", label: "key ci", keyId: 7, sessionId: null },
      ...{ expiresAt: now + 90_500, sequence: 5, watch: ["user:1", "key:7"] },
    };
    const scopes = scopesOf("repository:acme");
    const { accessToken, expiresInSeconds } = await signToken(
      accountsSecret,
      credential,
      scopes,
      now,
    );
    expect(expiresInSeconds).toBe(90);
    expect(await readToken(accountsSecret, accessToken, now + 89_999)).toEqual({
      claims: { permissions: scopes, sessionId: null, keyId: 7, expiresAt: now + 90_000 },
      credential: {
        ...{ ...credential, kind: "token", expiresAt: now + 90_000 },
        holder: { ...credential.holder, permissions: scopes },
      },
    });
    expect(await readToken(accountsSecret, accessToken, now + 90_000)).toBeUndefined();
    // Clocks differ, by half a minute.
    expect(await readToken(accountsSecret, accessToken, now - 30_000)).toBeDefined();
    expect(await readToken(accountsSecret, accessToken, now - 31_000)).toBeUndefined();
  });
});

function reheaded(token: string, header: object): string {
  const [, claims, signature] = token.split(".");
  return [encode(header), claims, signature].join(".");
}

function reclaimed(token: string, changed: object): string {
  const [header, claims = "", signature] = token.split(".");
  const read = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
  return [header, encode({ ...read, ...changed }), signature].join(".");
}

function encode(value: object): string {
  return btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
