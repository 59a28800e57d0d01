/** `max_tokens` when the client has named none: all that the model can write and the context still holds. */
import type { Json, JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";

const unknownModel = 8192;
const slack = 1000;
const charactersPerToken = 3;
const tokensPerFile = 2000;
/** Longer texts without a blank are taken for base64. */
const fileLength = 4096;

export function defaultMaxTokens(body: JsonObject, target: TargetFacts): number {
  if (target.maxOutput === undefined) return unknownModel;
  if (target.context === undefined) return target.maxOutput;
  const room = target.context - estimate(body) - slack;
  return Math.max(1, Math.min(target.maxOutput, room));
}

/** A cautious count of a body's tokens: rather too many. */
function estimate(value: Json | undefined): number {
  if (typeof value === "string") {
    const isFile = value.length > fileLength && !value.slice(0, fileLength).includes(" ");
    return isFile ? tokensPerFile : Math.ceil(value.length / charactersPerToken);
  }
  if (Array.isArray(value)) return value.reduce((sum: number, entry) => sum + estimate(entry), 0);
  if (typeof value !== "object" || value === null) return 1;
  let sum = 1;
  for (const [key, entry] of Object.entries(value)) sum += Math.ceil(key.length / charactersPerToken) + estimate(entry);
  return sum;
}
