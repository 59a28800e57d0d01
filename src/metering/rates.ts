/**
 * The terms of a price as whole numbers: a table of rates for each case that the terms tell apart (size of the prompt,
 * day, hour, speed), all in the same fraction of a nano-dollar, so that a cost is multiplied out and rounded once.
 */
import type { Price, RateName } from "../config/schema/price.ts";
import { type Decimal, decimalOf, tenTo, times, unitsAt } from "../kit/decimal.ts";

/** For one token, one request, one search. Undefined: has no price. */
export interface Table {
  input: bigint | undefined;
  cacheRead: bigint | undefined;
  cacheWrite: bigint | undefined;
  cacheWrite1h: bigint | undefined;
  inputAudio: bigint | undefined;
  inputImage: bigint | undefined;
  inputVideo: bigint | undefined;
  cacheReadAudio: bigint | undefined;
  cacheReadImage: bigint | undefined;
  output: bigint | undefined;
  reasoning: bigint | undefined;
  outputAudio: bigint | undefined;
  outputImage: bigint | undefined;
  outputVideo: bigint | undefined;
  citation: bigint;
  search: bigint;
  request: bigint;
}

export interface Case {
  /** Tokens of the whole prompt. */
  prompt: number;
  /** Epoch milliseconds. */
  at: number;
  speed: string | undefined;
}

export interface Tables {
  /** What the rates are to be divided by, for nano-dollars. */
  denominator: bigint;
  tableFor(which: Case): Table;
}

type Rates = Partial<Record<RateName, number>>;
type Tier = NonNullable<Price["tiers"]>[number];
interface Step {
  rates: Rates;
  tiers: readonly Tier[];
}

const one: Decimal = { units: 1n, places: 0 };
/** A dollar for a million tokens is so many nano-dollars for one; a dollar; a dollar for a thousand. */
const nanoOfMillion = 1000n;
const nano = 1_000_000_000n;
const nanoOfThousand = 1_000_000n;

export function tablesOf(price: Price): Tables {
  const kept = remainder(price.discount ?? 0);
  const offPeak = price.time_of_day ? (decimalOf(price.time_of_day.off_peak_multiplier) ?? one) : one;
  const places = mostPlaces(price) + kept.places + offPeak.places;
  const made = new Map<string, Table>();
  return {
    denominator: tenTo(places),
    tableFor(which) {
      const { name, step } = stepFor(price, which);
      const tierAt = step.tiers.length === 0 ? -1 : tierFor(step.tiers, which.prompt);
      const isOff = price.time_of_day !== undefined && !isPeak(price.time_of_day.peak_utc, which.at);
      const key = `${name} ${tierAt} ${isOff}`;
      let table = made.get(key);
      if (!table) {
        const rates = { ...step.rates, ...step.tiers[tierAt] };
        table = tableOf(price, rates, { factor: isOff ? times(kept, offPeak) : kept, places });
        made.set(key, table);
      }
      return table;
    },
  };
}

/** What is left of one. */
function remainder(discount: number): Decimal {
  const { units, places } = decimalOf(discount) ?? { units: 0n, places: 0 };
  const whole = tenTo(places);
  return { units: units > whole ? 0n : whole - units, places };
}

/** Every number of the terms fits into so many decimal places. */
function mostPlaces(price: Price): number {
  let most = 0;
  const look = (value: unknown): void => {
    if (typeof value === "number") most = Math.max(most, decimalOf(value)?.places ?? 0);
    else if (typeof value === "object" && value !== null) for (const each of Object.values(value)) look(each);
  };
  look(price);
  return most;
}

/** The rates of a speed, else of a day; tiers are those beside them. */
function stepFor(price: Price, { at, speed }: Case): { name: string; step: Step } {
  let name = "";
  let step: Step = { rates: price, tiers: price.tiers ?? [] };
  let since = Number.NEGATIVE_INFINITY;
  for (const { from, tiers, ...rates } of price.scheduled ?? []) {
    const start = Date.parse(`${from}T00:00:00Z`);
    if (!(start <= at) || start < since) continue;
    since = start;
    name = from;
    step = { rates: { ...price, ...rates }, tiers: tiers ?? price.tiers ?? [] };
  }
  if (speed === undefined || price.modes === undefined) return { name, step };
  for (const [word, { tiers = [], send, headers: _, ...rates }] of Object.entries(price.modes)) {
    if (!Object.values(send).includes(speed)) continue;
    return { name: `${name} ${word}`, step: { rates: { ...step.rates, ...rates }, tiers } };
  }
  return { name, step };
}

/** The place of the highest tier that the prompt reaches; -1 for none. */
function tierFor(tiers: readonly Tier[], prompt: number): number {
  let found = -1;
  let above = -1;
  tiers.forEach((tier, place) => {
    const isReached = prompt > tier.above || (tier.inclusive === true && prompt === tier.above);
    if (!isReached || tier.above < above) return;
    found = place;
    above = tier.above;
  });
  return found;
}

type Window = NonNullable<Price["time_of_day"]>["peak_utc"][number];

function isPeak(windows: readonly Window[], at: number): boolean {
  const date = new Date(at);
  const weekday = date.getUTCDay() || 7;
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes();
  return windows.some(
    ({ weekdays, from, to }) =>
      (weekdays === undefined || weekdays.includes(weekday)) && minute >= minuteOf(from) && minute < minuteOf(to),
  );
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}

/** What has no rate of its own has that of the kind that it is part of. */
function tableOf(price: Price, rates: Rates, { factor, places }: { factor: Decimal; places: number }): Table {
  const units = (value: number | undefined, scale: bigint): bigint | undefined => {
    const decimal = value === undefined ? undefined : decimalOf(value);
    return decimal && unitsAt(times(decimal, factor), places) * scale;
  };
  const token = (name: RateName) => units(rates[name], nanoOfMillion);
  const input = token("input");
  const output = token("output");
  const cacheRead = token("cache_read") ?? input;
  const cacheWrite = token("cache_write") ?? input;
  return {
    input,
    cacheRead,
    cacheWrite,
    cacheWrite1h: token("cache_write_1h") ?? cacheWrite,
    inputAudio: token("input_audio") ?? input,
    inputImage: token("input_image") ?? input,
    inputVideo: token("input_video") ?? input,
    cacheReadAudio: token("cache_read_audio") ?? cacheRead,
    cacheReadImage: token("cache_read_image") ?? cacheRead,
    output,
    reasoning: token("reasoning") ?? output,
    outputAudio: token("output_audio") ?? output,
    outputImage: token("output_image") ?? output,
    outputVideo: token("output_video") ?? output,
    citation: token("citation") ?? 0n,
    search: units(price.web_search_per_1k, nanoOfThousand) ?? 0n,
    request: (units(price.per_request, nano) ?? 0n) + (units(price.per_1k_requests, nanoOfThousand) ?? 0n),
  };
}
