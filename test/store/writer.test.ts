import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrations } from "../../migrations/index.ts";
import type { RequestRecord } from "../../src/model/record.ts";
import type { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openDatabase } from "../../src/store/open.ts";
import { findRequest, recentRequests } from "../../src/store/requests.ts";
import { startWriter } from "../../src/store/writer.ts";
import { withMigrated } from "../support/databases.ts";
import { sharedPostgres, startPostgres } from "../support/postgres.ts";
import { closedRecord } from "../support/records.ts";

let dir = "";

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "plexus-writer-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function countRows(database: Database): Promise<number> {
  const rows = await database.sql<{ rows: string }>`SELECT CAST(count(*) AS TEXT) AS rows FROM requests`;
  return Number(rows[0]?.rows);
}

/** A database that can be switched off. */
function switchable(database: Database): Database & { isOff: boolean } {
  const off = () => new Error("the database is off");
  const wrapped: Database & { isOff: boolean } = {
    isOff: false,
    dialect: database.dialect,
    sql: async (text, ...values) => {
      if (wrapped.isOff) throw off();
      return database.sql(text, ...values);
    },
    transaction: async (work) => {
      if (wrapped.isOff) throw off();
      return database.transaction(work);
    },
    close: () => database.close(),
  };
  return wrapped;
}

const whoRuns = () => [];

describe("the writer", () => {
  test("shows a closed request within a second", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const writer = await startWriter({ database, dir, whoRuns });
      const record = closedRecord();
      writer.opened();
      writer.closed(record);
      await Bun.sleep(700);
      expect(await findRequest(database.sql, record.id)).toEqual(record);
      await writer.close();
    });
  });

  test("flush brings everything in, and a clean end leaves no journal", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const writer = await startWriter({ database, dir, whoRuns });
      for (let count = 0; count < 1000; count++) {
        const record = closedRecord();
        writer.opened();
        writer.closed(record);
      }
      await writer.flush();
      expect(await countRows(database)).toBe(1000);
      expect(writer.waiting()).toBe(0);
      await writer.close();
      await writer.close();
      expect(readdirSync(dir)).toEqual([]);
    });
  });

  test("goes on by itself after an outage, what memory could not hold included", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const wrapped = switchable(database);
      const errors: unknown[] = [];
      const writer = await startWriter({
        database: wrapped,
        dir,
        whoRuns,
        memory: 100,
        onError: (error) => errors.push(error),
      });
      wrapped.isOff = true;
      const records = Array.from({ length: 500 }, () => closedRecord());
      for (const record of records) writer.closed(record);
      await expect(writer.flush(300)).rejects.toThrow("500 usage rows");
      expect(String(errors[0])).toContain("the database is off");
      wrapped.isOff = false;
      await writer.flush(10_000);
      expect(await countRows(database)).toBe(500);
      await writer.close();
      expect(readdirSync(dir)).toEqual([]);
    });
  }, 20_000);

  test("ended during an outage, it leaves the rows to the next start", async () => {
    await withMigrated("sqlite", async ({ database, url }) => {
      const script = `
        import { openDatabase } from ${JSON.stringify(join(import.meta.dir, "../../src/store/open.ts"))};
        import { startWriter } from ${JSON.stringify(join(import.meta.dir, "../../src/store/writer.ts"))};
        import { closedRecord } from ${JSON.stringify(join(import.meta.dir, "../support/records.ts"))};
        const database = openDatabase("sqlite://:memory:");
        const writer = await startWriter({ database, dir: ${JSON.stringify(dir)}, whoRuns: () => [] });
        for (let count = 0; count < 5; count++) writer.closed(closedRecord());
        await writer.close(200);
        console.log("ended");
        process.exit(0);`;
      const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
      expect(await new Response(child.stdout).text()).toBe("ended\n");
      await child.exited;
      expect(readdirSync(dir).length).toBe(1);
      const writer = await startWriter({ database, dir, whoRuns });
      expect(await countRows(database)).toBe(5);
      await writer.close();
      expect(url).toContain("sqlite");
    });
  });

  test("one row that the database refuses does not hold up the others", async () => {
    await withMigrated("postgres", async ({ database }) => {
      const errors: string[] = [];
      const writer = await startWriter({ database, dir, whoRuns, onError: (error) => errors.push(String(error)) });
      const bad = { ...closedRecord(), protocol: null as unknown as string } satisfies RequestRecord;
      const good = closedRecord();
      writer.closed(bad);
      writer.closed(good);
      await writer.flush();
      expect((await recentRequests(database.sql)).data.map((record) => record.id)).toEqual([good.id]);
      expect(errors).toEqual([`Error: the usage row ${bad.id} was refused by the database`]);
      await writer.close();
    });
  });

  test("a journal that cannot be written is told, and does not fail the request", async () => {
    await withMigrated("sqlite", async ({ database }) => {
      const errors: string[] = [];
      const writer = await startWriter({ database, dir, whoRuns, onError: (error) => errors.push(String(error)) });
      await writer.close();
      writer.opened();
      writer.closed(closedRecord());
      expect(errors.at(-1)).toContain("the journal is closed");
    });
  });

  test("survives a restart of PostgreSQL", async () => {
    const server = await startPostgres();
    if (!server) return;
    const database = openDatabase(await server.createUrl());
    await migrate(database, migrations);
    const writer = await startWriter({ database, dir, whoRuns });
    writer.closed(closedRecord());
    await writer.flush();
    const restarting = server.restart();
    for (let count = 0; count < 300; count++) writer.closed(closedRecord());
    await restarting;
    await writer.flush(20_000);
    expect(await countRows(database)).toBe(301);
    await writer.close();
    await database.close();
    await server.halt();
  }, 60_000);
});
