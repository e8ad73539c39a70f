import { deliveryTables } from "../webhooks/schema.ts";

/**
 * The tables of the Accounts object. Times are milliseconds since 1970, lists are JSON. No secret is
 * kept: keys as HMAC, tokens and codes as SHA-256, passwords as scrypt.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

  -- A name is never given to somebody else, so a user who leaves stays as a row.
  CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    email TEXT UNIQUE,
    full_name TEXT,
    password TEXT,                   -- NULL: keys only
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deactivated_at INTEGER
  );

  CREATE TABLE members (
    organization TEXT NOT NULL,
    user INTEGER NOT NULL,
    role TEXT NOT NULL,              -- read, write, admin
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, user)
  ) WITHOUT ROWID;
  CREATE INDEX members_by_user ON members (user);

  CREATE TABLE keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,             -- user:ID or organization:NAME
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,       -- HMAC-SHA256 of the secret
    permissions TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revoke_at INTEGER,               -- when it expires
    revoked_at INTEGER,
    used_at INTEGER,
    used_ip TEXT,
    used_agent TEXT
  );
  CREATE UNIQUE INDEX keys_by_name ON keys (owner, name) WHERE revoked_at IS NULL;

  -- A login: one approved device, and every token that came of it.
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user INTEGER NOT NULL,
    client TEXT NOT NULL,
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,       -- what was granted
    key INTEGER,                     -- the key it was approved with, without which it ends
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX sessions_by_user ON sessions (user);

  CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY,           -- SHA-256
    session TEXT NOT NULL,
    used_at INTEGER                  -- one that comes back after this is stolen, or its copy is
  ) WITHOUT ROWID;

  -- Somebody at a terminal waits for somebody at a browser.
  CREATE TABLE devices (
    hash TEXT PRIMARY KEY,           -- SHA-256 of the device code
    user_code TEXT NOT NULL UNIQUE,  -- SHA-256 too
    client TEXT NOT NULL,
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,       -- what is asked for
    ip TEXT,
    expires_at INTEGER NOT NULL,
    poll_at INTEGER NOT NULL,        -- not before this
    interval_ms INTEGER NOT NULL,
    state TEXT NOT NULL,             -- pending, denied, approved, redeemed
    session TEXT
  ) WITHOUT ROWID;

  -- Failed credentials and guessed codes, in windows of 15 minutes.
  CREATE TABLE failures (
    subject TEXT PRIMARY KEY,        -- address:IP or account:NAME
    window INTEGER NOT NULL,
    count INTEGER NOT NULL
  ) WITHOUT ROWID;

  -- What makes credentials void: see changes.ts.
  CREATE TABLE changes (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX changes_by_sequence ON changes (sequence);

  CREATE TABLE short_urls (
    code TEXT PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    author_name TEXT NOT NULL,
    subject TEXT NOT NULL,           -- whose account: a user's name, or the author's own
    organization TEXT,
    author TEXT NOT NULL,            -- who, with what, request id, ip, user agent
    params TEXT NOT NULL
  );
  CREATE INDEX audit_by_author ON audit (author_name, id);
  CREATE INDEX audit_by_subject ON audit (subject, id);
  CREATE INDEX audit_by_organization ON audit (organization, id);
  `,
  deliveryTables,
];
