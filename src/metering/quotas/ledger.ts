/**
 * Who may still spend what. Alone, this process decides in memory; where others share the database, they decide there, one
 * after the other, and what this process knows is a view of that.
 */
import type { Key, Quota, Snapshot } from "../../config/snapshot.ts";
import type { QuotaStore, SlotSum } from "../../model/quota.ts";
import { Counter, definitionOf } from "./counter.ts";
import { type Ask, fits, type Need, needsOf, Reservation, take } from "./reservation.ts";
import { type Decided, SharedDesk } from "./shared.ts";
import { refusal, type Standing, standingOf } from "./standing.ts";

export interface LedgerOptions {
  store: QuotaStore;
  /** Other processes may write to the same database. */
  isShared: boolean;
  now?: () => number;
  /** Told once when a counter passes its warn level and when it is spent, and again after it fell below. */
  onWarn?: (standing: Standing) => void;
  onError?: (error: unknown) => void;
}

/** Longer than every window. */
const longestWindow = 33 * 86_400_000;
/** Reservations of a process that is not heard of for a minute are nobody's. */
const keepEveryMs = 20_000;
/** Alone there is only to be forgotten what is old. */
const keepAloneEveryMs = 600_000;

export class Ledger {
  private readonly counters = new Map<string, Counter>();
  /** What was counted before this process began, of counters that nobody has asked for yet. */
  private readonly stored = new Map<string, SlotSum[]>();
  private readonly inFlight = new Set<string>();
  private readonly levels = new Map<string, Standing["level"]>();
  private readonly options: Required<LedgerOptions>;
  private readonly desk: SharedDesk | undefined;
  private keeper: Timer | undefined;

  constructor(options: LedgerOptions) {
    this.options = { now: Date.now, onWarn: () => undefined, onError: () => undefined, ...options };
    this.desk = options.isShared ? new SharedDesk(this.options) : undefined;
  }

  /** Takes over what is in the database. */
  async open(): Promise<void> {
    const { store, isShared, onError } = this.options;
    const keep = () => store.keep([...this.inFlight]).catch(onError);
    this.keeper = setInterval(() => void keep(), isShared ? keepEveryMs : keepAloneEveryMs);
    this.keeper.unref();
    for (const sum of await this.options.store.load(this.options.now() - longestWindow)) {
      const known = this.stored.get(sum.counter);
      if (known) known.push(sum);
      else this.stored.set(sum.counter, [sum]);
    }
  }

  /** The reservation of a request. Throws `quota-exceeded`; rejects when the database that decides does not answer. */
  reserve(snapshot: Snapshot, ask: Ask): Reservation | Promise<Reservation> {
    const needs = needsOf(ask, this.countersOf(snapshot, ask.key));
    if (this.desk && needs.length > 0) return this.reserveShared(this.desk, ask, needs);
    const now = this.options.now();
    const refused = needs.find((need) => !fits(need, now));
    if (refused) throw refusal(refused, ask, now);
    for (const need of needs) take(need, now);
    return this.admitted(ask, needs, now);
  }

  private async reserveShared(desk: SharedDesk, ask: Ask, needs: Need[]): Promise<Reservation> {
    const now = this.options.now();
    const decided: Decided = await desk.reserve({ requestId: ask.requestId, needs, at: now });
    if (decided.refused) throw refusal(decided.refused, ask, this.options.now());
    return this.admitted(ask, needs, now);
  }

  private admitted(ask: Ask, needs: Need[], at: number): Reservation {
    for (const { counter } of needs) this.watch(counter);
    this.inFlight.add(ask.requestId);
    return new Reservation({ ask, needs, at, now: this.options.now }, (held) => {
      this.inFlight.delete(ask.requestId);
      if (needs.length > 0) this.desk?.settle({ requestId: ask.requestId, held });
      for (const { counter } of needs) this.watch(counter);
    });
  }

  /** Of a key, the quota with the smallest share left first. */
  standings(snapshot: Snapshot, key: Key): Standing[] {
    const now = this.options.now();
    return this.countersOf(snapshot, key)
      .map((counter) => standingOf(counter, now))
      .sort((one, other) => one.remaining / one.limit - other.remaining / other.limit);
  }

  /** Of a quota, for each key that has it, or one for all of them. */
  standingsOf(snapshot: Snapshot, quota: Quota): Standing[] {
    const now = this.options.now();
    return this.countersUnder(snapshot, quota).map((counter) => standingOf(counter, now));
  }

  /** Brings the view of a quota's counters up to date with what other processes did. */
  async refresh(snapshot: Snapshot, quotas: Iterable<Quota>): Promise<void> {
    const counters = [...quotas].flatMap((quota) => this.countersUnder(snapshot, quota));
    await this.desk?.look(counters);
  }

  /** The same for the quotas of a key. */
  async refreshOf(snapshot: Snapshot, key: Key): Promise<void> {
    await this.desk?.look(this.countersOf(snapshot, key));
  }

  /** Counts a quota anew: from nothing, or from what the usage rows of its keys say. `key`: of this one only. */
  async recount(
    snapshot: Snapshot,
    quota: Quota,
    { key, to }: { key?: string; to: "nothing" | "rows" },
  ): Promise<void> {
    const counters = this.countersUnder(snapshot, quota).filter(
      ({ definition }) => key === undefined || definition.key === null || definition.key === key,
    );
    const keys = keysOf(snapshot, quota);
    const now = this.options.now();
    const recounts = counters.map((counter) => counter.recount(keys, now));
    for (const { counter: id, slot, amount } of await this.options.store.adjust(recounts, to)) {
      this.counters.get(id)?.add(slot, amount);
    }
    await this.desk?.look(counters);
  }

  async close(): Promise<void> {
    clearInterval(this.keeper);
    await this.desk?.idle();
  }

  private countersUnder(snapshot: Snapshot, quota: Quota): Counter[] {
    const keys = quota.shared ? [""] : keysOf(snapshot, quota);
    return keys.map((key) => this.counter(quota, key, snapshot.settings.timezone));
  }

  private countersOf(snapshot: Snapshot, key: Key): Counter[] {
    return [...new Set(key.quotas)].flatMap((name) => {
      const quota = snapshot.quotas.get(name);
      return quota ? [this.counter(quota, key.name, snapshot.settings.timezone)] : [];
    });
  }

  private counter(quota: Quota, key: string, timezone: string): Counter {
    const definition = definitionOf(quota, key, timezone);
    const known = this.counters.get(definition.id);
    if (known) {
      known.define(definition);
      return known;
    }
    const counter = new Counter(definition);
    for (const { slot, amount } of this.stored.get(definition.id) ?? []) counter.add(slot, amount);
    this.stored.delete(definition.id);
    this.counters.set(definition.id, counter);
    return counter;
  }

  private watch(counter: Counter): void {
    const standing = standingOf(counter, this.options.now());
    const { id } = counter.definition;
    const last = this.levels.get(id) ?? "ok";
    this.levels.set(id, standing.level);
    if (standing.level === "spent" ? last !== "spent" : standing.level === "warn" && last === "ok") {
      this.options.onWarn(standing);
    }
  }
}

function keysOf(snapshot: Snapshot, quota: Quota): string[] {
  return [...snapshot.keys.values()].filter(({ quotas }) => quotas.includes(quota.name)).map(({ name }) => name);
}
