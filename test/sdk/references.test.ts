/** Requests that refer to items of kept answers by their ids alone, as SDK clients of Responses do. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import OpenAI from "openai";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";

const upstreams = { messages: startMessages(), responses: startResponses(), second: startResponses() };
type Name = keyof typeof upstreams;
const keys = { owner: "sk-of-the-owner-0123456789", other: "sk-of-another-0123456789" };
const counts = { input: 5, cached: 0, written: 0, visible: 9, reasoning: 3 };
const tools = [
  { type: "function" as const, name: "look", parameters: { type: "object", properties: {} }, strict: false },
];

const folder = newFolder();
let plexus: Plexus;
const start = () => {
  const providers = Object.fromEntries(
    Object.entries(upstreams).map(([name, { url, key }]) => {
      return [name, { protocols: { [name === "second" ? "responses" : name]: url }, api_key: key }];
    }),
  );
  const secrets = { owner: { secret: keys.owner }, other: { secret: keys.other } };
  return startPlexus({ folder, config: { providers, keys: secrets } });
};
beforeAll(async () => {
  plexus = await start();
});
afterAll(async () => {
  await plexus.stop({ keep: true });
  removeFolder(folder);
  await Promise.all(Object.values(upstreams).map((one) => one.stop()));
});

const client = (apiKey = keys.owner) => new OpenAI({ apiKey, baseURL: `${plexus.url}/v1`, maxRetries: 0 });
let question = { role: "user" as const, content: "" };
let asked = 0;

async function called(
  name: Name,
  include: OpenAI.Responses.ResponseIncludable[] = [],
): Promise<OpenAI.Responses.Response> {
  // Equal conversations of one key are one: each asks something else.
  question = { role: "user" as const, content: `What is there, for the ${++asked}th time?` };
  const calls = [{ id: "call_1", name: "look", args: { at: "here" } }];
  const model = upstreams[name].script("first", [{ reasoning: "Look.", text: "Let me look.", calls, counts }]);
  return client().responses.create({ model: `${name}/${model}`, input: [question], tools, include });
}

function followUp({ output }: OpenAI.Responses.Response): OpenAI.Responses.ResponseInput {
  const references = output.map((item) => ({ type: "item_reference" as const, id: item.id ?? "" }));
  return [question, ...references, { type: "function_call_output", call_id: "call_1", output: "A fox." }];
}

test.each<[Name, Name]>([
  ["messages", "messages"],
  ["messages", "responses"],
  ["responses", "messages"],
  ["responses", "second"],
  ["responses", "responses"],
])("items of an answer of %s are what %s is given in their place", async (first, then) => {
  const before = await called(first, ["reasoning.encrypted_content"]);
  const upstream = upstreams[then];
  const model = upstream.script("then", [{ text: "It is a fox.", counts }]);
  const answer = await client().responses.create({ model: `${then}/${model}`, input: followUp(before), tools });
  expect(answer.output_text).toBe("It is a fox.");
  expect(upstream.violations(model)).toEqual([]);
  expect(upstream.seen(model)[0]).toMatchObject({
    calls: [{ id: "call_1", name: "look", args: { at: "here" } }],
    results: [{ id: "call_1", text: "A fox." }],
  });
  const isHome = first === then;
  expect(upstream.seen(model)[0]?.proofs).toHaveLength(isHome ? 1 : 0);
});

test("reasoning that was not asked for with its seal is left out", async () => {
  const before = await called("responses");
  const model = upstreams.responses.script("bare", [{ text: "It is a fox.", counts }]);
  const answer = await client().responses.create({ model: `responses/${model}`, input: followUp(before), tools });
  expect(answer.output_text).toBe("It is a fox.");
  expect(upstreams.responses.seen(model)[0]?.proofs).toEqual([]);
});

test("they are known after a restart, and gone with their answer", async () => {
  const before = await called("messages");
  await plexus.stop({ keep: true });
  plexus = await start();
  const model = upstreams.messages.script("restart", [{ text: "It is a fox.", counts }]);
  const again = { model: `messages/${model}`, input: followUp(before), tools };
  expect((await client().responses.create(again)).output_text).toBe("It is a fox.");
  await client().responses.delete(before.id);
  expect(
    await client()
      .responses.create(again)
      .catch((error: unknown) => error),
  ).toMatchObject({ status: 400 });
});

test("another key's items are unknown, and told by their place", async () => {
  const before = await called("messages");
  const model = upstreams.messages.script("stranger", [{ text: "It is a fox.", counts }]);
  const refused = client(keys.other).responses.create({ model: `messages/${model}`, input: followUp(before), tools });
  expect(await refused.catch((error: unknown) => error)).toMatchObject({ status: 400, param: "input.1" });
  expect(upstreams.messages.seen(model)).toEqual([]);
});
