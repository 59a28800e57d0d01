/** Conversations that go on from a kept answer, over the compiled binary: each version of the SDK, each kind of provider. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import OpenAI6 from "openai6";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";
import { startChat } from "../support/upstream/chat.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";
import type { Answer, Seen } from "../support/upstream/script.ts";
import type { Upstream } from "../support/upstream/server.ts";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import { thrownBy } from "./client.ts";

// Both versions have the methods that are used here; their types differ in details that are not.
const sdks: [string, typeof OpenAI][] = [
  ["openai 7", OpenAI],
  ["openai 6", OpenAI6 as unknown as typeof OpenAI],
];
const protocols = ["chat", "messages", "responses", "gemini"] as const;
const providers = [...protocols, "second"] as const;
type Provider = (typeof providers)[number];

const mine = "sk-of-the-owner-0123456789";
const other = "sk-of-another-0123456789";
const counts = { input: 40, cached: 0, written: 0, visible: 20, reasoning: 0 };
const say = (text: string): Answer => ({ text, counts });
const call = { id: "call_1", name: "look", args: { city: "Łódź", days: 3 } };
const tools = [
  { type: "function" as const, name: "look", parameters: { type: "object", properties: {} }, strict: false },
];

let upstreams: Record<Provider, Upstream>;
let folder: string;
let plexus: Plexus;

function start(aliases: Record<string, Fields> = {}): Promise<Plexus> {
  const entries = providers.map((name) => {
    const { url, key } = upstreams[name];
    return [name, { protocols: { [name === "second" ? "responses" : name]: url }, api_key: key, cooldown: false }];
  });
  const keys = { owner: { secret: mine }, other: { secret: other } };
  const config = JSON.parse(JSON.stringify({ providers: Object.fromEntries(entries), keys, aliases }));
  return startPlexus({ config, folder, environment: { ENCRYPTION_KEY: "7".repeat(64) } });
}

async function restart(aliases: Record<string, Fields> = {}): Promise<void> {
  expect(await plexus.stop({ keep: true })).toBe(0);
  plexus = await start(aliases);
}

beforeAll(async () => {
  const own = { responses: startResponses(), second: startResponses(), gemini: startGemini() };
  upstreams = { chat: startChat({ router: false }), messages: startMessages(), ...own };
  folder = newFolder();
  plexus = await start();
});
afterAll(async () => {
  expect(await plexus.stop({ keep: true })).toBe(0);
  removeFolder(folder);
  await Promise.all(Object.values(upstreams).map((upstream) => upstream.stop()));
});

function client(Sdk: typeof OpenAI = OpenAI, apiKey = mine): OpenAI {
  return new Sdk({ apiKey, baseURL: `${plexus.url}/v1`, maxRetries: 0 });
}

interface Scripted {
  /** As the client calls it. */
  model: string;
  /** What the provider was asked last, which broke no rule. */
  last(): Seen;
}

function script(provider: Provider, ...steps: Answer[]): Scripted {
  const name = upstreams[provider].script("continuing", steps);
  const last = () => {
    expect(upstreams[provider].violations(name)).toEqual([]);
    const seen = upstreams[provider].seen(name).at(-1);
    if (!seen) throw new Error("the provider was not asked");
    return seen;
  };
  return { model: `${provider}/${name}`, last };
}

/** One turn; each response object of a stream names the answer that it goes on from. */
async function take(sdk: OpenAI, { isStream = false, ...body }: Fields & { isStream?: boolean }): Promise<Fields> {
  const previous = body.previous_response_id ?? null;
  if (!isStream) {
    const response = fieldsOf(JSON.parse(JSON.stringify(await sdk.responses.create({ ...body, stream: false }))));
    expect(response.previous_response_id).toBe(previous);
    return response;
  }
  let last: Fields = {};
  for await (const event of (await sdk.responses.create({ ...body, stream: true })) as AsyncIterable<unknown>) {
    const { response } = fieldsOf(event);
    if (response === undefined) continue;
    last = fieldsOf(response);
    expect(last.previous_response_id).toBe(previous);
  }
  return last;
}

function textOf({ output }: Fields): string {
  const parts = listOf(output).flatMap(({ type, content }) => (type === "message" ? listOf(content) : []));
  return parts.map(({ text }) => String(text)).join("");
}

async function refusal(work: Promise<unknown>): Promise<Fields> {
  const error = await thrownBy(work);
  return fieldsOf({ ...(error as object), message: (error as Error | undefined)?.message });
}

const notFound = {
  ...{ status: 400, type: "invalid_request_error" },
  ...{ code: "previous_response_not_found", param: "previous_response_id" },
};

describe.each(sdks)("%s", (_name, Sdk) => {
  describe.each([...protocols])("over a %s provider", (provider) => {
    test.each([false, true])("goes on for three turns, streamed: %p", async (isStream) => {
      const sdk = client(Sdk);
      const { model, last } = script(provider, say("Two"), say("Four"), say("Six"));
      const first = await take(sdk, { model, input: "One", instructions: "Be brief.", isStream });
      expect(last().system).toEqual(["Be brief."]);
      const input = [{ role: "user", content: [{ type: "input_text", text: "Three" }] }];
      const second = await take(sdk, { model, input, previous_response_id: first.id, isStream });
      expect([last().said, last().system]).toEqual([["One", "Three"], []]);
      const third = await take(sdk, { model, input: "Five", previous_response_id: second.id, isStream });
      expect(last().said).toEqual(["One", "Three", "Five"]);
      expect(new Set([first.id, second.id, third.id]).size).toBe(3);
      expect([first, second, third].map(textOf)).toEqual(["Two", "Four", "Six"]);
      const kept = fieldsOf(await sdk.responses.retrieve(String(third.id)));
      expect([kept.previous_response_id, textOf(kept)]).toEqual([second.id, "Six"]);
      const { data } = await sdk.responses.inputItems.list(String(third.id), { order: "asc" });
      const texts = data.map((item) => String(listOf(fieldsOf(item).content)[0]?.text));
      expect(texts).toEqual(["One", "Two", "Three", "Four", "Five"]);
    });

    test.each([false, true])("answers a call of the turn before, streamed: %p", async (isStream) => {
      const sdk = client(Sdk);
      const { model, last } = script(provider, { text: "Let me look.", calls: [call], counts }, say("Rain"));
      const first = await take(sdk, { model, input: "Weather?", tools, isStream });
      const { call_id } = listOf(first.output).find(({ type }) => type === "function_call") ?? {};
      const input = [{ type: "function_call_output", call_id, output: "wet" }];
      const second = await take(sdk, { model, input, tools, previous_response_id: first.id, isStream });
      const { said, calls, results } = last();
      expect(said).toEqual(["Weather?"]);
      expect(calls).toMatchObject([{ name: call.name, args: call.args }]);
      expect(results).toMatchObject([{ text: "wet" }]);
      expect(results[0]?.id).toBe(String(calls[0]?.id));
      expect(textOf(second)).toBe("Rain");
    });
  });
});

describe.each([...providers])("over a %s provider", (provider) => {
  test("two answers go on from one, and one that is not to be stored goes on, too", async () => {
    const { model, last } = script(provider, say("Two"), say("Left"), say("Right"));
    const sdk = client();
    const first = await take(sdk, { model, input: "One" });
    const left = await take(sdk, { model, input: "To the left", previous_response_id: first.id, store: false });
    expect(last().said).toEqual(["One", "To the left"]);
    await take(sdk, { model, input: "To the right", previous_response_id: first.id });
    expect(last().said).toEqual(["One", "To the right"]);
    const lost = take(sdk, { model, input: "On", previous_response_id: left.id });
    expect(await refusal(lost)).toMatchObject(notFound);
  });

  test("nobody goes on from what is another key's, or is not there", async () => {
    const { model } = script(provider, say("Two"));
    const sdk = client();
    const { id } = await take(sdk, { model, input: "One" });
    const goOn = (one: OpenAI, from: unknown, isStream: boolean) =>
      refusal(take(one, { model, input: "Three", previous_response_id: from, isStream }));
    const never = await goOn(sdk, "resp_never", false);
    expect(never).toMatchObject(notFound);
    const message = String(never.message).replace("resp_never", String(id));
    for (const isStream of [false, true]) {
      expect(await goOn(client(OpenAI, other), id, isStream)).toMatchObject({ ...notFound, message });
    }
    await sdk.responses.delete(String(id));
    expect(await goOn(sdk, id, true)).toMatchObject({ ...notFound, message });
  });

  test("a restart, and the deletion of an earlier turn, end no conversation", async () => {
    const { model, last } = script(provider, say("Two"), say("Four"), say("Six"));
    const first = await take(client(), { model, input: "One", isStream: true });
    await restart();
    const second = await take(client(), { model, input: "Three", previous_response_id: first.id });
    await client().responses.delete(String(first.id));
    await restart();
    await take(client(), { model, input: "Five", previous_response_id: second.id, isStream: true });
    expect(last().said).toEqual(["One", "Three", "Five"]);
  });

  test.each([...providers])("what it began goes on over a %s provider", async (next) => {
    const reasoning = { effort: "low" };
    const include = ["reasoning.encrypted_content"];
    // OpenAI's Chat Completions shows no reasoning.
    const thought = provider === "chat" ? {} : { reasoning: "Hm." };
    const before = script(provider, { ...thought, text: "Let me look.", calls: [call], counts });
    const after = script(next, say("Rain"), say("Sun"));
    const target = (model: string) => ({ turns: { targets: [model] } });
    await restart(target(before.model));
    const asked = { model: "turns", tools, reasoning, include };
    const first = await take(client(), { ...asked, input: "Weather?", isStream: true });
    const { call_id } = listOf(first.output).find(({ type }) => type === "function_call") ?? {};
    await restart(target(after.model));
    const input = [{ type: "function_call_output", call_id, output: "wet" }];
    const second = await take(client(), { ...asked, input, previous_response_id: first.id });
    expect(after.last()).toMatchObject({ said: ["Weather?"], results: [{ text: "wet" }] });
    await take(client(), { ...asked, input: "And then?", previous_response_id: second.id, isStream: true });
    expect(after.last()).toMatchObject({ said: ["Weather?", "And then?"], results: [{ text: "wet" }] });
  });
});

describe.each(["messages", "gemini", "responses"] as const)("over a %s provider", (provider) => {
  test.each([false, true])("sealed reasoning comes back to the one that made it, streamed: %p", async (isStream) => {
    const asked = { tools, reasoning: { effort: "low", summary: "auto" }, include: ["reasoning.encrypted_content"] };
    const { model, last } = script(provider, { reasoning: "Hm.", calls: [call], counts }, say("Rain"));
    const first = await take(client(), { model, ...asked, input: "Weather?", isStream });
    const { call_id } = listOf(first.output).find(({ type }) => type === "function_call") ?? {};
    const input = [{ type: "function_call_output", call_id, output: "wet" }];
    await take(client(), { model, ...asked, input, previous_response_id: first.id, isStream });
    expect(last().proofs.length).toBe(1);
  });
});

test.each([{}, { include: ["reasoning.encrypted_content"] }])(
  "what one account made goes on at another of the same protocol, and back: %j",
  async (more) => {
    const steps = [say("Rain"), say("Sun")];
    const there = script("responses", { reasoning: "Hm.", text: "Let me look.", calls: [call], counts }, ...steps);
    const here = script("second", say("Snow"), say("Fog"));
    const asked = { tools, reasoning: { effort: "low" }, ...more };
    const first = await take(client(), { model: there.model, ...asked, input: "Weather?", isStream: true });
    const input = [{ type: "function_call_output", call_id: call.id, output: "wet" }];
    const second = await take(client(), { model: here.model, ...asked, input, previous_response_id: first.id });
    expect(here.last()).toMatchObject({ said: ["Weather?"], results: [{ text: "wet" }], proofs: [] });
    const third = await take(client(), { ...asked, model: here.model, input: "And?", previous_response_id: second.id });
    await take(client(), { ...asked, model: there.model, input: "Then?", previous_response_id: third.id });
    expect(there.last()).toMatchObject({ said: ["Weather?", "And?", "Then?"], proofs: [] });
  },
);

test("a large conversation goes on, and a reference to one of its items says nothing new", async () => {
  const { model, last } = script("responses", say("Two"), say("Four"));
  const long = "é".repeat(200_000);
  const first = await take(client(), { model, input: long });
  const { id } = listOf(first.output)[0] ?? {};
  const input = [
    { type: "item_reference", id },
    { role: "user", content: long },
  ];
  await take(client(), { model, input, previous_response_id: first.id, isStream: true });
  expect(last().said).toEqual([long, long]);
});

test("an id that is no text, or stands beside a conversation, is refused by name", async () => {
  const { model } = script("chat");
  const wrong = [{ previous_response_id: 5 }, { previous_response_id: "resp_1", conversation: "conv_1" }];
  for (const more of wrong) {
    const refused = await refusal(take(client(), { model, input: "One", ...more }));
    expect(refused).toMatchObject({ status: 400, param: "previous_response_id" });
  }
});
