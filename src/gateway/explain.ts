/** Where a request would go, and why nowhere else. Nobody is called, and nothing is remembered. */
import { Content } from "../kit/content.ts";
import { GatewayError, toGatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import { routingToJson } from "../model/routing-record.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { recordOf } from "../routing/recorded.ts";
import { Exchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { parse } from "./handle.ts";
import { routeConversation } from "./routing.ts";

export interface Question {
  requestId: string;
  protocol: Protocol;
  /** As the client would call it. */
  path: string;
  body: string;
  headers: Headers;
  /** Name of the client key; without one no allow-list holds. */
  key?: string;
  /** In place of those of the alias's groups. */
  selector?: string;
}

/**
 * `{ model, alias, key, target, refusal: { code, status, message } | null, routing }`. Throws what the request would be
 * refused with before it came to a choice.
 */
export async function explain(gateway: Gateway, question: Question): Promise<JsonObject> {
  const exchange = new Exchange(gateway, callOf(question));
  const { snapshot } = exchange;
  exchange.key = keyNamed(question.key, snapshot.keys);
  const { envelope } = await parse(exchange);
  const refusal = chosen(exchange, envelope.model, question.selector);
  const { ordered, alias } = exchange;
  if (!ordered && refusal) throw refusal;
  return {
    model: envelope.model,
    alias: alias?.name ?? null,
    key: exchange.key?.name ?? null,
    target: ordered?.candidates[0]?.name ?? null,
    refusal: refusal ? { code: refusal.code, status: refusal.status, message: refusal.message } : null,
    routing: ordered ? routingToJson(recordOf(ordered, snapshot.version)) : null,
  };
}

function chosen(exchange: Exchange, model: string, selector?: string): GatewayError | undefined {
  try {
    routeConversation(exchange, model, selector);
    return undefined;
  } catch (thrown) {
    return toGatewayError(thrown);
  }
}

function keyNamed<Key>(name: string | undefined, keys: ReadonlyMap<string, Key>): Key | null {
  if (name === undefined) return null;
  const key = keys.get(name);
  if (key) return key;
  throw new GatewayError("invalid-request", `key: there is no client key ${JSON.stringify(name)}.`, { param: "key" });
}

function callOf({ requestId, protocol, path, body, headers }: Question): Call {
  return {
    ...{ requestId, protocol, headers },
    place: { path, query: new URLSearchParams() },
    credentials: [],
    address: "",
    body: async () => Content.ofText(body),
    signal: new AbortController().signal,
  };
}
