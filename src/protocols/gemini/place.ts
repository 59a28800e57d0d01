/** The model and the method, which this protocol says in the path: `/v1beta/models/{model}:{method}`. */
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Envelope, Place } from "../protocol.ts";
import { invalid } from "../read.ts";
import { camel, readRepeated, textOr } from "./read.ts";

const served = new Set(["generateContent", "streamGenerateContent"]);
const later = new Set(["countTokens", "embedContent", "batchEmbedContents"]);

/** Throws `not-found` for a method that is not served, `invalid-request` for a request without contents. */
export function open(body: JsonObject, place?: Place): Envelope {
  const envelope = place ? addressed(place) : { model: bare(textOr(body.model)), stream: false };
  const contents = readRepeated(camel(body).contents ?? [], "contents");
  if (contents.length === 0) throw invalid("contents", "at least one content is required");
  return envelope;
}

/** The model's name may hold slashes and colons: the method is what follows the last one. */
function addressed({ path, query }: Place): Envelope {
  const text = decoded(path);
  const start = text.indexOf("/models/");
  const colon = text.lastIndexOf(":");
  const method = colon < 0 ? "" : text.slice(colon + 1);
  const model = start < 0 || colon < start ? "" : bare(text.slice(start + "/models/".length, colon));
  if (later.has(method)) {
    throw new GatewayError("not-found", "countTokens and embedContent are not served yet. Call generateContent.");
  }
  if (!served.has(method) || model === "") {
    const message = "Call /v1beta/models/{model}:generateContent or :streamGenerateContent.";
    throw new GatewayError("not-found", `There is no method at ${text}. ${message}`);
  }
  const stream = method === "streamGenerateContent";
  const isArray = stream && query.get("alt")?.toLowerCase() !== "sse";
  return { model, stream, ...(isArray ? { framing: "json-array" } : {}) };
}

function bare(model: string): string {
  return model.replace(/^models\//, "");
}

/** A path that is not percent-encoded rightly is taken as it stands. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The provider's path for a model; streams are always asked for as server-sent events. */
export function pathOf(model: string, stream: boolean): string {
  const name = bare(model)
    .split("/")
    .map((segment) => encodeURIComponent(segment))
    .join("/");
  // Tuned models have a collection of their own.
  const resource = name.startsWith("tunedModels/") ? name : `models/${name}`;
  return `/${resource}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`;
}
