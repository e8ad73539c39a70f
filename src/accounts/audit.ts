import type { AuditParams, AuditRecord, Author } from "./types.ts";
import { all, iso, type World } from "./world.ts";

/** One line in the same step as what it tells of. `subject` is the user whose account it is about. */
export function audit(
  world: World,
  action: string,
  author: Author,
  about: { subject?: string; organization?: string | null; params?: AuditParams },
): void {
  const { subject = author.name, organization = null, params = {} } = about;
  // What a caller adds to the author for other purposes is not kept.
  const { name, userId, credential, requestId, ip, userAgent } = author;
  const kept: Author = { name, userId, credential, requestId, ip, userAgent };
  world.sql.exec(
    `INSERT INTO audit (at, action, author_name, subject, organization, author, params)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ...[world.now(), action, name, subject, organization],
    ...[JSON.stringify(kept), JSON.stringify(params)],
  );
  world.deliveries.write({
    ...{ event: action, at: world.now(), repository: organization, package: null, version: null },
    ...{ author, params },
  });
}

export interface AuditQuery {
  /** What this user did, and what was done to their account. */
  user?: string;
  organization?: string;
  /** Milliseconds since 1970. */
  before?: number;
  limit: number;
}

/** Newest first. */
export function auditLog(
  world: World,
  { user, organization, before, limit }: AuditQuery,
): AuditRecord[] {
  const where =
    user !== undefined
      ? "(author_name = ?1 OR subject = ?1)"
      : organization !== undefined
        ? "organization = ?1"
        : "?1 IS NULL";
  const rows = all<{
    id: number;
    at: number;
    action: string;
    organization: string | null;
    author: string;
    params: string;
  }>(
    world,
    `SELECT id, at, action, organization, author, params FROM audit
     WHERE ${where} AND at < ?2 ORDER BY id DESC LIMIT ?3`,
    ...[user ?? organization ?? null, before ?? Number.MAX_SAFE_INTEGER, limit],
  );
  return rows.map(({ id, at, action, organization, author, params }) => ({
    ...{ id, at: iso(at), action, organization },
    // Both written by `audit`.
    author: JSON.parse(author) as Author,
    params: JSON.parse(params) as AuditParams,
  }));
}
