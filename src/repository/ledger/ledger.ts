/**
 * The verbs that change what the repository holds, each one synchronous step: question and answer
 * without an await between, because a Durable Object lets other requests in at every await.
 */
import { sameBytes, toHex } from "../../hex/checksum.ts";
import { docsKey, packageKey, pagesKey, tarballKey } from "../keys.ts";
import type {
  Author,
  DependencyRecord,
  Publication,
  Refused,
  RequestedDependency,
  Retirement,
} from "../types.ts";
import { Adoption } from "./adoption.ts";
import { namedByNothing } from "./pages.ts";
import { authorOf, bytes, type UploadDetails, type UploadRow } from "./rows.ts";

export class Ledger extends Adoption {
  /** Is the version free, or may it be replaced? Then it is the caller's until commit or forget. */
  reserve(publication: Publication, author: Author): Refused | undefined {
    const { package: name, version, outerChecksum, innerChecksum, sizeBytes } = publication;
    const key = tarballKey(this.repository, name, version);
    return this.step(() => {
      const refused = this.mayNotChange(name, author);
      if (refused) return refused;
      if (this.#isTaken(key, outerChecksum) || this.#isVanishing(name)) return busy(name, version);
      const release = this.release(name, version);
      if (release && !publication.replace) {
        const same = sameBytes(bytes(release.outer_checksum), outerChecksum);
        return { refused: { reason: "release_exists", package: name, version, sameBytes: same } };
      }
      const requirements = this.#resolve(publication.requirements);
      if ("refused" in requirements) return requirements;
      const { app, buildTools, elixir, meta, publishedAt } = publication;
      const details: UploadDetails = {
        ...{ app, buildTools, elixir, meta, requirements, sizeBytes },
        innerChecksum: Array.from(innerChecksum),
        // Whoever commits after a crash has no request to look at.
        ...(publishedAt === undefined || release ? {} : { publishedAt }),
      };
      this.#reserve({
        ...{ key, kind: "tarball", package: name, version, checksum: outerChecksum },
        ...{ replaces: release?.etag ?? null, details: JSON.stringify(details), author },
      });
      return undefined;
    });
  }

  /** As `reserve`, for the docs of a release that exists. */
  reserveDocs(
    name: string,
    version: string,
    checksum: Uint8Array,
    author: Author,
  ): Refused | undefined {
    const key = docsKey(this.repository, name, version);
    return this.step(() => {
      const refused = this.refusesDocs(name, version, checksum, author);
      if (refused) return refused;
      const replaces = this.release(name, version)?.docs_etag ?? null;
      this.#reserve({
        ...{ key, kind: "docs", package: name, version, checksum },
        ...{ replaces, details: "{}", author },
      });
      return undefined;
    });
  }

  /** What `reserveDocs` would say at this moment. */
  refusesDocs(
    name: string,
    version: string,
    checksum: Uint8Array,
    author: Author,
  ): Refused | undefined {
    const refused = this.mayNotChange(name, author);
    if (refused) return refused;
    if (!this.release(name, version)) return this.notFound(name, version);
    if (this.#isTaken(docsKey(this.repository, name, version), checksum))
      return busy(name, version);
    // A delete may still land and take the new pages. A late put may not: see `stamp` in docs/format.ts.
    const pages = pagesKey(this.repository, name, version);
    return this.isBeingRemoved(pages) ? busy(name, version) : undefined;
  }

  /** The bytes of an upload are stored under `etag`: what it says is true from here on. */
  commit(key: string, etag: string, now: number): void {
    this.step(() => {
      const upload = this.upload(key);
      if (!upload) return;
      if (upload.kind === "docs") this.#commitDocs(upload, etag, now);
      else this.#commitTarball(upload, etag, now);
      this.sql.exec("DELETE FROM uploads WHERE key = ?", key);
    });
  }

  /** An upload whose bytes never arrived; what may lie in their place is removed. */
  forget(upload: UploadRow): void {
    this.step(() => {
      this.sql.exec("DELETE FROM uploads WHERE key = ?", upload.key);
      if (upload.replaces === null) this.remove(upload.key, namedByNothing);
      this.disownIfGone(upload.package);
    });
  }

  /** Marks a release as retired, or with null as good again. */
  retire(
    name: string,
    version: string,
    retirement: Retirement | null,
    author: Author,
    now: number,
  ): Refused | undefined {
    return this.step(() => {
      const refused = this.mayNotChange(name, author);
      if (refused) return refused;
      if (!this.release(name, version)) return this.notFound(name, version);
      this.sql.exec(
        `UPDATE releases SET retirement_reason = ?, retirement_message = ?, updated_at = ?
         WHERE package = ? AND version = ?`,
        ...[retirement?.reason ?? null, retirement?.message ?? null, now, name, version],
      );
      this.changed(name, now);
      const action = retirement ? "release.retire" : "release.unretire";
      const params = { ...retirement };
      this.audit({ action, package: name, version, author, params }, now);
      return undefined;
    });
  }

  /** Takes a release out of the registry; its files go once no registry file names them. */
  revert(name: string, version: string, author: Author, now: number): Refused | undefined {
    const tarball = tarballKey(this.repository, name, version);
    const docs = docsKey(this.repository, name, version);
    return this.step(() => {
      const refused = this.mayNotChange(name, author);
      if (refused) return refused;
      const release = this.release(name, version);
      if (!release) return this.notFound(name, version);
      if (this.#isTaken(tarball) || this.#isTaken(docs)) return busy(name, version);
      const isLast = this.releases(name).length === 1;
      const dependants = isLast ? this.dependants(name) : [];
      if (dependants.length > 0) {
        return { refused: { reason: "package_has_dependants", package: name, dependants } };
      }
      this.sql.exec("DELETE FROM releases WHERE package = ? AND version = ?", name, version);
      this.sql.exec("DELETE FROM dependants WHERE package = ? AND version = ?", name, version);
      const sequence = this.changed(name, now);
      this.remove(tarball, sequence);
      if (isLast) this.remove(packageKey(this.repository, name), sequence);
      if (release.docs_etag !== null) {
        this.remove(docs, sequence);
        this.remove(pagesKey(this.repository, name, version), namedByNothing);
      }
      this.forgetDownloads(name, version, isLast);
      if (isLast) this.disownIfGone(name);
      this.audit({ action: "release.revert", package: name, version, author }, now);
      return undefined;
    });
  }

  revertDocs(name: string, version: string, author: Author, now: number): Refused | undefined {
    const key = docsKey(this.repository, name, version);
    return this.step(() => {
      const refused = this.mayNotChange(name, author);
      if (refused) return refused;
      const release = this.release(name, version);
      if (!release) return this.notFound(name, version);
      if (this.#isTaken(key)) return busy(name, version);
      if (release.docs_etag === null) {
        return { refused: { reason: "docs_not_found", package: name, version } };
      }
      this.sql.exec(
        `UPDATE releases SET docs_etag = NULL, docs_checksum = NULL, pages_etag = NULL,
           pages_of = NULL WHERE package = ? AND version = ?`,
        ...[name, version],
      );
      this.touched(name);
      this.remove(key, namedByNothing);
      // Also when none are known: a put of them may be on its way, or have landed unheard.
      this.remove(pagesKey(this.repository, name, version), namedByNothing);
      this.audit({ action: "docs.revert", package: name, version, author }, now);
      return undefined;
    });
  }

  /** Bytes under this key are on their way or may still land; the same bytes may take over. */
  #isTaken(key: string, checksum?: Uint8Array): boolean {
    const upload = this.upload(key);
    if (!upload) return this.isUnsettled(key) || this.isBeingRemoved(key);
    return !(checksum && this.isUnsettled(key) && sameBytes(bytes(upload.checksum), checksum));
  }

  /** Is packages/NAME being deleted at this moment, or may a delete of it still land? */
  #isVanishing(name: string): boolean {
    const key = packageKey(this.repository, name);
    return this.isBeingRemoved(key) && this.isUnsettled(key);
  }

  /** Decides what an absent repository means, once and for ever: ours if we hold the package now. */
  #resolve(requested: readonly RequestedDependency[]): DependencyRecord[] | Refused {
    const errors: Record<string, string> = {};
    const resolved = requested.map(({ name, repository, ...rest }): DependencyRecord => {
      const held = this.holds(name);
      const ours = repository === this.repository || (repository === null && held);
      if (ours && !held) {
        errors[name] = `package does not exist in repository "${this.repository}"`;
      } else if (!ours && repository !== null && repository !== "hexpm") {
        errors[name] =
          'dependencies can only belong to public repository "hexpm" or current repository ' +
          `"${this.repository}", got: "${repository}"`;
      }
      return { ...rest, package: name, repository: ours ? null : "hexpm" };
    });
    if (Object.keys(errors).length === 0) return resolved;
    return { refused: { reason: "bad_dependencies", errors } };
  }

  #reserve(
    upload: Omit<UploadRow, "checksum" | "author"> & { checksum: Uint8Array; author: Author },
  ) {
    const { key, kind, package: name, version, checksum, replaces, details, author } = upload;
    this.sql.exec(
      "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[key, kind, name, version, checksum, replaces, details, JSON.stringify(author)],
    );
  }

  #commitTarball(upload: UploadRow, etag: string, now: number): void {
    const { package: name, version } = upload;
    const details = JSON.parse(upload.details) as UploadDetails; // written by `reserve`
    const author = authorOf(upload);
    const replaced = this.release(name, version);
    const publishedAt = details.publishedAt ?? now;
    if (!this.holds(name)) this.ownFirst(name, author, now);
    // As old as its oldest release, in whatever order they come.
    this.sql.exec(
      `INSERT INTO packages (name, created_at, updated_at, meta, changed, touched)
       VALUES (?1, ?2, ?3, ?4, 0, 0)
       ON CONFLICT (name) DO UPDATE SET meta = ?4, created_at = min(created_at, ?2)`,
      ...[name, publishedAt, now, JSON.stringify(details.meta)],
    );
    // A replace keeps what was said about the release since: retirement, docs, first publication.
    this.sql.exec(
      `INSERT INTO releases (package, version, inner_checksum, outer_checksum, size_bytes, etag, app,
         build_tools, elixir, requirements, publisher, published_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13, ?12)
       ON CONFLICT (package, version) DO UPDATE SET inner_checksum = ?3, outer_checksum = ?4,
         size_bytes = ?5, etag = ?6, app = ?7, build_tools = ?8, elixir = ?9, requirements = ?10,
         publisher = ?11, updated_at = ?12`,
      ...[name, version, Uint8Array.from(details.innerChecksum), upload.checksum],
      ...[details.sizeBytes, etag, details.app, JSON.stringify(details.buildTools), details.elixir],
      ...[JSON.stringify(details.requirements), author.name, now, publishedAt],
    );
    this.sql.exec("DELETE FROM dependants WHERE package = ? AND version = ?", name, version);
    for (const { package: dependency, repository } of details.requirements) {
      if (repository !== null) continue;
      this.sql.exec("INSERT OR IGNORE INTO dependants VALUES (?, ?, ?)", dependency, name, version);
    }
    // No delete of packages/NAME is about: it waits for uploads, and they are refused once it began.
    this.sql.exec("DELETE FROM removals WHERE key = ?", packageKey(this.repository, name));
    this.changed(name, now);
    const params = {
      replaced: replaced !== undefined,
      checksum: toHex(bytes(upload.checksum)),
      // Only of what somebody said to have been published then.
      ...(details.publishedAt === undefined
        ? {}
        : { published_at: new Date(publishedAt).toISOString() }),
    };
    this.audit({ action: "release.publish", package: name, version, author, params }, now);
  }

  #commitDocs(upload: UploadRow, etag: string, now: number): void {
    const { package: name, version, checksum } = upload;
    this.sql.exec(
      "UPDATE releases SET docs_etag = ?, docs_checksum = ? WHERE package = ? AND version = ?",
      ...[etag, checksum, name, version],
    );
    this.touched(name);
    const author = authorOf(upload);
    this.audit({ action: "docs.publish", package: name, version, author }, now);
  }
}

function busy(name: string, version: string): Refused {
  return { refused: { reason: "release_busy", package: name, version } };
}
