import { describe, expect, test } from "bun:test";
import type { Json, JsonObject } from "../../src/model/json.ts";
import {
  at,
  chatAnswer,
  chatChunk,
  eventsOf,
  exchange,
  geminiAnswer,
  list,
  messagesStream,
  type Outcome,
  type ProtocolName,
  type Reply,
  responsesStream,
} from "./support.ts";

const parameters = { type: "object", properties: {} };
const names = ["f", "g", "h"];
const bodies: Record<ProtocolName, JsonObject> = {
  chat: {
    messages: [{ role: "user", content: "go" }],
    tools: names.map((name) => ({ type: "function", function: { name, parameters } })),
    stream_options: { include_usage: true },
  },
  messages: {
    messages: [{ role: "user", content: "go" }],
    tools: names.map((name) => ({ name, input_schema: parameters })),
  },
  responses: { input: "go", tools: names.map((name) => ({ type: "function", name, parameters })), store: false },
  gemini: {
    contents: [{ role: "user", parts: [{ text: "go" }] }],
    tools: [{ functionDeclarations: names.map((name) => ({ name })) }],
  },
};

function stream(client: ProtocolName, provider: ProtocolName, reply: Reply): Promise<Outcome> {
  return exchange({ client, provider, body: bodies[client], reply, stream: true });
}

const opened = (index: number, name: string, more: JsonObject = {}) =>
  chatChunk({
    tool_calls: [{ index, id: `call_${name}`, type: "function", function: { name, arguments: "" }, ...more }],
  });
const piece = (index: number, text: string) => chatChunk({ tool_calls: [{ index, function: { arguments: text } }] });
const ended = (finish = "tool_calls") => [chatChunk({}, finish), "[DONE]"];

interface Told {
  id: Json | undefined;
  name: Json | undefined;
  args: string;
}

/** The tool blocks of a Messages stream; throws where two blocks overlap or an index is skipped. */
function blocksOf(outcome: Outcome): Told[] {
  const told: Told[] = [];
  let open: number | undefined;
  let next = 0;
  let text = "";
  for (const event of eventsOf(outcome)) {
    if (event.type === "content_block_start") {
      if (open !== undefined || event.index !== next) throw new Error(`block ${event.index} starts at a wrong place`);
      open = next++;
      text = "";
      const block = event.content_block as JsonObject;
      if (block.type === "tool_use") {
        expect(block.input).toEqual({});
        told.push({ id: block.id, name: block.name, args: "" });
      }
    } else if (event.type === "content_block_delta") {
      if (event.index !== open) throw new Error(`a delta of block ${event.index} while ${open} is open`);
      text += at(event, "delta.partial_json") ?? "";
    } else if (event.type === "content_block_stop") {
      if (event.index !== open) throw new Error(`block ${event.index} stops while ${open} is open`);
      open = undefined;
      const last = told.at(-1);
      if (last) last.args ||= text;
    }
  }
  if (open !== undefined) throw new Error("a block is left open");
  return told;
}

/** The calls of a Chat Completions stream by their index, which must be dense from 0 and said each time. */
function callsOf(outcome: Outcome): Told[] {
  const told: Told[] = [];
  for (const delta of eventsOf(outcome).flatMap((event) => list(event, "choices.0.delta.tool_calls"))) {
    const { index } = delta;
    if (typeof index !== "number" || index > told.length) throw new Error(`a delta with the index ${index}`);
    if (index === told.length) told.push({ id: delta.id, name: at(delta, "function.name"), args: "" });
    else {
      // What is known already is not said again: as null or "" it would erase what a client has gathered.
      expect(Object.keys(delta)).not.toContain("id");
      expect(Object.keys(delta.function as JsonObject)).not.toContain("name");
    }
    (told[index] as Told).args += at(delta, "function.arguments") ?? "";
  }
  return told;
}

const finishesOf = (outcome: Outcome) =>
  eventsOf(outcome).flatMap((event) => at(event, "choices.0.finish_reason") ?? []);
const stopOf = (outcome: Outcome) => eventsOf(outcome).flatMap((event) => at(event, "delta.stop_reason") ?? []);

test("three streamed calls are three blocks (trap 15)", async () => {
  const chunks = names.flatMap((name, index) => [opened(index, name), piece(index, `{"n":${index}}`)]);
  const blocks = blocksOf(await stream("messages", "chat", [...chunks, ...ended()]));
  expect(blocks.map(({ name, args }) => [name, args])).toEqual([
    ["f", '{"n":0}'],
    ["g", '{"n":1}'],
    ["h", '{"n":2}'],
  ]);
});

test("calls that come interleaved are blocks that do not overlap (trap 16)", async () => {
  const chunks = [opened(0, "f"), opened(1, "g"), piece(0, '{"a"'), piece(1, '{"b"'), piece(0, ":1}"), piece(1, ":2}")];
  const blocks = blocksOf(await stream("messages", "chat", [...chunks, ...ended()]));
  expect(blocks.map(({ name, args }) => [name, args])).toEqual([
    ["f", '{"a":1}'],
    ["g", '{"b":2}'],
  ]);
});

const item = (call_id: string, name: string, args: string) => ({
  ...{ id: `fc_${call_id}`, type: "function_call", call_id, name, arguments: args, status: "completed" },
});

test.each([
  ["responses", responsesStream([item("a", "f", '{"n":0}'), item("b", "g", '{"n":1}')])],
  [
    "messages",
    messagesStream(
      ["f", "g"].flatMap((name, index) => [
        { type: "content_block_start", index, content_block: { type: "tool_use", id: name, name, input: {} } },
        { type: "content_block_delta", index, delta: { type: "input_json_delta", partial_json: `{"n":${index}}` } },
        { type: "content_block_stop", index },
      ]),
      "tool_use",
    ),
  ],
  ["gemini", [geminiAnswer(["f", "g"].map((name, n) => ({ functionCall: { name, args: { n } } })))]],
] as const)("parallel calls of a %s provider count from 0 for a chat client (trap 17)", async (provider, reply) => {
  const calls = callsOf(await stream("chat", provider, [...reply]));
  expect(calls.map(({ name, args }) => [name, args])).toEqual([
    ["f", '{"n":0}'],
    ["g", '{"n":1}'],
  ]);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
});

describe("an answer with calls ends for them", () => {
  const google = [
    geminiAnswer([{ functionCall: { name: "f", args: {} } }], null),
    geminiAnswer([{ text: "" }], "STOP"),
  ];
  const stopped = [opened(0, "f"), piece(0, "{}"), ...ended("stop")];

  test("at a chat client, whatever Google or Responses say (trap 18)", async () => {
    expect(finishesOf(await stream("chat", "gemini", google))).toEqual(["tool_calls"]);
    expect(finishesOf(await stream("chat", "responses", responsesStream([item("a", "f", "{}")])))).toEqual([
      "tool_calls",
    ]);
    const whole = geminiAnswer([{ functionCall: { name: "f", args: {} } }]);
    const { json } = await exchange({ client: "chat", provider: "gemini", body: bodies.chat, reply: whole });
    expect(at(json, "choices.0.finish_reason")).toBe("tool_calls");
  });

  test("at a Messages client, whatever the provider says (trap 19)", async () => {
    expect(stopOf(await stream("messages", "chat", stopped))).toEqual(["tool_use"]);
    expect(stopOf(await stream("messages", "gemini", google))).toEqual(["tool_use"]);
    const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } };
    const reply = chatAnswer({ tool_calls: [call] }, "stop");
    const { json } = await exchange({ client: "messages", provider: "chat", body: bodies.messages, reply });
    expect(json.stop_reason).toBe("tool_use");
  });

  test("once, at its end, also where each chunk names a reason (trap 20)", async () => {
    const chunks = ["a", "b", "c"].map((text) => geminiAnswer([{ text }], "STOP"));
    const chat = await stream("chat", "gemini", chunks);
    expect(finishesOf(chat)).toEqual(["stop"]);
    const texts = eventsOf(chat).flatMap((event) => at(event, "choices.0.delta.content") || []);
    expect(texts.join("")).toBe("abc");
    const messages = await stream("messages", "gemini", chunks);
    expect(stopOf(messages)).toEqual(["end_turn"]);
    expect(eventsOf(messages).filter(({ type }) => type === "message_stop")).toHaveLength(1);
    const responses = await stream("responses", "gemini", chunks);
    expect(eventsOf(responses).filter(({ type }) => type === "response.completed")).toHaveLength(1);
  });
});

/** A call in the pieces of a Messages stream. */
function messagesCall(pieces: string[]): JsonObject[] {
  const block = { type: "tool_use", id: "toolu_1", name: "f", input: {} };
  const deltas = pieces.map((partial_json) => ({
    ...{ type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json } },
  }));
  const frames = [{ type: "content_block_start", index: 0, content_block: block }, ...deltas];
  return messagesStream([...frames, { type: "content_block_stop", index: 0 }], "tool_use");
}

test("the empty input that opens a block is no part of the arguments (trap 21)", async () => {
  const reply = messagesCall(["", '{"a"', ":1}"]);
  expect(callsOf(await stream("chat", "messages", reply)).map(({ args }) => args)).toEqual(['{"a":1}']);
  const events = eventsOf(await stream("responses", "messages", reply));
  const done = events.find(({ type }) => type === "response.output_item.done");
  expect(at(done, "item.arguments")).toBe('{"a":1}');
  const google = eventsOf(await stream("gemini", "messages", reply));
  const call = google.flatMap((event) => at(event, "candidates.0.content.parts.0.functionCall.args") ?? []);
  expect(call).toEqual([{ a: 1 }]);
});

test("a call without arguments has the arguments {} (trap 22)", async () => {
  for (const reply of [messagesCall([]), messagesCall([""])]) {
    expect(callsOf(await stream("chat", "messages", reply)).map(({ args }) => args)).toEqual(["{}"]);
    const events = eventsOf(await stream("responses", "messages", reply));
    expect(events.find(({ type }) => type === "response.function_call_arguments.done")?.arguments).toBe("{}");
    expect(at(events.at(-1), "response.output.0.arguments")).toBe("{}");
  }
  const empty = [opened(0, "f"), ...ended()];
  expect(blocksOf(await stream("messages", "chat", empty)).map(({ args }) => args || "{}")).toEqual(["{}"]);
  const history = [
    { role: "user", content: "go" },
    { role: "assistant", tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "" } }] },
    { role: "tool", tool_call_id: "a", content: "x" },
  ];
  const body = { ...bodies.chat, messages: history };
  const { sent } = await exchange({ client: "chat", provider: "messages", body });
  expect(at(sent, "messages.1.content.0.input")).toEqual({});
});

test("an id or name that later deltas give as null or empty changes nothing (trap 23)", async () => {
  const later = (text: string, id: Json, name: Json) =>
    chatChunk({ tool_calls: [{ index: 0, id, type: null, function: { name, arguments: text } }] });
  const reply = [opened(0, "f"), later('{"a"', null, null), later(":1}", "", ""), ...ended()];
  const [block] = blocksOf(await stream("messages", "chat", reply));
  expect(block).toEqual({ id: "call_f", name: "f", args: '{"a":1}' });
  // And such deltas are never made: `callsOf` looks at every one.
  for (const provider of ["messages", "responses"] as const) {
    const made = provider === "messages" ? messagesCall(['{"a"', ":1}"]) : responsesStream([item("a", "f", '{"a":1}')]);
    expect(callsOf(await stream("chat", provider, made)).map(({ args }) => args)).toEqual(['{"a":1}']);
  }
});

test("deltas without an index find their call, and every delta for a client has one (trap 24)", async () => {
  const bare = (id: string | undefined, name: string | undefined, text: string) =>
    chatChunk({
      tool_calls: [
        { ...(id ? { id, type: "function" } : {}), function: { ...(name ? { name } : {}), arguments: text } },
      ],
    });
  const reply = [
    bare("a", "f", '{"n"'),
    bare(undefined, undefined, ":0}"),
    bare("b", "g", '{"n"'),
    bare("b", undefined, ":1}"),
    ...ended(),
  ];
  expect(blocksOf(await stream("messages", "chat", reply))).toEqual([
    { id: "a", name: "f", args: '{"n":0}' },
    { id: "b", name: "g", args: '{"n":1}' },
  ]);
});

test("a name that comes after the arguments is waited for (trap 25)", async () => {
  const reply = [
    chatChunk({ tool_calls: [{ index: 0, id: "a", type: "function", function: { arguments: '{"n"' } }] }),
    chatChunk({ tool_calls: [{ index: 0, function: { arguments: ":0}" } }] }),
    chatChunk({ tool_calls: [{ index: 0, function: { name: "f" } }] }),
    ...ended(),
  ];
  expect(blocksOf(await stream("messages", "chat", reply))).toEqual([{ id: "a", name: "f", args: '{"n":0}' }]);
});

test("a call without an id has one and the same in all events (trap 26)", async () => {
  const reply = [
    chatChunk({ tool_calls: [{ index: 0, type: "function", function: { name: "f", arguments: '{"n"' } }] }),
    piece(0, ":0}"),
    ...ended(),
  ];
  const events = eventsOf(await stream("responses", "chat", reply));
  const items = [
    at(
      events.find(({ type }) => type === "response.output_item.added"),
      "item",
    ),
    at(
      events.find(({ type }) => type === "response.output_item.done"),
      "item",
    ),
    at(events.at(-1), "response.output.0"),
  ];
  expect(new Set(items.map((one) => at(one, "call_id"))).size).toBe(1);
  expect(at(items[0], "call_id")).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  expect(new Set(items.map((one) => at(one, "id"))).size).toBe(1);
  const [block] = blocksOf(await stream("messages", "chat", reply));
  expect(block?.id).toBe(at(items[0], "call_id"));
});

describe("arguments that were cut by the token limit", () => {
  const chat = [opened(0, "f"), piece(0, '{"path":"a'), ...ended("length")];
  const [start, ...rest] = messagesCall(['{"path":"a']);
  const cut = rest.map((frame) =>
    frame.type === "message_delta" ? { ...frame, delta: { stop_reason: "max_tokens", stop_sequence: null } } : frame,
  );
  const messages = [start as JsonObject, ...cut];

  test.each([
    ["chat", chat],
    ["messages", messages],
  ] as const)("of a %s provider are an incomplete call at a Responses client (trap 27)", async (provider, reply) => {
    const events = eventsOf(await stream("responses", provider, reply));
    expect(events.at(-1)?.type).toBe("response.incomplete");
    expect(at(events.at(-1), "response.incomplete_details.reason")).toBe("max_output_tokens");
    expect(at(events.at(-1), "response.output.0.status")).toBe("incomplete");
    expect(events.filter(({ type }) => type === "response.function_call_arguments.done")).toEqual([]);
  });

  test("are no call to be run at the other clients (trap 27)", async () => {
    expect(stopOf(await stream("messages", "chat", chat))).toEqual(["max_tokens"]);
    expect(finishesOf(await stream("chat", "messages", messages))).toEqual(["length"]);
    const google = eventsOf(await stream("gemini", "chat", chat));
    expect(google.flatMap((event) => at(event, "candidates.0.content.parts.0.functionCall") ?? [])).toEqual([]);
    expect(at(google.at(-1), "candidates.0.finishReason")).toBe("MAX_TOKENS");
  });
});

describe("arguments that are no object", () => {
  const odd = { id: "a", type: "function", function: { name: "f", arguments: "[1,2]" } };
  const history = [
    { role: "user", content: "go" },
    { role: "assistant", tool_calls: [odd] },
    { role: "tool", tool_call_id: "a", content: "x" },
  ];

  test("are wrapped where an object is wanted, and that is told (trap 28)", async () => {
    const body = { ...bodies.chat, messages: history };
    const messages = await exchange({ client: "chat", provider: "messages", body });
    expect(at(messages.sent, "messages.1.content.0.input")).toEqual({ value: [1, 2] });
    expect(messages.told.join()).toContain("emulated");
    const google = await exchange({ client: "chat", provider: "gemini", body });
    expect(at(google.sent, "contents.1.parts.0.functionCall.args")).toEqual({ value: [1, 2] });
    const responses = await exchange({ client: "chat", provider: "responses", body });
    expect(at(responses.sent, "input.1.arguments")).toBe("[1,2]");
  });

  test("break no answer (trap 28)", async () => {
    const reply = chatAnswer({ tool_calls: [odd] }, "tool_calls");
    const whole = await exchange({ client: "messages", provider: "chat", body: bodies.messages, reply });
    expect(at(whole.json, "content.0.input")).toEqual({ value: [1, 2] });
    const streamed = await stream("messages", "chat", [opened(0, "f"), piece(0, "[1,2]"), ...ended()]);
    expect(JSON.parse(blocksOf(streamed)[0]?.args ?? "")).toEqual({ value: [1, 2] });
  });
});

describe("large numbers, their form and the order of keys", () => {
  const args = '{"n":12345678901234567890,"b":1.0,"a":1e3}';

  test("are the same bytes where arguments are text (trap 29)", async () => {
    const call = { id: "a", type: "function", function: { name: "f", arguments: args } };
    const messages = [
      { role: "user", content: "go" },
      { role: "assistant", tool_calls: [call] },
      { role: "tool", tool_call_id: "a", content: "x" },
    ];
    const { sent } = await exchange({ client: "chat", provider: "responses", body: { ...bodies.chat, messages } });
    expect(at(sent, "input.1.arguments")).toBe(args);
    const { model: _model, store: _store, include: _include, ...more } = sent;
    const back = await exchange({ client: "responses", provider: "chat", body: { ...more, store: false } });
    expect(at(back.sent, "messages.1.tool_calls.0.function.arguments")).toBe(args);
    const answered = await stream("responses", "chat", [opened(0, "f"), piece(0, args), ...ended()]);
    expect(at(eventsOf(answered).at(-1), "response.output.0.arguments")).toBe(args);
  });

  test("are the same digits where arguments are an object (trap 29)", async () => {
    const call = { id: "a", type: "function", function: { name: "f", arguments: args } };
    const messages = [
      { role: "user", content: "go" },
      { role: "assistant", tool_calls: [call] },
      { role: "tool", tool_call_id: "a", content: "x" },
    ];
    for (const provider of ["messages", "gemini"] as const) {
      const { sentText } = await exchange({ client: "chat", provider, body: { ...bodies.chat, messages } });
      expect(sentText).toContain(args);
    }
    // And the other way round: the object's text.
    const raw = `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"a","name":"f","input":${args}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}`;
    const reply = () => new Response(raw, { headers: { "content-type": "application/json" } });
    const { json } = await exchange({ client: "chat", provider: "messages", body: bodies.chat, reply });
    expect(at(json, "choices.0.message.tool_calls.0.function.arguments")).toBe(args);
  });
});
