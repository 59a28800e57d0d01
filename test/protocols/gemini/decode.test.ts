import { describe, expect, test } from "bun:test";
import { SseDecoder } from "../../../src/kit/sse.ts";
import { collect } from "../../../src/model/collect.ts";
import type { ChatEvent } from "../../../src/model/event.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { answers, chunk, decode, failure, type Loose, wire } from "./support.ts";

const stop = { finishReason: "STOP" };
const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 4, totalTokenCount: 14 };

function lastError(events: ChatEvent[]) {
  const last = events.at(-1);
  if (last?.type !== "error") throw new Error(`no error but ${JSON.stringify(last)}`);
  return last.error;
}

describe("candidates", () => {
  test.each([1e308, 1.5, -1])("an index that nobody can have asked for (%p) is the first candidate", (index) => {
    expect(answers([chunk([{ text: "a" }], { ...stop, index })])).toHaveLength(1);
  });
});

describe("text and thought", () => {
  test("pieces of text that touch are one block", () => {
    const [answer] = answers([chunk([{ text: "Hel" }]), chunk([{ text: "lo" }], stop, { usageMetadata })]);
    expect(answer).toMatchObject({ id: "r1", model: "gemini-x", finish: "stop" });
    expect(answer?.items).toEqual([{ type: "message", role: "assistant", blocks: [{ type: "text", text: "Hello" }] }]);
    expect(answer?.usage).toMatchObject({ inUncached: 10, outVisible: 4 });
  });

  test("thoughts are one reasoning item until the flag flips", () => {
    const [answer] = answers([
      chunk([{ text: "a", thought: true }]),
      chunk([{ text: "b", thought: true }, { text: "c" }]),
      chunk([{ text: "d", thought: true }], stop),
    ]);
    expect(answer?.items).toEqual([
      { type: "reasoning", text: [{ kind: "summary", text: "ab" }], seals: [] },
      { type: "message", role: "assistant", blocks: [{ type: "text", text: "c" }] },
      { type: "reasoning", text: [{ kind: "summary", text: "d" }], seals: [] },
    ]);
  });

  test("a signature bundled with text stays on that text, which joins no other", () => {
    const [answer] = answers([
      chunk([{ text: "a" }]),
      chunk([{ text: "b", thoughtSignature: "c2ln" }]),
      chunk([{ text: "c" }], stop),
    ]);
    const seal = { origin: "gemini", form: "thought", bytes: "c2ln" };
    expect(answer?.items).toEqual([
      {
        type: "message",
        role: "assistant",
        blocks: [
          { type: "text", text: "a" },
          { type: "text", text: "b", seal },
          { type: "text", text: "c" },
        ],
      },
    ] as Loose);
  });

  test("a signature alone at the end is kept as reasoning that shows nothing", () => {
    const [answer] = answers([chunk([{ text: "a" }]), chunk([{ text: "", thoughtSignature: "c2ln" }], stop)]);
    expect(answer?.items.at(-1)).toMatchObject({ type: "reasoning", text: [], seals: [{ bytes: "c2ln" }] });
  });

  test("a signature alone after thoughts seals them", () => {
    const [answer] = answers([
      chunk([{ text: "think", thought: true }]),
      chunk([{ text: "", thought: true, thoughtSignature: "c2ln" }]),
      chunk([{ text: "x" }], stop),
    ]);
    expect(answer?.items[0]).toEqual({
      type: "reasoning",
      text: [{ kind: "summary", text: "think" }],
      seals: [{ origin: "gemini", form: "thought", bytes: "c2ln" }],
    });
  });

  test("a picture is a block of the message", () => {
    const [answer] = answers([
      chunk([{ text: "see" }, { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } }], stop),
    ]);
    expect(answer?.items[0]).toMatchObject({ blocks: [{ text: "see" }, { kind: "image", mime: "image/png" }] });
  });
});

describe("calls", () => {
  test("two calls of one function without ids get two ids, the same every time", () => {
    const call = { functionCall: { name: "get_weather", args: { city: "A" } } };
    const given = [chunk([call]), chunk([call], stop)];
    const [one] = answers(given);
    const ids = one?.items.map((item) => (item.type === "call" ? item.callId : ""));
    expect(new Set(ids).size).toBe(2);
    expect(ids).toEqual(answers(given)[0]?.items.map((item) => (item.type === "call" ? item.callId : "")) ?? []);
    expect(one?.finish).toBe("tool-calls");
  });

  test("answers that nothing names still give their calls different ids", () => {
    const idOf = (promptTokenCount: number) => {
      const part = { functionCall: { name: "f", args: {} } };
      const usage = { promptTokenCount, totalTokenCount: promptTokenCount };
      const [answer] = answers([
        { candidates: [{ content: { parts: [part] }, finishReason: "STOP" }], usageMetadata: usage },
      ]);
      return answer?.items.map((item) => (item.type === "call" ? item.callId : ""))[0];
    };
    expect(idOf(10)).toBe(idOf(10));
    expect(idOf(10)).not.toBe(idOf(20));
  });

  test("only the first of parallel calls has the signature", () => {
    const [answer] = answers([
      chunk(
        [
          { functionCall: { name: "a" }, thoughtSignature: "c2ln" },
          { functionCall: { name: "b", args: {} } },
          { functionCall: { name: "c", args: {}, id: "own" } },
        ],
        stop,
      ),
    ]);
    expect(
      answer?.items.map((item) => (item.type === "call" ? [item.name, item.args, item.seals?.length] : [])),
    ).toEqual([
      ["a", "{}", 1],
      ["b", "{}", undefined],
      ["c", "{}", undefined],
    ]);
    expect(answer?.items[2]).toMatchObject({ callId: "own" });
  });

  test("a call, and the stop in a later chunk with an empty text, is an end for the call", () => {
    const [answer] = answers([chunk([{ functionCall: { name: "a", args: {} } }]), chunk([{ text: "" }], stop)]);
    expect(answer?.finish).toBe("tool-calls");
    expect(answer?.items).toHaveLength(1);
  });

  test("numbers of arguments stay as they are written", () => {
    const text =
      'data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"n":12345678901234567890,"x":1.0}}}]},"finishReason":"STOP"}]}\n\n';
    const [answer] = collect(decode(text));
    expect(answer?.items[0]).toMatchObject({ args: '{"n":12345678901234567890,"x":1.0}' });
  });

  test("the last call is not to be executed when the answer was cut", () => {
    const [answer] = answers([chunk([{ functionCall: { name: "a", args: {} } }], { finishReason: "MAX_TOKENS" })]);
    expect(answer).toMatchObject({ finish: "length", items: [{ incomplete: true }] });
  });

  test("arguments that come in pieces are laid together by their paths", () => {
    const piece = (jsonPath: string, value: object, more = true) =>
      chunk([
        { functionCall: { partialArgs: [{ jsonPath, ...value }], ...(more ? { willContinue: true } : {}) } },
      ] as Loose);
    const [answer] = answers([
      chunk([{ functionCall: { name: "write", willContinue: true }, thoughtSignature: "c2ln" }]),
      piece("$.items[0].name", { stringValue: "ap", willContinue: true }),
      piece("$.items[0].name", { stringValue: "ple" }),
      piece("$.items[0].price", { numberValue: 0.5 }),
      piece("$.items[1]['a b']", { boolValue: true }),
      piece("$.none", { nullValue: "NULL_VALUE" }),
      chunk([{ functionCall: {} }]),
      chunk([{ functionCall: { name: "next" } }]),
      chunk([{ text: "" }], stop),
    ]);
    expect(answer?.items.map((item) => (item.type === "call" ? [item.name, item.args] : []))).toEqual([
      ["write", '{"items":[{"name":"apple","price":0.5},{"a b":true}],"none":null}'],
      ["next", "{}"],
    ]);
  });

  test("a piece's path reaches no object's own members", () => {
    answers([
      chunk([
        {
          functionCall: { name: "f", willContinue: true, partialArgs: [{ jsonPath: "$.__proto__.x", numberValue: 1 }] },
        },
      ]),
      chunk([{ functionCall: {} }], stop),
    ]);
    expect(({} as Loose).x).toBeUndefined();
  });
});

describe("the end", () => {
  test("a stop on every chunk is one finish, after everything", () => {
    const events = decode(
      wire([chunk([{ text: "a" }], stop, { usageMetadata }), chunk([{ text: "b" }], stop, { usageMetadata })]),
    );
    expect(events.filter((event) => event.type === "finish")).toHaveLength(1);
    expect(events.at(-1)?.type).toBe("finish");
    expect(collect(events)[0]?.items).toMatchObject([{ blocks: [{ text: "ab" }] }]);
  });

  test("a stream without any finish reason is an error", () => {
    expect(lastError(decode(wire([chunk([{ text: "a" }])])))).toMatchObject({ code: "upstream-failed" });
    expect(lastError(decode(""))).toMatchObject({ code: "upstream-failed" });
  });

  test("every reason has its canonical word, and failures are errors", () => {
    const words: Record<string, string> = {
      ...{ STOP: "stop", MAX_TOKENS: "length", CONTINUATION: "continuation", SAFETY: "filter" },
      ...{ PROHIBITED_CONTENT: "filter", BLOCKLIST: "filter", SPII: "filter", RECITATION: "recitation" },
      ...{ LANGUAGE: "filter", IMAGE_SAFETY: "filter", IMAGE_PROHIBITED_CONTENT: "filter", MODEL_ARMOR: "filter" },
      ...{ IMAGE_RECITATION: "recitation", NO_IMAGE: "other", IMAGE_OTHER: "other", OTHER: "other" },
      ...{ FINISH_REASON_UNSPECIFIED: "other", SOMETHING_NEW: "other" },
    };
    for (const [finishReason, finish] of Object.entries(words)) {
      expect(answers([chunk([{ text: "a" }], { finishReason })])[0]?.finish, finishReason).toBe(finish as Loose);
    }
    for (const finishReason of [
      ...["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"],
      "MISSING_THOUGHT_SIGNATURE",
    ]) {
      const error = lastError(decode(wire([chunk([], { finishReason, finishMessage: "print(default_api)" })])));
      expect(error).toMatchObject({ code: "upstream-failed", detail: { vendorCode: finishReason } });
      expect(error.message).toContain("print(default_api)");
    }
  });

  test("a reason may be a number", () => {
    const finish = (finishReason: number) => answers([chunk([{ text: "a" }], { finishReason })])[0]?.finish;
    expect([1, 2, 3, 4, 5, 99].map(finish)).toEqual(["stop", "length", "filter", "recitation", "other", "other"]);
  });

  test("what a filter says is the refusal", () => {
    const [answer] = answers([chunk([{ text: "a" }], { finishReason: "SAFETY", finishMessage: "No." })]);
    expect(answer).toMatchObject({ finish: "filter", refusal: "No." });
  });

  test("a blocked prompt is a refusal without an answer", () => {
    const [answer] = answers([{ promptFeedback: { blockReason: "SAFETY", blockReasonMessage: "Reasons" } }]);
    expect(answer).toMatchObject({ finish: "filter", refusal: "Reasons", items: [] });
    expect(answers([{ promptFeedback: { blockReason: "OTHER" } }])[0]?.refusal).toContain("OTHER");
  });

  test("placeholders of usage replace no numbers, and the last numbers win", () => {
    const zero = { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 };
    const [answer] = answers([
      chunk([{ text: "a" }], {}, { usageMetadata: { trafficType: "ON_DEMAND" } }),
      chunk([{ text: "a" }], {}, { usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } }),
      chunk([{ text: "b" }], stop, { usageMetadata }),
      chunk([{ text: "" }], stop, { usageMetadata: zero }),
    ]);
    expect(answer?.usage).toMatchObject({ inUncached: 10, outVisible: 4 });
  });

  test("candidates beside the first have their own items and finish", () => {
    const two = (index: number, text: string) => ({
      content: { role: "model", parts: [{ text }] },
      index,
      finishReason: "STOP",
    });
    const list = answers([{ candidates: [two(1, "b"), { ...two(0, "a"), index: undefined }], responseId: "r" }]);
    expect(list).toMatchObject([{ items: [{ blocks: [{ text: "a" }] }] }, { items: [{ blocks: [{ text: "b" }] }] }]);
  });
});

describe("errors in a stream", () => {
  const body = { error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } };

  test("an error frame ends the stream, alone or in a list", () => {
    for (const frame of [body, [body]]) {
      const events = decode(wire([chunk([{ text: "a" }]), frame, chunk([{ text: "b" }], stop)]));
      expect(lastError(events)).toMatchObject({ code: "overloaded", message: "The model is overloaded." });
    }
  });

  test("a frame that is no JSON is an error of the provider", () => {
    expect(lastError(decode("data: {nope\n\n"))).toMatchObject({ code: "upstream-failed" });
    expect(lastError(decode('data: "text"\n\n'))).toMatchObject({ code: "upstream-failed" });
  });

  test("a closing [DONE] of a compatible server is no error", () => {
    expect(collect(decode(`${wire([chunk([{ text: "a" }], stop)])}data: [DONE]\n\n`))[0]?.finish).toBe("stop");
  });
});

test("a picture's source is the page that it stands on", () => {
  const image = { sourceUri: "https://a.example/page", imageUri: "https://a.example/a.png", title: "A", domain: "a" };
  const groundingMetadata = {
    groundingChunks: [{ image }],
    groundingSupports: [{ segment: { startIndex: 0, endIndex: 2, text: "hi" }, groundingChunkIndices: [0] }],
  };
  const [answer] = answers([chunk([{ text: "hi" }], { ...stop, groundingMetadata })]);
  expect(answer?.items).toMatchObject([
    { blocks: [{ annotations: [{ kind: "url", url: "https://a.example/page", title: "A", start: 0, end: 2 }] }] },
  ]);
});

describe("grounding", () => {
  const groundingMetadata = {
    groundingChunks: [{ web: { uri: "https://a.example/1", title: "one" } }, { web: { uri: "https://a.example/2" } }],
    groundingSupports: [{ segment: { startIndex: 5, endIndex: 11, text: "né wé" }, groundingChunkIndices: [0, 1] }],
  };

  test("byte offsets become code points of the block", () => {
    // "🙂 " is five bytes; "né wé" is seven.
    const metadata = {
      ...groundingMetadata,
      groundingSupports: [{ segment: { startIndex: 5, endIndex: 12, text: "né wé" }, groundingChunkIndices: [0, 1] }],
    };
    const [answer] = answers([
      chunk([{ text: "🙂 né" }]),
      chunk([{ text: " wé." }], { ...stop, groundingMetadata: metadata }),
    ]);
    const [item] = answer?.items ?? [];
    const block = item?.type === "message" ? item.blocks[0] : undefined;
    expect(block).toMatchObject({
      annotations: [
        { kind: "url", url: "https://a.example/1", title: "one", start: 2, end: 7, citedText: "né wé" },
        { url: "https://a.example/2", start: 2, end: 7 },
      ],
    });
    expect(answer?.ext?.gemini?.candidate).toMatchObject({ groundingMetadata: metadata });
  });

  test("sources that come after a signature of its own are still told on the text", () => {
    const metadata = {
      groundingChunks: groundingMetadata.groundingChunks,
      groundingSupports: [{ segment: { endIndex: 1, text: "a" }, groundingChunkIndices: [0] }],
    };
    const [answer] = answers([
      chunk([{ text: "a" }]),
      chunk([{ text: "", thoughtSignature: "c2ln" }]),
      chunk([{ text: "" }], { ...stop, groundingMetadata: metadata }),
    ]);
    expect(answer?.items).toMatchObject([
      { blocks: [{ text: "a", annotations: [{ url: "https://a.example/1" }] }] },
      { type: "reasoning", seals: [{ bytes: "c2ln" }] },
    ]);
  });

  test("text after a signature of its own is a message of its own", () => {
    const [answer] = answers([chunk([{ text: "a" }, { text: "", thoughtSignature: "c2ln" }, { text: "b" }], stop)]);
    expect(answer?.items.map((item) => item.type)).toEqual(["message", "reasoning", "message"]);
  });

  test("offsets outside of the text are no annotation", () => {
    const [answer] = answers([chunk([{ text: "x" }], { ...stop, groundingMetadata })]);
    expect(JSON.stringify(answer?.items)).not.toContain("annotations");
  });
});

describe("log probabilities", () => {
  test("stand on the text in the form of the canonical block", () => {
    const logprobsResult = {
      chosenCandidates: [{ token: "é", tokenId: 5, logProbability: -0.1 }],
      topCandidates: [
        {
          candidates: [
            { token: "é", logProbability: -0.1 },
            { token: "x", logProbability: -2 },
          ],
        },
      ],
    };
    const [answer] = answers([chunk([{ text: "é" }], { ...stop, logprobsResult })]);
    expect(answer?.items[0]).toMatchObject({
      blocks: [
        {
          logprobs: [
            { token: "é", logprob: -0.1, bytes: [195, 169], top_logprobs: [{ logprob: -0.1 }, { token: "x" }] },
          ],
        },
      ],
    });
  });
});

describe("whole answers", () => {
  test("are read as their stream is, also as a list of chunks", () => {
    const chunks = [
      chunk([{ text: "a", thought: true }, { text: "b" }]),
      chunk([{ functionCall: { name: "f" } }], stop, { usageMetadata }),
    ];
    expect(gemini.parseResponse(chunks)).toEqual(answers(chunks));
  });

  test("an error inside a 200, and what is no answer, throw", () => {
    expect(
      failure(() => gemini.parseResponse({ error: { code: 429, message: "slow", status: "RESOURCE_EXHAUSTED" } })).code,
    ).toBe("rate-limited");
    expect(failure(() => gemini.parseResponse({ ok: true })).code).toBe("upstream-failed");
    expect(failure(() => gemini.parseResponse("text")).code).toBe("upstream-failed");
    expect(
      failure(() => gemini.parseResponse({ candidates: [{ finishReason: "MALFORMED_FUNCTION_CALL" }] })).code,
    ).toBe("upstream-failed");
  });

  test("a whole answer may leave the reason of its end out, a stream may not", () => {
    const body = { candidates: [{ content: { parts: [{ text: "a" }] } }] };
    expect(gemini.parseResponse(body)).toMatchObject([{ finish: "stop" }]);
    expect(failure(() => gemini.parseResponse([body])).code).toBe("upstream-failed");
    expect(failure(() => gemini.parseResponse({ candidates: [{}] })).code).toBe("upstream-failed");
  });

  test("an answer without content is empty, not broken", () => {
    expect(gemini.parseResponse({ candidates: [{ finishReason: "MAX_TOKENS", content: {} }] })).toMatchObject([
      { items: [], finish: "length" },
    ]);
  });
});

describe("cuts", () => {
  test("a stream gives the same events wherever its bytes are cut", () => {
    const text = wire([
      chunk([{ text: "dénken 🙂", thought: true }]),
      chunk([{ text: "Héllo " }, { text: "wörld 🙂" }]),
      chunk([{ functionCall: { name: "f", args: { a: "é" } }, thoughtSignature: "c2ln" }], stop, { usageMetadata }),
    ]);
    const whole = decode(text);
    for (const step of [1, 2, 3, 7, 64]) expect(decode(text, step)).toEqual(whole);
    for (const end of ["\n\n", "\r\r"]) {
      expect(decode(text.replaceAll("\r\n\r\n", end), 1)).toEqual(whole);
    }
    expect(decode(text.replaceAll("data: ", "data:"))).toEqual(whole);
  });

  test("a stream that ends anywhere in the middle is an error, never an answer", () => {
    const chunks = [chunk([{ text: "Héllo" }]), chunk([{ text: " wörld" }], stop, { usageMetadata })];
    const bytes = new TextEncoder().encode(wire(chunks));
    const whole = bytes.length - 4;
    for (let end = 0; end < whole; end++) {
      const sse = new SseDecoder();
      const machine = gemini.decodeStream();
      const events = [...sse.push(bytes.slice(0, end)), ...sse.end()].flatMap((frame) => machine.push(frame));
      expect([...events, ...machine.end()].at(-1)?.type, String(end)).toBe("error");
    }
  });

  test("the marked frames alone still give usage, calls and the finish", () => {
    const text = wire([
      chunk([{ text: "a" }], {}, { usageMetadata }),
      chunk([{ text: "b" }], {}, { usageMetadata }),
      chunk([{ functionCall: { name: "f" } }], {}, { usageMetadata }),
      chunk([{ text: "" }], stop, { usageMetadata: { ...usageMetadata, candidatesTokenCount: 9 } }),
    ]);
    const marked = text.split("\r\n\r\n").filter((raw) => gemini.markers.test(raw));
    expect(marked).toHaveLength(2);
    const [answer] = collect(decode(`${marked.join("\n\n")}\n\n`));
    expect(answer).toMatchObject({ finish: "tool-calls", usage: { outVisible: 9 } });
  });

  test("words of the answer are no markers", () => {
    const raw = wire([chunk([{ text: 'say "error" and "finishReason"' }])]);
    expect(gemini.markers.test(raw)).toBe(false);
  });
});
