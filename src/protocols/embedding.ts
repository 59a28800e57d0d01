/**
 * The adapter between one wire format of embeddings and the canonical form. Pure and synchronous like `Protocol`. A new
 * one is a file or folder that exports one of these, and a line in index.ts.
 */
import type { EmbeddingAnswer, EmbeddingInput, EmbeddingRequest } from "../model/embedding.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import type { TargetFacts } from "../model/target.ts";
import type { Usage } from "../model/usage.ts";
import type { Outgoing, Place, Wire } from "./protocol.ts";

export interface EmbeddingOutgoing extends Outgoing {
  /** How many inputs it holds: the answer has as many vectors. */
  count: number;
}

export interface EmbeddingWire extends Wire {
  /** Comes with a protocol of conversations, and stands back where a provider also has a wire for embeddings alone. */
  readonly standsBack?: true;
  /** Is this path, as a provider gets it, one of this wire? */
  serves(path: string): boolean;

  // ingress: we serve this protocol
  /** Throws `invalid-request` with `param`. Never mutates `body`. */
  parseRequest(body: JsonObject, notes: Notes, place?: Place): EmbeddingRequest;
  /** `request.model` is the name that the client called. */
  buildResponse(answer: EmbeddingAnswer & { usage: Usage }, request: EmbeddingRequest): JsonObject;

  // egress: we call this protocol
  /**
   * One request, or several that hold the inputs in their order where a provider takes only so many at once. Throws
   * `unsupported` when something cannot be carried. Deterministic.
   */
  buildRequests(request: EmbeddingRequest, target: TargetFacts, notes: Notes): EmbeddingOutgoing[];
  /** An answer with status 200 to a request for `count` vectors. Throws when an error hides in it, or when it is no answer. */
  parseResponse(body: Json, count: number): EmbeddingAnswer;
  /** The usage that an answer reports. Throws like `parseResponse`, but looks at no vector. */
  parseUsage(body: Json): Usage | undefined;
}

/** The canonical name of a field of one input. */
export function inputField(request: EmbeddingRequest, at: number, field: keyof EmbeddingInput): string {
  return request.isSingle ? field : `inputs.${at}.${field}`;
}

/** Tells what of the request has no place in the provider's protocol. */
export function noteUnknown(request: EmbeddingRequest, notes: Notes): void {
  for (const field of request.unknown) notes.add("dropped", field);
}

/** A vector of finite numbers; `at` says where it stands in the provider's answer. */
export function parseVector(value: Json | undefined, at: string): readonly number[] {
  const isVector = Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);
  if (!isVector) throw notAnswer(`${at} is not a vector`);
  return value as number[];
}

export function notAnswer(words: string): GatewayError {
  return new GatewayError("upstream-failed", `The provider's answer is not a list of embeddings: ${words}.`);
}

/** As many vectors as were asked for, or none of them can be trusted to belong to its input. */
export function checkCount(got: number, wanted: number): void {
  if (got !== wanted) throw notAnswer(`it has ${got} vectors, and ${wanted} were asked for`);
}
