/** What a protocol whose answers can be read again knows of keeping and showing them. */
import type { Frame } from "../kit/sse.ts";
import type { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import type { StoredResponse } from "../model/stored.ts";
import type { ReplyContext } from "./protocol.ts";

/** An answer as its client got it. */
export interface KeptAnswer {
  id: string;
  /** JSON text. */
  text: string;
  /** Number of the event that held it. */
  lastEvent?: number;
  /** Ids of its items. */
  items?: readonly string[];
}

/** Looks for the answer in the frames of one stream, of which it may be shown only those with a marker. */
export interface AnswerCollector {
  /** The answer, when this frame ends it. */
  push(frame: Frame): KeptAnswer | undefined;
}

/** What a kept answer was made of, and the answer; JSON texts. */
export interface History {
  input: string;
  response: string;
}

/** A kept answer as its client reads it: JSON text, or as it may have streamed. */
export type StoredReply = { text: string } | { frames: Frame[] };

/** Answers that run while nobody waits for them. */
export interface BackgroundAnswers {
  /** The id under which the answer to a request will be found. */
  mint(requestId: string): string;
  /** The answer before there is one, in progress. */
  pending(context: ReplyContext): JsonObject;
  /** A whole answer's text under its own id. */
  identified(text: string, id: string): string;
  /** What a pending answer ends as that failed or, without an error, was cancelled. */
  ended(pending: JsonObject, error?: GatewayError): JsonObject;
}

export interface StoredAnswers {
  readonly background: BackgroundAnswers;
  /** Top-level member of a request that holds what the model is given. */
  readonly inputMember: string;
  /** The one, of requests and answers, that names the answer that it goes on from. */
  readonly previousMember: string;
  collect(): AnswerCollector;
  /** A whole answer's text; undefined when it has no id to find it by. */
  whole(text: string): KeptAnswer | undefined;
  /** A request's text with the conversation in place of the id of the answer that it goes on from. */
  continueFrom(text: string, history: History): string;
  /** What stands in a request's text that refers to items of kept answers by their ids. */
  readonly referenceMark: string;
  /** Ids of the items that it refers to. */
  references(text: string): string[];
  /** The request's text with items in place of the references; `holders` are texts of answers. What is in none stays. */
  dereferenced(text: string, holders: readonly string[]): string;
  /** Throws `invalid-request` that names the parameter. */
  read(stored: StoredResponse, query: URLSearchParams): StoredReply;
  /** The events of a whole answer's text. */
  replay(text: string): Frame[];
  /** How many events a client has that reads a stream from where it was; undefined when it wants none. Throws as `read`. */
  startOf(query: URLSearchParams): number | undefined;
  /** A page of what the model was given; `input` is JSON text. Throws `invalid-request` that names the parameter. */
  buildInput(stored: StoredResponse, input: string, query: URLSearchParams): JsonObject;
  buildDeleted(id: string): JsonObject;
  /** An answer that ran in the background and has ended. Throws `invalid-request` for one that never did. */
  cancel(stored: StoredResponse): JsonObject;
}
