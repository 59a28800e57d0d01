/** Pass-through between a client and a provider that both speak this protocol: small edits in place. */
import type { Content } from "../../kit/content.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import { safeId } from "../ids.ts";
import type { Envelope, Passage } from "../protocol.ts";
import { path } from "./build-request.ts";
import { thoughtOf } from "./request-messages.ts";
import { isObject } from "./wire.ts";

const maxIdLength = 64;

export function pass(envelope: Envelope, body: JsonObject, target: TargetFacts): Passage {
  const set = new Map([["model", JSON.stringify(target.model)]]);
  const messages = shortIds(body.messages);
  if (messages) set.set("messages", JSON.stringify(messages));
  const options = isObject(body.stream_options) ? body.stream_options : {};
  const several = typeof body.n === "number" && body.n > 1 ? { several: true as const } : {};
  if (envelope.stream && options.include_usage === true) return { path, set, wantsUsage: true, ...several };
  if (!envelope.stream || !target.can.streamUsage) return { path, set, ...several };
  set.set("stream_options", JSON.stringify({ ...options, include_usage: true }));
  return { path, set, marker: '"usage"', frame: withoutUsage, ...several };
}

/** Only ids that are too long are edited in the messages. */
export function mayEdit(content: Content): boolean {
  return content.includes('"tool_call') && /"(?:tool_call_id|id)"\s*:\s*"[^"]{65}/.test(content.text);
}

/** Takes away the usage that only Plexus asked for: the last chunk whole, from the others the empty member. */
function withoutUsage(raw: string): string {
  if (/"choices"\s*:\s*\[\s*\]/.test(raw) && /"usage"\s*:\s*\{/.test(raw)) return "";
  // Quotes inside strings are escaped: what matches is a member, and an empty one is nowhere missed.
  return raw.replace(/,\s*"usage"\s*:\s*null(?=\s*[,}])/, "").replace(/\{\s*"usage"\s*:\s*null\s*,/, "{");
}

/** The messages with ids that OpenAI takes; undefined when they all fit. */
function shortIds(messages: Json | undefined): Json[] | undefined {
  let changed = false;
  const short = (holder: JsonObject, key: string): JsonObject => {
    const id = holder[key];
    if (typeof id !== "string" || id.length <= maxIdLength) return holder;
    changed = true;
    return { ...holder, [key]: safeId(id) };
  };
  const edited = (Array.isArray(messages) ? messages : []).map((message) => {
    if (!isObject(message)) return message;
    if (message.role === "tool") return short(message, "tool_call_id");
    if (!Array.isArray(message.tool_calls)) return message;
    return { ...message, tool_calls: message.tool_calls.map((call) => (isObject(call) ? short(call, "id") : call)) };
  });
  return changed ? edited : undefined;
}

export function strip(
  body: JsonObject,
  foreign: (bytes: string) => boolean,
  target: TargetFacts,
): ReadonlyMap<string, string> {
  const isForeign = (bytes: Json | undefined) => typeof bytes === "string" && bytes !== "" && foreign(bytes);
  const before = Array.isArray(body.messages) ? body.messages : [];
  const messages = before.map((message) =>
    isObject(message) ? withoutCallSeals(withoutDetails(message, isForeign, target), isForeign) : message,
  );
  if (messages.every((message, at) => message === before[at])) return new Map();
  return new Map([["messages", JSON.stringify(shortIds(messages) ?? messages)]]);
}

type IsForeign = (bytes: Json | undefined) => boolean;

/** With the proof of another provider's reasoning goes its text, but for targets that want the text of any. */
function withoutDetails(message: JsonObject, isForeign: IsForeign, target: TargetFacts): JsonObject {
  const { reasoning_details: details, ...rest } = message;
  if (!Array.isArray(details)) return message;
  const kept = details.filter((entry) => !isObject(entry) || !(isForeign(entry.signature) || isForeign(entry.data)));
  if (kept.length === details.length) return message;
  const left: JsonObject = kept.length > 0 ? { ...rest, reasoning_details: kept } : rest;
  if (target.can.echoReasoning) return left;
  const { reasoning_content: _text, reasoning: _same, ...others } = left;
  return others;
}

function withoutCallSeals(message: JsonObject, isForeign: IsForeign): JsonObject {
  const calls = message.tool_calls;
  if (!Array.isArray(calls)) return message;
  const kept = calls.map((call) => (isObject(call) && isForeign(thoughtOf(call)) ? withoutThought(call) : call));
  return kept.every((call, at) => call === calls[at]) ? message : { ...message, tool_calls: kept };
}

function withoutThought(call: JsonObject): JsonObject {
  const { extra_content: extra, ...rest } = call;
  if (!isObject(extra) || !isObject(extra.google)) return rest;
  const { thought_signature: _signature, ...google } = extra.google;
  const { google: _google, ...others } = extra;
  const kept = Object.keys(google).length === 0 ? others : { ...others, google };
  return Object.keys(kept).length === 0 ? rest : { ...rest, extra_content: kept };
}
