import { beforeAll, describe, expect, test } from "bun:test";
import { uuidv7 } from "../../src/kit/id.ts";
import type { RequestRecord } from "../../src/model/record.ts";
import type { Database } from "../../src/store/database.ts";
import {
  findRequest,
  insertRequests,
  interruptedRecord,
  recentRequests,
  requestToJson,
} from "../../src/store/requests.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { closedRecord, openedRecord } from "../support/records.ts";

async function insert(database: Database, records: RequestRecord[]): Promise<void> {
  await database.transaction((sql) => insertRequests(sql, records));
}

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

describe.each([...dialects])("usage rows (%s)", (dialect) => {
  test("a record reads back as it was written", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const full = closedRecord({ label: "żółw 🐢", costNano: 8_999_999_999_999_999 });
      const bare = interruptedRecord(openedRecord());
      const refused = closedRecord({ key: null, status: 401, code: "unauthenticated", tokens: null, costNano: null });
      await insert(database, [full, bare, refused]);
      for (const record of [full, bare, refused]) {
        expect(await findRequest(database.sql, record.id)).toEqual(record);
      }
      expect(await findRequest(database.sql, uuidv7())).toBeUndefined();
    });
  });

  test("any number of records goes in, repeats once", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const records = Array.from({ length: 300 }, () => closedRecord());
      await insert(database, [...records, ...records.slice(0, 7)]);
      await insert(database, records.slice(100));
      await insert(database, []);
      expect(await database.sql`SELECT CAST(count(*) AS TEXT) AS rows FROM requests`).toEqual([{ rows: "300" }]);
    });
  });

  test("a closed record replaces an interrupted one and nothing replaces a closed one", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const closed = closedRecord();
      await insert(database, [interruptedRecord(closed)]);
      await insert(database, [closed]);
      await insert(database, [interruptedRecord(closed)]);
      await insert(database, [{ ...closed, status: 500 }]);
      expect(await findRequest(database.sql, closed.id)).toEqual(closed);
    });
  });

  test("texts that PostgreSQL cannot hold are made harmless", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const record = closedRecord({
        model: "a\u0000b\ud800c",
        errors: [{ code: "internal", message: "\u0000", chain: [] }],
      });
      await insert(database, [{ ...record, ttftMs: 12.6, totalMs: Number.NaN }]);
      const stored = await findRequest(database.sql, record.id);
      expect([stored?.model, stored?.errors[0]?.message]).toEqual(["a\ufffdb\ufffdc", "\ufffd"]);
      expect([stored?.ttftMs, stored?.totalMs]).toEqual([13, null]);
    });
  });

  test("pages go from new to old, each row once, whatever comes meanwhile", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const records = Array.from({ length: 7 }, (_, at) => closedRecord({ key: at % 2 === 0 ? "even" : "odd" }));
      await insert(database, records);
      const newestFirst = records
        .map((record) => record.id)
        .sort()
        .reverse();
      const first = await recentRequests(database.sql, { limit: 3 });
      await insert(database, [closedRecord()]);
      const second = await recentRequests(database.sql, { limit: 3, after: first.next! });
      const third = await recentRequests(database.sql, { limit: 3, after: second.next! });
      expect([...first.data, ...second.data, ...third.data].map((record) => record.id)).toEqual(newestFirst);
      expect(third.next).toBeNull();
      const even = await recentRequests(database.sql, { key: "even" });
      expect(even.data.map((record) => record.key)).toEqual(["even", "even", "even", "even"]);
      expect((await recentRequests(database.sql, { limit: Number.NaN })).data.length).toBe(1);
    });
  });
});

test("the API shows a row under the promised names", () => {
  const record = closedRecord({ at: 1_800_000_000_123 });
  const shown = requestToJson(record);
  expect(shown).toMatchObject({
    id: record.id,
    at: "2027-01-15T08:00:00.123Z",
    key: "laptop",
    label: "repo:main",
    protocol: "chat",
    model: "sonnet",
    alias: "sonnet",
    target: "anthropic/claude",
    attempts: 2,
    stream: true,
    status: 200,
    code: null,
    interrupted: false,
    tokens: { input: 120, output: 30, reasoning: 10, cache_read: 100, cache_write: 5, estimated: false },
    cost_nano: 8_123_456_789_012,
    ttft_ms: 80,
    total_ms: 900,
    upstream_ms: 850,
    finish: "stop",
    degraded: [{ action: "dropped", field: "seed" }],
    errors: [
      {
        code: "overloaded",
        message: "busy",
        target: "a/b",
        upstream_status: 503,
        from_ms: null,
        took_ms: null,
        chain: ["Error: busy\n    at x"],
      },
    ],
  });
  expect(requestToJson(interruptedRecord(record)).tokens).toMatchObject({ input: 0, output: 0 });
});
