import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Annotation, ChatRequest, Item } from "../../../src/model/chat.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { automaton } from "./automaton.ts";
import { build, context, decode, decodeBytes, encode, last, parse, text } from "./support.ts";

const words = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((one) => !one.startsWith("[tool error]"));
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const args = fc.oneof(
  fc.constant('{"n":12345678901234567890,"n":1.0}'),
  fc.json({ maxDepth: 1 }).map((one) => `{"v":${one}}`),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

function present(fields: object): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}

const inputPart = fc.oneof(
  words.map((one) => ({ type: "input_text", text: one })),
  fc.constant({ type: "input_text", text: "marked", prompt_cache_breakpoint: { mode: "explicit" } }),
  fc
    .record({
      image_url: fc.constantFrom("https://e.x/a.png", "data:image/png;base64,aGk="),
      detail: fc.constantFrom("low", "auto", "original"),
    })
    .map((one) => ({ type: "input_image", ...one })),
  fc.constant({ type: "input_image", file_id: "file-1" }),
  fc.constant({ type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,aGk=" }),
  fc.constant({ type: "input_file", file_url: "https://e.x/a.pdf" }),
  fc.constant({ type: "input_audio", input_audio: { data: "aGk=", format: "wav" } }),
  fc.constant({ type: "computer_screenshot", image_url: "https://e.x" }),
);
const outputPart = fc.oneof(
  words.map((one) => ({ type: "output_text", text: one, annotations: [] })),
  words.map((one) => ({
    type: "output_text",
    text: one,
    annotations: [{ type: "url_citation", start_index: 0, end_index: 1, title: "t", url: "https://e.x" }],
  })),
  words.map((one) => ({ type: "refusal", refusal: one })),
);
const message = fc.oneof(
  fc.record({
    role: fc.constantFrom("system", "developer", "user"),
    content: fc.oneof(words, fc.array(inputPart, { minLength: 2, maxLength: 3 })),
    odd: maybe(fc.constant(1)),
  }),
  fc.record({
    role: fc.constant("assistant"),
    id: maybe(fc.constant("msg_1")),
    phase: maybe(fc.constantFrom("commentary", "final_answer")),
    content: fc.oneof(words, fc.array(outputPart, { minLength: 2, maxLength: 3 })),
  }),
);
const output = fc.oneof(words, fc.constant(""), fc.array(inputPart, { minLength: 2, maxLength: 2 }));
const shell = { type: "exec", command: ["ls"], env: {} };
const answered = fc
  .record({ id: name, name, args, input: words, namespace: maybe(name), output, itemId: maybe(fc.constant("fc_1")) })
  .chain((one) =>
    fc.constantFrom(
      [
        {
          type: "function_call",
          id: one.itemId,
          call_id: one.id,
          name: one.name,
          namespace: one.namespace,
          arguments: one.args,
        },
        { type: "function_call_output", call_id: one.id, output: one.output },
      ],
      [
        { type: "custom_tool_call", call_id: one.id, name: one.name, input: one.input },
        { type: "custom_tool_call_output", call_id: one.id, output: one.output },
      ],
      [
        { type: "local_shell_call", call_id: one.id, action: shell },
        { type: "local_shell_call_output", call_id: one.id, output: "{}" },
      ],
      [
        { type: "shell_call", call_id: one.id, action: { commands: ["ls"] }, environment: { type: "local" } },
        {
          type: "shell_call_output",
          call_id: one.id,
          output: [{ stdout: "a", stderr: "b", outcome: { type: "exit", exit_code: 1 } }],
        },
      ],
      [
        { type: "apply_patch_call", call_id: one.id, operation: { type: "delete_file", path: "p" } },
        { type: "apply_patch_call_output", call_id: one.id, status: "failed", output: "no" },
      ],
    ),
  );
const other = fc.constantFrom(
  { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "s" }], encrypted_content: "gAAA" },
  { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "raw" }] },
  { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", queries: ["q"] } },
  { type: "compaction", id: "cmp_1", encrypted_content: "x" },
  { type: "mcp_approval_response", approval_request_id: "a", approve: true },
  { type: "made_up_item", value: 1 },
);
const input = fc
  .array(
    fc.oneof(
      message.map((one) => [{ type: "message", ...one }]),
      answered,
      other.map((one) => [one]),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((turns) => distinct(turns.flat().map(present)));

/** Calls with ids of their own. */
function distinct(items: JsonObject[]): JsonObject[] {
  let count = 0;
  return items.map((item) => {
    if (item.call_id === undefined) return item;
    if (!String(item.type).endsWith("_output")) count++;
    return { ...item, call_id: `${item.call_id}`.slice(0, 20) + count };
  });
}

const tool = fc.oneof(
  fc
    .record({ name, description: maybe(words), strict: maybe(fc.boolean()), defer_loading: maybe(fc.constant(true)) })
    .map((one) => present({ type: "function", ...one, parameters: { type: "object", properties: {} } })),
  name.map((one) => ({
    type: "custom",
    name: one,
    format: { type: "grammar", syntax: "lark", definition: "start: /.*/" },
  })),
  name.map((one) => ({
    type: "namespace",
    name: one,
    description: "d",
    tools: [
      { type: "function", name: "query", parameters: { type: "object", properties: {} }, strict: false },
      { type: "custom", name: "free" },
    ],
  })),
  fc.constant({ type: "web_search", filters: { allowed_domains: ["e.x"] } }),
);
const tools = fc.uniqueArray(tool, { selector: (one) => `${(one as JsonObject).name}`, minLength: 1, maxLength: 4 });
const request = fc
  .record({
    model: name,
    input,
    instructions: maybe(words),
    tools: maybe(tools),
    max_output_tokens: maybe(fc.integer({ min: 1, max: 9999 })),
    temperature: maybe(fc.double({ min: 0, max: 2, noNaN: true })),
    top_p: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
    reasoning: maybe(
      fc.constantFrom<JsonObject>(
        { effort: "none" },
        { effort: "max", summary: "auto" },
        { summary: "concise", context: "all_turns" },
      ),
    ),
    text: maybe(
      fc.constantFrom<JsonObject>(
        { format: { type: "text" }, verbosity: "low" },
        { format: { type: "json_object" } },
        { format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: false }, odd: 1 },
      ),
    ),
    include: maybe(
      fc.constantFrom(["file_search_call.results"], ["message.output_text.logprobs"], ["reasoning.encrypted_content"]),
    ),
    user: maybe(words),
    safety_identifier: maybe(words),
    metadata: maybe(fc.dictionary(name, words, { maxKeys: 2 })),
    store: maybe(fc.constant(true)),
    service_tier: maybe(fc.constantFrom("auto", "flex", "priority")),
    prompt_cache_key: maybe(words),
    previous_response_id: maybe(fc.constant("resp_1")),
    truncation: maybe(fc.constant("auto")),
    stream: maybe(fc.constant(true)),
    made_up: maybe(fc.jsonValue({ maxDepth: 2 }).filter((one) => one !== null)),
  })
  .map(present);

test("a request of this protocol comes back as it was, with nothing to tell", () => {
  fc.assert(
    fc.property(request, (body) => {
      const before = JSON.stringify(body);
      const { body: out, notes } = build(parse(body));
      expect({ ...out, model: "" }).toEqual({ ...body, model: "" });
      expect(notes.list).toEqual([]);
      expect(JSON.stringify(body)).toBe(before);
    }),
    { numRuns: 500 },
  );
});

test("a longer history begins with the shorter one", () => {
  fc.assert(
    fc.property(request, (body) => {
      const items = body.input as JsonObject[];
      const sent = (count: number) =>
        build(parse({ ...body, previous_response_id: "resp_1", input: items.slice(0, count) })).body.input;
      const whole = (sent(items.length) as unknown[]).map((item) => JSON.stringify(item));
      for (let count = 1; count < items.length; count++) {
        expect((sent(count) as unknown[]).map((item) => JSON.stringify(item))).toEqual(whole.slice(0, count));
      }
    }),
    { numRuns: 50 },
  );
});

const fuzzKeys = [
  ...["model", "input", "tools", "tool_choice", "role", "content", "type", "function", "name", "text", "format"],
  ...["image_url", "file_data", "file_id", "input_audio", "schema", "summary", "encrypted_content", "reasoning"],
  ...["arguments", "id", "call_id", "output", "action", "operation", "metadata", "include", "instructions", "mode"],
];
const fuzzValues = [
  ...["user", "assistant", "message", "input_text", "input_image", "function", "custom", "json_schema", "data:,%", "x"],
  ...["function_call", "function_call_output", "reasoning", "shell_call_output", "namespace", "allowed_tools"],
  ...["item_reference", "input_file", "custom_tool_call", "apply_patch_call", "web_search_call", "auto"],
];
const { tree } = fc.letrec<{ tree: unknown; node: unknown }>((tie) => ({
  tree: fc.oneof({ maxDepth: 5 }, fc.constantFrom(...fuzzValues, "", 1, null, true), tie("node")),
  node: fc.oneof(
    fc.dictionary(fc.constantFrom(...fuzzKeys), tie("tree"), { maxKeys: 6 }),
    fc.array(tie("tree"), { maxLength: 3 }),
  ),
}));
const typed = fc
  .record({
    type: fc.constantFrom(...fuzzValues),
    role: fc.constantFrom("user", "assistant"),
    rest: fc.dictionary(fc.constantFrom(...fuzzKeys), tree, { maxKeys: 6 }),
  })
  .map(({ type, role, rest }) => ({ role, ...rest, type }));

test("no JSON makes the parser or the builder fail with anything but a 400 that names a member", () => {
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
      responses.buildResponse([], context(read));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      expect(error.status).toBe(400);
    }
  };
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...fuzzKeys), tree), run), { numRuns: 2000 });
  fc.assert(
    fc.property(fc.array(fc.oneof(typed, tree), { minLength: 1, maxLength: 4 }), typed, (list, one) => {
      run({ model: "m", input: list });
      run({ model: "m", input: [{ role: "user", content: list }] });
      run({
        model: "m",
        input: [{ type: "function_call_output", call_id: "c", output: list }],
        previous_response_id: "r",
      });
      run({ model: "m", input: "x", tools: list, tool_choice: one });
      run({ model: "m", input: "x", ...one });
    }),
    { numRuns: 2000 },
  );
});

test("no JSON makes the decoder or the whole reader throw anything but a gateway error", () => {
  const kinds = [
    ...["created", "completed", "incomplete", "failed", "output_item.added", "output_item.done", "output_text.delta"],
    ...["content_part.added", "function_call_arguments.delta", "function_call_arguments.done", "refusal.delta"],
    ...["reasoning_text.delta", "reasoning_summary_text.done", "output_text.annotation.added", "made_up"],
  ];
  const event = fc
    .record({
      type: fc.constantFrom(...kinds),
      output_index: fc.oneof(fc.nat(2), tree),
      content_index: fc.nat(2),
      delta: fc.oneof(words, tree),
      text: tree,
      item: fc.oneof(typed, tree),
      annotation: tree,
      response: fc.oneof(fc.record({ output: fc.oneof(fc.array(typed), tree), usage: tree, error: tree }), tree),
    })
    .map((one) => ({ ...one, type: `response.${one.type}` }));
  fc.assert(
    fc.property(fc.array(fc.oneof(event, tree), { maxLength: 8 }), tree, (events, whole) => {
      const all = decode(events.map((one) => ({ data: JSON.stringify(one) ?? "null" })));
      expect(lawful(all)).toEqual([]);
      try {
        responses.parseResponse(whole as never);
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError);
      }
    }),
    { numRuns: 2000 },
  );
});

/** What a list of events breaks of the model's laws. */
function lawful(events: ChatEvent[]): string[] {
  const broken: string[] = [];
  const open = new Set<number>();
  let next = 0;
  let ends = 0;
  events.forEach((event, at) => {
    if ((event.type === "start") !== (at === 0) && event.type !== "error") broken.push(`start at ${at}`);
    if (ends > 0) broken.push("something follows the end");
    if (event.type === "item-start") {
      if (event.index !== next++) broken.push("indexes are not dense");
      open.add(event.index);
    } else if (event.type === "item-end") {
      if (!open.delete(event.index)) broken.push("an item ends twice");
    } else if ("index" in event && !open.has(event.index)) broken.push("a delta outside its item");
    if (event.type === "finish" || event.type === "error") ends++;
    if (event.type === "finish" && open.size > 0) broken.push("items are left open");
  });
  if (ends !== 1) broken.push(`${ends} ends`);
  return broken;
}

const citation: fc.Arbitrary<Annotation> = fc
  .record({ url: fc.webUrl(), title: words, start: fc.nat(9), end: fc.nat(9) })
  .map((one) => ({
    kind: "url",
    ...one,
    raw: {
      origin: "responses",
      json: { type: "url_citation", start_index: one.start, end_index: one.end, title: one.title, url: one.url },
    },
  }));
const block = fc.oneof(
  fc.record({ text: words, annotations: fc.array(citation, { maxLength: 2 }), probable: fc.boolean() }).map((one) => ({
    type: "text" as const,
    text: one.text,
    ...(one.annotations.length > 0 ? { annotations: one.annotations } : {}),
    ...(one.probable ? { logprobs: [{ token: one.text }] } : {}),
  })),
  words.map((one) => ({ type: "refusal" as const, text: one })),
);
const item: fc.Arbitrary<Item> = fc.oneof(
  fc
    .record({ blocks: fc.array(block, { maxLength: 3 }), phase: maybe(fc.constant("commentary")) })
    .map(({ blocks, phase }): Item => ({ type: "message", role: "assistant", blocks, ...(phase ? { phase } : {}) })),
  fc
    .record({
      summary: fc.array(words, { maxLength: 2 }),
      raw: fc.array(words, { maxLength: 2 }),
      sealed: fc.boolean(),
    })
    .map(({ summary, raw, sealed }): Item => {
      const said = [
        ...summary.map((one) => ({ kind: "summary" as const, text: one })),
        ...raw.map((one) => ({ kind: "raw" as const, text: one })),
      ];
      return {
        type: "reasoning",
        text: said,
        seals: sealed ? [{ origin: "responses", form: "encrypted", bytes: "gA" }] : [],
        ...(sealed && said.length === 0 ? { redacted: true } : {}),
        itemId: "",
      };
    }),
  fc.record({ name, args, custom: fc.boolean(), namespace: maybe(name) }).map(
    ({ custom, namespace, ...one }): Item => ({
      type: "call",
      kind: custom ? "custom" : "function",
      callId: "",
      ...one,
      ...(namespace ? { namespace } : {}),
    }),
  ),
  fc.constant<Item>({
    type: "call",
    kind: "local_shell",
    callId: "",
    name: "local_shell",
    args: JSON.stringify(shell),
  }),
  fc.constant<Item>({
    type: "opaque",
    origin: "responses",
    json: { type: "mcp_list_tools", id: "mcpl_1", server_label: "s", tools: [] },
  }),
);
const usage = fc
  .record({
    inUncached: fc.integer({ min: 1, max: 999 }),
    inCacheRead: fc.nat(99),
    inCacheWriteOther: fc.nat(99),
    outVisible: fc.integer({ min: 1, max: 999 }),
    outReasoning: fc.nat(99),
  })
  .map((one) => ({ ...emptyUsage(), ...one, reasoningKnown: true }));
const answer: fc.Arbitrary<Answer> = fc
  .record({
    items: fc.array(item, { maxLength: 6 }),
    finish: fc.constantFrom("stop" as const, "length" as const, "filter" as const),
    usage: maybe(usage),
  })
  .map(({ items, finish, usage: counted }) => {
    const own = items.map((one, at): Item => {
      if (one.type === "call") return { ...one, callId: `call_${at}`, itemId: `fc_${at}` };
      if (one.type === "opaque") return { ...one, json: { ...(one.json as JsonObject), id: `mcpl_${at}` } };
      if (one.type === "reasoning") return { ...one, itemId: `rs_${at}` };
      return one.type === "message" ? { ...one, id: `msg_${at}` } : one;
    });
    const hasCalls = own.some((one) => one.type === "call");
    return {
      id: "resp_a",
      model: "client-model",
      created: 9,
      items: own,
      finish: hasCalls && finish === "stop" ? "tool-calls" : finish,
      ...(counted ? { usage: counted } : {}),
    };
  });

/** The echo of the request and the raw copy of usage are the reader's own additions. */
function comparable(answers: Answer[]): unknown {
  return answers.map(({ ext: _ext, usage: counted, ...one }) => ({
    ...one,
    ...(counted ? { usage: { ...counted, raw: undefined } } : {}),
  }));
}

test("an answer survives being streamed to a client and read again, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(answer, fc.nat(), (one, where) => {
      const list = encode(replay([one]));
      expect(automaton(list)).toEqual([]);
      const bytes = new TextEncoder().encode(text(list));
      const at = where % (bytes.length + 1);
      const events = decodeBytes([bytes.subarray(0, at), bytes.subarray(at)]);
      expect(lawful(events)).toEqual([]);
      expect(comparable(collect(events))).toEqual(comparable([one]));
    }),
    { numRuns: 400 },
  );
});

test("a stream cut at every byte gives the same events", () => {
  const [one] = fc.sample(
    answer.filter(({ items }) => items.length > 3),
    { numRuns: 1, seed: 7 },
  );
  const bytes = new TextEncoder().encode(text(encode(replay([one as Answer]))));
  const whole = JSON.stringify(decodeBytes([bytes]));
  for (let at = 1; at < bytes.length; at++) {
    if (JSON.stringify(decodeBytes([bytes.subarray(0, at), bytes.subarray(at)])) !== whole) throw new Error(`at ${at}`);
  }
  expect(JSON.stringify(decodeBytes([...bytes].map((byte) => Uint8Array.of(byte))))).toBe(whole);
});

test("a stream that ends anywhere before its last event is an error, and obeys the model's laws", () => {
  fc.assert(
    fc.property(answer, fc.nat(), (one, where) => {
      const list = encode(replay([one]));
      const events = decode(list.slice(0, where % list.length));
      expect(lawful(events)).toEqual([]);
      expect(events.at(-1)?.type).toBe("error");
    }),
    { numRuns: 200 },
  );
});

test("a whole answer is what its stream adds up to, and survives being written and read", () => {
  fc.assert(
    fc.property(answer, (one) => {
      const body = responses.buildResponse([one], context());
      expect(body).toEqual(last(encode(replay([one]))));
      expect(comparable(responses.parseResponse(JSON.parse(JSON.stringify(body))))).toEqual(comparable([one]));
    }),
    { numRuns: 300 },
  );
});

test("done events alone, the terminal event alone, and deltas with the terminal event all give the same answer", () => {
  fc.assert(
    fc.property(answer, (one) => {
      const list = encode(replay([one]));
      const wanted = comparable([one]);
      const keep = (pattern: RegExp) => collect(decode(list.filter((frame) => pattern.test(frame.event ?? ""))));
      expect(comparable(keep(/created|item\.done|completed|incomplete/))).toEqual(wanted);
      expect(comparable(keep(/created|response\.(?:completed|incomplete)/))).toEqual(wanted);
      expect(comparable(keep(/created|item\.added|delta|response\.(?:completed|incomplete)/))).toEqual(wanted);
      expect(
        comparable(
          collect(decode(list.flatMap((frame) => (/done/.test(frame.event ?? "") ? [frame, frame] : [frame])))),
        ),
      ).toEqual(wanted);
    }),
    { numRuns: 200 },
  );
});

test("the frames that are marked tell usage and finish alone", () => {
  fc.assert(
    fc.property(answer, (one) => {
      const list = encode(replay([one]));
      const marked = list.filter((frame, at) => at < 3 || responses.markers.test(text([frame])));
      const facts = (events: ChatEvent[]) => events.filter(({ type }) => type === "usage" || type === "finish");
      expect(facts(decode(marked))).toEqual(facts(decode(list)));
      for (const frame of list) {
        if (/delta$/.test(frame.event ?? ""))
          expect(responses.markers.test(text([{ ...frame, data: "" }]))).toBe(false);
      }
    }),
    { numRuns: 100 },
  );
});
