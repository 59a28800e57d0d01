/**
 * The adapter of one protocol's token counting: how many tokens a request of conversation would take. Pure and
 * synchronous like `Protocol`. A new one is a file in the protocol's folder that exports one of these, and a line in
 * index.ts.
 */
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import type { SealedSummaries } from "./compacting.ts";
import type { Outgoing, Place, Protocol, Wire } from "./protocol.ts";
import type { StoredAnswers } from "./stored.ts";

export interface CountWire extends Wire {
  /** The protocol whose requests are counted. */
  readonly counted: Protocol;
  /** Is this path, as a provider gets it, the counter's? */
  serves(path: string): boolean;
  /** Top-level members that the counter takes: of configured fields only these go along. */
  readonly takes: ReadonlySet<string>;
  readonly strip: Protocol["strip"];
  readonly stored?: StoredAnswers;
  readonly summaries?: SealedSummaries;

  // ingress: we serve this protocol
  /** Throws `invalid-request` with `param`. Never mutates `body`. */
  parseRequest(body: JsonObject, notes: Notes, place?: Place): ChatRequest;
  buildAnswer(tokens: number): JsonObject;

  // egress: we call this protocol
  /** The question after a request as the protocol would send it to this model. */
  buildQuestion(built: Outgoing, model: string): Outgoing;
  /** An answer with status 200: tokens. Throws when it is no answer. */
  parseAnswer(body: Json): number;
}

type Shared = Omit<CountWire, "routes" | "open" | "serves" | "takes" | "parseRequest" | "mayEdit" | "pass" | "outline">;

/** What counting has in common with the requests that are counted. */
export function countingOf(counted: Protocol): Omit<Shared, "buildAnswer" | "buildQuestion" | "parseAnswer"> {
  const { name, auth, idHeader, fields, headers, buildError, parseError, strip, stored, summaries } = counted;
  const shared = { counted, name, auth, fields, headers, buildError, parseError, strip };
  const optional = { ...(stored ? { stored } : {}), ...(summaries ? { summaries } : {}) };
  return { ...shared, ...(idHeader === undefined ? {} : { idHeader }), ...optional };
}

/** The number under `key` of an answer. */
export function parseTokens(body: Json, key: string): number {
  const tokens = typeof body === "object" && body !== null && !Array.isArray(body) ? body[key] : undefined;
  if (typeof tokens === "number" && Number.isInteger(tokens) && tokens >= 0) return tokens;
  throw new GatewayError("upstream-failed", `The provider's answer is not a count of tokens: it has no ${key}.`);
}

/** The members that an endpoint takes. */
export function taken<V>(body: Readonly<Record<string, V>>, takes: ReadonlySet<string>): Record<string, V> {
  return Object.fromEntries(Object.entries(body).filter(([key]) => takes.has(key)));
}
