import { describe, expect, test } from "bun:test";
import type { Item } from "../../../src/model/chat.ts";
import { replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { checkGrammar, context, encode, type Loose } from "./support.ts";

const answer = (items: Item[], more: Partial<Answer> = {}): Answer => ({
  id: "a1",
  model: "theirs",
  created: 5,
  items,
  finish: "stop",
  ...more,
});
const said = (text: string, more: object = {}): Item => ({
  type: "message",
  role: "assistant",
  blocks: [{ type: "text", text, ...more }],
});
const call = (args: string, more: object = {}): Item => ({
  type: "call",
  kind: "function",
  callId: "c1",
  name: "f",
  args,
  ...more,
});
const stream = (given: Answer, to = context()) => checkGrammar(encode(replay([given]), to));
const parts = (chunks: Loose[]) => chunks.flatMap((chunk) => chunk.candidates?.[0]?.content.parts ?? []);
const last = (chunks: Loose[]) => chunks.at(-1).candidates[0];

describe("a stream", () => {
  test("has words as they come, then the finish with the usage", () => {
    const usage = { ...emptyUsage(), inUncached: 5, inCacheRead: 2, inToolUse: 1, outVisible: 3, outReasoning: 4 };
    const chunks = stream(answer([said("hi")], { usage }));
    expect(chunks).toEqual([
      {
        candidates: [{ content: { role: "model", parts: [{ text: "hi" }] }, index: 0 }],
        modelVersion: "alias",
        responseId: "a1",
      },
      {
        candidates: [{ content: { role: "model", parts: [{ text: "" }] }, finishReason: "STOP", index: 0 }],
        usageMetadata: {
          ...{ promptTokenCount: 7, candidatesTokenCount: 3, toolUsePromptTokenCount: 1, thoughtsTokenCount: 4 },
          ...{ totalTokenCount: 15, cachedContentTokenCount: 2 },
        },
        modelVersion: "alias",
        responseId: "a1",
      },
    ]);
  });

  test("opens with nothing and says nothing of its own in silence but a comment", () => {
    expect(gemini.encodeStream(context()).open()).toEqual([]);
    expect(gemini.heartbeat.startsWith(":")).toBe(true);
  });

  test("an empty answer still has a part and a finish", () => {
    expect(stream(answer([]))).toMatchObject([
      { candidates: [{ content: { role: "model", parts: [{ text: "" }] }, finishReason: "STOP" }] },
    ]);
  });

  test("usage that comes after the finish is told", () => {
    const events = replay([answer([said("x")])]);
    const chunks = checkGrammar(encode([...events, { type: "usage", usage: { outVisible: 7 } }]));
    expect(chunks.at(-1).usageMetadata).toMatchObject({ candidatesTokenCount: 7, totalTokenCount: 7 });
  });

  test("a call is one whole part, with its signature", () => {
    const seals = [{ origin: "gemini", form: "thought" as const, bytes: "c2ln" }];
    expect(
      parts(stream(answer([call('{"a":1}', { seals }), call("", { callId: "c2" })], { finish: "tool-calls" }))),
    ).toEqual([
      { functionCall: { id: "c1", name: "f", args: { a: 1 } }, thoughtSignature: "c2ln" },
      { functionCall: { id: "c2", name: "f", args: {} } },
      { text: "" },
    ]);
  });

  test("numbers of arguments are written as they came", () => {
    const frames = encode(replay([answer([call('{"n":12345678901234567890,"x":1.0}')])]));
    expect(frames[0]?.data).toContain('"args":{"n":12345678901234567890,"x":1.0}');
  });

  test("arguments that are no JSON end the answer for that reason, cut ones as cut", () => {
    const broken = stream(answer([call('{"a":')], { finish: "tool-calls" }));
    expect(last(broken)).toMatchObject({ finishReason: "MALFORMED_FUNCTION_CALL" });
    expect(JSON.stringify(broken)).not.toContain('functionCall"');
    expect(last(stream(answer([call('{"a":', { incomplete: true })], { finish: "length" })))).toMatchObject({
      finishReason: "MAX_TOKENS",
    });
    expect(parts(stream(answer([call("[1]")])))[0].functionCall.args).toEqual({ value: [1] });
  });

  test("reasoning is thought parts, the seal with them", () => {
    const reasoning: Item = {
      ...{ type: "reasoning", seals: [{ origin: "messages", form: "signature", bytes: "R1dTMAA=" }] },
      text: [
        { kind: "summary", text: "a" },
        { kind: "summary", text: "b" },
      ],
    };
    expect(parts(stream(answer([reasoning, said("x")])))).toEqual([
      { text: "a", thought: true },
      { text: "\n\nb", thought: true },
      { text: "", thought: true, thoughtSignature: "R1dTMAA=" },
      { text: "x" },
      { text: "" },
    ]);
    const hidden = context("alias", { reasoning: { display: "omitted" } });
    expect(parts(stream(answer([reasoning, said("x")]), hidden))).toEqual([
      { text: "", thoughtSignature: "R1dTMAA=" },
      { text: "x" },
      { text: "" },
    ]);
    expect((gemini.buildResponse([answer([reasoning])], hidden) as Loose).candidates[0].content.parts).toEqual([
      { text: "", thoughtSignature: "R1dTMAA=" },
    ]);
  });

  test("citations are chunks and supports with byte offsets", () => {
    const annotations = [
      { kind: "url", url: "https://a.example", title: "A", start: 2, end: 4 },
      { kind: "url", url: "https://a.example", title: "A", start: 0, end: 1 },
      { kind: "other", raw: { origin: "messages", json: {} } },
    ];
    const given = answer([said("first", {}), said("🙂 né.", { annotations })]);
    const grounding = {
      groundingChunks: [{ web: { uri: "https://a.example", title: "A" } }],
      groundingSupports: [
        { segment: { partIndex: 1, startIndex: 5, endIndex: 8, text: "né" }, groundingChunkIndices: [0] },
        { segment: { partIndex: 1, startIndex: 0, endIndex: 4, text: "🙂" }, groundingChunkIndices: [0] },
      ],
    };
    expect(last(stream(given)).groundingMetadata).toEqual(grounding);
    expect((gemini.buildResponse([given], context()) as Loose).candidates[0].groundingMetadata).toEqual(grounding);
  });

  test("every finish is a word of the protocol", () => {
    const words = {
      stop: "STOP",
      "stop-sequence": "STOP",
      "tool-calls": "STOP",
      length: "MAX_TOKENS",
      context: "MAX_TOKENS",
      filter: "SAFETY",
      recitation: "RECITATION",
      pause: "STOP",
      compaction: "STOP",
      continuation: "CONTINUATION",
      other: "OTHER",
    } as const;
    for (const [finish, word] of Object.entries(words)) {
      expect(last(stream(answer([said("x")], { finish: finish as Answer["finish"] }))).finishReason, finish).toBe(word);
    }
    expect(last(stream(answer([said("x")], { finish: "filter", refusal: "No." })))).toMatchObject({
      finishReason: "SAFETY",
      finishMessage: "No.",
    });
  });

  test("refusals are text, log probabilities stand at the end", () => {
    const refused: Item = { type: "message", role: "assistant", blocks: [{ type: "refusal", text: "I will not." }] };
    expect(parts(stream(answer([refused])))[0]).toEqual({ text: "I will not." });
    const logprobs = [{ token: "x", logprob: -1, top_logprobs: [{ token: "y", logprob: -2 }] }];
    expect(last(stream(answer([said("x", { logprobs })]))).logprobsResult).toEqual({
      topCandidates: [{ candidates: [{ token: "y", logProbability: -2 }] }],
      chosenCandidates: [{ token: "x", logProbability: -1 }],
    });
  });

  test("one word of an enum comes without its quotes", () => {
    const to = context("alias", { ext: { gemini: { generationConfig: { responseMimeType: "text/x.enum" } } } });
    expect(parts(stream(answer([said('"word"')]), to))[0]).toEqual({ text: "word" });
    expect((gemini.buildResponse([answer([said('"word"')])], to) as Loose).candidates[0].content.parts).toEqual([
      { text: "word" },
    ]);
  });

  test("several candidates have their own index and finish", () => {
    const chunks = checkGrammar(encode(replay([answer([said("a")]), answer([said("b")], { finish: "length" })])));
    const ends = chunks.flatMap((chunk) => chunk.candidates).filter((candidate) => candidate.finishReason);
    expect(ends).toMatchObject([
      { index: 0, finishReason: "STOP" },
      { index: 1, finishReason: "MAX_TOKENS" },
    ]);
  });

  test("a blocked prompt has feedback and no candidate", () => {
    const promptFeedback = { blockReason: "SAFETY" };
    const given = answer([], { finish: "filter", refusal: "x", ext: { gemini: { promptFeedback } } });
    expect(stream(given)).toMatchObject([{ promptFeedback }]);
    expect(gemini.buildResponse([given], context())).not.toHaveProperty("candidates");
    expect(stream(answer([], { finish: "filter", refusal: "x" }))).toMatchObject([
      { candidates: [{ finishReason: "SAFETY", finishMessage: "x" }] },
    ]);
  });

  test("an answer without an id has the request's", () => {
    expect(stream(answer([said("x")], { id: "" }))[0].responseId).toBe("0192-abc");
  });
});

describe("errors", () => {
  test("end the stream in Google's shape, and nothing follows", () => {
    const encoder = gemini.encodeStream(context());
    const events: ChatEvent[] = replay([answer([said("x")])]).slice(0, 3);
    for (const event of events) encoder.push(event);
    const [frame] = encoder.fail(new GatewayError("overloaded", "busy"));
    expect(JSON.parse(frame?.data ?? "")).toEqual({ error: { code: 503, message: "busy", status: "UNAVAILABLE" } });
    expect(frame?.event).toBeUndefined();
    expect(encoder.end()).toEqual([]);
  });
});

describe("whole answers", () => {
  test("name the client's model and hold everything", () => {
    const given = answer([said("a"), call("{}")], { finish: "tool-calls", usage: { ...emptyUsage(), outVisible: 1 } });
    expect(gemini.buildResponse([given], context())).toEqual({
      candidates: [
        {
          content: { role: "model", parts: [{ text: "a" }, { functionCall: { id: "c1", name: "f", args: {} } }] },
          finishReason: "STOP",
          index: 0,
        },
      ],
      usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 1, totalTokenCount: 1 },
      modelVersion: "alias",
      responseId: "a1",
    });
  });
});

describe("model lists", () => {
  test("have Google's names and limits", () => {
    const model = { id: "a/b", created: 1, ownedBy: "plexus", context: 1000, maxOutput: 10 };
    expect(gemini.buildModels([model])).toMatchObject({
      models: [
        {
          name: "models/a/b",
          inputTokenLimit: 1000,
          outputTokenLimit: 10,
          supportedGenerationMethods: ["generateContent", "streamGenerateContent"],
        },
      ],
    });
    expect(gemini.buildModel({ id: "x", created: 1, ownedBy: "p" })).toMatchObject({
      name: "models/x",
      displayName: "x",
    });
  });
});
