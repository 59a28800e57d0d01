/** Requests of the Gemini API. The SDK's types are those of its own calls; `wireRequest` puts them as they are sent. */
import { readFileSync } from "node:fs";
import type { JsonObject } from "../../src/model/json.ts";
import type { Member } from "./declarations.ts";
import { type Dialect, declarations, isObject, listOf, modules, pixels } from "./dialect.ts";
import type { ObjectShape } from "./inventory.ts";

const types = `${modules}/@google/genai/dist/genai.d.ts`;
const schema = { type: "object", properties: { zqmark: { type: "string" } } };
const hello = { role: "user", parts: [{ text: "hello" }] };

/** Members of the SDK's configuration that it writes beside `generationConfig`: read from the code that does so. */
function topLevel(): Set<string> {
  const code = readFileSync(`${modules}/@google/genai/dist/index.mjs`, "utf8");
  const start = code.indexOf("\nfunction generateContentConfigToMldev(");
  const body = code.slice(start, code.indexOf("\n}\n", start));
  const written = body.matchAll(/setValueByPath\(parentObject, \['(\w+)'\]/g);
  return new Set([...written].map((match) => match[1] ?? ""));
}

/** Members that steer the SDK itself. */
const ofTheSdk = new Set(["httpOptions", "abortSignal", "automaticFunctionCalling", "automaticContinuation"]);

function wireRequest(): ObjectShape {
  const config = declarations.shape(types, "GenerateContentConfig") as ObjectShape;
  const beside = topLevel();
  const members = declarations.members(config).filter(({ name }) => !ofTheSdk.has(name));
  const content = declarations.shape(types, "Content");
  const list = (name: string): Member["shape"] => ({ kind: "list", of: declarations.shape(types, name) });
  const retyped: Record<string, Member["shape"]> = {
    systemInstruction: content,
    tools: list("Tool"),
    speechConfig: declarations.shape(types, "SpeechConfig"),
    responseSchema: declarations.shape(types, "Schema"),
  };
  const wired = members.map((member) => ({ ...member, shape: retyped[member.name] ?? member.shape }));
  const inside: ObjectShape = {
    kind: "object",
    name: "GenerationConfig",
    bases: [],
    members: wired.filter(({ name }) => !beside.has(name)),
  };
  return {
    kind: "object",
    name: "GenerateContentRequest",
    bases: [],
    members: [
      { name: "contents", optional: false, shape: { kind: "list", of: content } },
      ...wired.filter(({ name }) => beside.has(name)),
      { name: "generationConfig", optional: true, shape: inside },
    ],
  };
}

const ofModel = [
  "functionCall",
  "executableCode",
  "codeExecutionResult",
  "toolCall",
  "toolResponse",
  "thought",
  "thoughtSignature",
];
const content = [
  "text",
  "inlineData",
  "fileData",
  "functionCall",
  "functionResponse",
  "executableCode",
  "codeExecutionResult",
  "toolCall",
  "toolResponse",
  "audioTranscription",
];

export const geminiDialect: Dialect = {
  name: "gemini",
  history: "contents",
  sources: [],
  root: wireRequest,
  leaveOut: [
    // System instructions are texts; other parts are refused there.
    /^systemInstruction\.parts\.\*\.(?!text)/,
    // JSON Schema in Google's dialect; the laws of schemas are tested elsewhere.
    /\.(parameters|responseSchema|response)\.(?!response)/,
    // A stream's form of arguments, in answers only.
    /functionCall\.(partialArgs|willContinue)/,
  ],
  plausible: [
    [/^\.contents$/, [{ role: "user", parts: [{ text: "zqmark" }] }], [hello]],
    [/\.functionDeclarations\*\.response$/, { type: "OBJECT" }],
    [/^\.generationConfig$/, { temperature: 0.37 }],
    [/^\.toolConfig$/, { functionCallingConfig: { mode: "ANY" } }],
    [/^\.tools$/, [{ functionDeclarations: [{ name: "zqmark" }] }]],
    [/^\.systemInstruction$/, { parts: [{ text: "zqmark" }] }],
    [/\.inlineData$/, { mimeType: "image/png", data: pixels[1] }],
    [/\.inlineData\.\+$/, { mimeType: "image/png", data: pixels[0] }],
    [/\.inlineData\.data$/, pixels[1], pixels[0]],
    [/\.inlineData\.mimeType$/, "image/webp"],
    [/\.fileData$/, { fileUri: "https://zqmark.example/a.png", mimeType: "image/png" }],
    [/\.fileData\.\+$/, { fileUri: "https://alpha.example/a.png", mimeType: "image/png" }],
    [/\.fileUri$/, "https://zqmark.example/a.png"],
    [/\.fileData\.mimeType$/, "image/webp"],
    [/\.functionCall$/, { name: "zqmark", args: {} }],
    [/\.functionCall\.\+$/, { name: "alpha" }],
    [/\.functionCall\.args$/, { zq: "zqmark" }],
    [/\.functionResponse$/, { name: "alpha", response: { output: "zqmark" } }],
    [/\.functionResponse\.\+$/, { name: "alpha", response: { output: "alpha" } }],
    [/\.functionResponse\.response$/, { output: "zqmark" }],
    [/\.functionResponse\.parts$/, [{ inlineData: { mimeType: "image/png", data: pixels[1] } }]],
    [/\.thoughtSignature$/, "enFtYXJr"],
    [/\.functionDeclarations$/, [{ name: "zqmark" }]],
    [/\.functionDeclarations\*\.\+$/, { name: "alpha" }],
    [/\.parametersJsonSchema$/, schema],
    [/\.parameters$/, { type: "OBJECT", properties: { zqmark: { type: "STRING" } } }],
    [/\.parameters\.\+$/, { type: "OBJECT", properties: { alpha: { type: "STRING" } } }],
    [/\.parameters\.properties$/, { zqmark: { type: "STRING" } }],
    [/\.parameters\.type/, "OBJECT"],
    [/\.responseSchema$/, { type: "OBJECT", properties: { zqmark: { type: "STRING" } } }],
    [/\.responseSchema\.\+$/, { type: "OBJECT", properties: { alpha: { type: "STRING" } } }],
    [/\.(responseSchema|parameters)\.(anyOf|items)$/, { type: "STRING", description: "zqmark" }],
    [/\.responseSchema\.properties$/, { zqmark: { type: "STRING" } }],
    [/\.responseJsonSchema$/, schema],
    [/\.responseMimeType$/, "application/json"],
    [/\.responseModalities$/, ["AUDIO"]],
    [/\.(temperature|topP|presencePenalty|frequencyPenalty)$/, 0.37],
    [/\.candidateCount$/, 3],
    [/\.logprobs$/, 7],
    [/\.maxOutputTokens$/, 3737],
    [/\.thinkingBudget$/, 3737],
    [/\.thinkingConfig$/, { thinkingBudget: 3737 }],
    [/\.allowedFunctionNames$/, ["zqtool"]],
    [/\.functionCallingConfig\.\+$/, { mode: "ANY" }],
    [/\.labels$/, { zqkey: "zqmark" }],
  ],
  complete(body) {
    const [turn = {}] = listOf(body.contents);
    const [part = {}] = listOf(turn.parts);
    const has = (names: string[]) => names.some((name) => part[name] !== undefined);
    if (Array.isArray(turn.parts) && !has(content)) part.text = "alpha";
    turn.role ??= has(ofModel) ? "model" : "user";
    const before: JsonObject[] = turn.role === "user" ? [] : [hello];
    const after: JsonObject[] = turn.role === "user" ? [] : [hello];
    const { functionCall: call, functionResponse: response } = part;
    if (isObject(response)) {
      const { name = "alpha", id } = response;
      before.push(hello, {
        role: "model",
        parts: [{ functionCall: { name, args: {}, ...(id === undefined ? {} : { id }) } }],
      });
    }
    if (isObject(call)) {
      const { name = "alpha", id } = call;
      const done = { name, response: { output: "done" }, ...(id === undefined ? {} : { id }) };
      after.unshift({ role: "user", parts: [{ functionResponse: done }] });
    }
    return { ...body, contents: [...before, turn, ...after], ...completed(body) };
  },
};

/** Members that are taken only beside others. */
function completed(body: JsonObject): JsonObject {
  const declared = { functionDeclarations: ["alpha", "zqtool"].map((name) => ({ name })) };
  const isChosen = isObject(body.toolConfig) && body.toolConfig.functionCallingConfig !== undefined;
  const config = body.generationConfig;
  const isFormatted = isObject(config) && (config.responseSchema ?? config.responseJsonSchema) !== undefined;
  const isRanked = isObject(config) && config.logprobs !== undefined;
  return {
    ...(isChosen && body.tools === undefined ? { tools: [declared] } : {}),
    ...(isFormatted ? { generationConfig: { ...config, responseMimeType: "application/json" } } : {}),
    ...(isRanked ? { generationConfig: { ...config, responseLogprobs: true } } : {}),
  };
}
