/** How much of the work is done in one alarm: what a Worker's limits and an upstream's patience allow. */
export interface SyncLimits {
  /** Requests to upstream in one alarm. */
  requestsMax: number;
  wallMs: number;
  packagesAtOnce: number;
  /** Until the alarm that goes on with what one alarm could not do. */
  againMs: number;
  /** Until upstream is asked again after it did not answer, or storage failed. */
  awayMs: number;
  /** The longest time for which a package that fails is left alone. */
  retryMsMax: number;
}

export const syncLimits: SyncLimits = {
  requestsMax: 200,
  wallMs: 20_000,
  packagesAtOnce: 4,
  againMs: 0,
  awayMs: 30_000,
  retryMsMax: 6 * 60 * 60 * 1000,
};

export class Slice {
  readonly #now: () => number;
  readonly #endsAt: number;
  #requestsLeft: number;
  /** Why everybody should stop: upstream went away, or something is broken here. */
  stopped: { why: string; isUpstream: boolean } | undefined;

  constructor({ requestsMax, wallMs }: SyncLimits, now: () => number) {
    this.#now = now;
    this.#requestsLeft = requestsMax;
    this.#endsAt = now() + wallMs;
  }

  get isOpen(): boolean {
    return this.stopped === undefined && this.#requestsLeft > 0 && this.#now() < this.#endsAt;
  }

  count(): void {
    this.#requestsLeft--;
  }

  stop(why: string, isUpstream: boolean): void {
    this.stopped ??= { why, isUpstream };
  }
}
