/** `POST /api/translate`: one translation as the pipeline would do it, without calling anybody. */
import type { Gateway } from "../gateway/gateway.ts";
import {
  factsOfTarget,
  type Pair,
  translateRequest,
  translateResponse,
  translateStream,
} from "../gateway/translate.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { parseObject, readBody } from "./body.ts";
import { json } from "./problem.ts";
import type { HttpRoute, Incoming } from "./route.ts";

const kinds = { request: translateRequest, response: translateResponse, stream: translateStream };
const fields = ["kind", "from", "to", "body", "target"];

export function translateRoute(gateway: Gateway): HttpRoute {
  return {
    method: "POST",
    path: "/api/translate",
    access: "admin",
    run: async (incoming) => json(await translate(gateway, incoming), incoming.requestId),
  };
}

/**
 * `{ kind: request|response|stream, from, to, body, target? }` to `{ result, degraded: [{ action, field, detail? }] }`.
 * `body` is JSON, or text as it came; a stream's result is its text. `target` (`provider/model` or an alias) says for
 * which model a request is rendered.
 */
async function translate(gateway: Gateway, { request }: Incoming): Promise<JsonObject> {
  const content = await readBody(request, gateway.sweep, gateway.config.current().settings.limits.bodyBytes);
  const asked = parseObject(content.text);
  const unknown = Object.keys(asked).find((name) => !fields.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `is not known; there are ${fields.join(", ")}`);
  const { kind, body } = asked;
  if (typeof kind !== "string" || !Object.hasOwn(kinds, kind))
    throw invalid("kind", "must be request, response or stream");
  if (body === undefined || body === null) throw invalid("body", "is what is to be translated, as JSON or as text");
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const pair: Pair = { from: protocolOf(gateway, asked, "from"), to: protocolOf(gateway, asked, "to") };
  const target = asked.target === undefined ? undefined : targetNamed(gateway, asked.target);
  const translation = kinds[kind as keyof typeof kinds]({ ...pair, ...(target ? { target } : {}) }, text);
  const result = kind === "stream" ? translation.text : (JSON.parse(translation.text) as Json);
  return { result, degraded: translation.degraded.map((note) => ({ ...note })) };
}

function protocolOf({ protocols }: Gateway, asked: JsonObject, field: "from" | "to"): Protocol {
  const found = protocols.find(({ name }) => name === asked[field]);
  if (found) return found;
  throw invalid(field, `must be one of ${protocols.map(({ name }) => name).join(", ")}`);
}

function targetNamed(gateway: Gateway, name: Json): Pair["target"] {
  if (typeof name !== "string") throw invalid("target", "must be an alias or provider/model");
  return factsOfTarget(gateway, name);
}

function invalid(param: string, words: string): GatewayError {
  return new GatewayError("invalid-request", `${param} ${words}.`, { param });
}
