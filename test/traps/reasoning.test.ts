import { describe, expect, test } from "bun:test";
import { envelopeMark } from "../../src/gateway/seals.ts";
import type { KeptTurn, TurnStore } from "../../src/model/kept-turn.ts";
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

/** In memory alone. */
function memory(): TurnStore {
  const kept = new Map<string, KeptTurn>();
  const keep = (turn: KeptTurn) => void kept.set(turn.key, turn);
  return { keep, mayHave: () => true, recall: (key) => kept.get(key) ?? null, load: () => undefined };
}

test("a signature comes back to Google though the client drops what it does not know (trap 49)", async () => {
  for (const isStream of modes) {
    const session = openSession({ provider: "gemini", turns: memory(), answer: () => threeCalls(isStream) });
    const first = await session.ask("chat", { body: question("chat", true), stream: isStream });
    const { reasoning_content: _text, reasoning_details: _details, ...said } = assistantTurn("chat", first);
    const calls = said.tool_calls.map(({ extra_content: _extra, ...call }: Loose) => call);
    const results = calls.map(({ id }: Loose) => ({ role: "tool", tool_call_id: id, content: "ok" }));
    const messages = [...(question("chat").messages as Loose[]), { ...said, tool_calls: calls }, ...results];
    await session.ask("chat", { body: { messages, ...toolsOf("chat") } });
    session.close();
    const [, model] = session.bodies()[1].contents;
    expect(model.parts.map(({ thoughtSignature }: Loose) => thoughtSignature)).toEqual([
      signature,
      undefined,
      undefined,
    ]);
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

test("encrypted reasoning of one account does not pass to another that speaks the same (trap 64)", async () => {
  const others = { other: { protocols: { responses: "https://other.example/v1" }, api_key: "sk-other-0123456789" } };
  for (const stream of modes) {
    const output = [secretItem, spoken("so")];
    const answer = () => (stream ? responsesStream(output) : responsesWhole(output));
    const session = openSession({ provider: "responses", others, turns: memory(), answer });
    const body = followUp("responses", await session.ask("responses", { body: question("responses"), stream }));
    await session.ask("responses", { body });
    await session.ask("responses", { body, model: "other/m" });
    session.close();
    const [, own, other] = session.sent.map((one) => one.body.includes("for-account-one"));
    expect([own, other]).toEqual([true, false]);
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
