import { describe, expect, test } from "bun:test";
import { type Spec, streamOf, viewOfSpec } from "../laws/spec.ts";
import { automaton as chatAutomaton } from "../protocols/chat/automaton.ts";
import { checkGrammar as checkGemini } from "../protocols/gemini/support.ts";
import { checkGrammar as checkMessages } from "../protocols/messages/support.ts";
import { automaton as responsesAutomaton } from "../protocols/responses/automaton.ts";
import { allPairs, crossed, type ProtocolName, protocolNames } from "../recordings/door.ts";
import {
  assistantTurn,
  callOf,
  chatStream,
  chatText,
  chunk,
  events,
  exchange,
  geminiChunk,
  geminiStream,
  heard,
  type Loose,
  messageBlocks,
  messagesAnswer,
  question,
  responsesStream,
  responsesWhole,
  spoken,
  type Told,
} from "./streams-support.ts";

const said: Spec = {
  reasoning: { text: "let me 😀 think", signature: "c2lnbmVk" },
  text: "it is done – ü",
  calls: [{ id: "call_aa", name: "look", args: '{"city":"Zürich 😀"}' }],
  cut: false,
  counts: { fresh: 5, cached: 3, written: 0, visible: 9, reasoning: 2 },
  pieces: 3,
  interleaved: false,
};

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const counted = () =>
  chatStream(chunk({ role: "assistant", content: "" }), chunk({ content: "hi" }), chunk({}, "stop"), {
    ...chunk({}),
    choices: [],
    usage,
  });

const streamed = (client: ProtocolName, provider: ProtocolName, answer: () => Response): Promise<Told> =>
  exchange(client, { provider, answer }, { body: question(client, true), stream: true });

test("a chunk without choices that counts tokens is counted, for every client (trap 88)", async () => {
  for (const client of protocolNames) {
    const view = await heard(client, { provider: "chat", answer: counted });
    expect([client, view.text, view.usage?.total]).toEqual([client, "hi", 18]);
  }
});

test("a Messages client gets one message_delta, with what was counted behind the finish (trap 89)", async () => {
  const { chunks } = await streamed("messages", "chat", counted);
  const deltas = chunks.filter(({ type }) => type === "message_delta");
  expect(deltas).toHaveLength(1);
  expect(deltas[0].usage).toMatchObject({ input_tokens: 11, output_tokens: 7 });
});

test("a message starts once, though its beginning was sent early or told twice (trap 90)", async () => {
  for (const provider of protocolNames) {
    const { chunks } = await streamed("messages", provider, () => events(streamOf(provider, said)));
    expect([provider, chunks.filter(({ type }) => type === "message_start").length]).toEqual([provider, 1]);
  }
  const twice = () =>
    chatStream(chunk({ role: "assistant" }), chunk({ role: "assistant", content: "a" }), chunk({}, "stop"));
  const { chunks } = await streamed("messages", "chat", twice);
  expect(chunks.filter(({ type }) => type === "message_start")).toHaveLength(1);
});

test("blocks of a provider's own tools do not shift the indexes of those behind them (trap 91)", async () => {
  const search = {
    ...{ type: "web_search_call", id: "ws_1", status: "completed" },
    action: { type: "search", query: "q" },
  };
  const call = {
    type: "function_call",
    id: "fc_1",
    call_id: "call_1",
    name: "look",
    arguments: "{}",
    status: "completed",
  };
  const { chunks, frames } = await streamed("messages", "responses", () =>
    responsesStream([search, spoken("so"), call]),
  );
  checkMessages(frames);
  expect(messageBlocks(chunks).map(({ type }) => type)).toEqual(["text", "tool_use"]);
  const blocks = [
    { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
    { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
    { type: "text", text: "so" },
  ];
  const own = await streamed("messages", "messages", () => messagesAnswer(blocks, true));
  checkMessages(own.frames);
  expect(messageBlocks(own.chunks).map(({ type }) => type)).toEqual(blocks.map(({ type }) => type));
  const other = await streamed("responses", "messages", () => messagesAnswer(blocks, true));
  expect(responsesAutomaton(other.frames)).toEqual([]);
});

test("keep-alives are comments or pings, never JSON of another kind (trap 93)", async () => {
  const { protocols } = await import("../../src/protocols/index.ts");
  for (const { name, heartbeat } of protocols) {
    if (name === "messages") expect(heartbeat).toBe('event: ping\ndata: {"type": "ping"}\n\n');
    else expect(heartbeat).toMatch(/^:[^\n]*\n\n$/);
  }
});

describe.each(crossed)("a stream for $client from $provider", ({ client, provider }) => {
  const answer = () => events(streamOf(provider, said));

  test("obeys the strict grammar of its client (traps 90 and 94)", async () => {
    const { frames, text } = await streamed(client, provider, answer);
    if (client === "chat") expect(chatAutomaton(frames, false)).toEqual([]);
    if (client === "responses") expect(responsesAutomaton(frames)).toEqual([]);
    if (client === "messages") checkMessages(frames);
    if (client === "gemini") checkGemini(frames, "model");
    expect(text.includes("[DONE]")).toBe(client === "chat");
  });
});

describe.each(allPairs)("what $client hears of $provider", ({ client, provider }) => {
  const answer = () => events(streamOf(provider, said));

  test("is the same when it comes byte by byte, with CRLF, and without blanks (trap 95)", async () => {
    const text = streamOf(provider, said);
    const crlf = text.replaceAll("\n", "\r\n").replaceAll("data: ", "data:").replaceAll("event: ", "event:");
    const byByte = () => {
      const bytes = new TextEncoder().encode(crlf);
      let at = 0;
      const pull = (controller: ReadableStreamDefaultController) => {
        if (at === bytes.length) controller.close();
        else controller.enqueue(bytes.slice(at, ++at));
      };
      return events(new ReadableStream({ pull }));
    };
    const [whole, split] = [
      await heard(client, { provider, answer }),
      await heard(client, { provider, answer: byByte }),
    ];
    expect(split).toEqual(whole);
    expect(split.text).toBe(said.text);
    expect(split.calls[0]?.arguments).toEqual({ city: "Zürich 😀" });
  });
});

test("what a provider says after [DONE] is not heard (trap 94)", async () => {
  const answer = () =>
    events(`${chatText(chunk({ content: "all" }), chunk({}, "stop"))}${chatText(chunk({ content: "more" }))}`);
  for (const client of ["messages", "responses", "gemini"] as const) {
    expect((await heard(client, { provider: "chat", answer })).text).toBe("all");
  }
});

test("a Gemini stream without ids and without [DONE] is a finished answer (trap 94)", async () => {
  const bare = (parts: Loose[], more: object = {}) => {
    const { responseId: _id, modelVersion: _model, ...rest } = geminiChunk(parts, more);
    return rest;
  };
  const answer = () => geminiStream(bare([{ text: "al" }]), bare([{ text: "l" }], { finishReason: "STOP" }));
  for (const client of protocolNames) {
    const view = await heard(client, { provider: "gemini", answer });
    expect([client, view.text, view.finish]).toEqual([client, "all", "stop"]);
  }
});

describe.each(protocolNames)("streamGenerateContent before a provider of %s", (provider) => {
  const answer = () => events(streamOf(provider, said));

  test("is answered in chunks of Gemini, as an array without alt=sse (trap 96)", async () => {
    const path = "/v1beta/models/model:streamGenerateContent";
    const body = question("gemini", true);
    const told = await exchange("gemini", { provider, answer }, { body, stream: true, path });
    expect(told.headers.get("content-type")).toContain("application/json");
    expect(Array.isArray(told.json)).toBe(true);
    const sse = await exchange("gemini", { provider, answer }, { body, stream: true });
    const text = (chunks: Loose[]) =>
      chunks
        .flatMap((one) => one.candidates[0].content?.parts ?? [])
        .map((part) => (part.thought ? "" : (part.text ?? "")));
    expect(text(told.json).join("")).toBe(said.text);
    expect(text(sse.chunks).join("")).toBe(said.text);
    expect(sse.frames.every(({ event }) => event === undefined)).toBe(true);
    expect(sse.text).not.toContain("choices");
  });
});

test("texts and calls keep their order in whole answers (trap 97)", async () => {
  const call = (id: string) => ({
    ...{ type: "function_call", id: `fc_${id}`, call_id: `call_${id}`, name: "look" },
    ...{ arguments: "{}", status: "completed" },
  });
  const output = [spoken("one"), call("a"), { ...spoken("two"), id: "msg_2" }, call("b")];
  for (const stream of [true, false]) {
    const answer = () => (stream ? responsesStream(output) : responsesWhole(output));
    const told = async (client: ProtocolName) =>
      assistantTurn(
        client,
        await exchange(client, { provider: "responses", answer }, { body: question(client, true), stream }),
      );
    const blocks = (await told("messages")).content.map((block: Loose) => block.text ?? block.id);
    expect(blocks).toEqual(["one", "call_a", "two", "call_b"]);
    const parts = (await told("gemini")).parts.flatMap((part: Loose) => part.text || part.functionCall?.id || []);
    expect(parts).toEqual(["one", "call_a", "two", "call_b"]);
  }
});

test("a whole answer says what its stream says, for every pair (trap 97)", async () => {
  const { answerOf } = await import("../laws/spec.ts");
  for (const { client, provider } of crossed) {
    const whole = await heard(client, { provider, answer: () => answerOf(provider, said, false) }, false);
    const stream = await heard(client, { provider, answer: () => answerOf(provider, said, true) }, true);
    expect([client, provider, stream]).toEqual([client, provider, whole]);
    expect(whole).toMatchObject({ text: said.text, calls: viewOfSpec(said).calls, finish: "tool_calls" });
  }
});

test("a placeholder that counts nothing does not replace what was counted (trap 98)", async () => {
  const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const chat = () =>
    chatStream(chunk({ content: "a" }, null, { usage }), chunk({}, "stop", { usage: zero }), {
      ...chunk({}),
      choices: [],
      usage: zero,
    });
  const none = { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 };
  const some = { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 };
  const gemini = () =>
    geminiStream(
      geminiChunk([{ text: "a" }], {}, { usageMetadata: some }),
      geminiChunk([{ text: "" }], { finishReason: "STOP" }, { usageMetadata: none }),
    );
  for (const client of ["messages", "responses"] as const) {
    expect((await heard(client, { provider: "chat", answer: chat })).usage?.total).toBe(18);
    expect((await heard(client, { provider: "gemini", answer: gemini })).usage?.total).toBe(18);
  }
});

test("calls that take turns are blocks that do not overlap (trap 91)", async () => {
  const call = (index: number) => ({ index, ...callOf(`call_${index}`, "look", "") });
  const piece = (index: number, args: string) => chunk({ tool_calls: [{ index, function: { arguments: args } }] });
  const answer = () =>
    chatStream(
      chunk({ tool_calls: [call(0)] }),
      chunk({ tool_calls: [call(1)] }),
      ...[piece(0, '{"a":'), piece(1, '{"b":'), piece(0, "1}"), piece(1, "2}"), chunk({}, "tool_calls")],
    );
  const { frames, chunks } = await streamed("messages", "chat", answer);
  checkMessages(frames);
  expect(messageBlocks(chunks).map(({ input }) => input)).toEqual([{ a: 1 }, { b: 2 }]);
});
