/** Requests of Messages that Chat Completions has no equal form for. */
import { expect } from "bun:test";
import type { Fields } from "../support/upstream/shape.ts";
import type { Awkward } from "./awkward-chat.ts";
import { pdf, png } from "./media.ts";

const user = (content: unknown = "Hi") => ({ role: "user", content });
const assistant = (content: unknown) => ({ role: "assistant", content });
const text = (words: string, more: Fields = {}) => ({ type: "text", text: words, ...more });
const use = (id: string, name = "f") => ({ type: "tool_use", id, name, input: { a: 1 } });
const result = (id: string, content?: unknown, more: Fields = {}) => ({
  ...{ type: "tool_result", tool_use_id: id },
  ...(content === undefined ? {} : { content }),
  ...more,
});
const tool = (name: string, more: Fields = {}, properties: Fields = { a: { type: "integer" } }) => ({
  ...{ name, input_schema: { type: "object", properties } },
  ...more,
});
const tools = [tool("f")];
const mark = { cache_control: { type: "ephemeral" } };
const base64 = (type: string, bytes: Buffer) => ({ type: "base64", media_type: type, data: bytes.toString("base64") });
const image = { type: "image", source: base64("image/png", png()) };
const document = { type: "document", source: base64("application/pdf", pdf), title: "T", context: "C" };
const loop = (...content: unknown[]) => [user(), assistant([use("toolu_1")]), user(content)];

const turns: Awkward[] = [
  {
    name: "image in a result",
    body: { tools, messages: loop(result("toolu_1", [text("see"), image])) },
    check: ({ images, results }) => {
      expect(images.map((one) => one.equals(png()))).toEqual([true]);
      expect(results.length).toBe(1);
    },
  },
  { name: "document in a result", body: { tools, messages: loop(result("toolu_1", [document])) } },
  {
    name: "images in two results and words after them",
    body: {
      tools,
      messages: [
        user(),
        assistant([text("a"), use("toolu_1"), use("toolu_2")]),
        user([result("toolu_1", [image]), result("toolu_2", [image]), text("compare")]),
      ],
    },
    check: ({ images, results, said }) => {
      expect([images.length, results.length]).toEqual([2, 2]);
      expect(said.at(-1)).toContain("compare");
    },
  },
  { name: "failed result", body: { tools, messages: loop(result("toolu_1", "boom", { is_error: true })) } },
  { name: "result without content", body: { tools, messages: loop(result("toolu_1")) } },
  { name: "empty results", body: { tools, messages: loop(result("toolu_1", [])) } },
  { name: "result with an empty text", body: { tools, messages: loop(result("toolu_1", [text("")])) } },
  {
    name: "search result",
    body: {
      messages: [user([{ type: "search_result", source: "https://a", title: "A", content: [text("x")] }, text("?")])],
    },
  },
  { name: "history without tools declared", body: { messages: loop(result("toolu_1", "x")) } },
  {
    name: "words after a call",
    body: { tools, messages: [user(), assistant([use("a"), text("later")]), user([result("a", "x")])] },
  },
  { name: "empty assistant message", body: { messages: [user(), assistant([]), user("still?")] } },
  { name: "blank assistant message", body: { messages: [user(), assistant(""), user("still?")] } },
  {
    name: "messages of one role in a row",
    body: { messages: [user("a"), user([text("b")]), assistant("c"), assistant("d"), user()] },
  },
  {
    name: "system message in the middle",
    body: { messages: [user("a"), { role: "system", content: "S" }, assistant("b"), user()] },
  },
  { name: "prefill", body: { messages: [user(), assistant("The answer is")] } },
  {
    name: "calls of one turn in two messages",
    body: {
      tools,
      messages: [user(), assistant([use("a")]), assistant([use("b")]), user([result("a", "1"), result("b", "2")])],
    },
  },
  {
    name: "long call ids",
    body: { tools, messages: [user(), assistant([use("x".repeat(80))]), user([result("x".repeat(80), "1")])] },
    check: ({ calls, results }) => expect(results[0]?.id).toBe(calls[0]?.id ?? ""),
  },
  {
    name: "proofs of others",
    body: {
      messages: [
        user(),
        assistant([
          { type: "thinking", thinking: "t", signature: "EqQB" },
          { type: "redacted_thinking", data: "x" },
          text("a"),
        ]),
        user(),
      ],
    },
    check: ({ proofs }) => expect(proofs).toEqual([]),
  },
  {
    name: "turn of thinking alone",
    body: { messages: [user(), assistant([{ type: "thinking", thinking: "t", signature: "EqQB" }]), user()] },
  },
  {
    name: "PDF, plain text and image by address",
    body: {
      messages: [
        user([
          document,
          { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } },
          { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
          text("?"),
        ]),
      ],
    },
  },
];

const declared: Awkward[] = [
  { name: "tool without properties", body: { tools: [{ name: "f", input_schema: { type: "object" } }] } },
  {
    name: "long tool name",
    body: { tools: [tool("x".repeat(100))], tool_choice: { type: "tool", name: "x".repeat(100) } },
  },
  {
    name: "tool with extras",
    body: {
      tools: [
        tool("f", {
          ...mark,
          ...{ type: "custom", description: "d", input_examples: [{ a: 1 }], eager_input_streaming: true },
        }),
      ],
    },
  },
  {
    name: "strict tool with an optional property",
    body: {
      tools: [
        {
          name: "f",
          strict: true,
          input_schema: { type: "object", properties: { a: { type: "string" } }, additionalProperties: false },
        },
      ],
    },
  },
  { name: "one call at a time", body: { tools, tool_choice: { type: "any", disable_parallel_tool_use: true } } },
  { name: "choice of nothing", body: { tools, tool_choice: { type: "none" } } },
  { name: "choice without tools", body: { tool_choice: { type: "auto", disable_parallel_tool_use: true } } },
  { name: "empty list of tools", body: { tools: [] } },
];

const wishes: Awkward[] = [
  {
    name: "many cache marks",
    body: { system: [text("a", mark), text("b", mark)], messages: [user([text("c", mark), text("d", mark)])], ...mark },
  },
  {
    name: "five stop sequences",
    body: { stop_sequences: ["p", "q", "r", "s", "t"] },
    check: ({ stop }) => expect(stop).toEqual(["p", "q", "r", "s"]),
  },
  { name: "sampling", body: { temperature: 1, top_k: 5 } },
  { name: "top_p", body: { top_p: 0.9 }, check: ({ temperature }) => expect(temperature).toBeUndefined() },
  { name: "user id", body: { metadata: { user_id: JSON.stringify({ device: "d".repeat(80), session: "s" }) } } },
  { name: "service tier", body: { service_tier: "standard_only" } },
  { name: "place of inference", body: { inference_geo: "eu" }, refused: "inference_geo" },
  ...[1024, 2000, 2999].map((budget_tokens) => ({
    name: `thinking with ${budget_tokens} tokens`,
    body: { thinking: { type: "enabled", budget_tokens, display: "omitted" } },
  })),
  { name: "adaptive thinking", body: { thinking: { type: "adaptive" }, output_config: { effort: "max" } } },
  { name: "thinking between tools", body: { thinking: { type: "between_tools" }, tools } },
  {
    name: "thinking switched off",
    body: { thinking: { type: "disabled" } },
    check: ({ thinks }) => expect(thinks).toBe(false),
  },
  { name: "effort alone", body: { output_config: { effort: "low" } } },
  {
    name: "schema without a name",
    body: {
      output_config: {
        format: { type: "json_schema", schema: { type: "object", properties: {}, additionalProperties: false } },
      },
    },
  },
  { name: "blank system text", body: { system: "" } },
  {
    name: "MCP servers",
    body: { mcp_servers: [{ type: "url", url: "https://a", name: "a" }] },
    refused: "mcp_servers",
  },
  { name: "web search", body: { tools: [{ type: "web_search_20250305", name: "web_search" }] }, refused: "web_search" },
];

export const awkwardMessages: Awkward[] = [...turns, ...declared, ...wishes];
