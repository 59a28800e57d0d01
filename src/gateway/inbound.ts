/** The client's request: its text, parsed once, and the canonical form that is only made when a translation needs it. */
import { parseJson, scanObject, type TopLevel } from "../kit/json.ts";
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import type { Envelope, Protocol } from "../protocols/protocol.ts";
import { openSeals, type SealRing } from "./seals.ts";

/** Deeper JSON than any real request has; what walks it may recurse. */
const maxDepth = 256;

export class Inbound {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly top: TopLevel;
  readonly body: JsonObject;
  readonly envelope: Envelope;
  private readonly protocol: Protocol;
  private parsed: ChatRequest | undefined;

  constructor(bytes: Uint8Array, protocol: Protocol) {
    this.bytes = bytes;
    this.protocol = protocol;
    this.text = decode(bytes);
    const { body, top } = parse(this.text);
    this.body = body;
    this.top = top;
    this.envelope = protocol.open(body);
  }

  /** Throws `invalid-request`. */
  canonical(ring: SealRing, notes: Notes): ChatRequest {
    if (!this.parsed) {
      const keys = this.protocol.exactKeys ?? [];
      const body = keys.length === 0 ? this.body : (parseJson(this.text, keys) as JsonObject);
      this.parsed = openSeals(ring, this.protocol.parseRequest(body, notes));
    }
    return this.parsed;
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GatewayError("invalid-request", "The request body is not valid UTF-8.", { cause });
  }
}

function parse(text: string): { body: JsonObject; top: TopLevel } {
  if (text.trim() === "")
    throw new GatewayError("invalid-request", "The request body is empty; it must be a JSON object.");
  let top: TopLevel | undefined;
  let body: unknown;
  try {
    top = scanObject(text);
    if (top && top.depth > maxDepth) throw new RangeError(`nested deeper than ${maxDepth} levels`);
    body = JSON.parse(text);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError("invalid-request", `The request body is not valid JSON: ${words}`, { cause });
  }
  if (!top || typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new GatewayError("invalid-request", "The request body must be a JSON object.");
  }
  return { body: body as JsonObject, top };
}
