/**
 * The figures of the overview, from sums of usage and never from the list of requests. What several browsers ask for within
 * a few seconds is worked out once.
 */
import { createOnce } from "../kit/once.ts";
import { addSum, emptySum, quarterMs, type UsageSum } from "../model/usage-sum.ts";
import { type GroupedQuery, type Grouping, groupedUsage } from "../store/grouped-usage.ts";
import type { Span, Summed } from "../store/rollup-sums.ts";
import type { ConsoleDeps } from "./deps.ts";
import { bucketOf, bucketsOf, hourMs, type Range, rangeOf } from "./range.ts";

export const overviewRanges = [
  { value: "1h", words: "hour" },
  { value: "24h", words: "24 hours" },
  { value: "7d", words: "7 days" },
  { value: "30d", words: "30 days" },
] as const;
export type OverviewRange = (typeof overviewRanges)[number]["value"];

const tickMs = 1_800_000;
const tickCount = 48;
const dayMs = 24 * hourMs;
/** The sums that the cards are made of. */
const told = ["requests", "failed", "costNano", "unpriced"] as const;
/** Shorter than the time between two fetches of a page, so that each of them has news. */
const keptMs = 3000;
const mostKept = 100;

type Reads = Pick<ConsoleDeps, "usage">;

export interface Named {
  name: string;
  sum: UsageSum;
}

export interface Bucket {
  at: number;
  sum: UsageSum;
  /** Those among them that failed before any provider was asked. */
  refused: number;
}

export interface Whole {
  range: Range;
  /** Where each bucket begins, and its sum. */
  buckets: readonly Bucket[];
  now: UsageSum;
  /** Of as long a time before. */
  before: UsageSum;
  /** Requests that reached none are nobody's. */
  providers: readonly Named[];
}

export interface Tick {
  at: number;
  requests: number;
  failed: number;
}

export interface ProviderDay extends Named {
  /** Half hours of the last day; the last one is now. */
  ticks: readonly Tick[];
  lastHour: UsageSum;
}

export interface Overview {
  whole(range: OverviewRange): Promise<Whole>;
  /** The dearest first. */
  top(by: "key" | "alias", range: OverviewRange): Promise<Named[]>;
  providerDays(): Promise<ProviderDay[]>;
  /** Sums of a week by provider, the last hours left out. */
  norm(): Promise<ReadonlyMap<string, UsageSum>>;
  /** `provider/model` whose tokens of the last day have no price. */
  unpriced(): Promise<Named[]>;
}

export function createOverview(deps: Reads, now: () => number = Date.now): Overview {
  const once = createOnce({ keptMs, most: mostKept, now });
  const spanOf = (range: OverviewRange) => rangeNamed(deps, range, now);
  return {
    whole: (range) => once(`whole ${range}`, () => wholeOf(deps, spanOf(range))),
    top: (by, range) =>
      once(`${by} ${range}`, async () => {
        const { from, to } = spanOf(range);
        return dearest(named(await sumsBy(deps, by, { from, to })));
      }),
    providerDays: () => once("days", () => daysOf(deps, now())),
    norm: () =>
      once("norm", async () => {
        const to = quarterOf(now() - hourMs);
        const week = await sumsBy(deps, "provider", { from: to - 7 * dayMs, to, isPlain: true });
        return new Map(named(week).map(({ name, sum }) => [name, sum]));
      }),
    unpriced: () =>
      once("unpriced", async () => {
        const day = await sumsBy(deps, "model", { from: quarterOf(now() - dayMs), to: now(), isPlain: true });
        return named(day).filter(({ name, sum }) => name !== "" && sum.unpriced > 0);
      }),
  };
}

function rangeNamed({ usage: { dayOf } }: Reads, name: OverviewRange, now: () => number): Range {
  if (name === "1h") return { from: now() - hourMs, to: now(), bucket: "quarter" };
  return rangeOf({ range: name, from: "", to: "", bucket: "" }, { dayOf, now }, []);
}

function quarterOf(at: number): number {
  return Math.floor(at / quarterMs) * quarterMs;
}

async function sumsBy(
  { usage }: Reads,
  by: Grouping,
  asked: Span & Pick<GroupedQuery, "bucket" | "isPlain">,
): Promise<Summed[]> {
  return (await groupedUsage(usage.rollups, { by, ...asked, fields: told })) ?? [];
}

/** One sum for each value, whatever the bucket; the most asked first. */
function named(sums: readonly Summed[]): Named[] {
  const found = new Map<string, UsageSum>();
  for (const { value, sum } of sums) found.set(value, addSum(found.get(value) ?? emptySum(), sum));
  return [...found].map(([name, sum]) => ({ name, sum })).sort((one, other) => other.sum.requests - one.sum.requests);
}

function dearest(all: Named[]): Named[] {
  return all.sort((one, other) => other.sum.costNano - one.sum.costNano || other.sum.requests - one.sum.requests);
}

function total(sums: readonly { sum: UsageSum }[]): UsageSum {
  return sums.reduce((all, { sum }) => addSum(all, sum), emptySum());
}

/** By provider, for only those sums know how long first tokens took; each request is of one provider or of none. */
async function wholeOf(deps: Reads, range: Range): Promise<Whole> {
  const { dayOf } = deps.usage;
  const { from, to, bucket } = range;
  const sums = await sumsBy(deps, "provider", { from, to, bucket });
  const former = await sumsBy(deps, "provider", { from: from - (to - from), to: from });
  const starts = bucketsOf(range, dayOf);
  const places = new Map<number, Bucket>(starts.map((at) => [at, { at, sum: emptySum(), refused: 0 }]));
  for (const one of sums) {
    const place = places.get(bucketOf(one.bucket, bucket, dayOf));
    if (!place) continue;
    addSum(place.sum, one.sum);
    if (one.value === "") place.refused += one.sum.failed;
  }
  return {
    range,
    buckets: [...places.values()],
    now: total(sums),
    before: total(former),
    providers: dearest(named(sums)).filter(({ name }) => name !== ""),
  };
}

/** Where the half hours of the last day begin. */
export function tickTimes(now: number): number[] {
  const last = Math.floor(now / tickMs) * tickMs;
  return Array.from({ length: tickCount }, (_, at) => last - (tickCount - 1 - at) * tickMs);
}

async function daysOf(deps: Reads, now: number): Promise<ProviderDay[]> {
  const times = tickTimes(now);
  const from = times[0] ?? now;
  const sums = await sumsBy(deps, "provider", { from, to: now, bucket: "quarter" });
  return named(sums).map(({ name, sum }) => {
    const own = sums.filter(({ value }) => value === name);
    const ticks = times.map((at) => tickOf(own, at));
    return { name, sum, ticks, lastHour: total(own.filter(({ bucket }) => bucket >= quarterOf(now - hourMs))) };
  });
}

function tickOf(sums: readonly Summed[], at: number): Tick {
  const { requests, failed } = total(sums.filter(({ bucket }) => bucket >= at && bucket < at + tickMs));
  return { at, requests, failed };
}
