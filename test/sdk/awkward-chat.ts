/** Requests of Chat Completions that Messages has no equal form for. */
import { expect } from "bun:test";
import type { Seen } from "../support/upstream/script.ts";
import type { Fields } from "../support/upstream/shape.ts";
import { pdf, png } from "./media.ts";

export interface Awkward {
  name: string;
  body: Fields;
  check?(seen: Seen): void;
  /** The parameter that is named by the refusal. */
  refused?: string;
}

const user = (content: unknown = "Hi") => ({ role: "user", content });
const assistant = (content: unknown, more: Fields = {}) => ({ role: "assistant", content, ...more });
const call = (id: string, args = '{"a":1}', name = "f") => ({
  ...{ id, type: "function" },
  function: { name, arguments: args },
});
const result = (id: string, content: unknown = "done") => ({ role: "tool", tool_call_id: id, content });
const tool = (name: string, parameters?: Fields) => ({
  type: "function",
  function: { name, ...(parameters ? { parameters } : {}) },
});
const object = (properties: Fields, more: Fields = {}) => ({ type: "object", properties, ...more });
const tools = [tool("f", object({ a: { type: "integer" } }))];
const loop = (...ids: string[]) => [
  user(),
  assistant(null, { tool_calls: ids.map((id) => call(id)) }),
  ...ids.map((id) => result(id)),
];

const ids: Awkward[] = [
  {
    name: "call ids that the API refuses",
    body: { tools, messages: loop("functions.Bash:0", "functions.Bash:1") },
    check: ({ calls, results }) => {
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
      expect(results.map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
    },
  },
  {
    name: "call ids that come again in every turn",
    body: { tools, messages: [...loop("call_0", "call_1"), assistant("ok"), ...loop("call_0", "call_1")] },
    check: ({ calls, results }) => {
      expect(calls.length).toBe(4);
      expect(results.map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
    },
  },
  {
    name: "results in another order than their calls",
    body: {
      tools,
      messages: [user(), assistant("", { tool_calls: [call("a"), call("b")] }), result("b", "2"), result("a", "1")],
    },
    check: ({ results }) =>
      expect(new Map(results.map((one) => [one.id, one.text]))).toEqual(
        new Map([
          ["b", "2"],
          ["a", "1"],
        ]),
      ),
  },
];

const turns: Awkward[] = [
  { name: "history without tools declared", body: { messages: loop("a") } },
  { name: "leading assistant message", body: { messages: [assistant("Welcome."), user()] } },
  { name: "empty assistant message", body: { messages: [user(), assistant(""), user("still there?")] } },
  { name: "blank assistant message", body: { messages: [user(), assistant(" \n"), user("still there?")] } },
  { name: "empty user message", body: { messages: [user(""), assistant("Hm?"), user("Hi")] } },
  {
    name: "messages of one role in a row",
    body: { messages: [user("a"), user("b"), assistant("c"), assistant("d"), user("e")] },
  },
  {
    name: "prefill that ends in white space",
    body: { messages: [user(), assistant("The answer is ")] },
  },
  {
    name: "prefill beside reasoning",
    body: { messages: [user(), assistant("The answer is")], reasoning_effort: "low" },
  },
  {
    name: "system message in the middle",
    body: {
      messages: [
        { role: "system", content: "S" },
        user("a"),
        assistant("b"),
        { role: "developer", content: "D" },
        user("c"),
      ],
    },
    check: ({ system, said }) => {
      expect(system).toEqual(["S"]);
      expect(said.some((text) => text.includes("D"))).toBe(true);
    },
  },
  {
    name: "system message between a call and its result",
    body: {
      tools,
      messages: [
        user(),
        assistant(null, { tool_calls: [call("a")] }),
        result("a"),
        { role: "system", content: "S" },
        user("go on"),
      ],
    },
  },
  {
    name: "last message of the system",
    body: { messages: [user("a"), assistant("b"), { role: "system", content: "S" }] },
  },
  { name: "conversation of the system alone", body: { messages: [{ role: "system", content: "Say hi." }] } },
  {
    name: "blank system message",
    body: { messages: [{ role: "system", content: "" }, { role: "system", content: " " }, user()] },
  },
  { name: "refusal in the history", body: { messages: [user(), assistant(null, { refusal: "No." }), user("Please")] } },
  {
    name: "names of participants",
    body: { messages: [{ ...user(), name: "ann" }, { ...assistant("a"), name: "bot" }, user()] },
  },
  {
    name: "arguments that are empty",
    body: { tools, messages: [user(), assistant(null, { tool_calls: [call("a", "")] }), result("a")] },
  },
  {
    name: "arguments that are no JSON",
    body: { tools, messages: [user(), assistant(null, { tool_calls: [call("a", '{"a":')] }), result("a")] },
  },
  {
    name: "arguments that are no object",
    body: { tools, messages: [user(), assistant(null, { tool_calls: [call("a", "[1]")] }), result("a")] },
  },
  {
    name: "empty result",
    body: { tools, messages: [user(), assistant(null, { tool_calls: [call("a")] }), result("a", "")] },
  },
  {
    name: "result in parts",
    body: {
      tools,
      messages: [
        user(),
        assistant(null, { tool_calls: [call("a")] }),
        result("a", [
          { type: "text", text: "x" },
          { type: "text", text: "" },
        ]),
      ],
    },
  },
  {
    name: "legacy function call",
    body: {
      functions: [{ name: "f", parameters: object({ a: { type: "integer" } }) }],
      function_call: "auto",
      messages: [
        user(),
        assistant(null, { function_call: { name: "f", arguments: "{}" } }),
        { role: "function", name: "f", content: "1" },
      ],
    },
  },
];

const declared: Awkward[] = [
  { name: "tool without parameters", body: { tools: [tool("f")] } },
  { name: "tool with an empty schema", body: { tools: [tool("f", {})] } },
  {
    name: "property keys that the API refuses",
    body: {
      tools: [
        tool("f", object({ $top: { type: "integer" }, "@odata.type": { type: "string" }, "a b": object({ ü: {} }) })),
      ],
    },
  },
  { name: "tool names that the API refuses", body: { tools: [tool("mcp.server:read"), tool("x".repeat(140))] } },
  { name: "same tool twice", body: { tools: [tool("f"), tool("f")] } },
  {
    name: "strict tool beyond the subset",
    body: {
      tools: [
        {
          type: "function",
          function: {
            name: "f",
            strict: true,
            parameters: object(
              {
                a: { type: "integer", minimum: 1 },
                b: { oneOf: [{ type: "string", maxLength: 3 }, { type: "null" }] },
              },
              { required: ["a", "b"], additionalProperties: false, $schema: "http://json-schema.org/draft-07/schema#" },
            ),
          },
        },
      ],
    },
  },
  {
    name: "freeform tool",
    body: {
      tools: [
        {
          type: "custom",
          custom: { name: "patch", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: /a/" } } },
        },
      ],
    },
  },
  { name: "choice of nothing", body: { tools, tool_choice: "none" } },
  {
    name: "choice of a subset",
    body: {
      tools: [...tools, tool("g")],
      tool_choice: {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "g" } }] },
      },
    },
  },
  { name: "one call at a time", body: { tools, parallel_tool_calls: false } },
  { name: "choice without tools", body: { tool_choice: "auto", parallel_tool_calls: true } },
];

const wishes: Awkward[] = [
  ...["none", "minimal", "low", "medium", "high", "xhigh", "max"].flatMap((reasoning_effort) => [
    { name: `effort ${reasoning_effort}`, body: { reasoning_effort } },
    { name: `effort ${reasoning_effort} in a small room`, body: { reasoning_effort, max_tokens: 500 } },
  ]),
  { name: "reasoning beside sampling", body: { reasoning_effort: "low", temperature: 0.2, top_p: 0.5, top_k: 4 } },
  {
    name: "reasoning beside a forced tool",
    body: { reasoning_effort: "low", tools, tool_choice: { type: "function", function: { name: "f" } } },
  },
  {
    name: "temperature over one",
    body: { temperature: 1.7, top_p: 0.9 },
    check: (seen) => expect(seen.temperature).toBe(1),
  },
  { name: "blank stop", body: { stop: ["\n", "END", ""] }, check: (seen) => expect(seen.stop).toEqual(["END"]) },
  {
    name: "hints of its own",
    body: {
      ...{
        seed: 1,
        presence_penalty: 0.5,
        frequency_penalty: 0.5,
        logit_bias: { "50256": -100 },
        user: "u".repeat(64),
      },
      ...{ service_tier: "flex", prompt_cache_key: "k", verbosity: "low", store: false, metadata: { a: "b" } },
      ...{ safety_identifier: "s", prediction: { type: "content", content: "x" }, n: 1, logprobs: false },
    },
  },
  { name: "log probabilities", body: { logprobs: true }, refused: "logprobs" },
  { name: "JSON without a schema", body: { response_format: { type: "json_object" } } },
  {
    name: "schema beyond the subset",
    body: {
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "a",
          schema: object(
            {
              n: { type: "number", minimum: 1 },
              list: { type: "array", minItems: 2, items: object({ x: { type: "string", pattern: "a" } }) },
            },
            { $schema: "x" },
          ),
        },
      },
    },
  },
];

const image = (url: string) => ({ type: "image_url", image_url: { url } });
const file = (data: Buffer, type: string) => ({
  type: "file",
  file: { filename: "a.pdf", file_data: `data:${type};base64,${data.toString("base64")}` },
});

const media: Awkward[] = [
  { name: "image by its address", body: { messages: [user([image("https://example.com/a.png")])] } },
  {
    name: "image with a wrong media type",
    body: { messages: [user([image(`data:image/jpeg;base64,${png().toString("base64")}`)])] },
    check: ({ images }) => expect(images[0]?.equals(png())).toBe(true),
  },
  {
    name: "image in URL-safe base64 without padding",
    body: { messages: [user([image(`data:image/png;base64,${png().toString("base64url")}`)])] },
    check: ({ images }) => expect(images[0]?.equals(png())).toBe(true),
  },
  { name: "PDF", body: { messages: [user([{ type: "text", text: "read" }, file(pdf, "application/pdf")])] } },
  {
    name: "audio",
    body: { messages: [user([{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }])] },
    refused: "messages.0.content.0",
  },
];

export const awkwardChat: Awkward[] = [...ids, ...turns, ...declared, ...wishes, ...media];
