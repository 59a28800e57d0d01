/** What the playground sends: a request as a client would send it, on a key of somebody's choice. */
import type { Forecast } from "../model/forecast.ts";
import type { RequestRecord } from "../model/record.ts";

export interface PlayForm {
  /** The client's. */
  protocol: string;
  /** An alias, or `provider/model`. */
  model: string;
  system: string;
  prompt: string;
  /** Null: as the protocol has it. */
  maxTokens: number | null;
  isStream: boolean;
}

/** All that the form of the page has. */
export interface PlayFields extends PlayForm {
  /** Name of the client key. */
  key: string;
  /** A request in JSON, in place of the fields; empty where there is none. */
  raw: string;
}

export interface PlayCall {
  /** With its query. */
  path: string;
  /** Beside the credential. */
  headers: readonly (readonly [name: string, value: string])[];
  /** Header in which the key goes, and what stands before it. */
  credential: readonly [name: string, before: string];
  body: string;
}

export interface PlayAsk {
  call: PlayCall;
  protocol: string;
  /** Name of the client key. */
  key: string;
  address: string;
  /** Aborts when nobody waits any more. */
  signal: AbortSignal;
  /** Is told once what became of it, before the last word is out. */
  closed(record: RequestRecord): void;
}

export interface Played {
  /** Id of the request. */
  id: string;
  /** What the model says as it comes; of a refusal its words. */
  text: ReadableStream<string>;
  /** Known when the text has ended. */
  record(): RequestRecord | null;
}

export interface Playground {
  /** The request that the form makes. */
  draft(form: PlayForm): PlayCall;
  /** Nothing is sent. Throws what it would be refused with before a provider is asked. */
  estimate(ask: Pick<PlayAsk, "call" | "protocol" | "key" | "address">): Promise<Forecast>;
  /** Through the pipeline of all requests. */
  send(ask: PlayAsk): Promise<Played>;
}
