import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { type Plexus, startPlexus } from "../support/plexus.ts";
import { endsWell, type ProtocolName, paths, readFrames } from "./stage.ts";

let plexus: Plexus;
let key = "";
beforeAll(async () => {
  plexus = await startPlexus({});
  key = /^PLEXUS_KEY=(\S+)$/m.exec(plexus.out())?.[1] ?? "";
});
afterAll(() => plexus.stop().then(() => undefined));

/** What both protocols say, in one form. */
interface Said {
  text: string;
  thinking: string;
  calls: { id: string; name: string; args: unknown }[];
  finish: string;
}

interface Turn {
  model?: string;
  history?: JsonObject[];
  more?: JsonObject;
  signal?: AbortSignal;
}

function post(
  protocol: ProtocolName,
  stream: boolean,
  { model = "demo", history, more = {}, signal }: Turn,
): Promise<Response> {
  const messages = history ?? [{ role: "user", content: "Hello there" }];
  const cap = protocol === "messages" ? { max_tokens: 1000 } : {};
  return fetch(plexus.url + paths[protocol], {
    method: "POST",
    headers: { "x-api-key": key },
    body: JSON.stringify({ model, messages, stream, ...cap, ...more }),
    ...(signal ? { signal } : {}),
  });
}

async function say(protocol: ProtocolName, stream: boolean, turn: Turn): Promise<Said> {
  const response = await post(protocol, stream, turn);
  const text = await response.text();
  expect([response.status, text]).toEqual([200, expect.any(String)]);
  if (!stream) return protocol === "chat" ? wholeChat(JSON.parse(text)) : wholeMessages(JSON.parse(text));
  expect(endsWell(protocol, text)).toBe(true);
  return protocol === "chat" ? streamedChat(text) : streamedMessages(text);
}

function wholeChat(body: JsonObject): Said {
  const [choice] = body.choices as { message: JsonObject; finish_reason: string }[];
  const message = choice?.message ?? {};
  const calls = (message.tool_calls ?? []) as { id: string; function: { name: string; arguments: string } }[];
  return {
    text: String(message.content ?? ""),
    thinking: String(message.reasoning_content ?? message.reasoning ?? ""),
    calls: calls.map((call) => ({ id: call.id, name: call.function.name, args: JSON.parse(call.function.arguments) })),
    finish: choice?.finish_reason ?? "",
  };
}

function streamedChat(text: string): Said {
  const message = { content: "", reasoning_content: "", tool_calls: [] as JsonObject[] };
  const calls = new Map<number, { id: string; function: { name: string; arguments: string } }>();
  let finish = "";
  for (const { data } of readFrames(text)) {
    const [choice] = (data?.choices ?? []) as { delta: JsonObject; finish_reason: string | null }[];
    const delta = choice?.delta ?? {};
    message.content += String(delta.content ?? "");
    message.reasoning_content += String(delta.reasoning_content ?? delta.reasoning ?? "");
    for (const part of (delta.tool_calls ?? []) as { index: number; id?: string; function: JsonObject }[]) {
      const call = calls.get(part.index) ?? { id: part.id ?? "", function: { name: "", arguments: "" } };
      call.function.name += String(part.function.name ?? "");
      call.function.arguments += String(part.function.arguments ?? "");
      calls.set(part.index, call);
    }
    finish = choice?.finish_reason ?? finish;
  }
  return wholeChat({ choices: [{ message: { ...message, tool_calls: [...calls.values()] }, finish_reason: finish }] });
}

function wholeMessages(body: JsonObject): Said {
  const blocks = body.content as JsonObject[];
  const of = (type: string) => blocks.filter((block) => block.type === type);
  return {
    text: of("text")
      .map((block) => block.text)
      .join(""),
    thinking: of("thinking")
      .map((block) => block.thinking)
      .join(""),
    calls: of("tool_use").map((block) => ({ id: String(block.id), name: String(block.name), args: block.input })),
    finish: String(body.stop_reason),
  };
}

function streamedMessages(text: string): Said {
  const blocks: (JsonObject & { json?: string })[] = [];
  let stop: unknown;
  for (const { data } of readFrames(text)) {
    const delta = (data?.delta ?? {}) as Record<string, string>;
    const block = blocks[Number(data?.index)];
    if (data?.type === "content_block_start") blocks[Number(data.index)] = { ...(data.content_block as JsonObject) };
    if (delta.type === "text_delta" && block) block.text = `${block.text}${delta.text}`;
    if (delta.type === "thinking_delta" && block) block.thinking = `${block.thinking}${delta.thinking}`;
    if (delta.type === "input_json_delta" && block) block.json = `${block.json ?? ""}${delta.partial_json}`;
    if (data?.type === "message_delta") stop = delta.stop_reason;
  }
  const whole = blocks.map((block) => (block.json ? { ...block, input: JSON.parse(block.json) } : block));
  return wholeMessages({ content: whole as JsonObject[], stop_reason: String(stop) });
}

const parameters = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer", minimum: 3 } },
  required: ["city", "days"],
};
const finishes = {
  chat: { stop: "stop", calls: "tool_calls", length: "length", sequence: "stop" },
  messages: { stop: "end_turn", calls: "tool_use", length: "max_tokens", sequence: "stop_sequence" },
} as const;

function tool(protocol: ProtocolName): JsonObject {
  return protocol === "chat"
    ? { type: "function", function: { name: "weather", description: "d", parameters } }
    : { name: "weather", description: "d", input_schema: parameters };
}

function afterCall(protocol: ProtocolName, id: string): JsonObject[] {
  const user = { role: "user", content: "Weather in Oslo" };
  const args = { city: "Oslo", days: 3 };
  if (protocol === "chat") {
    const call = { id, type: "function", function: { name: "weather", arguments: JSON.stringify(args) } };
    return [
      user,
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: id, content: "12 degrees" },
    ];
  }
  const result = { type: "tool_result", tool_use_id: id, content: "12 degrees" };
  return [
    user,
    { role: "assistant", content: [{ type: "tool_use", id, name: "weather", input: args }] },
    { role: "user", content: [result] },
  ];
}

/** The head of a PNG of 7 x 5 pixels, which is all that is looked at. */
const png = Buffer.from("89504e470d0a1a0a0000000d494844520000000700000005080200000000000000", "hex").toString("base64");
const gif = Buffer.concat([Buffer.from("GIF89a"), Buffer.from([9, 0, 4, 0, 0, 0, 0])]).toString("base64");

function image(protocol: ProtocolName, type: string, data: string): JsonObject {
  return protocol === "chat"
    ? { type: "image_url", image_url: { url: `data:${type};base64,${data}` } }
    : { type: "image", source: { type: "base64", media_type: type, data } };
}

const modes = (["chat", "messages"] as const).flatMap((protocol) => [
  [protocol, false] as const,
  [protocol, true] as const,
]);

describe.each(modes)("the demo model over %s (stream: %p)", (protocol, stream) => {
  const finish = finishes[protocol];
  const talk = (turn: Turn) => say(protocol, stream, turn);

  test.concurrent("says what it was sent, the same each time", async () => {
    const [one, two] = await Promise.all([talk({}), talk({})]);
    expect(one).toEqual(two);
    expect(one.text).toContain("I got 1 user message");
    expect(one.text).toContain("You said: Hello there");
    expect(one).toMatchObject({ finish: finish.stop, calls: [], thinking: "" });
  });

  test.concurrent("calls an offered tool once, with arguments that fit, and then uses the result", async () => {
    const more = { tools: [tool(protocol)] };
    const first = await talk({ more, history: [{ role: "user", content: "Weather in Oslo" }] });
    expect(first.finish).toBe(finish.calls);
    expect(first.calls).toEqual([
      { id: expect.any(String), name: "weather", args: { city: "Weather in Oslo", days: 3 } },
    ]);
    const second = await talk({ more, history: afterCall(protocol, first.calls[0]?.id ?? "") });
    expect(second).toMatchObject({ finish: finish.stop, calls: [] });
    expect(second.text).toContain("The tool answered: 12 degrees");
  });

  test.concurrent("keeps to the choice of tools", async () => {
    const none = protocol === "chat" ? "none" : { type: "none" };
    const refused = await talk({ more: { tools: [tool(protocol)], tool_choice: none } });
    expect(refused.calls).toEqual([]);
    const forced = protocol === "chat" ? "required" : { type: "any" };
    const again = { tools: [tool(protocol)], tool_choice: forced };
    expect((await talk({ more: again, history: afterCall(protocol, "call_1") })).calls).toHaveLength(1);
  });

  test.concurrent("sees the size of images", async () => {
    const content = [
      { type: "text", text: "What is it?" },
      image(protocol, "image/png", png),
      image(protocol, "image/gif", gif),
    ];
    const { text } = await talk({ history: [{ role: "user", content }] });
    expect(text).toContain("I see an image of 7 x 5 pixels");
    expect(text).toContain("I see an image of 9 x 4 pixels");
  });

  test.concurrent("thinks when asked", async () => {
    const more =
      protocol === "chat"
        ? { reasoning_effort: "low" }
        : { thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 2000 };
    const said = await talk({ more });
    expect(said.thinking).toContain("The user sent 1 item");
    expect(said.text).toContain("You said: Hello there");
  });

  test.concurrent("keeps to the most tokens and to stop sequences", async () => {
    const short = await talk({ more: { max_tokens: 4 } });
    expect(short).toMatchObject({ text: "This is the demo", finish: finish.length });
    const stop = protocol === "chat" ? { stop: ["Plexus"] } : { stop_sequences: ["Plexus"] };
    const stopped = await talk({ more: stop });
    expect(stopped).toMatchObject({ text: "This is the demo model of ", finish: finish.sequence });
  });

  test.concurrent("fills a schema", async () => {
    const schema = { ...parameters, additionalProperties: false };
    const more =
      protocol === "chat"
        ? { response_format: { type: "json_schema", json_schema: { name: "trip", schema, strict: true } } }
        : { output_config: { format: { type: "json_schema", schema } } };
    const { text } = await talk({ more });
    expect(JSON.parse(text)).toEqual({ city: "Hello there", days: 3 });
  });

  test.concurrent("fails as its name says", async () => {
    const cases: [string, number, string][] = [
      ["fail-429", 429, "rate_limit_error"],
      ["fail-500", 502, protocol === "chat" ? "server_error" : "api_error"],
      ["fail-529", protocol === "chat" ? 503 : 529, protocol === "chat" ? "server_error" : "overloaded_error"],
    ];
    for (const [model, status, type] of cases) {
      const response = await post(protocol, stream, { model: `demo/${model}` });
      expect([model, response.status]).toEqual([model, status]);
      expect(await response.json()).toMatchObject({ error: { type } });
      expect(response.headers.get("retry-after")).toBe(model === "fail-429" ? "20" : null);
    }
  });

  test.concurrent("is slow, but answers", async () => {
    const began = performance.now();
    const { text } = await talk({ model: "demo/slow" });
    expect(performance.now() - began).toBeGreaterThan(4900);
    expect(text).toContain("Hello there");
  });

  test.concurrent("cuts its answer", async () => {
    const response = await post(protocol, stream, { model: "demo/cut" });
    const text = await response.text();
    expect(response.status).toBe(stream ? 200 : 502);
    expect(endsWell(protocol, text)).toBe(false);
    expect(text).toContain('"error"');
    if (stream) expect(text).toContain("This");
  });

  test.concurrent("hangs until the client leaves", async () => {
    const gone = AbortSignal.timeout(700);
    const began = performance.now();
    const hanging = post(protocol, stream, { model: "demo/hang", signal: gone });
    await expect(hanging.then((response) => response.text())).rejects.toThrow();
    expect(performance.now() - began).toBeGreaterThan(600);
  });
});

test("what the demo model used is counted", async () => {
  const response = await post("chat", false, {});
  const body = (await response.json()) as { usage: JsonObject };
  const row = await plexus.row(response.headers.get("x-request-id"));
  expect(row).toMatchObject({ target: "demo/demo", alias: "demo", key: "default", status: 200 });
  expect(row.tokens).toMatchObject({
    input: body.usage.prompt_tokens,
    output: body.usage.completion_tokens,
    estimated: false,
  });
});

test("a count of the demo model's tokens is an estimate", async () => {
  const response = await fetch(`${plexus.url}/v1/messages/count_tokens`, {
    method: "POST",
    headers: { "x-api-key": key, "content-type": "application/json" },
    body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "a".repeat(350) }] }),
  });
  expect(await response.json()).toEqual({ input_tokens: 104 });
  expect(response.headers.get("x-plexus-degraded")).toBe("estimated input_tokens");
});

test("a conversation with the demo model is made short, and goes on", async () => {
  const ask = async (path: string, body: JsonObject) => {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(plexus.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as JsonObject };
  };
  const short = await ask("/v1/responses/compact", { model: "demo", input: "Hello there" });
  expect(short).toMatchObject({ status: 200, body: { object: "response.compaction" } });
  const { output } = short.body as { output: JsonObject[] };
  expect(output.map(({ type }) => type)).toEqual(["message", "compaction"]);
  expect(await ask("/v1/responses", { model: "demo", input: output })).toMatchObject({ status: 200 });
});
