/**
 * Making good what a check found, and making a lost ledger anew from the bucket. A ledger is lost when it is
 * as empty as a new one and the bucket holds packages: until it is restored, nothing may be written, or
 * names and versions would soon tell that there is nothing.
 */
import type { Cure } from "../check/problem.ts";
import * as keys from "../keys.ts";
import type { Author } from "../types.ts";
import { namedByNothing, Pages } from "./pages.ts";
import { pagesAreStale } from "./rows.ts";

/** In a line of the audit log. */
const curesToldMax = 50;

export class Repairs extends Pages {
  /** Has nothing ever been written here? */
  isNew(): boolean {
    return this.published() < 0 && this.packageNames().length === 0 && this.uploads().length === 0;
  }

  lose(): void {
    this.setState("lost", 1);
  }

  /** The ledger is whole again; the alarm writes names, versions and KV. */
  found(author: Author, params: { packages: number; releases: number }, now: number): void {
    this.step(() => {
      this.sql.exec("DELETE FROM state WHERE name = 'lost'");
      this.nextSequence();
      this.audit({ action: "repository.restore", package: "", author, params }, now);
    });
  }

  /** For the audit log. */
  noteCheck(params: { packages: number; releases: number; problems: number }, now: number): void {
    const author: Author = {
      ...{ name: "hexedge", userId: null, credential: "cron", standing: "member" },
      ...{ requestId: crypto.randomUUID(), ip: null, userAgent: null },
    };
    this.step(() => this.audit({ action: "repository.check", package: "", author, params }, now));
  }

  /** Should there be something in the bucket under this key, or may there be for now? */
  knows(key: string): boolean {
    if (this.upload(key) || this.isBeingRemoved(key) || this.isUnsettled(key)) return true;
    const found = keys.parseKey(this.repository, key);
    switch (found?.kind) {
      case undefined:
        return false;
      case "index":
        return true;
      case "package":
        return this.holds(found.name) || (!this.isClean() && !!this.package(found.name));
      case "tarball":
        return this.release(found.name, found.version) !== undefined;
      case "docs":
        return !!this.release(found.name, found.version)?.docs_checksum;
      case "pages":
        return this.#hasPages(found.name, found.version);
    }
  }

  /** The alarm writes anew what these cures are about. */
  cure(cures: readonly Cure[], author: Author, now: number): void {
    this.step(() => {
      for (const it of cures) this.#cure(it);
      const params = { count: cures.length, cures: cures.slice(0, curesToldMax).map(textOf) };
      this.audit({ action: "repository.repair", package: "", author, params }, now);
    });
  }

  counts(): { packages: number; releases: number } {
    return this.sql
      .exec<{ packages: number; releases: number }>(
        "SELECT count(DISTINCT package) AS packages, count(*) AS releases FROM releases",
      )
      .one();
  }

  #cure(cure: Cure): void {
    switch (cure.do) {
      case "write package":
        this.#writeAnew(cure.package);
        return;
      case "write index":
        this.sql.exec("DELETE FROM state WHERE name = 'public_key'");
        this.nextSequence();
        return;
      case "write pages":
        this.sql.exec(
          "UPDATE releases SET pages_of = NULL WHERE package = ? AND version = ?",
          ...[cure.package, cure.version],
        );
        return;
      case "write lists":
        this.catalogueAnew();
        return;
      case "remove":
        if (this.#isOurs(cure.key) && !this.knows(cure.key)) this.remove(cure.key, namedByNothing);
        return;
      case "restore ledger":
        return; // which takes more than a step: see `restore`
    }
  }

  /** As if it had changed: its entries of names and versions are made anew as well. */
  #writeAnew(name: string): void {
    const row = this.package(name);
    if (!row) return;
    const sequence = this.changed(name, row.updated_at);
    if (!this.holds(name)) this.remove(keys.packageKey(this.repository, name), sequence);
  }

  #hasPages(name: string, version: string): boolean {
    return (
      this.sql
        .exec(
          `SELECT 1 FROM releases WHERE package = ? AND version = ? AND docs_checksum IS NOT NULL
           AND (pages_etag IS NOT NULL OR ${pagesAreStale})`,
          ...[name, version],
        )
        .toArray().length > 0
    );
  }

  #isOurs(key: string): boolean {
    const prefixes = [keys.repositoryPrefix, keys.pagesPrefix].map((it) => it(this.repository));
    return prefixes.some((prefix) => key.startsWith(prefix));
  }
}

/** `write package foo`, `remove repos/acme/notes.txt` … */
function textOf({ do: what, ...of }: Cure): string {
  return [what, ...Object.values(of)].join(" ");
}
