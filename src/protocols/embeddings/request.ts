/** OpenAI's request for embeddings, read and written. */
import type { EmbeddingInput, EmbeddingRequest } from "../../model/embedding.ts";
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import { type EmbeddingOutgoing, inputField, noteUnknown } from "../embedding.ts";
import type { Envelope } from "../protocol.ts";
import { invalid, isAbsent, optional, readName, readText, remainder } from "../read.ts";

export const path = "/embeddings";

/** `stream` is known and means nothing: embeddings come whole. */
const known = new Set(["model", "input", "dimensions", "encoding_format", "user", "stream"]);

export function openRequest(body: JsonObject): Envelope {
  const model = readName(body.model, "model");
  const { input } = body;
  if (isAbsent(input)) throw invalid("input", "is required: a text, a list of texts, or tokens");
  if (input === "" || (Array.isArray(input) && input.length === 0)) throw invalid("input", "must not be empty");
  return { model, stream: false };
}

/** Throws `invalid-request` with `param`. */
export function parseRequest(body: JsonObject): EmbeddingRequest {
  const { model } = openRequest(body);
  const dimensions = optional(body.dimensions, "dimensions", readDimensions);
  const encoding = optional(body.encoding_format, "encoding_format", readEncoding);
  const user = optional(body.user, "user", readText);
  const contents = parseInput(body.input);
  return {
    model,
    inputs: contents.map((content) => ({ content, ...(dimensions === undefined ? {} : { dimensions }) })),
    isSingle: !Array.isArray(body.input) || typeof body.input[0] === "number",
    ...(encoding === undefined ? {} : { encoding }),
    ...(user === undefined ? {} : { user }),
    unknown: Object.keys(remainder(body, known) ?? {}),
  };
}

function parseInput(input: Json | undefined): EmbeddingInput["content"][] {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input)) throw invalid("input", "must be a text, a list of texts, or tokens");
  if (typeof input[0] === "number") return [parseTokens(input, "input")];
  const first = typeof input[0];
  return input.map((entry, at) => {
    const place = `input.${at}`;
    if (Array.isArray(entry) && first === "object") return parseTokens(entry, place);
    if (typeof entry !== "string" || first !== "string") {
      throw invalid(place, "the entries must all be texts, or all be lists of tokens");
    }
    if (entry === "") throw invalid(place, "must not be empty");
    return entry;
  });
}

function parseTokens(list: Json[], at: string): number[] {
  if (list.length === 0) throw invalid(at, "must not be empty");
  return list.map((token, index) => {
    if (typeof token === "number" && Number.isSafeInteger(token) && token >= 0) return token;
    throw invalid(`${at}.${index}`, "must be the number of a token");
  });
}

function readDimensions(value: unknown, at: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw invalid(at, "must be a whole number of at least 1");
}

function readEncoding(value: unknown, at: string): "float" | "base64" {
  if (value === "float" || value === "base64") return value;
  throw invalid(at, "must be float or base64");
}

/** Throws `unsupported` for inputs that want vectors of different lengths. */
export function buildRequests(request: EmbeddingRequest, target: TargetFacts, notes: Notes): EmbeddingOutgoing[] {
  const { inputs, isSingle, user } = request;
  const dimensions = inputs[0]?.dimensions;
  inputs.forEach((input, at) => {
    if (input.dimensions !== dimensions) {
      const field = inputField(request, at, "dimensions");
      const words =
        "this provider makes all vectors of a request equally long. Ask for one length, or in several requests";
      throw new GatewayError("unsupported", `${field}: ${words}`, { param: field });
    }
    for (const field of ["task", "title"] as const) {
      if (input[field] !== undefined) notes.add("dropped", inputField(request, at, field), "no_such_field");
    }
  });
  noteUnknown(request, notes);
  const contents = inputs.map(({ content }): Json => (typeof content === "string" ? content : [...content]));
  const body: JsonObject = {
    model: target.model,
    input: isSingle ? (contents[0] ?? "") : contents,
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(user === undefined ? {} : { user }),
  };
  return [{ path, headers: {}, body, count: inputs.length }];
}
