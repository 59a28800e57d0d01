/** Sums of usage rows as SQL: from the rows themselves, and from the table of sums. */
import { classOf, emptySum, quarterMs, type UsageSum } from "../model/usage-sum.ts";
import { type Fragment, fragment, none, raw, type Sql } from "./database.ts";
import { type Column, firstIdAt, int, json, toText } from "./rows.ts";

export function quarterOf(at: number): number {
  return Math.floor(at / quarterMs) * quarterMs;
}

/** The dimensions, and the columns of a row that are its value. */
export const dimensions = {
  all: ["''", "''"],
  key: ["COALESCE(key_name, '')", "''"],
  alias: ["COALESCE(alias, '')", "''"],
  provider: ["COALESCE(provider, '')", "''"],
  target: ["COALESCE(target, '')", "''"],
  label: ["COALESCE(label, '')", "COALESCE(key_name, '')"],
  "key-alias": ["COALESCE(key_name, '')", "COALESCE(alias, '')"],
  "key-target": ["COALESCE(key_name, '')", "COALESCE(target, '')"],
} as const;

export type Dimension = keyof typeof dimensions;
export const dimensionNames = Object.keys(dimensions) as Dimension[];

/** Of which rows are summed and no sums are kept: one look for both. */
const together = { "provider-target": ["COALESCE(provider, '')", "COALESCE(target, '')"] } as const;

export type RowDimension = Dimension | keyof typeof together;

/** From `from`, to before `to`; epoch milliseconds. */
export interface Span {
  from: number;
  to: number;
}

export interface Summed {
  bucket: number;
  value: string;
  other: string;
  sum: UsageSum;
}

type Row = Record<string, Column>;

/** Sum -> what is added up of a row. */
const ofRows: Record<Exclude<keyof UsageSum, "sketch">, string> = {
  requests: "COUNT(*)",
  failed: "SUM(CASE WHEN code IS NOT NULL AND code <> 'cancelled' THEN 1 ELSE 0 END)",
  tokensInput: "SUM(COALESCE(tokens_input, 0))",
  tokensOutput: "SUM(COALESCE(tokens_output, 0))",
  tokensReasoning: "SUM(COALESCE(tokens_reasoning, 0))",
  tokensCacheRead: "SUM(COALESCE(tokens_cache_read, 0))",
  tokensCacheWrite: "SUM(COALESCE(tokens_cache_write, 0))",
  estimated: "SUM(COALESCE(tokens_estimated, 0))",
  costNano: "SUM(COALESCE(cost_nano, 0))",
  unpriced: "SUM(CASE WHEN tokens_input IS NOT NULL AND cost_nano IS NULL THEN 1 ELSE 0 END)",
  ttftMs: "SUM(COALESCE(ttft_ms, 0))",
  ttftCount: "COUNT(ttft_ms)",
  flowMs: "SUM(CASE WHEN stream = 1 AND ttft_ms IS NOT NULL AND total_ms > ttft_ms THEN total_ms - ttft_ms ELSE 0 END)",
  flowTokens:
    "SUM(CASE WHEN stream = 1 AND ttft_ms IS NOT NULL AND total_ms > ttft_ms THEN COALESCE(tokens_output, 0) ELSE 0 END)",
  totalMs: "SUM(COALESCE(total_ms, 0))",
  totalCount: "COUNT(total_ms)",
};

/** Sum -> its column in the table of sums. */
export const sumColumns: Record<Exclude<keyof UsageSum, "sketch">, string> = {
  requests: "requests",
  failed: "failed",
  tokensInput: "tokens_input",
  tokensOutput: "tokens_output",
  tokensReasoning: "tokens_reasoning",
  tokensCacheRead: "tokens_cache_read",
  tokensCacheWrite: "tokens_cache_write",
  estimated: "estimated",
  costNano: "cost_nano",
  unpriced: "unpriced",
  ttftMs: "ttft_ms",
  ttftCount: "ttft_count",
  flowMs: "flow_ms",
  flowTokens: "flow_tokens",
  totalMs: "total_ms",
  totalCount: "total_count",
};

/** What the sums are made of. */
const rowColumns = [
  ...["code", "stream", "tokens_input", "tokens_output", "tokens_reasoning", "tokens_cache_read", "tokens_cache_write"],
  ...["tokens_estimated", "cost_nano", "ttft_ms", "total_ms"],
].join(", ");
const sumNames = Object.keys(sumColumns) as SumField[];
const rowSums = raw(sumNames.map((name) => `${ofRows[name]} AS ${sumColumns[name]}`).join(", "));
const tableSums = (fields: readonly SumField[]) =>
  raw(fields.map((name) => `SUM(${sumColumns[name]}) AS ${sumColumns[name]}`).join(", "));
/** Ids begin with the time of arrival, a moment before the row's own time. */
const slackMs = 60_000;

/** Sums of the rows themselves, for each quarter of an hour. */
export async function sumRows(
  sql: Sql,
  kind: RowDimension,
  { from, to, only }: Span & { only?: Only | undefined },
): Promise<Summed[]> {
  const [value, other] = { ...dimensions, ...together }[kind];
  const those = onlyThose(only, { value: raw(value), other: raw(other) });
  const placed = raw(`(SELECT (at / ${quarterMs}) * ${quarterMs} AS bucket, ${value} AS value, ${other} AS other,
    ${rowColumns} FROM requests`);
  const rowsOf = fragment`${placed} WHERE id >= ${firstIdAt(from - slackMs)} AND id < ${firstIdAt(to + slackMs)}
    AND at >= ${from} AND at < ${to} ${those}) AS placed`;
  const rows = await sql<Row>`SELECT bucket, value, other, ${rowSums} FROM ${rowsOf} GROUP BY bucket, value, other`;
  const found = new Map(rows.map((row) => [placeOf(row), summed(row)]));
  if (kind !== "provider" && kind !== "target" && kind !== "provider-target") return [...found.values()];
  const counts = await sql<Row>`SELECT bucket, value, other, ttft_ms, COUNT(*) AS requests FROM ${rowsOf}
    WHERE ttft_ms IS NOT NULL GROUP BY bucket, value, other, ttft_ms`;
  for (const row of counts) {
    const sketch = found.get(placeOf(row))?.sum.sketch;
    const at = classOf(int(row.ttft_ms));
    if (sketch) sketch[at] = (sketch[at] ?? 0) + int(row.requests);
  }
  return [...found.values()];
}

function placeOf({ bucket, value, other }: Row): string {
  return JSON.stringify([int(bucket), value, other]);
}

/** Sums of quarters or of days. */
export interface TableSpan extends Span {
  span: "q" | "d";
}

/** `one`: all buckets as one, at the first; `each`: as they are; else hours that begin so long after whole ones. */
export type Places = "one" | "each" | number;

/** What is asked of the table at once. */
export interface Table {
  /** At least one. */
  spans: TableSpan[];
  places: Places;
}

const mostSpans = 8;

export function addSpan(tables: Table[], { places, ...span }: TableSpan & Pick<Table, "places">): void {
  const same = tables.find((one) => one.places === places && one.spans.length < mostSpans);
  if (same) same.spans.push(span);
  else tables.push({ places, spans: [span] });
}

export interface TableQuery extends Table {
  kind: Dimension;
  /** Without the classes of times, which are not added up in the database. */
  isPlain: boolean;
  /** Only those of this value, and of this other one. */
  only?: Only | undefined;
  /** Only these sums, the others are 0; all unless said. */
  fields?: readonly SumField[] | undefined;
}

export type SumField = Exclude<keyof UsageSum, "sketch">;

/** The value in a dimension, and the other one that dimensions of two have. */
export interface Only {
  value?: string | undefined;
  other?: string | undefined;
}

function onlyThose({ value, other }: Only = {}, columns: { value: Fragment; other: Fragment }): Fragment {
  const of = (column: Fragment, text: string | undefined) =>
    text === undefined ? none : fragment`AND ${column} = ${toText(text)}`;
  return fragment`${of(columns.value, value)} ${of(columns.other, other)}`;
}

/** Sums of the table. */
export async function sumTable(sql: Sql, query: TableQuery): Promise<Summed[]> {
  const { spans, kind, places, isPlain, only, fields = sumNames } = query;
  const those = onlyThose(only, { value: raw("value"), other: raw("other") });
  const within = spans
    .map(({ span, from, to }) => {
      return fragment`(span = ${span} AND kind = ${kind} AND bucket >= ${from} AND bucket < ${to} ${those})`;
    })
    .reduce((all, one) => fragment`${all} OR ${one}`);
  const hasSketch = !isPlain && (kind === "provider" || kind === "target");
  if (places === "each" || hasSketch) {
    const names = [...fields.map((name) => sumColumns[name]), ...(hasSketch ? ["sketch"] : [])];
    const columns = raw(`bucket, value, other, ${names.join(", ")}`);
    const rows = await sql<Row>`SELECT ${columns} FROM rollups WHERE ${within}`;
    return rows.map((row) => summed(row, fields));
  }
  const place = places === "one" ? raw("MIN(bucket)") : hourOf(places);
  const group = raw(places === "one" ? "value, other" : "1, value, other");
  const rows = await sql<Row>`SELECT ${place} AS bucket, value, other, ${tableSums(fields)} FROM rollups
    WHERE ${within} GROUP BY ${group}`;
  return rows.map((row) => summed(row, fields));
}

function hourOf(after: number): Fragment {
  return raw(`((bucket - ${after}) / ${hourMs}) * ${hourMs} + ${after}`);
}

const hourMs = 3_600_000;

function summed(row: Row, fields: readonly SumField[] = sumNames): Summed {
  const sum = emptySum();
  for (const name of fields) sum[name] = int(row[sumColumns[name]]);
  if (row.sketch) sum.sketch = json(String(row.sketch)) as UsageSum["sketch"];
  return { bucket: int(row.bucket), value: String(row.value), other: String(row.other), sum };
}
