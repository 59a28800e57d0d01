/** Several answers from strict providers that give one to a request. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";

const upstreams = { messages: startMessages(), responses: startResponses() };
const counts = { input: 5, cached: 0, written: 0, visible: 9, reasoning: 0 };
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

const messages = [{ role: "user" as const, content: "Tell me about foxes." }];
const texts = ["Foxes are red.", "Foxes are quick.", "Foxes are shy."];
const steps = () => texts.map((text) => ({ text, counts }));

describe.each(Object.keys(upstreams) as Name[])("over a provider of %s", (name) => {
  const upstream = upstreams[name];

  test("three answers are three requests, their usage is the sum, and the client is told", async () => {
    const model = upstream.script("three", steps());
    const { data, response } = await client.chat.completions
      .create({ model: `${name}/${model}`, messages, n: 3 })
      .withResponse();
    expect(upstream.violations(model)).toEqual([]);
    expect(upstream.seen(model)).toHaveLength(3);
    expect(data.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(data.choices.map(({ message }) => message.content ?? "").sort()).toEqual([...texts].sort());
    expect(data.usage).toMatchObject({ prompt_tokens: 15, completion_tokens: 27, total_tokens: 42 });
    expect(response.headers.get("x-plexus-degraded")).toContain("emulated n");
    const row = await gateway.request(response.headers.get("x-request-id") ?? "");
    expect(row).toMatchObject({ attempts: 1, tokens: { input: 15, output: 27 } });
  });

  test("a stream holds all of them", async () => {
    const model = upstream.script("stream", steps());
    const stream = client.chat.completions.stream({ model: `${name}/${model}`, messages, n: 3 });
    const { choices } = await stream.finalChatCompletion();
    expect(upstream.violations(model)).toEqual([]);
    expect(choices.map(({ message }) => message.content ?? "").sort()).toEqual([...texts].sort());
    expect(choices.map(({ finish_reason }) => finish_reason)).toEqual(["stop", "stop", "stop"]);
  });

  test("one that is refused fails them all", async () => {
    const refusal = { status: 400, type: "invalid_request_error", message: "Not this one." };
    const model = upstream.script("refused", [{ text: "Foxes.", counts }, refusal, { text: "Foxes.", counts }]);
    const asked = client.chat.completions.create({ model: `${name}/${model}`, messages, n: 3 });
    expect(await asked.catch((error: unknown) => error)).toMatchObject({ status: 400 });
  });

  test("one is asked for once, and too many are refused by name", async () => {
    const model = upstream.script("one", [{ text: "Foxes.", counts }]);
    const { choices } = await client.chat.completions.create({ model: `${name}/${model}`, messages, n: 1 });
    expect(choices).toHaveLength(1);
    const asked = client.chat.completions.create({ model: `${name}/${model}`, messages, n: 9 });
    expect(await asked.catch((error: unknown) => error)).toMatchObject({ status: 400, param: "n" });
    expect(upstream.seen(model)).toHaveLength(1);
  });
});
