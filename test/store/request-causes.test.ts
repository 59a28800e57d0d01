/** Failures in groups of what caused them, on both databases. */
import { beforeAll, describe, expect, test } from "bun:test";
import type { RequestRecord } from "../../src/model/record.ts";
import { type Asking, mostCauses, mostFailures, requestCauses } from "../../src/store/request-causes.ts";
import { insertRequests } from "../../src/store/requests.ts";
import { type Dialect, dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";
import { closedRecord } from "../support/records.ts";

const start = 1_800_000_000_000;
const result = "failed" as const;

type Told = Partial<RequestRecord> & { upstreamStatus?: number; message?: string };

function failed(second: number, { upstreamStatus, message = "busy", ...fields }: Told): RequestRecord {
  const at = start + second * 1000;
  const code = fields.code ?? "rate-limited";
  const target = fields.target === undefined ? "anthropic/claude" : fields.target;
  const own = { code, message, chain: [], ...(target === null ? {} : { target }) };
  const errors = [
    // Tries that failed before are not what the request failed of.
    { code: "overloaded" as const, message: "first", target: "a/b", upstreamStatus: 529, chain: [] },
    { ...own, ...(upstreamStatus === undefined ? {} : { upstreamStatus }) },
  ];
  return closedRecord({ id: Bun.randomUUIDv7("hex", at), at, status: 429, code, errors, target, ...fields });
}

async function over(
  dialect: Dialect,
  rows: readonly RequestRecord[],
  work: (asking: Asking) => Promise<void>,
): Promise<void> {
  await withMigrated(dialect, async ({ database }) => {
    for (let from = 0; from < rows.length; from += 1000) {
      await database.transaction((sql) => insertRequests(sql, rows.slice(from, from + 1000)));
    }
    await work({ sql: database.sql, dialect });
  });
}

beforeAll(async () => {
  await sharedPostgres();
}, 60_000);

describe.each([...dialects])("causes of failures (%s)", (dialect) => {
  test("are told by provider, code and the provider's status, with whom they hit", async () => {
    const rows = [
      failed(0, { key: "web", upstreamStatus: 429 }),
      failed(1, { key: "cron", alias: "fast", upstreamStatus: 429, message: 'odd \ud800 \u0000 \\u \\\ud800" words' }),
      failed(2, { key: "web", upstreamStatus: 503 }),
      failed(3, { key: "web", upstreamStatus: 429, target: "anthropic/haiku" }),
      failed(4, { key: null, alias: null, target: null, provider: null, code: "unauthenticated" }),
      failed(5, { code: "cancelled" }),
      closedRecord({ id: Bun.randomUUIDv7("hex", start + 6000), at: start + 6000 }),
    ];
    await over(dialect, rows, async (asking) => {
      const { causes, ...whole } = await requestCauses(asking, { result });
      expect(whole).toEqual({ groups: 3, failures: 5, isCut: false, lookedSince: null });
      expect(causes).toEqual([
        {
          ...{ provider: "anthropic", code: "rate-limited", upstreamStatus: 429, count: 3 },
          ...{ firstAt: start, lastAt: start + 3000 },
          keys: [
            { name: "web", count: 2 },
            { name: "cron", count: 1 },
          ],
          aliases: [
            { name: "sonnet", count: 2 },
            { name: "fast", count: 1 },
          ],
          targets: [
            { name: "anthropic/claude", count: 2 },
            { name: "anthropic/haiku", count: 1 },
          ],
          ...{ newest: rows[3]?.id ?? "", message: "busy" },
        },
        expect.objectContaining({ provider: null, code: "unauthenticated", upstreamStatus: null, newest: rows[4]?.id }),
        expect.objectContaining({ provider: "anthropic", upstreamStatus: 503, count: 1, newest: rows[2]?.id }),
      ]);
      expect(causes[1]?.keys).toEqual([{ name: null, count: 1 }]);
      const narrow = await requestCauses(asking, { result, key: "cron", limit: 1, after: "0" });
      expect(narrow.causes.map(({ count, message }) => [count, message.startsWith("odd ")])).toEqual([[1, true]]);
      expect((await requestCauses(asking, { result, from: start + 4000 })).failures).toBe(1);
      expect((await requestCauses(asking, { result: "success" })).causes).toEqual([]);
    });
  });

  test("are those of a bounded number of failures and of requests, and say so", async () => {
    const many = Array.from({ length: mostFailures + 50 }, (_, second) =>
      failed(second, { provider: `p${second % 40}`, upstreamStatus: 500 }),
    );
    await over(dialect, many, async (asking) => {
      const all = await requestCauses(asking, { result });
      expect([all.failures, all.isCut, all.groups, all.causes.length]).toEqual([mostFailures, true, 40, mostCauses]);
      expect(Math.min(...all.causes.map(({ firstAt }) => firstAt))).toBeGreaterThanOrEqual(start + 50_000);
      expect(all.lookedSince).toBeNull();
    });
  });

  test("are looked for no further back than any search", async () => {
    const rows = [
      failed(0, { upstreamStatus: 500 }),
      ...Array.from({ length: 6000 }, (_, second) => failed(1 + second, { code: "cancelled" })),
    ];
    await over(dialect, rows, async (asking) => {
      expect((await requestCauses(asking, { result })).failures).toBe(1);
      const found = await requestCauses(asking, { result, text: "anthropic" });
      expect(found).toEqual({ causes: [], groups: 0, failures: 0, isCut: false, lookedSince: start + 1000 });
    });
  });
});
