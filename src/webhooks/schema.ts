/**
 * Deliveries to webhooks: a migration of each Durable Object in which something happens, never to be
 * changed. Times are milliseconds since 1970.
 */
export const deliveryTables = `
  CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,   -- their order
    id TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,               -- of the webhook; its secret is in no table
    event TEXT NOT NULL,
    package TEXT,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,             -- waiting, sending, delivered, failed
    tries INTEGER NOT NULL,
    next_at INTEGER,                 -- the next try; while sending, when to ask what became of it
    tried_at INTEGER,
    status INTEGER,                  -- of the last answer
    error TEXT
  );
  CREATE INDEX deliveries_waiting ON deliveries (url, number) WHERE state IN ('waiting', 'sending');

  -- For metrics, for ever: delivered, retried, failed.
  CREATE TABLE delivery_counts (result TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
  `;
