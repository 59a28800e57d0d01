/**
 * Ids of calls that occurred in the conversation before become new ones in a translated answer: some servers count anew
 * in every turn, while others refuse a conversation in which an id comes twice.
 */
import type { Item } from "../model/chat.ts";
import type { Answer, ChatEvent } from "../model/event.ts";
import { derivedId, safeId } from "../protocols/ids.ts";

const none = new Set<string>();

export class FreshIds {
  private readonly taken: ReadonlySet<string>;

  /** `items` of the conversation that is answered. */
  constructor(items: readonly Item[]) {
    let taken = none;
    for (const item of items) {
      if (item.type !== "call") continue;
      if (taken === none) taken = new Set();
      taken.add(safeId(item.callId));
    }
    this.taken = taken;
  }

  events(events: readonly ChatEvent[]): readonly ChatEvent[] {
    if (this.taken.size === 0) return events;
    return events.map((event) =>
      event.type === "item-start" || event.type === "item-end" ? { ...event, item: this.item(event.item) } : event,
    );
  }

  answers(answers: Answer[]): Answer[] {
    if (this.taken.size === 0) return answers;
    return answers.map((answer) => ({ ...answer, items: answer.items.map((item) => this.item(item)) }));
  }

  private item<One extends Item>(item: One): One {
    return item.type === "call" ? { ...item, callId: this.fresh(item.callId) } : item;
  }

  /** The same for the same conversation, whatever else the answer holds. */
  private fresh(id: string): string {
    let fresh = safeId(id);
    if (!this.taken.has(fresh)) return id;
    for (let ordinal = 1; this.taken.has(fresh); ordinal++) fresh = derivedId(id, 0, ordinal);
    return fresh;
  }
}
