/** The management API of prices: which hold, loading a list, and pricing rows anew. */
import type { LiveConfig } from "../config/live.ts";
import type { Sweep } from "../kit/sweep.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import { costsRecomputed, pricesLoaded } from "../store/act-words.ts";
import { type ActDeps, tellAct } from "./acts.ts";
import { parseObject, readBody } from "./body.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

/** What a run of the recompute job is asked; times in epoch milliseconds. */
export interface RecomputeAsk {
  rows: "unknown" | "all";
  since?: number;
  until?: number;
}

export interface PricesDeps {
  prices: {
    /** `{ in_force, lists[] }`. */
    list(): Promise<JsonObject>;
    /** `{ version, terms }` of a `provider/model`; null where no price is known. */
    find(target: string): JsonObject | null;
    /** Adds a list; throws with words for people when it is none. */
    add(text: string, source: string): Promise<{ version: string; date: string; models: number }>;
    /** Starts the job, or throws `conflict` when it runs; resolves with its state soon. */
    recompute(ask: RecomputeAsk): Promise<JsonObject>;
    /** `{ running, looked, priced, started_at, ended_at, error }`. */
    job(): JsonObject;
  };
}

interface Reading {
  config: LiveConfig;
  sweep: Sweep;
}

export function priceRoutes({ prices, ...deps }: PricesDeps & ActDeps, reading: Reading): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/api/prices",
      access: "admin",
      run: async ({ request, requestId }) => {
        const target = new URL(request.url).searchParams.get("target");
        if (target === null) return json(await prices.list(), requestId);
        return json({ target, price: prices.find(target) }, requestId);
      },
    },
    {
      method: "POST",
      path: "/api/prices",
      access: "admin",
      run: async (incoming) => {
        const source = new URL(incoming.request.url).searchParams.get("source") ?? "api";
        const added = await prices.add(await textOf(incoming, reading), source.slice(0, 2048));
        await tellAct(deps, incoming, pricesLoaded(added));
        return json(added, incoming.requestId, 201);
      },
    },
    {
      method: "GET",
      path: "/api/prices/recompute",
      access: "admin",
      run: ({ requestId }) => json(prices.job(), requestId),
    },
    {
      method: "POST",
      path: "/api/prices/recompute",
      access: "admin",
      run: async (incoming) => {
        const asked = askOf(await textOf(incoming, reading));
        const state = await prices.recompute(asked);
        await tellAct(deps, incoming, costsRecomputed(asked.rows));
        return json(state, incoming.requestId, state.running ? 202 : 200);
      },
    },
  ];
}

async function textOf({ request }: Incoming, { config, sweep }: Reading): Promise<string> {
  return (await readBody(request, sweep, config.current().settings.limits.bodyBytes)).text;
}

const fields = ["rows", "since", "until"];

/** Times are RFC 3339. An empty body asks for the rows without a price. */
function askOf(text: string): RecomputeAsk {
  const asked = text.trim() === "" ? {} : parseObject(text);
  const unknown = Object.keys(asked).find((name) => !fields.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `is not known; there are ${fields.join(", ")}`);
  const { rows = "unknown" } = asked;
  if (rows !== "unknown" && rows !== "all") throw invalid("rows", "must be unknown or all");
  const since = timeOf(asked, "since");
  const until = timeOf(asked, "until");
  return { rows, ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
}

function timeOf(asked: JsonObject, field: "since" | "until"): number | undefined {
  const value = asked[field];
  if (value === undefined || value === null) return undefined;
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw invalid(field, "must be a time such as 2026-11-22T00:00:00Z");
}

function invalid(param: string, words: string): GatewayError {
  return new GatewayError("invalid-request", `${param} ${words}.`, { param });
}
