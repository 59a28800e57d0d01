/** A call's arguments as the object that `tool_use.input` must be. */
import { parseExact } from "../../kit/json.ts";
import type { CallItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { functionArguments } from "../emulated-tools.ts";
import { isObject } from "../read.ts";

/** Empty text is `{}`; what is no object, or no JSON at all, is wrapped as `{value}`. */
export function argumentsObject(args: string): { input: JsonObject; wrapped: boolean } {
  if (args.trim() === "") return { input: {}, wrapped: false };
  try {
    const value = parseExact(args) as Json;
    return isObject(value) ? { input: value, wrapped: false } : { input: { value }, wrapped: true };
  } catch {
    return { input: { value: args }, wrapped: true };
  }
}

/** Calls of tools that are no functions travel as those of functions. */
export function callInput(call: Pick<CallItem, "kind" | "args">): { input: JsonObject; wrapped: boolean } {
  return argumentsObject(functionArguments(call));
}
