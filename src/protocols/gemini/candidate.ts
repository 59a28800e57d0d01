/**
 * One candidate of an answer, read part by part: pieces of text that touch are one block, pieces of thought one item,
 * until a signature, the other kind, or a call comes. Whole answers and streams go the same way.
 */
import type { CallItem, Item, MessageItem, ReasoningItem, Seal, TextBlock } from "../../model/chat.ts";
import type { GatewayError } from "../../model/error.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { derivedId } from "../ids.ts";
import { isAbsent, isObject, remainder } from "../read.ts";
import { failureOf, isCut, parseFinish, reasonWord } from "./finish.ts";
import { parseGrounding } from "./grounding.ts";
import { parseLogprobs } from "./logprobs.ts";
import { addPiece } from "./partial-args.ts";
import { parseMedia, parseServerPart, sealOf } from "./parts.ts";
import { camel, textOr } from "./read.ts";

interface OpenCall {
  index: number;
  item: CallItem;
  /** Present while pieces of the arguments are still to come. */
  pieces?: JsonObject;
}

const ownKeys = new Set(["content", "finishReason", "finishMessage", "index", "logprobsResult"]);

export class Candidate {
  private events: ChatEvent[] = [];
  private readonly at: { c?: number };
  private readonly c: number;
  private next = 0;
  private message: { index: number; item: MessageItem } | undefined;
  /** The block that the next piece of text joins. */
  private block: TextBlock | undefined;
  private thought: { index: number; item: ReasoningItem; text: string } | undefined;
  /** Signatures that stand alone, told when the message before them ends: its sources may still come. */
  private readonly alone: Seal[] = [];
  /** A call whose end is not told yet: the finish says whether the answer was cut in it. */
  private held: OpenCall | undefined;
  private calls = 0;
  private readonly ids = new Set<string>();
  private reason: string | undefined;
  private words = "";
  private ext: JsonObject = {};

  constructor(c: number) {
    this.c = c;
    this.at = c === 0 ? {} : { c };
  }

  get finished(): boolean {
    return this.reason !== undefined;
  }

  /** Did it say anything yet? */
  get spoke(): boolean {
    return this.next > 0;
  }

  /** Reads what one chunk says of this candidate. The error is one that the finish reason stands for. */
  push(json: JsonObject, answerId: string): { events: ChatEvent[]; error?: GatewayError } {
    const content = isObject(json.content) ? json.content : {};
    const parts = isObject(content.parts) ? [content.parts] : Array.isArray(content.parts) ? content.parts : [];
    const logprobs = parseLogprobs(json.logprobsResult);
    this.keep(json);
    parts.forEach((part, place) => {
      if (isObject(part)) this.part(camel(part), answerId, place === parts.length - 1 ? logprobs : []);
    });
    const reason = reasonWord(json.finishReason);
    if (reason !== "") this.reason = reason;
    if (typeof json.finishMessage === "string") this.words = json.finishMessage;
    const error = reason === "" ? undefined : failureOf(reason, this.words);
    return { events: this.take(), ...(error ? { error } : {}) };
  }

  /** Closes what is open and tells the finish. */
  end(): ChatEvent[] {
    const reason = parseFinish(this.reason ?? "STOP", this.calls > 0);
    this.endThought();
    this.cite();
    this.endMessage();
    this.endCall(isCut(reason));
    const own: JsonObject = { ...this.ext, ...(this.reason === undefined ? {} : { finishReason: this.reason }) };
    if (this.words !== "") own.finishMessage = this.words;
    // What the reason says already needs no second place; the words of an ordinary stop are kept for their own kind.
    if (own.finishReason === "STOP") delete own.finishReason;
    const isRefusal = (reason === "filter" || reason === "recitation") && this.words !== "";
    const ext = Object.keys(own).length > 0 ? { ext: { gemini: { candidate: own } } } : {};
    this.emit({ type: "finish", ...this.at, reason, ...ext, ...(isRefusal ? { refusal: this.words } : {}) });
    return this.take();
  }

  private take(): ChatEvent[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  private emit(event: ChatEvent): void {
    this.events.push(event);
  }

  /** Members beside the content: later ones replace earlier ones, empty ones replace nothing. */
  private keep(json: JsonObject): void {
    for (const [key, value] of Object.entries(remainder(json, ownKeys) ?? {})) {
      const before = this.ext[key];
      const isEmpty =
        (isObject(value) && Object.keys(value).length === 0) || (Array.isArray(value) && value.length === 0);
      if (isEmpty && before !== undefined) continue;
      this.ext[key] = isObject(before) && isObject(value) ? { ...before, ...value } : value;
    }
  }

  private part(part: JsonObject, answerId: string, logprobs: Json[]): void {
    if (isObject(part.functionCall)) this.call(part, camel(part.functionCall), answerId);
    else if (typeof part.text === "string" && part.thought === true) this.think(part.text, sealOf(part));
    else if (typeof part.text === "string") this.text(part.text, sealOf(part), logprobs);
    else if (part.functionCall !== undefined || part.text !== undefined) throw new TypeError("a part is malformed");
    else if (Object.keys(part).length > 0) this.other(part);
  }

  private text(text: string, seal: Seal | undefined, logprobs: Json[]): void {
    if (text === "" && !seal) return;
    if (text === "" && seal) {
      this.lone(seal);
      return;
    }
    this.endThought();
    this.endCall(false);
    const { index, item } = this.openMessage();
    let block = seal ? undefined : this.block;
    if (!block) {
      block = { type: "text", text: "", ...(seal ? { seal } : {}) };
      item.blocks.push(block);
    }
    this.block = seal ? undefined : block;
    block.text += text;
    if (logprobs.length > 0) block.logprobs = [...(block.logprobs ?? []), ...logprobs];
    const told = logprobs.length > 0 ? { logprobs } : {};
    this.emit({ type: "text-delta", ...this.at, index, block: item.blocks.indexOf(block), text, ...told });
  }

  /** A signature that stands alone: it belongs to the thought before it, else to the turn as a whole. */
  private lone(seal: Seal): void {
    if (this.thought) {
      this.sealThought(seal);
      return;
    }
    this.endCall(false);
    this.alone.push(seal);
    this.block = undefined;
    if (!this.message) this.tellAlone();
  }

  private tellAlone(): void {
    for (const seal of this.alone.splice(0)) {
      const { index } = this.start<ReasoningItem>({ type: "reasoning", text: [], seals: [] });
      this.emit({ type: "seal", ...this.at, index, seal });
      this.emit({ type: "item-end", ...this.at, index, item: { type: "reasoning", text: [], seals: [seal] } });
    }
  }

  private think(text: string, seal: Seal | undefined): void {
    if (text === "" && !seal) return;
    this.endMessage();
    this.endCall(false);
    if (this.thought && seal && text !== "") this.endThought();
    const thought = this.openThought();
    thought.text += text;
    this.emit({ type: "reasoning-delta", ...this.at, index: thought.index, part: 0, kind: "summary", text });
    if (seal) this.sealThought(seal);
  }

  private openThought() {
    this.thought ??= { ...this.start<ReasoningItem>({ type: "reasoning", text: [], seals: [] }), text: "" };
    return this.thought;
  }

  private sealThought(seal: Seal): void {
    if (!this.thought) return;
    this.thought.item.seals.push(seal);
    this.emit({ type: "seal", ...this.at, index: this.thought.index, seal });
    this.endThought();
  }

  private endThought(): void {
    if (!this.thought) return;
    const { index, item, text } = this.thought;
    this.thought = undefined;
    this.emit({ type: "item-end", ...this.at, index, item: { ...item, text: [{ kind: "summary", text }] } });
  }

  private openMessage(): { index: number; item: MessageItem } {
    if (this.alone.length > 0) this.endMessage();
    this.message ??= this.start<MessageItem>({ type: "message", role: "assistant", blocks: [] });
    return this.message;
  }

  /** The item that is told is a picture of its own: the one that grows is ours. */
  private start<T extends Item>(item: T): { index: number; item: T } {
    const index = this.next++;
    this.emit({ type: "item-start", ...this.at, index, item: structuredClone(item) });
    return { index, item };
  }

  private endMessage(): void {
    this.block = undefined;
    if (!this.message) return;
    const { index, item } = this.message;
    this.message = undefined;
    this.emit({ type: "item-end", ...this.at, index, item });
    this.tellAlone();
  }

  /** Sources speak of whole parts, so they are told when the text is known. */
  private cite(): void {
    if (!this.message) return;
    const { index, item } = this.message;
    const blocks = item.blocks.filter((block) => block.type === "text");
    for (const { block, annotation } of parseGrounding(this.ext.groundingMetadata, blocks)) {
      block.annotations = [...(block.annotations ?? []), annotation];
      this.emit({ type: "annotation", ...this.at, index, block: item.blocks.indexOf(block), annotation });
    }
  }

  private other(part: JsonObject): void {
    const isThought = part.thought === true;
    const media = isThought ? undefined : parseMedia(part, "content.parts");
    this.endThought();
    this.endCall(false);
    if (media) {
      const { at: _at, ...block } = media;
      this.block = undefined;
      this.openMessage().item.blocks.push(block);
      return;
    }
    this.endMessage();
    const server = isThought ? undefined : parseServerPart(part, { at: "", id: `srv_${this.next}` });
    const item: Item = server ?? { type: "opaque", origin: "gemini", role: "assistant", json: part };
    if (server) delete server.at;
    const { index } = this.start(item);
    this.emit({ type: "item-end", ...this.at, index, item });
  }

  private call(part: JsonObject, json: JsonObject, answerId: string): void {
    const pieces = Array.isArray(json.partialArgs) ? json.partialArgs : [];
    if (this.held?.pieces && textOr(json.name) === "") {
      for (const piece of pieces) addPiece(this.held.pieces, piece);
      if (json.willContinue !== true) this.endPieces();
      return;
    }
    if (textOr(json.name) === "") {
      // The closing part of a call that has ended already.
      if (pieces.length === 0 && json.args === undefined) return;
      throw new TypeError("a call has no name");
    }
    this.endThought();
    this.endMessage();
    this.endCall(false);
    const given = textOr(json.id);
    const id = given === "" || this.ids.has(given) ? derivedId(answerId, this.c, this.calls) : given;
    this.ids.add(id);
    this.calls++;
    const item: CallItem = { type: "call", kind: "function", callId: id, name: textOr(json.name), args: "" };
    const { index } = this.start(item);
    const seal = sealOf(part);
    if (seal) {
      item.seals = [seal];
      this.emit({ type: "seal", ...this.at, index, seal });
    }
    const args: JsonObject = isObject(json.args) ? json.args : {};
    const isPartial = json.willContinue === true || pieces.length > 0;
    this.held = { index, item, ...(isPartial ? { pieces: structuredClone(args) } : {}) };
    if (this.held.pieces) for (const piece of pieces) addPiece(this.held.pieces, piece);
    if (!isPartial) this.tellArguments(this.held, args);
    else if (json.willContinue !== true) this.endPieces();
  }

  private tellArguments({ index, item }: OpenCall, args: JsonObject): void {
    item.args = JSON.stringify(args);
    this.emit({ type: "args-delta", ...this.at, index, text: item.args });
  }

  private endPieces(): void {
    if (!this.held?.pieces) return;
    const { pieces } = this.held;
    delete this.held.pieces;
    this.tellArguments(this.held, pieces);
  }

  private endCall(cut: boolean): void {
    if (!this.held) return;
    this.endPieces();
    const { index, item } = this.held;
    this.held = undefined;
    this.emit({ type: "item-end", ...this.at, index, item: cut ? { ...item, incomplete: true } : item });
  }
}

/** Index of a candidate; zero is left out on the wire. */
export function candidateIndex(json: JsonObject): number {
  return isAbsent(json.index) ||
    typeof json.index !== "number" ||
    !Number.isInteger(json.index) ||
    json.index < 0 ||
    json.index > 63
    ? 0
    : json.index;
}
