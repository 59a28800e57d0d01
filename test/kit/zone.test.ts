import { describe, expect, test } from "bun:test";
import { localText, localTime } from "../../src/kit/zone.ts";

describe("times of a timezone", () => {
  test.each([
    ["UTC", "2026-11-22T10:24:00Z", "2026-11-22T10:24"],
    ["Europe/Rome", "2026-07-01T22:30:00Z", "2026-07-02T00:30"],
    ["Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T05:30"],
    ["America/St_Johns", "2026-01-01T00:00:00Z", "2025-12-31T20:30"],
  ])("in %s are read as they are shown", (zone, at, text) => {
    expect(localText(Date.parse(at), zone)).toBe(text);
    expect(localTime(text, zone)).toBe(Date.parse(at));
  });

  test("that clocks show twice are the first, those that they skip go on as before", () => {
    expect(localTime("2026-10-25T02:30", "Europe/Rome")).toBe(Date.parse("2026-10-25T00:30:00Z"));
    expect(localTime("2026-03-29T02:30", "Europe/Rome")).toBe(Date.parse("2026-03-29T01:30:00Z"));
  });

  test("are none when they are something else", () => {
    for (const text of ["", "tomorrow", "2026-13-40T10:00", "2026-11-22"])
      expect(localTime(text, "UTC")).toBeUndefined();
  });
});
