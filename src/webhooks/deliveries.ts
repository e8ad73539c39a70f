/**
 * The outbox: what webhooks are to hear, written in the same step as the change that they hear of, in the
 * SQLite of the same Durable Object. No await in this file, so a crash leaves both or neither.
 */
import type { Webhook } from "./declaration.ts";
import { bodyOf, concerns, type Happening } from "./event.ts";
import { nextTry, triesInOrder } from "./schedule.ts";

/** What the log shows. */
export interface DeliveryRecord {
  id: string;
  event: string;
  url: string;
  state: "waiting" | "sending" | "delivered" | "failed";
  /** ISO 8601, as all times here. */
  createdAt: string;
  tries: number;
  nextTryAt: string | null;
  triedAt: string | null;
  /** Of the last answer. */
  status: number | null;
  error: string | null;
  /** What is sent. */
  body: string;
}

export type Delivery = { id: string; url: string; event: string; body: string; tries: number };
export type Result = "delivered" | "retried" | "failed";

export interface DeliveryLimits {
  /** Finished ones that are kept for the log. */
  keptMax: number;
  /** Of one webhook. Beyond that the oldest is given up: a dead receiver must not fill the table. */
  waitingMax: number;
  /** Longer than any try: afterwards whoever began it is dead. */
  tryMs: number;
}

export const deliveryLimits: DeliveryLimits = { keptMax: 200, waitingMax: 10_000, tryMs: 60_000 };

const open = "state IN ('waiting', 'sending')";

type Row = {
  number: number;
  id: string;
  url: string;
  event: string;
  package: string | null;
  body: string;
  created_at: number;
  state: DeliveryRecord["state"];
  tries: number;
  next_at: number | null;
  tried_at: number | null;
  status: number | null;
  error: string | null;
};

export class Deliveries {
  /** Not `#webhooks`: tests declare others. */
  webhooks: readonly Webhook[];
  readonly #sql: SqlStorage;
  readonly #limits: DeliveryLimits;
  /** Sees to it that the alarm comes soon. */
  onWrite: () => void = () => {};
  /**
   * May those who hear of this package be told? What they would look for has to be there; whoever sees to
   * that tells the courier as well, so nothing is waited for here.
   */
  isVisible: (name: string) => boolean = () => true;

  constructor(sql: SqlStorage, webhooks: readonly Webhook[], limits = deliveryLimits) {
    this.#sql = sql;
    this.webhooks = webhooks;
    this.#limits = limits;
    // Whoever was sending is dead. It may have arrived: then it does so twice, under one id.
    sql.exec("UPDATE deliveries SET state = 'waiting', next_at = 0 WHERE state = 'sending'");
  }

  /** For each webhook that it concerns; to be called in the step in which it happens. */
  write(happening: Happening): void {
    const concerned = this.webhooks.filter((webhook) => concerns(webhook, happening));
    for (const { url } of concerned) {
      const id = crypto.randomUUID();
      const { event, at, package: name } = happening;
      this.#sql.exec(
        `INSERT INTO deliveries (id, url, event, package, body, created_at, state, tries, next_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', 0, ?6)`,
        ...[id, url, event, name, bodyOf(id, happening), at],
      );
      this.#giveUpBeyond(url);
    }
    if (concerned.length > 0) this.onWrite();
  }

  /**
   * The next one that may be sent, which is `sending` from here on.
   * @param busy webhooks to which something is on its way.
   */
  take(now: number, busy: ReadonlySet<string>): Delivery | undefined {
    const due = this.#heads(now)
      .filter(({ row, at }) => at <= now && !busy.has(row.url))
      .toSorted((one, other) => one.at - other.at || one.row.number - other.row.number)[0];
    if (!due) return undefined;
    const { id, url, event, body, tries } = due.row;
    // The try counts before it is made: one that kills us must not be made for ever.
    this.#sql.exec(
      `UPDATE deliveries SET state = 'sending', tries = tries + 1, tried_at = ?, next_at = ?
       WHERE id = ?`,
      ...[now, now + this.#limits.tryMs, id],
    );
    return { id, url, event, body, tries: tries + 1 };
  }

  /** @param error null when it has arrived. */
  tried(
    { id, tries }: Pick<Delivery, "id" | "tries">,
    now: number,
    status: number | null,
    error: string | null,
  ): Result {
    const next = error === null ? undefined : nextTry(tries, now);
    const result: Result = error === null ? "delivered" : next === undefined ? "failed" : "retried";
    this.#sql.exec(
      "UPDATE deliveries SET state = ?, next_at = ?, status = ?, error = ? WHERE id = ?",
      ...[result === "retried" ? "waiting" : result, next ?? null, status, error, id],
    );
    this.#count(result);
    this.#forgetOldest();
    return result;
  }

  /** When something is to be done, in milliseconds; null is never. */
  nextAt(now: number): number | null {
    const times = this.#heads(now).map(({ at }) => at);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Newest first. @param before an id: only older ones. */
  log(limit: number, before?: string): DeliveryRecord[] {
    const rows = this.#all<Row>(
      `SELECT * FROM deliveries WHERE number < coalesce(
         (SELECT number FROM deliveries WHERE id = ?1), iif(?1 IS NULL, 9223372036854775807, 0))
       ORDER BY number DESC LIMIT ?2`,
      ...[before ?? null, limit],
    );
    return rows.map(recordOf);
  }

  /** Sends it once more, under the same id, with all its tries. @returns whether it is known. */
  redeliver(id: string, now: number): boolean {
    const { rowsWritten } = this.#sql.exec(
      `UPDATE deliveries SET state = 'waiting', tries = 0, next_at = ?, error = NULL
       WHERE id = ? AND state <> 'sending'`,
      ...[now, id],
    );
    if (rowsWritten > 0) this.onWrite();
    return this.#all("SELECT 1 FROM deliveries WHERE id = ?", id).length > 0;
  }

  /** Since ever, by result; and how many wait. */
  counts(): Record<Result | "waiting", number> {
    const rows = this.#all<{ result: string; count: number }>("SELECT * FROM delivery_counts");
    const [waiting] = this.#all<{ count: number }>(
      `SELECT count(*) AS count FROM deliveries WHERE ${open}`,
    );
    const counted = Object.fromEntries(rows.map(({ result, count }) => [result, count]));
    return { delivered: 0, retried: 0, failed: 0, ...counted, waiting: waiting?.count ?? 0 };
  }

  /**
   * Of each webhook, the one that is next and when. Later ones wait for one that fails, but not for ever:
   * what a receiver cannot digest must not keep the rest from it.
   */
  #heads(now: number): { row: Row; at: number }[] {
    const urls = this.#all<{ url: string }>(`SELECT DISTINCT url FROM deliveries WHERE ${open}`);
    return urls.flatMap(({ url }) => {
      const [row] = this.#all<Row>(
        `SELECT * FROM deliveries WHERE url = ?1 AND ${open} AND number <= coalesce(
           (SELECT min(number) FROM deliveries WHERE url = ?1 AND ${open} AND tries < ?2),
           9223372036854775807)
         ORDER BY max(next_at, ?3), number LIMIT 1`,
        ...[url, triesInOrder, now],
      );
      if (!row || (row.package !== null && !this.isVisible(row.package))) return [];
      return [{ row, at: row.next_at ?? 0 }];
    });
  }

  #giveUpBeyond(url: string): void {
    const [oldest] = this.#all<{ number: number }>(
      `SELECT number FROM deliveries WHERE url = ? AND ${open} ORDER BY number DESC
       LIMIT 1 OFFSET ?`,
      ...[url, this.#limits.waitingMax],
    );
    if (!oldest) return;
    this.#sql.exec(
      `UPDATE deliveries SET state = 'failed', next_at = NULL, error = 'too many were waiting'
       WHERE number = ? AND state = 'waiting'`,
      oldest.number,
    );
    this.#count("failed");
    this.#forgetOldest();
  }

  #count(result: Result): void {
    this.#sql.exec(
      "INSERT INTO delivery_counts VALUES (?, 1) ON CONFLICT (result) DO UPDATE SET count = count + 1",
      result,
    );
  }

  #forgetOldest(): void {
    this.#sql.exec(
      `DELETE FROM deliveries WHERE NOT ${open} AND number <= (
         SELECT number FROM deliveries WHERE NOT ${open} ORDER BY number DESC LIMIT 1 OFFSET ?)`,
      this.#limits.keptMax,
    );
  }

  #all<T extends Record<string, SqlStorageValue>>(
    query: string,
    ...bindings: SqlStorageValue[]
  ): T[] {
    return this.#sql.exec<T>(query, ...bindings).toArray();
  }
}

function recordOf(row: Row): DeliveryRecord {
  const { id, event, url, state, tries, status, error, body } = row;
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    ...{ id, event, url, state, tries, status, error, body },
    createdAt: new Date(row.created_at).toISOString(),
    nextTryAt: state === "waiting" ? time(row.next_at) : null,
    triedAt: time(row.tried_at),
  };
}
