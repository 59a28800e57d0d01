/**
 * The adapter between one wire format and the canonical model. Pure and synchronous: no HTTP, no clock, no storage.
 * A new protocol is a folder that exports one of these, and a line in index.ts.
 */
import type { Content } from "../kit/content.ts";
import type { Frame, Machine } from "../kit/sse.ts";
import type { ChatRequest } from "../model/chat.ts";
import type { GatewayError } from "../model/error.ts";
import type { Answer, ChatEvent } from "../model/event.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import type { TargetFacts } from "../model/target.ts";
import type { SealedSummaries } from "./compacting.ts";
import type { Contract, ContractOptions } from "./contract.ts";
import type { ModelListing } from "./listing.ts";
import type { LegalNames } from "./names.ts";
import type { StoredAnswers } from "./stored.ts";

/** What can be asked of an answer that is kept; the path has its id as `:id`. */
export type StoredOperation = "stored" | "stored-input" | "delete-stored" | "cancel-stored";

export interface Route {
  method: "GET" | "POST" | "DELETE";
  path: string;
  operation: "generate" | "embed" | "count" | "compact" | "models" | "model" | StoredOperation;
  /** Several routes may share a path that says more in its end: this one takes the paths for which it says yes. */
  accepts?(path: string): boolean;
}

/** The few facts that routing and pass-through need, read without building the canonical request. */
export interface Envelope {
  model: string;
  stream: boolean;
  /** The client may come back for the answer. */
  keeps?: true;
  /** The client comes back for it and does not wait: it is made whole, `stream` says how it is told. */
  background?: true;
  /** Id of the kept answer that the request goes on from. */
  previous?: string;
  /** The account that made all answers of the conversation up to `previous`; empty when there were several. */
  scope?: string;
  /** How a streamed answer is framed for this client; server-sent events unless said. */
  framing?: "json-array";
}

/** Where a request came in, for protocols that say in the path what others say in the body. */
export interface Place {
  /** Percent-encoded, as it came. */
  path: string;
  query: URLSearchParams;
}

/** A request as it goes out to a provider; `path` is appended to the provider's base URL. */
export interface Outgoing {
  path: string;
  /** Protocol headers (versions, betas); credentials are added elsewhere. */
  headers: Record<string, string>;
  body: JsonObject;
}

/** Encodes the canonical stream for a client. `open` may be called once before `push`, to start a stream early. */
export interface Encoder extends Machine<ChatEvent, Frame> {
  /** The grammar's first frames, before anything is known of the answer. `push` then skips what was already sent. */
  open(): Frame[];
  /** A stream that was passed on so far: `last` is text that holds its last whole frame. Only `fail` comes after it. */
  resume?(start: ChatEvent & { type: "start" }, last: string): void;
  /** An error after the stream began: the grammar's error frames and nothing that looks like a normal end. */
  fail(error: GatewayError): Frame[];
}

/** What the encoder and the whole answer need to know of the exchange. */
export interface ReplyContext {
  request: ChatRequest;
  /** Id of the kept answer that it went on from. */
  previous?: string;
  requestId: string;
  /** Seconds since 1970. */
  now: number;
}

/** How one exchange is passed through when client and provider speak this protocol. */
export interface Passage {
  /** Appended to the provider's base URL. */
  readonly path: string;
  /** Top-level members to set in the request's body, as JSON texts. */
  readonly set: ReadonlyMap<string, string>;
  /** Only raw frames that hold this text are edited. Absent when every frame passes as it is. */
  readonly marker?: string;
  /** The client asked for the usage of its stream. */
  readonly wantsUsage?: true;
  /** It asked for several answers at once. */
  readonly several?: true;
  /** Edits one raw frame of the answer's stream; "" withholds it. */
  frame?(raw: string): string;
}

/** How a whole answer ended, and what it took. */
export type Outcome = Pick<Answer, "finish" | "usage">;

export interface ErrorReply {
  status: number;
  headers: Record<string, string>;
  body: Json;
}

/** A model as the lists show it. */
export interface ListedModel {
  id: string;
  /** Seconds since 1970. */
  created: number;
  ownedBy: string;
  context?: number;
  maxOutput?: number;
}

/** A canonical field by the client's own name of it. Positions in lists are `*` in the table: `inputs.*` -> `input.*`. */
export function clientField({ fields }: Wire, field: string): string {
  if (Object.hasOwn(fields, field)) return fields[field] ?? field;
  const positions: string[] = [];
  const pattern = field.replace(/(?<=\.)\d+(?=\.|$)/g, (position) => {
    positions.push(position);
    return "*";
  });
  if (positions.length === 0 || !Object.hasOwn(fields, pattern)) return field;
  return (fields[pattern] ?? field).replace(/\*/g, () => positions.shift() ?? "*");
}

/** What all wire formats have, whatever is asked in them. */
export interface Wire {
  /** The name that configuration and API use. */
  readonly name: string;
  readonly routes: readonly Route[];
  /** Default way of sending a provider's credential. */
  readonly auth: "bearer" | "x-api-key" | "x-goog-api-key";
  /** A response header that carries the request id beside `x-request-id`. */
  readonly idHeader?: string;
  /** Member of whole and streamed answers that names the model; `model` unless said. */
  readonly modelMember?: string;
  /** The client's JSON path of a canonical field (`sampling.seed` -> `seed`); what is not listed is named as it is. */
  readonly fields: Readonly<Record<string, string>>;
  /** Request headers of a client that cross to a provider of this protocol, in lower case. */
  readonly headers: readonly string[];
  /** How its providers tell which models they have; absent where they do not. */
  readonly listing?: ModelListing;
  /** Checks what every request must have. Throws `invalid-request` with `param`. */
  open(body: JsonObject, place?: Place): Envelope;
  buildError(error: GatewayError, requestId: string): ErrorReply;
  /** Classifies an answer with a status of 400 or more. `body` is its text, at most 64 KiB. */
  parseError(status: number, headers: Headers, body: string): GatewayError;
  /**
   * Beginnings of the names of optional members that `open` and `pass` read. With it, of a large body only the two ends
   * need to be looked at.
   */
  readonly outline?: readonly string[];
  /** Could `pass` have to edit the lists of this body's text? Yes when in doubt; asked of large bodies only. */
  mayEdit(content: Content): boolean;
  pass(envelope: Envelope, body: JsonObject, target: TargetFacts): Passage;
}

/** A wire format of conversations. */
export interface Protocol extends Wire {
  /** Tool names that this wire takes; others are renamed on the way to the provider and back. */
  readonly names: LegalNames;
  /** Property keys of a tool's schema that this wire takes, when not all; renamed like the names. */
  readonly keys?: LegalNames;
  /**
   * Names of members that hold seals, or ids that mean something to the account alone that made them, in requests and
   * answers; others may bear these names, too.
   */
  readonly sealMembers: readonly string[];
  /** Its calls have a place for seals; elsewhere these travel in a reasoning item before the call. */
  readonly sealsCalls?: true;
  /** Texts have a place for seals, too, and calls may not go without one. */
  readonly sealsTexts?: true;
  /**
   * Where the client set a budget for reasoning, its providers want a running tool loop to begin with some: calls of
   * others that come without any follow an empty item of it, so that it is known when the conversation returns.
   */
  readonly opensWithReasoning?: true;
  /** Its providers give one answer to a request: for more they are asked more than once. */
  readonly givesOne?: true;
  /** How many stop sequences its requests take, when not any number: at the others the answer is cut instead. */
  readonly mostStops?: number;
  /** Top-level members that its endpoint takes, when not all: of configured fields only these go along. */
  readonly takes?: ReadonlySet<string>;
  /** Media that its providers do not fetch: an address is replaced by its content before `buildRequest`. */
  readonly inlineOnly?: readonly ("image" | "document")[];
  /**
   * Members that a request can be spared when a target refuses them: without them it is still what was asked. `a.b` is a
   * member of a member.
   */
  readonly wishes: readonly string[];
  /** One of these stands in every request that holds an image; others may hold them, too. */
  readonly imageMarks: readonly string[];
  /** Members whose values are a tool's own JSON: their numbers are kept as written. */
  readonly exactKeys?: readonly string[];
  /** Headers of which one tells that a client speaks it, where the path does not (`anthropic-version`). */
  readonly clientHeaders?: readonly string[];
  /**
   * Names of members whose long texts nobody reads between `parseRequest` and `buildRequest`, in a body like this one:
   * only their beginnings and ends are there then. Undefined when all of it is wanted.
   */
  holds?(content: Content): readonly string[] | undefined;
  /** Its clients may send their key as `?key=`. */
  readonly keyInQuery?: true;
  /** Unknown paths that begin so are answered in its shape. */
  readonly pathPrefix?: string;

  // ingress: we serve this protocol
  /** Throws `invalid-request` with `param`. Never mutates `body`. */
  parseRequest(body: JsonObject, notes: Notes, place?: Place): ChatRequest;
  buildResponse(answers: Answer[], context: ReplyContext): JsonObject;
  encodeStream(context: ReplyContext): Encoder;
  /** Holds every stream to its clients, encoded or passed on, against their grammar. */
  contract?(options: ContractOptions): Contract;
  buildModels(models: ListedModel[]): JsonObject;
  buildModel(model: ListedModel): JsonObject;
  /** Present when its answers can be read again by their ids. */
  readonly stored?: StoredAnswers;
  /** Present when its requests may hold summaries that Plexus made of conversations. */
  readonly summaries?: SealedSummaries;
  /** What is sent in silence: a comment or a ping, ready to write. */
  readonly heartbeat: string;

  // egress: we call this protocol
  /** Throws `unsupported` or `invalid-request` when a class-D field cannot be carried. Deterministic. */
  buildRequest(request: ChatRequest, target: TargetFacts, notes: Notes): Outgoing;
  /** A whole answer with status 200. Throws when an error hides in it, or when it is no answer. */
  parseResponse(body: Json): Answer[];
  /**
   * What `parseResponse` would find of usage and finish in an ordinary answer, without reading the rest; for answers that
   * pass through. Undefined where anything is out of the ordinary.
   */
  readOutcome?(body: Json): Outcome | undefined;
  decodeStream(): Machine<Frame, ChatEvent>;

  // both sides speak it
  /**
   * Top-level members to set so that no carrier holds bytes for which `foreign` says yes (seals of another provider,
   * in our envelope). Empty when nothing is to be taken out.
   */
  strip(body: JsonObject, foreign: (bytes: string) => boolean, target: TargetFacts): ReadonlyMap<string, string>;
  /** Matches the frames that hold more than content (usage, finish, error, end): only these are decoded after the commit. */
  readonly markers: RegExp;
}
