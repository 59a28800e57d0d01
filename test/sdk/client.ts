/** One way to use any official SDK: ask, and see what the SDK ends up with. */
import type { ScriptedCall } from "../support/upstream/script.ts";
import { type Fields, fieldsOf } from "../support/upstream/shape.ts";

/** `stream`: the SDK's own helper. `raw`: its events, put together by hand. */
export const modes = ["whole", "stream", "raw stream"] as const;
export type Mode = (typeof modes)[number];

export interface Question {
  model: string;
  mode: Mode;
  system?: string;
  /** Messages that the client itself made (`user`, `results`) or was given (`Outcome.message`). */
  history: unknown[];
  tools?: { name: string; description: string; schema: Fields }[];
  /** Some tool must be called. */
  forced?: boolean;
  schema?: Fields;
  thinks?: boolean;
  /** Values that change how is sampled; only those that the client's protocol has are sent. */
  sampling?: { stop: string[]; temperature: number };
}

/** Token counts with the same meaning for every SDK. */
export interface Totals {
  /** All input, cached and cache-written tokens included. */
  input: number;
  cached: number;
  written: number;
  /** All output, reasoning included. */
  output: number;
  reasoning: number;
}

export interface Outcome {
  model: string;
  text: string;
  reasoning: string;
  calls: ScriptedCall[];
  finish: "stop" | "calls" | "other";
  totals: Totals;
  headers: Headers;
  /** The request id as the SDK itself shows it, where it does. */
  requestId: string | null | undefined;
  /** The assistant's message, to be sent back. */
  message: unknown;
}

export interface Failure {
  /** Name of the SDK's class. */
  kind: string;
  status: number | undefined;
  message: string;
  headers: Headers;
  requestId: string | null | undefined;
  /** `type` of the error as the SDK reads it. */
  type: string | null | undefined;
}

export type Protocol = "chat" | "messages" | "responses" | "gemini";

/** How the SDK shows one kind of failure. */
type Shown = Pick<Failure, "kind" | "status" | "type">;

export interface Client {
  name: string;
  protocol: Protocol;
  /** A wrong request, our own key unknown, the provider's key refused, too many requests, an overloaded service. */
  failures: Record<"bad" | "unknown" | "locked" | "limited" | "overloaded", Shown>;
  /** It has no place for the reasoning of an answer. */
  hidesReasoning?: true;
  /** What the text of a tool's result is once the client has put it into an object of its own. */
  wraps?(name: string, text: string): string;
  /** It sends calls and results back without their ids. */
  sendsNoIds?: true;
  /** Whose proofs it sends back, if not all: a provider of its own protocol gets what the client sends. */
  keepsProofs?: "of calls" | "none";
  /** What it leaves of a schema. */
  cutsSchema?(schema: Fields): Fields;
  /** Of the counts of an answer those that it shows as they are. */
  showsCounts?(totals: Totals, mode: Mode): Partial<Totals>;
  user(text: string, image?: Buffer): unknown;
  /** The messages that answer calls. */
  results(list: { id: string; name?: string; text: string }[]): unknown[];
  ask(question: Question): Promise<Outcome>;
  /** Rejects when the request succeeds. */
  fail(question: Question): Promise<Failure>;
}

export interface Door {
  url: string;
  key: string;
}

export const maxTokens = 4096;
export const budget = 2048;

/** A fetch that remembers the headers of the last answer, which stream helpers do not show. */
export function watchedFetch(): { fetch: typeof fetch; last: { headers: Headers } } {
  const last = { headers: new Headers() };
  const watched = async (input: string | URL | Request, init?: RequestInit) => {
    const response = await fetch(input, init);
    last.headers = response.headers;
    return response;
  };
  return { fetch: Object.assign(watched, { preconnect: fetch.preconnect }), last };
}

export function failureOf(error: unknown, kinds: Record<string, unknown>): Failure {
  if (!(error instanceof Error)) throw new Error(`no error was thrown: ${error}`);
  const kind = Object.entries(kinds).find(([, each]) => error.constructor === each)?.[0] ?? error.constructor.name;
  const { status, headers, requestID, type } = error as Error & Fields;
  return {
    kind,
    message: error.message,
    status: typeof status === "number" ? status : undefined,
    headers: headers instanceof Headers ? headers : new Headers(),
    requestId: typeof requestID === "string" ? requestID : undefined,
    type: typeof type === "string" ? type : undefined,
  };
}

/** What a promise is rejected with, if it is. */
export function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

export function parsedCall(id: unknown, name: unknown, args: string): ScriptedCall {
  return { id: String(id), name: String(name), args: fieldsOf(JSON.parse(args)) };
}

export function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
