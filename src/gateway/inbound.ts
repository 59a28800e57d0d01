/**
 * The client's request: its text, the parsed body and the canonical form, each made when it is first needed. A large
 * body that is only passed through is never parsed.
 */
import type { Content } from "../kit/content.ts";
import { Held } from "../kit/held.ts";
import { applySplices, exactParts, memberText, spliceMembers } from "../kit/json.ts";
import type { Scratch } from "../kit/scratch.ts";
import type { ChatRequest } from "../model/chat.ts";
import { guardDepth } from "../model/deep.ts";
import { GatewayError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { Notes } from "../model/note.ts";
import type { Envelope, Place, Protocol, Wire } from "../protocols/protocol.ts";
import { notJson, type Outline, outlineOf, patchedEnds } from "./outline.ts";
import { envelopeMark, openSeals, type SealRing } from "./seals.ts";

/** Bodies up to this length are parsed at once. */
export const smallBody = 65_536;

export interface ReceivedOptions<W extends Wire> {
  protocol: W;
  place: Place;
  /** False when no target of the request speaks its protocol: then it is parsed in any case. */
  mayPass: boolean;
  /** Names of members whose long texts are held aside while a large body is translated. */
  holds?: readonly string[];
  /** Of a request that holds its conversation now: the id that stood in its place. */
  previous?: string;
  /** The account that made all answers in it; empty when there were several. */
  scope?: string;
}

/** What holds for a request of any kind. */
export class Received<W extends Wire> {
  readonly content: Content;
  readonly envelope: Envelope;
  protected readonly protocol: W;
  protected readonly place: Place;
  /** Of a large body that may pass. */
  private readonly outline: Outline | undefined;
  /** Of a large body that will not pass; what it was parsed to is for translation only. */
  protected readonly held: HeldBody | undefined;
  private parsed: JsonObject | undefined;
  private mayEdit: boolean | undefined;

  constructor(content: Content, options: ReceivedOptions<W>) {
    this.content = content;
    this.protocol = options.protocol;
    this.place = options.place;
    const isLarge = content.length > smallBody;
    this.held = isLarge && !options.mayPass && options.holds ? heldOf(content.text, options.holds) : undefined;
    this.outline =
      isLarge && options.mayPass ? guardDepth(() => outlineOf(content, this.protocol, this.place)) : undefined;
    const envelope =
      this.outline?.envelope ?? guardDepth(() => this.protocol.open(this.held?.body ?? this.body, this.place));
    const { previous, scope } = options;
    this.envelope = {
      ...envelope,
      ...(previous === undefined ? {} : { previous }),
      ...(scope === undefined ? {} : { scope }),
    };
  }

  /** The whole body. Throws `invalid-request`. */
  get body(): JsonObject {
    this.parsed ??= parseBody(this.content.text);
    return this.parsed;
  }

  /** What pass-through looks at: the whole body only where something in it may have to be edited. */
  get passBody(): JsonObject {
    this.mayEdit ??= this.parsed !== undefined || this.protocol.mayEdit(this.content);
    return this.mayEdit || !this.outline ? this.body : this.outline.head;
  }

  /** Could a carrier in it hold one of our envelopes? */
  get hasEnvelope(): boolean {
    return this.content.includes(envelopeMark);
  }

  /** A member's JSON text, as the client wrote it. */
  textOf(key: string): string | undefined {
    return memberText(this.content.text, key, this.outline?.ends ? undefined : this.outline?.members);
  }

  /** The body with top-level members set to JSON texts, and nothing else changed. Bytes stand in the scratch. */
  patched(values: ReadonlyMap<string, string>, scratch: Scratch): string | Buffer {
    const { content, outline } = this;
    const bytes = outline?.ends && patchedEnds(content, outline, { values, scratch });
    if (bytes) return bytes;
    const known = outline && !outline.ends ? { object: outline.head, members: outline.members } : { object: this.body };
    return applySplices(content.text, spliceMembers(content.text, values, known));
  }
}

/** A request in a conversation. */
export class Inbound extends Received<Protocol> {
  private request: ChatRequest | undefined;

  /** Long texts may be held aside: what is made of it goes out through `written`. Throws `invalid-request`. */
  canonical(ring: SealRing, notes: Notes): ChatRequest {
    if (!this.request) {
      const { body: plain, text } = this.held ?? { body: this.body, text: this.content.text };
      const keys = (this.protocol.exactKeys ?? []).filter((key) => this.content.includes(`"${key}"`));
      const body = keys.length === 0 ? plain : (exactParts(plain, text, keys) as JsonObject);
      this.request = openSeals(
        ring,
        guardDepth(() => this.protocol.parseRequest(body, notes, this.place)),
      );
    }
    return this.request;
  }

  /** The whole request as its protocol understands it, for those who only look; nothing is told of it. */
  understood(): ChatRequest {
    if (this.request && this.isWhole) return this.request;
    const body = this.held ? parseBody(this.content.text) : this.body;
    return guardDepth(() => this.protocol.parseRequest(body, new Notes(), this.place));
  }

  /** Nothing of the canonical request is held aside. */
  get isWhole(): boolean {
    return this.held === undefined;
  }

  /** The whole of a text in the canonical request. */
  readable(text: string): string {
    return this.held?.marks.expanded(text) ?? text;
  }

  /** The JSON text of a body that was built of the canonical request. */
  written(body: JsonObject): string {
    const json = JSON.stringify(body);
    return this.held ? this.held.marks.restored(json) : json;
  }
}

interface HeldBody {
  marks: Held;
  text: string;
  body: JsonObject;
}

/** Undefined where nothing is to be held, and for a broken body, which is parsed whole for the sake of its error. */
function heldOf(content: string, names: readonly string[]): HeldBody | undefined {
  const marks = Held.of(content, names);
  if (!marks) return undefined;
  try {
    return { marks, text: marks.text, body: parseBody(marks.text) };
  } catch {
    return undefined;
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
