/**
 * Takes the releases of one repository into another one, by publishing each: with its own checksums,
 * retirement and docs. Doing it again publishes only what is not there yet.
 *
 * A release waits until the packages of its own repository that it depends on are there. Who receives it
 * decides then, once and for ever, whose a dependency is that names no repository.
 */
import { sameBytes, sha256 } from "../hex/checksum.ts";
import type { ReleaseResource, RetirementStatus } from "../hex/registry.ts";
import { atOnce } from "./at-once.ts";
import { docsPath, type ReleaseName, tarballPath } from "./layout.ts";
import { type Defect, type SurveyedSource, survey } from "./survey.ts";
import { readTarball } from "./tarball.ts";

/** Where it goes. A no comes back as a sentence. */
export interface Target {
  /** What is there already; none for a package that is not. */
  releases(name: string): Promise<readonly ReleaseResource[]>;
  docs(release: ReleaseName): Promise<Uint8Array | undefined>;
  publish(tarball: Uint8Array): Promise<{ refused: string } | undefined>;
  retire(release: ReleaseName, why: RetirementStatus): Promise<{ refused: string } | undefined>;
  publishDocs(release: ReleaseName, docs: Uint8Array): Promise<{ refused: string } | undefined>;
}

export interface ImportRequest {
  source: SurveyedSource;
  /** Of the source. */
  publicKey: CryptoKey;
  target: Target;
  docs: boolean;
  onRelease?: (done: number, total: number) => void;
}

export interface Imported {
  package: string;
  version: string | null;
  outcome:
    | "new"
    | "there"
    /** Another tarball is there under this version; or other docs, which `why` says. */
    | "conflict"
    | "refused"
    | Defect["outcome"];
  why: string | null;
}

export interface ImportReport {
  /** What the source's signed files call it. */
  from: string;
  releases: Imported[];
  retired: number;
  docs: number;
}

const packagesAtOnce = 8;

/** @throws RegistryError when the source's index is not to be believed, or not there. */
export async function importRepository(request: ImportRequest): Promise<ImportReport> {
  return new Import(request).run();
}

interface Due {
  name: string;
  release: ReleaseResource;
}

class Import {
  readonly #request: ImportRequest;
  readonly #done: Imported[] = [];
  /** Packages of which the target has a release. */
  readonly #held = new Set<string>();
  #names: ReadonlySet<string> = new Set();
  #total = 0;
  #retired = 0;
  #docs = 0;

  constructor(request: ImportRequest) {
    this.#request = request;
  }

  async run(): Promise<ImportReport> {
    const { source, publicKey } = this.#request;
    const { repository, releases, defects } = await survey(source, publicKey);
    this.#names = new Set(releases.map(({ name }) => name));
    this.#total = releases.length;
    let due: Due[] = releases;
    while (due.length > 0) {
      const waiting = await this.#publishReady(due);
      if (waiting.length === due.length) {
        for (const it of waiting) this.#say(it, "refused", this.#waitsFor(it));
        break;
      }
      due = waiting;
    }
    return {
      ...{ from: repository, retired: this.#retired, docs: this.#docs },
      releases: [...this.#done, ...defects].sort(byRelease),
    };
  }

  /** @returns those whose dependencies are not there yet. */
  async #publishReady(due: readonly Due[]): Promise<Due[]> {
    const packages = [...Map.groupBy(due, ({ name }) => name)];
    const waiting = await atOnce(packages, packagesAtOnce, async ([name, releases]) => {
      const ready = releases.filter((it) => this.#lacks(it).length === 0);
      if (ready.length === 0) return releases;
      const there = await this.#request.target.releases(name);
      if (there.length > 0) this.#held.add(name);
      // Oldest first, as they were published.
      for (const it of ready) await this.#import(it, there);
      return releases.filter((it) => !ready.includes(it));
    });
    return waiting.flat();
  }

  async #import(due: Due, there: readonly ReleaseResource[]): Promise<void> {
    const { name, release } = due;
    const { version } = release;
    const before = there.find((it) => it.version === version);
    if (before && !isSame(before, release)) {
      return this.#say(due, "conflict", "the target has another tarball of this version");
    }
    const published = before ? undefined : await this.#publish(due);
    if (published) return this.#say(due, published.outcome, published.why);
    this.#held.add(name);
    const problem =
      (await this.#retire(due, before?.retired)) ?? (await this.#publishDocs({ name, version }));
    if (problem) return this.#say(due, problem.outcome, problem.why);
    this.#say(due, before ? "there" : "new", null);
  }

  async #publish({ name, release }: Due): Promise<Problem | undefined> {
    const { source, target } = this.#request;
    const { version } = release;
    const path = tarballPath({ name, version });
    const tarball = await source.read(path);
    if (!tarball) return { outcome: "missing", why: `there is no ${path}` };
    if (!(await hasChecksum(tarball, release))) {
      const why = `${path} does not have the checksum that packages/${name} tells`;
      return { outcome: "broken", why };
    }
    const answer = await target.publish(tarball);
    if (!answer) return undefined;
    // An answer that got lost looks like this when it is asked for again.
    const there = (await target.releases(name)).find((it) => it.version === version);
    if (there && isSame(there, release)) return undefined;
    return { outcome: "refused", why: answer.refused };
  }

  async #retire(
    { name, release: { version, retired } }: Due,
    before: RetirementStatus | undefined,
  ): Promise<Problem | undefined> {
    const isSaid = before?.reason === retired?.reason && before?.message === retired?.message;
    // What is retired there and not here was decided there.
    if (!retired || isSaid) return undefined;
    const answer = await this.#request.target.retire({ name, version }, retired);
    if (answer) return { outcome: "refused", why: `it is there, not retired: ${answer.refused}` };
    this.#retired++;
    return undefined;
  }

  async #publishDocs(release: ReleaseName): Promise<Problem | undefined> {
    const { source, target } = this.#request;
    const docs = this.#request.docs ? await source.read(docsPath(release)) : undefined;
    if (!docs) return undefined;
    const there = await target.docs(release);
    if (there && sameBytes(there, docs)) return undefined;
    if (there) return { outcome: "conflict", why: "the target has other docs of this version" };
    const answer = await target.publishDocs(release, docs);
    if (answer) return { outcome: "refused", why: `it is there, without docs: ${answer.refused}` };
    this.#docs++;
    return undefined;
  }

  /** Its own repository's packages that are to come first. */
  #lacks({ name, release }: Due): string[] {
    return release.dependencies
      .filter((it) => it.repository === undefined && it.package !== name)
      .map((it) => it.package)
      .filter((it) => this.#names.has(it) && !this.#held.has(it));
  }

  #waitsFor(due: Due): string {
    return `it depends on ${this.#lacks(due).join(", ")}, of which no release could be published before`;
  }

  #say({ name, release }: Due, outcome: Imported["outcome"], why: string | null): void {
    this.#done.push({ package: name, version: release.version, outcome, why });
    this.#request.onRelease?.(this.#done.length, this.#total);
  }
}

type Problem = { outcome: Imported["outcome"]; why: string };

function isSame(one: ReleaseResource, other: ReleaseResource): boolean {
  if (one.outerChecksum && other.outerChecksum) {
    return sameBytes(one.outerChecksum, other.outerChecksum);
  }
  return sameBytes(one.innerChecksum, other.innerChecksum);
}

async function hasChecksum(tarball: Uint8Array, release: ReleaseResource): Promise<boolean> {
  if (release.outerChecksum) return sameBytes(await sha256(tarball), release.outerChecksum);
  const facts = await readTarball(tarball);
  return !("refused" in facts) && sameBytes(facts.innerChecksum, release.innerChecksum);
}

/** By name; versions of one package as they came. */
function byRelease(one: Imported, other: Imported): number {
  return one.package < other.package ? -1 : Number(one.package > other.package);
}
