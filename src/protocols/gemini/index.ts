/** Google Gemini (generateContent), served and called. */

import type { Protocol } from "../protocol.ts";
import { mostStops } from "./build-config.ts";
import { buildRequest } from "./build-request.ts";
import { legalNames } from "./build-tools.ts";
import { GeminiContract } from "./contract.ts";
import { Decoder, exactKeys, parseResponse } from "./decode.ts";
import { GeminiEncoder } from "./encode.ts";
import { buildError } from "./error.ts";
import { listing } from "./listing.ts";
import { buildModel, buildModels } from "./models.ts";
import { parseError } from "./parse-error.ts";
import { mayEdit, pass, strip } from "./pass.ts";
import { open } from "./place.ts";
import { parseRequest } from "./request.ts";
import { buildResponse } from "./response.ts";

const config = (name: string) => `generationConfig.${name}`;

export const gemini: Protocol = {
  name: "gemini",
  routes: [
    { method: "POST", path: "/v1beta/models/*", operation: "generate" },
    { method: "POST", path: "/v1/models/*", operation: "generate" },
    { method: "GET", path: "/v1beta/models", operation: "models" },
    { method: "GET", path: "/v1beta/models/*", operation: "model" },
  ],
  auth: "x-goog-api-key",
  listing,
  wishes: [
    ...[
      "generationConfig.temperature",
      "generationConfig.topP",
      "generationConfig.topK",
      "generationConfig.seed",
      "generationConfig.presencePenalty",
    ],
    ...[
      "generationConfig.frequencyPenalty",
      "generationConfig.thinkingConfig",
      "generationConfig.mediaResolution",
      "labels",
    ],
  ],
  imageMarks: ["nlineData", "nline_data", "ileData", "ile_data"],
  names: legalNames,
  sealMembers: ["thoughtSignature", "thought_signature"],
  sealsCalls: true,
  inlineOnly: ["image", "document"],
  sealsTexts: true,
  mostStops,
  modelMember: "modelVersion",
  exactKeys,
  clientHeaders: ["x-goog-api-key", "x-goog-api-client"],
  keyInQuery: true,
  pathPrefix: "/v1beta",
  fields: {
    instructions: "systemInstruction",
    items: "contents",
    toolChoice: "toolConfig.functionCallingConfig",
    "sampling.maxTokens": config("maxOutputTokens"),
    "sampling.temperature": config("temperature"),
    "sampling.topP": config("topP"),
    "sampling.topK": config("topK"),
    "sampling.n": config("candidateCount"),
    "sampling.stop": config("stopSequences"),
    "sampling.seed": config("seed"),
    "sampling.presencePenalty": config("presencePenalty"),
    "sampling.frequencyPenalty": config("frequencyPenalty"),
    reasoning: config("thinkingConfig"),
    "reasoning.effort": config("thinkingConfig.thinkingLevel"),
    "reasoning.budget": config("thinkingConfig.thinkingBudget"),
    "reasoning.mode": config("thinkingConfig"),
    format: config("responseMimeType"),
    "format.schema": config("responseJsonSchema"),
    logprobs: config("responseLogprobs"),
    "logprobs.top": config("logprobs"),
    modalities: config("responseModalities"),
    "contents.*.parts.*.name": "contents.*.parts.*.displayName",
    "contents.*.parts.*.functionResponse.parts.*.name": "contents.*.parts.*.functionResponse.parts.*.displayName",
    tier: "serviceTier",
    metadata: "labels",
  },
  headers: ["x-goog-api-client", "x-session-id", "x-session-affinity"],
  open,
  parseRequest: (body, _notes, place) => parseRequest(body, place),
  buildResponse,
  encodeStream: (context) => new GeminiEncoder(context),
  contract: () => new GeminiContract(),
  buildError,
  buildModels,
  buildModel,
  heartbeat: ": keep-alive\n\n",
  buildRequest,
  parseResponse,
  decodeStream: () => new Decoder(),
  parseError,
  mayEdit,
  pass,
  strip,
  // Every chunk counts tokens; the last counts stand with the finish. Calls decide what the finish means.
  markers: /"(?:finishReason|promptFeedback|error|functionCall)"/,
};
