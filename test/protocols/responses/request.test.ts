import { describe, expect, test } from "bun:test";
import type { CallItem, Item, MessageItem, ReasoningItem, ResultItem } from "../../../src/model/chat.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { parse, target, thrown } from "./support.ts";

function items(...input: JsonObject[]): Item[] {
  return parse({ model: "m", input }).items;
}

function chatBody(body: JsonObject): JsonObject {
  return chat.buildRequest(parse({ model: "m", input: "q", ...body }), target(), new Notes()).body;
}

describe("a client's request", () => {
  test("with a string is one message of the user", () => {
    expect(parse({ model: "m", input: "hi" }).items).toMatchObject([
      { type: "message", role: "user", blocks: [{ type: "text", text: "hi" }] },
    ]);
  });

  test("may leave out the type of a message", () => {
    const [one] = items({ role: "developer", content: [{ type: "input_text", text: "a" }] }) as [MessageItem];
    expect([one.role, one.at, one.blocks[0]?.at]).toEqual(["developer", "input.0", "input.0.content.0"]);
  });

  test("keeps phase and id of the assistant's messages", () => {
    const [one] = items({ type: "message", id: "msg_1", role: "assistant", phase: "commentary", content: "x" });
    expect(one).toMatchObject({ id: "msg_1", phase: "commentary" });
  });

  test("with null members of a replayed reasoning item has them not", () => {
    const [one] = items({
      type: "reasoning",
      id: "rs_1",
      summary: [],
      content: null,
      status: null,
      encrypted_content: "e",
    });
    expect(one).toEqual({
      type: "reasoning",
      at: "input.0",
      text: [],
      seals: [{ origin: "responses", form: "encrypted", bytes: "e" }],
      itemId: "rs_1",
    });
  });

  test("takes several envelopes of one item apart, and no provider's own bytes", () => {
    const seals = (encrypted_content: string) =>
      (items({ type: "reasoning", summary: [], encrypted_content })[0] as ReasoningItem).seals.map(
        ({ bytes }) => bytes,
      );
    expect(seals("R1dTMQ==.R1dTMx==")).toEqual(["R1dTMQ==", "R1dTMx=="]);
    expect(seals("eyJ.abc.def")).toEqual(["eyJ.abc.def"]);
  });

  test("tells a tool that failed by the first line of its result", () => {
    const [, result] = items(
      { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "[tool error]\nno" },
    ) as [CallItem, ResultItem];
    expect([result.isError, result.blocks]).toMatchObject([true, [{ text: "no" }]]);
  });

  test("holds shell and patch calls with what they are about as JSON", () => {
    const [call, result] = items(
      { type: "shell_call", call_id: "c", action: { commands: ["ls"] } },
      { type: "shell_call_output", call_id: "c", output: [{ stdout: "a", stderr: "b" }] },
    );
    expect(call).toMatchObject({ kind: "shell", name: "shell", args: '{"commands":["ls"]}' });
    expect(result).toMatchObject({ kind: "shell", callId: "c", blocks: [{ text: "a\nb" }] });
  });

  test.each([
    [{ input: "x" }, "model"],
    [{ model: "m" }, "input"],
    [{ model: "m", input: [] }, "input"],
    [{ model: "m", input: 5 }, "input"],
    [{ model: "m", input: [{ content: "x" }] }, "input.0.type"],
    [{ model: "m", input: [{ role: "tool", content: "x" }] }, "input.0.role"],
    [{ model: "m", input: [{ role: "user", content: [{ type: "input_image" }] }] }, "input.0.content.0"],
    [{ model: "m", input: [{ type: "function_call", name: "f" }] }, "input.0.call_id"],
    [{ model: "m", input: "x", text: { format: { type: "xml" } } }, "text.format.type"],
    [{ model: "m", input: "x", reasoning: { effort: "huge" } }, "reasoning.effort"],
    [{ model: "m", input: "x", tools: [{ type: "function" }] }, "tools.0.name"],
    [{ model: "m", input: "x", tool_choice: { type: "allowed_tools", tools: [] } }, "tool_choice.tools"],
    [{ model: "m", input: "x", max_output_tokens: 0 }, "max_output_tokens"],
  ])("that is wrong is refused by name: %j", (body, param) => {
    const error = thrown(() => parse(body));
    expect([error.code, error.detail.param]).toEqual(["invalid-request", param]);
  });

  test("without input needs something to go on from", () => {
    expect(responses.open({ model: "m", previous_response_id: "resp_1" })).toEqual({
      model: "m",
      stream: false,
      keeps: true,
      previous: "resp_1",
    });
  });

  test("asks for log probabilities by what it wants included", () => {
    const include = ["message.output_text.logprobs", "reasoning.encrypted_content"];
    const read = parse({ model: "m", input: "x", include, top_logprobs: 2, store: false });
    expect([read.logprobs, read.sealed, read.ext]).toEqual([{ want: true, top: 2 }, true, undefined]);
  });
});

describe("towards a Chat Completions provider", () => {
  test("calls side by side, and the text before them, are one message", () => {
    const body = chatBody({
      input: [
        { role: "user", content: "q" },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "let me see" }] },
        { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
        { type: "function_call", call_id: "b", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "a", output: "1" },
        { type: "function_call_output", call_id: "b", output: "2" },
      ],
    });
    expect(body.messages).toMatchObject([
      { role: "user" },
      { role: "assistant", content: "let me see", tool_calls: [{ id: "a" }, { id: "b" }] },
      { role: "tool", tool_call_id: "a" },
      { role: "tool", tool_call_id: "b" },
    ]);
  });

  test("freeform tools and their history arrive, and no type of this protocol", () => {
    const grammar = { type: "grammar", syntax: "lark", definition: "start: /.*/" };
    const body = chatBody({
      tools: [{ type: "custom", name: "apply_patch", format: grammar }],
      input: [
        { role: "user", content: "q" },
        { type: "custom_tool_call", call_id: "c", name: "apply_patch", input: "*** Begin" },
        { type: "custom_tool_call_output", call_id: "c", output: "done" },
      ],
    });
    const nested = { type: "grammar", grammar: { syntax: "lark", definition: "start: /.*/" } };
    expect(body.tools).toEqual([{ type: "custom", custom: { name: "apply_patch", format: nested } }]);
    expect(body.messages).toMatchObject([
      { role: "user" },
      { tool_calls: [{ id: "c", type: "custom", custom: { name: "apply_patch", input: "*** Begin" } }] },
      { role: "tool", tool_call_id: "c", content: "done" },
    ]);
  });

  test("equal names in two namespaces stay two tools", () => {
    const space = (name: string) => ({
      type: "namespace",
      name,
      description: "d",
      tools: [{ type: "function", name: "query", parameters: { type: "object", properties: {} } }],
    });
    const body = chatBody({ tools: [space("a"), space("b")] });
    expect(body.tools).toMatchObject([{ function: { name: "a__query" } }, { function: { name: "b__query" } }]);
  });

  test("no tool vanishes: what the provider cannot run is refused", () => {
    const hosted = { type: "shell", environment: { type: "container_auto" } };
    for (const tool of [{ type: "web_search" }, { type: "file_search", vector_store_ids: ["v"] }, hosted]) {
      expect(thrown(() => chatBody({ tools: [tool] })).code).toBe("unsupported");
    }
  });

  test("the effort is a word, also with a summary", () => {
    expect(chatBody({ reasoning: { effort: "high", summary: "auto" } }).reasoning_effort).toBe("high");
  });

  test("the output format arrives", () => {
    const format = { type: "json_schema", name: "n", schema: { type: "object" }, strict: true };
    expect(chatBody({ text: { format } }).response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "n", schema: { type: "object" }, strict: true },
    });
  });

  test.each(["previous_response_id", "conversation", "prompt"])(
    "%s is refused by name, here and by Messages providers",
    (field) => {
      const request = parse({ model: "m", input: "x", [field]: "id" });
      for (const protocol of [chat, messages]) {
        const error = thrown(() => protocol.buildRequest(request, target(), new Notes()));
        expect([error.code, error.detail.param]).toEqual(["unsupported", field]);
      }
    },
  );

  test("items that stand for others are refused by their place", () => {
    for (const item of [
      { type: "item_reference", id: "msg_1" },
      { type: "compaction", encrypted_content: "x" },
    ]) {
      const request = parse({ model: "m", input: [{ role: "user", content: "q" }, item] });
      for (const protocol of [chat, messages]) {
        const error = thrown(() => protocol.buildRequest(request, target(), new Notes()));
        expect([error.code, error.detail.param]).toEqual(["unsupported", "input.1"]);
      }
    }
  });
});
