/** One counter in memory: what counts in its window, by slots, and what is reserved. */
import type { Quota } from "../../config/snapshot.ts";
import type { Recount } from "../../model/quota.ts";
import { slotAt, slotLength, type Window, windowAt } from "./window.ts";

/** What a counter counts: one quota, for one key or for all that share it. */
export interface Definition {
  id: string;
  quota: Quota;
  /** Null when all keys of the quota share it. */
  key: string | null;
  timezone: string;
}

export class Counter {
  definition: Definition;
  readonly slots = new Map<number, number>();
  /** Of tokens and money, of requests in flight; requests themselves count at once. */
  reserved = 0;
  private sum = 0;
  private window: Window | undefined;

  constructor(definition: Definition) {
    this.definition = definition;
  }

  /** The limit may have changed, and where a day begins. */
  define(definition: Definition): void {
    if (definition.timezone !== this.definition.timezone) this.window = undefined;
    this.definition = definition;
  }

  /** The limit in the unit of the amounts: requests, tokens or nano-dollars. */
  get limit(): number {
    return limitOf(this.definition.quota);
  }

  used(now: number): number {
    const { start } = this.windowAt(now);
    for (const [slot, amount] of this.slots) {
      if (slot >= start) continue;
      this.slots.delete(slot);
      this.sum -= amount;
    }
    return Math.max(0, this.sum);
  }

  /** The window of a calendar is worked out once for as long as it lasts. */
  windowAt(now: number): Window {
    const { quota, timezone } = this.definition;
    if (quota.window === "rolling") return windowAt(quota, timezone, now);
    if (!this.window || now >= this.window.end || now < this.window.start) {
      this.window = windowAt(quota, timezone, now);
    }
    return this.window;
  }

  slotAt(at: number): number {
    const { quota, timezone } = this.definition;
    return quota.window === "rolling" ? slotAt(quota, timezone, at) : this.windowAt(at).start;
  }

  add(slot: number, amount: number): void {
    const next = (this.slots.get(slot) ?? 0) + amount;
    if (next === 0) this.slots.delete(slot);
    else this.slots.set(slot, next);
    this.sum += amount;
  }

  /** What another process may have changed, too. */
  replace(slots: ReadonlyMap<number, number>, reserved: number): void {
    this.slots.clear();
    this.sum = 0;
    for (const [slot, amount] of slots) this.add(slot, amount);
    this.reserved = reserved;
  }

  /** When something of what counts leaves. */
  firstFreeAt(now: number): number {
    const { end } = this.windowAt(now);
    const { quota } = this.definition;
    const step = slotLength(quota);
    if (step === null || this.used(now) === 0) return end;
    return Math.min(...this.slots.keys()) + step + (quota.periodMs ?? 0);
  }

  /** What the usage rows would have to be asked for. `keys`: all that have the quota. */
  recount(keys: readonly string[], now: number): Recount {
    const { id, quota, key } = this.definition;
    const of = key === null ? keys : [key];
    return { counter: id, unit: quota.unit, keys: of, since: this.windowAt(now).start, slotMs: slotLength(quota) };
  }

  /** When so much is free that `wanted` more would pass, as far as that depends on time alone. */
  freeAt(wanted: number, now: number): number {
    const { end } = this.windowAt(now);
    const { quota } = this.definition;
    const step = slotLength(quota);
    if (step === null) return end;
    let left = this.used(now);
    for (const slot of [...this.slots.keys()].sort((one, other) => one - other)) {
      left -= this.slots.get(slot) ?? 0;
      if (left + wanted <= this.limit) return slot + step + (quota.periodMs ?? 0);
    }
    return end;
  }
}

export function limitOf({ unit, limit }: Quota): number {
  return unit === "cost" ? Math.round(limit * 1e9) : limit;
}

/** The definition is in the id: what counted in another window or unit means nothing in this one. */
export function definitionOf(quota: Quota, key: string, timezone: string): Definition {
  const owner = quota.shared ? null : key;
  const shape = [quota.unit, quota.window, quota.periodMs ?? "-"].join(" ");
  return { id: `${quota.name} ${shape} ${owner === null ? "*" : `=${owner}`}`, quota, key: owner, timezone };
}
