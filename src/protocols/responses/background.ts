/** Responses that run in the background: the object while they run, and when they ended otherwise than well. */
import { applySplices, scanObject, spliceMembers } from "../../kit/json.ts";
import type { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import { errorBody } from "../chat/error.ts";
import type { ReplyContext } from "../protocol.ts";
import { ResponsesEncoder } from "./encode.ts";
import { responseId } from "./ids.ts";

export function mint(requestId: string): string {
  return responseId("", requestId);
}

export function pending(context: ReplyContext): JsonObject {
  const encoder = new ResponsesEncoder(context);
  encoder.open();
  return { ...encoder.response, id: mint(context.requestId), background: true, completed_at: null, usage: null };
}

/** A whole answer under its own id. */
export function identified(text: string, id: string): string {
  const members = scanObject(text)?.members;
  if (!members) return text;
  const values = new Map([
    ["id", JSON.stringify(id)],
    ["background", "true"],
  ]);
  return applySplices(text, spliceMembers(text, values, { object: {}, members }));
}

/** Of a running response, when it failed, or was cancelled. */
export function ended(running: JsonObject, error?: GatewayError): JsonObject {
  if (!error) return { ...running, status: "cancelled" };
  const { message, code, type } = errorBody(error).error;
  return { ...running, status: "failed", error: { code: code ?? type ?? null, message: message ?? "" } };
}
