/** `POST /api/explain`: which target a request would take, and why every other one would be passed over. */
import { explain } from "../gateway/explain.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { clientProtocols } from "../protocols/index.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { readBody } from "./body.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

const fields = ["path", "body", "key", "headers"];

/**
 * `{ path, body, key?, headers? }`: the request as a client would send it, the name of its key, and headers that matter
 * (a session's id). Calls nobody.
 */
export function explainRoute(gateway: Gateway): HttpRoute {
  return {
    method: "POST",
    path: "/api/explain",
    access: "admin",
    run: async (incoming) => json(await answer(gateway, incoming), incoming.requestId),
  };
}

async function answer(gateway: Gateway, { request, requestId }: Incoming): Promise<JsonObject> {
  const content = await readBody(request, gateway.sweep, gateway.config.current().settings.limits.bodyBytes);
  const asked = parse(content.text);
  const unknown = Object.keys(asked).find((name) => !fields.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `is not known; there are ${fields.join(", ")}`);
  const { path, body, key } = asked;
  if (typeof path !== "string") throw invalid("path", "is where a client would send the request, like /v1/messages");
  if (!isObject(body)) throw invalid("body", "is the request as a client would send it, a JSON object");
  if (key !== undefined && key !== null && typeof key !== "string") throw invalid("key", "is the name of a client key");
  const question = { requestId, path, body: JSON.stringify(body), headers: headersOf(asked.headers) };
  return explain(gateway, {
    ...{ ...question, protocol: protocolAt(gateway, path) },
    ...(typeof key === "string" ? { key } : {}),
  });
}

function parse(text: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    const message = `The request body is not valid JSON: ${(cause as Error).message}`;
    throw new GatewayError("invalid-request", message, { cause });
  }
  if (isObject(value)) return value;
  throw new GatewayError("invalid-request", "The request body must be a JSON object.");
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function headersOf(value: Json | undefined): Headers {
  if (value === undefined || value === null) return new Headers();
  if (!isObject(value)) throw invalid("headers", "is an object of names and texts");
  try {
    return new Headers(Object.entries(value).map(([name, text]): [string, string] => [name, String(text)]));
  } catch {
    throw invalid("headers", "has a name or a text that no header can have");
  }
}

/** The one whose door is there. */
function protocolAt(gateway: Gateway, path: string): Protocol {
  const protocols = [...gateway.protocols, ...clientProtocols];
  const found = protocols.find(({ routes }) =>
    routes.some((route) => route.operation === "generate" && isAt(route.path, path) && (route.accepts?.(path) ?? true)),
  );
  if (found) return found;
  throw invalid("path", `leads to no model; POST /v1/chat/completions does, for example`);
}

function isAt(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

function invalid(param: string, words: string): GatewayError {
  return new GatewayError("invalid-request", `${param} ${words}.`, { param });
}
