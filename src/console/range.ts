/** The range of figures: the last hours or days, or days that are named, cut into buckets by the reporting timezone. */
import { quarterMs } from "../model/usage-sum.ts";

export type BucketSize = "quarter" | "hour" | "day";

/** Epoch milliseconds; `to` is not in it. */
export interface Range {
  from: number;
  to: number;
  bucket: BucketSize;
}

export interface Clocks {
  /** The day of the reporting timezone in which a time lies. */
  dayOf(at: number): { start: number; end: number };
  now(): number;
}

export const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** More bars than this cannot be told apart. */
const mostBuckets = 240;
const days: Record<string, number> = { "7d": 7, "30d": 30, "90d": 90 };
export const ranges = [
  { value: "24h", words: "24 hours" },
  { value: "7d", words: "7 days" },
  { value: "30d", words: "30 days" },
  { value: "90d", words: "90 days" },
] as const;

export interface Wanted {
  range: string;
  /** `2026-11-22`; empty where the range says it. */
  from: string;
  to: string;
  /** Empty: what suits the range. */
  bucket: string;
}

/** `ignored` is told what does not fit. */
export function rangeOf(wanted: Wanted, clocks: Clocks, ignored: string[]): Range {
  const span = spanOf(wanted, clocks, ignored);
  const hours = (span.to - span.from) / hourMs;
  const usual: BucketSize = hours <= 49 ? "hour" : "day";
  const { bucket } = wanted;
  if (bucket === "" || bucket === "auto") return { ...span, bucket: usual };
  if (bucket !== "quarter" && bucket !== "hour" && bucket !== "day") {
    ignored.push("bucket (there are quarter, hour, day)");
    return { ...span, bucket: usual };
  }
  const many = bucket === "day" ? hours / 24 : bucket === "hour" ? hours : hours * 4;
  if (many <= mostBuckets) return { ...span, bucket };
  ignored.push(`bucket: this range has more than ${mostBuckets} of them`);
  return { ...span, bucket: usual };
}

function spanOf({ range, from, to }: Wanted, { dayOf, now }: Clocks, ignored: string[]): { from: number; to: number } {
  const at = now();
  const first = dayStart(from, dayOf);
  const last = dayStart(to, dayOf);
  if ((from !== "" && first === undefined) || (to !== "" && last === undefined)) {
    ignored.push("from, to (days like 2026-11-22)");
  }
  if (first !== undefined || last !== undefined) {
    const end = last === undefined ? at : Math.min(at, dayOf(last).end);
    const begin = first ?? dayOf(end - 30 * dayMs).start;
    const isLong = end - begin > 1100 * dayMs;
    if (begin < end && !isLong) return { from: begin, to: end };
    ignored.push(isLong ? "from: more than 1,100 days ago" : "from, which is after to or still to come");
  }
  const count = days[range];
  if (count === undefined) return { from: hourStart(at - 23 * hourMs, dayOf), to: at };
  let begin = dayOf(at).start;
  for (let day = 1; day < count; day++) begin = dayOf(begin - 1).start;
  return { from: begin, to: at };
}

function dayStart(text: string, dayOf: Clocks["dayOf"]): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const at = Date.parse(text);
  // Noon in UTC lies in that day wherever clocks are at most 12 hours apart from it.
  return Number.isNaN(at) ? undefined : dayOf(at + dayMs / 2).start;
}

/** By the clocks of the timezone, whose offset need not be whole hours. */
function hourStart(at: number, dayOf: Clocks["dayOf"]): number {
  const { start } = dayOf(at);
  return start + Math.floor((at - start) / hourMs) * hourMs;
}

/** `From 21 Nov 20:00 to 22 Nov 19:05`; with years where one is not the present. */
export function rangeWords(
  { from, to }: Range,
  clock: { minute(at: number): string; long(at: number): string },
): string {
  const isThisYear = new Date(from).getFullYear() === new Date().getFullYear();
  const words = isThisYear ? clock.minute : (at: number) => clock.long(at).slice(0, -7);
  return `From ${words(from)} to ${words(to)}`;
}

/** Where the bucket begins in which a time lies. */
export function bucketOf(at: number, bucket: BucketSize, dayOf: Clocks["dayOf"]): number {
  if (bucket === "day") return dayOf(at).start;
  return bucket === "hour" ? hourStart(at, dayOf) : Math.floor(at / quarterMs) * quarterMs;
}

/** Where each bucket of the range begins. */
export function bucketsOf({ from, to, bucket }: Range, dayOf: Clocks["dayOf"]): number[] {
  const starts: number[] = [];
  const length = bucket === "hour" ? hourMs : quarterMs;
  for (let at = bucketOf(from, bucket, dayOf); at < to; ) {
    starts.push(at);
    at = bucket === "day" ? dayOf(at).end : Math.min(at + length, dayOf(at).end);
  }
  return starts;
}

/** Where a bucket ends. */
export function bucketEnd(at: number, bucket: BucketSize, dayOf: Clocks["dayOf"]): number {
  const { end } = dayOf(at);
  return bucket === "day" ? end : Math.min(at + (bucket === "hour" ? hourMs : quarterMs), end);
}
