/**
 * The canonical stream to chunks for a client: words as they come, calls whole, the finish with the usage at the end.
 * The same chunks serve both framings; there is never an `event:` line and never a `[DONE]`.
 */
import type { Frame } from "../../kit/sse.ts";
import type { Item } from "../../model/chat.ts";
import type { GatewayError } from "../../model/error.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { emptyUsage, type Usage } from "../../model/usage.ts";
import type { Encoder, ReplyContext } from "../protocol.ts";
import { isObject } from "../read.ts";
import { Traces } from "../server-traces.ts";
import { answerParts, bareWord, callPart, mediaPart, signed, type View, viewOf } from "./answer-parts.ts";
import { errorBody } from "./error.ts";
import { buildEnd, responseId } from "./response.ts";
import { traceParts } from "./traces.ts";
import { buildUsage } from "./usage.ts";

type Finish = ChatEvent & { type: "finish" };

interface Said {
  items: Item[];
  finish: Finish | undefined;
  own: JsonObject;
  /** Whether a part was sent. */
  spoke: boolean;
  /** Thought parts of an item that have begun, by item. */
  thought: Map<number, number>;
  traces: Traces;
}

export class GeminiEncoder implements Encoder {
  private readonly context: ReplyContext;
  private readonly view: View;
  private readonly candidates: Said[] = [];
  private out: Frame[] = [];
  private id = "";
  private head: JsonObject = {};
  private usage: Partial<Usage> | undefined;
  private over = false;
  /** The first chunk holds what the provider says of the answer as a whole. */
  private began = false;

  constructor(context: ReplyContext) {
    this.context = context;
    this.view = viewOf(context.request);
  }

  /** This grammar opens with nothing. */
  open(): Frame[] {
    return [];
  }

  push(event: ChatEvent): Frame[] {
    if (!this.over) this.handle(event);
    return this.take();
  }

  end(): Frame[] {
    if (this.over) return [];
    this.over = true;
    const told = this.candidates.filter(({ finish }) => finish !== undefined);
    const usage = this.usage ? { usageMetadata: buildUsage({ ...emptyUsage(), ...this.usage }) } : {};
    if (this.isBlocked()) this.chunk(usage);
    told.forEach((said, at) => {
      if (this.isBlocked()) return;
      const isLast = at === told.length - 1;
      this.chunk({ candidates: [this.last(said)], ...(isLast ? usage : {}) });
    });
    return this.take();
  }

  fail(error: GatewayError): Frame[] {
    this.over = true;
    return [{ data: JSON.stringify(errorBody(error)) }];
  }

  private take(): Frame[] {
    const frames = this.out;
    this.out = [];
    return frames;
  }

  private handle(event: ChatEvent): void {
    switch (event.type) {
      case "start": {
        this.id = event.id;
        const { candidate, ...head } = event.ext?.gemini ?? {};
        this.head = head;
        if (isObject(candidate)) Object.assign(this.said(undefined).own, candidate);
        return;
      }
      case "usage":
        this.usage = { ...this.usage, ...event.usage };
        return;
      case "meta":
        this.keep(event.c, event.ext?.gemini);
        return;
      case "finish":
        this.keep(event.c, event.ext?.gemini);
        this.said(event.c).finish ??= event;
        return;
      case "error":
        this.out.push(...this.fail(event.error));
        return;
      default:
        this.item(event);
    }
  }

  private keep(c: number | undefined, ext: JsonObject | undefined): void {
    if (isObject(ext?.candidate)) Object.assign(this.said(c).own, ext.candidate);
  }

  private said(c: number | undefined): Said {
    const index = c ?? 0;
    while (this.candidates.length <= index) {
      this.candidates.push({
        ...{ items: [], finish: undefined, own: {}, spoke: false },
        ...{ thought: new Map(), traces: new Traces() },
      });
    }
    return this.candidates[index] as Said;
  }

  private item(event: Extract<ChatEvent, { index: number }>): void {
    const said = this.said(event.c);
    switch (event.type) {
      case "text-delta":
      case "refusal-delta":
        if (event.text !== "" && !this.view.bareWord) this.part(event.c, { text: event.text });
        break;
      case "reasoning-delta":
        this.thought(event, said);
        break;
      case "item-end":
        said.items[event.index] = event.item;
        this.close(event.c, event.item);
        break;
    }
  }

  /** Parts of a summary are told apart by a blank line. */
  private thought(event: ChatEvent & { type: "reasoning-delta" }, { thought }: Said): void {
    if (!this.view.thoughts) return;
    const before = thought.get(event.index);
    const gap = before !== undefined && before !== event.part ? "\n\n" : "";
    thought.set(event.index, event.part);
    if (gap + event.text !== "") this.part(event.c, { text: gap + event.text, thought: true });
  }

  /** What could not be told before the item was whole. */
  private close(c: number | undefined, item: Item): void {
    if (item.type === "call") {
      const part = callPart(item);
      if (part) this.part(c, part);
    } else if (item.type === "reasoning") {
      const seal = signed(item.seals.at(-1)?.bytes);
      const thought = this.view.thoughts && item.text.length > 0 ? { thought: true } : {};
      if (Object.keys(seal).length > 0) this.part(c, { text: "", ...thought, ...seal });
    } else if (item.type === "message") {
      for (const block of item.blocks) {
        if (block.type === "media") this.part(c, mediaPart(block));
        else if (block.type === "opaque" && block.origin === "gemini" && isObject(block.json)) this.part(c, block.json);
        else if (block.type === "text" && this.view.bareWord) this.part(c, { text: bareWord(block.text) });
        if (block.type === "text" && block.seal) this.part(c, { text: "", ...signed(block.seal.bytes) });
      }
    } else if (item.type !== "result" && item.origin === "gemini" && isObject(item.json)) {
      this.part(c, item.json);
    } else if (item.type === "server-call" || item.type === "server-result") {
      for (const part of traceParts(this.said(c).traces.add(item))) this.part(c, part);
    }
  }

  private part(c: number | undefined, part: JsonObject | undefined): void {
    if (!part) return;
    this.said(c).spoke = true;
    this.chunk({ candidates: [{ content: { role: "model", parts: [part] }, index: c ?? 0 }] });
  }

  /** The prompt itself was refused: there is no candidate, as at Google. */
  private isBlocked(): boolean {
    const feedback = this.head.promptFeedback;
    const [first] = this.candidates;
    return isObject(feedback) && typeof feedback.blockReason === "string" && first?.items.length === 0;
  }

  private last(said: Said): JsonObject {
    const { texts, malformed } = answerParts(said.items, this.view);
    const { reason = "other", refusal } = said.finish ?? {};
    const end = buildEnd({
      ...{ finish: reason, items: said.items, texts, malformed, own: said.own },
      ...(refusal === undefined ? {} : { refusal }),
    });
    const parts: Json[] = said.spoke || reason === "filter" ? [] : [{ text: "" }];
    const content =
      parts.length === 0 && said.spoke ? { role: "model", parts: [{ text: "" }] } : { role: "model", parts };
    return { content, ...end, index: this.candidates.indexOf(said) };
  }

  private chunk(json: JsonObject): void {
    const head = this.began ? {} : this.head;
    this.began = true;
    const data = {
      ...json,
      ...head,
      modelVersion: this.context.request.model,
      responseId: responseId(this.id, this.context.requestId),
    };
    this.out.push({ data: JSON.stringify(data) });
  }
}
