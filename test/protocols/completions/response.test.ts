import { expect, test } from "bun:test";
import type { ChatRequest } from "../../../src/model/chat.ts";
import { collect, replay } from "../../../src/model/collect.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { completions } from "../../../src/protocols/completions/index.ts";

function context(fields: JsonObject) {
  const request: ChatRequest = completions.parseRequest({ model: "m", prompt: "Ab", ...fields }, new Notes());
  return { request, requestId: "0193", now: 7 };
}

const token = (text: string, logprob: number) => ({
  ...{ token: text, logprob, bytes: null },
  top_logprobs: [
    { token: text, logprob, bytes: null },
    { token: "?", logprob: -9, bytes: null },
  ],
});
const events: ChatEvent[] = [
  { type: "start", id: "chatcmpl-1", model: "theirs", created: 3 },
  { type: "item-start", index: 0, item: { type: "message", role: "assistant", blocks: [] } },
  { type: "text-delta", index: 0, block: 0, text: "one", logprobs: [token("one", -0.1)] },
  { type: "text-delta", index: 0, block: 0, text: " two", logprobs: [token(" two", -0.2)] },
  {
    ...{ type: "item-end", index: 0 },
    item: {
      ...{ type: "message", role: "assistant" },
      blocks: [{ type: "text", text: "one two", logprobs: [token("one", -0.1), token(" two", -0.2)] }],
    },
  },
  { type: "finish", reason: "length" },
];
const logprobs = {
  tokens: ["one", " two"],
  token_logprobs: [-0.1, -0.2],
  top_logprobs: [
    { one: -0.1, "?": -9 },
    { " two": -0.2, "?": -9 },
  ],
};

test("log probabilities stand in four lists, with the places of the tokens behind an echo", () => {
  const answers: Answer[] = collect(events);
  expect(completions.buildResponse(answers, context({ logprobs: 2, echo: true }))).toEqual({
    ...{ id: "cmpl-1", object: "text_completion", created: 3, model: "m" },
    choices: [{ text: "Abone two", index: 0, finish_reason: "length", logprobs: { ...logprobs, text_offset: [2, 5] } }],
  });
});

test("in a stream each piece has its own lists", () => {
  const encoder = completions.encodeStream(context({ logprobs: 2, stream: true }));
  const frames = [...events.flatMap((event) => encoder.push(event)), ...encoder.end()].map(({ data }) => data);
  expect(frames.at(-1)).toBe("[DONE]");
  const choices = frames.slice(0, -1).map((data) => (JSON.parse(data) as { choices: JsonObject[] }).choices[0]);
  expect(choices.map((choice) => choice?.text)).toEqual(["one", " two", ""]);
  expect(choices.map((choice) => (choice?.logprobs as JsonObject | null)?.text_offset)).toEqual([[0], [3], undefined]);
  expect(choices.map((choice) => choice?.finish_reason)).toEqual([null, null, "length"]);
});

test("a stream that is opened early goes on where it began", () => {
  const encoder = completions.encodeStream(context({ echo: true }));
  const opening = encoder
    .open()
    .map(({ data }) => (JSON.parse(data) as { id: string; choices: JsonObject[] }).choices[0]?.text);
  expect(opening).toEqual(["Ab"]);
  const frames = replay(collect(events)).flatMap((event) => encoder.push(event));
  expect(frames.map(({ data }) => (JSON.parse(data) as { id: string }).id)).toEqual(["cmpl-0193", "cmpl-0193"]);
});

test("what is asked goes to the model as a chat, with all that it has in common", () => {
  const { request } = context({
    stop: ["x"],
    seed: 3,
    n: 2,
    top_p: 0.5,
    user: "u",
    logit_bias: { "5": 1 },
    logprobs: 0,
  });
  expect(request).toMatchObject({
    sampling: { stop: ["x"], seed: 3, n: 2, topP: 0.5, logitBias: { "5": 1 } },
    logprobs: { want: true, top: 0 },
    user: "u",
    items: [{ type: "message", role: "user", blocks: [{ type: "text", text: "Ab" }] }],
  });
});
