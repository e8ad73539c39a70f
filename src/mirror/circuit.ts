/**
 * Whether to ask an upstream at all. After it failed nobody asks for a while, so that those who wait for
 * us get what is kept at once instead of a time-out each; then one may try, and decides for all.
 *
 * What counts as a failure is "unavailable". A "missing" or "invalid" answer is an answer: one bad file
 * must not keep the others away.
 */
export interface CircuitState {
  /** In a row. */
  failures: number;
  /** Milliseconds: before that nobody asks. */
  retryAt: number;
  /** Milliseconds: until then we wait for the one who tries. */
  tryingUntil: number;
}

export interface CircuitLimits {
  firstPauseMs: number;
  longestPauseMs: number;
  /** More than a fetch can take: afterwards whoever tried is dead, and will not say how it went. */
  tryMs: number;
}

export const circuitLimits: CircuitLimits = {
  firstPauseMs: 5_000,
  longestPauseMs: 60_000,
  tryMs: 90_000,
};

export class Circuit {
  readonly #now: () => number;
  readonly #limits: CircuitLimits;
  #state: CircuitState;

  /** @param state from an earlier `state`; none is "all is well". */
  constructor(now: () => number, state?: CircuitState, limits: CircuitLimits = circuitLimits) {
    this.#now = now;
    this.#limits = limits;
    this.#state = { ...(state ?? { failures: 0, retryAt: 0, tryingUntil: 0 }) };
  }

  /** A copy that JSON can carry. */
  get state(): CircuitState {
    return { ...this.#state };
  }

  /** Who gets a yes asks at once, and reports. */
  mayTry(): boolean {
    const { failures, retryAt, tryingUntil } = this.#state;
    if (failures === 0) return true;
    const now = this.#now();
    if (now < retryAt || now < tryingUntil) return false;
    this.#state.tryingUntil = now + this.#limits.tryMs;
    return true;
  }

  succeeded(): void {
    this.#state = { failures: 0, retryAt: 0, tryingUntil: 0 };
  }

  failed(): void {
    const { failures, retryAt } = this.#state;
    const now = this.#now();
    // Others were under way when the first one failed: that is one failure, not many.
    if (now < retryAt) return;
    const { firstPauseMs, longestPauseMs } = this.#limits;
    const pauseMs = Math.min(firstPauseMs * 2 ** failures, longestPauseMs);
    this.#state = { failures: failures + 1, retryAt: now + pauseMs, tryingUntil: 0 };
  }
}
