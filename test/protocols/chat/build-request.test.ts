import { describe, expect, test } from "bun:test";
import type { CallItem, ChatRequest, Item, ResultItem, Seal, Tool } from "../../../src/model/chat.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { Capabilities } from "../../../src/model/target.ts";
import { commonNames, toolNames } from "../../../src/protocols/names.ts";
import { build, canonical, thrown } from "./support.ts";

const call = (callId: string, more: Partial<CallItem> = {}): CallItem => ({
  type: "call",
  kind: "function",
  callId,
  name: "f",
  args: "{}",
  ...more,
});
const result = (callId: string, words: string, more: Partial<ResultItem> = {}): ResultItem => ({
  type: "result",
  kind: "function",
  callId,
  blocks: words === "" ? [] : [{ type: "text", text: words }],
  isError: false,
  ...more,
});
const says = (role: "user" | "assistant" | "system" | "developer", words: string): Item => ({
  type: "message",
  role,
  blocks: [{ type: "text", text: words }],
});
const tool: Tool = { kind: "function", name: "f", schema: { type: "object", properties: {} } };

function messages(items: Item[], can: Partial<Capabilities> = {}): JsonObject[] {
  return build(canonical({ items }), can).body.messages as JsonObject[];
}

function noted(request: Partial<ChatRequest>, can: Partial<Capabilities> = {}): string[] {
  return build(canonical(request), can).notes.list.map((note) => `${note.action} ${note.field}`);
}

describe("turns", () => {
  test("parallel calls, their text and reasoning are one message, results follow in call order", () => {
    const got = messages([
      says("user", "q"),
      says("assistant", "text"),
      call("a"),
      call("b"),
      result("b", "B"),
      result("a", "A"),
      says("user", "next"),
    ]);
    expect(got.map((one) => [one.role, one.content, one.tool_call_id])).toEqual([
      ["user", "q", undefined],
      ["assistant", "text", undefined],
      ["tool", "A", "a"],
      ["tool", "B", "b"],
      ["user", "next", undefined],
    ]);
    expect(got[1]?.tool_calls).toEqual([
      { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
      { id: "b", type: "function", function: { name: "f", arguments: "{}" } },
    ]);
  });

  test("text after a call joins the same message and is told", () => {
    const { body, notes } = build(canonical({ items: [call("a"), says("assistant", "late"), result("a", "A")] }));
    expect((body.messages as JsonObject[]).map((one) => one.role)).toEqual(["assistant", "tool"]);
    expect((body.messages as JsonObject[])[0]).toMatchObject({ content: "late" });
    expect(notes.list).toMatchObject([{ action: "emulated", detail: "reordered" }]);
  });

  test("user and system text between a call and its result goes after the result", () => {
    const got = messages([call("a"), says("user", "u"), says("system", "s"), result("a", "A")]);
    expect(got.map((one) => one.content)).toEqual([null, "A", "u", "s"]);
  });

  test("two texts in a row stay two messages, reasoning goes with the text that follows", () => {
    const seal: Seal = { origin: "chat", form: "details", bytes: '[{"type":"reasoning.text","text":"r"}]' };
    const got = messages([
      says("assistant", "a"),
      { type: "reasoning", text: [], seals: [seal] },
      says("assistant", "b"),
    ]);
    expect(got).toEqual([
      { role: "assistant", content: "a" },
      { role: "assistant", content: "b", reasoning_details: [{ type: "reasoning.text", text: "r" }] },
    ]);
  });

  test("a missing and an orphan result are refused by id, of two results the last one wins", () => {
    expect(thrown(() => messages([call("lost"), says("user", "u")])).message).toContain('"lost"');
    expect(thrown(() => messages([result("orphan", "x")])).message).toContain('"orphan"');
    expect(thrown(() => messages([result("orphan", "x")])).code).toBe("invalid-request");
    const items = [call("a"), result("a", "old", { at: "messages.1" }), result("a", "new")];
    expect(messages(items)[1]).toMatchObject({ content: "new" });
    expect(noted({ items })).toEqual(["dropped messages.1"]);
  });

  test("an id may come again in a later turn", () => {
    const got = messages([call("a"), result("a", "1"), call("a"), result("a", "2")]);
    expect(got.map((one) => one.content)).toEqual([null, "1", null, "2"]);
  });

  test("ids that do not fit are digested, never cut, and stay paired", () => {
    const head = "x".repeat(64);
    const got = messages([call(`${head}1`), call(`${head}2`), result(`${head}1`, "1"), result(`${head}2`, "2")]);
    const ids = (got[0]!.tool_calls as JsonObject[]).map((one) => String(one.id));
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^call_[a-z2-7]{26}$/);
    expect(got.slice(1).map((one) => one.tool_call_id)).toEqual(ids);
  });

  test("arguments go out as they came, without any as {}", () => {
    const args = '{"n":12345678901234567890, "a":1e400,"a":2}';
    const got = messages([call("a", { args }), call("b", { args: "" }), result("a", ""), result("b", "")]);
    expect(got[0]?.tool_calls).toMatchObject([{ function: { arguments: args } }, { function: { arguments: "{}" } }]);
    expect(got[1]).toEqual({ role: "tool", tool_call_id: "a", content: "" });
  });

  test("the head of a longer history has the same bytes", () => {
    const history = [says("system", "s"), says("user", "q"), call("a"), result("a", "A"), says("system", "note")];
    const short = JSON.stringify(messages(history)).slice(0, -1);
    expect(JSON.stringify(messages([...history, says("user", "more")]))).toStartWith(short);
  });

  test("developer messages become system ones where the role is unknown", () => {
    const items = [says("developer", "a"), says("system", "b"), says("developer", "c")];
    expect(messages(items).map((one) => one.role)).toEqual(["developer", "system", "developer"]);
    expect(messages(items, { developerRole: false }).map((one) => [one.role, one.content])).toEqual([
      ["system", "a"],
      ["system", "b"],
      ["system", "c"],
    ]);
  });

  test("instructions are one system message with a part for each block", () => {
    const instructions = [
      { type: "text" as const, text: "a" },
      { type: "text" as const, text: "b" },
    ];
    expect((build(canonical({ instructions })).body.messages as JsonObject[])[0]).toEqual({
      role: "system",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    });
  });

  test("traces of foreign server tools are left out and told", () => {
    const items: Item[] = [
      says("assistant", "a"),
      {
        type: "server-call",
        tool: "web_search",
        callId: "s",
        input: {},
        origin: "messages",
        json: {},
        at: "messages.0.content.1",
      },
    ];
    expect(messages(items)).toEqual([{ role: "assistant", content: "a" }]);
    expect(noted({ items })).toEqual(["dropped messages.0.content.1"]);
  });
});

describe("results", () => {
  test("an error is told in the first line, once", () => {
    const got = messages([
      call("a"),
      call("b"),
      call("c"),
      result("a", "bad", { isError: true }),
      result("b", "[tool error]\nbad", { isError: true }),
      result("c", "", { isError: true }),
    ]);
    expect(got.slice(1).map((one) => one.content)).toEqual(["[tool error]\nbad", "[tool error]\nbad", "[tool error]"]);
  });

  test("images move to one user message after the round, once", () => {
    const image = {
      type: "media" as const,
      kind: "image" as const,
      source: { type: "bytes" as const, data: "aGk=" },
      mime: "image/png",
    };
    const items = [
      call("a"),
      call("b"),
      result("a", "see", { blocks: [{ type: "text", text: "see" }, image] }),
      result("b", "B"),
    ];
    const got = messages(items);
    expect(got.slice(1)).toEqual([
      {
        role: "tool",
        tool_call_id: "a",
        content: [
          { type: "text", text: "see" },
          { type: "text", text: "[image 1 of call a follows]" },
        ],
      },
      { role: "tool", tool_call_id: "b", content: "B" },
      {
        role: "user",
        content: [
          { type: "text", text: "[image 1 of call a]" },
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } },
        ],
      },
    ]);
    expect(JSON.stringify(got).split("aGk=")).toHaveLength(2);
    expect(messages(items, { toolMedia: true })[1]).toMatchObject({
      content: [{ type: "text" }, { type: "image_url" }],
    });
  });
});

describe("parts", () => {
  const part = (block: never): unknown =>
    (messages([{ type: "message", role: "user", blocks: [block] }])[0] as JsonObject).content;
  const table: [string, object, unknown][] = [
    [
      "a PDF gets a file name",
      { type: "media", kind: "document", source: { type: "bytes", data: "aGk=" }, mime: "application/pdf" },
      [{ type: "file", file: { file_data: "data:application/pdf;base64,aGk=", filename: "document.pdf" } }],
    ],
    [
      "a plain text document is text under its title",
      { type: "media", kind: "document", source: { type: "text", text: "body" }, title: "T" },
      "T\n\nbody",
    ],
    [
      "a search result is text",
      { type: "search-result", source: "https://e.x", title: "T", content: [{ type: "text", text: "c" }] },
      "Title: T\nSource: https://e.x\nc",
    ],
    [
      "audio",
      { type: "media", kind: "audio", source: { type: "bytes", data: "aGk=" }, mime: "audio/mpeg" },
      [{ type: "input_audio", input_audio: { data: "aGk=", format: "mp3" } }],
    ],
    [
      "detail",
      { type: "media", kind: "image", source: { type: "url", url: "https://e.x" }, detail: "original" },
      [{ type: "image_url", image_url: { url: "https://e.x", detail: "high" } }],
    ],
  ];
  for (const [name, block, expected] of table) {
    test(name, () => expect(part(block as never)).toEqual(expected));
  }

  const refused: [string, object][] = [
    ["video", { type: "media", kind: "video", source: { type: "bytes", data: "" } }],
    ["a document by URL", { type: "media", kind: "document", source: { type: "url", url: "https://e.x" } }],
    ["a foreign file id", { type: "media", kind: "document", source: { type: "file", id: "f", origin: "messages" } }],
    ["an image by file id", { type: "media", kind: "image", source: { type: "file", id: "f", origin: "chat" } }],
    ["ogg audio", { type: "media", kind: "audio", source: { type: "bytes", data: "" }, mime: "audio/ogg" }],
    ["a foreign block", { type: "opaque", origin: "messages", json: {} }],
  ];
  for (const [name, block] of refused) {
    test(`${name} is refused with its place`, () => {
      const error = thrown(() => part({ ...block, at: "messages.0.content.0" } as never));
      expect([error.code, error.detail.param]).toEqual(["unsupported", "messages.0.content.0"]);
    });
  }
});

describe("reasoning", () => {
  const details = JSON.stringify([{ type: "reasoning.text", text: "r", signature: "s", index: 0 }]);
  const item = (seals: Seal[]): Item => ({ type: "reasoning", text: [{ kind: "raw", text: "r" }], seals, at: "at" });

  test("goes back to the provider that made it, unmodified", () => {
    for (const scope of [undefined, "p/a"]) {
      const seal: Seal = { origin: "chat", form: "details", bytes: details, ...(scope ? { scope } : {}) };
      const got = messages([item([seal]), says("assistant", "x")]);
      expect(JSON.stringify(got[0]?.reasoning_details)).toBe(details);
      expect(got[0]?.reasoning_content).toBeUndefined();
    }
  });

  test("of another provider is left out and told", () => {
    for (const seal of [
      { origin: "chat", form: "details", bytes: details, scope: "p/b" },
      { origin: "messages", form: "signature", bytes: "s" },
      { origin: "chat", form: "signature", bytes: "unopened" },
    ] satisfies Seal[]) {
      const items = [item([seal]), says("assistant", "x")];
      expect(messages(items)).toEqual([{ role: "assistant", content: "x" }]);
      expect(noted({ items })).toEqual(["dropped at"]);
    }
  });

  test("text goes back only where it is asked for", () => {
    const items = [item([]), call("a"), result("a", "A")];
    expect(messages(items, { echoReasoning: true })[0]).toMatchObject({ reasoning_content: "r" });
    expect(messages(items)[0]?.reasoning_content).toBeUndefined();
  });

  test("a call's signature goes back to its provider only", () => {
    const seal: Seal = { origin: "chat", form: "thought", bytes: "S", scope: "p/a" };
    const got = (one: Seal) => messages([call("a", { seals: [one] }), result("a", "")])[0]?.tool_calls;
    expect(got(seal)).toMatchObject([{ extra_content: { google: { thought_signature: "S" } } }]);
    expect(JSON.stringify(got({ ...seal, scope: "other" }))).not.toContain("extra_content");
    expect(JSON.stringify(got({ ...seal, origin: "gemini" }))).not.toContain("extra_content");
  });

  const efforts: [NonNullable<ChatRequest["reasoning"]>, string | undefined][] = [
    [{ mode: "off" }, "none"],
    [{ effort: "xhigh", summary: "auto" }, "xhigh"],
    [{ mode: "budget", budget: 0 }, "none"],
    [{ mode: "budget", budget: 512 }, "minimal"],
    [{ mode: "budget", budget: 1024 }, "low"],
    [{ mode: "budget", budget: 8192 }, "medium"],
    [{ mode: "budget", budget: 24_576 }, "high"],
    [{ mode: "budget", budget: 32_768 }, "xhigh"],
    [{ mode: "budget", budget: 50_000 }, "max"],
    [{ budget: -1 }, undefined],
    [{ mode: "adaptive" }, undefined],
    [{ mode: "between_tools" }, "low"],
  ];
  for (const [reasoning, effort] of efforts) {
    test(`${JSON.stringify(reasoning)} is ${effort}`, () => {
      expect(build(canonical({ reasoning })).body.reasoning_effort).toBe(effort as string);
    });
  }
});

describe("tools", () => {
  test("object schemas get properties, strict only when given", () => {
    const { tools } = build(
      canonical({
        tools: [
          { kind: "function", name: "a" },
          { kind: "function", name: "b", schema: { type: "object" }, strict: false },
        ],
      }),
    ).body;
    expect(tools).toEqual([
      { type: "function", function: { name: "a", parameters: { type: "object", properties: {} } } },
      { type: "function", function: { name: "b", parameters: { type: "object", properties: {} }, strict: false } },
    ]);
  });

  test("a schema beyond the enforced subset is sent unenforced, and told", () => {
    const schema = (more: JsonObject) => ({ type: "object", properties: { a: { type: "string" } }, ...more });
    const strict = (more: JsonObject) =>
      build(
        canonical({
          protocol: "messages",
          tools: [{ kind: "function", name: "f", strict: true, schema: schema(more) }],
        }),
      );
    const enforced = { required: ["a"], additionalProperties: false };
    expect(strict(enforced).body.tools).toMatchObject([{ function: { strict: true } }]);
    for (const more of [
      { additionalProperties: false },
      { required: ["a"] },
      { ...enforced, allOf: [] },
      { ...enforced, $defs: { b: schema({}) } },
    ]) {
      const { body, notes } = strict(more);
      expect(body.tools).toMatchObject([{ function: { strict: false } }]);
      expect(notes.list).toContainEqual({ action: "dropped", field: "tools.0.strict", detail: "beyond_subset" });
    }
  });

  test("choice and parallel switch are left out without tools", () => {
    const bare = build(canonical({ toolChoice: { mode: "auto" }, parallel: false })).body;
    expect([bare.tool_choice, bare.parallel_tool_calls, bare.tools]).toEqual([undefined, undefined, undefined]);
    const full = build(canonical({ tools: [tool], toolChoice: { mode: "required" }, parallel: false })).body;
    expect([full.tool_choice, full.parallel_tool_calls]).toEqual(["required", false]);
  });

  test("the same tool twice is sent once, two tools of one name are refused", () => {
    expect(build(canonical({ tools: [tool, { ...tool }] })).body.tools).toHaveLength(1);
    expect(thrown(() => build(canonical({ tools: [tool, { ...tool, description: "other" }] }))).code).toBe(
      "invalid-request",
    );
  });

  test("illegal names are renamed everywhere, and back", () => {
    const odd: Tool = { ...tool, name: "a.b:c" };
    const spaced: Tool[] = [
      { ...tool, name: "q", namespace: "one" },
      { ...tool, name: "q", namespace: "two" },
    ];
    const tools = [odd, ...spaced];
    const { body, notes } = build(
      canonical({
        tools,
        toolChoice: { mode: "tool", kind: "function", name: "a.b:c" },
        items: [call("x", { name: "a.b:c" }), result("x", "")],
      }),
    );
    const names = toolNames(tools, commonNames);
    const wire = names.toWire("a.b:c");
    expect(wire).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(names.fromWire(wire)).toBe("a.b:c");
    expect(names.fromWire("unknown")).toBe("unknown");
    expect((body.tools as { function: { name: string } }[]).map((one) => one.function.name)).toEqual([
      wire,
      "one__q",
      "two__q",
    ]);
    expect(names.toolOf("two__q")).toBe(spaced[1] as Tool);
    expect(body.tool_choice).toEqual({ type: "function", function: { name: wire } });
    expect(JSON.stringify(body.messages)).toContain(wire);
    expect(notes.list.map((note) => note.field)).toContain("tools.0.name");
  });

  test("freeform tools go out as they are, or as functions with one input", () => {
    const patch: Tool = {
      kind: "custom",
      name: "patch",
      description: "D",
      grammar: { type: "grammar", grammar: { syntax: "lark", definition: "start: x" } },
    };
    const request = canonical({
      tools: [patch],
      toolChoice: { mode: "tool", kind: "custom", name: "patch" },
      items: [call("x", { kind: "custom", name: "patch", args: "*** Begin" }), result("x", "ok", { kind: "custom" })],
    });
    expect(build(request).body).toMatchObject({
      tools: [{ type: "custom", custom: { name: "patch", format: { grammar: { syntax: "lark" } } } }],
      tool_choice: { type: "custom", custom: { name: "patch" } },
      messages: [{ tool_calls: [{ type: "custom", custom: { name: "patch", input: "*** Begin" } }] }, { role: "tool" }],
    });
    const emulated = build(request, { customTools: false });
    expect(emulated.body).toMatchObject({
      tools: [{ type: "function", function: { name: "patch", parameters: { required: ["input"] } } }],
      tool_choice: { type: "function", function: { name: "patch" } },
      messages: [{ tool_calls: [{ function: { arguments: '{"input":"*** Begin"}' } }] }, { role: "tool" }],
    });
    expect(JSON.stringify(emulated.body.tools)).toContain("start: x");
    expect(emulated.notes.list).toMatchObject([{ action: "emulated", field: "tools.0" }]);
  });

  test("a tool that its vendor runs is refused elsewhere", () => {
    const server: Tool = {
      kind: "server",
      name: "web_search",
      origin: "messages",
      json: { type: "web_search_20250305" },
    };
    const error = thrown(() => build(canonical({ tools: [server] })));
    expect([error.code, error.detail.param]).toEqual(["unsupported", "tools.0"]);
    const forced = thrown(() => build(canonical({ tools: [tool, server], toolChoice: { mode: "required" } })));
    expect([forced.code, forced.detail.param]).toEqual(["unsupported", "tools.1"]);
  });

  test("a web search that is offered beside the client's own tools is left out and told", () => {
    const server: Tool = { kind: "server", name: "web_search", origin: "responses", json: { type: "web_search" } };
    const { body, notes } = build(canonical({ tools: [tool, server], toolChoice: { mode: "auto" } }));
    expect(body.tools).toMatchObject([{ type: "function", function: { name: "f" } }]);
    expect(notes.list).toEqual([{ action: "dropped", field: "tools.1", detail: "no_web_search" }]);
  });
});

describe("fields", () => {
  test("the cap, by capability", () => {
    const request = canonical({ sampling: { maxTokens: 9 } });
    expect(build(request).body).toMatchObject({ max_completion_tokens: 9 });
    expect(build(request, { maxCompletionTokens: false }).body).toMatchObject({ max_tokens: 9 });
  });

  test("usage is asked for on streams where that is known", () => {
    expect(build(canonical({ stream: true })).body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(build(canonical({ stream: true }), { streamUsage: false }).body.stream_options).toBeUndefined();
    expect(build(canonical()).body.stream).toBeUndefined();
  });

  test("formats, and what stands for them", () => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const format = { kind: "schema" as const, schema };
    expect(build(canonical({ format })).body.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "response", schema },
    });
    const poor = build(canonical({ format }), { outputSchema: false });
    expect(poor.body.response_format).toEqual({ type: "json_object" });
    expect(JSON.stringify(poor.body.messages)).toContain("JSON Schema");
    expect(poor.notes.list).toMatchObject([{ action: "emulated", field: "format" }]);
    const json = build(canonical({ format: { kind: "json" } }));
    expect((json.body.messages as JsonObject[])[0]).toMatchObject({ role: "system" });
  });

  const told: [string, Partial<ChatRequest>, Partial<Capabilities>, string[]][] = [
    ["top_k", { sampling: { topK: 3 } }, {}, ["dropped sampling.topK"]],
    ["more than four stops", { sampling: { stop: ["1", "2", "3", "4", "5"] } }, {}, ["clamped sampling.stop"]],
    [
      "temperature where it is refused",
      { sampling: { temperature: 1, topP: 1 } },
      { refuses: { temperature: "always", topP: "always" } },
      ["dropped sampling.temperature", "dropped sampling.topP"],
    ],
    ["cache marks", { instructions: [{ type: "text", text: "x", cache: {} }] }, {}, ["dropped cache"]],
    ["an unknown tier", { tier: "turbo" }, {}, ["dropped tier"]],
    ["metadata", { metadata: { a: "b" } }, {}, ["dropped metadata"]],
    ["a long user", { user: "u".repeat(65) }, {}, ["renamed user"]],
    ["safety settings", { ext: { gemini: { safetySettings: [] } } }, {}, ["dropped safetySettings"]],
    ["nothing", { tier: "standard_only", user: "u", ext: { responses: { background: false } } }, {}, []],
  ];
  for (const [name, fields, can, expected] of told) {
    test(`${name}: ${expected.join(", ") || "nothing"} is told`, () => expect(noted(fields, can)).toEqual(expected));
  }

  test("at most four stops go out", () => {
    expect(build(canonical({ sampling: { stop: ["1", "2", "3", "4", "5"] } })).body.stop).toEqual(["1", "2", "3", "4"]);
  });

  for (const [name, fields] of [
    ["mcp_servers", { ext: { messages: { mcp_servers: [{}] } } }],
    ["background", { ext: { responses: { background: true } } }],
    ["modalities", { modalities: ["audio"] }],
  ] as const) {
    test(`${name} is refused`, () => {
      const error = thrown(() => build(canonical(fields as never)));
      expect([error.code, error.detail.param]).toEqual(["unsupported", name]);
    });
  }
});

test("a search among tools is left out, for all that it would find are sent", () => {
  const search = { type: "tool_search_tool_regex_20251119", name: "tool_search_tool_regex" };
  const server = { kind: "server" as const, name: search.name, origin: "messages", json: search };
  const found = { kind: "function" as const, name: "f", defer: true };
  const { body, notes } = build(canonical({ tools: [server, found], toolChoice: { mode: "auto" } }));
  expect(body.tools).toMatchObject([{ type: "function", function: { name: "f" } }]);
  expect(notes.list.map(({ action, field }) => `${action} ${field}`)).toEqual([
    "dropped tools.0",
    "dropped tools.1.defer_loading",
  ]);
  const alone = build(canonical({ tools: [server], toolChoice: { mode: "auto" }, parallel: false })).body;
  expect(Object.keys(alone)).not.toContain("tool_choice");
  expect(Object.keys(alone)).not.toContain("tools");
});
