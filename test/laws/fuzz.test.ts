import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { allPairs, type Door, openDoor, type ProtocolName, pathOf, secret } from "../recordings/door.ts";
import { bodyOf, conversation } from "./conversation.ts";
import { asksStream, plainQuestion } from "./question.ts";
import { answerOf, type Spec, spec, streamOf } from "./spec.ts";

const pairs = allPairs;
const said: Spec = {
  ...{ text: "so", calls: [], cut: false, pieces: 1, interleaved: false },
  counts: { fresh: 1, cached: 0, written: 0, visible: 1, reasoning: 0 },
};

function doorTo(provider: ProtocolName): Door {
  return openDoor({
    provider,
    answer: (sent) => answerOf(provider, said, asksStream(sent)),
  });
}

async function post(door: Door, client: ProtocolName, body: string | Uint8Array<ArrayBuffer>, isStream = false) {
  const path = pathOf(client, "model", isStream);
  const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
  const response = await door.fetch(`http://localhost${path}`, { method: "POST", headers, body });
  return { status: response.status, text: await response.text() };
}

const openai = {
  error: {
    message: expect.any(String),
    type: "invalid_request_error",
    param: expect.anything(),
    code: expect.anything(),
  },
};
const shapes = {
  chat: openai,
  responses: openai,
  gemini: { error: { code: 400, message: expect.any(String), status: "INVALID_ARGUMENT" } },
  messages: { type: "error", error: { type: "invalid_request_error", message: expect.any(String) } },
};

/** Answered, or refused with a reason in the client's shape; never a failure of ours. */
async function isTaken(door: Door, client: ProtocolName, body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const { status, text } = await post(door, client, body);
  expect(
    door.records
      .at(-1)
      ?.errors.flatMap(({ chain }) => chain)
      .join("\n") ?? "",
  ).not.toContain("TypeError");
  if (status === 200) return;
  const json = JSON.parse(text);
  if (status === 404) expect(json.error.message).toContain("does not exist");
  else {
    expect(status).toBe(400);
    if (client === "chat" || client === "responses") {
      expect(Object.keys(json.error)).toEqual(["message", "type", "param", "code"]);
      json.error.param = json.error.code = "";
    }
    expect(String(json.error.message).length).toBeGreaterThan(10);
    expect(json).toMatchObject(shapes[client]);
  }
}

/** Two turns with this content. */
function dialogue(client: ProtocolName, content: Json): JsonObject {
  const turns = [
    { role: "user", content: "q" },
    { role: "assistant", content },
    { role: "user", content },
  ];
  if (client === "responses") return { input: [...turns, ...(Array.isArray(content) ? content : [])] };
  if (client !== "gemini") return { messages: turns };
  const parts = (role: string) => ({ role, parts: content });
  return { contents: [{ role: "user", parts: [{ text: "q" }] }, parts("model"), parts("user")] };
}

const endings: Record<ProtocolName, RegExp> = {
  chat: /^data: \[DONE\]$|^data: \{"error"|^\{/gm,
  messages: /^event: message_stop$|^event: error$|^\{/gm,
  responses: /^event: (?:response\.(?:completed|incomplete|failed)|error)$|^\{/gm,
  gemini: /"finishReason":"|"blockReason":"|^data: \{"error"|^\{/gm,
};

const keys = [
  ...["input", "instructions", "call_id", "output", "summary", "encrypted_content", "include", "reasoning", "previous"],
  ...["contents", "parts", "functionCall", "functionResponse", "args", "response", "inlineData", "mimeType", "pad"],
  ...["thoughtSignature", "thought", "generationConfig", "thinkingConfig", "functionDeclarations", "systemInstruction"],
  ...["model", "messages", "system", "role", "content", "type", "text", "tools", "tool_choice", "function", "name"],
  ...["parameters", "input_schema", "tool_calls", "id", "arguments", "tool_call_id", "tool_use_id", "input", "stream"],
  ...[
    "max_tokens",
    "stop",
    "stop_sequences",
    "temperature",
    "thinking",
    "budget_tokens",
    "signature",
    "data",
    "source",
  ],
  ...[
    "media_type",
    "image_url",
    "url",
    "file",
    "file_data",
    "response_format",
    "json_schema",
    "schema",
    "output_config",
  ],
  ...["format", "effort", "metadata", "user_id", "stream_options", "include_usage", "n", "logprobs", "cache_control"],
  ...["reasoning_details", "reasoning_effort", "is_error", "citations", "__proto__", "constructor", "toString", ""],
];
const words = [
  ...["input_text", "output_text", "function_call", "function_call_output", "summary_text", "OBJECT", "STRING", "ANY"],
  ...["model", "user", "assistant", "tool", "system", "developer", "text", "image", "image_url", "document", "base64"],
  ...[
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "function",
    "custom",
    "any",
    "auto",
    "none",
    "enabled",
  ],
  ...[
    "json_schema",
    "ephemeral",
    "R1dTMQ==",
    "data:image/png;base64,AAAA",
    "https://a.example",
    "\ud800",
    "",
    "x",
    "constructor",
    "__proto__",
  ],
];
const { tree } = fc.letrec<{ tree: Json; node: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constantFrom<Json>(...words, 0, -1, 1.5, 1e308, null, true, false),
    tie("node"),
  ),
  node: fc.oneof(
    fc.dictionary(fc.constantFrom(...keys), tie("tree"), { maxKeys: 5 }) as fc.Arbitrary<Json>,
    fc.array(tie("tree"), { maxLength: 3 }),
  ),
}));

/** Every place of a value, as the keys that lead there. */
function places(value: Json, path: (string | number)[] = []): (string | number)[][] {
  const inner = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, one]) => places(one as Json, [...path, key]))];
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy in which one place holds something else, or nothing. */
function changed(body: Json, where: number, value: Json | undefined): Json {
  const copy = structuredClone(body);
  const all = places(copy).slice(1);
  const path = all[where % all.length] ?? [];
  const parent = path.slice(0, -1).reduce<Json>((at, key) => (at as JsonObject)[key] as Json, copy) as JsonObject;
  const key = path.at(-1) ?? "";
  if (value !== undefined) parent[key] = value;
  else if (Array.isArray(parent)) (parent as Json[]).splice(Number(key), 1);
  else delete parent[key];
  return copy;
}

describe.each(pairs)("whatever a $client client sends towards a $provider provider", ({ client, provider }) => {
  test("JSON of the right words is answered or refused by name", async () => {
    const door = doorTo(provider);
    const question = plainQuestion(client, false);
    await fc.assert(
      fc.asyncProperty(tree, fc.constantFrom(...keys), fc.boolean(), async (value, key, isList) => {
        await isTaken(door, client, JSON.stringify({ ...question, [key]: value }));
        await isTaken(
          door,
          client,
          JSON.stringify({ ...question, [key]: isList ? [value] : { type: key, [key]: value } }),
        );
        const content = isList ? [value] : [{ type: key, [key]: value }, value];
        await isTaken(door, client, JSON.stringify({ ...question, ...dialogue(client, content) }));
        await isTaken(door, client, JSON.stringify(value));
      }),
      { numRuns: 400 },
    );
    door.close();
  }, 20_000);

  test("a good request with one place changed is answered or refused by name", async () => {
    const door = doorTo(provider);
    await fc.assert(
      fc.asyncProperty(conversation, fc.nat(), fc.option(tree, { nil: undefined }), async (one, where, value) => {
        await isTaken(door, client, JSON.stringify(changed(bodyOf(client, one), where, value)));
      }),
      { numRuns: 800 },
    );
    door.close();
  }, 20_000);

  test("bytes that are cut, doubled or no text at all are refused, not answered with a failure", async () => {
    const door = doorTo(provider);
    const good = JSON.stringify({ ...plainQuestion(client, false), pad: 9 }).replace('"q"', '"grüße 😀"');
    const bytes = new TextEncoder().encode(good);
    for (let at = 0; at <= bytes.length; at++) await isTaken(door, client, bytes.slice(0, at));
    const odd = [
      `\uFEFF${good}`,
      good + good,
      good.replace('"model"', '"model":"other","model"'),
      good.replace("9", "1e999"),
      good.replace("9", "-0"),
      good.replace("9", "12345678901234567890123"),
      good.replace('"q"', '"\\ud800"'),
      good.replace('"pad"', '"__proto__":{"model":1},"pad"'),
      `${"[".repeat(5000)}${"]".repeat(5000)}`,
      good.replace('"grüße 😀"', `${'[{"type":"text","content":'.repeat(300)}1${"}]".repeat(300)}`),
      good.replace('"pad"', '"pad":"x","pad"'),
      "null",
      "[]",
      '"text"',
      "{}",
    ];
    for (const body of odd) await isTaken(door, client, body);
    await isTaken(door, client, new Uint8Array([123, 34, 255, 254, 34, 58, 49, 125]));
    door.close();
  });
});

describe.each(pairs)("whatever a $provider provider answers to a $client client", ({ client, provider }) => {
  const question = (stream: boolean) => JSON.stringify(plainQuestion(client, stream));

  test("a whole answer with one place changed is an answer or an error that names the provider's fault", async () => {
    await fc.assert(
      fc.asyncProperty(spec, fc.nat(), fc.option(tree, { nil: undefined }), async (one, where, value) => {
        const body = changed((await answerOf(provider, one, false).json()) as Json, where, value);
        const door = openDoor({ provider, answer: () => Response.json(body) });
        const { status } = await post(door, client, question(false));
        door.close();
        expect(door.records[0]?.errors ?? []).not.toContainEqual(expect.objectContaining({ code: "internal" }));
        expect(status).not.toBe(500);
      }),
      { numRuns: 600 },
    );
  }, 20_000);

  test("a stream with one frame changed ends once, as it should or with an error", async () => {
    await fc.assert(
      fc.asyncProperty(
        spec,
        fc.nat(),
        fc.nat(),
        fc.option(tree, { nil: undefined }),
        async (one, frame, where, value) => {
          const frames = streamOf(provider, one).split(/(?<=\n\n)/);
          const at = frame % frames.length;
          const [, head = "", data = ""] = /^((?:event: .*\n)?data: )(.*)\n\n$/.exec(frames[at] ?? "") ?? [];
          frames[at] = data.startsWith("{")
            ? `${head}${JSON.stringify(changed(JSON.parse(data), where, value))}\n\n`
            : "";
          const headers = { "content-type": "text/event-stream" };
          const door = openDoor({ provider, answer: () => new Response(frames.join(""), { headers }) });
          const { status, text } = await post(door, client, question(true), true);
          door.close();
          expect(door.records[0]?.errors ?? []).not.toContainEqual(expect.objectContaining({ code: "internal" }));
          expect(status).not.toBe(500);
          if (client === provider) return;
          // Google has no event for the end: the last chunk says the finish, or the error.
          expect(text.match(endings[client]) ?? []).toHaveLength(1);
        },
      ),
      { numRuns: 600 },
    );
  }, 20_000);
});
