/**
 * The outbox: what webhooks are to hear, written in the same step as the change that they hear of, in the
 * SQLite of the same Durable Object. No await in this file, so a crash leaves both or neither.
 */
import type { Webhook } from "./declaration.ts";
import { bodyOf, concerns, type Happening } from "./event.ts";
import { dueFirst, isWaitedFor, lettingNext } from "./order.ts";
import { nextTry } from "./schedule.ts";
import { finished, open, putInOrder } from "./schema.ts";

/** What the log shows. */
export interface DeliveryRecord {
  id: string;
  event: string;
  url: string;
  state: "waiting" | "sending" | "delivered" | "failed";
  /** ISO 8601, as all times here. */
  createdAt: string;
  tries: number;
  /** Null as well while it waits for an earlier one of its package. */
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

export type Row = {
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
    putInOrder(sql);
    // Whoever was sending is dead. It may have arrived: then it does so twice, under one id.
    sql.exec(
      `UPDATE deliveries SET state = 'waiting', next_at = 0 WHERE ${open} AND state = 'sending'`,
    );
  }

  /** For each webhook that it concerns; to be called in the step in which it happens. */
  write(happening: Happening): void {
    const concerned = this.webhooks.filter((webhook) => concerns(webhook, happening));
    for (const { url } of concerned) {
      const id = crypto.randomUUID();
      const { event, at, package: name } = happening;
      this.#sql.exec(
        `INSERT INTO deliveries (id, url, event, package, body, created_at, state, tries, next_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', 0, iif(${isWaitedFor("?2", "?4")}, NULL, ?6))`,
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
    const due = this.#heads(busy)
      .filter(({ at }) => at <= now)
      .toSorted((one, other) => one.at - other.at || one.row.number - other.row.number)[0];
    if (!due) return undefined;
    const { id, url, event, body, tries, package: name } = due.row;
    // The try counts before it is made: one that kills us must not be made for ever.
    this.#sql.exec(
      `UPDATE deliveries SET state = 'sending', tries = tries + 1, tried_at = ?, next_at = ?
       WHERE id = ?`,
      ...[now, now + this.#limits.tryMs, id],
    );
    this.#sql.exec(lettingNext, url, name);
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
    const [row] = this.#all<Pick<Row, "url" | "package">>(
      `UPDATE deliveries SET state = ?, next_at = ?, status = ?, error = ? WHERE id = ?
       RETURNING url, package`,
      ...[result === "retried" ? "waiting" : result, next ?? null, status, error, id],
    );
    if (row) this.#sql.exec(lettingNext, row.url, row.package);
    this.#count(result);
    this.#forgetOldest();
    return result;
  }

  /**
   * When something is to be done, in milliseconds; null is never.
   * @param busy webhooks to which something is on its way, and which are asked about when that is over.
   */
  nextAt(now: number, busy: ReadonlySet<string> = new Set()): number | null {
    const times = this.#heads(busy).map(({ at }) => at);
    if (busy.size > 0) times.push(now + this.#limits.tryMs);
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

  /** Of each webhook that is not busy, the one that is next and when. */
  #heads(busy: ReadonlySet<string>): { row: Row; at: number }[] {
    return dueFirst(this.#sql, busy, (row) => row.package === null || this.isVisible(row.package));
  }

  #giveUpBeyond(url: string): void {
    const beyond = this.#all(
      `SELECT number FROM deliveries WHERE url = ? AND ${open} ORDER BY number DESC
       LIMIT 1 OFFSET ?`,
      ...[url, this.#limits.waitingMax],
    );
    if (beyond.length === 0) return;
    // What is on its way may still arrive.
    const [row] = this.#all<Pick<Row, "package">>(
      `UPDATE deliveries SET state = 'failed', next_at = NULL, error = 'too many were waiting'
       WHERE number = (SELECT number FROM deliveries WHERE url = ? AND ${open}
         AND state = 'waiting' ORDER BY number LIMIT 1)
       RETURNING package`,
      url,
    );
    if (!row) return;
    this.#sql.exec(lettingNext, url, row.package);
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
      `DELETE FROM deliveries WHERE ${finished} AND number <= (
         SELECT number FROM deliveries WHERE ${finished} ORDER BY number DESC LIMIT 1 OFFSET ?)`,
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
