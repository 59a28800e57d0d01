import { describe, expect, test } from "bun:test";
import type { CallItem, Item } from "../../../src/model/chat.ts";
import { collect } from "../../../src/model/collect.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { chunk, decode, decodeBytes, frames, text } from "./support.ts";

const done = "[DONE]";

function answer(...chunks: unknown[]): Answer {
  return collect(decode(frames(...chunks)))[0] as Answer;
}

function call(callId: string, name: string, args: string, more: Partial<CallItem> = {}): Item {
  return { type: "call", kind: "function", callId, name, args, ...more };
}

const message = (words: string): Item => ({
  type: "message",
  role: "assistant",
  blocks: [{ type: "text", text: words }],
});

function errorOf(events: ChatEvent[]): string | undefined {
  const last = events.at(-1);
  return last?.type === "error" ? last.error.code : undefined;
}

const tool = (index: number | undefined, fields: object) => ({
  tool_calls: [{ ...(index === undefined ? {} : { index }), ...fields }],
});

const calls: [string, unknown[], Item[]][] = [
  [
    "a call in fragments",
    [
      chunk(tool(0, { id: "c1", type: "function", function: { name: "f", arguments: "" } })),
      chunk(tool(0, { function: { arguments: '{"a"' } })),
      chunk(tool(0, { function: { arguments: ":1}" } })),
    ],
    [call("c1", "f", '{"a":1}')],
  ],
  [
    "null and empty ids, types and names in continuations",
    [
      chunk(tool(0, { id: "c1", function: { name: "f", arguments: "{" } })),
      chunk(tool(0, { id: null, type: null, function: { name: null, arguments: '"a":' } })),
      chunk(tool(0, { id: "", type: "", function: { name: "", arguments: "1}" } })),
    ],
    [call("c1", "f", '{"a":1}')],
  ],
  [
    "interleaved indexes",
    [
      chunk(tool(0, { id: "c1", function: { name: "f", arguments: "{" } })),
      chunk(tool(1, { id: "c2", function: { name: "g", arguments: "[" } })),
      chunk(tool(0, { function: { arguments: "}" } })),
      chunk(tool(1, { function: { arguments: "]" } })),
    ],
    [call("c1", "f", "{}"), call("c2", "g", "[]")],
  ],
  [
    "a name that comes after its arguments",
    [
      chunk(tool(0, { id: "c1", function: { arguments: '{"a":' } })),
      chunk(tool(0, { function: { arguments: "1}" } })),
      chunk(tool(0, { function: { name: "f" } })),
    ],
    [call("c1", "f", '{"a":1}')],
  ],
  [
    "no index: by id, then the last open one",
    [
      chunk(tool(undefined, { id: "c1", function: { name: "f", arguments: "{" } })),
      chunk(tool(undefined, { id: "c2", function: { name: "g", arguments: "[" } })),
      chunk(tool(undefined, { id: "c1", function: { arguments: "}" } })),
      chunk(tool(undefined, { function: { arguments: "]" } })),
    ],
    [call("c1", "f", "{}"), call("c2", "g", "[]")],
  ],
  [
    "every call numbered 0",
    [
      chunk(tool(0, { id: "c1", function: { name: "f", arguments: '{"a":1}' } })),
      chunk(tool(0, { id: "c2", function: { name: "f", arguments: '{"a":2}' } })),
    ],
    [call("c1", "f", '{"a":1}'), call("c2", "f", '{"a":2}')],
  ],
  [
    "several calls in one chunk",
    [
      chunk({
        tool_calls: [
          { index: 0, id: "c1", function: { name: "f", arguments: "{}" } },
          { index: 1, id: "c2", function: { name: "g", arguments: "{}" } },
          { index: 2, id: "c3", function: { name: "h", arguments: "{}" } },
        ],
      }),
    ],
    [call("c1", "f", "{}"), call("c2", "g", "{}"), call("c3", "h", "{}")],
  ],
  [
    "a custom call",
    [
      chunk(tool(0, { id: "c1", type: "custom", custom: { name: "patch", input: "*** " } })),
      chunk(tool(0, { custom: { input: "Begin" } })),
    ],
    [call("c1", "patch", "*** Begin", { kind: "custom" })],
  ],
  [
    "a signature on the first of two parallel calls",
    [
      chunk(
        tool(0, {
          id: "c1",
          function: { name: "f", arguments: "{}" },
          extra_content: { google: { thought_signature: "sig" } },
        }),
      ),
      chunk(tool(1, { id: "c2", function: { name: "f", arguments: "{}" } })),
    ],
    [call("c1", "f", "{}", { seals: [{ origin: "chat", form: "thought", bytes: "sig" }] }), call("c2", "f", "{}")],
  ],
];

describe("calls in a stream", () => {
  for (const [name, chunks, items] of calls) {
    test(name, () => {
      const got = answer(...chunks, chunk({}, "tool_calls"), done);
      expect(got.items).toEqual(items);
      expect(got.finish).toBe("tool-calls");
    });
  }

  test("a call without an id gets one id that is the same everywhere", () => {
    const events = decode(
      frames(
        chunk(tool(0, { function: { name: "f", arguments: "{}" } })),
        chunk(tool(1, { function: { name: "f", arguments: "{}" } })),
        chunk({}, "stop"),
        done,
      ),
    );
    const ids = events.flatMap((event) =>
      (event.type === "item-start" || event.type === "item-end") && event.item.type === "call"
        ? [`${event.index} ${event.item.callId}`]
        : [],
    );
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^\d call_[a-z2-7]{24}$/);
  });

  test("two calls with one id are told apart", () => {
    const { items } = answer(
      chunk(tool(0, { id: "x", function: { name: "f", arguments: "{}" } })),
      chunk(tool(1, { id: "x", function: { name: "f", arguments: "{}" } })),
      chunk({}, "stop"),
      done,
    );
    expect(new Set(items.map((item) => item.type === "call" && item.callId)).size).toBe(2);
  });

  test("legacy function_call deltas are a call", () => {
    const got = answer(
      chunk({ function_call: { name: "f", arguments: "" } }),
      chunk({ function_call: { arguments: '{"a":1}' } }),
      chunk({}, "function_call"),
      done,
    );
    expect(got.items[0]).toMatchObject({ type: "call", name: "f", args: '{"a":1}' });
    expect(got.finish).toBe("tool-calls");
  });

  test("a call that was cut by the length is incomplete and the length stays", () => {
    const got = answer(
      chunk(tool(0, { id: "c1", function: { name: "f", arguments: "{}" } })),
      chunk(tool(1, { id: "c2", function: { name: "g", arguments: '{"a":"long' } })),
      chunk({}, "length"),
      done,
    );
    expect(got.finish).toBe("length");
    expect(got.items).toEqual([call("c1", "f", "{}"), call("c2", "g", '{"a":"long', { incomplete: true })]);
  });

  test("stop beside a call means the call", () => {
    const first = chunk(tool(0, { id: "c1", function: { name: "f", arguments: "" } }));
    expect(answer(first, chunk({ content: "" }, "stop"), done)).toMatchObject({ finish: "tool-calls" });
  });

  test("text after a call is a message of its own, and the whole call is closed first", () => {
    const events = decode(
      frames(
        chunk(tool(0, { id: "c1", function: { name: "f", arguments: "{}" } })),
        chunk({ content: "more" }),
        chunk({}, "tool_calls"),
        done,
      ),
    );
    expect(events.map((event) => event.type)).toEqual([
      "start",
      "item-start",
      "args-delta",
      "item-end",
      "item-start",
      "text-delta",
      "item-end",
      "finish",
    ]);
  });
});

describe("reasoning in a stream", () => {
  for (const field of ["reasoning_content", "reasoning"]) {
    test(`${field} is reasoning, and no empty text stands before it`, () => {
      const got = answer(
        chunk({ role: "assistant", content: "" }),
        chunk({ [field]: "think", content: "" }),
        chunk({ [field]: "ing" }),
        chunk({ content: "said" }),
        chunk({}, "stop"),
        done,
      );
      expect(got.items).toEqual([
        { type: "reasoning", text: [{ kind: "raw", text: "thinking" }], seals: [] },
        message("said"),
      ]);
    });
  }

  test("both fields with the same text count once, an empty first one is passed over", () => {
    const got = answer(
      chunk({ reasoning_content: "a", reasoning: "a" }),
      chunk({ reasoning_content: "", reasoning: "b" }),
      chunk({}, "stop"),
      done,
    );
    expect(got.items[0]).toMatchObject({ text: [{ text: "ab" }] });
  });

  test("streamed details become one list in one seal, the signature kept", () => {
    const detail = (fields: object) => ({ reasoning_details: [{ type: "reasoning.text", index: 0, ...fields }] });
    const got = answer(
      chunk({ reasoning: "one ", ...detail({ text: "one ", format: "anthropic-claude-v1" }) }),
      chunk({ reasoning: "two", ...detail({ text: "two" }) }),
      chunk(detail({ signature: "SIG" })),
      chunk({ reasoning_details: [{ type: "reasoning.encrypted", data: "ENC", id: "rs_1", index: 1 }] }),
      chunk({ content: "x" }),
      chunk({}, "stop"),
      done,
    );
    const item = got.items[0];
    expect(item?.type === "reasoning" && item.text).toEqual([{ kind: "raw", text: "one two" }]);
    const seal = item?.type === "reasoning" ? item.seals[0] : undefined;
    expect(seal).toMatchObject({ origin: "chat", form: "details" });
    expect(JSON.parse(seal?.bytes ?? "")).toEqual([
      { type: "reasoning.text", index: 0, text: "one two", format: "anthropic-claude-v1", signature: "SIG" },
      { type: "reasoning.encrypted", data: "ENC", id: "rs_1", index: 1 },
    ]);
  });

  test("details alone give the text, summaries as summaries", () => {
    const got = answer(
      chunk({ reasoning_details: [{ type: "reasoning.summary", summary: "S", index: 0 }] }),
      chunk({}, "stop"),
      done,
    );
    expect(got.items[0]).toMatchObject({ type: "reasoning", text: [{ kind: "summary", text: "S" }] });
  });

  test("thinking parts inside a content list", () => {
    const got = answer(
      chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
      chunk({ content: [{ type: "text", text: "yes" }] }),
      chunk({}, "stop"),
      done,
    );
    expect(got.items).toEqual([{ type: "reasoning", text: [{ kind: "raw", text: "hm" }], seals: [] }, message("yes")]);
  });
});

describe("text in a stream", () => {
  test("refusals, logprobs and annotations", () => {
    const annotation = {
      type: "url_citation",
      url_citation: { start_index: 0, end_index: 2, title: "T", url: "https://e.x" },
    };
    const got = answer(
      chunk({ content: "😀b" }, null, {
        choices: [{ index: 0, delta: { content: "😀b" }, logprobs: { content: [{ token: "b" }] } }],
      }),
      chunk({ annotations: [annotation] }),
      chunk({ refusal: "no" }),
      chunk({}, "stop"),
      done,
    );
    expect(got.items).toEqual([
      {
        type: "message",
        role: "assistant",
        blocks: [
          {
            type: "text",
            text: "😀b",
            logprobs: [{ token: "b" }],
            annotations: [
              {
                kind: "url",
                url: "https://e.x",
                title: "T",
                start: 0,
                end: 2,
                raw: { origin: "chat", json: annotation },
              },
            ],
          },
          { type: "refusal", text: "no" },
        ],
      },
    ]);
    expect(got.finish).toBe("stop");
  });

  test.each([1e308, 1.5, -1, 128])("an index that nobody can have asked for (%p) is the first answer", (index) => {
    const delta = { role: "assistant", content: "a" };
    const events = decode(frames({ id: "i", choices: [{ index, delta, finish_reason: "stop" }] }, done));
    expect(events.map((event) => ("c" in event ? event.c : 0))).toEqual(events.map(() => 0));
  });

  test("candidates are kept apart", () => {
    const of = (index: number, delta: object, finish: string | null = null) => ({
      id: "i",
      choices: [{ index, delta, finish_reason: finish }],
    });
    const got = collect(
      decode(
        frames(
          of(0, { content: "a" }),
          of(1, { content: "x" }),
          of(0, { content: "b" }),
          of(1, {}, "length"),
          of(0, {}, "stop"),
          done,
        ),
      ),
    );
    expect(got.map((one) => [one.items, one.finish])).toEqual([
      [[message("ab")], "stop"],
      [[message("x")], "length"],
    ]);
  });

  test("fields of routers and fingerprints are kept, fillers are not", () => {
    const got = answer(
      chunk({ content: "a" }, null, { system_fingerprint: "fp", obfuscation: "xxx", service_tier: null }),
      chunk({}, "stop"),
      done,
    );
    expect(got.ext).toEqual({ chat: { system_fingerprint: "fp" } });
  });
});

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

describe("usage in a stream", () => {
  const places: [string, unknown[]][] = [
    ["in a chunk of its own", [chunk({}, "stop"), { id: "c", choices: [], usage }, done]],
    ["in the last choice chunk", [chunk({}, "stop", { usage }), done]],
    ["in x_groq", [chunk({}, "stop", { x_groq: { id: "r", usage } }), done]],
    ["in the choice", [{ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop", usage }] }, done]],
    ["without [DONE]", [chunk({}, "stop"), { id: "c", choices: [], usage }]],
    ["before a zero placeholder", [chunk({}, "stop", { usage }), chunk({}, null, { usage: zero }), done]],
    ["after a zero placeholder", [chunk({}, null, { usage: zero }), chunk({}, "stop"), { choices: [], usage }, done]],
  ];
  for (const [name, tail] of places) {
    test(name, () => {
      const got = answer(chunk({ content: "a" }), ...tail);
      expect(got.usage).toMatchObject({ inUncached: 10, outVisible: 5 });
      expect(got.finish).toBe("stop");
    });
  }

  test("finish waits for the usage chunk", () => {
    const decoder = chat.decodeStream();
    for (const frame of frames(chunk({ content: "a" }), chunk({}, "stop"))) {
      expect(decoder.push(frame).some((event) => event.type === "finish")).toBe(false);
    }
    const last = decoder.push({ data: JSON.stringify({ id: "c", choices: [], usage }) });
    expect(last.map((event) => event.type)).toEqual(["usage", "item-end", "finish"]);
    expect([...decoder.push({ data: done }), ...decoder.end()]).toEqual([]);
  });

  const numbers: [string, object, object][] = [
    [
      "reasoning inside the completion",
      { ...usage, completion_tokens_details: { reasoning_tokens: 3 }, prompt_tokens_details: { cached_tokens: 4 } },
      { inUncached: 6, inCacheRead: 4, outVisible: 2, outReasoning: 3, reasoningKnown: true },
    ],
    [
      "reasoning beside it, as xAI counts",
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 115,
        completion_tokens_details: { reasoning_tokens: 100 },
      },
      { inUncached: 10, outVisible: 5, outReasoning: 100 },
    ],
    [
      "cache writes",
      { ...usage, prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 5 } },
      { inUncached: 1, inCacheRead: 4, inCacheWriteOther: 5 },
    ],
    ["cached tokens in DeepSeek's field", { ...usage, prompt_cache_hit_tokens: 8 }, { inUncached: 2, inCacheRead: 8 }],
    [
      "more cached than there is",
      { ...usage, prompt_tokens_details: { cached_tokens: 40 } },
      { inUncached: 0, inCacheRead: 10 },
    ],
  ];
  for (const [name, json, expected] of numbers) {
    test(name, () => {
      expect(answer(chunk({}, "stop", { usage: json }), done).usage).toMatchObject(expected);
    });
  }
});

describe("the end of a stream", () => {
  const words: [string, string][] = [
    ["stop", "stop"],
    ["eos", "stop"],
    ["STOP", "stop"],
    ["max_tokens", "length"],
    ["MAX_TOKENS", "length"],
    ["content_filter", "filter"],
    ["SAFETY", "filter"],
    ["finish_reason_unspecified", "stop"],
    ["something new", "stop"],
  ];
  for (const [word, reason] of words) {
    test(`${word} is ${reason}`, () => {
      expect(answer(chunk({ content: "a" }, word), done).finish).toBe(reason as Answer["finish"]);
    });
  }

  test("one finish, though every chunk carries a reason", () => {
    const events = decode(frames(chunk({ content: "a" }, "stop"), chunk({ content: "b" }, "stop"), done));
    expect(events.filter((event) => event.type === "finish")).toHaveLength(1);
    expect(collect(events)[0]?.items).toEqual([message("ab")]);
  });

  test("a matched stop text is told", () => {
    const got = answer(
      { id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop", stop_reason: "END" }] },
      done,
    );
    expect(got).toMatchObject({ finish: "stop-sequence", stopSequence: "END" });
  });

  test("nothing counts after [DONE]", () => {
    const events = decode(
      frames(chunk({ content: "a" }, "stop"), done, chunk({ content: "b" }), '{"error":{}}', "junk"),
    );
    expect(collect(events)[0]?.items).toEqual([message("a")]);
  });

  test("[DONE] after text stands for a missing reason, a closed connection does not", () => {
    expect(answer(chunk({ content: "a" }), done).finish).toBe("stop");
    expect(errorOf(decode(frames(chunk({ content: "a" }))))).toBe("upstream-failed");
    expect(errorOf(decode([]))).toBe("upstream-failed");
    expect(errorOf(decode(frames(done)))).toBe("upstream-failed");
  });
});

describe("errors in a stream", () => {
  const cases: [string, unknown, string][] = [
    ["an error frame", { error: { message: "m", type: "server_error", code: null } }, "upstream-failed"],
    [
      "a rate limit",
      { error: { message: "slow", type: "rate_limit_error", code: "rate_limit_exceeded" } },
      "rate-limited",
    ],
    ["a status as code", { error: { message: "m", code: 429 } }, "rate-limited"],
    ["too long", { error: { message: "m", code: "context_length_exceeded" } }, "context-length"],
    ["an error as a string", { error: "it broke" }, "upstream-failed"],
    ["Mistral's flat object", { object: "error", message: "m", type: "invalid_request_error" }, "invalid-request"],
    ["MiniMax's status", { base_resp: { status_code: 1008, status_msg: "balance" } }, "billing"],
    ["a router's error beside choices", chunk({}, "error", { error: { code: 502, message: "m" } }), "upstream-failed"],
    ["finish error", chunk({}, "error"), "upstream-failed"],
    ["a malformed call", chunk({}, "malformed_function_call"), "upstream-failed"],
    ["no JSON", "<html>", "upstream-failed"],
  ];
  for (const [name, bad, code] of cases) {
    test(name, () => {
      const events = decode(frames(chunk({ content: "a" }), bad, chunk({ content: "b" }), chunk({}, "stop"), done));
      expect(errorOf(events)).toBe(code);
      expect(events.filter((event) => event.type === "error" || event.type === "finish")).toHaveLength(1);
    });
  }

  test("usage that stands beside the error is told before it", () => {
    const events = decode(frames(chunk({ content: "a" }), { error: { message: "m" }, choices: [], usage }));
    expect(events.slice(-2).map((event) => event.type)).toEqual(["usage", "error"]);
  });

  test("frames that are no chunks are passed over", () => {
    expect(
      answer('{"type":"ping"}', "null", "3", '"x"', "[]", chunk({ content: "a" }, "stop"), done).items,
    ).toHaveLength(1);
  });

  test("an opening chunk without id and choices does not name the answer", () => {
    const got = answer({ id: "", choices: [], prompt_filter_results: [] }, chunk({ content: "a" }, "stop"), done);
    expect(got.id).toBe("chatcmpl-1");
  });
});

const long = frames(
  chunk({ role: "assistant", content: "" }),
  chunk({ reasoning_content: "thé" }),
  chunk({ content: "wörld " }),
  chunk({ content: "😀" }),
  chunk(tool(0, { id: "c1", function: { name: "f", arguments: "" } })),
  chunk(tool(0, { function: { arguments: '{"ä":1}' } })),
  chunk({}, "tool_calls"),
  { id: "chatcmpl-1", choices: [], usage },
  done,
);

test("events are the same wherever the bytes are cut", () => {
  const bytes = new TextEncoder().encode(text(long));
  const whole = decode(long);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(decodeBytes([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(whole);
  }
  expect(decodeBytes([...bytes].map((byte) => new Uint8Array([byte])))).toEqual(whole);
});

test("a stream that is cut after any frame ends in one error or one finish", () => {
  for (let kept = 0; kept < long.length; kept++) {
    const events = decode(long.slice(0, kept));
    const ends = events.filter((event) => event.type === "error" || event.type === "finish");
    expect(ends).toHaveLength(1);
    expect(ends[0]?.type).toBe(kept < 7 ? "error" : "finish");
  }
});

test("the frames with markers are enough for usage, finish and errors", () => {
  const marked = (list: typeof long) => list.filter((frame, at) => at < 3 || chat.markers.test(frame.data));
  expect(marked(long).length).toBeLessThan(long.length);
  const ends = (events: ChatEvent[]) => events.filter((event) => event.type === "usage" || event.type === "finish");
  expect(ends(decode(marked(long)))).toMatchObject([
    { type: "usage", usage: { inUncached: 10 } },
    { type: "finish", reason: "tool-calls" },
  ]);
  const broken = [...long.slice(0, 5), ...frames({ error: { message: "m", code: 503 } })];
  expect(errorOf(decode(marked(broken)))).toBe("overloaded");
});

test("members of the other kind, filled with empty strings, hide no call", () => {
  const delta = {
    function_call: { name: "", arguments: "" },
    ...tool(undefined, {
      id: "a",
      type: "function",
      custom: { name: "", input: "" },
      function: { name: "f", arguments: "{}" },
    }),
  };
  expect(answer(chunk(delta, ""), done).items).toEqual([call("a", "f", "{}")]);
});
