import { expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { unwrapSeal } from "../../src/gateway/seals.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { openDoor, secret } from "../recordings/door.ts";

const signed = (id: string, name: string, index: number, signature?: string) => ({
  ...{ index, id, type: "function", function: { name, arguments: '{"a":1}' } },
  ...(signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } }),
});
const calls = [signed("call_1", "look", 0, "U0lH"), signed("call_2", "wait", 1), signed("call_3", "look", 2, "T1RI")];
const head = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
const frame = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

function whole(): Response {
  const message = { role: "assistant", content: "so", tool_calls: calls };
  return Response.json({ ...head, choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
}

function streamed(): Response {
  const frames = [
    frame({ role: "assistant", content: "so" }),
    ...calls.map((call) => frame({ tool_calls: [call] })),
    frame({}, "tool_calls"),
    "data: [DONE]\n\n",
  ];
  return new Response(frames.join(""), { headers: { "content-type": "text/event-stream" } });
}

for (const isStream of [false, true])
  test(`the signature of a call makes the way through a Messages client and back (${isStream ? "streamed" : "whole"})`, async () => {
    const door = openDoor({ provider: "chat", answer: isStream ? streamed : whole });
    const client = new Anthropic({
      apiKey: secret,
      baseURL: "http://localhost",
      maxRetries: 0,
      fetch: door.fetch as never,
    });
    const question = { model: "model", max_tokens: 100, messages: [{ role: "user" as const, content: "q" }] };
    const { content } = isStream
      ? await client.messages.stream(question).finalMessage()
      : await client.messages.create(question);
    expect(content.map(({ type }) => type)).toEqual([
      "text",
      "thinking",
      "tool_use",
      "tool_use",
      "thinking",
      "tool_use",
    ]);
    const envelope = content[1]?.type === "thinking" ? content[1].signature : "";
    expect(unwrapSeal(door.ring, envelope)).toEqual({ origin: "chat", form: "thought", scope: "up", bytes: "U0lH" });
    const results = calls.map(({ id }) => ({ type: "tool_result" as const, tool_use_id: id, content: "r" }));
    const messages = [
      ...question.messages,
      { role: "assistant" as const, content },
      { role: "user" as const, content: results },
    ];
    await client.messages.create({ ...question, messages });
    door.close();
    const sent = JSON.parse(door.sent[1]?.body ?? "") as { messages: JsonObject[] };
    const [assistant] = sent.messages.filter(({ role }) => role === "assistant");
    expect(assistant?.tool_calls).toEqual(calls.map(({ index: _index, ...call }) => call) as never);
    expect(Object.keys(assistant ?? {}).sort()).toEqual(["content", "role", "tool_calls"]);
  });
