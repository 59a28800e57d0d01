/** What one request holds of its quotas while it runs, and what it comes to when it ends. */
import type { Key } from "../../config/snapshot.ts";
import type { Admission, Charge } from "../../model/quota.ts";
import type { Counter } from "./counter.ts";

/** What a request asks for. */
export interface Ask {
  requestId: string;
  key: Key;
  model: string | null;
  /** Id of the request that it was made for: such a one counts by tokens and money only. */
  parent: string | null;
  /** Null when no quota of the key counts them. */
  tokens: Estimate | null;
  /** Nano-dollars. */
  cost: Estimate | null;
}

export interface Estimate {
  input: number;
  /** Of input and output. */
  whole: number;
}

export interface Need {
  counter: Counter;
  amount: number;
  /** What counts when nobody can say any more what became of the request. */
  least: number;
}

export function needsOf(ask: Ask, counters: readonly Counter[]): Need[] {
  return counters.flatMap((counter): Need[] => {
    const { unit } = counter.definition.quota;
    if (unit === "requests") return ask.parent === null ? [{ counter, amount: 1, least: 1 }] : [];
    const estimate = unit === "tokens" ? ask.tokens : ask.cost;
    return [{ counter, amount: estimate?.whole ?? 0, least: estimate?.input ?? 0 }];
  });
}

export function fits({ counter, amount }: Need, now: number): boolean {
  return counter.used(now) + counter.reserved + amount <= counter.limit;
}

/** A request counts as soon as it is let in; tokens and money are held until it is known what they come to. */
export function take({ counter, amount }: Need, now: number): void {
  if (counter.definition.quota.unit === "requests") counter.add(counter.slotAt(now), amount);
  else counter.reserved += amount;
}

/** What came of the request. */
export interface Outcome {
  /** An upstream was called. */
  wasCalled: boolean;
  tokens: number;
  costNano: number;
}

interface Held {
  ask: Ask;
  needs: readonly Need[];
  /** When it was made. */
  at: number;
  now: () => number;
}

export class Reservation {
  private readonly held: Held;
  private readonly onSettled: (charges: Charge[]) => void;
  private isSettled = false;

  constructor(held: Held, onSettled: (charges: Charge[]) => void) {
    this.held = held;
    this.onSettled = onSettled;
  }

  /** For the journal, in case that the process ends first. */
  admission(): Admission {
    const { ask, needs, at } = this.held;
    const charges = needs.map(({ counter, least }) => chargeOf(counter, counter.slotAt(at), least));
    return {
      key: ask.key.name,
      model: ask.model,
      parent: ask.parent,
      inputTokens: ask.tokens?.input ?? null,
      inputNano: ask.cost?.input ?? null,
      charges: charges.filter(({ amount }) => amount > 0),
    };
  }

  /** Gives back what was reserved and counts what it came to; the charges are what is to be stored. Once only. */
  settle(outcome: Outcome): Charge[] {
    if (this.isSettled) return [];
    this.isSettled = true;
    const { needs, at, now } = this.held;
    const all = needs.map((need) => this.settleOne(need, outcome, { at, now: now() }));
    const charges = all.filter(({ amount: actual }) => actual > 0);
    this.onSettled(charges.length > 0 ? all : []);
    return charges;
  }

  private settleOne({ counter, amount }: Need, outcome: Outcome, { at, now }: { at: number; now: number }): Charge {
    const { unit } = counter.definition.quota;
    const isRequest = unit === "requests";
    const actual = actualOf(unit, outcome);
    const slot = counter.slotAt(isRequest ? at : now);
    if (isRequest) counter.add(slot, actual - amount);
    else {
      counter.reserved = Math.max(0, counter.reserved - amount);
      counter.add(slot, actual);
    }
    return chargeOf(counter, slot, actual);
  }
}

/** Providers say what they like: one absurd count must not end all counting. */
const mostCounted = 1e13;

function actualOf(unit: "requests" | "tokens" | "cost", { wasCalled, tokens, costNano }: Outcome): number {
  if (!wasCalled) return 0;
  if (unit === "requests") return 1;
  const told = Math.round(unit === "tokens" ? tokens : costNano);
  return told > 0 ? Math.min(told, mostCounted) : 0;
}

function chargeOf({ definition: { id } }: Counter, slot: number, amount: number): Charge {
  return { counter: id, slot, amount };
}
