/** Token counts: inclusive, cached tokens inside the input and reasoning inside the output. Every detail is always there. */
import type { Json, JsonObject } from "../../model/json.ts";
import { cacheWriteTokens, emptyUsage, inputTokens, outputTokens, type Usage } from "../../model/usage.ts";
import { addCharges, addImages } from "../charges.ts";
import { isObject, numberOf } from "../chat/wire.ts";

function count(from: Json | undefined, key: string): number {
  const value = isObject(from) ? numberOf(from[key]) : undefined;
  return value !== undefined && value > 0 ? value : 0;
}

/** `speed` is the answer's `service_tier`. Undefined for a placeholder that counts nothing at all. */
export function parseUsage(json: JsonObject, speed?: Json): Usage | undefined {
  const input = count(json, "input_tokens");
  const output = count(json, "output_tokens");
  const total = count(json, "total_tokens");
  if (input === 0 && output === 0 && total === 0) return undefined;
  const inDetails = json.input_tokens_details;
  const outDetails = json.output_tokens_details;
  const read = Math.min(input, count(inDetails, "cached_tokens"));
  const written = Math.min(input - read, count(inDetails, "cache_write_tokens"));
  const reasoning = count(outDetails, "reasoning_tokens");
  // Some servers count reasoning beside the output, not inside it; the total gives it away.
  const outside = reasoning > 0 && (total === input + output + reasoning || reasoning > output);
  const usage: Usage = {
    ...emptyUsage(),
    inUncached: input - read - written,
    inCacheRead: read,
    inCacheWriteOther: written,
    outVisible: outside ? output : output - reasoning,
    outReasoning: reasoning,
    reasoningKnown: isObject(outDetails) && numberOf(outDetails.reasoning_tokens) !== undefined,
    audioIn: count(inDetails, "audio_tokens"),
    audioOut: count(outDetails, "audio_tokens"),
    raw: { origin: "responses", json },
  };
  addCharges(usage, json, speed);
  addImages(usage, inDetails, outDetails);
  return usage;
}

export function buildUsage(usage: Usage): JsonObject {
  const input = inputTokens(usage);
  const output = outputTokens(usage);
  const counted: JsonObject = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.inCacheRead, cache_write_tokens: cacheWriteTokens(usage) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.outReasoning },
    total_tokens: input + output,
  };
  const raw = usage.raw?.origin === "responses" && isObject(usage.raw.json) ? usage.raw.json : undefined;
  if (!raw) return counted;
  const merged: JsonObject = { ...counted, ...raw };
  for (const key of ["input_tokens_details", "output_tokens_details"]) {
    merged[key] = { ...(counted[key] as JsonObject), ...(isObject(raw[key]) ? raw[key] : {}) };
  }
  return merged;
}
