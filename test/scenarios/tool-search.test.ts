/** Tools that are found in mid-conversation reach every provider, and what tells of them never ends a conversation. */
import { expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { at, exchange, list, type ProtocolName } from "../traps/support.ts";

const user = { role: "user", content: "go" };
const names = (sent: JsonObject) =>
  list(sent, "tools").flatMap((tool) => [
    ...list(tool, "functionDeclarations").map(({ name }) => name),
    ...(tool.functionDeclarations ? [] : [at(tool, "function.name") ?? tool.name]),
  ]);

test.each(["chat", "responses", "gemini"] as const)(
  "what a client of Messages found among its deferred tools is declared at %s",
  async (provider) => {
    const tools = [
      { name: "search", input_schema: { type: "object", properties: { query: { type: "string" } } } },
      { name: "look", input_schema: { type: "object", properties: { at: { type: "string" } } }, defer_loading: true },
    ];
    const call = { type: "tool_use", id: "toolu_1", name: "search", input: { query: "look" } };
    const result = {
      type: "tool_result",
      tool_use_id: "toolu_1",
      content: [{ type: "tool_reference", tool_name: "look" }],
    };
    const added = { type: "tool_addition", tool: { type: "tool_reference", name: "look" } };
    const messages = [
      user,
      { role: "assistant", content: [call] },
      { role: "user", content: [result] },
      { role: "system", content: [added] },
    ];
    const { status, sent, sentText, told } = await exchange({
      client: "messages",
      provider,
      body: { messages, tools },
    });
    expect(status).toBe(200);
    expect(names(sent)).toEqual(["search", "look"]);
    expect(sentText).toContain('There is a tool \\"look\\".');
    expect(told).toContain("emulated messages.2.content.0.content.0");
  },
);

const found = {
  type: "function",
  name: "look",
  parameters: { type: "object", properties: { at: { type: "string" } } },
};
const spaced = { type: "namespace", name: "maps", tools: [{ ...found, name: "draw" }] };
const history = [
  user,
  {
    type: "tool_search_call",
    call_id: "call_1",
    execution: "client",
    arguments: { query: "look" },
    status: "completed",
  },
  {
    ...{ type: "tool_search_output", call_id: "call_1", execution: "client", status: "completed" },
    tools: [found, spaced, { type: "mcp", server_label: "s" }],
  },
  { type: "additional_tools", role: "developer", tools: [{ ...found, name: "late" }] },
  { type: "function_call", call_id: "call_2", name: "draw", namespace: "maps", arguments: "{}" },
  { type: "function_call_output", call_id: "call_2", output: "drawn" },
];

const replies: Partial<Record<ProtocolName, JsonObject>> = {
  messages: {
    ...{ id: "msg_1", type: "message", role: "assistant", model: "m", stop_reason: "tool_use" },
    ...{ content: [{ type: "tool_use", id: "toolu_1", name: "maps__draw", input: {} }], usage: {} },
  },
};

test.each(["chat", "messages", "gemini"] as const)(
  "what a client of Responses found, or was told of later, is declared at %s",
  async (provider) => {
    const body = { input: history, store: false };
    const { status, sent, told } = await exchange({ client: "responses", provider, body });
    expect(status).toBe(200);
    expect(names(sent)).toEqual(["look", "maps__draw", "late"]);
    for (const note of ["emulated input.2", "dropped input.2.tools.2", "emulated input.3"])
      expect(told).toContain(note);
  },
);

test("a search that the client runs is left out elsewhere, and told", async () => {
  const tools = [
    { type: "tool_search", execution: "client", description: "finds tools", parameters: { type: "object" } },
  ];
  for (const provider of ["chat", "messages", "gemini"] as const) {
    const alone = await exchange({ client: "responses", provider, body: { input: "go", store: false, tools } });
    expect([alone.status, alone.sent.tools, alone.sent.tool_choice]).toEqual([200, undefined, undefined]);
    expect(alone.told).toContain("dropped tools.0");
    const { status, sent } = await exchange({
      client: "responses",
      provider,
      body: { input: history, store: false, tools },
    });
    expect([status, names(sent)]).toEqual([200, ["look", "maps__draw", "late"]]);
  }
});

test("a call of a tool that was found has its namespace again", async () => {
  const body = { input: history, store: false };
  const { json } = await exchange({
    client: "responses",
    provider: "messages",
    body,
    reply: replies.messages as JsonObject,
  });
  expect(list(json, "output")[0]).toMatchObject({ type: "function_call", name: "draw", namespace: "maps" });
  expect(json.tools).toEqual([]);
});

test("at home the history stays what it is", async () => {
  const body = { input: history, store: false };
  const { sent } = await exchange({ client: "responses", provider: "responses", lenient: true, body });
  expect(sent.input).toEqual(history);
  expect(sent).not.toHaveProperty("tools");
});
