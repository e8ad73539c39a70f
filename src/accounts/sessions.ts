/** Logins: what an approved device, and every token after it, rests on. */
import { audit } from "./audit.ts";
import { changed } from "./changes.ts";
import { credentialOfToken, liveSession } from "./credentials.ts";
import { type Holder, may } from "./may.ts";
import { type Permission, scopeOf } from "./permission.ts";
import { hashToken, makeToken } from "./secret.ts";
import { signToken } from "./token.ts";
import type { Author, OAuthRefusal, SessionRecord, Tokens } from "./types.ts";
import { all, first, iso, parsePermissions, type World } from "./world.ts";

export type SessionRow = {
  id: string;
  user: number;
  client: string;
  name: string;
  permissions: string;
  key: number | null;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
};

/** From login to the next one; refreshing does not put it off. */
export const sessionMs = 30 * 24 * 3600_000;
/** Of browsers, and as many of all programs; one more, and the oldest ends. Browsers end no terminals. */
const sessionsMax = 20;

export interface NewSession {
  userId: number;
  client: string;
  name: string;
  permissions: readonly Permission[];
  keyId: number | null;
  /** How long it lasts. */
  ms: number;
}

/** Inside a step. @returns its id. */
export function createSession(world: World, session: NewSession, author: Author): string {
  const { userId, client, name, permissions, keyId, ms } = session;
  const now = world.now();
  const id = crypto.randomUUID();
  const tooMany = all<SessionRow>(
    world,
    `SELECT * FROM sessions WHERE user = ? AND (client = 'page') = ? AND revoked_at IS NULL
     AND expires_at > ? ORDER BY created_at DESC LIMIT -1 OFFSET ?`,
    ...[userId, client === "page" ? 1 : 0, now, sessionsMax - 1],
  );
  for (const oldest of tooMany) endSession(world, oldest, author, "too many logins");
  world.sql.exec(
    "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
    ...[id, userId, client, name, JSON.stringify(permissions), keyId, now, now + ms],
  );
  const params = { name, scopes: permissions.map(scopeOf) };
  audit(world, "session.create", author, { params });
  return id;
}

/**
 * A pair of tokens for a session that lives, good for what was granted as far as the user may do it now.
 * @returns undefined when the session is over.
 */
export async function issueTokens(world: World, sessionId: string): Promise<Tokens | undefined> {
  const refreshToken = makeToken();
  const hash = await hashToken(refreshToken);
  const issued = world.step(() => {
    const live = liveSession(world, sessionId);
    if (!live) return undefined;
    const expiresAt = Number.MAX_SAFE_INTEGER; // the session's own end is nearer
    const claims = { permissions: [], sessionId, keyId: null, expiresAt };
    const credential = credentialOfToken(world, claims);
    if ("refused" in credential) return undefined;
    world.sql.exec("INSERT INTO refresh_tokens VALUES (?, ?, NULL)", hash, sessionId);
    const granted = parsePermissions(live.session.permissions);
    return { credential, permissions: resolve(granted, credential.holder) };
  });
  if (!issued) return undefined;
  const { credential, permissions } = issued;
  return {
    ...(await signToken(world.secret, credential, permissions, world.now())),
    scope: permissions.map(scopeOf).join(" "),
    refreshToken,
  };
}

/** Each refresh token is good once. One that comes a second time has been stolen: its login ends. */
export async function refreshTokens(
  world: World,
  refreshToken: string,
  client: string,
  author: Author,
): Promise<Tokens | OAuthRefusal> {
  const hash = await hashToken(refreshToken);
  const used = world.step(() => {
    const token = first<{ session: string; used_at: number | null }>(
      world,
      "SELECT session, used_at FROM refresh_tokens WHERE hash = ?",
      hash,
    );
    const session =
      token && first<SessionRow>(world, "SELECT * FROM sessions WHERE id = ?", token.session);
    if (!token || !session) return invalidGrant("Invalid refresh token");
    if (session.client !== client) return invalidGrant("Invalid refresh token");
    if (token.used_at !== null) {
      endSession(world, session, author, "a refresh token was used twice");
      return invalidGrant("Refresh token has been revoked");
    }
    if (session.expires_at <= world.now()) return invalidGrant("Refresh token has expired");
    if (session.revoked_at !== null) return invalidGrant("Refresh token has been revoked");
    const now = world.now();
    world.sql.exec("UPDATE refresh_tokens SET used_at = ? WHERE hash = ?", now, hash);
    return session.id;
  });
  if (typeof used !== "string") return used;
  return (await issueTokens(world, used)) ?? invalidGrant("Refresh token has been revoked");
}

/** Ends the login that a refresh token, of any age, came of, given its SHA-256. Nobody learns whether it was one. */
export function revokeByHash(
  world: World,
  hash: string,
  client: string | null,
  author: Author,
): void {
  world.step(() => {
    const session = first<SessionRow>(
      world,
      `SELECT sessions.* FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session
       WHERE hash = ?`,
      hash.toLowerCase(),
    );
    if (!session || (client !== null && session.client !== client)) return;
    endSession(world, session, author, "revoked");
  });
}

/** The key that was shown when it began. */
export function keyOfSession(world: World, id: string): number | null {
  const row = first<{ key: number | null }>(world, "SELECT key FROM sessions WHERE id = ?", id);
  return row?.key ?? null;
}

export function endSessionById(
  world: World,
  id: string,
  client: string,
  author: Author,
  reason: string,
): void {
  world.step(() => {
    const session = first<SessionRow>(world, "SELECT * FROM sessions WHERE id = ?", id);
    if (session?.client === client) endSession(world, session, author, reason);
  });
}

/** Those that live, the newest first. */
export function listSessions(world: World, userId: number): SessionRecord[] {
  const rows = all<SessionRow & { key_name: string | null }>(
    world,
    `SELECT sessions.*, keys.name AS key_name FROM sessions LEFT JOIN keys ON keys.id = sessions.key
     WHERE user = ? AND sessions.revoked_at IS NULL AND expires_at > ?
     ORDER BY sessions.created_at DESC`,
    ...[userId, world.now()],
  );
  return rows
    .filter(({ id }) => liveSession(world, id))
    .map((row) => ({
      ...{ id: row.id, client: row.client, name: row.name, keyName: row.key_name },
      permissions: parsePermissions(row.permissions),
      createdAt: iso(row.created_at),
      expiresAt: iso(row.expires_at),
    }));
}

/** Of this user's: another's is not found. */
export function endSessionOf(world: World, userId: number, id: string, author: Author): void {
  const session = listSessions(world, userId).find((it) => it.id === id);
  if (session) endSessionById(world, id, session.client, author, "ended on the pages");
}

/** All but the one that asks. @returns how many there were. */
export function endOtherSessions(
  world: World,
  userId: number,
  asking: string | null,
  author: Author,
): number {
  return world.step(() => {
    const others = listSessions(world, userId).filter(({ id }) => id !== asking);
    for (const { id } of others) endSessionOf(world, userId, id, author);
    return others.length;
  });
}

/**
 * What of `granted` its owner may do now, with `repositories` spelled out: so a token names what it
 * opens, and one that is made later names what it opens then.
 */
export function resolve(granted: readonly Permission[], holder: Holder): Permission[] {
  const mine = Object.keys(holder.roles);
  const resolved = granted.flatMap((permission): Permission[] => {
    if (permission.domain === "repositories") {
      return mine.map((resource) => ({ domain: "repository", resource }));
    }
    if (permission.domain !== "repository" && permission.domain !== "docs") return [permission];
    const subject = { kind: "repository", name: permission.resource, public: false } as const;
    const isMine = may({ ...holder, permissions: "everything" }, "fetch", subject) === "yes";
    return isMine ? [permission] : [];
  });
  return resolved.filter(
    (permission, at) => resolved.findIndex((it) => scopeOf(it) === scopeOf(permission)) === at,
  );
}

export function invalidGrant(description: string): OAuthRefusal {
  return { error: "invalid_grant", description };
}

function endSession(world: World, session: SessionRow, author: Author, reason: string): void {
  if (session.revoked_at !== null) return;
  const now = world.now();
  world.sql.exec("UPDATE sessions SET revoked_at = ? WHERE id = ?", now, session.id);
  changed(world, `session:${session.id}`);
  const user = first<{ name: string }>(world, "SELECT name FROM users WHERE id = ?", session.user);
  const params = { name: session.name, reason };
  audit(world, "session.revoke", author, { subject: user?.name ?? "admin", params });
}
