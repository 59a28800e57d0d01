import { describe, expect, test } from "bun:test";
import { migrations } from "../../migrations/index.ts";
import { databaseVitals, madeMigrations } from "../../src/store/vitals.ts";
import { dialects, withMigrated } from "../support/databases.ts";

describe.each([...dialects])("how the database is (%s)", (dialect) => {
  test("its size, how fast it answers, and the steps of its schema", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const { bytes, writeMs, readMs } = await databaseVitals(database, database);
      expect(bytes).toBeGreaterThan(10_000);
      for (const ms of [writeMs, readMs]) expect(ms).toBeGreaterThanOrEqual(0);
      const made = await madeMigrations(database);
      expect(made.map(({ version }) => version)).toEqual(migrations.map(({ version }) => version));
      for (const { at } of made) expect(Math.abs(Date.now() - at)).toBeLessThan(600_000);
    });
  });
});
