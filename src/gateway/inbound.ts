/** The client's request: its bytes, parsed once, and the canonical form that is only made when a translation needs it. */
import { isUtf8 } from "node:buffer";
import { parseJson } from "../kit/json.ts";
import { byteString, utf8 } from "../kit/sse.ts";
import type { ChatRequest } from "../model/chat.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import type { Envelope, Protocol } from "../protocols/protocol.ts";
import { envelopeMark, openSeals, type SealRing } from "./seals.ts";

export class Inbound {
  readonly bytes: Uint8Array;
  /** The bytes as a string of one character a byte. */
  readonly raw: string;
  readonly body: JsonObject;
  readonly envelope: Envelope;
  private readonly protocol: Protocol;
  private request: ChatRequest | undefined;

  constructor(bytes: Uint8Array, protocol: Protocol) {
    if (!isUtf8(bytes)) throw new GatewayError("invalid-request", "The request body is not valid UTF-8.");
    this.bytes = bytes;
    this.protocol = protocol;
    this.raw = byteString(bytes);
    this.body = parseBody(this.raw);
    this.envelope = guarded(() => protocol.open(this.body));
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
      this.request = openSeals(
        ring,
        guarded(() => this.protocol.parseRequest(body, notes)),
      );
    }
    return this.request;
  }
}

function parseBody(raw: string): JsonObject {
  let body: Json;
  try {
    body = JSON.parse(utf8(raw)) as Json;
  } catch (cause) {
    if (raw.trim() === "")
      throw new GatewayError("invalid-request", "The request body is empty; it must be a JSON object.");
    throw notJson(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw new GatewayError("invalid-request", "The request body must be a JSON object.");
}

function notJson(words: string, cause: unknown): GatewayError {
  return new GatewayError("invalid-request", `The request body is not valid JSON: ${words}`, { cause });
}

/** What is nested so deeply that walking it ends the stack is the request's fault. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new GatewayError("invalid-request", "The request body is nested too deeply.", { cause });
  }
}
