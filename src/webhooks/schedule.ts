/** When a delivery that failed is tried again. Pure. */

const [secondMs, minuteMs, hourMs] = [1000, 60_000, 3600_000];

/** After the first try, the second …: eight tries in three hours and three quarters. */
export const pausesMs: readonly number[] = [
  ...[5 * secondMs, 30 * secondMs, 2 * minuteMs, 10 * minuteMs, 30 * minuteMs],
  ...[hourMs, 2 * hourMs],
];

/** So often the later ones wait for one that fails, to come in order; then they overtake it. */
export const triesInOrder = 3;

/** @param tries that failed. @returns undefined when it is given up. */
export function nextTry(tries: number, now: number): number | undefined {
  const pauseMs = pausesMs[tries - 1];
  return pauseMs === undefined ? undefined : now + pauseMs;
}
