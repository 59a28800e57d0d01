/** Pass-through between a client and a provider that both speak this protocol: small edits in place. */
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
  if (!envelope.stream || options.include_usage === true || !target.can.streamUsage) return { path, set };
  set.set("stream_options", JSON.stringify({ ...options, include_usage: true }));
  return { path, set, frame: withoutUsage };
}

/** Takes away the usage that only Plexus asked for: the last chunk whole, from the others the empty member. */
function withoutUsage(raw: string): string {
  if (!raw.includes('"usage"')) return raw;
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

export function strip(body: JsonObject, foreign: (bytes: string) => boolean): ReadonlyMap<string, string> {
  let changed = false;
  const isForeign = (bytes: Json | undefined) => typeof bytes === "string" && bytes !== "" && foreign(bytes);
  const messages = (Array.isArray(body.messages) ? body.messages : []).map((message) => {
    if (!isObject(message)) return message;
    const out = { ...message };
    if (Array.isArray(message.reasoning_details)) {
      const kept = message.reasoning_details.filter(
        (entry) => !isObject(entry) || !(isForeign(entry.signature) || isForeign(entry.data)),
      );
      if (kept.length < message.reasoning_details.length) {
        changed = true;
        if (kept.length > 0) out.reasoning_details = kept;
        else delete out.reasoning_details;
      }
    }
    if (Array.isArray(message.tool_calls)) {
      out.tool_calls = message.tool_calls.map((call) => {
        if (!isObject(call) || !isForeign(thoughtOf(call))) return call;
        changed = true;
        return withoutThought(call);
      });
    }
    return out;
  });
  return changed ? new Map([["messages", JSON.stringify(shortIds(messages) ?? messages)]]) : new Map();
}

function withoutThought(call: JsonObject): JsonObject {
  const { extra_content: extra, ...rest } = call;
  if (!isObject(extra) || !isObject(extra.google)) return rest;
  const { thought_signature: _signature, ...google } = extra.google;
  const { google: _google, ...others } = extra;
  const kept = Object.keys(google).length === 0 ? others : { ...others, google };
  return Object.keys(kept).length === 0 ? rest : { ...rest, extra_content: kept };
}
