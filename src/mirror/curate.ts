/**
 * A curated mirror: of upstream's releases its clients see those that the rules let in, in files that are
 * signed with our key. All that is served of the registry is built here, from upstream's verified files
 * and the rules as they are now; the same answer gates tarballs and docs.
 *
 * Tarballs are kept where a verbatim mirror keeps them, also one that is held and was fetched for its
 * licences: what is served decides the list of versions that goes with every answer.
 */

import type { LockedRelease } from "../hex/lockfile.ts";
import { keep } from "../storage/keep.ts";
import { stampOf } from "./curate/digest.ts";
import { curateIndex } from "./curate/index-files.ts";
import { curatePackage, type Judgement, judgePackage } from "./curate/package.ts";
import { curatePolicy } from "./curate/policy.ts";
import type { Curated, CuratedPath, Curation } from "./curate/types.ts";
import { setState, stateOf } from "./kept.ts";
import type { World } from "./world.ts";

export type { Judgement } from "./curate/package.ts";
export type { Curated, CuratedPath } from "./curate/types.ts";

export class Curator {
  readonly #world: World;
  readonly #ask: Pick<Curation, "refresh" | "hold">;
  /** By path; names and versions are built together. */
  readonly #flights = new Map<string, Promise<Curated>>();
  readonly #failed = new Set<string>();
  #indexBuiltAt = 0;

  constructor(world: World, ask: Pick<Curation, "refresh" | "hold">) {
    this.#world = world;
    this.#ask = ask;
  }

  /** Brings our file up to what upstream and the rules say now. */
  curate(path: CuratedPath): Promise<Curated> {
    const isIndex = path === "names" || path === "versions";
    const about = isIndex ? "index" : path;
    return this.#once(about, async () => {
      const curation = await this.#open();
      if (isIndex) return this.#index(curation);
      if (path === "public_key") return this.#publicKey(curation);
      if (path.startsWith("policies/")) {
        return curatePolicy(curation, path.slice("policies/".length));
      }
      return curatePackage(curation, path.slice("packages/".length), { learns: true });
    });
  }

  /** What the rules say about each release of a package. */
  async judge(name: string): Promise<Judgement> {
    const curated = await this.curate(`packages/${name}`);
    if (curated.kind === "missing" || curated.kind === "unavailable") return curated;
    return judgePackage(await this.#open(), name);
  }

  /** Why each of these is not for the clients of this mirror; null when it is, or belongs elsewhere. */
  async whyHeld(releases: readonly LockedRelease[]): Promise<(string | null)[]> {
    const { upstream_name: upstreamName, only } = this.#world.declaration;
    const judgements = new Map<string, Judgement>();
    const whys: (string | null)[] = [];
    for (const { repository, package: name, version } of releases) {
      if (repository !== upstreamName || (only && !only.includes(name))) whys.push(null);
      else {
        const judgement = judgements.get(name) ?? (await this.judge(name));
        judgements.set(name, judgement);
        const verdicts = judgement.kind === "judged" ? judgement.verdicts : [];
        const verdict = verdicts.find((it) => it.version === version);
        whys.push(!verdict || verdict.isIn ? null : verdict.reason);
      }
    }
    return whys;
  }

  async #index(curation: Curation): Promise<Curated> {
    return curateIndex(curation, {
      curatePackage: (name) =>
        this.#once(`packages/${name}`, () => curatePackage(curation, name, { learns: false })),
      turn: () => this.#indexTurn(),
    });
  }

  async #indexTurn(): Promise<void> {
    // A clock that was set back is no reason to wait for longer.
    const waitMs = Math.min(this.#indexBuiltAt + indexSpacingMs - Date.now(), indexSpacingMs);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#indexBuiltAt = Date.now();
  }

  async #publicKey({ signer }: Curation): Promise<Curated> {
    const key = `repos/${this.#world.repository}/public_key`;
    await keep(this.#world.storage, key, new TextEncoder().encode(signer.publicKeyPem));
    return { kind: "there", why: null, until: null, versions: [] };
  }

  #once(about: string, work: () => Promise<Curated>): Promise<Curated> {
    const flight = this.#flights.get(about);
    if (flight !== undefined) return flight;
    const mine = work().finally(() => this.#flights.delete(about));
    this.#flights.set(about, mine);
    return mine;
  }

  async #open(): Promise<Curation> {
    const world = this.#world;
    const { signer, declaration } = world;
    const { rules } = declaration;
    // env.ts lets no curated mirror pass without them.
    if (!signer || !rules) throw new Error(`${world.repository} is no curated mirror`);
    const stamp = await stampOf(rules, declaration.upstream_name, signer.fingerprint);
    return { world, rules, signer, stamp, failed: this.#failed, ...this.#ask };
  }
}

/** R2 takes one write a second to one key. */
const indexSpacingMs = 1000;

/**
 * What is known of the files of one mode says nothing about those of the other: after a change upstream is
 * asked for all of them.
 */
export function checkMode(world: Pick<World, "sql" | "declaration">): void {
  const { mode } = world.declaration;
  if ((stateOf(world, "mode") ?? "verbatim") === mode) return;
  for (const table of ["files", "curated", "sync_packages", "sync_releases", "sync_index"]) {
    world.sql.exec(`DELETE FROM ${table}`);
  }
  world.sql.exec("DELETE FROM state WHERE name LIKE 'sync.%'");
  setState(world, "mode", mode);
}
