/**
 * Answers of imagined providers: what is said, and how each protocol writes it, whole or streamed, without any code of
 * the gateway.
 */
import fc from "fast-check";
import type { ProtocolName } from "../recordings/door.ts";
import type { View } from "../recordings/view.ts";
import { geminiStream, geminiWhole, responseObject, responsesStream } from "./spec-others.ts";

export interface SpecCall {
  id: string;
  name: string;
  /** JSON text of an object, or "". */
  args: string;
}

export interface Spec {
  reasoning?: { text: string; signature: string };
  text: string;
  calls: SpecCall[];
  cut: boolean;
  counts: { fresh: number; cached: number; written: number; visible: number; reasoning: number };
  /** How many pieces texts and arguments are streamed in. */
  pieces: number;
  /** The pieces of the arguments of all calls take turns. */
  interleaved: boolean;
}

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const opaque = fc.string({ unit: fc.constantFrom(..."ABCxyz019+/="), minLength: 8, maxLength: 60 });
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,30}$/);
export const callId = fc.oneof(
  fc.stringMatching(/^call_[A-Za-z0-9]{4,20}$/),
  fc.constantFrom("functions.look:0", "a.b", "a:b", "ü", `x${"y".repeat(90)}`, "chatcmpl-tool-1/2"),
);
export const args = fc.oneof(
  fc.constantFrom("", "{}", '{"n":12345678901234567890}', '{"f":1.0,"g":1e400}', '{"a":1,"a":2}', '{ "s" : "ü😀\\n" }'),
  fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }).map((one) => {
    const { __proto__: _prototype, ...rest } = one;
    return JSON.stringify(rest);
  }),
);

export const spec: fc.Arbitrary<Spec> = fc
  .record({
    reasoning: fc.option(fc.record({ text: words, signature: opaque }), { nil: undefined }),
    text: fc.oneof(words, fc.constant("")),
    calls: fc.uniqueArray(fc.record({ id: callId, name, args }), { selector: ({ id }) => id, maxLength: 3 }),
    cut: fc.boolean(),
    counts: fc.record({
      fresh: fc.integer({ min: 1, max: 9999 }),
      cached: fc.nat(9999),
      written: fc.nat(999),
      visible: fc.integer({ min: 1, max: 9999 }),
      reasoning: fc.nat(999),
    }),
    pieces: fc.integer({ min: 1, max: 4 }),
    interleaved: fc.boolean(),
  })
  .map(({ reasoning, ...rest }) => (reasoning ? { ...rest, reasoning } : rest));

export function split(text: string, count: number): string[] {
  const points = [...text];
  const size = Math.max(1, Math.ceil(points.length / count));
  const pieces: string[] = [];
  for (let at = 0; at < points.length; at += size) pieces.push(points.slice(at, at + size).join(""));
  return pieces;
}

/** What every client should end up with, ids aside. */
export function viewOfSpec(said: Spec): View {
  const { fresh, cached, written, visible, reasoning } = said.counts;
  const stop = said.calls.length > 0 ? "tool_calls" : "stop";
  return {
    text: said.text,
    refusal: "",
    calls: said.calls.map(({ id, name, args: text }) => ({ id, name, arguments: JSON.parse(text || "{}") })),
    reasoning: said.reasoning?.text ?? "",
    seals: said.reasoning ? [said.reasoning.signature] : [],
    finish: said.cut ? "length" : stop,
    usage: { total: fresh + cached + written + visible + reasoning, cached, reasoning },
    citations: [],
  };
}

export function answerOf(provider: ProtocolName, said: Spec, isStream: boolean): Response {
  if (!isStream) {
    return new Response(writers[provider].whole(said), { headers: { "content-type": "application/json" } });
  }
  return new Response(streamOf(provider, said), { headers: { "content-type": "text/event-stream" } });
}

/** The bytes of a stream, as text. */
export function streamOf(provider: ProtocolName, said: Spec): string {
  return writers[provider].stream(said);
}

const writers: Record<ProtocolName, { whole(said: Spec): string; stream(said: Spec): string }> = {
  chat: { whole: (said) => JSON.stringify(chatWhole(said)), stream: chatStream },
  messages: { whole: messagesWhole, stream: messagesStream },
  responses: { whole: (said) => JSON.stringify(responseObject(said)), stream: responsesStream },
  gemini: { whole: geminiWhole, stream: geminiStream },
};

function chatUsage({ counts }: Spec): object {
  const prompt = counts.fresh + counts.cached + counts.written;
  const completion = counts.visible + counts.reasoning;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: counts.cached, cache_write_tokens: counts.written },
    completion_tokens_details: { reasoning_tokens: counts.reasoning },
  };
}

function chatFinish(said: Spec): string {
  if (said.cut) return "length";
  return said.calls.length > 0 ? "tool_calls" : "stop";
}

function details({ text, signature }: { text: string; signature: string }): object[] {
  return [{ type: "reasoning.text", text, signature, format: "anthropic-claude-v1", index: 0 }];
}

function chatWhole(said: Spec): object {
  const calls = said.calls.map(({ id, name: called, args: text }) => ({
    id,
    type: "function",
    function: { name: called, arguments: text },
  }));
  const message = {
    role: "assistant",
    content: said.text === "" ? null : said.text,
    refusal: null,
    ...(said.reasoning ? { reasoning: said.reasoning.text, reasoning_details: details(said.reasoning) } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const choice = { index: 0, message, logprobs: null, finish_reason: chatFinish(said) };
  const head = { id: "chatcmpl-1", object: "chat.completion", created: 5, model: "model" };
  return { ...head, choices: [choice], usage: chatUsage(said) };
}

function chatStream(said: Spec): string {
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 5, model: "model" };
  const frame = (choices: object[], usage: object | null = null) =>
    `data: ${JSON.stringify({ ...head, choices, usage })}\n\n`;
  const delta = (fields: object, finish: string | null = null) =>
    frame([{ index: 0, delta: fields, logprobs: null, finish_reason: finish }]);
  const out = [delta({ role: "assistant", content: "", refusal: null })];
  const { reasoning } = said;
  if (reasoning) {
    for (const text of split(reasoning.text, said.pieces)) {
      out.push(delta({ reasoning: text, reasoning_details: [{ type: "reasoning.text", text, index: 0 }] }));
    }
    const { signature } = reasoning;
    const proof = { type: "reasoning.text", text: "", signature, format: "anthropic-claude-v1", index: 0 };
    out.push(delta({ reasoning_details: [proof] }));
  }
  for (const content of split(said.text, said.pieces)) out.push(delta({ content }));
  for (const call of chatCalls(said)) out.push(delta({ tool_calls: [call] }));
  out.push(delta({}, chatFinish(said)), frame([], chatUsage(said)), "data: [DONE]\n\n");
  return out.join("");
}

function chatCalls(said: Spec): object[] {
  const each = said.calls.map(({ id, name: called, args: text }, index) => [
    { index, id, type: "function", function: { name: called, arguments: "" } },
    ...split(text, said.pieces).map((piece) => ({ index, function: { arguments: piece } })),
  ]);
  if (!said.interleaved) return each.flat();
  const longest = Math.max(0, ...each.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) => each.flatMap((list) => list[at] ?? [])).flat();
}

function messagesUsage({ counts }: Spec): object {
  return {
    input_tokens: counts.fresh,
    cache_creation_input_tokens: counts.written,
    cache_read_input_tokens: counts.cached,
    output_tokens: counts.visible + counts.reasoning,
    output_tokens_details: { thinking_tokens: counts.reasoning },
  };
}

function stopReason(said: Spec): string {
  if (said.cut) return "max_tokens";
  return said.calls.length > 0 ? "tool_use" : "end_turn";
}

const message = { id: "msg_1", type: "message", role: "assistant", model: "model" };

/** Inputs are put in as they are written: numbers and double names are no JSON values. */
function messagesWhole(said: Spec): string {
  const { reasoning } = said;
  const content = [
    ...(reasoning ? [{ type: "thinking", thinking: reasoning.text, signature: reasoning.signature }] : []),
    ...(said.text === "" ? [] : [{ type: "text", text: said.text }]),
    ...said.calls.map(({ id, name: called }, at) => ({ type: "tool_use", id, name: called, input: `\u0000${at}` })),
  ];
  const ending = { stop_reason: stopReason(said), stop_sequence: null, usage: messagesUsage(said) };
  const body = JSON.stringify({ ...message, content, ...ending });
  return body.replace(/"\\u0000(\d)"/g, (_, at) => said.calls[Number(at)]?.args || "{}");
}

function messagesStream(said: Spec): string {
  const out: string[] = [];
  const frame = (json: { type: string }) => out.push(`event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`);
  const usage = { ...messagesUsage(said), output_tokens: 1, output_tokens_details: null };
  const empty = { ...message, content: [], stop_reason: null, stop_sequence: null };
  frame({ type: "message_start", message: { ...empty, usage } } as { type: string });
  let index = 0;
  const block = (start: object, deltas: object[]) => {
    frame({ type: "content_block_start", index, content_block: start } as { type: string });
    frame({ type: "ping" });
    for (const delta of deltas) frame({ type: "content_block_delta", index, delta } as { type: string });
    frame({ type: "content_block_stop", index } as { type: string });
    index++;
  };
  const { reasoning } = said;
  if (reasoning) {
    const deltas = split(reasoning.text, said.pieces).map((thinking) => ({ type: "thinking_delta", thinking }));
    const proof = { type: "signature_delta", signature: reasoning.signature };
    block({ type: "thinking", thinking: "", signature: "" }, [...deltas, proof]);
  }
  const texts = split(said.text, said.pieces).map((text) => ({ type: "text_delta", text }));
  if (texts.length > 0) block({ type: "text", text: "" }, texts);
  for (const { id, name: called, args: text } of said.calls) {
    const deltas = split(text, said.pieces).map((partial_json) => ({ type: "input_json_delta", partial_json }));
    block({ type: "tool_use", id, name: called, input: {} }, deltas);
  }
  const delta = { stop_reason: stopReason(said), stop_sequence: null };
  frame({ type: "message_delta", delta, usage: messagesUsage(said) } as { type: string });
  frame({ type: "message_stop" });
  return out.join("");
}
