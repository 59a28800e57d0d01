import { beforeAll, describe, expect, test } from "bun:test";
import type { KeptStanding } from "../../src/routing/standing.ts";
import { Standings } from "../../src/routing/standings.ts";
import { keepTargetStats, readTargetStats } from "../../src/store/target-stats.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const sample = { isStream: true, firstMs: 200.125, totalMs: 2200, tokens: 101 };
const unexpected = (error: unknown) => {
  throw error;
};

describe.each([...dialects])("what was measured of targets (%s)", (dialect) => {
  test("is written when it ends, and read by the next process; the newest wins", async () => {
    await withMigrated(dialect, async ({ database }) => {
      for (const firstMs of [900, sample.firstMs]) {
        const standings = new Standings();
        standings.ask('p/m "odd"\u0000').answered({ ...sample, firstMs });
        standings.ask("p/other").failed();
        const keeping = keepTargetStats({ database, takeChanged: () => standings.takeChanged(), onError: unexpected });
        await keeping.close();
      }
      const next = new Standings();
      for (const { target, kept } of await readTargetStats(database.sql)) next.restore(target, kept as KeptStanding);
      expect(next.of('p/m "odd"\uFFFD')?.averages(true)?.firstMs).toBe(sample.firstMs);
      expect(next.of("p/other")?.used(Date.now())).toBe(1);
    });
  });

  test("is gone after a week", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const old = Date.now() - 8 * 86_400_000;
      await database.sql`INSERT INTO target_stats (target, at, body) VALUES (${"p/old"}, ${old}, ${"{}"})`;
      expect(await readTargetStats(database.sql)).toEqual([]);
      const changed = [{ target: "p/new", kept: { hour: 0, counts: [] } }];
      const keeping = keepTargetStats({ database, takeChanged: () => changed.splice(0), onError: unexpected });
      await keeping.close();
      const rows = await database.sql<{ target: string }>`SELECT target FROM target_stats`;
      expect(rows.map(({ target }) => target)).toEqual(["p/new"]);
    });
  });

  test("is written now and then, and a database that is out of order is told of", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const told: unknown[] = [];
      await database.sql`DROP TABLE target_stats`;
      const takeChanged = () => [{ target: "p/m", kept: { hour: 0, counts: [] } }];
      const keeping = keepTargetStats({ database, takeChanged, onError: (error) => told.push(error), everyMs: 5 });
      for (const until = Date.now() + 5000; told.length === 0 && Date.now() < until; ) await Bun.sleep(5);
      await keeping.close();
      expect(told.length).toBeGreaterThan(0);
    });
  });
});
