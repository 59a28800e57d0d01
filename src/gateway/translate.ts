/** One translation outside an exchange: what the `translate` command and its door in the API do. */

import { parseJson } from "../kit/json.ts";
import { type Frame, SseDecoder, writeFrame } from "../kit/sse.ts";
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { type Note, Notes } from "../model/note.ts";
import { defaultCapabilities, type TargetFacts } from "../model/target.ts";
import { clientField, type Protocol, type ReplyContext } from "../protocols/protocol.ts";
import { withoutStops } from "./stops.ts";

export interface Translation {
  /** JSON, or an event stream. */
  text: string;
  degraded: Note[];
}

export interface Pair {
  from: Protocol;
  to: Protocol;
}

/** A client's request of `from` as a provider of `to` would get it. Throws GatewayError. */
export function translateRequest({ from, to }: Pair, text: string): Translation {
  const notes = new Notes();
  const { request } = withoutStops(from.parseRequest(parseObject(text, from), notes), to, notes);
  const target: TargetFacts = {
    provider: "translate",
    model: request.model,
    scope: "translate",
    can: defaultCapabilities,
  };
  const built = to.buildRequest(request, target, notes);
  const degraded = notes.list.map((note) => ({ ...note, field: clientField(from, note.field) }));
  return { text: JSON.stringify(built.body, null, 2), degraded };
}

/** A provider's whole answer of `from` as a client of `to` would get it. */
export function translateResponse({ from, to }: Pair, text: string): Translation {
  const answers = from.parseResponse(parseObject(text, from));
  const context = contextFor(to, answers[0]?.model ?? "", false);
  return { text: JSON.stringify(to.buildResponse(answers, context), null, 2), degraded: [] };
}

/** A provider's event stream of `from` as a client of `to` would get it. */
export function translateStream({ from, to }: Pair, text: string): Translation {
  const sse = new SseDecoder();
  const frames = [...sse.push(new TextEncoder().encode(text)), ...sse.end()];
  const decoder = from.decodeStream();
  const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
  const start = events.find((event) => event.type === "start");
  const encoder = to.encodeStream(contextFor(to, start?.model ?? "", true));
  const out: Frame[] = [];
  for (const event of events) {
    if (event.type === "error")
      return { text: [...out, ...encoder.fail(event.error)].map(writeFrame).join(""), degraded: [] };
    out.push(...encoder.push(event));
  }
  return { text: [...out, ...encoder.end()].map(writeFrame).join(""), degraded: [] };
}

function contextFor(to: Protocol, model: string, stream: boolean): ReplyContext {
  const request: ChatRequest = {
    protocol: to.name,
    model,
    instructions: [],
    items: [],
    tools: [],
    sampling: {},
    stream,
    includeUsage: true,
  };
  return { request, requestId: "translate", now: 0 };
}

function parseObject(text: string, protocol: Protocol): JsonObject {
  let value: Json;
  try {
    value = parseJson(text, protocol.exactKeys ?? []) as Json;
  } catch (cause) {
    throw new GatewayError("invalid-request", `The input is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new GatewayError("invalid-request", "The input must be a JSON object.");
  }
  return value;
}
