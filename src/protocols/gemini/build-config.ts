/** `generationConfig` of an outgoing request: sampling, format, thinking, modalities. */
import type { ChatRequest } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { capped, isRefused, takesSchema } from "../able.ts";
import { isObject } from "../read.ts";
import type { Build } from "./build.ts";
import { unsupported } from "./read.ts";
import { lowered } from "./schema-down.ts";
import { buildThinking } from "./thinking.ts";

export const mostStops = 5;

/** `system` gets what only an instruction can say. Throws `unsupported`. */
export function buildConfig(request: ChatRequest, system: JsonObject[], build: Build): JsonObject {
  const own = build.own && isObject(request.ext?.gemini?.generationConfig) ? request.ext.gemini.generationConfig : {};
  const thinking = buildThinking(request, build);
  const { maxTokens } = request.sampling;
  if (!build.own && maxTokens !== undefined && maxTokens < 1024 && thinking && thinking.thinkingBudget !== 0) {
    build.notes.add("emulated", "sampling.maxTokens", "cap_eats_thinking");
  }
  return {
    ...buildSampling(request, build),
    ...buildFormat(request, system, build),
    ...buildLogprobs(request, build),
    ...buildModalities(request, build),
    ...(thinking && Object.keys(thinking).length > 0 ? { thinkingConfig: thinking } : {}),
    ...own,
  };
}

function buildSampling({ sampling }: ChatRequest, build: Build): JsonObject {
  const { notes, own, target } = build;
  const { logitBias, maxTokens, n, stop } = sampling;
  if (logitBias && Object.keys(logitBias).length > 0) notes.add("dropped", "sampling.logitBias");
  const clean = own ? stop : stop?.filter((text) => text !== "");
  if (!own && clean && clean.length > mostStops) {
    throw unsupported("sampling.stop", `this provider takes at most ${mostStops} stop sequences.`);
  }
  const config: JsonObject = {
    maxOutputTokens: own || maxTokens === undefined ? maxTokens : capped(maxTokens, target, notes),
    temperature: sampling.temperature,
    topP: sampling.topP,
    topK: sampling.topK,
    ...(n === undefined || (!own && n === 1) ? {} : { candidateCount: n }),
    ...(clean && clean.length > 0 ? { stopSequences: clean } : {}),
    seed: sampling.seed,
    presencePenalty: sampling.presencePenalty,
    frequencyPenalty: sampling.frequencyPenalty,
  };
  if (!own) dropRefused(config, build);
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

const droppable = ["temperature", "topP", "topK", "seed", "presencePenalty", "frequencyPenalty"] as const;

function dropRefused(config: JsonObject, { target, notes }: Build): void {
  for (const key of droppable) {
    if (config[key] === undefined || !isRefused(key, target.can)) continue;
    notes.add("dropped", `sampling.${key}`, "not_sampled");
    delete config[key];
  }
}

function buildFormat(request: ChatRequest, system: JsonObject[], build: Build): JsonObject {
  const { format } = request;
  if (!format) return {};
  if (format.kind === "text") return build.own ? { responseMimeType: "text/plain" } : {};
  if (format.kind === "json") return { responseMimeType: "application/json" };
  const schema = format.schema ?? { type: "object" };
  if (build.own) return { responseMimeType: "application/json", responseJsonSchema: schema };
  if (!takesSchema(request, build.target)) {
    build.notes.add("emulated", "format", "by_instruction");
    const task = `Answer with one JSON value that is valid against this JSON Schema:\n${JSON.stringify(schema)}\n`;
    system.push({ text: `${task}Write the JSON alone: no words around it and no code fence.` });
    return {};
  }
  for (const key of ["name", "description"] as const) {
    if (format[key] !== undefined) build.notes.add("dropped", `format.${key}`);
  }
  const place = { at: "format.schema", ordered: true, notes: build.notes };
  return { responseMimeType: "application/json", responseJsonSchema: lowered(schema, place) };
}

function buildLogprobs({ logprobs }: ChatRequest, { own, target }: Build): JsonObject {
  if (!logprobs) return {};
  if (logprobs.want && !own && isRefused("logprobs", target.can)) {
    throw unsupported("logprobs", "this model gives no log probabilities.");
  }
  return { responseLogprobs: logprobs.want, ...(logprobs.top === undefined ? {} : { logprobs: logprobs.top }) };
}

function buildModalities({ modalities }: ChatRequest, { own }: Build): JsonObject {
  if (!modalities) return {};
  const spoken = modalities.find((word) => word.toLowerCase() !== "text");
  if (!own && spoken === undefined) return {};
  if (!own && spoken?.toLowerCase() !== "image") {
    throw unsupported("modalities", `this provider does not answer with ${spoken} here.`);
  }
  return { responseModalities: modalities.map((word) => word.toUpperCase()) };
}
