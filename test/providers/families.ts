/** What each family of providers needs of a request, what it refuses, and how it says no. */
import type { ErrorCode } from "../../src/model/error.ts";

export interface Family {
  id: string;
  model: string;
  /** Protocol that the case is rendered for. */
  protocol: string;
  /** Present in the request, by path. */
  has: Record<string, unknown>;
  /** Members that may not be in it anywhere. */
  lacks: string[];
  refusal: { status: number; headers?: Record<string, string>; body: unknown };
  code: ErrorCode;
}

const rate = { error: { message: "Rate limit reached", type: "tokens", code: "rate_limit_exceeded" } };
const plain = { error: { message: "Insufficient Balance", type: "unknown_error", code: "invalid_request_error" } };

export const families: Family[] = [
  {
    ...{ id: "openai", model: "gpt-5.6", protocol: "chat" },
    has: { max_completion_tokens: 3000, "messages.0.role": "developer", "stream_options.include_usage": true },
    lacks: ["max_tokens", "top_k", "temperature", "reasoning_effort", "reasoning"],
    refusal: {
      status: 429,
      body: { error: { code: "project_spend_limit_exceeded", type: "insufficient_quota", message: "x" } },
    },
    code: "billing",
  },
  {
    ...{ id: "anthropic", model: "claude-opus-5-5", protocol: "messages" },
    has: { "thinking.type": "adaptive", "output_config.effort": "low", "tool_choice.type": "auto", max_tokens: 3000 },
    lacks: ["temperature", "top_p", "top_k", "budget_tokens", "seed"],
    refusal: {
      status: 400,
      body: { type: "error", error: { type: "invalid_request_error", message: "Your credit balance is too low" } },
    },
    code: "billing",
  },
  {
    ...{ id: "claude", model: "claude-sonnet-4-5", protocol: "messages" },
    has: { max_tokens: 3000, "thinking.type": "disabled" },
    lacks: ["seed", "effort"],
    refusal: {
      status: 429,
      headers: { "anthropic-ratelimit-unified-status": "rejected", "anthropic-ratelimit-unified-reset": "1790000000" },
      body: {
        type: "error",
        error: { type: "rate_limit_error", message: "This request would exceed your account's rate limit." },
      },
    },
    code: "allowance-spent",
  },
  {
    ...{ id: "google", model: "gemini-2.5-pro", protocol: "gemini" },
    has: { "generationConfig.thinkingConfig.thinkingBudget": 1024, "generationConfig.seed": 7 },
    lacks: ["thinkingLevel", "logitBias", "presencePenalty", "frequencyPenalty"],
    refusal: {
      status: 400,
      body: {
        error: {
          code: 400,
          status: "INVALID_ARGUMENT",
          message: "API key not valid.",
          details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
        },
      },
    },
    code: "upstream-auth",
  },
  {
    ...{ id: "vertex", model: "gemini-3.1-pro-preview", protocol: "gemini" },
    has: { "generationConfig.thinkingConfig.thinkingLevel": "LOW" },
    lacks: ["thinkingBudget"],
    refusal: {
      status: 429,
      body: [{ error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "Resource exhausted." } }],
    },
    code: "rate-limited",
  },
  {
    ...{ id: "azure", model: "gpt-6-astra", protocol: "responses" },
    has: { "reasoning.effort": "low", max_output_tokens: 3000, store: false },
    lacks: ["temperature", "top_p", "stop", "stream_options"],
    refusal: {
      status: 404,
      body: { error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." } },
    },
    code: "not-found",
  },
  {
    ...{ id: "openrouter", model: "openai/gpt-oss-120b", protocol: "chat" },
    has: { "reasoning.effort": "low", top_k: 5 },
    lacks: ["reasoning_effort", "custom"],
    refusal: {
      status: 402,
      headers: { "retry-after": "3" },
      body: { error: { code: 402, message: "x", metadata: { limit_source: "openrouter_in_flight_budget" } } },
    },
    code: "rate-limited",
  },
  {
    ...{ id: "groq", model: "openai/gpt-oss-120b", protocol: "chat" },
    has: { reasoning_effort: "low", max_completion_tokens: 3000 },
    lacks: ["name:bob", "logit_bias", "response_format", "top_k", "developer"],
    refusal: {
      status: 413,
      body: {
        error: {
          message: "Request too large for model in organization on tokens per minute (TPM): Limit 6000, Requested 9000",
          type: "tokens",
          code: "rate_limit_exceeded",
        },
      },
    },
    code: "context-length",
  },
  {
    ...{ id: "deepseek", model: "deepseek-flash", protocol: "chat" },
    has: { reasoning_effort: "low", max_tokens: 3000, "messages.0.role": "system" },
    lacks: ["max_completion_tokens", "custom", "top_k"],
    refusal: { status: 402, body: plain },
    code: "billing",
  },
  {
    ...{ id: "mistral", model: "mistral-medium-3.5", protocol: "chat" },
    has: { random_seed: 7, max_tokens: 3000, reasoning_effort: "high" },
    lacks: ["seed", "stream_options", "logit_bias", "max_completion_tokens"],
    refusal: {
      status: 422,
      body: { detail: [{ loc: ["body", "tools"], msg: "field required", type: "value_error.missing" }] },
    },
    code: "invalid-request",
  },
  {
    ...{ id: "xai", model: "grok-4.5", protocol: "chat" },
    has: { max_completion_tokens: 3000, "messages.0.role": "system" },
    lacks: ["stop", "presence_penalty", "frequency_penalty"],
    refusal: { status: 410, body: { error: "The model grok-2 is gone." } },
    code: "not-found",
  },
  {
    ...{ id: "together", model: "openai/gpt-oss-120b", protocol: "chat" },
    has: { reasoning_effort: "low", max_tokens: 3000, top_k: 5 },
    lacks: ["max_completion_tokens", "developer"],
    refusal: { status: 503, body: { error: { message: "no capacity", type: "server_error" } } },
    code: "overloaded",
  },
  {
    ...{ id: "fireworks", model: "accounts/fireworks/models/nemotron-3-ultra-nvfp4", protocol: "chat" },
    has: { max_tokens: 3000, top_k: 5 },
    lacks: ["max_completion_tokens", "developer"],
    refusal: { status: 412, body: { error: { message: "Account is suspended" } } },
    code: "billing",
  },
  {
    ...{ id: "cerebras", model: "qwen-3.8-27b", protocol: "chat" },
    has: { max_completion_tokens: 3000 },
    lacks: ["presence_penalty", "frequency_penalty", "logit_bias", "developer"],
    refusal: { status: 429, headers: { "retry-after": "12" }, body: rate },
    code: "rate-limited",
  },
  {
    ...{ id: "moonshot", model: "kimi-k3", protocol: "chat" },
    has: { reasoning_effort: "low", max_tokens: 3000, "messages.2.reasoning_content": "I look." },
    lacks: ["temperature", "top_p", "seed", "thinking", "presence_penalty"],
    refusal: {
      status: 429,
      body: { error: { type: "exceeded_current_quota_error", message: "Your account has insufficient balance" } },
    },
    code: "billing",
  },
  {
    ...{ id: "kimi-code", model: "kimi-k3", protocol: "messages" },
    has: { max_tokens: 3000, "output_config.effort": "low" },
    lacks: ["budget_tokens", "seed", "temperature"],
    refusal: {
      status: 429,
      body: { error: { type: "rate_limit_error", message: "You've reached your usage limit for this period." } },
    },
    code: "allowance-spent",
  },
  {
    ...{ id: "zai", model: "glm-5", protocol: "chat" },
    has: { "thinking.type": "enabled", tool_stream: true, max_tokens: 3000 },
    lacks: ["reasoning_effort", "max_completion_tokens"],
    refusal: {
      status: 429,
      body: { error: { code: "1308", message: "Usage limit reached, reset at 2026-11-23 08:00:00" } },
    },
    code: "allowance-spent",
  },
  {
    ...{ id: "bigmodel", model: "glm-5", protocol: "chat" },
    has: { "thinking.type": "enabled", tool_stream: true },
    lacks: ["reasoning_effort"],
    refusal: { status: 429, body: { error: { code: "1302", message: "Too many concurrent requests" } } },
    code: "rate-limited",
  },
  {
    ...{ id: "zai-coding", model: "glm-5", protocol: "messages" },
    has: { max_tokens: 3000 },
    lacks: ["seed"],
    refusal: { status: 429, body: { error: { code: "1309", message: "Your plan has expired" } } },
    code: "billing",
  },
  {
    ...{ id: "minimax", model: "MiniMax-M3", protocol: "chat" },
    has: { max_tokens: 3000, "messages.2.reasoning_content": "I look.", reasoning_split: true },
    lacks: ["max_completion_tokens", "developer"],
    refusal: { status: 200, body: { base_resp: { status_code: 1008, status_msg: "insufficient balance" } } },
    code: "billing",
  },
  {
    ...{ id: "alibaba", model: "qwen-plus", protocol: "chat" },
    has: { max_tokens: 3000, top_k: 5 },
    lacks: ["reasoning_effort", "developer"],
    refusal: {
      status: 429,
      body: { error: { code: "insufficient_quota", message: "You exceeded your current quota" } },
    },
    code: "billing",
  },
  {
    ...{ id: "cohere", model: "command-a-reasoning-08-2025", protocol: "chat" },
    has: { max_tokens: 3000 },
    lacks: ["logit_bias", "developer"],
    refusal: { status: 429, body: { message: "You are using a Trial key, which is limited to 20 API calls / minute" } },
    code: "rate-limited",
  },
  {
    ...{ id: "ollama-cloud", model: "glm-5.3-flash", protocol: "chat" },
    has: { tool_choice: "auto", max_tokens: 3000 },
    lacks: ["logit_bias", "developer"],
    refusal: { status: 429, body: { error: "you (name) have reached your weekly usage limit" } },
    code: "allowance-spent",
  },
  {
    ...{ id: "ollama", model: "llama3:8b", protocol: "chat" },
    has: { tool_choice: "auto", max_tokens: 3000 },
    lacks: ["logit_bias", "developer"],
    refusal: { status: 404, body: { error: 'model "llama3:8b" not found, try pulling it first' } },
    code: "not-found",
  },
  {
    ...{ id: "vllm", model: "mine", protocol: "chat" },
    has: { top_k: 5, "messages.0.role": "system", seed: 7 },
    lacks: ["developer", "custom"],
    refusal: {
      status: 400,
      body: {
        error: {
          message: "This model's maximum context length is 4096 tokens.",
          type: "BadRequestError",
          param: null,
          code: 400,
        },
      },
    },
    code: "context-length",
  },
  {
    ...{ id: "synthetic", model: "hf:moonshotai/Kimi-K3", protocol: "chat" },
    has: { max_tokens: 3000, reasoning_effort: "low" },
    lacks: ["max_completion_tokens", "developer"],
    refusal: { status: 402, body: { error: "Payment required" } },
    code: "billing",
  },
  {
    ...{ id: "nanogpt", model: "some/model", protocol: "chat" },
    has: { max_tokens: 3000 },
    lacks: ["developer"],
    refusal: { status: 402, body: { error: "Insufficient balance", status: 402, requiredBalance: 1 } },
    code: "billing",
  },
  {
    ...{ id: "copilot", model: "claude-opus-5.5", protocol: "messages" },
    has: { max_tokens: 3000, "tool_choice.type": "auto", "thinking.type": "adaptive" },
    lacks: ["temperature", "top_p", "developer"],
    refusal: { status: 402, body: { error: { code: "quota_exceeded", message: "You have no quota" } } },
    code: "billing",
  },
  {
    ...{ id: "codex", model: "gpt-6-astra", protocol: "responses" },
    has: { store: false, "reasoning.effort": "low" },
    lacks: ["max_output_tokens", "temperature", "top_p"],
    refusal: {
      status: 429,
      body: {
        error: {
          type: "usage_limit_reached",
          message: "The usage limit has been reached",
          plan_type: "plus",
          resets_in_seconds: 7200,
        },
      },
    },
    code: "allowance-spent",
  },
  {
    ...{ id: "perplexity", model: "sonar-pro", protocol: "chat" },
    has: { max_tokens: 3000, top_k: 5 },
    lacks: ["logit_bias", "seed", "tools"],
    refusal: { status: 401, body: { error: { message: "Invalid API key", type: "invalid_api_key", code: 401 } } },
    code: "upstream-auth",
  },
];
