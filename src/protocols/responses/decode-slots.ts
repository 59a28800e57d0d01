/** One item of an answer while it streams: what the deltas gave so far, and what its final form still adds. */
import type { Annotation, Block, CallItem, Item, MessageItem, ReasoningItem } from "../../model/chat.ts";
import { skeleton } from "../../model/collect.ts";
import type { ChatEvent } from "../../model/event.ts";
import type { Json } from "../../model/json.ts";

export type Emit = (event: ChatEvent) => void;

/** Where a text stands in its item: `c0` the first content part, `s0` the first part of a summary. */
type Place = string;

export class Slot {
  ended = false;
  /** A call whose arguments do not parse: the end of the answer tells whether it was cut. */
  held: CallItem | undefined;
  /** Ids by which a later event may name it. */
  wireId: string | undefined;
  wireCallId: string | undefined;
  private readonly places: Place[] = [];
  private readonly texts = new Map<Place, { kind: "text" | "refusal" | "summary" | "raw"; text: string }>();
  private readonly annotations = new Map<Place, Annotation[]>();
  private readonly logprobs = new Map<Place, Json[]>();
  private args = "";

  constructor(
    readonly index: number,
    readonly item: Item,
    private readonly emit: Emit,
  ) {
    emit({ type: "item-start", index, item: skeleton(item) });
  }

  text(place: Place, text: string, logprobs?: Json[]): void {
    const more = logprobs && logprobs.length > 0 ? { logprobs } : {};
    if (this.item.type !== "message" || this.ended || (text === "" && !more.logprobs)) return;
    this.add(place, "text", text);
    if (more.logprobs) {
      const list = this.logprobs.get(place);
      if (list) list.push(...more.logprobs);
      else this.logprobs.set(place, [...more.logprobs]);
    }
    this.emit({ type: "text-delta", index: this.index, block: this.places.indexOf(place), text, ...more });
  }

  refusal(place: Place, text: string): void {
    if (this.item.type !== "message" || this.ended || text === "") return;
    this.add(place, "refusal", text);
    this.emit({ type: "refusal-delta", index: this.index, block: this.places.indexOf(place), text });
  }

  reasoning(place: Place, kind: "summary" | "raw", text: string): void {
    if (this.item.type !== "reasoning" || this.ended || text === "") return;
    this.add(place, kind, text);
    this.emit({ type: "reasoning-delta", index: this.index, part: this.places.indexOf(place), kind, text });
  }

  annotate(place: Place, annotation: Annotation): void {
    if (this.item.type !== "message" || this.ended) return;
    if (!this.texts.has(place)) this.add(place, "text", "");
    const list = this.annotations.get(place) ?? [];
    this.annotations.set(place, [...list, annotation]);
    this.emit({ type: "annotation", index: this.index, block: this.places.indexOf(place), annotation });
  }

  arguments(text: string): void {
    if (this.item.type !== "call" || this.ended || this.held || text === "") return;
    this.args += text;
    this.emit({ type: "args-delta", index: this.index, text });
  }

  /** The whole text of a part, and its log probabilities: what the deltas left out is made up for. */
  whole(place: Place, kind: "text" | "refusal" | "summary" | "raw", text: string, logprobs: Json[] = []): void {
    const before = this.texts.get(place)?.text ?? "";
    const missing = text.startsWith(before) ? text.slice(before.length) : "";
    const untold = this.logprobs.has(place) ? [] : logprobs;
    if (missing === "" && untold.length === 0) return;
    if (kind === "text") this.text(place, missing, untold);
    else if (kind === "refusal") this.refusal(place, missing);
    else this.reasoning(place, kind, missing);
  }

  wholeArguments(text: string): void {
    if (text.startsWith(this.args)) this.arguments(text.slice(this.args.length));
  }

  /** Ends the item. `final` is its final form, absent when it never came: then the deltas are all there is. */
  end(final: Item | undefined, isCut: boolean): void {
    if (this.ended) return;
    if (this.item.type === "message") this.endMessage(final?.type === "message" ? final : undefined);
    else if (this.item.type === "reasoning") this.endReasoning(final?.type === "reasoning" ? final : undefined);
    else if (this.item.type === "call") this.endCall(final?.type === "call" ? final : undefined, isCut);
    else this.close(final?.type === this.item.type ? final : this.item);
  }

  private close(item: Item): void {
    this.ended = true;
    this.emit({ type: "item-end", index: this.index, item });
  }

  private add(place: Place, kind: "text" | "refusal" | "summary" | "raw", text: string): void {
    const known = this.texts.get(place);
    if (known) {
      known.text += text;
      return;
    }
    this.places.push(place);
    this.texts.set(place, { kind, text });
  }

  /** Where a part of the final form streamed: some servers count the parts of a stream in another way. */
  private placeOf(list: "c" | "s", at: number, text: string): Place {
    const place = `${list}${at}`;
    if (this.texts.has(place)) return place;
    const streamed = this.places.filter((one) => one.startsWith(list))[at];
    return streamed !== undefined && text.startsWith(this.texts.get(streamed)?.text ?? "") ? streamed : place;
  }

  private endMessage(final: MessageItem | undefined): void {
    const others: Block[] = [];
    final?.blocks.forEach((block, at) => {
      const place = this.placeOf("c", at, "text" in block ? block.text : "");
      if (block.type === "text") {
        this.whole(place, "text", block.text, block.logprobs);
        const told = this.annotations.get(place)?.length ?? 0;
        for (const annotation of block.annotations?.slice(told) ?? []) this.annotate(place, annotation);
        if (block.logprobs && this.texts.has(place)) this.logprobs.set(place, block.logprobs);
      } else if (block.type === "refusal") this.whole(place, "refusal", block.text);
      else others.push(block);
    });
    const said = this.places.map((place): Block => {
      const { kind, text } = this.texts.get(place) ?? { kind: "text", text: "" };
      if (kind === "refusal") return { type: "refusal", text };
      const annotations = this.annotations.get(place);
      const logprobs = this.logprobs.get(place);
      return { type: "text", text, ...(annotations ? { annotations } : {}), ...(logprobs ? { logprobs } : {}) };
    });
    this.close({ ...((final ?? this.item) as MessageItem), blocks: [...said, ...others] });
  }

  private endReasoning(final: ReasoningItem | undefined): void {
    const counts = { summary: 0, raw: 0 };
    for (const part of final?.text ?? []) {
      const place = this.placeOf(part.kind === "summary" ? "s" : "c", counts[part.kind]++, part.text);
      this.whole(place, part.kind, part.text);
    }
    const text = this.places.map((place) => {
      const { kind, text: said } = this.texts.get(place) ?? { kind: "summary", text: "" };
      return { kind: kind === "raw" ? ("raw" as const) : ("summary" as const), text: said };
    });
    const item = (final ?? this.item) as ReasoningItem;
    const seals = final?.seals ?? [];
    for (const seal of seals) this.emit({ type: "seal", index: this.index, seal });
    const redacted = text.length === 0 && seals.length > 0 ? { redacted: true } : {};
    this.close({ ...item, ...idOf(this.item), text, seals, ...redacted });
  }

  private endCall(final: CallItem | undefined, isCut: boolean): void {
    const known = this.held ?? final;
    if (known && !this.held) this.wholeArguments(known.args);
    const { callId, name } = this.item as CallItem;
    const { incomplete: wasCut, ...call } = known ?? (this.item as CallItem);
    const item: CallItem = { ...call, callId, name: name || call.name, args: this.args };
    const isBroken = call.kind === "function" && this.args !== "" && !parses(this.args);
    // Without its end, and with arguments that end nowhere, a call is not to be executed.
    const incomplete = wasCut === true || (isCut && (isBroken || !known));
    if (isBroken && known && !incomplete && !this.held && !isCut) {
      this.held = item;
      return;
    }
    this.close(incomplete ? { ...item, incomplete: true } : item);
  }

  /** Ends a call that was held back. */
  release(isCut: boolean): void {
    if (!this.held || this.ended) return;
    this.close(isCut ? { ...this.held, incomplete: true } : this.held);
  }
}

function idOf(item: Item): { itemId?: string } {
  return item.type === "reasoning" && item.itemId !== undefined ? { itemId: item.itemId } : {};
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
