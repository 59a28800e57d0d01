/** Parts of a request that only refer to what a provider of its own protocol keeps. */
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import { isObject } from "./read.ts";

const fields: Readonly<Record<string, readonly string[]>> = {
  responses: ["previous_response_id", "conversation", "background", "prompt"],
  messages: ["container", "thread"],
  gemini: ["cachedContent", "continuationToken"],
};
/** Items of Responses that stand for others. */
const references = new Set(["item_reference", "compaction"]);

/** Throws `unsupported`: without them the answer would be another one. `own` is the protocol that is built for. */
export function refuseKeptElsewhere(request: ChatRequest, own: string): void {
  for (const [origin, names] of Object.entries(fields)) {
    if (origin === own) continue;
    for (const field of names) {
      const value = request.ext?.[origin]?.[field];
      if (value !== undefined && value !== null && value !== false) throw refusal(field, origin);
    }
  }
  for (const item of own === "chat" ? [] : request.items) {
    if (isObject(item.ext?.chat?.audio)) throw refusal(`${item.at ?? "items"}.audio`, "chat");
  }
  for (const item of own === "responses" ? [] : request.items) {
    if (item.type !== "opaque" || item.origin !== "responses") continue;
    const { json } = item;
    const type = typeof json === "object" && json !== null && !Array.isArray(json) ? json.type : undefined;
    if (typeof type === "string" && references.has(type)) throw refusal(item.at ?? "items", item.origin);
  }
}

/** Does the client want the answer kept where nobody will? What clients of Responses ask for is kept by Plexus. */
export function isKeptByNobody({ store, protocol }: ChatRequest): boolean {
  return store === true && protocol !== "responses";
}

function refusal(param: string, origin: string): GatewayError {
  const message = `${param} needs a provider that speaks ${origin}: no other keeps what it refers to.`;
  return new GatewayError("unsupported", message, { param });
}
