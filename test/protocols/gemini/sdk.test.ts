/** The official SDK, both majors, against our encoder and our errors on a real socket. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as current from "@google/genai";
import * as before from "genai2";
import type { Frame } from "../../../src/kit/sse.ts";
import { writeFrame } from "../../../src/kit/sse.ts";
import type { Item } from "../../../src/model/chat.ts";
import { replay } from "../../../src/model/collect.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Answer } from "../../../src/model/event.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { emptyUsage } from "../../../src/model/usage.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { context, encode, type Loose } from "./support.ts";

let reply: () => Response = () => new Response("");
let seen: { path: string; query: URLSearchParams; body: JsonObject } | undefined;
let server: Bun.Server<undefined>;
beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const url = new URL(request.url);
      seen = { path: url.pathname, query: url.searchParams, body: (await request.json()) as JsonObject };
      return reply();
    },
  });
});
afterAll(() => server.stop(true));

const answer = (items: Item[], more: Partial<Answer> = {}): Answer => ({
  ...{ id: "a1", model: "theirs", created: 5, items, finish: "stop", usage: { ...emptyUsage(), outVisible: 2 } },
  ...more,
});
const said = (text: string): Item => ({ type: "message", role: "assistant", blocks: [{ type: "text", text }] });
const call: Item = {
  ...{ type: "call", kind: "function", callId: "c1", name: "f", args: '{"a":1}' },
  seals: [{ origin: "gemini", form: "thought", bytes: "c2ln" }],
};
const thought: Item = { type: "reasoning", text: [{ kind: "summary", text: "hm" }], seals: [] };
const sse = (frames: Frame[]) =>
  new Response(gemini.heartbeat + frames.map(writeFrame).join(""), {
    headers: { "content-type": "text/event-stream" },
  });

for (const [name, sdk] of [
  ["3", current],
  ["2", before as unknown as typeof current],
] as const) {
  const client = () =>
    new sdk.GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: `http://127.0.0.1:${server.port}` } });

  describe(`@google/genai ${name}`, () => {
    test("reads a stream with thoughts, text, a call and usage, and its path is read by us", async () => {
      reply = () => sse(encode(replay([answer([thought, said("Hello"), call], { finish: "tool-calls" })])));
      const chunks: Loose[] = [];
      for await (const chunk of await client().models.generateContentStream({ model: "a/b:c", contents: "hi" })) {
        chunks.push(chunk);
      }
      expect(chunks.flatMap((chunk) => chunk.functionCalls ?? [])).toEqual([{ id: "c1", name: "f", args: { a: 1 } }]);
      expect(chunks.at(-1).candidates[0].finishReason).toBe("STOP");
      expect(chunks.at(-1).usageMetadata.candidatesTokenCount).toBe(2);
      expect(chunks.map((chunk) => chunk.text ?? "").join("")).toBe("Hello");
      const { path, query, body } = seen ?? { path: "", query: new URLSearchParams(), body: {} };
      expect(gemini.open(body, { path, query })).toEqual({ model: "a/b:c", stream: true });
    });

    test("reads a whole answer", async () => {
      reply = () => Response.json(gemini.buildResponse([answer([thought, said("Hello")])], context()));
      const read = await client().models.generateContent({ model: "m", contents: "hi" });
      expect(read).toMatchObject({ text: "Hello", modelVersion: "alias", responseId: "a1" });
    });

    test("keeps a streamed turn in its chat and sends it back as one that we read", async () => {
      reply = () => sse(encode(replay([answer([said("Hel"), said("lo")])])));
      const chat = client().chats.create({ model: "m" });
      for await (const _chunk of await chat.sendMessageStream({ message: "one" })) {
        // Read to the end.
      }
      for await (const _chunk of await chat.sendMessageStream({ message: "two" })) {
        // Read to the end.
      }
      const { path, query, body } = seen ?? { path: "", query: new URLSearchParams(), body: {} };
      const { items } = gemini.parseRequest(body, new Notes(), { path, query });
      expect(
        items.map((item) => (item.type === "message" ? item.blocks.map((block: Loose) => block.text).join() : "")),
      ).toEqual([...["one", "Hello", "two"]]);
    });

    test("throws our error in a stream and as an answer, with the status", async () => {
      const error = new GatewayError("overloaded", "busy", { param: "x" });
      const encoder = gemini.encodeStream(context());
      const begun = replay([answer([said("x")])]).flatMap((event) => encoder.push(event));
      reply = () => sse([...begun, ...encoder.fail(error)]);
      const read = async () => {
        for await (const _chunk of await client().models.generateContentStream({ model: "m", contents: "hi" })) {
          // Read to the end.
        }
      };
      expect(read()).rejects.toMatchObject({ status: 503 });
      await read().catch(() => undefined);
      const built = gemini.buildError(new GatewayError("invalid-request", "bad", { param: "x" }), "id");
      reply = () => Response.json(built.body, { status: built.status });
      const whole = client().models.generateContent({ model: "m", contents: "hi" });
      await expect(whole).rejects.toMatchObject({ status: 400, message: expect.stringContaining("bad") });
    });

    test("reads an answer that a filter stopped, and a blocked prompt", async () => {
      const read = async (given: Answer): Promise<Loose> => {
        reply = () => sse(encode(replay([given])));
        const chunks: Loose[] = [];
        for await (const chunk of await client().models.generateContentStream({ model: "m", contents: "hi" })) {
          chunks.push(chunk);
        }
        return chunks.at(-1);
      };
      const filtered = await read(answer([], { finish: "filter", refusal: "No." }));
      expect(filtered.candidates[0].finishReason).toBe("SAFETY");
      const ext = { gemini: { promptFeedback: { blockReason: "SAFETY" } } };
      expect((await read(answer([], { finish: "filter", ext }))).promptFeedback.blockReason).toBe("SAFETY");
    });
  });
}
