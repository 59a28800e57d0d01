/**
 * The client's request: its bytes, the few facts that routing needs, and the parsed and canonical forms, made when they
 * are first needed. A large body that is only passed through is checked in structure, not parsed.
 */
import { isUtf8 } from "node:buffer";
import { type Member, parseJson, scanObject, type TopLevel } from "../kit/json.ts";
import { byteString, utf8 } from "../kit/sse.ts";
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import type { Envelope, Protocol } from "../protocols/protocol.ts";
import { envelopeMark, openSeals, type SealRing } from "./seals.ts";

/** Deeper JSON than any real request has; what walks it may recurse. */
const maxDepth = 256;
/** Bodies up to this size are parsed at once. */
const smallBytes = 65_536;
/** In a larger body, lists and objects above this stand for themselves until they are needed. */
const smallMember = 4096;

export class Inbound {
  readonly bytes: Uint8Array;
  /** The bytes as a string of one character a byte. */
  readonly raw: string;
  readonly top: TopLevel;
  readonly envelope: Envelope;
  private readonly protocol: Protocol;
  /** All members, of a large body the long ones by a stand-in of their type. */
  private readonly head: JsonObject;
  private parsed: JsonObject | undefined;
  private request: ChatRequest | undefined;

  constructor(bytes: Uint8Array, protocol: Protocol) {
    if (!isUtf8(bytes)) throw new GatewayError("invalid-request", "The request body is not valid UTF-8.");
    this.bytes = bytes;
    this.protocol = protocol;
    this.raw = byteString(bytes);
    this.top = scan(this.raw);
    if (bytes.byteLength <= smallBytes) this.parsed = parseBody(this.raw);
    this.head = this.parsed ?? headOf(this.raw, this.top);
    this.envelope = protocol.open(this.head);
  }

  /** The whole body. Throws `invalid-request`. */
  get body(): JsonObject {
    this.parsed ??= parseBody(this.raw);
    return this.parsed;
  }

  /** What pass-through looks at: the whole body only where something in it may have to be edited. */
  get passBody(): JsonObject {
    return this.head === this.parsed || this.protocol.mayEdit(this.raw) ? this.body : this.head;
  }

  /** Could a carrier in it hold one of our envelopes? */
  get hasEnvelope(): boolean {
    return this.raw.includes(envelopeMark);
  }

  /** Throws `invalid-request`. */
  canonical(ring: SealRing, notes: Notes): ChatRequest {
    if (!this.request) {
      const keys = (this.protocol.exactKeys ?? []).filter((key) => this.raw.includes(`"${key}"`));
      const body = keys.length === 0 ? this.body : (parseJson(utf8(this.raw), keys) as JsonObject);
      this.request = openSeals(ring, this.protocol.parseRequest(body, notes));
    }
    return this.request;
  }
}

function scan(raw: string): TopLevel {
  if (raw.trim() === "")
    throw new GatewayError("invalid-request", "The request body is empty; it must be a JSON object.");
  const top = scanObject(raw);
  if (!top) {
    const parsed = parseBody(raw);
    throw notJson(`unexpected ${typeof parsed}`);
  }
  if (top.depth > maxDepth) throw notJson(`nested deeper than ${maxDepth} levels`);
  return top;
}

function parseBody(raw: string): JsonObject {
  let body: Json;
  try {
    body = JSON.parse(utf8(raw)) as Json;
  } catch (cause) {
    throw notJson(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw new GatewayError("invalid-request", "The request body must be a JSON object.");
}

function notJson(words: string, cause?: unknown): GatewayError {
  return new GatewayError("invalid-request", `The request body is not valid JSON: ${words}`, { cause });
}

function headOf(raw: string, top: TopLevel): JsonObject {
  const head: JsonObject = {};
  for (const member of top.members) head[member.key] = memberValue(raw, member);
  return head;
}

function memberValue(raw: string, { start, end }: Member): Json {
  const first = raw.charCodeAt(start);
  if (end - start > smallMember && first === 91) return [null];
  if (end - start > smallMember && first === 123) return {};
  try {
    return JSON.parse(utf8(raw.slice(start, end))) as Json;
  } catch (cause) {
    throw notJson(cause instanceof Error ? cause.message : String(cause), cause);
  }
}
