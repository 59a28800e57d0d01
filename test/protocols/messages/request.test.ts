import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/model/json.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { failure, parse } from "./support.ts";

const user = { role: "user", content: "hi" };
const items = (list: JsonObject[]) => parse({ messages: list }).items;

describe("reading a Messages request", () => {
  test("texts, media and calls become items that know where they stood", () => {
    const read = items([
      user,
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "", signature: "sig" },
          { type: "text", text: "a" },
          { type: "text", text: "b" },
          { type: "tool_use", id: "t1", name: "look", input: { x: 1 }, caller: { type: "direct" } },
          { type: "text", text: "c" },
          { type: "server_tool_use", id: "s1", name: "web_search", input: {} },
          { type: "web_search_tool_result", tool_use_id: "s1", content: [] },
          { type: "mystery", data: 1 },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: "ok", is_error: true },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "data:image/png;base64,iV BO\n" } },
        ],
      },
      { role: "system", content: "mid" },
    ]);
    expect(read).toMatchObject([
      { type: "message", role: "user", at: "messages.0", blocks: [{ text: "hi", at: "messages.0.content" }] },
      { type: "reasoning", at: "messages.1.content.0", text: [], seals: [{ form: "signature", bytes: "sig" }] },
      { type: "message", blocks: [{ text: "a" }, { text: "b", at: "messages.1.content.2" }] },
      { type: "call", callId: "t1", args: '{"x":1}', caller: { type: "direct" } },
      { type: "message", blocks: [{ text: "c" }] },
      { type: "server-call", tool: "web_search" },
      { type: "server-result", tool: "web_search" },
      { type: "opaque", origin: "messages", role: "assistant", json: { type: "mystery" } },
      { type: "result", callId: "t1", plain: true, isError: true, at: "messages.2.content.0" },
      { type: "message", blocks: [{ type: "media", kind: "image", source: { type: "bytes", data: "iVBO" } }] },
      { type: "message", role: "system", at: "messages.3" },
    ]);
    expect(read).toHaveLength(11);
  });

  test("the other fields find their places", () => {
    const request = parse({
      messages: [user],
      system: [{ type: "text", text: "s", cache_control: { type: "ephemeral", ttl: "1h" } }],
      max_tokens: 5,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 3,
      stop_sequences: ["x"],
      stream: true,
      metadata: { user_id: "u" },
      service_tier: "standard_only",
      cache_control: { type: "ephemeral" },
      thinking: { type: "enabled", budget_tokens: 2048, display: "omitted" },
      output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object" } }, task_budget: 9 },
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      tools: [
        {
          name: "f",
          input_schema: { type: "object" },
          strict: true,
          input_examples: [{}],
          cache_control: { type: "ephemeral" },
        },
        { type: "bash_20250124", name: "bash" },
        { type: "computer_toolset_20260801" },
      ],
      context_management: { edits: [] },
      speed: null,
    });
    expect(request).toMatchObject({
      ...{ protocol: "messages", model: "alias", stream: true, user: "u", tier: "default", parallel: false },
      instructions: [{ type: "text", text: "s", cache: { ttl: "1h" }, at: "system.0" }],
      sampling: { maxTokens: 5, temperature: 0.5, topP: 0.9, topK: 3, stop: ["x"] },
      reasoning: { mode: "budget", budget: 2048, display: "omitted", effort: "high" },
      format: { kind: "schema", schema: { type: "object" } },
      toolChoice: { mode: "required" },
      cache: { auto: {} },
      ext: { messages: { context_management: { edits: [] }, output_config: { task_budget: 9 } } },
    });
    expect(request.tools).toMatchObject([
      { kind: "function", name: "f", strict: true, cache: {}, ext: { messages: { input_examples: [{}] } } },
      { kind: "server", name: "bash", origin: "messages", json: { type: "bash_20250124" } },
      { kind: "server", name: "computer_toolset_20260801" },
    ]);
    expect(request.ext?.messages).not.toHaveProperty("speed");
  });

  test("the older spelling of the output format is read too", () => {
    const format = { type: "json_schema", schema: { type: "object" } };
    expect(parse({ messages: [user], output_format: format }).format).toEqual({
      kind: "schema",
      schema: format.schema,
    });
  });

  test("numbers written as 1.0 are numbers", () => {
    const raw = (JSON as unknown as { rawJSON(text: string): number }).rawJSON;
    const request = parse({ messages: [user], temperature: raw("1.0"), max_tokens: raw("100.0") });
    expect(request.sampling).toEqual({ maxTokens: 100, temperature: 1 });
  });

  test.each([
    [{ messages: [user], model: "" }, "model"],
    [{ messages: [user], max_tokens: -1 }, "max_tokens"],
    [{ messages: [user], max_tokens: 1.5 }, "max_tokens"],
    [{ messages: [user], max_tokens: "5" }, "max_tokens"],
    [{ messages: [] }, "messages"],
    [{ messages: "hi" }, "messages"],
    [{}, "messages"],
    [{ messages: [{ role: "tool", content: "x" }] }, "messages.0.role"],
    [{ messages: [{ role: "user", content: 5 }] }, "messages.0.content"],
    [{ messages: [{ role: "user", content: ["x"] }] }, "messages.0.content.0"],
    [{ messages: [{ role: "user", content: [{ type: "text", text: 1 }] }] }, "messages.0.content.0.text"],
    [
      { messages: [{ role: "user", content: [{ type: "image", source: { type: "ftp" } }] }] },
      "messages.0.content.0.source.type",
    ],
    [
      { messages: [{ role: "assistant", content: [{ type: "tool_use", id: "a", name: "b", input: "c" }] }] },
      "messages.0.content.0.input",
    ],
    [{ messages: [{ role: "user", content: [{ type: "tool_result" }] }] }, "messages.0.content.0.tool_use_id"],
    [{ messages: [user], system: [{ type: "image" }] }, "system.0.source"],
    [{ messages: [user], thinking: { type: "sometimes" } }, "thinking.type"],
    [{ messages: [user], output_config: { effort: "extreme" } }, "output_config.effort"],
    [{ messages: [user], tools: [{}] }, "tools.0.name"],
    [{ messages: [user], tool_choice: { type: "tool" } }, "tool_choice.name"],
    [{ messages: [user], stop_sequences: [1] }, "stop_sequences.0"],
    [{ messages: [user], cache_control: { type: "forever" } }, "cache_control.type"],
    [{ messages: [user], stream: "yes" }, "stream"],
  ] as [JsonObject, string][])("%j is refused at %s", (body, param) => {
    const error = failure(() => parse(body));
    expect(error).toMatchObject({ code: "invalid-request", detail: { param } });
    expect(error.message.startsWith(`${param}: `)).toBe(true);
  });

  test("a request without max_tokens is refused before anything is routed", () => {
    expect(failure(() => messages.open({ model: "m", messages: [user] }))).toMatchObject({
      detail: { param: "max_tokens" },
    });
    expect(messages.open({ model: "m", max_tokens: 0, messages: [user] })).toEqual({ model: "m", stream: false });
  });
});
