/** What every change does beside the change itself: sequence, registry entries, catalog, audit. */

import type { Webhook } from "../../webhooks/declaration.ts";
import { Deliveries } from "../../webhooks/deliveries.ts";
import { namesEntry, versionsEntry } from "../resources.ts";
import type { AuditQuery, AuditRecord, ListQuery, Refused } from "../types.ts";
import { type Event, readAudit, writeAudit } from "./audit.ts";
import { catalogue, catalogueAll, catalogVersion } from "./catalog.ts";
import { Progress } from "./progress.ts";
import { type Found, findPackages } from "./search.ts";

export class Changes extends Progress {
  /** What webhooks are to hear: written with the audit line. */
  readonly deliveries: Deliveries;

  constructor(
    storage: DurableObjectStorage,
    repository: string,
    webhooks: readonly Webhook[] = [],
  ) {
    super(storage, repository);
    this.deliveries = new Deliveries(this.sql, webhooks);
    // Whoever hears of a release looks for it.
    this.deliveries.isVisible = (name) => !this.isStale(name);
    if (this.state("catalog") !== catalogVersion) this.step(() => this.catalogueAnew());
  }

  find(query: ListQuery): Found {
    return findPackages(this.sql, this.repository, query);
  }

  auditLog(query: AuditQuery): AuditRecord[] {
    return readAudit(this.sql, query);
  }

  /** The package's registry files are stale from here on. @returns the number of the change. */
  protected changed(name: string, now: number): number {
    const sequence = this.nextSequence();
    const releases = this.releases(name);
    const entry = releases.length === 0 ? null : namesEntry(name, now);
    this.sql.exec(
      `UPDATE packages SET updated_at = ?1, changed = ?2, names_entry = ?3, versions_entry = ?4
       WHERE name = ?5`,
      ...[now, sequence, entry, entry && versionsEntry(name, releases), name],
    );
    this.touched(name);
    const row = this.package(name);
    if (row) catalogue(this.sql, row, releases);
    return sequence;
  }

  /** What the API shows of the package is stale in KV; no registry file says it. */
  protected touched(name: string): void {
    // At least the sequence, which a package that went and came back never had before.
    this.sql.exec(
      "UPDATE packages SET touched = max(touched + 1, ?) WHERE name = ?",
      ...[this.sequence(), name],
    );
  }

  protected audit(event: Event, now: number): void {
    writeAudit(this.sql, event, now);
    const { action, package: name, version = null, author, params = {} } = event;
    this.deliveries.write({
      ...{ event: action, at: now, repository: this.repository, package: name || null, version },
      ...{ author, params },
    });
  }

  protected notFound(name: string, version: string): Refused {
    return this.holds(name)
      ? { refused: { reason: "release_not_found", package: name, version } }
      : { refused: { reason: "package_not_found", package: name } };
  }

  protected catalogueAnew(): void {
    catalogueAll(this.sql, this.#packages());
    this.setState("catalog", catalogVersion);
  }

  *#packages() {
    for (const name of this.packageNames()) {
      const row = this.package(name);
      if (row) yield { row, releases: this.releases(name) };
    }
  }
}
