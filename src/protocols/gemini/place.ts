/** The model and the method, which this protocol says in the path: `/v1beta/models/{model}:{method}`. */
import { GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Envelope, Place } from "../protocol.ts";
import { invalid } from "../read.ts";
import { camel, readRepeated, textOr } from "./read.ts";

const served = new Set(["generateContent", "streamGenerateContent"]);

/** Throws `not-found` for a method that is not served, `invalid-request` for a request without contents. */
export function open(body: JsonObject, place?: Place): Envelope {
  const envelope = place ? addressed(place) : { model: bare(textOr(body.model)), stream: false };
  const contents = readRepeated(camel(body).contents ?? [], "contents");
  if (contents.length === 0) throw invalid("contents", "at least one content is required");
  return envelope;
}

function addressed({ path, query }: Place): Envelope {
  const { model, method } = splitPath(path);
  if (!served.has(method) || model === "") {
    const message =
      "Call /v1beta/models/{model}:generateContent, :streamGenerateContent, :countTokens or :embedContent.";
    throw new GatewayError("not-found", `There is no method at ${decoded(path)}. ${message}`);
  }
  const stream = method === "streamGenerateContent";
  const isArray = stream && query.get("alt")?.toLowerCase() !== "sse";
  return { model, stream, ...(isArray ? { framing: "json-array" } : {}) };
}

/** The model's name may hold slashes and colons: the method is what follows the last one. Both are "" where there is none. */
export function splitPath(path: string): { model: string; method: string } {
  const text = decoded(path);
  const start = text.indexOf("/models/");
  const colon = text.lastIndexOf(":");
  const method = colon < 0 ? "" : text.slice(colon + 1);
  return { model: start < 0 || colon < start ? "" : bare(text.slice(start + "/models/".length, colon)), method };
}

export function bare(model: string): string {
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
  return methodPath(model, stream ? "streamGenerateContent?alt=sse" : "generateContent");
}

/** The provider's path for a method of a model. */
export function methodPath(model: string, method: string): string {
  return `/${resourceOf(model)}:${method}`;
}

function resourceOf(model: string): string {
  const name = bare(model)
    .split("/")
    .map((segment) => encodeURIComponent(segment))
    .join("/");
  // Tuned models have a collection of their own.
  return name.startsWith("tunedModels/") ? name : `models/${name}`;
}
