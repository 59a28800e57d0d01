/** The protocols, in the order in which the unknown is decided; the last one is the default shape. */
import { chat } from "./chat/index.ts";
import type { CompactingWire } from "./compacting.ts";
import { completions } from "./completions/index.ts";
import type { CountWire } from "./counting.ts";
import type { EmbeddingWire } from "./embedding.ts";
import { embeddings } from "./embeddings/index.ts";
import { geminiCount } from "./gemini/count.ts";
import { geminiEmbedding } from "./gemini/embed.ts";
import { gemini } from "./gemini/index.ts";
import { messagesCount } from "./messages/count.ts";
import { messages } from "./messages/index.ts";
import type { Protocol } from "./protocol.ts";
import { responsesCompact } from "./responses/compact.ts";
import { responsesCount } from "./responses/count.ts";
import { responses } from "./responses/index.ts";

export const protocols: readonly Protocol[] = [gemini, messages, responses, chat];

/** Spoken by clients only: what they ask goes to providers of the others. */
export const clientProtocols: readonly Protocol[] = [completions];

/** The wires that make a summary of a conversation. */
export const compactingWires: readonly CompactingWire[] = [responsesCompact];

/** The wires of embeddings. */
export const embeddingWires: readonly EmbeddingWire[] = [geminiEmbedding, embeddings];

/** The wires of token counting. */
export const countWires: readonly CountWire[] = [geminiCount, messagesCount, responsesCount];
