/**
 * A folder of tarballs becomes a repository that any web server can serve: what `mix hex.registry build`
 * does, but only for what changed.
 *
 * Every tarball is read and its SHA-256 compared with the one in packages/NAME, which is signed with our
 * key: there is nothing else to keep, and nothing that can be wrong. Sizes and dates would save the
 * reading, and miss a tarball that was replaced by one of the same size in the same second, or with
 * `cp -p`; the registry would then go on telling the old checksum, and every client refuse the package.
 * What is saved is what takes time: unpacking, checking, signing and writing.
 *
 * Contents first, index last, and removing the other way round: whoever kills it leaves a repository
 * that works, and the next run does the rest.
 */
import { sameBytes, sha256 } from "../hex/checksum.ts";
import {
  buildNames,
  buildPackage,
  buildVersions,
  encodeNames,
  encodePackage,
  encodeVersions,
  type NamesResource,
  type PackageResource,
  RegistryError,
  type ReleaseResource,
  type Timestamp,
  unpackNames,
  unpackPackage,
  unpackVersions,
} from "../hex/registry.ts";
import { parsePublicKey, publicKeyFingerprint, publicKeyPem } from "../hex/sign.ts";
import { sortVersions } from "../hex/version.ts";
import { atOnce } from "./at-once.ts";
import type { Folder, Listed } from "./folder.ts";
import { namesOf, versionsOf } from "./index-files.ts";
import { journalPath, packagePath, parseFileName, type ReleaseName } from "./layout.ts";
import { dependencies, readTarball, type TarballFacts } from "./tarball.ts";

export interface BuildRequest {
  folder: Folder;
  repository: string;
  privateKey: CryptoKey;
  /** Sign anew what another key signed, or what was another repository's, or is not readable. */
  force?: boolean;
  /** Told after each tarball. */
  onTarball?: (done: number, total: number) => void;
}

export interface BuildReport {
  repository: string;
  packages: number;
  releases: number;
  /** How many tarballs were new or changed. */
  unpacked: number;
  /** Paths. */
  written: string[];
  removed: string[];
}

export type BuildRefusal =
  | { reason: "no_tarballs" }
  | { reason: "bad_tarballs"; problems: Problem[] }
  | { reason: "bad_public_key"; why: string }
  | { reason: "other_key"; fingerprint: string }
  | { reason: "bad_file"; path: string; why: string };

export interface Problem {
  file: string;
  why: string;
}

const tarballsAtOnce = 8;

export async function buildRepository(
  request: BuildRequest,
): Promise<BuildReport | { refused: BuildRefusal }> {
  try {
    return await build(request);
  } catch (error) {
    if (error instanceof BuildError) return { refused: error.refusal };
    throw error;
  }
}

class BuildError extends Error {
  readonly refusal: BuildRefusal;

  constructor(refusal: BuildRefusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

async function build(request: BuildRequest): Promise<BuildReport> {
  const { folder, repository, privateKey } = request;
  const listed = await folder.list("tarballs");
  if (!listed) throw new BuildError({ reason: "no_tarballs" });
  const before = await Before.read(request);
  const tarballs = await readTarballs(request, listed, before);
  const packages = composePackages(repository, tarballs, before);

  const written: string[] = [];
  const write = async (path: string, bytes: Uint8Array) => {
    await folder.write(path, bytes);
    written.push(path);
  };
  // No date in the files: the same tarballs give the same bytes, which git likes.
  const options = { mtimeSeconds: 0 };
  const changed = packages.filter((it) => !before.says(it));
  await before.begin(folder, changed);
  for (const it of changed) {
    await write(packagePath(it.name), await buildPackage(it, privateKey, options));
  }
  const versions = versionsOf(repository, packages);
  if (!before.hasVersions(encodeVersions(versions))) {
    await write("versions", await buildVersions(versions, privateKey, options));
  }
  const changedNames = new Set([...changed.map(({ name }) => name), ...before.unfinished]);
  const [newest, updatedAt] = [newestTarballs(tarballs), before.updatedAt];
  const names = namesOf(repository, packages, (name) =>
    changedNames.has(name) ? newest.get(name) : (updatedAt.get(name) ?? newest.get(name)),
  );
  if (!before.hasNames(encodeNames(names))) {
    await write("names", await buildNames(names, privateKey, options));
  }
  // Behind all that it signs: until then an interrupted run knows what the old key has signed.
  if (!before.hasPublicKey) {
    await write("public_key", new TextEncoder().encode(await publicKeyPem(privateKey)));
  }
  const held = new Set(packages.map(({ name }) => name));
  const stale = before.files.filter((name) => !held.has(name)).map(packagePath);
  for (const path of stale) await folder.remove(path);
  await folder.remove(journalPath);
  const releases = tarballs.length;
  const unpacked = tarballs.filter(({ facts }) => facts).length;
  return {
    ...{ repository, packages: packages.length, releases, unpacked, written, removed: stale },
  };
}

/** What the folder already says, as far as it is signed with our key (or to be signed anew). */
class Before {
  /** Names of the files in packages/. */
  readonly files: string[] = [];
  hasPublicKey = false;
  /** Packages that a run before was about to write, and names perhaps does not know of. */
  unfinished: string[] = [];
  readonly #packages = new Map<string, { resource: PackageResource; isOurs: boolean }>();
  #names: { resource: NamesResource; isOurs: boolean } | undefined;
  #versions: { payload: Uint8Array; isOurs: boolean } | undefined;

  static async read(request: BuildRequest): Promise<Before> {
    const before = new Before();
    await before.#read(request);
    return before;
  }

  async #read(request: BuildRequest): Promise<void> {
    const { folder, repository } = request;
    const keys = await this.#readKeys(request);
    const unpack = async <T>(
      path: string,
      open: (bytes: Uint8Array, key: CryptoKey) => Promise<T>,
    ): Promise<{ resource: T; isOurs: boolean } | undefined> => {
      const bytes = await folder.read(path);
      if (!bytes) return undefined;
      let why: RegistryError | undefined;
      for (const { key, isOurs } of keys) {
        try {
          return { resource: await open(bytes, key), isOurs };
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error;
          why = error;
        }
      }
      if (request.force) return undefined;
      throw new BuildError({ reason: "bad_file", path, why: why?.message ?? "" });
    };
    for (const { name } of (await folder.list("packages")) ?? []) {
      this.files.push(name);
      const path = packagePath(name);
      const found = await unpack(path, (bytes, key) =>
        unpackPackage(bytes, key, { repository, name }),
      );
      if (found) this.#packages.set(name, found);
    }
    this.#names = await unpack("names", (bytes, key) => unpackNames(bytes, key, { repository }));
    const versions = await unpack("versions", (bytes, key) =>
      unpackVersions(bytes, key, { repository }),
    );
    if (versions) {
      this.#versions = { payload: encodeVersions(versions.resource), isOurs: versions.isOurs };
    }
    const journal = await folder.read(journalPath);
    if (journal) this.unfinished = new TextDecoder().decode(journal).split("\n");
  }

  async #readKeys({ folder, privateKey, force }: BuildRequest) {
    const pem = await publicKeyPem(privateKey);
    const ours = { key: await parsePublicKey(pem), isOurs: true };
    const bytes = await folder.read("public_key");
    if (!bytes) return [ours];
    try {
      const there = new TextDecoder().decode(bytes);
      const fingerprint = await publicKeyFingerprint(there);
      this.hasPublicKey = fingerprint === (await publicKeyFingerprint(pem));
      if (this.hasPublicKey) return [ours];
      if (!force) throw new BuildError({ reason: "other_key", fingerprint });
      return [ours, { key: await parsePublicKey(there), isOurs: false }];
    } catch (error) {
      if (error instanceof BuildError || !(error instanceof Error)) throw error;
      if (force) return [ours];
      throw new BuildError({ reason: "bad_public_key", why: error.message });
    }
  }

  package(name: string): PackageResource | undefined {
    return this.#packages.get(name)?.resource;
  }

  names(): string[] {
    return [...this.#packages.keys()];
  }

  /** Compared as we would write both: the Elixir task also writes what a client assumes anyway. */
  says(resource: PackageResource): boolean {
    const found = this.#packages.get(resource.name);
    if (!found?.isOurs) return false;
    return sameBytes(encodePackage(found.resource), encodePackage(resource));
  }

  hasVersions(payload: Uint8Array): boolean {
    return this.#versions?.isOurs === true && sameBytes(this.#versions.payload, payload);
  }

  hasNames(payload: Uint8Array): boolean {
    return this.#names?.isOurs === true && sameBytes(encodeNames(this.#names.resource), payload);
  }

  get updatedAt(): ReadonlyMap<string, Timestamp | undefined> {
    return new Map(this.#names?.resource.packages.map((it) => [it.name, it.updatedAt]));
  }

  /** Else a package that was written just before a crash would look as if it had never changed. */
  async begin(folder: Folder, changed: readonly PackageResource[]): Promise<void> {
    if (changed.length === 0) return;
    const names = new Set([...this.unfinished, ...changed.map(({ name }) => name)]);
    await folder.write(journalPath, new TextEncoder().encode([...names].join("\n")));
  }
}

interface Tarball extends ReleaseName, Pick<Listed, "modifiedSeconds"> {
  /** What packages/NAME says of these very bytes. */
  known: ReleaseResource | undefined;
  /** What the tarball says, when packages/NAME does not do. */
  facts: TarballFacts | undefined;
}

/** All are read before anything is written, and all that is wrong is said at once. */
async function readTarballs(
  { folder, onTarball }: BuildRequest,
  listed: readonly Listed[],
  before: Before,
): Promise<Tarball[]> {
  const files = listed.filter(({ name }) => name.endsWith(".tar"));
  const moved = movedPackages(files, before);
  const problems: Problem[] = [];
  let done = 0;
  const read = await atOnce(files, tarballsAtOnce, async ({ name: file, modifiedSeconds }) => {
    const tarball = await readOne(folder, file, before, moved);
    onTarball?.(++done, files.length);
    if (!("why" in tarball)) return { ...tarball, modifiedSeconds };
    problems.push(tarball);
    return undefined;
  });
  const tarballs = read.filter((it) => it !== undefined);
  if (problems.length === 0) return tarballs;
  problems.sort((one, other) => (one.file < other.file ? -1 : 1));
  throw new BuildError({ reason: "bad_tarballs", problems });
}

async function readOne(
  folder: Folder,
  file: string,
  before: Before,
  moved: ReadonlySet<string>,
): Promise<Omit<Tarball, "modifiedSeconds"> | Problem> {
  const release = parseFileName(file, ".tar");
  const bytes = await folder.read(`tarballs/${file}`);
  if (!bytes) return { file, why: "it went away while it was to be read" };
  if (release) {
    const known = before
      .package(release.name)
      ?.releases.find((it) => it.version === release.version);
    // Whose a dependency is may have changed with what is here.
    const isMoved = known?.dependencies.some((it) => moved.has(it.package));
    if (known?.outerChecksum && !isMoved && sameBytes(await sha256(bytes), known.outerChecksum)) {
      return { ...release, known, facts: undefined };
    }
  }
  const facts = await readTarball(bytes);
  if ("refused" in facts) return { file, why: facts.refused };
  const { name, version } = facts;
  if (!release || name !== release.name || version !== release.version) {
    const due = `${name}-${version}.tar`;
    const why = (await folder.read(`tarballs/${due}`))
      ? `it is ${name} ${version}, as is ${due}: keep one of them`
      : `it is ${name} ${version}, so its name has to be ${due}`;
    return { file, why };
  }
  return { ...release, known: undefined, facts };
}

/** Packages of which there is a tarball now and was none before, or the reverse. */
function movedPackages(files: readonly Listed[], before: Before): ReadonlySet<string> {
  const now = new Set(files.flatMap(({ name }) => parseFileName(name, ".tar")?.name ?? []));
  const then = new Set(before.names());
  return new Set([...now, ...then].filter((name) => now.has(name) !== then.has(name)));
}

function composePackages(
  repository: string,
  tarballs: readonly Tarball[],
  before: Before,
): PackageResource[] {
  const byPackage = Map.groupBy(tarballs, ({ name }) => name);
  const isHeld = (name: string) => byPackage.has(name);
  return [...byPackage].map(([name, files]) => {
    const old = before.package(name);
    const byVersion = new Map(files.map((it) => [it.version, it]));
    const releases = sortVersions([...byVersion.keys()]).flatMap((version): ReleaseResource[] => {
      const { known, facts } = byVersion.get(version) ?? {};
      if (known) return [known];
      if (!facts) return [];
      // What the tarball does not know: somebody has said it of this version.
      const kept = old?.releases.find((it) => it.version === version);
      const { innerChecksum, outerChecksum, requirements } = facts;
      return [
        {
          ...{ version, innerChecksum, outerChecksum },
          dependencies: dependencies(requirements, repository, isHeld),
          retired: kept?.retired,
          advisoryIndexes: kept?.advisoryIndexes ?? [],
          publishedAt: kept?.publishedAt,
        },
      ];
    });
    return { repository, name, releases, advisories: old?.advisories ?? [] };
  });
}

/** The date of each package's last tarball, which is what the Elixir task writes. */
function newestTarballs(tarballs: readonly Tarball[]): ReadonlyMap<string, Timestamp> {
  const newest = new Map<string, Timestamp>();
  for (const { name, modifiedSeconds } of tarballs) {
    const seconds = Math.max(modifiedSeconds, newest.get(name)?.seconds ?? 0);
    newest.set(name, { seconds, nanos: 0 });
  }
  return newest;
}
