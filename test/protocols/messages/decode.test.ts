import { describe, expect, test } from "bun:test";
import { collect } from "../../../src/model/collect.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { decode, failure, wire } from "./support.ts";

const start = (usage: JsonObject = { input_tokens: 10, output_tokens: 1 }): JsonObject => ({
  type: "message_start",
  message: { id: "msg_1", type: "message", role: "assistant", model: "claude-x", content: [], usage },
});
const open = (index: number, content_block: JsonObject): JsonObject => ({
  type: "content_block_start",
  index,
  content_block,
});
const delta = (index: number, delta: JsonObject): JsonObject => ({ type: "content_block_delta", index, delta });
const close = (index: number): JsonObject => ({ type: "content_block_stop", index });
const end = (stop_reason: string, usage: JsonObject = { output_tokens: 7 }, more: JsonObject = {}): JsonObject[] => [
  { type: "message_delta", delta: { stop_reason, stop_sequence: null, ...more }, usage },
  { type: "message_stop" },
];
const text = (index: number, ...parts: string[]): JsonObject[] => [
  open(index, { type: "text", text: "" }),
  ...parts.map((part) => delta(index, { type: "text_delta", text: part })),
  close(index),
];
const call = (index: number, id: string, ...parts: string[]): JsonObject[] => [
  open(index, { type: "tool_use", id, name: "look", input: {} }),
  ...parts.map((part) => delta(index, { type: "input_json_delta", partial_json: part })),
  close(index),
];
const one = (frames: JsonObject[]): Answer => collect(decode(wire(frames)))[0] as Answer;

/** Everything at once: thinking, text, a cited block, server tools, calls, an unknown block. */
const rich: JsonObject[] = [
  start(),
  { type: "ping" },
  open(0, { type: "thinking", thinking: "", signature: "" }),
  delta(0, { type: "thinking_delta", thinking: "Überlegen 😀" }),
  delta(0, { type: "signature_delta", signature: "c2ln" }),
  close(0),
  open(1, { type: "redacted_thinking", data: "b3BhcXVl" }),
  close(1),
  ...text(2, "Grüße ", "aus 東京 ", "\u{1F5FC}"),
  open(3, { type: "text", text: "", citations: [] }),
  delta(3, {
    type: "citations_delta",
    citation: {
      type: "web_search_result_location",
      url: "https://a.example",
      title: "A",
      cited_text: "c",
      encrypted_index: "e",
    },
  }),
  delta(3, { type: "text_delta", text: "cited 😀" }),
  close(3),
  open(4, { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }),
  delta(4, { type: "input_json_delta", partial_json: '{"query":' }),
  delta(4, { type: "input_json_delta", partial_json: '"x"}' }),
  close(4),
  open(5, { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] }),
  close(5),
  open(6, { type: "compaction", content: "" }),
  delta(6, { type: "compaction_delta", content: "short" }),
  close(6),
  ...call(7, "toolu_1", '{"a"', ":1}"),
  ...call(8, "toolu_2"),
  ...end("tool_use", { output_tokens: 40, output_tokens_details: { thinking_tokens: 12 } }),
];

describe("decoding a Messages stream", () => {
  test("gives the same events wherever the bytes are cut", () => {
    const source = wire(rich);
    const whole = decode(source);
    for (const step of [1, 2, 3, 7, 64]) expect(decode(source, step)).toEqual(whole);
    expect(decode(source.replaceAll("\n", "\r\n"), 1)).toEqual(whole);
  });

  test("reads every kind of block in its order", () => {
    const answer = one(rich);
    expect(answer).toMatchObject({ id: "msg_1", model: "claude-x", finish: "tool-calls" });
    expect(answer.items.map((item) => item.type)).toEqual([
      ...["reasoning", "reasoning", "message", "server-call", "server-result", "opaque", "call", "call"],
    ] as Answer["items"][number]["type"][]);
    expect(answer.items[0]).toEqual({
      type: "reasoning",
      text: [{ kind: "raw", text: "Überlegen 😀" }],
      seals: [{ origin: "messages", form: "signature", bytes: "c2ln" }],
    });
    expect(answer.items[1]).toMatchObject({ redacted: true, seals: [{ form: "redacted", bytes: "b3BhcXVl" }] });
    expect(answer.items[2]).toMatchObject({
      blocks: [
        { type: "text", text: "Grüße aus 東京 🗼" },
        { text: "cited 😀", annotations: [{ kind: "url", url: "https://a.example", title: "A", start: 0, end: 7 }] },
      ],
    });
    expect(answer.items[3]).toMatchObject({ tool: "web_search", callId: "srvtoolu_1", input: { query: "x" } });
    expect(answer.items[5]).toMatchObject({ json: { type: "compaction", content: "short" } });
    expect(answer.items[6]).toMatchObject({ callId: "toolu_1", name: "look", args: '{"a":1}' });
    expect(answer.items[7]).toMatchObject({ callId: "toolu_2", args: "{}" });
    expect(answer.usage).toMatchObject({ inUncached: 10, outVisible: 28, outReasoning: 12, reasoningKnown: true });
  });

  test("equals the whole answer of the same content", () => {
    const content: JsonObject[] = [
      { type: "thinking", thinking: "t", signature: "s" },
      { type: "text", text: "a", citations: null },
      { type: "text", text: "b", citations: null },
      { type: "tool_use", id: "toolu_1", name: "look", input: { a: 1 } },
    ];
    const streamed = one([
      start({ input_tokens: 3, output_tokens: 9 }),
      open(0, { type: "thinking", thinking: "", signature: "" }),
      delta(0, { type: "thinking_delta", thinking: "t" }),
      delta(0, { type: "signature_delta", signature: "s" }),
      close(0),
      ...text(1, "a"),
      ...text(2, "b"),
      ...call(3, "toolu_1", '{"a":1}'),
      ...end("max_tokens", { output_tokens: 9 }),
    ]);
    const [whole] = messages.parseResponse({
      ...(start().message as JsonObject),
      content,
      stop_reason: "max_tokens",
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 9 },
    });
    expect(streamed).toEqual(whole as Answer);
    expect(streamed.items.at(-1)).toMatchObject({ incomplete: true });
  });

  test("of a second answer behind the first takes nothing, nor its tokens", () => {
    const answer = one([
      start(),
      ...text(0, "one"),
      ...end("end_turn"),
      start(),
      ...text(0, "two"),
      ...end("end_turn", { output_tokens: 99 }),
    ]);
    expect(answer).toMatchObject({ items: [{ blocks: [{ text: "one" }] }], usage: { inUncached: 10, outVisible: 7 } });
  });

  test("keeps the laws of events: one start, every item ended once, one finish", () => {
    const events = decode(wire(rich));
    expect(events.filter(({ type }) => type === "start")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "finish")).toHaveLength(1);
    const starts = events.flatMap((event) => (event.type === "item-start" ? [event.index] : []));
    const ends = events.flatMap((event) => (event.type === "item-end" ? [event.index] : []));
    expect(starts).toEqual(starts.map((_, at) => at));
    expect([...ends].sort((a, b) => a - b)).toEqual(starts);
    const finish = events.findIndex(({ type }) => type === "finish");
    expect(events.findLastIndex(({ type }) => type === "item-end")).toBeLessThan(finish);
  });

  const stops: [string, JsonObject[], string][] = [
    ["natural end", text(0, "x"), "end_turn:stop"],
    ["a call beside a natural end", call(0, "t", "{}"), "end_turn:tool-calls"],
    ["an unknown reason", text(0, "x"), "never_heard_of:other"],
    ["an unknown reason beside a call", call(0, "t", "{}"), "never_heard_of:tool-calls"],
    ["a cut inside a call", call(0, "t", '{"a'), "max_tokens:length"],
    ["a full context", text(0, "x"), "model_context_window_exceeded:context"],
    ["a refusal", [], "refusal:filter"],
    ["a pause beside a call", call(0, "t", "{}"), "pause_turn:pause"],
    ["no content at all", [], "end_turn:stop"],
  ];
  test.each(stops)("derives the finish of %s", (_, content, reasons) => {
    const [wireReason = "", finish = ""] = reasons.split(":");
    expect(one([start(), ...content, ...end(wireReason)]).finish as string).toBe(finish);
  });

  test("marks the last call of a cut answer, and only that", () => {
    const answer = one([start(), ...call(0, "a", "{}"), ...call(1, "b", '{"x":'), ...end("max_tokens")]);
    expect(answer.items).toMatchObject([{ args: "{}" }, { args: '{"x":', incomplete: true }]);
    expect(answer.items[0]).not.toHaveProperty("incomplete");
  });

  test("takes a whole input from the start of a block, and never both it and the deltas", () => {
    const input: JsonObject = { a: 1 };
    const full = open(0, { type: "tool_use", id: "t", name: "look", input });
    expect(one([start(), full, close(0), ...end("tool_use")]).items[0]).toMatchObject({ args: '{"a":1}' });
    const both = [full, delta(0, { type: "input_json_delta", partial_json: '{"b":2}' }), close(0)];
    expect(one([start(), ...both, ...end("tool_use")]).items[0]).toMatchObject({ args: '{"b":2}' });
  });

  test("the last signature replaces those before, and empty thinking with one stays thinking", () => {
    const block = [open(0, { type: "thinking", thinking: "", signature: "" })];
    for (const signature of ["one", "two"]) block.push(delta(0, { type: "signature_delta", signature }));
    const item = one([start(), ...block, close(0), ...end("end_turn")]).items[0];
    expect(item).toEqual({
      type: "reasoning",
      text: [],
      seals: [{ origin: "messages", form: "signature", bytes: "two" }],
    });
  });

  test("empty text blocks say nothing", () => {
    expect(one([start(), ...text(0), ...call(1, "t", "{}"), ...end("tool_use")]).items.map(({ type }) => type)).toEqual(
      ["call"],
    );
  });

  test("usage fields that are null or absent keep what was said before", () => {
    const first = { input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 30, output_tokens: 1 };
    const split = { cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 } };
    const answer = one([
      start({ ...first, ...split }),
      ...text(0, "x"),
      ...end("end_turn", { input_tokens: null as Json, output_tokens: 50 } as JsonObject),
    ]);
    expect(answer.usage).toMatchObject({
      ...{
        inUncached: 5,
        inCacheRead: 100,
        inCacheWrite5m: 10,
        inCacheWrite1h: 20,
        inCacheWriteOther: 0,
        outVisible: 50,
      },
    });
  });

  test("a refusal brings its explanation, and its details come back", () => {
    const stop_details = { type: "refusal", category: "cyber", explanation: "no" };
    const answer = one([start(), ...end("refusal", { output_tokens: 1 }, { stop_details })]);
    expect(answer).toMatchObject({ finish: "filter", refusal: "no", ext: { messages: { stop_details } } });
  });

  const failures: [string, string, string][] = [
    [
      "an overloaded provider",
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n',
      "overloaded",
    ],
    [
      "a rate limit",
      'event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"slow"}}\n\n',
      "rate-limited",
    ],
    [
      "an internal error",
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"oops"}}\n\n',
      "upstream-failed",
    ],
    ["an error in a foreign shape", 'data: {"error":{"message":"oops","type":"server_error"}}\n\n', "upstream-failed"],
    ["no JSON", "event: content_block_delta\ndata: <html>\n\n", "upstream-failed"],
    ["a second message_start", wire([start()]), "upstream-failed"],
    ["a call without a name", wire([open(0, { type: "tool_use", id: "x", input: {} })]), "upstream-failed"],
    ["nothing more", "", "upstream-failed"],
  ];
  test.each(failures)("%s mid-stream ends in one error and nothing after", (_, tail, code) => {
    const events = decode(wire([start(), ...text(0, "so far")]) + tail + (tail === "" ? "" : wire(end("end_turn"))));
    const errors = events.filter((event) => event.type === "error");
    expect(errors).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: "error", error: { code } });
    expect(events.some(({ type }) => type === "finish")).toBe(false);
  });

  test("an empty body is an error, not an empty answer", () => {
    expect(decode("")).toMatchObject([{ type: "error", error: { code: "upstream-failed" } }]);
  });

  test("a close after the stop reason is a whole answer", () => {
    expect(decode(wire([start(), ...text(0, "x"), ...end("end_turn")].slice(0, -1))).at(-1)).toMatchObject({
      type: "finish",
      reason: "stop",
    });
  });

  test("frames without an event line, and a trailing [DONE], are read all the same", () => {
    const bare = rich.map((json) => `data: ${JSON.stringify(json)}\n\n`).join("");
    expect(decode(`${bare}data: [DONE]\n\n`)).toEqual(decode(wire(rich)));
  });

  test("blocks that overlap lose nothing", () => {
    const answer = one([
      start(),
      open(0, { type: "text", text: "" }),
      delta(0, { type: "text_delta", text: "a" }),
      open(1, { type: "tool_use", id: "t", name: "look", input: {} }),
      delta(0, { type: "text_delta", text: "b" }),
      delta(1, { type: "input_json_delta", partial_json: "{}" }),
      close(1),
      close(0),
      ...end("tool_use"),
    ]);
    expect(answer.items).toMatchObject([{ blocks: [{ text: "a" }] }, { args: "{}" }, { blocks: [{ text: "b" }] }]);
  });

  test("fed with marked frames only after the first content, usage, finish and errors still come", () => {
    const frames = wire(rich).split("\n\n").filter(Boolean);
    const first = frames.findIndex((frame) => frame.includes("thinking_delta"));
    const marked = (frame: string) => messages.markers.test(frame);
    const kept = frames.filter((frame, at) => at <= first || marked(frame));
    expect(kept.length).toBe(first + 3);
    const events: ChatEvent[] = decode(`${kept.join("\n\n")}\n\n`);
    const [answer] = collect(events);
    expect(answer).toMatchObject({ usage: { outReasoning: 12 } });
    expect(events.filter(({ type }) => type === "finish")).toHaveLength(1);
    for (const error of [
      'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error"}}',
      'data: {"type":"error","error":{"type":"api_error"}}',
    ]) {
      expect(marked(error)).toBe(true);
    }
    const quoting = delta(0, { type: "text_delta", text: 'she said "error" and event' });
    expect(marked(wire([quoting]))).toBe(false);
  });
});

describe("reading a whole answer", () => {
  test.each([
    [{ type: "error", error: { type: "overloaded_error", message: "busy" } }, "overloaded"],
    [{ error: { message: "no money", type: "billing_error" } }, "billing"],
    [{ base_resp: { status_code: 1002, status_msg: "rate limit" } }, "rate-limited"],
    [{ id: "x", choices: [] }, "upstream-failed"],
    ["text", "upstream-failed"],
    [null, "upstream-failed"],
    [{ type: "message", content: [{ type: "tool_use", id: 5 }] }, "upstream-failed"],
    [{ type: "message", content: ["x"] }, "upstream-failed"],
  ] as [Json, string][])("%j inside a 200 is an error", (body, code) => {
    expect(failure(() => messages.parseResponse(body)).code as string).toBe(code);
  });
});
