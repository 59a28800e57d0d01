import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import {
  at,
  chatAnswer,
  chatChunk,
  converse,
  eventsOf,
  exchange,
  geminiAnswer,
  list,
  type ProtocolName,
  protocolNames,
} from "./support.ts";

const safe = /^[A-Za-z0-9_-]{1,64}$/;
const parameters = { type: "object", properties: {} };
const messagesTool = (name: string) => ({ name, input_schema: parameters });
const chatTool = (name: string) => ({ type: "function", function: { name, parameters } });

const call = (id: string, name: string, args = "{}") => ({
  ...{ id, type: "function", function: { name, arguments: args } },
});

/** A Messages history: one turn of calls by id, and their results in the given order. */
function calledTurn(ids: string[], answered = ids): JsonObject[] {
  return [
    { role: "user", content: "go" },
    { role: "assistant", content: ids.map((id) => ({ type: "tool_use", id, name: "Bash", input: { n: id } })) },
    { role: "user", content: answered.map((id) => ({ type: "tool_result", tool_use_id: id, content: `of ${id}` })) },
  ];
}

test("a foreign tool id is made legal and its pair stays intact (trap 1)", async () => {
  const [first, second] = await converse(
    {
      client: "messages",
      provider: "chat",
      reply: chatAnswer({ tool_calls: [call("functions.Bash:0", "Bash")] }, "tool_calls"),
    },
    [
      { messages: [{ role: "user", content: "go" }], tools: [messagesTool("Bash")] },
      (before) => ({
        messages: [
          { role: "user", content: "go" },
          { role: "assistant", content: at(before.json, "content") as JsonObject[] },
          {
            role: "user",
            content: [{ type: "tool_result", tool_use_id: at(before.json, "content.0.id") as string, content: "done" }],
          },
        ],
        tools: [messagesTool("Bash")],
      }),
    ],
  );
  const id = at(first?.json, "content.0.id") as string;
  expect(id).toMatch(safe);
  expect(second?.status).toBe(200);
  expect(at(second?.sent, "messages.1.tool_calls.0.id")).toBe(id);
  expect(at(second?.sent, "messages.2.tool_call_id")).toBe(id);
  // What a client kept of before reaches a provider with a stricter rule as the same id.
  const history = [
    { role: "user", content: "go" },
    { role: "assistant", content: null, tool_calls: [call("functions.Bash:0", "Bash")] },
    { role: "tool", tool_call_id: "functions.Bash:0", content: "done" },
  ];
  const strict = await exchange({
    client: "chat",
    provider: "messages",
    body: { messages: history, tools: [chatTool("Bash")] },
  });
  expect(strict.status).toBe(200);
  expect(at(strict.sent, "messages.1.content.0.id")).toBe(id);
  expect(at(strict.sent, "messages.2.content.0.tool_use_id")).toBe(id);
});

test("the id of a streamed call is made legal, too (trap 1)", async () => {
  const reply = [
    chatChunk({ role: "assistant", tool_calls: [{ index: 0, ...call("Bash:0", "Bash", "{}") }] }),
    chatChunk({}, "tool_calls"),
    "[DONE]",
  ];
  const body = { messages: [{ role: "user", content: "go" }], tools: [messagesTool("Bash")] };
  const events = eventsOf(await exchange({ client: "messages", provider: "chat", body, reply, stream: true }));
  const block = events.find(({ type }) => type === "content_block_start");
  expect(at(block, "content_block.id")).toMatch(safe);
});

const head = `mcp__${"server_with_a_long_name__".repeat(3)}`;
const long = [`${head}_first`, `${head}_second`];

test.each(["chat", "responses"] as const)(
  "call ids of more than 64 characters stay distinct and paired at a %s provider (traps 2 and 3)",
  async (provider) => {
    const body = { messages: calledTurn(long, [...long].reverse()), tools: [messagesTool("Bash")] };
    const { sent, status } = await exchange({ client: "messages", provider, body });
    expect(status).toBe(200);
    const [calls, results] =
      provider === "chat"
        ? [
            list(sent, "messages.1.tool_calls").map((one) => [one.id, at(one, "function.arguments")]),
            list(sent, "messages")
              .filter(({ role }) => role === "tool")
              .map((one) => [one.tool_call_id, one.content]),
          ]
        : [
            list(sent, "input")
              .filter(({ type }) => type === "function_call")
              .map((one) => [one.call_id, one.arguments]),
            list(sent, "input")
              .filter(({ type }) => type === "function_call_output")
              .map((one) => [one.call_id, one.output]),
          ];
    expect(new Set(calls.map(([id]) => id)).size).toBe(2);
    for (const [id] of calls) expect(id).toMatch(safe);
    for (const [index, original] of long.entries()) {
      expect(calls[index]?.[1]).toContain(original);
      const result = results.find(([id]) => id === calls[index]?.[0]);
      expect(result?.[1]).toBe(`of ${original}`);
    }
  },
);

test("a signature of 4 KB does not travel in the call's id (trap 4)", async () => {
  const thoughtSignature = Buffer.alloc(3072, 9).toString("base64");
  const reply = geminiAnswer([{ functionCall: { name: "Bash", args: {} }, thoughtSignature }]);
  const bodies: Record<string, JsonObject> = {
    chat: { messages: [{ role: "user", content: "go" }], tools: [chatTool("Bash")] },
    messages: { messages: [{ role: "user", content: "go" }], tools: [messagesTool("Bash")] },
    responses: { input: "go", tools: [{ type: "function", name: "Bash", parameters }] },
  };
  const paths = { chat: "choices.0.message.tool_calls.0.id", messages: "content", responses: "output" };
  for (const client of ["chat", "messages", "responses"] as const) {
    const { json, text } = await exchange({ client, provider: "gemini", body: bodies[client] as JsonObject, reply });
    const found = at(json, paths[client]);
    const one = Array.isArray(found)
      ? found.find((item) => /tool_use|function_call/.test(`${at(item, "type")}`))
      : undefined;
    const id = Array.isArray(found) ? (at(one, "call_id") ?? at(one, "id")) : found;
    expect(id).toMatch(safe);
    // It is not lost either.
    expect(text.length).toBeGreaterThan(thoughtSignature.length);
  }
});

const declared = { tools: [{ functionDeclarations: [{ name: "get_weather" }, { name: "get_time" }] }] };
const others = protocolNames.filter((name): name is Exclude<ProtocolName, "gemini"> => name !== "gemini");

/** Ids of calls and of results as the provider got them. */
function idsAt(provider: Exclude<ProtocolName, "gemini">, sent: JsonObject): { calls: string[]; results: string[][] } {
  if (provider === "responses") {
    const items = list(sent, "input");
    return {
      calls: items.filter(({ type }) => type === "function_call").map((one) => String(one.call_id)),
      results: items
        .filter(({ type }) => type === "function_call_output")
        .map((one) => [String(one.call_id), String(one.output)]),
    };
  }
  const messages = list(sent, "messages");
  if (provider === "chat") {
    return {
      calls: messages.flatMap((one) => list(one, "tool_calls").map(({ id }) => String(id))),
      results: messages
        .filter(({ role }) => role === "tool")
        .map((one) => [String(one.tool_call_id), String(one.content)]),
    };
  }
  const blocks = messages.flatMap((one) => list(one, "content"));
  return {
    calls: blocks.filter(({ type }) => type === "tool_use").map(({ id }) => String(id)),
    results: blocks
      .filter(({ type }) => type === "tool_result")
      .map((one) => [String(one.tool_use_id), JSON.stringify(one.content)]),
  };
}

describe.each(others)("a %s provider", (provider) => {
  test("gets an id for a call that came without one, which no other call of the history has (trap 5)", async () => {
    const contents = [
      { role: "user", parts: [{ text: "go" }] },
      { role: "model", parts: [{ functionCall: { id: "call_1", name: "get_weather", args: { n: 1 } } }] },
      {
        role: "user",
        parts: [{ functionResponse: { id: "call_1", name: "get_weather", response: { output: "one" } } }],
      },
      { role: "model", parts: [{ functionCall: { name: "get_weather", args: { n: 2 } } }] },
      { role: "user", parts: [{ functionResponse: { name: "get_weather", response: { output: "two" } } }] },
    ];
    const { sent, status } = await exchange({ client: "gemini", provider, body: { contents, ...declared } });
    expect(status).toBe(200);
    const { calls, results } = idsAt(provider, sent);
    expect(calls[0]).toBe("call_1");
    expect(new Set(calls).size).toBe(2);
    expect(results.map(([id]) => id)).toEqual(calls);
    expect(results[1]?.[1]).toContain("two");
  });

  test("gets two ids for two calls of one function, and their results are not swapped (trap 6)", async () => {
    const contents = [
      { role: "user", parts: [{ text: "go" }] },
      {
        role: "model",
        parts: ["Rome", "Oslo"].map((city) => ({ functionCall: { name: "get_weather", args: { city } } })),
      },
      {
        role: "user",
        parts: ["warm", "cold"].map((output) => ({ functionResponse: { name: "get_weather", response: { output } } })),
      },
    ];
    const { sent } = await exchange({ client: "gemini", provider, body: { contents, ...declared } });
    const { calls, results } = idsAt(provider, sent);
    expect(new Set(calls).size).toBe(2);
    expect(results[0]?.[0]).toBe(calls[0] as string);
    expect(results[0]?.[1]).toContain("warm");
    expect(results[1]?.[0]).toBe(calls[1] as string);
    expect(results[1]?.[1]).toContain("cold");
  });
});

test("two parallel calls of one function from Gemini have two ids at every client (trap 6)", async () => {
  const parts = ["Rome", "Oslo"].map((city) => ({ functionCall: { name: "get_weather", args: { city } } }));
  for (const stream of [false, true]) {
    const reply = stream
      ? parts.map((part, index) => geminiAnswer([part], index === 1 ? "STOP" : null))
      : geminiAnswer(parts);
    const body = { messages: [{ role: "user", content: "go" }], tools: [chatTool("get_weather")] };
    const outcome = await exchange({ client: "chat", provider: "gemini", body, reply, stream });
    const calls = stream
      ? eventsOf(outcome).flatMap((event) => list(event, "choices.0.delta.tool_calls").filter(({ id }) => id))
      : list(outcome.json, "choices.0.message.tool_calls");
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  }
});

test("a function response has the name that its call had anywhere in the history (trap 7)", async () => {
  const messages = [
    ...calledTurn(["toolu_1"]),
    { role: "assistant", content: [{ type: "tool_use", id: "toolu_2", name: "Read", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_2", content: "text" }] },
  ];
  const body = { messages, tools: [messagesTool("Bash"), messagesTool("Read")] };
  const { sent } = await exchange({ client: "messages", provider: "gemini", body });
  const parts = list(sent, "contents").flatMap((content) => list(content, "parts"));
  expect(parts.flatMap((part) => at(part, "functionResponse.name") ?? [])).toEqual(["Bash", "Read"]);
});
