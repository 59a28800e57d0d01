/** What the pages of usage make of sums: lines of a table, bars of a chart. */
import type { UsageLine } from "../../views/pages/usage.tsx";
import { addSum, emptySum, type UsageSum } from "../model/usage-sum.ts";
import type { SumField, Summed } from "../store/rollup-sums.ts";
import { type BucketSize, bucketEnd, type Clocks, type Range } from "./range.ts";

export const measures: Record<string, { words: string; field: SumField }> = {
  cost: { words: "Cost", field: "costNano" },
  requests: { words: "Requests", field: "requests" },
  failed: { words: "Failed requests", field: "failed" },
  input: { words: "Tokens in", field: "tokensInput" },
  output: { words: "Tokens out", field: "tokensOutput" },
  cached: { words: "Tokens read from cache", field: "tokensCacheRead" },
};

/** What lines of a table and totals are made of. */
export const lineFields: readonly SumField[] = [
  ...(["requests", "failed", "tokensInput", "tokensOutput", "tokensCacheRead", "estimated"] as const),
  ...(["costNano", "unpriced"] as const),
];

/** What bars are made of. */
export function fieldOf(measure: string): SumField {
  return measures[measure]?.field ?? "requests";
}

export const bucketNames: Record<BucketSize, string> = { quarter: "Quarter of an hour", hour: "Hour", day: "Day" };

/** The rest is one line: labels and models are what clients make of them. */
const mostLines = 200;

interface Shown {
  measure: string;
  /** `none`: all in one. */
  by: string;
}

interface Lines extends Shown {
  /** The list of the requests that a line is the sum of; `isAll`: whatever their value. */
  href(value: string, isAll: boolean): string;
}

/** The largest first. */
export function linesOf(sums: readonly Summed[], { measure, by, href }: Lines): UsageLine[] {
  const found = new Map<string, UsageSum>();
  for (const { value, sum } of sums) found.set(value, addSum(found.get(value) ?? emptySum(), sum));
  const field = fieldOf(measure);
  const sorted = [...found].sort(([, one], [, other]) => other[field] - one[field] || other.requests - one.requests);
  const lines = sorted
    .slice(0, mostLines)
    .map(([name, sum]) => ({ name: by === "none" ? "All" : name, sum, href: href(name, false) }));
  const others = sorted.slice(mostLines);
  if (others.length === 0) return lines;
  const sum = others.reduce((all, [, one]) => addSum(all, one), emptySum());
  return [...lines, { name: `${others.length} others`, sum, href: href("", true) }];
}

export function valuesOf(sums: readonly Summed[], starts: readonly number[], { measure, by }: Shown) {
  const field = fieldOf(measure);
  const place = new Map(starts.map((at, index) => [at, index]));
  const found = new Map<string, number[]>();
  for (const { bucket, value, sum } of sums) {
    const name = by === "none" ? "all" : value === "" ? "none" : value;
    const values = found.get(name) ?? starts.map(() => 0);
    const at = place.get(bucket);
    if (at !== undefined) values[at] = (values[at] ?? 0) + sum[field];
    found.set(name, values);
  }
  return [...found].map(([name, values]) => ({ name, values }));
}

/** The first and the last bucket are part of the range only as far as it goes. */
export function bucketSpan(at: number, { from, to, bucket }: Range, dayOf: Clocks["dayOf"]) {
  return spanOf(Math.max(at, from), Math.min(bucketEnd(at, bucket, dayOf), to));
}

export function spanOf(from: number, to: number) {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
