/** The client's request to the canonical request. */
import type { ChatRequest, Effort, OutputFormat, Reasoning, Sampling } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Place } from "../protocol.ts";
import { optional, readFlag, readText, remainder } from "../read.ts";
import { open } from "./place.ts";
import { camel, readCount, readEnum, readFree, readInteger, readNumber, readObject, readRepeated } from "./read.ts";
import { parseContents, parseInstruction } from "./request-contents.ts";
import { parseToolConfig, parseTools } from "./request-tools.ts";
import { raised } from "./schema-up.ts";

const known = new Set([
  ...["contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "labels", "serviceTier"],
  ...["store", "model"],
]);

/** Throws `invalid-request` with `param`. */
export function parseRequest(body: JsonObject, place?: Place): ChatRequest {
  const envelope = open(body, place);
  const json = camel(body);
  const config = optional(json.generationConfig, "generationConfig", readObject) ?? {};
  const { toolChoice, more } = parseToolConfig(json.toolConfig);
  const format = parseFormat(config);
  const logprobs = parseLogprobs(config);
  const tier = optional(json.serviceTier, "serviceTier", readText)?.toLowerCase();
  const labels = optional(json.labels, "labels", readFree);
  const store = optional(json.store, "store", readFlag);
  const modalities = optional(config.responseModalities, "generationConfig.responseModalities", readRepeated);
  const rest = remainder(config, format?.enum ? enumConfigKeys : configKeys);
  const ext: JsonObject = {
    ...remainder(json, known),
    ...(rest ? { generationConfig: rest } : {}),
    ...(more ? { toolConfig: more } : {}),
  };
  return {
    protocol: "gemini",
    model: envelope.model,
    stream: envelope.stream,
    instructions: parseInstruction(json.systemInstruction),
    items: parseContents(readRepeated(json.contents, "contents")),
    tools: parseTools(json.tools),
    ...(toolChoice ? { toolChoice } : {}),
    sampling: parseSampling(config),
    reasoning: parseThinking(config),
    ...(format ? { format: format.format } : {}),
    ...(logprobs ? { logprobs } : {}),
    ...(modalities ? { modalities: modalities.map((word) => String(word).toLowerCase()) } : {}),
    ...(tier === undefined ? {} : { tier: tier === "standard" ? "default" : tier }),
    ...(labels ? { metadata: labels } : {}),
    ...(store === undefined ? {} : { store }),
    ...(Object.keys(ext).length > 0 ? { ext: { gemini: ext } } : {}),
  };
}

const configKeys = new Set([
  ...["temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "seed"],
  ...["presencePenalty", "frequencyPenalty", "responseMimeType", "responseSchema", "responseJsonSchema"],
  ...["_responseJsonSchema", "responseLogprobs", "logprobs", "thinkingConfig", "responseModalities"],
]);
/** A bare word as the answer is nothing that other protocols have: the type is kept. */
const enumConfigKeys = new Set([...configKeys].filter((key) => key !== "responseMimeType"));

const at = (name: string) => `generationConfig.${name}`;

function parseSampling(config: JsonObject): Sampling {
  const number = (name: string) => optional(config[name], at(name), readNumber);
  const count = (name: string) => optional(config[name], at(name), readCount);
  const stop = optional(config.stopSequences, at("stopSequences"), readRepeated);
  const read: { [K in keyof Sampling]: Sampling[K] | undefined } = {
    maxTokens: count("maxOutputTokens"),
    temperature: number("temperature"),
    topP: number("topP"),
    topK: number("topK"),
    n: count("candidateCount"),
    stop: stop?.map((text, index) => readText(text, at(`stopSequences.${index}`))),
    seed: optional(config.seed, at("seed"), readInteger),
    presencePenalty: number("presencePenalty"),
    frequencyPenalty: number("frequencyPenalty"),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

const levels = ["THINKING_LEVEL_UNSPECIFIED", "LOW", "MEDIUM", "HIGH", "MINIMAL"];
const efforts: Readonly<Record<string, Effort>> = { MINIMAL: "minimal", LOW: "low", MEDIUM: "medium", HIGH: "high" };

/** A client that does not ask for thoughts gets none: that is said here, whatever it says on thinking itself. */
function parseThinking(generation: JsonObject): Reasoning {
  const config = optional(generation.thinkingConfig, at("thinkingConfig"), readObject) ?? {};
  const path = at("thinkingConfig");
  const shown = optional(config.includeThoughts, `${path}.includeThoughts`, readFlag) === true;
  const budget = optional(config.thinkingBudget, `${path}.thinkingBudget`, readInteger);
  const level = optional(config.thinkingLevel, `${path}.thinkingLevel`, (word, where) => readEnum(word, where, levels));
  const effort = level !== undefined && Object.hasOwn(efforts, level) ? efforts[level] : undefined;
  const reasoning: Reasoning = { display: shown ? "summarized" : "omitted" };
  if (effort) reasoning.effort = effort;
  if (budget === 0) reasoning.mode = "off";
  else if (budget !== undefined && budget < 0) reasoning.mode = "adaptive";
  else if (budget !== undefined) Object.assign(reasoning, { mode: "budget", budget });
  return reasoning;
}

function parseFormat(config: JsonObject): { format: OutputFormat; enum: boolean } | undefined {
  const mime = optional(config.responseMimeType, at("responseMimeType"), readText)?.toLowerCase();
  const json = optional(config.responseJsonSchema ?? config._responseJsonSchema, at("responseJsonSchema"), readFree);
  const dialect = optional(config.responseSchema, at("responseSchema"), readFree);
  const schema = json ?? (dialect ? raised(dialect) : undefined);
  const isEnum = mime === "text/x.enum";
  if (schema) return { format: { kind: "schema", schema }, enum: isEnum };
  if (mime === "application/json") return { format: { kind: "json" }, enum: false };
  return mime === undefined ? undefined : { format: { kind: "text" }, enum: isEnum };
}

function parseLogprobs(config: JsonObject): { want: boolean; top?: number } | undefined {
  const want = optional(config.responseLogprobs, at("responseLogprobs"), readFlag);
  const top = optional(config.logprobs, at("logprobs"), readCount);
  if (want === undefined && top === undefined) return undefined;
  return { want: want ?? false, ...(top === undefined ? {} : { top }) };
}
