import { describe, expect, test } from "bun:test";
import type { Item } from "../../../src/model/chat.ts";
import { build, canonical, parse, thrown } from "./support.ts";

const hello = [{ role: "user", content: "hi" }];

function items(messages: unknown[]): Item[] {
  return parse({ model: "m", messages }).items;
}

describe("a client's request", () => {
  test("sampling and hints", () => {
    const request = parse({
      model: "m",
      messages: hello,
      max_tokens: 5,
      max_completion_tokens: 7,
      temperature: 0.5,
      top_p: null,
      n: 2,
      stop: "END",
      seed: 3,
      logprobs: true,
      top_logprobs: 2,
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" }, strict: true } },
      reasoning_effort: "high",
      prompt_cache_key: "k",
      service_tier: "flex",
      prediction: { type: "content", content: "x" },
      made_up: 1,
      audio: null,
    });
    expect(request).toMatchObject({
      sampling: { maxTokens: 7, temperature: 0.5, n: 2, stop: ["END"], seed: 3 },
      logprobs: { want: true, top: 2 },
      stream: true,
      includeUsage: true,
      format: { kind: "schema", name: "n", strict: true },
      reasoning: { effort: "high" },
      cache: { key: "k" },
      tier: "flex",
    });
    expect(request.sampling.topP).toBeUndefined();
    expect(request.ext).toEqual({
      chat: {
        prediction: { type: "content", content: "x" },
        made_up: 1,
        stream_options: { include_obfuscation: false },
      },
    });
  });

  test("roles stay where they are, also repeated system messages", () => {
    const roles = items([
      { role: "system", content: "a" },
      { role: "developer", content: [{ type: "text", text: "b" }] },
      { role: "user", content: "c", name: "bob" },
      { role: "system", content: "d" },
    ]).map((item) => item.type === "message" && [item.role, item.name, item.at]);
    expect(roles).toEqual([
      ["system", undefined, "messages.0"],
      ["developer", undefined, "messages.1"],
      ["user", "bob", "messages.2"],
      ["system", undefined, "messages.3"],
    ]);
  });

  test("parts: images, sound, files, unknown ones, cache marks", () => {
    const [item] = items([
      {
        role: "user",
        content: [
          { type: "text", text: "t", cache_control: { type: "ephemeral", ttl: "1h" } },
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk_-w", detail: "low" } },
          { type: "image_url", image_url: { url: "https://e.x/a.png" } },
          { type: "input_audio", input_audio: { data: "aGk=", format: "wav" } },
          { type: "file", file: { file_data: "data:application/pdf;base64,aGk=", filename: "a.pdf" } },
          { type: "file", file: { file_id: "file-1" } },
          { type: "video_url", video_url: { url: "https://e.x" } },
        ],
      },
    ]);
    expect(item?.type === "message" && item.blocks).toEqual([
      {
        type: "text",
        text: "t",
        at: "messages.0.content.0",
        cache: { ttl: "1h" },
        ext: { chat: { cache_control: { type: "ephemeral", ttl: "1h" } } },
      },
      {
        type: "media",
        kind: "image",
        source: { type: "bytes", data: "aGk/+w==" },
        mime: "image/png",
        detail: "low",
        at: "messages.0.content.1",
      },
      { type: "media", kind: "image", source: { type: "url", url: "https://e.x/a.png" }, at: "messages.0.content.2" },
      {
        type: "media",
        kind: "audio",
        source: { type: "bytes", data: "aGk=" },
        mime: "audio/wav",
        at: "messages.0.content.3",
      },
      {
        type: "media",
        kind: "document",
        source: { type: "bytes", data: "aGk=" },
        mime: "application/pdf",
        name: "a.pdf",
        at: "messages.0.content.4",
      },
      {
        type: "media",
        kind: "document",
        source: { type: "file", id: "file-1", origin: "chat" },
        at: "messages.0.content.5",
      },
      {
        type: "opaque",
        origin: "chat",
        json: { type: "video_url", video_url: { url: "https://e.x" } },
        at: "messages.0.content.6",
      },
    ]);
  });

  test("an assistant turn is reasoning, then text, then calls, then results", () => {
    const list = items([
      {
        role: "assistant",
        content: "text",
        reasoning_content: "why",
        tool_calls: [
          {
            id: "c1",
            type: "function",
            function: { name: "f", arguments: "" },
            extra_content: { google: { thought_signature: "S" } },
          },
          { id: "c2", type: "custom", custom: { name: "p", input: "raw" } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "[tool error]\nbad" },
      { role: "tool", tool_call_id: "c2", content: [{ type: "text", text: "ok" }] },
    ]);
    expect(list).toMatchObject([
      { type: "reasoning", text: [{ kind: "raw", text: "why" }], seals: [], at: "messages.0" },
      { type: "message", role: "assistant", blocks: [{ text: "text" }] },
      {
        type: "call",
        callId: "c1",
        args: "",
        seals: [{ origin: "chat", form: "thought", bytes: "S" }],
        at: "messages.0.tool_calls.0",
      },
      { type: "call", kind: "custom", callId: "c2", args: "raw" },
      { type: "result", callId: "c1", isError: true, plain: true, blocks: [{ text: "bad" }] },
      { type: "result", callId: "c2", isError: false, blocks: [{ text: "ok" }] },
    ]);
  });

  test("empty content beside calls is no message", () => {
    for (const content of ["", null, undefined, []]) {
      const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
      expect(items([{ role: "assistant", content, tool_calls: [call] }]).map((item) => item.type)).toEqual(["call"]);
    }
  });

  test("details of a provider stay one list, entries of Plexus are taken apart", () => {
    const native = [
      { type: "reasoning.text", text: "a", signature: "s", index: 0 },
      { type: "reasoning.encrypted", data: "d", index: 1 },
    ];
    const own = { type: "reasoning.text", text: "b", signature: "envelope", format: "plexus", index: 2 };
    const list = items([{ role: "assistant", content: "x", reasoning_details: [...native, own] }]);
    expect(list.slice(0, 2)).toMatchObject([
      {
        text: [{ kind: "raw", text: "a" }],
        seals: [{ origin: "chat", form: "details", bytes: JSON.stringify(native) }],
      },
      { text: [{ kind: "raw", text: "b" }], seals: [{ origin: "chat", form: "signature", bytes: "envelope" }] },
    ]);
  });

  test("an empty legacy call, as some servers write it, is no call", () => {
    const { items } = parse({
      model: "m",
      messages: [
        { role: "user", content: "q" },
        { role: "assistant", content: "a", function_call: { name: "", arguments: "" } },
      ],
    });
    expect(items.map((item) => item.type)).toEqual(["message", "message"]);
  });

  test("legacy functions are tools, their calls and results pair by name", () => {
    const request = parse({
      model: "m",
      functions: [{ name: "f", parameters: { type: "object", properties: {} } }],
      function_call: { name: "f" },
      messages: [
        { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
        { role: "function", name: "f", content: "42" },
      ],
    });
    expect(request.tools).toMatchObject([{ kind: "function", name: "f" }]);
    expect(request.toolChoice).toEqual({ mode: "tool", kind: "function", name: "f" });
    const [call, result] = request.items;
    expect(call?.type === "call" && result?.type === "result" && call.callId === result.callId).toBe(true);
    const { messages } = build({ ...request, protocol: "chat" }).body;
    expect(messages).toMatchObject([{ role: "assistant" }, { role: "tool", content: "42" }]);
  });

  const choices: [unknown, unknown][] = [
    ["auto", { mode: "auto" }],
    ["none", { mode: "none" }],
    ["required", { mode: "required" }],
    [
      { type: "function", function: { name: "f" } },
      { mode: "tool", kind: "function", name: "f" },
    ],
    [
      { type: "custom", custom: { name: "f" } },
      { mode: "tool", kind: "custom", name: "f" },
    ],
    [
      {
        type: "allowed_tools",
        allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "f" } }] },
      },
      { mode: "subset", required: true, names: ["f"] },
    ],
  ];
  for (const [choice, expected] of choices) {
    test(`tool_choice ${JSON.stringify(choice)}`, () => {
      const tools = [{ type: "function", name: "f", parameters: { type: "object", properties: {} } }];
      const request = parse({ model: "m", messages: hello, tools, tool_choice: choice });
      expect(request.toolChoice).toEqual(expected as never);
      expect(request.tools).toMatchObject([{ kind: "function", name: "f" }]);
      const again = build({ ...request, tools: [...request.tools] }).body.tool_choice;
      const wanted = JSON.stringify(choice).replaceAll("custom", "function");
      expect(JSON.stringify(again)).toBe(wanted);
    });
  }

  test("numbers that were kept as their source text are numbers", () => {
    const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON("1.0");
    expect(parse({ model: "m", messages: hello, temperature: raw }).sampling.temperature).toBe(1);
  });

  const wrong: [string, unknown, string][] = [
    ["no model", { messages: hello }, "model"],
    ["an empty model", { model: "", messages: hello }, "model"],
    ["no messages", { model: "m" }, "messages"],
    ["empty messages", { model: "m", messages: [] }, "messages"],
    ["messages that are text", { model: "m", messages: "hi" }, "messages"],
    ["a message that is text", { model: "m", messages: ["hi"] }, "messages.0"],
    ["an unknown role", { model: "m", messages: [{ role: "boss", content: "x" }] }, "messages.0.role"],
    ["content that is a number", { model: "m", messages: [{ role: "user", content: 3 }] }, "messages.0.content"],
    ["a part without type", { model: "m", messages: [{ role: "user", content: [{}] }] }, "messages.0.content.0.type"],
    ["a tool message without id", { model: "m", messages: [{ role: "tool", content: "" }] }, "messages.0.tool_call_id"],
    ["stream that is text", { model: "m", messages: hello, stream: "yes" }, "stream"],
    ["a hot temperature", { model: "m", messages: hello, temperature: "hot" }, "temperature"],
    ["n of zero", { model: "m", messages: hello, n: 0 }, "n"],
    ["a negative cap", { model: "m", messages: hello, max_tokens: -1 }, "max_tokens"],
    [
      "a tool without name",
      { model: "m", messages: hello, tools: [{ type: "function", function: {} }] },
      "tools.0.function.name",
    ],
    ["an unknown effort", { model: "m", messages: hello, reasoning_effort: "much" }, "reasoning_effort"],
    ["an unknown format", { model: "m", messages: hello, response_format: { type: "xml" } }, "response_format.type"],
    ["stops that are numbers", { model: "m", messages: hello, stop: ["a", 1] }, "stop.1"],
    [
      "broken base64",
      {
        model: "m",
        messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,!!" } }] }],
      },
      "messages.0.content.0.image_url.url",
    ],
  ];
  for (const [name, body, param] of wrong) {
    test(`${name} is refused with its field`, () => {
      const error = thrown(() => parse(body));
      expect(error.code).toBe("invalid-request");
      expect(error.detail.param).toBe(param);
      expect(error.status).toBe(400);
      expect(error.message).toContain(param);
    });
  }
});

test("the canonical request of a bare question", () => {
  expect(parse({ model: "m", messages: hello })).toEqual(
    canonical({
      protocol: "chat",
      model: "m",
      items: [
        {
          type: "message",
          role: "user",
          blocks: [{ type: "text", text: "hi", at: "messages.0.content" }],
          at: "messages.0",
        },
      ],
    }),
  );
});
