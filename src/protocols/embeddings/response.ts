/** OpenAI's list of embeddings, read and written. Vectors are numbers, or little-endian float32 in base64. */
import type { EmbeddingAnswer, EmbeddingRequest } from "../../model/embedding.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { inputTokens, type Usage } from "../../model/usage.ts";
import { hiddenError } from "../chat/parse-error.ts";
import { parseUsage as parseChatUsage } from "../chat/usage.ts";
import { checkCount, notAnswer, parseVector } from "../embedding.ts";
import { isObject } from "../read.ts";

const floatBytes = 4;

export function buildResponse(
  { vectors, usage }: EmbeddingAnswer & { usage: Usage },
  request: EmbeddingRequest,
): JsonObject {
  const tokens = inputTokens(usage);
  return {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: request.encoding === "base64" ? toBase64(vector) : [...vector],
    })),
    model: request.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

export function parseResponse(body: Json, count: number): EmbeddingAnswer {
  const data = dataOf(body);
  checkCount(data.length, count);
  const vectors = new Array<readonly number[]>(count);
  data.forEach((entry, at) => {
    if (!isObject(entry)) throw notAnswer(`data.${at} is not an object`);
    const index = typeof entry.index === "number" ? entry.index : at;
    if (!(index in vectors) && index >= 0 && index < count && Number.isInteger(index)) {
      vectors[index] = vectorOf(entry.embedding, `data.${at}.embedding`);
      return;
    }
    throw notAnswer(`data.${at}.index is ${index}`);
  });
  const usage = usageOf(body);
  return { vectors, ...(usage ? { usage } : {}) };
}

export function parseUsage(body: Json): Usage | undefined {
  dataOf(body);
  return usageOf(body);
}

function dataOf(body: Json): Json[] {
  const error = hiddenError(body);
  if (error) throw error;
  if (!isObject(body) || !Array.isArray(body.data)) throw notAnswer("it has no data");
  return body.data;
}

/** Some servers report a total alone. */
function usageOf(body: Json): Usage | undefined {
  if (!isObject(body) || !isObject(body.usage)) return undefined;
  const { usage } = body;
  return parseChatUsage({ prompt_tokens: usage.prompt_tokens ?? usage.total_tokens ?? 0 });
}

function vectorOf(value: Json | undefined, at: string): readonly number[] {
  return typeof value === "string" ? parseVector(fromBase64(value), at) : parseVector(value, at);
}

function fromBase64(text: string): number[] {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % floatBytes !== 0) return [];
  return Array.from({ length: bytes.length / floatBytes }, (_, at) => bytes.readFloatLE(at * floatBytes));
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * floatBytes);
  vector.forEach((number, at) => void bytes.writeFloatLE(number, at * floatBytes));
  return bytes.toString("base64");
}
