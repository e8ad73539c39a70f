/**
 * In which order deliveries are made. Those of one package reach a webhook in the order in which things
 * happened: later ones wait for one that fails, but not for ever, as what a receiver cannot digest must not
 * keep the rest from it. Packages do not wait for each other: one whose files cannot be written, or that a
 * receiver does not like, silences no other one. What concerns no package is one of its own.
 *
 * What waits for an earlier one has no time; whoever takes or ends that one gives it its time. So looking
 * for what is due reads what is due.
 */
import type { Row } from "./deliveries.ts";
import { triesInOrder } from "./schedule.ts";
import { open } from "./schema.ts";

const ahead = (url: string, name: string) =>
  `FROM deliveries WHERE url = ${url} AND package IS ${name} AND ${open} AND tries < ${triesInOrder}`;

/** Is there one that a new one of this package has to wait for? An expression of SQL. */
export const isWaitedFor = (url: string, name: string) => `EXISTS (SELECT 1 ${ahead(url, name)})`;

/** Gives the next one of a package its time, if it has none. Of two packages, what happened first is first. */
export const lettingNext = `
  UPDATE deliveries SET next_at = created_at WHERE next_at IS NULL
    AND number = (SELECT number ${ahead("?1", "?2")} ORDER BY number LIMIT 1)`;

/** One webhook after the other, without a look at all that waits for it. */
const urls = `
  WITH RECURSIVE urls (url) AS (
    SELECT min(url) FROM deliveries WHERE ${open}
    UNION ALL
    SELECT (SELECT min(url) FROM deliveries WHERE ${open} AND url > urls.url) FROM urls
      WHERE urls.url IS NOT NULL
  ) SELECT url FROM urls WHERE url IS NOT NULL`;

const dueOf = `
  SELECT * FROM deliveries WHERE url = ? AND ${open} AND next_at IS NOT NULL
  ORDER BY next_at, number`;

/** Of each webhook that is not busy, the one that comes first of those that may be sent, and when. */
export function dueFirst(
  sql: SqlStorage,
  busy: ReadonlySet<string>,
  maySend: (row: Row) => boolean,
): { row: Row; at: number }[] {
  const idle = sql
    .exec<{ url: string }>(urls)
    .toArray()
    .filter(({ url }) => !busy.has(url));
  return idle.flatMap(({ url }) => {
    for (const row of sql.exec<Row>(dueOf, url)) {
      if (maySend(row)) return [{ row, at: row.next_at ?? 0 }];
    }
    return [];
  });
}
