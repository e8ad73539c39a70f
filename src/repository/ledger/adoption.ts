/** Making the rows of a lost ledger anew, of what the bucket tells. */
import type { BackupLine } from "../restore/backup.ts";
import type { RestoredPackage, RestoredRelease } from "../restore/package.ts";
import { Repairs } from "./repairs.ts";

/** Half of what the date of a gzip file has room for. */
const numberMax = 0x7fff_ffff;
/** Who published what nobody knows the publisher of any more. */
const nobody = "unknown";

export class Adoption extends Repairs {
  /** Forgets what an earlier try made, which may have seen other files. @returns what this one is called. */
  beginAdoption(): string {
    const restore = crypto.randomUUID();
    this.step(() => {
      const rows = ["packages", "releases", "dependants", "owners", "download_totals"];
      // And whatever was to be done to files that this ledger knew nothing of.
      for (const table of [...rows, "uploads", "removals", "unsettled"]) {
        this.sql.exec(`DELETE FROM ${table}`);
      }
      this.catalogueAnew();
      this.setState("restore", restore);
      this.setState("restored", null);
      this.setState("remembered", null);
    });
    return restore;
  }

  /** @returns false when another one was begun since: of two, each would have a part. */
  adoptAll(restore: string, packages: readonly RestoredPackage[]): boolean {
    if (!this.isLost() || this.state("restore") !== restore) return false;
    for (const it of packages) this.#adopt(it);
    return true;
  }

  /** Nothing of the bucket is left out. @returns as `adoptAll`. */
  adopted(restore: string): boolean {
    if (!this.isLost() || this.state("restore") !== restore) return false;
    this.setState("restored", restore);
    return true;
  }

  /** What the backup says of packages that are here again. @returns as `adoptAll`. */
  rememberAll(restore: string, lines: readonly BackupLine[]): boolean {
    if (!this.isLost() || this.state("restore") !== restore) return false;
    this.step(() => {
      for (const it of lines) this.#remember(it);
      this.setState("remembered", (this.remembered() ?? 0) + lines.length);
    });
    return true;
  }

  /** Of how many packages the backup told; null when there was none. */
  remembered(): number | null {
    const lines = this.state("remembered");
    return typeof lines === "number" ? lines : null;
  }

  /** Has the last one that was begun adopted everything? */
  isAdopted(): boolean {
    const restore = this.state("restore");
    return this.isLost() && typeof restore === "string" && this.state("restored") === restore;
  }

  /** A package as the bucket tells of it. */
  #adopt({ name, releases, etag, isUpToDate, mtimeSeconds }: RestoredPackage): void {
    this.step(() => {
      this.countFrom(mtimeSeconds);
      this.#forgetPackage(name); // of this step, when its answer was lost and it is done again
      const times = releases.map(({ publishedAt }) => publishedAt);
      const [oldest, newest] = [Math.min(...times), Math.max(...times)];
      // What the newest publish says about the package as a whole.
      const last = releases.find(({ publishedAt }) => publishedAt === newest);
      if (!last) return;
      this.sql.exec(
        `INSERT INTO packages (name, created_at, updated_at, meta, etag, changed, touched)
         VALUES (?, ?, ?, ?, ?, 0, 0)`,
        ...[name, oldest, newest, JSON.stringify(last.meta), etag],
      );
      for (const release of releases) this.#adoptRelease(name, release);
      const sequence = this.changed(name, newest);
      if (isUpToDate) this.flushed(name, sequence, etag);
    });
  }

  #remember({ package: name, created, updated, downloads, owners, releases }: BackupLine): void {
    if (!this.holds(name)) return;
    this.sql.exec("UPDATE packages SET created_at = ? WHERE name = ?", created, name);
    for (const owner of owners) {
      this.sql.exec("INSERT OR REPLACE INTO owners VALUES (?, ?, ?, ?, ?)", name, ...owner);
    }
    this.#setTotal(name, "", downloads);
    for (const [version, publisher, published, updatedAt, count] of releases) {
      if (!this.release(name, version)) continue;
      this.sql.exec(
        `UPDATE releases SET publisher = ?, published_at = ?, updated_at = ?
         WHERE package = ? AND version = ?`,
        ...[publisher, published, updatedAt, name, version],
      );
      this.#setTotal(name, version, count);
    }
    const row = this.package(name);
    // Releases of after the backup are newer than it.
    const at = Math.max(updated, row?.updated_at ?? 0);
    const sequence = this.changed(name, at);
    if (row && row.changed <= row.flushed) this.flushed(name, sequence, row.etag);
  }

  /** Changes are counted on from here, so that no number comes a second time. */
  countFrom(number: number): void {
    // No signature covers it: of a damaged one it is no number of ours, and would leave no room for more.
    if (number > numberMax) return;
    if (this.sequence() < number) this.setState("sequence", number);
  }

  /** Another one after whatever is done. */
  lastChange(): string {
    const { id } = this.sql.exec<{ id: number | null }>("SELECT max(id) AS id FROM audit").one();
    return `${this.sequence()} ${id}`;
  }

  /** For the backup. */
  ownerRows(name: string): BackupLine["owners"] {
    return this.sql
      .exec<{ user_id: number; username: string; level: "full" | "maintainer"; added_at: number }>(
        "SELECT user_id, username, level, added_at FROM owners WHERE package = ?",
        name,
      )
      .toArray()
      .map((it) => [it.user_id, it.username, it.level, it.added_at]);
  }

  #forgetPackage(name: string): void {
    this.sql.exec("DELETE FROM packages WHERE name = ?", name);
    this.sql.exec("DELETE FROM releases WHERE package = ?", name);
    this.sql.exec("DELETE FROM dependants WHERE package = ?", name);
  }

  #adoptRelease(name: string, it: RestoredRelease): void {
    this.sql.exec(
      `INSERT INTO releases (package, version, inner_checksum, outer_checksum, size_bytes, etag, app,
         build_tools, elixir, requirements, publisher, published_at, updated_at, retirement_reason,
         retirement_message, docs_etag, docs_checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[name, it.version, it.innerChecksum, it.outerChecksum, it.sizeBytes, it.etag, it.app],
      ...[JSON.stringify(it.buildTools), it.elixir, JSON.stringify(it.requirements), nobody],
      ...[it.publishedAt, it.publishedAt],
      ...[it.retirement?.reason ?? null, it.retirement?.message ?? null],
      ...[it.docs?.etag ?? null, it.docs?.checksum ?? null],
    );
    for (const { package: dependency, repository } of it.requirements) {
      if (repository !== null) continue;
      this.sql.exec(
        "INSERT OR IGNORE INTO dependants VALUES (?, ?, ?)",
        ...[dependency, name, it.version],
      );
    }
  }

  #setTotal(name: string, version: string, count: number): void {
    if (count === 0) return;
    this.sql.exec(
      "INSERT OR REPLACE INTO download_totals VALUES (?, ?, ?)",
      ...[name, version, count],
    );
  }
}
