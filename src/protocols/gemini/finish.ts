/** Finish reasons: Google's twenty words, most of which mean "filtered" or "the model broke the grammar". */
import { GatewayError } from "../../model/error.ts";
import type { FinishReason } from "../../model/event.ts";

const reasons: Readonly<Record<string, FinishReason>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  CONTINUATION: "continuation",
  SAFETY: "filter",
  PROHIBITED_CONTENT: "filter",
  BLOCKLIST: "filter",
  SPII: "filter",
  LANGUAGE: "filter",
  IMAGE_SAFETY: "filter",
  IMAGE_PROHIBITED_CONTENT: "filter",
  MODEL_ARMOR: "filter",
  JAILBREAK: "filter",
  RECITATION: "recitation",
  IMAGE_RECITATION: "recitation",
};

/** Some back ends write numbers; beyond the fifth, their lists differ. */
const numbered = ["FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER"];

/** The word of a reason; "" when there is none. */
export function reasonWord(value: unknown): string {
  if (typeof value === "number") return numbered[value] ?? "OTHER";
  return typeof value === "string" ? value : "";
}

const failures = /^(?:MALFORMED|UNEXPECTED_TOOL_CALL|TOO_MANY_TOOL_CALLS|MISSING_THOUGHT_SIGNATURE)/;

/** The error that a reason stands for: the model called a function in a way that nobody can use. */
export function failureOf(reason: string, message: string): GatewayError | undefined {
  if (!failures.test(reason)) return undefined;
  const words = message === "" ? "The model's answer is not usable." : message;
  return new GatewayError("upstream-failed", `The provider ended the answer with ${reason}: ${words}`, {
    ...{ vendorCode: reason, isAside: true },
  });
}

/** With calls in the answer every ordinary or unknown end is an end for the calls. */
export function parseFinish(reason: string, hasCalls: boolean): FinishReason {
  const known = Object.hasOwn(reasons, reason) ? (reasons[reason] ?? "other") : "other";
  return hasCalls && (known === "stop" || known === "other") ? "tool-calls" : known;
}

export function buildFinish(reason: FinishReason): string {
  switch (reason) {
    case "length":
    case "context":
      return "MAX_TOKENS";
    case "filter":
      return "SAFETY";
    case "recitation":
      return "RECITATION";
    case "continuation":
      return "CONTINUATION";
    case "other":
      return "OTHER";
    default:
      return "STOP";
  }
}

/** Does the end mean that the last thing said was cut short? */
export function isCut(reason: FinishReason): boolean {
  return reason === "length" || reason === "context" || reason === "continuation";
}
