/** Stop sequences that a provider takes too few of, or none: at the cut it is left, and what it took is estimated. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import type { JsonObject } from "../../src/model/json.ts";
import { clientKey, frame, framesOf, openStage, readFrames, type Stage, upstreamKey } from "./stage.ts";

const sequences = ["S1", "S2", "S3", "S4", "S5", "END"];

let stage: Stage;
let client: Anthropic;
beforeAll(async () => {
  stage = await openStage((url) => ({
    providers: {
      responses: { protocols: { responses: `${url}/v1` }, api_key: upstreamKey },
      google: { protocols: { gemini: `${url}/v1beta` }, api_key: upstreamKey },
    },
  }));
  client = new Anthropic({ baseURL: stage.plexus.url, apiKey: clientKey, maxRetries: 0 });
});
afterAll(() => stage.stop());

const asked = { max_tokens: 100, messages: [{ role: "user" as const, content: "Hello" }], stop_sequences: sequences };

function event(data: JsonObject & { type: string }): string {
  return frame(data, data.type);
}

/** How a stream of Responses begins, with a reasoning item that has ended. */
function opened(): string {
  const response = { id: "resp_1", object: "response", created_at: 1, status: "in_progress", model: "m", output: [] };
  const reasoning = { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "gAAAAsealed" };
  const message = { id: "msg_1", type: "message", role: "assistant", status: "in_progress", content: [] };
  const part = { type: "output_text", text: "", annotations: [] };
  return [
    event({ type: "response.created", response }),
    event({ type: "response.output_item.added", output_index: 0, item: { ...reasoning, encrypted_content: "" } }),
    event({ type: "response.output_item.done", output_index: 0, item: reasoning }),
    event({ type: "response.output_item.added", output_index: 1, item: message }),
    event({ type: "response.content_part.added", output_index: 1, item_id: "msg_1", content_index: 0, part }),
  ].join("");
}

const delta = (text: string) =>
  event({ type: "response.output_text.delta", output_index: 1, item_id: "msg_1", content_index: 0, delta: text });

describe("a provider of Chat", () => {
  test("is told the first four, and the others are done to its answer", async () => {
    const { opening, text, ending } = framesOf("chat", "four");
    stage.upstream.on("four", (visit) =>
      visit
        .events()
        .send(opening + text("One E") + text("ND two") + ending)
        .end(),
    );
    const stream = client.messages.stream({ model: "chat/four", ...asked });
    const answer = await stream.finalMessage();
    expect(stage.upstream.visits("four").at(-1)?.json.stop).toEqual(sequences.slice(0, 4));
    expect(answer).toMatchObject({
      content: [{ type: "text", text: "One " }],
      ...{ stop_reason: "stop_sequence", stop_sequence: "END" },
      // The end came in one read with the cut.
      usage: { input_tokens: 5, output_tokens: 2 },
    });
    expect(stream.response?.headers.get("x-plexus-degraded")).toBe("emulated stop_sequences");
  });

  test("gets all of four, and nothing is told", async () => {
    const { opening, text, ending } = framesOf("chat", "few");
    stage.upstream.on("few", (visit) =>
      visit
        .events()
        .send(opening + text("One END") + ending)
        .end(),
    );
    const stream = client.messages.stream({ model: "chat/few", ...asked, stop_sequences: sequences.slice(0, 4) });
    expect((await stream.finalMessage()).stop_reason).toBe("end_turn");
    expect(stage.upstream.visits("few").at(-1)?.json.stop).toEqual(sequences.slice(0, 4));
    expect(stream.response?.headers.get("x-plexus-degraded")).toBeNull();
  });

  test("is left at the cut, with an honest row", async () => {
    const { opening, text } = framesOf("chat", "endless");
    stage.upstream.on("endless", async (visit) => {
      visit.events().send(opening + text("One E"));
      await Bun.sleep(20);
      visit.send(text("ND two"));
    });
    const stream = client.messages.stream({ model: "chat/endless", ...asked });
    expect(await stream.finalMessage()).toMatchObject({
      content: [{ text: "One " }],
      ...{ stop_reason: "stop_sequence", stop_sequence: "END" },
    });
    await stage.upstream.visits("endless").at(-1)?.left;
    const row = await stage.plexus.row(stream.response?.headers.get("x-request-id") ?? null);
    expect(row).toMatchObject({ status: 200, finish: "stop-sequence", errors: [], tokens: { estimated: true } });
    expect((row.tokens as JsonObject).output).toBeGreaterThan(0);
    expect((row.tokens as JsonObject).input).toBeGreaterThan(10);
  });

  test("that streams whatever was asked is left at the cut, too", async () => {
    const { opening, text } = framesOf("chat", "whole");
    stage.upstream.on("whole", (visit) => void visit.events().send(opening + text("One END two")));
    const { data, response } = await client.messages.create({ model: "chat/whole", ...asked }).withResponse();
    expect(data).toMatchObject({ content: [{ text: "One " }], stop_sequence: "END" });
    await stage.upstream.visits("whole").at(-1)?.left;
    const row = await stage.plexus.row(response.headers.get("x-request-id"));
    expect(row).toMatchObject({ status: 200, finish: "stop-sequence", tokens: { estimated: true } });
    expect(data.usage.output_tokens).toBe((row.tokens as JsonObject).output as number);
  });

  test("of several answers the others go on", async () => {
    const chunk = (index: number, content: string, finish: string | null = null) =>
      frame({
        ...{ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "both" },
        choices: [{ index, delta: { content }, finish_reason: finish }],
      });
    stage.upstream.on("both", async (visit) => {
      visit.events().send(chunk(0, "One END"));
      await Bun.sleep(20);
      visit.send(chunk(1, "Two.") + chunk(0, "", "stop") + chunk(1, "", "stop") + frame("[DONE]")).end();
    });
    const response = await fetch(`${stage.plexus.url}/v1beta/models/chat%2Fboth:streamGenerateContent?alt=sse`, {
      method: "POST",
      headers: { "x-goog-api-key": clientKey, "content-type": "application/json" },
      body: JSON.stringify({
        contents: [{ role: "user", parts: [{ text: "Hello" }] }],
        generationConfig: { candidateCount: 2, stopSequences: ["S1", "S2", "S3", "S4", "END"] },
      }),
    });
    const text = await response.text();
    expect(text).toContain("Two.");
    expect(text).not.toContain("END");
  });
});

test("a provider of Gemini is told the first five", async () => {
  const answer = {
    candidates: [{ content: { role: "model", parts: [{ text: "One END two" }] }, finishReason: "STOP", index: 0 }],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 4, totalTokenCount: 9 },
  };
  stage.upstream.on("five", (visit) => visit.answer(200, answer));
  const { data, response } = await client.messages.create({ model: "google/five", ...asked }).withResponse();
  const sent = stage.upstream.visits("five").at(-1)?.json.generationConfig as JsonObject;
  expect(sent.stopSequences).toEqual(sequences.slice(0, 5));
  expect(data).toMatchObject({ content: [{ text: "One " }], stop_sequence: "END", usage: { output_tokens: 4 } });
  expect(response.headers.get("x-plexus-degraded")).toContain("emulated stop_sequences");
});

test("a provider of Responses is left at the cut, and what it had sealed comes back to it", async () => {
  stage.upstream.on("sealed", async (visit) => {
    visit.events().send(opened() + delta("One E"));
    await Bun.sleep(20);
    visit.send(delta("ND two"));
  });
  const first = await client.messages.stream({ model: "responses/sealed", ...asked }).finalMessage();
  expect(first).toMatchObject({ content: [{ type: "redacted_thinking" }, { text: "One " }], stop_sequence: "END" });
  await stage.upstream.visits("sealed").at(-1)?.left;
  const done = { id: "resp_2", object: "response", created_at: 1, status: "completed", model: "m", output: [] };
  stage.upstream.on("sealed", (visit) => visit.answer(200, { ...done, usage: { input_tokens: 1, output_tokens: 1 } }));
  // A client that keeps of the answer only its text gets the seal put back.
  for (const content of [first.content, "One "]) {
    const messages = [...asked.messages, { role: "assistant" as const, content }, ...asked.messages];
    await client.messages.create({ model: "responses/sealed", max_tokens: 100, messages });
    const input = stage.upstream.visits("sealed").at(-1)?.json.input;
    expect(input).toMatchObject([
      { role: "user" },
      { type: "reasoning", encrypted_content: "gAAAAsealed" },
      { role: "assistant", content: "One " },
      { role: "user" },
    ]);
  }
});

test("a client of Chat is told an estimate of what was used", async () => {
  stage.upstream.on("told", async (visit) => {
    visit.events().send(opened() + delta("One "));
    await Bun.sleep(20);
    visit.send(delta("END two"));
  });
  const stream_options = { include_usage: true };
  const body = { model: "responses/told", messages: asked.messages, stop: "END", stream: true, stream_options };
  const response = await stage.send({ body });
  const frames = readFrames(await response.text());
  const usage = frames.findLast(({ data }) => data?.usage)?.data?.usage as JsonObject;
  const row = await stage.plexus.row(response.headers.get("x-request-id"));
  expect(row.tokens).toMatchObject({ estimated: true, output: usage.completion_tokens ?? -1 });
  expect(frames.at(-1)?.raw).toContain("[DONE]");
});
