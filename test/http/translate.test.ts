/** The translation that calls nobody, over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { openStage, type Stage } from "../scenarios/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage((url) => ({
    providers: { old: { protocols: { messages: `${url}/v1` }, models: { small: { max_output: 1234 } } } },
    aliases: { nice: { targets: ["old/small"] } },
  }));
});
afterAll(() => stage.stop());

async function translate(body: unknown, key?: string) {
  const response = await fetch(`${stage.plexus.url}/api/translate`, {
    method: "POST",
    headers: { authorization: `Bearer ${key ?? stage.plexus.adminKey}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as JsonObject };
}

const request = { model: "nice", messages: [{ role: "user", content: "Hello" }], seed: 7 };

test("a request is shown as the provider would get it, with what was lost", async () => {
  const { status, body } = await translate({ kind: "request", from: "chat", to: "messages", body: request });
  expect(status).toBe(200);
  expect(body.result).toMatchObject({ model: "nice", max_tokens: 8192 });
  expect(JSON.stringify(body.result)).toContain("Hello");
  expect(body.degraded).toEqual([{ action: "dropped", field: "seed" }]);
});

test("for a certain target its facts count", async () => {
  for (const target of ["nice", "old/small"]) {
    const { body } = await translate({ kind: "request", from: "chat", to: "messages", body: request, target });
    expect(body.result).toMatchObject({ model: "small", max_tokens: 1234 });
  }
});

test("an answer and a stream are shown as the client would get them, ids made legal", async () => {
  const call = { id: "functions.Bash:0", type: "function", function: { name: "look", arguments: "{}" } };
  const choice = { index: 0, message: { role: "assistant", content: null, tool_calls: [call] }, finish_reason: "stop" };
  const answer = { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m", choices: [choice] };
  const whole = await translate({ kind: "response", from: "chat", to: "messages", body: answer });
  expect(whole.body.result).toMatchObject({ stop_reason: "tool_use", content: [{ type: "tool_use", name: "look" }] });
  const [block] = (whole.body.result as { content: { id: string }[] }).content;
  expect(block?.id).toMatch(/^[\w-]{1,64}$/);
  const chunk = { ...answer, object: "chat.completion.chunk" };
  const delta = { index: 0, delta: { role: "assistant", content: "Hi" }, finish_reason: "stop" };
  const stream = `data: ${JSON.stringify({ ...chunk, choices: [delta] })}\n\ndata: [DONE]\n\n`;
  const streamed = await translate({ kind: "stream", from: "chat", to: "messages", body: stream });
  expect(streamed.body.result).toContain("event: message_stop");
});

describe("what cannot be is told by its field", () => {
  test.each<[string, unknown, string]>([
    ["no JSON", "{", "not valid JSON"],
    ["no object", "[]", "must be a JSON object"],
    ["an unknown field", { kind: "request", form: "chat" }, "form is not known"],
    ["an unknown kind", { kind: "reply", from: "chat", to: "chat", body: {} }, "kind must be"],
    ["an unknown protocol", { kind: "request", from: "chat", to: "soap", body: {} }, "to must be one of"],
    ["no body", { kind: "request", from: "chat", to: "messages" }, "body is what"],
    ["an unknown target", { kind: "request", from: "chat", to: "messages", body: {}, target: "x" }, "does not exist"],
    ["a broken request", { kind: "request", from: "chat", to: "messages", body: { model: "m" } }, "messages"],
    ["a broken answer", { kind: "response", from: "chat", to: "messages", body: { nothing: 1 } }, ""],
  ])("%s", async (_name, body, words) => {
    const answered = await translate(body);
    expect(answered.status).toBeGreaterThanOrEqual(400);
    expect(answered.status).toBeLessThan(503);
    expect(String(answered.body.detail)).toContain(words);
  });

  test("a client key is none for it", async () => {
    expect((await translate({}, "sk-of-the-scenarios-0123456789")).status).toBe(401);
  });
});
