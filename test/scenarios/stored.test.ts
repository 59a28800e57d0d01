/** Kept answers of a Responses provider that are passed through: what is read again is what was sent. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { clientKey, frame, openStage, readFrames, type Stage, upstreamKey } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(
    (url) => ({
      providers: { own: { protocols: { responses: `${url}/v1` }, api_key: upstreamKey, timeout_s: 11 } },
      aliases: Object.fromEntries(
        ["whole", "bare", "late", "large", "wide"].map((name) => [name, { targets: [`own/up-${name}`] }]),
      ),
    }),
    { LOG_LEVEL: "warn" },
  );
});
afterAll(() => stage.stop());

const usage = {
  ...{ input_tokens: 5, output_tokens: 2, total_tokens: 7 },
  ...{ input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } },
};

function response(id: string, output: JsonObject[], more: JsonObject = {}): JsonObject {
  return { id, object: "response", created_at: 1, status: "completed", model: "up", output, usage, ...more };
}

function message(text: string): JsonObject {
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  return { id: "msg_up", type: "message", status: "completed", role: "assistant", content };
}

function call(path: string, method = "GET"): Promise<Response> {
  return fetch(`${stage.plexus.url}/v1/responses/${path}`, {
    method,
    headers: { authorization: `Bearer ${clientKey}` },
  });
}

function create(model: string, more: JsonObject = {}): Promise<Response> {
  return fetch(`${stage.plexus.url}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${clientKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model, input: "Hello", ...more }),
  });
}

test("a whole answer is read again byte for byte, under the name that the client called", async () => {
  const text = JSON.stringify(response("resp_whole", [message("Hi é")]), null, 2)
    .replace("{", '{"n":1.0,"big":12345678901234567890,"é":"\\u00e9",')
    .replaceAll("\n", "\r\n");
  stage.upstream.on("up-whole", (visit) => visit.answer(200, text));
  const sent = await (await create("whole")).text();
  expect(sent).toBe(text.replace('"model": "up"', '"model": "whole"'));
  const again = await call("resp_whole");
  expect(again.headers.get("content-type")).toBe("application/json");
  expect(again.headers.get("x-request-id")).not.toBeNull();
  expect(await again.text()).toBe(sent);
});

test("an id of any characters is found", async () => {
  const id = "a/b+c=d%20e é";
  stage.upstream.on("up-whole", (visit) => visit.answer(200, response(id, [message("Hi")])));
  expect((await create("whole")).status).toBe(200);
  expect(await (await call(encodeURIComponent(id))).json()).toMatchObject({ id });
  const gone = (await (await call(encodeURIComponent(id), "DELETE")).json()) as JsonObject;
  expect(gone).toEqual({ id, object: "response", deleted: true });
});

test("a stream whose last event holds no output, without event lines, has the items that it told", async () => {
  const created = response("resp_bare", [], { status: "in_progress", usage: null });
  const { output: _output, ...end } = response("resp_bare", []);
  const events: JsonObject[] = [
    { type: "response.created", response: created, sequence_number: 0 },
    { type: "response.output_item.added", output_index: 0, item: { ...message(""), content: [] }, sequence_number: 1 },
    { type: "response.output_text.delta", item_id: "msg_up", output_index: 0, content_index: 0, delta: "Hi" },
    { type: "response.output_item.done", output_index: 0, item: message("Hi"), sequence_number: 3 },
    // Some servers write their members in the order of the alphabet.
    { response: end, sequence_number: 4, type: "response.completed" },
  ];
  stage.upstream.on("up-bare", (visit) => {
    visit.events().send(events.map((event) => frame(event)).join(""));
    visit.end();
  });
  const frames = readFrames(await (await create("bare", { stream: true })).text());
  expect(frames.length).toBe(5);
  const kept = (await (await call("resp_bare")).json()) as JsonObject;
  expect(kept).toEqual({ ...response("resp_bare", [message("Hi")]), model: "bare" });
  const replayed = readFrames(await (await call("resp_bare?stream=true")).text());
  expect(replayed.map(({ event }) => event?.slice("response.".length))).toEqual([
    ...["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"],
    ...["output_text.done", "content_part.done", "output_item.done", "completed"],
  ]);
  expect((await call("resp_bare", "DELETE")).status).toBe(200);
  expect((await call("resp_bare")).status).toBe(404);
});

test("a stream that was opened early and failed is kept as failed", async () => {
  // Silent until the attempt's time is over.
  stage.upstream.on("up-late", (visit) => void visit.events());
  const frames = readFrames(await (await create("late", { stream: true })).text());
  const end = frames.at(-1)?.data;
  expect(end).toMatchObject({ type: "response.failed", response: { status: "failed" } });
  const failed = end?.response as JsonObject;
  expect(await (await call(String(failed.id))).json()).toEqual(failed);
  const items = (await (await call(`${failed.id}/input_items`)).json()) as JsonObject;
  expect(items.data).toMatchObject([{ content: [{ text: "Hello" }] }]);
}, 20_000);

test("what is too large is answered and not kept, and one line says so", async () => {
  const huge = "x".repeat(17 * 1024 * 1024);
  stage.upstream.on("up-large", (visit) => visit.answer(200, response("resp_large", [message("Hi")])));
  expect(await (await create("large", { input: huge })).json()).toMatchObject({ id: "resp_large" });
  expect((await call("resp_large")).status).toBe(404);
  stage.upstream.on("up-wide", (visit) => visit.answer(200, response("resp_wide", [message(huge)])));
  expect(await (await create("wide")).json()).toMatchObject({ id: "resp_wide" });
  expect((await call("resp_wide")).status).toBe(404);
  const lines = stage.plexus.error().match(/an answer is not kept: the \w+ is too large/g);
  expect(lines).toEqual([
    "an answer is not kept: the input is too large",
    "an answer is not kept: the answer is too large",
  ]);
}, 30_000);
