/** Stop sequences towards a strict Responses provider, which knows none. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startResponses } from "../support/upstream/responses.ts";
import { type Fields, fieldsOf } from "../support/upstream/shape.ts";

const upstream = startResponses();
const counts = { input: 5, cached: 0, written: 0, visible: 9, reasoning: 0 };
const text = "One two three STOP four five six seven";

let gateway: Gateway;
beforeAll(async () => {
  const own = { protocols: { responses: upstream.url }, api_key: upstream.key };
  gateway = await startGateway({ config: { providers: { own } } });
});
afterAll(async () => {
  await Promise.all([gateway.stop(), upstream.stop()]);
});

async function post(path: string, body: Fields, said = text) {
  const model = upstream.script("stop", [{ text: said, counts }]);
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway.clientKey}` },
    body: JSON.stringify({ model: `own/${model}`, messages: [{ role: "user", content: "Count" }], ...body }),
  });
  expect(response.status).toBe(200);
  expect(upstream.violations(model)).toEqual([]);
  return { degraded: response.headers.get("x-plexus-degraded"), text: await response.text() };
}

/** What the deltas of a Chat stream say. */
function read(stream: string) {
  const chunks = stream.split("\n").flatMap((line) => (/^data: \{/.test(line) ? [JSON.parse(line.slice(6))] : []));
  const choices: Fields[] = chunks.flatMap(({ choices }) => choices);
  return {
    text: choices.map(({ delta }) => fieldsOf(delta).content ?? "").join(""),
    finishes: choices.flatMap(({ finish_reason: reason }) => (reason ? [reason] : [])),
    usage: chunks.findLast(({ usage }) => usage)?.usage,
  };
}

test("a whole answer ends before the sequence, and the client is told", async () => {
  const answer = await post("/v1/chat/completions", { stop: ["STOP", "never"] });
  expect(JSON.parse(answer.text)).toMatchObject({
    choices: [{ message: { content: "One two three " }, finish_reason: "stop" }],
    usage: { prompt_tokens: 5, completion_tokens: 9 },
  });
  expect(answer.degraded).toContain("emulated stop");
});

test("Messages clients are told which sequence it was", async () => {
  const answer = await post("/v1/messages", { max_tokens: 50, stop_sequences: ["two"] });
  expect(JSON.parse(answer.text)).toMatchObject({
    content: [{ type: "text", text: "One " }],
    ...{ stop_reason: "stop_sequence", stop_sequence: "two" },
  });
});

test("a stream ends before the sequence, across deltas, with an estimate of its usage", async () => {
  const body = { stop: "STOP", stream: true, stream_options: { include_usage: true } };
  const answer = await post("/v1/chat/completions", body);
  expect(read(answer.text)).toMatchObject({
    text: "One two three ",
    finishes: ["stop"],
    usage: { completion_tokens: expect.any(Number) },
  });
  expect(answer.degraded).toContain("emulated stop");
});

test("a stream of Messages names the sequence", async () => {
  const answer = await post("/v1/messages", { max_tokens: 50, stop_sequences: ["STOP"], stream: true });
  expect(answer.text).toContain('"stop_reason":"stop_sequence","stop_sequence":"STOP"');
  expect(answer.text).not.toContain("four");
});

test("a stream without the sequence is whole", async () => {
  const answer = await post("/v1/chat/completions", { stop: "STOP", stream: true }, "It goes on to S T and ST");
  expect(read(answer.text)).toMatchObject({ text: "It goes on to S T and ST", finishes: ["stop"] });
});
