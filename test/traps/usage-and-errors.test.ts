import { describe, expect, test } from "bun:test";
import type { Json } from "../../src/model/json.ts";
import { allPairs, crossed, type ProtocolName, protocolNames } from "../recordings/door.ts";
import {
  assistantTurn,
  chatWhole,
  events,
  exchange,
  geminiChunk,
  geminiStream,
  json,
  type Loose,
  messagesAnswer,
  openSession,
  question,
  render,
  responsesWhole,
  spoken,
  toolsOf,
  wire,
} from "./streams-support.ts";

const said = [{ type: "text", text: "a" }];
const whole = (client: ProtocolName, provider: ProtocolName, answer: () => Response) =>
  exchange(client, { provider, answer }, { body: question(client) });
const usageOf = async (client: ProtocolName, provider: ProtocolName, answer: () => Response): Promise<Loose> => {
  const told = (await whole(client, provider, answer)).json;
  return client === "gemini" ? told.usageMetadata : told.usage;
};

const chatCounts = {
  ...{ prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 5 },
};
const messagesCounts = {
  ...{ input_tokens: 30, cache_read_input_tokens: 60, cache_creation_input_tokens: 10, output_tokens: 20 },
  cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 6 },
};

test("cached tokens are counted once between Chat and Messages (trap 122)", async () => {
  const chat = () => chatWhole({ content: "a" }, "stop", { usage: chatCounts });
  expect(await usageOf("messages", "chat", chat)).toMatchObject({
    ...{ input_tokens: 30, cache_read_input_tokens: 60, cache_creation_input_tokens: 10, output_tokens: 20 },
  });
  const messages = () => messagesAnswer(said, false, { usage: messagesCounts });
  expect(await usageOf("chat", "messages", messages)).toMatchObject({
    ...{ prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  });
});

test("the total is the same for every client (trap 122)", async () => {
  const answers: Record<ProtocolName, () => Response> = {
    chat: () => chatWhole({ content: "a" }, "stop", { usage: chatCounts }),
    messages: () => messagesAnswer(said, false, { usage: messagesCounts }),
    responses: () =>
      responsesWhole([spoken("a")], {
        usage: {
          ...{ input_tokens: 100, output_tokens: 20, total_tokens: 120 },
          input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
          output_tokens_details: { reasoning_tokens: 5 },
        },
      }),
    gemini: () =>
      json(
        geminiChunk(
          [{ text: "a" }],
          { finishReason: "STOP" },
          {
            usageMetadata: {
              ...{ promptTokenCount: 97, toolUsePromptTokenCount: 3, cachedContentTokenCount: 60 },
              ...{ candidatesTokenCount: 15, thoughtsTokenCount: 5, totalTokenCount: 120 },
            },
          },
        ),
      ),
  };
  const totals: Record<ProtocolName, (usage: Loose) => number> = {
    chat: (usage) => usage.total_tokens,
    responses: (usage) => usage.total_tokens,
    gemini: (usage) => usage.totalTokenCount,
    messages: (usage) =>
      usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens + usage.output_tokens,
  };
  for (const { client, provider } of crossed) {
    const usage = await usageOf(client, provider, answers[provider]);
    expect([client, provider, totals[client](usage)]).toEqual([client, provider, 120]);
  }
});

test("Google's thoughts are output, and what its tools added is input (trap 123)", async () => {
  const usageMetadata = {
    ...{ promptTokenCount: 10, toolUsePromptTokenCount: 3, candidatesTokenCount: 7 },
    ...{ thoughtsTokenCount: 5, totalTokenCount: 25 },
  };
  const answer = () => json(geminiChunk([{ text: "a" }], { finishReason: "STOP" }, { usageMetadata }));
  expect(await usageOf("chat", "gemini", answer)).toMatchObject({
    ...{ prompt_tokens: 13, completion_tokens: 12, total_tokens: 25 },
    completion_tokens_details: { reasoning_tokens: 5 },
  });
  expect(await usageOf("messages", "gemini", answer)).toMatchObject({ input_tokens: 13, output_tokens: 12 });
  expect(await usageOf("responses", "gemini", answer)).toMatchObject({
    ...{ input_tokens: 13, output_tokens: 12, total_tokens: 25 },
    output_tokens_details: { reasoning_tokens: 5 },
  });
  const back = {
    prompt_tokens: 13,
    completion_tokens: 12,
    total_tokens: 25,
    completion_tokens_details: { reasoning_tokens: 5 },
  };
  const chat = () => chatWhole({ content: "a" }, "stop", { usage: back });
  expect(await usageOf("gemini", "chat", chat)).toMatchObject({
    ...{ promptTokenCount: 13, candidatesTokenCount: 7, thoughtsTokenCount: 5, totalTokenCount: 25 },
  });
});

test("cache writes of an hour stay what they are (trap 124)", async () => {
  const body = (await messagesAnswer(said, false, { usage: messagesCounts }).json()) as Json;
  const answers = wire("messages").parseResponse(body);
  const { request } = render(["messages", "messages"], question("messages"));
  const built = wire("messages").buildResponse(answers, { request, requestId: "r", now: 0 });
  expect(built.usage).toEqual(messagesCounts);
  const { raw: _raw, ...counted } = answers[0]?.usage ?? {};
  const anew = wire("messages").buildResponse([{ ...answers[0], usage: counted } as Loose], {
    request,
    requestId: "r",
    now: 0,
  });
  expect(anew.usage).toMatchObject(messagesCounts);
});

const reasons = [
  ...["FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST"],
  ...["PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"],
  ...["IMAGE_OTHER", "NO_IMAGE", "IMAGE_RECITATION", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"],
  ...["MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "CONTINUATION", "MODEL_ARMOR", "JAILBREAK", "NEW_IN_2027"],
];
const failures = /^(?:MALFORMED|UNEXPECTED|TOO_MANY|MISSING)/;
const chatEnds = ["stop", "length", "content_filter", "tool_calls"];
const messagesEnds = ["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"];

describe.each(reasons)("Google's finish reason %s", (finishReason) => {
  const isFailure = failures.test(finishReason);
  const answer = () => json(geminiChunk([{ text: "a" }], { finishReason }));
  const stream = () => geminiStream(geminiChunk([{ text: "a" }]), geminiChunk([], { finishReason }));

  test("is a reason that typed SDKs know, or an error (trap 125)", async () => {
    const chat = await whole("chat", "gemini", answer);
    const messages = await whole("messages", "gemini", answer);
    const responses = await whole("responses", "gemini", answer);
    if (isFailure) {
      expect([chat, messages, responses].map(({ status }) => status)).toEqual([502, 502, 502]);
      return;
    }
    expect(chatEnds).toContain(chat.json.choices[0].finish_reason);
    expect(messagesEnds).toContain(messages.json.stop_reason);
    expect(["completed", "incomplete"]).toContain(responses.json.status);
    const reason = responses.json.incomplete_details?.reason ?? null;
    expect([null, "max_output_tokens", "content_filter"]).toContain(reason);
  });

  test("is the same at the end of a stream (trap 125)", async () => {
    const asked = { body: question("chat"), stream: true };
    const { chunks } = await exchange("chat", { provider: "gemini", answer: stream }, asked);
    const ends = chunks.flatMap(({ choices }) => choices?.[0]?.finish_reason ?? []);
    if (isFailure) expect([ends, chunks.at(-1).error.type]).toEqual([[], "server_error"]);
    else expect(ends.map((one) => chatEnds.includes(one))).toEqual([true]);
  });
});

test("a call that the model broke is an error, never an empty success (trap 126)", async () => {
  const bare = { finishReason: "MALFORMED_FUNCTION_CALL", finishMessage: "print(look(" };
  for (const client of ["chat", "messages", "responses"] as const) {
    const answer = () => json(geminiChunk([], bare));
    const told = await whole(client, "gemini", answer);
    expect([client, told.status]).toEqual([client, 502]);
    expect(told.json.error.message).toContain("MALFORMED_FUNCTION_CALL");
    const asked = { body: question(client), stream: true };
    const streamed = await exchange(
      client,
      { provider: "gemini", answer: () => geminiStream(geminiChunk([], bare)) },
      asked,
    );
    expect(streamed.status).toBe(502);
  }
});

test("a finish reason that broke the answer, or that nobody knows, is an error, or another end (trap 146)", async () => {
  for (const stream of [false, true]) {
    const broken = geminiChunk([{ text: "a" }], { finishReason: "MALFORMED_RESPONSE" });
    const answer = () => (stream ? geminiStream(broken) : json(broken));
    const told = await exchange("chat", { provider: "gemini", answer }, { body: question("chat"), stream });
    expect(JSON.stringify(told.json ?? told.chunks.at(-1))).toContain("MALFORMED_RESPONSE");
    expect(told.text).not.toContain("[DONE]");
    const unknown = geminiChunk([{ text: "a" }], { finishReason: "NEW_IN_2027" });
    const other = () => (stream ? geminiStream(unknown) : json(unknown));
    const session = openSession({ provider: "gemini", answer: other });
    const heard = await session.ask("chat", { body: question("chat"), stream });
    session.close();
    expect(session.records[0]?.finish).toBe("other");
    expect(heard.text).toContain('"finish_reason":"stop"');
    expect(heard.text).not.toContain("NEW_IN_2027");
  }
});

test("a refusal is a filtered answer for every client (trap 127)", async () => {
  const answer = () => messagesAnswer(said, false, { stop: "refusal" });
  expect((await whole("chat", "messages", answer)).json.choices[0].finish_reason).toBe("content_filter");
  expect((await whole("responses", "messages", answer)).json).toMatchObject({
    ...{ status: "incomplete", incomplete_details: { reason: "content_filter" } },
  });
  expect((await whole("gemini", "messages", answer)).json.candidates[0].finishReason).toBe("SAFETY");
});

const path = "/v1/messages/count_tokens";

test("tokens are counted with system text and tools, and an estimate is told as one (trap 128)", async () => {
  const session = openSession({ provider: "chat", counts: true, answer: () => chatWhole({ content: "a" }) });
  const { max_tokens: _max, ...bare } = question("messages");
  const tools = {
    tools: Array.from({ length: 9 }, (_, at) => ({ ...(toolsOf("messages").tools as Loose)[0], name: `look_${at}` })),
  };
  const bodies = [bare, { ...bare, system: "careful ".repeat(200) }, { ...bare, ...tools }];
  const counts = [];
  for (const body of bodies) {
    const { status, json: told, headers } = await session.ask("messages", { body, path });
    expect([status, headers.get("x-plexus-degraded")]).toEqual([200, "estimated input_tokens"]);
    counts.push(told.input_tokens);
  }
  session.close();
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts[1]).toBeGreaterThan(counts[0] + 150);
  expect(counts[2]).toBeGreaterThan(counts[0] + 80);
  expect(session.sent).toEqual([]);
});

test("a provider without a counter answers on, and what it counts is passed on (trap 128)", async () => {
  let counter: Response = json({ type: "error", error: { type: "not_found_error", message: "no" } }, 404);
  const answer = ({ url }: { url: string }) => (url.includes("count_tokens") ? counter : messagesAnswer(said, false));
  const session = openSession({ provider: "messages", counts: true, answer });
  const { max_tokens: _max, ...body } = question("messages");
  const missing = await session.ask("messages", { body, path });
  expect([missing.status, missing.headers.get("x-plexus-degraded")]).toEqual([200, "estimated input_tokens"]);
  expect((await session.ask("messages", { body: question("messages") })).status).toBe(200);
  counter = json({ input_tokens: 4711 });
  expect((await session.ask("messages", { body, path })).json).toEqual({ input_tokens: 4711 });
  session.close();
});

const html = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>";

describe.each(allPairs)("before a $client client, a provider of $provider", ({ client, provider }) => {
  test("that answers with a page of HTML has failed (trap 129)", async () => {
    for (const status of [502, 200]) {
      const answer = () => new Response(html, { status, headers: { "content-type": "text/html" } });
      for (const stream of [false, true]) {
        const told = await exchange(client, { provider, answer }, { body: question(client), stream });
        expect(told.status).toBeGreaterThanOrEqual(500);
        expect(told.json.error.message).toBeString();
        expect(told.text).not.toContain("<h1>");
      }
    }
  });

  test("whose error says nothing is told by its status and its name (trap 130)", async () => {
    for (const body of [{ error: { message: "" } }, { error: {} }, {}]) {
      const told = await whole(client, provider, () => json(body, 500));
      expect(told.json.error.message).toMatch(/500|Internal Server Error/);
      expect(told.json.error.message).toContain("up");
    }
  });

  test("that refuses our key is no reason to ask the client for another (trap 131)", async () => {
    for (const status of [401, 403]) {
      const answer = () =>
        json({ error: { message: "Incorrect API key provided", type: "authentication_error" } }, status);
      const told = await whole(client, provider, answer);
      expect([status, told.status >= 500]).toEqual([status, true]);
      expect(told.text).not.toMatch(/invalid_api_key|authentication_error|UNAUTHENTICATED|API_KEY_INVALID/);
    }
  });
});

test("an answer of a provider that closes at once is a failure, not an empty answer (trap 126)", async () => {
  for (const client of protocolNames) {
    const told = await exchange(
      client,
      { provider: "gemini", answer: () => events("") },
      { body: question(client), stream: true },
    );
    expect([client, told.status]).toEqual([client, 502]);
  }
  const stop = () => json(geminiChunk([], { finishReason: "STOP" }));
  expect(assistantTurn("messages", await whole("messages", "gemini", stop)).content).toEqual([]);
});
