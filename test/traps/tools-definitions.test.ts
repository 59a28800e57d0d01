import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import {
  at,
  chatAnswer,
  chatChunk,
  eventsOf,
  exchange,
  list,
  messagesAnswer,
  type ProtocolName,
  protocolNames,
  responsesAnswer,
} from "./support.ts";

const parameters = { type: "object", properties: {} };
const chatTool = (name: string, more: JsonObject = {}) => ({
  ...{ type: "function", function: { name, parameters, ...more } },
});
const flatTool = (name: string, more: JsonObject = {}) => ({ type: "function", name, parameters, ...more });
const messagesTool = (name: string, more: JsonObject = {}) => ({ name, input_schema: parameters, ...more });

/** A request of each client with these tools, and nothing else. */
function asking(client: ProtocolName, names: string[]): JsonObject {
  switch (client) {
    case "chat":
      return { messages: [{ role: "user", content: "go" }], tools: names.map((name) => chatTool(name)) };
    case "messages":
      return { messages: [{ role: "user", content: "go" }], tools: names.map((name) => messagesTool(name)) };
    case "responses":
      return { input: "go", tools: names.map((name) => flatTool(name, { strict: false })), store: false };
    case "gemini":
      return {
        contents: [{ role: "user", parts: [{ text: "go" }] }],
        tools: names.length === 0 ? [] : [{ functionDeclarations: names.map((name) => ({ name })) }],
      };
  }
}

/** How each client says that it wants at most one call at a time, together with a choice. */
const single: Record<"chat" | "messages" | "responses", (required: boolean) => JsonObject> = {
  chat: (required) => ({ parallel_tool_calls: false, ...(required ? { tool_choice: "required" } : {}) }),
  responses: (required) => ({ parallel_tool_calls: false, ...(required ? { tool_choice: "required" } : {}) }),
  messages: (required) => ({ tool_choice: { type: required ? "any" : "auto", disable_parallel_tool_use: true } }),
};

describe.each(["chat", "responses", "messages"] as const)("a %s client", (client) => {
  test.each(protocolNames.filter((name) => name !== client))(
    "that declares no tools sends neither a choice nor a parallel switch to %s (trap 33)",
    async (provider) => {
      for (const tools of [[], undefined]) {
        const body = { ...asking(client, []), ...(single[client](false) as JsonObject), tools } as JsonObject;
        const { status, sent } = await exchange({ client, provider, body });
        expect(status).toBe(200);
        for (const key of ["tools", "tool_choice", "parallel_tool_calls", "toolConfig"])
          expect(sent[key]).toBeUndefined();
      }
    },
  );

  test.each(["chat", "responses", "messages"] as const)(
    "that wants one call at a time is understood by %s, also where a call is required (trap 35)",
    async (provider) => {
      if (provider === client) return;
      for (const required of [false, true]) {
        const body = { ...asking(client, ["f", "g"]), ...single[client](required) };
        const { sent } = await exchange({ client, provider, body });
        if (provider === "messages") {
          expect(sent.tool_choice).toEqual({ type: required ? "any" : "auto", disable_parallel_tool_use: true });
        } else {
          expect(sent.parallel_tool_calls).toBe(false);
          if (required) expect(sent.tool_choice).toBe("required");
          else expect([undefined, "auto"]).toContain(sent.tool_choice as undefined | string);
        }
      }
    },
  );
});

test("Google has no switch for one call at a time, which is told (trap 35)", async () => {
  const body = { ...asking("chat", ["f"]), parallel_tool_calls: false };
  const { told } = await exchange({ client: "chat", provider: "gemini", body });
  expect(told.join()).toContain("parallel_tool_calls");
});

describe("a subset of allowed tools", () => {
  const subset = (client: "chat" | "responses", mode: string): JsonObject => {
    const tools = ["f", "g"].map((name) =>
      client === "chat" ? { type: "function", function: { name } } : { type: "function", name },
    );
    return client === "chat"
      ? { type: "allowed_tools", allowed_tools: { mode, tools } }
      : { type: "allowed_tools", mode, tools };
  };
  const send = (client: "chat" | "responses", provider: ProtocolName, mode: string) =>
    exchange({ client, provider, body: { ...asking(client, ["f", "g", "h"]), tool_choice: subset(client, mode) } });

  test.each(["auto", "required"])("reaches Chat and Responses in their own forms, mode %s (trap 34)", async (mode) => {
    expect((await send("chat", "responses", mode)).sent.tool_choice).toEqual(subset("responses", mode));
    expect((await send("responses", "chat", mode)).sent.tool_choice).toEqual(subset("chat", mode));
  });

  test.each(["auto", "required"])(
    "are the tools that Messages gets, mode %s, and that is told (trap 34)",
    async (mode) => {
      const { sent, told } = await send("chat", "messages", mode);
      expect(list(sent, "tools").map(({ name }) => name)).toEqual(["f", "g"]);
      expect(sent.tool_choice).toEqual({ type: mode === "auto" ? "auto" : "any" });
      expect(told.join()).toContain("emulated");
    },
  );

  test("leaves Messages every tool that its history calls (trap 34)", async () => {
    const messages = [
      { role: "user", content: "go" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "h", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "a", content: "x" },
    ];
    const body = { ...asking("chat", ["f", "g", "h"]), messages, tool_choice: subset("chat", "auto") };
    const { sent, told } = await exchange({ client: "chat", provider: "messages", body });
    expect(list(sent, "tools")).toHaveLength(3);
    expect(told.join()).toContain("emulated");
  });

  test.each([
    ["auto", "VALIDATED"],
    ["required", "ANY"],
  ])("are names for Google, mode %s is %s (trap 34)", async (mode, wire) => {
    const { sent } = await send("responses", "gemini", mode);
    expect(at(sent, "toolConfig.functionCallingConfig")).toEqual({ mode: wire, allowedFunctionNames: ["f", "g"] });
    expect(list(sent, "tools.0.functionDeclarations")).toHaveLength(3);
  });
});

test.each([
  ["chat", { tool_choice: { type: "function", function: { name: "f" } }, reasoning_effort: "high" }],
  ["responses", { tool_choice: "required", reasoning: { effort: "high" } }],
  [
    "gemini",
    {
      toolConfig: { functionCallingConfig: { mode: "ANY" } },
      generationConfig: { thinkingConfig: { thinkingBudget: 4096 } },
    },
  ],
] as const)("a forced tool of a %s client switches thinking off, and that is told (trap 36)", async (client, more) => {
  const body = { ...asking(client, ["f"]), ...more } as JsonObject;
  const { status, sent, told } = await exchange({ client, provider: "messages", body });
  expect(status).toBe(200);
  expect(["any", "tool"]).toContain(at(sent, "tool_choice.type") as string);
  expect(at(sent, "thinking.type")).not.toBe("enabled");
  expect(told.join()).toContain("dropped");
});

describe("strictness", () => {
  const schema = { type: "object", properties: { a: { type: "string" }, b: { type: "string" } }, required: ["a"] };

  test.each(["chat", "messages", "gemini"] as const)(
    "is said to be off for Responses where a %s client says nothing (trap 37)",
    async (client) => {
      const { sent } = await exchange({ client, provider: "responses", body: asking(client, ["f"]) });
      expect(at(sent, "tools.0.strict")).toBe(false);
    },
  );

  test("that a Responses client leaves out is not turned on elsewhere (trap 37)", async () => {
    const body = { input: "go", tools: [flatTool("f", { parameters: schema })], store: false };
    const chat = await exchange({ client: "responses", provider: "chat", body });
    expect(at(chat.sent, "tools.0.function.strict")).not.toBe(true);
    expect(at(chat.sent, "tools.0.function.parameters")).toEqual(schema);
    const messages = await exchange({ client: "responses", provider: "messages", body });
    expect(at(messages.sent, "tools.0.strict")).not.toBe(true);
    expect(at(messages.sent, "tools.0.input_schema")).toEqual(schema);
  });

  test("that is asked for reaches the providers that have it (trap 37)", async () => {
    const closed = { ...schema, required: ["a", "b"], additionalProperties: false };
    const body = {
      messages: [{ role: "user", content: "go" }],
      tools: [chatTool("f", { parameters: closed, strict: true })],
    };
    expect(at((await exchange({ client: "chat", provider: "responses", body })).sent, "tools.0.strict")).toBe(true);
    expect(at((await exchange({ client: "chat", provider: "messages", body })).sent, "tools.0.strict")).toBe(true);
  });
});

test("what only Messages knows of a tool goes from a Messages client to a Messages provider (trap 38)", async () => {
  const tools = [
    {
      ...messagesTool("f", { description: "d", strict: false, input_examples: [{}], defer_loading: false }),
      ...{ allowed_callers: ["direct"], eager_input_streaming: true },
    },
  ];
  // Members that are newer than the double's rules.
  const body = { ...asking("messages", []), tools };
  const { sentText } = await exchange({ client: "messages", provider: "messages", lenient: true, body });
  expect(sentText).toContain(`"tools":${JSON.stringify(tools)}`);
  const chat = { ...asking("chat", []), tools: [chatTool("f", { strict: true, x_new: 1 })] };
  const kept = await exchange({ client: "chat", provider: "chat", lenient: true, body: chat });
  expect(kept.sentText).toContain(`"tools":${JSON.stringify(chat.tools)}`);
});

test.each(["chat", "responses"] as const)(
  "an object schema without properties gets some at %s (trap 39)",
  async (provider) => {
    for (const input_schema of [{ type: "object" }, { type: "object", properties: null }, {}] as JsonObject[]) {
      const body = { ...asking("messages", []), tools: [{ name: "f", input_schema }] };
      const { status, sent } = await exchange({ client: "messages", provider, body });
      expect(status).toBe(200);
      const schema = at(sent, provider === "chat" ? "tools.0.function.parameters" : "tools.0.parameters");
      expect(schema).toMatchObject({ type: "object", properties: {} });
    }
  },
);

describe("tools that a vendor runs itself", () => {
  const search = { type: "web_search_20250305", name: "web_search", max_uses: 2 };
  const typed = [
    search,
    { type: "bash_20250124", name: "bash" },
    { type: "text_editor_20250728", name: "str_replace_based_edit_tool" },
    { type: "code_execution_20250825", name: "code_execution" },
  ];

  test.each(["chat", "responses", "gemini"] as const)(
    "are the provider's own at %s, or refused, and never a function (trap 45)",
    async (provider) => {
      for (const tool of typed) {
        const body = { ...asking("messages", []), tools: [tool] };
        const { status, json, sent, bodies } = await exchange({ client: "messages", provider, body });
        if (status === 400) {
          expect(bodies).toHaveLength(0);
          expect(at(json, "error.message")).toContain(`"${tool.name}"`);
          continue;
        }
        expect(status).toBe(200);
        const declared = JSON.stringify(sent.tools);
        expect(declared).not.toMatch(/"function"|functionDeclarations|20250/);
        expect(list(sent, "tools")).toHaveLength(1);
      }
    },
  );

  test("web search is mapped where the provider has one (trap 45)", async () => {
    const body = { ...asking("messages", []), tools: [{ type: "web_search_20250305", name: "web_search" }] };
    const responses = await exchange({ client: "messages", provider: "responses", body });
    expect(at(responses.sent, "tools.0.type")).toBe("web_search");
    const google = await exchange({ client: "messages", provider: "gemini", body });
    expect(at(google.sent, "tools.0")).toEqual({ googleSearch: {} });
    const back = { input: "go", tools: [{ type: "web_search" }], store: false };
    const asked = await exchange({ client: "responses", provider: "gemini", body: back });
    expect(at(asked.sent, "tools.0")).toEqual({ googleSearch: {} });
  });

  test("pass to their own vendor as they are (trap 46)", async () => {
    const tools = [...typed, messagesTool("f")];
    const body = { ...asking("messages", []), tools };
    const { sentText } = await exchange({ client: "messages", provider: "messages", lenient: true, body });
    expect(sentText).toContain(`"tools":${JSON.stringify(tools)}`);
    const own = [{ type: "file_search", vector_store_ids: ["vs_1"] }, { type: "image_generation" }];
    const responses = await exchange({
      ...{ client: "responses", provider: "responses", lenient: true },
      body: { input: "go", tools: own, store: false },
    });
    expect(responses.sentText).toContain(`"tools":${JSON.stringify(own)}`);
  });
});

describe("a tool that is declared twice", () => {
  const pairs = protocolNames.flatMap((client) =>
    protocolNames.filter((provider) => provider !== client).map((provider) => ({ client, provider })),
  );

  test.each(pairs)("goes once from $client to $provider (trap 47)", async ({ client, provider }) => {
    const { status, sent } = await exchange({ client, provider, body: asking(client, ["f", "f"]) });
    expect(status).toBe(200);
    const declared = provider === "gemini" ? list(sent, "tools.0.functionDeclarations") : list(sent, "tools");
    expect(declared).toHaveLength(1);
  });

  test.each(["messages", "responses", "gemini"] as const)(
    "in two different ways is refused towards %s (trap 47)",
    async (provider) => {
      const tools = [chatTool("f"), chatTool("f", { description: "another" })];
      const { status, json, bodies } = await exchange({
        client: "chat",
        provider,
        body: { ...asking("chat", []), tools },
      });
      expect(status).toBe(400);
      expect(at(json, "error.param")).toBe("tools.1");
      expect(bodies).toHaveLength(0);
    },
  );
});

describe("a tool's name that OpenAI does not take", () => {
  const name = "a.b:c";
  const longName = `${"server.".repeat(12)}tool`;
  const body = asking("gemini", [name, longName]);
  const legal = {
    ...{ chat: /^[A-Za-z0-9_-]{1,64}$/, responses: /^[A-Za-z0-9_-]{1,64}$/, messages: /^[A-Za-z0-9_-]{1,128}$/ },
  };

  test.each(["chat", "responses", "messages"] as const)(
    "is a legal one at %s and comes back as the client wrote it (trap 48)",
    async (provider) => {
      const wires: string[] = [];
      for (const [which, own] of [name, longName].entries()) {
        const outcome = await exchange({
          ...{ client: "gemini", provider, body },
          reply: (sent) => {
            const tool = list(JSON.parse(sent.body) as JsonObject, "tools")[which] as JsonObject;
            const wire = String(at(tool, "function.name") ?? tool.name);
            wires.push(wire);
            const call = { call_id: "call_1", name: wire, arguments: "{}" };
            switch (provider) {
              case "chat":
                return chatAnswer(
                  { tool_calls: [{ id: "call_1", type: "function", function: { name: wire, arguments: "{}" } }] },
                  "tool_calls",
                );
              case "responses":
                return responsesAnswer([{ id: "fc_1", type: "function_call", status: "completed", ...call }]);
              case "messages":
                return messagesAnswer([{ type: "tool_use", id: "call_1", name: wire, input: {} }], "tool_use");
            }
          },
        });
        expect(wires.at(-1)).toMatch(legal[provider]);
        const parts = list(outcome.json, "candidates.0.content.parts");
        expect(parts.find((part) => part.functionCall !== undefined)).toMatchObject({ functionCall: { name: own } });
      }
      expect(new Set(wires).size).toBe(2);
    },
  );

  test("is the same one in the history and in a stream (trap 48)", async () => {
    const contents = [
      { role: "user", parts: [{ text: "go" }] },
      { role: "model", parts: [{ functionCall: { name, args: {} } }] },
      { role: "user", parts: [{ functionResponse: { name, response: { output: "x" } } }] },
    ];
    const outcome = await exchange({
      ...{ client: "gemini", provider: "chat", stream: true, body: { ...body, contents } },
      reply: (sent) => {
        const wire = String(at(JSON.parse(sent.body) as JsonObject, "tools.0.function.name"));
        const call = { index: 0, id: "call_1", type: "function", function: { name: wire, arguments: "{}" } };
        return [chatChunk({ role: "assistant", tool_calls: [call] }), chatChunk({}, "tool_calls"), "[DONE]"];
      },
    });
    const wire = at(outcome.sent, "tools.0.function.name") as string;
    expect(at(outcome.sent, "messages.1.tool_calls.0.function.name")).toBe(wire);
    const parts = eventsOf(outcome).flatMap((event) => list(event, "candidates.0.content.parts"));
    expect(parts.map((part) => at(part, "functionCall.name")).filter(Boolean)).toEqual([name]);
  });
});
