/** A fresh Accounts object for each test, with a clock that stands until the test moves it. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Accounts } from "../../src/accounts/accounts.ts";
import type { Maker } from "../../src/accounts/keys.ts";
import type { Owner, Role } from "../../src/accounts/may.ts";
import { type Permission, parseScopes } from "../../src/accounts/permission.ts";
import { hashKeySecret, makeKeySecret } from "../../src/accounts/secret.ts";
import { readToken } from "../../src/accounts/token.ts";
import type { Author, Credential, KeyRecord, Refused, Tokens } from "../../src/accounts/types.ts";

export const secondMs = 1000;
export const minuteMs = 60_000;
export const dayMs = 24 * 3600_000;

export const client = "78ea6566-89fd-481e-a1d6-7d9d78eacca8";
export const otherClient = "877731e8-cb88-45e1-9b84-9214de7da421";

/** The admin, as the audit log names them. */
export const admin: Author = {
  ...{ name: "admin", userId: null, credential: "admin key" },
  ...{ requestId: "request-1", ip: "192.0.2.7", userAgent: "test" },
};

export const accountsSecret: string = env.ACCOUNTS_SECRET;

export interface Member {
  id: number;
  name: string;
  owner: Owner;
}

/** A key as its holder has it. */
export interface HeldKey {
  secret: string;
  hash: string;
  record: KeyRecord;
}

export class Fresh {
  readonly #name = `accounts-${crypto.randomUUID()}`;
  stub = env.ACCOUNTS_OBJECT.getByName(this.#name);
  now = Date.parse("2031-05-06T07:08:09.010Z");
  failuresMax = 0;
  readonly organizations = new Map([
    ["acme", { public: false }],
    ["other", { public: false }],
    ["open", { public: true }],
  ]);
  /** Everything that is secret and was handed out: see `expectNoSecrets`. */
  readonly secrets: string[] = [];
  #inside: Accounts | undefined;

  /** Works on the object itself, with the test's clock, limits and organizations. */
  async run<T>(work: (accounts: Accounts) => T | Promise<T>): Promise<T> {
    if (this.#inside) return work(this.#inside);
    return runInDurableObject(this.stub, (accounts: Accounts) => {
      accounts.world.now = () => this.now;
      accounts.world.failuresMax = this.failuresMax;
      accounts.world.organizations = this.organizations;
      return work(accounts);
    });
  }

  /** Does all of the work inside the object, where thousands of steps take no time. */
  async inside<T>(work: (accounts: Accounts) => Promise<T>): Promise<T> {
    return this.run(async (accounts) => {
      this.#inside = accounts;
      return work(accounts).finally(() => {
        this.#inside = undefined;
      });
    });
  }

  /** The instance is gone; what it stored is there. */
  crash(): Promise<void> {
    return evictDurableObject(this.stub);
  }

  /** The same in the middle of whatever it does. Not for everywhere: workerd tells stderr. */
  async abort(): Promise<void> {
    const aborted = runInDurableObject(this.stub, (_accounts, state) => state.abort());
    await aborted.catch(() => undefined);
    this.reconnect();
  }

  /** The old stub would go on reporting the abort. */
  reconnect(): void {
    this.stub = env.ACCOUNTS_OBJECT.getByName(this.#name);
  }

  async user(name: string, roles: Record<string, Role> = {}): Promise<Member> {
    const email = `${name}@hexedge.test`;
    const made = await this.run((it) =>
      it.createUser({ name, email, fullName: null, password: `stored password of ${name}` }, admin),
    );
    const { id } = expectDone(made);
    for (const [organization, role] of Object.entries(roles)) {
      expectDone(await this.run((it) => it.addMember(organization, name, role, admin)));
    }
    return { id, name, owner: { kind: "user", id, name } };
  }

  /** Asks for a key; `scopes` are words such as `api:read repositories`. */
  async ask(
    owner: Owner,
    scopes: string,
    options: { name?: string; revokeAt?: number | null; maker?: Maker | null } = {},
  ): Promise<HeldKey | Refused> {
    const { name = "ci", revokeAt = null, maker = null } = options;
    const secret = makeKeySecret();
    this.secrets.push(secret);
    const hash = await hashKeySecret(accountsSecret, secret);
    const permissions = scopesOf(scopes);
    const record = await this.run((it) =>
      it.createKey(owner, { name, permissions, revokeAt, hash }, maker, admin),
    );
    return "refused" in record ? record : { secret, hash, record };
  }

  /** A key, made by the admin if nobody else is named. */
  async key(...asked: Parameters<Fresh["ask"]>): Promise<HeldKey> {
    return expectDone(await this.ask(...asked));
  }

  /** What the object says to whoever shows the key. */
  async show(
    { hash }: Pick<HeldKey, "hash">,
    address = "192.0.2.1",
  ): Promise<Credential | Refused> {
    return this.run((it) => it.credentialOfKey(hash, address));
  }

  /** What the object says to whoever shows the token. */
  async showToken(token: string): Promise<Credential | Refused> {
    const read = await readToken(accountsSecret, token, this.now);
    if (!read) return { refused: { reason: "credential_unknown" } };
    return this.run((it) => it.credentialOfToken(read.claims));
  }

  /** A terminal that waits. */
  async device(scopes: string, options: { client?: string; name?: string } = {}) {
    const { name = "laptop" } = options;
    const asked = {
      client: options.client ?? client,
      name,
      permissions: scopesOf(scopes),
      ip: null,
    };
    const started = await this.run((it) => it.startDevice(asked));
    if ("error" in started) throw new Error(started.description);
    this.secrets.push(started.deviceCode, started.userCode);
    return started;
  }

  /** The user approves all that is asked for. */
  approve(userCode: string, { id, name }: Member, scopes: string, keyId: number | null = null) {
    const author: Author = { ...admin, name, userId: id };
    return this.run((it) => it.decideDevice(userCode, { id, keyId }, scopesOf(scopes), author));
  }

  async poll(deviceCode: string, asClient = client) {
    return this.noted(await this.run((it) => it.pollDevice(deviceCode, asClient)));
  }

  async refresh(refreshToken: string | null, asClient = client) {
    const { token, author } = { token: refreshToken ?? "", author: admin };
    return this.noted(await this.run((it) => it.refreshTokens(token, asClient, author)));
  }

  async exchange({ hash }: Pick<HeldKey, "hash">, scopes: string, address = "192.0.2.1") {
    return this.noted(
      await this.run(async (it) => it.exchangeKey(hash, scopesOf(scopes), address)),
    );
  }

  /** From the terminal's request to its tokens; takes five seconds of the test's clock. */
  async login(user: Member, scopes: string, keyId: number | null = null): Promise<Tokens> {
    const { deviceCode, userCode } = await this.device(scopes);
    expect(await this.approve(userCode, user, scopes, keyId)).toBe(true);
    this.now += 5 * secondMs;
    return expectTokens(await this.poll(deviceCode));
  }

  /** Every row of every table, by the table's name. */
  dump(): Promise<Record<string, string[]>> {
    return runInDurableObject(this.stub, (_instance, { storage: { sql } }) => {
      const names = sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name)
        .filter((name) => !/^(_cf_|sqlite_)/.test(name));
      const rows = names.map((name) => [
        name,
        sql
          .exec(`SELECT * FROM "${name}"`)
          .toArray()
          .map((row) => JSON.stringify(row)),
      ]);
      return Object.fromEntries(rows);
    });
  }

  /** The audit log, oldest first: `key.generate admin {…}`. */
  async auditLines(): Promise<string[]> {
    const records = await this.run((it) => it.auditLog({ limit: 1000 }));
    return records
      .reverse()
      .map(({ action, author, params }) => `${action} ${author.name} ${JSON.stringify(params)}`);
  }

  noted<T>(answer: T): T {
    if (typeof answer !== "object" || answer === null || !("accessToken" in answer)) return answer;
    const { accessToken, refreshToken } = answer as unknown as Tokens;
    this.secrets.push(accessToken, ...(refreshToken === null ? [] : [refreshToken]));
    return answer;
  }
}

export function scopesOf(scopes: string): Permission[] {
  const permissions = parseScopes(scopes);
  if (!permissions) throw new Error(`no scopes: ${scopes}`);
  return permissions;
}

export function expectDone<T extends object>(outcome: T | Refused): T {
  if ("refused" in outcome) expect.fail(`refused: ${JSON.stringify(outcome.refused)}`);
  return outcome as T;
}

export function expectTokens(answer: object): Tokens {
  if (!("accessToken" in answer)) expect.fail(`no tokens: ${JSON.stringify(answer)}`);
  return answer as Tokens;
}

/** Why not, or `yes`. */
export function reason(outcome: object | null): string {
  if (outcome === null) return "yes";
  if ("refused" in outcome) return (outcome as Refused).refused.reason;
  return "error" in outcome ? String(outcome.error) : "yes";
}
