/** Usage and finish of a plain whole answer that is only passed on: the cheap way to what `parseResponse` would say. */
import type { Json, JsonObject } from "../../model/json.ts";
import type { Outcome } from "../protocol.ts";
import { isFailure, parseFinish } from "./finish.ts";
import { hiddenError } from "./parse-error.ts";
import { parseUsage } from "./usage.ts";
import { isObject } from "./wire.ts";

/** Undefined for whatever is not one choice of text or of function calls with an end of its own. */
export function readOutcome(body: Json): Outcome | undefined {
  if (!isObject(body) || hiddenError(body) || !Array.isArray(body.choices) || body.choices.length !== 1)
    return undefined;
  const choice = body.choices[0];
  if (!isObject(choice) || !isObject(choice.message) || isOdd(body, choice)) return undefined;
  const { message, finish_reason: word } = choice;
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  if (typeof message.content !== "string" && calls.length === 0) return undefined;
  if (!calls.every(isNamed) || typeof word !== "string" || word === "" || isFailure(word)) return undefined;
  const usage = isObject(body.usage) ? parseUsage(body.usage, body.service_tier) : undefined;
  return { finish: parseFinish(word, calls.length > 0), ...(usage ? { usage } : {}) };
}

/** What may tell of an error, of a stop sequence, or of usage in another place. */
function isOdd(body: JsonObject, choice: JsonObject): boolean {
  const places = [choice.error, choice.stop_reason, choice.matched_stop, choice.usage, body.x_groq];
  return places.some((place) => place !== undefined && place !== null);
}

function isNamed(call: Json): boolean {
  if (!isObject(call)) return false;
  const tool = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : undefined;
  return typeof tool?.name === "string" && tool.name !== "";
}
