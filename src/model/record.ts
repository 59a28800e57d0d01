/** What is kept of every request: one usage row, whatever became of it. Written by the gateway, stored by the store. */
import type { ErrorCode } from "./error.ts";
import type { Note } from "./note.ts";
import type { Admission, Charge } from "./quota.ts";
import type { UsageParts } from "./usage-parts.ts";

/** One failed attempt, or the failure of the exchange itself (then without a target). */
export interface FailureRecord {
  code: ErrorCode;
  message: string;
  /** `provider/model`. */
  target?: string;
  /** Status that the upstream answered with. */
  upstreamStatus?: number;
  /** Of an attempt: when it began, in milliseconds since the request arrived, and how long it took. */
  fromMs?: number;
  tookMs?: number;
  /** The error and its causes, outermost first, each with its stack. */
  chain: string[];
}

/** Milliseconds since the request arrived at which each phase was over; absent ones were never reached. */
export interface Phases {
  authenticated?: number;
  read?: number;
  parsed?: number;
  routed?: number;
  /** The request to the attempt that answered was sent. */
  sent?: number;
  /** Its response headers were there. */
  headers?: number;
  committed?: number;
  closed?: number;
}

/** What a request cost, by whom. Nano-dollars; null where unknown. */
export interface Pricing {
  /** What the provider says that it charged. */
  reportedNano: number | null;
  /** What our price gives. */
  computedNano: number | null;
  /** The price that it was computed with; null without one. */
  version: string | null;
  /** What of the usage the counts do not say. */
  parts: UsageParts | null;
}

export interface TokenCounts {
  /** All input tokens, cached and cache-written ones included. */
  input: number;
  /** All output tokens, reasoning included. */
  output: number;
  reasoning: number;
  cacheRead: number;
  cacheWrite: number;
  estimated: boolean;
}

/** What is known when a request arrives; with nothing more, it is kept as interrupted. */
export interface OpenedRecord {
  /** UUIDv7. */
  id: string;
  /** Epoch milliseconds. */
  at: number;
  protocol: string;
  /** The client's address. */
  address: string;
  /** Of a request that was let in under quotas. */
  admission?: Admission;
}

export interface RequestRecord extends OpenedRecord {
  /** Id of the request for which this one was made (an image described); null for what a client asked. */
  parent: string | null;
  /** Name of the client key; null before it is known. */
  key: string | null;
  label: string | null;
  /** The name that the client called; null when the request could not be read. */
  model: string | null;
  alias: string | null;
  /** `provider/model` that answered, or was tried last. */
  target: string | null;
  provider: string | null;
  attempts: number;
  stream: boolean;
  /** HTTP status given to the client; null when it never got one. */
  status: number | null;
  /** Null for a request that succeeded. */
  code: ErrorCode | null;
  /** Opened, and never closed: the process ended first. */
  interrupted: boolean;
  /** A client's request (no count of tokens) for which an upstream was called. */
  counted: boolean;
  /** What it counts in quotas; absent where it reserved nothing. */
  charges?: Charge[];
  /** Null when no upstream answered. */
  tokens: TokenCounts | null;
  /** Nano-dollars: what the provider says that it charged, else what our price gives; null while unknown. */
  costNano: number | null;
  /** Absent when there was nothing to be charged. */
  pricing?: Pricing;
  ttftMs: number | null;
  totalMs: number | null;
  /** Time spent waiting for upstreams. */
  upstreamMs: number | null;
  phases: Phases;
  finish: string | null;
  degraded: Note[];
  errors: FailureRecord[];
  /** Why it went there: the text of a RoutingRecord; null when it came to no choice. */
  routing: string | null;
  /** The client's own x-client-request-id. */
  clientRequestId: string | null;
}
