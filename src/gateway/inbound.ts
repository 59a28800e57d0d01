/**
 * The client's request: its text, the parsed body and the canonical form, each made when it is first needed. A large
 * body that is only passed through is checked in structure and never parsed.
 */
import { exactParts, type Known, type Member, memberText, scanObject } from "../kit/json.ts";
import type { ChatRequest } from "../model/chat.ts";
import { guardDepth } from "../model/deep.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Notes } from "../model/note.ts";
import type { Envelope, Place, Protocol, Wire } from "../protocols/protocol.ts";
import { envelopeMark, openSeals, type SealRing } from "./seals.ts";

/** Bodies up to this length are parsed at once. */
export const smallText = 65_536;
/** In a larger one, lists and objects above this are left as stand-ins. */
const smallMember = 4096;

export interface ReceivedOptions<W extends Wire> {
  protocol: W;
  place: Place;
  /** False when no target of the request speaks its protocol: then it is parsed in any case. */
  mayPass: boolean;
}

/** What holds for a request of any kind. */
export class Received<W extends Wire> {
  readonly text: string;
  readonly envelope: Envelope;
  protected readonly protocol: W;
  protected readonly place: Place;
  /** All members; of a large body the long ones by an empty value of their type. */
  private readonly head: JsonObject;
  /** Where the members of a large body stand. */
  private readonly members: readonly Member[] | undefined;
  private parsed: JsonObject | undefined;
  private mayEdit: boolean | undefined;

  constructor(text: string, options: ReceivedOptions<W>) {
    this.text = text;
    this.protocol = options.protocol;
    this.place = options.place;
    if (text.length > smallText && options.mayPass) this.members = scanObject(text)?.members;
    this.head = this.members ? headOf(text, this.members) : this.body;
    this.envelope = guardDepth(() => this.protocol.open(this.head, this.place));
  }

  /** The whole body. Throws `invalid-request`. */
  get body(): JsonObject {
    this.parsed ??= parseBody(this.text);
    return this.parsed;
  }

  /** What pass-through looks at: the whole body only where something in it may have to be edited. */
  get passBody(): JsonObject {
    this.mayEdit ??= this.parsed === undefined && this.protocol.mayEdit(this.text);
    return this.mayEdit ? this.body : this.head;
  }

  /** A member's JSON text, as the client wrote it. */
  textOf(key: string): string | undefined {
    return memberText(this.text, key, this.members);
  }

  /** For patching members in place. */
  get known(): Known {
    return { object: this.head, members: this.members };
  }
}

/** A request in a conversation. */
export class Inbound extends Received<Protocol> {
  private request: ChatRequest | undefined;

  /** Could a carrier in it hold one of our envelopes? */
  get hasEnvelope(): boolean {
    return this.text.includes(envelopeMark);
  }

  /** Throws `invalid-request`. */
  canonical(ring: SealRing, notes: Notes): ChatRequest {
    if (!this.request) {
      const keys = (this.protocol.exactKeys ?? []).filter((key) => this.text.includes(`"${key}"`));
      const body = keys.length === 0 ? this.body : (exactParts(this.body, this.text, keys) as JsonObject);
      this.request = openSeals(
        ring,
        guardDepth(() => this.protocol.parseRequest(body, notes, this.place)),
      );
    }
    return this.request;
  }
}

function headOf(text: string, members: readonly Member[]): JsonObject {
  return Object.fromEntries(members.map((member) => [member.key, memberValue(text, member)]));
}

function memberValue(text: string, { start, end }: Member): Json {
  const first = text[start];
  if (end - start > smallMember && first === "[") return [null];
  if (end - start > smallMember && first === "{") return {};
  try {
    return JSON.parse(text.slice(start, end)) as Json;
  } catch (cause) {
    throw notJson(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function parseBody(text: string): JsonObject {
  let body: Json;
  try {
    body = JSON.parse(text) as Json;
  } catch (cause) {
    if (text.trim() === "")
      throw new GatewayError("invalid-request", "The request body is empty; it must be a JSON object.");
    throw notJson(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw new GatewayError("invalid-request", "The request body must be a JSON object.");
}

function notJson(words: string, cause: unknown): GatewayError {
  return new GatewayError("invalid-request", `The request body is not valid JSON: ${words}`, { cause });
}
