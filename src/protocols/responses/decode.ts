/**
 * A provider's event stream as canonical events. Final forms are trusted over deltas: what `output_item.done`, or the
 * output of the terminal event, holds beyond the deltas is made up for, and repeated events are ignored.
 */
import type { Frame, Machine } from "../../kit/sse.ts";
import type { Item } from "../../model/chat.ts";
import { GatewayError } from "../../model/error.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { JsonObject } from "../../model/json.ts";
import { hiddenError } from "../chat/parse-error.ts";
import { isObject, numberOf, rest, stringOf } from "../chat/wire.ts";
import { derivedId } from "../ids.ts";
import { parseAnnotation } from "./annotations.ts";
import { Slot } from "./decode-slots.ts";
import { mintedId } from "./ids.ts";
import { parseItem } from "./items.ts";
import { parseStatus } from "./status.ts";
import { parseUsage } from "./usage.ts";

const standard = new Set([
  ...["id", "object", "created_at", "completed_at", "model", "output", "output_text", "status"],
  ...["error", "incomplete_details", "usage"],
]);

const partKinds: Record<string, "text" | "refusal" | "summary" | "raw"> = {
  output_text: "text",
  refusal: "refusal",
  summary_text: "summary",
  reasoning_text: "raw",
};

export class ResponsesDecoder implements Machine<Frame, ChatEvent> {
  private out: ChatEvent[] = [];
  private over = false;
  private started = false;
  private answerId = "";
  private readonly slots: Slot[] = [];
  /** The slot that the provider's output index means at present. */
  private readonly byIndex = new Map<number, Slot>();
  private readonly callIds = new Set<string>();

  push(frame: Frame): ChatEvent[] {
    if (this.over || frame.data === "[DONE]" || frame.data.trim() === "") return [];
    let json: unknown;
    try {
      json = JSON.parse(frame.data);
    } catch {
      return this.fail(new GatewayError("upstream-failed", "The provider's stream holds a frame that is not JSON."));
    }
    if (!isObject(json)) return [];
    try {
      this.read(json, stringOf(json.type) ?? frame.event ?? "");
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return this.fail(broken(error));
    }
    return this.take();
  }

  end(): ChatEvent[] {
    if (this.over) return [];
    return this.fail(new GatewayError("upstream-failed", "The provider ended the answer without its last event."));
  }

  /** A whole response object, as if it had streamed. */
  whole(response: JsonObject): ChatEvent[] {
    try {
      this.finish(response, undefined);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return this.fail(broken(error));
    }
    return this.take();
  }

  private take(): ChatEvent[] {
    const events = this.out;
    this.out = [];
    return events;
  }

  private fail(error: GatewayError): ChatEvent[] {
    this.over = true;
    return [...this.take(), { type: "error", error }];
  }

  private read(json: JsonObject, type: string): void {
    const response = isObject(json.response) ? json.response : undefined;
    switch (type) {
      case "response.created":
      case "response.queued":
      case "response.in_progress":
        this.start(response ?? {});
        return;
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
      case "response.cancelled":
      case "response.done":
        this.finish(response ?? {}, type === "response.done" ? undefined : type.slice("response.".length));
        return;
      case "response.output_item.added":
        if (isObject(json.item)) this.added(json.item, json);
        return;
      case "response.output_item.done":
        if (isObject(json.item)) this.done(json.item, json);
        return;
    }
    if (type.startsWith("response.")) {
      this.content(json, type.slice("response.".length));
      return;
    }
    const error = hiddenError(json, type);
    if (!error) return;
    this.over = true;
    this.out.push({ type: "error", error });
  }

  private start(response: JsonObject): void {
    if (this.started) return;
    this.started = true;
    this.answerId = stringOf(response.id) ?? "";
    this.out.push({
      type: "start",
      id: this.answerId,
      model: stringOf(response.model) ?? "",
      created: Math.floor(numberOf(response.created_at) ?? 0),
    });
  }

  /** Deltas and the final forms of parts. Events that add nothing are passed over. */
  private content(json: JsonObject, type: string): void {
    const slot = this.find(json);
    if (!slot || slot.ended) return;
    const content = `c${numberOf(json.content_index) ?? 0}`;
    const summary = `s${numberOf(json.summary_index) ?? 0}`;
    const delta = typeof json.delta === "string" ? json.delta : "";
    const text = typeof json.text === "string" ? json.text : "";
    switch (type) {
      case "output_text.delta":
        slot.text(content, delta, Array.isArray(json.logprobs) ? json.logprobs : undefined);
        break;
      case "output_text.done":
        slot.whole(content, "text", text, Array.isArray(json.logprobs) ? json.logprobs : undefined);
        break;
      case "content_part.done":
      case "reasoning_summary_part.done":
        if (isObject(json.part)) this.part(slot, type === "content_part.done" ? content : summary, json.part);
        break;
      case "output_text.annotation.added":
        if (isObject(json.annotation)) slot.annotate(content, parseAnnotation(json.annotation));
        break;
      case "refusal.delta":
        slot.refusal(content, delta);
        break;
      case "refusal.done":
        slot.whole(content, "refusal", typeof json.refusal === "string" ? json.refusal : "");
        break;
      case "reasoning_summary_text.delta":
        slot.reasoning(summary, "summary", delta);
        break;
      case "reasoning_summary_text.done":
        slot.whole(summary, "summary", text);
        break;
      case "reasoning_text.delta":
        slot.reasoning(content, "raw", delta);
        break;
      case "reasoning_text.done":
        slot.whole(content, "raw", text);
        break;
      case "function_call_arguments.delta":
      case "custom_tool_call_input.delta":
        slot.arguments(delta);
        break;
      case "function_call_arguments.done":
        slot.wholeArguments(typeof json.arguments === "string" ? json.arguments : "");
        break;
      case "custom_tool_call_input.done":
        slot.wholeArguments(typeof json.input === "string" ? json.input : "");
    }
  }

  private part(slot: Slot, place: string, part: JsonObject): void {
    const kind = partKinds[stringOf(part.type) ?? ""];
    const text = kind === "refusal" ? part.refusal : part.text;
    if (kind === undefined || typeof text !== "string") return;
    slot.whole(place, kind, text, Array.isArray(part.logprobs) ? part.logprobs : undefined);
  }

  private find(json: JsonObject): Slot | undefined {
    const index = numberOf(json.output_index);
    if (index !== undefined && this.byIndex.has(index)) return this.byIndex.get(index);
    const id = stringOf(json.item_id);
    return (
      this.slots.findLast((slot) => id !== undefined && slot.wireId === id) ??
      (index === undefined ? this.slots.findLast((slot) => !slot.ended) : undefined)
    );
  }

  private added(json: JsonObject, event: JsonObject): void {
    const before = this.find(event);
    if (before && !before.ended) {
      if (isSame(before, json, true)) return;
      // A server that numbers every item alike: the next item ends the one before.
      before.end(undefined, false);
    }
    this.open(json, numberOf(event.output_index));
  }

  private open(json: JsonObject, index: number | undefined): Slot {
    this.start({});
    const slot = new Slot(this.slots.length, this.opening(json), (event) => this.out.push(event));
    slot.wireId = stringOf(json.id);
    slot.wireCallId = stringOf(json.call_id);
    this.slots.push(slot);
    this.byIndex.set(index ?? slot.index, slot);
    return slot;
  }

  /** The item as its first event shows it; a call gets an id that is its own. */
  private opening(json: JsonObject): Item {
    const item = this.parse(json);
    if (item.type === "reasoning" && item.itemId === undefined) {
      item.itemId = mintedId("rs", this.answerId, this.slots.length);
    }
    if (item.type !== "call") return item;
    const isTaken = item.callId === "" || this.callIds.has(item.callId);
    const callId = isTaken ? derivedId(this.answerId, 0, this.slots.length) : item.callId;
    this.callIds.add(callId);
    return { ...item, callId };
  }

  private parse(json: JsonObject): Item {
    const bare = { path: "output", keep: false };
    if (json.type === "message" && json.role === undefined) return parseItem({ ...json, role: "assistant" }, bare);
    const isCall = typeof json.type === "string" && json.type.endsWith("_call") && stringOf(json.call_id) === undefined;
    if (!isCall) return parseItem(json, bare);
    const item = parseItem({ ...json, call_id: "-" }, bare);
    if (item.type === "call") item.callId = "";
    return item.type === "server-call" || item.type === "opaque" ? { ...item, json } : item;
  }

  private done(json: JsonObject, event: JsonObject): void {
    const index = numberOf(event.output_index);
    const known = this.find({ ...event, item_id: json.id });
    if (known?.ended || known?.held) {
      if (isSame(known, json, false)) return;
      this.open(json, index).end(this.parse(json), false);
      return;
    }
    const slot = known && isSame(known, json, true) ? known : this.open(json, index);
    slot.end(this.parse(json), false);
  }

  private finish(response: JsonObject, event: string | undefined): void {
    this.start(response);
    this.over = true;
    const usage = isObject(response.usage) ? parseUsage(response.usage, response.service_tier) : undefined;
    const reason = parseStatus(response, event);
    if (reason instanceof GatewayError) {
      if (usage) this.out.push({ type: "usage", usage });
      this.out.push({ type: "error", error: reason });
      return;
    }
    const isCut = reason !== "stop";
    const output = Array.isArray(response.output) ? response.output.filter(isObject) : [];
    for (const [at, json] of output.entries()) this.merge(json, at, isCut);
    for (const slot of this.slots) {
      slot.release(isCut);
      slot.end(undefined, isCut);
    }
    if (usage) this.out.push({ type: "usage", usage });
    const hasCalls = this.slots.some((slot) => slot.item.type === "call");
    const ext = rest(response, standard);
    this.out.push({
      type: "finish",
      reason: hasCalls && !isCut ? "tool-calls" : reason,
      ...(ext ? { ext: { responses: ext } } : {}),
    });
  }

  /** An item of the final output: ends the one that it is, or comes as a new one. */
  private merge(json: JsonObject, at: number, isCut: boolean): void {
    const id = stringOf(json.id);
    const callId = stringOf(json.call_id);
    const slot =
      this.slots.find((one) => id !== undefined && one.wireId === id) ??
      this.slots.find((one) => callId !== undefined && one.wireCallId === callId) ??
      this.byPosition(json, at) ??
      this.open(json, at);
    slot.end(this.parse(json), isCut);
  }

  private byPosition(json: JsonObject, at: number): Slot | undefined {
    const slot = this.slots[at];
    return slot && isSame(slot, json, true) ? slot : undefined;
  }
}

/** Could the slot be this item? Ids that differ do not decide it where servers make new ones for every event. */
function isSame(slot: Slot, json: JsonObject, isLoose: boolean): boolean {
  const { item } = slot;
  const callId = stringOf(json.call_id);
  if (item.type === "call") return json.type === wireType(item) && (callId === undefined || callId === slot.wireCallId);
  if (item.type === "message" || item.type === "reasoning") {
    const id = stringOf(json.id);
    return json.type === item.type && (isLoose || id === undefined || slot.wireId === undefined || id === slot.wireId);
  }
  return "json" in item && isObject(item.json) && item.json.type === json.type && (isLoose || item.json.id === json.id);
}

function wireType(item: Item & { type: "call" }): string {
  return item.kind === "custom" ? "custom_tool_call" : `${item.kind}_call`;
}

function broken(cause: GatewayError): GatewayError {
  if (cause.code !== "invalid-request") return cause;
  return new GatewayError("upstream-failed", "The provider's answer is not as the protocol says.", { cause });
}
