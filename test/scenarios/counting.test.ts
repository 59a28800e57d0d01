/** Token counting over the compiled binary: what every question is held to, and counters of other protocols. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { type CounterKind, type CounterUpstream, counterKinds, startCounter } from "../support/upstream/counting.ts";
import { answerOf } from "../support/upstream/embeddings.ts";
import { clientKey, openStage, type Stage, upstreamKey } from "./stage.ts";

const narrowKey = "sk-narrow-0123456789abcdef";
const paths: Record<CounterKind, (model: string) => string> = {
  messages: () => "/v1/messages/count_tokens",
  responses: () => "/v1/responses/input_tokens",
  gemini: (model) => `/v1beta/models/${model}:countTokens`,
};
const tool = { type: "object", properties: { city: { type: "string", description: "Where?" } }, required: ["city"] };

/** Instructions, a tool and a message in each protocol. */
const bodies: Record<CounterKind, (model: string, text: string) => JsonObject> = {
  messages: (model, text) => ({
    ...{ model, system: "Be brief.", messages: [{ role: "user", content: text }] },
    tools: [{ name: "weather", description: "The weather", input_schema: tool }],
  }),
  responses: (model, text) => ({
    ...{ model, instructions: "Be brief.", input: text },
    tools: [{ type: "function", name: "weather", description: "The weather", parameters: tool, strict: false }],
  }),
  gemini: (model, text) => ({
    generateContentRequest: {
      model: `models/${model}`,
      systemInstruction: { parts: [{ text: "Be brief." }] },
      contents: [{ role: "user", parts: [{ text }] }],
      tools: [{ functionDeclarations: [{ name: "weather", description: "The weather", parametersJsonSchema: tool }] }],
    },
  }),
};
const tokensOf = (kind: CounterKind, body: JsonObject) => (kind === "gemini" ? body.totalTokens : body.input_tokens);

let stage: Stage;
let counters: Record<CounterKind, CounterUpstream>;
beforeAll(async () => {
  counters = {
    messages: startCounter("messages"),
    responses: startCounter("responses"),
    gemini: startCounter("gemini"),
  };
  stage = await openStage((url) => ({
    providers: {
      google: { protocols: { gemini: `${url}/v1beta` }, api_key: upstreamKey },
      ...Object.fromEntries(
        counterKinds.map((kind) => [
          `counting-${kind}`,
          { protocols: { [kind]: counters[kind].url }, api_key: counters[kind].key, body: { temperature: 0.5 } },
        ]),
      ),
    },
    aliases: {
      named: { targets: ["messages/their-model"] },
      "named-google": { targets: ["google/their-google"] },
      pair: { selector: "in_order", targets: ["messages/overloaded", "chat/after-it"] },
    },
    keys: { narrow: { secret: narrowKey, aliases: ["named"], reveal_target: false } },
  }));
});
afterAll(async () => {
  await stage.stop();
  await Promise.all(Object.values(counters).map((counter) => counter.stop()));
});

function send(path: string, body: JsonObject | string, key: string | null = clientKey): Promise<Response> {
  return fetch(stage.plexus.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}
const json = async (response: Response) => (await response.json()) as JsonObject;
const rowOf = (response: Response) => stage.plexus.row(response.headers.get("x-request-id"));

describe("to a provider of the client's own protocol", () => {
  test("the bytes cross but for the model's name, and the answer's bytes come back", async () => {
    const body = (model: string) =>
      `{ "messages":[{"role":"user","content":"a \\u00e9"}],\t"model" : "${model}", "unknown": 1.0 }`;
    const answer = '{ "input_tokens" : 7, "more":1.0 }';
    stage.upstream.on("their-model", (visit) => visit.answer(200, answer, { "x-vendor": "kept" }));
    const response = await send(paths.messages(""), body("named"));
    expect(await response.text()).toBe(answer);
    const visit = stage.upstream.visits("their-model").at(-1);
    expect([visit?.path, visit?.body]).toEqual(["/v1/messages/count_tokens", body("their-model")]);
    expect(response.headers.get("x-vendor")).toBe("kept");
    expect(response.headers.get("request-id")).toBe(response.headers.get("x-request-id"));
    expect(await rowOf(response)).toMatchObject({
      ...{ protocol: "messages", model: "named", alias: "named", target: "messages/their-model", stream: false },
      ...{ status: 200, cost_nano: null },
    });
  });

  test("a large body is counted like a small one", async () => {
    const content = "x".repeat(200_000);
    const body = (model: string) => `{"messages":[{"role":"user","content":"${content}"}],"model":"${model}"}`;
    stage.upstream.on("their-model", (visit) => visit.answer(200, { input_tokens: 50_000 }));
    expect(await json(await send(paths.messages(""), body("named")))).toEqual({ input_tokens: 50_000 });
    expect(stage.upstream.visits("their-model").at(-1)?.body === body("their-model")).toBe(true);
  });

  test("a request inside Google's is named anew, in either spelling and at either version", async () => {
    stage.upstream.on("their-google", (visit) => visit.answer(200, { totalTokens: 31 }));
    const contents = [{ role: "user", parts: [{ text: "hello" }] }];
    for (const member of ["generateContentRequest", "generate_content_request"]) {
      const request = { model: "models/named-google", contents, cachedContent: "kept" };
      const response = await send("/v1/models/named-google:countTokens", { [member]: request });
      expect(await json(response)).toEqual({ totalTokens: 31 });
      expect(lastGoogle()?.json).toEqual({ [member]: { ...request, model: "models/their-google" } });
      expect(lastGoogle()?.path).toBe("/v1beta/models/their-google:countTokens");
    }
  });

  test("what is no count is an error, and the next target is asked where one is overloaded", async () => {
    stage.upstream.on("their-model", (visit) => visit.answer(200, { input: "none" }));
    const odd = await send(paths.messages(""), bodies.messages("named", "x"));
    expect(odd.status).toBe(502);
    stage.upstream.on("overloaded", (visit) =>
      visit.answer(529, { type: "error", error: { type: "overloaded_error", message: "later" } }),
    );
    const next = await send(paths.messages(""), bodies.messages("pair", "x"));
    expect([next.status, next.headers.get("x-plexus-degraded")]).toEqual([200, "estimated input_tokens"]);
  });
});

const lastGoogle = () => stage.upstream.visits("their-google").at(-1);

describe.each(counterKinds)("a client of %s", (kind) => {
  test.each(counterKinds.filter((other) => other !== kind))("is told what a counter of %s says", async (other) => {
    const model = counters[other].script(`for-${kind}`, [answerOf(1234)]);
    const name = `counting-${other}/${model}`;
    const response = await send(paths[kind](name), bodies[kind](name, "How long is this?"));
    expect(counters[other].violations(model)).toEqual([]);
    const body = await json(response);
    expect([response.status, tokensOf(kind, body)]).toEqual([200, 1234]);
    const seen = JSON.stringify(counters[other].seen(model));
    for (const word of ["How long is this?", "Be brief.", "weather", "Where?"]) expect(seen).toContain(word);
    expect(response.headers.get("x-plexus-target")).toBe(name);
    expect(response.headers.get("x-plexus-degraded")).toBeNull();
  });

  test("is told an estimate of all that it sent where the counter does not take it", async () => {
    for (const status of [400, 404]) {
      const other = kind === "messages" ? "gemini" : "messages";
      const refusal = { status, type: "invalid_request_error", message: "no" };
      const name = `counting-${other}/${counters[other].script(`no-${kind}`, [refusal])}`;
      const response = await send(paths[kind](name), bodies[kind](name, "a".repeat(350)));
      const tokens = tokensOf(kind, await json(response));
      expect(tokens).toBeGreaterThan(130);
      expect(tokens).toBeLessThan(220);
      expect(response.headers.get("x-plexus-degraded")).toBe("estimated input_tokens");
    }
  });

  test("is refused in its own words", async () => {
    const path = paths[kind]("chat/x");
    expect((await send(path, bodies[kind]("chat/x", "x"), null)).status).toBe(401);
    const wrong = await send(path, { model: "chat/x" });
    expect([wrong.status, typeof (await json(wrong)).error]).toEqual([400, "object"]);
    expect((await send(path, "{")).status).toBe(400);
    const unlisted = await send(path, bodies[kind]("chat/x", "x"), narrowKey);
    expect(unlisted.status).toBe(403);
    expect(await rowOf(unlisted)).toMatchObject({ status: 403, key: "narrow" });
  });
});

test("a count goes on from a kept answer as its request would", async () => {
  stage.upstream.on("remembers", (visit) =>
    visit.answer(200, {
      ...{ id: "chatcmpl-1", object: "chat.completion", created: 1, model: "remembers" },
      choices: [{ index: 0, message: { role: "assistant", content: "b".repeat(700) }, finish_reason: "stop" }],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    }),
  );
  const first = await json(await send("/v1/responses", { model: "chat/remembers", input: "a".repeat(700) }));
  const body = { model: "chat/remembers", input: "more", previous_response_id: first.id ?? null };
  const tokens = (await json(await send(paths.responses(""), body))).input_tokens;
  expect(tokens).toBeGreaterThan(400);
  expect(tokens).toBeLessThan(440);
  const model = counters.responses.script("goes-on", [answerOf(77)]);
  const home = await json(await send(paths.responses(""), { ...body, model: `counting-responses/${model}` }));
  expect(counters.responses.violations(model)).toEqual([]);
  expect(home.input_tokens).toBe(77);
  expect(JSON.stringify(counters.responses.seen(model))).toContain("b".repeat(700));
  const unknown = await send(paths.responses(""), { ...body, previous_response_id: "resp_nobody" });
  expect(unknown.status).toBe(400);
});

test("an estimate follows what the provider reports of the model", async () => {
  const name = "chat/of-many-tokens";
  const counted = async () => {
    const response = await send(paths.messages(name), bodies.messages(name, "How long is this? ".repeat(40)));
    expect(response.headers.get("x-plexus-degraded")).toContain("estimated input_tokens");
    return tokensOf("messages", await json(response));
  };
  const before = Number(await counted());
  stage.upstream.on("of-many-tokens", (visit) => {
    const usage = { prompt_tokens: before * 2, completion_tokens: 2, total_tokens: before * 2 + 2 };
    const choice = { index: 0, message: { role: "assistant", content: "Long." }, finish_reason: "stop" };
    visit.answer(200, {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: "m",
      choices: [choice],
      usage,
    });
  });
  const { messages, system, tools } = bodies.messages(name, "How long is this? ".repeat(40)) as JsonObject;
  const asked = { model: name, max_tokens: 50, messages, ...(system ? { system } : {}), ...(tools ? { tools } : {}) };
  expect((await send("/v1/messages", asked as JsonObject)).status).toBe(200);
  expect(Number(await counted()) / before).toBeWithin(1.7, 2.3);
});
