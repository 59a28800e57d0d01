import { describe, expect, test } from "bun:test";
import { envelopeMark } from "../../src/gateway/seals.ts";
import { type ProtocolName, protocolNames } from "../recordings/door.ts";
import {
  assistantTurn,
  callOf,
  chatStream,
  chatWhole,
  chunk,
  exchange,
  followUp,
  geminiChunk,
  geminiStream,
  heard,
  json,
  type Loose,
  messageBlocks,
  messagesAnswer,
  openSession,
  question,
  render,
  responsesStream,
  responsesWhole,
  spoken,
  toolsOf,
} from "./streams-support.ts";

const foreign = ["chat", "responses", "messages"] as const;
const modes = [true, false] as const;
const signature = "U2lnbmF0dXJlT25l";
const parts = ["Rome", "Oslo", "Bern"].map((city, at) => ({
  functionCall: { name: "look", args: { city } },
  ...(at === 0 ? { thoughtSignature: signature } : {}),
}));

function threeCalls(isStream: boolean): Response {
  if (!isStream) return json(geminiChunk(parts, { finishReason: "STOP" }));
  return geminiStream(
    ...parts.map((part) => geminiChunk([part])),
    geminiChunk([{ text: "" }], { finishReason: "STOP" }),
  );
}

/** Both turns of a conversation in which the model calls first; the second request as the provider got it. */
async function loop(client: ProtocolName, provider: ProtocolName, answer: () => Response, isStream: boolean) {
  const session = openSession({ provider, answer });
  // A client of Google sees thoughts when it asks for them.
  const shown = client === "gemini" ? { generationConfig: { thinkingConfig: { includeThoughts: true } } } : {};
  const first = await session.ask(client, { body: { ...question(client, true), ...shown }, stream: isStream });
  expect([first.status, first.text]).toEqual([200, expect.anything()]);
  const second = await session.ask(client, { body: followUp(client, first, true) });
  session.close();
  const [, sent] = session.bodies();
  return { first, second, sent };
}

describe.each(foreign)("a thought signature on its way through a %s client", (client) => {
  for (const isStream of modes) {
    const how = isStream ? "streamed" : "whole";
    test(`comes back to Google on the call that it was made for, ${how} (trap 49)`, async () => {
      const { sent } = await loop(client, "gemini", () => threeCalls(isStream), isStream);
      const [model] = sent.contents.filter(({ role }: Loose) => role === "model");
      expect(model.parts.filter((part: Loose) => part.functionCall)[0].thoughtSignature).toBe(signature);
    });

    test(`is on the first of three parallel calls only, ${how} (trap 50)`, async () => {
      const { sent } = await loop(client, "gemini", () => threeCalls(isStream), isStream);
      const [model] = sent.contents.filter(({ role }: Loose) => role === "model");
      const calls = model.parts.filter((part: Loose) => part.functionCall);
      expect(
        calls.map(({ functionCall, thoughtSignature }: Loose) => [functionCall.args.city, thoughtSignature]),
      ).toEqual([
        ["Rome", signature],
        ["Oslo", undefined],
        ["Bern", undefined],
      ]);
    });
  }

  test("does not take the text with it that it came with (trap 51)", async () => {
    const answer = () =>
      geminiStream(
        geminiChunk([{ text: "first ", thoughtSignature: signature }]),
        geminiChunk([{ text: "second" }], { finishReason: "STOP" }),
      );
    expect((await heard(client, { provider: "gemini", answer })).text).toBe("first second");
  });
});

test("a signed text that ends an answer goes back with its signature (trap 51)", async () => {
  const answer = () =>
    geminiStream(geminiChunk([{ text: "all", thoughtSignature: signature }], { finishReason: "STOP" }));
  for (const client of foreign) {
    const { sent } = await loop(client, "gemini", answer, true);
    expect([client, JSON.stringify(sent.contents).includes(signature)]).toEqual([client, true]);
  }
});

test("the word for a missing signature stands as it is, on the running turn alone (trap 52)", async () => {
  const round = (id: string) => [
    { role: "assistant", content: null, tool_calls: [callOf(id, "look"), callOf(`${id}b`, "look")] },
    { role: "tool", tool_call_id: id, content: "ok" },
    { role: "tool", tool_call_id: `${id}b`, content: "ok" },
  ];
  const user = { role: "user", content: "q" };
  const body = { messages: [user, ...round("a"), user, ...round("b")] };
  const { sent } = await exchange("chat", { provider: "gemini", answer: () => threeCalls(false) }, { body });
  const signed = sent.contents.map(({ parts: all }: Loose) => all.map((part: Loose) => part.thoughtSignature));
  const word = "skip_thought_signature_validator";
  expect(signed.flat().filter(Boolean)).toEqual([word]);
  expect(signed[4]).toEqual([word, undefined]);
});

test("parts of Google's own tools go back byte for byte, signatures included (trap 53)", async () => {
  const own = {
    role: "model",
    parts: [
      { toolCall: { toolType: "GOOGLE_SEARCH_WEB", args: { queries: ["a"] }, id: "s1" }, thoughtSignature: "QQ==" },
      { toolResponse: { toolType: "GOOGLE_SEARCH_WEB", response: { n: 1.0 }, id: "s1" }, thoughtSignature: "Qg==" },
      { text: "done", thoughtSignature: "Qw==" },
    ],
  };
  const user = { role: "user", parts: [{ text: "q" }] };
  const body = { contents: [user, own, user] };
  const { sent } = await exchange("gemini", { provider: "gemini", answer: () => threeCalls(false) }, { body });
  expect(JSON.stringify(sent.contents)).toBe(JSON.stringify(body.contents));
});

const proof = [{ type: "reasoning.text", text: "hm", signature: "proof-of-x", format: "x", index: 0 }];
const reasoned = () => chatWhole({ content: "so", reasoning: "hm", reasoning_details: proof });

test("what another provider signed is not shown to Anthropic (trap 54)", async () => {
  const others = { other: { protocols: { messages: "https://other.example/v1" }, api_key: "sk-other-0123456789" } };
  const answer = ({ url }: { url: string }) =>
    url.includes("other") ? messagesAnswer([{ type: "text", text: "a" }], false) : reasoned();
  for (const client of ["messages", "responses", "chat"] as const) {
    const session = openSession({ provider: "chat", others, answer });
    const first = await session.ask(client, { body: question(client) });
    const second = await session.ask(client, { body: followUp(client, first), model: "other/m" });
    session.close();
    expect(second.status).toBe(200);
    const { messages } = session.bodies()[1];
    expect(messages[1]).toMatchObject({ role: "assistant", content: [{ type: "text", text: "so" }] });
  }
});

test("reasoning that nobody signed has an envelope, which goes to no provider (trap 55)", async () => {
  const others = { other: { protocols: { messages: "https://other.example/v1" }, api_key: "sk-other-0123456789" } };
  const answer = ({ url }: { url: string }) =>
    url.includes("other")
      ? messagesAnswer([{ type: "text", text: "a" }], false)
      : chatWhole({ content: "so", reasoning_content: "hm" });
  const session = openSession({ provider: "chat", others, answer });
  const first = await session.ask("messages", { body: question("messages") });
  expect(first.json.content[0].signature).toStartWith(envelopeMark);
  await session.ask("messages", { body: followUp("messages", first), model: "other/m" });
  session.close();
  expect(session.bodies()[1].messages[1].content).toMatchObject([{ type: "text", text: "so" }]);
});

const unspoken = { type: "thinking", thinking: "", signature: "c2lnbmVk" };
const redacted = { type: "redacted_thinking", data: "cmVkYWN0ZWQ=" };
const toolUse = { type: "tool_use", id: "toolu_1", name: "look", input: { city: "Rome" } };

async function backAtAnthropic(client: ProtocolName, blocks: Loose[], isStream: boolean): Promise<Loose[]> {
  const answer = () => messagesAnswer(blocks, isStream, { stop: "tool_use" });
  const { sent } = await loop(client, "messages", answer, isStream);
  return sent.messages.find(({ role }: Loose) => role === "assistant").content;
}

for (const isStream of modes)
  for (const client of protocolNames) {
    const how = `${client}, ${isStream ? "streamed" : "whole"}`;
    test(`a thinking block without text comes back as what it was, ${how} (trap 56)`, async () => {
      expect(await backAtAnthropic(client, [unspoken, toolUse], isStream)).toEqual([unspoken, toolUse]);
    });

    test(`a redacted thinking block comes back as what it was, ${how} (trap 57)`, async () => {
      expect(await backAtAnthropic(client, [redacted, toolUse], isStream)).toEqual([redacted, toolUse]);
    });

    test(`each of several thinking blocks keeps its place and its signature, ${how} (trap 58)`, async () => {
      const blocks = [
        { type: "thinking", thinking: "one", signature: "b25l" },
        { type: "text", text: "said" },
        { type: "thinking", thinking: "two", signature: "dHdv" },
        toolUse,
      ];
      expect(await backAtAnthropic(client, blocks, isStream)).toEqual(blocks);
    });
  }

test("a whole answer to a client that streams has the signature in a delta (trap 59)", async () => {
  const asking = { body: question("messages"), stream: true };
  const { chunks } = await exchange("messages", { provider: "chat", answer: reasoned }, asking);
  const signed = chunks.filter(({ delta }) => delta?.type === "signature_delta");
  expect(signed).toHaveLength(1);
  expect(messageBlocks(chunks).map(({ type }) => type)).toEqual(["thinking", "text"]);
});

test("thinking after text stays after it for a Responses client (trap 60)", async () => {
  const blocks = [
    { type: "thinking", thinking: "one", signature: "b25l" },
    { type: "text", text: "said" },
    { type: "thinking", thinking: "two", signature: "dHdv" },
    toolUse,
  ];
  for (const isStream of modes) {
    const answer = () => messagesAnswer(blocks, isStream, { stop: "tool_use" });
    const asking = { body: question("responses", true), stream: isStream };
    const said = assistantTurn("responses", await exchange("responses", { provider: "messages", answer }, asking));
    expect(said.map(({ type }: Loose) => type)).toEqual(["reasoning", "message", "reasoning", "function_call"]);
  }
});

for (const field of ["reasoning_content", "reasoning"])
  test(`${field} alone is a thinking block, with no empty text before it (traps 61 and 62)`, async () => {
    const deltas = [{ role: "assistant", content: "" }, { [field]: "so " }, { [field]: "it is" }];
    const answer = () => chatStream(...deltas.map((one) => chunk(one)), chunk({}, "stop"));
    const { chunks } = await exchange(
      "messages",
      { provider: "chat", answer },
      { body: question("messages"), stream: true },
    );
    const blocks = messageBlocks(chunks);
    expect(blocks).toMatchObject([{ type: "thinking", thinking: "so it is" }]);
  });

for (const isStream of modes)
  test(`raw reasoning text of a Responses provider reaches a Chat client, ${isStream ? "streamed" : "whole"} (trap 63)`, async () => {
    const item = {
      ...{ type: "reasoning", id: "rs_1", summary: [] },
      content: [{ type: "reasoning_text", text: "raw thoughts" }],
    };
    const output = [item, spoken("so")];
    const answer = () => (isStream ? responsesStream(output) : responsesWhole(output));
    expect(await heard("chat", { provider: "responses", answer }, isStream)).toMatchObject({
      reasoning: "raw thoughts",
      text: "so",
    });
  });

const secretItem = {
  ...{ type: "reasoning", id: "rs_1", encrypted_content: "for-account-one" },
  summary: [
    { type: "summary_text", text: "one" },
    { type: "summary_text", text: "two" },
  ],
};

test("encrypted reasoning goes back to the account that made it, and to no other (trap 64)", async () => {
  const others = { other: { protocols: { responses: "https://other.example/v1" }, api_key: "sk-other-0123456789" } };
  for (const client of ["chat", "messages", "gemini"] as const) {
    const answer = () => responsesWhole([secretItem, spoken("so")]);
    const session = openSession({ provider: "responses", others, answer });
    const first = await session.ask(client, { body: question(client) });
    const body = followUp(client, first);
    await session.ask(client, { body });
    await session.ask(client, { body, model: "other/m" });
    session.close();
    const [, own, other] = session.sent.map((one) => one.body.includes("for-account-one"));
    expect([client, own, other]).toEqual([client, true, false]);
  }
});

for (const isStream of modes)
  test(`the parts of one summary are one thinking block, ${isStream ? "streamed" : "whole"} (trap 65)`, async () => {
    const output = [secretItem, spoken("so")];
    const answer = () => (isStream ? responsesStream(output) : responsesWhole(output));
    const asking = { body: question("messages"), stream: isStream };
    const { content } = assistantTurn(
      "messages",
      await exchange("messages", { provider: "responses", answer }, asking),
    );
    expect(content.map(({ type }: Loose) => type)).toEqual(["thinking", "text"]);
    expect(content[0].thinking).toBe("one\n\ntwo");
  });

test("thoughts in a Google client's history are no words that anybody said (trap 66)", async () => {
  const contents = [
    { role: "user", parts: [{ text: "q" }] },
    { role: "model", parts: [{ text: "hidden", thought: true }, { text: "shown" }] },
    { role: "user", parts: [{ text: "and?" }] },
  ];
  for (const provider of ["chat", "messages", "responses"] as const) {
    const answers = {
      chat: () => chatWhole({ content: "a" }),
      messages: () => messagesAnswer([{ type: "text", text: "a" }], false),
      responses: () => responsesWhole([spoken("a")]),
    };
    const { sent } = await exchange("gemini", { provider, answer: answers[provider] }, { body: { contents } });
    expect(JSON.stringify(sent)).toContain("shown");
    expect(JSON.stringify(sent)).not.toContain("hidden");
  }
});

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
