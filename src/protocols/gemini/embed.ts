/** Google's embedContent and batchEmbedContents, served and called. */
import type { JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import type { EmbeddingWire } from "../embedding.ts";
import type { Envelope, Passage } from "../protocol.ts";
import { invalid, isObject } from "../read.ts";
import { buildRequests, checkModel, nameOf, openRequest, parseRequest } from "./embed-request.ts";
import { buildResponse, parseResponse, parseUsage } from "./embed-response.ts";
import { buildError } from "./error.ts";
import { parseError } from "./parse-error.ts";
import { methodPath, splitPath } from "./place.ts";
import { readRepeated } from "./read.ts";

const methods = new Set(["embedContent", "batchEmbedContents"]);
const serves = (path: string) => methods.has(splitPath(path).method);

export const geminiEmbedding: EmbeddingWire = {
  name: "gemini",
  standsBack: true,
  routes: [
    { method: "POST", path: "/v1beta/models/*", operation: "embed", accepts: serves },
    { method: "POST", path: "/v1/models/*", operation: "embed", accepts: serves },
  ],
  auth: "x-goog-api-key",
  fields: {
    task: "taskType",
    dimensions: "outputDimensionality",
    "inputs.*.content": "requests.*.content",
    "inputs.*.task": "requests.*.taskType",
    "inputs.*.title": "requests.*.title",
    "inputs.*.dimensions": "requests.*.outputDimensionality",
    usage: "usageMetadata.promptTokenCount",
  },
  headers: ["x-goog-api-client"],
  serves,
  open: openRequest,
  parseRequest,
  buildResponse,
  buildError,
  buildRequests,
  parseResponse,
  parseUsage,
  parseError,
  // Each request of a batch names the model once more.
  mayEdit: (content) => content.includes('"requests"'),
  pass,
};

function pass(envelope: Envelope, body: JsonObject, target: TargetFacts): Passage {
  const set = new Map<string, string>();
  const name = nameOf(target.model);
  const { model, requests } = body;
  if (model !== undefined) {
    checkModel(model, "model", envelope.model);
    set.set("model", JSON.stringify(name));
  }
  if (requests === undefined) return { path: methodPath(target.model, "embedContent"), set };
  const renamed = readRepeated(requests, "requests").map((request, at) => {
    if (!isObject(request)) throw invalid(`requests.${at}`, "must be an object");
    checkModel(request.model, `requests.${at}.model`, envelope.model);
    return { ...request, model: name };
  });
  set.set("requests", JSON.stringify(renamed));
  return { path: methodPath(target.model, "batchEmbedContents"), set };
}
