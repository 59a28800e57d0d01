/** Generators of requests, answers and chunks of this protocol, in the forms that the identity laws are stated for. */
import fc from "fast-check";
import type { Item } from "../../../src/model/chat.ts";
import type { Answer, FinishReason } from "../../../src/model/event.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { parseUsage } from "../../../src/protocols/gemini/usage.ts";

export const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map((text) => `w${text}`);
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,20}$/);
const base64 = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("base64"));
const args = fc
  .dictionary(
    fc.stringMatching(/^[a-z_]{1,6}$/),
    fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.constant({ deep_er: [1] })),
    { maxKeys: 4 },
  )
  .map((entries) => ({ ...entries }) as JsonObject);

const extra = fc.constantFrom<JsonObject>({}, {}, { partMetadata: { a: 1 } });
const text = fc.record({ text: word, more: extra }).map(({ text, more }): JsonObject => ({ text, ...more }));
const media = fc.constantFrom<JsonObject>(
  { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } },
  { inlineData: { mimeType: "application/pdf", data: "JVBERi0=" } },
  { inlineData: { mimeType: "audio/wav", data: "UklGRg==" } },
  { fileData: { mimeType: "video/mp4", fileUri: "https://youtu.be/x" }, videoMetadata: { fps: 1 } },
  { fileData: { fileUri: "https://generativelanguage.googleapis.com/v1beta/files/x", mimeType: "image/png" } },
);
const thought = fc
  .record({ text: word, sealed: fc.boolean(), bytes: base64 })
  .map(
    ({ text, sealed, bytes }): JsonObject => ({ text, thought: true, ...(sealed ? { thoughtSignature: bytes } : {}) }),
  );
const server = fc.constantFrom<JsonObject[]>(
  [
    { executableCode: { language: "PYTHON", code: "1", id: "x" } },
    { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1", id: "x" } },
  ],
  [
    { toolCall: { id: "t", toolType: "GOOGLE_SEARCH_WEB", args: { queries: ["q"] } }, thoughtSignature: "AAAA" },
    { toolResponse: { id: "t", toolType: "GOOGLE_SEARCH_WEB", response: { a_b: 1 } }, thoughtSignature: "AAAB" },
  ],
);

interface Turn {
  thoughts: JsonObject[];
  spoken: JsonObject[];
  calls: { name: string; args: JsonObject; seal: string }[];
  responses: JsonObject[];
  after: JsonObject[];
}

const response = fc.oneof(
  word.map((output): JsonObject => ({ output })),
  word.map((error): JsonObject => ({ error })),
  args.map((output): JsonObject => ({ output })),
  fc.record({ result: word, error: word, output: word }),
);
const turn: fc.Arbitrary<Turn> = fc.record({
  thoughts: fc.array(thought, { maxLength: 1 }),
  spoken: fc.oneof(
    text.map((part) => [part]),
    server,
    fc
      .record({ text: word, bytes: base64 })
      .map(({ text, bytes }) => [{ text, thoughtSignature: bytes }] as JsonObject[]),
    fc
      .record({ text: word, bytes: base64 })
      .map(({ text, bytes }) => [{ text }, { text: "", thoughtSignature: bytes }] as JsonObject[]),
  ),
  calls: fc.array(fc.record({ name, args, seal: base64 }), { maxLength: 3 }),
  responses: fc.array(response, { minLength: 3, maxLength: 3 }),
  after: fc.array(fc.oneof(text, media), { minLength: 1, maxLength: 2 }),
});

/** A conversation in which every call has its response in the next content. */
const conversation = fc
  .record({
    first: fc.array(fc.oneof(text, media), { minLength: 1, maxLength: 3 }),
    turns: fc.array(turn, { maxLength: 3 }),
  })
  .map(({ first, turns }) => {
    const contents: JsonObject[] = [{ role: "user", parts: first }];
    turns.forEach(({ thoughts, spoken, calls, responses, after }, round) => {
      const made = calls.map((call, at): JsonObject => {
        const functionCall = { id: `id_${round}_${at}`, name: call.name, args: call.args };
        return at === 0 ? { functionCall, thoughtSignature: call.seal } : { functionCall };
      });
      contents.push({ role: "model", parts: [...thoughts, ...spoken, ...made] });
      if (calls.length > 0) {
        const parts = calls.map((call, at) => ({
          functionResponse: { id: `id_${round}_${at}`, name: call.name, response: responses[at] ?? {} },
        }));
        contents.push({ role: "user", parts });
      }
      contents.push({ role: "user", parts: after });
    });
    return contents;
  });

const declaration = fc
  .record({
    name,
    schema: fc.option(fc.constant<JsonObject>({ type: "object", properties: { a: { type: "string" } } })),
  })
  .map(
    ({ name, schema }): JsonObject => ({
      ...{ name, description: "d" },
      ...(schema ? { parametersJsonSchema: schema } : {}),
      ...(schema ? { behavior: "BLOCKING" } : {}),
    }),
  );
const tools = fc
  .uniqueArray(declaration, { minLength: 1, maxLength: 3, selector: (one) => one.name })
  .map((functionDeclarations): JsonObject[] => [{ functionDeclarations }, { googleSearch: {} }]);
const calling = fc.constantFrom<JsonObject>(
  { mode: "AUTO" },
  { mode: "NONE" },
  { mode: "ANY" },
  { mode: "ANY", allowedFunctionNames: ["a"] },
  { mode: "VALIDATED", allowedFunctionNames: ["a", "b"] },
  { mode: "VALIDATED" },
);
const generationConfig = fc.record(
  {
    maxOutputTokens: fc.integer({ min: 0, max: 5000 }),
    temperature: fc.constantFrom(0, 0.5, 2),
    topP: fc.constantFrom(0.1, 1),
    topK: fc.integer({ min: 1, max: 50 }),
    candidateCount: fc.integer({ min: 1, max: 3 }),
    stopSequences: fc.array(word, { minLength: 1, maxLength: 5 }),
    seed: fc.integer(),
    presencePenalty: fc.constantFrom(-1, 1),
    frequencyPenalty: fc.constantFrom(-1, 1),
    responseLogprobs: fc.boolean(),
    responseModalities: fc.constantFrom(["TEXT"], ["TEXT", "IMAGE"]),
    thinkingConfig: fc.constantFrom<JsonObject>(
      { thinkingBudget: 0 },
      { thinkingBudget: -1 },
      { thinkingBudget: 99, includeThoughts: true },
      { thinkingLevel: "MINIMAL" },
      { thinkingLevel: "HIGH", includeThoughts: true },
      { includeThoughts: true },
    ),
    speechConfig: fc.constant<JsonObject>({ voiceConfig: { a: 1 } }),
    mediaResolution: fc.constant("MEDIA_RESOLUTION_LOW"),
  },
  { requiredKeys: [] },
);
const format = fc.constantFrom<JsonObject>(
  {},
  { responseMimeType: "text/plain" },
  { responseMimeType: "application/json" },
  { responseMimeType: "application/json", responseJsonSchema: { type: "string" } },
  { responseMimeType: "text/x.enum", responseJsonSchema: { type: "string", enum: ["a"] } },
);

/** Bodies that need no change at all to be sent on. */
export const requestBody: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      contents: conversation,
      systemInstruction: fc.array(text, { minLength: 1, maxLength: 2 }).map((parts) => ({ parts })),
      tooled: fc.record({ tools, calling }),
      config: fc.record({ generationConfig, format }),
      safetySettings: fc.constant<Json>([{ category: "HARM_CATEGORY_HARASSMENT", threshold: "OFF" }]),
      cachedContent: fc.constant("cachedContents/x"),
      labels: fc.constant<JsonObject>({ a: "b" }),
      serviceTier: fc.constantFrom("standard", "flex", "priority"),
      store: fc.boolean(),
      laterField: fc.constant<JsonObject>({ deep_er: [1, "2"] }),
    },
    { requiredKeys: ["contents"] },
  )
  .map(({ tooled, config, ...rest }) => {
    const generation = { ...config?.generationConfig, ...config?.format };
    const body: unknown = {
      ...rest,
      ...(tooled ? { tools: tooled.tools, toolConfig: { functionCallingConfig: tooled.calling } } : {}),
      ...(Object.keys(generation).length > 0 ? { generationConfig: generation } : {}),
    };
    return body as JsonObject;
  });

const seal = base64.map((bytes) => ({ origin: "gemini", form: "thought" as const, bytes }));
const item: fc.Arbitrary<Item> = fc.oneof(
  word.map((value): Item => ({ type: "message", role: "assistant", blocks: [{ type: "text", text: value }] })),
  fc
    .record({ value: word, seal })
    .map(({ value, seal }): Item => ({ type: "reasoning", text: [{ kind: "summary", text: value }], seals: [seal] })),
  fc.record({ callId: id, name, args, seals: fc.option(fc.tuple(seal)) }).map(({ callId, name, args, seals }): Item => {
    const call: Item = { type: "call", kind: "function", callId, name, args: JSON.stringify(args) };
    return seals ? { ...call, seals: [...seals] } : call;
  }),
  fc.constant<Item>({
    ...{ type: "server-call", tool: "code_execution", callId: "x", origin: "gemini" },
    input: { language: "PYTHON", code: "1", id: "x" },
    json: { executableCode: { language: "PYTHON", code: "1", id: "x" } },
  }),
);

const usage = fc.constantFrom<JsonObject>(
  { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
  {
    ...{ promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 3, toolUsePromptTokenCount: 2 },
    ...{ totalTokenCount: 20, cachedContentTokenCount: 4, trafficType: "ON_DEMAND" },
  },
);

function endOf(items: Item[], finish: FinishReason): FinishReason {
  return finish === "stop" && items.some(({ type }) => type === "call") ? "tool-calls" : finish;
}

/** Neighbours that would be one on the wire are left out. */
function apart(items: Item[]): Item[] {
  const ids = new Set<string>();
  return items.filter((one, at) => {
    if (one.type === "call") {
      if (ids.has(one.callId)) return false;
      ids.add(one.callId);
      return true;
    }
    return one.type !== "message" || items[at - 1]?.type !== "message";
  });
}

export const answer: fc.Arbitrary<Answer> = fc
  .record({
    items: fc.array(item, { maxLength: 5 }).map(apart),
    finish: fc.constantFrom<FinishReason>("stop", "filter", "recitation"),
    usage: fc.option(usage),
    refusal: fc.option(word),
  })
  .map(({ items, finish, usage, refusal }): Answer => {
    const end = endOf(items, finish);
    const counted = usage ? parseUsage(usage) : undefined;
    const words = end !== "filter" && end !== "recitation" ? undefined : (refusal ?? undefined);
    const reason = end === "filter" ? "SAFETY" : end === "recitation" ? "RECITATION" : undefined;
    const own = reason ? { finishReason: reason, ...(words ? { finishMessage: words } : {}) } : undefined;
    return {
      ...{ id: "r1", model: "alias", created: 0, items, finish: end },
      ...(words ? { refusal: words } : {}),
      ...(counted ? { usage: counted } : {}),
      ...(own ? { ext: { gemini: { candidate: own } } } : {}),
    };
  });
