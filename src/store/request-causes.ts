/**
 * Failures by what caused them: the rows that a list of requests would show, as groups of provider, error code and the
 * provider's status. As for any search the number of rows that are looked at is bounded, and so is that of failures.
 */
import type { ErrorCode } from "../model/error.ts";
import { type Database, type Fragment, list, type Reader, raw } from "./database.ts";
import { conditionsOf, type RequestFilter, searchFloor, searchSteps } from "./request-filter.ts";
import { type Column, int, intOrNull, timeOfId } from "./rows.ts";

/** `name` is null for requests without one. */
export interface Counted {
  name: string | null;
  count: number;
}

export interface Cause {
  /** That was tried last; null where none was. */
  provider: string | null;
  code: ErrorCode;
  upstreamStatus: number | null;
  count: number;
  /** Arrival of the first and the last one; epoch milliseconds. */
  firstAt: number;
  lastAt: number;
  /** The most frequent first; so are the others. */
  keys: Counted[];
  aliases: Counted[];
  /** `provider/model`. */
  targets: Counted[];
  /** Id and words of the newest. */
  newest: string;
  message: string;
}

export interface Causes {
  /** The largest first; at most `mostCauses`. */
  causes: Cause[];
  /** How many there are, and how many failures in all of them. */
  groups: number;
  failures: number;
  /** Only so many of the newest failures were taken: older ones are not counted. */
  isCut: boolean;
  /** The search went back to here and no further; null when it saw all. */
  lookedSince: number | null;
}

export const mostFailures = 2000;
export const mostCauses = 25;

/** PostgreSQL reads no JSON that spells half of a surrogate pair, which what a provider said may do: it need not read words. */
const readable = String.raw`replace(replace(errors, '\\', '//'), '\u', '/u')`;
/** The last failure is what the request failed of. The JSON of a number is its digits in both. */
const upstreamStatus: Record<Database["dialect"], Fragment> = {
  sqlite: raw("errors -> '$[#-1].upstreamStatus'"),
  postgres: raw(`CAST(CAST(${readable} AS json) -> -1 -> 'upstreamStatus' AS text)`),
};

interface Row {
  provider: string | null;
  code: ErrorCode;
  upstream: string | null;
  key_name: string | null;
  alias: string | null;
  target: string | null;
  failures: Column;
  first_at: Column;
  last_at: Column;
  newest: string;
}

export interface Asking {
  sql: Reader["sql"];
  dialect: Database["dialect"];
}

/** `limit` and `after` of the filter are of pages, which groups do not have. */
export async function requestCauses({ sql, dialect }: Asking, filter: RequestFilter): Promise<Causes> {
  const { limit: _limit, after: _after, ...asked } = filter;
  const rows = searchSteps(asked).reduce((sum, step) => sum + step, 0);
  const floor = await searchFloor(sql, asked, rows);
  const found = await sql<Row>`SELECT provider, code, upstream, key_name, alias, target, COUNT(*) AS failures,
    MIN(at) AS first_at, MAX(at) AS last_at, MAX(id) AS newest
    FROM (SELECT id, at, provider, code, key_name, alias, target, ${upstreamStatus[dialect]} AS upstream FROM requests
      WHERE code IS NOT NULL ${conditionsOf(asked, floor)} ORDER BY id DESC LIMIT ${mostFailures}) AS failed
    GROUP BY provider, code, upstream, key_name, alias, target`;
  const all = causesOf(found);
  const failures = all.reduce((sum, { count }) => sum + count, 0);
  const causes = all.slice(0, mostCauses);
  const messages = await messagesOf(sql, causes);
  return {
    causes: causes.map((cause) => ({ ...cause, message: messages.get(cause.newest) ?? "" })),
    groups: all.length,
    failures,
    isCut: failures >= mostFailures,
    lookedSince: floor === undefined ? null : timeOfId(floor),
  };
}

function causesOf(rows: readonly Row[]): Cause[] {
  const groups = Map.groupBy(rows, ({ provider, code, upstream }) => JSON.stringify([provider, code, upstream]));
  return [...groups.values()].map(causeOf).sort(byWeight);
}

function byWeight(one: Cause, other: Cause): number {
  return other.count - one.count || other.lastAt - one.lastAt || (one.newest < other.newest ? 1 : -1);
}

function causeOf(rows: readonly Row[]): Cause {
  // A group has at least one row.
  const { provider, code, upstream } = rows[0] as Row;
  const status = upstream === null ? null : Number(upstream);
  return {
    ...{ provider, code, upstreamStatus: Number.isSafeInteger(status) ? status : null },
    count: rows.reduce((sum, { failures }) => sum + int(failures), 0),
    firstAt: Math.min(...rows.map(({ first_at }) => int(first_at))),
    lastAt: Math.max(...rows.map(({ last_at }) => int(last_at))),
    keys: counted(rows, ({ key_name }) => key_name),
    aliases: counted(rows, ({ alias }) => alias),
    targets: counted(rows, ({ target }) => target),
    newest: rows.reduce((newest, { newest: id }) => (id > newest ? id : newest), ""),
    message: "",
  };
}

function counted(rows: readonly Row[], nameOf: (row: Row) => string | null): Counted[] {
  const counts = new Map<string | null, number>();
  for (const row of rows) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + (intOrNull(row.failures) ?? 0));
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((one, other) => other.count - one.count || ((one.name ?? "") < (other.name ?? "") ? -1 : 1));
}

/** What the newest of each failed of. */
async function messagesOf(sql: Reader["sql"], causes: readonly Cause[]): Promise<Map<string, string>> {
  if (causes.length === 0) return new Map();
  const ids = list(causes.map(({ newest }) => newest));
  const rows = await sql<{ id: string; errors: string }>`SELECT id, errors FROM requests WHERE id IN (${ids})`;
  return new Map(
    rows.map(({ id, errors }) => {
      // The column holds nothing but what the gateway wrote.
      const failures = JSON.parse(errors) as { message: string }[];
      return [id, failures.at(-1)?.message ?? ""];
    }),
  );
}
