import { describe, expect, test } from "bun:test";
import type { CallItem, Item, Seal } from "../../../src/model/chat.ts";
import { build, failure, foreign, type Loose, target } from "./support.ts";

const user = (text: string): Item => ({ type: "message", role: "user", blocks: [{ type: "text", text }] });
const said = (text: string): Item => ({ type: "message", role: "assistant", blocks: [{ type: "text", text }] });
const call = (callId: string, name = "f", more: Partial<CallItem> = {}): Item => ({
  ...{ type: "call", kind: "function", callId, name, args: "{}" },
  ...more,
});
const result = (callId: string, text = "r", isError = false): Item => ({
  ...{ type: "result", kind: "function", callId, isError, plain: true },
  blocks: [{ type: "text", text }],
});
const seal = (bytes = "c2ln", scope = "p/one"): Seal => ({ origin: "gemini", form: "thought", bytes, scope });
const contents = (items: Item[], can = {}) => build(foreign({ items }), target(can)).body.contents;
const sentinel = "skip_thought_signature_validator";

describe("contents", () => {
  test("roles are user and model, neighbours are merged, empty texts are left out", () => {
    expect(contents([said("first"), said("second"), user(""), user("a"), user("b")])).toEqual([
      { role: "user", parts: [{ text: "." }] },
      { role: "model", parts: [{ text: "first" }, { text: "second" }] },
      { role: "user", parts: [{ text: "a" }, { text: "b" }] },
    ]);
    expect(failure(() => contents([user("")])).code).toBe("invalid-request");
  });

  test("leading system messages are the instruction, later ones stay in place", () => {
    const system = (text: string): Item => ({
      type: "message",
      role: "system",
      blocks: [{ type: "text", text }],
      at: "messages.2",
    });
    const { body, notes } = build(
      foreign({
        instructions: [{ type: "text", text: "i" }],
        items: [system("s"), user("q"), system("later"), said("a"), user("r")],
      }),
    );
    expect(body.systemInstruction).toEqual({ parts: [{ text: "i" }, { text: "s" }] });
    expect(body.contents[0].parts).toEqual([{ text: "q" }, { text: "<system-reminder>later</system-reminder>" }]);
    expect(notes).toEqual(["emulated messages.2 system_as_user_text"]);
  });

  test("parallel results are one content, as many as the calls and in their order, with their names", () => {
    const list = contents([
      user("q"),
      call("1", "a"),
      call("2", "b"),
      call("3", "a"),
      result("3", "z"),
      result("1", "x"),
      result("2", "y"),
      user("then"),
    ]);
    expect(list[1].parts.map((part: Loose) => part.functionCall)).toEqual([
      { name: "a", args: {} },
      { name: "b", args: {} },
      { name: "a", args: {} },
    ]);
    expect(list[2]).toEqual({
      role: "user",
      parts: [
        { functionResponse: { name: "a", response: { output: "x" } } },
        { functionResponse: { name: "b", response: { output: "y" } } },
        { functionResponse: { name: "a", response: { output: "z" } } },
      ],
    });
    expect(list[3]).toEqual({ role: "user", parts: [{ text: "then" }] });
  });

  test("calls without results and results without calls are refused by name", () => {
    expect(failure(() => contents([user("q"), call("1"), user("x")])).message).toContain('"1"');
    expect(failure(() => contents([user("q"), result("9")])).message).toContain('"9"');
    const { notes } = build(foreign({ items: [user("q"), call("1"), result("1", "old"), result("1", "new")] }));
    expect(notes).toContain("dropped items duplicate_result");
  });

  test("a result that looks like a schema is text, an error is an error", () => {
    const list = contents([
      user("q"),
      call("1"),
      call("2"),
      result("1", '{"$ref":"#/$defs/x"}'),
      result("2", "bad", true),
    ]);
    expect(list[2].parts.map((part: Loose) => part.functionResponse.response)).toEqual([
      { output: '{"$ref":"#/$defs/x"}' },
      { error: "bad" },
    ]);
  });

  test("media of results follow in a content of their own, or stand inside where the model takes them", () => {
    const items: Item[] = [
      user("q"),
      call("1"),
      call("2"),
      {
        ...{ type: "result", kind: "function", callId: "1", isError: false, at: "messages.3" },
        blocks: [
          { type: "text", text: "see" },
          { type: "media", kind: "image", source: { type: "bytes", data: "iVBORw0KGgo=" }, mime: "image/jpeg" },
        ],
      },
      result("2"),
    ];
    const list = contents(items);
    expect(list[2].parts).toHaveLength(2);
    expect(list[2].parts[0].functionResponse.response).toEqual({ output: "see\n[image 1 of the result of f follows]" });
    expect(list[3].parts).toEqual([
      { text: "[image 1 of the result of f]" },
      { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } },
    ]);
    const inside = contents(items, { toolMedia: true });
    expect(inside).toHaveLength(3);
    expect(inside[2].parts[0].functionResponse.parts).toEqual([
      { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } },
    ]);
  });

  test("arguments that are no object are wrapped", () => {
    const { body, notes } = build(
      foreign({ items: [user("q"), call("1", "f", { args: "[1,2]", at: "messages.1" }), result("1")] }),
    );
    expect(body.contents[1].parts[0].functionCall.args).toEqual({ value: [1, 2] });
    expect(notes).toContain("emulated messages.1 arguments_wrapped");
    expect(contents([user("q"), call("1", "f", { args: "" }), result("1")])[1].parts[0].functionCall.args).toEqual({});
    expect(
      contents([user("q"), call("1", "f", { args: "raw", kind: "custom" }), result("1")])[1].parts[0].functionCall.args,
    ).toEqual({ input: "raw" });
  });

  test("a longer history begins with the shorter one", () => {
    const items = [user("a"), said("b"), user("c"), call("1"), result("1"), said("d"), user("e")];
    const whole = contents(items);
    expect(contents(items.slice(0, 3))).toEqual(whole.slice(0, 3));
  });
});

describe("media", () => {
  test("a document of words and pictures is laid out in their order, in a message and in a result", () => {
    const data = "iVBORw0KGgo=";
    const picture = { type: "media" as const, kind: "image" as const, source: { type: "bytes" as const, data } };
    const document: Item & { type: "message" } = {
      ...{ type: "message", role: "user" },
      blocks: [
        {
          ...{ type: "media", kind: "document", title: "T" },
          source: { type: "blocks", blocks: [{ type: "text", text: "one" }, picture, { type: "text", text: "two" }] },
        },
      ],
    };
    const inlineData = { mimeType: "image/png", data };
    expect(contents([document])).toEqual([
      { role: "user", parts: [{ text: "T" }, { text: "one" }, { inlineData }, { text: "two" }] },
    ]);
    const answered = { ...result("c"), blocks: document.blocks } as Item;
    const [, , responses, moved] = contents([user("q"), call("c"), answered]) as Loose[];
    expect(responses.parts[0].functionResponse.response.output).toBe(
      "T\none\n[image 1 of the result of f follows]\ntwo",
    );
    expect(moved.parts[1]).toEqual({ inlineData });
  });

  const block = (more: object) =>
    contents([{ type: "message", role: "user", blocks: [{ type: "media", kind: "image", ...more } as Loose] }])[0]
      .parts[0];

  test("bytes go inline, also from data URLs, with the type that they show", () => {
    expect(block({ source: { type: "url", url: "data:image/webp;base64,AA-_" } })).toEqual({
      inlineData: { mimeType: "image/webp", data: "AA+/" },
    });
    expect(block({ kind: "document", mime: "application/pdf", source: { type: "bytes", data: "JVBERi0=" } })).toEqual({
      inlineData: { mimeType: "application/pdf", data: "JVBERi0=" },
    });
    expect(block({ kind: "audio", mime: "audio/mpeg", source: { type: "bytes", data: "AAAA" } })).toEqual({
      inlineData: { mimeType: "audio/mp3", data: "AAAA" },
    });
    expect(block({ kind: "document", source: { type: "text", text: "t" }, title: "T" })).toEqual({ text: "T\nt" });
  });

  test("addresses and files of others are refused by place", () => {
    const refused = (more: object) => failure(() => block({ at: "messages.0.content.1", ...more }));
    expect(refused({ source: { type: "url", url: "https://a.example/x.png" } })).toMatchObject({
      code: "unsupported",
      detail: { param: "messages.0.content.1" },
    });
    expect(refused({ source: { type: "file", id: "file_1", origin: "chat" } }).detail.vendorCode).toBe(
      "file_not_portable",
    );
  });
});

describe("what the model once said", () => {
  test("is left out where it cannot go along, and told", () => {
    const shown: Item = {
      ...{ type: "message", role: "assistant" },
      blocks: [
        { type: "text", text: "see" },
        {
          type: "media",
          kind: "image",
          source: { type: "url", url: "https://a.example/x.png" },
          at: "messages.1.images.0",
        },
        { type: "opaque", origin: "messages", json: {} },
      ],
    };
    const { body, notes } = build(foreign({ items: [user("q"), shown, user("r")] }));
    expect(body.contents[1].parts).toEqual([{ text: "see" }]);
    expect(notes).toEqual(["dropped messages.1.images.0 not_in_assistant_turn", "dropped items not_in_assistant_turn"]);
  });
});

describe("signatures", () => {
  const loop = (seals?: Seal[], later?: Seal[]): Item[] => [
    user("q"),
    call("1", "f", seals ? { seals } : {}),
    call("2"),
    result("1"),
    result("2"),
    call("3", "f", later ? { seals: later } : {}),
    result("3"),
  ];
  const signatures = (items: Item[]) =>
    contents(items).flatMap((content: Loose) =>
      content.parts.flatMap((part: Loose) => (part.functionCall ? [part.thoughtSignature] : [])),
    );

  test("go back on the call where they came, to whom made them", () => {
    expect(signatures(loop([seal("one")], [seal("two")]))).toEqual(["one", undefined, "two"]);
    const { scope: _scope, ...raw } = seal("raw");
    expect(signatures(loop([raw], [raw]))).toEqual(["raw", undefined, "raw"]);
  });

  test("of others never go out; each step of the running turn says that it has none", () => {
    const { body, notes } = build(
      foreign({ items: loop([seal("x", "p/other")], [{ origin: "messages", form: "signature", bytes: "y" }]) }),
    );
    expect(JSON.stringify(body)).not.toContain('"x"');
    expect(body.contents[1].parts.map((part: Loose) => part.thoughtSignature)).toEqual([sentinel, undefined]);
    expect(body.contents[3].parts[0].thoughtSignature).toBe(sentinel);
    expect(notes.some((note) => note.endsWith("signature_missing"))).toBe(true);
  });

  test("older turns need none", () => {
    expect(signatures([...loop(), user("next")])).toEqual([undefined, undefined, undefined]);
  });

  test("media of a result begin no new turn", () => {
    const items: Item[] = [
      user("q"),
      call("1"),
      {
        ...{ type: "result", kind: "function", callId: "1", isError: false },
        blocks: [{ type: "media", kind: "image", source: { type: "bytes", data: "iVBORw0KGgo=" } }],
      },
    ];
    expect(signatures(items)).toEqual([sentinel]);
  });

  test("reasoning goes back with its own seal only", () => {
    const reasoning = (seals: Seal[]): Item => ({
      type: "reasoning",
      text: [{ kind: "summary", text: "t" }],
      seals,
      at: "messages.1",
    });
    expect(contents([user("q"), reasoning([seal()]), said("a"), user("r")])[1].parts[0]).toEqual({
      text: "t",
      thought: true,
      thoughtSignature: "c2ln",
    });
    const { body, notes } = build(
      foreign({
        items: [user("q"), reasoning([{ origin: "messages", form: "signature", bytes: "b" }]), said("a"), user("r")],
      }),
    );
    expect(body.contents[1].parts).toEqual([{ text: "a" }]);
    expect(notes).toEqual(["dropped messages.1 foreign_seal"]);
  });

  test("ids go only to whom they came from", () => {
    const ids = (items: Item[]) => contents(items)[1].parts.map((part: Loose) => part.functionCall.id);
    expect(ids(loop([seal()]))).toEqual(["1", "2"]);
    expect(ids(loop())).toEqual([undefined, undefined]);
  });
});

describe("tools", () => {
  const tools = (list: Loose[], more: Loose = {}) => build(foreign({ tools: list, ...more }));
  const fn = (schema?: object, more: object = {}) => ({
    kind: "function",
    name: "f",
    ...(schema ? { schema } : {}),
    ...more,
  });
  const lowered = (schema: object) =>
    tools([fn({ type: "object", properties: { p: schema } })]).body.tools[0].functionDeclarations[0]
      .parametersJsonSchema.properties.p;

  test("a strict tool is told as not enforced", () => {
    const strict = fn({ type: "object", properties: { a: { type: "string" } } }, { strict: true });
    expect(tools([strict]).notes).toEqual(["dropped tools.0.strict not_enforced"]);
    expect(tools([{ ...strict, strict: false }]).notes).toEqual([]);
  });

  test("a tool without parameters has no schema", () => {
    for (const schema of [
      undefined,
      { type: "object" },
      { type: "object", properties: {}, additionalProperties: false },
    ]) {
      expect(tools([fn(schema)]).body.tools).toEqual([{ functionDeclarations: [{ name: "f" }] }]);
    }
  });

  test("schemas are lowered to what the API takes", () => {
    expect(lowered({ const: "x" })).toEqual({ type: "string", enum: ["x"] });
    expect(lowered({ enum: ["a", "b"] })).toEqual({ type: "string", enum: ["a", "b"] });
    expect(lowered({ enum: ["a", null] })).toEqual({ anyOf: [{ type: "string", enum: ["a"] }, { type: "null" }] });
    expect(lowered({ enum: [true] })).toEqual({ type: "boolean", description: "(constraint: one of [true])" });
    expect(lowered({ oneOf: [{ type: "string" }, { type: ["number", "null"] }] })).toEqual({
      anyOf: [{ type: "string" }, { type: ["number", "null"] }],
    });
    expect(
      lowered({
        allOf: [
          { properties: { a: { type: "string" } }, required: ["a"] },
          { properties: { b: { type: "string" } }, required: ["b"] },
        ],
      }),
    ).toEqual({
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      required: ["a", "b"],
    });
    expect(lowered({ type: "string", pattern: "^a", default: "a", $comment: "c" })).toEqual({
      type: "string",
      description: '(constraint: pattern: "^a")',
    });
    expect(lowered({ type: "object", additionalProperties: { type: "string" } })).toEqual({
      type: "object",
      additionalProperties: { type: "string" },
    });
    expect(lowered({}).anyOf).toHaveLength(6);
    expect(lowered({ type: "array", items: true }).items.anyOf).toHaveLength(6);
    expect(lowered({ type: "object", properties: null, required: false })).toEqual({ type: "object" });
  });

  test("definitions are kept, also recursive ones", () => {
    const node = { type: "object", properties: { next: { $ref: "#/definitions/node" } } };
    const schema = {
      type: "object",
      properties: { a: { $ref: "#/definitions/node" } },
      definitions: { node },
      $schema: "s",
    };
    const { body, notes } = tools([fn(schema)]);
    expect(body.tools[0].functionDeclarations[0].parametersJsonSchema).toEqual({
      type: "object",
      properties: { a: { $ref: "#/$defs/node" } },
      $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
    });
    expect(notes).toEqual([]);
  });

  test("what a schema loses is told", () => {
    expect(tools([fn({ type: "object", properties: { p: { not: {} } } })]).notes).toEqual([
      "emulated tools.0.schema lowered",
    ]);
  });

  test("choices", () => {
    const mode = (toolChoice: Loose, more: object = {}) =>
      tools([fn(undefined, more)], { toolChoice }).body.toolConfig?.functionCallingConfig;
    expect(mode(undefined)).toBeUndefined();
    expect(mode({ mode: "auto" })).toEqual({ mode: "AUTO" });
    expect(mode({ mode: "auto" }, { strict: true })).toEqual({ mode: "VALIDATED" });
    expect(mode({ mode: "none" })).toEqual({ mode: "NONE" });
    expect(mode({ mode: "required" })).toEqual({ mode: "ANY" });
    expect(mode({ mode: "tool", name: "f", kind: "function" })).toEqual({ mode: "ANY", allowedFunctionNames: ["f"] });
    expect(mode({ mode: "subset", required: false, names: ["f"] })).toEqual({
      mode: "VALIDATED",
      allowedFunctionNames: ["f"],
    });
    expect(build(foreign({ toolChoice: { mode: "required" }, parallel: false })).body.toolConfig).toBeUndefined();
    expect(tools([fn()], { parallel: false }).notes).toEqual(["dropped parallel no_switch"]);
  });

  test("names that the wire refuses are renamed, legal ones of it are not", () => {
    const name = (given: string) => tools([{ ...fn(), name: given }]).body.tools[0].functionDeclarations[0].name;
    expect(name("a.b:c-d_e")).toBe("a.b:c-d_e");
    expect(name("1st")).toMatch(/^_1st_[a-z2-7]{8}$/);
    expect(name("with space")).toMatch(/^with_space_[a-z2-7]{8}$/);
    expect(name("1".repeat(200))).toMatch(/^_1+_[a-z2-7]{8}$/);
    expect(name("1".repeat(200))).toHaveLength(128);
  });

  test("the same tool twice is one, two of one name are refused", () => {
    expect(tools([fn(), fn()]).body.tools[0].functionDeclarations).toHaveLength(1);
    expect(failure(() => tools([fn(), fn(undefined, { description: "other" })])).code).toBe("invalid-request");
  });

  test("freeform tools are functions with one text", () => {
    const { body, notes } = tools([
      { kind: "custom", name: "patch", grammar: { syntax: "lark", definition: "start: x" } },
    ]);
    expect(body.tools[0].functionDeclarations[0]).toMatchObject({
      name: "patch",
      parametersJsonSchema: { required: ["input"] },
    });
    expect(body.tools[0].functionDeclarations[0].description).toContain("start: x");
    expect(notes).toEqual(["emulated tools.0 custom_tool_as_function"]);
  });

  test("search and code execution have counterparts, other vendors' tools have none", () => {
    const server = (json: object) => ({ kind: "server", name: "x", origin: "messages", json });
    expect(tools([server({ type: "web_search_20250305", name: "web_search", max_uses: 3 })])).toMatchObject({
      body: { tools: [{ googleSearch: {} }] },
      notes: ["dropped tools.0.max_uses", "dropped content.citations"],
    });
    expect(tools([server({ type: "code_execution_20250825" })]).body.tools).toEqual([{ codeExecution: {} }]);
    expect(failure(() => tools([server({ type: "web_search_20250305", allowed_domains: ["a.example"] })])).code).toBe(
      "unsupported",
    );
    expect(failure(() => tools([server({ type: "computer_20250124" })])).detail.param).toBe("tools.0");
    expect(build(foreign({ ext: { chat: { web_search_options: {} } } })).body.tools).toEqual([{ googleSearch: {} }]);
    // A search cannot be named.
    const search = server({ type: "web_search_20250305" });
    const forced = tools([search], { toolChoice: { mode: "tool", name: "x", kind: "function" } });
    expect(forced.body).toMatchObject({ tools: [{ googleSearch: {} }] });
    expect(forced.body).not.toHaveProperty("toolConfig");
    expect(forced.notes).toContain("dropped toolChoice functions_only");
    // Beside functions most models refuse it.
    const beside = tools([{ kind: "function", name: "f" }, server({ type: "web_search" })]);
    expect(beside.body.tools).toEqual([{ functionDeclarations: [{ name: "f" }] }]);
    expect(beside.notes).toEqual(["dropped tools.1 no_web_search"]);
  });
});

describe("configuration", () => {
  const config = (parts: Loose, can = {}) => {
    const { body, notes } = build(foreign(parts), target(can));
    return { ...body.generationConfig, notes };
  };

  test("sampling is carried, what has no place is told", () => {
    const { notes, ...sampling } = config({
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 4,
        presencePenalty: 1,
        frequencyPenalty: 1,
        seed: 5,
        stop: ["a", ""],
        n: 2,
        maxTokens: 50,
        logitBias: { a: 1 },
      },
      logprobs: { want: true, top: 3 },
      user: "u",
      verbosity: "low",
      store: true,
      metadata: { a: "b" },
      cache: { key: "k" },
      tier: "flex",
    });
    expect(sampling).toEqual({
      ...{
        temperature: 0.5,
        topP: 0.9,
        topK: 4,
        presencePenalty: 1,
        frequencyPenalty: 1,
        seed: 5,
        stopSequences: ["a"],
      },
      ...{ candidateCount: 2, maxOutputTokens: 50, responseLogprobs: true, logprobs: 3 },
    });
    expect(notes.sort()).toEqual([
      "dropped cache.key",
      "dropped metadata",
      "dropped sampling.logitBias",
      "dropped store",
      "dropped user",
      "dropped verbosity",
    ]);
    expect(build(foreign({ tier: "default" })).body.serviceTier).toBe("standard");
    expect(build(foreign({ tier: "scale" })).notes).toEqual(["dropped tier"]);
  });

  test("more stop sequences than the API takes, and sounds as answers, are refused", () => {
    expect(failure(() => config({ sampling: { stop: ["1", "2", "3", "4", "5", "6"] } })).detail.param).toBe(
      "sampling.stop",
    );
    expect(failure(() => config({ modalities: ["text", "audio"] })).detail.param).toBe("modalities");
    expect(failure(() => config({ ext: { responses: { background: true } } })).detail.param).toBe("background");
  });

  test("formats", () => {
    expect(config({ format: { kind: "json" } })).toMatchObject({ responseMimeType: "application/json" });
    const schema = { type: "object", properties: { b: { type: "string" }, a: { type: "string" } } };
    expect(config({ format: { kind: "schema", schema, name: "n" } })).toEqual({
      responseMimeType: "application/json",
      responseJsonSchema: { ...schema, propertyOrdering: ["b", "a"] },
      notes: ["dropped format.name"],
    });
    const { body, notes } = build(foreign({ format: { kind: "schema", schema } }), target({ outputSchema: false }));
    expect(body.systemInstruction.parts[0].text).toContain('"properties"');
    expect(notes).toEqual(["emulated format by_instruction"]);
  });

  test("thinking by budget", () => {
    const budget = (reasoning: object) => config({ reasoning }).thinkingConfig;
    expect(budget({ effort: "none" })).toEqual({ thinkingBudget: 0 });
    expect(budget({ mode: "off" })).toEqual({ thinkingBudget: 0 });
    expect(budget({ effort: "minimal" })).toEqual({ thinkingBudget: 512, includeThoughts: true });
    expect(budget({ effort: "low" })).toEqual({ thinkingBudget: 1024, includeThoughts: true });
    expect(budget({ effort: "medium" })).toEqual({ thinkingBudget: 8192, includeThoughts: true });
    expect(budget({ effort: "high", display: "omitted" })).toEqual({ thinkingBudget: 24_576 });
    expect(budget({ mode: "budget", budget: 2000 })).toEqual({ thinkingBudget: 2000, includeThoughts: true });
    expect(budget({ mode: "adaptive" })).toEqual({ thinkingBudget: -1, includeThoughts: true });
    expect(budget({ mode: "between_tools" })).toEqual({ thinkingBudget: 1024, includeThoughts: true });
    expect(budget({ display: "omitted" })).toBeUndefined();
    expect(config({ reasoning: { effort: "max" } }).notes).toEqual(["clamped reasoning.effort model_maximum"]);
    expect(config({ reasoning: { effort: "high" }, sampling: { maxTokens: 100 } }).notes).toEqual([
      "emulated sampling.maxTokens cap_eats_thinking",
    ]);
  });

  test("thinking by level", () => {
    const level = (reasoning: object) => config({ reasoning }, { thinking: "adaptive" }).thinkingConfig?.thinkingLevel;
    expect(["none", "minimal", "low", "medium", "high", "xhigh", "max"].map((effort) => level({ effort }))).toEqual([
      ...["MINIMAL", "MINIMAL", "LOW", "MEDIUM", "HIGH", "HIGH", "HIGH"],
    ]);
    expect([0, 512, 1024, 8192, 24_576, 99_999].map((budget) => level({ mode: "budget", budget }))).toEqual([
      ...["MINIMAL", "MINIMAL", "LOW", "MEDIUM", "HIGH", "HIGH"],
    ]);
    expect(level({ mode: "adaptive" })).toBeUndefined();
    expect(config({ reasoning: { effort: "none" } }, { thinking: "adaptive" }).notes).toEqual([
      "clamped reasoning always_thinks",
    ]);
  });

  test("a Responses client is shown thoughts only when it asks for a summary", () => {
    const shown = (reasoning: object) =>
      build(foreign({ protocol: "responses", reasoning })).body.generationConfig.thinkingConfig.includeThoughts;
    expect(shown({ effort: "low" })).toBeUndefined();
    expect(shown({ effort: "low", summary: "auto" })).toBe(true);
  });

  test("a stream is asked for as server-sent events", () => {
    expect(build(foreign({ stream: true })).path).toBe("/models/their-model:streamGenerateContent?alt=sse");
    expect(build(foreign()).path).toBe("/models/their-model:generateContent");
  });
});
