/**
 * A piece of a check: packages, then names and versions, then what nothing tells of. Where it stopped
 * is a text, with which whoever asked goes on.
 *
 * Others go on publishing meanwhile. What looks wrong is looked at again with what the ledger says then:
 * only what is wrong while nobody changes it is told.
 */
import { parsePublicKey } from "../../hex/sign.ts";
import type { Facts, IndexFacts } from "./facts.ts";
import { checkIndexFiles, checkLists, type Index } from "./index-files.ts";
import { checkPackage } from "./package.ts";
import type { Problem } from "./problem.ts";
import { type Limits, Reader, type Reads, stepLimits } from "./reader.ts";
import { checkStrays } from "./strays.ts";

/** The repository's Durable Object. */
export interface Checked {
  facts(after?: string, releasesMax?: number): Promise<Facts>;
  factsAbout(name: string): Promise<Facts>;
  indexFacts(after: string, packagesMax: number): Promise<IndexFacts>;
  unknown(keys: string[]): Promise<string[]>;
}

export interface Step {
  problems: Problem[];
  /** Looked at in this step. */
  packages: number;
  releases: number;
  /** Was nothing on its way, so that names and versions had to agree with the rest? */
  settled: boolean;
  /** To go on with; null when it was the last step. */
  next: string | null;
}

/** The cursor is none. */
export class BadCursor extends Error {}

const releasesAtOnce = 200;
const packagesAtOnce = 2000;
const looksMax = 4;

/** @param cursor of the step before; null begins. @throws BadCursor */
export async function checkStep(
  storage: Reads,
  repository: Checked,
  cursor: string | null,
  limits: Limits = stepLimits,
): Promise<Step> {
  const checker = new StepChecker(new Reader(storage, limits), repository);
  const [phase, at = "", within] = (cursor ?? "packages/").split("/");
  if (phase === "packages") return checker.packages(at, within ?? null);
  if (phase === "index") return checker.index();
  if (phase === "keys") return checker.keys(decoded(at));
  throw new BadCursor(`${cursor} is not where a check stopped`);
}

class StepChecker {
  readonly #reader: Reader;
  readonly #repository: Checked;
  readonly #step: Step = { problems: [], packages: 0, releases: 0, settled: true, next: null };

  constructor(reader: Reader, repository: Checked) {
    this.#reader = reader;
    this.#repository = repository;
  }

  /** Behind the package `after`; or of it what comes behind the version `within`. */
  async packages(after: string, within: string | null): Promise<Step> {
    if (within !== null) {
      const facts = await this.#repository.factsAbout(after);
      const stopped = await this.#package(facts, within);
      if (stopped !== null) return this.#end(`packages/${after}/${stopped}`);
    }
    for (let next: string | null = after; next !== null; ) {
      if (this.#reader.isSpent) return this.#end(`packages/${next}`);
      const facts: Facts = await this.#repository.facts(next, releasesAtOnce);
      if (facts.lost) return this.#lost();
      for (const of of facts.packages) {
        const stopped = await this.#package({ ...facts, packages: [of] }, null);
        this.#step.packages += of.releases.length > 0 ? 1 : 0;
        if (stopped !== null) return this.#end(`packages/${of.name}/${stopped}`);
        if (this.#reader.isSpent) return this.#end(`packages/${of.name}`);
      }
      next = facts.next;
    }
    return this.index();
  }

  async index(): Promise<Step> {
    const facts = await this.#repository.facts("", 0);
    if (facts.lost) return this.#lost();
    this.#step.settled = false;
    for (let look = 0; look < looksMax && !this.#step.settled; look++) {
      const index = await this.#index();
      if (!index) continue;
      const problems = [...checkLists(index)];
      problems.push(...(await checkIndexFiles(this.#reader, facts, index)));
      const { published, sequence } = await this.#repository.indexFacts("", 1);
      // What changed while it was compared was not compared.
      this.#step.settled = published && sequence === index.sequence;
      if (this.#step.settled) this.#step.problems.push(...problems);
    }
    return this.#reader.isSpent ? this.#end("keys/") : this.keys("");
  }

  /** What names and versions have to say; undefined while something is on its way to them. */
  async #index(): Promise<(Index & { sequence: number }) | undefined> {
    const all: Index = { packages: [], listed: [] };
    let sequence: number | undefined;
    for (let after: string | null = ""; after !== null; ) {
      const facts: IndexFacts = await this.#repository.indexFacts(after, packagesAtOnce);
      sequence ??= facts.sequence;
      if (!facts.published || facts.sequence !== sequence) return undefined;
      all.packages.push(...facts.packages);
      all.listed.push(...facts.listed);
      after = facts.next;
    }
    return { ...all, sequence: sequence ?? 0 };
  }

  async keys(after: string): Promise<Step> {
    const facts = await this.#repository.facts("", 0);
    if (facts.lost) return this.#lost();
    const stopped = await checkStrays(
      this.#reader,
      facts,
      after,
      (keys) => this.#repository.unknown(keys),
      (problem) => this.#step.problems.push(problem),
    );
    return this.#end(stopped === null ? null : `keys/${encodeURIComponent(stopped)}`);
  }

  /** @returns where in its releases it stopped, or null. */
  async #package(first: Facts, after: string | null): Promise<string | null> {
    let facts = first;
    for (let look = 0; ; look++) {
      const [of] = facts.packages;
      if (!of) return null;
      const problems: Problem[] = [];
      const stopped = await checkPackage(
        {
          ...{ reader: this.#reader, facts, of, after },
          publicKey: await parsePublicKey(facts.publicKeyPem),
        },
        (problem) => problems.push(problem),
      );
      const isLast = look + 1 === looksMax;
      const again = problems.length > 0 ? await this.#repository.factsAbout(of.name) : facts;
      if (same(facts.packages, again.packages) && same(underway(facts), underway(again))) {
        this.#step.problems.push(...problems);
      } else if (!isLast) {
        facts = again;
        continue;
      }
      const versions = of.releases.map(({ version }) => version);
      const seen = versions.filter(
        (it) => (after === null || it > after) && (stopped === null || it <= stopped),
      );
      this.#step.releases += seen.length;
      return stopped;
    }
  }

  #lost(): Step {
    const says =
      "the ledger is empty although the bucket holds packages: it was lost, or the bucket is another's";
    this.#step.problems.push({ says, cure: { do: "restore ledger" } });
    return this.#end(null);
  }

  #end(next: string | null): Step {
    return { ...this.#step, next };
  }
}

/** Of the one package that the facts are about. */
function underway({ packages, inProgress }: Facts): string[] {
  const name = packages[0]?.name;
  return inProgress.filter((key) => key.includes(`/${name}-`) || key.endsWith(`/${name}`)).sort();
}

/** Bytes are said as numbers. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, plain) === JSON.stringify(other, plain);
}

/** @throws BadCursor */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BadCursor(`${text} is not where it stopped`);
  }
}

function plain(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Array.from(value) : value;
}
