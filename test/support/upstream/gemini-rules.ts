/** What Google's generateContent accepts. */
import { checkSchemaDialect } from "./gemini-schema.ts";
import {
  anything,
  type Check,
  type Fields,
  fieldsOf,
  flag,
  integer,
  isFields,
  list,
  listOf,
  map,
  mediaBytes,
  number,
  oneOf,
  shape,
  text,
  Violation,
} from "./shape.ts";

/** Stands for the signature of a call that another model made. */
export const skipped = "skip_thought_signature_validator";

const media: Check = (value, path) => {
  shape({ mimeType: text({ least: 3 }), data: text({ least: 4 }) }, { displayName: text() })(value, path);
  const { mimeType, data } = value as Fields;
  mediaBytes(String(data), String(mimeType), `${path}.data`);
};
const toolName = text({ pattern: /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/ });
const id = text({ least: 1 });
const payloads: Record<string, Check> = {
  text: text(),
  inlineData: media,
  fileData: shape({ fileUri: text({ least: 1 }) }, { mimeType: text() }),
  functionCall: shape({ name: toolName }, { id, args: map(anything) }),
  functionResponse: shape(
    { name: toolName, response: map(anything) },
    { id, parts: list(shape({}, { inlineData: media, fileData: anything })) },
  ),
};
const siblings: Record<string, Check> = { thought: flag, thoughtSignature: text({ least: 1 }) };

const part: Check = (value, path) => {
  shape({}, { ...payloads, ...siblings })(value, path);
  const fields = fieldsOf(value);
  const count = Object.keys(payloads).filter((name) => name in fields).length;
  if (count !== 1) throw new Violation(path, `oneof field 'data' needs one payload, not ${count}`);
};
const parts = list(part, { least: 1 });
const content = shape({ parts }, { role: oneOf("user", "model") });

const declaration = shape(
  { name: toolName },
  { description: text(), parameters: map(anything), parametersJsonSchema: map(anything) },
);
const calling = shape(
  {},
  { mode: oneOf("AUTO", "ANY", "NONE", "VALIDATED"), allowedFunctionNames: list(toolName, { least: 1 }) },
);
const thinking = shape(
  {},
  {
    includeThoughts: flag,
    thinkingBudget: integer(-1, 32_768),
    thinkingLevel: oneOf("MINIMAL", "LOW", "MEDIUM", "HIGH"),
  },
);
const generationConfig = shape(
  {},
  {
    temperature: number(0, 2),
    topP: number(0, 1),
    topK: integer(1),
    candidateCount: integer(1, 8),
    maxOutputTokens: integer(1),
    stopSequences: list(text({ least: 1 }), { most: 5 }),
    presencePenalty: number(-2, 2),
    frequencyPenalty: number(-2, 2),
    seed: integer(Number.MIN_SAFE_INTEGER),
    responseLogprobs: flag,
    logprobs: integer(0, 20),
    responseMimeType: oneOf("text/plain", "application/json", "text/x.enum"),
    responseSchema: map(anything),
    responseJsonSchema: map(anything),
    responseModalities: list(oneOf("TEXT", "IMAGE", "AUDIO")),
    thinkingConfig: thinking,
  },
);
const optional: Record<string, Check> = {
  systemInstruction: shape({ parts }, { role: text() }),
  tools: list(
    shape(
      {},
      {
        functionDeclarations: list(declaration, { least: 1 }),
        ...{ googleSearch: shape({}, {}), codeExecution: shape({}, {}) },
      },
    ),
  ),
  toolConfig: shape({}, { functionCallingConfig: calling }),
  safetySettings: list(anything),
  generationConfig,
  serviceTier: oneOf("flex", "standard", "priority"),
};

/** Signature -> the part that it was issued with, without it. */
export type IssuedSignatures = ReadonlyMap<string, Fields>;

/** Throws Violation. */
export function checkGemini(body: Fields, issued: IssuedSignatures): void {
  shape({ contents: list(content, { least: 1 }) }, optional)(body, "");
  const turns = turnsOf(body);
  checkTexts(turns);
  if (turns[0]?.role !== "user") throw new Violation("contents.0", "the first content must be of the user");
  checkPairs(turns);
  checkSignatures(turns, issued);
  checkTools(body);
  checkConfig(fieldsOf(body.generationConfig));
}

interface Turn {
  role: string;
  parts: Fields[];
}

/** Neighbours of one role are one, but around function calls and their responses. */
export function turnsOf(body: Fields): Turn[] {
  const turns: Turn[] = [];
  for (const { role = "user", parts: list } of listOf(body.contents)) {
    const last = turns.at(-1);
    const holds = (name: string, entries: Fields[]) => entries.some((entry) => name in entry);
    const apart = holds("functionResponse", listOf(list)) || (last && holds("functionResponse", last.parts));
    if (last && last.role === role && !apart) last.parts.push(...listOf(list));
    else turns.push({ role: String(role), parts: listOf(list) });
  }
  return turns;
}

/** The vendor's own chat helper sends a model's last, empty chunk back; nobody else has a reason for such a part. */
function checkTexts(turns: Turn[]): void {
  for (const [at, { role, parts: list }] of turns.entries()) {
    const empty = list.find(({ text: words, thoughtSignature: seal }) => words === "" && seal === undefined);
    if (empty && (role === "user" || list.length === 1)) throw new Violation(`contents.${at}`, "contains no content");
  }
}

const callsOf = ({ parts: list }: Turn) =>
  list.flatMap((one) => (one.functionCall ? [fieldsOf(one.functionCall)] : []));
const responsesOf = ({ parts: list }: Turn) =>
  list.flatMap((one) => (one.functionResponse ? [fieldsOf(one.functionResponse)] : []));

function checkPairs(turns: Turn[]): void {
  turns.forEach((turn, at) => {
    const path = `contents.${at}`;
    const calls = turns[at - 1]?.role === "model" ? callsOf(turns[at - 1] as Turn) : [];
    const answers = responsesOf(turn);
    if (turn.role === "model") {
      if (answers.length > 0) throw new Violation(path, "a function response of the model");
      if (callsOf(turn).length > 0 && !turns[at + 1]) throw new Violation(path, "a function call without its response");
      return;
    }
    if (callsOf(turn).length > 0) throw new Violation(path, "a function call of the user");
    if (answers.length !== calls.length) {
      const words = "the number of function response parts is equal to the number of function call parts";
      throw new Violation(path, `Please ensure that ${words} of the function call turn`);
    }
    if (answers.length > 0 && answers.length < turn.parts.length) {
      throw new Violation(path, "function responses stand beside other parts");
    }
    answers.forEach((answer, place) => {
      const call = calls[place];
      if (answer.name !== call?.name) throw new Violation(path, `response ${place} is not of ${call?.name}`);
      if (answer.id !== call?.id) throw new Violation(path, `response ${place} has not the id of its call`);
    });
  });
}

/** Every step of the running turn keeps the signature of its first call; no signature is of elsewhere. */
function checkSignatures(turns: Turn[], issued: IssuedSignatures): void {
  const start = turns.findLastIndex(({ role, parts: list }) => role === "user" && !list.some(isAnswer));
  turns.forEach(({ role, parts: list }, at) => {
    const path = `contents.${at}`;
    const first = list.find((one) => one.functionCall !== undefined);
    for (const one of list) {
      const { thoughtSignature: signature, ...rest } = one;
      if (signature === undefined || signature === skipped) continue;
      const made = issued.get(String(signature));
      if (!made) throw new Violation(path, "Thought signature is not valid.");
      const isMoved = Object.keys(made)[0] !== Object.keys(rest)[0];
      const call = fieldsOf(made.functionCall);
      const sent = fieldsOf(rest.functionCall);
      const isSame = Bun.deepEquals([call.name, call.args], [sent.name, sent.args]);
      if (isMoved || !isSame) throw new Violation(path, "Thought signature stands on another part.");
    }
    if (role === "model" && at > start && first && first.thoughtSignature === undefined) {
      throw new Violation(path, "Function call is missing a thought_signature in functionCall parts.");
    }
  });
}

function isAnswer(one: Fields): boolean {
  return one.functionResponse !== undefined;
}

export function declarationsOf(body: Fields): Fields[] {
  return listOf(body.tools).flatMap(({ functionDeclarations: list }) => listOf(list));
}

function checkTools(body: Fields): void {
  const declarations = declarationsOf(body);
  const names = new Set(declarations.map(({ name }) => name));
  if (names.size < declarations.length) throw new Violation("tools", "Duplicate function declaration found");
  declarations.forEach(({ parameters, parametersJsonSchema: json }, at) => {
    const path = `tools.0.functionDeclarations.${at}`;
    if (parameters !== undefined && json !== undefined) throw new Violation(path, "both forms of parameters");
    if (parameters !== undefined) checkSchemaDialect(parameters, `${path}.parameters`, "openapi");
    if (json !== undefined) checkSchemaDialect(json, `${path}.parametersJsonSchema`, "json");
  });
  const { mode, allowedFunctionNames: allowed } = fieldsOf(fieldsOf(body.toolConfig).functionCallingConfig);
  if (mode !== undefined && names.size === 0)
    throw new Violation("toolConfig", "Function calling config without tools");
  if (!Array.isArray(allowed)) return;
  if (mode === "AUTO" || mode === undefined) throw new Violation("toolConfig", "allowed_function_names with AUTO");
  const unknown = allowed.find((name) => !names.has(name));
  if (unknown !== undefined) throw new Violation("toolConfig", `${unknown} is not declared`);
}

function checkConfig(config: Fields): void {
  const { thinkingBudget, thinkingLevel } = fieldsOf(config.thinkingConfig);
  if (thinkingBudget !== undefined && thinkingLevel !== undefined) {
    throw new Violation("generationConfig.thinkingConfig", "You can only set one of thinking budget and level");
  }
  const { responseSchema, responseJsonSchema } = config;
  if (!isFields(responseSchema) && !isFields(responseJsonSchema)) return;
  if (responseSchema && responseJsonSchema) throw new Violation("generationConfig", "both forms of a schema");
  if (config.responseMimeType !== "application/json") {
    throw new Violation("generationConfig.responseMimeType", "must be application/json with a schema");
  }
  const dialect = responseSchema ? "openapi" : "json";
  checkSchemaDialect(responseSchema ?? responseJsonSchema, "generationConfig.schema", dialect);
}
