/** Token counts: Chat counts inclusively, cached tokens inside the input and reasoning inside the output. */
import type { Json, JsonObject } from "../../model/json.ts";
import { cacheWriteTokens, emptyUsage, inputTokens, outputTokens, type Usage } from "../../model/usage.ts";
import { addCharges, addImages } from "../charges.ts";
import { isObject, numberOf } from "./wire.ts";

function count(from: Json | undefined, key: string): number {
  const value = isObject(from) ? numberOf(from[key]) : undefined;
  return value !== undefined && value > 0 ? value : 0;
}

/**
 * `speed` is the answer's `service_tier`. Undefined for a placeholder that counts nothing at all: some servers send one
 * before the real numbers.
 */
export function parseUsage(json: JsonObject, speed?: Json): Usage | undefined {
  const prompt = count(json, "prompt_tokens");
  const completion = count(json, "completion_tokens");
  const total = count(json, "total_tokens");
  if (prompt === 0 && completion === 0 && total === 0) return undefined;
  const inDetails = json.prompt_tokens_details;
  const outDetails = json.completion_tokens_details;
  const read = Math.min(prompt, count(inDetails, "cached_tokens") || count(json, "prompt_cache_hit_tokens"));
  const written = Math.min(prompt - read, count(inDetails, "cache_write_tokens"));
  const reasoning = count(outDetails, "reasoning_tokens");
  // xAI counts reasoning beside the completion, not inside it; the total gives it away.
  const outside = reasoning > 0 && (total === prompt + completion + reasoning || reasoning > completion);
  const usage: Usage = {
    ...emptyUsage(),
    inUncached: prompt - read - written,
    inCacheRead: read,
    inCacheWriteOther: written,
    outVisible: outside ? completion : completion - reasoning,
    outReasoning: reasoning,
    reasoningKnown: isObject(outDetails) && numberOf(outDetails.reasoning_tokens) !== undefined,
    audioIn: count(inDetails, "audio_tokens"),
    audioOut: count(outDetails, "audio_tokens"),
    raw: { origin: "chat", json },
  };
  addCharges(usage, json, speed);
  addImages(usage, inDetails, outDetails);
  return usage;
}

export function buildUsage(usage: Usage): JsonObject {
  if (usage.raw?.origin === "chat" && isObject(usage.raw.json)) return usage.raw.json;
  const prompt = inputTokens(usage);
  const completion = outputTokens(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.inCacheRead,
      cache_write_tokens: cacheWriteTokens(usage),
      audio_tokens: usage.audioIn,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.outReasoning,
      audio_tokens: usage.audioOut,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
