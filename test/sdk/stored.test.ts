/** Answers that are read again, over the compiled binary: each version of the SDK, each kind of provider. */

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";
import type { Answer } from "../support/upstream/script.ts";
import type { Upstream } from "../support/upstream/server.ts";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import { thrownBy } from "./client.ts";

// Both versions have the methods that are used here; their types differ in details that are not.
const sdks: [string, typeof OpenAI][] = [
  ["openai 7", OpenAI],
  ["openai 6", OpenAI6 as unknown as typeof OpenAI],
];
const providers = ["chat", "messages", "responses", "gemini"] as const;
type Provider = (typeof providers)[number];

const mine = "sk-of-the-owner-0123456789";
const other = "sk-of-another-0123456789";
const counts = { input: 40, cached: 0, written: 0, visible: 20, reasoning: 0 };
const said: Answer = { text: "Grüße aus Plexus, 🐢 und Łódź: a text of some length.", counts };
const calls = [{ id: "call_1", name: "look", args: { city: "Łódź", days: 3 } }];
const turn = [
  { role: "user" as const, content: "One" },
  { role: "assistant" as const, content: "Two" },
  { role: "user" as const, content: [{ type: "input_text" as const, text: "Three" }] },
];
const tools = [
  { type: "function" as const, name: "look", parameters: { type: "object", properties: {} }, strict: false },
];

let upstreams: Record<Provider, Upstream>;
let folder: string;
let plexus: Plexus;

function start(settings: Fields = {}): Promise<Plexus> {
  const entries = providers.map((name) => {
    const { url, key } = upstreams[name];
    return [name, { protocols: { [name]: url }, api_key: key, cooldown: false }];
  });
  const keys = { owner: { secret: mine }, other: { secret: other } };
  const config = JSON.parse(JSON.stringify({ providers: Object.fromEntries(entries), keys, settings }));
  return startPlexus({ config, folder, environment: { ENCRYPTION_KEY: "7".repeat(64) } });
}

beforeAll(async () => {
  upstreams = { chat: startChat({ router: false }), messages: startMessages(), ...others() };
  folder = newFolder();
  plexus = await start();
});
afterAll(async () => {
  expect(await plexus.stop({ keep: true })).toBe(0);
  removeFolder(folder);
  await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
});

function others() {
  return { responses: startResponses(), gemini: startGemini() };
}

function client(Sdk: typeof OpenAI, apiKey = mine): OpenAI {
  return new Sdk({ apiKey, baseURL: `${plexus.url}/v1`, maxRetries: 0 });
}

function script(provider: Provider, ...steps: Answer[]): string {
  return `${provider}/${upstreams[provider].script("stored", steps)}`;
}

/** What came over the wire: the SDK adds members to a whole response. */
function wire(response: unknown): Fields {
  const { output_text: _text, _request_id: _id, ...fields } = fieldsOf(JSON.parse(JSON.stringify(response)));
  return fields;
}

async function collect(stream: unknown): Promise<Fields[]> {
  const events: Fields[] = [];
  for await (const event of stream as AsyncIterable<unknown>) events.push(fieldsOf(event));
  return events;
}

function textOf(events: Fields[]): string {
  return events.map(({ type, delta }) => (type === "response.output_text.delta" ? String(delta) : "")).join("");
}

interface Made {
  response: Fields;
  /** Events of the stream that it came in. */
  events: Fields[] | undefined;
}

async function make(sdk: OpenAI, model: string, { isStream, ...more }: Fields & { isStream: boolean }): Promise<Made> {
  const body = { model, input: turn, ...more };
  if (!isStream) return { response: wire(await sdk.responses.create({ ...body, stream: false })), events: undefined };
  const events = await collect(await sdk.responses.create({ ...body, stream: true }));
  return { response: fieldsOf(events.at(-1)?.response), events };
}

async function refusal(work: Promise<unknown>): Promise<Fields> {
  const error = await thrownBy(work);
  return fieldsOf({ ...(error as object), message: (error as Error | undefined)?.message });
}

describe.each(sdks)("%s", (_name, Sdk) => {
  describe.each([...providers])("over a %s provider", (provider) => {
    test.each([false, true])("reads its answer again, streamed: %p", async (isStream) => {
      const sdk = client(Sdk);
      const { response, events } = await make(sdk, script(provider, said), { isStream });
      const id = String(response.id);
      expect(id).toStartWith("resp_");
      expect(wire(await sdk.responses.retrieve(id))).toEqual(response);

      const replayed = await collect(await sdk.responses.retrieve(id, { stream: true }));
      expect(replayed.map((event) => event.sequence_number)).toEqual(replayed.map((_event, at) => at));
      expect(textOf(replayed)).toBe(said.text ?? "");
      expect(replayed[0]).toMatchObject({ type: "response.created", response: { id, status: "in_progress" } });
      expect(replayed.at(-1)).toMatchObject({ type: "response.completed", response });
      // A client that counts the events of its stream finds the same numbers.
      if (events) expect(replayed.length).toBe(events.length);

      const tail = await collect(await sdk.responses.retrieve(id, { stream: true, starting_after: 4 }));
      expect(tail).toEqual(replayed.slice(5));
      const helped = sdk.responses.stream({ response_id: id, starting_after: 2 });
      expect(wire(await helped.finalResponse()).output).toMatchObject([{ content: [{ text: said.text }] }]);
    });

    test("lists what the model was given, in both orders, page by page", async () => {
      const sdk = client(Sdk);
      const { response } = await make(sdk, script(provider, said), { isStream: false });
      const id = String(response.id);
      const texts = (items: unknown) => listOf(items).map(({ content }) => String(listOf(content)[0]?.text));
      const page = await sdk.responses.inputItems.list(id, { order: "asc", limit: 2 });
      expect(page.has_more).toBe(true);
      const bare = fieldsOf(await sdk.get(`/responses/${id}/input_items`));
      const items = listOf(bare.data);
      expect(bare).toMatchObject({ object: "list", first_id: items[0]?.id, last_id: items[2]?.id, has_more: false });
      expect(texts(page.data)).toEqual(["One", "Two"]);
      const next = await page.getNextPage();
      expect(texts(next.data)).toEqual(["Three"]);
      expect(next.has_more).toBe(false);
      const all = await collect(sdk.responses.inputItems.list(id, { limit: 1 }));
      expect(texts(all)).toEqual(["Three", "Two", "One"]);
      expect(all.map(({ type, role }) => [type, role])).toEqual([
        ["message", "user"],
        ["message", "assistant"],
        ["message", "user"],
      ]);
      expect(new Set(all.map((item) => item.id)).size).toBe(3);
      const after = String(all[1]?.id);
      expect(texts((await sdk.responses.inputItems.list(id, { after })).data)).toEqual(["One"]);
    });

    test("deletes it, and no other key can see or delete it before", async () => {
      const sdk = client(Sdk);
      const stranger = client(Sdk, other);
      const { response } = await make(sdk, script(provider, said), { isStream: true });
      const id = String(response.id);
      const never = await refusal(sdk.responses.retrieve("resp_never"));
      expect(never).toMatchObject({ status: 404, type: "invalid_request_error", code: null });
      const gone = { ...{ status: 404, type: "invalid_request_error", code: null, param: null } };
      const words = String(never.message).replace("resp_never", id);
      const all = (one: OpenAI) => [
        one.responses.retrieve(id),
        one.responses.retrieve(id, { stream: true }),
        one.responses.inputItems.list(id),
        one.responses.cancel(id),
        one.responses.delete(id),
      ];
      for (const refused of await Promise.all(all(stranger).map(refusal))) {
        expect(refused).toMatchObject({ ...gone, message: words });
      }
      expect(await refusal(sdk.responses.cancel(id))).toMatchObject({ status: 400, type: "invalid_request_error" });
      expect(await sdk.delete(`/responses/${id}`)).toMatchObject({ id, object: "response", deleted: true });
      for (const refused of await Promise.all(all(sdk).map(refusal))) {
        expect(refused).toMatchObject({ ...gone, message: words });
      }
    });

    test.each([false, true])("does not find what was not to be stored, streamed: %p", async (isStream) => {
      const sdk = client(Sdk);
      const { response } = await make(sdk, script(provider, said), { isStream, store: false });
      expect(response.store).toBe(false);
      expect(await refusal(sdk.responses.retrieve(String(response.id)))).toMatchObject({ status: 404 });
      expect(await refusal(sdk.responses.delete(String(response.id)))).toMatchObject({ status: 404 });
    });

    test("is asked for by name without a loss", async () => {
      const sdk = client(Sdk);
      const body = { model: script(provider, said), input: "Hello", store: true };
      const { data, response } = await sdk.responses.create(body).withResponse();
      expect(response.headers.get("x-plexus-degraded")).toBeNull();
      expect(wire(await sdk.responses.retrieve(data.id))).toEqual(wire(data));
    });

    test.each([false, true])("reads calls again, streamed: %p", async (isStream) => {
      const sdk = client(Sdk);
      const model = script(provider, { text: "Let me look.", calls, counts });
      const { response, events } = await make(sdk, model, { isStream, tools });
      const id = String(response.id);
      expect(wire(await sdk.responses.retrieve(id))).toEqual(response);
      const replayed = await collect(await sdk.responses.retrieve(id, { stream: true }));
      if (events) expect(replayed.length).toBe(events.length);
      const done = replayed.find(({ type }) => type === "response.function_call_arguments.done");
      expect(JSON.parse(String(done?.arguments))).toEqual(calls[0]?.args);
      const deltas = replayed.filter(({ type }) => type === "response.function_call_arguments.delta");
      expect(deltas.map(({ delta }) => delta).join("")).toBe(String(done?.arguments));
    });
  });
});

describe.each([...providers])("an answer of a %s provider", (provider) => {
  test.each(["error", "cut"] as const)("that breaks off with an %s is kept as failed", async (how) => {
    const sdk = client(OpenAI);
    const long = "word ".repeat(60);
    const { response } = await make(sdk, script(provider, { text: long, counts, breaks: how }), { isStream: true });
    expect(response.status).toBe("failed");
    const kept = wire(await sdk.responses.retrieve(String(response.id)));
    expect(kept).toMatchObject({ ...response, output: kept.output });
    const [last] = (await collect(await sdk.responses.retrieve(String(response.id), { stream: true }))).slice(-1);
    expect(last).toMatchObject({ type: "response.failed", response: kept });
  });
});

test("a request that is refused leaves nothing, and a wrong question is told by its parameter", async () => {
  const sdk = client(OpenAI);
  const { response } = await make(sdk, script("chat", said), { isStream: false });
  const id = String(response.id);
  const wrong: [string, string][] = [
    [`?stream=yes`, "stream"],
    [`?stream=true&starting_after=-1`, "starting_after"],
    [`?stream=true&starting_after=x`, "starting_after"],
    [`/input_items?limit=0`, "limit"],
    [`/input_items?limit=101`, "limit"],
    [`/input_items?order=up`, "order"],
    [`/input_items?after=nobody`, "after"],
  ];
  for (const [path, param] of wrong) {
    expect(await refusal(sdk.get(`/responses/${id}${path}`))).toMatchObject({ status: 400, param });
  }
  expect(await refusal(sdk.put(`/responses/${id}`))).toMatchObject({ status: 405 });
});

test("answers outlive a restart and, once they are written, kill -9; at rest they are sealed", async () => {
  const before = client(OpenAI);
  const { response } = await make(before, script("messages", said), { isStream: true });
  expect(await plexus.stop({ keep: true })).toBe(0);
  plexus = await start();
  const id = String(response.id);
  expect(wire(await client(OpenAI).responses.retrieve(id))).toEqual(response);
  const later = await make(client(OpenAI), script("gemini", said), { isStream: false });
  await Bun.sleep(600);
  await plexus.stop({ keep: true, signal: "SIGKILL" });
  const database = new Database(join(folder, "data", "plexus.db"));
  const rows = JSON.stringify(database.query("SELECT response FROM stored_responses").all());
  const inputs = JSON.stringify(database.query("SELECT input FROM stored_inputs").all());
  database.close();
  expect([rows.includes("Plexus"), inputs.includes("Three"), rows.includes("enc:v2:")]).toEqual([false, false, true]);
  plexus = await start();
  expect(wire(await client(OpenAI).responses.retrieve(String(later.response.id)))).toEqual(later.response);
  const items = await client(OpenAI).responses.inputItems.list(id, { order: "asc" });
  expect(items.data.length).toBe(3);
});

test("answers end with their time", async () => {
  await plexus.stop({ keep: true });
  plexus = await start({ responses: { retention_days: 3 / 86_400 } });
  const sdk = client(OpenAI);
  const { response } = await make(sdk, script("chat", said), { isStream: false });
  const id = String(response.id);
  expect(wire(await sdk.responses.retrieve(id))).toEqual(response);
  await Bun.sleep(3200);
  expect(await refusal(sdk.responses.retrieve(id))).toMatchObject({ status: 404 });
  await plexus.stop({ keep: true });
  plexus = await start({ responses: { retention_days: 0 } });
  const { response: never } = await make(client(OpenAI), script("chat", said), { isStream: true });
  expect(await refusal(client(OpenAI).responses.retrieve(String(never.id)))).toMatchObject({ status: 404 });
});

test("a client that leaves in the middle leaves nothing", async () => {
  await plexus.stop({ keep: true });
  plexus = await start();
  const sdk = client(OpenAI);
  // More than sockets hold: nobody can have sent all of it when the client leaves.
  const model = script("responses", { ...said, text: "word ".repeat(60_000) });
  const stream = await sdk.responses.create({ model, input: "Hello", stream: true });
  let id = "";
  for await (const event of stream) {
    if (event.type === "response.created") id = event.response.id;
    if (event.type === "response.output_text.delta") break;
  }
  stream.controller.abort();
  await Bun.sleep(400);
  expect(await refusal(sdk.responses.delete(id))).toMatchObject({ status: 404 });
  const database = new Database(join(folder, "data", "plexus.db"), { readonly: true });
  const orphans = database
    .query("SELECT id FROM stored_inputs WHERE id NOT IN (SELECT id FROM stored_responses)")
    .all();
  database.close();
  expect(orphans).toEqual([]);
});
