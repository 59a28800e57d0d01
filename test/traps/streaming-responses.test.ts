import { describe, expect, test } from "bun:test";
import { type Spec, streamOf } from "../laws/spec.ts";
import { automaton } from "../protocols/responses/automaton.ts";
import {
  callOf,
  chatStream,
  chunk,
  events,
  exchange,
  geminiChunk,
  geminiStream,
  heard,
  type Loose,
  question,
  type Told,
} from "./streams-support.ts";

const providers = ["chat", "messages", "gemini"] as const;
type Provider = (typeof providers)[number];

const said: Spec = {
  reasoning: { text: "let me think", signature: "c2lnbmVk" },
  text: "it is done",
  calls: [
    { id: "call_aa", name: "look", args: '{"city":"Rome"}' },
    { id: "call_bb", name: "look", args: '{"city":"Oslo"}' },
  ],
  cut: false,
  counts: { fresh: 5, cached: 0, written: 0, visible: 9, reasoning: 0 },
  pieces: 3,
  interleaved: false,
};

const streamed = (provider: Provider, answer: () => Response): Promise<Told> =>
  exchange("responses", { provider, answer }, { body: question("responses", true), stream: true });

describe.each(providers)("a Responses stream of a %s provider", (provider) => {
  const answer = () => events(streamOf(provider, said));
  const told = () => streamed(provider, answer);

  test("tells every item as added and as done, in the strict grammar (trap 74)", async () => {
    const { frames, chunks } = await told();
    expect(automaton(frames)).toEqual([]);
    const kinds = (type: string) => chunks.filter((one) => one.type === type).map(({ item }) => item.type);
    expect(kinds("response.output_item.added")).toEqual(["reasoning", "message", "function_call", "function_call"]);
    expect(kinds("response.output_item.done")).toEqual(kinds("response.output_item.added"));
    expect(await heard("responses", { provider, answer })).toMatchObject({
      text: said.text,
      reasoning: said.reasoning?.text,
      calls: said.calls.map(({ args }) => ({ name: "look", arguments: JSON.parse(args) })),
    });
  });

  test("begins messages with an empty content and parts before their deltas (trap 75)", async () => {
    const { chunks } = await told();
    const added = chunks.filter(({ type, item }) => type === "response.output_item.added" && item.type === "message");
    expect(added.map(({ item }) => item.content)).toEqual([[]]);
    const types: string[] = chunks.map(({ type }) => type);
    expect(types.indexOf("response.content_part.added")).toBeLessThan(types.indexOf("response.output_text.delta"));
    expect(types.indexOf("response.content_part.added")).toBeGreaterThan(-1);
  });

  test("has reasoning deltas only inside an open reasoning item (trap 76)", async () => {
    const { chunks } = await told();
    const open = new Set<string>();
    let deltas = 0;
    for (const { type, item, item_id } of chunks) {
      if (type === "response.output_item.added" && item.type === "reasoning") open.add(item.id);
      if (type === "response.output_item.done") open.delete(item.id);
      if (!/reasoning.*delta$/.test(type)) continue;
      deltas++;
      expect(open.has(item_id)).toBe(true);
    }
    expect(deltas).toBeGreaterThan(0);
  });

  test("counts its events and its items without gaps (trap 77)", async () => {
    const { chunks } = await told();
    expect(chunks.map(({ sequence_number }) => sequence_number)).toEqual(chunks.map((_, at) => at));
    const added = chunks.filter(({ type }) => type === "response.output_item.added");
    expect(added.map(({ output_index }) => output_index)).toEqual([0, 1, 2, 3]);
  });

  test("ends with the output that its items add up to, under the same ids (traps 78 and 79)", async () => {
    const { chunks } = await told();
    const items = (type: string) => chunks.filter((one) => one.type === type).map(({ item }) => item);
    const done = items("response.output_item.done");
    expect(chunks.at(-1).response.output).toEqual(done);
    expect(items("response.output_item.added").map(({ id, call_id }) => [id, call_id])).toEqual(
      done.map(({ id, call_id }) => [id, call_id]),
    );
    expect(new Set(done.map(({ id }) => id)).size).toBe(4);
  });

  test("has every detail of the usage, with 0 for what is not known (trap 80)", async () => {
    const { chunks } = await told();
    expect(chunks.at(-1).response.usage).toMatchObject({
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 14,
    });
  });

  test("names the client's model and repeats what was asked (trap 81)", async () => {
    const body = { ...question("responses", true), temperature: 0.5, max_output_tokens: 99, metadata: { a: "b" } };
    const { chunks } = await exchange("responses", { provider, answer }, { body, stream: true });
    const responses = chunks.flatMap(({ response }) => response ?? []);
    expect(responses.length).toBeGreaterThan(2);
    for (const response of responses) {
      expect(response).toMatchObject({ model: "model", temperature: 0.5, max_output_tokens: 99, metadata: { a: "b" } });
      expect(response.tools).toMatchObject([{ type: "function", name: "look" }]);
    }
  });
});

test("a usage without details has them for a Responses client all the same (trap 80)", async () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
  const answer = () => chatStream(chunk({ content: "a" }), chunk({}, "stop", { usage }));
  const { chunks } = await streamed("chat", answer);
  expect(chunks.at(-1).response.usage.output_tokens_details).toEqual({ reasoning_tokens: 0 });
});

const closes = (...frames: object[]) => events(frames.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(""));

test("a provider that closes without a finish has failed, and one that told its finish has not (trap 82)", async () => {
  const text = chunk({ role: "assistant", content: "half" });
  const cut = await streamed("chat", () => closes(text));
  expect(cut.chunks.at(-1)).toMatchObject({ type: "response.failed", response: { status: "failed" } });
  const whole = await streamed("chat", () => closes(text, chunk({}, "stop")));
  expect(whole.chunks.at(-1).type).toBe("response.completed");
  const early = await streamed("chat", () => chatStream(text, "data: [DONE]\n\n"));
  expect(early.chunks.filter(({ type }) => type === "response.completed")).toHaveLength(1);
  const google = await streamed("gemini", () => geminiStream(geminiChunk([{ text: "half" }])));
  expect(google.chunks.at(-1).type).toBe("response.failed");
});

test("an error inside a stream is a failed response, with what was said until then (trap 83)", async () => {
  const answer = () => closes(chunk({ content: "half" }), { error: { message: "broke", type: "server_error" } });
  const { chunks, frames } = await streamed("chat", answer);
  expect(chunks.at(-1)).toMatchObject({
    type: "response.failed",
    response: { status: "failed", error: { code: expect.any(String), message: expect.stringContaining("broke") } },
  });
  expect(chunks.filter(({ type }) => type === "error")).toEqual([]);
  expect(automaton(frames)).toEqual([]);
});

test("the deltas of parallel calls belong to the item of their call (trap 77)", async () => {
  const call = (index: number, id: string) => ({ index, ...callOf(id, "look", "") });
  const piece = (index: number, args: string) => chunk({ tool_calls: [{ index, function: { arguments: args } }] });
  const answer = () =>
    chatStream(
      chunk({ tool_calls: [call(0, "call_aa"), call(1, "call_bb")] }),
      piece(0, '{"city":'),
      piece(1, '{"city":'),
      piece(0, '"Rome"}'),
      piece(1, '"Oslo"}'),
      chunk({}, "tool_calls"),
    );
  const { chunks, frames } = await streamed("chat", answer);
  expect(automaton(frames)).toEqual([]);
  const output: Loose[] = chunks.at(-1).response.output;
  expect(output.map(({ call_id, arguments: args }) => [call_id, args])).toEqual([
    ["call_aa", '{"city":"Rome"}'],
    ["call_bb", '{"city":"Oslo"}'],
  ]);
});
