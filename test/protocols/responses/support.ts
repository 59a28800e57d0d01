/** Small builders for the tests of this folder. */
import { type Frame, SseDecoder, writeFrame } from "../../../src/kit/sse.ts";
import type { ChatRequest } from "../../../src/model/chat.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { type Capabilities, defaultCapabilities, type TargetFacts } from "../../../src/model/target.ts";
import type { ReplyContext } from "../../../src/protocols/protocol.ts";
import { responses } from "../../../src/protocols/responses/index.ts";

export function target(can: Partial<Capabilities> = {}): TargetFacts {
  return { provider: "p", model: "upstream-model", scope: "p/a", can: { ...defaultCapabilities, ...can } };
}

export function canonical(fields: Partial<ChatRequest> = {}): ChatRequest {
  return {
    protocol: "chat",
    model: "client-model",
    instructions: [],
    items: [{ type: "message", role: "user", blocks: [{ type: "text", text: "hi" }] }],
    tools: [],
    sampling: {},
    stream: false,
    ...fields,
  };
}

export function build(request: ChatRequest, can: Partial<Capabilities> = {}): { body: JsonObject; notes: Notes } {
  const notes = new Notes();
  return { body: responses.buildRequest(request, target(can), notes).body, notes };
}

export function parse(body: unknown): ChatRequest {
  return responses.parseRequest(body as JsonObject, new Notes());
}

export function context(fields: Partial<ChatRequest> = {}): ReplyContext {
  return {
    request: canonical({ protocol: "responses", stream: true, ...fields }),
    requestId: "req-1",
    now: 1700000000,
  };
}

/** Events of a provider; each is named after its type. */
export function frames(...events: ({ type: string } & Record<string, unknown>)[]): Frame[] {
  return events.map((one) => ({ event: one.type, data: JSON.stringify(one) }));
}

export function decode(list: Frame[]): ChatEvent[] {
  const decoder = responses.decodeStream();
  return [...list.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

export function decodeBytes(pieces: Uint8Array[]): ChatEvent[] {
  const sse = new SseDecoder();
  const decoder = responses.decodeStream();
  const list = [...pieces.flatMap((piece) => sse.push(piece)), ...sse.end()];
  return [...list.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

export function encode(events: ChatEvent[], reply: ReplyContext = context()): Frame[] {
  const encoder = responses.encodeStream(reply);
  return [...events.flatMap((event) => encoder.push(event)), ...encoder.end()];
}

export function text(list: Frame[]): string {
  return list.map(writeFrame).join("");
}

/** The payloads of a stream. */
export function payloads(list: Frame[]): JsonObject[] {
  return list.map((frame) => JSON.parse(frame.data) as JsonObject);
}

export function last(list: Frame[]): JsonObject {
  return payloads(list).at(-1)?.response as JsonObject;
}

export function thrown(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
