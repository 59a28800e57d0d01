/** What a provider of another protocol ran itself: code as the two parts that it has here, searches beside the answer. */
import type { Item } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import { type Trace, tracesIn } from "../server-traces.ts";

/** Nothing for code whose output is not told: here a result always follows. */
export function traceParts(trace: Trace | undefined): JsonObject[] {
  if (trace?.kind !== "code" || trace.output === undefined) return [];
  const outcome = trace.failed ? "OUTCOME_FAILED" : "OUTCOME_OK";
  return [
    { executableCode: { language: "PYTHON", code: trace.code } },
    { codeExecutionResult: { outcome, output: trace.output } },
  ];
}

/** `webSearchQueries` of the grounding. */
export function queriesIn(items: readonly Item[]): string[] {
  return tracesIn(items).flatMap((trace) => (trace.kind === "search" ? trace.queries : []));
}
