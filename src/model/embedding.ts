/** Canonical embeddings: texts (or tokens) to vectors. No vendor's JSON. */
import { addUsage, type Usage } from "./usage.ts";

/** What one vector is made of. */
export interface EmbeddingInput {
  /** A text, or the ids of tokens that the client made itself. Never empty. */
  content: string | readonly number[];
  /** Length of its vector. */
  dimensions?: number;
  /** What the vector is for, in the client's own word (`RETRIEVAL_QUERY`). */
  task?: string;
  /** Of the document that the text is from. */
  title?: string;
}

export interface EmbeddingRequest {
  model: string;
  /** At least one; the vectors come in their order. */
  inputs: readonly EmbeddingInput[];
  /** Asked in the form for one input, which some protocols answer otherwise than a list of one. */
  isSingle: boolean;
  /** How the client wants its vectors written, where it can choose. */
  encoding?: "float" | "base64";
  /** The client's own name of its user. */
  user?: string;
  /** Paths of members that only the client's protocol knows: they are told as dropped on the way to another one. */
  unknown: readonly string[];
}

export interface EmbeddingAnswer {
  vectors: readonly (readonly number[])[];
  /** Absent when the provider reports none. */
  usage?: Usage;
}

/** The answer to all of several requests. Its usage is known when that of each of them is. */
export function joinAnswers(answers: readonly EmbeddingAnswer[]): EmbeddingAnswer {
  const vectors = answers.flatMap((answer) => answer.vectors);
  const usages = answers.flatMap(({ usage }) => (usage ? [usage] : []));
  const [first, ...more] = usages;
  return { vectors, ...(first && usages.length === answers.length ? { usage: more.reduce(addUsage, first) } : {}) };
}
