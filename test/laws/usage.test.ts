/** Token counts add up for every client, whatever the provider says of them; consistent ones have the same total everywhere. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { translateResponse, translateStream } from "../../src/gateway/translate.ts";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { crossed, type ProtocolName } from "../recordings/door.ts";

const by = (name: ProtocolName) => protocols.find((one) => one.name === name) as Protocol;

/** The disjoint parts of an answer's tokens. */
const counts = fc.record({
  ...{ fresh: fc.nat(5000), read: fc.nat(5000), written: fc.nat(900), tool: fc.nat(300) },
  ...{ visible: fc.nat(5000), reasoning: fc.nat(5000) },
});
type Counts = typeof counts extends fc.Arbitrary<infer T> ? T : never;

/** As OpenAI counts, under the words of either of its protocols. */
function inclusive([input, output]: [string, string], said: Counts): JsonObject {
  const all = said.fresh + said.read + said.written;
  const out = said.visible + said.reasoning;
  return {
    ...{ [`${input}_tokens`]: all, [`${output}_tokens`]: out, total_tokens: all + out },
    [`${input}_tokens_details`]: { cached_tokens: said.read, cache_write_tokens: said.written },
    [`${output}_tokens_details`]: { reasoning_tokens: said.reasoning },
  };
}

const written: Record<ProtocolName, (said: Counts) => JsonObject> = {
  chat: (said) => inclusive(["prompt", "completion"], said),
  responses: (said) => inclusive(["input", "output"], said),
  messages: (said) => ({
    ...{ input_tokens: said.fresh, cache_read_input_tokens: said.read, cache_creation_input_tokens: said.written },
    output_tokens: said.visible + said.reasoning,
    output_tokens_details: { thinking_tokens: said.reasoning },
  }),
  gemini: (said) => ({
    ...{ promptTokenCount: said.fresh + said.read, cachedContentTokenCount: said.read },
    ...{ toolUsePromptTokenCount: said.tool, candidatesTokenCount: said.visible, thoughtsTokenCount: said.reasoning },
    totalTokenCount: said.fresh + said.read + said.tool + said.visible + said.reasoning,
  }),
};

const answers: Record<ProtocolName, (usage: JsonObject) => JsonObject> = {
  chat: (usage) => ({
    ...{ id: "c", object: "chat.completion", created: 1, model: "m", usage },
    choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  }),
  responses: (usage) => ({
    ...{ id: "resp_1", object: "response", created_at: 1, model: "m", status: "completed", usage },
    output: [
      {
        ...{ type: "message", id: "msg_1", role: "assistant", status: "completed" },
        content: [{ type: "output_text", text: "hi", annotations: [] }],
      },
    ],
  }),
  messages: (usage) => ({
    ...{ id: "msg_1", type: "message", role: "assistant", model: "m", stop_reason: "end_turn", stop_sequence: null },
    ...{ content: [{ type: "text", text: "hi" }], usage },
  }),
  gemini: (usageMetadata) => ({
    ...{ responseId: "r", modelVersion: "m", usageMetadata },
    candidates: [{ content: { role: "model", parts: [{ text: "hi" }] }, finishReason: "STOP", index: 0 }],
  }),
};

interface Told {
  input: number;
  output: number;
  total: number;
  read: number;
  written: number;
  reasoning: number;
}

function told(client: ProtocolName, usage: JsonObject): Told {
  const number = (value: Json | undefined) => (typeof value === "number" ? value : 0);
  const inside = (key: string, name: string) => number((usage[key] as JsonObject | undefined)?.[name]);
  if (client === "messages") {
    const [read, made] = [number(usage.cache_read_input_tokens), number(usage.cache_creation_input_tokens)];
    const input = number(usage.input_tokens) + read + made;
    const output = number(usage.output_tokens);
    const reasoning = inside("output_tokens_details", "thinking_tokens");
    return { input, output, total: input + output, read, written: made, reasoning };
  }
  if (client === "gemini") {
    const reasoning = number(usage.thoughtsTokenCount);
    const input = number(usage.promptTokenCount) + number(usage.toolUsePromptTokenCount);
    const output = number(usage.candidatesTokenCount) + reasoning;
    const read = number(usage.cachedContentTokenCount);
    return { input, output, total: number(usage.totalTokenCount), read, written: 0, reasoning };
  }
  const [input, output] = client === "chat" ? ["prompt", "completion"] : ["input", "output"];
  return {
    ...{ input: number(usage[`${input}_tokens`]), output: number(usage[`${output}_tokens`]) },
    total: number(usage.total_tokens),
    read: inside(`${input}_tokens_details`, "cached_tokens"),
    written: inside(`${input}_tokens_details`, "cache_write_tokens"),
    reasoning: inside(`${output}_tokens_details`, "reasoning_tokens"),
  };
}

function ask(provider: ProtocolName, client: ProtocolName, usage: JsonObject): Told {
  const pair = { from: by(provider), to: by(client) };
  const answer = JSON.parse(translateResponse(pair, JSON.stringify(answers[provider](usage))).text) as JsonObject;
  return told(client, (answer[client === "gemini" ? "usageMetadata" : "usage"] ?? {}) as JsonObject);
}

function addsUp(seen: Told): void {
  expect(Math.min(...Object.values(seen))).toBeGreaterThanOrEqual(0);
  expect(seen.input + seen.output).toBe(seen.total);
  expect(seen.read + seen.written).toBeLessThanOrEqual(seen.input);
  expect(seen.reasoning).toBeLessThanOrEqual(seen.output);
}

describe.each(crossed)("the tokens of a $provider provider for a $client client", ({ client, provider }) => {
  test("are as many as the provider counted, each in its place", () => {
    fc.assert(
      fc.property(counts, (said) => {
        const seen = ask(provider, client, written[provider](said));
        addsUp(seen);
        const tool = provider === "gemini" ? said.tool : 0;
        const made = provider === "gemini" ? 0 : said.written;
        const input = said.fresh + said.read + made + tool;
        expect(seen).toEqual({
          ...{ input, output: said.visible + said.reasoning, total: input + said.visible + said.reasoning },
          ...{ read: said.read, written: client === "gemini" ? 0 : made, reasoning: said.reasoning },
        });
      }),
      { numRuns: 60 },
    );
  });

  test("add up and are never negative, whatever is said", () => {
    const odd = fc.oneof(fc.integer({ min: -9, max: 99 }), fc.constantFrom<Json>(null, "7", {}, 1e9));
    fc.assert(
      fc.property(counts, fc.dictionary(fc.constantFrom(...names[provider]), odd), (said, changes) => {
        const usage = written[provider](said);
        for (const [path, value] of Object.entries(changes)) change(usage, path.split("."), value);
        addsUp(ask(provider, client, usage));
      }),
      { numRuns: 120 },
    );
  });
});

const names = Object.fromEntries(
  Object.entries(written).map(([name, write]) => {
    const usage = write({ fresh: 1, read: 1, written: 1, tool: 1, visible: 1, reasoning: 1 });
    const paths = Object.entries(usage).flatMap(([key, value]) =>
      typeof value === "object" ? Object.keys(value as JsonObject).map((inner) => `${key}.${inner}`) : [key],
    );
    return [name, paths];
  }),
) as Record<ProtocolName, string[]>;

function change(usage: JsonObject, [key = "", inner]: string[], value: Json): void {
  if (inner === undefined) usage[key] = value;
  else (usage[key] as JsonObject)[inner] = value;
}

test("the counts of a Messages stream never go down", () => {
  const start = { ...answers.messages({ input_tokens: 9, output_tokens: 4 }), content: [], stop_reason: null };
  const frames = [
    { type: "message_start", message: start },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "hi" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 7 } },
    { type: "message_stop" },
  ];
  const text = frames.map((frame) => `event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`).join("");
  for (const client of ["chat", "responses", "gemini"] as const) {
    const out = translateStream({ from: by("messages"), to: by(client) }, text).text;
    const totals = [...out.matchAll(/"total(?:_tokens|TokenCount)":(\d+)/g)].map(([, number]) => Number(number));
    expect(totals.at(-1)).toBe(16);
    expect(totals).toEqual(totals.toSorted((one, other) => one - other));
  }
});
