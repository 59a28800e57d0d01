import { describe, expect, test } from "bun:test";
import { allPairs, crossed, type ProtocolName, protocolNames } from "../recordings/door.ts";
import {
  chunk,
  events,
  exchange,
  geminiChunk,
  json,
  type Loose,
  question,
  refused,
  type Told,
} from "./streams-support.ts";

const dataOnly = (frames: object[]) => frames.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("");
const named = (frames: Loose[]) => frames.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join("");

const message = { id: "msg_1", type: "message", role: "assistant", model: "theirs", content: [] };
const response = {
  id: "resp_1",
  object: "response",
  created_at: 5,
  model: "theirs",
  status: "in_progress",
  output: [],
};
const part = { output_index: 0, item_id: "msg_1", content_index: 0 };

/** The beginning of a stream of each protocol, and each of three pieces of text. */
const openings: Record<ProtocolName, string> = {
  chat: dataOnly([chunk({ role: "assistant", content: "" })]),
  messages: named([
    { type: "message_start", message: { ...message, usage: { input_tokens: 3, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ]),
  responses: named([
    { type: "response.created", response },
    {
      ...{ type: "response.output_item.added", output_index: 0 },
      item: { id: "msg_1", type: "message", role: "assistant", status: "in_progress", content: [] },
    },
    { type: "response.content_part.added", ...part, part: { type: "output_text", text: "", annotations: [] } },
  ]),
  gemini: "",
};
const pieces: Record<ProtocolName, string> = {
  chat: dataOnly([chunk({ content: "a" })]),
  messages: named([{ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "a" } }]),
  responses: named([{ type: "response.output_text.delta", ...part, delta: "a" }]),
  gemini: dataOnly([geminiChunk([{ text: "a" }])]),
};
const words = "the machine is full";
/** How a provider of each protocol says in its stream that it is overloaded, and that too much was asked. */
const overloads: Record<ProtocolName, string> = {
  chat: dataOnly([{ error: { message: words, type: "overloaded_error", code: 503 } }]),
  messages: named([{ type: "error", error: { type: "overloaded_error", message: words } }]),
  responses: named([
    {
      type: "response.failed",
      response: { ...response, status: "failed", error: { code: "server_is_overloaded", message: words } },
    },
  ]),
  gemini: dataOnly([{ error: { code: 503, message: words, status: "UNAVAILABLE" } }]),
};
const limits: Record<ProtocolName, string> = {
  chat: dataOnly([{ error: { message: words, type: "rate_limit_error", code: "rate_limit_exceeded" } }]),
  messages: named([{ type: "error", error: { type: "rate_limit_error", message: words } }]),
  responses: named([
    {
      type: "response.failed",
      response: { ...response, status: "failed", error: { code: "rate_limit_exceeded", message: words } },
    },
  ]),
  gemini: dataOnly([{ error: { code: 429, message: words, status: "RESOURCE_EXHAUSTED" } }]),
};

const begun = (provider: ProtocolName) => openings[provider] + pieces[provider].repeat(3);
/** A connection that breaks after these bytes. */
function broken(text: string): Response {
  const source = {
    pull: (controller: ReadableStreamDefaultController) => {
      if (sent) controller.error(new Error("reset"));
      else controller.enqueue(new TextEncoder().encode(text));
      sent = true;
    },
  };
  let sent = text === "";
  return events(new ReadableStream(source));
}

/** The last frame is an error of the client's own grammar, and nothing says that the answer ended well. */
function endsInError(client: ProtocolName, { frames, chunks, text }: Told): void {
  const last = chunks.at(-1);
  expect(frames.at(-1)?.data).toBe(JSON.stringify(last));
  expect(text).not.toContain("[DONE]");
  expect(text).not.toMatch(/message_stop|message_delta|response\.completed|"finish_reason":"|"finishReason"/);
  expect(text.endsWith("\n\n")).toBe(true);
  switch (client) {
    case "chat":
      expect(last).toEqual({
        error: expect.objectContaining({ message: expect.any(String), type: expect.any(String) }),
      });
      break;
    case "messages":
      expect(frames.at(-1)?.event).toBe("error");
      expect(last).toMatchObject({ type: "error", error: { type: expect.any(String), message: expect.any(String) } });
      break;
    case "responses":
      expect(last).toMatchObject({ type: "response.failed", response: { status: "failed" } });
      break;
    case "gemini":
      expect(last.error).toMatchObject({
        code: expect.any(Number),
        message: expect.any(String),
        status: expect.any(String),
      });
      expect(frames.at(-1)?.event).toBeUndefined();
  }
}

const streamed = (client: ProtocolName, provider: ProtocolName, answer: () => Response) =>
  exchange(client, { provider, answer }, { body: question(client), stream: true });

const types: Record<ProtocolName, (told: Told) => unknown[]> = {
  chat: ({ chunks }) => [chunks.at(-1).error.type],
  messages: ({ chunks }) => [chunks.at(-1).error.type],
  responses: ({ chunks }) => [chunks.at(-1).response.error.code],
  gemini: ({ chunks }) => [chunks.at(-1).error.code, chunks.at(-1).error.status],
};

describe.each(allPairs)("a stream for $client from $provider", ({ client, provider }) => {
  test("that fails in the middle is told in the client's own words (trap 84)", async () => {
    const told = await streamed(client, provider, () => events(begun(provider) + overloads[provider]));
    expect(told.status).toBe(200);
    endsInError(client, told);
    expect(told.text).toContain(words);
    const overloaded: Record<ProtocolName, unknown[]> = {
      chat: ["server_error"],
      messages: ["overloaded_error"],
      responses: [expect.any(String)],
      gemini: [503, "UNAVAILABLE"],
    };
    expect(types[client](told)).toEqual(overloaded[client]);
  });

  test("that dies after three deltas is told as an error, never as an end (trap 85)", async () => {
    endsInError(client, await streamed(client, provider, () => events(begun(provider))));
    endsInError(client, await streamed(client, provider, () => broken(begun(provider))));
  });

  test("that dies before anything was said is an error with a status (trap 85)", async () => {
    for (const answer of [() => events(openings[provider]), () => broken(openings[provider]), () => events("")]) {
      const told = await streamed(client, provider, answer);
      expect(told.status).toBeGreaterThanOrEqual(500);
      expect(told.json.error.message).toBeString();
    }
  });

  test("keeps the kind of a failure in the middle, by which clients try again (trap 143)", async () => {
    const told = await streamed(client, provider, () => events(begun(provider) + limits[provider]));
    const limited: Record<ProtocolName, unknown[]> = {
      chat: ["rate_limit_error"],
      messages: ["rate_limit_error"],
      responses: ["rate_limit_exceeded"],
      gemini: [429, "RESOURCE_EXHAUSTED"],
    };
    expect(types[client](told)).toEqual(limited[client]);
  });
});

for (const provider of protocolNames)
  test(`an error frame for a Messages client has the form that its SDK reads, from ${provider} (trap 86)`, async () => {
    const answer = () => events(begun(provider) + overloads[provider]);
    const told = await streamed("messages", provider, answer);
    const { event, data } = told.frames.at(-1) ?? { data: "" };
    expect(event).toBe("error");
    expect(Object.keys(JSON.parse(data)).slice(0, 2)).toEqual(["type", "error"]);
    expect(await refused("messages", { provider, answer })).toMatchObject({ kind: "error", type: "overloaded_error" });
  });

for (const provider of protocolNames)
  test(`an error on Chat is a frame of its own without an end, from ${provider} (trap 87)`, async () => {
    const answer = () => events(begun(provider) + overloads[provider]);
    const { text, chunks } = await streamed("chat", provider, answer);
    expect(chunks.at(-1).error.message).toContain(words);
    expect(text).not.toContain("[DONE]");
    expect(await refused("chat", { provider, answer })).toMatchObject({
      kind: "error",
      words: expect.stringContaining(words),
    });
  });

test("a failed Responses stream is never a flat error event, whoever failed (trap 140)", async () => {
  for (const provider of protocolNames) {
    const flat = named([{ type: "error", code: "server_error", message: words, param: null, sequence_number: 9 }]);
    const failure = provider === "responses" ? flat : overloads[provider];
    const told = await streamed("responses", provider, () => events(begun(provider) + failure));
    expect(told.chunks.map(({ type }) => type)).not.toContain("error");
    endsInError("responses", told);
    expect(told.text).toContain(words);
  }
});

test("a refusal before the first byte has the status and the shape of the client's protocol (trap 84)", async () => {
  for (const { client, provider } of crossed) {
    const body = provider === "messages" ? { type: "error" } : {};
    const answer = () => json({ ...body, error: { message: words, type: "rate_limit_error", code: 429 } }, 429);
    const told = await streamed(client, provider, answer);
    expect([client, provider, told.status]).toEqual([client, provider, 429]);
    expect(told.json.error.message).toContain(words);
  }
});
