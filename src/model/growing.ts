/** The items of one candidate that have begun and not ended, as far as their deltas tell them. */
import type { Block, Item, MessageItem } from "./chat.ts";
import type { ChatEvent } from "./event.ts";

export class GrowingItems {
  private readonly items = new Map<number, Item>();
  /** Something belongs to a message that no delta showed. */
  private isPartial = false;

  /** To be told of all events of the candidate that its reader gets. */
  told(event: ChatEvent): void {
    switch (event.type) {
      case "item-start": {
        const { item } = event;
        this.items.set(event.index, item.type === "message" ? { ...item, blocks: [] } : item);
        break;
      }
      case "item-end":
        this.items.delete(event.index);
        break;
      case "text-delta":
      case "refusal-delta":
        this.grow(event);
        break;
      case "annotation":
        this.annotate(event);
        break;
      case "seal":
        if (this.items.get(event.index)?.type === "message") this.isPartial = true;
        break;
    }
  }

  /** The end of what is open, when that is nothing but a message; undefined when its provider has to tell the rest. */
  ending(): ChatEvent[] | undefined {
    const [only, ...others] = this.items;
    if (!only) return [];
    const [index, item] = only;
    if (others.length > 0 || item.type !== "message" || this.isPartial) return undefined;
    return [{ type: "item-end", index, item }];
  }

  private grow(event: ChatEvent & { type: "text-delta" | "refusal-delta" }): void {
    const message = this.message(event.index);
    if (!message) return;
    const { block: at, text } = event;
    // A block between two of text, as of an image, is shown by the end of its item alone.
    if (at > message.blocks.length) this.isPartial = true;
    const fresh: Block = event.type === "text-delta" ? { type: "text", text: "" } : { type: "refusal", text: "" };
    const block = message.blocks[at] ?? fresh;
    message.blocks[at] = block;
    if (block.type !== "text" && block.type !== "refusal") return;
    block.text += text;
    if (event.type !== "text-delta" || !event.logprobs || block.type !== "text") return;
    block.logprobs = [...(block.logprobs ?? []), ...event.logprobs];
  }

  private annotate({ index, block: at, annotation }: ChatEvent & { type: "annotation" }): void {
    const block = this.message(index)?.blocks[at];
    if (block?.type === "text") block.annotations = [...(block.annotations ?? []), annotation];
    else this.isPartial = true;
  }

  private message(index: number): MessageItem | undefined {
    const item = this.items.get(index);
    return item?.type === "message" ? item : undefined;
  }
}
