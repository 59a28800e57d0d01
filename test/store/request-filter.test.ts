/** Which rows a filtered list shows, on both databases. */
import { beforeAll, describe, expect, test } from "bun:test";
import type { RequestRecord } from "../../src/model/record.ts";
import type { RequestFilter } from "../../src/store/request-filter.ts";
import { insertRequests, recentRequests, requestsMadeFor } from "../../src/store/requests.ts";
import { dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { closedRecord } from "../support/records.ts";

const start = 1_800_000_000_000;
const idAt = (at: number) => Bun.randomUUIDv7("hex", at);

function row(second: number, fields: Partial<RequestRecord>): RequestRecord {
  const at = start + second * 1000;
  return closedRecord({ id: idAt(at), at, errors: [], clientRequestId: null, ...fields });
}

const refused = { status: 429, code: "quota-exceeded", target: null, provider: null, alias: null } as const;
const broken = { code: "upstream-failed" as const, message: "Teapot at 100%_", target: "a/b", chain: [] };
const rows = [
  row(0, { key: "web" }),
  row(1, { key: "cron", label: null, alias: "fast", model: "fast", target: "openai/gpt", provider: "openai" }),
  row(2, { key: "web", ...refused }),
  row(3, { key: "web", status: 502, code: "upstream-failed", errors: [broken] }),
  row(4, { key: null, status: null, code: "cancelled" }),
];

const expected: [RequestFilter, number[]][] = [
  [{ key: "web" }, [3, 2, 0]],
  [{ key: "" }, [4]],
  [{ label: "" }, [1]],
  [{ alias: "fast" }, [1]],
  [{ provider: "openai" }, [1]],
  [{ model: "openai/gpt" }, [1]],
  [{ model: "fast" }, [1]],
  [{ model: "" }, [2]],
  [{ result: "success" }, [1, 0]],
  [{ result: "failed" }, [3, 2]],
  [{ result: "cancelled" }, [4]],
  [{ result: "interrupted" }, []],
  [{ result: "4xx" }, [2]],
  [{ result: "5xx" }, [3]],
  [{ text: "TEAPOT at 100%_" }, [3]],
  [{ text: "100x" }, []],
  [{ text: "\u0000" }, []],
  [{ from: start + 2000, to: start + 4000 }, [3, 2]],
  [{ key: "web", result: "failed", text: "teapot", from: start }, [3]],
];

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

describe.each([...dialects])("filters (%s)", (dialect) => {
  test("each part leaves what fits it", async () => {
    await withMigrated(dialect, async ({ database }) => {
      await database.transaction((sql) => insertRequests(sql, rows));
      for (const [filter, places] of expected) {
        const { data, next } = await recentRequests(database.sql, filter);
        const found = data.map(({ id }) => rows.findIndex((one) => one.id === id));
        expect([filter, found, next]).toEqual([filter, places, null]);
      }
      const first = await recentRequests(database.sql, { key: "web", limit: 2 });
      const second = await recentRequests(database.sql, { key: "web", limit: 2, after: first.next ?? "" });
      expect([...first.data, ...second.data].map(({ id }) => id)).toEqual([3, 2, 0].map((at) => rows[at]?.id ?? ""));
    });
  });

  test("what was made for a request is found, and nothing else", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const parent = row(10, { totalMs: 5000 });
      const children = [row(11, { parent: parent.id }), row(12, { parent: parent.id })];
      await database.transaction((sql) =>
        insertRequests(sql, [parent, ...children, row(11, {}), row(12, { parent: idAt(start) })]),
      );
      const found = await requestsMadeFor(database.sql, parent);
      expect(found.map(({ id }) => id)).toEqual(children.map(({ id }) => id));
    });
  });
});

test("a search that looked at many rows says how far it came, and goes on from there", async () => {
  await withMigrated("sqlite", async ({ database }) => {
    const early = row(-10, { key: "rare" });
    await database.transaction((sql) => insertRequests(sql, [early]));
    await database.sql`INSERT INTO requests (id, at, address, protocol, attempts, stream, interrupted, phases, degraded, errors)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100050)
      SELECT printf('ffffffff-%08d', i), 0, '', 'chat', 0, 0, 0, '{}', '[]', '[]' FROM n`;
    const first = await recentRequests(database.sql, { key: "rare" });
    expect([first.data.length, first.next]).toEqual([0, "ffffffff-00000050"]);
    const second = await recentRequests(database.sql, { key: "rare", after: first.next ?? "" });
    expect([second.data.map(({ id }) => id), second.next]).toEqual([[early.id], null]);
  });
});
