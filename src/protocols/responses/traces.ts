/** What a provider of another protocol ran itself, as items of an answer. */
import type { ChatRequest } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Trace } from "../server-traces.ts";

export const outputsInclude = "code_interpreter_call.outputs";
const sourcesInclude = "web_search_call.action.sources";

export function tracePrefix({ kind }: Trace): string {
  return kind === "search" ? "ws" : "ci";
}

/** Undefined for a trace that says nothing. Sources and outputs are for clients that ask for them. */
export function buildTrace(trace: Trace, id: string, request: ChatRequest): JsonObject | undefined {
  const asked = request.ext?.responses?.include;
  const wants = (name: string) => Array.isArray(asked) && asked.includes(name);
  const status = trace.failed ? "failed" : "completed";
  if (trace.kind === "search") {
    const { queries, sources } = trace;
    if (queries.length === 0) return undefined;
    const found = wants(sourcesInclude) ? { sources: sources.map((url) => ({ type: "url", url })) } : {};
    return {
      ...{ id, type: "web_search_call", status },
      action: { type: "search", query: queries[0] ?? "", queries, ...found },
    };
  }
  const isTold = trace.output !== undefined && wants(outputsInclude);
  const outputs = isTold ? [{ type: "logs", logs: trace.output ?? "" }] : null;
  // Where it ran is nothing that this protocol's clients could use.
  return { id, type: "code_interpreter_call", status, code: trace.code, container_id: "", outputs };
}
