/** One package: its signed file against its tarballs and docs, and against the ledger. */
import { PackedError } from "../../docs/format.ts";
import { sameBytes, toHex } from "../../hex/checksum.ts";
import { mtimeOf } from "../../hex/gzip.ts";
import { type PackageResource, RegistryError, unpackPackage } from "../../hex/registry.ts";
import { sortVersions } from "../../hex/version.ts";
import * as keys from "../keys.ts";
import type { Facts, PackageFacts, ReleaseFacts } from "./facts.ts";
import type { Problem } from "./problem.ts";
import { type Reader, Unreadable } from "./reader.ts";

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

/** As many as a Worker may ask storage for at once. */
const releasesAtOnce = 6;

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
    if (file === "newer") return null;
    if (after === null && !of.stale && file !== "broken") this.#compareWithLedger(file);
    const releases = file === undefined || file === "broken" ? [] : file.releases;
    const told = new Map(releases.map((it) => [it.version, it]));
    const known = new Map(of.releases.map((it) => [it.version, it]));
    const all = [...new Set([...told.keys(), ...known.keys()])].sort();
    const versions = all.filter((it) => after === null || it > after);
    for (let at = 0; at < versions.length; at += releasesAtOnce) {
      const some = versions.slice(at, at + releasesAtOnce);
      const found = some.map((it) => this.#release(it, told.get(it), known.get(it)));
      for (const problems of await Promise.all(found)) problems.forEach(this.#say);
      const last = some.at(-1);
      if (reader.isSpent && last !== undefined && last !== versions.at(-1)) return last;
    }
    return null;
  }

  async #release(
    version: string,
    told: ToldRelease | undefined,
    known: ReleaseFacts | undefined,
  ): Promise<Problem[]> {
    const { docs = null, pages } = known ?? {};
    const found = [
      told && (await readable(() => this.#tarball(told))),
      docs && (await readable(() => this.#docs(version, docs))),
      docs && pages?.stored && (await readable(() => this.#pages(version, docs, pages.of))),
    ];
    return found.filter((it) => !!it);
  }

  async #file(): Promise<PackageResource | "broken" | "newer" | undefined> {
    const { reader, publicKey, facts, of } = this.#check;
    const { repository } = facts;
    try {
      const file = await reader.read(keys.packageKey(repository, of.name));
      if (!file) return undefined;
      const resource = await unpackPackage(file, publicKey, { repository, name: of.name });
      const change = mtimeOf(file);
      // Beyond this it is no number of ours, but damage that no client minds.
      if (change > facts.sequence && change < 0x7fff_ffff) return this.#newer(change);
      return resource;
    } catch (error) {
      if (error instanceof Unreadable) {
        this.#say(ofBytes(error.message));
        return "broken";
      }
      if (!(error instanceof RegistryError)) throw error;
      this.#say(this.#ofFile(`packages/${of.name}: ${error.message}`));
      return "broken";
    }
  }

  /** It was signed by us after what the ledger knows: to write it anew would lose what it tells. */
  #newer(change: number): "newer" {
    const { facts, of } = this.#check;
    const says = `packages/${of.name} shows change ${change}, and the ledger has come to ${facts.sequence} only: it was set back to an earlier day`;
    this.#say(ofBytes(says));
    return "newer";
  }

  async #tarball(release: ToldRelease): Promise<Problem | undefined> {
    const { reader, facts, of } = this.#check;
    const { version } = release;
    const key = keys.tarballKey(facts.repository, of.name, version);
    const checksum = await reader.checksum(key);
    if (!checksum) return ofBytes(`packages/${of.name} names ${version}, but ${key} is missing`);
    if (!release.outerChecksum) return this.#ofFile(`${of.name} ${version} has no outer checksum`);
    if (sameBytes(checksum, release.outerChecksum)) return undefined;
    // A replace that was stored a moment ago is ahead of packages/NAME until the next flush.
    const next = of.stale ? of.releases.find((it) => it.version === version) : undefined;
    const isNext = next !== undefined && sameBytes(checksum, next.checksum);
    if (facts.inProgress.includes(key) || isNext) return undefined;
    const [is, should] = [toHex(checksum), toHex(release.outerChecksum)];
    return ofBytes(`${key} has checksum ${is}, but packages/${of.name} says ${should}`);
  }

  async #docs(version: string, due: Uint8Array): Promise<Problem | undefined> {
    const { reader, facts, of } = this.#check;
    const key = keys.docsKey(facts.repository, of.name, version);
    const checksum = await reader.checksum(key);
    if (!checksum) return ofBytes(`${of.name} ${version} has docs, but ${key} is missing`);
    if (sameBytes(checksum, due) || facts.inProgress.includes(key)) return undefined;
    return ofBytes(`${key}: wrong checksum`);
  }

  /** Pages are told of while they are in the bucket; until the next flush perhaps of other docs. */
  async #pages(
    version: string,
    docs: Uint8Array,
    of: Uint8Array | null,
  ): Promise<Problem | undefined> {
    const { reader, facts } = this.#check;
    const { name } = this.#check.of;
    const key = keys.pagesKey(facts.repository, name, version);
    const cure = { do: "write pages", package: name, version } as const;
    try {
      const pages = await reader.pages(key);
      if (!pages) return { says: `${name} ${version} has pages, but ${key} is missing`, cure };
      const isStale = !of || !sameBytes(of, docs);
      if (isStale || sameBytes(pages.docsChecksum, docs)) return undefined;
      const [is, should] = [toHex(pages.docsChecksum), toHex(docs)];
      const says = `${key} was made of docs with checksum ${is}, but ${name} ${version} has ${should}`;
      return { says, cure };
    } catch (error) {
      if (!(error instanceof PackedError)) throw error;
      return { says: error.message, cure };
    }
  }

  #compareWithLedger(file: PackageResource | undefined): void {
    const { facts, of } = this.#check;
    if (!file && of.releases.length > 0) {
      this.#say(this.#ofFile(`packages/${of.name} is missing`));
      return;
    }
    const told = (file?.releases ?? []).map((it) =>
      textOf(it.version, it.outerChecksum, it.retired?.reason ?? null),
    );
    const known = new Map<string, ReleaseFacts>(of.releases.map((it) => [it.version, it]));
    const due = sortVersions([...known.keys()]).map((version) => {
      const it = known.get(version);
      return textOf(version, it?.checksum, it?.retired ?? null);
    });
    if (told.join() !== due.join()) {
      this.#say(this.#ofFile(`packages/${of.name} says ${told}, the ledger ${due}`));
    }
    if (facts.clean && of.releases.length === 0 && file) {
      this.#say(this.#ofFile(`packages/${of.name} is there without a release`));
    }
  }

  #ofFile(says: string): Problem {
    return { says, cure: { do: "write package", package: this.#check.of.name } };
  }
}

async function readable(check: () => Promise<Problem | undefined>): Promise<Problem | undefined> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof Unreadable) return ofBytes(error.message);
    throw error;
  }
}

/** Somebody else has to have the bytes: a copy of the bucket, or whoever published them. */
function ofBytes(says: string): Problem {
  return { says, cure: null };
}

function textOf(version: string, checksum: Uint8Array | undefined, retired: string | null): string {
  return `${version} ${toHex(checksum ?? new Uint8Array())} ${retired ?? "-"}`;
}
