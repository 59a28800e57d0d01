/** Token counts: Anthropic's exclusive accounting to and from the disjoint parts of model/usage.ts. */
import type { JsonObject } from "../../model/json.ts";
import { cacheWriteTokens, outputTokens, type Usage } from "../../model/usage.ts";
import { addCharges } from "../charges.ts";
import { isObject } from "../read.ts";
import { numeric } from "./read.ts";

function count(value: unknown): number {
  const number = numeric(value);
  return number !== undefined && Number.isFinite(number) && number > 0 ? Math.floor(number) : 0;
}

/** Lays a later usage object over an earlier one; null and absent members mean "unchanged". */
export function mergeUsage(before: JsonObject, later: unknown): JsonObject {
  if (!isObject(later)) return before;
  const merged = { ...before };
  for (const [key, value] of Object.entries(later)) if (value !== null) merged[key] = value;
  return merged;
}

export function parseUsage(json: JsonObject): Usage {
  const written = count(json.cache_creation_input_tokens);
  const split = isObject(json.cache_creation) ? json.cache_creation : {};
  let short = count(split.ephemeral_5m_input_tokens);
  let long = count(split.ephemeral_1h_input_tokens);
  // A total below its parts: the parts are older than the total, or the total is not given.
  if (numeric(json.cache_creation_input_tokens) !== undefined && written < short + long) short = long = 0;
  const output = count(json.output_tokens);
  const details = isObject(json.output_tokens_details) ? json.output_tokens_details : {};
  const thinking = numeric(details.thinking_tokens);
  const reasoning = Math.min(count(thinking), output);
  const usage: Usage = {
    inUncached: count(json.input_tokens),
    inCacheRead: count(json.cache_read_input_tokens),
    inCacheWrite5m: short,
    inCacheWrite1h: long,
    inCacheWriteOther: Math.max(0, written - short - long),
    inToolUse: 0,
    outVisible: output - reasoning,
    outReasoning: reasoning,
    reasoningKnown: thinking !== undefined,
    audioIn: 0,
    audioOut: 0,
    estimated: false,
    raw: { origin: "messages", json },
  };
  addCharges(usage, json);
  return usage;
}

/** A Messages provider's own object goes out as it came, with its extra members and its own split. */
export function buildUsage(usage: Usage): JsonObject {
  const built: JsonObject = {
    input_tokens: usage.inUncached + usage.inToolUse,
    cache_creation_input_tokens: cacheWriteTokens(usage),
    cache_read_input_tokens: usage.inCacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.inCacheWrite5m + usage.inCacheWriteOther,
      ephemeral_1h_input_tokens: usage.inCacheWrite1h,
    },
    output_tokens: outputTokens(usage),
  };
  if (usage.reasoningKnown) built.output_tokens_details = { thinking_tokens: usage.outReasoning };
  if (usage.raw?.origin !== "messages" || !isObject(usage.raw.json)) return built;
  return { input_tokens: built.input_tokens, output_tokens: built.output_tokens, ...usage.raw.json };
}
