import { beforeAll, describe, expect, test } from "bun:test";
import { Days } from "../../src/metering/days.ts";
import type { RequestRecord } from "../../src/model/record.ts";
import { addSum, classOf, emptySum, quantile, type UsageSum } from "../../src/model/usage-sum.ts";
import type { Database } from "../../src/store/database.ts";
import { insertRequests } from "../../src/store/requests.ts";
import { type Dimension, dimensionNames, sumRows } from "../../src/store/rollup-sums.ts";
import { openRollups, type Rollups } from "../../src/store/rollups.ts";
import { firstIdAt } from "../../src/store/rows.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { closedRecord } from "../support/records.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const hour = 3_600_000;
const day = 24 * hour;

/** Numbers from 0 to below 1, the same every time. */
function dice(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

function recordAt(at: number, random: () => number): RequestRecord {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const provider = pick(["anthropic", "openai", null]);
  const isFailed = random() < 0.2;
  return closedRecord({
    id: `${firstIdAt(at)}-7000-8000-${crypto.randomUUID().slice(24)}`,
    at,
    key: pick(["laptop", "server", null]),
    label: pick([null, "repo:main", "=cmd"]),
    alias: pick(["sonnet", null]),
    provider,
    target: provider && `${provider}/model`,
    code: isFailed ? pick(["overloaded", "cancelled"] as const) : null,
    tokens: isFailed
      ? null
      : {
          input: Math.floor(random() * 1000),
          output: 30,
          reasoning: 10,
          cacheRead: 5,
          cacheWrite: 1,
          estimated: random() < 0.5,
        },
    costNano: random() < 0.3 ? null : Math.floor(random() * 1e9),
    ttftMs: isFailed ? null : Math.floor(random() * 3000),
    totalMs: 4000,
  });
}

interface World {
  database: Database;
  rollups: Rollups;
  zone: { name: string };
  clock: { now: number };
}

async function withWorld(dialect: "sqlite" | "postgres", zone: string, work: (world: World) => Promise<void>) {
  await withMigrated(dialect, async ({ database }) => {
    const world = { zone: { name: zone }, clock: { now: 0 } };
    const days = new Days(() => world.zone.name);
    const dayOf = (at: number) => days.of(at);
    const rollups = openRollups({
      ...{ database, reader: database, timezone: () => world.zone.name, dayOf, now: () => world.clock.now },
      everyMs: day,
      onError: (error) => {
        throw error;
      },
    });
    await work({ database, rollups, ...world });
    await rollups.close();
  });
}

/** What the rows themselves add up to, by value. */
async function truth(database: Database, kind: Dimension, range: { from: number; to: number }) {
  const sums = new Map<string, UsageSum>();
  for (const { value, other, sum } of await sumRows(database.sql, kind, range)) {
    const name = JSON.stringify([value, other]);
    sums.set(name, addSum(sums.get(name) ?? emptySum(), sum));
  }
  return sums;
}

async function told(rollups: Rollups, kind: Dimension, range: { from: number; to: number }) {
  return new Map(
    (await rollups.query({ kind, ...range })).map((one) => [JSON.stringify([one.value, one.other]), one.sum]),
  );
}

describe.each([...dialects])("sums of usage (%s)", (dialect) => {
  // Clocks go forward in Rome on 29 March 2026 and back on 25 October; Lord Howe moves by half an hour, Kathmandu is at :45.
  const changes = [
    ["Europe/Rome", Date.UTC(2026, 2, 27)],
    ["Europe/Rome", Date.UTC(2026, 9, 23)],
    ["Australia/Lord_Howe", Date.UTC(2026, 3, 3)],
    ["Asia/Kathmandu", Date.UTC(2026, 0, 1)],
  ] as const;

  test.each(changes)("in %s are those of the rows, whatever is summed already", async (zone, begin) => {
    await withWorld(dialect, zone, async ({ database, rollups, clock }) => {
      const random = dice(7);
      // Few moments, and several rows near each.
      const moments = Array.from({ length: 40 }, () => begin + Math.floor(random() * 4 * day));
      const times = Array.from({ length: 300 }, (_, at) => (moments[at % 40] ?? 0) + Math.floor(random() * 60_000));
      const records = times.map((at) => recordAt(at, random));
      await database.transaction((sql) => insertRequests(sql, records.slice(0, 250)));
      clock.now = begin + 6 * day;
      const ranges = [
        { from: begin, to: begin + 4 * day },
        { from: begin + 1234, to: begin + 3.3 * day },
      ];
      const compare = async () => {
        for (const range of ranges) {
          for (const kind of dimensionNames) {
            expect([kind, await told(rollups, kind, range)]).toEqual([kind, await truth(database, kind, range)]);
          }
        }
      };
      await compare();
      await rollups.run();
      expect(await database.sql`SELECT bucket FROM rollup_stale`).toHaveLength(0);
      expect((await database.sql`SELECT bucket FROM rollups WHERE span = ${"d"}`).length).toBeGreaterThan(10);
      await compare();
      // Late rows are seen at once, before they are summed and after.
      await database.transaction((sql) => insertRequests(sql, records.slice(250)));
      await compare();
      await rollups.run();
      await compare();
    });
  });

  test("by day are those of the reporting timezone's days, also after it was changed", async () => {
    await withWorld(dialect, "Europe/Rome", async ({ database, rollups, zone, clock }) => {
      // 23:30 in Rome is the day before in no other timezone than those further east.
      const at = Date.UTC(2026, 6, 1, 21, 30);
      await database.transaction((sql) => insertRequests(sql, [recordAt(at, dice(1)), recordAt(at + hour, dice(2))]));
      clock.now = at + 3 * day;
      const range = { from: Date.UTC(2026, 5, 30), to: Date.UTC(2026, 6, 4) };
      const days = async () =>
        (await rollups.query({ kind: "all", ...range, bucket: "day" })).map(({ bucket, sum }) => [
          new Date(bucket).toISOString(),
          sum.requests,
        ]);
      const rome = [
        ["2026-06-30T22:00:00.000Z", 1],
        ["2026-07-01T22:00:00.000Z", 1],
      ];
      expect(await days()).toEqual(rome);
      await rollups.run();
      expect(await days()).toEqual(rome);
      zone.name = "America/New_York";
      const newYork = [["2026-07-01T04:00:00.000Z", 2]];
      expect(await days()).toEqual(newYork);
      await rollups.run();
      expect(await days()).toEqual(newYork);
      const [row] = await database.sql<{ value: string }>`SELECT value FROM meta WHERE key = ${"rollup_timezone"}`;
      expect(row?.value).toBe("America/New_York");
    });
  });

  test("by quarter tell when it was", async () => {
    await withWorld(dialect, "UTC", async ({ database, rollups, clock }) => {
      const at = Date.UTC(2026, 6, 1, 10, 7);
      await database.transaction((sql) =>
        insertRequests(sql, [recordAt(at, dice(1)), recordAt(at + 10 * 60_000, dice(2))]),
      );
      clock.now = at + hour;
      const quarters = async () =>
        (await rollups.query({ kind: "all", from: at - hour, to: at + hour, bucket: "quarter" })).map(
          ({ bucket }) => bucket,
        );
      const wanted = [Date.UTC(2026, 6, 1, 10), Date.UTC(2026, 6, 1, 10, 15)];
      expect(await quarters()).toEqual(wanted);
      await rollups.run();
      expect(await quarters()).toEqual(wanted);
    });
  });
});

test("quantiles are at most a tenth off", () => {
  const sketch: Record<number, number> = {};
  for (let at = 1; at <= 1000; at++) sketch[classOf(at)] = (sketch[classOf(at)] ?? 0) + 1;
  for (const share of [0.1, 0.5, 0.95]) {
    const found = quantile(sketch, share) ?? 0;
    expect(Math.abs(found - share * 1000) / (share * 1000)).toBeLessThan(0.1);
  }
  expect(quantile({}, 0.5)).toBeUndefined();
});

test("hours begin when those of the reporting timezone's days do, and of one key are those of that key", async () => {
  const zones = ["Europe/Rome", "Asia/Kathmandu", "Australia/Lord_Howe"];
  for (const zone of zones) {
    const begin = Date.UTC(2026, 9, 3);
    await withWorld("sqlite", zone, async ({ database, rollups, clock }) => {
      const random = dice(11);
      const records = Array.from({ length: 200 }, () => recordAt(begin + Math.floor(random() * 2 * day), random));
      await database.transaction((sql) => insertRequests(sql, records));
      clock.now = begin + 5 * day;
      await rollups.run();
      const range = { from: begin, to: begin + 2 * day };
      const days = new Days(() => zone);
      const hourOf = (at: number) => days.of(at).start + Math.floor((at - days.of(at).start) / hour) * hour;
      for (const isPlain of [false, true]) {
        const told = await rollups.query({
          kind: "key-target",
          ...range,
          bucket: "hour",
          isPlain,
          only: { value: "laptop" },
        });
        const wanted = new Map<number, number>();
        for (const { at, key } of records) {
          if (key === "laptop") wanted.set(hourOf(at), (wanted.get(hourOf(at)) ?? 0) + 1);
        }
        const found = new Map<number, number>();
        for (const { bucket, sum } of told) found.set(bucket, (found.get(bucket) ?? 0) + sum.requests);
        expect([...found]).toEqual([...wanted].sort(([one], [other]) => one - other));
      }
      const sketches = await rollups.query({ kind: "target", ...range, bucket: "hour" });
      const counted = sketches.flatMap(({ sum }) => Object.values(sum.sketch));
      const measured = records.filter(({ ttftMs }) => ttftMs !== null).length;
      expect(counted.reduce((sum, one) => sum + one, 0)).toBe(measured);
    });
  }
});
