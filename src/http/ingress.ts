/** The doors of the client protocols: one route for each that a protocol lists. */

import type { Call, Gateway } from "../gateway/gateway.ts";
import { handle } from "../gateway/handle.ts";
import { findModel, listModels } from "../gateway/models.ts";
import type { Place, Protocol, Route } from "../protocols/protocol.ts";
import { readBody } from "./body.ts";
import { credentialsOf } from "./credentials.ts";
import type { HttpRoute, Incoming } from "./route.ts";
import { shapeFor } from "./shape.ts";

export function ingressRoutes(gateway: Gateway): HttpRoute[] {
  return gateway.protocols.flatMap((protocol) =>
    protocol.routes.map((route): HttpRoute => {
      const { method, path } = route;
      return { method, path, access: "client", run: (incoming) => run(gateway, { protocol, route, incoming }) };
    }),
  );
}

interface Door {
  protocol: Protocol;
  route: Route;
  incoming: Incoming;
}

function run(gateway: Gateway, door: Door): Response | Promise<Response> {
  if (door.route.operation === "generate") return handle(gateway, callOf(gateway, door));
  return models(gateway, door);
}

function callOf(gateway: Gateway, { protocol, route, incoming }: Door): Call {
  const { request, requestId, path, address } = incoming;
  return {
    requestId,
    protocol,
    operation: route.operation,
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

function models(gateway: Gateway, { incoming }: Door): Response {
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
