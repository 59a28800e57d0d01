/** Anthropic Messages, served and called. */

import type { Protocol } from "../protocol.ts";
import { buildRequest, legalKeys, legalNames } from "./build-request.ts";
import { MessagesContract } from "./contract.ts";
import { Decoder } from "./decode.ts";
import { MessagesEncoder } from "./encode.ts";
import { buildError, parseError } from "./error.ts";
import { listing } from "./listing.ts";
import { buildModel, buildModels } from "./models.ts";
import { mayEdit, pass, strip } from "./pass.ts";
import { guarded, holds, open, parseRequest } from "./request.ts";
import { buildResponse, parseResponse } from "./response.ts";

export const messages: Protocol = {
  name: "messages",
  routes: [{ method: "POST", path: "/v1/messages", operation: "generate" }],
  auth: "x-api-key",
  listing,
  wishes: [
    ...["temperature", "top_p", "top_k", "service_tier", "metadata"],
    ...["thinking", "output_config.effort", "cache_control", "context_management"],
  ],
  imageMarks: ['"image"'],
  names: legalNames,
  sealMembers: ["signature", "data"],
  opensWithReasoning: true,
  keys: legalKeys,
  idHeader: "request-id",
  exactKeys: ["input"],
  givesOne: true,
  clientHeaders: ["anthropic-version"],
  pathPrefix: "/v1/messages",
  fields: {
    instructions: "system",
    items: "messages",
    toolChoice: "tool_choice",
    parallel: "tool_choice.disable_parallel_tool_use",
    "sampling.maxTokens": "max_tokens",
    "sampling.temperature": "temperature",
    "sampling.topP": "top_p",
    "sampling.topK": "top_k",
    "sampling.stop": "stop_sequences",
    reasoning: "thinking",
    "reasoning.effort": "output_config.effort",
    format: "output_config.format",
    cache: "cache_control",
    "cache.auto": "cache_control",
    tier: "service_tier",
    user: "metadata.user_id",
  },
  headers: [
    "anthropic-version",
    "anthropic-beta",
    "anthropic-user-profile-id",
    "x-claude-code-session-id",
    "x-session-id",
    "x-session-affinity",
  ],
  open,
  parseRequest: (body) => guarded(() => parseRequest(body)),
  buildResponse,
  encodeStream: (context) => new MessagesEncoder(context),
  contract: (options) => new MessagesContract(options),
  buildError,
  buildModels,
  buildModel,
  heartbeat: 'event: ping\ndata: {"type": "ping"}\n\n',
  buildRequest,
  parseResponse,
  decodeStream: () => new Decoder(),
  parseError,
  mayEdit,
  holds,
  outline: ["stream"],
  pass,
  strip,
  markers: /message_(?:start|delta|stop)|event: ?error|"error"/,
};
