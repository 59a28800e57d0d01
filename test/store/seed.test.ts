/** The made-up year of `npm run seed`, in small. */
import { beforeAll, describe, expect, test } from "bun:test";
import { plant } from "../../scripts/seed/plant.ts";
import { seedRecords } from "../../scripts/seed/records.ts";
import { Days } from "../../src/metering/days.ts";
import { addSum, emptySum } from "../../src/model/usage-sum.ts";
import { insertRequests } from "../../src/store/requests.ts";
import { dimensionNames, sumRows } from "../../src/store/rollup-sums.ts";
import { openRollups } from "../../src/store/rollups.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

const until = Date.UTC(2026, 10, 22, 9, 7);

describe.each([...dialects])("a seeded database (%s)", (dialect) => {
  test("holds rows of every kind, sums that are those of the rows, and a configuration that names them", async () => {
    await withMigrated(dialect, async ({ url, folder, database }) => {
      const said: string[] = [];
      const options = { rows: 1000, seed: 3, until, force: false, environment: { DATA_DIR: folder } };
      const seeding = { ...options, database: url, say: (line: string) => said.push(line), progress: () => undefined };
      await plant(seeding);
      const rows = await database.sql<{ code: string | null; attempts: unknown; cost_nano: unknown; target: unknown }>`
        SELECT code, attempts, cost_nano, target FROM requests`;
      expect(rows.length).toBe(1000);
      const codes = new Set(rows.map(({ code }) => code));
      for (const code of ["unauthenticated", "not-found", "quota-exceeded", "cancelled", null])
        expect(codes).toContain(code);
      expect(rows.some(({ attempts }) => Number(attempts) > 1)).toBe(true);
      expect(rows.some((row) => row.target === "workstation/qwen3-coder" && row.cost_nano === null)).toBe(true);

      const left = await database.sql<{
        bucket: unknown;
      }>`SELECT bucket FROM rollup_stale WHERE bucket < ${until - 86_400_000}`;
      expect(left).toEqual([]);
      const days = new Days(() => "UTC");
      const reads = { database, reader: database, timezone: () => "UTC", dayOf: (at: number) => days.of(at) };
      const rollups = openRollups({ ...reads, now: () => until });
      const range = { from: until - 400 * 86_400_000, to: until };
      for (const kind of dimensionNames) {
        const summed = await rollups.query({ kind, ...range });
        const truth = new Map<string, ReturnType<typeof emptySum>>();
        for (const { value, other, sum } of await sumRows(database.sql, kind, range)) {
          const name = JSON.stringify([value, other]);
          truth.set(name, addSum(truth.get(name) ?? emptySum(), sum));
        }
        expect(new Map(summed.map((one) => [JSON.stringify([one.value, one.other]), one.sum]))).toEqual(truth);
      }
      await rollups.close();

      const names = await database.sql<{ kind: string; name: string }>`SELECT kind, name FROM entities`;
      expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(["anthropic", "sonnet", "laptop", "burst"]));
      expect(said.join("\n")).not.toMatch(/sk-|adm-/);

      await expect(plant(seeding)).rejects.toThrow(/has requests already.*--force/);
      await plant({ ...seeding, rows: 10, seed: 4, force: true });
      expect((await database.sql`SELECT id FROM requests`).length).toBe(1010);
    });
  }, 60_000);
});

test("the same seed makes the same rows, another one others", () => {
  const made = (seed: number) => JSON.stringify([...seedRecords({ rows: 300, seed, until })]);
  expect(made(5)).toBe(made(5));
  expect(made(5)).not.toBe(made(6));
});

test("quarters that are summed together have the sums of those that are summed one by one", async () => {
  const tables: unknown[][] = [];
  for (const together of [1, 96]) {
    await withMigrated("sqlite", async ({ database }) => {
      const records = [...seedRecords({ rows: 400, seed: 9, until })];
      await database.transaction((sql) => insertRequests(sql, records));
      const days = new Days(() => "Asia/Kathmandu");
      const reads = {
        database,
        reader: database,
        timezone: () => "Asia/Kathmandu",
        dayOf: (at: number) => days.of(at),
      };
      const rollups = openRollups({ ...reads, now: () => until, together });
      await rollups.run();
      await rollups.close();
      tables.push(await database.sql`SELECT * FROM rollups ORDER BY span, kind, bucket, value, other`);
    });
  }
  expect(tables[0]?.length).toBeGreaterThan(1000);
  expect(tables[1]).toEqual(tables[0] ?? []);
}, 60_000);
