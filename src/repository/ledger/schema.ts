import { deliveryTables } from "../../webhooks/schema.ts";

/**
 * The tables of one repository, in the SQLite of its Durable Object. They are the truth; the bucket
 * and KV follow them. Times are milliseconds since 1970, checksums 32 raw bytes, lists are JSON.
 *
 * `sequence` counts changes. A package whose `changed` is above `flushed` has a stale file in the
 * bucket; one whose `touched` is above `indexed` has a stale entry in KV.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

  CREATE TABLE packages (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    meta TEXT NOT NULL,              -- description, licenses, links, maintainers, extra
    etag TEXT,                       -- of packages/NAME as we last put it
    names_entry BLOB,                -- this package's piece of names; NULL without releases
    versions_entry BLOB,             -- this package's piece of versions
    changed INTEGER NOT NULL,
    flushed INTEGER NOT NULL DEFAULT 0,
    touched INTEGER NOT NULL,
    indexed INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE INDEX packages_to_flush ON packages (name) WHERE changed > flushed;
  CREATE INDEX packages_to_index ON packages (name) WHERE touched > indexed;

  CREATE TABLE releases (
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    inner_checksum BLOB NOT NULL,
    outer_checksum BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    etag TEXT NOT NULL,              -- of the tarball
    app TEXT NOT NULL,
    build_tools TEXT NOT NULL,
    elixir TEXT,
    requirements TEXT NOT NULL,      -- as the registry says them: repository is absent for our own
    publisher TEXT NOT NULL,
    published_at INTEGER NOT NULL,   -- of the first publish; a replace keeps it
    updated_at INTEGER NOT NULL,
    retirement_reason TEXT,
    retirement_message TEXT,
    docs_etag TEXT,                  -- of the docs tarball; NULL without docs
    docs_checksum BLOB,
    PRIMARY KEY (package, version)
  ) WITHOUT ROWID;

  -- Which of our packages a release of ours depends on: a package others need is not removed.
  CREATE TABLE dependants (
    dependency TEXT NOT NULL,
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (dependency, package, version)
  ) WITHOUT ROWID;

  -- Reservations: a row stands from before its bytes are put until they are known to be stored.
  CREATE TABLE uploads (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,              -- tarball or docs
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    checksum BLOB NOT NULL,          -- SHA-256 of the bytes on their way
    replaces TEXT,                   -- ETag of what they replace
    details TEXT NOT NULL,           -- the rest of the publication
    author TEXT NOT NULL
  ) WITHOUT ROWID;

  -- Files that nothing names any more, once the registry files up to \`after\` are in the bucket.
  CREATE TABLE removals (key TEXT PRIMARY KEY, after INTEGER NOT NULL) WITHOUT ROWID;

  -- Keys on which an operation of a dead instance may still land, until when.
  CREATE TABLE unsettled (key TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    author TEXT NOT NULL,            -- who, request id, ip, user agent
    params TEXT NOT NULL
  );
  CREATE INDEX audit_by_package ON audit (package, id);
  `,
  `
  CREATE TABLE owners (
    package TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    username TEXT NOT NULL,
    level TEXT NOT NULL,             -- full or maintainer
    added_at INTEGER NOT NULL,
    PRIMARY KEY (package, user_id)
  ) WITHOUT ROWID;
  CREATE INDEX owners_by_user ON owners (user_id);

  -- For 90 days. Version '' is the package as a whole, with what its reverted releases had.
  CREATE TABLE downloads (
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    day TEXT NOT NULL,               -- YYYY-MM-DD, of UTC
    count INTEGER NOT NULL,
    PRIMARY KEY (package, version, day)
  ) WITHOUT ROWID;
  CREATE INDEX downloads_by_day ON downloads (day);

  -- For ever.
  CREATE TABLE download_totals (
    package TEXT NOT NULL,
    version TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (package, version)
  ) WITHOUT ROWID;
  -- Downloads that KV does not show yet, and when it was last told of some.
  ALTER TABLE packages ADD COLUMN untold INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE packages ADD COLUMN told_at INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX packages_to_tell ON packages (name) WHERE untold;

  -- What lists and searches need of every package with a release. Made of the other tables by
  -- catalog.ts, and made anew when that changes.
  CREATE TABLE catalog (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    inserted_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    total_downloads INTEGER NOT NULL,
    recent_downloads INTEGER NOT NULL,
    build_tools TEXT NOT NULL,       -- of any release, each between two line feeds
    dependencies TEXT NOT NULL,      -- of the latest release, REPOSITORY/NAME, ours without REPOSITORY
    extra TEXT                       -- NULL when there is nothing in it
  );
  CREATE INDEX catalog_by_insertion ON catalog (inserted_at DESC, name);
  CREATE INDEX catalog_by_update ON catalog (updated_at DESC, name);
  CREATE INDEX catalog_with_extra ON catalog (id) WHERE extra IS NOT NULL;
  CREATE VIRTUAL TABLE words USING fts5 (name, description, tokenize = 'porter unicode61');

  CREATE INDEX audit_by_author ON audit (json_extract(author, '$.name'), id);

  -- KV shows owners and downloads from now on.
  UPDATE packages SET indexed = -1;
  `,
  `
  -- The pages in the bucket: NULL when there are none.
  ALTER TABLE releases ADD COLUMN pages_etag TEXT;
  -- docs_checksum of the docs they were made of, also when these give no pages; where it differs from
  -- docs_checksum they are stale. So docs of before this get their pages with the next alarm.
  ALTER TABLE releases ADD COLUMN pages_of BLOB;
  CREATE INDEX releases_to_page ON releases (package, version)
    WHERE docs_checksum IS NOT NULL AND docs_checksum IS NOT pages_of;
  `,
  deliveryTables,
];
