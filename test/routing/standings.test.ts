import { describe, expect, test } from "bun:test";
import { Standing } from "../../src/routing/standing.ts";
import { Standings } from "../../src/routing/standings.ts";

const hourMs = 3_600_000;
const start = 500_000 * hourMs;
const sample = { isStream: true, firstMs: 200, totalMs: 2200, tokens: 101 };

describe("standings", () => {
  test("an answer is measured: first token, speed behind it, speed of all", () => {
    const standings = new Standings(() => start);
    standings.ask("a/m").answered(sample);
    expect(standings.of("a/m")?.averages(true)).toEqual({
      firstMs: 200,
      tokensPerSecond: 50,
      tokensPerTotalSecond: 101 / 2.2,
      tokens: 101,
    });
    expect(standings.of("a/m")?.averages(false)).toBeUndefined();
    expect(standings.of("b/m")).toBeUndefined();
  });

  test("what is recent counts more, by the number of answers and by time", () => {
    const standing = new Standing();
    standing.measured({ ...sample, firstMs: 1000 }, start);
    standing.measured({ ...sample, firstMs: 100 }, start);
    expect(standing.averages(true)?.firstMs).toBeCloseTo((1000 * 0.9 + 100) / 1.9, 5);
    const old = new Standing();
    old.measured({ ...sample, firstMs: 1000 }, start);
    old.measured({ ...sample, firstMs: 100 }, start + 10 * hourMs);
    expect(old.averages(true)?.firstMs).toBeCloseTo(100, 0);
  });

  test("an attempt ends once, whatever is told afterwards", () => {
    const standings = new Standings(() => start);
    const asking = standings.ask("a/m");
    expect(standings.of("a/m")?.inFlight).toBe(1);
    asking.failed();
    asking.answered(sample);
    expect(standings.of("a/m")?.inFlight).toBe(0);
    expect(standings.of("a/m")?.averages(true)).toBeUndefined();
  });

  test("what was kept is what a new process begins with", () => {
    const standings = new Standings(() => start);
    standings.ask("a/m").answered(sample);
    standings.ask("a/m").failed();
    const kept = JSON.parse(JSON.stringify(standings.takeChanged())) as ReturnType<Standings["takeChanged"]>;
    expect(standings.takeChanged()).toEqual([]);
    const next = new Standings(() => start);
    for (const one of kept) next.restore(one.target, one.kept);
    expect(next.of("a/m")?.averages(true)).toEqual(standings.of("a/m")?.averages(true));
    expect(next.of("a/m")?.used(start + hourMs)).toBe(2);
    expect(next.of("a/m")?.used(start + 25 * hourMs)).toBe(0);
    expect(next.of("a/m")?.inFlight).toBe(0);
  });

  test("the day's attempts roll on hour by hour", () => {
    const standing = new Standing();
    for (let hour = 0; hour < 30; hour++) standing.started(start + hour * hourMs);
    expect(standing.used(start + 29 * hourMs)).toBe(24);
    expect(standing.used(start + 40 * hourMs)).toBe(13);
    expect(standing.used(start + 400 * hourMs)).toBe(0);
  });

  test("memory is bounded, whatever models are named", () => {
    const standings = new Standings(() => start);
    const open = standings.ask("a/running");
    for (let count = 0; count < 10_000; count++) standings.ask(`a/${count}`).failed();
    expect(standings.of("a/running")).toBeDefined();
    expect(standings.of("a/0")).toBeUndefined();
    expect(standings.of("a/9999")).toBeDefined();
    open.answered();
  });
});
