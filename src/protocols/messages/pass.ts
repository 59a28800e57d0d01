/** Messages on both sides: the body goes through, with the model renamed, foreign thinking and illegal ids taken out. */
import type { Content } from "../../kit/content.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import { safeId } from "../ids.ts";
import type { Envelope, Passage } from "../protocol.ts";
import { isObject } from "../read.ts";
import { lostThinking } from "./thinking.ts";
import { isMintedTrace } from "./traces.ts";

export function pass(_envelope: Envelope, body: JsonObject, target: TargetFacts): Passage {
  const set = new Map([["model", JSON.stringify(target.model)]]);
  const messages = Array.isArray(body.messages) ? body.messages : [];
  const legal = legalMessages(messages);
  if (legal.length < messages.length || legal.some((message, at) => message !== messages[at]))
    set.set("messages", JSON.stringify(legal));
  return { path: "/messages", set };
}

/** Without the messages of which nothing is left. */
function legalMessages(messages: Json[]): Json[] {
  return messages.flatMap((message) => {
    const legal = withLegalIds(message);
    return legal !== message && isObject(legal) && isEmptyList(legal.content) ? [] : [legal];
  });
}

function isEmptyList(content: Json | undefined): boolean {
  return Array.isArray(content) && content.length === 0;
}

/** Only ids of tool calls that the API refuses are edited in the messages, and what another provider ran. */
export function mayEdit(content: Content): boolean {
  if (content.includes("srvtoolu_plx")) return true;
  return (
    content.includes('"tool_use') && /"(?:tool_use_id|id)"\s*:\s*"[a-zA-Z0-9_-]*[^a-zA-Z0-9_"-]/.test(content.text)
  );
}

const idKeys: ReadonlyMap<unknown, string> = new Map([
  ["tool_use", "id"],
  ["tool_result", "tool_use_id"],
]);

/**
 * The message itself when its ids are what the API takes; else a copy with those that `safeId` makes of them, and without
 * the calls that stand for what another provider ran.
 */
function withLegalIds(message: Json): Json {
  if (!isObject(message) || !Array.isArray(message.content)) return message;
  const known = message.content.filter((block) => !isMintedTrace(block));
  let changed = known.length < message.content.length;
  const content = known.map((block) => {
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
  set.set("messages", JSON.stringify(legalMessages(messages)));
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
