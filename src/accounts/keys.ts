/** Keys: made, listed and revoked. What a key is good for when it is shown is in credentials.ts. */
import { audit } from "./audit.ts";
import { changed, isCurrent, newsOf } from "./changes.ts";
import type { Owner } from "./may.ts";
import { covers, type Permission, scopeOf } from "./permission.ts";
import {
  type AuditParams,
  type Author,
  type Credential,
  invalid,
  type KeyRecord,
  type Refused,
} from "./types.ts";
import { rolesOf } from "./users.ts";
import { all, first, iso, parsePermissions, type World } from "./world.ts";

export interface NewKey {
  name: string;
  permissions: Permission[];
  /** Milliseconds since 1970; null for a key that does not expire. */
  revokeAt: number | null;
  /** HMAC of the secret, which only whoever asked has. */
  hash: string;
}

export type KeyRow = {
  id: number;
  owner: string;
  name: string;
  hash: string;
  permissions: string;
  created_at: number;
  updated_at: number;
  revoke_at: number | null;
  revoked_at: number | null;
  used_at: number | null;
  used_ip: string | null;
  used_agent: string | null;
};

/** The credential that asks for a key. */
export type Maker = Pick<Credential, "holder" | "keyId" | "sessionId" | "sequence" | "watch">;

/** Far more than a team needs; an endless loop in a script ends here. */
const keysMax = 1000;

/**
 * @param maker the credential that asks, or null for the admin. Its key can do no more than itself, and
 * lives no longer.
 */
export function createKey(
  world: World,
  owner: Owner,
  key: NewKey,
  maker: Maker | null,
  author: Author,
): KeyRecord | Refused {
  return world.step(() => {
    const makerEnds = maker && endOf(world, maker);
    const refused = refusal(world, owner, key, maker, makerEnds);
    if (refused) return refused;
    const now = world.now();
    const revokeAt = key.revokeAt ?? makerEnds;
    const name = freeName(world, owner, key.name);
    world.sql.exec(
      `INSERT INTO keys (owner, name, hash, permissions, created_at, updated_at, revoke_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)`,
      ...[ownerId(owner), name, key.hash, JSON.stringify(key.permissions), now, revokeAt],
    );
    const scopes = key.permissions.map(scopeOf);
    audit(world, "key.generate", author, about(owner, { key: name, permissions: scopes }));
    return findKey(world, owner, name) ?? noKey(name);
  });
}

export function listKeys(world: World, owner: Owner): KeyRecord[] {
  const rows = all<KeyRow>(world, `${liveKeys} ORDER BY name`, ownerId(owner), world.now());
  return rows.map(keyRecord);
}

export function findKey(world: World, owner: Owner, name: string): KeyRecord | undefined {
  const row = keyRow(world, owner, name);
  return row && keyRecord(row);
}

export function revokeKey(
  world: World,
  owner: Owner,
  name: string,
  author: Author,
): KeyRecord | Refused {
  return world.step(() => {
    const row = keyRow(world, owner, name);
    if (!row) return noKey(name);
    revoke(world, row);
    audit(world, "key.remove", author, about(owner, { key: name }));
    return keyRecord(row);
  });
}

/** Also the one that asks for it. @returns how many there were. */
export function revokeAllKeys(world: World, owner: Owner, author: Author): number {
  return world.step(() => {
    const rows = all<KeyRow>(world, liveKeys, ownerId(owner), world.now());
    for (const row of rows) revoke(world, row);
    const names = rows.map(({ name }) => name);
    if (names.length > 0) audit(world, "key.remove", author, about(owner, { keys: names }));
    return rows.length;
  });
}

/** Where and when keys were last used; of what is told late, the newest counts. */
export function keysUsed(
  world: World,
  uses: readonly { keyId: number; at: number; ip: string | null; userAgent: string | null }[],
): void {
  world.step(() => {
    for (const { keyId, at, ip, userAgent } of uses) {
      world.sql.exec(
        `UPDATE keys SET used_at = ?1, used_ip = ?2, used_agent = ?3
         WHERE id = ?4 AND (used_at IS NULL OR used_at < ?1)`,
        ...[Math.min(at, world.now()), ip, userAgent, keyId],
      );
    }
  });
}

export function ownerId(owner: Owner): string {
  return owner.kind === "user" ? `user:${owner.id}` : `organization:${owner.name}`;
}

const liveKeys = `SELECT * FROM keys WHERE owner = ? AND revoked_at IS NULL
  AND (revoke_at IS NULL OR revoke_at > ?)`;

function refusal(
  world: World,
  owner: Owner,
  key: NewKey,
  maker: Maker | null,
  makerEnds: number | null,
): Refused | undefined {
  const { revokeAt, permissions } = key;
  // Whoever revokes everything must not find a key afterwards that was being made meanwhile.
  if (maker && !isCurrent(maker, newsOf(world))) {
    return { refused: { reason: "credential_revoked" } };
  }
  if (revokeAt !== null && revokeAt <= world.now()) {
    return invalid({ revoke_at: "must be in the future" });
  }
  for (const permission of permissions) {
    const scope = scopeOf(permission);
    const reachable = reaches(world, owner, permission);
    if (!reachable) return invalid({ permissions: { resource: noAccess(permission) } });
    if (maker && !covers(maker.holder.permissions, permission)) {
      return invalid({ permissions: `the key that asks cannot do ${scope} itself` });
    }
  }
  if (makerEnds !== null && revokeAt !== null && revokeAt > makerEnds) {
    return invalid({ revoke_at: "must not be after the key that asks expires" });
  }
  const rows = all<KeyRow>(world, liveKeys, ownerId(owner), world.now());
  if (rows.length < keysMax) return undefined;
  return invalid({ name: `there are ${keysMax} keys already: revoke some` });
}

/** When the key that asks expires, or the key that a token or login came of; a login itself may be renewed. */
function endOf(world: World, { keyId, sessionId }: Maker): number | null {
  const row = first<{ revoke_at: number | null }>(
    world,
    "SELECT revoke_at FROM keys WHERE id = ? OR id = (SELECT key FROM sessions WHERE id = ?)",
    ...[keyId, sessionId],
  );
  return row?.revoke_at ?? null;
}

/** May the owner reach what the permission names at all? How far is seen each time the key is shown. */
function reaches(world: World, owner: Owner, { domain, resource }: Permission): boolean {
  if (domain === "api" || domain === "repositories") return true;
  const [repository = ""] = resource.split("/");
  if (owner.kind === "organization") return owner.name === repository;
  const isPublic = world.organizations.get(repository)?.public === true;
  return isPublic || Object.hasOwn(rolesOf(world, owner.id), repository);
}

function noAccess({ domain }: Permission): string {
  return `you do not have access to this ${domain === "package" ? "package" : "repository"}`;
}

/** A second `laptop` is `laptop-2`. A name whose key was revoked, or has expired, is free. */
function freeName(world: World, owner: Owner, name: string): string {
  world.sql.exec(
    "UPDATE keys SET revoked_at = revoke_at WHERE owner = ? AND revoked_at IS NULL AND revoke_at <= ?",
    ...[ownerId(owner), world.now()],
  );
  let free = name;
  for (let number = 2; keyRow(world, owner, free); number++) free = `${name}-${number}`;
  return free;
}

function keyRow(world: World, owner: Owner, name: string): KeyRow | undefined {
  return first<KeyRow>(world, `${liveKeys} AND name = ?`, ownerId(owner), world.now(), name);
}

function revoke(world: World, row: KeyRow): void {
  const now = world.now();
  world.sql.exec("UPDATE keys SET revoked_at = ?1, updated_at = ?1 WHERE id = ?2", now, row.id);
  world.sql.exec(
    "UPDATE sessions SET revoked_at = ? WHERE key = ? AND revoked_at IS NULL",
    ...[now, row.id],
  );
  changed(world, `key:${row.id}`);
}

function about(owner: Owner, params: AuditParams) {
  return owner.kind === "user"
    ? { subject: owner.name, params: { ...params, user: owner.name } }
    : { organization: owner.name, params };
}

function keyRecord(row: KeyRow): KeyRecord {
  const { used_at: usedAt, used_ip: ip, used_agent: userAgent } = row;
  return {
    id: row.id,
    name: row.name,
    permissions: parsePermissions(row.permissions),
    insertedAt: iso(row.created_at),
    updatedAt: iso(row.updated_at),
    revokeAt: row.revoke_at === null ? null : iso(row.revoke_at),
    lastUse: usedAt === null ? null : { usedAt: iso(usedAt), ip, userAgent },
  };
}

function noKey(key: string): Refused {
  return { refused: { reason: "key_not_found", key } };
}
