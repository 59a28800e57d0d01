/** Messages on both sides: the body goes through, with the model renamed and foreign thinking taken out. */
import type { Json, JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import type { Envelope, Passage } from "../protocol.ts";
import { isObject } from "./read.ts";

export function pass(_envelope: Envelope, _body: JsonObject, target: TargetFacts): Passage {
  return { path: "/messages", set: new Map([["model", JSON.stringify(target.model)]]) };
}

/**
 * Without the thinking that this target did not make. Where that leaves the turn of a running tool loop without the
 * thinking that it must start with, a thinking budget is switched off for this request.
 */
export function strip(body: JsonObject, foreign: (bytes: string) => boolean): ReadonlyMap<string, string> {
  const set = new Map<string, string>();
  if (!Array.isArray(body.messages)) return set;
  let removed = false;
  const messages = body.messages.map((message) => {
    if (!isObject(message) || !Array.isArray(message.content)) return message;
    const content = message.content.filter((block) => !isForeign(block, foreign));
    if (content.length === message.content.length) return message;
    removed = true;
    return { ...message, content };
  });
  if (!removed) return set;
  set.set("messages", JSON.stringify(messages));
  if (isObject(body.thinking) && body.thinking.type === "enabled" && lostThinking(messages)) {
    set.set("thinking", '{"type":"disabled"}');
  }
  return set;
}

function isForeign(block: Json, foreign: (bytes: string) => boolean): boolean {
  if (!isObject(block)) return false;
  const bytes =
    block.type === "thinking" ? block.signature : block.type === "redacted_thinking" ? block.data : undefined;
  return typeof bytes === "string" && foreign(bytes);
}

function lostThinking(messages: Json[]): boolean {
  const at = messages.findLastIndex((message) => isObject(message) && message.role === "assistant");
  return hasType(messages[at], "tool_use") && !hasType(messages[at], "thinking", "redacted_thinking");
}

function hasType(message: Json | undefined, ...types: string[]): boolean {
  if (!isObject(message) || !Array.isArray(message.content)) return false;
  return message.content.some((block) => isObject(block) && types.includes(String(block.type)));
}
