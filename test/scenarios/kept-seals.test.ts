/** Clients that strip what they do not know, in front of strict vendors that want their seals back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { newFolder, type Plexus, removeFolder, startPlexus } from "../support/plexus.ts";
import { startGemini } from "../support/upstream/gemini.ts";
import { startMessages } from "../support/upstream/messages.ts";
import { startResponses } from "../support/upstream/responses.ts";
import type { Answer } from "../support/upstream/script.ts";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";

const counts = { input: 5, cached: 0, written: 0, visible: 9, reasoning: 3 };
const upstreams = { messages: startMessages(), gemini: startGemini(), responses: startResponses() };
const other = startMessages();
type Vendor = keyof typeof upstreams;
const secrets = { one: "sk-of-the-first-0123456789", two: "sk-of-the-second-0123456789" };

const folder = newFolder();
let plexus: Plexus;

function start(): Promise<Plexus> {
  const providers: JsonObject = {};
  for (const [name, { url, key }] of Object.entries({ ...upstreams, other })) {
    const protocol = name === "other" ? "messages" : name;
    providers[name] = { protocols: { [protocol]: url }, api_key: key };
  }
  const keys = { one: { secret: secrets.one }, two: { secret: secrets.two } };
  return startPlexus({ folder, config: { providers, keys } });
}

beforeAll(async () => {
  plexus = await start();
});
afterAll(async () => {
  await plexus.stop();
  await Promise.all([...Object.values(upstreams), other].map((one) => one.stop()));
  removeFolder(folder);
});

const tools = [
  {
    type: "function",
    function: { name: "look", parameters: { type: "object", properties: { at: { type: "string" } } } },
  },
];
const calling = (id: string): Answer => ({
  ...{ reasoning: `It is best to look (${id}).`, text: "Let me look." },
  calls: [{ id, name: "look", args: { at: "here" } }],
  counts,
});

interface Asking {
  provider: string;
  model: string;
  messages: Fields[];
  secret?: string;
  stream?: boolean;
}

/** The message of the answer as a client has it that knows the official fields only. */
async function ask({ provider, model, messages, secret = secrets.one, stream = false }: Asking): Promise<Fields> {
  const response = await fetch(`${plexus.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
    body: JSON.stringify({ model: `${provider}/${model}`, messages, tools, reasoning_effort: "low", stream }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  if (!stream) {
    const message = fieldsOf(listOf(fieldsOf(JSON.parse(text)).choices)[0]?.message);
    return bare(String(message.content ?? ""), listOf(message.tool_calls));
  }
  const chunks = text.split("\n").flatMap((line) => (/^data: \{/.test(line) ? [JSON.parse(line.slice(6))] : []));
  const deltas = chunks.flatMap(({ choices }) => choices).map(({ delta }) => fieldsOf(delta));
  const calls: Fields[] = [];
  for (const part of deltas.flatMap((delta) => listOf(delta.tool_calls))) {
    const at = Number(part.index);
    const before = fieldsOf(calls[at]?.function);
    const now = fieldsOf(part.function);
    const args = `${before.arguments ?? ""}${now.arguments ?? ""}`;
    calls[at] = { id: calls[at]?.id ?? part.id, function: { name: before.name ?? now.name, arguments: args } };
  }
  return bare(deltas.map(({ content }) => content ?? "").join(""), calls);
}

function bare(content: string, calls: Fields[]): Fields {
  const kept = calls.map((call) => {
    const { name, arguments: args } = fieldsOf(call.function);
    return { id: call.id, type: "function", function: { name, arguments: args } };
  });
  return { role: "assistant", content, ...(kept.length > 0 ? { tool_calls: kept } : {}) };
}

function result(message: Fields, content = "A fox."): Fields {
  return { role: "tool", tool_call_id: listOf(message.tool_calls)[0]?.id, content };
}

const question = { role: "user", content: "What is there?" };

describe.each(["messages", "gemini", "responses"] as const)("towards %s", (vendor: Vendor) => {
  const upstream = upstreams[vendor];

  test.each([false, true])("the seal of a turn is put back, streamed %p", async (stream) => {
    const model = upstream.script("kept", [calling("call_1"), { text: "It is a fox.", counts }]);
    const said = await ask({ provider: vendor, model, messages: [question], stream });
    await ask({ provider: vendor, model, messages: [question, said, result(said)], stream });
    expect(upstream.violations(model)).toEqual([]);
    expect(upstream.seen(model)[1]?.proofs).toHaveLength(1);
  });

  test("also after a restart, and in a conversation that went on", async () => {
    const model = upstream.script("restart", [calling("call_1"), calling("call_2"), { text: "A fox.", counts }]);
    const first = await ask({ provider: vendor, model, messages: [question] });
    await plexus.stop({ keep: true });
    plexus = await start();
    const second = await ask({ provider: vendor, model, messages: [question, first, result(first)] });
    await ask({
      ...{ provider: vendor, model },
      messages: [question, first, result(first), second, result(second, "Still a fox.")],
    });
    expect(upstream.violations(model)).toEqual([]);
    expect(upstream.seen(model).map(({ proofs }) => proofs.length)).toEqual([0, 1, 2]);
  });

  test("two conversations with the same texts and ids at their ends never meet", async () => {
    const model = upstream.script("two", [calling("call_1"), calling("call_1"), { text: "A.", counts }]);
    const elsewhere = { role: "user", content: "What was there?" };
    const said = await ask({ provider: vendor, model, messages: [question] });
    const again = await ask({ provider: vendor, model, messages: [elsewhere] });
    expect(again).toEqual(said);
    await ask({ provider: vendor, model, messages: [elsewhere, again, result(again)] });
    const [, , last] = upstream.seen(model);
    expect(last?.proofs).toHaveLength(1);
    expect(upstream.violations(model)).toEqual([]);
    const stranger = upstream.script("stranger", [{ text: "A.", counts }]);
    const third = { role: "user", content: "What will be there?" };
    await ask({ provider: vendor, model: stranger, messages: [third, again, result(again)] });
    expect(upstream.seen(stranger)[0]?.proofs.filter((proof) => last?.proofs.includes(proof))).toEqual([]);
  });

  test("another client key gets none", async () => {
    const model = upstream.script("key", [calling("call_1"), { text: "A.", counts }]);
    const said = await ask({ provider: vendor, model, messages: [question] });
    await ask({ provider: vendor, model, messages: [question, said, result(said)], secret: secrets.two });
    expect(upstream.violations(model)).toEqual([]);
    expect(upstream.seen(model)[1]?.proofs).toEqual([]);
  });
});

test("another account of the same vendor gets none, and the first its own again", async () => {
  const mine = upstreams.messages.script("mine", [calling("call_1"), { text: "A.", counts }]);
  const theirs = other.script("theirs", [{ ...calling("call_2") }]);
  const said = await ask({ provider: "messages", model: mine, messages: [question] });
  const history = [question, said, result(said)];
  const there = await ask({ provider: "other", model: theirs, messages: history });
  expect(other.violations(theirs)).toEqual([]);
  expect(other.seen(theirs)[0]?.proofs).toEqual([]);
  await ask({ provider: "messages", model: mine, messages: [...history, there, result(there)] });
  expect(upstreams.messages.violations(mine)).toEqual([]);
  expect(upstreams.messages.seen(mine)[1]?.proofs).toHaveLength(1);
});

describe("clients of the vendor's own protocol, between two of its accounts", () => {
  const definition = { name: "look", input_schema: { type: "object", properties: { at: { type: "string" } } } };
  const thinking = { type: "enabled", budget_tokens: 1024 };

  async function post(provider: string, model: string, messages: Fields[], stream: boolean): Promise<Fields> {
    const response = await fetch(`${plexus.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": secrets.one, "anthropic-version": "2023-06-01" },
      body: JSON.stringify({
        ...{ model: `${provider}/${model}`, max_tokens: 4000, messages, stream, thinking },
        tools: [definition],
      }),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    if (!stream) return { role: "assistant", content: fieldsOf(JSON.parse(text)).content };
    const blocks: Fields[] = [];
    for (const [, data] of text.matchAll(/^data: (.*)$/gm)) {
      const event = fieldsOf(JSON.parse(data ?? ""));
      const at = Number(event.index);
      if (event.type === "content_block_start") blocks[at] = { ...fieldsOf(event.content_block), json: "" };
      const delta = fieldsOf(event.delta);
      const block = blocks[at];
      if (event.type !== "content_block_delta" || !block) continue;
      if (delta.type === "thinking_delta") block.thinking = `${block.thinking}${delta.thinking}`;
      if (delta.type === "signature_delta") block.signature = delta.signature;
      if (delta.type === "text_delta") block.text = `${block.text}${delta.text}`;
      if (delta.type === "input_json_delta") block.json = `${block.json}${delta.partial_json}`;
    }
    const content = blocks.map(({ json, ...block }) =>
      block.type === "tool_use" ? { ...block, input: JSON.parse(String(json)) } : block,
    );
    return { role: "assistant", content };
  }

  const answer = (said: Fields) => ({
    role: "user",
    content: listOf(said.content)
      .filter(({ type }) => type === "tool_use")
      .map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "A fox." })),
  });

  test.each([false, true])("no seal goes to the account that did not make it, streamed %p", async (stream) => {
    const asked = { role: "user", content: `What is there? ${stream}` };
    const mine = upstreams.messages.script("native", [calling("toolu_1"), { text: "A.", counts }]);
    const theirs = other.script("native", [calling("toolu_2"), { text: "B.", counts }]);
    const first = await post("messages", mine, [asked], stream);
    await Bun.sleep(150);
    const history = [asked, first, answer(first)];
    const second = await post("other", theirs, history, stream);
    await plexus.stop({ keep: true });
    plexus = await start();
    const whole = [...history, second, answer(second)];
    await post("messages", mine, whole, stream);
    await post("other", theirs, whole, stream);
    expect([...upstreams.messages.violations(mine), ...other.violations(theirs)]).toEqual([]);
    expect(upstreams.messages.seen(mine).map(({ proofs }) => proofs.length)).toEqual([0, 1]);
    expect(other.seen(theirs).map(({ proofs }) => proofs.length)).toEqual([0, 1]);
  });
});
