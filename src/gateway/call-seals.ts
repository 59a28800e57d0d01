/**
 * Seals of calls for clients whose protocol has no place for them on a call: they travel in a reasoning item of their
 * own right before it. `openSeals` puts them back when the conversation returns.
 */
import type { Item, ReasoningItem, Seal } from "../model/chat.ts";
import type { ChatEvent } from "../model/event.ts";

type Start = ChatEvent & { type: "item-start" };

export class CallSeals {
  /** How many items were put in, by candidate, and the new places of the items behind them. */
  private readonly added = new Map<number, number>();
  private readonly moved = new Map<string, number>();
  /** Calls that are open. */
  private readonly calls = new Set<string>();

  items(items: Item[]): Item[] {
    return items.flatMap((item) =>
      item.type === "call" && item.seals ? [carrier(item.seals), withoutSeals(item)] : [item],
    );
  }

  /** Seals that come with the beginning of their call are carried; for later ones the call is told already. */
  events(events: ChatEvent[]): ChatEvent[] {
    return events.flatMap((event, at) => {
      if (!("index" in event)) return [event];
      if (event.type === "item-start") return this.start(event, events.slice(at));
      if (this.calls.size === 0 && this.moved.size === 0) return [event];
      const index = this.moved.get(slot(event)) ?? event.index;
      if (event.type === "seal" && this.calls.has(slot(event))) return [];
      if (event.type === "item-end" && this.calls.delete(slot(event))) {
        return [{ ...event, index, item: withoutSeals(event.item) }];
      }
      return [{ ...event, index }];
    });
  }

  private start(event: Start, following: ChatEvent[]): ChatEvent[] {
    const { c = 0 } = event;
    const before = this.added.get(c) ?? 0;
    const isCall = event.item.type === "call";
    if (isCall) this.calls.add(slot(event));
    const seals = isCall ? following.flatMap((one) => (isSealOf(one, event) ? [one.seal] : [])) : [];
    const shift = seals.length > 0 ? before + 1 : before;
    if (shift > 0) this.moved.set(slot(event), event.index + shift);
    const moved = { ...event, index: event.index + shift };
    if (seals.length === 0) return [moved];
    this.added.set(c, shift);
    const place = { ...(event.c === undefined ? {} : { c }), index: event.index + before };
    return [
      { type: "item-start", ...place, item: carrier([]) },
      ...seals.map((seal): ChatEvent => ({ type: "seal", ...place, seal })),
      { type: "item-end", ...place, item: carrier(seals) },
      moved,
    ];
  }
}

function carrier(seals: Seal[]): ReasoningItem {
  return { type: "reasoning", text: [], seals };
}

function withoutSeals(item: Item): Item {
  if (item.type !== "call") return item;
  const { seals: _seals, ...bare } = item;
  return bare;
}

function isSealOf(event: ChatEvent, start: Start): event is ChatEvent & { type: "seal" } {
  return event.type === "seal" && slot(event) === slot(start);
}

function slot(event: { c?: number; index: number }): string {
  return `${event.c ?? 0}.${event.index}`;
}
