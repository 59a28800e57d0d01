/** Responses that run in the background, over providers that know nothing of it; driven with the official SDK. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";

const upstreams = { messages: startMessages(), responses: startResponses() };
const counts = { input: 5, cached: 0, written: 0, visible: 9, reasoning: 0 };
type Name = keyof typeof upstreams;

/** Answers nothing until it is told to. */
let open: () => void = () => undefined;
let gate = Promise.resolve();
const close = () => {
  gate = new Promise((resolve) => {
    open = resolve;
  });
};
const slow = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  async fetch(request) {
    await gate;
    const { url } = upstreams.messages;
    const path = new URL(request.url).pathname.replace("/v1", "");
    return fetch(url + path, { method: "POST", headers: request.headers, body: await request.text() });
  },
});

let gateway: Gateway;
let client: OpenAI;
beforeAll(async () => {
  const own = Object.entries(upstreams).map(([name, { url, key }]) => [
    name,
    { protocols: { [name]: url }, api_key: key },
  ]);
  const gated = { protocols: { messages: `http://127.0.0.1:${slow.port}/v1` }, api_key: upstreams.messages.key };
  gateway = await startGateway({ config: { providers: { ...Object.fromEntries(own), gated } } });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.clientKey, maxRetries: 0 });
});
afterAll(async () => {
  open();
  await gateway.stop();
  await slow.stop(true);
  await Promise.all(Object.values(upstreams).map((one) => one.stop()));
});

async function over(id: string): Promise<OpenAI.Responses.Response> {
  for (let tries = 0; tries < 200; tries++) {
    const now = await client.responses.retrieve(id);
    if (now.status !== "queued" && now.status !== "in_progress") return now;
    await Bun.sleep(10);
  }
  throw new Error("it does not end");
}

describe.each(Object.keys(upstreams) as Name[])("over a provider of %s", (name) => {
  const upstream = upstreams[name];

  test("the answer is queued at once, found later under its id, and gone on from", async () => {
    const model = upstream.script("well", [
      { text: "Foxes are red.", counts },
      { text: "And quick.", counts },
    ]);
    const asked = { model: `${name}/${model}`, input: "Tell me about foxes.", background: true };
    const queued = await client.responses.create(asked);
    expect(queued).toMatchObject({ status: "queued", background: true, output: [], model: asked.model, error: null });
    const ended = await over(queued.id);
    expect(ended).toMatchObject({ id: queued.id, status: "completed", background: true, model: asked.model });
    expect(ended.output_text).toBe("Foxes are red.");
    expect(ended.usage).toMatchObject({ input_tokens: 5, output_tokens: 9 });
    const items = await client.responses.inputItems.list(queued.id);
    expect(items.data).toHaveLength(1);
    const next = await client.responses.create({ ...asked, input: "More.", previous_response_id: queued.id });
    expect((await over(next.id)).output_text).toBe("And quick.");
    expect(upstream.violations(model)).toEqual([]);
    expect(upstream.seen(model)[1]?.said).toEqual(["Tell me about foxes.", "More."]);
  });

  test("a stream tells it when it is over", async () => {
    const model = upstream.script("stream", [{ text: "Foxes are red.", counts }]);
    const stream = client.responses.stream({ model: `${name}/${model}`, input: "Foxes?", background: true });
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ status: "completed", output_text: "Foxes are red." });
    expect(upstream.violations(model)).toEqual([]);
    expect((await client.responses.retrieve(final.id)).output_text).toBe("Foxes are red.");
  });

  test("a failure is what is found", async () => {
    const refusal = { status: 400, type: "invalid_request_error", message: "Not about foxes." };
    const model = upstream.script("refused", [refusal]);
    const queued = await client.responses.create({ model: `${name}/${model}`, input: "Foxes?", background: true });
    const ended = await over(queued.id);
    expect(ended).toMatchObject({ id: queued.id, status: "failed", error: { message: "Not about foxes." } });
  });
});

describe("while it runs", () => {
  async function begin(): Promise<OpenAI.Responses.Response> {
    close();
    const model = upstreams.messages.script("gated", [{ text: "Foxes are red.", counts }]);
    return client.responses.create({ model: `gated/${model}`, input: "Foxes?", background: true });
  }

  test("it is in progress, with its input, and goes on though nobody waits", async () => {
    const { id } = await begin();
    expect(await client.responses.retrieve(id)).toMatchObject({ id, status: "in_progress", output: [] });
    expect((await client.responses.inputItems.list(id)).data).toHaveLength(1);
    open();
    expect((await over(id)).output_text).toBe("Foxes are red.");
  });

  test("a stream that is joined begins where the client was, and ends with it", async () => {
    const { id } = await begin();
    const stream = await client.responses.retrieve(id, { stream: true, starting_after: 0 });
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    const reading = (async () => {
      for await (const event of stream) events.push(event);
    })();
    while (events.length === 0) await Bun.sleep(5);
    expect(events.map(({ type }) => type)).toEqual(["response.in_progress"]);
    open();
    await reading;
    expect(events.at(-1)).toMatchObject({ type: "response.completed", response: { id, status: "completed" } });
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at + 1));
  });

  test("it can be cancelled, once, and stays so", async () => {
    const { id } = await begin();
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: "cancelled", background: true });
    expect(await client.responses.retrieve(id)).toMatchObject({ id, status: "cancelled" });
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: "cancelled" });
    open();
    await Bun.sleep(50);
    expect(await client.responses.retrieve(id)).toMatchObject({ status: "cancelled" });
  });

  test("it can be deleted", async () => {
    const { id } = await begin();
    await client.responses.delete(id);
    expect(await client.responses.retrieve(id).catch((error: unknown) => error)).toMatchObject({ status: 404 });
  });

  test("another key finds nothing", async () => {
    const { id } = await begin();
    const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "sk-nobody-at-all", maxRetries: 0 });
    expect(await stranger.responses.retrieve(id).catch((error: unknown) => error)).toMatchObject({ status: 401 });
    open();
    await over(id);
  });
});

test("without store nobody could come back", async () => {
  const asked = client.responses.create({ model: "messages/any", input: "Foxes?", background: true, store: false });
  expect(await asked.catch((error: unknown) => error)).toMatchObject({ status: 400, param: "background" });
});

test("where nothing is kept it is refused before anybody is asked", async () => {
  const { url, key } = upstreams.messages;
  const model = upstreams.messages.script("unkept", [{ text: "Foxes.", counts }]);
  const forgetful = await startGateway({
    config: {
      providers: { messages: { protocols: { messages: url }, api_key: key } },
      settings: { responses: { retention_days: 0 } },
    },
  });
  const asking = new OpenAI({ baseURL: `${forgetful.url}/v1`, apiKey: forgetful.clientKey, maxRetries: 0 });
  const asked = asking.responses.create({ model: `messages/${model}`, input: "Foxes?", background: true });
  const error = (await asked.catch((thrown: unknown) => thrown)) as InstanceType<typeof OpenAI.APIError>;
  expect([error.status, error.param]).toEqual([400, "background"]);
  const row = await forgetful.request(error.headers?.get("x-request-id") ?? "");
  expect(row).toMatchObject({ status: 400, attempts: 0 });
  expect(upstreams.messages.seen(model)).toEqual([]);
  await forgetful.stop();
});

test("the usage row is there, as for any other request", async () => {
  const model = upstreams.messages.script("row", [{ text: "Foxes.", counts }]);
  const { data, response } = await client.responses
    .create({ model: `messages/${model}`, input: "Foxes?", background: true })
    .withResponse();
  await over(data.id);
  const row = await gateway.request(response.headers.get("x-request-id") ?? "");
  expect(row).toMatchObject({ status: 200, tokens: { input: 5, output: 9 }, target: `messages/${model}` });
});
