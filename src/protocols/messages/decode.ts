/**
 * The provider's stream to events. Text blocks that touch form one message item, opened by the first text that says
 * something; a call is held back until the next frame, which tells whether the answer was cut inside it.
 */
import type { Frame, Machine } from "../../kit/sse.ts";
import type { CallItem, Item, MessageItem, ReasoningItem, TextBlock } from "../../model/chat.ts";
import type { GatewayError } from "../../model/error.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isObject, remainder } from "../read.ts";
import { parseCitation } from "./blocks.ts";
import { errorOf } from "./error.ts";
import { callHead, isServerCall, isServerResult, parseItem } from "./items.ts";
import { numeric } from "./read.ts";
import { broken, messageKeys, textOr } from "./response.ts";
import { isCut, parseRefusal, parseStop } from "./stop.ts";
import { mergeUsage, parseUsage } from "./usage.ts";

const answerPlace = { path: "content", keep: false };

/** A block of the wire that has begun and not stopped. */
type OpenBlock =
  | { kind: "text"; message?: MessageItem; index: number; at: number; block?: TextBlock; citations: Json[] }
  | { kind: "thinking"; index: number; item: ReasoningItem; text: string; signature: string }
  | { kind: "call"; index: number; item: CallItem; args: string; input: JsonObject }
  | { kind: "whole"; json: JsonObject; input: string };

type Thinking = Extract<OpenBlock, { kind: "thinking" }>;
type Call = Extract<OpenBlock, { kind: "call" }>;
type Whole = Extract<OpenBlock, { kind: "whole" }>;
type Text = Extract<OpenBlock, { kind: "text" }>;

export class Decoder implements Machine<Frame, ChatEvent> {
  private events: ChatEvent[] = [];
  private started = false;
  private finished = false;
  private over = false;
  private readonly open = new Map<number, OpenBlock>();
  private nextIndex = 0;
  /** The message item that the next text block joins. */
  private message: { index: number; item: MessageItem } | undefined;
  /** A call that has stopped, whose end is not told yet. */
  private held: { index: number; item: CallItem } | undefined;
  private hasCalls = false;
  private usage: JsonObject = {};

  push(frame: Frame): ChatEvent[] {
    if (this.over || frame.data === "[DONE]") return [];
    try {
      this.read(frame);
    } catch (error) {
      this.fail(broken("The provider's stream is not as its protocol says.", error));
    }
    return this.take();
  }

  end(): ChatEvent[] {
    if (!this.over && !this.finished) this.fail(broken("The provider's stream broke off before its end."));
    return this.take();
  }

  private take(): ChatEvent[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  private read(frame: Frame): void {
    const json: unknown = JSON.parse(frame.data);
    if (!isObject(json)) throw new TypeError("a frame holds no object");
    const type = typeof json.type === "string" ? json.type : frame.event;
    if (type === "error" || frame.event === "error" || (type === undefined && isObject(json.error))) {
      this.fail(errorOf(json));
      return;
    }
    switch (type) {
      case "message_start":
        this.start(json.message);
        break;
      case "content_block_start":
        if (isObject(json.content_block)) this.startBlock(numeric(json.index) ?? 0, json.content_block);
        break;
      case "content_block_delta":
        if (isObject(json.delta)) this.delta(numeric(json.index) ?? 0, json.delta);
        break;
      case "content_block_stop":
        this.stopBlock(numeric(json.index) ?? 0);
        break;
      case "message_delta":
        this.messageDelta(json);
        break;
      case "message_stop":
        if (!this.finished) this.finish({}, undefined);
        break;
    }
  }

  /** An error after the finish changes nothing: the answer is complete. */
  private fail(error: GatewayError): void {
    if (this.finished) return;
    this.over = true;
    this.events.push({ type: "error", error });
  }

  private start(message: unknown): void {
    if (this.started) {
      // What another answer says behind this one is none of its business.
      if (this.finished) this.over = true;
      this.fail(broken("The provider began a second answer inside the first."));
      return;
    }
    const head = isObject(message) ? message : {};
    const ext = remainder(head, messageKeys);
    this.begin(textOr(head.id), textOr(head.model), ext);
    if (isObject(head.usage)) this.tellUsage(head.usage);
  }

  private begin(id: string, model: string, ext?: JsonObject): void {
    if (this.started) return;
    this.started = true;
    this.events.push({ type: "start", id, model, created: 0, ...(ext ? { ext: { messages: ext } } : {}) });
  }

  private tellUsage(json: unknown): void {
    this.usage = mergeUsage(this.usage, json);
    this.events.push({ type: "usage", usage: parseUsage(this.usage) });
  }

  private startBlock(wire: number, json: JsonObject): void {
    if (this.finished) return;
    this.begin("", "");
    if (this.open.has(wire)) this.stopBlock(wire);
    this.endHeld(false);
    const type = textOr(json.type);
    if (type !== "text") this.endMessage();
    if (type === "text") {
      const citations = Array.isArray(json.citations) ? [...json.citations] : [];
      const text: Text = { kind: "text", index: 0, at: 0, citations };
      this.open.set(wire, text);
      this.addText(text, textOr(json.text));
    } else if (type === "thinking") {
      this.startThinking(wire, json);
    } else if (type === "tool_use") {
      this.startCall(wire, json);
    } else if (type === "redacted_thinking" || isServerResult(type)) {
      this.whole(parseItem(json, "assistant", answerPlace));
    } else {
      this.open.set(wire, { kind: "whole", json: { ...json }, input: "" });
    }
  }

  private startThinking(wire: number, json: JsonObject): void {
    const item: ReasoningItem = { type: "reasoning", text: [], seals: [] };
    const index = this.startItem(item);
    const block: Thinking = { kind: "thinking", index, item, text: "", signature: textOr(json.signature) };
    this.open.set(wire, block);
    this.addThinking(block, textOr(json.thinking));
  }

  private startCall(wire: number, json: JsonObject): void {
    const item = callHead(json, answerPlace);
    this.hasCalls = true;
    const index = this.startItem(item);
    this.open.set(wire, { kind: "call", index, item, args: "", input: isObject(json.input) ? json.input : {} });
  }

  private startItem(item: Item): number {
    const index = this.nextIndex++;
    this.events.push({ type: "item-start", index, item: item.type === "call" ? { ...item } : item });
    return index;
  }

  /** An item that is complete at once. */
  private whole(item: Item): void {
    const shown: Item = item.type === "reasoning" ? { ...item, text: [], seals: [] } : item;
    const index = this.nextIndex++;
    this.events.push({ type: "item-start", index, item: shown });
    if (item.type === "reasoning") {
      for (const seal of item.seals) this.events.push({ type: "seal", index, seal });
    }
    this.events.push({ type: "item-end", index, item });
  }

  private delta(wire: number, delta: JsonObject): void {
    if (this.finished) return;
    let block = this.open.get(wire);
    if (!block) {
      // The start of this block was not seen: what the delta says is enough for words, not for a call.
      const type = delta.type === "text_delta" ? "text" : delta.type === "thinking_delta" ? "thinking" : undefined;
      if (!type) return;
      this.startBlock(wire, { type });
      block = this.open.get(wire);
    }
    if (block?.kind === "text") {
      if (delta.type === "text_delta") this.addText(block, textOr(delta.text));
      else if (delta.type === "citations_delta" && delta.citation !== undefined) block.citations.push(delta.citation);
    } else if (block?.kind === "thinking") {
      if (delta.type === "thinking_delta") this.addThinking(block, textOr(delta.thinking));
      else if (delta.type === "signature_delta") block.signature = textOr(delta.signature);
    } else if (block?.kind === "call") {
      if (delta.type === "input_json_delta") this.addArguments(block, textOr(delta.partial_json));
    } else if (block?.kind === "whole") {
      addUnknown(block, delta);
    }
  }

  private addText(text: Text, more: string): void {
    if (more === "") return;
    const block = this.openText(text);
    block.text += more;
    this.events.push({ type: "text-delta", index: text.index, block: text.at, text: more });
  }

  /** The text block in a message item that is still open: the one it stands in, or a new one. */
  private openText(text: Text): TextBlock {
    if (text.block && text.message === this.message?.item) return text.block;
    if (!this.message) {
      const item: MessageItem = { type: "message", role: "assistant", blocks: [] };
      this.message = { index: this.startItem({ ...item, blocks: [] }), item };
    }
    text.message = this.message.item;
    text.index = this.message.index;
    text.at = text.message.blocks.length;
    text.block = { type: "text", text: "" };
    text.message.blocks.push(text.block);
    return text.block;
  }

  private addThinking(block: Thinking, more: string): void {
    if (more === "") return;
    block.text += more;
    this.events.push({ type: "reasoning-delta", index: block.index, part: 0, kind: "raw", text: more });
  }

  private addArguments(block: Call, more: string): void {
    if (more === "") return;
    block.args += more;
    this.events.push({ type: "args-delta", index: block.index, text: more });
  }

  private stopBlock(wire: number): void {
    const block = this.open.get(wire);
    if (!block) return;
    this.open.delete(wire);
    if (block.kind === "text") this.stopText(block);
    else if (block.kind === "thinking") this.stopThinking(block);
    else if (block.kind === "call") this.stopCall(block);
    else this.whole(parseItem(withInput(block), "assistant", answerPlace));
  }

  /** Citations speak of the whole block, so they are told when its text is known. */
  private stopText(text: Text): void {
    if (text.citations.length === 0) return;
    const isNew = !text.block || text.message !== this.message?.item;
    const block = this.openText(text);
    if (isNew) this.events.push({ type: "text-delta", index: text.index, block: text.at, text: "" });
    block.annotations = text.citations.map((citation) => parseCitation(citation, block.text));
    for (const annotation of block.annotations) {
      this.events.push({ type: "annotation", index: text.index, block: text.at, annotation });
    }
  }

  private stopThinking({ index, item, text, signature }: Thinking): void {
    const seals: ReasoningItem["seals"] =
      signature === "" ? [] : [{ origin: "messages", form: "signature", bytes: signature }];
    for (const seal of seals) this.events.push({ type: "seal", index, seal });
    const final: ReasoningItem = { ...item, text: text === "" ? [] : [{ kind: "raw", text }], seals };
    this.events.push({ type: "item-end", index, item: final });
  }

  private stopCall(block: Call): void {
    if (block.args === "") this.addArguments(block, JSON.stringify(block.input));
    this.endHeld(false);
    this.held = { index: block.index, item: { ...block.item, args: block.args } };
  }

  private endHeld(cut: boolean): void {
    if (!this.held) return;
    const { index, item } = this.held;
    this.held = undefined;
    this.events.push({ type: "item-end", index, item: cut ? { ...item, incomplete: true } : item });
  }

  private endMessage(): void {
    if (!this.message) return;
    const { index, item } = this.message;
    this.message = undefined;
    this.events.push({ type: "item-end", index, item });
  }

  private messageDelta(json: JsonObject): void {
    this.begin("", "");
    if (isObject(json.usage)) this.tellUsage(json.usage);
    const delta = isObject(json.delta) ? json.delta : {};
    if (typeof delta.stop_reason !== "string" || this.finished) return;
    const ext = { ...remainder(json, deltaFrameKeys), ...remainder(delta, messageKeys) };
    this.finish(delta, Object.keys(ext).length > 0 ? ext : undefined);
  }

  private finish(delta: JsonObject, ext: JsonObject | undefined): void {
    this.begin("", "");
    for (const wire of [...this.open.keys()]) this.stopBlock(wire);
    this.endMessage();
    const reason = parseStop(delta.stop_reason, this.hasCalls);
    this.endHeld(isCut(reason));
    this.finished = true;
    this.events.push({
      type: "finish",
      reason,
      ...(typeof delta.stop_sequence === "string" ? { stopSequence: delta.stop_sequence } : {}),
      ...(ext ? { ext: { messages: ext } } : {}),
      ...parseRefusal(delta.stop_details),
    });
  }
}

const deltaFrameKeys = new Set(["type", "delta", "usage"]);

/** Deltas of blocks that are not known here: strings grow, everything else is set. */
function addUnknown(block: Whole, delta: JsonObject): void {
  if (delta.type === "input_json_delta") {
    block.input += textOr(delta.partial_json);
    return;
  }
  for (const [key, value] of Object.entries(delta)) {
    if (key === "type" || value === undefined) continue;
    const before = block.json[key];
    block.json[key] = typeof before === "string" && typeof value === "string" ? before + value : value;
  }
}

/** Input that was cut off says nothing: the call stays, without it. */
function withInput({ json, input }: Whole): JsonObject {
  if (input === "" || !isServerCall(textOr(json.type))) return json;
  try {
    return { ...json, input: JSON.parse(input) as Json };
  } catch {
    return json;
  }
}
