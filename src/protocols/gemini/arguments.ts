/** A call's arguments as the object that `functionCall.args` must be. */
import { parseExact } from "../../kit/json.ts";
import type { CallItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { functionArguments } from "../emulated-tools.ts";
import { isObject } from "../read.ts";

/** Undefined when the text is no JSON. What is no object is wrapped as `{value}`; empty text is `{}`. */
export function callArguments(
  call: Pick<CallItem, "kind" | "args">,
): { args: JsonObject; wrapped: boolean } | undefined {
  const text = functionArguments(call);
  if (text.trim() === "") return { args: {}, wrapped: false };
  try {
    const value = parseExact(text) as Json;
    return isObject(value) ? { args: value, wrapped: false } : { args: { value }, wrapped: true };
  } catch {
    return undefined;
  }
}
