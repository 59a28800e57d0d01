/**
 * One candidate of an answer: its deltas as items. Text and reasoning are one open item at a time; a call may get more
 * arguments until the next ones start or the answer ends.
 */
import type { Block, MessageItem, ReasoningItem } from "../../model/chat.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { derivedId } from "../ids.ts";
import { parseAnnotation } from "./annotations.ts";
import { Calls, callItem, isWhole, type OpenCall } from "./decode-calls.ts";
import { parseFinish } from "./finish.ts";
import { detailText, mergeDetail } from "./reasoning.ts";
import { isObject, stringOf } from "./wire.ts";

type Part = ReasoningItem["text"][number];

export class Candidate {
  finishWord: string | undefined;
  private stopSequence: string | undefined;
  private finished = false;
  private next = 0;
  /** Plain reasoning text has come: the details repeat it. */
  private flat = false;
  private said: { index: number; item: MessageItem } | undefined;
  private thought: { index: number; parts: Part[]; details: JsonObject[] } | undefined;
  private readonly calls = new Calls();
  private readonly ids = new Set<string>();
  private readonly at: { c?: number };

  constructor(
    private readonly c: number,
    private readonly answerId: string,
    private readonly emit: (event: ChatEvent) => void,
  ) {
    this.at = c === 0 ? {} : { c };
  }

  /** True once something that a reader would see has come. */
  get hasContent(): boolean {
    return this.next > 0;
  }

  /** `delta` of a chunk, or the whole `message` of an answer. */
  add(delta: JsonObject, logprobs: Json | undefined): void {
    if (this.finished) return;
    this.reason(delta);
    const content = delta.content;
    const probabilities = isObject(logprobs) && Array.isArray(logprobs.content) ? logprobs.content : undefined;
    if (typeof content === "string") this.text(content, probabilities);
    else if (Array.isArray(content)) this.parts(content, probabilities);
    else if (probabilities) this.text("", probabilities);
    const refusal = stringOf(delta.refusal);
    if (refusal !== undefined) this.refuse(refusal);
    if (isObject(logprobs) && Array.isArray(logprobs.refusal)) {
      this.emit({ type: "meta", ...this.at, logprobs: { refusal: logprobs.refusal } });
    }
    if (Array.isArray(delta.images)) this.images(delta.images);
    if (Array.isArray(delta.annotations)) this.annotate(delta.annotations);
    if (isObject(delta.audio)) this.audio(delta.audio);
    if (Array.isArray(delta.tool_calls)) for (const call of delta.tool_calls) if (isObject(call)) this.call(call);
    if (isObject(delta.function_call)) this.call({ index: 0, function: delta.function_call });
  }

  /** Notes why the answer ends; nothing is told before `close`. */
  stop(word: string, stopSequence: string | undefined): void {
    this.finishWord = word;
    this.stopSequence = stopSequence;
  }

  close(): void {
    if (this.finished) return;
    this.endProse();
    const named = this.calls.list.filter((call) => call.item);
    const reason = parseFinish(this.finishWord ?? "stop", named.length > 0);
    const cut = reason === "length" || reason === "context";
    for (const call of named) {
      if (!call.ended) this.endCall(call, cut && call === named.at(-1) && !parses(call));
    }
    const matched = reason === "stop" && this.stopSequence !== undefined;
    this.emit({
      type: "finish",
      ...this.at,
      reason: matched ? "stop-sequence" : reason,
      ...(matched ? { stopSequence: this.stopSequence as string } : {}),
    });
    this.finished = true;
  }

  private reason(delta: JsonObject): void {
    const flat = stringOf(delta.reasoning_content) ?? stringOf(delta.reasoning);
    const details = Array.isArray(delta.reasoning_details) ? delta.reasoning_details.filter(isObject) : [];
    if (flat === undefined && details.length === 0) return;
    const shown: Part[] = details.flatMap(detailText);
    if (flat !== undefined) this.flat = true;
    const kind = shown.length > 0 && shown.every((part) => part.kind === "summary") ? "summary" : "raw";
    const parts = flat === undefined ? (this.flat ? [] : shown) : [{ kind, text: flat } as Part];
    const thought = this.openThought();
    for (const detail of details) mergeDetail(thought.details, detail);
    for (const part of parts) {
      const last = thought.parts.at(-1);
      if (last && last.kind === part.kind) last.text += part.text;
      else thought.parts.push({ ...part });
      const place = { index: thought.index, part: thought.parts.length - 1 };
      this.emit({ type: "reasoning-delta", ...this.at, ...place, kind: part.kind, text: part.text });
    }
  }

  private openThought(): { index: number; parts: Part[]; details: JsonObject[] } {
    if (this.thought) return this.thought;
    this.endProse();
    this.thought = { index: this.next++, parts: [], details: [] };
    const item: ReasoningItem = { type: "reasoning", text: [], seals: [] };
    this.emit({ type: "item-start", ...this.at, index: this.thought.index, item });
    return this.thought;
  }

  private openMessage(): { index: number; item: MessageItem } {
    if (this.said) return this.said;
    this.endProse();
    this.endWholeCalls();
    this.said = { index: this.next++, item: { type: "message", role: "assistant", blocks: [] } };
    const item: MessageItem = { ...this.said.item, blocks: [] };
    this.emit({ type: "item-start", ...this.at, index: this.said.index, item });
    return this.said;
  }

  private text(text: string, logprobs: Json[] | undefined): void {
    if (text === "" && (logprobs === undefined || logprobs.length === 0)) return;
    const { index, item } = this.openMessage();
    let block = item.blocks.at(-1);
    if (block?.type !== "text") {
      block = { type: "text", text: "" };
      item.blocks.push(block);
    }
    block.text += text;
    const place = { index, block: item.blocks.length - 1 };
    if (logprobs === undefined) {
      this.emit({ type: "text-delta", ...this.at, ...place, text });
      return;
    }
    block.logprobs ??= [];
    block.logprobs.push(...logprobs);
    this.emit({ type: "text-delta", ...this.at, ...place, text, logprobs });
  }

  /** Content as a list, as Mistral streams thinking: text parts and `thinking` parts. */
  private parts(content: Json[], logprobs: Json[] | undefined): void {
    for (const part of content) {
      if (!isObject(part)) continue;
      if (part.type === "thinking") {
        const inner = Array.isArray(part.thinking) ? part.thinking.filter(isObject) : [];
        const text = stringOf(part.thinking) ?? inner.map((one) => stringOf(one.text) ?? "").join("");
        this.reason({ reasoning_content: text });
      } else if (typeof part.text === "string") this.text(part.text, undefined);
      else if (typeof part.refusal === "string") this.refuse(part.refusal);
    }
    if (logprobs) this.text("", logprobs);
  }

  private refuse(text: string): void {
    const { index, item } = this.openMessage();
    let block = item.blocks.at(-1);
    if (block?.type !== "refusal") {
      block = { type: "refusal", text: "" };
      item.blocks.push(block);
    }
    block.text += text;
    this.emit({ type: "refusal-delta", ...this.at, index, block: item.blocks.length - 1, text });
  }

  private images(images: Json[]): void {
    for (const image of images) {
      const block = imageBlock(image);
      if (block) this.openMessage().item.blocks.push(block);
    }
  }

  /** Annotations belong to the text that is open; without one they stay beside the answer, their spans mean nothing. */
  private annotate(list: Json[]): void {
    const annotations = list.filter(isObject).map(parseAnnotation);
    if (annotations.length === 0) return;
    const blocks = this.said?.item.blocks ?? [];
    const at = blocks.findLastIndex((block) => block.type === "text");
    const block = blocks[at];
    if (!this.said || block?.type !== "text") {
      this.emit({ type: "meta", ...this.at, ext: { chat: { annotations: list } } });
      return;
    }
    block.annotations = [...(block.annotations ?? []), ...annotations];
    for (const annotation of annotations) {
      this.emit({ type: "annotation", ...this.at, index: this.said.index, block: at, annotation });
    }
  }

  private audio(audio: JsonObject): void {
    const { item } = this.openMessage();
    const before = isObject(item.ext?.chat?.audio) ? item.ext.chat.audio : {};
    const merged: JsonObject = { ...before };
    for (const [key, value] of Object.entries(audio)) {
      const old = merged[key];
      const grows = (key === "data" || key === "transcript") && typeof old === "string" && typeof value === "string";
      if (value !== null) merged[key] = grows ? old + value : value;
    }
    item.ext = { chat: { ...item.ext?.chat, audio: merged } };
  }

  private call(fragment: JsonObject): void {
    const { call, text, seal } = this.calls.add(fragment);
    if (call.ended) return;
    if (call.item) {
      if (text !== "") this.emit({ type: "args-delta", ...this.at, index: call.item.index, text });
      if (seal) this.emit({ type: "seal", ...this.at, index: call.item.index, seal });
      return;
    }
    if (call.name === undefined) return;
    this.endProse();
    this.endWholeCalls();
    const index = this.next++;
    call.item = { index, callId: this.callId(call), name: call.name };
    const item = callItem({ kind: call.kind, args: "", seals: [], item: call.item }, false);
    this.emit({ type: "item-start", ...this.at, index, item });
    if (call.args !== "") this.emit({ type: "args-delta", ...this.at, index, text: call.args });
    for (const one of call.seals) this.emit({ type: "seal", ...this.at, index, seal: one });
  }

  private callId(call: OpenCall): string {
    const given = call.id;
    const ordinal = this.calls.list.indexOf(call);
    const id = given === undefined || this.ids.has(given) ? derivedId(this.answerId, this.c, ordinal) : given;
    this.ids.add(id);
    return id;
  }

  /** Calls that cannot grow any more are closed as soon as something else begins, in their order. */
  private endWholeCalls(): void {
    for (const call of this.calls.list) {
      if (call.ended || !call.item) continue;
      if (call.kind !== "function" || !isWhole(call.args)) return;
      this.endCall(call, false);
    }
  }

  private endCall(call: OpenCall, incomplete: boolean): void {
    if (!call.item) return;
    call.ended = true;
    this.emit({ type: "item-end", ...this.at, index: call.item.index, item: callItem(call, incomplete) });
  }

  private endProse(): void {
    if (this.said) {
      this.emit({ type: "item-end", ...this.at, index: this.said.index, item: this.said.item });
      this.said = undefined;
    }
    if (!this.thought) return;
    const { index, parts, details } = this.thought;
    const item: ReasoningItem = { type: "reasoning", text: parts, seals: [] };
    if (details.length > 0) {
      const seal = { origin: "chat", form: "details" as const, bytes: JSON.stringify(details) };
      item.seals.push(seal);
      if (parts.length === 0) item.redacted = true;
      this.emit({ type: "seal", ...this.at, index, seal });
    }
    this.thought = undefined;
    this.emit({ type: "item-end", ...this.at, index, item });
  }
}

function parses(call: OpenCall): boolean {
  return call.kind === "custom" ? false : isWhole(call.args);
}

function imageBlock(json: Json): Block | undefined {
  const url = isObject(json) && isObject(json.image_url) ? stringOf(json.image_url.url) : undefined;
  if (url === undefined) return undefined;
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(url);
  if (!data?.[1] || data[2] === undefined) return { type: "media", kind: "image", source: { type: "url", url } };
  return { type: "media", kind: "image", source: { type: "bytes", data: data[2] }, mime: data[1] };
}
