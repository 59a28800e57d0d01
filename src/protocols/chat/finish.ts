/** Finish reasons, from the many words that compatible servers use and to the four of the protocol. */
import type { FinishReason } from "../../model/event.ts";

const words: Record<string, FinishReason> = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop-sequence",
  tool_calls: "tool-calls",
  tool_call: "tool-calls",
  tool_use: "tool-calls",
  function_call: "tool-calls",
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  model_length: "context",
  content_filter: "filter",
  safety: "filter",
  refusal: "filter",
  sensitive: "filter",
  blocklist: "filter",
  prohibited_content: "filter",
  spii: "filter",
  recitation: "recitation",
};

/** Words with which a failure is told as a finish: malformed calls, errors. */
export function isFailure(word: string): boolean {
  return /^(?:malformed|error$|network_error|unexpected_tool_call)/i.test(word);
}

/**
 * Undefined words count as an ordinary stop. With calls in the answer every ordinary stop is a stop for the calls,
 * whatever the provider says.
 */
export function parseFinish(word: string, hasCalls: boolean): FinishReason {
  const key = word.toLowerCase();
  const reason = (Object.hasOwn(words, key) ? words[key] : undefined) ?? "stop";
  return hasCalls && (reason === "stop" || reason === "stop-sequence") ? "tool-calls" : reason;
}

export function buildFinish(reason: FinishReason, hasCalls: boolean): string {
  switch (reason) {
    case "length":
    case "context":
    case "continuation":
      return "length";
    case "filter":
    case "recitation":
      return "content_filter";
    case "tool-calls":
      return "tool_calls";
    default:
      return hasCalls ? "tool_calls" : "stop";
  }
}
