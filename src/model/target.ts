/**
 * What a protocol may know of the model that a request is rendered for: facts of the provider's catalogue and
 * configuration, never a name to test.
 */
export interface Capabilities {
  /** Takes `developer` messages; else they become `system`. */
  developerRole: boolean;
  /** Takes `max_completion_tokens`; else `max_tokens`. */
  maxCompletionTokens: boolean;
  /** Form of thinking of a Messages or Gemini model: a token budget, or adaptive with an effort word (a level). */
  thinking: "budget" | "adaptive";
  /** Takes temperature, top_p and top_k. */
  sampling: boolean;
  /** Takes `output_config.format` (Messages) or `response_format` json_schema (Chat). */
  outputSchema: boolean;
  /** Takes a trailing assistant message as a prefill. */
  prefill: boolean;
  /** Takes system messages between turns. */
  midSystem: boolean;
  /** Chat and Gemini: takes images in tool messages, media in function responses. */
  toolMedia: boolean;
  /** Chat: wants `reasoning_content` back on assistant turns with tool calls. */
  echoReasoning: boolean;
  /** Chat: freeform custom tools. */
  customTools: boolean;
  /** Chat: takes `stream_options.include_usage`. */
  streamUsage: boolean;
  /** Chat: honours `cache_control` on content parts, as some routers do. */
  cacheMarks: boolean;
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
  can: Capabilities;
}

/** What an unlisted model of a well-kept provider does. */
export const defaultCapabilities: Capabilities = {
  developerRole: true,
  maxCompletionTokens: true,
  thinking: "budget",
  sampling: true,
  outputSchema: true,
  prefill: true,
  midSystem: false,
  toolMedia: false,
  echoReasoning: false,
  customTools: true,
  streamUsage: true,
  cacheMarks: false,
};
