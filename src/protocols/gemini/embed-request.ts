/** Google's requests for embeddings, read and written: one content, or a batch of such requests. */
import type { EmbeddingInput, EmbeddingRequest } from "../../model/embedding.ts";
import { GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";
import type { TargetFacts } from "../../model/target.ts";
import { type EmbeddingOutgoing, inputField, noteUnknown } from "../embedding.ts";
import type { Envelope, Place } from "../protocol.ts";
import { invalid, isAbsent, optional, readText, remainder } from "../read.ts";
import { bare, methodPath, splitPath } from "./place.ts";
import { camel, readEnum, readInteger, readObject, readRepeated, textOr, unsupported } from "./read.ts";

const unspecified = "TASK_TYPE_UNSPECIFIED";
/** In the order of their numbers. */
const tasks = [
  ...[unspecified, "RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION"],
  ...["CLUSTERING", "QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY"],
];
/** The API refuses larger batches; other protocols' clients send thousands of inputs at once. */
const mostInBatch = 100;
const carried = ["taskType", "title", "outputDimensionality"];
const known = new Set([...carried, "model", "content", "embedContentConfig"]);
const configured = new Set(carried);

export function nameOf(model: string): string {
  return model.startsWith("tunedModels/") ? model : `models/${bare(model)}`;
}

export function openRequest(body: JsonObject, place?: Place): Envelope {
  const { model, method } = addressed(body, place);
  const json = camel(body);
  if (method === "embedContent") {
    if (isAbsent(json.content)) throw invalid("content", "is required");
    if (json.requests !== undefined) throw invalid("requests", "is for batchEmbedContents");
  } else if (isAbsent(json.requests) || readRepeated(json.requests, "requests").length === 0) {
    throw invalid("requests", "at least one request is required");
  }
  return { model, stream: false };
}

/** A request names no other model than the path does. */
export function checkModel(value: Json | undefined, at: string, model: string): void {
  const named = optional(value, at, readText);
  if (named !== undefined && bare(named) !== model)
    throw invalid(at, `must be the model of the path, ${nameOf(model)}`);
}

/** Outside a server there is no path: the body tells the method by its members. */
function addressed(body: JsonObject, place: Place | undefined): { model: string; method: string } {
  if (!place) {
    const isBatch = body.requests !== undefined;
    return { model: bare(textOr(body.model)), method: isBatch ? "batchEmbedContents" : "embedContent" };
  }
  const address = splitPath(place.path);
  if (address.model !== "") return address;
  throw new GatewayError("not-found", "The path names no model. Call /v1beta/models/{model}:embedContent.");
}

/** Throws `invalid-request` with `param`; `unsupported` for contents that are more than text. */
export function parseRequest(body: JsonObject, notes: Notes, place?: Place): EmbeddingRequest {
  const { model } = openRequest(body, place);
  const { method } = addressed(body, place);
  const json = camel(body);
  if (method === "embedContent") {
    const reader = new InputReader(model, notes, "");
    const inputs = [reader.read(json)];
    return { model, inputs, isSingle: true, unknown: reader.unknown };
  }
  const unknown = Object.keys(remainder(json, new Set(["requests", "model"])) ?? {});
  const inputs = readRepeated(json.requests, "requests").map((entry, at) => {
    const reader = new InputReader(model, notes, `requests.${at}.`);
    const input = reader.read(readObject(entry, `requests.${at}`));
    unknown.push(...reader.unknown);
    return input;
  });
  return { model, inputs, isSingle: false, unknown };
}

/** Reads one request of a batch, or the only one; `prefix` is what stands before its members in a path. */
class InputReader {
  /** Paths of what has no place in the canonical form. */
  readonly unknown: string[] = [];
  private readonly model: string;
  private readonly notes: Notes;
  private readonly prefix: string;

  constructor(model: string, notes: Notes, prefix: string) {
    this.model = model;
    this.notes = notes;
    this.prefix = prefix;
  }

  read(json: JsonObject): EmbeddingInput {
    const at = (name: string) => `${this.prefix}${name}`;
    checkModel(json.model, at("model"), this.model);
    const config = optional(json.embedContentConfig, at("embedContentConfig"), readObject) ?? {};
    const rest = { ...remainder(json, known), ...remainder(config, configured) };
    this.unknown.push(...Object.keys(rest).map(at));
    const own = { ...config, ...json };
    const task = optional(own.taskType, at("taskType"), (value, path) => readEnum(value, path, tasks));
    const title = optional(own.title, at("title"), readText);
    const dimensions = optional(own.outputDimensionality, at("outputDimensionality"), readDimensions);
    return {
      content: this.text(json.content, at("content")),
      ...(dimensions === undefined ? {} : { dimensions }),
      ...(task === undefined || task === unspecified ? {} : { task }),
      ...(title === undefined ? {} : { title }),
    };
  }

  /** All parts of a content make one vector: their texts become one. */
  private text(value: Json | undefined, at: string): string {
    if (isAbsent(value)) throw invalid(at, "is required");
    const parts = readRepeated(readObject(value, at).parts ?? [], `${at}.parts`);
    const texts = parts.map((part, index) => {
      const place = `${at}.parts.${index}`;
      const json = readObject(part, place);
      if (json.text !== undefined) return readText(json.text, `${place}.text`);
      throw unsupported(place, "this model's provider makes embeddings of text only");
    });
    const text = texts.join("\n");
    if (text.trim() === "") throw invalid(`${at}.parts`, "must hold text");
    if (texts.length > 1) this.notes.add("emulated", `${at}.parts`, "joined");
    return text;
  }
}

function readDimensions(value: unknown, at: string): number {
  const number = readInteger(value, at);
  if (number < 1) throw invalid(at, "must be at least 1");
  return number;
}

/** Throws `unsupported` for tokens, which this API does not take. */
export function buildRequests(request: EmbeddingRequest, target: TargetFacts, notes: Notes): EmbeddingOutgoing[] {
  if (request.user !== undefined) notes.add("dropped", "user", "no_such_field");
  noteUnknown(request, notes);
  const requests = request.inputs.map((input, at): JsonObject => {
    const { content, task, title, dimensions } = input;
    if (typeof content !== "string") {
      const words = "this model's provider takes texts only, no tokens. Send the text itself";
      throw unsupported(inputField(request, at, "content"), words);
    }
    return {
      content: { parts: [{ text: content }] },
      ...(task === undefined ? {} : { taskType: task }),
      ...(title === undefined ? {} : { title }),
      ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
    };
  });
  const [only = {}] = requests;
  if (request.isSingle) return [{ path: methodPath(target.model, "embedContent"), headers: {}, body: only, count: 1 }];
  const path = methodPath(target.model, "batchEmbedContents");
  const named = requests.map((each) => ({ model: nameOf(target.model), ...each }));
  return Array.from({ length: Math.ceil(named.length / mostInBatch) }, (_, at) => {
    const batch = named.slice(at * mostInBatch, (at + 1) * mostInBatch);
    return { path, headers: {}, body: { requests: batch }, count: batch.length };
  });
}
