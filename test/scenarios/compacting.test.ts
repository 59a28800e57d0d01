/** Conversations made short, by the official SDK over the compiled binary: by the provider itself, and over all others. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";

/** None of these has the endpoint. */
const upstreams = {
  ...{
    chat: startChat({ router: false }),
    messages: startMessages(),
    gemini: startGemini(),
    responses: startResponses(),
  },
};
type Name = keyof typeof upstreams;
const names = Object.keys(upstreams) as Name[];
const counts = { input: 50, cached: 0, written: 0, visible: 9, reasoning: 0 };
const input = [
  { role: "user" as const, content: "Tell me about foxes." },
  { type: "function_call" as const, call_id: "call_1", name: "look", arguments: '{"at":"foxes"}' },
  { type: "function_call_output" as const, call_id: "call_1", output: "They are red." },
  { role: "assistant" as const, content: "Foxes are red." },
  { role: "user" as const, content: [{ type: "input_text" as const, text: "And hares?" }] },
];
const summary = "Foxes are red, as look() said; hares are next.";

let raw: RawUpstream;
let gateway: Gateway;
let client: OpenAI;
beforeAll(async () => {
  raw = await startRawUpstream();
  const own = names.map((name) => [name, { protocols: { [name]: upstreams[name].url }, api_key: upstreams[name].key }]);
  const vendor = { protocols: { responses: `${raw.url}/v1` }, api_key: "up-0123456789", body: { temperature: 0.5 } };
  const aliases = { short: { selector: "in_order", targets: ["vendor/busy", "vendor/compacts"] } };
  gateway = await startGateway({ config: { providers: { ...Object.fromEntries(own), vendor }, aliases } });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.clientKey, maxRetries: 0 });
});
afterAll(async () => {
  raw.stop();
  await gateway.stop();
  await Promise.all(Object.values(upstreams).map((one) => one.stop()));
});

function post(body: object, key = gateway.clientKey): Promise<Response> {
  return fetch(`${gateway.url}/v1/responses/compact`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
}

describe("a provider with the endpoint", () => {
  test("gets the client's bytes, and its answer comes back as it wrote it", async () => {
    const answer = `{"id":"resp_1","object":"response.compaction","created_at":1, "output":[{"id":"cmp_1","type":"compaction","encrypted_content":"gAAAA"}],"usage":{"input_tokens":50,"output_tokens":9,"total_tokens":59},"more":1.0}`;
    raw.on("busy", (visit) => visit.answer(503, { error: { message: "busy" } }));
    raw.on("compacts", (visit) => visit.answer(200, answer));
    const response = await post({ model: "short", input });
    expect(await response.text()).toBe(answer);
    const visit = raw.visits("compacts").at(-1);
    expect([visit?.path, visit?.json]).toEqual(["/v1/responses/compact", { model: "compacts", input }]);
    expect(await gateway.request(response.headers.get("x-request-id") ?? "")).toMatchObject({
      ...{ protocol: "responses", model: "short", target: "vendor/compacts", status: 200, attempts: 2 },
      tokens: { input: 50, output: 9, estimated: false },
    });
  });

  test("an answer that is no compaction is an error", async () => {
    raw.on("odd", (visit) => visit.answer(200, { object: "response", output: [] }));
    expect((await post({ model: "vendor/odd", input })).status).toBe(502);
  });

  test("is not asked in words for what it refuses", async () => {
    raw.on("refuses", (visit) => visit.answer(400, { error: { message: "Too much.", type: "invalid_request_error" } }));
    const response = await post({ model: "vendor/refuses", input });
    expect([response.status, raw.visits("refuses").length]).toEqual([400, 1]);
    expect(await response.json()).toMatchObject({ error: { message: "Too much.", type: "invalid_request_error" } });
  });
});

describe.each(names)("over a provider of %s without it", (name) => {
  const upstream = upstreams[name];

  test("the model writes the summary, and every other provider can read it", async () => {
    const model = upstream.script("short", [{ text: summary, counts }]);
    const short = await client.responses.compact({ model: `${name}/${model}`, input, instructions: "Be brief." });
    expect(upstream.violations(model)).toEqual([]);
    const seen = upstream.seen(model).at(-1);
    expect(seen?.system.join(" ")).toContain("Be brief.");
    expect(seen?.results.map(({ text }) => text)).toEqual(["They are red."]);
    expect(seen?.said.join(" ")).toContain("summary");
    expect(short).toMatchObject({ object: "response.compaction", usage: { input_tokens: 50, output_tokens: 9 } });
    // The matcher writes into what it is given.
    expect(structuredClone(short.output)).toMatchObject([
      { type: "message", role: "user", content: [{ type: "input_text", text: "Tell me about foxes." }] },
      { type: "message", role: "user", content: [{ type: "input_text", text: "And hares?" }] },
      { type: "compaction", id: expect.stringMatching(/^cmp_/), encrypted_content: expect.any(String) },
    ]);
    for (const next of names) {
      const after = upstreams[next].script("after", [{ text: "Hares are brown.", counts }]);
      const items = [
        ...(short.output as OpenAI.Responses.ResponseInputItem[]),
        { role: "user" as const, content: "Go on." },
      ];
      const answer = await client.responses.create({ model: `${next}/${after}`, input: items });
      expect(answer.output_text).toBe("Hares are brown.");
      expect(upstreams[next].violations(after)).toEqual([]);
      expect(upstreams[next].seen(after)[0]?.said.join("|")).toContain(`And hares?|${summary}|Go on.`);
    }
  });

  test("it goes on from a kept answer, and a second summary stands in place of the first", async () => {
    const model = upstream.script("kept", [
      { text: "Foxes are red.", counts },
      { text: "One.", counts },
      { text: "Two.", counts },
    ]);
    const asked = { model: `${name}/${model}` };
    const first = await client.responses.create({ ...asked, input: "Foxes?" });
    const short = await client.responses.compact({ ...asked, previous_response_id: first.id });
    expect(short.output.map(({ type }) => type as string)).toEqual(["message", "compaction"]);
    // Some clients keep of an item only the fields that they know.
    const items = short.output.map(({ id: _id, ...item }) => item) as OpenAI.Responses.ResponseInputItem[];
    const again = await client.responses.compact({ ...asked, input: items });
    expect(again.output.map(({ type }) => type as string)).toEqual(["message", "compaction"]);
    expect(upstream.seen(model).at(-1)?.said.slice(0, 2)).toEqual(["Foxes?", "One."]);
    expect(upstream.violations(model)).toEqual([]);
  });

  test("a model that writes nothing is an error, and the row says what it took", async () => {
    const model = upstream.script("none", [{ calls: [{ id: "call_9", name: "look", args: {} }], counts }]);
    const response = await post({ model: `${name}/${model}`, input });
    expect(response.status).toBe(502);
    expect(await gateway.request(response.headers.get("x-request-id") ?? "")).toMatchObject({
      ...{ status: 502, tokens: { input: 50, output: 9 } },
    });
  });
});

test("a summary that was changed is refused in the client's words", async () => {
  const model = upstreams.chat.script("changed", [{ text: summary, counts }]);
  const short = await client.responses.compact({ model: `chat/${model}`, input });
  const item = short.output.at(-1) as { encrypted_content: string };
  const bytes = Buffer.from(item.encrypted_content, "base64");
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  const response = await fetch(`${gateway.url}/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway.clientKey}` },
    body: JSON.stringify({ model: "chat/x", input: [{ ...item, encrypted_content: bytes.toString("base64") }] }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: "input.0.encrypted_content" } });
});

test("it is held to what every request is held to", async () => {
  expect((await post({ model: "short", input }, "sk-unknown-0123456789")).status).toBe(401);
  const none = await post({ model: "short" });
  expect([none.status, await none.json()]).toMatchObject([400, { error: { param: "input" } }]);
  expect((await post({ model: "nobody/knows", input })).status).toBe(404);
});

test("tokens of a conversation with a summary are counted", async () => {
  const model = upstreams.chat.script("counted", [{ text: summary, counts }]);
  const { output } = await client.responses.compact({ model: `chat/${model}`, input });
  const count = (items: unknown) =>
    client.responses.inputTokens.count({
      model: `chat/${model}`,
      input: items as OpenAI.Responses.ResponseInputItem[],
    });
  const [with_, without] = [await count(output), await count(output.slice(0, -1))];
  expect(with_.input_tokens).toBeGreaterThan(without.input_tokens);
});

test("the SDK of the major version before reads it, too", async () => {
  const model = upstreams.messages.script("sixth", [{ text: summary, counts }]);
  const sixth = new OpenAI6({ baseURL: `${gateway.url}/v1`, apiKey: gateway.clientKey, maxRetries: 0 });
  const short = await sixth.responses.compact({ model: `messages/${model}`, input: "Foxes?" });
  expect(short.output.map(({ type }) => type as string)).toEqual(["message", "compaction"]);
  expect(short.usage.total_tokens).toBe(59);
});
