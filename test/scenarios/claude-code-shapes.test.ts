/** What Claude Code asks beside its tool loop, in its shapes: nothing is refused, and only what cannot be had is lost. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openWorld, type Provider, providers, Scene, type World } from "../sdk/bench.ts";
import type { Client } from "../sdk/client.ts";
import { png } from "../sdk/media.ts";
import type { Fields } from "../support/upstream/shape.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world.stop();
});

const mark = { cache_control: { type: "ephemeral" } };
const question = {
  properties: { q: { type: "string" }, multi: { type: "boolean", default: false } },
  ...{ type: "object", required: ["q"], additionalProperties: false },
};
const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  properties: {
    file_path: { type: "string", description: "The absolute path" },
    limit: { type: "integer", exclusiveMinimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    questions: { type: "array", minItems: 1, maxItems: 4, items: question },
    answers: { type: "object", propertyNames: { type: "string" }, additionalProperties: { type: "string" } },
  },
  ...{ type: "object", required: ["file_path"], additionalProperties: false },
};
const tools = [
  { name: "Read", description: "Reads a file", input_schema: schema },
  { name: "mcp__server__tool", description: "Of a server", input_schema: { type: "object", properties: {} } },
  { name: "TodoWrite", description: "Notes", input_schema: schema, ...mark },
];
const common = {
  max_tokens: 32_000,
  system: [
    { type: "text", text: "x-anthropic-billing-header: cc_version=2.1.0; cch=1;" },
    { type: "text", text: "You are Claude Code.", ...mark },
  ],
  metadata: { user_id: "{}" },
};
const asked = { role: "user", content: [{ type: "text", text: "Read it", ...mark }] };
const read = (id: string) => ({ type: "tool_use", id: `toolu_01${id}`, name: "Read", input: { file_path: "/a" } });
const result = (id: string, content: unknown, more: Fields = {}) => ({
  ...{ type: "tool_result", tool_use_id: `toolu_01${id}`, content },
  ...more,
});
const loop = (calls: Fields[], answer: Fields[]) => ({
  ...{ ...common, tools },
  messages: [asked, { role: "assistant", content: calls }, { role: "user", content: answer }],
});
const titled = { type: "object", properties: { title: { type: "string" } }, required: ["title"] };
const reminder = { type: "text", text: "<system-reminder>Be careful.</system-reminder>" };
const picture = () => ({
  type: "image",
  source: { type: "base64", media_type: "image/png", data: png().toString("base64") },
});

interface Shape {
  body: Fields;
  /** Where it can be asked; without it, everywhere. */
  at?: Provider[];
  /** What may be told as lost or changed, beside what holds for every request. */
  changes?: RegExp;
}

const shapes: Record<string, Shape> = {
  "no thinking": { body: { ...common, tools, messages: [asked], thinking: { type: "disabled" }, temperature: 1 } },
  "adaptive thinking of some effort": {
    body: { ...common, tools, messages: [asked], thinking: { type: "adaptive" }, output_config: { effort: "high" } },
    // It passes through: which models know it is the provider's to say.
    at: ["chat", "responses", "gemini"],
  },
  "a title": {
    body: {
      ...{ ...common, max_tokens: 512, tools: [], messages: [{ role: "user", content: "A title?" }], temperature: 1 },
      output_config: { format: { type: "json_schema", schema: { ...titled, additionalProperties: false } } },
    },
  },
  "one token, to see the quota": {
    body: { max_tokens: 1, messages: [{ role: "user", content: "quota" }], metadata: common.metadata },
    changes: /^clamped max_tokens$/,
  },
  "a web search": {
    body: {
      ...{ ...common, messages: [asked], tool_choice: { type: "tool", name: "web_search" } },
      tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 8 }],
    },
    at: ["responses", "gemini"],
    changes: /^(?:dropped tools\.0\.max_uses|emulated tools\.0|dropped tool_choice|dropped content\.citations)$/,
  },
  "a picture as a result": {
    body: loop([read("a")], [result("a", [picture()]), reminder]),
    changes: /^emulated messages\.2\.content\.0\.content\.0$/,
  },
  "a tool that failed beside one that did not": {
    body: loop(
      [read("a"), read("b")],
      [result("a", "<tool_use_error>No</tool_use_error>", { is_error: true }), result("b", [reminder, reminder], mark)],
    ),
  },
  "an empty result": { body: loop([read("a")], [result("a", "")]) },
  "a call that the user interrupted": {
    body: loop(
      [{ type: "text", text: "(no content)" }, read("a")],
      [
        result("a", "[Request interrupted by user for tool use]", { is_error: true }),
        { type: "text", text: "[Request interrupted by user for tool use]" },
      ],
    ),
  },
  "arguments that are streamed early": {
    body: { ...common, tools: tools.map((one) => ({ ...one, eager_input_streaming: true })), messages: [asked] },
    changes: /^dropped tools\.\d\.eager_input_streaming$/,
  },
};

/** Caches are the provider's own; Google has no user, needs a word for calls that it did not make, and simpler schemas. */
const usual: Record<Provider, RegExp> = {
  messages: /^$/,
  chat: /^dropped cache_control$/,
  responses: /^dropped cache_control$/,
  gemini: /^(?:dropped (?:cache_control|metadata\.user_id)|emulated (?:tools\.\d\.schema|messages\.1\.content\.\d))$/,
};

async function playShape(provider: Provider, { body, changes }: Shape): Promise<void> {
  const client = { protocol: "messages" } as Client;
  const counts = { input: 700, cached: 300, written: 0, visible: 30, reasoning: 0 };
  const scene = new Scene({ world, client, stranger: client, provider, mode: "stream" }, "claude-code-shape", {
    steps: [{ text: '{"title":"Fine"}', counts }],
  });
  const { url, clientKey } = world.gateway;
  const response = await fetch(`${url}/v1/messages?beta=true`, {
    method: "POST",
    headers: {
      ...{ "content-type": "application/json", authorization: `Bearer ${clientKey}` },
      ...{ "anthropic-version": "2023-06-01", "anthropic-beta": "claude-code-20250219,effort-2025-11-24" },
    },
    body: JSON.stringify({ ...body, model: scene.model, stream: true }),
  });
  const text = await response.text();
  expect(world.upstreams[provider].violations(scene.target.split("/")[1] ?? "")).toEqual([]);
  expect(response.status, text).toBe(200);
  expect(text).toContain("event: message_stop");
  const told = response.headers.get("x-plexus-degraded")?.split(", ") ?? [];
  expect(told.filter((one) => !usual[provider].test(one) && !changes?.test(one))).toEqual([]);
}

for (const provider of providers) {
  for (const [name, shape] of Object.entries(shapes)) {
    if (shape.at?.includes(provider) === false) continue;
    test(`${provider} provider: ${name}`, () => playShape(provider, shape));
  }
}
