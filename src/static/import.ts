/**
 * Takes the releases of one repository into another one, by publishing each: with its own checksums,
 * retirement and docs, and the date that it has there. Doing it again publishes only what is not there yet.
 *
 * A release waits until the packages of its own repository that it depends on are there. Who receives it
 * decides then, once and for ever, whose a dependency is that names no repository.
 */
import { atOnce } from "./at-once.ts";
import { type Due, type Problem, Releases } from "./import/release.ts";
import type { Target } from "./import/target.ts";
import { type Defect, type SurveyedSource, survey } from "./survey.ts";

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
    /** "conflict": another tarball is there under this version; or other docs, which `why` says. */
    | Problem["outcome"]
    | Defect["outcome"];
  why: string | null;
}

export interface ImportReport {
  /** What the source's signed files call it. */
  from: string;
  releases: Imported[];
  retired: number;
  docs: number;
  /** New releases that have today's date although the source knows theirs, and why. */
  undated: { releases: number; why: string }[];
}

const packagesAtOnce = 8;

/** @throws RegistryError when the source's index is not to be believed, or not there. */
export async function importRepository(request: ImportRequest): Promise<ImportReport> {
  return new Import(request).run();
}

class Import {
  readonly #request: ImportRequest;
  readonly #releases: Releases;
  readonly #done: Imported[] = [];
  /** Packages of which the target has a release. */
  readonly #held = new Set<string>();
  #names: ReadonlySet<string> = new Set();
  #total = 0;

  constructor(request: ImportRequest) {
    this.#request = request;
    this.#releases = new Releases(request);
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
    const { retired, docs, undated } = this.#releases;
    return {
      ...{ from: repository, retired, docs },
      releases: [...this.#done, ...defects].sort(byRelease),
      undated: [...undated].map(([why, releases]) => ({ releases, why })),
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
      for (const it of ready) {
        const { isThere, problem } = await this.#releases.import(it, there);
        if (isThere) this.#held.add(name);
        const isOld = there.some(({ version }) => version === it.release.version);
        this.#say(it, problem?.outcome ?? (isOld ? "there" : "new"), problem?.why ?? null);
      }
      return releases.filter((it) => !ready.includes(it));
    });
    return waiting.flat();
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

/** By name; versions of one package as they came. */
function byRelease(one: Imported, other: Imported): number {
  return one.package < other.package ? -1 : Number(one.package > other.package);
}
