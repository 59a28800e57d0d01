import { describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { writeFrame } from "../../../src/kit/sse.ts";
import type { Annotation, CallItem, Item, MessageItem } from "../../../src/model/chat.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer, ChatEvent, FinishReason } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { checkGrammar, context, encode } from "./support.ts";

const start: ChatEvent = { type: "start", id: "chatcmpl-abc", model: "theirs", created: 1 };
const finish = (reason: FinishReason, more: Partial<Extract<ChatEvent, { type: "finish" }>> = {}): ChatEvent => ({
  type: "finish",
  reason,
  ...more,
});
const callItem = (callId: string, args = ""): CallItem => ({
  type: "call",
  kind: "function",
  callId,
  name: "look",
  args,
});
const message = (...texts: string[]): MessageItem => ({
  type: "message",
  role: "assistant",
  blocks: texts.map((text) => ({ type: "text", text })),
});
const item = (index: number, done: Item, ...deltas: ChatEvent[]): ChatEvent[] => [
  { type: "item-start", index, item: done.type === "message" ? { ...done, blocks: [] } : done },
  ...deltas,
  { type: "item-end", index, item: done },
];
const args = (index: number, text: string): ChatEvent => ({ type: "args-delta", index, text });
const textDelta = (index: number, block: number, text: string): ChatEvent => ({
  type: "text-delta",
  index,
  block,
  text,
});
const blocksOf = (frames: JsonObject[]): JsonObject[] =>
  frames.flatMap((json) => (json.type === "content_block_start" ? [json.content_block as JsonObject] : []));
const joined = (frames: JsonObject[], index: number, key: string): string =>
  frames
    .filter((json) => json.type === "content_block_delta" && json.index === index)
    .map((json) => String((json.delta as JsonObject)[key] ?? ""))
    .join("");
const messageDelta = (frames: JsonObject[]): JsonObject => frames.find((json) => json.type === "message_delta") ?? {};

describe("encoding for a Messages client", () => {
  test("an empty answer is a start, a delta and a stop", () => {
    const frames = checkGrammar(encode([start, finish("stop")]));
    expect(frames.map((json) => json.type)).toEqual(["message_start", "message_delta", "message_stop"]);
    expect(frames[0]).toMatchObject({ message: { id: "msg_abc", role: "assistant", model: "alias", content: [] } });
    expect(messageDelta(frames)).toMatchObject({ delta: { stop_reason: "end_turn", stop_sequence: null } });
  });

  test("calls whose deltas interleave become blocks one after the other, nothing lost", () => {
    const frames = checkGrammar(
      encode([
        start,
        { type: "item-start", index: 0, item: callItem("a") },
        args(0, '{"x":'),
        { type: "item-start", index: 1, item: callItem("b") },
        args(1, '{"y"'),
        { type: "item-start", index: 2, item: message() },
        args(0, "1}"),
        textDelta(2, 0, "after"),
        args(1, ":2}"),
        { type: "item-end", index: 1, item: callItem("b", '{"y":2}') },
        { type: "item-end", index: 0, item: callItem("a", '{"x":1}') },
        { type: "item-end", index: 2, item: message("after") },
        finish("tool-calls"),
      ]),
    );
    expect(blocksOf(frames)).toMatchObject([{ id: "a" }, { id: "b" }, { type: "text" }]);
    expect([joined(frames, 0, "partial_json"), joined(frames, 1, "partial_json")]).toEqual(['{"x":1}', '{"y":2}']);
    expect(joined(frames, 2, "text")).toBe("after");
  });

  test("items that never closed are closed at the end, those that waited too", () => {
    const frames = checkGrammar(
      encode([
        start,
        { type: "item-start", index: 0, item: callItem("a") },
        args(0, "{}"),
        ...item(1, callItem("b", "{}"), args(1, "{}")),
        { type: "item-start", index: 2, item: message() },
        textDelta(2, 0, "x"),
        ...item(3, message("y"), textDelta(3, 0, "y")),
        finish("tool-calls"),
      ]),
    );
    expect(blocksOf(frames).map(({ type }) => type as string)).toEqual(["tool_use", "tool_use", "text", "text"]);
  });

  test("the final usage is told once, when it comes after the finish too", () => {
    const usage = { ...emptyUsage(), inUncached: 5, inCacheRead: 3, inToolUse: 2, outVisible: 7, outReasoning: 4 };
    const frames = checkGrammar(encode([start, finish("stop"), { type: "usage", usage }]));
    expect(messageDelta(frames).usage).toMatchObject({
      ...{ input_tokens: 7, cache_read_input_tokens: 3, cache_creation_input_tokens: 0, output_tokens: 11 },
    });
  });

  test("usage that stands beside the start is in message_start", () => {
    const usage: ChatEvent = { type: "usage", usage: { ...emptyUsage(), inUncached: 9 } };
    const frames = checkGrammar(encode([start, usage, ...item(0, message("x"), textDelta(0, 0, "x")), finish("stop")]));
    expect(frames[0]).toMatchObject({ message: { usage: { input_tokens: 9 } } });
  });

  test("opened early, the start is sent once, with an id of ours", () => {
    const encoder = messages.encodeStream(context());
    const opened = encoder.open();
    const rest = [start, ...item(0, message("x"), textDelta(0, 0, "x")), finish("stop")].flatMap((event) =>
      encoder.push(event),
    );
    const frames = checkGrammar([...opened, ...rest, ...encoder.end()]);
    expect(frames[0]).toMatchObject({ message: { id: "msg_0192abc", model: "alias" } });
  });

  const stops: [FinishReason, boolean, string][] = [
    ["stop", false, "end_turn"],
    ["stop", true, "tool_use"],
    ["other", true, "tool_use"],
    ["tool-calls", true, "tool_use"],
    ["length", true, "max_tokens"],
    ["context", false, "model_context_window_exceeded"],
    ["filter", false, "refusal"],
    ["recitation", false, "refusal"],
    ["pause", false, "pause_turn"],
    ["compaction", false, "compaction"],
    ["continuation", false, "max_tokens"],
    ["other", false, "end_turn"],
  ];
  test.each(stops)("finish %s, calls %p: %s", (reason, hasCalls, expected) => {
    const items = hasCalls ? item(0, callItem("a", "{}"), args(0, "{}")) : [];
    const frames = checkGrammar(encode([start, ...items, finish(reason)]));
    expect(messageDelta(frames)).toMatchObject({ delta: { stop_reason: expected } });
    const answer: Answer = {
      ...{ id: "x", model: "m", created: 0, finish: reason },
      items: hasCalls ? [callItem("a", "{}")] : [],
    };
    expect(messages.buildResponse([answer], context()).stop_reason).toBe(expected);
  });

  test("a refusal by a classifier brings its explanation; a refusal in words is text", () => {
    const told = checkGrammar(encode([start, finish("filter", { refusal: "no" })]));
    expect(messageDelta(told)).toMatchObject({
      delta: { stop_details: { type: "refusal", category: null, explanation: "no" } },
    });
    const refusal: Item = { type: "message", role: "assistant", blocks: [{ type: "refusal", text: "I will not" }] };
    const delta: ChatEvent = { type: "refusal-delta", index: 0, block: 0, text: "I will not" };
    const worded = checkGrammar(encode([start, ...item(0, refusal, delta), finish("stop")]));
    expect(joined(worded, 0, "text")).toBe("I will not");
    expect(messageDelta(worded)).toMatchObject({ delta: { stop_reason: "end_turn", stop_details: null } });
  });

  test("thinking ends in exactly one signature, of any origin, and in none when there is no seal", () => {
    const text = [
      { kind: "summary" as const, text: "a" },
      { kind: "summary" as const, text: "b" },
    ];
    const deltas: ChatEvent[] = text.map((part, at) => ({ type: "reasoning-delta", index: 0, part: at, ...part }));
    const seal = { origin: "envelope", form: "encrypted" as const, bytes: "GWS1" };
    const sealed: Item = { type: "reasoning", text, seals: [seal] };
    const frames = checkGrammar(
      encode([start, ...item(0, sealed, ...deltas, { type: "seal", index: 0, seal }), finish("stop")]),
    );
    expect(blocksOf(frames)).toEqual([{ type: "thinking", thinking: "", signature: "" }]);
    expect(joined(frames, 0, "thinking")).toBe("a\n\nb");
    expect(joined(frames, 0, "signature")).toBe("GWS1");
    const bare = checkGrammar(encode([start, ...item(0, { ...sealed, seals: [] }, ...deltas), finish("stop")]));
    expect(JSON.stringify(bare)).not.toContain("signature_delta");
  });

  test("reasoning without text is a thinking block when sealed, and nothing when not", () => {
    const seal = { origin: "envelope", form: "encrypted" as const, bytes: "x" };
    const sealed: Item = { type: "reasoning", text: [], seals: [seal] };
    expect(blocksOf(checkGrammar(encode([start, ...item(0, sealed), finish("stop")])))).toHaveLength(1);
    expect(blocksOf(checkGrammar(encode([start, ...item(0, { ...sealed, seals: [] }), finish("stop")])))).toEqual([]);
  });

  test("a message that says nothing leaves no empty block before the call", () => {
    const frames = checkGrammar(
      encode([
        start,
        ...item(0, message(), textDelta(0, 0, "")),
        ...item(1, callItem("a", "{}"), args(1, "{}")),
        finish("stop"),
      ]),
    );
    expect(blocksOf(frames)).toMatchObject([{ type: "tool_use", id: "a", input: {} }]);
  });

  test("arguments that are no object are wrapped, empty ones stay empty, freeform text travels as input", () => {
    const shown = (call: CallItem, ...deltas: ChatEvent[]) =>
      joined(checkGrammar(encode([start, ...item(0, call, ...deltas), finish("stop")])), 0, "partial_json");
    expect(shown(callItem("a", "[1,2]"), args(0, "[1"), args(0, ",2]"))).toBe('{"value":[1,2]}');
    expect(shown(callItem("a", ""))).toBe("");
    expect(shown(callItem("a", ' {"n":1.0}'), args(0, " "), args(0, '{"n":1.0}'))).toBe(' {"n":1.0}');
    expect(shown({ ...callItem("a", "*** patch"), kind: "custom" }, args(0, "*** patch"))).toBe(
      '{"input":"*** patch"}',
    );
    const whole = (call: CallItem): unknown =>
      (
        messages.buildResponse([{ ...{ id: "i", model: "m", created: 0, finish: "stop" }, items: [call] }], context())
          .content as JsonObject[]
      )[0]?.input;
    expect(whole(callItem("a", "[1,2]"))).toEqual({ value: [1, 2] });
    expect(whole(callItem("a", ""))).toEqual({});
    expect(JSON.stringify(whole(callItem("a", '{"n":12345678901234567890}')))).toBe('{"n":12345678901234567890}');
    expect(whole(callItem("a", '{"broken'))).toEqual({ value: '{"broken' });
  });

  test("call ids that this or another protocol refuses become legal, the same way each time", () => {
    const ids = ["functions.Bash:0", `${"x".repeat(70)}1`, `${"x".repeat(70)}2`];
    const frames = checkGrammar(
      encode([start, ...ids.flatMap((id, at) => item(at, callItem(id, "{}"), args(at, "{}"))), finish("tool-calls")]),
    );
    const shown = blocksOf(frames).map((block) => String(block.id));
    for (const id of shown) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(new Set(shown).size).toBe(3);
  });

  test("only citations that a Messages provider wrote are shown", () => {
    const own: Annotation = {
      kind: "other",
      raw: { origin: "messages", json: { type: "char_location", cited_text: "c" } },
    };
    const other: Annotation = { kind: "url", url: "https://a.example", raw: { origin: "chat", json: {} } };
    const annotation = (which: Annotation): ChatEvent => ({
      type: "annotation",
      index: 0,
      block: 0,
      annotation: which,
    });
    const frames = checkGrammar(
      encode([
        start,
        ...item(0, message("x"), textDelta(0, 0, "x"), annotation(own), annotation(other)),
        finish("stop"),
      ]),
    );
    const citations = frames.filter((json) => (json.delta as JsonObject | undefined)?.type === "citations_delta");
    expect(citations).toMatchObject([{ delta: { citation: { type: "char_location" } } }]);
  });

  test("items of other protocols and further candidates are left out", () => {
    const opaque: Item = { type: "opaque", origin: "responses", json: { type: "x" } };
    const second: ChatEvent = { type: "item-start", c: 1, index: 0, item: message() };
    const frames = checkGrammar(
      encode([start, ...item(0, opaque), second, finish("stop"), { ...finish("stop"), c: 1 } as ChatEvent]),
    );
    expect(blocksOf(frames)).toEqual([]);
  });

  test("an error is one event and nothing follows it", () => {
    const encoder = messages.encodeStream(context());
    encoder.push(start);
    encoder.push({ type: "item-start", index: 0, item: message() });
    encoder.push(textDelta(0, 0, "so far"));
    const frames = encoder.push({ type: "error", error: new GatewayError("overloaded", "busy") });
    expect(frames).toEqual([
      {
        event: "error",
        data: '{"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"0192-abc"}',
      },
    ]);
    expect([...encoder.push(finish("stop")), ...encoder.end()]).toEqual([]);
  });
});

describe("the official SDK", () => {
  const client = (
    bytes: string,
    headers: Record<string, string> = { "content-type": "text/event-stream" },
    status = 200,
  ) =>
    new Anthropic({
      apiKey: "k",
      maxRetries: 0,
      fetch: async () => new Response(bytes, { status, headers }),
    });
  const ask = { model: "alias", max_tokens: 10, messages: [{ role: "user" as const, content: "hi" }] };

  test("accumulates the stream into the whole answer", async () => {
    const seal = { origin: "messages", form: "signature" as const, bytes: "c2ln" };
    const events: ChatEvent[] = [
      start,
      ...item(
        0,
        { type: "reasoning", text: [{ kind: "raw", text: "hm" }], seals: [seal] },
        { type: "reasoning-delta", index: 0, part: 0, kind: "raw", text: "hm" },
        { type: "seal", index: 0, seal },
      ),
      ...item(1, message("Grüße 😀", "two"), textDelta(1, 0, "Grüße "), textDelta(1, 0, "😀"), textDelta(1, 1, "two")),
      ...item(2, callItem("call_1", '{"a":[1]}'), args(2, '{"a":'), args(2, "[1]}")),
      ...item(3, callItem("call_2", "")),
      finish("tool-calls"),
      { type: "usage", usage: { ...emptyUsage(), inUncached: 11, outVisible: 5 } },
    ];
    const bytes = encode(events).map(writeFrame).join("");
    const spaced = bytes.replace("\n\n", `\n\n${messages.heartbeat}`);
    const final = await client(spaced).messages.stream(ask).finalMessage();
    expect(final).toMatchObject({
      model: "alias",
      stop_reason: "tool_use",
      content: [
        { type: "thinking", thinking: "hm", signature: "c2ln" },
        { type: "text", text: "Grüße 😀" },
        { type: "text", text: "two" },
        { type: "tool_use", id: "call_1", name: "look", input: { a: [1] } },
        { type: "tool_use", id: "call_2", input: {} },
      ],
      usage: { input_tokens: 11, output_tokens: 5 },
    });
  });

  test("throws our error with its type when the stream breaks", async () => {
    const encoder = messages.encodeStream(context());
    const frames = [...encoder.open(), ...encoder.fail(new GatewayError("overloaded", "busy"))];
    const failed = client(frames.map(writeFrame).join("")).messages.stream(ask).finalMessage();
    expect(failed).rejects.toMatchObject({ type: "overloaded_error" });
  });

  test.each([
    ["unauthenticated", Anthropic.AuthenticationError],
    ["rate-limited", Anthropic.RateLimitError],
    ["context-length", Anthropic.BadRequestError],
    ["not-found", Anthropic.NotFoundError],
    ["overloaded", Anthropic.InternalServerError],
  ] as const)("reads %s as the class it stands for", async (code, expected) => {
    const reply = messages.buildError(new GatewayError(code, "words"), "r");
    const failed = client(JSON.stringify(reply.body), { "content-type": "application/json" }, reply.status);
    const error = await failed.messages.create(ask).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(expected);
  });
});
