import { describe, expect, test } from "bun:test";
import { protocolNames } from "../recordings/door.ts";
import {
  callOf,
  chatWhole,
  exchange,
  followUp,
  json,
  type Loose,
  openSession,
  question,
  render,
  responsesWhole,
  spoken,
  toolsOf,
} from "./streams-support.ts";

test("the effort of a request that wants a summary is a word on Chat (trap 67)", () => {
  const { body } = render(["responses", "chat"], {
    ...question("responses"),
    reasoning: { effort: "low", summary: "auto" },
  });
  expect(body.reasoning_effort).toBe("low");
});

const efforts = ["minimal", "low", "medium", "high", "xhigh", "max"] as const;
/** Budgets of a Messages and of a Google model, words of an adaptive Messages model and of a Google model with levels. */
const table: Record<(typeof efforts)[number], [number, number, string, string]> = {
  minimal: [1024, 512, "low", "MINIMAL"],
  low: [1024, 1024, "low", "LOW"],
  medium: [8192, 8192, "medium", "MEDIUM"],
  high: [24_576, 24_576, "high", "HIGH"],
  xhigh: [32_768, 24_576, "xhigh", "HIGH"],
  max: [60_000 - 4096, 24_576, "max", "HIGH"],
};

describe.each(efforts)("an effort of %s", (effort) => {
  const asked = { ...question("chat"), reasoning_effort: effort, max_completion_tokens: 60_000 };
  const facts = { maxOutput: 60_000 };
  const [budget, googleBudget, word, level] = table[effort];

  test("is a budget where a model knows budgets, and a word where it knows words (trap 68)", () => {
    const messages = render(["chat", "messages"], asked, { facts });
    expect(messages.body.thinking).toMatchObject({ type: "enabled", budget_tokens: budget });
    const gemini = render(["chat", "gemini"], asked, { facts });
    expect(gemini.body.generationConfig.thinkingConfig.thinkingBudget).toBe(googleBudget);
    const adaptive = render(["chat", "messages"], asked, { facts, can: { thinking: "adaptive" } });
    expect([adaptive.body.thinking.type, adaptive.body.output_config.effort]).toEqual(["adaptive", word]);
    const levels = render(["chat", "gemini"], asked, { facts, can: { thinking: "adaptive" } });
    expect(levels.body.generationConfig.thinkingConfig.thinkingLevel).toBe(level);
    expect(render(["chat", "responses"], asked).body.reasoning.effort).toBe(effort);
  });
});

const budgets: [number, string][] = [
  [1024, "low"],
  [1025, "medium"],
  [8192, "medium"],
  [8193, "high"],
  [24_576, "high"],
  [24_577, "xhigh"],
  [32_769, "max"],
];

test("a budget without an effort is an effort, by the same bounds (trap 68)", () => {
  for (const [budget_tokens, effort] of budgets) {
    const asked = { ...question("messages"), max_tokens: 50_000, thinking: { type: "enabled", budget_tokens } };
    const words = [
      render(["messages", "chat"], asked).body.reasoning_effort,
      render(["messages", "responses"], asked).body.reasoning.effort,
    ];
    expect([budget_tokens, ...words]).toEqual([budget_tokens, effort, effort]);
  }
  const google = { ...question("gemini"), generationConfig: { thinkingConfig: { thinkingBudget: 512 } } };
  expect(render(["gemini", "chat"], google).body.reasoning_effort).toBe("minimal");
  const off = { ...question("gemini"), generationConfig: { thinkingConfig: { thinkingBudget: 0 } } };
  expect(render(["gemini", "chat"], off).body.reasoning_effort).toBe("none");
});

test("adaptive thinking is thinking, and what says nothing says nothing (trap 68)", () => {
  const adaptive = { ...question("messages"), thinking: { type: "adaptive" } };
  expect(render(["messages", "gemini"], adaptive).body.generationConfig.thinkingConfig.thinkingBudget).toBe(-1);
  expect(render(["messages", "chat"], adaptive).body.reasoning_effort).toBeUndefined();
  expect(render(["messages", "responses"], adaptive).body.reasoning?.effort).toBeUndefined();
  const between = { ...question("messages"), thinking: { type: "between_tools" } };
  expect(render(["messages", "chat"], between).body.reasoning_effort).toBe("low");
  for (const to of protocolNames.filter((name) => name !== "chat")) {
    const { body } = render(["chat", to], question("chat"));
    expect(JSON.stringify(body)).not.toMatch(/thinking|reasoning"|effort/);
  }
});

test("a thinking budget is at least 1024 and below max_tokens, or there is none (trap 69)", () => {
  for (const max_completion_tokens of [16, 500, 1024, 1025, 1500, 4000, 9000, 40_000]) {
    for (const effort of efforts) {
      const asked = { ...question("chat"), max_completion_tokens, reasoning_effort: effort };
      const { body, degraded } = render(["chat", "messages"], asked);
      expect(body.max_tokens).toBe(max_completion_tokens);
      if (body.thinking === undefined) {
        expect(max_completion_tokens).toBeLessThanOrEqual(1024);
        expect(degraded).toContain("dropped reasoning");
      } else {
        expect(body.thinking.budget_tokens).toBeGreaterThanOrEqual(1024);
        expect(body.thinking.budget_tokens).toBeLessThan(max_completion_tokens);
      }
    }
  }
  const raised = render(["chat", "messages"], { ...question("chat"), reasoning_effort: "high" }).body;
  expect(raised.max_tokens).toBeGreaterThan(raised.thinking.budget_tokens);
});

test("a model that takes adaptive thinking alone is never sent a budget (trap 70)", () => {
  const can = { thinking: "adaptive" as const };
  for (const effort of efforts) {
    const { body } = render(["chat", "messages"], { ...question("chat"), reasoning_effort: effort }, { can });
    expect(body.thinking).toEqual({ type: "adaptive" });
  }
  const google = { ...question("gemini"), generationConfig: { thinkingConfig: { thinkingBudget: 9000 } } };
  const { body, degraded } = render(["gemini", "messages"], google, { can });
  expect([body.thinking.type, body.output_config.effort]).toEqual(["adaptive", "high"]);
  expect(degraded).toContain("emulated reasoning");
});

test("reasoning goes back beside calls where a provider wants it, and nowhere else (trap 71)", async () => {
  const message = { content: null, reasoning_content: "I look", tool_calls: [callOf("call_1", "look")] };
  for (const [host, wanted] of [
    ["api.deepseek.com", "I look"],
    ["up.example", undefined],
  ] as const) {
    const session = openSession({ provider: "chat", host, answer: () => chatWhole(message, "tool_calls") });
    const first = await session.ask("messages", { body: question("messages", true) });
    await session.ask("messages", { body: followUp("messages", first, true) });
    session.close();
    const assistant = session.bodies()[1].messages.find(({ role }: Loose) => role === "assistant");
    expect([host, assistant.reasoning_content]).toEqual([host, wanted]);
  }
});

test("a tool loop that lost its thinking goes on without (trap 72)", () => {
  const messages = [
    { role: "user", content: "q" },
    { role: "assistant", content: null, tool_calls: [callOf("call_1", "look")] },
    { role: "tool", tool_call_id: "call_1", content: "ok" },
  ];
  const asked = { messages, reasoning_effort: "high", ...toolsOf("chat") };
  const old = render(["chat", "messages"], asked);
  expect(old.body.thinking).toEqual({ type: "disabled" });
  expect(old.degraded).toContain("dropped reasoning");
  const recent = render(["chat", "messages"], asked, { can: { thinking: "adaptive" } });
  expect(recent.body.thinking).toEqual({ type: "adaptive" });
  const spoken = [...messages, { role: "assistant", content: "so" }, { role: "user", content: "again" }];
  expect(render(["chat", "messages"], { ...asked, messages: spoken }).body.thinking.type).toBe("enabled");
});

test("a model that is listed for Responses is called there for Chat clients, too (trap 73)", async () => {
  const protocols = { chat: "https://up.example/v1", responses: "https://up.example/v1" };
  const more = { protocols, models: { model: { protocols: ["responses"] }, older: {} } };
  const answer = ({ url }: { url: string }) =>
    url.endsWith("/responses")
      ? responsesWhole([spoken("so")])
      : json({ error: { message: "use /v1/responses" } }, 400);
  const body = { ...question("chat", true), reasoning_effort: "high" };
  const told = await exchange("chat", { provider: "chat", more, answer }, { body });
  expect([told.status, told.json?.choices[0].message.content]).toEqual([200, "so"]);
  expect(told.sent).toMatchObject({ reasoning: { effort: "high" }, tools: [{ name: "look" }] });
});
