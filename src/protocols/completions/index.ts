/** OpenAI's legacy Completions, for clients only: a prompt becomes the user's message, the answer's text the completion. */
import { chat } from "../chat/index.ts";
import type { Protocol } from "../protocol.ts";
import { CompletionsEncoder } from "./encode.ts";
import { openRequest, parseRequest } from "./request.ts";
import { buildResponse } from "./response.ts";

export const completions: Protocol = {
  ...chat,
  name: "completions",
  routes: [{ method: "POST", path: "/v1/completions", operation: "generate" }],
  pathPrefix: "/v1/completions",
  fields: { ...chat.fields, "sampling.maxTokens": "max_tokens", logprobs: "logprobs", "logprobs.top": "logprobs" },
  open: openRequest,
  parseRequest: (body, notes) => parseRequest(body, notes),
  buildResponse,
  encodeStream: (context) => new CompletionsEncoder(context),
};
