/**
 * The Durable Object that knows users, organizations' members, keys, logins and codes: the truth about
 * who may do what. There is one. Its methods are what may be asked of it, a line each; each answers with
 * an outcome or a refusal, and throws only for faults. It takes no secret: keys and tokens come hashed.
 */
import { DurableObject } from "cloudflare:workers";
import { readConfig } from "../config/config.ts";
import type { Env } from "../env.ts";
import { migrate } from "../storage/migrate.ts";
import { Courier } from "../webhooks/courier.ts";
import { Deliveries, type DeliveryRecord } from "../webhooks/deliveries.ts";
import { type AuditQuery, audit, auditLog } from "./audit.ts";
import { type News, newsOf } from "./changes.ts";
import {
  credentialOfKey,
  credentialOfPassword,
  credentialOfToken,
  passwordOf,
} from "./credentials.ts";
import { decideDevice, findDevice, normalCode, pollDevice, startDevice } from "./devices.ts";
import { exchangeKey } from "./exchange.ts";
import {
  createKey,
  findKey,
  keysUsed,
  listKeys,
  type Maker,
  revokeAllKeys,
  revokeKey,
} from "./keys.ts";
import type { Owner, Role } from "./may.ts";
import { addMember, findMember, listMembers, removeMember, setRole } from "./members.ts";
import { endPageSession, startPageSession } from "./page-session.ts";
import { migrations } from "./schema.ts";
import {
  endOtherSessions,
  endSessionById,
  endSessionOf,
  keyOfSession,
  listSessions,
  refreshTokens,
  revokeByHash,
} from "./sessions.ts";
import { expand, shorten } from "./short-urls.ts";
import { attempt, forgetFailures, forgive } from "./throttle.ts";
import type { Claims } from "./token.ts";
import type {
  AuditRecord,
  Author,
  Credential,
  KeyRecord,
  MemberRecord,
  OAuthRefusal,
  Refused,
  SessionRecord,
  Tokens,
  UserRecord,
} from "./types.ts";
import * as users from "./users.ts";
import type { World } from "./world.ts";

export class Accounts extends DurableObject<Env> {
  /** Not `#world`: tests put another clock and other limits into it. */
  readonly world: World;
  /** The same with receivers. */
  readonly courier: Courier;
  /** When the alarm comes that is set. */
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, migrations);
    const { repositories, accountsSecret, pageSecret, limits, webhooks } = readConfig(env);
    const deliveries = new Deliveries(ctx.storage.sql, webhooks);
    deliveries.onWrite = () => this.#wake(0);
    this.world = {
      sql: ctx.storage.sql,
      deliveries,
      step: (work) => ctx.storage.transactionSync(work),
      now: () => Date.now(),
      secret: accountsSecret,
      pageSecret,
      organizations: repositories,
      failuresMax: limits.failedCredentialsPer15Minutes,
    };
    this.courier = new Courier(deliveries, {
      name: "accounts",
      fetch: (url, init) => fetch(url, init),
      now: () => this.world.now(),
      later: (work) => ctx.waitUntil(work),
      wake: (delayMs) => this.#wake(delayMs),
    });
    this.courier.wake();
  }

  /** There is one for webhooks alone. */
  override alarm(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    this.courier.run();
  }

  // Who is asking

  /** A key by its HMAC. Only wrong ones count: nobody guesses 128 random bits. */
  credentialOfKey(hash: string, address: string): Credential | Refused {
    const found = credentialOfKey(this.world, hash);
    const isUnknown = "refused" in found && found.refused.reason === "credential_unknown";
    return (isUnknown && this.failed(address)) || found;
  }

  credentialOfToken(claims: Claims): Credential | Refused {
    return credentialOfToken(this.world, claims);
  }

  /** Counts a credential that cannot be right. */
  failed(address: string): Refused | null {
    return attempt(this.world, [`address:${address}`]) ?? null;
  }

  news(): News {
    return newsOf(this.world);
  }

  challenge(nameOrEmail: string, address: string): { stored: string | null } | Refused {
    const refused = attempt(this.world, attemptsOf(this.world, nameOrEmail, address));
    return refused ?? { stored: passwordOf(this.world, nameOrEmail) };
  }

  /** The password was right, unless it is another one by now. */
  signedIn(nameOrEmail: string, stored: string, address: string): Credential | Refused {
    const user = users.activeUser(this.world, nameOrEmail);
    if (!user || user.password !== stored) return { refused: { reason: "password_wrong" } };
    forgive(this.world, attemptsOf(this.world, nameOrEmail, address));
    return credentialOfPassword(this.world, user);
  }

  /** Somebody signs in on the pages; null is the admin. @returns their cookie. */
  async startPageSession(by: Credential | null, author: Author): Promise<string | null> {
    return (await startPageSession(this.world, by, author)) ?? null;
  }

  /** The key that somebody signed in with, if they did. */
  keyOfSession(id: string): number | null {
    return keyOfSession(this.world, id);
  }

  endPageSession(id: string, author: Author): void {
    endPageSession(this.world, id, author);
  }

  sessions(userId: number): SessionRecord[] {
    return listSessions(this.world, userId);
  }

  endSessionOf(userId: number, id: string, author: Author): void {
    endSessionOf(this.world, userId, id, author);
  }

  endOtherSessions(userId: number, asking: string | null, author: Author): number {
    return endOtherSessions(this.world, userId, asking, author);
  }

  // Users and members

  /** Before the password of somebody whom nobody knows is hashed, which takes a while. */
  admitSignup(address: string): Refused | null {
    return attempt(this.world, [`signups:${address}`]) ?? null;
  }

  createUser(user: users.NewUser, author: Author | null): UserRecord | Refused {
    return users.createUser(this.world, user, author);
  }

  user(nameOrEmail: string): UserRecord | null {
    const row = users.findUser(this.world, nameOrEmail);
    return row ? users.userRecord(this.world, row) : null;
  }

  users(): UserRecord[] {
    return users.listUsers(this.world);
  }

  setPassword(name: string, password: string | null, author: Author): Refused | null {
    return users.setPassword(this.world, name, password, author);
  }

  deactivateUser(name: string, author: Author): Refused | null {
    return users.deactivateUser(this.world, name, author);
  }

  members(organization: string): MemberRecord[] {
    return listMembers(this.world, organization);
  }

  member(organization: string, nameOrEmail: string): MemberRecord | Refused {
    return findMember(this.world, organization, nameOrEmail);
  }

  addMember(organization: string, nameOrEmail: string, role: Role, author: Author) {
    return addMember(this.world, organization, nameOrEmail, role, author);
  }

  setRole(organization: string, nameOrEmail: string, role: Role, author: Author) {
    return setRole(this.world, organization, nameOrEmail, role, author);
  }

  removeMember(organization: string, nameOrEmail: string, author: Author): Refused | null {
    return removeMember(this.world, organization, nameOrEmail, author);
  }

  // Keys

  createKey(
    owner: Owner,
    key: Parameters<typeof createKey>[2],
    maker: Maker | null,
    author: Author,
  ): KeyRecord | Refused {
    return createKey(this.world, owner, key, maker, author);
  }

  keys(owner: Owner): KeyRecord[] {
    return listKeys(this.world, owner);
  }

  key(owner: Owner, name: string): KeyRecord | null {
    return findKey(this.world, owner, name) ?? null;
  }

  revokeKey(owner: Owner, name: string, author: Author): KeyRecord | Refused {
    return revokeKey(this.world, owner, name, author);
  }

  revokeAllKeys(owner: Owner, author: Author): number {
    return revokeAllKeys(this.world, owner, author);
  }

  keysUsed(uses: Parameters<typeof keysUsed>[1]): void {
    keysUsed(this.world, uses);
  }

  // OAuth

  startDevice(asked: Parameters<typeof startDevice>[1]) {
    return startDevice(this.world, asked);
  }

  /** Guesses of codes are counted as guesses of passwords are. */
  async findDevice(userCode: string, address: string, account: string | null) {
    const subjects = [`codes:${address}`, ...(account === null ? [] : [`codes:${account}`])];
    const refused = attempt(this.world, subjects);
    if (refused) return refused;
    const device = await findDevice(this.world, normalCode(userCode));
    if (device) forgive(this.world, subjects);
    return device ?? null;
  }

  decideDevice(...answer: Parameters<typeof decideDevice> extends [World, ...infer A] ? A : never) {
    return decideDevice(this.world, ...answer);
  }

  pollDevice(deviceCode: string, client: string): Promise<Tokens | OAuthRefusal> {
    return pollDevice(this.world, deviceCode, client);
  }

  refreshTokens(refreshToken: string, client: string, author: Author) {
    return refreshTokens(this.world, refreshToken, client, author);
  }

  /** Only wrong keys count, and after too many of them none is looked at. */
  async exchangeKey(
    hash: string,
    wanted: Parameters<typeof exchangeKey>[2],
    address: string,
  ): Promise<Tokens | OAuthRefusal | Refused> {
    const found = this.credentialOfKey(hash, address);
    const isThrottled = "refused" in found && found.refused.reason === "too_many_failures";
    return isThrottled ? found : exchangeKey(this.world, hash, wanted);
  }

  revokeByHash(hash: string, client: string | null, author: Author): void {
    revokeByHash(this.world, hash, client, author);
  }

  revokeSession(id: string, client: string, author: Author): void {
    endSessionById(this.world, id, client, author, "revoked");
  }

  // The rest

  /** A group noticed that a name of ours exists upstream too. */
  noteConflict(organization: string, name: string, mirror: string): void {
    const nobody = { name: "hexedge", userId: null, credential: "none", ip: null, userAgent: null };
    const params = { package: name, mirror };
    audit(this.world, "name.conflict", { ...nobody, requestId: "" }, { organization, params });
  }

  /**
   * A mirror of git was updated, by whoever may write into the organization's repository.
   * @param update whose doing it again has the same revision: an answer may have been lost.
   */
  noteGitUpdate(
    author: Author,
    organization: string,
    update: { repository: string; head: string | null; revision: number },
  ): void {
    audit(this.world, "git.update", author, { organization, params: update });
  }

  auditLog(query: AuditQuery): AuditRecord[] {
    return auditLog(this.world, query);
  }

  /** What webhooks were told, and are still to be told; newest first. */
  deliveries(limit: number, before?: string): DeliveryRecord[] {
    return this.world.deliveries.log(limit, before);
  }

  deliveryCounts() {
    return this.world.deliveries.counts();
  }

  /** Tells it once more. @returns whether there is such a delivery. */
  redeliver(id: string): boolean {
    return this.world.deliveries.redeliver(id, this.world.now());
  }

  shorten(url: string, address: string): string | Refused | null {
    return attempt(this.world, [`urls:${address}`]) ?? shorten(this.world, url) ?? null;
  }

  expand(code: string): string | null {
    return expand(this.world, code) ?? null;
  }

  /** From the cron: drops what time has made worthless. */
  tidy(): void {
    const { sql, now } = this.world;
    const longAgo = now() - 90 * 24 * 3600_000;
    forgetFailures(this.world);
    sql.exec(
      `DELETE FROM refresh_tokens WHERE session IN
         (SELECT id FROM sessions WHERE expires_at < ?1 OR revoked_at < ?1)`,
      longAgo,
    );
    sql.exec("DELETE FROM sessions WHERE expires_at < ?1 OR revoked_at < ?1", longAgo);
    sql.exec("DELETE FROM keys WHERE revoked_at < ?1 OR revoke_at < ?1", longAgo);
    // A terminal that still asks hears for a while that its code has expired.
    sql.exec("DELETE FROM devices WHERE expires_at < ?", now() - 3600_000);
    // In case an alarm was lost.
    this.courier.run();
  }

  /** In the same step as what webhooks are to hear of, so that both are durable or neither. */
  #wake(delayMs: number): void {
    const at = Date.now() + delayMs;
    if (at >= this.#alarmAt) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}

/** An account is one, whether it is called by name or by e-mail. */
function attemptsOf(world: World, nameOrEmail: string, address: string): string[] {
  const account = users.findUser(world, nameOrEmail)?.name ?? nameOrEmail.toLowerCase();
  return [`address:${address}`, `account:${account.slice(0, 255)}`];
}
