import { describe, expect, test } from "bun:test";
import type { Frame } from "../../../src/kit/sse.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { StoredResponse } from "../../../src/model/stored.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import type { StoredAnswers } from "../../../src/protocols/stored.ts";
import { automaton } from "./automaton.ts";
import { frames } from "./support.ts";

const stored = responses.stored as StoredAnswers;
const usage = {
  ...{ input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  ...{ input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } },
};
const message = {
  ...{ id: "msg_1", type: "message", status: "completed", role: "assistant", phase: "final_answer" },
  content: [
    {
      type: "output_text",
      text: "Cited 🐢 words",
      annotations: [{ type: "url_citation", url: "https://e.x", title: "E", start_index: 0, end_index: 5 }],
      logprobs: [{ token: "Cited", logprob: -0.5, bytes: null, top_logprobs: [] }],
    },
    { type: "refusal", refusal: "No more of it." },
  ],
};
const reasoning = {
  ...{ id: "rs_1", type: "reasoning", encrypted_content: "gAAA" },
  summary: [
    { type: "summary_text", text: "First thought" },
    { type: "summary_text", text: "Second thought" },
  ],
  content: [{ type: "reasoning_text", text: "Raw thought" }],
};
const call = {
  ...{ id: "fc_1", type: "function_call", status: "completed", call_id: "call_1", name: "f" },
  arguments: '{"a":1}',
};
const custom = {
  ...{ id: "ctc_1", type: "custom_tool_call", status: "completed", call_id: "call_2", name: "patch" },
  input: "*** Begin",
};
const search = {
  ...{ id: "ws_1", type: "web_search_call", status: "completed" },
  action: { type: "search", query: "q" },
};

function response(output: JsonObject[], more: JsonObject = {}): JsonObject {
  const head = { id: "resp_1", object: "response", created_at: 5, status: "completed", error: null, tools: [] };
  return { ...head, incomplete_details: null, model: "m", output, usage, ...more };
}

function record(text: string, lastEvent: number | null = null): StoredResponse {
  return {
    ...{ requestId: "r", at: 1, owner: "o", protocol: "responses", id: "resp_1", model: "m", target: "p/m" },
    ...{ scope: "p", lastEvent, response: text },
  };
}

function replay(value: JsonObject, lastEvent: number | null = null, query = "stream=true"): Frame[] {
  const reply = stored.read(record(JSON.stringify(value), lastEvent), new URLSearchParams(query));
  if (!("frames" in reply)) throw new Error("no stream");
  return reply.frames;
}

function eventsOf(list: Frame[]): JsonObject[] {
  return list.map(({ data }) => JSON.parse(data) as JsonObject);
}

function joined(list: Frame[], type: string): string {
  return eventsOf(list)
    .map((event) => (event.type === type ? String(event.delta) : ""))
    .join("");
}

describe("a stored response replayed", () => {
  const all = response([reasoning, message, call, custom, search]);

  test.each([null, 3, 40, 60, 77, 5000])("obeys the grammar of streams, %p being its last event", (last) => {
    const list = replay(all, last);
    expect(automaton(list)).toEqual([]);
    expect(joined(list, "response.output_text.delta")).toBe("Cited 🐢 words");
    expect(joined(list, "response.refusal.delta")).toBe("No more of it.");
    expect(joined(list, "response.reasoning_summary_text.delta")).toBe("First thoughtSecond thought");
    expect(joined(list, "response.reasoning_text.delta")).toBe("Raw thought");
    expect(joined(list, "response.function_call_arguments.delta")).toBe('{"a":1}');
    expect(joined(list, "response.custom_tool_call_input.delta")).toBe("*** Begin");
    const done = eventsOf(list).filter(({ type }) => type === "response.output_item.done");
    expect(done.map(({ item }) => item)).toEqual(all.output as JsonObject[]);
    expect(eventsOf(list).at(-1)?.response).toEqual(all);
  });

  test("has as many events as the client once got, where its texts are long enough", () => {
    const least = replay(all).length;
    expect(replay(all, 3).length).toBe(least);
    for (const last of [least - 1, least, least + 7, least + 30]) expect(replay(all, last).length).toBe(last + 1);
    expect(replay(all, 5000).length).toBeLessThan(200);
  });

  test("tells log probabilities once, however its text is cut", () => {
    const deltas = eventsOf(replay(all, 70)).filter(({ type }) => type === "response.output_text.delta");
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.flatMap(({ logprobs }) => logprobs as JsonObject[])).toEqual(message.content[0]?.logprobs as never);
  });

  test("goes on behind the event that the client has", () => {
    const list = replay(all, 50);
    expect(replay(all, 50, "stream=true&starting_after=0")).toEqual(list.slice(1));
    expect(replay(all, 50, "stream=true&starting_after=20")).toEqual(list.slice(21));
    expect(replay(all, 50, "stream=true&starting_after=50")).toEqual([]);
  });

  test("ends as it ended, and a call that was cut is never told as done", () => {
    const cut = { ...call, status: "incomplete", arguments: '{"a' };
    const details = { reason: "max_output_tokens" };
    const incomplete = replay(response([cut], { status: "incomplete", incomplete_details: details }));
    expect(automaton(incomplete)).toEqual([]);
    expect(incomplete.at(-1)?.event).toBe("response.incomplete");
    expect(incomplete.some(({ event }) => event === "response.function_call_arguments.done")).toBe(false);
    const failed = replay(response([], { status: "failed", error: { code: "x", message: "y" }, usage: null }));
    expect(failed.map(({ event }) => event)).toEqual(["response.created", "response.in_progress", "response.failed"]);
    expect(eventsOf(failed)[0]?.response).toMatchObject({ status: "in_progress", error: null });
  });

  test("is a text, as it was kept, when no stream is asked for", () => {
    const text = '{ "id":"resp_1", "temperature": 1.0 }';
    for (const query of ["", "stream=false", "include[]=x&include_obfuscation=false"]) {
      expect(stored.read(record(text), new URLSearchParams(query))).toEqual({ text });
    }
  });
});

describe("what is kept of a stream", () => {
  const delta = { type: "response.output_text.delta", delta: '"type":"response.completed"', sequence_number: 3 };

  function collected(list: Frame[]) {
    const collector = stored.collect();
    return list.map((frame) => collector.push(frame)).filter((one) => one !== undefined);
  }

  test.each(["completed", "incomplete", "failed"])("is the response of its last event, %s", (status) => {
    const value = response([message], { status });
    const created = { type: "response.created", response: response([], { status: "in_progress" }) };
    const end = { type: `response.${status}`, sequence_number: 9, response: value };
    const list = frames(created, delta, end);
    const kept = { id: "resp_1", text: JSON.stringify(value), lastEvent: 9, items: ["msg_1"] };
    expect(collected(list)).toEqual([kept]);
    expect(collected(list.map(({ data }) => ({ data })))).toEqual([kept]);
    const sorted = { data: JSON.stringify({ response: value, sequence_number: 9, type: `response.${status}` }) };
    expect(collected([sorted])).toEqual([kept]);
  });

  test("keeps the text as it stands, odd numbers included", () => {
    const text = '{"id": "resp_9","temperature":1.0, "output":[{"type":"x","n":12345678901234567890}]}';
    const data = `{"type":"response.completed","response":${text}}`;
    expect(collected([{ event: "response.completed", data }])).toEqual([{ id: "resp_9", text }]);
  });

  test.each([{ output: [] }, { output: null }, {}])("has the items that came before when its end holds %j", (end) => {
    const { output: _output, ...rest } = response([]);
    const items = [reasoning, message];
    const done = items.map((item, output_index) => ({ type: "response.output_item.done", output_index, item }));
    const [kept] = collected(frames(...done, { type: "response.completed", response: { ...rest, ...end } }));
    expect(JSON.parse(kept?.text ?? "")).toEqual({ ...rest, output: items });
  });

  test("takes the items of the end where there are any", () => {
    const done = { type: "response.output_item.done", output_index: 0, item: message };
    const end = { type: "response.completed", response: response([call]) };
    expect(JSON.parse(collected(frames(done, end))[0]?.text ?? "").output).toEqual([call]);
  });

  test("is nothing without an end, an object or an id", () => {
    const ends = [
      { response: null },
      { response: { output: [] } },
      { response: { id: "" } },
      { response: { id: 7 } },
      {},
    ];
    for (const end of ends) expect(collected(frames(delta, { type: "response.completed", ...end }))).toEqual([]);
    expect(collected([{ event: "response.completed", data: "not JSON" }])).toEqual([]);
    expect(stored.whole('{"object":"response"}')).toBeUndefined();
    expect(stored.whole('{"object":"response","id":"resp_2"}')?.id).toBe("resp_2");
  });
});

describe("input items", () => {
  function list(input: unknown, query = "order=asc"): JsonObject {
    return stored.buildInput(record("{}"), JSON.stringify(input), new URLSearchParams(query));
  }

  test("of a text are one message", () => {
    expect(list("Hello")).toMatchObject({
      ...{ object: "list", has_more: false },
      data: [
        {
          ...{ id: expect.stringMatching(/^msg_/), type: "message", role: "user", status: "completed" },
          content: [{ type: "input_text", text: "Hello" }],
        },
      ],
    });
  });

  test("are as they were sent, each with an id that stays", () => {
    const own = { ...message, id: "msg_own" };
    const output = { type: "function_call_output", call_id: "call_1", output: "4" };
    const { data } = list([own, output, { type: "item_reference", id: "rs_7" }, { ...call, id: undefined }]);
    expect(data).toEqual([
      own,
      { ...output, id: expect.stringMatching(/^fco_/) },
      { type: "item_reference", id: "rs_7" },
      { ...call, id: expect.stringMatching(/^fc_/) },
    ]);
    expect(list([own, output]).data).toEqual((data as JsonObject[]).slice(0, 2));
  });

  test("of nothing are an empty list", () => {
    const empty = { object: "list", data: [], first_id: null, last_id: null, has_more: false };
    for (const input of [[], null, ""]) expect(list(input === "" ? [] : input)).toEqual(empty);
  });

  test("are twenty at a time, the last first, unless asked otherwise", () => {
    const input = Array.from({ length: 45 }, (_, at) => ({ role: "user", content: `${at}`, id: `msg_${at}` }));
    const ids = (page: JsonObject) => (page.data as JsonObject[]).map(({ id }) => id);
    const first = list(input, "");
    expect(ids(first)).toEqual(Array.from({ length: 20 }, (_, at) => `msg_${44 - at}`));
    expect(first).toMatchObject({ first_id: "msg_44", last_id: "msg_25", has_more: true });
    expect(list(input, "after=msg_5")).toMatchObject({ first_id: "msg_4", last_id: "msg_0", has_more: false });
    expect(list(input, "after=msg_5&order=asc&limit=3")).toMatchObject({ first_id: "msg_6", last_id: "msg_8" });
    expect(list(input, "after=msg_24&order=asc&limit=20").has_more).toBe(false);
  });
});
