import { describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { GoogleGenAI as GoogleGenAI2 } from "genai2";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { type Spec, streamOf } from "../laws/spec.ts";
import { type DoorOptions, openDoor, type ProtocolName, protocolNames, secret } from "../recordings/door.ts";
import { callOf, chatStream, chunk, events, type Loose } from "./streams-support.ts";

const said: Spec = {
  reasoning: { text: "let me think", signature: "c2lnbmVk" },
  text: "it is done",
  calls: [{ id: "call_aa", name: "look", args: '{"city":"Rome"}' }],
  cut: false,
  counts: { fresh: 5, cached: 0, written: 0, visible: 9, reasoning: 0 },
  pieces: 3,
  interleaved: false,
};
const answer = (provider: ProtocolName, spec = said) => ({ provider, answer: () => events(streamOf(provider, spec)) });
const majors = [
  ["7", OpenAI],
  ["6", OpenAI6],
] as const;
const googles = [
  ["3", GoogleGenAI],
  ["2", GoogleGenAI2],
] as const;

async function through<T>(options: DoorOptions, run: (fetch: Loose) => Promise<T>): Promise<T> {
  const door = openDoor(options);
  try {
    return await run(door.fetch);
  } finally {
    door.close();
  }
}

function openai(Client: typeof OpenAI | typeof OpenAI6, fetch: Loose): OpenAI {
  return new Client({ apiKey: secret, baseURL: "http://localhost/v1", maxRetries: 0, fetch }) as OpenAI;
}

/** The SDK of Google has no place for a fetch of one's own. */
async function google(Client: typeof GoogleGenAI | typeof GoogleGenAI2, fetch: Loose): Promise<Loose[]> {
  const before = globalThis.fetch;
  globalThis.fetch = fetch;
  try {
    const client = new Client({ apiKey: secret, httpOptions: { baseUrl: "http://localhost" } }) as GoogleGenAI;
    const chunks: Loose[] = [];
    for await (const one of await client.models.generateContentStream({ model: "model", contents: "q" }))
      chunks.push(one);
    return chunks;
  } finally {
    globalThis.fetch = before;
  }
}

const anthropic = (fetch: Loose) =>
  new Anthropic({ apiKey: secret, baseURL: "http://localhost", maxRetries: 0, fetch });
const ask = { model: "model", max_tokens: 100, messages: [{ role: "user" as const, content: "q" }] };

describe.each(protocolNames)("before a provider of %s", (provider) => {
  test("every frame of a Messages stream has its event's name, so that the SDK hears it (trap 92)", async () => {
    const message = await through(answer(provider), (fetch) => anthropic(fetch).messages.stream(ask).finalMessage());
    expect(message.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use"]);
    expect(message.stop_reason).toBe("tool_use");
  });

  test("no frame of a Gemini stream has an event's name or is [DONE] (traps 92 and 137)", async () => {
    for (const [, Client] of googles) {
      const chunks = await through(answer(provider), (fetch) => google(Client, fetch));
      const parts = chunks.flatMap((one) => one.candidates?.[0]?.content?.parts ?? []);
      expect(parts.map((part) => (part.thought ? "" : (part.text ?? ""))).join("")).toBe(said.text);
      expect(parts.flatMap(({ functionCall }) => functionCall?.args ?? [])).toEqual([{ city: "Rome" }]);
    }
  });

  test("a Responses stream has published events only, each of which the SDK knows (trap 138)", async () => {
    for (const [, Client] of majors) {
      const types = new Set<string>();
      const final = await through(answer(provider), async (fetch) => {
        const runner = openai(Client, fetch).responses.stream({ model: "model", input: "q" });
        runner.on("event", ({ type }) => void types.add(type));
        return runner.finalResponse();
      });
      expect(final.output_text).toBe(said.text);
      expect([...types].filter((type) => !type.startsWith("response."))).toEqual([]);
    }
  });

  test("the first block of a Messages stream is number 0, and none is left out (trap 141)", async () => {
    for (const spec of [said, { ...said, text: "" }, { ...said, calls: [] }]) {
      const indexes: number[] = [];
      await through(answer(provider, spec), async (fetch) => {
        const stream = anthropic(fetch).messages.stream(ask);
        stream.on("streamEvent", (event) => {
          if (event.type === "content_block_start") indexes.push(event.index);
        });
        await stream.finalMessage();
      });
      expect(indexes).toEqual(indexes.map((_, at) => at));
      expect(indexes.length).toBeGreaterThan(0);
    }
  });

  test("a call of a Responses stream is told as done (trap 142)", async () => {
    const done: Loose[] = [];
    await through(answer(provider), async (fetch) => {
      const runner = openai(OpenAI, fetch).responses.stream({ model: "model", input: "q" });
      runner.on("response.output_item.done", ({ item }) => void done.push(item));
      await runner.finalResponse();
    });
    expect(done.filter(({ type }) => type === "function_call")).toMatchObject([
      { name: "look", arguments: '{"city":"Rome"}', status: "completed" },
    ]);
  });
});

/** What each provider says who ends a call with the word of an ordinary end. */
const plainEnds: Record<ProtocolName, () => Response> = {
  chat: () => chatStream(chunk({ tool_calls: [{ index: 0, ...callOf("call_aa", "look") }] }), chunk({}, "stop")),
  messages: () =>
    events(streamOf("messages", said).replace('"tool_use","stop_sequence"', '"end_turn","stop_sequence"')),
  responses: () => events(streamOf("responses", said)),
  gemini: () => events(streamOf("gemini", said)),
};

test("an answer with a call ends for the call, whatever its provider says (trap 144)", async () => {
  for (const provider of protocolNames) {
    const options = { provider, answer: plainEnds[provider] };
    if (provider !== "chat") {
      for (const [, Client] of majors) {
        const chat = await through(options, (fetch) =>
          openai(Client, fetch)
            .chat.completions.stream({ model: "model", messages: ask.messages })
            .finalChatCompletion(),
        );
        expect([provider, chat.choices[0]?.finish_reason]).toEqual([provider, "tool_calls"]);
      }
    }
    if (provider === "messages") continue;
    const message = await through(options, (fetch) => anthropic(fetch).messages.stream(ask).finalMessage());
    expect([provider, message.stop_reason]).toEqual([provider, "tool_use"]);
  }
});

const freeform = { type: "custom" as const, custom: { name: "patch", description: "patches" } };

test("a custom call on Chat is one chunk, and only where the client declared a custom tool (trap 139)", async () => {
  const provider = { provider: "messages", answer: () => events(streamOf("messages", custom)) } as const;
  const custom = { ...said, calls: [{ id: "call_aa", name: "patch", args: '{"input":"*** Begin"}' }] };
  const asked = { model: "model", messages: ask.messages };
  const chunks: Loose[] = await through(provider, async (fetch) => {
    const stream = await openai(OpenAI, fetch).chat.completions.create({ ...asked, tools: [freeform], stream: true });
    const list: Loose[] = [];
    for await (const one of stream) list.push(one);
    return list;
  });
  const pieces = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(pieces).toEqual([{ index: 0, id: "call_aa", type: "custom", custom: { name: "patch", input: "*** Begin" } }]);
  for (const [, Client] of majors) {
    const final = await through(provider, (fetch) =>
      openai(Client, fetch).chat.completions.stream(asked).finalChatCompletion(),
    );
    expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({ type: "function", function: { name: "patch" } });
  }
});

test("a Responses stream that fails is a failure to the SDK, too (trap 140)", async () => {
  const broken = () => events(streamOf("chat", said).split("data: ").slice(0, 4).join("data: "));
  for (const [, Client] of majors) {
    const types: string[] = [];
    const final = await through({ provider: "chat", answer: broken }, async (fetch) => {
      const stream = await openai(Client, fetch).responses.create({ model: "model", input: "q", stream: true });
      let last: Loose;
      for await (const event of stream) {
        types.push(event.type);
        last = event;
      }
      return last;
    });
    expect(types).not.toContain("error");
    expect(final).toMatchObject({ type: "response.failed", response: { status: "failed" } });
  }
});
