/**
 * The Durable Object that adds up what isolates have counted. One of its own: the Accounts object is asked
 * for every write, and nothing that is only nice to know should be able to slow it down, or break it.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { migrate } from "../storage/migrate.ts";
import { familyOf, seriesMax } from "./names.ts";

/** Every row that is written costs: all counters are one, and it is written at most this often. */
const keepMs = 10_000;

const migrations: readonly string[] = [
  `
  -- One row of JSON.
  CREATE TABLE counters (id INTEGER PRIMARY KEY, counts TEXT NOT NULL);
  `,
];

export class Metrics extends DurableObject<Env> {
  readonly #counts: Map<string, number>;
  #isKept = true;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, migrations);
    const rows = ctx.storage.sql.exec<{ counts: string }>("SELECT counts FROM counters").toArray();
    this.#counts = new Map(JSON.parse(rows[0]?.counts ?? "[]") as [string, number][]); // ours
  }

  /** What is not sane is dropped: it would stay for ever. */
  async add(counts: readonly [string, number][]): Promise<void> {
    // Somebody asks whether it is there.
    if (counts.length === 0) return;
    for (const [series, by] of counts) {
      const before = this.#counts.get(series);
      if (before === undefined && this.#counts.size >= seriesMax) continue;
      if (familyOf(series) === undefined || !Number.isFinite(by) || by < 0) continue;
      this.#counts.set(series, (before ?? 0) + by);
    }
    if (!this.#isKept) return;
    this.#isKept = false;
    await this.ctx.storage.setAlarm(Date.now() + keepMs);
  }

  /** What is told is kept first: a counter never goes back. */
  all(): Record<string, number> {
    this.#keep();
    return Object.fromEntries(this.#counts);
  }

  override alarm(): void {
    this.#keep();
  }

  #keep(): void {
    if (this.#isKept) return;
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO counters VALUES (1, ?)",
      JSON.stringify([...this.#counts]),
    );
    this.#isKept = true;
  }
}
