/** Talking to the Durable Object itself, as src/http/api does, for tests of what is behind HTTP. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gzipSync } from "fflate";
import { openStorage } from "../../src/config/storage.ts";
import type { Env } from "../../src/env.ts";
import { sha256, toHex } from "../../src/hex/checksum.ts";
import { checkMetadata } from "../../src/hex/metadata.ts";
import { type PackageResource, unpackNames, unpackPackage } from "../../src/hex/registry.ts";
import { parsePublicKey } from "../../src/hex/sign.ts";
import { unpackTarball } from "../../src/hex/tarball.ts";
import { tarballKey } from "../../src/repository/keys.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type {
  Author,
  Publication,
  RequestedDependency,
  Standing,
} from "../../src/repository/types.ts";
import { packageTarball, type ReleaseOptions, tar } from "./tarball.ts";
import { storedFiles, type World } from "./world.ts";

export const author: Author = {
  ...{ name: "ann", userId: 1, credential: "key ci", standing: "member" },
  ...{ requestId: "1", ip: null, userAgent: null },
};

export interface Upload {
  publication: Publication;
  tarball: Uint8Array;
}

/** What http/api/publish.ts makes of a tarball. */
export async function upload(
  release: ReleaseOptions & { replace?: boolean } = {},
): Promise<Upload> {
  const tarball = await packageTarball(release);
  const unpacked = await unpackTarball(tarball);
  if ("refused" in unpacked) throw new Error(JSON.stringify(unpacked.refused));
  const checked = checkMetadata(unpacked.terms, { public: false });
  if ("refused" in checked) throw new Error(JSON.stringify(checked.refused));
  const { innerChecksum, outerChecksum } = unpacked;
  const { name, version, app, buildTools, elixir, requirements, ...meta } = checked.metadata;
  const { description, licenses, links, maintainers } = meta;
  const publication: Publication = {
    ...{ package: name, version, innerChecksum, outerChecksum, sizeBytes: tarball.length },
    ...{ app, buildTools, elixir, requirements, replace: release.replace ?? false },
    meta: { description, licenses, links, maintainers, extra: "{}" },
  };
  return { publication, tarball };
}

/** A docs tarball with one page. */
export function docsTarball(text: string): Uint8Array {
  return gzipSync(tar([{ path: "index.html", bytes: `<p>${text}</p>` }]), { mtime: 0 });
}

export async function storedBytes(
  { repository }: Pick<World, "repository">,
  path: string,
): Promise<Uint8Array | undefined> {
  const found = await openStorage(env as Env, repository).get(`repos/${repository}/${path}`);
  return found && new Uint8Array(await new Response(found.body).arrayBuffer());
}

/** packages/NAME as whoever trusts the public key reads it. */
export async function storedPackage(
  world: Pick<World, "repository" | "stub">,
  name: string,
): Promise<PackageResource | undefined> {
  const file = await storedBytes(world, `packages/${name}`);
  if (!file) return undefined;
  const { publicKeyPem } = await world.stub.facts();
  const { repository } = world;
  return unpackPackage(file, await parsePublicKey(publicKeyPem), { repository, name });
}

/** The packages that names lists. */
export async function storedNames(world: Pick<World, "repository" | "stub">): Promise<string[]> {
  const file = await storedBytes(world, "names");
  if (!file) return [];
  const { publicKeyPem } = await world.stub.facts();
  const { repository } = world;
  const names = await unpackNames(file, await parsePublicKey(publicKeyPem), { repository });
  return names.packages.map(({ name }) => name);
}

/**
 * All that readers can see of packages, tarballs and docs, a line each. Two repositories that say
 * the same have the same lines, whenever and in however many attempts they came to it. A package
 * file without releases says as much as none.
 */
export async function visible(world: Pick<World, "repository" | "stub">): Promise<string[]> {
  const lines: string[] = [];
  for (const path of await storedFiles(world)) {
    const [, folder, name] = /^(packages|tarballs|docs)\/(.+)$/.exec(path) ?? [];
    if (folder === undefined || name === undefined) continue;
    if (folder === "packages") {
      const releases = (await storedPackage(world, name))?.releases ?? [];
      if (releases.length > 0) lines.push(`${path}: ${releases.map(line).join(", ")}`);
    } else {
      const bytes = await storedBytes(world, path);
      lines.push(`${path}: ${bytes && toHex(await sha256(bytes))}`);
    }
  }
  return lines;
}

function line({ version, outerChecksum, retired, dependencies }: PackageResource["releases"][0]) {
  const needs = dependencies.map((it) => ` needs ${it.package}`).join("");
  const checksum = outerChecksum ? toHex(outerChecksum) : "no checksum";
  return `${version} ${checksum}${needs}${retired ? ` retired ${retired.reason}` : ""}`;
}

/** Somebody with an account, and the ground on which they change packages. */
export function person(name: string, userId: number | null, standing: Standing): Author {
  return { ...author, name, userId, standing };
}

/** What a release says beside its name and version. */
export interface Stock {
  version?: string;
  description?: string;
  extra?: object;
  buildTools?: string[];
  requirements?: RequestedDependency[];
  by?: Author;
  /** Milliseconds since 1970. */
  at?: number;
}

/** Puts releases into the ledger alone, as `publish` does; the bucket knows nothing of them. */
export async function stock(
  { stub, repository }: Pick<World, "stub" | "repository">,
  releases: readonly (Stock & { name: string })[],
): Promise<void> {
  await runInDurableObject(stub, ({ world }: Repository) => {
    for (const [at, release] of releases.entries()) {
      const { name, version = "1.0.0", buildTools = ["mix"], requirements = [] } = release;
      const publication: Publication = {
        ...{ package: name, version, buildTools, requirements, app: name, elixir: null },
        ...{ innerChecksum: new Uint8Array(32), outerChecksum: new Uint8Array(32).fill(at) },
        ...{ sizeBytes: 1, replace: true },
        meta: {
          ...{ description: release.description ?? null, licenses: [], links: {}, maintainers: [] },
          extra: JSON.stringify(release.extra ?? {}),
        },
      };
      const refused = world.ledger.reserve(publication, release.by ?? author);
      if (refused) throw new Error(JSON.stringify(refused));
      world.ledger.commit(tarballKey(repository, name, version), "etag", release.at ?? Date.now());
    }
  });
}

export function needs(name: string, repository: string | null = null): RequestedDependency {
  return { name, app: name, requirement: "~> 1.0", optional: false, repository };
}
