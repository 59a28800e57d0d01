/** OpenAI Responses, served and called. */

import { buildError } from "../chat/error.ts";
import { buildModel, buildModels } from "../chat/models.ts";
import { parseError } from "../chat/parse-error.ts";
import { dataListing } from "../listing.ts";
import { commonNames } from "../names.ts";
import type { Protocol } from "../protocol.ts";
import { buildRequest } from "./build-request.ts";
import { ResponsesContract } from "./contract.ts";
import { ResponsesDecoder } from "./decode.ts";
import { ResponsesEncoder } from "./encode.ts";
import { mayEdit, pass, strip } from "./pass.ts";
import { openRequest, parseRequest } from "./request.ts";
import { buildResponse, parseResponse } from "./response.ts";
import { stored } from "./stored.ts";
import { summaries } from "./summaries.ts";

export const responses: Protocol = {
  name: "responses",
  routes: [
    { method: "POST", path: "/v1/responses", operation: "generate" },
    { method: "GET", path: "/v1/responses/:id", operation: "stored" },
    { method: "DELETE", path: "/v1/responses/:id", operation: "delete-stored" },
    { method: "GET", path: "/v1/responses/:id/input_items", operation: "stored-input" },
    { method: "POST", path: "/v1/responses/:id/cancel", operation: "cancel-stored" },
  ],
  auth: "bearer",
  listing: dataListing,
  pathPrefix: "/v1/responses",
  wishes: [
    ...["temperature", "top_p", "service_tier", "user", "metadata"],
    ...["prompt_cache_key", "prompt_cache_retention", "safety_identifier", "reasoning", "reasoning.effort"],
    ...["reasoning.summary", "text.verbosity", "stream_options", "truncation"],
  ],
  imageMarks: ["image"],
  names: commonNames,
  // An item's id means something to the account alone that made it, as a seal does.
  sealMembers: ["encrypted_content", "id"],
  mostStops: 0,
  givesOne: true,
  fields: {
    items: "input",
    "sampling.temperature": "temperature",
    "sampling.topP": "top_p",
    "sampling.maxTokens": "max_output_tokens",
    toolChoice: "tool_choice",
    parallel: "parallel_tool_calls",
    reasoning: "reasoning.effort",
    "reasoning.budget": "reasoning.effort",
    format: "text.format",
    "format.name": "text.format.name",
    "format.description": "text.format.description",
    "format.schema": "text.format.schema",
    "format.strict": "text.format.strict",
    verbosity: "text.verbosity",
    logprobs: "include",
    "logprobs.top": "top_logprobs",
    "input.*.content.*.name": "input.*.content.*.filename",
    "input.*.output.*.name": "input.*.output.*.filename",
    cache: "prompt_cache_breakpoint",
    "cache.key": "prompt_cache_key",
    tier: "service_tier",
  },
  headers: [
    ...["openai-beta", "session_id", "session-id", "conversation_id", "x-session-id", "x-session-affinity"],
    ...["originator", "http-referer", "x-title"],
  ],
  open: openRequest,
  parseRequest: (body, notes) => parseRequest(body, notes),
  buildResponse,
  encodeStream: (context) => new ResponsesEncoder(context),
  contract: () => new ResponsesContract(),
  buildError,
  buildModels,
  buildModel,
  stored,
  summaries,
  heartbeat: ": keep-alive\n\n",
  buildRequest,
  parseResponse,
  decodeStream: () => new ResponsesDecoder(),
  parseError,
  mayEdit,
  pass,
  strip,
  // None of these stands in a frame that holds nothing but a delta.
  markers:
    /response\.(?:output_item\.done|completed|incomplete|failed|cancelled|done)|event: ?error|"type": ?"error"|"error": ?\{/,
};
