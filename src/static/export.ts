/**
 * A running repository, as a folder that any web server can serve. Nothing is written that is not what
 * the repository's key has signed, or has not the checksum that such a file says.
 *
 * A package's tarballs and docs come first, then packages/NAME, and versions and names when all of those
 * are there; what is gone is removed behind them. So the folder works at every moment, also the one in
 * which somebody kills us, and the next run fetches only what is not there yet.
 */
import { sameBytes, sha256, toHex } from "../hex/checksum.ts";
import { isPackageName } from "../hex/name.ts";
import {
  buildNames,
  buildPackage,
  buildVersions,
  decodeNames,
  decodePackage,
  decodeVersions,
  encodeNames,
  encodePackage,
  encodeVersions,
  type NamesResource,
  type PackageResource,
  RegistryError,
  type ReleaseResource,
  unpackPackage,
  unpackSigned,
  type VersionsResource,
} from "../hex/registry.ts";
import { KeyError, parsePublicKey, publicKeyFingerprint, publicKeyPem } from "../hex/sign.ts";
import { checkDocs, unpackTarball } from "../hex/tarball.ts";
import { atOnce, limiter } from "./at-once.ts";
import { DocsState } from "./docs-state.ts";
import type { Folder } from "./folder.ts";
import { namesOf, versionsOf } from "./index-files.ts";
import {
  docsPath,
  isReleaseName,
  packagePath,
  parseFileName,
  type ReleaseName,
  tarballPath,
} from "./layout.ts";

/** A repository behind HTTP. It tries again by itself, and throws when that does not help. */
export interface Source {
  /** @param etag of what is there already. */
  get(path: string, etag?: string): Promise<Got>;
}

export type Got = { bytes: Uint8Array; etag: string | null } | "missing" | "unchanged";

export interface ExportRequest {
  source: Source;
  folder: Folder;
  /** Those only, and their packages; asked when it is known what signed files call the repository. */
  pinned?: ((repository: string) => readonly PinnedRelease[]) | undefined;
  docs: boolean;
  /** Sign anew, and tell of nothing but what is in the folder. */
  privateKey?: CryptoKey | undefined;
  /** What the repository's key has to be; else it is believed as it is served. */
  publicKeyPem?: string | undefined;
  /** Also into a folder of another key or repository. */
  force?: boolean | undefined;
  onRelease?: (done: number, total: number) => void;
  /** Between two looks at a repository that changes under our hands. */
  pauseMs?: number;
}

export interface PinnedRelease extends ReleaseName {
  outerChecksum: string | null;
}

export interface ExportReport {
  /** As its signed files call it. */
  repository: string;
  fingerprint: string;
  packages: number;
  releases: number;
  docs: number;
  fetchedBytes: number;
  /** Paths. */
  written: string[];
  removed: string[];
}

export type ExportRefusal =
  | { reason: "no_repository"; path: string }
  | { reason: "bad_key"; why: string }
  /** Of the repository, when it was said what it has to be. */
  | { reason: "unexpected_key"; fingerprint: string }
  /** Of the folder. */
  | { reason: "other_key"; fingerprint: string }
  | { reason: "other_repository"; repository: string }
  /** Not signed, not complete, not what was said elsewhere; all that was found at once. */
  | { reason: "bad_files"; problems: string[] };

const requestsAtOnce = 8;
const rounds = 3;
const indexBytesMax = 32 * 1024 * 1024;

export async function exportRepository(
  request: ExportRequest,
): Promise<ExportReport | { refused: ExportRefusal }> {
  try {
    return await new Export(request).run();
  } catch (error) {
    if (error instanceof ExportError) return { refused: error.refusal };
    throw error;
  }
}

class ExportError extends Error {
  readonly refusal: ExportRefusal;

  constructor(refusal: ExportRefusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

interface Index {
  names: { bytes: Uint8Array; resource: NamesResource };
  versions: { bytes: Uint8Array; resource: VersionsResource };
}

class Export {
  readonly #request: ExportRequest;
  readonly #written = new Set<string>();
  #pinned: readonly PinnedRelease[] | undefined;
  readonly #limit = limiter(requestsAtOnce);
  /** Release → does it have docs? In the order in which they were done. */
  #releases = new Map<string, { release: ReleaseName; hasDocs: boolean }>();
  #docs: DocsState;
  #fetchedBytes = 0;
  #total = 0;

  constructor(request: ExportRequest) {
    this.#request = request;
    this.#docs = new DocsState(request.folder);
  }

  async run(): Promise<ExportReport> {
    const { privateKey } = this.#request;
    const { pem, key } = await this.#publicKey();
    const ownPem = privateKey ? await publicKeyPem(privateKey) : pem;
    await this.#checkFolderKey(ownPem);
    await this.#docs.read();
    await this.#write("public_key", new TextEncoder().encode(ownPem));
    for (let round = 1; ; round++) {
      const problems: string[] = [];
      const index = await this.#index(key);
      const repository = index.versions.resource.repository;
      await this.#checkFolderRepository(repository);
      this.#pinned ??= this.#request.pinned?.(repository);
      const packages = await this.#packages(index, key, problems);
      problems.push(...this.#missing(index, packages));
      if (problems.length === 0) {
        await this.#writeIndex(index, packages, key);
        const removed = await this.#removeRest(packages);
        await this.#docs.write();
        return {
          ...{ repository, fingerprint: await publicKeyFingerprint(ownPem) },
          ...{ packages: packages.length, releases: this.#releases.size },
          docs: [...this.#releases.values()].filter(({ hasDocs }) => hasDocs).length,
          ...{ fetchedBytes: this.#fetchedBytes, written: [...this.#written], removed },
        };
      }
      await this.#docs.write();
      // Somebody publishes meanwhile: its files are written one after the other there as well.
      if (round === rounds) throw new ExportError({ reason: "bad_files", problems });
      await new Promise((resolve) => setTimeout(resolve, this.#request.pauseMs ?? 1500));
    }
  }

  async #publicKey(): Promise<{ pem: string; key: CryptoKey }> {
    const { publicKeyPem: said } = this.#request;
    const got = await this.#request.source.get("public_key");
    if (typeof got === "string" && said === undefined) {
      throw new ExportError({ reason: "no_repository", path: "public_key" });
    }
    const pem = typeof got === "string" ? (said ?? "") : new TextDecoder().decode(got.bytes);
    try {
      const fingerprint = await publicKeyFingerprint(pem);
      if (said !== undefined && fingerprint !== (await publicKeyFingerprint(said))) {
        throw new ExportError({ reason: "unexpected_key", fingerprint });
      }
      return { pem, key: await parsePublicKey(pem) };
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      throw new ExportError({ reason: "bad_key", why: error.message });
    }
  }

  async #checkFolderKey(pem: string): Promise<void> {
    const there = await this.#request.folder.read("public_key");
    if (!there || this.#request.force) return;
    const text = new TextDecoder().decode(there);
    const fingerprint = await publicKeyFingerprint(text).catch(() => "none at all");
    if (fingerprint === (await publicKeyFingerprint(pem))) return;
    throw new ExportError({ reason: "other_key", fingerprint });
  }

  /** Their key has been looked at; what is not readable is written anew. */
  async #checkFolderRepository(repository: string): Promise<void> {
    const bytes = await this.#request.folder.read("names");
    const key = await this.#request.folder.read("public_key");
    if (!bytes || !key || this.#request.force) return;
    const publicKey = await parsePublicKey(new TextDecoder().decode(key));
    const limits = { inflatedBytesMax: indexBytesMax };
    const payload = await unpackSigned(bytes, publicKey, limits).catch(() => undefined);
    const there = payload && decodeNames(payload).repository;
    if (there === undefined || there === repository) return;
    throw new ExportError({ reason: "other_repository", repository: there });
  }

  async #index(key: CryptoKey): Promise<Index> {
    const limits = { inflatedBytesMax: indexBytesMax };
    const file = async <T>(path: string, decode: (payload: Uint8Array) => T) => {
      const bytes = await this.#get(path);
      if (!bytes) throw new ExportError({ reason: "no_repository", path });
      try {
        return { bytes, resource: decode(await unpackSigned(bytes, key, limits)) };
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        const problems = [`${path}: ${error.message}`];
        throw new ExportError({ reason: "bad_files", problems });
      }
    };
    // The other way round than they are written there.
    const names = await file("names", decodeNames);
    const versions = await file("versions", decodeVersions);
    return { names, versions };
  }

  async #packages(
    { versions }: Index,
    key: CryptoKey,
    problems: string[],
  ): Promise<PackageResource[]> {
    const pinned = this.#pinned;
    const { repository, packages: listed } = versions.resource;
    const wanted = pinned && new Set(pinned.map(({ name }) => name));
    const due = listed.filter(({ name }) => !wanted || wanted.has(name));
    this.#releases = new Map();
    this.#total = pinned?.length ?? due.reduce((sum, it) => sum + it.versions.length, 0);
    const packages = await atOnce(due, requestsAtOnce, async ({ name }) => {
      const path = packagePath(name);
      if (!isPackageName(name)) {
        problems.push(`versions tells of ${JSON.stringify(name)}, which is no name of a package`);
        return undefined;
      }
      const bytes = await this.#limit(() => this.#get(path));
      if (!bytes) {
        problems.push(`versions tells of ${name}, but there is no ${path}`);
        return undefined;
      }
      try {
        const resource = await unpackPackage(bytes, key, { repository, name });
        return await this.#package(bytes, resource, key, problems);
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        problems.push(`${path}: ${error.message}`);
        return undefined;
      }
    });
    return packages.filter((it) => it !== undefined);
  }

  /** @returns what the folder has of it then; undefined when there is something wrong. */
  async #package(
    bytes: Uint8Array,
    resource: PackageResource,
    key: CryptoKey,
    problems: string[],
  ): Promise<PackageResource | undefined> {
    const { privateKey } = this.#request;
    const pinned = this.#pinned;
    const { name } = resource;
    const isPinned = ({ version }: ReleaseResource) =>
      !pinned || pinned.some((it) => it.name === name && it.version === version);
    const releases = resource.releases.filter(isPinned);
    const replaced: { path: string; bytes: Uint8Array }[] = [];
    const wrong = await atOnce(releases, requestsAtOnce, (release) =>
      this.#limit(() => this.#release(name, release, replaced)),
    );
    problems.push(...wrong.filter((it) => it !== undefined));
    if (wrong.some((it) => it !== undefined)) return undefined;
    // One behind the other: until then packages/NAME tells of the old ones.
    for (const it of replaced) await this.#write(it.path, it.bytes);
    if (!privateKey) {
      await this.#writeVerbatim(packagePath(name), bytes, key);
      return { ...resource, releases };
    }
    const own = { ...resource, releases };
    const build = () => buildPackage(own, privateKey, { mtimeSeconds: 0 });
    const encode = (payload: Uint8Array) => encodePackage(decodePackage(payload));
    await this.#writeSigned(packagePath(name), encodePackage(own), encode, build);
    return own;
  }

  /** @returns what is wrong with it, if anything is. */
  async #release(
    name: string,
    release: ReleaseResource,
    replaced: { path: string; bytes: Uint8Array }[],
  ): Promise<string | undefined> {
    const { folder } = this.#request;
    const pinned = this.#pinned;
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
    if (!there || !(await isRight(there, release))) {
      const bytes = await this.#get(path);
      if (!bytes) return `packages/${name} tells of ${version}, but there is no ${path}`;
      if (!(await isRight(bytes, release))) {
        return `${path} does not have the checksum that packages/${name} tells`;
      }
      if (there) replaced.push({ path, bytes });
      else await this.#write(path, bytes);
    }
    const docs = await this.#fetchDocs({ name, version });
    if (typeof docs === "string") return docs;
    this.#releases.set(path, { release: { name, version }, hasDocs: docs });
    this.#request.onRelease?.(this.#releases.size, Math.max(this.#total, this.#releases.size));
    return undefined;
  }

  /** @returns whether there are any, or what is wrong. Nothing tells their checksum: they are only looked through. */
  async #fetchDocs(release: ReleaseName): Promise<boolean | string> {
    if (!this.#request.docs) return false;
    const path = docsPath(release);
    const got = await this.#request.source.get(path, await this.#docs.etagOf(path));
    if (got === "missing") return false;
    if (got === "unchanged") return true;
    this.#fetchedBytes += got.bytes.length;
    const checked = await checkDocs(got.bytes);
    if ("refused" in checked) return `${path}: ${JSON.stringify(checked.refused)}`;
    await this.#write(path, got.bytes);
    await this.#docs.remember(path, got.etag, checked.checksum);
    return true;
  }

  /** What the index tells of, or the lock files, and what has not come. */
  #missing({ names, versions }: Index, packages: readonly PackageResource[]): string[] {
    const pinned = this.#pinned;
    const held = new Map(packages.map((it) => [it.name, it.releases]));
    const has = ({ name, version }: ReleaseName) =>
      held.get(name)?.some((it) => it.version === version) === true;
    if (pinned) {
      return pinned
        .filter((it) => !has(it))
        .map(({ name, version }) => `${name} ${version}: the repository does not have it`);
    }
    const listed = versions.resource.packages.flatMap(({ name, versions: list }) =>
      held.has(name) ? list.map((version) => ({ name, version })) : [],
    );
    const lacking = listed
      .filter((it) => !has(it))
      .map(
        ({ name, version }) => `versions tells of ${name} ${version}, packages/${name} does not`,
      );
    const [one, other] = [names, versions].map(({ resource }) =>
      resource.packages.map(({ name }) => name).sort(),
    );
    return one?.join() === other?.join()
      ? lacking
      : [...lacking, "names and versions tell of different packages"];
  }

  async #writeIndex(
    { names, versions }: Index,
    packages: readonly PackageResource[],
    key: CryptoKey,
  ): Promise<void> {
    const { privateKey } = this.#request;
    if (!privateKey) {
      await this.#writeVerbatim("versions", versions.bytes, key);
      await this.#writeVerbatim("names", names.bytes, key);
      return;
    }
    const { repository } = versions.resource;
    const options = { mtimeSeconds: 0 };
    const dates = new Map(names.resource.packages.map((it) => [it.name, it.updatedAt]));
    const ownVersions = versionsOf(repository, packages);
    const ownNames = namesOf(repository, packages, (name) => dates.get(name));
    await this.#writeSigned(
      ...(["versions", encodeVersions(ownVersions)] as const),
      (payload) => encodeVersions(decodeVersions(payload)),
      () => buildVersions(ownVersions, privateKey, options),
    );
    await this.#writeSigned(
      ...(["names", encodeNames(ownNames)] as const),
      (payload) => encodeNames(decodeNames(payload)),
      () => buildNames(ownNames, privateKey, options),
    );
  }

  /** What nobody tells of any more; only what is named as these files are. */
  async #removeRest(packages: readonly PackageResource[]): Promise<string[]> {
    const { folder } = this.#request;
    const releases = [...this.#releases.values()];
    const due = new Set([
      ...packages.map(({ name }) => packagePath(name)),
      ...releases.map(({ release }) => tarballPath(release)),
      ...releases.flatMap(({ release, hasDocs }) => (hasDocs ? docsPath(release) : [])),
    ]);
    const listed = async (path: string, isOurs: (file: string) => boolean) =>
      ((await folder.list(path)) ?? [])
        .filter(({ name }) => isOurs(name))
        .map(({ name }) => `${path}/${name}`);
    const all = [
      ...(await listed("packages", (file) => /^[a-z][a-z0-9_]*$/.test(file))),
      ...(await listed("tarballs", (file) => parseFileName(file, ".tar") !== undefined)),
      ...(await listed("docs", (file) => parseFileName(file, ".tar.gz") !== undefined)),
    ];
    const rest = all.filter((path) => !due.has(path));
    for (const path of rest) await folder.remove(path);
    this.#docs.forget(rest);
    return rest;
  }

  async #get(path: string): Promise<Uint8Array | undefined> {
    const got = await this.#request.source.get(path);
    if (typeof got === "string") return undefined;
    this.#fetchedBytes += got.bytes.length;
    return got.bytes;
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const there = await this.#request.folder.read(path);
    if (there && sameBytes(there, bytes)) return;
    await this.#request.folder.write(path, bytes);
    this.#written.add(path);
  }

  /** As it is served; but not when only the date inside is another, which git would take for a change. */
  async #writeVerbatim(path: string, bytes: Uint8Array, key: CryptoKey): Promise<void> {
    const there = await this.#request.folder.read(path);
    const limits = { inflatedBytesMax: indexBytesMax };
    const old = there && (await unpackSigned(there, key, limits).catch(() => undefined));
    if (old && sameBytes(old, await unpackSigned(bytes, key, limits))) return;
    await this.#write(path, bytes);
  }

  /** Not when the folder says this already, signed with our key. */
  async #writeSigned(
    path: string,
    payload: Uint8Array,
    encodeAgain: (payload: Uint8Array) => Uint8Array,
    build: () => Promise<Uint8Array>,
  ): Promise<void> {
    const { folder, privateKey } = this.#request;
    const there = await folder.read(path);
    if (there && privateKey) {
      const key = await parsePublicKey(await publicKeyPem(privateKey));
      const limits = { inflatedBytesMax: indexBytesMax };
      const old = await unpackSigned(there, key, limits).catch(() => undefined);
      if (old && sameBytes(encodeAgain(old), payload)) return;
    }
    await this.#write(path, await build());
  }
}

/** Only very old registries have no outer checksum. */
async function isRight(bytes: Uint8Array, release: ReleaseResource): Promise<boolean> {
  if (release.outerChecksum) return sameBytes(await sha256(bytes), release.outerChecksum);
  const tarball = await unpackTarball(bytes);
  return !("refused" in tarball) && sameBytes(tarball.innerChecksum, release.innerChecksum);
}
