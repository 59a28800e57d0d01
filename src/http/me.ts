/** `GET /api/me`: what the holder of a client key may know of it. Authenticated by that key, as its requests are. */
import type { Gateway } from "../gateway/gateway.ts";
import { listModels } from "../gateway/models.ts";
import { credentialsOf } from "./credentials.ts";
import { json } from "./problem.ts";
import { definitionToJson, standingToJson } from "./quotas.ts";
import type { HttpRoute, Incoming } from "./route.ts";

/** `{ key: { name, last4, expires_at, max_concurrency }, models: [names], quotas: [definition and standing] }`. */
export function meRoute(gateway: Gateway): HttpRoute {
  return { method: "GET", path: "/api/me", access: "client", run: (incoming) => me(gateway, incoming) };
}

async function me(gateway: Gateway, { request, path, address, requestId }: Incoming): Promise<Response> {
  const snapshot = gateway.config.current();
  const caller = { credentials: credentialsOf(request, path), address, now: Date.now() };
  const { key } = gateway.authenticate(snapshot, caller);
  const quotas = key.quotas.flatMap((name) => snapshot.quotas.get(name) ?? []);
  await gateway.quotas.refreshOf(snapshot, key);
  const standings = new Map(gateway.quotas.standings(snapshot, key).map((standing) => [standing.quota, standing]));
  const body = {
    key: {
      name: key.name,
      last4: key.last4,
      expires_at: key.expiresAt === null ? null : new Date(key.expiresAt).toISOString(),
      max_concurrency: key.maxConcurrency,
    },
    models: listModels({ snapshot, key, factsOf: gateway.targetFacts }).map(({ id }) => id),
    quotas: quotas.flatMap((quota) => {
      const standing = standings.get(quota.name);
      return standing ? [{ ...definitionToJson(quota), ...standingToJson(standing) }] : [];
    }),
  };
  return json(body, requestId);
}
