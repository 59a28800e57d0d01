/** What was used and how well targets did: `GET /api/usage` and `GET /api/performance`, as JSON or CSV. */
import { csvText } from "../kit/csv.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import { addSum, emptySum, quantile, type UsageSum, usageToJson } from "../model/usage-sum.ts";
import { type Grouping, groupedUsage, groupingNames } from "../store/grouped-usage.ts";
import type { Summed } from "../store/rollup-sums.ts";
import type { Rollups } from "../store/rollups.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface UsageDeps {
  rollups: Rollups;
  timezone(): string;
  /** The day of the reporting timezone in which a time lies. */
  dayOf(at: number): { start: number; end: number };
}

const dayMs = 86_400_000;
const mostDays = 1100;
const mostQuarterDays = 31;

interface Asked {
  by: Grouping;
  key: string | undefined;
  from: number;
  to: number;
  bucket: "quarter" | "day" | undefined;
  isCsv: boolean;
}

export function usageRoutes(deps: UsageDeps): HttpRoute[] {
  return [
    { method: "GET", path: "/api/usage", access: "admin", run: (incoming) => usage(deps, incoming) },
    { method: "GET", path: "/api/performance", access: "admin", run: (incoming) => performance(deps, incoming) },
  ];
}

/**
 * `?from&to` (ISO times or days of the reporting timezone; 30 days up to now unless said), `by` (none, key, alias, provider,
 * model, label), `bucket` (none, quarter, day), `key` (of one client key), `format` (json, csv).
 */
async function usage(deps: UsageDeps, incoming: Incoming): Promise<Response> {
  const asked = read(deps, incoming, { days: 30, by: groupingNames, usual: "none" });
  const sums = await sumsFor(deps, { ...asked, isPlain: true });
  const total = sums.reduce((sum, one) => addSum(sum, one.sum), emptySum());
  const data = sums.map((one) => ({ ...placeOf(one, asked), ...usageToJson(one.sum) }));
  if (asked.isCsv) return csv(data, { name: "usage", requestId: incoming.requestId });
  return json({ ...headOf(deps, asked), data, total: usageToJson(total) }, incoming.requestId);
}

/** `by` is provider or model (the usual), the time a day up to now unless said. */
async function performance(deps: UsageDeps, incoming: Incoming): Promise<Response> {
  const asked = read(deps, incoming, { days: 1, by: ["provider", "model"], usual: "model" });
  const sums = await sumsFor(deps, asked);
  const data = sums.map((one) => ({ ...placeOf(one, asked), ...performanceOf(one.sum) }));
  if (asked.isCsv) return csv(data, { name: "performance", requestId: incoming.requestId });
  return json({ ...headOf(deps, asked), data }, incoming.requestId);
}

async function sumsFor({ rollups }: UsageDeps, asked: Asked & { isPlain?: boolean }): Promise<Summed[]> {
  const sums = await groupedUsage(rollups, asked);
  if (sums === undefined) throw invalid("key", `cannot be combined with by=${asked.by}; ask by model`);
  return sums;
}

function headOf({ timezone }: UsageDeps, { from, to, by, bucket }: Asked): JsonObject {
  const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return { ...range, timezone: timezone(), by, bucket: bucket ?? "none" };
}

function placeOf({ bucket: start, value }: Summed, { by, bucket }: Asked): JsonObject {
  return {
    ...(bucket ? { start: new Date(start).toISOString() } : {}),
    ...(by === "none" ? {} : { [by]: value === "" ? null : value }),
  };
}

/** Null is what nobody has measured. Times are milliseconds; quantiles are at most a tenth off. */
function performanceOf(sum: UsageSum): JsonObject {
  const mean = (whole: number, count: number) => (count === 0 ? null : Math.round(whole / count));
  return {
    requests: sum.requests,
    failed: sum.failed,
    error_share: sum.requests === 0 ? null : Math.round((sum.failed / sum.requests) * 10_000) / 10_000,
    ttft_ms_mean: mean(sum.ttftMs, sum.ttftCount),
    ttft_ms_p50: quantile(sum.sketch, 0.5) ?? null,
    ttft_ms_p95: quantile(sum.sketch, 0.95) ?? null,
    total_ms_mean: mean(sum.totalMs, sum.totalCount),
    tokens_per_s: sum.flowMs === 0 ? null : Math.round((sum.flowTokens / sum.flowMs) * 100_000) / 100,
  };
}

const known = ["from", "to", "by", "bucket", "key", "format"];

interface Usual {
  days: number;
  by: readonly Grouping[];
  usual: Grouping;
}

function read(deps: UsageDeps, { request }: Incoming, { days, by: allowed, usual }: Usual): Asked {
  const query = new URL(request.url).searchParams;
  for (const name of query.keys()) {
    if (!known.includes(name)) throw invalid(name, `is not known; there are ${known.join(", ")}`);
  }
  const to = timeOf(deps, query, "to") ?? Date.now();
  const from = timeOf(deps, query, "from") ?? to - days * dayMs;
  if (from >= to) throw invalid("from", "must be before to");
  const bucket = word(query, "bucket", ["none", "quarter", "day"], "none");
  const most = bucket === "quarter" ? mostQuarterDays : mostDays;
  if (to - from > most * dayMs) throw invalid("from", `may be at most ${most} days before to`);
  return {
    by: word(query, "by", allowed, usual),
    key: query.get("key") ?? undefined,
    from,
    to,
    bucket: bucket === "none" ? undefined : bucket,
    isCsv: word(query, "format", ["json", "csv"], "json") === "csv",
  };
}

function word<Word extends string>(query: URLSearchParams, name: string, words: readonly Word[], usual: Word): Word {
  const text = query.get(name) ?? usual;
  const found = words.find((one) => one === text);
  if (found === undefined) throw invalid(name, `must be one of ${words.join(", ")}, not ${JSON.stringify(text)}`);
  return found;
}

/** A moment, or the day of the reporting timezone that begins then: `2026-11-22`. */
function timeOf({ dayOf }: UsageDeps, query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalid(name, `must be a time like 2026-11-22T10:00:00Z or a day like 2026-11-22`);
  // Noon in UTC lies in that day wherever clocks are at most 12 hours apart from it.
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? dayOf(at + dayMs / 2).start : at;
}

function invalid(name: string, words: string): GatewayError {
  return new GatewayError("invalid-request", `${name} ${words}.`, { param: name });
}

function csv(rows: JsonObject[], { name, requestId }: { name: string; requestId: string }): Response {
  return new Response(csvText(rows), {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${name}.csv"`,
      "x-request-id": requestId,
    },
  });
}
