/**
 * `sync = "eager"`: all that upstream has (or `only` names) is here before anybody asks. A round looks at the
 * index, works off what is different, puts the index, and removes what it no longer lists. The work list
 * is a table and every step can be done again, so a crash costs what was in flight.
 *
 * While it works, readers still get lazily what is not here yet. What is, they get as it is here: only the
 * sync moves it on, so that a file is never ahead of its tarballs.
 */
import type { Circuit } from "./circuit.ts";
import { setState, stateOf } from "./kept.ts";
import type { Freshness } from "./refresh.ts";
import { putIndex, removeGone } from "./sync/finish.ts";
import { counts, type Failure, failures, hasWork, isSynced } from "./sync/ledger.ts";
import { look, roundOf } from "./sync/look.ts";
import { Slice, type SyncLimits } from "./sync/slice.ts";
import { type Works, workOff } from "./sync/work.ts";
import type { Tarballs } from "./tarballs.ts";
import type { RegistryPath } from "./upstream.ts";
import type { World } from "./world.ts";

export interface SyncStatus {
  /** Milliseconds: when all that upstream listed was here; null is never. */
  lastSyncAt: number | null;
  /** Milliseconds: when the index here last became another one. */
  lastChangeAt: number | null;
  upstream: "ok" | "away";
  /** Why upstream's last answer was not taken, or what it takes the other packages for. */
  warning: string | null;
  /** Packages to look at. */
  pending: number;
  failures: Failure[];
  held: { packages: number; releases: number };
}

const failuresShownMax = 20;

export class Sync {
  readonly #world: World;
  readonly #circuit: Circuit;
  readonly #works: Omit<Works, "limits">;
  #running: Promise<number | null> | undefined;

  constructor(world: World, circuit: Circuit, tarballs: Tarballs, alone: Works["alone"]) {
    this.#world = world;
    this.#circuit = circuit;
    this.#works = { world, circuit, tarballs, alone };
  }

  /** A curated mirror signs an index of its own, and makes it of what is asked for. */
  get isOn(): boolean {
    const { sync, mode, offline } = this.#world.declaration;
    return sync === "eager" && mode === "verbatim" && !offline;
  }

  /** As much as one alarm may do. @returns when to go on, in milliseconds; null is never. */
  run(): Promise<number | null> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  status(): SyncStatus {
    const world = this.#world;
    const { wanted, failing, packages, releases } = counts(world);
    const time = (name: string) => (stateOf(world, name) as number | undefined) ?? null; // as set here
    const distrusted = stateOf(world, "sync.distrusted");
    const held = failing === 0 ? null : `the index waits for ${failing} packages that fail`;
    return {
      lastSyncAt: time("sync.done_at"),
      lastChangeAt: time("sync.changed_at"),
      upstream: stateOf(world, "sync.away") ? "away" : "ok",
      warning: distrusted ? String(distrusted) : held,
      pending: wanted,
      failures: failures(world, failuresShownMax),
      held: { packages, releases },
    };
  }

  /**
   * What a reader is told of a file that only the sync moves on; undefined for what is not here yet, which
   * is fetched lazily, its tarballs too. The index is not: it is put when all that it lists is here.
   */
  async freshness(path: RegistryPath): Promise<Freshness | undefined> {
    if (!this.isOn) return undefined;
    const world = this.#world;
    const isIndex = path === "versions" || path === "names";
    if (!isIndex && !isSynced(world, path.slice("packages/".length))) return undefined;
    // Somebody may have removed it from storage: then it is brought as if it had never been here.
    const isThere = await world.storage.head(`repos/${world.repository}/${path}`);
    if (isThere) {
      const isAway = stateOf(world, "sync.away");
      return isAway ? { kind: "kept", why: "upstream is away" } : { kind: "current" };
    }
    if (!isIndex) return undefined;
    return { kind: "unavailable", why: "the first synchronisation is not done yet" };
  }

  async #run(): Promise<number | null> {
    if (!this.isOn) return null;
    const world = this.#world;
    const limits: SyncLimits = world.syncLimits;
    const intervalMs = world.declaration.sync_interval * 1000;
    const soonMs = Math.min(limits.awayMs, intervalMs);
    const lookAt = () => Number(stateOf(world, "sync.tried_at") ?? -intervalMs) + intervalMs;

    if (world.now() >= lookAt()) {
      const looked = await look(world, this.#circuit);
      setState(world, "sync.away", looked.kind === "away" ? looked.why : null);
      setState(world, "sync.distrusted", looked.kind === "distrusted" ? looked.why : null);
      if (looked.kind === "distrusted") {
        const message = `${world.repository}: upstream's index is not believed: ${looked.why}`;
        console.warn(JSON.stringify({ message, repository: world.repository }));
      }
      if (looked.kind === "away") return world.now() + soonMs;
      setState(world, "sync.tried_at", world.now());
    }
    const slice = new Slice(limits, world.now);
    await workOff({ ...this.#works, limits }, slice);
    if (slice.stopped?.isUpstream) {
      setState(world, "sync.away", slice.stopped.why);
      // To look is the cheapest way to find out whether it is back.
      setState(world, "sync.tried_at", null);
      return world.now() + soonMs;
    }
    if (slice.stopped) throw new Error(slice.stopped.why);

    if (roundOf(world) > 0 && counts(world).wanted === 0) {
      await putIndex(world);
      if (await removeGone(world, slice)) return world.now() + limits.againMs;
      setState(world, "sync.done_at", Number(stateOf(world, "sync.looked_at")));
    }
    if (hasWork(world, world.now())) return world.now() + limits.againMs;
    return Math.max(lookAt(), world.now() + limits.againMs);
  }
}
