/** The events of one item for a client: announced, filled, ended; and the item as the final output holds it. */
import type { Frame } from "../../kit/sse.ts";
import type { Annotation, CallItem, Item, MessageItem, ReasoningItem } from "../../model/chat.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { safeId } from "../ids.ts";
import { buildAnnotation } from "./annotations.ts";
import { parsed } from "./build-items.ts";
import type { Frames } from "./encode-frames.ts";
import { bodyKeys, encryptedOf } from "./items.ts";

type Status = "completed" | "incomplete";

/** An item that is announced and not ended. Methods give the frames to send. */
export interface OpenItem {
  /** Ends it and gives its final form. `final` is absent when the answer broke off inside. */
  end(final: Item | undefined, status: Status): { frames: Frame[]; item: JsonObject };
}

interface Head {
  frames: Frames;
  outputIndex: number;
  id: string;
}

interface Part {
  kind: "text" | "refusal" | "summary" | "raw";
  /** Its place in the item as the client sees it. */
  index: number;
  text: string;
  annotations: JsonObject[];
  /** Citations that cover the whole text, told when its length is known. */
  late: Annotation[];
  logprobs: Json[];
}

const names = {
  text: { delta: "output_text.delta", done: "output_text.done", key: "text", index: "content_index" },
  refusal: { delta: "refusal.delta", done: "refusal.done", key: "refusal", index: "content_index" },
  raw: { delta: "reasoning_text.delta", done: "reasoning_text.done", key: "text", index: "content_index" },
  summary: {
    delta: "reasoning_summary_text.delta",
    done: "reasoning_summary_text.done",
    key: "text",
    index: "summary_index",
  },
} as const;

function partJson(part: Part, text: string, isEmpty: boolean): JsonObject {
  switch (part.kind) {
    case "text":
      return {
        type: "output_text",
        text,
        annotations: isEmpty ? [] : part.annotations,
        logprobs: isEmpty ? [] : part.logprobs,
      };
    case "refusal":
      return { type: "refusal", refusal: text };
    case "raw":
      return { type: "reasoning_text", text };
    case "summary":
      return { type: "summary_text", text };
  }
}

/** Items that are made of parts, one of them open at a time. */
class Parts {
  readonly closed: Part[] = [];
  private open: Part | undefined;
  private place = -1;
  private head = "";

  constructor(private readonly item: Head) {}

  /** Frames that open the part at a canonical place, when it is not the open one. */
  at(place: number, kind: Part["kind"]): Frame[] {
    if (this.open && this.place === place && this.open.kind === kind) return [];
    const frames = this.close();
    const index = this.closed.filter((part) => (part.kind === "summary") === (kind === "summary")).length;
    this.open = { kind, index, text: "", annotations: [], late: [], logprobs: [] };
    this.place = place;
    const at = { item_id: this.item.id, output_index: this.item.outputIndex, [names[kind].index]: index };
    this.head = `${JSON.stringify(at).slice(1, -1)},"delta":`;
    const added = kind === "summary" ? "reasoning_summary_part.added" : "content_part.added";
    frames.push(this.item.frames.event(added, { ...at, part: partJson(this.open, "", true) }));
    return frames;
  }

  delta(text: string, logprobs?: Json[]): Frame {
    const part = this.open as Part;
    part.text += text;
    if (logprobs) part.logprobs.push(...logprobs);
    const tail = part.kind === "text" ? `,"logprobs":${logprobs ? JSON.stringify(logprobs) : "[]"}}` : "}";
    return this.item.frames.raw(names[part.kind].delta, `${this.head}${JSON.stringify(text)}${tail}`);
  }

  annotate(annotation: Annotation): Frame[] {
    const part = this.open as Part;
    const isKnown = annotation.start !== undefined && annotation.end !== undefined;
    if (!isKnown && annotation.raw?.origin !== "responses") {
      part.late.push(annotation);
      return [];
    }
    return this.tell(part, annotation, 0);
  }

  private tell(part: Part, annotation: Annotation, length: number): Frame[] {
    const json = buildAnnotation(annotation, length);
    if (!json) return [];
    part.annotations.push(json);
    const at = { item_id: this.item.id, output_index: this.item.outputIndex, content_index: part.index };
    const place = { ...at, annotation_index: part.annotations.length - 1, annotation: json };
    return [this.item.frames.event("output_text.annotation.added", place)];
  }

  close(): Frame[] {
    const part = this.open;
    if (!part) return [];
    const { done, key, index } = names[part.kind];
    const out: Frame[] = [];
    if (part.late.length > 0) {
      const length = [...part.text].length;
      for (const annotation of part.late) out.push(...this.tell(part, annotation, length));
    }
    const { frames } = this.item;
    const at = { item_id: this.item.id, output_index: this.item.outputIndex, [index]: part.index };
    const probable = part.kind === "text" ? { logprobs: part.logprobs } : {};
    out.push(frames.event(done, { ...at, [key]: part.text, ...probable }));
    const closing = part.kind === "summary" ? "reasoning_summary_part.done" : "content_part.done";
    out.push(frames.event(closing, { ...at, part: partJson(part, part.text, false) }));
    this.closed.push(part);
    this.open = undefined;
    return out;
  }

  json(isSummary: boolean): JsonObject[] {
    return this.closed
      .filter((part) => (part.kind === "summary") === isSummary)
      .map((part) => partJson(part, part.text, false));
  }
}

export class OpenMessage implements OpenItem {
  private readonly parts: Parts;
  readonly added: Frame;

  constructor(
    private readonly head: Head,
    private readonly item: MessageItem,
  ) {
    this.parts = new Parts(head);
    this.added = head.frames.event("output_item.added", {
      output_index: head.outputIndex,
      item: this.json("in_progress", item),
    });
  }

  text(block: number, text: string, logprobs?: Json[]): Frame[] {
    const frames = this.parts.at(block, "text");
    if (text !== "" || logprobs) frames.push(this.parts.delta(text, logprobs));
    return frames;
  }

  refusal(block: number, text: string): Frame[] {
    return [...this.parts.at(block, "refusal"), this.parts.delta(text)];
  }

  annotate(block: number, annotation: Annotation): Frame[] {
    return [...this.parts.at(block, "text"), ...this.parts.annotate(annotation)];
  }

  end(final: Item | undefined, status: Status): { frames: Frame[]; item: JsonObject } {
    const frames = this.parts.close();
    const item = this.json(status, final?.type === "message" ? final : this.item);
    frames.push(this.head.frames.event("output_item.done", { output_index: this.head.outputIndex, item }));
    return { frames, item };
  }

  private json(status: Status | "in_progress", { phase, ext, blocks }: MessageItem): JsonObject {
    const more = blocks.flatMap((block) =>
      block.type === "opaque" && block.origin === "responses" && status !== "in_progress" ? [block.json] : [],
    );
    return {
      id: this.head.id,
      type: "message",
      status,
      role: "assistant",
      content: [...this.parts.json(false), ...more],
      ...(phase === undefined ? {} : { phase }),
      ...ext?.responses,
    };
  }
}

export class OpenReasoning implements OpenItem {
  private readonly parts: Parts;
  /** Raw thoughts of other protocols are shown as a summary, which is what clients of this one display. */
  private readonly isOwn: boolean;
  readonly added: Frame;

  constructor(
    private readonly head: Head,
    item: ReasoningItem,
  ) {
    this.isOwn = item.itemId !== undefined;
    this.parts = new Parts(head);
    const empty = { id: head.id, type: "reasoning", summary: [], content: [] };
    this.added = head.frames.event("output_item.added", { output_index: head.outputIndex, item: empty });
  }

  delta(part: number, kind: "summary" | "raw", text: string): Frame[] {
    return [...this.parts.at(part, kind === "raw" && this.isOwn ? "raw" : "summary"), this.parts.delta(text)];
  }

  end(final: Item | undefined): { frames: Frame[]; item: JsonObject } {
    const frames = this.parts.close();
    const content = this.parts.json(false);
    const reasoning = final?.type === "reasoning" ? final : undefined;
    const item: JsonObject = {
      id: this.head.id,
      type: "reasoning",
      summary: this.parts.json(true),
      ...(content.length === 0 ? {} : { content }),
      ...encryptedOf(reasoning?.seals ?? []),
      ...reasoning?.ext?.responses,
    };
    frames.push(this.head.frames.event("output_item.done", { output_index: this.head.outputIndex, item }));
    return { frames, item };
  }
}

/** A function or freeform call. */
export class OpenCall implements OpenItem {
  private args = "";
  private readonly prefix: string;
  readonly added: Frame;

  constructor(
    private readonly head: Head,
    private readonly call: CallItem,
  ) {
    this.prefix = `"item_id":${JSON.stringify(head.id)},"output_index":${head.outputIndex},"delta":`;
    const item = buildCall({ ...call, args: "" }, head.id, "in_progress");
    this.added = head.frames.event("output_item.added", { output_index: head.outputIndex, item });
  }

  delta(text: string): Frame {
    this.args += text;
    return this.head.frames.raw(`${this.stem()}.delta`, `${this.prefix}${JSON.stringify(text)}}`);
  }

  end(final: Item | undefined, status: Status): { frames: Frame[]; item: JsonObject } {
    const { frames, outputIndex, id } = this.head;
    const call = final?.type === "call" ? final : { ...this.call, args: this.args, incomplete: true };
    const isCut = call.incomplete === true || status === "incomplete";
    const args = call.args === "" && call.kind === "function" && !isCut ? "{}" : call.args;
    const out: Frame[] = this.args === "" && args !== "" ? [this.delta(args)] : [];
    const item = buildCall({ ...call, args }, id, isCut ? "incomplete" : "completed");
    // A call that was cut is never told as done: clients would run it. When the answer broke, it is not even ended.
    if (!isCut) {
      const named = call.kind === "function" ? { name: call.name } : {};
      const at = { item_id: id, output_index: outputIndex, [bodyKeys[call.kind]]: args, ...named };
      out.push(frames.event(`${this.stem()}.done`, at));
    }
    if (final) out.push(frames.event("output_item.done", { output_index: outputIndex, item }));
    return { frames: out, item };
  }

  private stem(): string {
    return this.call.kind === "custom" ? "custom_tool_call_input" : "function_call_arguments";
  }
}

export function buildCall(call: CallItem, id: string, status: Status | "in_progress"): JsonObject {
  const isNamed = call.kind === "function" || call.kind === "custom";
  return {
    id,
    type: call.kind === "custom" ? "custom_tool_call" : `${call.kind}_call`,
    status,
    call_id: safeId(call.callId),
    ...(isNamed ? { name: call.name } : {}),
    ...(call.namespace === undefined ? {} : { namespace: call.namespace }),
    [bodyKeys[call.kind]]: isNamed ? call.args : parsed(call.args),
    ...(call.kind === "shell" ? { environment: null } : {}),
    ...(call.caller === undefined ? {} : { caller: call.caller }),
    ...call.ext?.responses,
  };
}
