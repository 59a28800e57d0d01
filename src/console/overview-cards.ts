/** What the cards of the overview show of sums. */
import type { Figure, StripLine } from "../../views/pages/home.tsx";
import { listAddress } from "../../views/parts/filters.tsx";
import { type Clock, duration, money, percent, whole } from "../../views/parts/format.ts";
import type { BarsProps } from "../../views/parts/stacked-bars.tsx";
import { demoId } from "../config/compile/provider.ts";
import type { Provider } from "../config/snapshot.ts";
import { quantile, type UsageSum } from "../model/usage-sum.ts";
import { type ProviderDay, type Tick, tickTimes, type Whole } from "./overview.ts";
import type { Clocks } from "./range.ts";
import { bucketNames, bucketSpan, spanOf } from "./usage-figures.ts";

interface Measure {
  name: string;
  /** Null where there is none. */
  of(sum: UsageSum): number | null;
  words(value: number): string;
  /** Against the time before. */
  delta(now: number, before: number): string;
  result?: string;
}

const relative = (now: number, before: number): string => {
  if (before === 0) return "none before";
  const change = (100 * (now - before)) / before;
  return `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(Math.abs(change) < 10 ? 1 : 0)}%`;
};

const measures: Measure[] = [
  { name: "Requests", of: (sum) => sum.requests, words: whole, delta: relative },
  {
    name: "Succeeded",
    of: ({ requests, failed }) => (requests === 0 ? null : (requests - failed) / requests),
    words: (share) => percent(share, 1),
    delta: (now, before) => `${now < before ? "−" : "+"}${Math.abs(100 * (now - before)).toFixed(1)} points`,
    result: "failed",
  },
  { name: "Cost", of: (sum) => sum.costNano, words: money, delta: relative },
  {
    name: "First token (p50)",
    of: ({ sketch }) => quantile(sketch, 0.5) ?? null,
    words: duration,
    // Times are read off classes: what lies in one is the same.
    delta: (now, before) =>
      now === before ? "±0 ms" : `${now < before ? "−" : "+"}${duration(Math.abs(now - before))}`,
  },
];

export function figuresOf({ range, buckets, now, before }: Whole, rangeWords: string): Figure[] {
  return measures.map(({ name, of, words, delta, result }) => {
    const value = of(now);
    const former = before.requests === 0 ? null : of(before);
    const text = value === null ? "–" : words(value);
    const isUnpriced = name === "Cost" && now.unpriced > 0;
    return {
      name,
      text: isUnpriced && now.costNano === 0 ? money(null) : text,
      ...(isUnpriced && now.costNano > 0 ? { note: "+ no price" } : {}),
      delta: value === null || former === null ? null : `${delta(value, former)} on the ${rangeWords} before`,
      values: buckets.map(({ sum }) => of(sum)),
      href:
        name === "First token (p50)"
          ? "/console/performance"
          : listAddress({ ...spanOf(range.from, range.to), ...(result === undefined ? {} : { result }) }),
    };
  });
}

/** Sums know what failed; a request whose client left is none of those. */
export function barsOf({ range, buckets }: Whole, clock: Clock, dayOf: Clocks["dayOf"]): BarsProps {
  return {
    title: "Requests",
    series: [
      { name: "not failed", values: buckets.map(({ sum }) => sum.requests - sum.failed), slot: 2 },
      { name: "failed at a provider", values: buckets.map(({ sum, refused }) => sum.failed - refused), slot: 5 },
      { name: "refused before", values: buckets.map(({ refused }) => refused), slot: 1 },
    ],
    buckets: buckets.map(({ at }) => ({
      name: range.bucket === "day" ? clock.day(at) : clock.minute(at),
      href: listAddress(bucketSpan(at, range, dayOf)),
    })),
    bucketName: bucketNames[range.bucket],
    format: whole,
    least: 4,
  };
}

interface Known {
  providers: ReadonlyMap<string, Provider>;
  cooled: readonly { provider: string; scope: string; state: string }[];
  clock: Clock;
}

/** Those that are configured, whether they were asked or not, and others that were. */
export function stripOf(days: readonly ProviderDay[], known: Known): StripLine[] {
  const byName = new Map(days.map((day) => [day.name, day]));
  const names = new Set([...known.providers.keys()].filter((id) => id !== demoId || byName.has(id)));
  for (const { name } of days) if (name !== "") names.add(name);
  return [...names].sort().map((name) => lineOf(name, byName.get(name), known));
}

/** Of a provider that nobody asked. */
function noTicks(): Tick[] {
  return tickTimes(Date.now()).map((at) => ({ at, requests: 0, failed: 0 }));
}

function lineOf(name: string, day: ProviderDay | undefined, known: Known): StripLine {
  const ticks = ticksOf(day?.ticks ?? noTicks(), known.clock);
  const { requests, failed, sketch } = day?.sum ?? { requests: 0, failed: 0, sketch: {} };
  const isKnown = known.providers.has(name) && name !== demoId;
  return {
    name,
    href: isKnown ? `/console/providers/${encodeURIComponent(name)}` : listAddress({ provider: name }),
    state: stateOf(name, known),
    ticks,
    finding: requests === 0 ? `${name}: not asked` : `${name}: ${whole(requests)} requests, ${whole(failed)} failed`,
    ttftMs: quantile(sketch, 0.5) ?? null,
    ...{ failed, requests },
  };
}

function stateOf(name: string, { providers, cooled }: Known): StripLine["state"] {
  const provider = providers.get(name);
  if (!provider) return { tone: "off", sign: "–", word: "gone" };
  if (!provider.enabled) return { tone: "off", sign: "–", word: "off" };
  const own = cooled.filter((one) => one.provider === name && one.state === "cooled");
  if (own.length === 0) return { tone: "ok", sign: "✓", word: "on" };
  const isWhole = own.some(({ scope }) => scope !== "model");
  return { tone: "warn", sign: "‖", word: isWhole ? "cooling down" : `${own.length} cooling down` };
}

/** For `Ticks` of the views. */
export function ticksOf(ticks: readonly Tick[], clock: Clock): StripLine["ticks"] {
  return ticks.map((tick) => ({ tone: toneOf(tick), words: tickWords(tick, clock) }));
}

function toneOf({ requests, failed }: Tick): "ok" | "warn" | "bad" | "off" {
  if (requests === 0) return "off";
  if (failed === 0) return "ok";
  return failed / requests < 0.2 ? "warn" : "bad";
}

function tickWords({ at, requests, failed }: Tick, clock: Clock): string {
  if (requests === 0) return `${clock.minute(at)}: no requests`;
  return `${clock.minute(at)}: ${whole(requests)} requests, ${percent(failed, requests)} failed`;
}
