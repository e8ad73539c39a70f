/**
 * The replica of the Accounts object's truth, against an enemy: KV answers with anything it was ever
 * told, isolates come and go, clocks differ. No credential may be accepted a minute after it is void.
 */
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Accounts } from "../../src/accounts/accounts.ts";
import { type Edge, identify, Memory, type Replica, type Truth } from "../../src/accounts/edge.ts";
import { hashKeySecret, makeKeySecret } from "../../src/accounts/secret.ts";
import type { Credential, Refused } from "../../src/accounts/types.ts";
import {
  accountsSecret,
  admin,
  client,
  dayMs,
  expectDone,
  expectTokens,
  Fresh,
  minuteMs,
  reason,
  scopesOf,
  secondMs,
} from "./fresh.ts";

const noticedMsMax = 60_000;
const address = "192.0.2.1";

/** KV as slow as it may be: a read sees what was there a minute ago, also when that was nothing. */
class SlowKv implements Replica {
  readonly written: { key: string; at: number; value: unknown }[] = [];
  isDown = false;
  gets = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async get(key: string): Promise<unknown> {
    this.gets++;
    if (this.isDown) throw new Error("KV is down");
    return this.choose(this.written.filter((it) => it.key === key));
  }

  async put(key: string, value: string): Promise<void> {
    if (this.isDown) throw new Error("KV is down");
    this.written.push({ key, at: this.#now(), value: JSON.parse(value) });
  }

  protected choose(versions: { at: number; value: unknown }[]): unknown {
    return versions.findLast(({ at }) => at <= this.#now() - minuteMs)?.value ?? null;
  }
}

/** KV that answers with whatever it was ever told, or with nothing, in any order. */
class WildKv extends SlowKv {
  readonly #pick: (end: number) => number;

  constructor(now: () => number, pick: (end: number) => number) {
    super(now);
    this.#pick = pick;
  }

  protected override choose(versions: { value: unknown }[]): unknown {
    return versions[this.#pick(versions.length + 1)]?.value ?? null;
  }
}

/** The Accounts object itself, counted; it can be made unreachable. */
class CountedTruth implements Truth {
  isDown = false;
  readonly calls = { key: 0, token: 0, failed: 0, news: 0 };
  readonly #accounts: Accounts;

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  get callsInAll(): number {
    const { key, token, failed, news } = this.calls;
    return key + token + failed + news;
  }

  credentialOfKey(hash: string, from: string) {
    return this.#ask("key", () => this.#accounts.credentialOfKey(hash, from));
  }

  credentialOfToken(claims: Parameters<Truth["credentialOfToken"]>[0]) {
    return this.#ask("token", () => this.#accounts.credentialOfToken(claims));
  }

  failed(from: string) {
    return this.#ask("failed", () => this.#accounts.failed(from));
  }

  news() {
    return this.#ask("news", () => this.#accounts.news());
  }

  async #ask<T>(what: keyof typeof this.calls, answer: () => T): Promise<T> {
    this.calls[what]++;
    if (this.isDown) throw new Error("the Accounts object is down");
    return structuredClone(answer());
  }
}

/** A registry at the edge: the object, KV, and as many isolates as there are memories. */
class Places {
  readonly fresh: Fresh;
  readonly truth: CountedTruth;
  readonly kv: SlowKv;
  /** How far the clock of the isolates is from that of the object. */
  skewMs = 0;
  #later: Promise<unknown>[] = [];

  constructor(fresh: Fresh, accounts: Accounts, kv?: SlowKv) {
    this.fresh = fresh;
    this.truth = new CountedTruth(accounts);
    this.kv = kv ?? new SlowKv(() => fresh.now);
  }

  edge(memory: Memory): Edge {
    return {
      ...{ memory, replica: this.kv, truth: this.truth, secret: accountsSecret },
      pageSecret: "not asked for here",
      now: () => this.fresh.now + this.skewMs,
      later: (work) => void this.#later.push(work),
    };
  }

  async read(memory: Memory, shown: string, from = address): Promise<Credential | Refused> {
    const found = await identify(this.edge(memory), shown, from, false);
    await this.settle();
    return found;
  }

  async write(memory: Memory, shown: string, from = address): Promise<Credential | Refused> {
    const found = await identify(this.edge(memory), shown, from, true);
    await this.settle();
    return found;
  }

  async settle(): Promise<void> {
    await Promise.all(this.#later);
    this.#later = [];
  }
}

/** Everything at one place: inside the object, so that a step costs no call across. */
function places(
  work: (it: Places, fresh: Fresh) => Promise<void>,
  prepare?: (fresh: Fresh) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const fresh = new Fresh();
    await prepare?.(fresh);
    await fresh.inside((accounts) => work(new Places(fresh, accounts), fresh));
  };
}

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));

/** What can make a credential void, or less. */
interface Revocation {
  title: string;
  /** @returns what somebody shows. */
  prepare(it: Fresh): Promise<string>;
  revoke(accounts: Accounts, it: Fresh): unknown;
}

const ann = { kind: "user", id: 1, name: "ann" } as const;
const member = { id: 1, name: "ann", owner: ann };

async function withKey(it: Fresh): Promise<string> {
  await it.user("ann", { acme: "write" });
  return (await it.key(ann, "api repositories")).secret;
}

async function withLogin(it: Fresh, keyId: number | null = null): Promise<string> {
  if (keyId === null) await it.user("ann", { acme: "write" });
  const tokens = await it.login(member, "api:read repositories", keyId);
  refreshToken = tokens.refreshToken ?? "";
  return tokens.accessToken;
}

let refreshToken = "";

const revocations: Revocation[] = [
  {
    title: "a revoked key",
    prepare: withKey,
    revoke: (accounts) => accounts.revokeKey(ann, "ci", admin),
  },
  {
    title: "one of all keys that were revoked",
    prepare: withKey,
    revoke: (accounts) => accounts.revokeAllKeys(ann, admin),
  },
  {
    title: "a key of an organization",
    prepare: async (it) =>
      (await it.key({ kind: "organization", name: "acme" }, "repositories")).secret,
    revoke: (accounts) => accounts.revokeKey({ kind: "organization", name: "acme" }, "ci", admin),
  },
  {
    title: "a role that became less",
    prepare: withKey,
    revoke: (accounts) => accounts.setRole("acme", "ann", "read", admin),
  },
  {
    title: "a member who was removed",
    prepare: withKey,
    revoke: (accounts) => accounts.removeMember("acme", "ann", admin),
  },
  {
    title: "a member who was removed, by the token",
    prepare: (it) => withLogin(it),
    revoke: (accounts) => accounts.removeMember("acme", "ann", admin),
  },
  {
    title: "a user who left",
    prepare: withKey,
    revoke: (accounts) => accounts.deactivateUser("ann", admin),
  },
  {
    title: "a user who left, by the token",
    prepare: (it) => withLogin(it),
    revoke: (accounts) => accounts.deactivateUser("ann", admin),
  },
  {
    title: "the token of a login that was revoked",
    prepare: (it) => withLogin(it),
    revoke: (accounts) => {
      const sessions = accounts.world.sql.exec<{ id: string }>("SELECT id FROM sessions").toArray();
      for (const { id } of sessions) accounts.revokeSession(id, client, admin);
    },
  },
  {
    title: "the token of a login whose user has a new password",
    prepare: (it) => withLogin(it),
    revoke: (accounts) => accounts.setPassword("ann", "another", admin),
  },
  {
    title: "the token of a login whose refresh token came twice",
    prepare: (it) => withLogin(it),
    revoke: async (accounts) => [
      await accounts.refreshTokens(refreshToken, "78ea6566-89fd-481e-a1d6-7d9d78eacca8", admin),
      await accounts.refreshTokens(refreshToken, "78ea6566-89fd-481e-a1d6-7d9d78eacca8", admin),
    ],
  },
  {
    title: "the token of a login that is one too many",
    prepare: (it) => withLogin(it),
    revoke: async (accounts) => {
      for (let at = 0; at < 20; at++) await anotherLogin(accounts);
    },
  },
  {
    title: "the token of a login by a key that was revoked",
    prepare: async (it) => {
      await it.user("ann", { acme: "write" });
      return withLogin(it, (await it.key(ann, "api")).record.id);
    },
    revoke: (accounts) => accounts.revokeKey(ann, "ci", admin),
  },
  {
    title: "a token that was exchanged for a key that was revoked",
    prepare: async (it) => {
      await it.user("ann", { acme: "write" });
      const key = await it.key(ann, "api repositories");
      return expectTokens(await it.exchange(key, "repositories")).accessToken;
    },
    revoke: (accounts) => accounts.revokeKey(ann, "ci", admin),
  },
];

async function anotherLogin(accounts: Accounts): Promise<void> {
  const permissions = scopesOf("api:read");
  const started = await accounts.startDevice({ client: "c", name: "n", permissions, ip: null });
  if ("error" in started) throw new Error(started.description);
  const user = { id: ann.id, keyId: null };
  await accounts.decideDevice(started.userCode, user, permissions, admin);
}

/** As it was before anything was revoked? */
function isAccepted(found: Credential | Refused, before: Credential): boolean {
  if ("refused" in found) return false;
  return JSON.stringify(found.holder) === JSON.stringify(before.holder);
}

describe.each(revocations)("$title", ({ prepare, revoke }) => {
  it("is noticed by every read in less than a minute, whenever the isolates last heard news", async () => {
    const latest: number[] = [];
    for (const warmMs of [0, 7, 19, 21, 33, 44, 46, 61, 100].map((it) => it * secondMs)) {
      const fresh = new Fresh();
      const shown = await prepare(fresh);
      await fresh.run(async (accounts) => {
        const it = new Places(fresh, accounts);
        // One reads all the time, one read once, and one starts after the revocation.
        const [steady, idle, late] = [new Memory(), new Memory(), new Memory()];
        const before = expectDone(await it.read(idle, shown));
        for (let ms = 0; ms <= warmMs; ms += secondMs) {
          expect(reason(await it.read(steady, shown))).toBe("yes");
          fresh.now += secondMs;
        }
        await revoke(accounts, fresh);
        const revokedAt = fresh.now;
        expect(isAccepted(await it.write(new Memory(), shown), before)).toBe(false);
        for (; fresh.now < revokedAt + 3 * minuteMs; fresh.now += secondMs) {
          for (const memory of [steady, idle, late]) {
            const found = await it.read(memory, shown);
            if (isAccepted(found, before)) latest.push(fresh.now - revokedAt);
          }
        }
        // The isolates that read have heard of it by now, and do not ask again for each read.
        expect(isAccepted(await it.write(steady, shown), before)).toBe(false);
      });
    }
    expect(Math.max(0, ...latest)).toBeLessThan(noticedMsMax);
    // Not because nothing is ever remembered.
    expect(latest.length).toBeGreaterThan(0);
  });

  it("is noticed at once by whatever asks, also where it was just read", async () => {
    const fresh = new Fresh();
    const shown = await prepare(fresh);
    await fresh.run(async (accounts) => {
      const it = new Places(fresh, accounts);
      const memory = new Memory();
      const before = expectDone(await it.read(memory, shown));
      expect(isAccepted(await it.write(memory, shown), before)).toBe(true);
      await revoke(accounts, fresh);
      expect(isAccepted(await it.write(memory, shown), before)).toBe(false);
    });
  });
});

describe("a revoked credential", () => {
  it("is accepted nowhere after a minute, whatever is read where and when, and whatever KV answers", async () => {
    const act = (name: string, weight: number, amount = 3) => ({
      weight,
      arbitrary: fc.record({ do: fc.constant(name), who: fc.nat(amount), what: fc.nat(5) }),
    });
    const step = fc.oneof(
      ...[act("read", 6), act("write", 1), act("revoke", 1), act("change", 1)],
      ...[act("new isolate", 1), act("wait", 6, 20_000)],
    );
    let acceptedWhileVoid = 0;
    const story = fc.tuple(
      fc.array(step, { minLength: 20, maxLength: 120 }),
      fc.infiniteStream(fc.nat(1000)),
    );
    const property = fc.asyncProperty(story, async ([steps, stream]) => {
      const fresh = new Fresh();
      const { owner, ...user } = await fresh.user("ann", { acme: "write" });
      const keys = [await fresh.key(owner, "api"), await fresh.key(owner, "repositories")];
      const exchanged = await Promise.all(keys.map((key) => fresh.exchange(key, "repositories")));
      const logins = [
        await fresh.login({ owner, ...user }, "api repositories"),
        await fresh.login({ owner, ...user }, "repositories", keys[0]?.record.id),
      ];
      const shown = [
        ...keys.map(({ secret }) => secret),
        ...exchanged.map((it) => expectTokens(it).accessToken),
        ...logins.map(({ accessToken }) => accessToken),
      ];
      /** What each of them rests on. */
      const bases = ["one", "two", "one", "two", "login", "one"];
      const voidSince = new Map<string, number>();
      await fresh.run(async (accounts) => {
        const pick = (end: number) => (stream.next().value ?? 0) % end;
        const it = new Places(fresh, accounts, new WildKv(() => fresh.now, pick));
        const memories = Array.from({ length: 4 }, () => new Memory());
        const firstLogin = accounts.world.sql
          .exec<{ id: string }>("SELECT id FROM sessions ORDER BY created_at")
          .toArray()[0];
        for (const { do: what, who, what: which } of steps) {
          const memory = memories[who % 4] ?? new Memory();
          it.skewMs = ((who % 4) - 1.5) * 2000;
          if (what === "wait") fresh.now += who;
          if (what === "new isolate") memories[who % 4] = new Memory();
          if (what === "change")
            accounts.setRole("acme", "ann", which % 2 ? "read" : "write", admin);
          if (what === "revoke") {
            const basis = (["one", "two", "login"] as const)[which % 3] ?? "one";
            if (!voidSince.has(basis)) voidSince.set(basis, fresh.now);
            if (basis === "one") accounts.revokeKey(owner, "ci", admin);
            if (basis === "two") accounts.revokeKey(owner, "ci-2", admin);
            if (basis === "login") accounts.revokeSession(firstLogin?.id ?? "", client, admin);
          }
          if (what !== "read" && what !== "write") continue;
          const found = await (what === "read"
            ? it.read(memory, shown[which] ?? "")
            : it.write(memory, shown[which] ?? ""));
          const voidMs = fresh.now - (voidSince.get(bases[which] ?? "") ?? fresh.now + 1);
          if ("refused" in found || voidMs < 0) continue;
          acceptedWhileVoid++;
          expect(what).toBe("read");
          expect(voidMs).toBeLessThan(noticedMsMax);
        }
      });
    });
    await fc.assert(property, { numRuns: 150 });
    expect(acceptedWhileVoid).toBeGreaterThan(0);
  });

  it(
    "is not believed when KV gets it late, after the revocation",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const { secret } = await fresh.key(ann, "repositories");
      await it.read(new Memory(), secret);
      const [record] = it.kv.written.filter(({ key }) => key.startsWith("keys/"));
      const accounts = await fresh.run((object) => object);
      accounts.revokeKey(ann, "ci", admin);
      // The put of an isolate that was slow lands now, and every place sees it.
      it.kv.written.push({ key: record?.key ?? "", at: 0, value: record?.value });
      expect(reason(await it.read(new Memory(), secret))).toBe("credential_revoked");
      fresh.now += dayMs;
      expect(reason(await it.read(new Memory(), secret))).toBe("credential_revoked");
    }),
  );

  it(
    "is not believed though more than a thousand changes came after it",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      await fresh.user("bob");
      const { secret } = await fresh.key(ann, "repositories");
      const kept = await fresh.key(ann, "repositories", { name: "kept" });
      const memory = new Memory();
      for (const key of [secret, kept.secret]) await it.read(memory, key);
      const accounts = await fresh.run((object) => object);
      accounts.revokeKey(ann, "ci", admin);
      for (let at = 0; at < 1100; at++) {
        const made = await fresh.key({ kind: "organization", name: "acme" }, "repositories");
        accounts.revokeKey({ kind: "organization", name: "acme" }, made.record.name, admin);
      }
      const news = accounts.news();
      expect(Object.keys(news.changes)).toHaveLength(1000);
      expect(news.floor).toBeGreaterThan(0);
      expect(news.changes).not.toHaveProperty("key:1");
      fresh.now += minuteMs;
      expect(reason(await it.read(memory, secret))).toBe("credential_revoked");
      // Others have to be asked for once, and are remembered again.
      expect(reason(await it.read(memory, kept.secret))).toBe("yes");
      const asked = it.truth.calls.key;
      expect(reason(await it.read(memory, kept.secret))).toBe("yes");
      expect(it.truth.calls.key).toBe(asked);
    }),
  );

  it(
    "is not believed again by who has heard of it, when the truth is away and KV has old news",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const { secret } = await fresh.key(ann, "repositories");
      const accounts = await fresh.run((object) => object);
      const memory = new Memory();
      for (let at = 0; at < 2; at++) expect(reason(await it.read(memory, secret))).toBe("yes");
      accounts.revokeKey(ann, "ci", admin);
      fresh.now += 50 * secondMs;
      expect(reason(await it.read(memory, secret))).toBe("credential_revoked");
      it.truth.isDown = true;
      for (let at = 0; at < 40; at++, fresh.now += 50 * secondMs) {
        await expect(it.read(memory, secret)).rejects.toThrow("down");
      }
    }),
  );

  it(
    "is not believed though the answer about it came late, and was remembered then",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const { secret } = await fresh.key(ann, "repositories");
      const accounts = await fresh.run((object) => object);
      const memory = new Memory();
      await it.read(memory, makeKeySecret());
      const edge = it.edge(memory);
      const slow: Truth = {
        credentialOfKey: async (...asked) => {
          const found = await it.truth.credentialOfKey(...asked);
          accounts.revokeKey(ann, "ci", admin);
          return found;
        },
        credentialOfToken: (claims) => it.truth.credentialOfToken(claims),
        failed: (from) => it.truth.failed(from),
        news: () => it.truth.news(),
      };
      expect(reason(await identify({ ...edge, truth: slow }, secret, address, false))).toBe("yes");
      await it.settle();
      for (const ms of [noticedMsMax, 2 * minuteMs, dayMs]) {
        fresh.now += ms;
        expect(reason(await it.read(memory, secret))).toBe("credential_revoked");
        expect(reason(await it.read(new Memory(), secret))).toBe("credential_revoked");
      }
    }),
  );
});

describe("a credential with an end", () => {
  it(
    "is refused at that millisecond, wherever it is remembered",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const ends = fresh.now + 10 * minuteMs;
      const key = await fresh.key(ann, "repositories", { revokeAt: ends });
      const { accessToken } = expectTokens(await fresh.exchange(key, "repositories"));
      const { accessToken: short } = await fresh.login(member, "repositories", key.record.id);
      const forever = await fresh.key(ann, "repositories");
      const { accessToken: token } = expectTokens(await fresh.exchange(forever, "repositories"));
      const tokenEnds = Math.floor(fresh.now / 1000) * 1000 + 30 * minuteMs;
      const memories = [new Memory(), new Memory()];
      const reads = async (shown: string) =>
        Promise.all(
          [...memories, new Memory()].map(async (memory) => reason(await it.read(memory, shown))),
        );
      const yes = ["yes", "yes", "yes"];
      for (const shown of [key.secret, accessToken, short, token]) {
        expect(await reads(shown)).toEqual(yes);
      }
      fresh.now = ends - 1;
      expect(await reads(key.secret)).toEqual(yes);
      fresh.now = ends;
      for (const shown of [key.secret, accessToken, short])
        expect(await reads(shown)).not.toContain("yes");
      fresh.now = tokenEnds - 1;
      expect(await reads(token)).toEqual(yes);
      fresh.now = tokenEnds;
      expect(await reads(token)).not.toContain("yes");
      expect(await reads(forever.secret)).toEqual(yes);
    }),
  );
});

describe("a new key", () => {
  it(
    "works at once, though KV remembers that there was none",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const secret = makeKeySecret();
      const memory = new Memory();
      expect(reason(await it.read(memory, secret))).toBe("credential_unknown");
      const hash = await hashKeySecret(accountsSecret, secret);
      const permissions = scopesOf("repositories");
      const key = { name: "ci", permissions, revokeAt: null, hash };
      await fresh.run((accounts) => accounts.createKey(ann, key, null, admin));
      expect(reason(await it.read(memory, secret))).toBe("yes");
      expect(reason(await it.read(new Memory(), secret))).toBe("yes");
    }),
  );
});

describe("the Accounts object", () => {
  it(
    "is asked three times a minute by an isolate that reads all the time",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const { secret } = await fresh.key(ann, "repositories");
      const memory = new Memory();
      await it.read(memory, secret);
      const before = it.truth.callsInAll;
      for (let at = 0; at < 6000; at++) {
        fresh.now += 100;
        expect(reason(await it.read(memory, secret))).toBe("yes");
      }
      const perMinute = (it.truth.callsInAll - before) / 10;
      expect(perMinute).toBeGreaterThan(1);
      expect(perMinute).toBeLessThanOrEqual(3);
      expect(it.truth.calls).toEqual({ key: 1, token: 0, failed: 0, news: it.truth.calls.news });
    }),
  );

  it(
    "is not asked about a key that another isolate asked about",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const { secret } = await fresh.key(ann, "repositories");
      await it.read(new Memory(), secret);
      fresh.now += minuteMs;
      expect(reason(await it.read(new Memory(), secret))).toBe("yes");
      expect(it.truth.calls.key).toBe(1);
    }),
  );

  it(
    "can be away for half an hour: reads go on, and nothing is granted",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const key = await fresh.key(ann, "repositories");
      const { accessToken } = expectTokens(await fresh.exchange(key, "repositories"));
      const memory = new Memory();
      await it.read(memory, key.secret);
      // The second read is the first that hears news.
      await it.read(memory, key.secret);
      const startedAt = fresh.now;
      it.truth.isDown = true;
      const before = it.truth.callsInAll;
      let reads = 0;
      for (; fresh.now < startedAt + 29 * minuteMs; fresh.now += secondMs) {
        for (let at = 0; at < 5; at++, reads++) {
          expect(reason(await it.read(memory, key.secret))).toBe("yes");
          expect(reason(await it.read(memory, accessToken))).toBe("yes");
        }
      }
      // Not by every read: whoever is down is not helped by a thousand who knock.
      expect(it.truth.callsInAll - before).toBeLessThan(reads / 20);
      await expect(it.write(memory, key.secret)).rejects.toThrow("down");
      await expect(it.write(memory, accessToken)).rejects.toThrow("down");
      // An isolate that starts now has KV's news, and KV's word about the key.
      expect(reason(await it.read(new Memory(), key.secret))).toBe("yes");
      await expect(it.read(memory, makeKeySecret())).rejects.toThrow("down");
      fresh.now = startedAt + 31 * minuteMs;
      await expect(it.read(memory, key.secret)).rejects.toThrow("down");
      await expect(it.read(new Memory(), key.secret)).rejects.toThrow("down");
      it.truth.isDown = false;
      fresh.now += 5 * secondMs;
      expect(reason(await it.read(memory, key.secret))).toBe("yes");
    }),
  );

  it(
    "that was away for a moment makes no revocation come later than a minute",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const { secret } = await fresh.key(ann, "repositories");
      const accounts = await fresh.run((object) => object);
      const memory = new Memory();
      await it.read(memory, secret);
      // The second read is the first that hears news.
      await it.read(memory, secret);
      accounts.revokeKey(ann, "ci", admin);
      it.truth.isDown = true;
      const revokedAt = fresh.now;
      for (; fresh.now <= revokedAt + 46 * secondMs; fresh.now += secondMs) {
        expect(reason(await it.read(memory, secret))).toBe("yes");
      }
      it.truth.isDown = false;
      fresh.now = revokedAt + 59 * secondMs;
      expect(reason(await it.read(memory, secret))).toBe("credential_revoked");
    }),
  );

  it(
    "answers when KV is down, and nobody sees a difference",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const key = await fresh.key(ann, "repositories");
      const { accessToken } = expectTokens(await fresh.exchange(key, "repositories"));
      it.kv.isDown = true;
      const memory = new Memory();
      for (let at = 0; at < 180; at++, fresh.now += secondMs) {
        expect(reason(await it.read(memory, key.secret))).toBe("yes");
        expect(reason(await it.read(memory, accessToken))).toBe("yes");
        expect(reason(await it.write(memory, key.secret))).toBe("yes");
      }
      expect(it.truth.calls.news).toBeLessThanOrEqual(10);
      await fresh.run((accounts) => accounts.revokeKey(ann, "ci", admin));
      fresh.now += minuteMs;
      expect(reason(await it.read(memory, key.secret))).toBe("credential_revoked");
      expect(reason(await it.read(memory, accessToken))).toBe("credential_revoked");
    }),
  );
});

describe("an address that tries many keys", () => {
  it(
    "is not listened to, but for keys that are right, also new ones",
    places(
      async (it, fresh) => {
        await fresh.user("ann", { acme: "write" });
        const [known, kept, fromAfar] = await Promise.all(
          [1, 2, 3].map(() => fresh.key(ann, "api")),
        );
        const memory = new Memory();
        await it.read(memory, known?.secret ?? "");
        await it.read(new Memory(), kept?.secret ?? "");
        fresh.now = Math.ceil(fresh.now / (15 * minuteMs)) * 15 * minuteMs + minuteMs;
        const heard: string[] = [];
        for (let at = 0; at < 8; at++) heard.push(reason(await it.read(memory, makeKeySecret())));
        expect(heard).toEqual([
          ...Array.from({ length: 5 }, () => "credential_unknown"),
          ...Array.from({ length: 3 }, () => "too_many_failures"),
        ]);
        const asked = it.truth.callsInAll;
        for (const wrong of ["no key", "a.b.c"]) {
          expect(reason(await it.read(memory, wrong))).toBe("too_many_failures");
          expect(reason(await it.write(memory, wrong))).toBe("too_many_failures");
        }
        expect(it.truth.callsInAll).toBe(asked);
        expect(reason(await it.write(memory, makeKeySecret()))).toBe("too_many_failures");
        // What looks like a key is asked about: it could be one that nobody here has seen yet.
        const unseen = await fresh.key(ann, "api");
        for (const key of [known, kept, unseen]) {
          expect(reason(await it.read(memory, key?.secret ?? ""))).toBe("yes");
          expect(reason(await it.write(memory, key?.secret ?? ""))).toBe("yes");
        }
        expect(reason(await it.read(memory, fromAfar?.secret ?? "", "192.0.2.2"))).toBe("yes");
        expect(reason(await it.read(memory, makeKeySecret(), "192.0.2.2"))).toBe(
          "credential_unknown",
        );
        // Another isolate does not know yet that it is noisy.
        expect(reason(await it.read(new Memory(), "no key"))).toBe("too_many_failures");
        const brandNew = await fresh.key(ann, "api");
        expect(reason(await it.read(memory, brandNew.secret))).toBe("yes");
        expect(reason(await it.write(new Memory(), brandNew.secret))).toBe("yes");
        fresh.now += minuteMs;
        // Heard again once a minute, to learn when it is over.
        for (let at = 0; at < 20; at++) await it.read(memory, "no key");
        expect(it.truth.calls.failed).toBe(2);
      },
      async (fresh) => {
        fresh.failuresMax = 5;
      },
    ),
  );

  it(
    "still has a revoked key refused, and as revoked",
    places(
      async (it, fresh) => {
        await fresh.user("ann", { acme: "write" });
        const { secret } = await fresh.key(ann, "api");
        const memory = new Memory();
        await it.read(memory, secret);
        for (let at = 0; at < 3; at++) await it.read(memory, makeKeySecret());
        await fresh.run((accounts) => accounts.revokeAllKeys(ann, admin));
        expect(reason(await it.write(memory, secret))).toBe("credential_revoked");
        fresh.now += noticedMsMax;
        expect(reason(await it.read(memory, secret))).not.toBe("yes");
      },
      async (fresh) => {
        fresh.failuresMax = 2;
      },
    ),
  );

  it(
    "does not have a write believe KV",
    places(
      async (it, fresh) => {
        await fresh.user("ann", { acme: "write" });
        const { secret } = await fresh.key(ann, "api");
        await it.read(new Memory(), secret);
        fresh.now += minuteMs;
        const [noisy, quiet] = [new Memory(), new Memory()];
        expect(reason(await it.read(quiet, secret))).toBe("yes");
        for (let at = 0; at < 3; at++) await it.read(noisy, makeKeySecret());
        noisy.news = quiet.news;
        await fresh.run((accounts) => accounts.revokeAllKeys(ann, admin));
        expect(reason(await it.write(noisy, secret))).toBe("credential_revoked");
      },
      async (fresh) => {
        fresh.failuresMax = 2;
      },
    ),
  );
});

describe("what an isolate remembers", () => {
  it(
    "has an end, for credentials and for addresses",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const { secret } = await fresh.key(ann, "repositories");
      const memory = new Memory();
      const found = expectDone(await it.read(memory, secret));
      for (let at = 0; at < 12_000; at++) memory.remember(`key ${at}`, found);
      expect(memory.credentials.size).toBeLessThanOrEqual(5000);
      expect(memory.credentials.has("key 11999")).toBe(true);
      expect(reason(await it.read(memory, secret))).toBe("yes");
      const loud: Truth = {
        credentialOfKey: async () => ({ refused: { reason: "credential_unknown" } }),
        credentialOfToken: async () => ({ refused: { reason: "credential_unknown" } }),
        failed: async () => ({ refused: { reason: "too_many_failures", retryAfterSeconds: 900 } }),
        news: () => it.truth.news(),
      };
      const edge = { ...it.edge(memory), truth: loud };
      for (let at = 0; at < 6000; at++) await identify(edge, "no key", `address ${at}`, false);
      expect(memory.noisy.size).toBeLessThanOrEqual(5000);
    }),
  );

  it(
    "is not pushed out by wrong keys and wrong tokens",
    places(async (it, fresh) => {
      await fresh.user("ann", { acme: "write" });
      const { secret } = await fresh.key(ann, "repositories");
      const memory = new Memory();
      await it.read(memory, secret);
      for (let at = 0; at < 50; at++) {
        await it.read(memory, makeKeySecret());
        await it.read(memory, `a.b.${at}`);
      }
      expect([...memory.credentials.keys()]).toEqual([secret]);
    }),
  );
});
