/** Parameters that targets refuse: asked once more without them, remembered, listed and revoked; and answers that say nothing. */
import { describe, expect, test } from "bun:test";
import { withoutMembers } from "../../src/kit/json.ts";
import { type ProtocolName, plainAnswers, protocolNames } from "../recordings/door.ts";
import { chatWhole, chunk, events, json, openSession, question } from "../traps/streams-support.ts";

const refusals: Record<ProtocolName, { body: object; refused: object; left: string }> = {
  chat: {
    body: { temperature: 0.2, seed: 7 },
    refused: {
      error: {
        message:
          "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
        type: "invalid_request_error",
        param: "temperature",
        code: "unsupported_value",
      },
    },
    left: "temperature",
  },
  messages: {
    body: { temperature: 0.2, max_tokens: 9 },
    refused: {
      type: "error",
      error: { type: "invalid_request_error", message: "temperature: Extra inputs are not permitted" },
    },
    left: "temperature",
  },
  responses: {
    body: { temperature: 0.2, reasoning: { effort: "low", summary: "auto" } },
    refused: {
      error: {
        message: "Unsupported parameter: 'reasoning.summary' is not supported with this model.",
        type: "invalid_request_error",
        param: "reasoning.summary",
        code: "unsupported_parameter",
      },
    },
    left: "summary",
  },
  gemini: {
    body: { generationConfig: { temperature: 0.2, thinkingConfig: { thinkingBudget: 5 } } },
    refused: {
      error: { code: 400, message: "temperature is not supported by this model.", status: "INVALID_ARGUMENT" },
    },
    left: "temperature",
  },
};

describe.each([...protocolNames])("a parameter that a %s target refuses", (protocol) => {
  const { body, refused, left } = refusals[protocol];
  const picky = (sent: { body: string }) =>
    sent.body.includes(`"${left}"`) ? json(refused, 400) : json(plainAnswers[protocol]);

  test("is left out once it was refused, for good, and the client is told", async () => {
    const session = openSession({ provider: protocol, answer: picky });
    const asking = { body: { ...question(protocol), ...body } };
    const first = await session.ask(protocol, asking);
    expect([first.status, session.sent.length]).toEqual([200, 2]);
    expect(first.headers.get("x-plexus-degraded")).toContain(left);
    const second = await session.ask(protocol, asking);
    expect([second.status, session.sent.length]).toEqual([200, 3]);
    expect(second.headers.get("x-plexus-degraded")).toContain(left);
    session.close();
    const [asked, again] = session.sent.map((sent) => JSON.parse(sent.body));
    expect(JSON.stringify(asked)).toContain(left);
    expect(JSON.stringify(again)).not.toContain(`"${left}"`);
    expect({ ...again, messages: 0 }).toMatchObject(
      protocol === "responses" ? { temperature: 0.2, reasoning: { effort: "low" } } : {},
    );
  });
});

test("what is no wish stays: the refusal is the client's", async () => {
  const refused = {
    error: {
      message: "Unsupported parameter: 'tools'",
      type: "invalid_request_error",
      param: "tools",
      code: "unsupported_parameter",
    },
  };
  const session = openSession({ provider: "chat", answer: () => json(refused, 400) });
  const { status } = await session.ask("chat", { body: { ...question("chat", true), temperature: 1 } });
  session.close();
  expect([status, session.sent.length]).toEqual([400, 1]);
});

test("a second refusal of another parameter is the client's, and nothing is remembered of the first", async () => {
  const refusal = (param: string) => ({
    error: {
      message: `Unsupported parameter: '${param}'`,
      type: "invalid_request_error",
      param,
      code: "unsupported_parameter",
    },
  });
  const session = openSession({
    provider: "chat",
    answer: ({ body }) => json(refusal(body.includes('"seed"') ? "seed" : "user"), 400),
  });
  const asking = { body: { ...question("chat"), seed: 1, user: "me" } };
  expect((await session.ask("chat", asking)).status).toBe(400);
  await session.ask("chat", asking);
  session.close();
  expect(session.sent.map(({ body }) => body.includes('"seed"'))).toEqual([true, false, true, false]);
});

test("a translated request is mended in the provider's words", async () => {
  const { refused } = refusals.chat;
  const session = openSession({
    provider: "chat",
    answer: ({ body }) => (body.includes('"temperature"') ? json(refused, 400) : json(plainAnswers.chat)),
  });
  const told = await session.ask("messages", { body: { ...question("messages"), temperature: 0.2 } });
  session.close();
  expect([told.status, told.headers.get("x-plexus-degraded")]).toEqual([200, "dropped temperature"]);
});

describe("members are taken out of a text", () => {
  test.each([
    ['{"a":1,"b":2,"c":3}', ["b"], '{"a":1,"c":3}'],
    ['{ "a" : 1 }', ["a"], "{}"],
    ['{"a":{"x":1,"y":2},"b":1e400}', ["a.x"], '{"a":{"y":2},"b":1e400}'],
    ['{"a":{"x":1},"b":[{"a":1}]}', ["a.x"], '{"b":[{"a":1}]}'],
    ['{"b":"a\\"b"}', ["a"], '{"b":"a\\"b"}'],
  ])("%s without %p", (text, names, left) => {
    expect(withoutMembers(text, names)).toBe(left);
  });
});

describe("an answer that ends well and says nothing", () => {
  const others = { second: { protocols: { chat: "https://other.example/v1" }, api_key: "sk-upstream-0123456789" } };
  const silent = (stream: boolean) =>
    stream ? events(`data: ${JSON.stringify(chunk({}, "stop"))}\n\ndata: [DONE]\n\n`) : chatWhole({ content: "" });
  const speaking = (stream: boolean) =>
    stream
      ? events(`data: ${JSON.stringify(chunk({ role: "assistant", content: "hi" }, "stop"))}\n\ndata: [DONE]\n\n`)
      : chatWhole({ content: "hi" });

  test.each([
    ["chat", false],
    ["chat", true],
    ["messages", false],
    ["messages", true],
  ] as const)("sends a %s client to the next target (streamed: %p)", async (client, stream) => {
    const session = openSession({
      provider: "chat",
      others,
      targets: ["up/model", "second/model"],
      answer: ({ url }) => (url.includes("other.example") ? speaking(stream) : silent(stream)),
    });
    const told = await session.ask(client, { body: question(client), stream });
    session.close();
    expect([told.status, told.text.includes("hi"), session.sent.length]).toEqual([200, true, 2]);
  });

  test("is the answer when nobody else is left", async () => {
    const session = openSession({ provider: "chat", answer: () => silent(false) });
    const told = await session.ask("chat", { body: question("chat") });
    session.close();
    expect([told.status, told.json.choices[0].finish_reason]).toEqual([200, "stop"]);
  });
});
