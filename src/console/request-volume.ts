/** The bars above the list of requests: how many came when, as far as sums are kept by what the list is narrowed down to. */
import { type Filters, listAddress } from "../../views/parts/filters.tsx";
import { type Clock, whole } from "../../views/parts/format.ts";
import type { BarsProps } from "../../views/parts/stacked-bars.tsx";
import { createOnce } from "../kit/once.ts";
import { type Grouping, groupedUsage } from "../store/grouped-usage.ts";
import type { RequestFilter } from "../store/request-filter.ts";
import type { ConsoleDeps } from "./deps.ts";
import { bucketsOf, hourMs, type Range, rangeOf } from "./range.ts";
import { bucketNames, bucketSpan, valuesOf } from "./usage-figures.ts";

const mostBars = 120;
/** Of bars nobody wants more: what many look at is worked out once. */
const keptMs = 10_000;
const mostKept = 100;

interface Listed {
  filter: RequestFilter;
  filters: Filters;
  /** That there is nothing yet is not what is shown once there is something. */
  isEmpty: boolean;
}

export type Volume = (listed: Listed, clock: Clock) => Promise<BarsProps | null>;

export function createVolume(deps: Pick<ConsoleDeps, "usage">): Volume {
  const once = createOnce({ keptMs, most: mostKept });
  return (listed, clock) =>
    once(JSON.stringify([clock.zone, listed.isEmpty, listed.filters]), () => volumeOf(deps, listed, clock));
}

/** Null where no sums are kept of such requests, or there is nothing to show. */
async function volumeOf(
  { usage }: Pick<ConsoleDeps, "usage">,
  { filter, filters }: Listed,
  clock: Clock,
): Promise<BarsProps | null> {
  const by = groupingOf(filter);
  if (by === undefined) return null;
  const range = rangeFor(filter, usage.dayOf);
  const { from, to, bucket } = range;
  const value = by === "none" ? undefined : filter[by as "alias"];
  const query = {
    by,
    key: filter.key,
    value,
    from,
    to,
    bucket,
    isPlain: true,
    fields: ["requests", "failed"] as const,
  };
  const sums = await groupedUsage(usage.rollups, query);
  if (!sums || sums.length === 0) return null;
  const starts = bucketsOf(range, usage.dayOf);
  const sumsOf = (measure: string) => valuesOf(sums, starts, { measure, by: "none" })[0]?.values ?? [];
  const failed = sumsOf("failed");
  return {
    title: "Requests",
    series: [
      { name: "not failed", values: sumsOf("requests").map((count, at) => count - (failed[at] ?? 0)), slot: 2 },
      { name: "failed", values: failed, slot: 5 },
    ],
    buckets: starts.map((at) => ({
      name: bucket === "day" ? clock.day(at) : clock.minute(at),
      href: listAddress({ ...filters, range: "", ...bucketSpan(at, range, usage.dayOf) }),
    })),
    bucketName: bucketNames[bucket],
    format: whole,
    least: 4,
  };
}

/** What the sums are asked for by; undefined where the list is narrowed down by more than they know. */
function groupingOf({ key, label, alias, provider, model, result, text, terms }: RequestFilter): Grouping | undefined {
  if ([label, result, text, terms].some((one) => one !== undefined) || key === "") return undefined;
  // A name without a slash may be an alias, or a model that nobody has.
  if (model !== undefined && !model.includes("/")) return undefined;
  const named = Object.entries({ alias, provider, model }).filter(([, value]) => value !== undefined);
  const [first] = named;
  if (named.length > 1 || first?.[1] === "") return undefined;
  return first ? (first[0] as "alias" | "provider" | "model") : "none";
}

/** The last day, or what the address names. */
function rangeFor({ from, to }: RequestFilter, dayOf: (at: number) => { start: number; end: number }): Range {
  const now = Date.now();
  if (from === undefined && to === undefined) {
    return rangeOf({ range: "24h", from: "", to: "", bucket: "" }, { dayOf, now: () => now }, []);
  }
  const end = Math.min(to ?? now, now);
  const begin = Math.min(from ?? end - 24 * hourMs, end);
  const hours = (end - begin) / hourMs;
  const bucket = hours <= 6 ? "quarter" : hours <= mostBars ? "hour" : "day";
  return { from: Math.max(begin, end - mostBars * 24 * hourMs), to: end, bucket };
}
