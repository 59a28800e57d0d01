/** The usage rows: one for each request, written once, read newest first. */
import type { JsonObject } from "../model/json.ts";
import type { OpenedRecord, Pricing, RequestRecord, TokenCounts } from "../model/record.ts";
import { parseRouting, routingToJson } from "../model/routing-record.ts";
import type { UsageParts } from "../model/usage-parts.ts";
import { raw, type Sql, type SqlValue, type Transaction } from "./database.ts";
import { type Charged, insertCharges } from "./quotas.ts";
import { conditionsOf, isSearch, type RequestFilter, searchFloor, searchSteps } from "./request-filter.ts";
import { markStale } from "./rollups.ts";
import { type Column, firstIdAt, flag, int, intOrNull, json, toInt, toJson, toText } from "./rows.ts";

/** Column -> what a record puts into it; the one list that writing is made of. */
const columns: Record<string, (record: RequestRecord) => SqlValue> = {
  id: (record) => record.id,
  // Journals of earlier versions have none.
  parent: (record) => record.parent ?? null,
  at: (record) => toInt(record.at),
  address: (record) => toText(record.address),
  key_name: (record) => toText(record.key),
  label: (record) => toText(record.label),
  protocol: (record) => record.protocol,
  model: (record) => toText(record.model),
  alias: (record) => toText(record.alias),
  target: (record) => toText(record.target),
  provider: (record) => toText(record.provider),
  attempts: (record) => toInt(record.attempts),
  stream: (record) => (record.stream ? 1 : 0),
  status: (record) => toInt(record.status),
  code: (record) => record.code,
  interrupted: (record) => (record.interrupted ? 1 : 0),
  counted: (record) => (record.counted ? 1 : 0),
  tokens_input: (record) => toInt(record.tokens?.input ?? null),
  tokens_output: (record) => toInt(record.tokens?.output ?? null),
  tokens_reasoning: (record) => toInt(record.tokens?.reasoning ?? null),
  tokens_cache_read: (record) => toInt(record.tokens?.cacheRead ?? null),
  tokens_cache_write: (record) => toInt(record.tokens?.cacheWrite ?? null),
  tokens_estimated: (record) => (record.tokens ? (record.tokens.estimated ? 1 : 0) : null),
  cost_nano: (record) => toInt(record.costNano),
  cost_reported_nano: (record) => toInt(record.pricing?.reportedNano ?? null),
  cost_computed_nano: (record) => toInt(record.pricing?.computedNano ?? null),
  price_version: (record) => record.pricing?.version ?? null,
  usage_parts: (record) => (record.pricing?.parts ? toJson(record.pricing.parts) : null),
  ttft_ms: (record) => toInt(record.ttftMs),
  total_ms: (record) => toInt(record.totalMs),
  upstream_ms: (record) => toInt(record.upstreamMs),
  phases: (record) => toJson(record.phases),
  finish: (record) => toText(record.finish),
  degraded: (record) => toJson(record.degraded),
  errors: (record) => toJson(record.errors),
  routing: (record) => record.routing ?? null,
  client_request_id: (record) => toText(record.clientRequestId),
};
const names = Object.keys(columns);
const fields = Object.values(columns);
const columnList = raw(names.join(", "));
/** The choice among hundreds of targets may be long, and lists do not show it. */
const listColumns = raw(names.filter((name) => name !== "routing").join(", "));
const updates = names
  .filter((name) => name !== "id")
  .map((name) => `${name} = excluded.${name}`)
  .join(", ");
/** One row, and the same text every time: the statement stays prepared, and writing a row costs its values only. */
const insertParts = templateOf([
  `INSERT INTO requests (${names.join(", ")}) VALUES (`,
  ...names.slice(1).map(() => ", "),
  `) ON CONFLICT (id) DO UPDATE SET ${updates} WHERE requests.interrupted = 1 AND excluded.interrupted = 0`,
]);

function templateOf(parts: string[]): TemplateStringsArray {
  return Object.assign(parts, { raw: parts });
}

/** Any number of records, each once: what is stored stays, but for a row that was only known as interrupted. */
export async function insertRequests(sql: Transaction, records: readonly RequestRecord[]): Promise<void> {
  const charged = records.filter(({ charges }) => charges !== undefined);
  if (charged.length > 0) await insertCharges(sql, charged.map(chargedOf));
  const rows = records.map((record) => fields.map((field) => field(record)));
  await sql.each(insertParts, rows);
  await markStale(
    sql,
    records.map(({ at }) => at),
  );
}

function chargedOf({ id, charges, interrupted }: RequestRecord): Charged {
  return { id, charges: charges ?? [], interrupted };
}

export interface RequestPage {
  data: RequestRecord[];
  /** Null on the last page. */
  next: string | null;
}

/** Newest first. A page of a rare kind may have fewer rows than asked for, even none, and still a next one. */
export async function recentRequests(sql: Sql, filter: RequestFilter = {}): Promise<RequestPage> {
  const limit = Math.min(Math.max(Math.trunc(filter.limit ?? 50) || 1, 1), 500);
  const found: RequestRow[] = [];
  // Each step goes on where the one before it came to.
  let from = filter;
  let floor: string | undefined;
  for (const rows of isSearch(filter) ? searchSteps(filter) : [undefined]) {
    floor = rows === undefined ? undefined : await searchFloor(sql, from, rows);
    const more = await sql<RequestRow>`SELECT ${listColumns} FROM requests WHERE 1 = 1 ${conditionsOf(from, floor)}
      ORDER BY id DESC LIMIT ${limit + 1 - found.length}`;
    found.push(...more);
    if (found.length > limit || floor === undefined) break;
    from = { ...filter, after: floor };
  }
  const data = found.slice(0, limit).map(fromRow);
  return { data, next: found.length > limit ? (data.at(-1)?.id ?? null) : (floor ?? null) };
}

/** Those that were made for a request (images described), in the order of their arrival. */
export async function requestsMadeFor(sql: Sql, { id, at, totalMs }: RequestRecord): Promise<RequestRecord[]> {
  // They arrive while it runs, which spares an index.
  const last = firstIdAt(at + (totalMs ?? longestMs) + 60_000);
  const rows = await sql<RequestRow>`SELECT ${listColumns} FROM requests WHERE id > ${id} AND id < ${last}
    AND parent = ${id} ORDER BY id LIMIT 100`;
  return rows.map(fromRow);
}

/** Of a request whose end nobody saw. */
const longestMs = 3_600_000;

export async function findRequest(sql: Sql, id: string): Promise<RequestRecord | undefined> {
  const rows = await sql<RequestRow>`SELECT ${columnList} FROM requests WHERE id = ${id}`;
  return rows[0] && fromRow(rows[0]);
}

export type RequestRow = Record<string, Column>;

function fromRow(row: RequestRow): RequestRecord {
  const text = (name: string) => (row[name] ?? null) as string | null;
  return {
    id: String(row.id),
    parent: text("parent"),
    at: int(row.at),
    protocol: String(row.protocol),
    address: String(row.address),
    key: text("key_name"),
    label: text("label"),
    model: text("model"),
    alias: text("alias"),
    target: text("target"),
    provider: text("provider"),
    attempts: int(row.attempts),
    stream: flag(row.stream),
    status: intOrNull(row.status),
    code: text("code") as RequestRecord["code"],
    interrupted: flag(row.interrupted),
    counted: flag(row.counted),
    tokens: tokensOf(row),
    costNano: intOrNull(row.cost_nano),
    ...pricingOf(row),
    ttftMs: intOrNull(row.ttft_ms),
    totalMs: intOrNull(row.total_ms),
    upstreamMs: intOrNull(row.upstream_ms),
    phases: json(String(row.phases)) as RequestRecord["phases"],
    finish: text("finish"),
    // These two columns hold nothing but what rowOf wrote.
    degraded: json(String(row.degraded)) as unknown as RequestRecord["degraded"],
    errors: json(String(row.errors)) as unknown as RequestRecord["errors"],
    routing: text("routing"),
    clientRequestId: text("client_request_id"),
  };
}

export function tokensOf(row: RequestRow): TokenCounts | null {
  if (row.tokens_input === null) return null;
  return {
    input: int(row.tokens_input),
    output: int(row.tokens_output),
    reasoning: int(row.tokens_reasoning),
    cacheRead: int(row.tokens_cache_read),
    cacheWrite: int(row.tokens_cache_write),
    estimated: flag(row.tokens_estimated),
  };
}

function pricingOf(row: RequestRow): { pricing?: Pricing } {
  const reportedNano = intOrNull(row.cost_reported_nano);
  const computedNano = intOrNull(row.cost_computed_nano);
  const version = (row.price_version ?? null) as string | null;
  const parts = partsColumn(row);
  if (reportedNano === null && computedNano === null && version === null && parts === null) return {};
  return { pricing: { reportedNano, computedNano, version, parts } };
}

export function partsColumn({ usage_parts: text }: RequestRow): UsageParts | null {
  // The column holds nothing but what was written into it.
  return text === null || text === undefined ? null : (json(String(text)) as unknown as UsageParts);
}

/** The row as the API shows it; `at` in RFC 3339. A request that reached no upstream used no tokens. */
export function requestToJson(record: RequestRecord): JsonObject {
  const { tokens } = record;
  return {
    id: record.id,
    at: new Date(record.at).toISOString(),
    key: record.key,
    label: record.label,
    protocol: record.protocol,
    model: record.model,
    alias: record.alias,
    target: record.target,
    attempts: record.attempts,
    stream: record.stream,
    status: record.status,
    code: record.code,
    interrupted: record.interrupted,
    tokens: {
      input: tokens?.input ?? 0,
      output: tokens?.output ?? 0,
      reasoning: tokens?.reasoning ?? 0,
      cache_read: tokens?.cacheRead ?? 0,
      cache_write: tokens?.cacheWrite ?? 0,
      estimated: tokens?.estimated ?? false,
    },
    cost_nano: record.costNano,
    cost_reported_nano: record.pricing?.reportedNano ?? null,
    cost_computed_nano: record.pricing?.computedNano ?? null,
    price_version: record.pricing?.version ?? null,
    ttft_ms: record.ttftMs,
    total_ms: record.totalMs,
    upstream_ms: record.upstreamMs,
    phases: { ...record.phases },
    finish: record.finish,
    degraded: record.degraded.map(({ action, field, detail }) => ({ action, field, ...(detail ? { detail } : {}) })),
    errors: record.errors.map((failure) => ({
      code: failure.code,
      message: failure.message,
      target: failure.target ?? null,
      upstream_status: failure.upstreamStatus ?? null,
      from_ms: failure.fromMs ?? null,
      took_ms: failure.tookMs ?? null,
      chain: failure.chain,
    })),
    client_request_id: record.clientRequestId,
    parent: record.parent,
    ...(record.routing === null ? {} : { routing: routingOf(record, record.routing) }),
  };
}

function routingOf({ target, attempts, errors }: RequestRecord, text: string): JsonObject {
  return routingToJson(parseRouting(text), { target, attempts, failed: errors.map((failure) => failure.target) });
}

/**
 * What stays of a request that was opened and never closed. One that was let in under quotas is taken to have been asked of
 * somebody, with its input as far as that was estimated: nobody knows what came of it.
 */
export function interruptedRecord(opened: OpenedRecord): RequestRecord {
  const { admission } = opened;
  const input = admission?.inputTokens ?? null;
  const tokens = { input: input ?? 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0, estimated: true };
  return {
    id: opened.id,
    parent: admission?.parent ?? null,
    at: opened.at,
    protocol: opened.protocol,
    address: opened.address,
    key: admission?.key ?? null,
    label: null,
    model: admission?.model ?? null,
    alias: null,
    target: null,
    provider: null,
    attempts: 0,
    stream: false,
    status: null,
    code: "internal",
    interrupted: true,
    counted: admission !== undefined && admission.parent === null,
    ...(admission ? { charges: admission.charges } : {}),
    tokens: input === null ? null : tokens,
    costNano: admission?.inputNano ?? null,
    ttftMs: null,
    totalMs: null,
    upstreamMs: null,
    phases: {},
    finish: null,
    degraded: [],
    errors: [],
    routing: null,
    clientRequestId: null,
  };
}
