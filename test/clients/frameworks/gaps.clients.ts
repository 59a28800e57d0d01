/** What gaps and adapters blame on a framework is so without the gateway, too: it talks straight to a provider. */
import { expect, test } from "bun:test";
import type { Question } from "../../sdk/client.ts";
import { type Fields, fieldsOf, listOf } from "../../support/upstream/shape.ts";
import { langchainClient } from "./langchain.ts";

/** A provider that gives these answers, one for each request, and keeps what it was asked. */
async function straight<T>(name: string, answers: string[], work: (client: Straight) => Promise<T>): Promise<T> {
  const sent: Fields[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      sent.push(fieldsOf(await request.json()));
      const body = answers[sent.length - 1] ?? "";
      const type = body.startsWith("{") ? "application/json" : "text/event-stream";
      return new Response(body, { headers: { "content-type": type } });
    },
  });
  try {
    const client = langchainClient(name, { url: `http://127.0.0.1:${server.port}`, key: "key" });
    const ask = (question: Pick<Question, "history" | "mode">) => client.ask({ model: "gemini-2.5-pro", ...question });
    return await work({ ...client, sent, ask });
  } finally {
    await server.stop(true);
  }
}

type Straight = Pick<ReturnType<typeof langchainClient>, "user" | "results"> & {
  sent: Fields[];
  ask(question: Pick<Question, "history" | "mode">): ReturnType<ReturnType<typeof langchainClient>["ask"]>;
};

const frames = (list: unknown[]) => list.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("");
const piece = (parts: unknown[], more: Fields = {}) => ({
  candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
});

test("langchain openai responses ends as if all were well where the provider says response.failed", async () => {
  const response = { id: "resp_1", object: "response", model: "m", output: [], status: "in_progress" };
  const error = { code: "server_error", message: "Overloaded" };
  const answer = frames([
    { type: "response.created", sequence_number: 0, response },
    { type: "response.failed", sequence_number: 1, response: { ...response, status: "failed", error } },
  ]);
  await straight("langchain openai responses", [answer], async ({ ask, user }) => {
    expect((await ask({ history: [user("Hi")], mode: "stream" })).text).toBe("");
  });
});

test("langchain google ends as if all were well where the provider's stream fails or breaks off", async () => {
  const error = { error: { code: 503, message: "Overloaded", status: "UNAVAILABLE" } };
  for (const more of [[error], []]) {
    const answer = frames([piece([{ text: "It begins" }]), ...more]);
    await straight("langchain google", [answer], async ({ ask, user }) => {
      expect((await ask({ history: [user("Hi")], mode: "stream" })).text).toBe("It begins");
    });
  }
});

test("langchain google sends each of two results as a turn of its own, and no ids", async () => {
  const calls = ["a", "b"].map((id) => ({ functionCall: { id, name: `get_${id}`, args: {} } }));
  const answers = [piece(calls, { finishReason: "STOP" }), piece([{ text: "Done" }], { finishReason: "STOP" })];
  await straight(
    "langchain google",
    answers.map((one) => JSON.stringify(one)),
    async ({ ask, user, results, sent }) => {
      const { calls: made, message } = await ask({ history: [user("Hi")], mode: "whole" });
      const told = results(made.map(({ id, name }) => ({ id, name, text: "1" })));
      await ask({ history: [user("Hi"), message, ...told], mode: "whole" });
      expect(listOf(sent[1]?.contents).map(({ role, parts }) => [role, listOf(parts).length])).toEqual([
        ["user", 1],
        ["model", 2],
        ["user", 1],
        ["user", 1],
      ]);
      expect(JSON.stringify(sent[1])).not.toContain('"id"');
    },
  );
});

test("langchain google loses a signature that comes behind the thoughts of a stream", async () => {
  const stream = frames([
    piece([{ text: "Hm.", thought: true }]),
    piece([{ text: "", thought: true, thoughtSignature: "c2lnbmF0dXJl" }]),
    piece([{ text: "Yes." }], { finishReason: "STOP" }),
  ]);
  await straight("langchain google", [stream, stream], async ({ ask, user, sent }) => {
    const { message, reasoning } = await ask({ history: [user("Hi")], mode: "stream" });
    expect(reasoning).toBe("Hm.");
    await ask({ history: [user("Hi"), message, user("Sure?")], mode: "stream" });
    expect(JSON.stringify(sent[1])).toContain("Yes.");
    expect(JSON.stringify(sent[1])).not.toContain("c2lnbmF0dXJl");
  });
});

test("langchain anthropic adds the output of a stream's both ends, and reads the input at the start only", async () => {
  const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null };
  const events = [
    { type: "message_start", message: { ...message, usage: { input_tokens: 0, output_tokens: 1 } } },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { input_tokens: 700, output_tokens: 30 } },
    { type: "message_stop" },
  ];
  const answer = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  await straight("langchain anthropic", [answer], async ({ ask, user }) => {
    const { totals } = await ask({ history: [user("Hi")], mode: "stream" });
    expect([totals.input, totals.output]).toEqual([0, 31]);
  });
});
