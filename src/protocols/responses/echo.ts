/** What a response object repeats of its request: strict clients want every member there. */
import type { ChatRequest } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { Notes } from "../../model/note.ts";
import { defaultCapabilities } from "../../model/target.ts";
import { isObject } from "../chat/wire.ts";
import type { ReplyContext } from "../protocol.ts";
import { buildTools, choiceOf } from "./build-tools.ts";

const same = (name: string) => name;

/** Members that the request leaves open have the protocol's default, or null. */
export function echoOf({ request, previous }: Pick<ReplyContext, "request" | "previous">): JsonObject {
  const own = request.ext?.responses ?? {};
  const { sampling, reasoning, toolChoice } = request;
  const instructions = request.instructions.map((block) => (block.type === "text" ? block.text : "")).join("\n\n");
  const conversation = typeof own.conversation === "string" ? { id: own.conversation } : (own.conversation ?? null);
  return {
    background: own.background ?? false,
    conversation,
    instructions: instructions === "" ? null : instructions,
    max_output_tokens: sampling.maxTokens ?? null,
    max_tool_calls: own.max_tool_calls ?? null,
    parallel_tool_calls: request.parallel ?? true,
    previous_response_id: previous ?? own.previous_response_id ?? null,
    prompt_cache_key: request.cache?.key ?? null,
    reasoning: {
      effort: reasoning?.effort ?? null,
      summary: reasoning?.summary ?? null,
      ...(isObject(own.reasoning) ? own.reasoning : {}),
    },
    safety_identifier: own.safety_identifier ?? null,
    service_tier: request.tier ?? "auto",
    store: request.store ?? true,
    temperature: sampling.temperature ?? null,
    text: textOf(request),
    tool_choice: own.tool_choice ?? (toolChoice ? choiceOf(toolChoice, request.tools, { nameOf: same }) : "auto"),
    tools: toolsOf(request),
    top_logprobs: request.logprobs?.top ?? 0,
    top_p: sampling.topP ?? null,
    truncation: own.truncation ?? "disabled",
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  };
}

function toolsOf(request: ChatRequest): Json[] {
  // Tools of other protocols cannot be shown here; an answer does not fail for that.
  const tools = request.tools.filter((tool) => !tool.found && (tool.kind !== "server" || tool.origin === "responses"));
  const seen = new Set<string>();
  const distinct = tools.filter((tool) => {
    const key = `${tool.namespace ?? ""}\u0000${tool.name}`;
    const isNew = tool.kind === "server" || !seen.has(key);
    seen.add(key);
    return isNew;
  });
  const can = defaultCapabilities;
  return buildTools({ tools: distinct }, { notes: new Notes(), own: true, can, nameOf: same });
}

function textOf(request: ChatRequest): JsonObject {
  const { format, verbosity } = request;
  const own = request.ext?.responses?.text;
  const shape: JsonObject =
    format?.kind === "schema"
      ? {
          type: "json_schema",
          name: format.name ?? "response",
          description: format.description ?? null,
          schema: format.schema ?? {},
          strict: format.strict ?? false,
        }
      : { type: format?.kind === "json" ? "json_object" : "text" };
  return { format: shape, verbosity: verbosity ?? "medium", ...(isObject(own) ? own : {}) };
}
