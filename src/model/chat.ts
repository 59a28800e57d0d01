/**
 * The canonical request: a flat list of items (messages, calls, results, reasoning), whose messages are made of
 * blocks. No vendor's JSON; what only one protocol knows sits in `ext`, keyed by that protocol's name, and goes back
 * to that protocol only. Parsers never mutate the wire JSON that they were given, and may share parts of it.
 */
import type { Json, JsonObject } from "./json.ts";

/** Protocol-only fields by the protocol that they came from. */
export type Ext = { [protocol: string]: JsonObject | undefined };

/**
 * A provider's proof over its own reasoning. `origin` is the protocol that it stood in, `scope` the provider (and
 * account) that made it, unknown when a client sent it raw. `form` says which field it goes back into.
 */
export interface Seal {
  origin: string;
  scope?: string;
  form: "signature" | "redacted" | "encrypted" | "thought" | "details";
  bytes: string;
}

/** A prompt-cache mark on a block or tool. */
export interface CacheMark {
  ttl?: "5m" | "1h" | "30m";
}

interface BlockBase {
  /** Path in the client's JSON, for notes and errors. */
  at?: string;
  cache?: CacheMark;
  seal?: Seal;
  ext?: Ext;
}

export interface Annotation {
  kind: "url" | "other";
  url?: string;
  title?: string;
  /** Span in code points of the block's text, end exclusive. */
  start?: number;
  end?: number;
  citedText?: string;
  /** The annotation as the origin protocol wrote it. */
  raw?: { origin: string; json: Json };
}

export interface TextBlock extends BlockBase {
  type: "text";
  text: string;
  annotations?: Annotation[];
  logprobs?: Json[];
}
export interface RefusalBlock extends BlockBase {
  type: "refusal";
  text: string;
}
export type MediaSource =
  /** Base64 without white space, standard alphabet, no data-URL prefix. */
  | { type: "bytes"; data: string }
  | { type: "url"; url: string }
  | { type: "file"; id: string; origin: string }
  | { type: "text"; text: string }
  | { type: "blocks"; blocks: Block[] };
export interface MediaBlock extends BlockBase {
  type: "media";
  kind: "image" | "audio" | "video" | "document";
  source: MediaSource;
  /** MIME type; absent when the wire does not say (image by URL). */
  mime?: string;
  name?: string;
  detail?: string;
  title?: string;
  context?: string;
  citations?: boolean;
}
export interface SearchResultBlock extends BlockBase {
  type: "search-result";
  source: string;
  title: string;
  content: TextBlock[];
  citations?: boolean;
}
/** A block that only its own protocol understands. */
export interface OpaqueBlock extends BlockBase {
  type: "opaque";
  origin: string;
  json: Json;
}
export type Block = TextBlock | RefusalBlock | MediaBlock | SearchResultBlock | OpaqueBlock;

interface ItemBase {
  /** Path in the client's JSON, for notes and errors. */
  at?: string;
  ext?: Ext;
}
export interface MessageItem extends ItemBase {
  type: "message";
  role: "system" | "developer" | "user" | "assistant";
  blocks: Block[];
  id?: string;
  phase?: string;
  name?: string;
}
export interface CallItem extends ItemBase {
  type: "call";
  kind: "function" | "custom" | "shell" | "local_shell" | "apply_patch";
  callId: string;
  itemId?: string;
  name: string;
  namespace?: string;
  /** Raw JSON text of a function's arguments (may be "" or broken when a provider sent it so), raw text of a custom call. */
  args: string;
  seals?: Seal[];
  /** The answer was cut inside the arguments: not to be executed. */
  incomplete?: boolean;
  caller?: Json;
  cache?: CacheMark;
}
export interface ResultItem extends ItemBase {
  type: "result";
  kind: CallItem["kind"];
  callId: string;
  itemId?: string;
  name?: string;
  blocks: Block[];
  isError: boolean;
  /** The wire had a plain string, not a list of blocks. */
  plain?: boolean;
  cache?: CacheMark;
}
export interface ReasoningItem extends ItemBase {
  type: "reasoning";
  text: { kind: "summary" | "raw"; text: string }[];
  seals: Seal[];
  /** Only sealed bytes, no readable text was ever given (`redacted_thinking`). */
  redacted?: boolean;
  itemId?: string;
}
/** A tool that the provider itself runs inside the request (web search, code execution). */
export interface ServerCallItem extends ItemBase {
  type: "server-call";
  tool: string;
  callId: string;
  input: Json;
  origin: string;
  json: Json;
}
export interface ServerResultItem extends ItemBase {
  type: "server-result";
  tool: string;
  callId: string;
  origin: string;
  json: Json;
}
export interface OpaqueItem extends ItemBase {
  type: "opaque";
  origin: string;
  role?: "user" | "assistant";
  json: Json;
}
export type Item = MessageItem | CallItem | ResultItem | ReasoningItem | ServerCallItem | ServerResultItem | OpaqueItem;

export interface Tool {
  /**
   * `server`: typed by its vendor and run by the provider or by the client, `json` is the declaration as it came. A call's
   * other kinds are run by the client; description and schema say what they are as functions.
   */
  kind: CallItem["kind"] | "server";
  /** Path in the client's JSON, where it is not simply the position among the tools. */
  at?: string;
  name: string;
  namespace?: string;
  description?: string;
  /** JSON Schema of the arguments, as received. Absent: no arguments. */
  schema?: JsonObject;
  strict?: boolean;
  /** A custom tool's grammar, in the nested form of Chat Completions. */
  grammar?: JsonObject;
  cache?: CacheMark;
  defer?: boolean;
  /** An item of the history brought it: a provider of the client's own protocol finds it there. */
  found?: true;
  origin?: string;
  json?: JsonObject;
  ext?: Ext;
}

export type ToolChoice =
  | { mode: "auto" | "none" | "required" }
  | { mode: "tool"; name: string; kind: "function" | "custom" }
  | { mode: "subset"; required: boolean; names: string[] };

export type Effort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/** What the client said about reasoning, unconverted: an effort word or a budget, or neither. */
export interface Reasoning {
  mode?: "off" | "budget" | "adaptive" | "between_tools";
  effort?: Effort;
  /** Tokens. */
  budget?: number;
  display?: "summarized" | "omitted";
  summary?: string;
  ext?: Ext;
}

export interface OutputFormat {
  kind: "text" | "json" | "schema";
  name?: string;
  description?: string;
  schema?: JsonObject;
  strict?: boolean;
}

export interface Sampling {
  temperature?: number;
  topP?: number;
  topK?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  seed?: number;
  logitBias?: JsonObject;
  stop?: string[];
  n?: number;
  maxTokens?: number;
}

export interface ChatRequest {
  /** The protocol that the client speaks. */
  protocol: string;
  /** The name as the client wrote it; answers carry it. */
  model: string;
  /** The one top-level system field of protocols that have one. Leading system messages of a list stay in `items`. */
  instructions: Block[];
  items: Item[];
  tools: Tool[];
  toolChoice?: ToolChoice;
  /** False: at most one call a turn. */
  parallel?: boolean;
  sampling: Sampling;
  reasoning?: Reasoning;
  format?: OutputFormat;
  verbosity?: string;
  logprobs?: { want: boolean; top?: number };
  cache?: { key?: string; auto?: CacheMark };
  modalities?: string[];
  tier?: string;
  user?: string;
  metadata?: JsonObject;
  store?: boolean;
  /** The client asked for the seals of the reasoning (Responses); answers hold them unasked. */
  sealed?: boolean;
  stream: boolean;
  /** The client asked for the extra usage chunk (Chat Completions). */
  includeUsage?: boolean;
  /** Top-level fields that this protocol alone knows, unknown ones included. */
  ext?: Ext;
}
