/**
 * Looks through a repository before anything of it is taken in: what its signed files tell of, and what
 * is wrong with them. MiniRepo's data folders have three defects that must not get any further: the
 * same version twice in packages/NAME, packages/NAME of packages that were reverted, and tarballs that
 * nobody tells of.
 */

import { isPackageName } from "../hex/name.ts";
import {
  decodeNames,
  decodeVersions,
  type PackageResource,
  RegistryError,
  type ReleaseResource,
  unpackPackage,
  unpackSigned,
} from "../hex/registry.ts";
import { atOnce } from "./at-once.ts";
import type { Folder } from "./folder.ts";
import { isReleaseName, packagePath, parseFileName, tarballPath } from "./layout.ts";

/** Behind HTTP nothing can be listed. */
export type SurveyedSource = Pick<Folder, "read"> & Partial<Pick<Folder, "list">>;

export interface Defect {
  package: string;
  /** Null for a package as a whole. */
  version: string | null;
  outcome: "duplicate" | "stale" | "orphan" | "missing" | "broken";
  why: string;
}

export interface Survey {
  /** As its signed files call it. */
  repository: string;
  /** Without what is defective. */
  releases: { name: string; release: ReleaseResource }[];
  defects: Defect[];
}

const readsAtOnce = 8;
const indexBytesMax = 32 * 1024 * 1024;

/** @throws RegistryError when the index itself is not to be believed, or not there. */
export async function survey(source: SurveyedSource, key: CryptoKey): Promise<Survey> {
  const names = decodeNames(await signed(source, "names", key));
  const versions = decodeVersions(await signed(source, "versions", key));
  const { repository } = names;
  const defects: Defect[] = [];
  const listed = new Map(versions.packages.map((it) => [it.name, it.versions]));
  for (const { name } of names.packages) if (!listed.has(name)) listed.set(name, []);
  const packages = await atOnce([...listed], readsAtOnce, ([name, list]) =>
    readPackage(source, key, { repository, name }, list, defects),
  );
  const found = packages.filter((it) => it !== undefined);
  const releases = found.flatMap((it) => onlyOnce(it, defects));
  defects.push(...(await unlisted(source, found, new Set(listed.keys()))));
  return { repository, releases, defects };
}

async function signed(source: SurveyedSource, path: string, key: CryptoKey): Promise<Uint8Array> {
  const bytes = await source.read(path);
  if (!bytes) throw new RegistryError("bad_message", `There is no ${path}`);
  try {
    return await unpackSigned(bytes, key, { inflatedBytesMax: indexBytesMax });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new RegistryError(error.reason, `${path}: ${error.message}`);
  }
}

async function readPackage(
  source: SurveyedSource,
  key: CryptoKey,
  { repository, name }: { repository: string; name: string },
  listed: readonly string[],
  defects: Defect[],
): Promise<PackageResource | undefined> {
  const path = packagePath(name);
  if (!isPackageName(name)) {
    defects.push({ ...whole(name), outcome: "broken", why: "it is no name of a package" });
    return undefined;
  }
  const bytes = await source.read(path);
  if (!bytes) {
    defects.push({ ...whole(name), outcome: "missing", why: `there is no ${path}` });
    return undefined;
  }
  try {
    const resource = await unpackPackage(bytes, key, { repository, name });
    const held = new Set(resource.releases.map(({ version }) => version));
    const why = `versions tells of it, ${path} does not`;
    for (const version of new Set(listed)) {
      if (!held.has(version)) defects.push({ package: name, version, outcome: "missing", why });
    }
    return resource;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    defects.push({ ...whole(name), outcome: "broken", why: error.message });
    return undefined;
  }
}

/** Of a version that is there twice none: nobody can say which one its users have. */
function onlyOnce({ name, releases }: PackageResource, defects: Defect[]): Survey["releases"] {
  const byVersion = Map.groupBy(releases, ({ version }) => version);
  return [...byVersion].flatMap(([version, [release, ...others]]) => {
    if (!isReleaseName({ name, version })) {
      defects.push({ package: name, version, outcome: "broken", why: "it is no version" });
      return [];
    }
    if (release && others.length === 0) return [{ name, release }];
    const why = `packages/${name} tells of it ${others.length + 1} times`;
    defects.push({ package: name, version, outcome: "duplicate", why });
    return [];
  });
}

/** Files that are there although no index tells of them. */
async function unlisted(
  source: SurveyedSource,
  packages: readonly PackageResource[],
  names: ReadonlySet<string>,
): Promise<Defect[]> {
  const files = async (path: string) => ((await source.list?.(path)) ?? []).map(({ name }) => name);
  const stale = (await files("packages"))
    .filter((name) => !names.has(name))
    .map((name) => ({
      ...{ ...whole(name), outcome: "stale" as const },
      why: `packages/${name} is there, but names and versions do not tell of it`,
    }));
  const known = new Set(
    packages.flatMap(({ name, releases }) =>
      releases.map(({ version }) => tarballPath({ name, version })),
    ),
  );
  const orphans = async (folder: string, ending: ".tar" | ".tar.gz") =>
    (await files(folder)).flatMap((file): Defect[] => {
      const release = parseFileName(file, ending);
      if (!release || known.has(tarballPath(release))) return [];
      const why = `${folder}/${file} is there, but no packages/${release.name} tells of it`;
      return [{ package: release.name, version: release.version, outcome: "orphan", why }];
    });
  return [...stale, ...(await orphans("tarballs", ".tar")), ...(await orphans("docs", ".tar.gz"))];
}

function whole(name: string): { package: string; version: null } {
  return { package: name, version: null };
}
