/**
 * What this isolate has counted and not handed over yet. An isolate forgets, so some seconds later, beside
 * an answer, one call carries all of it to the Metrics object, which adds up. Counting is a few additions
 * in memory: nobody waits for it or fails with it. What an isolate had not handed over when it ended is
 * lost: at most a few seconds' worth.
 */
import { bucketsSeconds, type MetricName, seriesMax } from "./names.ts";

/** The platform lets work go on for 30 s after an answer. */
const collectMs = 5000;
/** Whoever said that they would hand it over, and has not by then, is dead. */
const overdueMs = 60_000;

/** By series, as Prometheus writes it: `name{label="value"}`. */
export type Counts = Map<string, number>;

let counted: Counts = new Map();
let handingOverSince = Number.NEGATIVE_INFINITY;

/** @param series as `seriesOf` makes it. */
export function count(series: string, by = 1): void {
  const before = counted.get(series);
  if (before !== undefined) counted.set(series, before + by);
  else if (counted.size < seriesMax) counted.set(series, by);
}

/** Each bucket counts for itself here; `text.ts` adds them up, as a histogram has them. */
export interface Histogram {
  buckets: readonly string[];
  sum: string;
}

export function histogramOf(name: MetricName, labels: Record<string, string>): Histogram {
  const ends = [...bucketsSeconds.map(String), "+Inf"];
  return {
    buckets: ends.map((le) => seriesOf(name, { ...labels, le }, "_bucket")),
    sum: seriesOf(name, labels, "_sum"),
  };
}

export function observe({ buckets, sum }: Histogram, seconds: number): void {
  const at = bucketsSeconds.findIndex((end) => seconds <= end);
  // The last one, where it was larger than all.
  count(buckets.at(at) ?? "");
  count(sum, seconds);
}

export function seriesOf(
  name: MetricName,
  labels: Readonly<Record<string, string>>,
  suffix: "" | "_bucket" | "_sum" | "_count" = "",
): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return `${name}${suffix}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`}`;
}

/** Takes what was counted: from here on it is the caller's. */
export function takeCounts(): Counts {
  const taken = counted;
  counted = new Map();
  return taken;
}

/** Nobody took it over: it goes with the next. */
export function giveBack(counts: Counts): void {
  for (const [series, by] of counts) count(series, by);
}

type Add = (counts: [string, number][]) => Promise<void>;

/** Sees to it that what was counted is handed over soon; `later` lets work go on beside the answer. */
export function handOverSoon(add: Add, later: (work: Promise<void>) => void): void {
  const now = Date.now();
  if (now - handingOverSince < overdueMs) return;
  handingOverSince = now;
  later(
    new Promise<void>((resolve) => setTimeout(resolve, collectMs)).then(() => {
      handingOverSince = Number.NEGATIVE_INFINITY;
      return handOver(add);
    }),
  );
}

export async function handOver(add: Add): Promise<void> {
  const counts = takeCounts();
  if (counts.size === 0) return;
  try {
    await add([...counts]);
  } catch (error) {
    giveBack(counts);
    console.error(JSON.stringify({ message: `metrics could not be handed over: ${error}` }));
  }
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
