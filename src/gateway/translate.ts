/** One translation outside an exchange: what the `translate` command and its door in the API do. */

import { parseJson } from "../kit/json.ts";
import { type Frame, SseDecoder, writeFrame } from "../kit/sse.ts";
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { type Note, Notes } from "../model/note.ts";
import { defaultCapabilities, type TargetFacts } from "../model/target.ts";
import { clientField, type Protocol, type ReplyContext } from "../protocols/protocol.ts";
import { resolve } from "../routing/resolve.ts";
import { oneByOne } from "./copies.ts";
import type { Gateway } from "./gateway.ts";
import { Outward } from "./outward.ts";
import { openSeals, type SealRing } from "./seals.ts";
import { withoutStops } from "./stops.ts";

export interface Translation {
  /** JSON, or an event stream. */
  text: string;
  degraded: Note[];
}

export interface Pair {
  from: Protocol;
  to: Protocol;
  /** The model that a request is for; else one that does what most do. */
  target?: TargetFacts;
}

/** Nothing that is sealed here is opened anywhere else. */
const ring: SealRing = { key: Buffer.alloc(32), owner: "translate" };

/** A client's request of `from` as a provider of `to` would get it. Throws GatewayError. */
export function translateRequest({ from, to, target: chosen }: Pair, text: string): Translation {
  const notes = new Notes();
  const parsed = openSeals(ring, from.parseRequest(parseObject(text, from), notes));
  const usual = { provider: "translate", model: parsed.model, scope: "translate", can: defaultCapabilities };
  const target: TargetFacts = chosen ?? usual;
  const { request } = withoutStops(oneByOne(parsed, to, notes).request, { protocol: to, target, notes });
  const built = to.buildRequest(request, target, notes);
  const degraded = notes.list.map((note) => ({ ...note, field: clientField(from, note.field) }));
  return { text: JSON.stringify(built.body, null, 2), degraded };
}

/** A provider's whole answer of `from` as a client of `to` would get it. */
export function translateResponse({ from, to }: Pair, text: string): Translation {
  const parsed = from.parseResponse(parseObject(text, from));
  const context = contextFor(to, parsed[0]?.model ?? "", false);
  const answers = outwardOf({ from, to }, context).answers(parsed);
  return { text: JSON.stringify(to.buildResponse(answers, context), null, 2), degraded: [] };
}

/** A provider's event stream of `from` as a client of `to` would get it. */
export function translateStream({ from, to }: Pair, text: string): Translation {
  const sse = new SseDecoder();
  const frames = [...sse.push(new TextEncoder().encode(text)), ...sse.end()];
  const decoder = from.decodeStream();
  const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
  const start = events.find((event) => event.type === "start");
  const context = contextFor(to, start?.model ?? "", true);
  const encoder = to.encodeStream(context);
  const out: Frame[] = [];
  for (const event of outwardOf({ from, to }, context).events(events)) {
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

/** What is known of the first target of an alias, or of `provider/model`. Throws `not-found`. */
export function factsOfTarget({ config, targetFacts }: Gateway, name: string): TargetFacts | undefined {
  const { groups } = resolve(config.current(), name, targetFacts);
  return groups.flatMap(({ candidates }) => candidates)[0]?.facts;
}

function outwardOf({ from, to }: Pair, { request }: ReplyContext): Outward {
  return new Outward({ ring, from, to, scope: "translate", request });
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
