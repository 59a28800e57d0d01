import { describe, expect, test } from "bun:test";
import type { CallItem, Item } from "../../../src/model/chat.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { automaton } from "./automaton.ts";
import { context, decode, encode, last, parse, payloads } from "./support.ts";

const start: ChatEvent = { type: "start", id: "chatcmpl-1", model: "up", created: 5 };
const said: Item = { type: "message", role: "assistant", blocks: [{ type: "text", text: "hi" }] };

function answer(items: Item[], more: Partial<Answer> = {}): Answer {
  return { id: "chatcmpl-1", model: "up", created: 5, items, finish: "stop", ...more };
}

function call(fields: Partial<CallItem> = {}): CallItem {
  return { type: "call", kind: "function", callId: "c", name: "f", args: "{}", ...fields };
}

function stream(items: Item[], more: Partial<Answer> = {}) {
  const frames = encode(replay([answer(items, more)]));
  expect(automaton(frames)).toEqual([]);
  return frames;
}

const types = (frames: { event?: string }[]) => frames.map((frame) => frame.event?.replace("response.", ""));

describe("a stream for a client", () => {
  test("of a text has every event of the grammar, in order", () => {
    expect(types(stream([said]))).toEqual([
      ...["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"],
      ...["output_text.done", "content_part.done", "output_item.done", "completed"],
    ]);
  });

  test("of a call has its arguments as deltas and whole, and the item at its end", () => {
    const frames = stream([call({ args: '{"x":1}' })], { finish: "tool-calls" });
    expect(types(frames).slice(2)).toEqual([
      ...["output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"],
      "completed",
    ]);
    expect(payloads(frames)[4]).toMatchObject({ arguments: '{"x":1}', name: "f", output_index: 0 });
    expect(last(frames)).toMatchObject({
      status: "completed",
      output: [{ type: "function_call", status: "completed" }],
    });
  });

  test("is empty but well formed for an empty answer", () => {
    expect(types(stream([]))).toEqual(["created", "in_progress", "completed"]);
  });

  test("shows the client's model and repeats its request, in every event with a response", () => {
    const request = parse({
      model: "client-model",
      input: "q",
      instructions: "be kind",
      tools: [
        { type: "namespace", name: "ns", description: "d", tools: [{ type: "function", name: "f", parameters: {} }] },
        { type: "web_search" },
      ],
      tool_choice: { type: "function", name: "f" },
      temperature: 0.5,
      reasoning: { effort: "low", context: "all_turns" },
      text: { format: { type: "json_schema", name: "n", schema: { type: "object" } }, verbosity: "low" },
      metadata: { a: "b" },
      store: false,
      previous_response_id: "resp_0",
    });
    const responsesOf = payloads(encode(replay([answer([said])]), { ...context(), request })).flatMap((one) =>
      one.response ? [one.response] : [],
    );
    expect(responsesOf.length).toBe(3);
    for (const response of responsesOf) {
      expect(response).toMatchObject({
        object: "response",
        model: "client-model",
        instructions: "be kind",
        tools: [{ type: "namespace", name: "ns", tools: [{ type: "function", name: "f" }] }, { type: "web_search" }],
        tool_choice: { type: "function", name: "f" },
        parallel_tool_calls: true,
        temperature: 0.5,
        top_p: null,
        reasoning: { effort: "low", summary: null, context: "all_turns" },
        text: { format: { type: "json_schema", name: "n", schema: { type: "object" } }, verbosity: "low" },
        metadata: { a: "b" },
        store: false,
        previous_response_id: "resp_0",
        max_output_tokens: null,
        error: null,
        truncation: "disabled",
      });
    }
  });

  test("has ids of this protocol's kinds, the same each time and in every event of an item", () => {
    const items = [
      said,
      call(),
      call({ kind: "custom", callId: "d" }),
      { type: "reasoning" as const, text: [], seals: [] },
    ];
    const output = last(stream(items)).output as JsonObject[];
    expect(output.map((item) => String(item.id).split("_")[0])).toEqual(["msg", "fc", "ctc", "rs"]);
    expect(output.every((item) => String(item.id).length <= 64)).toBe(true);
    expect(last(stream(items)).output).toEqual(output);
    expect(last(stream(items)).id).toMatch(/^resp_[0-9a-f]{40}$/);
  });

  test("shows thoughts of other protocols as summaries, one part each, and native raw ones as content", () => {
    const text = [
      { kind: "raw" as const, text: "a" },
      { kind: "raw" as const, text: "b" },
    ];
    const seals = [
      { origin: "messages", form: "signature" as const, bytes: "R1dTMQ==" },
      { origin: "gemini", form: "thought" as const, bytes: "R1dTMx==" },
    ];
    const [foreign, native] = last(
      stream([
        { type: "reasoning", text, seals },
        { type: "reasoning", text, seals: [], itemId: "rs_1" },
      ]),
    ).output as JsonObject[];
    expect(foreign).toMatchObject({
      summary: [
        { type: "summary_text", text: "a" },
        { type: "summary_text", text: "b" },
      ],
      encrypted_content: "R1dTMQ==.R1dTMx==",
    });
    expect(native).toEqual({
      id: "rs_1",
      type: "reasoning",
      summary: [],
      content: [
        { type: "reasoning_text", text: "a" },
        { type: "reasoning_text", text: "b" },
      ],
    });
  });

  test("has every detail of usage, 0 where nothing is known", () => {
    const usage = { ...emptyUsage(), inUncached: 3, inCacheRead: 2, inCacheWrite1h: 1, outVisible: 4 };
    expect(last(stream([said], { usage })).usage).toEqual({
      input_tokens: 6,
      input_tokens_details: { cached_tokens: 2, cache_write_tokens: 1 },
      output_tokens: 4,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 10,
    });
    const raw = { origin: "responses", json: { input_tokens: 1, output_tokens: 2, total_tokens: 3, cost: 5 } };
    expect(last(stream([said], { usage: { ...emptyUsage(), raw } })).usage).toMatchObject({
      cost: 5,
      output_tokens_details: { reasoning_tokens: 0 },
    });
  });

  test("takes the usage that comes after the finish", () => {
    const events: ChatEvent[] = [...replay([answer([said])]), { type: "usage", usage: { outVisible: 9 } }];
    expect(last(encode(events)).usage).toMatchObject({ output_tokens: 9 });
  });

  test.each([
    ["length", "incomplete", { reason: "max_output_tokens" }],
    ["context", "incomplete", { reason: "max_output_tokens" }],
    ["filter", "incomplete", { reason: "content_filter" }],
    ["recitation", "incomplete", { reason: "content_filter" }],
    ["stop", "completed", null],
    ["stop-sequence", "completed", null],
    ["pause", "completed", null],
    ["other", "completed", null],
  ] as const)("that ended by %s is %s", (finish, status, incomplete_details) => {
    expect(last(stream([said], { finish }))).toMatchObject({ status, incomplete_details });
  });

  test("never tells a cut call as done", () => {
    for (const kind of ["function", "custom"] as const) {
      const frames = stream([call({ kind, args: '{"x', incomplete: true })], { finish: "length" });
      expect(types(frames).filter((type) => /(?:arguments|input)\.done/.test(type ?? ""))).toEqual([]);
      expect(last(frames).output).toMatchObject([{ status: "incomplete" }]);
    }
  });

  test("says in a refusal why a classifier refused", () => {
    const frames = stream([said], { finish: "filter", refusal: "not that" });
    expect(last(frames).output).toMatchObject([
      { content: [{ type: "output_text" }] },
      { content: [{ type: "refusal", refusal: "not that" }] },
    ]);
  });

  test("places a citation without a span over its whole text, in code points", () => {
    const blocks: Item = {
      type: "message",
      role: "assistant",
      blocks: [
        { type: "text", text: "before" },
        { type: "text", text: "a😀b", annotations: [{ kind: "url", url: "https://e.x" }, { kind: "other" }] },
      ],
    };
    const [item] = last(stream([blocks])).output as { content: { annotations: object[] }[] }[];
    expect(item?.content[1]?.annotations).toEqual([
      { type: "url_citation", start_index: 0, end_index: 3, title: "", url: "https://e.x" },
    ]);
  });

  test("shows a drawn picture as an item of its own, and not what another vendor's tools did", () => {
    const image = {
      type: "media" as const,
      kind: "image" as const,
      mime: "image/png",
      source: { type: "bytes" as const, data: "aGk=" },
    };
    const foreign: Item = { type: "server-call", tool: "t", callId: "s", input: {}, origin: "messages", json: {} };
    const frames = stream([foreign, { type: "message", role: "assistant", blocks: [image] }, call()]);
    expect(last(frames).output).toMatchObject([
      { type: "message", content: [] },
      { type: "image_generation_call", status: "completed", result: "aGk=" },
      { type: "function_call" },
    ]);
  });

  test("keeps calls that stream at the same time apart", () => {
    const place = (index: number, text: string): ChatEvent => ({ type: "args-delta", index, text });
    const frames = encode([
      start,
      { type: "item-start", index: 0, item: call({ args: "", callId: "a" }) },
      { type: "item-start", index: 1, item: call({ args: "", callId: "b" }) },
      place(0, "{"),
      place(1, "[1"),
      place(0, "}"),
      place(1, "]"),
      { type: "item-end", index: 1, item: call({ args: "[1]", callId: "b" }) },
      { type: "item-end", index: 0, item: call({ callId: "a" }) },
      { type: "finish", reason: "tool-calls" },
    ]);
    expect(automaton(frames)).toEqual([]);
    expect(last(frames).output).toMatchObject([{ arguments: "{}" }, { arguments: "[1]" }]);
  });

  test("may be opened before anything is known", () => {
    const encoder = responses.encodeStream(context());
    const early = encoder.open();
    expect(types(early)).toEqual(["created", "in_progress"]);
    expect(encoder.open()).toEqual([]);
    const rest = [...replay([answer([said])]).flatMap((event) => encoder.push(event)), ...encoder.end()];
    expect(automaton([...early, ...rest])).toEqual([]);
  });
});

describe("a failure after the stream began", () => {
  const error = new GatewayError("overloaded", "busy");

  test("is a failed response and nothing after it", () => {
    const encoder = responses.encodeStream(context());
    const events = replay([answer([said, call({ args: '{"x":1}' })])]);
    const begun = events.slice(0, -3).flatMap((event) => encoder.push(event));
    const frames = [...begun, ...encoder.fail(error)];
    expect(automaton(frames)).toEqual([]);
    expect(last(frames)).toMatchObject({ status: "failed", error: { code: "overloaded", message: "busy" } });
    expect(types(frames).filter((type) => type === "error")).toEqual([]);
    expect([encoder.push({ type: "finish", reason: "stop" }), encoder.end(), encoder.fail(error)]).toEqual([
      [],
      [],
      [],
    ]);
  });

  test("never ends a call that was running", () => {
    const begun = [start, { type: "item-start" as const, index: 0, item: call({ args: "" }) }];
    const frames = encode([...begun, { type: "args-delta", index: 0, text: "{}" }, { type: "error", error }]);
    expect(automaton(frames)).toEqual([]);
    expect(types(frames).filter((type) => type?.endsWith("done"))).toEqual([]);
  });

  test("that comes first is told after the beginning", () => {
    expect(types(responses.encodeStream(context()).fail(error))).toEqual(["created", "in_progress", "failed"]);
  });

  test("is an answer that ends without a finish", () => {
    expect(last(encode([start])).status).toBe("failed");
  });
});

describe("answers of other protocols", () => {
  test("keep the order of thought, text, thought and call", () => {
    const body = {
      ...{ id: "msg_1", type: "message", role: "assistant", model: "m", stop_reason: "tool_use", stop_sequence: null },
      content: [
        { type: "thinking", thinking: "one", signature: "s1" },
        { type: "text", text: "said" },
        { type: "thinking", thinking: "", signature: "s2" },
        { type: "redacted_thinking", data: "r" },
        { type: "tool_use", id: "toolu_1", name: "f", input: {} },
      ],
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    const built = responses.buildResponse(messages.parseResponse(body as never), context());
    expect(built).toMatchObject({
      status: "completed",
      output: [
        { type: "reasoning", summary: [{ text: "one" }], encrypted_content: "s1" },
        { type: "message", content: [{ text: "said" }] },
        { type: "reasoning", summary: [], encrypted_content: "s2" },
        { type: "reasoning", summary: [], encrypted_content: "r" },
        { type: "function_call", call_id: "toolu_1", arguments: "{}" },
      ],
    });
  });

  test("of two calls of a chat stream are two items, read back as they were", () => {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      data: JSON.stringify({ id: "c", model: "m", choices: [{ index: 0, delta, finish_reason }] }),
    });
    const decoder = chat.decodeStream();
    const list = [
      chunk({
        role: "assistant",
        tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: '{"n":1.0}' } }],
      }),
      chunk({ tool_calls: [{ index: 1, id: "b", function: { name: "f", arguments: "" } }] }),
      chunk({}, "stop"),
      { data: "[DONE]" },
    ];
    const frames = encode([...list.flatMap((frame) => decoder.push(frame)), ...decoder.end()]);
    expect(automaton(frames)).toEqual([]);
    expect(collect(decode(frames))[0]).toMatchObject({
      finish: "tool-calls",
      items: [
        { callId: "a", args: '{"n":1.0}' },
        { callId: "b", args: "{}" },
      ],
    });
  });
});

test("errors have the shape of OpenAI's", () => {
  const { status, body } = responses.buildError(new GatewayError("not-found", "no", { param: "model" }), "r");
  expect([status, body]).toEqual([
    404,
    { error: { message: "no", type: "invalid_request_error", param: "model", code: "model_not_found" } },
  ]);
});
