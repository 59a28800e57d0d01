import { describe, expect, test } from "bun:test";
import type {
  Block,
  CallItem,
  ChatRequest,
  Item,
  MediaBlock,
  MessageItem,
  ReasoningItem,
  ResultItem,
  Tool,
} from "../../../src/model/chat.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { Capabilities, TargetFacts } from "../../../src/model/target.ts";
import { build, failure, foreign, parse, target } from "./support.ts";

const say = (role: MessageItem["role"], text: string, at?: string): MessageItem => ({
  type: "message",
  role,
  ...(at ? { at } : {}),
  blocks: [{ type: "text", text, ...(at ? { at } : {}) }],
});
const call = (callId: string, args = "{}", more: Partial<CallItem> = {}): CallItem => ({
  ...{ type: "call", kind: "function", callId, name: "look", args, at: `call.${callId}` },
  ...more,
});
const result = (callId: string, text = "done", more: Partial<ResultItem> = {}): ResultItem => ({
  ...{ type: "result", kind: "function", callId, isError: false, plain: true, at: `result.${callId}` },
  blocks: [{ type: "text", text }],
  ...more,
});
const tool = (name: string, more: Partial<Tool> = {}): Tool => ({ kind: "function", name, ...more });
const sent = (items: Item[], can: Partial<Capabilities> = {}, parts: Partial<ChatRequest> = {}) =>
  build(foreign({ items, ...parts }), target(can));
const shape = (body: JsonObject) =>
  (body.messages as { role: string; content: JsonObject[] }[]).map(
    ({ role, content }) =>
      `${role}: ${content.map((block) => block.text ?? block.tool_use_id ?? block.id ?? block.type).join(", ")}`,
  );
const user = say("user", "hi");
/** The tool of every call of these tests. */
const declared: Partial<ChatRequest> = { tools: [{ kind: "function", name: "look" }] };

describe("system messages", () => {
  test("leading ones become system blocks, one for each, later ones stay in place", () => {
    const { body, notes } = sent([
      say("system", "a"),
      say("developer", "b"),
      user,
      say("assistant", "yo"),
      say("system", "c", "m.4"),
      say("user", "d"),
    ]);
    expect(body.system).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ]);
    expect(shape(body)).toEqual(["user: hi", "assistant: yo", "user: <system-reminder>c</system-reminder>, d"]);
    expect(notes).toEqual(["emulated m.4 system_as_user_text"]);
  });

  test("where the model takes them, they keep their role, after a user turn only", () => {
    const history = [
      user,
      say("system", "a"),
      say("assistant", "yo"),
      say("system", "b"),
      say("user", "d"),
      say("system", "e"),
    ];
    const { body, headers } = sent(history, { midSystem: true });
    expect(shape(body)).toEqual([
      ...["user: hi", "system: a", "assistant: yo", "user: <system-reminder>b</system-reminder>, d", "system: e"],
    ]);
    expect(headers).toEqual({
      ...{ "anthropic-version": "2023-06-01", "anthropic-beta": "mid-conversation-system-2026-04-07" },
    });
  });

  test("one between a call and its result moves behind the result", () => {
    const history = [user, call("a"), say("system", "now"), result("a"), say("user", "go")];
    expect(shape(sent(history).body)).toEqual([
      ...["user: hi", "assistant: a", "user: a, <system-reminder>now</system-reminder>, go"],
    ]);
    expect(shape(sent(history, { midSystem: true }).body)).toEqual([
      ...["user: hi", "assistant: a", "user: a", "system: now", "user: go"],
    ]);
  });

  test("empty and blank system text is not sent", () => {
    expect(sent([say("system", ""), say("system", " \n"), user]).body).not.toHaveProperty("system");
  });
});

describe("turns", () => {
  const cases: [string, Item[], string[]][] = [
    [
      "equal roles are merged",
      [user, say("user", "b"), say("assistant", "c"), say("assistant", "d"), say("user", "e")],
      ["user: hi, b", "assistant: c, d", "user: e"],
    ],
    [
      "results come first in what follows the call",
      [user, call("a"), say("user", "wait"), result("a")],
      ["user: hi", "assistant: a", "user: a, wait"],
    ],
    [
      "all results of a round stand in one message",
      [user, call("a"), call("b"), result("a"), result("b")],
      ["user: hi", "assistant: a, b", "user: a, b"],
    ],
    [
      "a result that comes late joins its round",
      [user, call("a"), call("b"), result("a"), say("assistant", "so"), result("b"), say("user", "go")],
      ["user: hi", "assistant: a, b", "user: a, b", "assistant: so", "user: go"],
    ],
    [
      "text and call of one turn stay together, in order",
      [user, say("assistant", "let me"), call("a"), say("assistant", "and"), result("a")],
      ["user: hi", "assistant: let me, a, and", "user: a"],
    ],
    [
      "empty text beside a call is dropped",
      [user, say("assistant", ""), call("a"), result("a", "")],
      ["user: hi", "assistant: a", "user: a"],
    ],
    [
      "blank text beside other text is kept",
      [user, say("assistant", "\n\n"), call("a"), result("a")],
      ["user: hi", "assistant: \n\n, a", "user: a"],
    ],
    [
      "an empty turn of the model keeps its place",
      [user, say("assistant", ""), say("user", "b")],
      ["user: hi", "assistant: ", "user: b"],
    ],
    [
      "an empty user turn goes and its neighbours meet",
      [user, say("assistant", "a"), say("user", " "), say("assistant", "b"), say("user", "c")],
      ["user: hi", "assistant: a, b", "user: c"],
    ],
    [
      "a model that begins gets a user before it",
      [say("assistant", "hello"), user],
      ["user: .", "assistant: hello", "user: hi"],
    ],
    ["an empty prefill is dropped", [user, say("assistant", "")], ["user: hi"]],
  ];
  test.each(cases)("%s", (_, items, expected) => {
    expect(shape(sent(items).body)).toEqual(expected);
  });

  test("a conversation of system messages alone still has a user turn", () => {
    const { body, notes } = sent([say("system", "s")]);
    expect(shape(body)).toEqual(["user: ."]);
    expect(notes).toEqual(["emulated items leading_user_inserted"]);
  });

  test("an empty last user turn is refused, by name", () => {
    expect(failure(() => sent([user, say("assistant", "a"), say("user", " ", "messages.2")]))).toMatchObject({
      ...{ code: "invalid-request", detail: { param: "messages.2" } },
    });
  });

  test("words put into the model's mouth go along where it takes them, else the request is refused", () => {
    const items = [user, say("assistant", "{ ", "messages.1")];
    expect(shape(sent(items).body)).toEqual(["user: hi", "assistant: {"]);
    expect(failure(() => sent(items, { prefill: false }))).toMatchObject({
      ...{ code: "unsupported", detail: { param: "messages.1", vendorCode: "prefill_unsupported" } },
    });
  });
});

describe("calls and results", () => {
  test("foreign ids are made legal, in pairs, and stay distinct", () => {
    const long = "x".repeat(64);
    const ids = ["functions.Bash:0", "functions_Bash_0", `${long}1`, `${long}2`];
    const { body } = sent([user, ...ids.map((id) => call(id)), ...ids.toReversed().map((id) => result(id, id))]);
    const [, assistant, answers] = body.messages as { content: JsonObject[] }[];
    const used = assistant?.content.map(({ id }) => String(id)) ?? [];
    expect(new Set(used).size).toBe(4);
    for (const id of used) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    const byId = Object.fromEntries(answers?.content.map((block) => [String(block.tool_use_id), block.content]) ?? []);
    ids.forEach((id, at) => {
      expect(byId[used[at] ?? ""]).toBe(id);
    });
  });

  test("an id that is used twice gets a second name, each with its own result", () => {
    const { body } = sent([user, call("a"), result("a", "one"), call("a"), result("a", "two")]);
    const turns = body.messages as { content: JsonObject[] }[];
    const [first, second] = [turns[1]?.content[0]?.id, turns[3]?.content[0]?.id];
    expect(first).not.toBe(second as never);
    expect(turns[2]?.content).toMatchObject([{ tool_use_id: first, content: "one" }] as JsonObject[]);
    expect(turns[4]?.content).toMatchObject([{ tool_use_id: second, content: "two" }] as JsonObject[]);
  });

  test("calls of tools that are offered no more have them declared, not to be called", () => {
    const { body, notes } = sent([user, call("a"), result("a"), call("b"), result("b")]);
    expect(body.tools).toEqual([{ name: "look", input_schema: { type: "object" } }]);
    expect(body.tool_choice).toEqual({ type: "none" });
    expect(notes).toEqual(["emulated tools declared_for_history"]);
  });

  test("of two results for one call the last counts, and it is told", () => {
    const items = [user, call("a"), result("a", "old", { at: "m.2" }), result("a", "new")];
    const { body, notes } = sent(items, {}, declared);
    expect(JSON.stringify(body.messages)).not.toContain("old");
    expect(notes).toEqual(["dropped m.2 duplicate_result"]);
  });

  test.each([
    ["a call without a result", [user, call("a"), user], "call.a"],
    ["a call at the very end", [user, call("a")], "call.a"],
    ["a result without a call", [user, result("a")], "result.a"],
    ["a result before its call", [user, result("a"), call("a"), user], "result.a"],
  ] as [string, Item[], string][])("%s is refused, by name", (_, items, param) => {
    const error = failure(() => sent(items));
    expect(error).toMatchObject({ code: "invalid-request", detail: { param } });
    expect(error.message).toContain('"a"');
  });

  test.each([
    ["", {}, []],
    ["{}", {}, []],
    ['{"n":12345678901234567890,"f":1.0}', undefined, []],
    ["[1,2]", { value: [1, 2] }, ["emulated call.a arguments_wrapped"]],
    ['{"cut', { value: '{"cut' }, ["emulated call.a arguments_wrapped"]],
  ] as [string, JsonObject | undefined, string[]][])("arguments %j become an object", (args, input, told) => {
    const { body, notes } = sent([user, call("a", args), result("a")], {}, declared);
    const block = (body.messages as { content: JsonObject[] }[])[1]?.content[0];
    if (input) expect(block?.input).toEqual(input);
    else expect(JSON.stringify(block?.input)).toBe(args);
    expect(notes).toEqual(told);
  });

  test("results keep errors, strings, blocks and emptiness", () => {
    const blocks: Block[] = [
      { type: "text", text: "see" },
      { type: "media", kind: "image", mime: "image/png", source: { type: "bytes", data: "iVBORw0KGgoAAA" } },
    ];
    const items = [
      user,
      call("a"),
      call("b"),
      call("c"),
      result("a", "no", { isError: true }),
      result("b", "", { blocks, plain: false }),
      result("c", ""),
    ];
    const [, , turn] = sent(items).body.messages as { content: JsonObject[] }[];
    expect(turn?.content).toEqual([
      { type: "tool_result", tool_use_id: "a", content: "no", is_error: true },
      {
        type: "tool_result",
        tool_use_id: "b",
        content: [
          { type: "text", text: "see" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgoAAA" } },
        ],
      },
      { type: "tool_result", tool_use_id: "c" },
    ]);
  });
});

describe("reasoning of earlier turns", () => {
  const thought = (seals: ReasoningItem["seals"], text = " kept exactly \n"): ReasoningItem => ({
    ...{ type: "reasoning", text: text === "" ? [] : [{ kind: "raw", text }], seals, at: "m.1" },
  });
  const own = { origin: "messages", form: "signature" as const, bytes: "c2ln==" };
  const cases: [string, ReasoningItem, JsonObject[]][] = [
    ["raw from the client", thought([own]), [{ type: "thinking", thinking: " kept exactly \n", signature: "c2ln==" }]],
    [
      "made by this target",
      thought([{ ...own, scope: "p/one" }]),
      [{ type: "thinking", thinking: " kept exactly \n", signature: "c2ln==" }],
    ],
    ["made by another account", thought([{ ...own, scope: "p/two" }]), []],
    ["made by another protocol", thought([{ ...own, origin: "gemini", form: "thought" }]), []],
    ["without any seal", thought([]), []],
    ["sealed without text", thought([own], ""), [{ type: "thinking", thinking: "", signature: "c2ln==" }]],
    [
      "redacted",
      { ...thought([{ ...own, form: "redacted" }], ""), redacted: true },
      [{ type: "redacted_thinking", data: "c2ln==" }],
    ],
  ];
  test.each(cases)("%s", (_, item, expected) => {
    const { body, notes } = sent([user, item, say("assistant", "so"), user]);
    const content = (body.messages as { content: JsonObject[] }[])[1]?.content ?? [];
    expect(content).toEqual([...expected, { type: "text", text: "so" }]);
    expect(notes).toHaveLength(expected.length === 0 ? 1 : 0);
  });

  test("thinking, text and calls keep their order", () => {
    const second = { ...own, bytes: "second" };
    const items = [user, thought([own], "1"), say("assistant", "a"), thought([second], "2"), call("x"), result("x")];
    const [, turn] = sent(items).body.messages as { content: JsonObject[] }[];
    expect(turn?.content.map((block) => block.signature ?? block.text ?? block.id)).toEqual([
      "c2ln==",
      "a",
      "second",
      "x",
    ]);
  });

  test("a tool loop that lost its thinking runs on without, where the model would refuse it", () => {
    const items = [user, thought([{ ...own, scope: "other" }]), call("x"), result("x")];
    const parts = { reasoning: { effort: "high" as const }, sampling: { maxTokens: 50_000 } };
    const lost = sent(items, {}, parts);
    expect(lost.body.thinking).toEqual({ type: "disabled" });
    expect(lost.notes).toContain("dropped reasoning thinking_lost_in_tool_loop");
    expect(sent(items, { thinking: "adaptive" }, parts).body.thinking).toMatchObject({ type: "adaptive" });
    expect(sent([...items, say("assistant", "ok"), user], {}, parts).body.thinking).toMatchObject({ type: "enabled" });
    const later = [call("y"), result("y")];
    expect(sent([...items, ...later], {}, parts).body.thinking).toEqual({ type: "disabled" });
    const begun = [user, thought([own]), call("x"), result("x"), ...later];
    expect(sent(begun, {}, parts).body.thinking).toMatchObject({ type: "enabled" });
  });
});

describe("how hard to think", () => {
  const plan = (parts: Partial<ChatRequest>, can: Partial<Capabilities> = {}, facts: Partial<TargetFacts> = {}) =>
    build(foreign(parts), target(can, facts));

  test.each([
    ["none", { type: "disabled" }],
    ["minimal", { type: "enabled", budget_tokens: 1024 }],
    ["low", { type: "enabled", budget_tokens: 1024 }],
    ["medium", { type: "enabled", budget_tokens: 8192 }],
    ["high", { type: "enabled", budget_tokens: 24576 }],
    ["xhigh", { type: "enabled", budget_tokens: 32768 }],
  ] as const)("effort %s as a budget", (effort, thinking) => {
    const { body } = plan({ reasoning: { effort }, sampling: { maxTokens: 60_000 } });
    expect(body.thinking).toEqual(thinking);
    expect(body.max_tokens).toBe(60_000);
  });

  test.each([
    ["none", { type: "disabled" }, undefined],
    ["minimal", { type: "adaptive" }, "low"],
    ["medium", { type: "adaptive" }, "medium"],
    ["max", { type: "adaptive" }, "max"],
  ] as const)("effort %s as adaptive", (effort, thinking, word) => {
    const { body } = plan({ reasoning: { effort } }, { thinking: "adaptive" });
    expect(body.thinking).toEqual(thinking);
    expect((body.output_config as JsonObject | undefined)?.effort).toBe(word as string);
  });

  test("a budget becomes a word for a model that knows no budgets, by the same thresholds", () => {
    for (const [budget, word] of [
      [1024, "low"],
      [1025, "medium"],
      [8192, "medium"],
      [24576, "high"],
      [24577, "xhigh"],
      [40000, "max"],
    ] as const) {
      const { body } = plan({ reasoning: { mode: "budget", budget } }, { thinking: "adaptive" });
      expect(body).toMatchObject({ thinking: { type: "adaptive" }, output_config: { effort: word } });
    }
  });

  test("nothing is asked for when the client says nothing", () => {
    expect(plan({}).body).not.toHaveProperty("thinking");
    expect(plan({ reasoning: { summary: "auto" } }).body).not.toHaveProperty("thinking");
  });

  test("the budget always fits: max_tokens grows when it is ours, else the budget shrinks", () => {
    const ours = plan({ reasoning: { effort: "high" } }).body as {
      max_tokens: number;
      thinking: { budget_tokens: number };
    };
    expect(ours.thinking.budget_tokens).toBe(24576);
    expect(ours.max_tokens).toBeGreaterThan(24576);
    for (const maxTokens of [1025, 1500, 4096, 24576]) {
      const { body, notes } = plan({ reasoning: { effort: "high" }, sampling: { maxTokens } });
      const { budget_tokens } = body.thinking as { budget_tokens: number };
      expect(budget_tokens).toBeGreaterThanOrEqual(1024);
      expect(budget_tokens).toBeLessThan(maxTokens);
      expect(body.max_tokens).toBe(maxTokens);
      expect(notes).toContain("clamped reasoning budget_below_max_tokens");
    }
    const full = plan({ reasoning: { effort: "max" } }, {}, { maxOutput: 64_000, context: 200_000 }).body;
    expect(full).toMatchObject({ max_tokens: 64_000, thinking: { budget_tokens: 59_904 } });
    const small = plan({ reasoning: { effort: "high" }, sampling: { maxTokens: 500 } });
    expect(small.body).not.toHaveProperty("thinking");
    expect(small.notes).toEqual(["dropped reasoning max_tokens_too_small"]);
  });

  test("a forced tool wins over thinking", () => {
    for (const toolChoice of [{ mode: "required" }, { mode: "tool", name: "look", kind: "function" }] as const) {
      const { body, notes } = plan({
        tools: [tool("look")],
        toolChoice,
        reasoning: { effort: "low" },
        sampling: { maxTokens: 9000 },
      });
      expect(body.thinking).toEqual({ type: "disabled" });
      expect(notes).toEqual(["dropped reasoning forced_tool"]);
    }
  });

  test("a Messages client's own words come out as they were", () => {
    for (const thinking of [
      { type: "enabled", budget_tokens: 2000, display: "omitted" },
      { type: "disabled" },
    ] as JsonObject[]) {
      const request = parse({ messages: [{ role: "user", content: "x" }], max_tokens: 4000, thinking });
      expect(build(request).body.thinking).toEqual(thinking);
    }
    for (const thinking of [{ type: "adaptive", display: "summarized" }, { type: "between_tools" }] as JsonObject[]) {
      const output_config = { effort: "xhigh" };
      const request = parse({ messages: [{ role: "user", content: "x" }], thinking, output_config });
      expect(build(request, target({ thinking: "adaptive" })).body).toMatchObject({ thinking, output_config });
    }
  });
});

describe("max_tokens without a cap", () => {
  const cap = (facts: Partial<TargetFacts>, items: Item[] = [user]) =>
    build(foreign({ items }), target({}, facts)).body.max_tokens;
  test("is the model's maximum, or what the context still holds, or 8192 for a model that is not known", () => {
    expect(cap({})).toBe(8192);
    expect(cap({ maxOutput: 64_000 })).toBe(64_000);
    expect(cap({ maxOutput: 64_000, context: 200_000 })).toBe(64_000);
    const long = cap({ maxOutput: 64_000, context: 200_000 }, [say("user", "word ".repeat(100_000))]) as number;
    expect(long).toBeGreaterThan(10_000);
    expect(long).toBeLessThan(64_000);
    expect(cap({ maxOutput: 64_000, context: 2000 }, [say("user", "word ".repeat(10_000))])).toBe(1);
  });
});

describe("sampling and hints", () => {
  test("what the model samples with is carried within its bounds, the rest is told", () => {
    const sampling = {
      temperature: 1.7,
      topP: 0.5,
      topK: 4,
      seed: 1,
      presencePenalty: 0.5,
      logitBias: { "1": 2 },
      stop: ["a", " \n"],
    };
    const { body, notes } = build(foreign({ sampling }));
    expect(body).toMatchObject({ temperature: 1, top_k: 4, stop_sequences: ["a"] });
    expect(body).not.toHaveProperty("top_p");
    expect(notes).toEqual([
      "dropped sampling.stop blank_stop_sequence",
      "clamped sampling.temperature at_most_1",
      "dropped sampling.topP beside_temperature",
      ...["dropped sampling.presencePenalty", "dropped sampling.seed", "dropped sampling.logitBias"],
    ]);
  });

  test("a model that does not sample gets none of it", () => {
    const { body, notes } = build(
      foreign({ sampling: { temperature: 1, topP: 1, topK: 1 } }),
      target({ refuses: { temperature: "always", topP: "always", topK: "always" } }),
    );
    for (const key of ["temperature", "top_p", "top_k"]) expect(body).not.toHaveProperty(key);
    expect(notes).toHaveLength(3);
  });

  test("thinking takes no temperature and no top_k, and only a high top_p", () => {
    const reasoning = { effort: "low" as const };
    const dropped = build(foreign({ reasoning, sampling: { temperature: 0.2, topK: 3, maxTokens: 9000 } }));
    expect(Object.keys(dropped.body)).not.toContain("temperature");
    expect(Object.keys(dropped.body)).not.toContain("top_k");
    expect(build(foreign({ reasoning, sampling: { topP: 0.97, maxTokens: 9000 } })).body.top_p).toBe(0.97);
    expect(build(foreign({ reasoning, sampling: { topP: 0.5, maxTokens: 9000 } })).body).not.toHaveProperty("top_p");
  });

  test("hints without a place here are dropped and told", () => {
    const hints: Partial<ChatRequest> = {
      ...{ verbosity: "low", tier: "flex", store: true, metadata: { a: "b" }, cache: { key: "k" }, user: "u" },
      ext: { chat: { prediction: { type: "content" } } },
    };
    const { body, notes } = build(foreign(hints));
    expect(body.metadata).toEqual({ user_id: "u" });
    expect(notes).toEqual([
      ...[
        "dropped tier",
        "dropped verbosity",
        "dropped cache.key",
        "dropped store",
        "dropped metadata",
        "dropped prediction",
      ],
    ]);
  });

  test.each([
    ["default", "standard_only"],
    ["auto", "auto"],
    ["priority", "auto"],
    ["scale", "auto"],
  ])("tier %s is %s", (tier, expected) => {
    expect(build(foreign({ tier })).body.service_tier).toBe(expected);
  });

  test.each([
    ["logprobs", { logprobs: { want: true } }],
    ["sampling.n", { sampling: { n: 2 } }],
    ["modalities", { modalities: ["text", "audio"] }],
    ["web_search_options", { ext: { chat: { web_search_options: {} } } }],
  ] as [string, Partial<ChatRequest>][])("%s cannot be had, and is refused by name", (param, parts) => {
    expect(failure(() => build(foreign(parts)))).toMatchObject({ code: "unsupported", detail: { param } });
  });
});

describe("tools", () => {
  test("a function keeps its schema and strictness, and gets one when it has none", () => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const { body } = build(foreign({ tools: [tool("a", { schema, description: "d" }), tool("b")] }));
    expect(body.tools).toEqual([
      { name: "a", description: "d", input_schema: schema },
      { name: "b", input_schema: { type: "object" } },
    ]);
    const untyped = { properties: { a: {} } };
    expect(build(foreign({ tools: [tool("c", { schema: untyped })] })).body.tools).toEqual([
      { name: "c", input_schema: { type: "object", ...untyped } },
    ]);
  });

  test("names that are not legal are renamed everywhere alike", () => {
    const items = [user, call("x", "{}", { name: "a.b:c" }), result("x")];
    const { body, notes } = sent(
      items,
      {},
      { tools: [tool("a.b:c")], toolChoice: { mode: "tool", name: "a.b:c", kind: "function" } },
    );
    const name = (body.tools as JsonObject[])[0]?.name as string;
    expect(name).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
    expect((body.messages as { content: JsonObject[] }[])[1]?.content[0]?.name).toBe(name);
    expect(body.tool_choice).toEqual({ type: "tool", name });
    expect(notes).toEqual(["renamed tools.0.name"]);
  });

  test("equal definitions are sent once, different ones of one name are refused", () => {
    expect(build(foreign({ tools: [tool("a"), tool("a")] })).body.tools).toHaveLength(1);
    expect(failure(() => build(foreign({ tools: [tool("a"), tool("a", { description: "d" })] })))).toMatchObject({
      ...{ code: "invalid-request", detail: { param: "tools.1" } },
    });
  });

  test("freeform tools and their calls become functions with one input", () => {
    const custom = tool("patch", {
      kind: "custom",
      description: "Patches.",
      grammar: { syntax: "lark", definition: "start: x" },
    });
    const items = [
      user,
      call("x", "*** raw", { kind: "custom", name: "patch" }),
      result("x", "ok", { kind: "custom" }),
    ];
    const { body, notes } = sent(items, {}, { tools: [custom] });
    expect(body.tools).toMatchObject([{ name: "patch", input_schema: { required: ["input"] } }]);
    expect(JSON.stringify(body.tools)).toContain("start: x");
    expect((body.messages as { content: JsonObject[] }[])[1]?.content[0]?.input).toEqual({ input: "*** raw" });
    expect(notes).toEqual(["emulated tools.0 custom_tool_as_function"]);
  });

  test("typed tools of this vendor pass untouched, those of others are refused", () => {
    const json = { type: "web_search_20250305", name: "web_search", max_uses: 3 };
    expect(
      build(foreign({ tools: [{ kind: "server", name: "web_search", origin: "messages", json }] })).body.tools,
    ).toEqual([json]);
    const other: Tool = { kind: "server", name: "file_search", origin: "responses", json: { type: "file_search" } };
    expect(failure(() => build(foreign({ tools: [tool("a"), other] })))).toMatchObject({
      ...{ code: "unsupported", detail: { param: "tools.1" } },
    });
  });

  test("another vendor's web search is left out beside the client's own tools, and refused alone", () => {
    const search: Tool = { kind: "server", name: "web_search", origin: "responses", json: { type: "web_search" } };
    const { body, notes } = build(foreign({ tools: [tool("a"), search] }));
    expect(body.tools).toMatchObject([{ name: "a" }]);
    expect(notes).toContain("dropped tools.1 no_web_search");
    expect(failure(() => build(foreign({ tools: [search] }))).code).toBe("unsupported");
  });

  const choices: [string, Partial<ChatRequest>, JsonObject | undefined][] = [
    ["auto", { toolChoice: { mode: "auto" } }, { type: "auto" }],
    ["none", { toolChoice: { mode: "none" }, parallel: false }, { type: "none" }],
    [
      "required",
      { toolChoice: { mode: "required" }, parallel: false },
      { type: "any", disable_parallel_tool_use: true },
    ],
    ["one at a time alone", { parallel: false }, { type: "auto", disable_parallel_tool_use: true }],
    ["several at a time", { parallel: true }, undefined],
    ["no tools", { tools: [], toolChoice: { mode: "required" }, parallel: false }, undefined],
  ];
  test.each(choices)("choice: %s", (_, parts, expected) => {
    expect(build(foreign({ tools: [tool("a")], ...parts })).body.tool_choice as JsonObject).toEqual(
      expected as JsonObject,
    );
  });

  test("a subset is enforced by leaving tools out, unless the history calls one of them", () => {
    const tools = [tool("look"), tool("other")];
    const toolChoice = { mode: "subset", required: true, names: ["other"] } as const;
    const filtered = build(foreign({ tools, toolChoice: { ...toolChoice, names: ["other"] } }));
    expect(filtered.body).toMatchObject({ tools: [{ name: "other" }], tool_choice: { type: "any" } });
    expect(filtered.notes).toEqual(["emulated toolChoice tools_filtered"]);
    const all = sent(
      [user, call("x"), result("x")],
      {},
      { tools, toolChoice: { ...toolChoice, required: false, names: ["other"] } },
    );
    expect(all.body).toMatchObject({ tools: [{ name: "look" }, { name: "other" }], tool_choice: { type: "auto" } });
    expect(all.notes).toEqual(["emulated toolChoice subset_not_enforced"]);
  });
});

describe("output format", () => {
  const schema = { type: "object", properties: { a: { type: "integer", minimum: 1 } }, required: ["a"] };
  test("a schema is carried natively, lowered to what is taken, or told as an instruction", () => {
    const format = { kind: "schema" as const, name: "n", strict: true, schema };
    const native = build(foreign({ format }));
    expect(native.body.output_config).toEqual({
      format: {
        type: "json_schema",
        schema: {
          ...{ type: "object", required: ["a"], additionalProperties: false },
          properties: { a: { type: "integer", description: "(constraint: minimum: 1)" } },
        },
      },
    });
    expect(native.notes).toEqual(["dropped format.name", "emulated format.schema lowered"]);
    const told = build(foreign({ format }), target({ outputSchema: false }));
    expect(told.body).not.toHaveProperty("output_config");
    expect(JSON.stringify(told.body.system)).toContain(JSON.stringify(JSON.stringify(schema)).slice(1, -1));
    expect(told.notes).toEqual(["emulated format by_instruction"]);
  });

  test.each([
    { type: "object", additionalProperties: { type: "string" } },
    { type: "object", properties: { a: { type: "array", items: { type: "object", additionalProperties: true } } } },
  ])("an object of names that nobody knows yet is refused, and no strict tool: %j", (map) => {
    const format = { kind: "schema" as const, schema: map };
    expect(failure(() => build(foreign({ format })))).toMatchObject({
      ...{ code: "unsupported", detail: { param: "format.schema" } },
    });
    const { body, notes } = build(foreign({ tools: [tool("a", { schema: map, strict: true, at: "tools.0" })] }));
    expect(body.tools).toEqual([{ name: "a", input_schema: map }]);
    expect(notes).toEqual(["emulated tools.0.strict not_enforceable"]);
  });

  test("parts of a whole are laid together, for each would be closed to the other", () => {
    const allOf = [{ properties: { a: { type: "string" } }, required: ["a"] }, { properties: { b: {} } }];
    const { body } = build(foreign({ format: { kind: "schema", schema: { type: "object", allOf } } }));
    expect(body.output_config).toMatchObject({
      format: {
        schema: { properties: { a: { type: "string" }, b: {} }, required: ["a"], additionalProperties: false },
      },
    });
    expect(JSON.stringify(body.output_config)).not.toContain("allOf");
  });

  test("JSON without a schema is told as an instruction, plain text needs nothing", () => {
    expect(build(foreign({ format: { kind: "json" } })).notes).toEqual(["emulated format by_instruction"]);
    expect(build(foreign({ format: { kind: "text" } })).body).not.toHaveProperty("system");
  });
});

describe("media", () => {
  const media = (block: Partial<MediaBlock>) =>
    sent([
      {
        type: "message",
        role: "user",
        blocks: [{ type: "media", kind: "image", source: { type: "url", url: "" }, at: "m.0", ...block }],
      },
    ]);
  const source = (block: Partial<MediaBlock>) =>
    (media(block).body.messages as { content: { source: JsonObject }[] }[])[0]?.content[0]?.source;
  const png = "iVBORw0KGgoAAAA";
  const webp = Buffer.from("RIFF\x10\x00\x00\x00WEBPVP8 ", "latin1").toString("base64");

  test.each([
    [
      "bytes",
      { mime: "image/png", source: { type: "bytes", data: png } },
      { type: "base64", media_type: "image/png", data: png },
    ],
    [
      "mislabelled bytes",
      { mime: "image/jpeg", source: { type: "bytes", data: png } },
      { type: "base64", media_type: "image/png", data: png },
    ],
    [
      "WebP bytes",
      { mime: "image/png", source: { type: "bytes", data: webp } },
      { type: "base64", media_type: "image/webp", data: webp },
    ],
    [
      "an https URL",
      { source: { type: "url", url: "https://a.example/x" } },
      { type: "url", url: "https://a.example/x" },
    ],
    [
      "a data URL",
      { source: { type: "url", url: `data:image/png;base64,${png}` } },
      { type: "base64", media_type: "image/png", data: png },
    ],
    [
      "a PDF",
      { kind: "document", mime: "application/pdf", source: { type: "bytes", data: "JVBERi0" } },
      { type: "base64", media_type: "application/pdf", data: "JVBERi0" },
    ],
    [
      "a text file",
      { kind: "document", mime: "text/csv", source: { type: "bytes", data: btoa("a,b") } },
      { type: "text", media_type: "text/plain", data: "a,b" },
    ],
  ] as [string, Partial<MediaBlock>, JsonObject][])("%s", (_, block, expected) => {
    expect(source(block)).toEqual(expected);
  });

  test.each([
    ["audio", { kind: "audio", source: { type: "bytes", data: "AAAA" } }],
    ["video", { kind: "video", source: { type: "bytes", data: "AAAA" } }],
    ["a BMP", { mime: "image/bmp", source: { type: "bytes", data: "Qk0=" } }],
    ["a plain http URL", { source: { type: "url", url: "http://a.example/x" } }],
    ["a spreadsheet", { kind: "document", mime: "application/vnd.ms-excel", source: { type: "bytes", data: "AAAA" } }],
    ["another vendor's file", { source: { type: "file", id: "file-1", origin: "responses" } }],
  ] as [string, Partial<MediaBlock>][])("%s is refused, by name", (_, block) => {
    expect(failure(() => media(block))).toMatchObject({ code: "unsupported", detail: { param: "m.0" } });
  });

  test("a file name is a document's title, and image detail is dropped and told", () => {
    const { body } = media({
      kind: "document",
      name: "a.pdf",
      mime: "application/pdf",
      source: { type: "bytes", data: "JVBERi0" },
    });
    expect(JSON.stringify(body.messages)).toContain('"title":"a.pdf"');
    expect(media({ detail: "high", source: { type: "url", url: "https://a.example/x" } }).notes).toEqual([
      "dropped m.0.detail",
    ]);
  });
});

describe("prompt caching", () => {
  const marked = (at: number, ttl?: "5m" | "1h"): MessageItem => ({
    ...{ type: "message", role: at % 2 ? "assistant" : "user" },
    blocks: [{ type: "text", text: `t${at}`, at: `m.${at}`, cache: ttl ? { ttl } : {} }],
  });
  const marks = (body: JsonObject) => (JSON.stringify(body).match(/"cache_control"/g) ?? []).length;

  test("other clients expect it to happen by itself", () => {
    expect(build(foreign()).body.cache_control).toEqual({ type: "ephemeral" });
    expect(build(parse({ messages: [{ role: "user", content: "x" }] })).body).not.toHaveProperty("cache_control");
    expect(sent([marked(0)]).body).not.toHaveProperty("cache_control");
  });

  test("of many marks four stay: the last ones, and the last of tools and system", () => {
    const items = [0, 1, 2, 3, 4].map((at) => marked(at));
    const instructions: Block[] = [{ type: "text", text: "s", cache: {} }];
    const { body, notes } = sent(items, {}, { tools: [tool("a", { cache: {} })], instructions });
    expect(marks(body)).toBe(4);
    expect(marks({ tools: body.tools, system: body.system } as JsonObject)).toBe(2);
    expect(notes).toEqual([
      "dropped m.0.cache_control too_many_marks",
      "dropped m.1.cache_control too_many_marks",
      "dropped m.2.cache_control too_many_marks",
    ]);
  });

  test("an hour never follows five minutes", () => {
    const { body, notes } = sent([marked(0, "1h"), marked(1, "5m"), marked(2, "1h")]);
    const ttls = JSON.stringify(body).match(/"ttl":"(\w+)"/g);
    expect(ttls).toEqual(['"ttl":"1h"', '"ttl":"5m"', '"ttl":"5m"']);
    expect(notes).toEqual(["clamped m.2.cache_control long_after_short"]);
  });

  test("marks stand on calls and results too", () => {
    const { body } = sent([user, call("a", "{}", { cache: {} }), result("a", "x", { cache: { ttl: "1h" } })]);
    expect(body.messages).toMatchObject([
      {},
      { content: [{ type: "tool_use", cache_control: { type: "ephemeral" } }] },
      { content: [{ type: "tool_result" }] },
    ]);
    expect(marks(body)).toBe(2);
  });
});
