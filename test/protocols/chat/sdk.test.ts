import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer } from "../../../src/model/event.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { chat } from "../../../src/protocols/chat/index.ts";
import { context, encode, text } from "./support.ts";

const answer: Answer = {
  id: "chatcmpl-a",
  model: "up",
  created: 9,
  finish: "tool-calls",
  usage: { ...emptyUsage(), inUncached: 3, outVisible: 4 },
  items: [
    { type: "reasoning", text: [{ kind: "raw", text: "hm" }], seals: [] },
    { type: "message", role: "assistant", blocks: [{ type: "text", text: "grüße 😀" }] },
    { type: "call", kind: "function", callId: "a", name: "f", args: '{"x":1}' },
    { type: "call", kind: "function", callId: "b", name: "g", args: "" },
  ],
};

function replies(body: string, type: string, status = 200) {
  return async () => new Response(body, { status, headers: { "content-type": type } });
}

const question = { model: "m", messages: [{ role: "user" as const, content: "q" }] };

for (const [version, Client] of [
  ["7", OpenAI],
  ["6", OpenAI6 as unknown as typeof OpenAI],
] as const) {
  const client = (body: string, type = "text/event-stream", status = 200) =>
    new Client({ apiKey: "x", maxRetries: 0, fetch: replies(body, type, status) as never });

  describe(`the official SDK, version ${version}`, () => {
    test("reads a stream to its end", async () => {
      const body = text(encode(replay([answer]), context({ includeUsage: true })));
      const done = await client(body).chat.completions.stream(question).finalChatCompletion();
      const choice = done.choices[0];
      expect(choice?.message.content).toBe("grüße 😀");
      expect(choice?.finish_reason).toBe("tool_calls");
      expect(choice?.message.tool_calls).toMatchObject([
        { id: "a", type: "function", function: { name: "f", arguments: '{"x":1}' } },
        { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
      ]);
      expect(done.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 });
      expect(done.model).toBe("client-model");
    });

    test("reads an empty stream", async () => {
      const body = text(encode(replay([{ ...answer, items: [], finish: "stop" }]), context()));
      const done = await client(body).chat.completions.stream(question).finalChatCompletion();
      expect(done.choices[0]?.finish_reason).toBe("stop");
    });

    test("hands out the chunks as they come, heartbeats unseen", async () => {
      const body = chat.heartbeat + text(encode(replay([answer]), context()));
      const stream = await client(body).chat.completions.create({ ...question, stream: true });
      let said = "";
      for await (const one of stream) said += one.choices[0]?.delta.content ?? "";
      expect(said).toBe("grüße 😀");
    });

    test("throws an error that comes in the middle", async () => {
      const encoder = chat.encodeStream(context());
      const begun = replay([answer])
        .slice(0, 4)
        .flatMap((event) => encoder.push(event));
      const body = text([...begun, ...encoder.fail(new GatewayError("overloaded", "busy now"))]);
      const stream = client(body).chat.completions.stream(question);
      await expect(stream.finalChatCompletion()).rejects.toThrow("busy now");
    });

    test("reads a whole answer", async () => {
      const body = JSON.stringify(chat.buildResponse([answer], context()));
      const done = await client(body, "application/json").chat.completions.create(question);
      expect(done.choices[0]?.message).toMatchObject({ content: "grüße 😀", refusal: null });
      expect(done.usage?.total_tokens).toBe(7);
    });

    test("reads an error as its own class", async () => {
      const reply = chat.buildError(new GatewayError("rate-limited", "slow", { retryAfterMs: 500 }), "r");
      const broken = client(JSON.stringify(reply.body), "application/json", reply.status);
      const error = await broken.chat.completions.create(question).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(Client.RateLimitError);
      expect({ ...(error as object) }).toMatchObject({
        status: 429,
        type: "rate_limit_error",
        code: "rate_limit_exceeded",
      });
    });
  });
}
