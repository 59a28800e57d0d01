import { describe, expect, test } from "bun:test";
import { tariffOf } from "../../src/metering/cost.ts";
import { addUsage, emptyUsage, type Usage } from "../../src/model/usage.ts";
import { countTokens, partsOf } from "../../src/model/usage-parts.ts";
import { openSecrets } from "../../src/store/canary.ts";
import { loadConfig, loadVersion } from "../../src/store/config.ts";
import type { Database } from "../../src/store/database.ts";
import { addPrices, listPrices } from "../../src/store/prices.ts";
import { recomputeCosts } from "../../src/store/recompute.ts";
import { createRecomputeJob } from "../../src/store/recompute-job.ts";
import { findRequest, insertRequests, requestToJson } from "../../src/store/requests.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { closedRecord } from "../support/records.ts";

const list = (text: string) => ({ source: "file.json", make: () => ({ date: "2026-11-22", models: 2, text }) });
const price = { input: 2, output: 10, cache_read: 0.5, cache_write: 3, cache_write_1h: 7 };
const tariff = tariffOf(price, "update-1");

/** A row as the gateway leaves it, of a target without a price unless `known`. */
async function store(database: Database, usage: Usage, fields: Parameters<typeof closedRecord>[0] = {}) {
  const pricing = { reportedNano: null, computedNano: null, version: null, parts: partsOf(usage) };
  const record = closedRecord({ tokens: countTokens(usage), costNano: null, pricing, target: "up/m", ...fields });
  await database.transaction((sql) => insertRequests(sql, [record]));
  return record.id;
}

const plain: Usage = { ...emptyUsage(), inUncached: 100, inCacheRead: 10, outVisible: 5, outReasoning: 3 };
const priceOf = (target: string) => (target === "up/m" ? tariff : undefined);

describe.each([...dialects])("price lists (%s)", (dialect) => {
  test("are kept under numbers; the newest is in force with the configuration that it changed", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const sealer = await openSecrets(database, undefined);
      expect((await loadConfig(database.sql, sealer)).prices).toBeNull();
      expect(await listPrices(database.sql)).toEqual([]);
      const before = await loadVersion(database.sql);
      expect(await addPrices(database, list("first"))).toBe(1);
      const seen: (string | undefined)[] = [];
      const make = (newest: string | undefined) => {
        seen.push(newest);
        return { date: "2026-12-01", models: 1, text: "second" };
      };
      expect(await addPrices(database, { source: "https://prices.example", make })).toBe(2);
      expect(seen).toEqual(["first"]);
      const { prices, version } = await loadConfig(database.sql, sealer);
      expect(prices).toMatchObject({ version: 2, text: "second" });
      expect(version).toBe(before + 2);
      const rows = await listPrices(database.sql);
      expect(rows.map(({ at, ...row }) => row)).toEqual([
        { version: 2, date: "2026-12-01", source: "https://prices.example", models: 1 },
        { version: 1, date: "2026-11-22", source: "file.json", models: 2 },
      ]);
    });
  });

  test("that come at once get numbers one after the other, and none is lost", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const make = (newest: string | undefined) => ({ date: "2026-12-01", models: 1, text: `${newest ?? ""}x` });
      const added = await Promise.all([1, 2, 3, 4].map(() => addPrices(database, { source: "s", make })));
      expect(added.sort()).toEqual([1, 2, 3, 4]);
      expect((await loadConfig(database.sql, await openSecrets(database, undefined))).prices?.text).toBe("xxxx");
    });
  });

  test("that are refused leave nothing", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const before = await loadVersion(database.sql);
      const make = () => {
        throw new Error("no list");
      };
      await expect(addPrices(database, { source: "s", make })).rejects.toThrow("no list");
      expect([await loadVersion(database.sql), await listPrices(database.sql)]).toEqual([before, []]);
    });
  });
});

describe.each([...dialects])("a row's cost (%s)", (dialect) => {
  test("is kept with what was reported, what was computed and at which price", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const pricing = { reportedNano: 7, computedNano: 9_007_199_254_740_991, version: "config-1", parts: null };
      const id = await store(database, plain, { costNano: 7, pricing });
      const found = await findRequest(database.sql, id);
      expect(found).toMatchObject({ costNano: 7, pricing });
      expect(found && requestToJson(found)).toMatchObject({
        ...{ cost_nano: 7, cost_reported_nano: 7, cost_computed_nano: 9_007_199_254_740_991 },
        price_version: "config-1",
      });
    });
  });

  test("is found later for rows that had none, exactly as it would have been at once", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const hour: Usage = { ...plain, inCacheWrite1h: 40, inCacheWrite5m: 7 };
      const usages = [plain, hour, addUsage(plain, hour), { ...plain, searches: 2, speed: "fast" }];
      const ids = [];
      for (const usage of usages) ids.push(await store(database, usage));
      const deps = { reader: database, database, priceOf };
      expect(await recomputeCosts(deps, { rows: "unknown" })).toEqual({ looked: 4, priced: 4 });
      for (const [at, usage] of usages.entries()) {
        const row = await findRequest(database.sql, ids[at] ?? "");
        const computedNano = tariff.costOf(usage, 0);
        expect(computedNano).toBeGreaterThan(0);
        expect(row?.costNano).toBe(computedNano);
        expect(row?.pricing).toMatchObject({ reportedNano: null, computedNano, version: "update-1" });
      }
      expect(await recomputeCosts(deps, { rows: "unknown" })).toEqual({ looked: 0, priced: 0 });
    });
  });

  test("stays unknown, or as it is, where no price is known now; what was reported stays the cost", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const other = await store(database, plain, { target: "up/other" });
      const reported = { reportedNano: 5, computedNano: null, version: null, parts: null };
      const told = await store(database, plain, { costNano: 5, pricing: reported });
      const old = { reportedNano: null, computedNano: 1, version: "update-0", parts: null };
      const before = await store(database, plain, { costNano: 1, pricing: old });
      const kept = await store(database, plain, { target: "up/other", costNano: 1, pricing: old });
      const refused = closedRecord({ tokens: null, costNano: null });
      await database.transaction((sql) => insertRequests(sql, [refused]));
      const deps = { reader: database, database, priceOf };
      expect(await recomputeCosts(deps, { rows: "unknown" })).toEqual({ looked: 2, priced: 1 });
      const cost = async (id: string) => (await findRequest(database.sql, id))?.costNano;
      expect(await Promise.all([other, told, before, kept, refused.id].map(cost))).toEqual([null, 5, 1, 1, null]);
      expect(await recomputeCosts(deps, { rows: "all" })).toEqual({ looked: 4, priced: 2 });
      const expected = tariff.costOf(plain, 0);
      expect(await Promise.all([other, told, before, kept, refused.id].map(cost))).toEqual([
        null,
        5,
        expected,
        1,
        null,
      ]);
    });
  });

  test("is found within a time, in steps, and each row by its own day", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const scheduled = tariffOf({ input: 1, output: 0, scheduled: [{ from: "2026-12-01", input: 2 }] }, "update-2");
      const days = ["2026-11-30T12:00:00Z", "2026-12-01T12:00:00Z", "2026-12-02T12:00:00Z"].map((day) =>
        Date.parse(day),
      );
      const usage = { ...emptyUsage(), inUncached: 1000 };
      const records = days.flatMap((at) =>
        Array.from({ length: 300 }, () =>
          closedRecord({ id: idAt(at), at, tokens: countTokens(usage), costNano: null, target: "up/m" }),
        ),
      );
      await database.transaction((sql) => insertRequests(sql, records));
      const steps: number[] = [];
      const deps = { reader: database, database, priceOf: () => scheduled, onStep: () => steps.push(1) };
      const [first = 0, , third = 0] = days;
      expect(await recomputeCosts(deps, { rows: "all", since: first, until: third })).toEqual({
        looked: 600,
        priced: 600,
      });
      expect(steps.length).toBeGreaterThan(2);
      const rows = await database.sql<{ cost: string | null; count: string | number }>`SELECT cost_nano AS cost,
        count(*) AS count FROM requests GROUP BY cost_nano`;
      expect(
        rows.map(({ cost, count }) => [Number(cost ?? -1), Number(count)]).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)),
      ).toEqual([
        [-1, 300],
        [1_000_000, 300],
        [2_000_000, 300],
      ]);
    });
  });
});

test("one job runs at a time, and says how it ended", async () => {
  await withMigrated("sqlite", async ({ database }) => {
    await store(database, plain);
    const job = createRecomputeJob({ reader: database, database, priceOf });
    expect(job.state()).toEqual({
      ...{ running: false, looked: 0, priced: 0 },
      ...{ started_at: null, ended_at: null, error: null },
    });
    const running = job.start({ rows: "unknown" });
    await expect(job.start({ rows: "unknown" })).rejects.toThrow("already");
    expect(await running).toMatchObject({ running: false, looked: 1, priced: 1, error: null });
    const failing = createRecomputeJob({
      reader: database,
      database,
      priceOf: () => {
        throw new Error("no prices today");
      },
    });
    expect(await failing.start({ rows: "all" })).toMatchObject({ running: false, error: "no prices today" });
    expect(await failing.start({ rows: "unknown" })).toMatchObject({ running: false, looked: 0, error: null });
  });
});

/** A UUIDv7 of a time. */
function idAt(at: number): string {
  const hex = at.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}
