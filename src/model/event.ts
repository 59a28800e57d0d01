/**
 * The canonical answer: a whole answer (`Answer`, one for each candidate) and the same thing as a stream of events.
 * `collect` and `replay` turn one into the other, so that everything else is written once.
 *
 * Laws that every decoder keeps: one `start` first; `item-end` exactly once for each `item-start`, indexes dense from 0
 * for each candidate; deltas only between the two; exactly one `finish` for each candidate or one `error`, nothing after an
 * error; `usage` may come any number of times (each replaces the fields that it holds) and also after `finish`.
 */
import type { Annotation, Ext, Item, Seal } from "./chat.ts";
import type { GatewayError } from "./error.ts";
import type { Json } from "./json.ts";
import type { Usage } from "./usage.ts";

export type FinishReason =
  | "stop"
  | "stop-sequence"
  | "tool-calls"
  | "length"
  | "context"
  | "filter"
  | "recitation"
  | "pause"
  | "compaction"
  | "continuation"
  | "other";

/** `block` is the index of the block inside its message item. `c` is the candidate, absent for the first. */
export type ChatEvent =
  | { type: "start"; id: string; model: string; created: number; ext?: Ext }
  /** The item as far as it is known: a message without blocks, a call with its name and empty args, an empty reasoning. */
  | { type: "item-start"; c?: number; index: number; item: Item }
  /** Opens block `block` of message `index` when it is new. */
  | { type: "text-delta"; c?: number; index: number; block: number; text: string; logprobs?: Json[] }
  | { type: "refusal-delta"; c?: number; index: number; block: number; text: string }
  | { type: "reasoning-delta"; c?: number; index: number; part: number; kind: "summary" | "raw"; text: string }
  | { type: "args-delta"; c?: number; index: number; text: string }
  | { type: "annotation"; c?: number; index: number; block: number; annotation: Annotation }
  | { type: "seal"; c?: number; index: number; seal: Seal }
  /** The final item, complete: equal to what the deltas added up to. */
  | { type: "item-end"; c?: number; index: number; item: Item }
  | { type: "meta"; c?: number; ext?: Ext; logprobs?: { refusal?: Json[] } }
  | { type: "usage"; usage: Partial<Usage> }
  | { type: "finish"; c?: number; reason: FinishReason; stopSequence?: string; ext?: Ext; refusal?: string }
  | { type: "error"; error: GatewayError };

/** More of what is open, and nothing else: most events of every stream. */
export function isPiece({ type }: ChatEvent): boolean {
  return type === "text-delta" || type === "args-delta" || type === "reasoning-delta";
}

export interface Answer {
  id: string;
  model: string;
  /** Seconds since 1970. */
  created: number;
  items: Item[];
  finish: FinishReason;
  stopSequence?: string;
  /** Why a provider's classifier refused, in its words (Messages `stop_details.explanation`). */
  refusal?: string;
  usage?: Usage;
  ext?: Ext;
}
