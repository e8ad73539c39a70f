/**
 * What a mirror knows about what it keeps, in the SQLite of its Durable Object. The files are in storage,
 * under the paths at which they are served; losing these tables costs only asking upstream again.
 * Times are milliseconds since 1970.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

  -- Registry files that we keep, or know that upstream does not have.
  CREATE TABLE files (
    path TEXT PRIMARY KEY,           -- names, versions, packages/NAME
    etag TEXT,                       -- of ours; NULL when upstream has none
    upstream_etag TEXT,
    checked_at INTEGER NOT NULL      -- when upstream last said that it is so
  ) WITHOUT ROWID;
  `,
];
