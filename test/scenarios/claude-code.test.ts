/** Requests in the shape of Claude Code's, over the compiled binary, with every provider protocol. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openWorld, type Provider, providers, Scene, type World } from "../sdk/bench.ts";
import type { Client } from "../sdk/client.ts";
import type { Answer, Counts } from "../support/upstream/script.ts";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world.stop();
});

const betas = [
  ...["claude-code-20250219", "interleaved-thinking-2025-05-14", "context-management-2025-06-27"],
  ...["effort-2025-11-24", "mid-conversation-system-2026-04-07", "something-nobody-knows-2027-01-01"],
].join(",");

function headers(more: Record<string, string> = {}): Record<string, string> {
  const { clientKey } = world.gateway;
  return {
    ...{
      "content-type": "application/json",
      accept: "application/json",
      "user-agent": "claude-cli/2.1.0 (external, cli)",
    },
    ...{ authorization: `Bearer ${clientKey}`, "x-api-key": clientKey, "x-app": "cli" },
    ...{ "anthropic-version": "2023-06-01", "anthropic-beta": betas },
    ...{
      "anthropic-dangerous-direct-browser-access": "true",
      "x-stainless-lang": "js",
      "x-stainless-retry-count": "0",
    },
    "x-claude-code-session-id": "0a6f0c9e-3b1e-4c51-9d4f-0f6f6b1c7e11",
    ...more,
  };
}

const mark = { cache_control: { type: "ephemeral", ttl: "1h" } };
const schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: { file_path: { type: "string", description: "The absolute path" }, limit: { type: "number" } },
  required: ["file_path"],
  additionalProperties: false,
};
const tools = [
  { name: "Read", description: "Reads a file", input_schema: schema },
  { name: "Bash", description: "Runs a command", input_schema: { ...schema, required: [] }, ...mark },
];

interface Turn {
  model: string;
  stream: boolean;
  messages: Fields[];
}

let requests = 0;

/** The first line of the system text is another one in every request. */
function bodyOf({ model, stream, messages }: Turn): Fields {
  requests++;
  return {
    model,
    max_tokens: 32_000,
    stream,
    messages,
    system: [
      { type: "text", text: `x-anthropic-billing-header: cc_version=2.1.0; cch=${requests};` },
      { type: "text", text: "You are Claude Code.", ...mark },
      { type: "text", text: "# Environment\nToday is a day.", ...mark },
    ],
    tools,
    thinking: { type: "enabled", budget_tokens: 10_000 },
    context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
    metadata: { user_id: JSON.stringify({ device_id: "d".repeat(64), account_uuid: "", session_id: "0a6f0c9e" }) },
  };
}

function post(path: string, body: Fields): Promise<Response> {
  return fetch(`${world.gateway.url}${path}`, { method: "POST", headers: headers(), body: JSON.stringify(body) });
}

/** The content of an answer, as the client puts it together. */
async function contentOf(response: Response, stream: boolean): Promise<{ content: Fields[]; stop: unknown }> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  if (!stream) {
    const { content, stop_reason: stop } = fieldsOf(JSON.parse(text));
    return { content: listOf(content), stop };
  }
  const content: Fields[] = [];
  let input = "";
  let stop: unknown;
  for (const [, line] of text.matchAll(/^data: (.*)$/gm)) {
    const event = fieldsOf(JSON.parse(line ?? ""));
    const block = content.at(-1);
    const delta = fieldsOf(event.delta);
    if (event.type === "content_block_start") {
      expect(event.index).toBe(content.length);
      content.push({ ...fieldsOf(event.content_block) });
      input = "";
    } else if (event.type === "content_block_delta" && block) {
      expect(event.index).toBe(content.length - 1);
      if (delta.type === "input_json_delta") input += delta.partial_json;
      if (delta.type === "text_delta") block.text = `${block.text}${delta.text}`;
      if (delta.type === "thinking_delta") block.thinking = `${block.thinking}${delta.thinking}`;
      if (delta.type === "signature_delta") block.signature = delta.signature;
    } else if (event.type === "content_block_stop" && block?.type === "tool_use")
      block.input = JSON.parse(input || "{}");
    else if (event.type === "message_delta") stop = delta.stop_reason;
  }
  return { content, stop };
}

const counts: Counts = { input: 700, cached: 300, written: 0, visible: 30, reasoning: 0 };
const thought: Counts = { ...counts, reasoning: 20 };

function sceneOf(provider: Provider, mode: "whole" | "stream", steps: Answer[]): Scene {
  // No request is made by an SDK: the scene lends its upstream and its model.
  const client = { protocol: "messages" } as Client;
  return new Scene({ world, client, stranger: client, provider, mode }, "claude-code", { steps });
}

function stepsOf(provider: Provider): Answer[] {
  const call = (at: number) => ({
    ...{ id: `${provider === "messages" ? "toolu" : "call"}_0${at}read`, name: "Read" },
    args: { file_path: `/work/file ${at}.txt` },
  });
  const reasoned = (reasoning: string) => (provider === "chat" ? { counts } : { reasoning, counts: thought });
  return [
    { ...reasoned("I read the first one."), text: "First.", calls: [call(0)] },
    { ...reasoned("Then the second one."), calls: [call(1)] },
    { ...reasoned("Now I know."), text: "Both say hello." },
  ];
}

const opening: Fields[] = [
  {
    role: "user",
    content: [
      { type: "text", text: "<system-reminder>\nThe folder is empty.\n</system-reminder>" },
      { type: "text", text: "Read both files", ...mark },
    ],
  },
  { role: "system", content: "The plan mode is off." },
];

async function toolLoop(provider: Provider, stream: boolean): Promise<void> {
  const steps = stepsOf(provider);
  const scene = sceneOf(provider, stream ? "stream" : "whole", steps);
  const messages = [...opening];
  for (const [at, step] of steps.entries()) {
    const response = await post("/v1/messages?beta=true", bodyOf({ model: scene.model, stream, messages }));
    const { content, stop } = await contentOf(response, stream);
    expect(world.upstreams[provider].violations(scene.target.split("/")[1] ?? "")).toEqual([]);
    expect(stop).toBe(step.calls ? "tool_use" : "end_turn");
    // A block of thinking without words holds what the provider wants back.
    const thinking = content.filter(({ type }) => type === "thinking");
    expect(thinking.map((block) => block.thinking).join("")).toBe(step.reasoning ?? "");
    for (const { signature } of thinking) expect(String(signature)).not.toBe("");
    expect(content.flatMap(({ type }) => (type === "thinking" ? [] : [type]))).toEqual([
      ...(step.text === undefined ? [] : ["text"]),
      ...(step.calls ? ["tool_use"] : []),
    ]);
    const seen = scene.last();
    expect(seen.results.map(({ text }) => text)).toEqual(["hello 0", "hello 1"].slice(0, at));
    expect(seen.calls).toEqual(steps.slice(0, at).flatMap(({ calls = [] }) => calls));
    expect(seen.proofs.length).toBe(provider === "chat" ? 0 : at);
    expect(seen.tools.map(({ name }) => name)).toEqual(["Read", "Bash"]);
    expect(seen.maxTokens).toBe(32_000);
    expect([...seen.system, ...seen.said].join("\n")).toContain("The plan mode is off.");
    const [used] = content.filter(({ type }) => type === "tool_use");
    messages.push({ role: "assistant", content });
    if (!used) continue;
    const result = { tool_use_id: used.id, type: "tool_result", content: `hello ${at}` };
    messages.push({ role: "user", content: [result] }, { role: "system", content: `Reminder ${at}.` });
  }
  const wanted = { protocol: "messages", status: 200, code: null, tokens: { input: 1000, cache_read: 300 } };
  const rows = await rowsOf(scene.model, steps.length);
  expect(rows).toMatchObject(steps.map(() => wanted));
}

/** Rows are stored a moment after the answer. */
async function rowsOf(name: string, count: number): Promise<Fields[]> {
  for (let tries = 0; ; tries++) {
    const rows = (await world.gateway.requests()).filter(({ model }) => model === name);
    if (rows.length >= count || tries === 150) return rows;
    await Bun.sleep(20);
  }
}

describe("a tool loop of two rounds", () => {
  for (const provider of providers) {
    for (const stream of [false, true]) {
      test(`${provider} provider, ${stream ? "streamed" : "whole"}`, () => toolLoop(provider, stream));
    }
  }
});

describe("what it asks beside answers", () => {
  test.each(providers)("a count of tokens, %s provider", async (provider) => {
    const scene = sceneOf(provider, "whole", []);
    const {
      max_tokens: _most,
      stream: _stream,
      metadata: _user,
      ...body
    } = bodyOf({
      ...{ model: scene.model, stream: false },
      messages: opening,
    });
    const responses = await Promise.all(
      Array.from({ length: 40 }, () => post("/v1/messages/count_tokens?beta=true", body)),
    );
    for (const response of responses) {
      expect(response.status).toBe(200);
      expect(Number(fieldsOf(await response.json()).input_tokens)).toBeGreaterThan(50);
    }
  });

  test("models, in Anthropic's shape", async () => {
    const response = await fetch(`${world.gateway.url}/v1/models?limit=1000`, { headers: headers() });
    expect(response.status).toBe(200);
    const { data, has_more: more } = fieldsOf(await response.json());
    expect(more).toBe(false);
    expect(listOf(data).find(({ id }) => id === "favourite")).toMatchObject({ type: "model", id: "favourite" });
  });

  test("HEAD requests that warm a connection up are no errors of the server's", async () => {
    for (const path of ["/", "/v1/messages", "/v1/messages?beta=true"]) {
      const response = await fetch(`${world.gateway.url}${path}`, { method: "HEAD", headers: headers() });
      expect(response.status).toBeLessThan(500);
      expect(await response.text()).toBe("");
    }
    const id = crypto.randomUUID();
    await fetch(world.gateway.url, { method: "HEAD", headers: { "x-client-request-id": id } });
    // Rows are written in turn: when that of a later request is there, one of this would be, too.
    const later = await post("/v1/messages", { model: "nothing-like-this", max_tokens: 5, messages: opening });
    expect(await world.gateway.request(later.headers.get("x-request-id") ?? "")).toMatchObject({ status: 404 });
    const rows = await world.gateway.requests();
    expect(rows.filter((row) => row.client_request_id === id)).toEqual([]);
  });

  test("either credential will do, also beside one that is not ours", async () => {
    const { clientKey } = world.gateway;
    const pairs = [
      { authorization: `Bearer ${clientKey}`, "x-api-key": "" },
      { authorization: "", "x-api-key": clientKey },
      { authorization: `Bearer ${clientKey}`, "x-api-key": "sk-ant-of-somewhere-else" },
      { authorization: "Bearer of-somewhere-else", "x-api-key": clientKey },
    ];
    for (const pair of pairs) {
      const used = Object.fromEntries(Object.entries(headers(pair)).filter(([, value]) => value !== ""));
      const response = await fetch(`${world.gateway.url}/v1/models?limit=1000`, { headers: used });
      expect(response.status).toBe(200);
    }
  });
});
