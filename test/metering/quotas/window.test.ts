import { describe, expect, test } from "bun:test";
import { slotAt, windowAt } from "../../../src/metering/quotas/window.ts";

const hour = 3_600_000;
const calendar = (window: "daily" | "weekly" | "monthly") => ({ window, periodMs: null });

function iso(window: "daily" | "weekly" | "monthly", timezone: string, at: string): string[] {
  const { start, end } = windowAt(calendar(window), timezone, Date.parse(at));
  return [start, end].map((time) => new Date(time).toISOString().slice(0, 16));
}

describe("windows of the calendar", () => {
  const cases: [string, "daily" | "weekly" | "monthly", string, string, string[]][] = [
    ["a day in UTC", "daily", "UTC", "2026-11-22T18:00:00Z", ["2026-11-22T00:00", "2026-11-23T00:00"]],
    ["a day that begins now", "daily", "UTC", "2026-11-22T00:00:00Z", ["2026-11-22T00:00", "2026-11-23T00:00"]],
    ["a day east of UTC", "daily", "Asia/Kolkata", "2026-11-22T18:45:00Z", ["2026-11-22T18:30", "2026-11-23T18:30"]],
    ["a day of 23 hours", "daily", "Europe/Berlin", "2026-03-29T12:00:00Z", ["2026-03-28T23:00", "2026-03-29T22:00"]],
    ["a day of 25 hours", "daily", "Europe/Berlin", "2026-10-25T12:00:00Z", ["2026-10-24T22:00", "2026-10-25T23:00"]],
    ["its last hour", "daily", "Europe/Berlin", "2026-10-25T22:59:59Z", ["2026-10-24T22:00", "2026-10-25T23:00"]],
    [
      "a day without midnight",
      "daily",
      "Africa/Cairo",
      "2026-04-24T12:00:00Z",
      ["2026-04-23T22:00", "2026-04-24T21:00"],
    ],
    [
      "a day with two midnights",
      "daily",
      "America/Havana",
      "2026-11-01T12:00:00Z",
      ["2026-11-01T04:00", "2026-11-02T05:00"],
    ],
    [
      "the day before them",
      "daily",
      "America/Havana",
      "2026-11-01T03:59:59Z",
      ["2026-10-31T04:00", "2026-11-01T04:00"],
    ],
    ["a week from Monday", "weekly", "UTC", "2026-11-22T23:59:59Z", ["2026-11-16T00:00", "2026-11-23T00:00"]],
    ["a week on its Monday", "weekly", "UTC", "2026-11-23T00:00:00Z", ["2026-11-23T00:00", "2026-11-30T00:00"]],
    [
      "a week over a change",
      "weekly",
      "America/New_York",
      "2026-03-08T12:00:00Z",
      ["2026-03-02T05:00", "2026-03-09T04:00"],
    ],
    ["a week over a year's end", "weekly", "UTC", "2027-01-01T00:00:00Z", ["2026-12-28T00:00", "2027-01-04T00:00"]],
    ["a month", "monthly", "UTC", "2028-02-29T12:00:00Z", ["2028-02-01T00:00", "2028-03-01T00:00"]],
    [
      "a month over a change",
      "monthly",
      "Europe/Berlin",
      "2026-03-31T21:59:59Z",
      ["2026-02-28T23:00", "2026-03-31T22:00"],
    ],
    ["December", "monthly", "UTC", "2026-12-31T23:59:59Z", ["2026-12-01T00:00", "2027-01-01T00:00"]],
    [
      "the day that Samoa left out",
      "daily",
      "Pacific/Apia",
      "2011-12-30T09:59:59Z",
      ["2011-12-29T10:00", "2011-12-30T10:00"],
    ],
  ];
  test.each(cases)("%s", (_, window, timezone, at, expected) => {
    expect(iso(window, timezone, at)).toEqual(expected);
  });

  test("every hour of a year is in the window that it names, and windows touch", () => {
    for (const timezone of [
      "UTC",
      "Europe/Berlin",
      "America/Havana",
      "Australia/Lord_Howe",
      "Africa/Cairo",
      "Asia/Kathmandu",
    ]) {
      let last = windowAt(calendar("daily"), timezone, Date.UTC(2026, 0, 1));
      for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 13 * hour) {
        const now = windowAt(calendar("daily"), timezone, at);
        expect(now.start <= at && at < now.end).toBe(true);
        if (now.start !== last.start) expect(now.start).toBe(last.end);
        last = now;
      }
    }
  });
});

describe("a rolling window", () => {
  const rolling = { window: "rolling", periodMs: 5 * hour } as const;

  test("holds all of its period, and at most one step more", () => {
    const now = Date.UTC(2026, 10, 22, 18);
    const { start } = windowAt(rolling, "UTC", now);
    expect(start).toBeLessThanOrEqual(now - 5 * hour);
    expect(start).toBeGreaterThan(now - 5 * hour - Math.ceil((5 * hour) / 256));
    expect(slotAt(rolling, "UTC", now - 5 * hour)).toBeGreaterThanOrEqual(start);
  });
});
