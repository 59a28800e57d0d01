/** The management API of quotas: where they stand, reset, and recompute from the usage rows. */
import type { Quota } from "../config/snapshot.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { nearest } from "../kit/nearest.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import { quotaRecounted } from "../store/act-words.ts";
import { type ActDeps, tellAct } from "./acts.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

export interface QuotaDeps {
  gateway: Gateway;
  /** Resolves when the rows of all requests that closed are in the database. */
  flushUsage(): Promise<void>;
}

type Standing = ReturnType<Gateway["quotas"]["standings"]>[number];

/**
 * `GET /api/quotas` (`{ data: [{ name, unit, limit, window, period_s, warn, shared, unpriced, keys, counters }] }`, a counter
 * for each key or one for all), the same of one at `/api/quotas/{name}`; `POST …/reset` and `…/recompute` answer with the
 * quota as it stands then; `?key=` is for the counter of one key. Cost is in dollars.
 */
export function quotaRoutes(deps: QuotaDeps & ActDeps): HttpRoute[] {
  const recount = (to: "nothing" | "rows") => async (incoming: Incoming) => {
    const { quotas, config } = deps.gateway;
    const quota = quotaNamed(deps, incoming);
    const key = keyOf(deps, incoming, quota);
    await deps.flushUsage();
    await quotas.recount(config.current(), quota, { to, ...(key === undefined ? {} : { key }) });
    await tellAct(deps, incoming, quotaRecounted(quota.name, { to, ...(key === undefined ? {} : { key }) }));
    return json(await shown(deps, quota), incoming.requestId);
  };
  return [
    {
      method: "GET",
      path: "/api/quotas",
      access: "admin",
      run: async ({ requestId }) => {
        const all = [...deps.gateway.config.current().quotas.values()];
        return json({ data: await Promise.all(all.map((quota) => shown(deps, quota))) }, requestId);
      },
    },
    {
      method: "GET",
      path: "/api/quotas/:name",
      access: "admin",
      run: async (incoming) => json(await shown(deps, quotaNamed(deps, incoming)), incoming.requestId),
    },
    { method: "POST", path: "/api/quotas/:name/reset", access: "admin", run: recount("nothing") },
    { method: "POST", path: "/api/quotas/:name/recompute", access: "admin", run: recount("rows") },
  ];
}

async function shown({ gateway: { quotas, config } }: QuotaDeps, quota: Quota): Promise<JsonObject> {
  const snapshot = config.current();
  await quotas.refresh(snapshot, [quota]);
  const keys = [...snapshot.keys.values()].filter((key) => key.quotas.includes(quota.name)).map(({ name }) => name);
  const counters = quotas.standingsOf(snapshot, quota).map((standing) => ({
    key: standing.key,
    ...standingToJson(standing),
  }));
  return { ...definitionToJson(quota), keys, counters };
}

export function definitionToJson({ name, unit, limit, window, periodMs, ...rest }: Quota): JsonObject {
  const { warn, shared, unpriced } = rest;
  const period_s = periodMs === null ? null : periodMs / 1000;
  return { name, unit, limit, window, period_s, warn, shared, unpriced };
}

/** Amounts in the quota's unit, cost in dollars. */
export function standingToJson({ unit, used, reserved, remaining, level, resetsAt }: Standing): JsonObject {
  const amount = (value: number) => (unit === "cost" ? value / 1e9 : value);
  return {
    used: amount(used),
    reserved: amount(reserved),
    remaining: amount(remaining),
    level,
    resets_at: new Date(resetsAt).toISOString(),
  };
}

function quotaNamed({ gateway }: QuotaDeps, { parameters }: Incoming): Quota {
  const { quotas } = gateway.config.current();
  const name = parameters.name ?? "";
  const quota = quotas.get(name);
  if (quota) return quota;
  const meant = nearest(name, quotas.keys());
  const hint = meant === undefined ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
  throw new GatewayError("not-found", `There is no quota ${JSON.stringify(name)}.${hint}`);
}

function keyOf({ gateway }: QuotaDeps, { request }: Incoming, quota: Quota): string | undefined {
  const name = new URL(request.url).searchParams.get("key");
  if (name === null) return undefined;
  if (quota.shared) {
    const message = `The quota ${JSON.stringify(quota.name)} has one counter for all its keys: leave key out.`;
    throw new GatewayError("invalid-request", message, { param: "key" });
  }
  const has = gateway.config.current().keys.get(name)?.quotas.includes(quota.name);
  if (has) return name;
  const message = `No key ${JSON.stringify(name)} has the quota ${JSON.stringify(quota.name)}.`;
  throw new GatewayError("not-found", message, { param: "key" });
}
