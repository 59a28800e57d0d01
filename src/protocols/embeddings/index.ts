/** OpenAI's embeddings, served and called: also what most compatible servers speak. */

import type { JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import { buildError } from "../chat/error.ts";
import { parseError } from "../chat/parse-error.ts";
import type { EmbeddingWire } from "../embedding.ts";
import { dataListing } from "../listing.ts";
import type { Envelope, Passage } from "../protocol.ts";
import { buildRequests, openRequest, parseRequest, path } from "./request.ts";
import { buildResponse, parseResponse, parseUsage } from "./response.ts";

export const embeddings: EmbeddingWire = {
  name: "embeddings",
  routes: [{ method: "POST", path: "/v1/embeddings", operation: "embed" }],
  auth: "bearer",
  listing: dataListing,
  fields: { content: "input", "inputs.*.content": "input.*", usage: "usage.prompt_tokens" },
  headers: ["openai-beta", "x-session-id", "http-referer", "x-title"],
  serves: (place) => place.endsWith(path),
  open: openRequest,
  parseRequest,
  buildResponse,
  buildError,
  buildRequests,
  parseResponse,
  parseUsage,
  parseError,
  mayEdit: () => false,
  pass,
};

function pass(_envelope: Envelope, _body: JsonObject, target: TargetFacts): Passage {
  return { path, set: new Map([["model", JSON.stringify(target.model)]]) };
}
