/** The packages of one look at a repository: what each needs, and then packages/NAME. */
import { isPackageName } from "../../hex/name.ts";
import {
  buildPackage,
  decodePackage,
  encodePackage,
  type PackageResource,
  RegistryError,
  unpackPackage,
  type VersionsResource,
} from "../../hex/registry.ts";
import { atOnce, limiter } from "../at-once.ts";
import { packagePath, type ReleaseName } from "../layout.ts";
import { Releases, type Replacement } from "./releases.ts";
import type { Work } from "./work.ts";

const requestsAtOnce = 8;

export interface Brought {
  packages: PackageResource[];
  releases: readonly { release: ReleaseName; hasDocs: boolean }[];
  /** All that is wrong, in sentences. */
  problems: string[];
}

/** Brings those that versions tells of, as far as they are wanted. */
export async function bringPackages(work: Work, versions: VersionsResource): Promise<Brought> {
  return new Packages(work, versions).bring();
}

class Packages {
  readonly #work: Work;
  readonly #repository: string;
  readonly #due: VersionsResource["packages"];
  readonly #releases: Releases;
  readonly #problems: string[] = [];
  readonly #limit = limiter(requestsAtOnce);

  constructor(work: Work, { repository, packages }: VersionsResource) {
    const { pinned } = work;
    const wanted = pinned && new Set(pinned.map(({ name }) => name));
    this.#work = work;
    this.#repository = repository;
    this.#due = packages.filter(({ name }) => !wanted || wanted.has(name));
    const listed = this.#due.reduce((sum, it) => sum + it.versions.length, 0);
    this.#releases = new Releases(work, pinned?.length ?? listed);
  }

  async bring(): Promise<Brought> {
    const brought = await atOnce(this.#due, requestsAtOnce, ({ name }) => this.#bring(name));
    const packages = brought.filter((it) => it !== undefined);
    return { packages, releases: this.#releases.done, problems: this.#problems };
  }

  /** @returns what the folder has of it then; undefined when there is something wrong. */
  async #bring(name: string): Promise<PackageResource | undefined> {
    const path = packagePath(name);
    if (!isPackageName(name)) {
      return this.#wrong(
        `versions tells of ${JSON.stringify(name)}, which is no name of a package`,
      );
    }
    const bytes = await this.#limit(() => this.#work.source.read(path));
    if (!bytes) return this.#wrong(`versions tells of ${name}, but there is no ${path}`);
    try {
      const of = { repository: this.#repository, name };
      return await this.#package(bytes, await unpackPackage(bytes, this.#work.key, of));
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return this.#wrong(`${path}: ${error.message}`);
    }
  }

  async #package(
    bytes: Uint8Array,
    resource: PackageResource,
  ): Promise<PackageResource | undefined> {
    const { folder, pinned, key, request } = this.#work;
    const { name } = resource;
    const releases = resource.releases.filter(
      ({ version }) => !pinned || pinned.some((it) => it.name === name && it.version === version),
    );
    const replacements: Replacement[] = [];
    const wrong = await atOnce(releases, requestsAtOnce, (release) =>
      this.#limit(() => this.#releases.fetch(name, release, replacements)),
    );
    const problems = wrong.filter((it) => it !== undefined);
    if (problems.length > 0) return this.#wrong(...problems);
    // One behind the other: until then packages/NAME tells of the old ones.
    for (const it of replacements) await folder.write(it.path, it.bytes);
    const own = { ...resource, releases };
    const { privateKey } = request;
    if (!privateKey) {
      await folder.writeVerbatim(packagePath(name), bytes, key);
      return own;
    }
    await folder.writeSigned(
      ...([packagePath(name), privateKey, encodePackage(own)] as const),
      (payload) => encodePackage(decodePackage(payload)),
      () => buildPackage(own, privateKey, { mtimeSeconds: 0 }),
    );
    return own;
  }

  #wrong(...problems: string[]): undefined {
    this.#problems.push(...problems);
  }
}
