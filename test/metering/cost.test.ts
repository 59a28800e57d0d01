import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Price } from "../../src/config/schema/price.ts";
import { tariffOf } from "../../src/metering/cost.ts";
import { addUsage, emptyUsage, type Usage } from "../../src/model/usage.ts";

const day = Date.parse("2026-11-22T12:00:00Z");
const million = 1_000_000;

function cost(price: Price, usage: Partial<Usage>, at = day): number | null {
  return tariffOf(price, "config").costOf({ ...emptyUsage(), ...usage }, at);
}
/** Dollars in nano-dollars. */
const dollars = (amount: number) => Math.round(amount * 1e9);

const whole: Price = {
  input: 1,
  output: 2,
  cache_read: 3,
  cache_write: 4,
  cache_write_1h: 5,
  reasoning: 6,
  input_audio: 7,
  output_audio: 8,
  cache_read_audio: 9,
  input_image: 10,
  output_image: 11,
  cache_read_image: 12,
  input_video: 13,
  output_video: 14,
  citation: 15,
  per_request: 16,
  web_search_per_1k: 17,
};
const perRequest = 16;

describe("every member of a price", () => {
  test.each<[string, Partial<Usage>, number]>([
    ["input", { inUncached: million }, 1],
    ["input that tools added", { inToolUse: million }, 1],
    ["cache reads", { inCacheRead: million }, 3],
    ["cache writes of five minutes", { inCacheWrite5m: million }, 4],
    ["cache writes of an hour", { inCacheWrite1h: million }, 5],
    ["cache writes of which nobody says how long", { inCacheWriteOther: million }, 4],
    ["output", { outVisible: million }, 2],
    ["reasoning", { outReasoning: million }, 6],
    ["audio in the input", { inUncached: million, audioIn: million }, 7],
    ["audio in the output", { outVisible: million, audioOut: million }, 8],
    ["cached audio", { inCacheRead: million, audioIn: million, audioRead: million }, 9],
    ["images in the input", { inUncached: million, imageIn: million }, 10],
    ["images in the output", { outVisible: million, imageOut: million }, 11],
    ["cached images", { inCacheRead: million, imageIn: million, imageRead: million }, 12],
    ["video in the input", { inUncached: million, videoIn: million }, 13],
    ["video in the output", { outVisible: million, videoOut: million }, 14],
    ["citations", { citation: million }, 15],
    ["web searches", { searches: 1000 }, 17],
    ["a part beside the rest", { inUncached: 3 * million, audioIn: million }, 2 + 7],
    ["no more of a part than there is", { inUncached: million, audioIn: 5 * million }, 7],
  ])("is charged: %s", (_, usage, expected) => {
    expect(cost(whole, usage)).toBe(dollars(expected + perRequest));
  });

  test("is charged: a request, and a thousand of them", () => {
    expect(cost({ per_request: 0.01 }, {})).toBe(dollars(0.01));
    expect(cost({ per_1k_requests: 14 }, {})).toBe(dollars(0.014));
  });
});

describe("what has no rate of its own", () => {
  const plain: Price = { input: 1, output: 2 };
  const usages: Partial<Usage>[] = [
    { inCacheRead: million },
    { inCacheWrite5m: million },
    { inCacheWrite1h: million },
    { inUncached: million, audioIn: million },
    { inUncached: million, imageIn: million },
    { inUncached: million, videoIn: million },
  ];

  test("costs what the input costs", () => {
    for (const usage of usages) expect(cost(plain, usage)).toBe(dollars(1));
  });

  test("costs what the output costs", () => {
    for (const usage of [{ outReasoning: million }, { outVisible: million, audioOut: million }]) {
      expect(cost(plain, usage)).toBe(dollars(2));
    }
  });

  test("an hour in the cache costs at least what five minutes do, and cached audio what cached text does", () => {
    expect(cost({ ...plain, cache_write: 1.25 }, { inCacheWrite1h: million })).toBe(dollars(1.25));
    expect(cost({ ...plain, cache_read: 0.1 }, { inCacheRead: 100, audioIn: 100, audioRead: 100 })).toBe(10_000);
  });
});

describe("an unknown price", () => {
  test("is unknown and never nothing", () => {
    expect(cost({}, { inUncached: 5 })).toBeNull();
    expect(cost({}, {})).toBeNull();
    expect(cost({ per_audio_hour: 0.36 }, { inUncached: 5 })).toBeNull();
    expect(cost({ input: 1 }, { inUncached: 5, outVisible: 1 })).toBeNull();
    expect(cost({ output: 1 }, { inUncached: 5, outVisible: 1 })).toBeNull();
  });

  test("of a part that was not used does not matter, and a price of nought is one", () => {
    expect(cost({ input: 0.02 }, { inUncached: million })).toBe(dollars(0.02));
    expect(cost({ input: 0, output: 0 }, { inUncached: 5, outVisible: 5 })).toBe(0);
  });
});

describe("tiers", () => {
  const price: Price = {
    input: 1,
    output: 2,
    cache_read: 0.5,
    tiers: [
      { above: 500, input: 100, output: 200 },
      { above: 200, input: 10, output: 20, inclusive: true },
    ],
  };

  test.each<[number, number]>([
    [199, 199_000],
    [200, 2_000_000],
    [500, 5_000_000],
    [501, 50_100_000],
  ])("a prompt of %p tokens is charged at its rate as a whole", (inUncached, expected) => {
    expect(cost(price, { inUncached })).toBe(expected);
  });

  test("the prompt is all of the input, and the output goes with it", () => {
    expect(cost(price, { inUncached: 100, inCacheRead: 50, inCacheWrite5m: 50, outVisible: 1 })).toBe(
      100 * 10_000 + 50 * 500 + 50 * 10_000 + 20_000,
    );
  });

  test("of several calls each is charged by its own size", () => {
    const call = { ...emptyUsage(), inUncached: 150 };
    const sum = addUsage(addUsage(call, call), call);
    expect(sum.inUncached).toBe(450);
    expect(tariffOf({ ...price, per_request: 1 }, "").costOf(sum, day)).toBe(dollars(3) + 450_000);
  });
});

describe("discounts, days and hours", () => {
  test("a discount is what is not paid, of everything", () => {
    expect(cost({ input: 1, per_request: 1, discount: 0.1 }, { inUncached: million })).toBe(dollars(1.8));
    expect(cost({ input: 1, discount: 1 }, { inUncached: million })).toBe(0);
  });

  test("an announced price holds from its day on", () => {
    const price: Price = { input: 1, output: 2, scheduled: [{ from: "2026-12-01", input: 4, output: 20 }] };
    const at = (text: string) => cost(price, { inUncached: million }, Date.parse(text));
    expect(at("2026-11-30T23:59:59Z")).toBe(dollars(1));
    expect(at("2026-12-01T00:00:00Z")).toBe(dollars(4));
  });

  test("outside of the peak hours it costs a part", () => {
    const peak_utc = [{ weekdays: [1, 2, 3, 4, 5], from: "01:00", to: "04:00" }];
    const price: Price = { input: 1, time_of_day: { off_peak_multiplier: 0.5, peak_utc } };
    const at = (text: string) => cost(price, { inUncached: million }, Date.parse(text));
    expect(at("2026-11-20T01:00:00Z")).toBe(dollars(1));
    expect(at("2026-11-20T04:00:00Z")).toBe(dollars(0.5));
    expect(at("2026-11-22T02:00:00Z")).toBe(dollars(0.5));
  });

  test("another speed has its own rates, when the provider says that it was used", () => {
    const price: Price = {
      input: 1,
      cache_read: 0.1,
      tiers: [{ above: 10, input: 2 }],
      modes: { fast: { input: 5, send: { service_tier: "priority" } } },
    };
    expect(cost(price, { inUncached: million, speed: "priority" })).toBe(dollars(5));
    expect(cost(price, { inUncached: million, speed: "default" })).toBe(dollars(2));
    expect(cost(price, { inCacheRead: 10, speed: "priority" })).toBe(1000);
  });
});

describe("rounding", () => {
  test("is done once, a half goes up", () => {
    expect(cost({ input: 0.0005 }, { inUncached: 1 })).toBe(1);
    expect(cost({ input: 0.000499 }, { inUncached: 1 })).toBe(0);
    expect(cost({ input: 0.0002, output: 0.0002 }, { inUncached: 1, outVisible: 1 })).toBe(0);
    expect(cost({ input: 0.00025, output: 0.00025 }, { inUncached: 1, outVisible: 1 })).toBe(1);
  });

  test("the sum is the exact one of the written rates", () => {
    // Rates as they are written: so many millionths of a dollar, as a text.
    const rate = fc.bigInt({ min: 0n, max: 10n ** 12n });
    const count = fc.integer({ min: 0, max: 50_000_000 });
    const asNumber = (millionths: bigint) => Number(`${millionths}e-9`);
    fc.assert(
      fc.property(
        fc.array(rate, { minLength: 4, maxLength: 4 }),
        fc.array(count, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 100 }),
        ([input = 0n, output = 0n, read = 0n, thought = 0n], [a = 0, b = 0, c = 0, d = 0], percent) => {
          const price: Price = {
            input: asNumber(input),
            output: asNumber(output),
            cache_read: asNumber(read),
            reasoning: asNumber(thought),
            discount: percent / 100,
          };
          const usage = { inUncached: a, outVisible: b, inCacheRead: c, outReasoning: d };
          const sum = input * BigInt(a) + output * BigInt(b) + read * BigInt(c) + thought * BigInt(d);
          const paid = sum * BigInt(100 - percent);
          // Billionths of a dollar for a million tokens, in hundredths: 10^6 of them and 100 are a nano-dollar.
          const exact = (paid + 50_000_000n) / 100_000_000n;
          const most = BigInt(Number.MAX_SAFE_INTEGER);
          expect(cost(price, usage)).toBe(Number(exact > most ? most : exact));
        },
      ),
    );
  });

  test("counts that no provider should send break nothing", () => {
    const price: Price = { input: 1_000_000, output: 1_000_000 };
    expect(cost(price, { inUncached: 1e300 })).toBe(Number.MAX_SAFE_INTEGER);
    for (const count of [-5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(cost(price, { inUncached: count, outVisible: count })).toBe(0);
    }
    expect(cost(price, { inUncached: 1.4 })).toBe(dollars(1));
  });
});
