/** Google's answers with embeddings, read and written: one, or a list in the order of the requests. */
import type { EmbeddingAnswer, EmbeddingRequest } from "../../model/embedding.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { inputTokens, type Usage } from "../../model/usage.ts";
import { checkCount, notAnswer, parseVector } from "../embedding.ts";
import { isObject } from "../read.ts";
import { errorOfBody } from "./parse-error.ts";
import { camel } from "./read.ts";
import { parseUsage as parseMetadata } from "./usage.ts";

export function buildResponse(
  { vectors, usage }: EmbeddingAnswer & { usage: Usage },
  request: EmbeddingRequest,
): JsonObject {
  const all = vectors.map((vector) => ({ values: [...vector] }));
  const [only = { values: [] }] = all;
  return {
    ...(request.isSingle ? { embedding: only } : { embeddings: all }),
    usageMetadata: { promptTokenCount: inputTokens(usage) },
  };
}

export function parseResponse(body: Json, count: number): EmbeddingAnswer {
  const entries = entriesOf(body);
  checkCount(entries.length, count);
  const vectors = entries.map((entry, at) =>
    parseVector(isObject(entry) ? entry.values : undefined, `embeddings.${at}.values`),
  );
  const usage = usageOf(body);
  return { vectors, ...(usage ? { usage } : {}) };
}

export function parseUsage(body: Json): Usage | undefined {
  entriesOf(body);
  return usageOf(body);
}

function entriesOf(body: Json): Json[] {
  const error = isObject(body) ? errorOfBody(body) : undefined;
  if (error) throw error;
  if (isObject(body) && Array.isArray(body.embeddings)) return body.embeddings;
  if (isObject(body) && isObject(body.embedding)) return [body.embedding];
  throw notAnswer("it has no embeddings");
}

function usageOf(body: Json): Usage | undefined {
  const { usageMetadata: metadata } = isObject(body) ? camel(body) : {};
  return isObject(metadata) ? parseMetadata(metadata) : undefined;
}
