/** The overview: what needs somebody is said within seconds, figures agree with the requests, each card fails alone. */
import { describe, expect, test } from "bun:test";
import { createOverview, type Overview, type Whole } from "../../src/console/overview.ts";
import { barsOf, figuresOf, stripOf } from "../../src/console/overview-cards.ts";
import { addSum, classOf, emptySum, quarterMs, type UsageSum } from "../../src/model/usage-sum.ts";
import type { Summed } from "../../src/store/rollup-sums.ts";
import { type HomeProps, overviewParts } from "../../views/pages/home.tsx";
import { clockOf } from "../../views/parts/format.ts";

const hour = 3_600_000;
const now = Date.UTC(2026, 10, 22, 21, 10);
const clock = clockOf("UTC");
const dayMs = 24 * hour;
const dayOf = (at: number) => ({ start: Math.floor(at / dayMs) * dayMs, end: (Math.floor(at / dayMs) + 1) * dayMs });

function sumOf(part: Partial<UsageSum>): UsageSum {
  return { ...emptySum(), ...part };
}

/** Sums by provider, and what was asked for. */
function overviewOver(sums: readonly Summed[]): { overview: Overview; asked: () => number } {
  let asked = 0;
  const query = async ({ from, to }: { from: number; to: number }) => {
    asked++;
    return sums.filter(({ bucket }) => bucket >= from && bucket < to).map((one) => structuredClone(one));
  };
  const overview = createOverview({ usage: { rollups: { query }, dayOf } }, () => now);
  return { overview, asked: () => asked };
}

const at = (ago: number) => Math.floor((now - ago) / quarterMs) * quarterMs;
const sums: Summed[] = [
  {
    bucket: at(hour / 2),
    value: "a",
    other: "",
    sum: sumOf({ requests: 6, failed: 3, costNano: 5, sketch: { [classOf(100)]: 3 } }),
  },
  { bucket: at(5 * hour), value: "b", other: "", sum: sumOf({ requests: 2, costNano: 9 }) },
  { bucket: at(5 * hour), value: "", other: "", sum: sumOf({ requests: 1, failed: 1 }) },
  { bucket: at(30 * hour), value: "a", other: "", sum: sumOf({ requests: 3 }) },
];

describe("the figures of the overview", () => {
  test("are those of the range and of as long a time before", async () => {
    const { overview } = overviewOver(sums);
    const whole = await overview.whole("24h");
    expect([whole.now.requests, whole.now.failed, whole.before.requests]).toEqual([9, 4, 3]);
    expect(whole.buckets.length).toBe(24);
    expect(whole.buckets.reduce((all, { sum }) => addSum(all, sum), emptySum())).toEqual(whole.now);
    expect(whole.providers.map(({ name }) => name)).toEqual(["b", "a"]);
    expect((await overview.whole("1h")).now.requests).toBe(6);
  });

  test("say how much they changed", async () => {
    const figures = figuresOf(await overviewOver(sums).overview.whole("24h"), "24 hours");
    expect(figures.map(({ name, text, delta }) => [name, text, delta])).toEqual([
      ["Requests", "9", "+200% on the 24 hours before"],
      ["Succeeded", "55.6%", "−44.4 points on the 24 hours before"],
      ["Cost", "<$0.0001", "none before on the 24 hours before"],
      ["First token (p50)", "99 ms", null],
    ]);
  });

  test("are worked out once for all who look within a moment", async () => {
    const { overview, asked } = overviewOver(sums);
    await Promise.all([overview.whole("24h"), overview.whole("24h"), overview.whole("7d")]);
    await overview.whole("24h");
    expect(asked()).toBe(4);
  });

  test("are bars whose parts lead to their requests", async () => {
    const bars = barsOf(await overviewOver(sums).overview.whole("24h"), clock, dayOf);
    expect(bars.series.map(({ name, values }) => [name, values.reduce((one, other) => one + other)])).toEqual([
      ["not failed", 5],
      ["failed at a provider", 3],
      ["refused before", 1],
    ]);
    expect(bars.buckets.at(-1)).toEqual({
      name: "22 Nov 21:00",
      href: `/console/requests?${new URLSearchParams({ from: "2026-11-22T21:00:00.000Z", to: "2026-11-22T21:10:00.000Z" })}`,
    });
  });

  test("show each provider with 48 half hours, asked or not", async () => {
    const days = await overviewOver(sums).overview.providerDays();
    const known = { providers: new Map(), cooled: [], clock };
    const lines = stripOf(days, known);
    expect(lines.map(({ name, requests, failed, state }) => [name, requests, failed, state.word])).toEqual([
      ["a", 6, 3, "gone"],
      ["b", 2, 0, "gone"],
    ]);
    expect(lines[0]?.ticks.map(({ tone }) => tone)).toEqual([...Array(46).fill("off"), "bad", "off"]);
  });
});

test("a card that cannot be loaded says so, and the others stay", async () => {
  const live = (whole: Whole | null): Omit<HomeProps, "shell"> =>
    ({
      ...{ zone: "UTC", range: "24h", rangeWords: "24 hours", running: 0, strip: [], recent: null },
      attention: { lines: [], failed: ["prices"], at: "now" },
      figures: whole && figuresOf(whole, "24 hours"),
      bars: whole && barsOf(whole, clock, dayOf),
      tops: [{ title: "Keys by cost", href: "/console/usage", lines: null }],
    }) as unknown as Omit<HomeProps, "shell">;
  const { html } = overviewParts(live(await overviewOver(sums).overview.whole("24h")));
  expect(html.split("could not be loaded").length - 1).toBe(2);
  expect(html).toContain("Could not be looked at: prices");
  expect(html).toContain("Requests: at most 6");
  expect(overviewParts(live(null)).html.split("could not be loaded").length - 1).toBe(4);
});
