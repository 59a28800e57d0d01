import { describe, expect, test } from "bun:test";
import type { Item } from "../../../src/model/chat.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { automaton } from "./automaton.ts";
import { context, decode, encode } from "./support.ts";

const message = (words: string): Item => ({
  type: "message",
  role: "assistant",
  blocks: [{ type: "text", text: words }],
});

function whole(items: Item[], more: Partial<Answer> = {}): Answer {
  return { id: "chatcmpl-a", model: "up", created: 9, items, finish: "stop", ...more };
}

function deltas(answer: Answer, fields = {}): unknown[] {
  return encode(replay([answer]), context(fields))
    .filter((frame) => frame.data !== "[DONE]")
    .map((frame) => JSON.parse(frame.data).choices[0])
    .map((choice) => (choice.finish_reason ? choice.finish_reason : choice.delta));
}

describe("a stream for a client", () => {
  test("role first, then reasoning, text, calls, one finish", () => {
    const answer = whole([
      { type: "reasoning", text: [{ kind: "raw", text: "hm" }], seals: [] },
      message("hi"),
      { type: "call", kind: "function", callId: "functions.Bash:0", name: "f", args: '{"a":1}' },
      { type: "call", kind: "function", callId: "c2", name: "g", args: "" },
    ]);
    const got = deltas(answer) as JsonObject[];
    const id = (got[3]!.tool_calls as JsonObject[])[0]?.id;
    expect(id).toMatch(/^call_[a-z2-7]{26}$/);
    expect(got).toEqual([
      { role: "assistant", content: "", refusal: null },
      { reasoning_content: "hm" },
      { content: "hi" },
      { tool_calls: [{ index: 0, id: id as string, type: "function", function: { name: "f", arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
      { tool_calls: [{ index: 1, id: "c2", type: "function", function: { name: "g", arguments: "" } }] },
      { tool_calls: [{ index: 1, function: { arguments: "{}" } }] },
      "tool_calls",
    ] as never);
  });

  test("a call's seal is a delta of the call with a function, for clients validate it", () => {
    const seals = [{ origin: "gemini", form: "thought" as const, bytes: "S" }];
    const got = deltas(whole([{ type: "call", kind: "function", callId: "c", name: "f", args: "{}", seals }]));
    const extra = { extra_content: { google: { thought_signature: "S" } } };
    expect(got.at(-2)).toEqual({ tool_calls: [{ index: 0, function: { arguments: "" }, ...extra }] });
  });

  test("every chunk has the same head, with the client's model name", () => {
    const list = encode(replay([whole([message("a")], { ext: { chat: { system_fingerprint: "fp" } } })]), context());
    for (const frame of list.slice(0, -1)) {
      expect(JSON.parse(frame.data)).toMatchObject({
        id: "chatcmpl-a",
        object: "chat.completion.chunk",
        created: 9,
        model: "client-model",
        system_fingerprint: "fp",
      });
      expect(frame.data).not.toContain('"usage"');
    }
    expect(list.at(-1)).toEqual({ data: "[DONE]" });
  });

  test("a foreign id gets this protocol's prefix", () => {
    const [first] = encode(replay([whole([], { id: "msg_01" })]), context());
    expect(JSON.parse(first?.data ?? "").id).toBe("chatcmpl-01");
  });

  test("usage comes last, when asked for, also when it arrives after the finish", () => {
    const usage = { ...emptyUsage(), inUncached: 3, inCacheRead: 2, inCacheWrite5m: 1, outVisible: 4, outReasoning: 5 };
    const list = encode(replay([whole([message("a")], { usage })]), context({ includeUsage: true }));
    expect(list.at(-1)?.data).toBe("[DONE]");
    const last = JSON.parse(list.at(-2)?.data ?? "");
    expect(last.choices).toEqual([]);
    expect(last.usage).toEqual({
      prompt_tokens: 6,
      completion_tokens: 9,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 2, cache_write_tokens: 1, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 5,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    });
    for (const frame of list.slice(0, -2)) expect(JSON.parse(frame.data).usage).toBeNull();
  });

  test("an empty answer is role, finish, end", () => {
    expect(deltas(whole([]))).toEqual([{ role: "assistant", content: "", refusal: null }, "stop"]);
  });

  test("opened early, the role is not sent twice and the id stays", () => {
    const encoder = chat.encodeStream(context());
    const opened = encoder.open();
    const rest = replay([whole([message("a")])]).flatMap((event) => encoder.push(event));
    expect(encoder.open()).toEqual([]);
    const all = [...opened, ...rest, ...encoder.end()];
    expect(automaton(all, false)).toEqual([]);
    expect(new Set(all.slice(0, -1).map((frame) => JSON.parse(frame.data).id))).toEqual(new Set(["chatcmpl-req-1"]));
  });

  test("an error is one frame, and nothing like a normal end comes after it", () => {
    const encoder = chat.encodeStream(context());
    const events = replay([whole([message("a")])]).slice(0, 3);
    for (const event of events) encoder.push(event);
    const failed = encoder.push({ type: "error", error: new GatewayError("overloaded", "busy") });
    expect(failed.map((frame) => JSON.parse(frame.data))).toEqual([
      { error: { message: "busy", type: "server_error", param: null, code: "overloaded" } },
    ]);
    expect([...encoder.end(), ...encoder.push({ type: "finish", reason: "stop" })]).toEqual([]);
    expect(encoder.fail(new GatewayError("internal", "x"))).toEqual([]);
  });

  test("an end without a finish is an error", () => {
    const encoder = chat.encodeStream(context());
    encoder.push({ type: "start", id: "a", model: "m", created: 1 });
    expect(JSON.parse(encoder.end()[0]?.data ?? "")).toMatchObject({ error: { code: "upstream_failed" } });
  });

  test("a custom call goes out in one chunk", () => {
    const call: Item = { type: "call", kind: "custom", callId: "c", name: "patch", args: "a\nb" };
    expect(deltas(whole([call])).slice(1)).toEqual([
      { tool_calls: [{ index: 0, id: "c", type: "custom", custom: { name: "patch", input: "a\nb" } }] },
      "tool_calls",
    ]);
  });

  test("a cut call keeps its broken arguments", () => {
    const call: Item = { type: "call", kind: "function", callId: "c", name: "f", args: "", incomplete: true };
    expect(deltas(whole([call], { finish: "length" })).slice(2)).toEqual(["length"]);
  });

  test("citations are counted over the whole text, in code points, and come before the finish", () => {
    const items: Item[] = [
      { type: "message", role: "assistant", blocks: [{ type: "text", text: "😀x" }] },
      {
        type: "message",
        role: "assistant",
        blocks: [
          {
            type: "text",
            text: "cited",
            annotations: [
              { kind: "url", url: "https://e.x", title: "T" },
              { kind: "url", url: "https://f.x", start: 1, end: 3 },
              { kind: "other", raw: { origin: "messages", json: {} } },
            ],
          },
        ],
      },
    ];
    const of = (start_index: number, end_index: number, title: string, url: string) => ({
      type: "url_citation",
      url_citation: { start_index, end_index, title, url },
    });
    const annotations = [of(2, 7, "T", "https://e.x"), of(3, 5, "", "https://f.x")];
    expect(deltas(whole(items)).slice(-2)).toEqual([{ annotations }, "stop"]);
    const body = chat.buildResponse([whole(items)], context());
    expect((body.choices as JsonObject[])[0]).toMatchObject({ message: { content: "😀xcited", annotations } });
  });

  test("a refusal in the provider's words ends as a filtered answer", () => {
    const answer = whole([message("so far")], { finish: "filter", refusal: "policy" });
    expect(deltas(answer).slice(-2)).toEqual([{ refusal: "policy" }, "content_filter"]);
    const body = chat.buildResponse([answer], context());
    expect(body.choices).toMatchObject([
      { finish_reason: "content_filter", message: { content: "so far", refusal: "policy" } },
    ]);
  });

  test("seals travel in details: a provider's own list as it is, others in entries that come back apart", () => {
    const native = [{ type: "reasoning.encrypted", data: "d", id: "rs" }];
    const items: Item[] = [
      {
        type: "reasoning",
        text: [{ kind: "raw", text: "t" }],
        seals: [{ origin: "messages", form: "signature", bytes: "env1" }],
      },
      { type: "reasoning", text: [], seals: [{ origin: "messages", form: "redacted", bytes: "env2" }], redacted: true },
      {
        type: "reasoning",
        text: [],
        seals: [{ origin: "chat", form: "details", bytes: JSON.stringify(native) }],
        redacted: true,
      },
      message("x"),
    ];
    const list = (deltas(whole(items)) as JsonObject[]).flatMap(
      (delta) => (delta.reasoning_details as JsonObject[]) ?? [],
    );
    expect(list).toEqual([
      { type: "reasoning.text", text: "t", signature: "env1", format: "plexus", index: 0 },
      { type: "reasoning.encrypted", data: "env2", format: "plexus", index: 1 },
      ...native,
    ]);
    const back = chat.parseRequest(
      { model: "m", messages: [{ role: "assistant", content: "x", reasoning_details: list }] },
      { add: () => undefined, list: [] } as never,
    ).items;
    expect(back.map((item) => item.type === "reasoning" && item.seals.map((seal) => seal.bytes))).toEqual([
      ["env1"],
      ["env2"],
      [JSON.stringify(native)],
      false,
    ]);
  });

  const finishes: [Answer["finish"], string][] = [
    ["stop", "stop"],
    ["stop-sequence", "stop"],
    ["length", "length"],
    ["context", "length"],
    ["filter", "content_filter"],
    ["recitation", "content_filter"],
    ["pause", "stop"],
    ["compaction", "stop"],
    ["continuation", "length"],
    ["other", "stop"],
  ];
  for (const [finish, word] of finishes) {
    test(`${finish} is ${word}`, () => expect(deltas(whole([], { finish })).at(-1)).toBe(word));
  }
});

describe("a whole answer for a client", () => {
  test("has every nullable member", () => {
    const usage = { ...emptyUsage(), inUncached: 1, outVisible: 2 };
    expect(chat.buildResponse([whole([], { id: "", created: 0, usage })], context())).toMatchObject({
      id: "chatcmpl-req-1",
      object: "chat.completion",
      created: 1700000000,
      model: "client-model",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: null, refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    });
  });

  test("calls beside a stop are tool_calls, with {} for no arguments", () => {
    const call: Item = { type: "call", kind: "function", callId: "c", name: "f", args: "" };
    expect(chat.buildResponse([whole([call])], context()).choices).toMatchObject([
      { finish_reason: "tool_calls", message: { content: null, tool_calls: [{ function: { arguments: "{}" } }] } },
    ]);
  });
});

test("interleaved candidates and calls obey the grammar", () => {
  const events: ChatEvent[] = [
    { type: "start", id: "x", model: "m", created: 1 },
    { type: "item-start", index: 0, item: { type: "call", kind: "function", callId: "a", name: "f", args: "" } },
    { type: "item-start", c: 1, index: 0, item: { type: "message", role: "assistant", blocks: [] } },
    { type: "item-start", index: 1, item: { type: "call", kind: "function", callId: "b", name: "g", args: "" } },
    { type: "args-delta", index: 1, text: "{}" },
    { type: "text-delta", c: 1, index: 0, block: 0, text: "hi" },
    { type: "args-delta", index: 0, text: "[]" },
    { type: "item-end", index: 0, item: { type: "call", kind: "function", callId: "a", name: "f", args: "[]" } },
    { type: "item-end", index: 1, item: { type: "call", kind: "function", callId: "b", name: "g", args: "{}" } },
    { type: "item-end", c: 1, index: 0, item: message("hi") },
    { type: "finish", reason: "tool-calls" },
    { type: "finish", c: 1, reason: "stop" },
  ];
  const list = encode(events, context({ sampling: { n: 2 } }));
  expect(automaton(list, false)).toEqual([]);
  expect(collect(decode(list)).map((one) => one.items)).toEqual([
    [
      { type: "call", kind: "function", callId: "a", name: "f", args: "[]" },
      { type: "call", kind: "function", callId: "b", name: "g", args: "{}" },
    ],
    [message("hi")],
  ]);
});
