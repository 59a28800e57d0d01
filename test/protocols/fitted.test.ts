/** Requests towards models that cannot do all that was asked: what becomes of it, and what is told. */
import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { type Capabilities, defaultCapabilities, type TargetFacts } from "../../src/model/target.ts";
import { render } from "../providers/render.ts";
import type { ProtocolName } from "../recordings/door.ts";

function towards(can: Partial<Capabilities>, facts: Partial<TargetFacts> = {}): TargetFacts {
  return { provider: "p", model: "m", scope: "p", ...facts, can: { ...defaultCapabilities, ...can } };
}

const question: JsonObject = { messages: [{ role: "user", content: "Hi" }] };
const tool = { type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } };
const claudeTool = { name: "look", input_schema: { type: "object" } };
const image = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };

describe("effort words", () => {
  const efforts = ["low", "high", "max"] as const;
  test.each([
    ["low", "low", []],
    ["medium", "low", ["clamped output_config.effort low_for_medium"]],
    ["xhigh", "high", ["clamped output_config.effort high_for_xhigh"]],
    ["max", "max", []],
  ])("%s is %s for a model of low, high and max", (asked, sent, told) => {
    const body = { ...question, thinking: { type: "adaptive" }, output_config: { effort: asked } };
    for (const to of ["chat", "responses"]) {
      const got = render("messages", to, towards({ efforts }), body);
      const reasoning = got.body.reasoning as JsonObject | undefined;
      expect([got.body.reasoning_effort ?? reasoning?.effort, got.told]).toEqual([sent, told]);
    }
    const own = render("chat", "messages", towards({ efforts, thinking: "adaptive" }), {
      ...question,
      reasoning_effort: asked,
    });
    expect(own.body.output_config).toEqual({ effort: sent });
  });

  test("below the least one become the least", () => {
    const got = render("responses", "chat", towards({ efforts }), { input: "Hi", reasoning: { effort: "minimal" } });
    expect(got.body.reasoning_effort).toBe("low");
    expect(got.told).toEqual(["clamped reasoning.effort low_for_minimal"]);
  });

  test("are `none` only for models that can do without thinking", () => {
    const body = { ...question, thinking: { type: "disabled" } };
    expect(render("messages", "chat", towards({ efforts }), body).body.reasoning_effort).toBe("none");
    const always = render("messages", "chat", towards({ efforts, thinkingOff: false }), body);
    expect(always.body.reasoning_effort).toBe("low");
    expect(always.told).toEqual(["clamped thinking always_thinks"]);
  });

  test("are not said to models that are told nothing, nor beside tools where those exclude each other", () => {
    const body = { input: "Hi", reasoning: { effort: "high" } };
    const silent = render("responses", "chat", towards({ thinking: "none" }), body);
    expect(silent.body).not.toHaveProperty("reasoning_effort");
    expect(silent.told).toEqual(["dropped reasoning.effort not_told"]);
    const tooled = { ...body, tools: [{ type: "function", name: "look", parameters: {}, strict: false }] };
    expect(render("responses", "chat", towards({ effortOrTools: true }), tooled).told).toContain(
      "dropped reasoning.effort beside_tools",
    );
    expect(render("responses", "chat", towards({ effortOrTools: true }), body).body.reasoning_effort).toBe("high");
  });

  test.each([
    ["thinking.type", { thinking: { type: "enabled" } }, { thinking: { type: "disabled" } }],
    ["reasoning.enabled", { reasoning: { enabled: true } }, { reasoning: { enabled: false } }],
    ["enable_thinking", { enable_thinking: true, thinking_budget: 4000 }, { enable_thinking: false }],
  ] as const)("become the switch %s for a model that has no words", (thinkingSwitch, on, off) => {
    const target = towards({ efforts: [], thinkingSwitch });
    const asked = { ...question, thinking: { type: "enabled", budget_tokens: 4000 } };
    expect(render("messages", "chat", target, asked).body).toMatchObject(on);
    expect(render("messages", "chat", target, { ...question, thinking: { type: "disabled" } }).body).toMatchObject(off);
    const plain = render("messages", "chat", target, question).body;
    for (const member of ["thinking", "reasoning", "enable_thinking"]) expect(plain).not.toHaveProperty(member);
  });

  test("stand in `reasoning` for routers, which take a budget there, too", () => {
    const target = towards({ effortMember: "reasoning" });
    const asked = { ...question, thinking: { type: "enabled", budget_tokens: 4000 } };
    expect(render("messages", "chat", target, asked).body.reasoning).toEqual({ max_tokens: 4000 });
    const off = { ...question, thinking: { type: "disabled" } };
    expect(render("messages", "chat", target, off).body.reasoning).toEqual({ effort: "none" });
  });
});

describe("thinking of Messages models", () => {
  const effort = (word: string) => ({ ...question, reasoning_effort: word });
  test("stays on, at its least, where it cannot be turned off", () => {
    const got = render("chat", "messages", towards({ thinking: "adaptive", thinkingOff: false }), effort("none"));
    expect(got.body).toMatchObject({ thinking: { type: "adaptive" }, output_config: { effort: "low" } });
    expect(got.told).toEqual(["clamped reasoning_effort always_thinks"]);
  });

  test("is off only beside the efforts that the model takes there", () => {
    const can = { thinking: "adaptive", effortsWhenOff: ["low", "medium", "high"] } as const;
    const asked = { ...effort("max"), tools: [tool], tool_choice: "required" };
    const got = render("chat", "messages", towards(can), asked);
    expect(got.body).toMatchObject({ thinking: { type: "disabled" }, output_config: { effort: "high" } });
  });

  test("is a switch with the effort beside it for vendors without budgets", () => {
    const got = render("chat", "messages", towards({ thinking: "switch", efforts: ["high", "max"] }), effort("low"));
    expect(got.body).toMatchObject({ thinking: { type: "enabled" }, output_config: { effort: "high" } });
    const bare = render("chat", "messages", towards({ thinking: "switch", efforts: [] }), effort("low"));
    expect(bare.body.thinking).toEqual({ type: "enabled" });
    expect(bare.body).not.toHaveProperty("output_config");
  });

  test("is not mentioned to models without it", () => {
    const got = render("chat", "messages", towards({ thinking: "none" }), effort("high"));
    expect(got.body).not.toHaveProperty("thinking");
    expect(got.told).toEqual(["dropped reasoning_effort not_told"]);
  });
});

describe("thinking of Gemini models", () => {
  const sent = (can: Partial<Capabilities>, word: string) => {
    const { body, told } = render("chat", "gemini", towards(can), { ...question, reasoning_effort: word });
    const { thinkingConfig } = (body.generationConfig ?? {}) as { thinkingConfig?: JsonObject };
    return [thinkingConfig?.thinkingBudget ?? thinkingConfig?.thinkingLevel, told];
  };
  test("keeps within the model's budgets", () => {
    const can = { budget: { least: 128, most: 32_768 }, thinkingOff: false };
    expect(sent(can, "none")).toEqual([128, ["clamped reasoning_effort always_thinks"]]);
    expect(sent(can, "max")).toEqual([32_768, []]);
    expect(sent({ budget: { least: 2000 } }, "low")).toEqual([2000, ["clamped reasoning_effort model_minimum"]]);
    expect(sent({ budget: { least: 512 } }, "none")).toEqual([0, []]);
  });

  test("takes a level that the model has", () => {
    const can = { thinking: "adaptive", efforts: ["low", "high"] } as const;
    expect(sent(can, "medium")).toEqual(["HIGH", ["clamped reasoning_effort high_for_medium"]]);
    expect(sent(can, "minimal")).toEqual(["LOW", ["clamped reasoning_effort low_for_minimal"]]);
    expect(sent(can, "none")).toEqual(["LOW", ["clamped reasoning_effort always_thinks"]]);
    expect(sent({ thinking: "none" }, "high")).toEqual([undefined, ["dropped reasoning_effort not_told"]]);
  });
});

describe("sampling", () => {
  const all = { temperature: 0.5, top_p: 0.9, top_k: 5 };
  test("that is refused while thinking goes along when thinking is off", () => {
    const refuses = { temperature: "thinking", topP: "thinking" } as const;
    const target = towards({ refuses });
    const off = render("messages", "chat", target, { ...question, ...all, thinking: { type: "disabled" } });
    expect(off.body).toMatchObject({ temperature: 0.5, top_p: 0.9 });
    const unsaid = render("messages", "chat", target, { ...question, ...all });
    expect(unsaid.body).not.toHaveProperty("temperature");
    expect(unsaid.told).toEqual(["dropped temperature", "dropped top_p", "dropped top_k"]);
    const responses = render("messages", "responses", target, { ...question, ...all });
    expect(responses.body).not.toHaveProperty("temperature");
  });

  test("of several answers and log probabilities is refused by name, for they change what the answer is", () => {
    const target = towards({ refuses: { n: "always", logprobs: "always" } });
    expect(() => render("chat", "chat", target, { ...question, n: 2 })).toThrow(/one answer/);
    expect(render("chat", "chat", target, { ...question, n: 1 }).body).not.toHaveProperty("n");
    expect(() => render("chat", "chat", target, { ...question, logprobs: true })).toThrow(/log probabilities/);
    for (const to of ["responses", "gemini"]) {
      expect(() => render("chat", to, target, { ...question, logprobs: true })).toThrow(/log probabilities/);
    }
  });

  test("has no more tokens than the model writes", () => {
    const got = (["chat", "responses"] as const).map((to) =>
      render("messages", to, towards({}, { maxOutput: 900 }), { ...question, max_tokens: 5000 }),
    );
    expect(got.map(({ body }) => body.max_completion_tokens ?? body.max_output_tokens)).toEqual([900, 900]);
    for (const { told } of got) expect(told).toEqual(["clamped max_tokens model_maximum"]);
  });

  test("has a seed of the name that the server knows", () => {
    const asked = { contents: [{ parts: [{ text: "Hi" }] }], generationConfig: { seed: 7 } };
    expect(render("gemini", "chat", towards({ randomSeed: true }), asked).body).toMatchObject({ random_seed: 7 });
  });
});

describe("a forced call", () => {
  const names: [ProtocolName, string, JsonObject][] = [
    ["chat", "messages", { tools: [tool], tool_choice: { type: "function", function: { name: "look" } } }],
    ["messages", "chat", { tools: [claudeTool], tool_choice: { type: "tool", name: "look" } }],
    ["messages", "gemini", { tools: [claudeTool], tool_choice: { type: "any" } }],
    ["messages", "responses", { tools: [claudeTool], tool_choice: { type: "any" } }],
  ];
  test.each(names)("of a %s client is an instruction for a %s model that refuses it", (from, to, choice) => {
    const { body, told } = render(from, to, towards({ forcedTool: false }), { ...question, ...choice });
    expect(told).toContain("emulated tool_choice forced_tool_coerced");
    const text = JSON.stringify(body);
    expect(text).toContain("Answer by calling");
    expect(text).not.toMatch(/"required"|"any"|"ANY"|"type":"tool"/);
  });

  test("stays as it is where it is taken, and a free choice is never touched", () => {
    const free = { ...question, tools: [tool], tool_choice: "auto" };
    expect(JSON.stringify(render("chat", "messages", towards({ forcedTool: false }), free).body)).not.toContain(
      "Answer by",
    );
    const forced = render("chat", "messages", towards({}), { ...free, tool_choice: "required" });
    expect(forced.body.tool_choice).toEqual({ type: "any" });
  });
});

describe("what a model cannot take at all", () => {
  const seeing: JsonObject = { messages: [{ role: "user", content: [{ type: "text", text: "What?" }, image] }] };
  test.each(["messages", "responses", "gemini"])("is refused by its place towards %s", (to) => {
    expect(() => render("chat", to, towards({ vision: false }), seeing)).toThrow(/image input is not supported/);
    expect(() => render("chat", to, towards({ tools: false }), { ...question, tools: [tool] })).toThrow(
      /calls no tools/,
    );
    expect(render("chat", to, towards({ vision: false, tools: false }), question).told).toEqual([]);
  });

  test("is a schema beside tools, which becomes an instruction without a mode", () => {
    const format = { type: "json_schema", schema: { type: "object", properties: { a: { type: "string" } } } };
    const asked = { ...question, output_config: { format } };
    const target = towards({ schemaWithTools: false });
    expect(render("messages", "chat", target, asked).body).toHaveProperty("response_format");
    const beside = render("messages", "chat", target, { ...asked, tools: [claudeTool] });
    expect(beside.body).not.toHaveProperty("response_format");
    expect(JSON.stringify(beside.body.messages)).toContain("JSON Schema");
    const gemini = render("messages", "gemini", target, { ...asked, tools: [claudeTool] });
    expect(JSON.stringify(gemini.body.generationConfig)).not.toContain("responseJsonSchema");
  });

  test("is a prefill, in the client's own shape", () => {
    const prefilled = { messages: [...(question.messages as JsonObject[]), { role: "assistant", content: "{" }] };
    expect(() => render("chat", "messages", towards({ prefill: false }), prefilled)).toThrow(
      expect.objectContaining({
        code: "unsupported",
        detail: expect.objectContaining({ vendorCode: "prefill_unsupported" }),
      }),
    );
  });
});
