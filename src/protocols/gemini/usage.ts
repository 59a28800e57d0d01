/** Token counts: cached tokens stand inside the prompt, thoughts beside the candidates, tool results beside the prompt. */
import type { JsonObject } from "../../model/json.ts";
import { cacheWriteTokens, emptyUsage, type Usage } from "../../model/usage.ts";
import { isObject } from "../read.ts";
import { camel, numeric } from "./read.ts";

function count(value: unknown): number {
  const number = numeric(value);
  return number !== undefined && Number.isFinite(number) && number > 0 ? Math.floor(number) : 0;
}

/** Undefined for a placeholder that counts nothing: it must not replace real numbers. */
export function parseUsage(metadata: JsonObject): Usage | undefined {
  const json = camel(metadata);
  const prompt = count(json.promptTokenCount);
  const thoughts = count(json.thoughtsTokenCount);
  const tools = count(json.toolUsePromptTokenCount);
  const total = count(json.totalTokenCount);
  // Some servers leave the candidates out; the total has them.
  const stated = numeric(json.candidatesTokenCount);
  const visible = stated === undefined ? Math.max(0, total - prompt - thoughts - tools) : count(stated);
  if (prompt + thoughts + tools + total + visible === 0) return undefined;
  const read = Math.min(prompt, count(json.cachedContentTokenCount));
  const usage: Usage = {
    ...emptyUsage(),
    inUncached: prompt - read,
    inCacheRead: read,
    inToolUse: tools,
    outVisible: visible,
    outReasoning: thoughts,
    reasoningKnown: true,
    audioIn: modality(json.promptTokensDetails, "AUDIO"),
    audioOut: modality(json.candidatesTokensDetails, "AUDIO"),
    raw: { origin: "gemini", json: metadata },
  };
  addParts(usage, json);
  return usage;
}

/** What has prices of its own: pictures and films in both directions, and what of the cached input is not text. */
function addParts(usage: Usage, json: JsonObject): void {
  const { promptTokensDetails: input, candidatesTokensDetails: output, cacheTokensDetails: cached } = json;
  const parts = {
    imageIn: modality(input, "IMAGE"),
    videoIn: modality(input, "VIDEO"),
    imageOut: modality(output, "IMAGE"),
    videoOut: modality(output, "VIDEO"),
    audioRead: modality(cached, "AUDIO"),
    imageRead: modality(cached, "IMAGE"),
  };
  for (const [name, tokens] of Object.entries(parts)) if (tokens > 0) Object.assign(usage, { [name]: tokens });
}

function modality(details: unknown, wanted: string): number {
  if (!Array.isArray(details)) return 0;
  return details.reduce<number>(
    (sum, one) => (isObject(one) && one.modality === wanted ? sum + count(one.tokenCount) : sum),
    0,
  );
}

export function buildUsage(usage: Usage): JsonObject {
  if (usage.raw?.origin === "gemini" && isObject(usage.raw.json)) return usage.raw.json;
  const prompt = usage.inUncached + usage.inCacheRead + cacheWriteTokens(usage);
  const details = usage.audioIn > 0 ? { promptTokensDetails: split(prompt, usage.audioIn) } : {};
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: usage.outVisible,
    ...(usage.inToolUse > 0 ? { toolUsePromptTokenCount: usage.inToolUse } : {}),
    ...(usage.outReasoning > 0 ? { thoughtsTokenCount: usage.outReasoning } : {}),
    totalTokenCount: prompt + usage.outVisible + usage.inToolUse + usage.outReasoning,
    ...(usage.inCacheRead > 0 ? { cachedContentTokenCount: usage.inCacheRead } : {}),
    ...details,
  };
}

function split(prompt: number, audio: number): JsonObject[] {
  return [
    { modality: "TEXT", tokenCount: Math.max(0, prompt - audio) },
    { modality: "AUDIO", tokenCount: audio },
  ];
}
