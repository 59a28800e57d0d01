/** How an answer ended: status and reason on the wire. */
import { GatewayError } from "../../model/error.ts";
import type { FinishReason } from "../../model/event.ts";
import type { JsonObject } from "../../model/json.ts";
import { hiddenError } from "../chat/parse-error.ts";
import { isObject, stringOf } from "../chat/wire.ts";

/** The finish that a response object tells, or the error that it holds. `event` is the name of the event around it. */
export function parseStatus(response: JsonObject, event?: string): FinishReason | GatewayError {
  const status = stringOf(response.status) ?? event;
  if (status === "failed" || isObject(response.error)) {
    const error = isObject(response.error) ? hiddenError({ error: response.error }) : undefined;
    return error ?? new GatewayError("upstream-failed", "The provider's response failed without saying why.");
  }
  if (status === "incomplete") return parseIncomplete(response);
  // Some servers leave the last letter out.
  if (status === undefined || status === "completed" || status === "complete") return "stop";
  return new GatewayError("upstream-failed", `The provider's response is ${JSON.stringify(status)}, not completed.`);
}

function parseIncomplete(response: JsonObject): FinishReason {
  const details = response.incomplete_details;
  const reason = isObject(details) ? (stringOf(details.reason) ?? "") : "";
  if (/filter|safety|policy/i.test(reason)) return "filter";
  return reason === "" || /token|length/i.test(reason) ? "length" : "other";
}

export interface End {
  status: "completed" | "incomplete";
  incomplete_details: { reason: string } | null;
}

export function buildStatus(finish: FinishReason): End {
  switch (finish) {
    case "length":
    case "context":
    case "continuation":
      return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    case "filter":
    case "recitation":
      return { status: "incomplete", incomplete_details: { reason: "content_filter" } };
    default:
      return { status: "completed", incomplete_details: null };
  }
}
