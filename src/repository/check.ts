/**
 * Reads a repository as a distrusting client does, with nothing but its public key, and says
 * everything that is wrong: against itself and against the ledger. Tests call it after every step,
 * operators whenever they like (`GET /api/repos/REPO/check`).
 */
import { PackedError } from "../docs/format.ts";
import { readIndex } from "../docs/read.ts";
import { sameBytes, sha256, toHex } from "../hex/checksum.ts";
import {
  type PackageResource,
  unpackNames,
  unpackPackage,
  unpackVersions,
} from "../hex/registry.ts";
import { parsePublicKey } from "../hex/sign.ts";
import { sortVersions } from "../hex/version.ts";
import type { Storage } from "../storage/storage.ts";
import * as keys from "./keys.ts";
import { bytes } from "./ledger/rows.ts";
import type { World } from "./world.ts";

/** What the ledger knows. */
export interface Facts {
  repository: string;
  publicKeyPem: string;
  /** Is nothing on its way to the bucket? Only then do all files have to agree. */
  clean: boolean;
  packages: {
    name: string;
    /** packages/NAME is yet to be brought up to what is said here. */
    stale: boolean;
    releases: {
      version: string;
      checksum: Uint8Array;
      retired: string | null;
      docs: Uint8Array | null;
      /** Of the docs: are they in the bucket, and which docs were they made of? */
      pages: { stored: boolean; of: Uint8Array | null };
    }[];
  }[];
  /** Which packages lists and searches know of. */
  listed: string[];
  /** Keys that are being written or removed: they may be there or not. */
  inProgress: string[];
}

export function factsOf({ repository, ledger, signer }: World): Facts {
  return {
    repository,
    publicKeyPem: signer.publicKeyPem,
    clean: ledger.isClean(),
    packages: ledger.packageNames().map((name) => ({
      name,
      stale: ledger.isStale(name),
      releases: ledger.releases(name).map((row) => ({
        version: row.version,
        checksum: bytes(row.outer_checksum),
        retired: row.retirement_reason,
        docs: row.docs_checksum ? bytes(row.docs_checksum) : null,
        pages: {
          stored: row.pages_etag !== null,
          of: row.pages_of ? bytes(row.pages_of) : null,
        },
      })),
    })),
    listed: ledger.catalogNames(),
    inProgress: ledger.keysInProgress(),
  };
}

/** @returns a sentence for each thing that is wrong; none when all is well. */
export async function check(
  storage: Pick<Storage, "get" | "list">,
  facts: Facts,
): Promise<string[]> {
  const checker = new Checker(storage, facts, await parsePublicKey(facts.publicKeyPem));
  await checker.run();
  return checker.problems;
}

class Checker {
  readonly problems: string[] = [];
  readonly #storage: Pick<Storage, "get" | "list">;
  readonly #facts: Facts;
  readonly #publicKey: CryptoKey;

  constructor(storage: Pick<Storage, "get" | "list">, facts: Facts, publicKey: CryptoKey) {
    this.#storage = storage;
    this.#facts = facts;
    this.#publicKey = publicKey;
  }

  async run(): Promise<void> {
    for (const { name, stale, releases } of this.#facts.packages) {
      const file = await this.#packageFile(name);
      for (const release of file?.releases ?? []) {
        const known = stale
          ? releases.find(({ version }) => version === release.version)
          : undefined;
        await this.#tarball(name, release, known?.checksum);
      }
      for (const { version, docs, pages } of releases) {
        if (docs) await this.#docs(name, version, docs);
        if (docs && pages.stored) await this.#pages(name, version, docs, pages.of);
      }
      if (!stale) this.#compareWithLedger(name, releases, file);
    }
    this.#catalog();
    if (this.#facts.clean) await this.#registryFiles();
    await this.#strayKeys();
  }

  /** Kept in the same step as every change, so it is never behind. */
  #catalog(): void {
    const { listed, packages } = this.#facts;
    const due = packages.filter(({ releases }) => releases.length > 0).map(({ name }) => name);
    if (listed.join() !== due.join()) this.#say(`lists know of ${listed}, the ledger of ${due}`);
  }

  async #packageFile(name: string): Promise<PackageResource | undefined> {
    const { repository } = this.#facts;
    const file = await this.#read(keys.packageKey(repository, name));
    if (!file) return undefined;
    try {
      return await unpackPackage(file, this.#publicKey, { repository, name });
    } catch (error) {
      this.#say(`packages/${name}: ${error}`);
      return undefined;
    }
  }

  /** @param next the checksum that packages/NAME is about to say instead, if it is. */
  async #tarball(
    name: string,
    release: PackageResource["releases"][number],
    next: Uint8Array | undefined,
  ): Promise<void> {
    const key = keys.tarballKey(this.#facts.repository, name, release.version);
    const tarball = await this.#read(key);
    if (!tarball)
      return this.#say(`packages/${name} names ${release.version}, but ${key} is missing`);
    if (!release.outerChecksum)
      return this.#say(`${name} ${release.version} has no outer checksum`);
    const checksum = await sha256(tarball);
    if (sameBytes(checksum, release.outerChecksum)) return;
    // A replace that was stored a moment ago is ahead of packages/NAME until the next flush.
    const isAhead = this.#facts.inProgress.includes(key) || (next && sameBytes(checksum, next));
    if (!isAhead) {
      const [is, should] = [toHex(checksum), toHex(release.outerChecksum)];
      this.#say(`${key} has checksum ${is}, but packages/${name} says ${should}`);
    }
  }

  async #docs(name: string, version: string, checksum: Uint8Array): Promise<void> {
    const key = keys.docsKey(this.#facts.repository, name, version);
    const docs = await this.#read(key);
    if (!docs) this.#say(`${name} ${version} has docs, but ${key} is missing`);
    else if (!sameBytes(await sha256(docs), checksum) && !this.#facts.inProgress.includes(key)) {
      this.#say(`${key}: wrong checksum`);
    }
  }

  /** Pages are told of while they are in the bucket; until the next flush perhaps of other docs. */
  async #pages(
    name: string,
    version: string,
    docs: Uint8Array,
    of: Uint8Array | null,
  ): Promise<void> {
    const key = keys.pagesKey(this.#facts.repository, name, version);
    try {
      const pages = await readIndex(this.#storage, key);
      if (!pages) return this.#say(`${name} ${version} has pages, but ${key} is missing`);
      const isStale = !of || !sameBytes(of, docs);
      if (isStale || sameBytes(pages.docsChecksum, docs)) return;
      const [is, should] = [toHex(pages.docsChecksum), toHex(docs)];
      this.#say(
        `${key} was made of docs with checksum ${is}, but ${name} ${version} has ${should}`,
      );
    } catch (error) {
      if (!(error instanceof PackedError)) throw error;
      this.#say(error.message);
    }
  }

  #compareWithLedger(
    name: string,
    releases: Facts["packages"][number]["releases"],
    file: PackageResource | undefined,
  ): void {
    const told = (file?.releases ?? []).map(
      (it) =>
        `${it.version} ${toHex(it.outerChecksum ?? new Uint8Array())} ${it.retired?.reason ?? "-"}`,
    );
    const known = new Map(releases.map((it) => [it.version, it]));
    const due = sortVersions([...known.keys()]).map((version) => {
      const it = known.get(version);
      return `${version} ${toHex(it?.checksum ?? new Uint8Array())} ${it?.retired ?? "-"}`;
    });
    if (told.join() !== due.join()) this.#say(`packages/${name} says ${told}, the ledger ${due}`);
    if (this.#facts.clean && releases.length === 0 && file) {
      this.#say(`packages/${name} is there without a release`);
    }
  }

  async #registryFiles(): Promise<void> {
    const { repository, packages } = this.#facts;
    const held = packages.filter(({ releases }) => releases.length > 0);
    const names = await this.#registryFile("names", (file) =>
      unpackNames(file, this.#publicKey, { repository }),
    );
    const versions = await this.#registryFile("versions", (file) =>
      unpackVersions(file, this.#publicKey, { repository }),
    );
    const toldNames = (names?.packages ?? []).map(({ name }) => name);
    const dueNames = held.map(({ name }) => name).sort();
    if (names && toldNames.join() !== dueNames.join())
      this.#say(`names says ${toldNames}, the ledger ${dueNames}`);

    const toldVersions = (versions?.packages ?? []).map(
      ({ name, versions: list, retired }) => `${name} ${list} retired ${retired}`,
    );
    const dueVersions = held
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ name, releases }) => {
        const sorted = sortVersions(releases.map(({ version }) => version));
        const isRetired = (version: string) =>
          releases.find((release) => release.version === version)?.retired != null;
        const retired = [...sorted.keys()].filter((at) => isRetired(sorted[at] ?? ""));
        return `${name} ${sorted} retired ${retired}`;
      });
    if (versions && toldVersions.join(";") !== dueVersions.join(";")) {
      this.#say(`versions says ${toldVersions.join(";")}, the ledger ${dueVersions.join(";")}`);
    }
    const publicKey = await this.#read(keys.publicKeyKey(repository));
    const pem = publicKey && new TextDecoder().decode(publicKey);
    if (pem !== this.#facts.publicKeyPem) this.#say("public_key is not the key that signs");
  }

  async #registryFile<T>(
    name: string,
    unpack: (file: Uint8Array) => Promise<T>,
  ): Promise<T | undefined> {
    const file = await this.#read(`${keys.repositoryPrefix(this.#facts.repository)}${name}`);
    if (!file) {
      this.#say(`${name} is missing`);
      return undefined;
    }
    try {
      return await unpack(file);
    } catch (error) {
      this.#say(`${name}: ${error}`);
      return undefined;
    }
  }

  async #strayKeys(): Promise<void> {
    const { repository, packages, inProgress, clean } = this.#facts;
    const known = new Set([
      ...inProgress,
      ...[keys.namesKey, keys.versionsKey, keys.publicKeyKey].map((key) => key(repository)),
    ]);
    for (const { name, releases } of packages) {
      if (releases.length > 0 || !clean) known.add(keys.packageKey(repository, name));
      for (const { version, docs, pages } of releases) {
        known.add(keys.tarballKey(repository, name, version));
        if (!docs) continue;
        known.add(keys.docsKey(repository, name, version));
        const isStale = !pages.of || !sameBytes(pages.of, docs);
        // Docs of which no pages can be made are up to date without any.
        if (pages.stored || isStale) known.add(keys.pagesKey(repository, name, version));
      }
    }
    for (const prefix of [keys.repositoryPrefix(repository), keys.pagesPrefix(repository)]) {
      for await (const key of this.#storage.list(prefix)) {
        if (!known.has(key)) this.#say(`${key}: nobody knows of it`);
      }
    }
  }

  async #read(key: string): Promise<Uint8Array | undefined> {
    const found = await this.#storage.get(key);
    return found ? new Uint8Array(await new Response(found.body).arrayBuffer()) : undefined;
  }

  #say(problem: string): void {
    this.problems.push(problem);
  }
}
