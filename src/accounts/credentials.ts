/** What a credential is good for at this moment: the truth, which replicas of it repeat for a while. */
import { sequenceOf } from "./changes.ts";
import type { KeyRow } from "./keys.ts";
import type { Holder, Role } from "./may.ts";
import type { Permission } from "./permission.ts";
import type { SessionRow } from "./sessions.ts";
import type { Claims } from "./token.ts";
import type { Credential, Refused } from "./types.ts";
import { activeUser, rolesOf, type UserRow, userById } from "./users.ts";
import { adminUserId, first, parsePermissions, type World } from "./world.ts";

/** @param hash HMAC of a secret. */
export function credentialOfKey(world: World, hash: string): Credential | Refused {
  const key = first<KeyRow>(world, "SELECT * FROM keys WHERE hash = ?", hash);
  return key ? ofKey(world, key) : unknown;
}

/** A key by its number: what a token that was made from it rests on. */
export function credentialOfKeyId(world: World, id: number): Credential | Refused {
  const key = first<KeyRow>(world, "SELECT * FROM keys WHERE id = ?", id);
  return key ? ofKey(world, key) : unknown;
}

/** A token whose signature is right: is what it rests on still so, and what may its owner do now? */
export function credentialOfToken(world: World, claims: Claims): Credential | Refused {
  const { permissions } = claims;
  const basis = claims.keyId !== null ? ofTokenKey(world, claims) : ofTokenSession(world, claims);
  if ("refused" in basis) return basis;
  const holder: Holder = { ...basis.holder, permissions };
  return { ...basis, holder, kind: "token", expiresAt: earlier(basis.expiresAt, claims.expiresAt) };
}

export function credentialOfPassword(world: World, user: UserRow): Credential {
  return { ...ofUser(world, user, "everything"), kind: "password", label: "password" };
}

/** A live session, the user whose it is (the admin is none), and when it ends if nobody revokes it. */
export function liveSession(
  world: World,
  id: string,
): { session: SessionRow; user: UserRow | null; endsAt: number } | undefined {
  const session = first<SessionRow>(world, "SELECT * FROM sessions WHERE id = ?", id);
  if (!session || session.revoked_at !== null || session.expires_at <= world.now())
    return undefined;
  if (session.user === adminUserId) return { session, user: null, endsAt: session.expires_at };
  const user = userById(world, session.user);
  if (!user || user.deactivated_at !== null) return undefined;
  // Whoever signed in with a key goes when it goes.
  const key = session.key === null ? null : credentialOfKeyId(world, session.key);
  if (key && "refused" in key) return undefined;
  return { session, user, endsAt: earlier(key?.expiresAt ?? null, session.expires_at) };
}

function ofTokenKey(world: World, { keyId, sessionId }: Claims): Credential | Refused {
  const key = credentialOfKeyId(world, keyId ?? -1);
  return "refused" in key ? key : { ...key, sessionId, label: `token of ${key.label}` };
}

function ofTokenSession(world: World, { sessionId }: Claims): Credential | Refused {
  const live = liveSession(world, sessionId ?? "");
  if (!live) return revoked;
  const { session, user, endsAt } = live;
  const permissions = parsePermissions(session.permissions);
  const key = session.key === null ? [] : [`key:${session.key}`];
  const of = user ? ofUser(world, user, permissions) : ofAdmin(world, permissions);
  return {
    ...{ ...of, kind: "token", sessionId: session.id, label: `token of ${session.name}` },
    ...{ expiresAt: endsAt, watch: [...of.watch, `session:${session.id}`, ...key] },
  };
}

function ofKey(world: World, key: KeyRow): Credential | Refused {
  const isOver = key.revoke_at !== null && key.revoke_at <= world.now();
  if (key.revoked_at !== null || isOver) return revoked;
  const permissions = parsePermissions(key.permissions);
  const more = { keyId: key.id, label: `key ${key.name}`, expiresAt: key.revoke_at };
  const [kind, id = ""] = key.owner.split(":");
  if (kind === "organization") {
    // One that was taken out of the configuration has no keys either.
    if (!world.organizations.has(id)) return revoked;
    const roles: Record<string, Role> = { [id]: "write" };
    const holder: Holder = {
      kind: "holder",
      owner: { kind: "organization", name: id },
      roles,
      permissions,
    };
    return {
      ...{ holder, kind: "key", sessionId: null, sequence: sequenceOf(world), ...more },
      watch: [`key:${key.id}`],
    };
  }
  const user = userById(world, Number(id));
  if (!user || user.deactivated_at !== null) return revoked;
  const of = ofUser(world, user, permissions);
  return { ...of, kind: "key", ...more, watch: [...of.watch, `key:${key.id}`] };
}

function ofUser(
  world: World,
  { id, name }: UserRow,
  permissions: readonly Permission[] | "everything",
): Omit<Credential, "kind"> {
  return {
    holder: {
      kind: "holder",
      owner: { kind: "user", id, name },
      roles: rolesOf(world, id),
      permissions,
    },
    ...{ label: "", keyId: null, sessionId: null, expiresAt: null },
    ...{ sequence: sequenceOf(world), watch: [`user:${id}`] },
  };
}

function ofAdmin(world: World, permissions: readonly Permission[]): Omit<Credential, "kind"> {
  const owner = { kind: "user", id: adminUserId, name: "admin" } as const;
  return {
    holder: { kind: "holder", owner, roles: {}, permissions },
    ...{ label: "", keyId: null, sessionId: null, expiresAt: null, isAdmin: true },
    ...{ sequence: sequenceOf(world), watch: [] },
  };
}

/** The password that a user has at this moment, for whoever computes whether a given one is right. */
export function passwordOf(world: World, nameOrEmail: string): string | null {
  return activeUser(world, nameOrEmail)?.password ?? null;
}

function earlier(one: number | null, other: number): number {
  return Math.min(one ?? other, other);
}

const unknown: Refused = { refused: { reason: "credential_unknown" } };
const revoked: Refused = { refused: { reason: "credential_revoked" } };
