/**
 * What a protocol may know of the model that a request is rendered for: facts of the catalogue, the provider and the
 * configuration, never a name to test.
 */
import type { Effort } from "./chat.ts";
import type { Tariff } from "./tariff.ts";

/** Members of a request that some models answer with an error. */
export type Refusable =
  | "maxTokens"
  | "temperature"
  | "topP"
  | "topK"
  | "presencePenalty"
  | "frequencyPenalty"
  | "seed"
  | "logitBias"
  | "stop"
  | "n"
  | "logprobs";

export interface Capabilities {
  /** Takes `developer` messages; else they become `system`. */
  developerRole: boolean;
  /** Takes `max_completion_tokens`; else `max_tokens`. */
  maxCompletionTokens: boolean;
  /**
   * How it is told to think: by a token budget, by an effort word (Messages: adaptive thinking; Gemini: a level), by a
   * switch with the word beside it (Messages of other vendors), or not at all. Chat and Responses have the word only.
   */
  thinking: "budget" | "adaptive" | "switch" | "none";
  /** The effort words that it knows, least first, without `none`. Absent: unknown, all are sent. Empty: on and off only. */
  efforts?: readonly Effort[];
  /** May be told not to think. */
  thinkingOff: boolean;
  /** The effort words that may stand beside thinking that is off. Absent: all. */
  effortsWhenOff?: readonly Effort[];
  /** Thinking tokens that it takes. */
  budget?: { least?: number; most?: number };
  /** Chat: the member that says how hard to think. */
  effortMember: "reasoning_effort" | "reasoning";
  /** Chat: the member that turns thinking on and off. Absent: the word `none` turns it off. */
  thinkingSwitch?: "thinking.type" | "reasoning.enabled" | "enable_thinking";
  /** Chat: takes no effort beside function tools. */
  effortOrTools: boolean;
  /** What it refuses: at all times, or unless it is told not to think. */
  refuses: Readonly<Partial<Record<Refusable, "always" | "thinking">>>;
  /** Chat: takes `top_k`. */
  chatTopK: boolean;
  /** Chat: the seed is called `random_seed`. */
  randomSeed: boolean;
  /** Takes function tools. */
  tools: boolean;
  /** Takes a tool choice that forces a call. */
  forcedTool: boolean;
  /** Takes images. */
  vision: boolean;
  /** Takes `output_config.format` (Messages) or `response_format` json_schema (Chat). */
  outputSchema: boolean;
  /** Takes an output schema beside function tools. */
  schemaWithTools: boolean;
  /** Takes a trailing assistant message as a prefill. */
  prefill: boolean;
  /** Takes system messages between turns. */
  midSystem: boolean;
  /** Chat and Gemini: takes images in tool messages, media in function responses. */
  toolMedia: boolean;
  /** Chat: takes names of participants. */
  names: boolean;
  /** Chat: ids of calls are nine letters and digits. */
  shortCallIds: boolean;
  /** Chat: keeps reasoning out of the text only when `reasoning_split` asks for it. */
  reasoningSplit: boolean;
  /** Chat: wants `reasoning_content` back on assistant turns with tool calls. */
  echoReasoning: boolean;
  /** Chat: freeform custom tools. */
  customTools: boolean;
  /** Chat: takes `stream_options.include_usage`. */
  streamUsage: boolean;
  /** Chat: streams arguments of calls only when `tool_stream` asks for it. */
  toolStream: boolean;
  /** Chat: honours `cache_control` on content parts, as some routers do. */
  cacheMarks: boolean;
  /** Runs the web search tool of its protocol. Absent: unknown; each protocol knows what its servers do as a rule. */
  webSearch?: boolean;
  /** Chat: takes `web_search_options`. */
  searchOptions: boolean;
  /** Runs the code tool of its protocol. Absent: unknown, as with `webSearch`. */
  codeExecution?: boolean;
}

export interface TargetFacts {
  provider: string;
  /** The provider's own id of the model. */
  model: string;
  /** Whose seals this target accepts: provider and account. */
  scope: string;
  /** Tokens. */
  context?: number;
  maxOutput?: number;
  /** The one protocol that the provider offers this model with, where that is known. */
  only?: string;
  can: Capabilities;
  /** Absent: unknown. */
  price?: Tariff;
}

/** What an unlisted model of a well-kept provider does. */
export const defaultCapabilities: Capabilities = {
  developerRole: true,
  maxCompletionTokens: true,
  thinking: "budget",
  thinkingOff: true,
  effortMember: "reasoning_effort",
  effortOrTools: false,
  refuses: {},
  chatTopK: false,
  randomSeed: false,
  tools: true,
  forcedTool: true,
  vision: true,
  outputSchema: true,
  schemaWithTools: true,
  prefill: true,
  midSystem: false,
  toolMedia: false,
  names: true,
  shortCallIds: false,
  reasoningSplit: false,
  echoReasoning: false,
  customTools: true,
  streamUsage: true,
  toolStream: false,
  cacheMarks: false,
  searchOptions: false,
};
