import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Annotation, CallItem, ChatRequest, Item, ReasoningItem } from "../../../src/model/chat.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { automaton } from "./automaton.ts";
import { build, context, decode, decodeBytes, encode, parse, text } from "./support.ts";

const words = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((one) => one !== "[tool error]");
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const args = fc.oneof(
  fc.constant('{"n":12345678901234567890,"n":1.0}'),
  fc.json({ maxDepth: 1 }).map((one) => `{"v":${one}}`),
);

function present(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const part = fc.oneof(
  words.map((one) => ({ type: "text", text: one })),
  fc
    .record({
      url: fc.constantFrom("https://e.x/a.png", "data:image/png;base64,aGk="),
      detail: fc.constantFrom("low", "auto"),
    })
    .map((image_url) => ({ type: "image_url", image_url })),
  fc.constant({ type: "input_audio", input_audio: { data: "aGk=", format: "wav" } }),
  fc.constant({ type: "file", file: { file_data: "data:application/pdf;base64,aGk=", filename: "a.pdf" } }),
  fc.constant({ type: "text", text: "marked", cache_control: { type: "ephemeral" } }),
  fc.constant({ type: "video_url", video_url: { url: "https://e.x" } }),
);
const plainMessage = fc.record({
  role: fc.constantFrom("system", "developer", "user"),
  content: fc.oneof(words, fc.array(part, { minLength: 2, maxLength: 3 })),
  name: maybe(name),
  extra: maybe(fc.constant(1)),
});
const answered = fc
  .record({
    content: fc.option(words),
    reasoning_content: maybe(words),
    tool_calls: fc.uniqueArray(fc.record({ id: name, name, args, custom: fc.boolean() }), {
      selector: (one) => one.id,
      minLength: 1,
      maxLength: 3,
    }),
    outputs: fc.array(words, { minLength: 3, maxLength: 3 }),
  })
  .map(({ content, reasoning_content, tool_calls, outputs }) => [
    present({
      role: "assistant",
      content,
      reasoning_content,
      tool_calls: tool_calls.map((one) =>
        one.custom
          ? { id: one.id, type: "custom", custom: { name: one.name, input: one.args } }
          : { id: one.id, type: "function", function: { name: one.name, arguments: one.args } },
      ),
    }),
    ...tool_calls.map((one, at) => ({ role: "tool", tool_call_id: one.id, content: outputs[at] ?? "" })),
  ]);
const closing = fc.record({ role: fc.constant("assistant"), content: words, refusal: maybe(words) });
const history = fc
  .array(
    fc.oneof(
      plainMessage.map((one) => [one]),
      answered,
      closing.map((one) => [one]),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((turns) => separated(turns.flat().map((one) => present(one as JsonObject))));

/** Calls without a text of their own belong to the assistant's text right before them: keep the two apart. */
function separated(messages: JsonObject[]): JsonObject[] {
  return messages.flatMap((one, at) => {
    const joins = one.role === "assistant" && one.content === null && messages[at - 1]?.role === "assistant";
    return joins ? [{ role: "user", content: "next" }, one] : [one];
  });
}

const tools = fc.uniqueArray(
  fc.record({ name, description: maybe(words), strict: maybe(fc.boolean()), custom: fc.boolean() }),
  { selector: (one) => one.name, minLength: 1, maxLength: 3 },
);
const request = fc
  .record({
    model: name,
    messages: history,
    tools: maybe(
      tools.map((list) =>
        list.map(({ custom, strict, ...one }) =>
          custom
            ? { type: "custom", custom: present({ ...one, format: { type: "text" } }) }
            : {
                type: "function",
                function: present({ ...one, strict, parameters: { type: "object", properties: {} } }),
              },
        ),
      ),
    ),
    max_completion_tokens: maybe(fc.integer({ min: 1, max: 9999 })),
    temperature: maybe(fc.double({ min: 0, max: 2, noNaN: true })),
    stop: maybe(fc.array(words, { minLength: 1, maxLength: 4 })),
    n: maybe(fc.integer({ min: 1, max: 4 })),
    seed: maybe(fc.integer()),
    logprobs: maybe(fc.constant(true)),
    reasoning_effort: maybe(fc.constantFrom("none", "low", "max")),
    response_format: maybe(
      fc.constantFrom(
        { type: "text" },
        { type: "json_schema", json_schema: { name: "n", schema: { type: "object" }, strict: false } },
      ),
    ),
    user: maybe(words),
    metadata: maybe(fc.dictionary(name, words, { maxKeys: 2 })),
    store: maybe(fc.boolean()),
    service_tier: maybe(fc.constantFrom("auto", "flex", "priority")),
    prompt_cache_key: maybe(words),
    verbosity: maybe(fc.constantFrom("low", "high")),
    prediction: maybe(fc.constant({ type: "content", content: "x" })),
    made_up: maybe(fc.jsonValue({ maxDepth: 2 }).filter((one) => one !== null)),
  })
  .map((body) => present(body as JsonObject));

function normal(body: JsonObject): JsonObject {
  return { ...body, model: "" };
}

test("a chat request comes back as it was, with nothing to tell", () => {
  fc.assert(
    fc.property(request, (body) => {
      const before = JSON.stringify(body);
      const { body: out, notes } = build(parse(body), { echoReasoning: true });
      expect(normal(out)).toEqual(normal(body));
      expect(notes.list).toEqual([]);
      expect(JSON.stringify(body)).toBe(before);
    }),
    { numRuns: 400 },
  );
});

test("no JSON makes the parser or the builder fail with anything but a 400", () => {
  const keys = [
    ...[
      "model",
      "messages",
      "tools",
      "tool_choice",
      "role",
      "content",
      "type",
      "function",
      "name",
      "tool_calls",
      "stop",
    ],
    ...[
      "image_url",
      "url",
      "file",
      "input_audio",
      "response_format",
      "json_schema",
      "stream_options",
      "reasoning_details",
    ],
    ...[
      "arguments",
      "id",
      "tool_call_id",
      "metadata",
      "logit_bias",
      "functions",
      "function_call",
      "allowed_tools",
      "custom",
    ],
  ];
  const values = [
    "user",
    "assistant",
    "tool",
    "text",
    "image_url",
    "function",
    "custom",
    "json_schema",
    "data:,%",
    "x",
  ];
  const { tree } = fc.letrec<{ tree: unknown; node: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 5 }, fc.constantFrom(...values, "", 1, null, true), tie("node")),
    node: fc.oneof(
      fc.dictionary(fc.constantFrom(...keys), tie("tree"), { maxKeys: 6 }),
      fc.array(tie("tree"), { maxLength: 3 }),
    ),
  }));
  const run = (body: unknown) => {
    let read: ChatRequest;
    try {
      read = parse(body);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      expect([error.code, typeof error.detail.param]).toEqual(["invalid-request", "string"]);
      return;
    }
    try {
      build(read);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      expect(error.status).toBe(400);
    }
  };
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...keys), tree), run), { numRuns: 2000 });
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), tree), fc.array(tree), (message, parts) => {
      for (const role of ["user", "assistant", "tool"]) {
        run({ model: "m", messages: [{ ...message, role }] });
        run({ model: "m", messages: [{ role, content: parts, tool_call_id: "c" }] });
      }
      run({ model: "m", messages: [{ role: "user", content: "x" }], ...message });
    }),
    { numRuns: 2000 },
  );
});

test("no JSON makes the decoder or the whole reader throw anything but a gateway error", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 4 })), fc.jsonValue({ maxDepth: 5 }), (chunks, inner) => {
      const list = [
        ...chunks.map((one) => ({ data: JSON.stringify(one) })),
        { data: JSON.stringify({ id: "a", choices: [{ index: 0, delta: inner }] }) },
        {
          data: JSON.stringify({
            id: "a",
            choices: [{ delta: { content: inner, tool_calls: [inner], annotations: [inner] } }],
          }),
        },
        { data: JSON.stringify({ id: "a", choices: inner, usage: inner, error: null }) },
      ];
      const events = decode(list);
      expect(events.filter((event) => event.type === "error" || event.type === "finish").length).toBeGreaterThan(0);
      try {
        chat.parseResponse(inner as never);
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError);
      }
    }),
    { numRuns: 500 },
  );
});

const citation: fc.Arbitrary<Annotation> = fc.record({
  kind: fc.constant("url" as const),
  url: fc.webUrl(),
  title: words,
  start: fc.nat(9),
  end: fc.nat(9),
});
const reasoning: fc.Arbitrary<ReasoningItem> = fc
  .record({ raw: words, sealed: fc.boolean() })
  .map(({ raw, sealed }) => ({
    type: "reasoning",
    text: [{ kind: "raw", text: raw }],
    seals: sealed
      ? [
          {
            origin: "chat",
            form: "details",
            bytes: JSON.stringify([{ type: "reasoning.text", text: raw, signature: "s", index: 0 }]),
          },
        ]
      : [],
  }));
const said = fc.record({ words, annotations: fc.array(citation, { maxLength: 2 }), probable: fc.boolean() }).map(
  (one): Item => ({
    type: "message",
    role: "assistant",
    blocks: [
      {
        type: "text",
        text: one.words,
        ...(one.annotations.length > 0 ? { annotations: one.annotations } : {}),
        ...(one.probable ? { logprobs: [{ token: one.words }] } : {}),
      },
    ],
  }),
);
const call: fc.Arbitrary<CallItem> = fc
  .record({ callId: name, name, args, custom: fc.boolean(), signed: fc.boolean() })
  .map(({ custom, signed, ...one }) => ({
    ...one,
    type: "call",
    kind: custom ? "custom" : "function",
    ...(signed && !custom ? { seals: [{ origin: "chat", form: "thought" as const, bytes: "S" }] } : {}),
  }));
const usage = fc
  .record({
    inUncached: fc.nat(999),
    inCacheRead: fc.nat(99),
    inCacheWriteOther: fc.nat(99),
    outVisible: fc.nat(999),
    outReasoning: fc.integer({ min: 1, max: 99 }),
  })
  .filter((one) => one.inUncached > 0 && one.outVisible > 0)
  .map((one) => ({ ...emptyUsage(), ...one, reasoningKnown: true }));
const answer: fc.Arbitrary<Answer> = fc
  .record({
    thought: maybe(reasoning),
    message: maybe(said),
    calls: fc.uniqueArray(call, { selector: (one) => one.callId, maxLength: 3 }),
    finish: fc.constantFrom("stop" as const, "length" as const, "filter" as const),
    usage: maybe(usage),
    fingerprint: maybe(words),
  })
  .map(({ thought, message, calls, finish, usage: counted, fingerprint }) => ({
    id: "chatcmpl-a",
    model: "client-model",
    created: 9,
    items: [thought, message, ...calls].filter((item) => item !== undefined),
    finish: calls.length > 0 && finish === "stop" ? "tool-calls" : finish,
    ...(counted ? { usage: counted } : {}),
    ...(fingerprint ? { ext: { chat: { system_fingerprint: fingerprint } } } : {}),
  }));

/** Cut calls, raw copies of citations and usage are the reader's own additions. */
function comparable(answers: Answer[]): unknown {
  return JSON.parse(
    JSON.stringify(answers, (key, value) => (key === "raw" || key === "incomplete" ? undefined : value)),
  );
}

test("an answer survives being streamed to a client and read again, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(answer, fc.nat(), (one, where) => {
      const list = encode(replay([one]), context({ includeUsage: true }));
      expect(automaton(list, true)).toEqual([]);
      const bytes = new TextEncoder().encode(text(list));
      const cut = where % (bytes.length + 1);
      const events = decodeBytes([bytes.slice(0, cut), bytes.slice(cut)]);
      expect(comparable(collect(events))).toEqual(comparable([one]));
    }),
    { numRuns: 400 },
  );
});

test("a whole answer survives being written and read again, and says the same as the stream", () => {
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 3 }), (list) => {
      const answers = list.map((one, at) => {
        const { usage: counted, ext, ...rest } = one;
        return at === 0 ? one : rest;
      });
      const reply = context({ includeUsage: true, sampling: { n: answers.length } });
      const read = chat.parseResponse(JSON.parse(JSON.stringify(chat.buildResponse(answers, reply))));
      expect(comparable(read)).toEqual(comparable(answers));
      const streamed = encode(replay(answers), reply);
      expect(automaton(streamed, true)).toEqual([]);
      expect(comparable(collect(decode(streamed)))).toEqual(comparable(read));
    }),
    { numRuns: 300 },
  );
});
