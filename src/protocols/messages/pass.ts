/** Messages on both sides: the body goes through, with the model renamed, foreign thinking and illegal ids taken out. */
import type { Content } from "../../kit/content.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import { safeId } from "../ids.ts";
import type { Envelope, Passage } from "../protocol.ts";
import { isObject } from "../read.ts";
import { lostThinking } from "./thinking.ts";

export function pass(_envelope: Envelope, body: JsonObject, target: TargetFacts): Passage {
  const set = new Map([["model", JSON.stringify(target.model)]]);
  const messages = Array.isArray(body.messages) ? body.messages : [];
  const legal = messages.map(withLegalIds);
  if (legal.some((message, at) => message !== messages[at])) set.set("messages", JSON.stringify(legal));
  return { path: "/messages", set };
}

/** Only ids of tool calls that the API refuses are edited in the messages. */
export function mayEdit(content: Content): boolean {
  return (
    content.includes('"tool_use') && /"(?:tool_use_id|id)"\s*:\s*"[a-zA-Z0-9_-]*[^a-zA-Z0-9_"-]/.test(content.text)
  );
}

const idKeys: ReadonlyMap<unknown, string> = new Map([
  ["tool_use", "id"],
  ["tool_result", "tool_use_id"],
]);

/** The message itself when its ids are what the API takes; else a copy with those that `safeId` makes of them. */
function withLegalIds(message: Json): Json {
  if (!isObject(message) || !Array.isArray(message.content)) return message;
  let changed = false;
  const content = message.content.map((block) => {
    const key = isObject(block) ? idKeys.get(block.type) : undefined;
    if (!isObject(block) || key === undefined) return block;
    const id = block[key];
    if (typeof id !== "string" || /^[a-zA-Z0-9_-]+$/.test(id)) return block;
    changed = true;
    return { ...block, [key]: safeId(id) };
  });
  return changed ? { ...message, content } : message;
}

/**
 * Without the thinking that this target did not make. What it sets stands before what `pass` sets. Where that leaves a
 * running tool loop without the thinking that it must start with, a thinking budget is switched off for this request.
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
  set.set("messages", JSON.stringify(messages.map(withLegalIds)));
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
