/** What an answer costs: exact to the last digit of the rates, rounded half up once, at the end. */
import type { Price } from "../config/schema/price.ts";
import { countOf, roundHalfUp } from "../kit/decimal.ts";
import type { Tariff } from "../model/tariff.ts";
import { cacheWriteTokens, callsOf, inputTokens, type Usage } from "../model/usage.ts";
import { type Table, type Tables, tablesOf } from "./rates.ts";

/** The terms made ready: once for each model, for closing a request has to be quick. */
export function tariffOf(price: Price, version: string): Tariff {
  const tables = tablesOf(price);
  return { version, terms: price, costOf: (usage, at) => costOf(tables, usage, at) };
}

/** Of several calls each is charged by its own size. */
function costOf(tables: Tables, usage: Usage, at: number): number | null {
  let sum = 0n;
  for (const call of callsOf(usage)) {
    const table = tables.tableFor({ prompt: inputTokens(call), at, speed: call.speed });
    const cost = sumOf(table, call);
    if (cost === undefined) return null;
    sum += cost;
  }
  return countOf(roundHalfUp(sum, tables.denominator));
}

/** Undefined when a token that was used has no rate, or nothing has one. */
function sumOf(table: Table, usage: Usage): bigint | undefined {
  if (table.input === undefined && table.output === undefined && table.request === 0n) return undefined;
  const sum = new Sum(table.request);
  const read = new Rest(usage.inCacheRead);
  sum.add(read.take(usage.audioRead), table.cacheReadAudio);
  sum.add(read.take(usage.imageRead), table.cacheReadImage);
  sum.add(read.left, table.cacheRead);
  const input = new Rest(usage.inUncached + usage.inToolUse);
  sum.add(input.take(usage.audioIn - (usage.audioRead ?? 0)), table.inputAudio);
  sum.add(input.take((usage.imageIn ?? 0) - (usage.imageRead ?? 0)), table.inputImage);
  sum.add(input.take(usage.videoIn), table.inputVideo);
  sum.add(input.left, table.input);
  if (cacheWriteTokens(usage) > 0) {
    sum.add(usage.inCacheWrite5m + usage.inCacheWriteOther, table.cacheWrite);
    sum.add(usage.inCacheWrite1h, table.cacheWrite1h);
  }
  const output = new Rest(usage.outVisible);
  sum.add(output.take(usage.audioOut), table.outputAudio);
  sum.add(output.take(usage.imageOut), table.outputImage);
  sum.add(output.take(usage.videoOut), table.outputVideo);
  sum.add(output.left, table.output);
  sum.add(usage.outReasoning, table.reasoning);
  sum.add(usage.citation, table.citation);
  sum.add(usage.searches, table.search);
  return sum.isKnown ? sum.value : undefined;
}

/** Parts are taken out of a whole, and never more than there is. */
class Rest {
  left: number;

  constructor(whole: number) {
    this.left = whole;
  }

  take(count: number | undefined): number {
    const taken = Math.max(0, Math.min(count ?? 0, this.left));
    this.left -= taken;
    return taken;
  }
}

class Sum {
  value: bigint;
  isKnown = true;

  constructor(first: bigint) {
    this.value = first;
  }

  /** Counts come from providers: what is no number of tokens counts nothing. */
  add(count: number | undefined, rate: bigint | undefined): void {
    if (count === undefined || !(count > 0) || count === Number.POSITIVE_INFINITY) return;
    if (rate === undefined) this.isKnown = false;
    else this.value += BigInt(Math.round(count)) * rate;
  }
}
