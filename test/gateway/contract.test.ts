/** Streams that a provider breaks in the client's own protocol are mended on their way, and the record says so. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Frame, readFrame, SseDecoder } from "../../src/kit/sse.ts";
import { protocols } from "../../src/protocols/index.ts";
import { type Spec, streamOf } from "../laws/spec.ts";
import { checkGrammar as checkMessages } from "../protocols/messages/support.ts";
import { automaton as responsesAutomaton } from "../protocols/responses/automaton.ts";
import { type ProtocolName, protocolNames } from "../recordings/door.ts";
import { chunk, events, openSession, question } from "../traps/streams-support.ts";

const encoder = new TextEncoder();

/** Each frame arrives in a read of its own, as it does from a model. */
function paced(frames: readonly string[]): ReadableStream {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await Bun.sleep(0);
      const frame = frames[at++];
      if (frame === undefined) controller.close();
      else controller.enqueue(encoder.encode(frame));
    },
  });
}

interface Outcome {
  frames: Frame[];
  code: string | null;
  mended: string | undefined;
}

async function passed(protocol: ProtocolName, frames: readonly string[], more: object = {}): Promise<Outcome> {
  const session = openSession({ provider: protocol, answer: () => events(paced(frames)) });
  const asking = { body: { ...question(protocol, true), ...more }, stream: true };
  const told = await session.ask(protocol, asking);
  session.close();
  const record = session.records[0];
  const mended = record?.degraded.find(({ field }) => field === "stream")?.detail;
  return { frames: told.frames, code: record?.code ?? null, mended };
}

const line = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const named = (type: string, members: object = {}) => `event: ${type}\n${line({ type, ...members })}`;
const done = "data: [DONE]\n\n";

const begun = named("message_start", {
  message: {
    ...{ id: "msg_1", type: "message", role: "assistant", model: "theirs", content: [] },
    ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 5, output_tokens: 1 } },
  },
});
const block = (index: number, content_block: object = { type: "text", text: "" }) =>
  named("content_block_start", { index, content_block });
const text = (index: number, said: string) =>
  named("content_block_delta", { index, delta: { type: "text_delta", text: said } });
const args = (index: number, partial_json: string) =>
  named("content_block_delta", { index, delta: { type: "input_json_delta", partial_json } });
const closed = (index: number) => named("content_block_stop", { index });
const ended = (usage: object | undefined = { output_tokens: 9 }) =>
  named("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, ...(usage ? { usage } : {}) });
const stopped = named("message_stop");
const tool = { type: "tool_use", id: "toolu_1", name: "look", input: {} };

const messagesCases: [string, string[], string | undefined][] = [
  ["is whole", [begun, block(0), text(0, "a"), text(0, "b"), closed(0), ended(), stopped], undefined],
  ["lacks its last event", [begun, block(0), text(0, "a"), text(0, "b"), closed(0), ended()], undefined],
  ["never ends its block", [begun, block(0), text(0, "a"), text(0, "b"), ended(), stopped], "no_block_stop"],
  ["never begins its block", [begun, text(0, "a"), text(0, "b"), closed(0), ended(), stopped], "no_block_start"],
  ["lacks its reason", [begun, block(0), text(0, "a"), text(0, "b"), closed(0), stopped], "no_message_delta"],
  [
    "counts all blocks as the first",
    [begun, block(0), text(0, "a"), closed(0), block(0), text(0, "b"), closed(0), ended(), stopped],
    "wrong_index",
  ],
  [
    "leaves a number out",
    [begun, block(1), text(1, "a"), closed(1), block(3), text(3, "b"), closed(3), ended(), stopped],
    "wrong_index",
  ],
  [
    "ends a block twice",
    [begun, block(0), text(0, "a"), text(0, "b"), closed(0), closed(0), ended(), stopped],
    "stray_block_stop",
  ],
  ["counts nothing", [begun, block(0), text(0, "ab"), closed(0), ended({}), stopped], undefined],
];

describe("a Messages stream that", () => {
  test.each(messagesCases)("%s comes out whole", async (_what, frames, mended) => {
    const outcome = await passed("messages", frames);
    checkMessages(outcome.frames);
    const said = outcome.frames.flatMap(({ data }) => JSON.parse(data).delta?.text ?? []).join("");
    expect([said, outcome.code, outcome.mended]).toEqual(["ab", null, mended]);
  });

  test("forgets to count has a usage all the same, without which its SDK breaks", async () => {
    const bare = named("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null } });
    const { frames, mended } = await passed("messages", [
      ...[begun, block(0), text(0, "a"), text(0, "b"), closed(0), bare, stopped],
    ]);
    const last = frames.map(({ data }) => JSON.parse(data)).find(({ type }) => type === "message_delta");
    expect([last.usage, mended]).toEqual([{ output_tokens: 2 }, "no_usage"]);
  });

  test("sends arguments of a call that it never began ends in an error, not in a guess", async () => {
    const { frames, code } = await passed("messages", [
      ...[begun, block(0), text(0, "a"), closed(0), args(1, '{"a"'), args(1, ":1}"), ended(), stopped],
    ]);
    expect(frames.at(-1)?.event).toBe("error");
    expect(code).toBe("upstream-failed");
  });

  test("ends without a reason in the middle of a call says that it is one", async () => {
    const { frames } = await passed("messages", [
      begun,
      block(0, tool),
      args(0, "{"),
      args(0, "}"),
      closed(0),
      stopped,
    ]);
    const last = frames.map(({ data }) => JSON.parse(data)).find(({ type }) => type === "message_delta");
    expect(last.delta.stop_reason).toBe("tool_use");
  });
});

const counted = { ...chunk({}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } };
const chatCases: [string, string[], string | undefined][] = [
  [
    "is whole",
    [line(chunk({ role: "assistant", content: "a" })), line(chunk({ content: "b" })), line(chunk({}, "stop")), done],
    undefined,
  ],
  [
    "lacks [DONE]",
    [line(chunk({ role: "assistant", content: "a" })), line(chunk({ content: "b" })), line(chunk({}, "stop"))],
    "no_done",
  ],
  [
    "lacks its reason",
    [line(chunk({ role: "assistant", content: "a" })), line(chunk({ content: "b" })), done],
    "no_finish",
  ],
  [
    "tells its reason twice",
    [
      line(chunk({ role: "assistant", content: "a" })),
      line(chunk({ content: "b" })),
      line(chunk({}, "stop")),
      line(chunk({}, "stop")),
      done,
    ],
    "second_finish",
  ],
];

describe("a Chat stream that", () => {
  test.each(chatCases)("%s comes out whole", async (_what, frames, mended) => {
    const outcome = await passed("chat", frames);
    const chunks = outcome.frames.slice(0, -1).map(({ data }) => JSON.parse(data));
    expect(outcome.frames.at(-1)?.data).toBe("[DONE]");
    expect(chunks.filter(({ choices }) => choices[0]?.finish_reason)).toHaveLength(1);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("ab");
    expect([outcome.code, outcome.mended]).toEqual([null, mended]);
    expect(new Set(chunks.map(({ id, model, created }) => `${id} ${model} ${created}`)).size).toBe(1);
  });

  test("never says who speaks says it", async () => {
    const { frames, mended } = await passed("chat", [line(chunk({ content: "a" })), line(chunk({}, "stop")), done]);
    expect(JSON.parse(frames[0]?.data ?? "").choices[0].delta).toEqual({ role: "assistant", content: "a" });
    expect(mended).toBe("no_role");
  });

  test("counts its calls from one and names no type is put right", async () => {
    const call = (members: object) => line(chunk({ tool_calls: [{ index: 1, ...members }] }));
    const { frames, mended } = await passed("chat", [
      line(chunk({ role: "assistant" })),
      call({ id: "call_1", function: { name: "look", arguments: "" } }),
      call({ function: { arguments: "{}" } }),
      ...[line(chunk({}, "tool_calls")), done],
    ]);
    const calls = frames.flatMap(({ data }) =>
      data.startsWith("{") ? (JSON.parse(data).choices[0].delta.tool_calls ?? []) : [],
    );
    expect(calls.map(({ index }) => index)).toEqual([0, 0]);
    expect([calls[0].type, mended]).toEqual(["function", "wrong_call_index no_call_type"]);
  });

  test("ends one of two answers without a reason gives it one", async () => {
    const of = (index: number, delta: object, finish_reason: string | null = null) => {
      const whole = chunk({}) as { choices: object[] };
      return line({ ...whole, choices: [{ index, delta, finish_reason }] });
    };
    const frames = [of(0, { role: "assistant", content: "a" }), of(1, { role: "assistant", content: "b" })];
    const { frames: out, mended } = await passed("chat", [...frames, of(0, {}, "stop"), done], { n: 2 });
    const finished = out.slice(0, -1).filter(({ data }) => JSON.parse(data).choices[0].finish_reason === "stop");
    expect(finished.map(({ data }) => JSON.parse(data).choices[0].index)).toEqual([0, 1]);
    expect(mended).toBe("no_finish");
  });

  test("does not count gets our count, if the client wanted one", async () => {
    const frames = [
      line(chunk({ role: "assistant", content: "a" })),
      line(chunk({ content: "b" })),
      line(chunk({}, "stop")),
      done,
    ];
    const wanted = await passed("chat", frames, { stream_options: { include_usage: true } });
    const last = JSON.parse(wanted.frames.at(-2)?.data ?? "{}");
    expect([last.choices, last.usage.completion_tokens > 0, wanted.mended]).toEqual([[], true, "no_usage"]);
    const told = await passed("chat", [...frames.slice(0, 3), line(counted), done], {
      stream_options: { include_usage: true },
    });
    expect([told.mended, told.frames.filter(({ data }) => data.includes('"usage"')).length]).toEqual([undefined, 1]);
  });

  test("leaves out the places of its calls gets them", async () => {
    const call = (members: object) => line(chunk({ tool_calls: [members] }));
    const { frames, mended } = await passed("chat", [
      line(chunk({ role: "assistant" })),
      call({ id: "call_1", type: "function", function: { name: "look", arguments: "" } }),
      call({ function: { arguments: "{}" } }),
      call({ id: "call_2", type: "function", function: { name: "look", arguments: "" } }),
      call({ id: "call_2", function: { arguments: "{}" } }),
      ...[line(chunk({}, "tool_calls")), done],
    ]);
    const places = frames.flatMap(({ data }) =>
      data.startsWith("{") ? (JSON.parse(data).choices[0].delta.tool_calls ?? []) : [],
    );
    expect(places.map(({ index }) => index)).toEqual([0, 0, 1, 1]);
    expect(mended).toBe("wrong_call_index");
  });
});

test("a long stream of one shape carries the client's name of the model, byte for byte otherwise", async () => {
  const texts = ["The", " quick", ' "brown"', " fö\u00e9x 🦊", "\\n", " theirs", '"model":"theirs"', "", " end"];
  const frames = [
    line(chunk({ role: "assistant", content: "" })),
    ...texts.map((content) => line(chunk({ content }))),
    ...[line(chunk({}, "stop")), line(counted), done],
  ];
  const wanted = frames.map((raw) => raw.replace('"model":"theirs"', '"model":"model"')).join("");
  const session = openSession({ provider: "chat", answer: () => events(paced(frames)) });
  const told = await session.ask("chat", {
    body: { ...question("chat"), stream_options: { include_usage: true } },
    stream: true,
  });
  session.close();
  expect(told.text).toBe(wanted);
});

test("a Gemini stream that ends as those of others do loses the mark, which its SDK would parse", async () => {
  const part = (more: object) =>
    line({ candidates: [{ content: { role: "model", parts: [{ text: "a" }] }, ...more }] });
  const { frames, mended } = await passed("gemini", [part({}), part({}), part({ finishReason: "STOP" }), done]);
  expect(frames.map(({ data }) => data)).not.toContain("[DONE]");
  expect([frames.length, mended]).toEqual([3, "done_mark"]);
});

const said: Spec = {
  reasoning: { text: "let me think", signature: "c2lnbmVk" },
  text: "it is done",
  calls: [{ id: "call_aa", name: "look", args: '{"city":"Rome"}' }],
  cut: false,
  counts: { fresh: 5, cached: 3, written: 0, visible: 9, reasoning: 2 },
  pieces: 3,
  interleaved: false,
};

const framesOf = (protocol: ProtocolName) => streamOf(protocol, said).match(/[\s\S]*?(?:\r?\n){2}/g) ?? [];

test.each([...protocolNames])("a %s stream that is right passes untouched", async (protocol) => {
  const frames = framesOf(protocol);
  const wanted = protocol === "chat" ? { stream_options: { include_usage: true } } : {};
  const { frames: out, mended } = await passed(protocol, frames, wanted);
  expect(mended).toBeUndefined();
  expect(out).toHaveLength(frames.filter((raw) => readFrame(raw)).length);
});

test("a Responses stream without numbers gets them, and nothing follows its end", async () => {
  const frames = framesOf("responses").map((raw) => raw.replace(/,"sequence_number":\d+/, ""));
  const { frames: out, mended } = await passed("responses", [...frames, frames[0] ?? ""]);
  expect(out.map(({ data }) => JSON.parse(data).sequence_number)).toEqual(out.map((_, at) => at));
  expect(responsesAutomaton(out)).toEqual([]);
  expect(mended).toContain("wrong_sequence_number");
});

/** Frames left out, doubled and swapped at random. */
const breaking = fc.array(fc.record({ at: fc.nat(60), how: fc.constantFrom("drop", "double") }), { maxLength: 4 });

test("whatever a provider leaves out or says twice, Messages frames obey their grammar or end in an error", () => {
  const create = protocols.find(({ name }) => name === "messages")?.contract;
  if (!create) throw new Error("there is no contract");
  const frames = framesOf("messages");
  fc.assert(
    fc.property(breaking, (breaks) => {
      const broken = [...frames];
      for (const { at, how } of breaks) {
        const place = 1 + (at % (broken.length - 1));
        // Nobody can tell a delta that came twice from two; of the message Anthropic itself may send several.
        if (how === "double" && broken[place]?.includes("_delta")) continue;
        broken.splice(place, 1, ...(how === "drop" ? [] : [broken[place] ?? "", broken[place] ?? ""]));
      }
      const contract = create({});
      let out = "";
      try {
        for (const raw of broken) out += contract.fits(raw) ? raw : contract.frame(raw);
      } catch (error) {
        expect(String(error)).toContain("block that is not open");
        return;
      }
      out += contract.end();
      const decoder = new SseDecoder();
      checkMessages([...decoder.push(encoder.encode(out)), ...decoder.end()]);
    }),
    { numRuns: 300 },
  );
});
