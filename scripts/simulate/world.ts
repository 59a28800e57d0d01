/** Six made-up providers over one week: speed, price, outages, limits, windows that reset. Seeded: the same week every time. */
import type { Provider } from "../../src/config/snapshot.ts";
import { GatewayError } from "../../src/model/error.ts";
import { defaultCapabilities } from "../../src/model/target.ts";
import type { Candidate } from "../../src/routing/resolve.ts";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** A Monday, 00:00 UTC. */
export const weekStart = Date.UTC(2027, 0, 4);

/** Numbers from 0 to below 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** About 1, seldom below a half or above 2. */
export function noise(random: () => number, spread = 0.25): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(spread * normal);
}

/** From hour to hour of the week. */
type Span = readonly [from: number, to: number];

export interface Traits {
  name: string;
  firstMs: number;
  tokensPerSecond: number;
  /** Dollars for a million tokens. */
  input: number;
  output: number;
  outages?: readonly Span[];
  /** Three times as slow then. */
  slow?: readonly Span[];
  /** Share of the requests that it refuses as overloaded. */
  flaky?: number;
  /** Requests in a minute. */
  perMinute?: number;
  /** Requests in a window that begins anew every so many hours, told in headers. */
  window?: { requests: number; hours: number };
}

export const six: readonly Traits[] = [
  {
    name: "alpha/large",
    firstMs: 350,
    tokensPerSecond: 90,
    input: 5,
    output: 25,
    outages: [[50, 56]],
    window: { requests: 1500, hours: 24 },
  },
  { name: "bravo/large", firstMs: 1400, tokensPerSecond: 35, input: 0.6, output: 2.4 },
  { name: "charlie/large", firstMs: 600, tokensPerSecond: 160, input: 3, output: 15, perMinute: 4 },
  {
    name: "delta/large",
    firstMs: 450,
    tokensPerSecond: 110,
    input: 2.5,
    output: 10,
    slow: [
      [20, 44],
      [110, 120],
    ],
  },
  { name: "echo/large", firstMs: 800, tokensPerSecond: 60, input: 1, output: 5, window: { requests: 300, hours: 5 } },
  {
    name: "foxtrot/large",
    firstMs: 700,
    tokensPerSecond: 70,
    input: 0.4,
    output: 1.6,
    flaky: 0.03,
    outages: [[48, 54]],
  },
];

export function candidateOf({ name }: Traits): Candidate {
  const [id = "", model = ""] = name.split("/");
  const provider: Provider = {
    ...{ id, origin: "file", name: id, protocols: [], oauth: null, headers: {}, query: {}, body: {}, proxy: null },
    ...{ enabled: true, cooldown: true, maxConcurrency: null, timeoutMs: 60_000, quirks: [], estimateTokens: false },
    stall: { firstByteMs: null, minBytesPerSecond: null, windowMs: 1000, graceMs: 1000 },
    ...{ capture: null, allowance: null, raw: null, models: new Map() },
  };
  return {
    name,
    provider,
    model,
    weight: 1,
    enabled: true,
    facts: { provider: id, model, scope: id, can: defaultCapabilities },
  };
}

/** One provider as it is at a time; what was asked of it before counts. */
export class Upstream {
  readonly traits: Traits;
  private minute = { at: 0, used: 0 };
  private window = { at: 0, used: 0 };

  constructor(traits: Traits) {
    this.traits = traits;
  }

  isDown(at: number): boolean {
    return within(this.traits.outages, at);
  }

  /** Throws as an attempt would. */
  answer(at: number, tokens: number, random: () => number): { firstMs: number; totalMs: number } {
    const { name, flaky = 0, perMinute, window, slow, firstMs, tokensPerSecond } = this.traits;
    if (this.isDown(at)) throw new GatewayError("upstream-failed", `${name} is out of order.`);
    if (flaky > 0 && random() < flaky) throw new GatewayError("overloaded", `${name} is overloaded.`);
    if (perMinute !== undefined)
      this.count(this.minute, { at, most: perMinute, everyMs: 60_000, code: "rate-limited" });
    if (window) {
      const everyMs = window.hours * hourMs;
      this.count(this.window, { at, most: window.requests, everyMs, code: "allowance-spent" });
    }
    const factor = (within(slow, at) ? 3 : 1) * noise(random);
    const first = firstMs * factor;
    return { firstMs: first, totalMs: first + (1000 * tokens * factor) / tokensPerSecond };
  }

  /** What its headers would say. */
  allowances(at: number): { left: number; resetAt: number; windowMs: number }[] {
    const { window } = this.traits;
    if (!window) return [];
    const windowMs = window.hours * hourMs;
    const began = at - ((at - weekStart) % windowMs);
    const used = this.window.at === began ? this.window.used : 0;
    return [{ left: 1 - used / window.requests, resetAt: began + windowMs, windowMs }];
  }

  private count(
    counter: { at: number; used: number },
    {
      at,
      most,
      everyMs,
      code,
    }: { at: number; most: number; everyMs: number; code: "rate-limited" | "allowance-spent" },
  ): void {
    const began = at - ((at - weekStart) % everyMs);
    if (counter.at !== began) Object.assign(counter, { at: began, used: 0 });
    if (counter.used >= most) {
      throw new GatewayError(code, `${this.traits.name} has a limit.`, { retryAfterMs: began + everyMs - at });
    }
    counter.used++;
  }
}

function within(spans: readonly Span[] | undefined, at: number): boolean {
  const hour = (at - weekStart) / hourMs;
  return spans?.some(([from, to]) => hour >= from && hour < to) === true;
}
