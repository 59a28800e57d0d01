/** Small builders for the tests of this folder. */
import { type Frame, SseDecoder, writeFrame } from "../../../src/kit/sse.ts";
import type { ChatRequest } from "../../../src/model/chat.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { type Capabilities, defaultCapabilities, type TargetFacts } from "../../../src/model/target.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import type { ReplyContext } from "../../../src/protocols/protocol.ts";

export function target(can: Partial<Capabilities> = {}): TargetFacts {
  return { provider: "p", model: "upstream-model", scope: "p/a", can: { ...defaultCapabilities, ...can } };
}

export function canonical(fields: Partial<ChatRequest> = {}): ChatRequest {
  return {
    protocol: "messages",
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
  return { body: chat.buildRequest(request, target(can), notes).body, notes };
}

export function parse(body: unknown): ChatRequest {
  return chat.parseRequest(body as JsonObject, new Notes());
}

export function context(fields: Partial<ChatRequest> = {}): ReplyContext {
  return { request: canonical({ protocol: "chat", stream: true, ...fields }), requestId: "req-1", now: 1700000000 };
}

/** Chunks as frames: objects become JSON, strings stay. */
export function frames(...chunks: unknown[]): Frame[] {
  return chunks.map((one) => ({ data: typeof one === "string" ? one : JSON.stringify(one) }));
}

export function chunk(delta: unknown, finish: string | null = null, more: object = {}): object {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 5,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  };
}

export function decode(list: Frame[]): ChatEvent[] {
  const decoder = chat.decodeStream();
  return [...list.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

export function decodeBytes(pieces: Uint8Array[]): ChatEvent[] {
  const sse = new SseDecoder();
  const decoder = chat.decodeStream();
  const list = [...pieces.flatMap((piece) => sse.push(piece)), ...sse.end()];
  return [...list.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

export function encode(events: ChatEvent[], reply: ReplyContext): Frame[] {
  const encoder = chat.encodeStream(reply);
  return [...events.flatMap((event) => encoder.push(event)), ...encoder.end()];
}

export function text(list: Frame[]): string {
  return list.map(writeFrame).join("");
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
