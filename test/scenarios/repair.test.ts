/** Schemas of answers towards models that take none: told in words, checked, and asked once more. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";

const upstreams = {
  ...{ chat: startChat({ router: false }), messages: startMessages() },
  ...{ gemini: startGemini(), responses: startResponses() },
};
type Name = keyof typeof upstreams;
const names = Object.keys(upstreams) as Name[];
const counts = { input: 50, cached: 0, written: 0, visible: 9, reasoning: 0 };
const schema = {
  type: "object",
  properties: { colour: { type: "string", enum: ["red", "brown"] }, legs: { type: "integer" } },
  required: ["colour", "legs"],
  additionalProperties: false,
};
const right = '{"colour":"red", "legs":4}';
const wrong = '{"colour":"pink"}';

let gateway: Gateway;
let client: OpenAI;
beforeAll(async () => {
  const providers = Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...{ protocols: { [name]: upstreams[name].url }, api_key: upstreams[name].key },
        quirks: ["no_output_schema"],
      },
    ]),
  );
  gateway = await startGateway({ config: { providers } });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.clientKey, maxRetries: 0 });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all(Object.values(upstreams).map((one) => one.stop()));
});

const messages = [{ role: "user" as const, content: "What is a fox like?" }];
const response_format = { type: "json_schema" as const, json_schema: { name: "fox", schema, strict: true } };
const text = { format: { type: "json_schema" as const, name: "fox", schema, strict: true } };

/** By a client of another protocol than the provider's. */
async function ask(name: Name, model: string) {
  const asked = `${name}/${model}`;
  const { data, response } =
    name === "chat"
      ? await client.responses.create({ model: asked, input: messages, text }).withResponse()
      : await client.chat.completions.create({ model: asked, messages, response_format }).withResponse();
  const said = "output_text" in data ? data.output_text : data.choices[0]?.message.content;
  const row = await gateway.request(response.headers.get("x-request-id") ?? "");
  return { said, row, degraded: response.headers.get("x-plexus-degraded") ?? "" };
}

describe.each(names)("over a provider of %s", (name) => {
  const upstream = upstreams[name];

  test("an answer that fits is passed on as it was written", async () => {
    const model = upstream.script("right", [{ text: right, counts }]);
    const { said, row, degraded } = await ask(name, model);
    expect(said).toBe(right);
    expect(upstream.violations(model)).toEqual([]);
    expect(upstream.seen(model)).toHaveLength(1);
    expect(degraded).toContain("emulated");
    expect(degraded).not.toContain("dropped");
    expect(row.tokens).toMatchObject({ input: 50, output: 9 });
  });

  test("one that does not is sent back once with what is wrong, and both are paid for", async () => {
    const model = upstream.script("repaired", [
      { text: wrong, counts },
      { text: right, counts },
    ]);
    const { said, row, degraded } = await ask(name, model);
    expect(said).toBe(right);
    expect(upstream.violations(model)).toEqual([]);
    const again = upstream.seen(model)[1]?.said.join("\n");
    expect(again).toContain('must have "legs"');
    expect(again).toContain("/colour: must be one of");
    expect(degraded).not.toContain("dropped");
    expect(row).toMatchObject({
      status: 200,
      attempts: 1,
      errors: [],
      tokens: { input: 100, output: 18, estimated: false },
    });
  });

  test("what is no JSON is asked for once more, and never twice", async () => {
    const fenced = `Here it is:\n\`\`\`json\n${right}\n\`\`\``;
    const model = upstream.script("stubborn", [
      { text: fenced, counts },
      { text: fenced, counts },
      { text: right, counts },
    ]);
    const { said, row, degraded } = await ask(name, model);
    expect(said).toBe(fenced);
    expect(upstream.seen(model)).toHaveLength(2);
    expect(degraded).toContain("dropped");
    expect(row.tokens).toMatchObject({ input: 100, output: 18 });
  });

  test("where the second call fails the first answer stays, and the row says why", async () => {
    const model = upstream.script("failing", [
      { text: wrong, counts },
      { status: 503, type: "overloaded_error", message: "Busy." },
    ]);
    const { said, row, degraded } = await ask(name, model);
    expect(said).toBe(wrong);
    expect(degraded).toContain("dropped");
    expect(row).toMatchObject({ status: 200, tokens: { input: 50, output: 9 } });
    expect(row.errors).toHaveLength(1);
  });

  test("calls and streams are left as they are", async () => {
    const call = { id: "call_1", name: "look", args: {} };
    const model = upstream.script("left", [{ text: wrong, counts }]);
    if (name !== "chat") {
      const asked = { model: `${name}/${model}`, messages, response_format, stream: true as const };
      let said = "";
      for await (const { choices } of await client.chat.completions.create(asked)) {
        said += choices[0]?.delta.content ?? "";
      }
      expect(said).toBe(wrong);
      expect(upstream.seen(model)).toHaveLength(1);
    }
    const calling = upstream.script("calling", [{ calls: [call], counts }]);
    await ask(name, calling);
    expect(upstream.seen(calling)).toHaveLength(1);
  });
});

test("each of several answers is held to the schema", async () => {
  const upstream = upstreams.messages;
  const model = upstream.script("several", [
    { text: right, counts },
    { text: wrong, counts },
    { text: right, counts },
  ]);
  const { choices, usage } = await client.chat.completions.create({
    ...{ model: `messages/${model}`, messages, response_format, n: 2 },
  });
  expect(choices.map(({ message }) => message.content)).toEqual([right, right]);
  expect(usage).toMatchObject({ prompt_tokens: 150, completion_tokens: 27 });
});
