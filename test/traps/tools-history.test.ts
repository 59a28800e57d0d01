import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { at, exchange, list, protocolNames } from "./support.ts";

const parameters = { type: "object", properties: {} };
const chatTools = ["f", "g", "h"].map((name) => ({ type: "function", function: { name, parameters } }));
const messagesTools = ["f", "g", "h"].map((name) => ({ name, input_schema: parameters }));
const responsesTools = ["f", "g", "h"].map((name) => ({ type: "function", name, parameters, strict: false }));
const geminiTools = [{ functionDeclarations: ["f", "g", "h"].map((name) => ({ name })) }];

/** The smallest picture. */
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const call = (id: string, name: string) => ({ id, type: "function", function: { name, arguments: "{}" } });
const use = (id: string, name: string) => ({ type: "tool_use", id, name, input: {} });
const result = (id: string, content: string, more: JsonObject = {}) => ({
  ...{ type: "tool_result", tool_use_id: id, content, ...more },
});
const asked = { role: "user", content: "go" };

describe("parallel results towards Google", () => {
  test("are one content with a part for each call, in the calls' order (trap 8)", async () => {
    const messages = [
      asked,
      { role: "assistant", content: null, tool_calls: [call("a", "f"), call("b", "g"), call("c", "h")] },
      { role: "tool", tool_call_id: "c", content: "of h" },
      { role: "tool", tool_call_id: "a", content: "of f" },
      { role: "tool", tool_call_id: "b", content: "of g" },
    ];
    const { sent } = await exchange({ client: "chat", provider: "gemini", body: { messages, tools: chatTools } });
    expect(list(sent, "contents")).toHaveLength(3);
    const parts = list(sent, "contents.2.parts");
    expect(parts.map((part) => at(part, "functionResponse.name"))).toEqual(["f", "g", "h"]);
    expect(parts.map((part) => at(part, "functionResponse.response.output"))).toEqual(["of f", "of g", "of h"]);
  });

  test("are not joined by a picture of one of them, which follows in a content of its own (trap 9)", async () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: png } };
    const messages = [
      asked,
      { role: "assistant", content: [use("a", "f"), use("b", "g")] },
      { role: "user", content: [{ ...result("a", ""), content: [image] }, result("b", "of g")] },
    ];
    const body = { messages, tools: messagesTools };
    const { sent, sentText } = await exchange({ client: "messages", provider: "gemini", body });
    const responses = list(sent, "contents.2.parts");
    expect(responses).toHaveLength(2);
    expect(responses.every((part) => part.functionResponse !== undefined)).toBe(true);
    expect(sentText.split(png)).toHaveLength(2);
    const more = list(sent, "contents.3.parts");
    expect(more.some((part) => at(part, "inlineData.data") === png)).toBe(true);
  });
});

describe("calls of a Responses history towards a chat provider", () => {
  const items = (middle: JsonObject[]): JsonObject[] => [
    { role: "user", content: "go" },
    ...middle,
    { type: "function_call_output", call_id: "a", output: "of f" },
    { type: "function_call_output", call_id: "b", output: "of g" },
  ];
  const [first, second] = [
    { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
    { type: "function_call", call_id: "b", name: "g", arguments: "{}" },
  ] as [JsonObject, JsonObject];
  const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: "I look." }] };
  const send = (input: JsonObject[]) =>
    exchange({ client: "responses", provider: "chat", body: { input, tools: responsesTools, store: false } });

  test("that are parallel are one assistant message, and their results follow (trap 10)", async () => {
    const { sent } = await send(items([first, second]));
    expect(list(sent, "messages").map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool"]);
    expect(list(sent, "messages.1.tool_calls").map(({ id }) => id)).toEqual(["a", "b"]);
    expect(list(sent, "messages").slice(2)).toMatchObject([
      { tool_call_id: "a", content: "of f" },
      { tool_call_id: "b", content: "of g" },
    ]);
  });

  test.each([
    ["text then calls", [said, first, second]],
    ["calls then text", [first, second, said]],
    ["text between calls", [first, said, second]],
  ])("keep the text of their turn in the same message: %s (trap 11)", async (how, middle) => {
    const { sent, told } = await send(items(middle));
    expect(list(sent, "messages").map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool"]);
    expect(at(sent, "messages.1.content")).toBe("I look.");
    expect(list(sent, "messages.1.tool_calls")).toHaveLength(2);
    // That its place is lost is told.
    expect(told.length > 0).toBe(how !== "text then calls");
  });
});

test("results come first where a Messages user wrote before them (trap 12)", async () => {
  const messages = [
    asked,
    { role: "assistant", content: [use("a", "f")] },
    { role: "user", content: [{ type: "text", text: "Well?" }, result("a", "of f")] },
  ];
  const body = { messages, tools: messagesTools };
  const chat = await exchange({ client: "messages", provider: "chat", body });
  expect(list(chat.sent, "messages").slice(2)).toMatchObject([
    { role: "tool", tool_call_id: "a", content: "of f" },
    { role: "user", content: "Well?" },
  ]);
  const google = await exchange({ client: "messages", provider: "gemini", body });
  expect(at(google.sent, "contents.2.parts.0.functionResponse.name")).toBe("f");
  expect(google.sentText.indexOf("of f")).toBeLessThan(google.sentText.indexOf("Well?"));
  const responses = await exchange({ client: "messages", provider: "responses", body });
  expect(responses.sentText).toContain("of f");
  expect(responses.sentText.indexOf('"function_call"')).toBeLessThan(responses.sentText.indexOf("of f"));
});

describe("towards a Messages provider", () => {
  test("the results of one round are one user message, before what the user says (trap 13)", async () => {
    const messages = [
      asked,
      { role: "assistant", content: null, tool_calls: [call("a", "f"), call("b", "g")] },
      { role: "tool", tool_call_id: "a", content: "of f" },
      { role: "tool", tool_call_id: "b", content: "of g" },
      { role: "user", content: "And?" },
    ];
    const { sent } = await exchange({ client: "chat", provider: "messages", body: { messages, tools: chatTools } });
    expect(list(sent, "messages").map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(list(sent, "messages.2.content").map(({ type }) => type)).toEqual(["tool_result", "tool_result", "text"]);
  });
});

describe("of two results of one call", () => {
  const bodies: Record<string, JsonObject> = {
    chat: {
      messages: [
        asked,
        { role: "assistant", content: null, tool_calls: [call("a", "f")] },
        { role: "tool", tool_call_id: "a", content: "early" },
        { role: "tool", tool_call_id: "a", content: "late" },
      ],
      tools: chatTools,
    },
    messages: {
      messages: [
        asked,
        { role: "assistant", content: [use("a", "f")] },
        { role: "user", content: [result("a", "early"), result("a", "late")] },
      ],
      tools: messagesTools,
    },
    responses: {
      input: [
        asked,
        { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "a", output: "early" },
        { type: "function_call_output", call_id: "a", output: "late" },
      ],
      tools: responsesTools,
    },
    gemini: {
      contents: [
        { role: "user", parts: [{ text: "go" }] },
        { role: "model", parts: [{ functionCall: { id: "a", name: "f", args: {} } }] },
        {
          role: "user",
          parts: ["early", "late"].map((output) => ({
            functionResponse: { id: "a", name: "f", response: { output } },
          })),
        },
      ],
      tools: geminiTools,
    },
  };
  const pairs = protocolNames.flatMap((client) =>
    protocolNames.filter((provider) => provider !== client).map((provider) => ({ client, provider })),
  );
  test.each(pairs)("the last one goes from $client to $provider, and that is told (trap 14)", async (pair) => {
    const { status, sentText, told } = await exchange({ ...pair, body: bodies[pair.client] as JsonObject });
    expect(status).toBe(200);
    expect(sentText).toContain("late");
    expect(sentText).not.toContain("early");
    expect(told.length).toBeGreaterThan(0);
  });
});

describe("what a tool gave", () => {
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: png } };
  const messages = [
    asked,
    { role: "assistant", content: [use("a", "f"), use("b", "g")] },
    {
      role: "user",
      content: [{ ...result("a", ""), content: [{ type: "text", text: "seen" }, image] }, result("b", "of g")],
    },
  ];

  test.each(["chat", "responses", "gemini"] as const)(
    "keeps its picture at a %s provider, once, behind the results (trap 30)",
    async (provider) => {
      const body = { messages, tools: messagesTools };
      const { sent, sentText } = await exchange({ client: "messages", provider, body });
      expect(sentText.split(png)).toHaveLength(2);
      expect(sentText).toContain("seen");
      if (provider !== "chat") return;
      expect(list(sent, "messages").map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool", "user"]);
      const parts = list(sent, "messages.4.content");
      expect(parts.some((part) => at(part, "image_url.url") === `data:image/png;base64,${png}`)).toBe(true);
    },
  );

  test.each(["chat", "messages", "responses"] as const)(
    "is text for Google when it is JSON with references, from a %s client (trap 31)",
    async (client) => {
      const text = '{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}';
      const bodies = {
        chat: {
          messages: [
            asked,
            { role: "assistant", content: null, tool_calls: [call("a", "f")] },
            { role: "tool", tool_call_id: "a", content: text },
          ],
          tools: chatTools,
        },
        messages: {
          messages: [
            asked,
            { role: "assistant", content: [use("a", "f")] },
            { role: "user", content: [result("a", text)] },
          ],
          tools: messagesTools,
        },
        responses: {
          input: [
            asked,
            { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
            { type: "function_call_output", call_id: "a", output: text },
          ],
          tools: responsesTools,
        },
      };
      const { sent } = await exchange({ client, provider: "gemini", body: bodies[client] });
      expect(at(sent, "contents.2.parts.0.functionResponse.response")).toEqual({ output: text });
    },
  );

  test("stays an error where the protocol has no field for it, and becomes one again (trap 32)", async () => {
    const failed = [
      asked,
      { role: "assistant", content: [use("a", "f")] },
      { role: "user", content: [result("a", "no such file", { is_error: true })] },
    ];
    const body = { messages: failed, tools: messagesTools };
    const chat = await exchange({ client: "messages", provider: "chat", body });
    const text = at(chat.sent, "messages.2.content") as string;
    expect(text).toEndWith("no such file");
    expect(text).not.toBe("no such file");
    const { model: _model, ...sent } = chat.sent;
    const back = await exchange({ client: "chat", provider: "messages", body: sent });
    expect(at(back.sent, "messages.2.content.0")).toMatchObject({ is_error: true, tool_use_id: "a" });
    expect(back.sentText).toContain("no such file");
    expect(back.sentText).not.toContain(text.split("\n")[0] as string);
    const responses = await exchange({ client: "messages", provider: "responses", body });
    const output = list(responses.sent, "input").find(({ type }) => type === "function_call_output");
    expect(output?.output).toBe(text);
    expect(output?.status).not.toBe("incomplete");
    const google = await exchange({ client: "messages", provider: "gemini", body });
    expect(at(google.sent, "contents.2.parts.0.functionResponse.response")).toEqual({ error: "no such file" });
  });
});
