/** The doors of the client protocols: one route for each path that a protocol lists. */

import { compact } from "../gateway/compact.ts";
import { count } from "../gateway/count.ts";
import { embed } from "../gateway/embed.ts";
import type { Call, Gateway } from "../gateway/gateway.ts";
import { handle } from "../gateway/handle.ts";
import { findModel, listModels } from "../gateway/models.ts";
import { answerStored } from "../gateway/stored.ts";
import { clientProtocols, compactingWires } from "../protocols/index.ts";
import type { Place, Protocol, Route, Wire } from "../protocols/protocol.ts";
import { readBody } from "./body.ts";
import { credentialsOf } from "./credentials.ts";
import type { HttpRoute, Incoming } from "./route.ts";
import { shapeFor } from "./shape.ts";

export function ingressRoutes(gateway: Gateway): HttpRoute[] {
  const doors = doorsOf(gateway);
  const paths = Map.groupBy(doors, ({ route }) => `${route.method} ${route.path}`);
  return [...paths.values()].flatMap((sharing): HttpRoute[] => {
    const [first] = sharing;
    if (!first) return [];
    const { method, path } = first.route;
    const one = (incoming: Incoming) => sharing.find(({ route }) => route.accepts?.(incoming.path) ?? true) ?? first;
    return [{ method, path, access: "client", run: (incoming) => one(incoming).run(incoming) }];
  });
}

interface Door {
  route: Route;
  run(incoming: Incoming): Response | Promise<Response>;
}

/** Those that take only some of a path's requests come before those that take all. */
function doorsOf(gateway: Gateway): Door[] {
  const embedding = gateway.embeddingWires.flatMap((wire) =>
    wire.routes.map((route): Door => ({ route, run: (incoming) => embed(gateway, callOf(gateway, wire, incoming)) })),
  );
  const counting = gateway.countWires.flatMap((wire) =>
    wire.routes.map((route): Door => ({ route, run: (incoming) => count(gateway, callOf(gateway, wire, incoming)) })),
  );
  const compacting = compactingWires.flatMap((wire) =>
    wire.routes.map((route): Door => ({ route, run: (incoming) => compact(gateway, callOf(gateway, wire, incoming)) })),
  );
  const conversation = [...gateway.protocols, ...clientProtocols].flatMap((protocol) =>
    protocol.routes.map((route): Door => {
      return { route, run: (incoming) => run(gateway, { protocol, route }, incoming) };
    }),
  );
  return [...embedding, ...counting, ...compacting, ...conversation];
}

function run(
  gateway: Gateway,
  { protocol, route: { operation } }: { protocol: Protocol; route: Route },
  incoming: Incoming,
): Response | Promise<Response> {
  if (operation === "models" || operation === "model") return models(gateway, incoming);
  const call = callOf(gateway, protocol, incoming);
  if (operation === "generate" || operation === "embed" || operation === "count" || operation === "compact")
    return handle(gateway, call);
  return answerStored(gateway, call, { operation, id: incoming.parameters.id ?? "" });
}

function callOf<W extends Wire>(gateway: Gateway, protocol: W, incoming: Incoming): Call<W> {
  const { request, requestId, path, address } = incoming;
  return {
    requestId,
    protocol,
    place: placeOf(request, path),
    headers: request.headers,
    credentials: credentialsOf(request, path),
    address,
    body: (limit) => readBody(request, gateway.sweep, limit),
    signal: request.signal,
  };
}

const noQuery = new URLSearchParams();

function placeOf(request: Request, path: string): Place {
  const at = request.url.indexOf("?");
  return { path, query: at < 0 ? noQuery : new URLSearchParams(request.url.slice(at)) };
}

function models(gateway: Gateway, incoming: Incoming): Response {
  const { request, path, requestId, address, parameters } = incoming;
  const snapshot = gateway.config.current();
  const caller = { credentials: credentialsOf(request, path), address, now: Date.now() };
  const { key } = gateway.authenticate(snapshot, caller);
  const viewer = { snapshot, key, factsOf: gateway.targetFacts };
  const shape = shapeFor(request, path, gateway.protocols);
  const name = parameters["*"];
  const body =
    name === undefined ? shape.buildModels(listModels(viewer)) : shape.buildModel(findModel(viewer, decoded(name)));
  const headers: Record<string, string> = { "content-type": "application/json", "x-request-id": requestId };
  if (shape.idHeader !== undefined) headers[shape.idHeader] = requestId;
  return new Response(JSON.stringify(body), { headers });
}

/** A path that is not percent-encoded rightly is taken as it stands. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
