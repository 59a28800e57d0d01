/**
 * Seals of calls, and of the text that an answer ends with, for clients whose protocol has no place for them there: they
 * travel in a reasoning item of their own, right before the call or right behind the text. `openSeals` puts those of
 * calls back when the conversation returns.
 */
import type { Item, ReasoningItem, Seal } from "../model/chat.ts";
import { type ChatEvent, isPiece } from "../model/event.ts";

type Start = ChatEvent & { type: "item-start" };

export class CallSeals {
  /** How many items were put in, by candidate, and the new places of the items behind them. */
  private readonly added = new Map<number, number>();
  private readonly moved = new Map<string, number>();
  /** Calls that are open. */
  private readonly calls = new Set<string>();
  /** By candidate: what the text said last is signed with, and the place behind the last item. */
  private readonly spoken = new Map<number, Seal[]>();
  private readonly next = new Map<number, number>();
  private readonly carries: boolean;
  private readonly lead: Seal[];
  /** Candidates whose answers hold reasoning, or a carrier that stands for it. */
  private readonly led = new Set<number>();

  /**
   * `keepsCalls`: the client's protocol has a place on calls, and none on texts. `lead` is carried before the first call
   * of an answer without reasoning.
   */
  constructor({ keepsCalls = false, lead }: { keepsCalls?: boolean; lead?: Seal } = {}) {
    this.carries = !keepsCalls;
    this.lead = lead ? [lead] : [];
  }

  items(items: Item[]): Item[] {
    const first = items.findIndex(({ type }) => type === "reasoning" || type === "call");
    return items.flatMap((item, at) => {
      const own = item.type === "call" && this.carries ? (item.seals ?? []) : [];
      const carried = own.length === 0 && item.type === "call" && at === first ? this.lead : own;
      if (carried.length > 0) return [carrier(carried), withoutSeals(item)];
      const seals = blockSeals(item);
      if (seals.length === 0) return [item];
      return [withoutSeals(item), ...(at === items.length - 1 ? [carrier(seals)] : [])];
    });
  }

  /** Seals that come with the beginning of their call are carried; for later ones the call is told already. */
  events(events: readonly ChatEvent[]): readonly ChatEvent[] {
    if (this.moved.size === 0 && events.every(isPiece)) return events;
    return events.flatMap((event, at) => {
      if (event.type === "finish") return this.finish(event);
      if (!("index" in event)) return [event];
      if (event.type === "item-start") return this.start(event, events.slice(at));
      if (event.type === "item-end" && event.item.type === "message") return [this.spokenEnd(event)];
      if (this.calls.size === 0 && this.moved.size === 0) return [event];
      const index = this.moved.get(slot(event)) ?? event.index;
      if (event.type === "seal" && this.calls.has(slot(event))) return [];
      if (event.type === "item-end" && this.calls.delete(slot(event))) {
        return [{ ...event, index, item: withoutSeals(event.item) }];
      }
      return [{ ...event, index }];
    });
  }

  private spokenEnd(event: ChatEvent & { type: "item-end" }): ChatEvent {
    const seals = blockSeals(event.item);
    if (seals.length > 0) this.spoken.set(event.c ?? 0, seals);
    return { ...event, index: this.moved.get(slot(event)) ?? event.index, item: withoutSeals(event.item) };
  }

  private finish(event: ChatEvent & { type: "finish" }): ChatEvent[] {
    const seals = this.spoken.get(event.c ?? 0);
    if (!seals) return [event];
    const place = { ...(event.c === undefined ? {} : { c: event.c }), index: this.next.get(event.c ?? 0) ?? 0 };
    return [...carried(seals, place), event];
  }

  private start(event: Start, following: readonly ChatEvent[]): ChatEvent[] {
    const { c = 0 } = event;
    const before = this.added.get(c) ?? 0;
    this.spoken.delete(c);
    const isCall = event.item.type === "call" && this.carries;
    if (isCall) this.calls.add(slot(event));
    const own = isCall ? following.flatMap((one) => (isSealOf(one, event) ? [one.seal] : [])) : [];
    const seals = isCall && own.length === 0 && !this.led.has(c) ? this.lead : own;
    if (isCall || event.item.type === "reasoning") this.led.add(c);
    const shift = seals.length > 0 ? before + 1 : before;
    if (shift > 0) this.moved.set(slot(event), event.index + shift);
    this.next.set(c, event.index + shift + 1);
    const moved = { ...event, index: event.index + shift };
    if (seals.length === 0) return [moved];
    this.added.set(c, shift);
    const place = { ...(event.c === undefined ? {} : { c }), index: event.index + before };
    return [...carried(seals, place), moved];
  }
}

function carrier(seals: Seal[]): ReasoningItem {
  return { type: "reasoning", text: [], seals };
}

function carried(seals: Seal[], place: { c?: number; index: number }): ChatEvent[] {
  return [
    { type: "item-start", ...place, item: carrier([]) },
    ...seals.map((seal): ChatEvent => ({ type: "seal", ...place, seal })),
    { type: "item-end", ...place, item: carrier(seals) },
  ];
}

function blockSeals(item: Item): Seal[] {
  return item.type === "message" ? item.blocks.flatMap(({ seal }) => seal ?? []).slice(-1) : [];
}

function withoutSeals(item: Item): Item {
  if (item.type === "message") return { ...item, blocks: item.blocks.map(({ seal: _seal, ...block }) => block) };
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
