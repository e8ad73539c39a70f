/** One package, as the bucket alone tells of it: its signed file, and the tarballs and docs that this names. */
import { sameBytes, sha256, toHex } from "../../hex/checksum.ts";
import { mtimeOf } from "../../hex/gzip.ts";
import { checkMetadata } from "../../hex/metadata.ts";
import { RegistryError, type ReleaseResource, unpackPackage } from "../../hex/registry.ts";
import { unpackTarball } from "../../hex/tarball.ts";
import { type Reader, Unreadable } from "../check/reader.ts";
import * as keys from "../keys.ts";
import type { DependencyRecord, PackageMeta, Retirement } from "../types.ts";

export interface RestoredRelease {
  version: string;
  innerChecksum: Uint8Array;
  outerChecksum: Uint8Array;
  sizeBytes: number;
  etag: string;
  app: string;
  buildTools: string[];
  elixir: string | null;
  meta: PackageMeta;
  requirements: DependencyRecord[];
  /** Milliseconds since 1970: as the signed file says, else when the tarball was stored. */
  publishedAt: number;
  retirement: Retirement | null;
  docs: { etag: string; checksum: Uint8Array } | null;
}

export interface RestoredPackage {
  name: string;
  releases: RestoredRelease[];
  /** Of packages/NAME as it lies there. */
  etag: string;
  /** Does that say exactly this? Else it has to be written anew. */
  isUpToDate: boolean;
  /** The number that our own file carries as its date, 0 of any other; all that come have to be greater. */
  mtimeSeconds: number;
}

/** What cannot be restored. */
export interface Defect {
  package: string;
  /** Null for a package as a whole. */
  version: string | null;
  outcome: "broken" | "missing" | "duplicate" | "stale" | "orphan" | "refused" | "backup";
  why: string;
}

export interface Source {
  reader: Reader;
  repository: string;
  publicKey: CryptoKey;
}

/** @param say is told of what is there and cannot be restored. */
export async function readPackage(
  { reader, repository, publicKey }: Source,
  name: string,
  say: (defect: Omit<Defect, "package">) => void,
): Promise<RestoredPackage | undefined> {
  const key = keys.packageKey(repository, name);
  const stored = await reader.object(key).catch((error: unknown) => {
    if (!(error instanceof Unreadable)) throw error;
    say({ version: null, outcome: "broken", why: error.message });
    return undefined;
  });
  if (!stored) return undefined;
  let told: readonly ReleaseResource[];
  try {
    told = (await unpackPackage(stored.bytes, publicKey, { repository, name })).releases;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    say({ version: null, outcome: "broken", why: `packages/${name}: ${error.message}` });
    return { name, releases: [], etag: stored.etag, isUpToDate: false, mtimeSeconds: 0 };
  }
  const releases: RestoredRelease[] = [];
  const all = [...Map.groupBy(told, (it) => it.version)];
  for (let at = 0; at < all.length; at += releasesAtOnce) {
    const some = all.slice(at, at + releasesAtOnce);
    const read = await Promise.all(
      some.map(([, same]) => onlyRelease({ reader, repository, publicKey }, name, same)),
    );
    for (const [index, it] of read.entries()) {
      if ("outcome" in it) say({ version: some[index]?.[0] ?? null, ...it });
      else releases.push(it);
    }
  }
  // While it was read it may not have been replaced: nobody writes to a repository without a ledger.
  const isUpToDate = releases.length === told.length;
  const mtimeSeconds = mtimeOf(stored.bytes);
  return { name, releases, mtimeSeconds, etag: stored.etag, isUpToDate };
}

/** At most 16 MiB each, and its docs after it. */
const releasesAtOnce = 3;

type ReleaseDefect = Pick<Defect, "outcome" | "why">;

/** Of a version that is there twice none: nobody can say which one its users have. */
async function onlyRelease(
  source: Source,
  name: string,
  [release, ...others]: readonly ReleaseResource[],
): Promise<RestoredRelease | ReleaseDefect> {
  const count = others.length + 1;
  if (!release || count > 1)
    return defect("duplicate", `packages/${name} tells of it ${count} times`);
  try {
    return await readRelease(source, name, release);
  } catch (error) {
    if (error instanceof Unreadable) return defect("broken", error.message);
    throw error;
  }
}

async function readRelease(
  { reader, repository }: Source,
  name: string,
  told: ReleaseResource,
): Promise<RestoredRelease | ReleaseDefect> {
  const { version } = told;
  const key = keys.tarballKey(repository, name, version);
  const stored = await reader.object(key);
  if (!stored) return defect("missing", `there is no ${key}`);
  const unpacked = await unpackTarball(stored.bytes);
  if ("refused" in unpacked) return refused(unpacked.refused);
  const { innerChecksum, outerChecksum } = unpacked;
  const due = told.outerChecksum;
  if (!sameBytes(due ?? told.innerChecksum, due ? outerChecksum : innerChecksum)) {
    const is = toHex(due ? outerChecksum : innerChecksum);
    return defect("broken", `${key} has checksum ${is}, which is not what packages/${name} says`);
  }
  const checked = checkMetadata(unpacked.terms, { public: false });
  if ("refused" in checked) return refused(checked.refused);
  const { metadata } = checked;
  if (metadata.name !== name || metadata.version !== version) {
    return defect("broken", `${key} is ${metadata.name} ${metadata.version}`);
  }
  const { app, buildTools, elixir, description, licenses, links, maintainers, extra } = metadata;
  return {
    ...{ version, innerChecksum, outerChecksum, sizeBytes: stored.sizeBytes, etag: stored.etag },
    ...{ app, buildTools, elixir },
    meta: { description, licenses, links, maintainers, extra: JSON.stringify(extra) },
    // Whose a dependency is was decided when it was published, and stands in the signed file.
    requirements: told.dependencies.map((it) => ({
      ...{ package: it.package, app: it.app ?? it.package, requirement: it.requirement },
      ...{ optional: it.optional ?? false, repository: it.repository ?? null },
    })),
    publishedAt: publishedAtOf(told) ?? stored.uploadedAt.getTime(),
    retirement: retirementOf(told),
    docs: await readDocs(reader, keys.docsKey(repository, name, version)),
  };
}

async function readDocs(reader: Reader, key: string): Promise<RestoredRelease["docs"]> {
  const stored = await reader.object(key);
  return stored ? { etag: stored.etag, checksum: await sha256(stored.bytes) } : null;
}

function publishedAtOf({ publishedAt }: ReleaseResource): number | undefined {
  return publishedAt && publishedAt.seconds * 1000 + Math.floor(publishedAt.nanos / 1_000_000);
}

function retirementOf({ retired }: ReleaseResource): Retirement | null {
  return retired ? { reason: retired.reason, message: retired.message ?? null } : null;
}

function defect(outcome: Defect["outcome"], why: string): ReleaseDefect {
  return { outcome, why };
}

function refused(refusal: object): ReleaseDefect {
  const why = "message" in refusal ? String(refusal.message) : JSON.stringify(refusal);
  return defect("refused", why);
}
