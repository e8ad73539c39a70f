/** Which releases have pages of their docs in the bucket, and of which docs. */
import { pagesKey } from "../keys.ts";
import { Downloads } from "./downloads.ts";
import { pagesAreStale } from "./rows.ts";

export class Pages extends Downloads {
  /** Releases whose pages are missing, or are those of earlier docs. */
  releasesToPage(): { name: string; version: string }[] {
    return this.sql
      .exec<{ name: string; version: string }>(
        `SELECT package AS name, version FROM releases WHERE ${pagesAreStale}`,
      )
      .toArray();
  }

  /** The docs of a release, if its pages are not made of them. */
  docsToPage(
    name: string,
    version: string,
  ): { checksum: ArrayBuffer; replaces: string | null } | undefined {
    return this.sql
      .exec<{ checksum: ArrayBuffer; replaces: string | null }>(
        `SELECT docs_checksum AS checksum, pages_etag AS replaces FROM releases
         WHERE package = ? AND version = ? AND ${pagesAreStale}`,
        ...[name, version],
      )
      .toArray()[0];
  }

  /** A number that no put of pages had before. */
  nextPagesNumber(): number {
    const number = Number(this.state("pages") ?? 0) + 1;
    this.setState("pages", number);
    return number;
  }

  /**
   * The pages in the bucket are those of the docs `of`. The release may have other docs by now, then
   * they are stale; if it has none, a removal is waiting that takes them.
   */
  pagesStored(name: string, version: string, of: ArrayBuffer, etag: string): void {
    this.step(() => {
      const release = this.release(name, version);
      if (!release?.docs_checksum) return;
      this.#setPages(name, version, of, etag);
      if (release.pages_etag === null) this.touched(name);
    });
  }

  /** The docs `of` give no pages, and never will. Those of earlier docs would be wrong: they go. */
  pagesImpossible(name: string, version: string, of: ArrayBuffer): void {
    this.step(() => {
      this.#setPages(name, version, of, null);
      this.touched(name);
      this.remove(pagesKey(this.repository, name, version), namedByNothing);
    });
  }

  /** A file that nothing names once the registry files up to the change `after` are in the bucket. */
  protected remove(key: string, after: number): void {
    this.sql.exec("INSERT OR REPLACE INTO removals VALUES (?, ?)", key, after);
  }

  #setPages(name: string, version: string, of: ArrayBuffer, etag: string | null): void {
    this.sql.exec(
      "UPDATE releases SET pages_etag = ?, pages_of = ? WHERE package = ? AND version = ?",
      ...[etag, of, name, version],
    );
  }
}

/** No registry file ever named it: it may go at once, also before names and versions were first written. */
export const namedByNothing = -1;
