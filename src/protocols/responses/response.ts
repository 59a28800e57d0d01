/** Whole answers. Both ways go through the stream's own machines, so that streams and whole answers cannot differ. */
import { collect, replay } from "../../model/collect.ts";
import { GatewayError } from "../../model/error.ts";
import type { Answer } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { hiddenError } from "../chat/parse-error.ts";
import { isObject } from "../chat/wire.ts";
import type { ReplyContext } from "../protocol.ts";
import { ResponsesDecoder } from "./decode.ts";
import { ResponsesEncoder } from "./encode.ts";

export function parseResponse(body: Json): Answer[] {
  const error = hiddenError(body);
  if (error) throw error;
  if (!isObject(body) || !Array.isArray(body.output)) {
    throw new GatewayError("upstream-failed", "The provider's answer is no response with an output.");
  }
  return collect(new ResponsesDecoder().whole(body));
}

export function buildResponse(answers: Answer[], context: ReplyContext): JsonObject {
  const encoder = new ResponsesEncoder(context);
  for (const event of replay(answers.slice(0, 1))) encoder.push(event);
  encoder.end();
  return encoder.response;
}
