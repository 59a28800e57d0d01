/** Tokens of an answer whose provider reported none, or that was cut before it could. Always marked as estimated. */
import { emptyUsage, type Usage } from "../model/usage.ts";

/** Characters of JSON for one token, on average over prose and code. */
const charactersPerToken = 4;

export interface Seen {
  /** Length of the request's text. */
  requestCharacters: number;
  /** The input, where it was estimated from more than its length. */
  inputTokens?: number;
  /** Frames of content that came; providers send about one token in each. Of a whole answer its tokens. */
  frames: number;
}

/** `reported` is what the provider said before it was cut; the larger of both counts is taken. */
export function estimateUsage(reported: Usage | undefined, seen: Seen): Usage {
  const usage = { ...(reported ?? emptyUsage()), estimated: true };
  if (!reported) {
    usage.inUncached = seen.inputTokens ?? Math.max(1, Math.ceil(seen.requestCharacters / charactersPerToken));
  }
  const missing = seen.frames - usage.outVisible - usage.outReasoning;
  if (missing > 0) {
    usage.outVisible += missing;
    // What was charged until then is not what all of it costs.
    delete usage.reportedNano;
  }
  return usage;
}
