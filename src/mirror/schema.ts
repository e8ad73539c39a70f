import { deliveryTables } from "../webhooks/schema.ts";

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
  `
  -- sync = "eager". What the index lists, and how far we are with it; the work list is what is wanted.
  CREATE TABLE sync_packages (
    name TEXT PRIMARY KEY,
    entry TEXT NOT NULL,             -- what versions and names say: see sync/entry.ts
    state TEXT NOT NULL,             -- wanted, held, gone (no longer listed)
    round INTEGER NOT NULL,          -- in which it came into that state
    synced INTEGER NOT NULL,         -- 1: packages/NAME was put here after all its tarballs
    releases INTEGER NOT NULL,       -- how many
    failures INTEGER NOT NULL,       -- in a row
    retry_at INTEGER NOT NULL,
    why TEXT
  );
  CREATE INDEX sync_packages_state ON sync_packages (state, failures, name);

  -- Tarballs that are kept and are what the signed packages/NAME said.
  CREATE TABLE sync_releases (
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    checksum BLOB NOT NULL,
    state TEXT NOT NULL,             -- held, gone (no longer listed)
    round INTEGER NOT NULL,
    PRIMARY KEY (package, version)
  ) WITHOUT ROWID;
  CREATE INDEX sync_releases_gone ON sync_releases (package, version) WHERE state = 'gone';

  -- The index that is worked towards, as upstream sent it; in pieces, for a value has at most 2 MB.
  CREATE TABLE sync_index (
    path TEXT NOT NULL,              -- versions, names
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (path, part)
  );
  `,
  `
  -- Of a curated mirror: what became of each package that somebody asked for.
  CREATE TABLE curated (
    name TEXT PRIMARY KEY,
    source_etag TEXT NOT NULL,       -- of upstream's file that it was built from
    stamp TEXT NOT NULL,             -- of the rules and the key that it was built with
    payload TEXT NOT NULL,           -- SHA-256 of what our file says; empty when nothing is in
    etag TEXT,                       -- of our file; NULL when nothing is in
    entry TEXT,                      -- JSON, for names and versions; NULL when nothing is in
    changes_at INTEGER,              -- when time alone changes a verdict
    again_at INTEGER                 -- when to look for licences that are not known yet
  ) WITHOUT ROWID;

  -- What is in the tarball with this SHA-256 does not change.
  CREATE TABLE licenses (
    checksum TEXT PRIMARY KEY,
    licenses TEXT NOT NULL           -- JSON: a list, or null when it names none that can be read
  ) WITHOUT ROWID;
  `,
  `
  -- Releases that the rules held back when they were first judged: webhooks hear of each once.
  CREATE TABLE held_back (
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (package, version)
  ) WITHOUT ROWID;
  `,
  deliveryTables,
];
