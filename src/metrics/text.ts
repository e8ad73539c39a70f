/** Prometheus' text format, version 0.0.4. Pure. */
import { familyOf, type MetricName, metrics } from "./names.ts";

export const textType = "text/plain; version=0.0.4; charset=utf-8";

/** @param values by series, each bucket of a histogram for itself. */
export function metricsText(values: ReadonlyMap<string, number>): string {
  const names = Object.keys(metrics) as MetricName[]; // of a constant object
  return names.map((name) => metricText(name, values)).join("");
}

function metricText(name: MetricName, values: ReadonlyMap<string, number>): string {
  const [type, help] = metrics[name];
  const own = [...values].filter(([series]) => familyOf(series) === name);
  const lines = type === "histogram" ? histogramLines(own) : own.map(lineOf).sort();
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

/** The buckets of one histogram count all that is not larger. */
function histogramLines(own: [string, number][]): string[] {
  const histograms = new Map<string, { name: string; buckets: [string, number][]; sum: number }>();
  for (const [series, value] of own) {
    const [, name = "", suffix, labels = ""] =
      /^(\w+?)_(bucket|sum)\{?([^}]*)\}?$/.exec(series) ?? [];
    const rest = labels.replace(/,?le="[^"]*"/, "");
    const histogram = histograms.get(rest) ?? { name, buckets: [], sum: 0 };
    histograms.set(rest, histogram);
    if (suffix === "sum") histogram.sum = value;
    else histogram.buckets.push([/le="([^"]*)"/.exec(labels)?.[1] ?? "", value]);
  }
  return [...histograms].sort().flatMap(([labels, { name, buckets, sum }]) => {
    let total = 0;
    const sorted = buckets.sort(([one], [other]) => endOf(one) - endOf(other));
    // Where nothing fell into the last one, it is not there.
    if (sorted.at(-1)?.[0] !== "+Inf") sorted.push(["+Inf", 0]);
    const lines = sorted.map(([le, value]) => {
      total += value;
      return lineOf([`${name}_bucket{${labels}${labels === "" ? "" : ","}le="${le}"}`, total]);
    });
    const braced = labels === "" ? "" : `{${labels}}`;
    return [
      ...lines,
      lineOf([`${name}_sum${braced}`, sum]),
      lineOf([`${name}_count${braced}`, total]),
    ];
  });
}

function endOf(le: string): number {
  return le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
}

function lineOf([series, value]: [string, number]): string {
  return `${series} ${value}`;
}
