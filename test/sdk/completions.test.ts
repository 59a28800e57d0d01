/** The legacy completions of the official SDK, over providers of all four protocols. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";

const upstreams = {
  chat: startChat({ router: false }),
  messages: startMessages(),
  gemini: startGemini(),
  responses: startResponses(),
};
const counts = { input: 5, cached: 0, written: 0, visible: 9, reasoning: 0 };
const text = "Once upon a time there was a fox. żółw 🐢";
type Name = keyof typeof upstreams;

let gateway: Gateway;
let client: OpenAI;
beforeAll(async () => {
  const providers = Object.fromEntries(
    Object.entries(upstreams).map(([name, { url, key }]) => [name, { protocols: { [name]: url }, api_key: key }]),
  );
  gateway = await startGateway({ config: { providers } });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.clientKey, maxRetries: 0 });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all(Object.values(upstreams).map((one) => one.stop()));
});

describe.each(Object.keys(upstreams) as Name[])("over a provider of %s", (name) => {
  const upstream = upstreams[name];

  test("a whole completion is the answer's text", async () => {
    const model = upstream.script("whole", [{ text, counts }]);
    const answer = await client.completions.create({
      ...{ model: `${name}/${model}`, prompt: "Tell me a story.", max_tokens: 50, temperature: 0.5 },
    });
    expect(upstream.violations(model)).toEqual([]);
    expect(upstream.seen(model)[0]).toMatchObject({ said: ["Tell me a story."], maxTokens: 50 });
    expect(answer).toMatchObject({
      ...{ object: "text_completion", model: `${name}/${model}` },
      choices: [{ text, index: 0, finish_reason: "stop", logprobs: null }],
      usage: { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 },
    });
    expect(answer.id).toStartWith("cmpl-");
  });

  test("a stream is its pieces, one end, and the usage that was asked for", async () => {
    const model = upstream.script("stream", [{ text, counts }]);
    const stream = await client.completions.create({
      ...{ model: `${name}/${model}`, prompt: ["Tell me a story."], stream: true, max_tokens: 50 },
      stream_options: { include_usage: true },
    });
    let said = "";
    const ends: unknown[] = [];
    let usage: unknown;
    for await (const chunk of stream) {
      expect(chunk.object).toBe("text_completion");
      for (const choice of chunk.choices) {
        said += choice.text;
        if (choice.finish_reason) ends.push(choice.finish_reason);
      }
      usage = chunk.usage ?? usage;
    }
    expect(upstream.violations(model)).toEqual([]);
    expect({ said, ends }).toEqual({ said: text, ends: ["stop"] });
    expect(usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 9 });
  });

  test.each([false, true])("the prompt is echoed when asked for, streamed %p", async (stream) => {
    const model = upstream.script("echo", [{ text, counts }]);
    const asked = { model: `${name}/${model}`, prompt: "Tell: ", echo: true, max_tokens: 50 };
    let said = "";
    if (stream) {
      for await (const { choices } of await client.completions.create({ ...asked, stream })) said += choices[0]?.text;
    } else {
      said = (await client.completions.create({ ...asked, stream })).choices[0]?.text ?? "";
    }
    expect(said).toBe(`Tell: ${text}`);
  });

  test("a stream that breaks off is an error, never an end", async () => {
    const model = upstream.script("cut", [{ text, counts, breaks: "cut" }]);
    const read = async () => {
      const ends: unknown[] = [];
      const stream = await client.completions.create({ model: `${name}/${model}`, prompt: "Hi", stream: true });
      for await (const { choices } of stream) ends.push(choices[0]?.finish_reason);
      return ends;
    };
    expect(read()).rejects.toThrow();
  });
});

describe("what a chat model cannot be told is refused by its name", () => {
  test.each<[string, object, string]>([
    ["several prompts", { prompt: ["one", "two"] }, "prompt"],
    ["tokens", { prompt: [1, 2, 3] }, "prompt"],
    ["lists of tokens", { prompt: [[1, 2, 3]] }, "prompt"],
    ["nothing", {}, "prompt"],
    ["a suffix", { prompt: "Hi", suffix: "the end" }, "suffix"],
    ["the best of many", { prompt: "Hi", best_of: 3 }, "best_of"],
    ["too many logprobs", { prompt: "Hi", logprobs: 21 }, "logprobs"],
  ])("%s", async (_name, fields, param) => {
    const asked = { model: "chat/any", ...fields } as OpenAI.CompletionCreateParamsNonStreaming;
    const failure = await client.completions.create(asked).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.BadRequestError);
    expect(failure).toMatchObject({ status: 400, param });
  });

  test("and an unknown key is one in the same shape", async () => {
    const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "sk-nobody", maxRetries: 0 });
    const failure = await stranger.completions
      .create({ model: "chat/any", prompt: "Hi" })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.AuthenticationError);
  });
});
