/**
 * Events to the stream of a Messages client: one block open at a time, indexes dense, one message_delta with the final
 * usage at the end. Items that overlap wait for the one before them.
 */
import type { Frame } from "../../kit/sse.ts";
import type { CallItem, Item, ReasoningItem, Seal, ServerCallItem, ServerResultItem } from "../../model/chat.ts";
import type { GatewayError } from "../../model/error.ts";
import type { ChatEvent, FinishReason } from "../../model/event.ts";
import type { JsonObject } from "../../model/json.ts";
import { emptyUsage, type Usage } from "../../model/usage.ts";
import { safeId } from "../ids.ts";
import type { Encoder, ReplyContext } from "../protocol.ts";
import { isAbsent, isObject, remainder } from "../read.ts";
import { callInput } from "./arguments.ts";
import { withoutMark } from "./build-blocks.ts";
import { errorBody } from "./error.ts";
import { isServerCall } from "./items.ts";
import { isRedacted, messageId } from "./response.ts";
import { buildStop, buildStopDetails } from "./stop.ts";
import { TraceWriter } from "./traces.ts";
import { buildUsage } from "./usage.ts";

type ItemEvent = Extract<ChatEvent, { index: number }>;

/** The item whose events are written as they come. */
interface Current {
  index: number;
  item: Item;
  /** Message: the canonical block that the open wire block shows. Reasoning: the part. */
  part: number;
  /** Arguments that cannot be shown before they are complete; undefined when they are streamed. */
  buffered: string | undefined;
  /** Reasoning: the last seal, which is the signature. */
  seal: Seal | undefined;
}

const deltaKeys = new Set(["container", "stop_details"]);

export class MessagesEncoder implements Encoder {
  private readonly context: ReplyContext;
  private out: Frame[] = [];
  private head: { id: string; ext: JsonObject } | undefined;
  private sentStart = false;
  private blockOpen = false;
  /** Index of the open wire block, or of the next one. */
  private wire = 0;
  private current: Current | undefined;
  private readonly waiting = new Map<number, ItemEvent[]>();
  private usage: Partial<Usage> | undefined;
  private hasCalls = false;
  private finish: { reason: FinishReason; stopSequence?: string; refusal?: string } | undefined;
  private ext: JsonObject = {};
  private failed = false;
  private traces: TraceWriter | undefined;

  constructor(context: ReplyContext) {
    this.context = context;
  }

  open(): Frame[] {
    this.startMessage();
    return this.take();
  }

  push(event: ChatEvent): Frame[] {
    if (this.failed || ("c" in event && event.c !== undefined && event.c > 0)) return [];
    this.handle(event);
    return this.take();
  }

  end(): Frame[] {
    if (this.failed || !this.finish) return this.take();
    this.startMessage();
    this.drain();
    const { reason, stopSequence, refusal } = this.finish;
    const told = reason === "filter" || reason === "recitation" ? refusal : undefined;
    const more = remainder(this.ext, deltaKeys);
    this.emit("message_delta", {
      type: "message_delta",
      delta: {
        stop_reason: buildStop(reason, this.hasCalls),
        stop_sequence: stopSequence ?? null,
        stop_details: buildStopDetails(told, this.ext.stop_details),
        container: this.ext.container ?? null,
      },
      ...more,
      usage: this.usageObject(),
    });
    this.out.push({ event: "message_stop", data: '{"type":"message_stop"}' });
    return this.take();
  }

  fail(error: GatewayError): Frame[] {
    this.failed = true;
    return [{ event: "error", data: JSON.stringify(errorBody(error, this.context.requestId)) }];
  }

  private take(): Frame[] {
    const frames = this.out;
    this.out = [];
    return frames;
  }

  private emit(event: string, json: JsonObject): void {
    this.out.push({ event, data: JSON.stringify(json) });
  }

  private usageObject(): JsonObject {
    return buildUsage({ ...emptyUsage(), ...this.usage });
  }

  /** Told with the first event after `start`, so that it can hold the usage that follows at once. */
  private startMessage(): void {
    if (this.sentStart) return;
    this.sentStart = true;
    const more = remainder(this.head?.ext ?? {}, deltaKeys);
    const message = {
      id: messageId(this.head?.id ?? "", this.context.requestId),
      type: "message",
      role: "assistant",
      model: this.context.request.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      ...more,
      usage: this.usageObject(),
    };
    this.emit("message_start", { type: "message_start", message });
  }

  private handle(event: ChatEvent): void {
    switch (event.type) {
      case "start":
        this.head = { id: event.id, ext: event.ext?.messages ?? {} };
        for (const key of deltaKeys) if (key in this.head.ext) this.ext[key] = this.head.ext[key];
        return;
      case "usage":
        this.usage = { ...this.usage, ...event.usage };
        return;
      case "meta":
        Object.assign(this.ext, event.ext?.messages);
        return;
      case "finish":
        this.finish ??= event;
        Object.assign(this.ext, event.ext?.messages);
        return;
      case "error":
        this.out.push(...this.fail(event.error));
        return;
      default:
        this.startMessage();
        this.route(event);
    }
  }

  /** Events of the open item go out; those of others wait in the order of their starts. */
  private route(event: ItemEvent): void {
    if (this.current === undefined && event.type === "item-start") this.begin(event.index, event.item);
    else if (this.current?.index === event.index) this.write(this.current, event);
    else if (event.type === "item-start") this.waiting.set(event.index, [event]);
    else this.waiting.get(event.index)?.push(event);
    while (this.current === undefined && this.waiting.size > 0) this.next();
  }

  private next(): void {
    for (const [index, events] of this.waiting) {
      this.waiting.delete(index);
      for (const event of events) {
        if (event.type === "item-start") this.begin(index, event.item);
        else if (this.current) this.write(this.current, event);
      }
      return;
    }
  }

  /** The answer has ended: what never closed is closed. */
  private drain(): void {
    while (this.current || this.waiting.size > 0) {
      if (this.current) this.close(this.current, this.current.item);
      else this.next();
    }
  }

  private begin(index: number, item: Item): void {
    this.current = { index, item, part: -1, buffered: undefined, seal: undefined };
    if (item.type !== "call") return;
    this.hasCalls = true;
    this.current.buffered = "";
    this.openBlock(callStart(item));
  }

  private write(current: Current, event: ItemEvent): void {
    switch (event.type) {
      case "text-delta":
      case "refusal-delta":
        this.writeText(current, event.block, event.text);
        break;
      case "annotation":
        this.writeCitation(current, event);
        break;
      case "reasoning-delta":
        if (!isRedactedItem(current.item)) this.writeThinking(current, event.part, event.text);
        break;
      case "seal":
        current.seal = event.seal;
        break;
      case "args-delta":
        this.writeArguments(current, event.text);
        break;
      case "item-end":
        this.close(current, event.item);
        break;
    }
  }

  private writeText(current: Current, block: number, text: string): void {
    if (current.part !== block) {
      this.closeBlock();
      current.part = block;
    }
    if (text === "") return;
    if (!this.blockOpen) this.openBlock('{"type":"text","text":"","citations":null}');
    this.deltaFrame(`{"type":"text_delta","text":${JSON.stringify(text)}}`);
  }

  private writeCitation(current: Current, event: Extract<ChatEvent, { type: "annotation" }>): void {
    const { raw } = event.annotation;
    if (raw?.origin !== "messages" || current.part !== event.block) return;
    if (!this.blockOpen) this.openBlock('{"type":"text","text":"","citations":null}');
    this.deltaFrame(`{"type":"citations_delta","citation":${JSON.stringify(raw.json)}}`);
  }

  /** Parts of a summary stand in one block, a blank line between them. */
  private writeThinking(current: Current, part: number, text: string): void {
    if (!this.blockOpen) this.openBlock(thinkingStart(current.item));
    const gap = current.part >= 0 && part !== current.part ? "\n\n" : "";
    current.part = part;
    if (gap + text === "") return;
    this.deltaFrame(`{"type":"thinking_delta","thinking":${JSON.stringify(gap + text)}}`);
  }

  /** Arguments stream when they are an object; what else a provider sends can only be shown whole. */
  private writeArguments(current: Current, text: string): void {
    if (text === "") return;
    if (current.buffered !== undefined) {
      current.buffered += text;
      const isCustom = current.item.type === "call" && current.item.kind === "custom";
      if (isCustom || !/^\s*\{/.test(current.buffered)) return;
      text = current.buffered;
      current.buffered = undefined;
    }
    this.deltaFrame(`{"type":"input_json_delta","partial_json":${JSON.stringify(text)}}`);
  }

  private close(current: Current, item: Item): void {
    if (item.type === "reasoning") this.closeThinking(current, item);
    else if (item.type === "call") this.closeCall(current, item);
    else if (item.type !== "message" && item.type !== "result") this.writeForeign(item);
    this.closeBlock();
    this.current = undefined;
  }

  /** One signature, at the end; thinking with neither text nor seal is no block at all. */
  private closeThinking(current: Current, item: ReasoningItem): void {
    const seal = current.seal ?? item.seals.at(-1);
    if (!seal) return;
    const more = item.ext?.messages;
    if (isRedacted(item) && !this.blockOpen) {
      this.openBlock(JSON.stringify({ type: "redacted_thinking", data: seal.bytes, ...more }));
      return;
    }
    if (!this.blockOpen) this.openBlock(thinkingStart(item));
    this.deltaFrame(`{"type":"signature_delta","signature":${JSON.stringify(seal.bytes)}}`);
  }

  private closeCall(current: Current, item: CallItem): void {
    const rest = current.buffered;
    if (rest === undefined || (rest === "" && item.args === "")) return;
    const { input } = callInput({ kind: item.kind, args: rest === "" ? item.args : rest });
    this.deltaFrame(`{"type":"input_json_delta","partial_json":${JSON.stringify(JSON.stringify(input))}}`);
  }

  /** Blocks of this protocol that only it understands, as they were. */
  private writeForeign(item: Extract<Item, { origin: string; json: unknown }>): void {
    if (item.origin !== "messages") {
      if (item.type !== "opaque") for (const block of this.tracesOf(item)) this.writeBlock(block);
    } else if (isObject(item.json)) {
      const json = withoutMark(item.json);
      this.writeBlock(item.type === "server-call" ? { ...json, input: item.input } : json);
    }
  }

  private tracesOf(item: ServerCallItem | ServerResultItem): JsonObject[] {
    this.traces ??= new TraceWriter(messageId(this.head?.id ?? "", this.context.requestId));
    return this.traces.blocks(item);
  }

  /** What was called streams what it was called with. */
  private writeBlock(json: JsonObject): void {
    if (!isServerCall(String(json.type))) {
      this.openBlock(JSON.stringify(json));
      return;
    }
    this.openBlock(JSON.stringify({ ...json, input: {} }));
    this.deltaFrame(`{"type":"input_json_delta","partial_json":${JSON.stringify(JSON.stringify(json.input))}}`);
  }

  private openBlock(block: string): void {
    this.closeBlock();
    this.blockOpen = true;
    const data = `{"type":"content_block_start","index":${this.wire},"content_block":${block}}`;
    this.out.push({ event: "content_block_start", data });
  }

  private deltaFrame(delta: string): void {
    const data = `{"type":"content_block_delta","index":${this.wire},"delta":${delta}}`;
    this.out.push({ event: "content_block_delta", data });
  }

  private closeBlock(): void {
    if (!this.blockOpen) return;
    this.blockOpen = false;
    const data = `{"type":"content_block_stop","index":${this.wire}}`;
    this.wire++;
    this.out.push({ event: "content_block_stop", data });
  }
}

function isRedactedItem(item: Item): boolean {
  return item.type === "reasoning" && item.redacted === true;
}

function thinkingStart(item: Item): string {
  return JSON.stringify({ type: "thinking", thinking: "", signature: "", ...item.ext?.messages });
}

function callStart(item: CallItem): string {
  return JSON.stringify({
    type: "tool_use",
    id: safeId(item.callId),
    name: item.name,
    input: {},
    ...(isAbsent(item.caller) ? {} : { caller: item.caller }),
    ...item.ext?.messages,
  });
}
