/** What a scripted upstream is told to answer, and what it saw, in no vendor's words. */
import type { Fields } from "./shape.ts";

export interface Counts {
  /** Input tokens beside the cached and the cache-written ones. */
  input: number;
  cached: number;
  written: number;
  /** Output tokens beside reasoning. */
  visible: number;
  reasoning: number;
}

export interface ScriptedCall {
  /** Empty where the vendor gives none. */
  id: string;
  name: string;
  args: Fields;
}

export interface Answer {
  reasoning?: string;
  text?: string;
  calls?: ScriptedCall[];
  counts: Counts;
  /** A stream that breaks off in the middle: with an error of the vendor's, or with nothing. */
  breaks?: "error" | "cut";
}

/** An error in the vendor's own shape. */
export interface Refusal {
  status: number;
  type: string;
  message: string;
  /** Where the vendor has codes. */
  code?: string;
  headers?: Record<string, string>;
  /** When to come again, where the vendor says it in the body. */
  waitSeconds?: number;
}

export type Step = Answer | Refusal;

/** A request as the upstream understood it. */
export interface Seen {
  system: string[];
  /** The texts of user messages, results not counted. */
  said: string[];
  images: Buffer[];
  tools: { name: string; schema: unknown }[];
  /** The word or object of the tool choice, as it came. */
  choice: unknown;
  calls: ScriptedCall[];
  results: { id: string; text: string }[];
  /** The schema that constrains the answer. */
  schema: unknown;
  maxTokens: unknown;
  stop: unknown;
  temperature: unknown;
  /** Is the model asked to reason? */
  thinks: boolean;
  /** The proofs of earlier reasoning that came back. */
  proofs: string[];
  stream: boolean;
}

/** Text as deltas would cut it: pieces of a few characters, whole code points. */
export function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,7}/gu) ?? [];
}
