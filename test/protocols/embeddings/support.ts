/** Short ways to drive the wires of embeddings. */
import type { EmbeddingRequest } from "../../../src/model/embedding.ts";
import { GatewayError } from "../../../src/model/error.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { Notes } from "../../../src/model/note.ts";
import { defaultCapabilities, type TargetFacts } from "../../../src/model/target.ts";
import { emptyUsage, type Usage } from "../../../src/model/usage.ts";
import type { EmbeddingOutgoing, EmbeddingWire } from "../../../src/protocols/embedding.ts";
import { clientField, type Place } from "../../../src/protocols/protocol.ts";

export const target: TargetFacts = { provider: "p", model: "their-model", scope: "p", can: defaultCapabilities };

/** A place by its path. */
export function at(path: string): Place {
  return { path, query: new URLSearchParams() };
}

export const single = at("/v1beta/models/my-model:embedContent");
export const batch = at("/v1beta/models/my-model:batchEmbedContents");

export interface Parsed {
  request: EmbeddingRequest;
  notes: Notes;
}

export function parse(wire: EmbeddingWire, body: JsonObject, place?: Place): Parsed {
  const notes = new Notes();
  return { request: wire.parseRequest(body, notes, place), notes };
}

export interface Crossed {
  out: EmbeddingOutgoing;
  /** All requests, where one is not enough. */
  all: EmbeddingOutgoing[];
  /** `action field`, in the client's own names. */
  notes: string[];
}

/** A client's request as a provider of the other wire gets it. */
export function cross([from, to]: readonly [EmbeddingWire, EmbeddingWire], body: JsonObject, place?: Place): Crossed {
  const { request, notes } = parse(from, body, place);
  const all = to.buildRequests(request, target, notes);
  const [out] = all;
  if (!out) throw new Error("no request was built");
  return { out, all, notes: notes.list.map(({ action, field }) => `${action} ${clientField(from, field)}`) };
}

export function usage(tokens: number): Usage {
  return { ...emptyUsage(), inUncached: tokens };
}

/** The error that something throws. */
export function thrown(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

export function wrong(run: () => unknown): [string, string | undefined] {
  const error = thrown(run);
  return [error.code, error.detail.param];
}

/** The whole way of an answer: read from one wire, written in another. */
export function answered(
  [from, to]: readonly [EmbeddingWire, EmbeddingWire],
  body: Json,
  request: EmbeddingRequest,
): JsonObject {
  const answer = from.parseResponse(body, request.inputs.length);
  return to.buildResponse({ ...answer, usage: answer.usage ?? usage(1) }, request);
}
