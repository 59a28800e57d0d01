/** Ranges of figures by the clocks of a timezone: whole days, no gap between buckets, and no bucket too many. */
import { describe, expect, test } from "bun:test";
import { bucketEnd, bucketOf, bucketsOf, type Clocks, rangeOf } from "../../src/console/range.ts";
import { Days } from "../../src/metering/days.ts";
import { seriesOf } from "../../views/parts/series.ts";

const wanted = { range: "7d", from: "", to: "", bucket: "" };

function clocksOf(zone: string, now: string): Clocks {
  const days = new Days(() => zone);
  return { dayOf: (at) => days.of(at), now: () => Date.parse(now) };
}

/** With the days on which clocks are changed, where they are. */
const zones = [
  ["UTC", "2026-07-15T10:20:30Z"],
  ["Asia/Kolkata", "2026-07-15T20:20:30Z"],
  ["America/St_Johns", "2026-03-09T12:00:00Z"],
  ["America/St_Johns", "2026-11-02T12:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-06T12:00:00Z"],
  ["Pacific/Auckland", "2026-09-28T12:00:00Z"],
] as const;

describe.each([...zones])("%s at %s", (zone, now) => {
  const clocks = clocksOf(zone, now);

  test.each(["quarter", "hour", "day"] as const)("each %s begins where the one before ends", (bucket) => {
    for (const range of ["24h", "7d", "30d"]) {
      const span = { ...rangeOf({ ...wanted, range }, clocks, []), bucket };
      const starts = bucketsOf(span, clocks.dayOf);
      expect(starts[0]).toBe(range === "24h" && bucket === "day" ? clocks.dayOf(span.from).start : span.from);
      for (const [at, start] of starts.entries()) {
        const end = bucketEnd(start, bucket, clocks.dayOf);
        if (at + 1 < starts.length) expect(starts[at + 1]).toBe(end);
        else expect(end).toBeGreaterThanOrEqual(span.to);
        expect(bucketOf(start, bucket, clocks.dayOf)).toBe(start);
        expect(bucketOf(end - 1, bucket, clocks.dayOf)).toBe(start);
      }
    }
  });

  test("seven days are today and the six before it, from midnight", () => {
    const span = rangeOf(wanted, clocks, []);
    expect(bucketsOf(span, clocks.dayOf).length).toBe(7);
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
    expect(clock.format(span.from)).toBe("00:00");
  });
});

test("days that are named are whole, up to the present", () => {
  const clocks = clocksOf("Asia/Kolkata", "2026-07-15T20:20:30Z");
  const ignored: string[] = [];
  const span = rangeOf({ ...wanted, from: "2026-07-01", to: "2026-07-02" }, clocks, ignored);
  expect(new Date(span.from).toISOString()).toBe("2026-06-30T18:30:00.000Z");
  expect(new Date(span.to).toISOString()).toBe("2026-07-02T18:30:00.000Z");
  expect(rangeOf({ ...wanted, from: "2026-07-15" }, clocks, ignored).to).toBe(clocks.now());
  expect(ignored).toEqual([]);
});

test("what makes no sense is said and left out", () => {
  const clocks = clocksOf("UTC", "2026-07-15T20:20:30Z");
  const odd = [
    { from: "yesterday" },
    { from: "2026-07-10", to: "2026-07-01" },
    { from: "2030-01-01" },
    { from: "1990-01-01" },
    { bucket: "century" },
    { bucket: "quarter" },
  ];
  for (const one of odd) {
    const ignored: string[] = [];
    const span = rangeOf({ ...wanted, ...one }, clocks, ignored);
    expect([one, ignored.length]).toEqual([one, 1]);
    expect(bucketsOf(span, clocks.dayOf).length).toBe(7);
  }
});

test("a chart has seven series and the rest, and nothing is lost", () => {
  const all = Array.from({ length: 12 }, (_, at) => ({ name: `key ${at}`, values: [at, 1] }));
  const series = seriesOf(all);
  expect(series.map(({ name }) => name).at(-1)).toBe("5 others");
  expect(new Set(series.map(({ slot }) => slot)).size).toBe(8);
  const sums = [0, 1].map((at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  expect(sums).toEqual([66, 12]);
  const again = seriesOf(all.toReversed());
  expect(new Map(again.map(({ name, slot }) => [name, slot]))).toEqual(
    new Map(series.map(({ name, slot }) => [name, slot])),
  );
});
