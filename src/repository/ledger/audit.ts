/** Who did what, when, and with what: written in the same step as the change itself. */
import type { AuditParams, AuditQuery, AuditRecord, Author } from "../types.ts";
import { authorOf } from "./rows.ts";

export interface Event {
  action: string;
  package: string;
  /** Absent for what is done to the package as a whole. */
  version?: string;
  author: Author;
  params?: AuditParams;
}

export function writeAudit(sql: SqlStorage, event: Event, now: number): void {
  const { action, package: name, version = "", author, params = {} } = event;
  sql.exec(
    "INSERT INTO audit (at, action, package, version, author, params) VALUES (?, ?, ?, ?, ?, ?)",
    ...[now, action, name, version, JSON.stringify(author), JSON.stringify(params)],
  );
}

/** What was done to a package, by an author, or at all: newest first. */
export function readAudit(sql: SqlStorage, query: AuditQuery): AuditRecord[] {
  const conditions = ["1"];
  const bindings: SqlStorageValue[] = [];
  const where = (condition: string, value: SqlStorageValue | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    bindings.push(value);
  };
  where("package = ?", query.package);
  where("json_extract(author, '$.name') = ?", query.author); // as audit_by_author says it
  where("at < ?", query.before);
  const limit = Number.isFinite(query.limit) ? Math.max(0, Math.floor(query.limit)) : 0;
  return sql
    .exec<AuditRow>(
      `SELECT * FROM audit WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT ?`,
      ...[...bindings, limit],
    )
    .toArray()
    .map(recordOf);
}

type AuditRow = {
  id: number;
  at: number;
  action: string;
  package: string;
  version: string;
  author: string;
  params: string;
};

function recordOf(row: AuditRow): AuditRecord {
  const { id, action, package: name, version } = row;
  const { name: authorName, credential, requestId, ip, userAgent } = authorOf(row);
  return {
    ...{ id, at: new Date(row.at).toISOString(), action, package: name },
    version: version === "" ? null : version,
    author: { name: authorName, credential, requestId, ip, userAgent },
    params: JSON.parse(row.params) as AuditParams, // written by `writeAudit`
  };
}
