/** A provider's whole answer: read as the one chunk that it is, so that streams and whole answers cannot differ. */

import { collect } from "../../model/collect.ts";
import { GatewayError } from "../../model/error.ts";
import type { Answer } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { ChatDecoder } from "./decode.ts";
import { hiddenError } from "./parse-error.ts";
import { isObject } from "./wire.ts";

export function parseResponse(body: Json): Answer[] {
  const error = hiddenError(body);
  if (error) throw error;
  if (!isObject(body) || !Array.isArray(body.choices) || !body.choices.some(isObject)) {
    throw new GatewayError("upstream-failed", "The provider's answer holds no choices.");
  }
  const choices = body.choices.filter(isObject).map(whole);
  const decoder = new ChatDecoder();
  return collect([...decoder.chunk({ ...body, choices }), ...decoder.end()]);
}

/** The choice with what a stream has: a message is the only delta, every call has an index, an end has a word. */
function whole(choice: JsonObject, position: number): JsonObject {
  const message = isObject(choice.message) ? choice.message : isObject(choice.delta) ? choice.delta : {};
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : undefined;
  const delta = calls ? { ...message, tool_calls: calls.map((call, index) => ({ ...call, index })) } : message;
  return {
    ...choice,
    index: position,
    delta,
    finish_reason: typeof choice.finish_reason === "string" && choice.finish_reason ? choice.finish_reason : "stop",
  };
}
