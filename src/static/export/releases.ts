/** Tarballs and docs of releases, as packages/NAME tells of them. */
import { toHex } from "../../hex/checksum.ts";
import type { ReleaseResource } from "../../hex/registry.ts";
import { checkDocs } from "../../hex/tarball.ts";
import { docsPath, isReleaseName, type ReleaseName, tarballPath } from "../layout.ts";
import { hasChecksum } from "../tarball.ts";
import type { Work } from "./work.ts";

/** A file that is there with other bytes; it is written when packages/NAME is about to follow. */
export interface Replacement {
  path: string;
  bytes: Uint8Array;
}

export class Releases {
  readonly #work: Work;
  readonly #total: number;
  /** By path, in the order in which they were done. */
  readonly #done = new Map<string, { release: ReleaseName; hasDocs: boolean }>();

  constructor(work: Work, total: number) {
    this.#work = work;
    this.#total = total;
  }

  get done(): readonly { release: ReleaseName; hasDocs: boolean }[] {
    return [...this.#done.values()];
  }

  /** Brings tarball and docs of one. @returns what is wrong with it, if anything is. */
  async fetch(
    name: string,
    release: ReleaseResource,
    replacements: Replacement[],
  ): Promise<string | undefined> {
    const { source, folder, pinned, request } = this.#work;
    const { version } = release;
    if (!isReleaseName({ name, version })) {
      return `packages/${name} tells of ${JSON.stringify(version)}, which is no version`;
    }
    const said = pinned?.find((it) => it.name === name && it.version === version)?.outerChecksum;
    if (said && release.outerChecksum && said !== toHex(release.outerChecksum)) {
      return `${name} ${version}: the repository has another checksum than is pinned`;
    }
    const path = tarballPath({ name, version });
    const there = await folder.read(path);
    if (!there || !(await hasChecksum(there, release))) {
      const bytes = await source.read(path);
      if (!bytes) return `packages/${name} tells of ${version}, but there is no ${path}`;
      if (!(await hasChecksum(bytes, release))) {
        return `${path} does not have the checksum that packages/${name} tells`;
      }
      if (there) replacements.push({ path, bytes });
      else await folder.write(path, bytes);
    }
    const docs = await this.#fetchDocs({ name, version });
    if (typeof docs === "string") return docs;
    this.#done.set(path, { release: { name, version }, hasDocs: docs });
    request.onRelease?.(this.#done.size, Math.max(this.#total, this.#done.size));
    return undefined;
  }

  /** @returns whether there are any, or what is wrong. Nothing tells their checksum: they are only looked through. */
  async #fetchDocs(release: ReleaseName): Promise<boolean | string> {
    const { request, source, folder, docsState } = this.#work;
    if (!request.docs) return false;
    const path = docsPath(release);
    const got = await source.get(path, await docsState.etagOf(path));
    if (got === "missing") return false;
    if (got === "unchanged") return true;
    const checked = await checkDocs(got.bytes);
    if ("refused" in checked) return `${path}: ${JSON.stringify(checked.refused)}`;
    await folder.write(path, got.bytes);
    await docsState.remember(path, got.etag, checked.checksum);
    return true;
  }
}
