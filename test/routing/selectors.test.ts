import { describe, expect, test } from "bun:test";
import { ExpectedCosts } from "../../src/routing/expected-cost.ts";
import type { Candidate } from "../../src/routing/resolve.ts";
import { findSelector } from "../../src/routing/selectors/index.ts";
import type { SelectorView } from "../../src/routing/selectors/selector.ts";
import { Standing } from "../../src/routing/standing.ts";
import { candidateOf, type Known, measured, now, seeded, viewOf } from "./states.ts";

const [a, b, c] = [candidateOf("a/m"), candidateOf("b/m"), candidateOf("c/m")];
const hourMs = 3_600_000;

function chosen(selector: string, known: Record<string, Known>, fields: Partial<SelectorView> = {}): string[] {
  const { candidates } = findSelector(selector).order([a, b, c], viewOf(new Map(Object.entries(known)), fields));
  return candidates.map(({ name }) => name[0] ?? "");
}

describe("selectors", () => {
  test("in_order is as listed", () => {
    expect(chosen("in_order", {})).toEqual(["a", "b", "c"]);
  });

  test("random goes by weight, and asks what weighs nothing last", () => {
    const random = seeded(1);
    const candidates = [candidateOf("a/m", { weight: 3 }), candidateOf("b/m"), candidateOf("c/m", { weight: 0 })];
    const firsts = { a: 0, b: 0, c: 0 };
    for (let round = 0; round < 4000; round++) {
      const order = findSelector("random").order(candidates, viewOf(new Map(), { random })).candidates;
      firsts[order[0]?.provider.id as "a"]++;
      expect(order.at(-1)?.provider.id).toBe("c");
    }
    expect(firsts.a / 4000).toBeCloseTo(0.75, 1);
    expect(firsts.c).toBe(0);
  });

  test("cost takes the cheapest; a target without a price is the last, not a present", () => {
    expect(chosen("cost", { "a/m": { cost: 30 }, "c/m": { cost: 20 } })).toEqual(["c", "a", "b"]);
  });

  test("latency, performance and e2e_performance go by their own measure", () => {
    const known = {
      "a/m": { standing: measured({ firstMs: 100, totalMs: 10_100, tokens: 100 }) },
      "b/m": { standing: measured({ firstMs: 3000, totalMs: 4000, tokens: 100 }) },
      "c/m": { standing: measured({ firstMs: 500, totalMs: 3000, tokens: 100 }) },
    };
    expect(chosen("latency", known)).toEqual(["a", "c", "b"]);
    expect(chosen("performance", known)).toEqual(["b", "c", "a"]);
    expect(chosen("e2e_performance", known)).toEqual(["c", "b", "a"]);
  });

  test("what was never measured is asked first, the least asked before others, few at once", () => {
    const asked = new Standing();
    asked.started(now);
    const known: Record<string, Known> = { "a/m": { standing: measured() }, "b/m": { standing: asked } };
    expect(chosen("latency", known)).toEqual(["c", "b", "a"]);
    asked.started(now);
    asked.started(now);
    expect(chosen("latency", known)).toEqual(["c", "a", "b"]);
  });

  test("an unmeasured target that has just failed waits, and is tried again later", () => {
    const failed = new Standing();
    failed.started(now);
    failed.ended(now);
    const known = { "a/m": { standing: measured() }, "b/m": { standing: failed }, "c/m": { standing: measured() } };
    expect(chosen("latency", known)).toEqual(["a", "c", "b"]);
    expect(chosen("latency", known, { now: () => now + 61_000 })[0]).toBe("b");
  });

  test("a share of the requests goes elsewhere to learn", () => {
    const standing = measured();
    const slow = measured({ firstMs: 900 });
    const known = { "a/m": { standing }, "b/m": { standing: slow }, "c/m": { standing: slow } };
    const random = seeded(5);
    const firsts = { a: 0, b: 0, c: 0 };
    for (let round = 0; round < 2000; round++) {
      firsts[chosen("latency", known, { random, exploration: 0.2 })[0] as "a"]++;
    }
    expect(firsts.a / 2000).toBeCloseTo(0.8, 1);
    expect(firsts.b / 2000).toBeCloseTo(0.1, 1);
    expect(chosen("latency", known, { exploration: 0 })[0]).toBe("a");
  });

  test("streams and whole answers are measured apart", () => {
    const standing = measured({ firstMs: 50 });
    const known = { "a/m": { standing }, "b/m": { standing: measured() }, "c/m": { standing: measured() } };
    expect(chosen("latency", known)).toEqual(["a", "b", "c"]);
    standing.measured({ isStream: false, firstMs: 9000, totalMs: 9000, tokens: 1 }, now);
    expect(chosen("latency", known, { isStream: false }).at(-1)).toBe("a");
  });

  test("usage takes the least used of a day, and forgets what is older", () => {
    const known = {
      "a/m": { standing: measured({ used: 3 }) },
      "b/m": { standing: measured({ used: 1 }) },
      "c/m": { standing: measured({ used: 2 }) },
    };
    expect(chosen("usage", known)).toEqual(["b", "c", "a"]);
    expect(chosen("usage", known, { now: () => now + 25 * hourMs })).toEqual(["a", "b", "c"]);
  });
});

describe("the allowance selector", () => {
  const told = (left: number, resetMs: number, windowMs?: number): Known => {
    const standing = measured();
    standing.told([{ left, resetAt: now + resetMs, ...(windowMs === undefined ? {} : { windowMs }) }]);
    return { standing };
  };
  const silent = (): Known => ({ standing: measured() });

  test("asks where the most would be lost at the next reset", () => {
    const week = 168 * hourMs;
    const known = {
      "a/m": told(0.9, 150 * hourMs, week),
      "b/m": told(0.3, hourMs, week),
      "c/m": told(0.8, hourMs, week),
    };
    expect(chosen("allowance", known)).toEqual(["c", "b", "a"]);
  });

  test("is in order without data, and asks spent ones last", () => {
    expect(chosen("allowance", {})).toEqual(["a", "b", "c"]);
    expect(chosen("allowance", { "a/m": silent(), "b/m": silent(), "c/m": silent() })).toEqual(["a", "b", "c"]);
    expect(chosen("allowance", { "a/m": told(0, hourMs), "b/m": silent(), "c/m": told(0.5, hourMs) })).toEqual([
      "c",
      "b",
      "a",
    ]);
  });

  test("asks those of whom nothing is known, or nothing that still holds", () => {
    expect(chosen("allowance", { "a/m": told(0.5, hourMs), "b/m": silent() })).toEqual(["c", "a", "b"]);
    const known = { "a/m": told(0.5, hourMs), "b/m": told(0.9, 60_000), "c/m": silent() };
    expect(chosen("allowance", known, { now: () => now + 120_000 })[0]).toBe("b");
  });
});

test("the expected cost is that of a request of about this size, at this time", () => {
  const costs = new ExpectedCosts();
  let calls = 0;
  const price = {
    ...{ version: "t", terms: {} },
    costOf: ({ inUncached, outVisible }: { inUncached: number; outVisible: number }, at: number) => {
      calls++;
      return at > now ? null : inUncached * 3 + outVisible * 15;
    },
  };
  const cost = costs.of({ input: 1000, output: 500 }, now)(price) ?? 0;
  expect(Math.abs(cost / 10_500 - 1)).toBeLessThan(0.15);
  expect(costs.of({ input: 1010, output: 505 }, now)(price)).toBe(cost);
  expect(calls).toBe(1);
  expect(costs.of({ input: 1000, output: 500 }, now + 120_000)(price)).toBeUndefined();
});

const order: Candidate[] = [a, b, c];
test("a selector changes nothing that it was given", () => {
  for (const name of ["random", "cost", "latency", "usage", "allowance"]) {
    findSelector(name).order(Object.freeze([...order]), viewOf(new Map(), { random: seeded(3) }));
  }
  expect(order.map(({ name }) => name)).toEqual(["a/m", "b/m", "c/m"]);
});
