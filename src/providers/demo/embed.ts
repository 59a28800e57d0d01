/**
 * The demo model's vectors: a deterministic function of the words, so that texts with words in common are close to each
 * other, and the same text has the same vector at any time.
 */
import { createHash } from "node:crypto";
import type { EmbeddingAnswer, EmbeddingInput, EmbeddingRequest } from "../../model/embedding.ts";
import { emptyUsage } from "../../model/usage.ts";
import { countTokens } from "./answer.ts";

const usualDimensions = 256;
const mostDimensions = 4096;

export function demoEmbeddings({ inputs }: EmbeddingRequest): EmbeddingAnswer {
  const usage = { ...emptyUsage(), inUncached: inputs.reduce((sum, { content }) => sum + tokensOf(content), 0) };
  return { vectors: inputs.map(vectorOf), usage };
}

function tokensOf(content: EmbeddingInput["content"]): number {
  return typeof content === "string" ? countTokens(content) : content.length;
}

function vectorOf({ content, dimensions = usualDimensions }: EmbeddingInput): number[] {
  const words = typeof content === "string" ? (content.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [content]) : content;
  const sum = new Float32Array(Math.min(dimensions, mostDimensions));
  for (const word of words) {
    const bytes = createHash("shake256", { outputLength: sum.length * 2 })
      .update(String(word))
      .digest();
    sum.forEach((value, at) => {
      // Never zero, and never the exact opposite of another word's.
      sum[at] = value + bytes.readInt16LE(at * 2) + 1 / 3;
    });
  }
  const length = Math.hypot(...sum);
  return [...sum.map((value) => value / length)];
}
