/** Parts of a Responses conversation that stand at its provider, where no provider of another protocol can read them. */
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";

const fields = ["previous_response_id", "conversation", "background", "prompt"] as const;
/** Items that stand for others. */
const references = new Set(["item_reference", "compaction"]);

/** Throws `unsupported`: without them the answer would be another one. */
export function refuseKeptElsewhere(request: ChatRequest): void {
  for (const field of fields) {
    const value = request.ext?.responses?.[field];
    if (value !== undefined && value !== null && value !== false) throw refusal(field);
  }
  for (const item of request.items) {
    if (item.type !== "opaque" || item.origin !== "responses") continue;
    const { json } = item;
    const type = typeof json === "object" && json !== null && !Array.isArray(json) ? json.type : undefined;
    if (typeof type === "string" && references.has(type)) throw refusal(item.at ?? "items");
  }
}

function refusal(param: string): GatewayError {
  const message = `${param} needs a provider that speaks Responses: no other keeps what it refers to.`;
  return new GatewayError("unsupported", message, { param });
}
