import { describe, expect, test } from "bun:test";
import type { ChatRequest, Item, ResultItem } from "../../../src/model/chat.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { messages } from "../../../src/protocols/messages/index.ts";
import { build, canonical, parse, thrown } from "./support.ts";

const image = {
  type: "media" as const,
  kind: "image" as const,
  mime: "image/png",
  source: { type: "bytes" as const, data: "aGk=" },
};
const pdf = { ...image, kind: "document" as const, mime: "application/pdf" };

function call(callId: string, fields: Partial<Item & { type: "call" }> = {}): Item {
  return { type: "call", kind: "function", callId, name: "f", args: "{}", ...fields };
}

function result(callId: string, fields: Partial<ResultItem> = {}): Item {
  return { type: "result", kind: "function", callId, blocks: [{ type: "text", text: "r" }], isError: false, ...fields };
}

function input(...items: Item[]): JsonObject[] {
  return build(canonical({ items })).body.input as JsonObject[];
}

function fromChat(body: JsonObject): ChatRequest {
  return chat.parseRequest({ model: "m", messages: [{ role: "user", content: "q" }], ...body }, new Notes());
}

function fromMessages(body: JsonObject): ChatRequest {
  return messages.parseRequest(
    { model: "m", max_tokens: 100, messages: [{ role: "user", content: "q" }], ...body },
    new Notes(),
  );
}

describe("a request of another protocol's client", () => {
  test("stores nothing and asks for the reasoning to travel", () => {
    const { body } = build(fromChat({ stream: true }));
    expect(body).toEqual({
      model: "upstream-model",
      input: [{ type: "message", role: "user", content: "q" }],
      store: false,
      include: ["reasoning.encrypted_content"],
      stream: true,
    });
  });

  test("says of every tool that it is not strict, unless it asked", () => {
    const tool = (strict: boolean | undefined) => ({
      type: "function",
      function: {
        name: "f",
        ...(strict === undefined ? {} : { strict }),
        parameters: { type: "object", properties: {}, additionalProperties: false },
      },
    });
    const strictness = (strict?: boolean) =>
      (build(fromChat({ tools: [tool(strict)] })).body.tools as JsonObject[])[0]?.strict;
    expect([strictness(), strictness(false), strictness(true)]).toEqual([false, false, true]);
    const native = parse({ model: "m", input: "q", tools: [{ type: "function", name: "f" }] });
    expect((build(native).body.tools as JsonObject[])[0]).not.toHaveProperty("strict");
  });

  test("with a top-level system has instructions, with system messages has them in place", () => {
    const one = build(
      fromMessages({
        system: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      }),
    ).body;
    expect(one.instructions).toBe("a\n\nb");
    const list = [
      { role: "system", content: "a" },
      { role: "user", content: "q" },
      { role: "developer", content: "b" },
    ];
    expect(build(fromChat({ messages: list })).body.input).toMatchObject(list);
  });

  test("keeps text and calls of one turn in their order", () => {
    const assistant: Item = { type: "message", role: "assistant", blocks: [{ type: "text", text: "t" }] };
    expect(input(assistant, call("a"), call("b"), result("a"), result("b")).map((one) => one.type)).toEqual([
      "message",
      "function_call",
      "function_call",
      "function_call_output",
      "function_call_output",
    ]);
    expect(input(call("a"), assistant, result("a")).map((one) => one.type)).toEqual([
      "function_call",
      "message",
      "function_call_output",
    ]);
  });

  test("shortens long call ids to different ones, paired", () => {
    const long = "x".repeat(80);
    const ids = input(call(`${long}1`), call(`${long}2`), result(`${long}2`), result(`${long}1`)).map((one) =>
      String(one.call_id),
    );
    expect(ids.every((id) => id.length <= 64)).toBe(true);
    expect(ids[0]).not.toBe(ids[1]);
    expect([ids[2], ids[3]]).toEqual([ids[1], ids[0]]);
  });

  test("sends no item ids", () => {
    const sent = input(
      { type: "message", role: "user", id: "msg_1", blocks: [{ type: "text", text: "x" }] },
      call("a", { itemId: "fc_1" }),
      result("a", { itemId: "o" }),
    );
    expect(sent.filter((one) => "id" in one)).toEqual([]);
  });

  test("keeps the last of two results and tells it", () => {
    const items = [
      call("a"),
      result("a", { at: "messages.2" }),
      result("a", { blocks: [{ type: "text", text: "last" }] }),
    ];
    const { body, notes } = build(canonical({ items }));
    expect((body.input as JsonObject[]).map((one) => one.output)).toEqual([undefined, "last"]);
    expect(notes.list).toEqual([{ action: "dropped", field: "messages.2", detail: "duplicate_result" }]);
  });

  test("with a hole among calls and results is refused", () => {
    for (const items of [[call("a", { at: "messages.1" })], [result("a", { at: "messages.1" })]]) {
      const error = thrown(() => build(canonical({ items })));
      expect([error.code, error.detail.param]).toEqual(["invalid-request", "messages.1"]);
    }
  });

  test("has pictures and files of results in the results", () => {
    const [, sent] = input(call("a"), result("a", { blocks: [{ type: "text", text: "see" }, image, pdf] }));
    expect(sent?.output).toEqual([
      { type: "input_text", text: "see" },
      { type: "input_image", image_url: "data:image/png;base64,aGk=", detail: "auto" },
      { type: "input_file", filename: "document.pdf", file_data: "data:application/pdf;base64,aGk=" },
    ]);
  });

  test("tells a tool that failed, once", () => {
    const sent = (text: string) =>
      input(call("a"), result("a", { isError: true, blocks: [{ type: "text", text }] }))[1]?.output;
    expect([sent("no"), sent("[tool error]\nno")]).toEqual(["[tool error]\nno", "[tool error]\nno"]);
  });

  test("has empty arguments as an object and broken ones as they came", () => {
    const args = (text: string) => input(call("a", { args: text }), result("a"))[0]?.arguments;
    expect([args(""), args("[1,2]"), args('{"n":12345678901234567890}')]).toEqual([
      "{}",
      "[1,2]",
      '{"n":12345678901234567890}',
    ]);
  });

  test("leaves out empty messages, and moves what an assistant drew to the user", () => {
    const sent = input(
      { type: "message", role: "assistant", blocks: [] },
      { type: "message", role: "assistant", blocks: [{ type: "text", text: "here" }, image] },
    );
    expect(sent).toMatchObject([
      { role: "assistant", content: "here" },
      { role: "user", content: [{ type: "input_image" }] },
    ]);
  });

  test("has freeform tools and their calls as they are", () => {
    const grammar = { type: "grammar", grammar: { syntax: "lark", definition: "d" } };
    const { body } = build(
      canonical({
        tools: [{ kind: "custom", name: "patch", grammar }],
        items: [call("a", { kind: "custom", name: "patch", args: "raw" }), result("a", { kind: "custom" })],
      }),
    );
    expect(body.tools).toEqual([
      { type: "custom", name: "patch", format: { type: "grammar", syntax: "lark", definition: "d" } },
    ]);
    expect(body.input).toEqual([
      { type: "custom_tool_call", call_id: "a", name: "patch", input: "raw" },
      { type: "custom_tool_call_output", call_id: "a", output: "r" },
    ]);
  });

  test("renames illegal tool names in tools, choice and history alike", () => {
    const { body } = build(
      canonical({
        tools: [{ kind: "function", name: "a.b:c" }],
        toolChoice: { mode: "subset", required: true, names: ["a.b:c"] },
        items: [call("x", { name: "a.b:c" }), result("x")],
      }),
    );
    const name = (body.tools as JsonObject[])[0]?.name;
    expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(body.tool_choice).toEqual({ type: "allowed_tools", mode: "required", tools: [{ type: "function", name }] });
    expect((body.input as JsonObject[])[0]?.name).toBe(name);
  });

  test("says nothing of the choice without tools", () => {
    const { body } = build(canonical({ toolChoice: { mode: "required" }, parallel: false }));
    expect([body.tool_choice, body.parallel_tool_calls]).toEqual([undefined, undefined]);
    const tools = [{ kind: "function" as const, name: "f" }];
    expect(build(canonical({ tools, toolChoice: { mode: "required" }, parallel: false })).body).toMatchObject({
      tool_choice: "required",
      parallel_tool_calls: false,
    });
  });

  test("refuses another vendor's own tools", () => {
    const tools = [
      {
        kind: "server" as const,
        name: "web_fetch",
        origin: "messages",
        json: { type: "web_fetch_20250910" },
      },
    ];
    expect(thrown(() => build(canonical({ tools }))).code).toBe("unsupported");
  });

  test("searches the web with this protocol's tool", () => {
    const place = { city: "Bern", country: "CH" };
    const options = { search_context_size: "low", user_location: { type: "approximate", approximate: place } };
    expect(build(fromChat({ web_search_options: options })).body.tools).toEqual([
      { type: "web_search", search_context_size: "low", user_location: { type: "approximate", ...place } },
    ]);
    const search = { type: "web_search_20250305", name: "web_search", max_uses: 2, allowed_domains: ["e.x"] };
    const { body, notes } = build(fromMessages({ tools: [search] }));
    expect(body.tools).toEqual([{ type: "web_search", filters: { allowed_domains: ["e.x"] } }]);
    expect(notes.list.map((note) => `${note.action} ${note.field}`)).toEqual([
      "dropped tools.0.max_uses",
      "dropped content.citations",
    ]);
    const bounded = { ...search, allowed_domains: null, blocked_domains: ["e.y"] };
    expect(thrown(() => build(fromMessages({ tools: [bounded] }))).detail.param).toBe("tools.0.blocked_domains");
  });

  test("a search that is to be done is required, for not every model can have it named", () => {
    const search = { type: "web_search_20250305", name: "web_search" };
    const forced = { type: "tool", name: "web_search" };
    const { body } = build(fromMessages({ tools: [search], tool_choice: forced }));
    expect(body.tool_choice).toBe("required");
    const other = { name: "Read", input_schema: { type: "object" } };
    const beside = build(fromMessages({ tools: [search, other], tool_choice: forced }));
    expect(beside.body.tool_choice).toBe("required");
    expect(beside.notes.list.map((note) => `${note.action} ${note.field}`)).toContain("emulated toolChoice");
  });

  test("is refused when it needs what this protocol has not", () => {
    const param = (body: JsonObject) => thrown(() => build(fromChat(body))).detail.param;
    expect(param({ stop: ["x"] })).toBe("sampling.stop");
    expect(param({ n: 2 })).toBe("sampling.n");
    expect(param({ modalities: ["text", "audio"], audio: { voice: "v", format: "wav" } })).toBe("modalities");
    expect(thrown(() => build(fromMessages({ mcp_servers: [{ type: "url" }] }))).detail.param).toBe("mcp_servers");
  });

  test("tells what is dropped and clamped", () => {
    const { body, notes } = build(
      fromChat({ seed: 1, presence_penalty: 1, frequency_penalty: 0, logit_bias: { a: 1 }, max_tokens: 5, top_k: 4 }),
    );
    expect(body.max_output_tokens).toBe(16);
    expect(notes.list.map((note) => `${note.action} ${note.field}`)).toEqual([
      "dropped top_k",
      "clamped sampling.maxTokens",
      "dropped sampling.topK",
      "dropped sampling.seed",
      "dropped sampling.presencePenalty",
      "dropped sampling.logitBias",
    ]);
  });

  test("has log probabilities, format, effort, user and cache key in this protocol's places", () => {
    const { body } = build(
      fromChat({
        logprobs: true,
        top_logprobs: 3,
        response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" }, strict: true } },
        reasoning_effort: "low",
        verbosity: "high",
        prompt_cache_key: "k",
        safety_identifier: "s",
        user: "u",
        service_tier: "flex",
        metadata: { a: "b" },
      }),
    );
    expect(body).toMatchObject({
      include: ["reasoning.encrypted_content", "message.output_text.logprobs"],
      top_logprobs: 3,
      text: { format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true }, verbosity: "high" },
      reasoning: { effort: "low" },
      prompt_cache_key: "k",
      safety_identifier: "s",
      user: "u",
      service_tier: "flex",
      metadata: { a: "b" },
    });
  });

  test("for JSON holds the word that the provider looks for", () => {
    const { body } = build(fromChat({ response_format: { type: "json_object" } }));
    expect(JSON.stringify(body.input)).toContain("JSON");
    const said = build(
      fromChat({ response_format: { type: "json_object" }, messages: [{ role: "user", content: "json" }] }),
    );
    expect((said.body.input as unknown[]).length).toBe(1);
  });

  test("that lets the model think wants to see something of it, unless it hides it", () => {
    const reasoning = (thinking: JsonObject) => build(fromMessages({ max_tokens: 9000, thinking })).body.reasoning;
    expect(reasoning({ type: "enabled", budget_tokens: 8000 })).toEqual({ effort: "medium", summary: "auto" });
    expect(reasoning({ type: "adaptive", display: "omitted" })).toBeUndefined();
    expect(reasoning({ type: "disabled" })).toEqual({ effort: "none" });
  });
});

describe("reasoning of earlier turns", () => {
  const seal = { origin: "responses", form: "encrypted" as const, bytes: "gAAA" };
  const thought = (fields: Partial<Item & { type: "reasoning" }>): Item => ({
    type: "reasoning",
    text: [{ kind: "summary", text: "s" }],
    seals: [seal],
    itemId: "rs_1",
    ...fields,
  });

  test("goes back to the provider and account that made it, without an id and without empty members", () => {
    expect(input(thought({ seals: [{ ...seal, scope: "p/a" }] }))).toEqual([
      { type: "reasoning", summary: [{ type: "summary_text", text: "s" }], encrypted_content: "gAAA" },
    ]);
  });

  test("of another account, another protocol or without a proof is left out and told", () => {
    for (const seals of [
      [{ ...seal, scope: "p/b" }],
      [{ origin: "messages", form: "signature" as const, bytes: "x", scope: "p/a" }],
      [{ ...seal, bytes: "" }],
      [],
    ]) {
      const { body, notes } = build(canonical({ items: [thought({ seals })] }));
      expect(body.input).toEqual([]);
      expect(notes.list).toMatchObject([{ action: "dropped", detail: "foreign_seal" }]);
    }
  });

  test("that was only sealed has an empty summary", () => {
    expect(input(thought({ text: [], redacted: true }))).toEqual([
      { type: "reasoning", summary: [], encrypted_content: "gAAA" },
    ]);
  });
});
