/** What a protocol whose answers can be read again knows of keeping and showing them. */
import type { Frame } from "../kit/sse.ts";
import type { JsonObject } from "../model/json.ts";
import type { StoredResponse } from "../model/stored.ts";

/** An answer as its client got it. */
export interface KeptAnswer {
  id: string;
  /** JSON text. */
  text: string;
  /** Number of the event that held it. */
  lastEvent?: number;
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

export interface StoredAnswers {
  /** Top-level member of a request that holds what the model is given. */
  readonly inputMember: string;
  /** The one, of requests and answers, that names the answer that it goes on from. */
  readonly previousMember: string;
  collect(): AnswerCollector;
  /** A whole answer's text; undefined when it has no id to find it by. */
  whole(text: string): KeptAnswer | undefined;
  /** A request's text with the conversation in place of the id of the answer that it goes on from. */
  continueFrom(text: string, history: History): string;
  /** Throws `invalid-request` that names the parameter. */
  read(stored: StoredResponse, query: URLSearchParams): StoredReply;
  /** A page of what the model was given; `input` is JSON text. Throws `invalid-request` that names the parameter. */
  buildInput(stored: StoredResponse, input: string, query: URLSearchParams): JsonObject;
  buildDeleted(id: string): JsonObject;
  /** Ends an answer that is still being made. Throws `invalid-request` for one that is not. */
  cancel(stored: StoredResponse): JsonObject;
}
