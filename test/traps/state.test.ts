import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { accept } from "../recordings/accept.ts";
import { type ProtocolName, plainAnswers, protocolNames } from "../recordings/door.ts";
import { clientKey, openStage, type Stage } from "../scenarios/stage.ts";
import {
  callOf,
  chatWhole,
  exchange,
  followUp,
  geminiChunk,
  geminiStream,
  heard,
  json,
  type Loose,
  messagesAnswer,
  openSession,
  question,
  toolsOf,
} from "./streams-support.ts";

const plain = (provider: ProtocolName) => () => json(plainAnswers[provider]);
const other = { protocols: { responses: "https://other.example/v1" }, api_key: "sk-other-0123456789" };

test("ids of items that another provider's answer was given are not sent to one that never made them (trap 132)", async () => {
  for (const provider of ["chat", "messages", "gemini"] as const) {
    const said: Record<typeof provider, () => Response> = {
      chat: () =>
        chatWhole({ content: "so", reasoning_content: "hm", tool_calls: [callOf("call_1", "look")] }, "tool_calls"),
      messages: () =>
        messagesAnswer(
          [
            { type: "text", text: "so" },
            { type: "tool_use", id: "t1", name: "look", input: {} },
          ],
          false,
        ),
      gemini: () =>
        json(geminiChunk([{ text: "so" }, { functionCall: { name: "look", args: {} } }], { finishReason: "STOP" })),
    };
    const answer = ({ url }: { url: string }) => (url.includes("other") ? plain("responses")() : said[provider]());
    const session = openSession({ provider, others: { other }, answer });
    const first = await session.ask("responses", { body: { ...question("responses", true), store: false } });
    const body = { ...followUp("responses", first, true), store: false };
    const second = await session.ask("responses", { body, model: "other/m" });
    session.close();
    const sent = session.bodies()[1];
    expect([provider, second.status]).toEqual([provider, 200]);
    accept("responses", sent, {});
    expect(sent.input.map((item: Loose) => item.id).filter(Boolean)).toEqual([]);
    expect(sent.input.map((item: Loose) => item.type).filter(Boolean)).toEqual([
      ...["message", "function_call", "function_call_output"],
    ]);
  }
});

test("an id that no item of its kind can have is left out, and one that it can have stays (trap 132)", async () => {
  const call = { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" };
  const input = [
    { role: "user", content: "q" },
    { ...call, id: "call_1" },
    { type: "function_call_output", call_id: "call_1", output: "ok" },
    { ...call, id: "fc_abc", call_id: "call_2" },
    { type: "function_call_output", call_id: "call_2", output: "ok" },
  ];
  for (const filler of ["", "x".repeat(70_000)]) {
    const body = {
      input: [...input, { role: "user", content: `and? ${filler}` }],
      store: false,
      ...toolsOf("responses"),
    };
    const { sent } = await exchange("responses", { provider: "responses", answer: plain("responses") }, { body });
    expect([sent.input[1].id, sent.input[3].id]).toEqual([undefined, "fc_abc"]);
    expect(sent.input.length).toBe(6);
  }
});

test("nulls of replayed reasoning are not sent (trap 133)", async () => {
  const reasoning = {
    ...{ type: "reasoning", id: "rs_1", summary: [], content: null, status: null, encrypted_content: "sealed" },
  };
  for (const filler of ["", "x".repeat(70_000)]) {
    const user = { role: "user", content: `q ${filler}` };
    const body = { input: [user, reasoning, { role: "assistant", content: "so" }, user], store: false };
    const { sent } = await exchange("responses", { provider: "responses", answer: plain("responses") }, { body });
    expect(sent.input[1]).toEqual({ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "sealed" });
    for (const provider of ["chat", "messages", "gemini"] as const) {
      const { status } = await exchange("responses", { provider, answer: plain(provider) }, { body });
      expect([provider, status]).toEqual([provider, 200]);
    }
  }
});

describe("a conversation that goes on by the id of its last answer", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.stop());

  async function ask(body: JsonObject): Promise<Loose> {
    const response = await fetch(`${stage.plexus.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${clientKey}` },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return response.json();
  }

  test("has its calls, when only their results are sent (trap 134)", async () => {
    const answers: Record<"chat" | "messages", JsonObject> = {
      chat: (await chatWhole(
        { content: null, tool_calls: [callOf("call_1", "look")] },
        "tool_calls",
      ).json()) as JsonObject,
      messages: (await messagesAnswer([{ type: "tool_use", id: "call_1", name: "look", input: {} }], false, {
        stop: "tool_use",
      }).json()) as JsonObject,
    };
    for (const provider of ["chat", "messages"] as const) {
      const model = `goes-on-${provider}`;
      const seen: Loose[] = [];
      stage.upstream.on(model, (visit) => {
        seen.push(visit.json);
        visit.answer(200, seen.length === 1 ? answers[provider] : (plainAnswers[provider] as JsonObject));
      });
      const name = `${provider}/${model}`;
      const first = await ask({ model: name, input: "what is it?", ...toolsOf("responses") });
      const output = { type: "function_call_output", call_id: "call_1", output: "found it" };
      await ask({ model: name, previous_response_id: first.id, input: [output], ...toolsOf("responses") });
      const { messages } = seen[1];
      expect(messages).toHaveLength(3);
      expect(JSON.stringify(messages[0])).toContain("what is it?");
      expect(JSON.stringify(messages[1])).toContain("call_1");
      expect(JSON.stringify(messages[2])).toContain("found it");
    }
  });
});

/** Members that nobody knows, in every place where a request may have them. */
const odd: Record<ProtocolName, JsonObject> = {
  chat: {
    messages: [{ role: "user", content: [{ type: "text", text: "q", odd_part: 1.0 }], odd_message: "m" }],
    tools: [{ type: "function", function: { name: "look", odd_function: [1] }, odd_tool: null }],
    odd_top: { a: 1 },
  },
  messages: {
    max_tokens: 9,
    messages: [{ role: "user", content: [{ type: "text", text: "q", odd_part: 1.0 }], odd_message: "m" }],
    tools: [{ name: "look", input_schema: { type: "object" }, odd_tool: null }],
    odd_top: { a: 1 },
  },
  responses: {
    input: [{ role: "user", content: [{ type: "input_text", text: "q", odd_part: 1.0 }], odd_message: "m" }],
    tools: [{ type: "function", name: "look", parameters: {}, odd_tool: null }],
    odd_top: { a: 1 },
  },
  gemini: {
    contents: [{ role: "user", parts: [{ text: "q", oddPart: 1.0 }], oddContent: "m" }],
    tools: [{ functionDeclarations: [{ name: "look", oddDeclaration: null }], oddTool: null }],
    generationConfig: { temperature: 0.5, oddConfig: 1e2 },
    oddTop: { a: 1 },
  },
};

test("members that nobody knows survive where both sides speak one protocol, both ways (trap 135)", async () => {
  for (const name of protocolNames) {
    const given = { ...(plainAnswers[name] as JsonObject), odd_answer: { deep: [null, 1.5] } };
    const told = await exchange(name, { provider: name, answer: () => json(given) }, { body: odd[name] });
    expect(told.sent).toEqual(name === "gemini" ? odd[name] : { model: "model", ...odd[name] });
    expect(Object.keys(told.sent).filter((key) => key !== "model")).toEqual(Object.keys(odd[name]));
    expect(told.json.odd_answer).toEqual({ deep: [null, 1.5] });
  }
});

const text = "😀😀 Zürich is large. Bern is not.";
const quoted = "Zürich is large.";

function cited(): Response {
  const from = Buffer.byteLength(text.slice(0, text.indexOf(quoted)));
  const groundingMetadata = {
    groundingChunks: [{ web: { uri: "https://city.example/zurich", title: "Zürich" } }],
    groundingSupports: [
      {
        segment: { startIndex: from, endIndex: from + Buffer.byteLength(quoted), text: quoted },
        groundingChunkIndices: [0],
      },
    ],
  };
  return geminiStream(
    geminiChunk([{ text }]),
    geminiChunk([{ text: "" }], { finishReason: "STOP", groundingMetadata }),
  );
}

const citation = {
  ...{ type: "web_search_result_location", url: "https://city.example/zurich", title: "Zürich" },
  ...{ encrypted_index: "aW5kZXg=", cited_text: "Zürich …" },
};
const blocks = [
  { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
  { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
  { type: "text", text: "😀😀 " },
  { type: "text", text: quoted, citations: [citation] },
  { type: "text", text: " Bern is not." },
];

/** What the offsets of each citation cut out of the text, counted in code points. */
function cuts(message: Loose, annotations: Loose[]): string[] {
  const points = [...message];
  return annotations.map((one) => {
    const { start_index, end_index } = one.url_citation ?? one;
    return points.slice(start_index, end_index).join("");
  });
}

const sources: [string, ProtocolName, () => Response][] = [
  ["Google", "gemini", cited],
  ["Anthropic", "messages", () => messagesAnswer(blocks, false)],
];
for (const [vendor, provider, answer] of sources)
  test(`citations of ${vendor} cut the right words out of the text, for Chat and for Responses (trap 136)`, async () => {
    const stream = provider === "gemini";
    const chat = await exchange("chat", { provider, answer }, { body: question("chat"), stream });
    const deltas: Loose[] = stream
      ? chat.chunks.map(({ choices }) => choices[0].delta)
      : [chat.json.choices[0].message];
    const content = deltas.map((one) => one.content ?? "").join("");
    expect(content).toBe(text);
    const annotations = deltas.flatMap((one) => one.annotations ?? []);
    expect(annotations).toMatchObject([{ type: "url_citation", url_citation: { url: "https://city.example/zurich" } }]);
    expect(cuts(content, annotations)).toEqual([quoted]);
    const told = await exchange("responses", { provider, answer }, { body: question("responses"), stream });
    const response = stream ? told.chunks.at(-1).response : told.json;
    const parts: Loose[] = response.output.flatMap((item: Loose) => (item.type === "message" ? item.content : []));
    expect(parts.map((part) => part.text).join("")).toBe(text);
    expect(parts.flatMap((part) => cuts(part.text, part.annotations))).toEqual([quoted]);
    expect((await heard("chat", { provider, answer }, stream)).citations).toHaveLength(1);
  });
