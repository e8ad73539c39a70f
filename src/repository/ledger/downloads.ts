/**
 * How often releases were fetched: by day for 90 days, in all for ever. Beside its releases a package
 * has a row of its own, under version '', which keeps what releases had that are reverted since.
 */
import type { DownloadCount, PackageDownloads } from "../types.ts";
import { Owners } from "./owners.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** Today is one of them. */
const daysKept = 90;
const daysOfWeek = 7;
/** A count may arrive some time after its day is over. */
const daysLateMax = 2;
const countsMax = 1000;
/** More than anybody has in a day; far from where SQLite's numbers end. */
const countMax = 1_000_000_000;
/** KV hears of downloads at most this often, for every package. */
const tellingMs = 60 * 60 * 1000;
/** Where the state says on which day the counts were last looked through. */
const agedOn = "downloads_aged";

export class Downloads extends Owners {
  /** Somebody fetched tarballs. Counts that are not sane, or about no release that exists, are dropped. */
  countDownloads(counts: readonly DownloadCount[], now: number): void {
    if (counts.length > countsMax) return;
    const days = Array.from({ length: daysLateMax + 1 }, (_, ago) => dayOf(now, -ago));
    const sane = counts.filter(({ day, count }) => days.includes(day) && isCount(count));
    if (sane.length === 0) return;
    this.step(() => {
      this.#add(JSON.stringify(sane));
      this.#tell(now);
    });
  }

  packageDownloads(name: string, now: number): PackageDownloads {
    return this.sql
      .exec<Record<keyof PackageDownloads, number>>(
        `SELECT coalesce(sum(CASE WHEN day >= ?2 THEN count END), 0) AS recent,
           coalesce(sum(CASE WHEN day >= ?3 THEN count END), 0) AS week,
           coalesce(sum(CASE WHEN day = ?4 THEN count END), 0) AS day,
           coalesce((SELECT count FROM download_totals WHERE package = ?1 AND version = ''), 0) AS "all"
         FROM downloads WHERE package = ?1 AND version = ''`,
        ...[name, firstDay(now, daysKept), firstDay(now, daysOfWeek), dayOf(now, -1)],
      )
      .one();
  }

  /** In all, by version. */
  totalDownloads(name: string): Map<string, number> {
    const rows = this.sql.exec<{ version: string; count: number }>(
      "SELECT version, count FROM download_totals WHERE package = ? AND version <> ''",
      name,
    );
    return new Map(rows.toArray().map(({ version, count }) => [version, count]));
  }

  /**
   * A release's days, or months, that had any, ascending; of the days that are kept.
   * @param after the first day, `YYYY-MM-DD`; @param before the last.
   */
  releaseDownloads(
    name: string,
    version: string,
    by: "day" | "month",
    after = "",
    before = "9999-12-31",
  ): [string, number][] {
    const period = by === "day" ? "day" : "substr(day, 1, 7)";
    return this.sql
      .exec<{ period: string; count: number }>(
        `SELECT ${period} AS period, sum(count) AS count FROM downloads
         WHERE package = ? AND version = ? AND day >= ? AND day <= ? GROUP BY 1 ORDER BY 1`,
        ...[name, version, after, before],
      )
      .toArray()
      .map((row) => [row.period, row.count]);
  }

  /** Once a day, forgets what is too long ago, and what KV says of days that are over. */
  ageDownloads(now: number): void {
    const last = this.state(agedOn);
    const today = dayOf(now);
    this.step(() => {
      if (typeof last === "string" && last < today) this.#age(Date.parse(last), now);
      if (last !== today) this.setState(agedOn, today);
      this.#tell(now);
    });
  }

  /** A reverted release takes its own numbers along; its package keeps them, unless it goes as well. */
  protected forgetDownloads(name: string, version: string, isLast: boolean): void {
    for (const table of ["downloads", "download_totals"]) {
      this.sql.exec(
        `DELETE FROM ${table} WHERE package = ? AND (version = ? OR ?)`,
        ...[name, version, isLast ? 1 : 0],
      );
    }
  }

  #add(json: string): void {
    const known = `WITH known AS (
      SELECT package, version, value ->> 'day' AS day, value ->> 'count' AS count
      FROM json_each(?) JOIN releases
        ON package = value ->> 'package' AND version = value ->> 'version')`;
    const add = "ON CONFLICT DO UPDATE SET count = count + excluded.count";
    for (const version of ["version", "''"]) {
      this.sql.exec(
        `${known} INSERT INTO downloads SELECT package, ${version}, day, sum(count) FROM known
         WHERE true GROUP BY 1, 2, 3 ${add}`,
        json,
      );
      this.sql.exec(
        `${known} INSERT INTO download_totals SELECT package, ${version}, sum(count) FROM known
         WHERE true GROUP BY 1, 2 ${add}`,
        json,
      );
    }
    this.sql.exec(
      `${known} UPDATE catalog SET total_downloads = total_downloads + counted.count,
         recent_downloads = recent_downloads + counted.count
       FROM (SELECT package, sum(count) AS count FROM known GROUP BY package) AS counted
       WHERE catalog.name = counted.package`,
      json,
    );
    this.sql.exec(
      `${known} UPDATE packages SET untold = 1 WHERE name IN (SELECT package FROM known)`,
      json,
    );
  }

  /** Makes KV hear of what it does not show yet, about packages of which it did not just hear. */
  #tell(now: number): void {
    this.sql.exec(
      `UPDATE packages SET touched = touched + 1, untold = 0, told_at = ?1
       WHERE untold AND told_at <= ?1 - ?2`,
      ...[now, tellingMs],
    );
  }

  /** What was of yesterday, of this week, or recent when it was `last` may not be so any more, and the reverse. */
  #age(last: number, now: number): void {
    const changed = [
      [dayOf(last, -1), dayOf(now)],
      ...[daysOfWeek, daysKept].map((days) => [firstDay(last, days), firstDay(now, days)]),
    ];
    for (const [from = "", to = ""] of changed) {
      this.sql.exec(
        `UPDATE packages SET untold = 1
         WHERE name IN (SELECT package FROM downloads WHERE day >= ? AND day < ?)`,
        ...[from, to],
      );
    }
    this.sql.exec(
      `UPDATE catalog SET recent_downloads = coalesce((SELECT sum(count) FROM downloads
         WHERE package = catalog.name AND version = '' AND day >= ?1), 0)
       WHERE name IN (SELECT package FROM downloads WHERE day < ?1)`,
      firstDay(now, daysKept),
    );
    this.sql.exec("DELETE FROM downloads WHERE day < ?", firstDay(now, daysKept));
  }
}

/** `YYYY-MM-DD`, in UTC. */
function dayOf(ms: number, days = 0): string {
  return new Date(ms + days * dayMs).toISOString().slice(0, 10);
}

/** Of so many days that end with today. */
function firstDay(now: number, days: number): string {
  return dayOf(now, 1 - days);
}

function isCount(count: number): boolean {
  return Number.isSafeInteger(count) && count >= 1 && count <= countMax;
}
