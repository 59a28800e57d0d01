import { describe, expect, test } from "bun:test";

import { chooser, routingCost } from "../../scripts/simulate/cost.ts";
import { learn } from "../../scripts/simulate/learning.ts";
import { playWeek } from "../../scripts/simulate/week.ts";
import { hourMs, six, weekStart } from "../../scripts/simulate/world.ts";
import { selectors } from "../../src/routing/selectors/index.ts";

const names = selectors.map(({ name }) => name);

describe.each(names)("three simulated days with outages, limits and slow phases, %s", (selector) => {
  test("no client sees a failure while a target is up", async () => {
    const week = await playWeek({ selector, traits: six, seed: 7, days: 3, perHour: 120 });
    expect(week.requests).toBeGreaterThan(7000);
    expect(week.failures).toEqual([]);
    expect([...week.answers.values()].reduce((sum, count) => sum + count, 0)).toBe(week.requests);
  });

  test("clients see failures only while every target is down, or left alone for having been", async () => {
    const down = [10, 10.1] as const;
    const traits = six.map((one) => ({ ...one, outages: [...(one.outages ?? []), down] }));
    const { failures } = await playWeek({ selector, traits, seed: 7, days: 1, perHour: 300 });
    const [from, to] = [weekStart + 10 * hourMs, weekStart + 10.1 * hourMs];
    expect(failures.some(({ allDown }) => allDown)).toBe(true);
    // Behind an outage of 6 minutes the longest cooldown of the schedule has as many left.
    const strange = failures.filter(({ at }) => at < from || at > to + 0.15 * hourMs);
    expect(strange).toEqual([]);
  });
});

describe.each(["latency", "performance", "e2e_performance"])("learning, %s", (selector) => {
  test("the best is found within 50 requests, and left within 50 when it becomes worse", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { found, stayed } = learn(selector, seed);
      expect(found).toBeGreaterThanOrEqual(0.85);
      expect(stayed).toBeLessThanOrEqual(0.2);
    }
  });
});

test("the same seed plays the same week", async () => {
  const options = { selector: "latency", traits: six, seed: 3, days: 0.5, perHour: 60 };
  const [one, other] = [await playWeek(options), await playWeek(options)];
  expect(one.targets).toEqual(other.targets);
});

test("routing needs no database: a gateway that has none chooses among 200 targets", () => {
  for (const name of names) {
    const targets = chooser(name, 200)()();
    expect(new Set(targets.map((target) => target.name)).size).toBe(200);
    expect(routingCost(name, 2)).toBeGreaterThan(0);
  }
});
