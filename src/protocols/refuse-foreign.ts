/** Constraints that only the client's own protocol can say: without them the answer would be one that it did not want. */
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Json } from "../model/json.ts";
import { isAbsent, isObject } from "./read.ts";

const constraints: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  messages: {
    compaction: "no provider of another protocol compacts a conversation on request",
    inference_geo: "no provider of another protocol can be told where to run",
  },
  responses: { tool_choice: "this provider has none of these tools to choose" },
};

/** Items of Responses that set what holds from there on. */
const settings = new Set(["configuration_update", "compaction_trigger"]);
/** Parts that hold what was said, in a form that is nowhere else. */
const contents: Readonly<Record<string, ReadonlySet<string>>> = {
  messages: new Set(["container_upload"]),
  gemini: new Set(["audioTranscription"]),
};

/** Throws `unsupported`. `own` is the protocol that is built for. */
export function refuseForeign(request: ChatRequest, own: string): void {
  const { protocol } = request;
  if (protocol === own) return;
  const fields = request.ext?.[protocol] ?? {};
  for (const [field, words] of Object.entries(constraints[protocol] ?? {})) {
    if (!isAbsent(fields[field])) throw refusal(field, words);
  }
  refuseBlocking(fields.moderation, own);
  for (const item of request.items) {
    if (item.type === "opaque") refuseItem(item.origin, item.json, item.at ?? "items");
    if (!("blocks" in item)) continue;
    for (const block of item.blocks) {
      if (block.type === "opaque") refuseItem(block.origin, block.json, block.at ?? item.at ?? "items");
    }
  }
}

function refuseItem(origin: string, json: Json, at: string): void {
  if (!isObject(json)) return;
  // Of other types than text a client's JSON may hold what cannot even be made text.
  const type = typeof json.type === "string" ? json.type : "";
  const isSetting = origin === "responses" && settings.has(type);
  if (isSetting) throw refusal(at, "no provider of another protocol can be told this in mid-conversation");
  const isContent = contents[origin]?.has(type) || Object.keys(json).some((key) => contents[origin]?.has(key));
  if (isContent) throw refusal(at, "this kind of content cannot be sent to this provider");
}

/** A policy that may keep an answer back is no wish. */
function refuseBlocking(moderation: Json | undefined, own: string): void {
  if (own === "chat" || own === "responses" || !isObject(moderation) || !isObject(moderation.policy)) return;
  for (const [side, rule] of Object.entries(moderation.policy)) {
    if (!isObject(rule) || rule.mode !== "block") continue;
    throw refusal(`moderation.policy.${side}`, "this provider blocks nothing on demand");
  }
}

function refusal(param: string, words: string): GatewayError {
  return new GatewayError("unsupported", `${param}: ${words}. Leave it out.`, { param });
}
