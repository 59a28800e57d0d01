/**
 * What is known of one target from the requests that it got: decayed averages of its speed, how much it was used in
 * 24 hours, and what is left of its allowances. Times are milliseconds, points in time epoch milliseconds.
 */
import type { Allowance } from "../model/allowance.ts";

/** One answer that came whole. */
export interface Sample {
  isStream: boolean;
  /** From the request to its first content. */
  firstMs: number;
  /** From the request to its end. */
  totalMs: number;
  /** Output tokens. */
  tokens: number;
}

export interface Averages {
  firstMs: number;
  /** Output tokens in a second after the first one; of a whole answer, in a second of all. */
  tokensPerSecond: number;
  tokensPerTotalSecond: number;
  /** Output tokens of an answer. */
  tokens: number;
}

/** Sums in which each sample counts for less with each one that follows, and with time. */
interface Sums {
  at: number;
  weight: number;
  firstMs: number;
  tokens: number;
  afterTokens: number;
  afterMs: number;
  totalMs: number;
}

/** As it is kept across restarts. */
export interface KeptStanding {
  stream?: Sums;
  whole?: Sums;
  /** The hour (since the epoch) of the last count, and the counts, the last hour's first. */
  hour: number;
  counts: number[];
}

const decay = 0.9;
const halfLifeMs = 1_800_000;
const hourMs = 3_600_000;
const hours = 24;
/** Allowances that come back within this are rates, not allowances. */
const leastWindowMs = 600_000;
/** Where a window's length is not told. */
const usualWindowMs = 86_400_000;

export class Standing {
  /** Attempts that run now. */
  inFlight = 0;
  /** Attempts since the process began. */
  asked = 0;
  /** When an attempt failed last. */
  failedAt = Number.NEGATIVE_INFINITY;
  private streams: Sums | undefined;
  private wholes: Sums | undefined;
  private streamAverages: Averages | undefined;
  private wholeAverages: Averages | undefined;
  private hour = 0;
  private readonly counts: number[] = new Array(hours).fill(0);
  private total = 0;
  private allowances: readonly Allowance[] | undefined;

  static of(kept: KeptStanding): Standing {
    const standing = new Standing();
    standing.restore("streams", kept.stream);
    standing.restore("wholes", kept.whole);
    standing.hour = kept.hour;
    kept.counts.slice(0, hours).forEach((count, place) => {
      standing.counts[place] = count;
      standing.total += count;
    });
    return standing;
  }

  kept(): KeptStanding {
    const { hour, streams, wholes } = this;
    const counts = this.counts.slice(0, this.counts.findLastIndex((count) => count > 0) + 1);
    return { ...(streams ? { stream: streams } : {}), ...(wholes ? { whole: wholes } : {}), hour, counts };
  }

  /** An attempt begins. */
  started(at: number): void {
    this.asked++;
    this.inFlight++;
    this.roll(at);
    this.counts[0] = (this.counts[0] ?? 0) + 1;
    this.total++;
  }

  /** It is over; `at` is given when it failed. */
  ended(failedAt?: number): void {
    this.inFlight--;
    if (failedAt !== undefined) this.failedAt = failedAt;
  }

  measured(sample: Sample, at: number): void {
    if (sample.isStream) this.restore("streams", added(this.streams, sample, at));
    else this.restore("wholes", added(this.wholes, sample, at));
  }

  /** Undefined before the first answer of its kind. */
  averages(isStream: boolean): Averages | undefined {
    return isStream ? this.streamAverages : this.wholeAverages;
  }

  /** Attempts in 24 hours. */
  used(at: number): number {
    this.roll(at);
    return this.total;
  }

  /** The provider said what is left. */
  told(allowances: readonly Allowance[]): void {
    this.allowances = allowances.filter(({ windowMs }) => windowMs === undefined || windowMs >= leastWindowMs);
  }

  get wasTold(): boolean {
    return this.allowances !== undefined && this.allowances.length > 0;
  }

  /**
   * The share (0 to 1) of an allowance that goes unused at its next reset when nobody asks more: what is left of it, the
   * less the longer there is still time. Undefined when nothing is known, or all of it is older than its reset.
   */
  wouldBeLost(at: number): number | undefined {
    let most: number | undefined;
    for (const { left, resetAt, windowMs = usualWindowMs } of this.allowances ?? []) {
      if (resetAt <= at) continue;
      if (left <= 0) return 0;
      most = Math.max(most ?? 0, left * (1 - Math.min(1, (resetAt - at) / windowMs)));
    }
    return most;
  }

  private restore(kind: "streams" | "wholes", sums: Sums | undefined): void {
    this[kind] = sums;
    if (kind === "streams") this.streamAverages = sums && averagesOf(sums);
    else this.wholeAverages = sums && averagesOf(sums);
  }

  private roll(at: number): void {
    const hour = Math.floor(at / hourMs);
    const passed = hour - this.hour;
    if (passed <= 0) return;
    this.hour = hour;
    if (this.total === 0) return;
    for (let step = 0; step < Math.min(passed, hours); step++) {
      this.counts.unshift(0);
      this.total -= this.counts.pop() ?? 0;
    }
  }
}

function added(before: Sums | undefined, sample: Sample, at: number): Sums {
  const { firstMs, totalMs, tokens } = sample;
  const rest = before ? decay * 0.5 ** (Math.max(0, at - before.at) / halfLifeMs) : 0;
  const sum = (name: Exclude<keyof Sums, "at">, value: number) => (before?.[name] ?? 0) * rest + value;
  return {
    at,
    weight: sum("weight", 1),
    firstMs: sum("firstMs", firstMs),
    tokens: sum("tokens", tokens),
    // The first token of a stream came with the time that is not counted here.
    afterTokens: sum("afterTokens", sample.isStream ? Math.max(0, tokens - 1) : tokens),
    afterMs: sum("afterMs", sample.isStream ? Math.max(0, totalMs - firstMs) : totalMs),
    totalMs: sum("totalMs", totalMs),
  };
}

function averagesOf({ weight, firstMs, tokens, afterTokens, afterMs, totalMs }: Sums): Averages {
  return {
    firstMs: firstMs / weight,
    tokensPerSecond: (1000 * afterTokens) / Math.max(1, afterMs),
    tokensPerTotalSecond: (1000 * tokens) / Math.max(1, totalMs),
    tokens: tokens / weight,
  };
}
