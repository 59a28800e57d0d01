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
  messagesAnswer,
  messagesStream,
  type Outcome,
  parsed,
  type Reply,
} from "./support.ts";

const grammar = { type: "grammar", syntax: "lark", definition: 'start: begin hunk+ end\nbegin: "*** Begin Patch" LF' };
const patch = '*** Begin Patch\n*** Add File: a.txt\n+say "hi" \\ π\n*** End Patch';
const codexTool = { type: "custom", name: "apply_patch", description: "Edits files.", format: grammar };

/** Chat servers that know freeform tools, and those that do not. */
const providers = [
  { name: "chat", provider: "chat", host: "up.example" },
  { name: "older chat", provider: "chat", host: "api.deepseek.com" },
  { name: "messages", provider: "messages", host: "up.example" },
  { name: "gemini", provider: "gemini", host: "up.example" },
] as const;
type Provider = (typeof providers)[number];

/** A call of a function with these arguments, whole or as a stream in pieces. */
function calls(provider: Provider["provider"], name: string, args: JsonObject, stream: boolean): Reply {
  const text = JSON.stringify(args);
  const pieces = [text.slice(0, 7), text.slice(7, 20), text.slice(20)];
  switch (provider) {
    case "chat": {
      const head = { index: 0, id: "call_1", type: "function", function: { name, arguments: "" } };
      if (!stream) return chatAnswer({ tool_calls: [{ ...head, function: { name, arguments: text } }] }, "tool_calls");
      const deltas = pieces.map((piece) => chatChunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }));
      return [chatChunk({ role: "assistant", tool_calls: [head] }), ...deltas, chatChunk({}, "tool_calls"), "[DONE]"];
    }
    case "messages": {
      const block = { type: "tool_use", id: "call_1", name, input: {} };
      if (!stream) return messagesAnswer([{ ...block, input: args }], "tool_use");
      const deltas = pieces.map((piece) => ({
        ...{ type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: piece } },
      }));
      const frames = [{ type: "content_block_start", index: 0, content_block: block }, ...deltas];
      return messagesStream([...frames, { type: "content_block_stop", index: 0 }], "tool_use");
    }
    case "gemini": {
      const whole = geminiAnswer([{ functionCall: { name, args } }]);
      return stream ? [whole] : whole;
    }
  }
}

/** A freeform call in the form of a chat server that knows them. */
function freeform(stream: boolean): Reply {
  const head = { index: 0, id: "call_1", type: "custom", custom: { name: "apply_patch", input: "" } };
  if (!stream)
    return chatAnswer({ tool_calls: [{ ...head, custom: { name: "apply_patch", input: patch } }] }, "tool_calls");
  const deltas = [patch.slice(0, 9), patch.slice(9)].map((input) =>
    chatChunk({ tool_calls: [{ index: 0, custom: { input } }] }),
  );
  return [chatChunk({ role: "assistant", tool_calls: [head] }), ...deltas, chatChunk({}, "tool_calls"), "[DONE]"];
}

/** The items of the answer, whose stream must have told the same. */
function outputOf(outcome: Outcome, stream: boolean): JsonObject[] {
  expect(outcome.status).toBe(200);
  if (!stream) return list(outcome.json, "output");
  const events = eventsOf(outcome);
  const done = events.filter(({ type }) => type === "response.output_item.done").map(({ item }) => item as JsonObject);
  expect(list(events.at(-1), "response.output")).toEqual(done);
  expect(events.at(-1)?.type).toBe("response.completed");
  return done;
}

/** Declarations as the provider got them, each with its words and its schema. */
function declared(provider: Provider["provider"], sent: JsonObject) {
  const all = provider === "gemini" ? list(sent, "tools.0.functionDeclarations") : list(sent, "tools");
  return all.map((one) => {
    const body = (one.function ?? one.custom ?? one) as JsonObject;
    return {
      name: String(body.name),
      description: String(body.description ?? ""),
      schema: (body.parameters ?? body.input_schema ?? body.parametersJsonSchema) as JsonObject | undefined,
      json: JSON.stringify(one),
    };
  });
}

const both = [false, true];
const wire = ["whole", "streamed"] as const;

describe.each(providers)("Codex and a $name provider", ({ provider, host, name }) => {
  for (const stream of both) {
    const how = wire[Number(stream)];
    test(`a freeform tool reaches the model with its grammar and its call comes back as raw text, ${how} (trap 40)`, async () => {
      const reply = name === "chat" ? freeform(stream) : calls(provider, "apply_patch", { input: patch }, stream);
      const body = { input: "edit", tools: [codexTool], store: false };
      const outcome = await exchange({ client: "responses", provider, host, body, reply, stream });
      const [tool] = declared(provider, outcome.sent);
      expect(tool?.name).toBe("apply_patch");
      expect(tool?.json).toContain(JSON.stringify(grammar.definition).slice(1, -1));
      if (name !== "chat") {
        expect(tool?.description).toStartWith("Edits files.");
        // The grammar itself, not JSON of it.
        expect(tool?.description).toEndWith(grammar.definition);
        expect(at(tool?.schema, "properties.input.type")).toBe("string");
      }
      const output = outputOf(outcome, stream).filter(({ type }) => type !== "reasoning");
      expect(output).toHaveLength(1);
      expect(output[0]).toMatchObject({
        type: "custom_tool_call",
        name: "apply_patch",
        input: patch,
        status: "completed",
      });
      if (!stream) return;
      const events = eventsOf(outcome);
      const deltas = events.filter(({ type }) => type === "response.custom_tool_call_input.delta");
      expect(deltas.map(({ delta }) => delta).join("")).toBe(patch);
      expect(events.find(({ type }) => type === "response.custom_tool_call_input.done")?.input).toBe(patch);
      expect(events.some(({ type }) => String(type).includes("function_call"))).toBe(false);
    });
  }

  test("a freeform call and its result are replayed, and no word of Responses is sent (traps 41 and 42)", async () => {
    const input = [
      { role: "user", content: "edit" },
      { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: patch },
      { type: "custom_tool_call_output", call_id: "call_1", output: "Done!" },
    ];
    const body = { input, tools: [codexTool], store: false };
    const { status, sent, sentText } = await exchange({ client: "responses", provider, host, body });
    expect(status).toBe(200);
    const asked: Record<string, JsonObject> = {
      chat: { type: "custom", custom: { name: "apply_patch", input: patch } },
      "older chat": {
        type: "function",
        function: { name: "apply_patch", arguments: JSON.stringify({ input: patch }) },
      },
      messages: { type: "tool_use", id: "call_1", name: "apply_patch", input: { input: patch } },
      gemini: { functionCall: { name: "apply_patch", args: { input: patch } } },
    };
    const places = {
      chat: ["messages.1.tool_calls.0", "messages.2.content"],
      messages: ["messages.1.content.0", "messages.2.content.0.content"],
      gemini: ["contents.1.parts.0", "contents.2.parts.0.functionResponse.response.output"],
    }[provider] as [string, string];
    expect(at(sent, places[0])).toMatchObject(asked[name] as JsonObject);
    expect(at(sent, places[1])).toBe("Done!");
    expect(sentText).not.toMatch(/custom_tool_call|responses_|input_text|function_call_output/);
  });

  const shells: [string, JsonObject, JsonObject, JsonObject][] = [
    [
      "shell",
      { commands: ["ls -a", "pwd"] },
      { action: { commands: ["ls -a", "pwd"], timeout_ms: null, max_output_length: null } },
      { type: "shell_call_output", output: [{ stdout: "a", stderr: "b", outcome: { type: "exit", exit_code: 2 } }] },
    ],
    [
      "local_shell",
      { command: ["ls", "-a"], working_directory: "/tmp" },
      { action: { type: "exec", command: ["ls", "-a"], working_directory: "/tmp", env: {} } },
      { type: "local_shell_call_output", output: "a\nb\n[exit code 2]" },
    ],
    [
      "apply_patch",
      { type: "update_file", path: "a.txt", diff: "@@\n-a\n+b" },
      { operation: { type: "update_file", path: "a.txt", diff: "@@\n-a\n+b" } },
      { type: "apply_patch_call_output", status: "completed", output: "a\nb\n[exit code 2]" },
    ],
  ];
  for (const [type, args, native, result] of shells) {
    for (const stream of both) {
      const how = wire[Number(stream)];
      test(`the ${type} tool is a function and its call comes back as its own item, ${how} (trap 44)`, async () => {
        const reply = calls(provider, type, args, stream);
        const [first, second] = await converse({ client: "responses", provider, host, reply, stream }, [
          { input: "go", tools: [{ type }], tool_choice: "required", store: false },
          (before) => {
            const items = outputOf(before, stream).filter((item) => item.type === `${type}_call`);
            const output = { ...result, call_id: items[0]?.call_id as string };
            return { input: [{ role: "user", content: "go" }, ...items, output], tools: [{ type }], store: false };
          },
        ]);
        const [tool] = declared(provider, first?.sent ?? {});
        expect(tool?.name).toBe(type);
        expect(tool?.description).not.toBe("");
        expect(Object.keys(args).every((key) => at(tool?.schema, `properties.${key}`) !== undefined)).toBe(true);
        const items = outputOf(first as Outcome, stream).filter((item) => item.type !== "reasoning");
        expect(items).toHaveLength(1);
        expect(items[0]).toMatchObject({ type: `${type}_call`, status: "completed", ...native });
        expect(second?.status).toBe(200);
        const told = Object.values(args)
          .flat()
          .map((value) => String(value).split("\n")[0] as string);
        for (const value of told) expect(second?.sentText).toContain(value);
        expect(second?.sentText).toContain("a\\nb\\n[exit code 2]");
        expect(second?.sentText).not.toContain(`${type}_call`);
      });
    }
  }

  test("a typed call that does not fit its tool stays a function call, which nobody runs (trap 44)", async () => {
    for (const stream of both) {
      const reply = calls(provider, "shell", { run: "rm -r /" }, stream);
      const body = { input: "go", tools: [{ type: "shell" }], store: false };
      const outcome = await exchange({ client: "responses", provider, host, body, reply, stream });
      const items = outputOf(outcome, stream).filter((item) => item.type !== "reasoning");
      expect(items).toHaveLength(1);
      expect(items[0]).toMatchObject({ type: "function_call", name: "shell" });
      expect(JSON.parse(String(items[0]?.arguments))).toEqual({ run: "rm -r /" });
    }
  });

  const space = (name: string, count = 1) => ({
    type: "namespace",
    name,
    description: `Tools of ${name}.`,
    tools: ["query", "list"].slice(0, count).map((one) => ({
      ...{
        type: "function",
        name: one,
        description: `${one} of ${name}`,
        parameters: { type: "object", properties: {} },
      },
    })),
  });

  for (const stream of both) {
    const how = wire[Number(stream)];
    test(`equal names of two namespaces stay two tools, and calls find theirs, ${how} (trap 43)`, async () => {
      const tools = [space("mcp__one", 2), space("mcp__two")];
      const [first, second] = await converse(
        {
          ...{ client: "responses", provider, host, stream },
          reply: (sent) => calls(provider, declared(provider, parsed(sent.body))[2]?.name as string, {}, stream),
        },
        [
          { input: "go", tools, store: false },
          (before) => {
            const items = outputOf(before, stream).filter((item) => item.type === "function_call");
            const output = { type: "function_call_output", call_id: items[0]?.call_id as string, output: "rows" };
            return { input: [{ role: "user", content: "go" }, ...items, output], tools, store: false };
          },
        ],
      );
      const names = declared(provider, first?.sent ?? {}).map((one) => one.name);
      expect(new Set(names).size).toBe(3);
      const items = outputOf(first as Outcome, stream).filter((item) => item.type === "function_call");
      expect(items).toHaveLength(1);
      expect(items[0]).toMatchObject({ name: "query", namespace: "mcp__two" });
      // The history names the same tool as the declaration does.
      expect(second?.status).toBe(200);
      expect(second?.sentText.split(JSON.stringify(names[2])).length).toBeGreaterThan(2);
    });
  }

  test("every tool of Codex is declared, and one that cannot be is refused by name (trap 44)", async () => {
    const own = {
      type: "function",
      name: "update_plan",
      parameters: { type: "object", properties: {} },
      strict: false,
    };
    const tools = [own, codexTool, { type: "local_shell" }, space("mcp__one", 2)];
    const body = { input: "go", tools, store: false };
    const { sent } = await exchange({ client: "responses", provider, host, body });
    expect(declared(provider, sent)).toHaveLength(5);
    // What it would find is declared whole.
    const deferred = { ...own, name: "later", defer_loading: true };
    const searched = await exchange({
      ...{ client: "responses", provider, host },
      body: { ...body, tools: [{ type: "tool_search" }, deferred] },
    });
    expect(declared(provider, searched.sent).map(({ name }) => name)).toEqual(["later"]);
    expect(searched.told.join()).toContain("tools.0");
    const more = { ...body, tools: [...tools, { type: "image_generation" }] };
    const refused = await exchange({ client: "responses", provider, host, body: more });
    expect(refused.status).toBe(400);
    expect(at(refused.json, "error.param")).toBe("tools.5");
    expect(refused.bodies).toHaveLength(0);
  });
});

test("a freeform tool of a Chat client reaches providers that have none, and comes back as it is (trap 40)", async () => {
  const tool = {
    type: "custom",
    custom: {
      ...{ name: "apply_patch", description: "Edits files." },
      format: { type: "grammar", grammar: { syntax: "lark", definition: grammar.definition } },
    },
  };
  for (const provider of ["messages", "gemini"] as const) {
    for (const stream of both) {
      const body = { messages: [{ role: "user", content: "edit" }], tools: [tool] };
      const reply = calls(provider, "apply_patch", { input: patch }, stream);
      const outcome = await exchange({ client: "chat", provider, body, reply, stream });
      expect(declared(provider, outcome.sent)[0]?.description).toEndWith(grammar.definition);
      const call = stream
        ? eventsOf(outcome).flatMap((event) => list(event, "choices.0.delta.tool_calls"))[0]
        : at(outcome.json, "choices.0.message.tool_calls.0");
      expect(call).toMatchObject({ type: "custom", custom: { name: "apply_patch", input: patch } });
    }
  }
});
