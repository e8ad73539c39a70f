/** One package, as the bucket alone tells of it: its signed file, and the tarballs and docs that this names. */
import { sameBytes, sha256, toHex } from "../../hex/checksum.ts";
import { checkMetadata } from "../../hex/metadata.ts";
import { RegistryError, type ReleaseResource, unpackPackage } from "../../hex/registry.ts";
import { unpackTarball } from "../../hex/tarball.ts";
import type { Reader } from "../check/reader.ts";
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
  /** The number that the file carries as its date; all that come have to be greater. */
  mtimeSeconds: number;
}

/** What cannot be restored. */
export interface Defect {
  package: string;
  /** Null for a package as a whole. */
  version: string | null;
  outcome: "broken" | "missing" | "duplicate" | "stale" | "orphan" | "refused";
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
  const stored = await reader.head(key);
  const file = stored && (await reader.read(key));
  if (!file) return undefined;
  const mtimeSeconds = mtimeOf(file);
  let told: readonly ReleaseResource[];
  try {
    told = (await unpackPackage(file, publicKey, { repository, name })).releases;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    say({ version: null, outcome: "broken", why: `packages/${name}: ${error.message}` });
    return { name, releases: [], etag: stored.etag, isUpToDate: false, mtimeSeconds };
  }
  const releases: RestoredRelease[] = [];
  for (const [version, [release, ...others]] of Map.groupBy(told, (it) => it.version)) {
    if (!release) continue;
    const read =
      others.length > 0
        ? defect("duplicate", `packages/${name} tells of it ${others.length + 1} times`)
        : await readRelease({ reader, repository, publicKey }, name, release);
    if ("outcome" in read) say({ version, ...read });
    else releases.push(read);
  }
  // While it was read it may not have been replaced: nobody writes to a repository without a ledger.
  const isUpToDate = releases.length === told.length;
  return { name, releases, mtimeSeconds, etag: stored.etag, isUpToDate };
}

type ReleaseDefect = Pick<Defect, "outcome" | "why">;

async function readRelease(
  { reader, repository }: Source,
  name: string,
  told: ReleaseResource,
): Promise<RestoredRelease | ReleaseDefect> {
  const { version } = told;
  const key = keys.tarballKey(repository, name, version);
  const stored = await reader.head(key);
  const tarball = stored && (await reader.read(key));
  if (!stored || !tarball) return defect("missing", `there is no ${key}`);
  const unpacked = await unpackTarball(tarball);
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
    ...{ version, innerChecksum, outerChecksum, sizeBytes: tarball.length, etag: stored.etag },
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
  const stored = await reader.head(key);
  const docs = stored && (await reader.read(key));
  return docs ? { etag: stored.etag, checksum: await sha256(docs) } : null;
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

/** Of a gzip file (RFC 1952, 2.3). */
export function mtimeOf(file: Uint8Array): number {
  if (file.length < 8) return 0;
  return new DataView(file.buffer, file.byteOffset).getUint32(4, true);
}
