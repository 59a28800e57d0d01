import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import type { Capabilities } from "../../src/model/target.ts";
import { accept } from "../recordings/accept.ts";
import { crossed, type ProtocolName, plainAnswers, protocolNames } from "../recordings/door.ts";
import { callOf, exchange, json, type Loose, messagesAnswer, question, render, toolsOf } from "./streams-support.ts";

const plain = (provider: ProtocolName) => () => json(plainAnswers[provider]);
const user = (content: Loose): Loose => ({ role: "user", content });
const assistant = (content: Loose): Loose => ({ role: "assistant", content });

/** The texts of a body in their order, whatever the protocol. */
function textsOf(body: Loose): string[] {
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).flatMap(([key, value]) =>
    (key === "text" || key === "content") && typeof value === "string" ? [value] : textsOf(value),
  );
}

test("an empty text beside a call is left out (trap 99)", async () => {
  for (const content of ["", null, [{ type: "text", text: "" }]]) {
    const said = { ...assistant(content), tool_calls: [callOf("call_1", "look")] };
    const body = {
      messages: [user("q"), said, { role: "tool", tool_call_id: "call_1", content: "" }],
      ...toolsOf("chat"),
    };
    for (const provider of ["messages", "gemini", "responses"] as const) {
      const { status, sent, call } = await exchange("chat", { provider, answer: plain(provider) }, { body });
      expect([provider, status]).toEqual([provider, 200]);
      accept(provider, sent, call.headers);
    }
    const { sent } = await exchange("chat", { provider: "messages", answer: plain("messages") }, { body });
    expect(sent.messages[1].content.map(({ type }: Loose) => type)).toEqual(["tool_use"]);
  }
});

const system = { role: "system", content: "You are careful." };
const turns = [1, 2, 3].map((count) => {
  const messages: Loose[] = [system];
  for (let at = 1; at <= count; at++) {
    messages.push(user(`question ${at}`), { role: "system", content: `It is ${at} o'clock.` });
    if (at < count) messages.push(assistant(`answer ${at}`));
  }
  return messages;
});

describe.each(["messages", "gemini", "responses"] as const)("reminders in a conversation with %s", (provider) => {
  test("stay where they were said, so that each turn begins as the one before (trap 100)", () => {
    for (const midSystem of [true, false]) {
      const bodies = turns.map((messages) => render(["chat", provider], { messages }, { can: { midSystem } }).body);
      const lists = bodies.map((body) => (body.messages ?? body.contents ?? body.input) as Loose[]);
      const heads = bodies.map(({ system: head, systemInstruction, instructions }) =>
        JSON.stringify([head, systemInstruction, instructions]),
      );
      expect(new Set(heads).size).toBe(1);
      for (const [at, list] of lists.entries()) {
        const next = lists[at + 1];
        if (next) expect(JSON.stringify(next.slice(0, list.length))).toBe(JSON.stringify(list));
        expect(textsOf(list).join(" ")).toContain(`It is ${at + 1} o'clock.`);
      }
    }
  });
});

test("a server that knows no developer gets system messages, all of them (trap 101)", async () => {
  const developer = [1, 2].map((at) => ({ role: "developer", content: `rule ${at}` }));
  const body = { input: [...developer, user("q"), { role: "developer", content: "rule 3" }, user("and?")] };
  const answer = plain("chat");
  const { sent } = await exchange("responses", { provider: "chat", host: "api.deepseek.com", answer }, { body });
  expect(sent.messages.map(({ role, content }: Loose) => [role, content])).toEqual([
    ["system", "rule 1"],
    ["system", "rule 2"],
    ["user", "q"],
    ["system", "rule 3"],
    ["user", "and?"],
  ]);
  const own = await exchange("responses", { provider: "chat", answer }, { body });
  expect(own.sent.messages[0].role).toBe("developer");
});

test("three system messages stay three, in their order (trap 102)", () => {
  const body = { messages: [...["one", "two", "three"].map((content) => ({ role: "system", content })), user("q")] };
  const { body: messages } = render(["chat", "messages"], body);
  expect(messages.system.map(({ text }: Loose) => text)).toEqual(["one", "two", "three"]);
  const { body: gemini } = render(["chat", "gemini"], body);
  expect(gemini.systemInstruction.parts.map(({ text }: Loose) => text)).toEqual(["one", "two", "three"]);
  const { body: responses } = render(["chat", "responses"], body);
  expect(textsOf(responses.input).slice(0, 3)).toEqual(["one", "two", "three"]);
});

const mark = { type: "ephemeral" };
const marked = {
  max_tokens: 100,
  system: [{ type: "text", text: "careful", cache_control: mark }],
  tools: [{ name: "look", input_schema: { type: "object" }, cache_control: mark }],
  messages: [
    user("q"),
    assistant([{ type: "tool_use", id: "toolu_1", name: "look", input: {}, cache_control: mark }]),
    user([{ type: "tool_result", tool_use_id: "toolu_1", content: "ok", cache_control: mark }]),
  ],
};
const marksOf = (body: unknown) => JSON.stringify(body).match(/"cache_control"/g)?.length ?? 0;

test("cache marks stay on calls, results, tools and system text (trap 103)", async () => {
  const { sent } = await exchange("messages", { provider: "messages", answer: plain("messages") }, { body: marked });
  expect(sent).toEqual({ ...marked, model: "model" });
  expect(marksOf(render(["messages", "messages"], marked).body)).toBe(4);
});

test("a router that honours cache marks is sent them, and elsewhere they are told as dropped (trap 103)", async () => {
  const router = { provider: "chat", host: "openrouter.ai", answer: plain("chat") } as const;
  const { sent } = await exchange("messages", router, { body: marked });
  expect(sent.messages[0]).toEqual({
    role: "system",
    content: [{ type: "text", text: "careful", cache_control: mark }],
  });
  expect(sent.messages.at(-1).content).toEqual([{ type: "text", text: "ok", cache_control: mark }]);
  const other = await exchange("messages", { provider: "chat", answer: plain("chat") }, { body: marked });
  expect(marksOf(other.sent)).toBe(0);
  expect(other.headers.get("x-plexus-degraded")).toContain("dropped");
});

test("of six marks four are sent, and none of an hour after one of five minutes (trap 104)", () => {
  const ttl = ["5m", "1h", "5m", "1h", "5m", "1h"];
  const parts = ttl.map((one, at) => ({
    type: "text",
    text: `part ${at}`,
    cache_control: { type: "ephemeral", ttl: one },
  }));
  const { body, degraded } = render(["chat", "messages"], { messages: [user(parts)] });
  const marks = [...JSON.stringify(body).matchAll(/"cache_control":\{"type":"ephemeral"(?:,"ttl":"(\w+)")?\}/g)];
  expect(marks).toHaveLength(4);
  expect(marks.map(([, one = "5m"]) => one)).toEqual(["5m", "5m", "5m", "5m"]);
  expect(degraded.filter((one) => one.startsWith("dropped"))).toHaveLength(2);
});

test("OpenAI's cache wishes go to no back end of another kind (trap 105)", () => {
  const part = { type: "text", text: "q", prompt_cache_breakpoint: { mode: "explicit" } };
  const body = { messages: [user([part])], prompt_cache_retention: "24h", prompt_cache_key: "k" };
  for (const to of ["messages", "gemini"] as const) {
    const { body: sent, degraded } = render(["chat", to], body);
    expect(JSON.stringify(sent)).not.toContain("prompt_cache");
    expect(degraded.join()).toContain("prompt_cache_retention");
  }
});

const pdf = Buffer.from("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n").toString("base64");
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const documents: Record<ProtocolName, JsonObject> = {
  chat: {
    messages: [user([{ type: "file", file: { file_data: `data:application/pdf;base64,${pdf}`, filename: "a.pdf" } }])],
  },
  messages: {
    max_tokens: 100,
    messages: [user([{ type: "document", source: { type: "base64", media_type: "application/pdf", data: pdf } }])],
  },
  responses: {
    input: [user([{ type: "input_file", file_data: `data:application/pdf;base64,${pdf}`, filename: "a.pdf" }])],
  },
  gemini: { contents: [{ role: "user", parts: [{ inlineData: { mimeType: "application/pdf", data: pdf } }] }] },
} as Record<ProtocolName, Loose>;

describe.each(crossed)("a PDF of a $client client for $provider", ({ client, provider }) => {
  test("arrives whole, once, as what it is (trap 106)", async () => {
    const body = documents[client];
    const { status, sent, call } = await exchange(client, { provider, answer: plain(provider) }, { body });
    expect(status).toBe(200);
    accept(provider, sent, call.headers);
    expect(call.body.split(pdf)).toHaveLength(2);
    expect(call.body).toContain("application/pdf");
  });
});

test("base64 has no head of a data URL in it (trap 107)", () => {
  const url = `data:image/png;base64,${png}`;
  const chat = { messages: [user([{ type: "image_url", image_url: { url } }])] };
  const responses = { input: [user([{ type: "input_image", image_url: url }])] };
  for (const [from, body] of [
    ["chat", chat],
    ["responses", responses],
  ] as const) {
    const { body: gemini } = render([from, "gemini"], body as Loose);
    expect(gemini.contents[0].parts[0].inlineData).toEqual({ mimeType: "image/png", data: png });
    const { body: messages } = render([from, "messages"], body as Loose);
    expect(messages.messages[0].content[0].source).toEqual({ type: "base64", media_type: "image/png", data: png });
  }
});

test("a conversation that the model begins is one that Google takes (trap 108)", async () => {
  const body = { messages: [assistant("hello"), user("q")] };
  const { sent, call } = await exchange("chat", { provider: "gemini", answer: plain("gemini") }, { body });
  accept("gemini", sent, call.headers);
  expect(sent.contents.map(({ role }: Loose) => role)).toEqual(["user", "model", "user"]);
});

test("members in snake_case are read like those in camelCase (trap 109)", () => {
  const body = {
    contents: [{ role: "user", parts: [{ inline_data: { mime_type: "image/png", data: png } }, { text: "q" }] }],
    system_instruction: { parts: [{ text: "careful" }] },
    generation_config: { thinking_config: { thinking_budget: 9000 }, max_output_tokens: 77, stop_sequences: ["END"] },
  };
  const { body: sent } = render(["gemini", "chat"], body);
  expect(sent).toMatchObject({ reasoning_effort: "high", max_completion_tokens: 77, stop: ["END"] });
  expect(sent.messages[0]).toEqual({ role: "system", content: "careful" });
  expect(JSON.stringify(sent)).toContain(png);
});

test("sampling values go to no model that refuses them, nor beside a version that does (trap 110)", () => {
  const body = { ...question("chat"), temperature: 1.0, top_p: 0.9, top_k: 3 };
  const refuses = { temperature: "always", topP: "always", topK: "always" };
  const can = { sampling: false, refuses } as Partial<Capabilities>;
  const { body: sent, degraded } = render(["chat", "messages"], body, { can });
  expect(JSON.stringify(sent)).not.toMatch(/temperature|top_p|top_k/);
  expect(degraded).toEqual(expect.arrayContaining(["dropped sampling.temperature", "dropped sampling.topP"]));
});

test("what is translated for Anthropic has the version that takes its sampling values (trap 110)", async () => {
  const body = { ...question("chat"), temperature: 1.0 };
  const headers = { "anthropic-version": "2026-10-21" };
  const options = { provider: "messages", answer: plain("messages") } as const;
  const { sent, call } = await exchange("chat", options, { body, headers });
  expect([call.headers["anthropic-version"], sent.temperature]).toEqual(["2023-06-01", 1]);
});

test("a Messages client may send its key either way (trap 111)", async () => {
  const { secret } = await import("../recordings/door.ts");
  const options = { provider: "messages", answer: plain("messages") } as const;
  const body = question("messages");
  const ways: Record<string, string>[] = [
    { authorization: `Bearer ${secret}` },
    { authorization: "", "x-api-key": secret },
    { authorization: `Bearer ${secret}`, "x-api-key": secret },
  ];
  for (const headers of ways) {
    const { status, call } = await exchange("messages", options, { body, headers });
    expect([status, JSON.stringify(call.headers).includes(secret)]).toEqual([200, false]);
  }
});

test("the flags of a client reach Anthropic together with those of the configuration (trap 112)", async () => {
  const more = { headers: { "anthropic-beta": "of-the-provider, shared" } };
  const answer = () => messagesAnswer([{ type: "text", text: "a" }], false);
  const headers = { "anthropic-beta": "shared, of-the-client", "anthropic-version": "2023-06-01" };
  const asking = { body: question("messages"), headers, path: "/v1/messages?beta=true" };
  const { status, call } = await exchange("messages", { provider: "messages", more, answer }, asking);
  expect(status).toBe(200);
  expect(call.headers["anthropic-beta"]?.split(",").sort()).toEqual(["of-the-client", "of-the-provider", "shared"]);
  const chat = await exchange("messages", { provider: "chat", answer: plain("chat") }, asking);
  expect(chat.call.headers["anthropic-beta"]).toBeUndefined();
});

test("a request without a cap gets what the model can write and the context still holds (trap 113)", () => {
  const cap = (facts: object, text = "q") =>
    render(["chat", "messages"], { messages: [user(text)] }, { facts }).body.max_tokens;
  expect(cap({})).toBe(8192);
  expect(cap({ maxOutput: 64_000 })).toBe(64_000);
  expect(cap({ maxOutput: 64_000, context: 200_000 })).toBe(64_000);
  const long = "word ".repeat(120_000);
  const rest = cap({ maxOutput: 64_000, context: 200_000 }, long);
  expect(rest).toBeLessThan(64_000);
  expect(rest).toBeGreaterThan(0);
});

test("a stop sequence is a text or a list, and ends the answer also where providers have none (trap 114)", async () => {
  for (const stop of ["END", ["END"]]) {
    expect(render(["chat", "messages"], { ...question("chat"), stop }).body.stop_sequences).toEqual(["END"]);
    expect(render(["chat", "gemini"], { ...question("chat"), stop }).body.generationConfig.stopSequences).toEqual([
      "END",
    ]);
  }
  const list = { ...question("messages"), stop_sequences: ["END"] };
  expect(render(["messages", "chat"], list).body.stop).toEqual(["END"]);
  const { streamOf } = await import("../laws/spec.ts");
  const { events, messageBlocks } = await import("./streams-support.ts");
  const counts = { fresh: 1, cached: 0, written: 0, visible: 9, reasoning: 0 };
  const said = { text: "so far END and on", calls: [], cut: false, counts, pieces: 17, interleaved: false };
  const answer = () => events(streamOf("responses", said));
  const { chunks } = await exchange("messages", { provider: "responses", answer }, { body: list, stream: true });
  expect(messageBlocks(chunks).map(({ text }) => text)).toEqual(["so far "]);
  const delta = chunks.find(({ type }) => type === "message_delta").delta;
  expect(delta).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
});

test("either name of the cap on a Chat answer counts, everywhere (trap 115)", () => {
  for (const name of ["max_completion_tokens", "max_tokens"]) {
    const body = { ...question("chat"), [name]: 77 };
    expect(render(["chat", "messages"], body).body.max_tokens).toBe(77);
    expect(render(["chat", "responses"], body).body.max_output_tokens).toBe(77);
    expect(render(["chat", "gemini"], body).body.generationConfig.maxOutputTokens).toBe(77);
  }
  for (const from of protocolNames.filter((one) => one !== "chat" && one !== "gemini")) {
    const name = from === "messages" ? "max_tokens" : "max_output_tokens";
    const body = { ...question(from), [name]: 77 };
    expect(render([from, "chat"], body).body.max_completion_tokens).toBe(77);
    expect(render([from, "chat"], body, { can: { maxCompletionTokens: false } }).body.max_tokens).toBe(77);
  }
});
