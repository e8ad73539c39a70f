/** Users: whoever can sign in, or own keys. */
import { audit } from "./audit.ts";
import { changed } from "./changes.ts";
import type { Role } from "./may.ts";
import { type Author, invalid, type Refused, type UserRecord } from "./types.ts";
import { all, first, iso, type World } from "./world.ts";

export type UserRow = {
  id: number;
  name: string;
  email: string | null;
  full_name: string | null;
  password: string | null;
  created_at: number;
  updated_at: number;
  deactivated_at: number | null;
};

export interface NewUser {
  name: string;
  email: string | null;
  fullName: string | null;
  /** As `hashPassword` made it; null for a user who only has keys. */
  password: string | null;
}

/** @param author null for somebody who signs up: the new user did it. */
export function createUser(
  world: World,
  user: NewUser,
  author: Author | null,
): UserRecord | Refused {
  const { name, email, fullName, password } = user;
  return world.step(() => {
    if (world.organizations.has(name) || findUser(world, name)) {
      return invalid({ username: "has already been taken" });
    }
    if (email !== null && findUser(world, email)) return invalid({ email: "already in use" });
    const now = world.now();
    world.sql.exec(
      `INSERT INTO users (name, email, full_name, password, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?5, ?5)`,
      ...[name, email, fullName, password, now],
    );
    const row = requireUser(world, name);
    const self = { name, userId: row.id, credential: "sign-up" };
    const by = author ?? { ...self, requestId: "", ip: null, userAgent: null };
    audit(world, "user.create", by, { subject: name, params: { user: name } });
    return userRecord(world, row);
  });
}

/** By name or e-mail. One who has left is still found. */
export function findUser(world: World, nameOrEmail: string): UserRow | undefined {
  const column = nameOrEmail.includes("@") ? "email" : "name";
  return first<UserRow>(
    world,
    `SELECT * FROM users WHERE ${column} = ?`,
    nameOrEmail.toLowerCase(),
  );
}

export function userById(world: World, id: number): UserRow | undefined {
  return first<UserRow>(world, "SELECT * FROM users WHERE id = ?", id);
}

export function listUsers(world: World): UserRecord[] {
  const rows = all<UserRow>(world, "SELECT * FROM users ORDER BY name");
  return rows.map((row) => userRecord(world, row));
}

/** Sets a password, or with null takes it away. Whoever was signed in with the old one is not any more. */
export function setPassword(
  world: World,
  name: string,
  password: string | null,
  author: Author,
): Refused | null {
  return world.step(() => {
    const user = activeUser(world, name);
    if (!user) return notFound(name);
    const now = world.now();
    world.sql.exec(
      "UPDATE users SET password = ?, updated_at = ? WHERE id = ?",
      ...[password, now, user.id],
    );
    endSessions(world, user.id);
    audit(world, "password.update", author, { subject: user.name, params: { user: user.name } });
    return null;
  });
}

/**
 * The user leaves: no key, token, membership or password of theirs is good from here on. The name stays
 * taken, for the sake of everything that was done under it.
 */
export function deactivateUser(world: World, name: string, author: Author): Refused | null {
  return world.step(() => {
    const user = activeUser(world, name);
    if (!user) return notFound(name);
    const now = world.now();
    world.sql.exec(
      "UPDATE users SET password = NULL, email = NULL, deactivated_at = ?1, updated_at = ?1 WHERE id = ?2",
      ...[now, user.id],
    );
    world.sql.exec("DELETE FROM members WHERE user = ?", user.id);
    world.sql.exec(
      "UPDATE keys SET revoked_at = ?1, updated_at = ?1 WHERE owner = ?2 AND revoked_at IS NULL",
      ...[now, `user:${user.id}`],
    );
    endSessions(world, user.id);
    audit(world, "user.deactivate", author, { subject: user.name, params: { user: user.name } });
    return null;
  });
}

export function activeUser(world: World, nameOrEmail: string): UserRow | undefined {
  const user = findUser(world, nameOrEmail);
  return user && user.deactivated_at === null ? user : undefined;
}

export function userRecord(world: World, row: UserRow): UserRecord {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    fullName: row.full_name,
    hasPassword: row.password !== null,
    insertedAt: iso(row.created_at),
    updatedAt: iso(row.updated_at),
    deactivatedAt: row.deactivated_at === null ? null : iso(row.deactivated_at),
    roles: rolesOf(world, row.id),
  };
}

/** In declared organizations only: one that was taken out of the configuration is none. */
export function rolesOf(world: World, user: number): Record<string, Role> {
  const rows = all<{ organization: string; role: Role }>(
    world,
    "SELECT organization, role FROM members WHERE user = ? ORDER BY organization",
    user,
  );
  const known = rows.filter(({ organization }) => world.organizations.has(organization));
  return Object.fromEntries(known.map(({ organization, role }) => [organization, role]));
}

export function notFound(user: string): Refused {
  return { refused: { reason: "user_not_found", user } };
}

function endSessions(world: World, user: number): void {
  world.sql.exec(
    "UPDATE sessions SET revoked_at = ? WHERE user = ? AND revoked_at IS NULL",
    ...[world.now(), user],
  );
  changed(world, `user:${user}`);
}

function requireUser(world: World, name: string): UserRow {
  const row = findUser(world, name);
  if (!row) throw new Error(`${name} was inserted and is not there`);
  return row;
}
