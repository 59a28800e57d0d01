/** OpenAI Chat Completions. */
import { dataListing } from "../listing.ts";
import { commonNames } from "../names.ts";
import type { Protocol } from "../protocol.ts";
import { buildRequest } from "./build-request.ts";
import { buildResponse } from "./build-response.ts";
import { ChatContract } from "./contract.ts";
import { ChatDecoder } from "./decode.ts";
import { ChatEncoder } from "./encode.ts";
import { buildError } from "./error.ts";
import { buildModel, buildModels } from "./models.ts";
import { readOutcome } from "./outcome.ts";
import { parseError } from "./parse-error.ts";
import { mayEdit, pass, strip } from "./pass.ts";
import { openRequest, parseRequest } from "./request.ts";
import { parseResponse } from "./response.ts";
import { mostStops } from "./sampling.ts";

export const chat: Protocol = {
  name: "chat",
  routes: [
    { method: "POST", path: "/v1/chat/completions", operation: "generate" },
    { method: "GET", path: "/v1/models", operation: "models" },
    { method: "GET", path: "/v1/models/*", operation: "model" },
  ],
  auth: "bearer",
  listing: dataListing,
  pathPrefix: "/v1/chat",
  wishes: [
    ...["temperature", "top_p", "top_k", "min_p", "presence_penalty"],
    ...["frequency_penalty", "repetition_penalty", "seed", "service_tier", "user"],
    ...["metadata", "store", "stream_options", "prompt_cache_key", "prompt_cache_retention"],
    ...["safety_identifier", "verbosity", "reasoning_effort", "reasoning", "thinking"],
    ...["prediction"],
  ],
  imageMarks: ["image"],
  names: commonNames,
  sealMembers: ["signature", "data", "thought_signature"],
  sealsCalls: true,
  mostStops,
  inlineOnly: ["document"],
  fields: {
    instructions: "messages",
    "sampling.temperature": "temperature",
    "sampling.topP": "top_p",
    "sampling.topK": "top_k",
    "sampling.presencePenalty": "presence_penalty",
    "sampling.frequencyPenalty": "frequency_penalty",
    "sampling.seed": "seed",
    "sampling.logitBias": "logit_bias",
    "sampling.stop": "stop",
    "sampling.n": "n",
    "sampling.maxTokens": "max_completion_tokens",
    toolChoice: "tool_choice",
    parallel: "parallel_tool_calls",
    reasoning: "reasoning_effort",
    "reasoning.effort": "reasoning_effort",
    "reasoning.budget": "reasoning_effort",
    "reasoning.mode": "reasoning_effort",
    format: "response_format",
    "format.name": "response_format.json_schema.name",
    "format.description": "response_format.json_schema.description",
    "format.schema": "response_format.json_schema.schema",
    "format.strict": "response_format.json_schema.strict",
    "logprobs.top": "top_logprobs",
    "messages.*.content.*.detail": "messages.*.content.*.image_url.detail",
    "messages.*.content.*.name": "messages.*.content.*.file.filename",
    cache: "prompt_cache_breakpoint",
    "cache.key": "prompt_cache_key",
    tier: "service_tier",
    includeUsage: "stream_options.include_usage",
  },
  headers: ["openai-beta", "session_id", "x-session-id", "x-session-affinity", "http-referer", "x-title"],
  open: openRequest,
  parseRequest: (body) => parseRequest(body),
  buildResponse,
  encodeStream: (context) => new ChatEncoder(context),
  contract: (options) => new ChatContract(options),
  buildError,
  buildModels,
  buildModel,
  heartbeat: ": keep-alive\n\n",
  buildRequest,
  parseResponse,
  readOutcome,
  decodeStream: () => new ChatDecoder(),
  parseError,
  mayEdit,
  outline: ["stream"],
  pass,
  strip,
  // Every one of these stands in a frame only when it has more than content; white space after colons varies.
  markers: /"(?:finish_reason": ?"|usage": ?\{|error"|base_resp")|\[DONE\]/,
};
