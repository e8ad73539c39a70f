/** One package: its signed file against its tarballs and docs, and against the ledger. */
import { PackedError } from "../../docs/format.ts";
import { sameBytes, sha256, toHex } from "../../hex/checksum.ts";
import { type PackageResource, unpackPackage } from "../../hex/registry.ts";
import { sortVersions } from "../../hex/version.ts";
import * as keys from "../keys.ts";
import type { Facts, PackageFacts, ReleaseFacts } from "./facts.ts";
import type { Problem } from "./problem.ts";
import type { Reader } from "./reader.ts";

export interface PackageCheck {
  reader: Reader;
  publicKey: CryptoKey;
  facts: Facts;
  of: PackageFacts;
  /** Releases up to this version were looked at before, as was the package's own file. */
  after: string | null;
}

/** @returns the last version looked at when there was no time for more, and null when it is done. */
export async function checkPackage(
  check: PackageCheck,
  say: (problem: Problem) => void,
): Promise<string | null> {
  return new Checker(check, say).run();
}

type ToldRelease = PackageResource["releases"][number];

class Checker {
  readonly #check: PackageCheck;
  readonly #say: (problem: Problem) => void;

  constructor(check: PackageCheck, say: (problem: Problem) => void) {
    this.#check = check;
    this.#say = say;
  }

  async run(): Promise<string | null> {
    const { reader, of, after } = this.#check;
    const file = await this.#file();
    if (after === null && !of.stale) this.#compareWithLedger(file);
    const told = new Map((file?.releases ?? []).map((it) => [it.version, it]));
    const known = new Map(of.releases.map((it) => [it.version, it]));
    const versions = [...new Set([...told.keys(), ...known.keys()])].sort();
    for (const version of versions.filter((it) => after === null || it > after)) {
      const release = told.get(version);
      if (release) await this.#tarball(release);
      const { docs, pages } = known.get(version) ?? { docs: null, pages: undefined };
      if (docs) await this.#docs(version, docs);
      if (docs && pages?.stored) await this.#pages(version, docs, pages.of);
      if (reader.isSpent && version !== versions.at(-1)) return version;
    }
    return null;
  }

  async #file(): Promise<PackageResource | undefined> {
    const { reader, publicKey, facts, of } = this.#check;
    const { repository } = facts;
    const file = await reader.read(keys.packageKey(repository, of.name));
    if (!file) return undefined;
    try {
      return await unpackPackage(file, publicKey, { repository, name: of.name });
    } catch (error) {
      this.#sayOfFile(`packages/${of.name}: ${error}`);
      return undefined;
    }
  }

  async #tarball(release: ToldRelease): Promise<void> {
    const { reader, facts, of } = this.#check;
    const { version } = release;
    const key = keys.tarballKey(facts.repository, of.name, version);
    const tarball = await reader.read(key);
    if (!tarball) {
      return this.#sayOfBytes(`packages/${of.name} names ${version}, but ${key} is missing`);
    }
    if (!release.outerChecksum) {
      return this.#sayOfFile(`${of.name} ${version} has no outer checksum`);
    }
    const checksum = await sha256(tarball);
    if (sameBytes(checksum, release.outerChecksum)) return;
    // A replace that was stored a moment ago is ahead of packages/NAME until the next flush.
    const next = of.stale ? of.releases.find((it) => it.version === version) : undefined;
    const isNext = next !== undefined && sameBytes(checksum, next.checksum);
    if (facts.inProgress.includes(key) || isNext) return;
    const [is, should] = [toHex(checksum), toHex(release.outerChecksum)];
    this.#sayOfBytes(`${key} has checksum ${is}, but packages/${of.name} says ${should}`);
  }

  async #docs(version: string, checksum: Uint8Array): Promise<void> {
    const { reader, facts, of } = this.#check;
    const key = keys.docsKey(facts.repository, of.name, version);
    const docs = await reader.read(key);
    if (!docs) return this.#sayOfBytes(`${of.name} ${version} has docs, but ${key} is missing`);
    if (sameBytes(await sha256(docs), checksum) || facts.inProgress.includes(key)) return;
    this.#sayOfBytes(`${key}: wrong checksum`);
  }

  /** Pages are told of while they are in the bucket; until the next flush perhaps of other docs. */
  async #pages(version: string, docs: Uint8Array, of: Uint8Array | null): Promise<void> {
    const { reader, facts } = this.#check;
    const { name } = this.#check.of;
    const key = keys.pagesKey(facts.repository, name, version);
    const cure = { do: "write pages", package: name, version } as const;
    try {
      const pages = await reader.pages(key);
      if (!pages) {
        return this.#say({ says: `${name} ${version} has pages, but ${key} is missing`, cure });
      }
      const isStale = !of || !sameBytes(of, docs);
      if (isStale || sameBytes(pages.docsChecksum, docs)) return;
      const [is, should] = [toHex(pages.docsChecksum), toHex(docs)];
      const says = `${key} was made of docs with checksum ${is}, but ${name} ${version} has ${should}`;
      this.#say({ says, cure });
    } catch (error) {
      if (!(error instanceof PackedError)) throw error;
      this.#say({ says: error.message, cure });
    }
  }

  #compareWithLedger(file: PackageResource | undefined): void {
    const { facts, of } = this.#check;
    const told = (file?.releases ?? []).map((it) =>
      textOf(it.version, it.outerChecksum, it.retired?.reason ?? null),
    );
    const known = new Map<string, ReleaseFacts>(of.releases.map((it) => [it.version, it]));
    const due = sortVersions([...known.keys()]).map((version) => {
      const it = known.get(version);
      return textOf(version, it?.checksum, it?.retired ?? null);
    });
    if (told.join() !== due.join()) {
      this.#sayOfFile(`packages/${of.name} says ${told}, the ledger ${due}`);
    }
    if (facts.clean && of.releases.length === 0 && file) {
      this.#sayOfFile(`packages/${of.name} is there without a release`);
    }
  }

  #sayOfFile(says: string): void {
    this.#say({ says, cure: { do: "write package", package: this.#check.of.name } });
  }

  /** Somebody else has to have the bytes: a copy of the bucket, or whoever published them. */
  #sayOfBytes(says: string): void {
    this.#say({ says, cure: null });
  }
}

function textOf(version: string, checksum: Uint8Array | undefined, retired: string | null): string {
  return `${version} ${toHex(checksum ?? new Uint8Array())} ${retired ?? "-"}`;
}
