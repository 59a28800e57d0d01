/**
 * Names for `providers.X.quirks` and `models.X.quirks`: each changes what a target is taken to be able to. They win over
 * the catalogue and over what a provider's host is known for; a model's win over its provider's, later over earlier.
 */
import type { Capabilities, Refusable } from "../model/target.ts";

export interface Quirk {
  /** One line for people: what the server does. */
  words: string;
  /** Members that are not mentioned stay as they are; refusals are added to, or taken from, those known. */
  change: Omit<Partial<Capabilities>, "refuses"> & {
    refuses?: Partial<Record<Refusable, "always" | "thinking" | "never">>;
  };
}

const sampled = ["temperature", "topP", "topK"] as const;
const penalties = ["presencePenalty", "frequencyPenalty"] as const;

function refusing(members: readonly Refusable[], when: "always" | "thinking" | "never"): Quirk["change"] {
  return { refuses: Object.fromEntries(members.map((member) => [member, when])) };
}

export const quirks: Readonly<Record<string, Quirk>> = {
  developer_role: { words: "takes `developer` messages", change: { developerRole: true } },
  no_developer_role: { words: "`developer` messages become `system`", change: { developerRole: false } },
  max_completion_tokens: { words: "takes `max_completion_tokens`", change: { maxCompletionTokens: true } },
  max_tokens: { words: "Chat: takes `max_tokens` instead", change: { maxCompletionTokens: false } },
  stream_usage: { words: "Chat: takes `stream_options.include_usage`", change: { streamUsage: true } },
  no_stream_usage: { words: "Chat: refuses `stream_options`", change: { streamUsage: false } },
  custom_tools: { words: "Chat: takes freeform tools", change: { customTools: true } },
  no_custom_tools: { words: "Chat: freeform tools become functions", change: { customTools: false } },
  tools: { words: "takes function tools", change: { tools: true } },
  no_tools: { words: "takes no tools: a request with tools is refused", change: { tools: false } },
  forced_tool: { words: "takes a tool choice that forces a call", change: { forcedTool: true } },
  no_forced_tool: { words: "a forced call becomes `auto` and an instruction", change: { forcedTool: false } },
  tool_media: { words: "takes images in tool results", change: { toolMedia: true } },
  no_tool_media: { words: "images of tool results follow in a user message", change: { toolMedia: false } },
  tool_stream: { words: "Chat: wants `tool_stream` for streamed calls", change: { toolStream: true } },
  no_tool_stream: { words: "Chat: streams calls without being asked", change: { toolStream: false } },
  short_call_ids: { words: "Chat: ids of calls are nine letters and digits", change: { shortCallIds: true } },
  long_call_ids: { words: "Chat: ids of calls are free", change: { shortCallIds: false } },
  vision: { words: "takes images", change: { vision: true } },
  no_vision: { words: "takes no images: a request with images is refused", change: { vision: false } },
  output_schema: { words: "takes a schema for its output", change: { outputSchema: true } },
  no_output_schema: { words: "the schema of the output becomes an instruction", change: { outputSchema: false } },
  schema_with_tools: { words: "takes a schema beside tools", change: { schemaWithTools: true } },
  no_schema_with_tools: { words: "beside tools, the schema is an instruction", change: { schemaWithTools: false } },
  prefill: { words: "continues a trailing assistant message", change: { prefill: true } },
  no_prefill: { words: "a trailing assistant message is refused", change: { prefill: false } },
  mid_system: { words: "Messages: takes system messages between turns", change: { midSystem: true } },
  no_mid_system: { words: "later system messages become user text", change: { midSystem: false } },
  cache_marks: { words: "Chat: honours `cache_control`", change: { cacheMarks: true } },
  no_cache_marks: { words: "Chat: `cache_control` is left out", change: { cacheMarks: false } },
  echo_reasoning: { words: "Chat: wants `reasoning_content` back", change: { echoReasoning: true } },
  no_echo_reasoning: { words: "Chat: `reasoning_content` is left out", change: { echoReasoning: false } },
  reasoning_split: { words: "Chat: keeps reasoning apart when asked", change: { reasoningSplit: true } },
  no_reasoning_split: { words: "Chat: keeps reasoning apart unasked", change: { reasoningSplit: false } },
  web_search: { words: "runs a web search itself", change: { webSearch: true } },
  no_web_search: { words: "runs no web search: one that is asked for is refused", change: { webSearch: false } },
  search_options: { words: "Chat: takes `web_search_options`", change: { searchOptions: true } },
  no_search_options: { words: "Chat: takes no `web_search_options`", change: { searchOptions: false } },
  code_execution: { words: "runs code itself", change: { codeExecution: true } },
  no_code_execution: { words: "runs no code: a request that wants it is refused", change: { codeExecution: false } },
  names: { words: "Chat: takes `name` of participants", change: { names: true } },
  no_names: { words: "Chat: `name` of participants is left out", change: { names: false } },

  budget_thinking: { words: "is told a budget of thinking tokens", change: { thinking: "budget" } },
  adaptive_thinking: { words: "is told an effort word (a level) to think", change: { thinking: "adaptive" } },
  switch_thinking: { words: "Messages: is told to think, and no budget", change: { thinking: "switch" } },
  no_thinking: { words: "can be told nothing about thinking", change: { thinking: "none" } },
  thinking_off: { words: "may be told not to think", change: { thinkingOff: true } },
  always_thinks: { words: "cannot be told not to think", change: { thinkingOff: false } },
  reasoning_object: { words: "Chat: effort stands in `reasoning`", change: { effortMember: "reasoning" } },
  reasoning_effort: {
    words: "Chat: effort stands in `reasoning_effort`",
    change: { effortMember: "reasoning_effort" },
  },
  thinking_type: {
    words: "Chat: `thinking.type` turns thinking on and off",
    change: { thinkingSwitch: "thinking.type" },
  },
  reasoning_enabled: {
    words: "Chat: `reasoning.enabled` turns thinking on and off",
    change: { thinkingSwitch: "reasoning.enabled" },
  },
  enable_thinking: {
    words: "Chat: `enable_thinking` turns thinking on and off",
    change: { thinkingSwitch: "enable_thinking" },
  },
  no_thinking_switch: { words: "Chat: the effort `none` turns thinking off", change: { thinkingSwitch: undefined } },
  effort_with_tools: { words: "Chat: takes an effort beside tools", change: { effortOrTools: false } },
  no_effort_with_tools: { words: "Chat: beside tools, effort is left out", change: { effortOrTools: true } },

  sampling: { words: "takes temperature, top_p and top_k", change: refusing(sampled, "never") },
  no_sampling: { words: "temperature, top_p and top_k are left out", change: refusing(sampled, "always") },
  no_sampling_thinking: { words: "they are, unless thinking is off", change: refusing(sampled, "thinking") },
  top_k: { words: "Chat: takes `top_k`", change: { chatTopK: true } },
  no_top_k: { words: "Chat: `top_k` is left out", change: { chatTopK: false } },
  penalties: { words: "takes presence and frequency penalties", change: refusing(penalties, "never") },
  no_penalties: { words: "presence and frequency penalties are left out", change: refusing(penalties, "always") },
  logit_bias: { words: "takes `logit_bias`", change: refusing(["logitBias"], "never") },
  no_logit_bias: { words: "`logit_bias` is left out", change: refusing(["logitBias"], "always") },
  seed: { words: "takes `seed`", change: { ...refusing(["seed"], "never"), randomSeed: false } },
  no_seed: { words: "`seed` is left out", change: refusing(["seed"], "always") },
  random_seed: {
    words: "Chat: the seed is `random_seed`",
    change: { ...refusing(["seed"], "never"), randomSeed: true },
  },
  stop: { words: "takes stop sequences", change: refusing(["stop"], "never") },
  no_stop: { words: "Plexus itself cuts the answer at stop sequences", change: refusing(["stop"], "always") },
  several_answers: { words: "takes `n` above 1", change: refusing(["n"], "never") },
  one_answer: { words: "`n` above 1 is refused", change: refusing(["n"], "always") },
  max_output: { words: "takes a limit of output tokens", change: refusing(["maxTokens"], "never") },
  no_max_output: { words: "the limit of output tokens is left out", change: refusing(["maxTokens"], "always") },
  logprobs: { words: "takes `logprobs`", change: refusing(["logprobs"], "never") },
  no_logprobs: { words: "a request for `logprobs` is refused", change: refusing(["logprobs"], "always") },
};

/** Capabilities with the quirks of these names, in their order. A name that does not exist changes nothing. */
export function withQuirks(can: Capabilities, names: readonly string[]): Capabilities {
  let changed = can;
  for (const name of names) {
    const change = Object.hasOwn(quirks, name) ? quirks[name]?.change : undefined;
    if (!change) continue;
    changed = Object.assign({}, changed, change, { refuses: refusals(changed.refuses, change.refuses ?? {}) });
  }
  return changed;
}

type Refusals = Capabilities["refuses"];

function refusals(before: Refusals, change: NonNullable<Quirk["change"]["refuses"]>): Refusals {
  const after: Partial<Record<Refusable, "always" | "thinking">> = { ...before };
  for (const [member, when] of Object.entries(change) as [Refusable, "always" | "thinking" | "never"][]) {
    if (when === "never") delete after[member];
    else after[member] = when;
  }
  return after;
}
