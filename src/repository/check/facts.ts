/** What the ledger says should be in the bucket: what a check compares the bucket with, piece by piece. */
import { bytes, type ReleaseRow } from "../ledger/rows.ts";
import type { World } from "../world.ts";

export interface ReleaseFacts {
  version: string;
  checksum: Uint8Array;
  retired: string | null;
  docs: Uint8Array | null;
  /** Of the docs: are they in the bucket, and which docs were they made of? */
  pages: { stored: boolean; of: Uint8Array | null };
}

export interface PackageFacts {
  name: string;
  /** packages/NAME is yet to be brought up to what is said here. */
  stale: boolean;
  /** By version as text. */
  releases: ReleaseFacts[];
}

export interface Facts {
  repository: string;
  publicKeyPem: string;
  /** The ledger is gone, and the bucket holds packages: until it is restored nothing here means anything. */
  lost: boolean;
  /** The number of the last change. */
  sequence: number;
  /** Is nothing on its way to the bucket? Only then do all files have to agree. */
  clean: boolean;
  packages: PackageFacts[];
  /** Behind this package come others. */
  next: string | null;
  /** Keys that are being written or removed: they may be there or not. */
  inProgress: string[];
}

/** What names and versions have to say, of the packages behind another one. */
export interface IndexFacts {
  /** Are all changes in them? Only then do they have to agree. */
  published: boolean;
  sequence: number;
  /** With a release; in byte order. */
  packages: { name: string; versions: string[]; retired: string[] }[];
  /** Which packages lists and searches know of. */
  listed: string[];
  /** Behind this package come others. */
  next: string | null;
}

/** The packages behind `after`, until they have `releasesMax` releases; at least one. */
export function factsOf(world: World, after: string, releasesMax: number): Facts {
  const { repository, ledger, signer } = world;
  const packages: PackageFacts[] = [];
  let releases = 0;
  let next: string | null = null;
  // One more, to know whether it is the end.
  const limit = Math.min(releasesMax, Number.MAX_SAFE_INTEGER - 1) + 1;
  for (const name of ledger.packageNames(after, limit)) {
    if (releases >= releasesMax) {
      next = packages.at(-1)?.name ?? null;
      break;
    }
    const facts = packageFacts(world, name);
    packages.push(facts);
    releases += facts.releases.length;
  }
  return {
    ...{ repository, packages, next, publicKeyPem: signer.publicKeyPem },
    ...{
      lost: ledger.isLost(),
      sequence: ledger.sequence(),
      clean: ledger.isClean(),
      inProgress: ledger.keysInProgress(),
    },
  };
}

/** As `factsOf`, of one package, which may have no release any more. */
export function factsAbout(world: World, name: string): Facts {
  return { ...factsOf(world, name, 0), packages: [packageFacts(world, name)], next: null };
}

export function indexFactsOf({ ledger }: World, after: string, packagesMax: number): IndexFacts {
  const names = ledger.packageNames(after, packagesMax);
  const last = names.length < packagesMax ? null : (names.at(-1) ?? null);
  const rows = ledger.versionsBetween(after, last);
  const packages = [...Map.groupBy(rows, (row) => row.package)].map(([name, releases]) => ({
    name,
    versions: releases.map(({ version }) => version),
    retired: releases.filter(({ retired }) => retired).map(({ version }) => version),
  }));
  return {
    ...{ published: ledger.isPublished(), sequence: ledger.sequence(), packages },
    ...{ listed: ledger.catalogNames(after, last), next: last },
  };
}

function packageFacts({ ledger }: World, name: string): PackageFacts {
  const releases = ledger.releases(name).map(releaseFacts);
  releases.sort((one, other) => (one.version < other.version ? -1 : 1));
  return { name, stale: ledger.isStale(name), releases };
}

function releaseFacts(row: ReleaseRow): ReleaseFacts {
  return {
    version: row.version,
    checksum: bytes(row.outer_checksum),
    retired: row.retirement_reason,
    docs: row.docs_checksum ? bytes(row.docs_checksum) : null,
    pages: {
      stored: row.pages_etag !== null,
      of: row.pages_of ? bytes(row.pages_of) : null,
    },
  };
}
