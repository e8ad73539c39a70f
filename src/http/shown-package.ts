/**
 * A package as its page shows it, out of whatever knows it: the ledger's record of one that is published
 * here, or the signed packages/NAME of one that is mirrored.
 */
import type { Context } from "hono";
import type { MirrorConfig } from "../config/repositories.ts";
import { signingKeyPem } from "../config/signing-key.ts";
import { openStorage } from "../config/storage.ts";
import { toHex } from "../hex/checksum.ts";
import { isPackageName } from "../hex/name.ts";
import { unpackPackage } from "../hex/registry.ts";
import { parsePrivateKey, parsePublicKey, publicKeyPem } from "../hex/sign.ts";
import { sortVersions } from "../hex/version.ts";
import type {
  DependencyRecord,
  OwnerRecord,
  PackageDownloads,
  PackageMeta,
  PackageRecord,
  Retirement,
} from "../repository/types.ts";
import { findPackage } from "./api/packages.ts";
import type { App } from "./app-type.ts";
import { freshen } from "./mirrored.ts";
import type { Refusal } from "./refusals.ts";

export interface ShownPackage {
  repository: string;
  name: string;
  /** Null where only the tarball says it. */
  meta: Omit<PackageMeta, "extra"> | null;
  /** Newest version first. */
  releases: ShownRelease[];
  owners: OwnerRecord[];
  downloads: PackageDownloads | null;
}

export interface ShownRelease {
  version: string;
  app: string;
  outerChecksum: string;
  innerChecksum: string;
  sizeBytes: number | null;
  buildTools: string[];
  elixir: string | null;
  requirements: DependencyRecord[];
  publisher: string | null;
  /** ISO 8601; null where upstream does not say it. */
  publishedAt: string | null;
  retirement: Retirement | null;
  advisories: ShownAdvisory[];
  hasPages: boolean;
  downloads: number | null;
}

export interface ShownAdvisory {
  id: string;
  summary: string;
  url: string;
  severity: string | null;
}

/** The package that the path names, in the repository that the request is about. */
export async function findShownPackage(
  c: Context<App>,
  name: string,
): Promise<ShownPackage | { refused: Refusal }> {
  const missing = { refused: { reason: "package_not_found", package: name } } as const;
  if (!isPackageName(name)) return missing;
  const repository = c.get("repository");
  if (repository.kind === "mirror") return mirroredPackage(c, repository, name);
  if (repository.kind === "group") return missing;
  const record = await findPackage(c, name);
  return record ? hostedPackage(record) : missing;
}

function hostedPackage(record: PackageRecord): ShownPackage {
  return {
    ...record,
    releases: record.releases.map((release) => ({
      ...release,
      ...{ publishedAt: release.insertedAt, advisories: [] },
    })),
  };
}

async function mirroredPackage(
  c: Context<App>,
  mirror: MirrorConfig,
  name: string,
): Promise<ShownPackage | { refused: Refusal }> {
  const refused = await freshen(c, mirror, `packages/${name}`);
  const file = await openStorage(c.env, mirror.name).get(`repos/${mirror.name}/packages/${name}`);
  if (!file) return { refused: refused ?? { reason: "package_not_found", package: name } };
  const bytes = new Uint8Array(await new Response(file.body).arrayBuffer());
  const resource = await unpackPackage(bytes, await publicKeyOf(c, mirror), {
    ...{ repository: mirror.declaration.upstream_name, name },
  });
  const byVersion = new Map(resource.releases.map((release) => [release.version, release]));
  const releases = sortVersions([...byVersion.keys()])
    .reverse()
    .flatMap((version) => byVersion.get(version) ?? [])
    .map((release): ShownRelease => {
      const { retired, publishedAt } = release;
      return {
        ...{ version: release.version, app: name, sizeBytes: null, buildTools: [], elixir: null },
        outerChecksum: release.outerChecksum ? toHex(release.outerChecksum) : "",
        innerChecksum: toHex(release.innerChecksum),
        requirements: release.dependencies.map((it) => ({
          ...{ package: it.package, app: it.app ?? it.package, requirement: it.requirement },
          ...{ optional: it.optional ?? false, repository: it.repository ?? null },
        })),
        ...{ publisher: null, downloads: null, hasPages: false },
        publishedAt: publishedAt ? new Date(publishedAt.seconds * 1000).toISOString() : null,
        retirement: retired ? { reason: retired.reason, message: retired.message ?? null } : null,
        advisories: release.advisoryIndexes.flatMap((index) => {
          const advisory = resource.advisories[index];
          if (!advisory) return [];
          const { id, summary, htmlUrl: url, severity = null } = advisory;
          return { id, summary, url, severity };
        }),
      };
    });
  if (releases.length === 0) return { refused: { reason: "package_not_found", package: name } };
  return { repository: mirror.name, name, meta: null, releases, owners: [], downloads: null };
}

/** Of whoever signed what the mirror keeps. */
async function publicKeyOf(c: Context<App>, { name, declaration }: MirrorConfig) {
  if (declaration.mode !== "curated") return parsePublicKey(declaration.upstream_public_key);
  const key = await parsePrivateKey(signingKeyPem(c.env, name));
  return parsePublicKey(await publicKeyPem(key));
}
