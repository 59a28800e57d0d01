/** Which rows a filtered list shows, on both databases. */
import { beforeAll, describe, expect, test } from "bun:test";
import type { RequestRecord } from "../../src/model/record.ts";
import type { RequestFilter } from "../../src/store/request-filter.ts";
import { fitsFilter } from "../../src/store/request-fit.ts";
import { type Term, type TermField, termFields } from "../../src/store/request-terms.ts";
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
  [{ terms: [{ field: "key", is: "web" }] }, [3, 2, 0]],
  [{ terms: [{ field: "key", is: "web", not: true }] }, [4, 1]],
  [{ terms: [{ field: "provider", is: "" }] }, [2]],
  [{ terms: [{ field: "status", is: { from: 500, to: 599 } }] }, [3]],
  [{ terms: [{ field: "status", is: { from: 500, to: 599 }, not: true }] }, [4, 2, 1, 0]],
  [{ terms: [{ field: "cost", is: { from: 1 } }], key: "web" }, [3, 2, 0]],
  [{ terms: [{ field: "tries", is: { to: 1 } }] }, []],
];

/** The same on every run. */
function dice(seed: number) {
  let state = seed;
  return <Value>(of: readonly Value[]): Value => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return of[Math.floor((state / 2 ** 32) * of.length)] as Value;
  };
}

const words = [null, "web", "cron", "a/b", "Fast"] as const;
const numbers = [null, 0, 1, 2, 200, 429, 503, 1_000_000_000] as const;

function randomRow(second: number): RequestRecord {
  const one = dice(second + 1);
  const count = one(numbers);
  return row(second, {
    ...{ key: one(words), label: one(words), alias: one(words), model: one(words), target: one(words) },
    ...{ provider: one(words), finish: one(words), attempts: one([0, 1, 2, 5]), status: one(numbers) },
    code: one([null, "cancelled", "overloaded", "internal"] as const),
    interrupted: one([true, false, false]),
    tokens:
      count === null
        ? null
        : { ...{ input: count, output: 2, reasoning: 0 }, cacheRead: 1, cacheWrite: 0, estimated: false },
    ...{ costNano: one(numbers), ttftMs: one([null, 80.4, 80.5, 900]), totalMs: one([null, 80.6, 2000]) },
    errors: one([[], [broken]]),
  });
}

function randomFilter(seed: number): RequestFilter {
  const one = dice(seed * 7919 + 3);
  const fields = Object.keys(termFields) as TermField[];
  const terms = Array.from({ length: one([0, 1, 2]) }, (): Term => {
    const field = one(fields);
    const from = one([undefined, 0, 1, 80, 200]);
    const to = one([undefined, 1, 81, 429, 1_000_000_000]);
    const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    const is = termFields[field].kind === "text" ? (one(words) ?? "") : range;
    return { field, is, ...(one([true, false]) ? { not: true as const } : {}) };
  });
  const named = one(["key", "label", "alias", "provider", "model"] as const);
  const result = one([undefined, "success", "failed", "cancelled", "interrupted", "4xx", "5xx"] as const);
  const text = one([undefined, undefined, "teapot", "WEB", "_"]);
  return {
    terms,
    ...(one([true, false, false]) ? { [named]: one(words) ?? "" } : {}),
    ...(result === undefined ? {} : { result }),
    ...(text === undefined ? {} : { text }),
    ...(one([true, false, false]) ? { from: start + 20_000 } : {}),
  };
}

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
        expect(rows.flatMap((one, at) => (fitsFilter(filter, one) ? [at] : [])).reverse()).toEqual(places);
      }
      const first = await recentRequests(database.sql, { key: "web", limit: 2 });
      const second = await recentRequests(database.sql, { key: "web", limit: 2, after: first.next ?? "" });
      expect([...first.data, ...second.data].map(({ id }) => id)).toEqual([3, 2, 0].map((at) => rows[at]?.id ?? ""));
    });
  });

  test("what is said of a record as it closes is what the database says of its row", async () => {
    await withMigrated(dialect, async ({ database }) => {
      const all = Array.from({ length: 60 }, (_, second) => randomRow(second));
      await database.transaction((sql) => insertRequests(sql, all));
      let shown = 0;
      for (let seed = 0; seed < 250; seed++) {
        const filter = randomFilter(seed);
        const { data } = await recentRequests(database.sql, { ...filter, limit: 500 });
        const fitting = all.filter((one) => fitsFilter(filter, one)).reverse();
        expect([filter, data.map(({ id }) => id)]).toEqual([filter, fitting.map(({ id }) => id)]);
        if (fitting.length > 0 && fitting.length < all.length) shown++;
      }
      expect(shown).toBeGreaterThan(80);
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
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20050)
      SELECT printf('ffffffff-%08d', i), 0, '', 'chat', 0, 0, 0, '{}', '[]', '[]' FROM n`;
    const first = await recentRequests(database.sql, { key: "rare" });
    expect([first.data.length, first.next]).toEqual([0, "ffffffff-00000051"]);
    const second = await recentRequests(database.sql, { key: "rare", after: first.next ?? "" });
    expect([second.data.map(({ id }) => id), second.next]).toEqual([[early.id], null]);
  });
});
