/** A call's arguments as the object that `functionCall.args` must be. */
import { parseExact } from "../../kit/json.ts";
import type { CallItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";

/** Undefined when the text is no JSON. What is no object is wrapped as `{value}`; empty text is `{}`. */
export function callArguments(
  call: Pick<CallItem, "kind" | "args">,
): { args: JsonObject; wrapped: boolean } | undefined {
  // Freeform calls travel as a function with the one member `input`.
  if (call.kind === "custom") return { args: { input: call.args }, wrapped: false };
  if (call.args.trim() === "") return { args: {}, wrapped: false };
  try {
    const value = parseExact(call.args) as Json;
    return isObject(value) ? { args: value, wrapped: false } : { args: { value }, wrapped: true };
  } catch {
    return undefined;
  }
}
