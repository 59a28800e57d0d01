/** What the tests of this protocol share: short ways to drive it, and a strict automaton of its streams. */
import { type Frame, SseDecoder, writeFrame } from "../../../src/kit/sse.ts";
import type { ChatRequest } from "../../../src/model/chat.ts";
import { collect } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { type Capabilities, defaultCapabilities, type TargetFacts } from "../../../src/model/target.ts";
import { messages } from "../../../src/protocols/messages/index.ts";

export function target(can: Partial<Capabilities> = {}, facts: Partial<TargetFacts> = {}): TargetFacts {
  return { provider: "p", model: "their-model", scope: "p/one", ...facts, can: { ...defaultCapabilities, ...can } };
}

/** A request as another protocol's client would make it, canonical already. */
export function foreign(parts: Partial<ChatRequest> = {}): ChatRequest {
  return {
    protocol: "chat",
    model: "alias",
    instructions: [],
    items: [{ type: "message", role: "user", blocks: [{ type: "text", text: "hi" }], at: "messages.0" }],
    tools: [],
    sampling: {},
    stream: false,
    ...parts,
  };
}

export interface Built {
  body: JsonObject;
  headers: Record<string, string>;
  notes: string[];
}

/** Builds and gives the notes as `action field detail`. */
export function build(request: ChatRequest, facts: TargetFacts = target()): Built {
  const notes = new Notes();
  const { body, headers } = messages.buildRequest(request, facts, notes);
  return {
    body,
    headers,
    notes: notes.list.map(({ action, field, detail }) => `${action} ${field} ${detail ?? ""}`.trim()),
  };
}

export function parse(body: JsonObject): ChatRequest {
  return messages.parseRequest({ model: "alias", max_tokens: 100, ...body }, new Notes());
}

export function failure(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

export function context(model = "alias") {
  return { request: foreign({ model }), requestId: "0192-abc", now: 1_700_000_000 };
}

/** A stream's bytes from its JSON objects, each with its event line. */
export function wire(frames: JsonObject[]): string {
  return frames.map((json) => writeFrame({ event: String(json.type), data: JSON.stringify(json) })).join("");
}

export function decode(text: string, step = text.length): ChatEvent[] {
  const bytes = new TextEncoder().encode(text);
  const sse = new SseDecoder();
  const machine = messages.decodeStream();
  const events: ChatEvent[] = [];
  const feed = (frames: Frame[]) => {
    for (const frame of frames) events.push(...machine.push(frame));
  };
  for (let at = 0; at < bytes.length; at += step) feed(sse.push(bytes.slice(at, at + step)));
  feed(sse.end());
  return [...events, ...machine.end()];
}

export function encode(events: ChatEvent[], model = "alias"): Frame[] {
  const encoder = messages.encodeStream(context(model));
  return [...events.flatMap((event) => encoder.push(event)), ...encoder.end()];
}

export function decodeFrames(frames: Frame[]): Answer[] {
  return collect(decode(frames.map(writeFrame).join("")));
}

/** Throws where a finished stream breaks the grammar; gives the parsed frames. */
export function checkGrammar(frames: Frame[]): JsonObject[] {
  const parsed = frames.map((frame) => {
    const json = JSON.parse(frame.data) as JsonObject;
    if (frame.event !== json.type) throw new Error(`event line ${frame.event} over ${json.type}`);
    return json;
  });
  let next = 0;
  let open = false;
  let signed = 0;
  let state: "before" | "inside" | "delta" | "after" = "before";
  for (const json of parsed) {
    const broken = new Error(`${json.type} at ${JSON.stringify(json)} in state ${state}`);
    switch (json.type) {
      case "ping":
        break;
      case "message_start":
        if (state !== "before") throw broken;
        state = "inside";
        break;
      case "content_block_start":
        if (state !== "inside" || open || json.index !== next) throw broken;
        open = true;
        signed = 0;
        break;
      case "content_block_delta": {
        if (!open || json.index !== next) throw broken;
        const { type, signature } = json.delta as JsonObject;
        if (signed > 0) throw broken;
        if (type === "signature_delta" && (signature === "" || ++signed > 1)) throw broken;
        break;
      }
      case "content_block_stop":
        if (!open || json.index !== next) throw broken;
        open = false;
        next++;
        break;
      case "message_delta":
        if (state !== "inside" || open) throw broken;
        state = "delta";
        break;
      case "message_stop":
        if (state !== "delta") throw broken;
        state = "after";
        break;
      default:
        throw broken;
    }
  }
  if (state !== "after") throw new Error(`the stream ends in state ${state}`);
  return parsed;
}
