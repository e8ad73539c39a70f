import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { migrations } from "../../src/accounts/schema.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { admin, dayMs, expectTokens, Fresh, minuteMs, reason } from "./fresh.ts";

function schemaOf(it: Fresh): Promise<unknown[]> {
  return runInDurableObject(it.stub, (_accounts, { storage: { sql } }) =>
    sql.exec("SELECT type, name, sql FROM sqlite_master ORDER BY name").toArray(),
  );
}

describe("opening the database", () => {
  it("a second time changes nothing, nor does a restart", async () => {
    const it = new Fresh();
    const { owner } = await it.user("ann", { acme: "read" });
    const key = await it.key(owner, "repositories");
    const [schema, rows] = [await schemaOf(it), await it.dump()];
    await runInDurableObject(it.stub, (_accounts, { storage }) => {
      migrate(storage, migrations);
      migrate(storage, migrations);
    });
    await it.crash();
    expect(await schemaOf(it)).toEqual(schema);
    expect(await it.dump()).toEqual(rows);
    expect(reason(await it.show(key))).toBe("yes");
  });
});

describe("tidying up", () => {
  const tidy = (it: Fresh) => it.run((accounts) => accounts.tidy());

  it("leaves everything that is of use", async () => {
    const it = new Fresh();
    const ann = await it.user("ann", { acme: "write" });
    const revokeAt = it.now + 60 * dayMs;
    const keys = [await it.key(ann.owner, "api"), await it.key(ann.owner, "api", { revokeAt })];
    const login = await it.login(ann, "api");
    await it.device("api");
    await it.run((accounts) => accounts.shorten("https://hexedge.test/a", "a"));
    const before = await it.dump();
    await tidy(it);
    expect(await it.dump()).toEqual(before);
    it.now += 29 * dayMs;
    await tidy(it);
    const { devices, ...kept } = await it.dump();
    expect(devices).toEqual([]);
    expect({ ...kept, devices: before.devices }).toEqual(before);
    for (const key of keys) expect(reason(await it.show(key))).toBe("yes");
    expectTokens(await it.refresh(login.refreshToken));
  });

  it("forgets a revoked key after 90 days, and it is refused all the same, with all that rests on it", async () => {
    const it = new Fresh();
    const ann = await it.user("ann", { acme: "write" });
    const key = await it.key(ann.owner, "api repositories");
    const login = await it.login(ann, "api", key.record.id);
    const { deviceCode } = await it.device("api");
    await it.run((accounts) => accounts.revokeKey(ann.owner, "ci", admin));
    const { changes, audit } = await it.dump();
    for (const [days, rows] of [
      ...[
        [90, 1],
        [1, 0],
      ],
    ] as const) {
      it.now += days * dayMs;
      await tidy(it);
      expect((await it.dump()).keys).toHaveLength(rows);
      expect((await it.dump()).sessions).toHaveLength(rows);
      expect(reason(await it.show(key))).not.toBe("yes");
      expect(reason(await it.exchange(key, "repositories"))).toBe("invalid_client");
      expect(reason(await it.showToken(login.accessToken))).not.toBe("yes");
      expect(reason(await it.refresh(login.refreshToken))).toBe("invalid_grant");
      expect(reason(await it.poll(deviceCode))).toBe("invalid_grant");
    }
    expect((await it.dump()).refresh_tokens).toEqual([]);
    // What tells others about it stays, and its number is nobody else's.
    expect(await it.dump()).toMatchObject({ changes, audit });
    const next = await it.key(ann.owner, "api");
    expect(next.record).toMatchObject({ id: key.record.id + 1, name: "ci" });
  });

  it("forgets an expired key after 90 days, and a login by it never comes back", async () => {
    const it = new Fresh();
    const ann = await it.user("ann");
    const key = await it.key(ann.owner, "api", { revokeAt: it.now + 60 * minuteMs });
    const login = await it.login(ann, "api", key.record.id);
    const lasting = await it.login(ann, "api");
    it.now += 29 * dayMs;
    const renewed = expectTokens(await it.refresh(lasting.refreshToken));
    expect(reason(await it.refresh(login.refreshToken))).toBe("invalid_grant");
    it.now += 62 * dayMs;
    await tidy(it);
    expect((await it.dump()).keys).toEqual([]);
    expect((await it.dump()).sessions).toHaveLength(2);
    for (const { refreshToken } of [login, renewed]) {
      expect(reason(await it.refresh(refreshToken))).toBe("invalid_grant");
    }
    it.now += 30 * dayMs;
    await tidy(it);
    expect((await it.dump()).sessions).toEqual([]);
    expect((await it.dump()).refresh_tokens).toEqual([]);
    for (const { refreshToken } of [login, renewed, lasting]) {
      expect(reason(await it.refresh(refreshToken))).toBe("invalid_grant");
    }
  });

  it("keeps a user who left, so that nobody else gets the name", async () => {
    const it = new Fresh();
    await it.user("ann");
    await it.run((accounts) => accounts.deactivateUser("ann", admin));
    it.now += 1000 * dayMs;
    await tidy(it);
    const again = { name: "ann", email: null, fullName: null, password: null };
    expect(reason(await it.run((accounts) => accounts.createUser(again, admin)))).toBe(
      "parameter_invalid",
    );
  });
});
