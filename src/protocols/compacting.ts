/**
 * Summaries of a conversation that stand in place of it. A protocol whose clients ask for one exports a wire of it beside
 * its own; where the provider has no such endpoint, the summary is asked for in words, and is made an item of this
 * protocol that only Plexus can read.
 */
import type { JsonObject } from "../model/json.ts";
import type { Usage } from "../model/usage.ts";
import type { Protocol, ReplyContext } from "./protocol.ts";

/** `parseRequest` gives the question for the summary. */
export interface CompactingWire extends Protocol {
  /** Is this path, as a provider gets it, the endpoint's? */
  serves(path: string): boolean;
  /** Of the client's body the items that stay beside the summary, in full. */
  keptItems(body: JsonObject, requestId: string): JsonObject[];
  buildSummary(summary: Summary, context: ReplyContext): JsonObject;
}

export interface Summary {
  kept: readonly JsonObject[];
  /** The summary, sealed. */
  sealed: string;
  usage: Usage;
}

/** Summaries of ours in the requests of a protocol. */
export interface SealedSummaries {
  /** A body without this text holds none. */
  readonly mark: string;
  /** The body's JSON text with messages in place of those for which `read` gives a text; the same text when there are none. */
  opened(body: string, read: (sealed: string, field: string) => string | undefined): string;
}
