import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import type { Item } from "../../../src/model/chat.ts";
import { replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer } from "../../../src/model/event.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { responses } from "../../../src/protocols/responses/index.ts";
import { context, encode, text } from "./support.ts";

const items: Item[] = [
  {
    type: "reasoning",
    text: [
      { kind: "raw", text: "hm" },
      { kind: "summary", text: "so" },
    ],
    seals: [{ origin: "messages", form: "signature", bytes: "SEALED" }],
  },
  { type: "reasoning", text: [{ kind: "raw", text: "raw" }], seals: [], itemId: "rs_own" },
  {
    type: "message",
    role: "assistant",
    blocks: [
      {
        type: "text",
        text: "grüße 😀",
        annotations: [{ kind: "url", url: "https://e.x", title: "t" }],
        logprobs: [{ token: "grüße", logprob: -1, top_logprobs: [] }],
      },
      { type: "refusal", text: "no" },
    ],
  },
  { type: "call", kind: "function", callId: "a", name: "f", args: '{"x":1}' },
  { type: "call", kind: "function", callId: "b", name: "g", args: "" },
  { type: "call", kind: "custom", callId: "c", name: "patch", args: "*** Begin" },
  {
    type: "call",
    kind: "local_shell",
    callId: "d",
    name: "local_shell",
    args: '{"type":"exec","command":["ls"],"env":{}}',
  },
  {
    type: "server-call",
    tool: "web_search",
    callId: "ws_1",
    input: null,
    origin: "responses",
    json: { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } },
  },
];
const answer: Answer = {
  id: "chatcmpl-a",
  model: "up",
  created: 9,
  finish: "tool-calls",
  usage: { ...emptyUsage(), inUncached: 3, outVisible: 4 },
  items,
};

function replies(body: string, type: string, status = 200) {
  return async () => new Response(body, { status, headers: { "content-type": type } });
}

const question = { model: "m", input: "q" };

for (const [version, Client] of [
  ["7", OpenAI],
  ["6", OpenAI6 as unknown as typeof OpenAI],
] as const) {
  const client = (body: string, type = "text/event-stream", status = 200) =>
    new Client({ apiKey: "x", maxRetries: 0, fetch: replies(body, type, status) as never });

  describe(`the official SDK, version ${version}`, () => {
    test("reads a stream to its end, item for item", async () => {
      const stream = client(text(encode(replay([answer])))).responses.stream(question);
      let said = "";
      stream.on("response.output_text.delta", (event) => {
        said += event.delta;
      });
      const done = await stream.finalResponse();
      expect(said).toBe("grüße 😀");
      expect(done.status).toBe("completed");
      expect(done.model).toBe("client-model");
      expect(done.output_text).toBe("grüße 😀");
      expect(done.usage).toMatchObject({ input_tokens: 3, output_tokens: 4, total_tokens: 7 });
      expect(done.output).toMatchObject([
        {
          type: "reasoning",
          summary: [
            { type: "summary_text", text: "hm" },
            { type: "summary_text", text: "so" },
          ],
          encrypted_content: "SEALED",
        },
        { type: "reasoning", id: "rs_own", summary: [], content: [{ type: "reasoning_text", text: "raw" }] },
        {
          type: "message",
          status: "completed",
          content: [
            { type: "output_text", annotations: [{ type: "url_citation", start_index: 0, end_index: 7 }] },
            { type: "refusal", refusal: "no" },
          ],
        },
        { type: "function_call", call_id: "a", name: "f", arguments: '{"x":1}', status: "completed" },
        { type: "function_call", call_id: "b", name: "g", arguments: "{}" },
        { type: "custom_tool_call", call_id: "c", name: "patch", input: "*** Begin" },
        { type: "local_shell_call", call_id: "d", action: { type: "exec", command: ["ls"] } },
        { type: "web_search_call", id: "ws_1" },
      ]);
    });

    test("reads an empty stream", async () => {
      const body = text(encode(replay([{ ...answer, items: [], finish: "stop" }])));
      const done = await client(body).responses.stream(question).finalResponse();
      expect([done.status, done.output]).toEqual(["completed", []]);
    });

    test("reads a stream that was opened early and pinged", async () => {
      const encoder = responses.encodeStream(context());
      const early = text(encoder.open()) + responses.heartbeat;
      const rest = [...replay([answer]).flatMap((event) => encoder.push(event)), ...encoder.end()];
      const done = await client(early + text(rest))
        .responses.stream(question)
        .finalResponse();
      expect(done.output.length).toBe(items.length);
    });

    test("reads an answer that was cut", async () => {
      const cut: Answer = {
        ...answer,
        finish: "length",
        items: [{ type: "call", kind: "function", callId: "a", name: "f", args: '{"x', incomplete: true }],
      };
      const done = await client(text(encode(replay([cut]))))
        .responses.stream(question)
        .finalResponse();
      expect(done.status).toBe("incomplete");
      expect(done.incomplete_details).toEqual({ reason: "max_output_tokens" });
      expect(done.output).toMatchObject([{ status: "incomplete", arguments: '{"x' }]);
    });

    test("reads an error in the middle as a failed response", async () => {
      const encoder = responses.encodeStream(context());
      const begun = replay([{ ...answer, items: items.slice(2, 4) }])
        .slice(0, 7)
        .flatMap((event) => encoder.push(event));
      const body = text([...begun, ...encoder.fail(new GatewayError("overloaded", "busy now"))]);
      const done = await client(body).responses.stream(question).finalResponse();
      expect(done.status).toBe("failed");
      expect(done.error).toMatchObject({ code: "overloaded", message: "busy now" });
    });

    test("reads a whole answer", async () => {
      const body = JSON.stringify(responses.buildResponse([answer], context()));
      const done = await client(body, "application/json").responses.create(question);
      expect(done.output_text).toBe("grüße 😀");
      expect(done.output.length).toBe(items.length);
    });

    test("reads an error as its own class", async () => {
      const reply = responses.buildError(new GatewayError("rate-limited", "slow", { retryAfterMs: 500 }), "r");
      const broken = client(JSON.stringify(reply.body), "application/json", reply.status);
      const error = await broken.responses.create(question).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(Client.RateLimitError);
    });
  });
}
