import { describe, expect, test } from "bun:test";
import type { CallItem } from "../../../src/model/chat.ts";
import { collect } from "../../../src/model/collect.ts";
import type { Answer, ChatEvent } from "../../../src/model/event.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { canonical, context, decode, frames, thrown } from "./support.ts";

type Event = { type: string } & Record<string, unknown>;

const head = { id: "resp_1", model: "up", created_at: 5 };
const created: Event = { type: "response.created", response: { ...head, status: "in_progress" } };
const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 17,
};

function completed(output: unknown[] = [], more: object = {}): Event {
  return { type: "response.completed", response: { ...head, status: "completed", output, usage, ...more } };
}

function added(output_index: number, item: object): Event {
  return { type: "response.output_item.added", output_index, item };
}

function done(output_index: number, item: object): Event {
  return { type: "response.output_item.done", output_index, item };
}

function delta(kind: string, output_index: number, text: string, more: object = {}): Event {
  return { type: `response.${kind}.delta`, output_index, delta: text, ...more };
}

function read(...events: Event[]): Answer {
  return collect(decode(frames(created, ...events)))[0] as Answer;
}

function failure(events: ChatEvent[]) {
  const end = events.at(-1);
  if (end?.type !== "error") throw new Error("no error came");
  return end.error;
}

const message = (text: string, more: object = {}) => ({
  type: "message",
  id: "msg_1",
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [] }],
  ...more,
});
const fc = (callId: string, args: string, more: object = {}) => ({
  type: "function_call",
  id: `fc_${callId}`,
  call_id: callId,
  name: "f",
  arguments: args,
  ...more,
});

describe("a provider's stream", () => {
  test("of calls ends for the calls, each with its id and arguments", () => {
    const answer = read(
      added(0, fc("a", "")),
      delta("function_call_arguments", 0, '{"x"'),
      added(1, fc("b", "")),
      delta("function_call_arguments", 1, "{}"),
      delta("function_call_arguments", 0, ":1}"),
      done(0, fc("a", '{"x":1}', { status: "completed" })),
      done(1, fc("b", "{}", { status: "completed" })),
      completed(),
    );
    expect(answer.finish).toBe("tool-calls");
    expect(answer.items.map((item) => (item as CallItem).args)).toEqual(['{"x":1}', "{}"]);
  });

  test("without any delta gives what its done events hold", () => {
    const events = decode(frames(created, done(0, message("hi")), done(1, fc("a", "{}")), completed()));
    expect(events.filter(({ type }) => type.endsWith("delta")).length).toBe(2);
    expect(collect(events)[0]?.items).toMatchObject([{ blocks: [{ text: "hi" }] }, { callId: "a", args: "{}" }]);
  });

  test("whose parts come only in their final form gives what those hold, once", () => {
    const part = { type: "output_text", text: "hi", annotations: [], logprobs: [{ token: "hi", logprob: -1 }] };
    const place = { output_index: 0, content_index: 0 };
    const events = decode(
      frames(
        ...[created, added(0, { type: "message", role: "assistant", content: [] })],
        ...[{ type: "response.content_part.done", ...place, part }],
        ...[{ type: "response.output_text.done", ...place, text: "hi", logprobs: part.logprobs }, completed()],
      ),
    );
    const told = events.filter(({ type }) => type === "text-delta");
    expect(told).toMatchObject([{ text: "hi", logprobs: part.logprobs }]);
    expect(collect(events)[0]?.items).toMatchObject([{ blocks: [{ text: "hi", logprobs: part.logprobs }] }]);
  });

  test("with a summary's final form alone gives its text", () => {
    const part = { type: "summary_text", text: "thought" };
    const answer = read(
      added(0, { type: "reasoning", id: "rs_1", summary: [] }),
      { type: "response.reasoning_summary_part.done", output_index: 0, summary_index: 0, part },
      completed(),
    );
    expect(answer.items).toMatchObject([{ text: [{ kind: "summary", text: "thought" }] }]);
  });

  test("with nothing but its last event gives what that holds", () => {
    expect(read(completed([message("hi"), fc("a", "{}")])).items).toMatchObject([
      { blocks: [{ text: "hi" }] },
      { callId: "a" },
    ]);
  });

  test("with an empty output at the end keeps what came before", () => {
    expect(read(done(0, message("hi")), completed([])).items).toMatchObject([{ blocks: [{ text: "hi" }] }]);
  });

  test("that renews item ids in every event is one item still", () => {
    const answer = read(
      added(0, { type: "message", id: "x1", role: "assistant", content: [] }),
      delta("output_text", 0, "hi", { item_id: "x2", content_index: 0 }),
      done(0, message("hi", { id: "x3" })),
      completed([message("hi", { id: "x4" })]),
    );
    expect(answer.items.length).toBe(1);
  });

  test("that numbers every item 0 gives all of them", () => {
    const answer = read(
      added(0, fc("a", "")),
      delta("function_call_arguments", 0, "{}"),
      done(0, fc("a", "{}")),
      added(0, fc("b", "")),
      delta("function_call_arguments", 0, '{"y":2}'),
      done(0, fc("b", '{"y":2}')),
      completed([fc("a", "{}"), fc("b", '{"y":2}')]),
    );
    expect(answer.items.map((item) => (item as CallItem).args)).toEqual(["{}", '{"y":2}']);
  });

  test("with done events told twice gives each item once", () => {
    const answer = read(added(0, fc("a", "")), done(0, fc("a", "{}")), done(0, fc("a", "{}")), completed());
    expect(answer.items.length).toBe(1);
  });

  test("with a call id used twice gives the second call another one", () => {
    const answer = read(done(0, fc("a", "{}")), done(1, fc("a", "{}", { id: "fc_2" })), completed());
    const ids = answer.items.map((item) => (item as CallItem).callId);
    expect([new Set(ids).size, ids[0]]).toEqual([2, "a"]);
  });

  test("gives a call that came without an id one of its own, the same each time", () => {
    const run = () => (read(done(0, fc("a", "{}", { call_id: undefined })), completed()).items[0] as CallItem).callId;
    expect(run()).toMatch(/^call_[a-z2-7]{24}$/);
    expect(run()).toBe(run());
  });

  test("cut inside a call has the call incomplete, whoever says so", () => {
    const incomplete = (output: unknown[] = []): Event => ({
      type: "response.incomplete",
      response: { ...head, status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output },
    });
    const begun = [added(0, fc("a", "")), delta("function_call_arguments", 0, '{"x":')];
    for (const events of [
      [...begun, incomplete()],
      [...begun, done(0, fc("a", '{"x":', { status: "incomplete" })), incomplete()],
      [...begun, done(0, fc("a", '{"x":', { status: "completed" })), incomplete()],
      [incomplete([fc("a", '{"x":', { status: "incomplete" })])],
    ]) {
      const answer = read(...events);
      expect([answer.finish, answer.items]).toMatchObject(["length", [{ args: '{"x":', incomplete: true }]]);
    }
  });

  test("with broken arguments that was not cut gives them as they are", () => {
    const answer = read(done(0, fc("a", '{"x":')), completed());
    expect(answer.items).toMatchObject([{ args: '{"x":' }]);
    expect(answer.items[0]).not.toHaveProperty("incomplete");
  });

  test("of raw thoughts reaches clients of other protocols", () => {
    const events = decode(
      frames(
        created,
        added(0, { type: "reasoning", id: "rs_1", summary: [] }),
        delta("reasoning_text", 0, "hm", { content_index: 0 }),
        done(0, { type: "reasoning", id: "rs_1", summary: [], content: [{ type: "reasoning_text", text: "hmm" }] }),
        completed(),
      ),
    );
    const said = events.flatMap((event) => (event.type === "reasoning-delta" ? [event.text] : []));
    expect(said).toEqual(["hm", "m"]);
    const reply = { ...context(), request: canonical({ protocol: "chat" }) };
    const body = chat.buildResponse(collect(events), reply) as { choices: { message: object }[] };
    expect(body.choices[0]?.message).toMatchObject({ reasoning_content: "hmm" });
  });

  test("seals reasoning at its end, with the last bytes that came", () => {
    const events = decode(
      frames(
        created,
        added(0, { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "early" }),
        delta("reasoning_summary_text", 0, "a", { summary_index: 0 }),
        delta("reasoning_summary_text", 0, "b", { summary_index: 1 }),
        done(0, {
          type: "reasoning",
          id: "rs_1",
          summary: [
            { type: "summary_text", text: "a" },
            { type: "summary_text", text: "b" },
          ],
          encrypted_content: "late",
        }),
        completed(),
      ),
    );
    expect(events.filter(({ type }) => type === "seal")).toEqual([
      { type: "seal", index: 0, seal: { origin: "responses", form: "encrypted", bytes: "late" } },
    ]);
    expect(collect(events)[0]?.items).toMatchObject([{ text: [{ text: "a" }, { text: "b" }], itemId: "rs_1" }]);
  });

  test("with citations gives them once, as events and in the item", () => {
    const annotation = { type: "url_citation", start_index: 2, end_index: 4, title: "t", url: "https://e.x" };
    const events = decode(
      frames(
        created,
        added(0, { ...message(""), content: [] }),
        delta("output_text", 0, "😀 ab", { content_index: 0 }),
        { type: "response.output_text.annotation.added", output_index: 0, content_index: 0, annotation },
        done(0, { ...message(""), content: [{ type: "output_text", text: "😀 ab", annotations: [annotation] }] }),
        completed(),
      ),
    );
    expect(events.filter(({ type }) => type === "annotation").length).toBe(1);
    const [item] = collect(events)[0]?.items ?? [];
    const block = item?.type === "message" ? item.blocks[0] : undefined;
    if (block?.type !== "text") throw new Error("no text");
    expect(block.annotations).toMatchObject([{ kind: "url", url: "https://e.x", start: 2, end: 4 }]);
    expect([...block.text].slice(2, 4).join("")).toBe("ab");
  });

  test("keeps what the provider's own tools did, as the provider wrote it", () => {
    const json = { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } };
    const list = { type: "mcp_list_tools", id: "m", tools: [] };
    const contained = {
      type: "shell_call",
      id: "s",
      call_id: "c",
      action: {},
      environment: { type: "container_reference" },
    };
    const answer = read(done(0, json), done(1, list), done(2, contained), completed());
    expect(answer.items).toMatchObject([
      { type: "server-call", tool: "web_search", callId: "ws_1", json },
      { type: "opaque", json: list },
      { type: "opaque", json: contained },
    ]);
    expect(answer.finish).toBe("stop");
  });

  test("counts inclusively", () => {
    expect(read(completed()).usage).toMatchObject({
      inUncached: 5,
      inCacheRead: 4,
      inCacheWriteOther: 1,
      outVisible: 5,
      outReasoning: 2,
      reasoningKnown: true,
    });
  });

  test("that is filtered says so", () => {
    const response = { ...head, status: "incomplete", incomplete_details: { reason: "content_filter" }, output: [] };
    expect(read({ type: "response.incomplete", response }).finish).toBe("filter");
  });

  test("may hold [DONE], pings and events that nobody knows", () => {
    const list = [
      ...frames(
        created,
        { type: "keepalive" },
        { type: "codex.rate_limits" },
        { type: "response.new_thing", output_index: 0 },
      ),
      { data: "[DONE]" },
      ...frames(done(0, message("hi")), completed()),
    ];
    expect(collect(decode(list))[0]?.items.length).toBe(1);
  });
});

describe("a failure in a provider's stream", () => {
  test.each([
    [
      {
        type: "response.failed",
        response: { ...head, status: "failed", error: { code: "rate_limit_exceeded", message: "slow" } },
      },
      "rate-limited",
    ],
    [
      { type: "response.failed", response: { ...head, error: { code: "server_error", message: "oops" } } },
      "upstream-failed",
    ],
    [
      {
        type: "response.failed",
        response: { ...head, error: { code: "context_length_exceeded", message: "too long" } },
      },
      "context-length",
    ],
    [{ type: "response.failed", response: { ...head, status: "failed", error: null } }, "upstream-failed"],
    [
      { type: "response.failed", response: { ...head, error: { code: "bio_policy", message: "not this" } } },
      "content-policy",
    ],
    [{ type: "error", code: "rate_limit_exceeded", message: "slow", param: null }, "rate-limited"],
    [{ type: "error", error: { type: "server_error", code: "server_is_overloaded", message: "x" } }, "overloaded"],
    [{ type: "", error: { message: "insufficient_quota", code: "insufficient_quota" } }, "billing"],
    [{ type: "response.cancelled", response: { ...head, status: "cancelled" } }, "upstream-failed"],
  ])("is told by its class: %j", (event, code) => {
    const error = failure(decode(frames(created, added(0, fc("a", "")), event as Event)));
    expect(error.code).toBe(code as never);
    expect(error.message).not.toBe("");
  });

  test.each(["image_too_large", "image_parse_error", "empty_image_file", "failed_to_download_image"])(
    "over the client's picture is the client's: %s",
    (code) => {
      const error = { code, message: "no picture" };
      const failed = { type: "response.failed", response: { ...head, status: "failed", error } };
      expect(failure(decode(frames(created, failed))).code).toBe("invalid-request");
    },
  );

  test("leaves a call that was running unfinished", () => {
    const events = decode(
      frames(created, added(0, fc("a", "")), { type: "error", message: "x" }, completed([fc("a", "{}")])),
    );
    expect(events.some(({ type }) => type === "item-end" || type === "finish")).toBe(false);
  });

  test("is an end without the last event", () => {
    expect(failure(decode(frames(created, done(0, message("hi"))))).code).toBe("upstream-failed");
    expect(failure(decode([])).code).toBe("upstream-failed");
  });

  test("is a frame that is not JSON, and an item that is none", () => {
    expect(failure(decode([...frames(created), { data: "<html>" }])).code).toBe("upstream-failed");
    expect(failure(decode(frames(created, done(0, { type: "function_call" })))).code).toBe("upstream-failed");
  });
});

describe("a whole answer", () => {
  test("that failed, waits or is none is an error", () => {
    const code = (body: object) => thrown(() => responses.parseResponse(body as never)).code;
    expect(code({ ...head, status: "failed", error: { code: "server_error", message: "x" }, output: [] })).toBe(
      "upstream-failed",
    );
    expect(code({ ...head, status: "queued", output: [] })).toBe("upstream-failed");
    expect(code({ ...head, status: "in_progress", output: [] })).toBe("upstream-failed");
    expect(code({ error: { message: "slow", code: "rate_limit_exceeded" } })).toBe("rate-limited");
    expect(code({})).toBe("upstream-failed");
  });

  test("whose status lacks its last letter is complete", () => {
    const output = [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "a" }] }];
    expect(responses.parseResponse({ ...head, status: "complete", output } as never)[0]?.finish).toBe("stop");
  });

  test("that is incomplete says why", () => {
    const body = {
      ...head,
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [message("hi")],
    };
    expect(responses.parseResponse(body as never)).toMatchObject([
      { finish: "length", items: [{ blocks: [{ text: "hi" }] }] },
    ]);
  });
});

test("a refusal is one for every client", () => {
  const answer = read(done(0, { ...message(""), content: [{ type: "refusal", refusal: "no" }] }), completed());
  const body = chat.buildResponse([answer], { ...context(), request: canonical() });
  expect(body).toMatchObject({ choices: [{ message: { content: null, refusal: "no" }, finish_reason: "stop" }] });
});
