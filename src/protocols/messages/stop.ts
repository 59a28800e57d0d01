/** Stop reasons and what stands beside them. */
import type { FinishReason } from "../../model/event.ts";
import type { JsonObject } from "../../model/json.ts";
import { isObject } from "../read.ts";

const parsed: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop-sequence",
  tool_use: "tool-calls",
  max_tokens: "length",
  model_context_window_exceeded: "context",
  refusal: "filter",
  pause_turn: "pause",
  compaction: "compaction",
};

const built: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  "stop-sequence": "stop_sequence",
  "tool-calls": "tool_use",
  length: "max_tokens",
  context: "model_context_window_exceeded",
  filter: "refusal",
  recitation: "refusal",
  pause: "pause_turn",
  compaction: "compaction",
  continuation: "max_tokens",
  other: "end_turn",
};

/** An answer that holds a call the client must run ends in calls, whatever the provider says of a natural end. */
export function parseStop(reason: unknown, hasCalls: boolean): FinishReason {
  const known = typeof reason === "string" && Object.hasOwn(parsed, reason) ? parsed[reason] : undefined;
  const finish = known ?? "other";
  return hasCalls && (finish === "stop" || finish === "other") ? "tool-calls" : finish;
}

export function buildStop(finish: FinishReason, hasCalls: boolean): string {
  return hasCalls && (finish === "stop" || finish === "other") ? "tool_use" : built[finish];
}

/** True when the answer was cut: its last call may lack arguments. */
export function isCut(finish: FinishReason): boolean {
  return finish === "length" || finish === "context";
}

export function parseRefusal(details: unknown): { refusal?: string } {
  const explanation = isObject(details) ? details.explanation : undefined;
  return typeof explanation === "string" ? { refusal: explanation } : {};
}

export function buildStopDetails(refusal: string | undefined, known: unknown): JsonObject | null {
  if (isObject(known)) return known;
  return refusal === undefined ? null : { type: "refusal", category: null, explanation: refusal };
}
