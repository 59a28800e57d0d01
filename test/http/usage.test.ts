/** `GET /api/usage` and `GET /api/performance` over a real database. */
import { describe, expect, test } from "bun:test";
import { type UsageDeps, usageRoutes } from "../../src/http/usage.ts";
import { Days } from "../../src/metering/days.ts";
import type { RequestRecord } from "../../src/model/record.ts";
import { insertRequests } from "../../src/store/requests.ts";
import { openRollups } from "../../src/store/rollups.ts";
import { firstIdAt } from "../../src/store/rows.ts";
import { withMigrated } from "../support/databases.ts";
import { closedRecord } from "../support/records.ts";

const begin = Date.UTC(2026, 6, 1, 10);
const tokens = { input: 100, output: 30, reasoning: 10, cacheRead: 5, cacheWrite: 1, estimated: false };

function record(at: number, more: Partial<RequestRecord>): RequestRecord {
  const id = `${firstIdAt(at)}-7000-8000-${crypto.randomUUID().slice(24)}`;
  return closedRecord({ id, at, tokens, costNano: 1000, ttftMs: 100, totalMs: 1100, ...more });
}

const records = [
  record(begin, { key: "laptop", label: "repo:main", alias: "sonnet", target: "a/m", provider: "a" }),
  record(begin + 1000, {
    key: "laptop",
    label: "=HYPERLINK(1)",
    alias: "sonnet",
    target: "b/m",
    provider: "b",
    costNano: null,
  }),
  record(begin + 2000, {
    key: "server",
    label: null,
    alias: null,
    target: "b/m",
    provider: "b",
    code: "overloaded",
    tokens: null,
    costNano: null,
    ttftMs: null,
  }),
];

async function ask(path: string): Promise<Response> {
  let response: Response | undefined;
  await withMigrated("sqlite", async ({ database }) => {
    await database.transaction((sql) => insertRequests(sql, records));
    const timezone = () => "Europe/Rome";
    const days = new Days(timezone);
    const dayOf = (at: number) => days.of(at);
    const rollups = openRollups({ database, reader: database, timezone, dayOf });
    const deps: UsageDeps = { rollups, timezone, dayOf };
    const request = new Request(`http://localhost${path}`);
    const { pathname } = new URL(request.url);
    const route = usageRoutes(deps).find((one) => one.path === pathname);
    const incoming = {
      request,
      requestId: "r",
      path: pathname,
      parameters: {},
      address: "127.0.0.1",
      peer: "127.0.0.1",
    };
    response = await route?.run(incoming);
    await rollups.close();
  });
  if (!response) throw new Error(`nothing is served at ${path}`);
  return response;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into from the outside
const told = async (path: string): Promise<any> => (await ask(path)).json();
const range = "from=2026-07-01&to=2026-07-02";

describe("usage", () => {
  test("is one sum unless something else is asked", async () => {
    const { data, total, from, to, timezone } = await told(`/api/usage?${range}`);
    expect([from, to, timezone]).toEqual(["2026-06-30T22:00:00.000Z", "2026-07-01T22:00:00.000Z", "Europe/Rome"]);
    expect(data).toEqual([total]);
    expect(total).toEqual({
      ...{ requests: 3, failed: 1, tokens_input: 200, tokens_output: 60, tokens_reasoning: 20 },
      ...{ tokens_cache_read: 10, tokens_cache_write: 2, estimated: 0, cost_nano: 1000, unpriced: 1 },
    });
  });

  test.each([
    [
      "by=key",
      [
        ["laptop", 2],
        ["server", 1],
      ],
    ],
    [
      "by=alias",
      [
        [null, 1],
        ["sonnet", 2],
      ],
    ],
    [
      "by=provider",
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    [
      "by=model",
      [
        ["a/m", 1],
        ["b/m", 2],
      ],
    ],
    [
      "by=label",
      [
        [null, 1],
        ["=HYPERLINK(1)", 1],
        ["repo:main", 1],
      ],
    ],
    [
      "by=model&key=laptop",
      [
        ["a/m", 1],
        ["b/m", 1],
      ],
    ],
    ["by=alias&key=server", [[null, 1]]],
    ["by=label&key=server", [[null, 1]]],
    ["by=key&key=laptop", [["laptop", 2]]],
  ])("%s", async (query, wanted) => {
    const { data, by } = await told(`/api/usage?${range}&${query}`);
    expect(data.map((row: Record<string, unknown>) => [row[by], row.requests])).toEqual(wanted);
  });

  test("by day and by quarter says when", async () => {
    const starts = async (bucket: string) =>
      (await told(`/api/usage?${range}&bucket=${bucket}`)).data.map((row: { start: string }) => row.start);
    expect(await starts("day")).toEqual(["2026-06-30T22:00:00.000Z"]);
    expect(await starts("quarter")).toEqual(["2026-07-01T10:00:00.000Z"]);
  });

  test("as CSV holds no formulas", async () => {
    const response = await ask(`/api/usage?${range}&by=label&format=csv`);
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const lines = (await response.text()).split("\r\n");
    expect(lines[0]).toStartWith("label,requests,failed,tokens_input");
    expect(lines[2]).toStartWith("'=HYPERLINK(1),1,");
  });

  test.each([
    ["by=colour", "by must be one of"],
    ["bucket=year", "bucket must be one of"],
    ["from=yesterday", "from must be a time"],
    ["from=2026-07-02&to=2026-07-01", "before to"],
    ["by=provider&key=laptop", "cannot be combined"],
    ["colour=red", "is not known"],
  ])("refuses %s with words", async (query, words) => {
    expect(ask(`/api/usage?${query}`)).rejects.toThrow(words);
  });
});

test("performance tells times, speed and the share of errors for each model", async () => {
  const { data } = await told(`/api/performance?${range}`);
  expect(data).toEqual([
    {
      ...{ model: "a/m", requests: 1, failed: 0, error_share: 0, ttft_ms_mean: 100, ttft_ms_p50: 99, ttft_ms_p95: 99 },
      ...{ total_ms_mean: 1100, tokens_per_s: 30 },
    },
    {
      ...{
        model: "b/m",
        requests: 2,
        failed: 1,
        error_share: 0.5,
        ttft_ms_mean: 100,
        ttft_ms_p50: 99,
        ttft_ms_p95: 99,
      },
      ...{ total_ms_mean: 1100, tokens_per_s: 30 },
    },
  ]);
});
