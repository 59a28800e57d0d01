/** What the tests of this protocol share: short ways to drive it, and a strict automaton of its streams. */
import { type Frame, SseDecoder, writeFrame } from "../../../src/kit/sse.ts";
import type { ChatRequest } from "../../../src/model/chat.ts";
import { collect } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { type Capabilities, defaultCapabilities, type TargetFacts } from "../../../src/model/target.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import type { Place, ReplyContext } from "../../../src/protocols/protocol.ts";

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

// Bodies and answers in tests are looked into freely.
// biome-ignore lint/suspicious/noExplicitAny: a wire body, looked into by the tests
export type Loose = any;

export interface Built {
  path: string;
  body: Loose;
  notes: string[];
}

/** Builds and gives the notes as `action field detail`. */
export function build(request: ChatRequest, facts: TargetFacts = target()): Built {
  const notes = new Notes();
  const { body, path } = gemini.buildRequest(request, facts, notes);
  return {
    path,
    body: JSON.parse(JSON.stringify(body)),
    notes: notes.list.map(({ action, field, detail }) => `${action} ${field} ${detail ?? ""}`.trim()),
  };
}

export function place(path = "/v1beta/models/alias:generateContent", query = ""): Place {
  return { path, query: new URLSearchParams(query) };
}

export function parse(body: JsonObject, where = place()): ChatRequest {
  const whole = { contents: [{ role: "user", parts: [{ text: "hi" }] }], ...body };
  return gemini.parseRequest(whole, new Notes(), where);
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

export function context(model = "alias", request: Partial<ChatRequest> = {}): ReplyContext {
  return { request: foreign({ model, ...request }), requestId: "0192-abc", now: 1_700_000_000 };
}

/** A stream's bytes from its chunks. */
export function wire(chunks: unknown[], end = "\r\n\r\n"): string {
  return chunks.map((json) => `data: ${JSON.stringify(json)}${end}`).join("");
}

/** A chunk with these parts, and what else the candidate says. */
export function chunk(parts: JsonObject[], more: JsonObject = {}, top: JsonObject = {}): JsonObject {
  const candidate = { content: { role: "model", parts }, ...more };
  return { candidates: [candidate], modelVersion: "gemini-x", responseId: "r1", ...top };
}

export function decode(text: string, step = text.length): ChatEvent[] {
  const bytes = new TextEncoder().encode(text);
  const sse = new SseDecoder();
  const machine = gemini.decodeStream();
  const events: ChatEvent[] = [];
  const feed = (frames: Frame[]) => {
    for (const frame of frames) events.push(...machine.push(frame));
  };
  for (let at = 0; at < bytes.length; at += step) feed(sse.push(bytes.slice(at, at + step)));
  feed(sse.end());
  return [...events, ...machine.end()];
}

export function answers(chunks: unknown[]): Answer[] {
  return collect(decode(wire(chunks)));
}

export function encode(events: ChatEvent[], to = context()): Frame[] {
  const encoder = gemini.encodeStream(to);
  return [...encoder.open(), ...events.flatMap((event) => encoder.push(event)), ...encoder.end()];
}

export function decodeFrames(frames: Frame[]): Answer[] {
  return collect(decode(frames.map(writeFrame).join("")));
}

const kinds = ["text", "inlineData", "fileData", "functionCall"];

/** Throws where a finished stream breaks the grammar; gives the parsed chunks. */
export function checkGrammar(frames: Frame[], model = "alias"): Loose[] {
  const chunks: Loose[] = frames.map((frame) => {
    if (frame.event !== undefined) throw new Error("an event line");
    return JSON.parse(frame.data);
  });
  const finished = new Set<number>();
  let counted = 0;
  for (const json of chunks) {
    const broken = new Error(`out of place: ${JSON.stringify(json)}`);
    if (json.modelVersion !== model || typeof json.responseId !== "string" || json.responseId === "") throw broken;
    if (json.usageMetadata && ++counted > 1) throw broken;
    if (!json.candidates) {
      if (typeof json.promptFeedback?.blockReason !== "string") throw broken;
      finished.add(0);
      continue;
    }
    for (const candidate of json.candidates) {
      if (finished.has(candidate.index) || candidate.content.role !== "model") throw broken;
      for (const part of candidate.content.parts) {
        if (kinds.filter((kind) => kind in part).length > 1 || Object.keys(part).length === 0) throw broken;
        if (part.functionCall && (typeof part.functionCall.args !== "object" || !part.functionCall.name)) throw broken;
      }
      if (candidate.finishReason) finished.add(candidate.index);
    }
  }
  if (finished.size === 0) throw new Error("no finish");
  const last = chunks.at(-1);
  if (last.candidates && !last.candidates[0].finishReason) throw new Error("the last chunk has no finish");
  return chunks;
}
