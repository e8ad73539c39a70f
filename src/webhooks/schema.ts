import { triesInOrder } from "./schedule.ts";

/** What is still to be delivered, and what is not: in these very words, or SQLite uses no index of theirs. */
export const open = "state IN ('waiting', 'sending')";
export const finished = "state IN ('delivered', 'failed')";

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

/**
 * Since there is an order of each package: `next_at` of what waits for an earlier one is NULL, so that who
 * looks for what is due reads nothing else. Not a migration of each object, because all of them would have
 * to name it; the index tells whether it was done.
 */
export function putInOrder(sql: SqlStorage): void {
  const done = "SELECT 1 FROM sqlite_master WHERE name = 'deliveries_due'";
  if (sql.exec(done).toArray().length > 0) return;
  sql.exec(`
    CREATE INDEX deliveries_in_order ON deliveries (url, package, number) WHERE ${open};
    CREATE INDEX deliveries_finished ON deliveries (number) WHERE ${finished};
    UPDATE deliveries SET next_at = NULL WHERE state = 'waiting' AND EXISTS (
      SELECT 1 FROM deliveries AS earlier WHERE earlier.url = deliveries.url
        AND earlier.package IS deliveries.package AND earlier.number < deliveries.number
        AND earlier.${open} AND earlier.tries < ${triesInOrder});
    CREATE INDEX deliveries_due ON deliveries (url, next_at, number)
      WHERE ${open} AND next_at IS NOT NULL;
  `);
}
