/**
 * Reservations where several processes share one database. Those that come while one step runs wait for the next and take
 * it together: many requests at once cost no more round trips than one.
 */
import type { CounterQuery, CounterState, Ended, QuotaStore, Reserved } from "../../model/quota.ts";
import type { Counter } from "./counter.ts";
import { fits, type Need, take } from "./reservation.ts";
import { unreachable } from "./standing.ts";

export interface Asked {
  requestId: string;
  needs: readonly Need[];
  at: number;
}

export interface Decided {
  refused?: Need;
}

interface Waiting {
  asked: Asked;
  resolve(decided: Decided): void;
  reject(error: unknown): void;
}

interface DeskOptions {
  store: QuotaStore;
  now: () => number;
  onError: (error: unknown) => void;
}

const retryMs = 1000;

export class SharedDesk {
  private readonly options: DeskOptions;
  private waiting: Waiting[] = [];
  private ended: Ended[] = [];
  private running: Promise<void> | undefined;

  constructor(options: DeskOptions) {
    this.options = options;
  }

  reserve(asked: Asked): Promise<Decided> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ asked, resolve, reject });
      this.run();
    });
  }

  /** A request that is over. */
  settle(ended: Ended): void {
    this.ended.push(ended);
    this.run();
  }

  /** Reads what other processes did, too. */
  async look(counters: readonly Counter[]): Promise<void> {
    if (counters.length === 0) return;
    await this.correct();
    await this.step(counters, () => []);
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private run(): void {
    this.running ??= this.work().finally(() => {
      this.running = undefined;
      if (this.waiting.length > 0 || this.ended.length > 0) this.run();
    });
  }

  private async work(): Promise<void> {
    // What comes in the same turn goes along.
    await Promise.resolve();
    while (this.waiting.length > 0 || this.ended.length > 0) {
      // What ended before a request came makes room for it.
      while (this.ended.length > 0) await this.correct();
      const batch = this.waiting;
      this.waiting = [];
      if (batch.length > 0) await this.decide(batch);
    }
  }

  /** What could not be told stays with us until it can. */
  private async correct(): Promise<void> {
    const batch = this.ended;
    this.ended = [];
    if (batch.length === 0) return;
    try {
      await this.options.store.correct(batch);
    } catch (error) {
      this.options.onError(error);
      const again = setTimeout(() => {
        for (const one of batch) this.settle(one);
      }, retryMs);
      again.unref();
    }
  }

  private async decide(batch: readonly Waiting[]): Promise<void> {
    const counters = [...new Set(batch.flatMap(({ asked }) => asked.needs.map(({ counter }) => counter)))];
    const outcomes = new Map<Waiting, Decided>();
    try {
      await this.step(counters, () => {
        outcomes.clear();
        return batch.flatMap((one) => this.decideOne(one, outcomes));
      });
    } catch (error) {
      for (const { reject } of batch) reject(unreachable(error));
      return;
    }
    for (const one of batch) one.resolve(outcomes.get(one) ?? {});
  }

  private decideOne(one: Waiting, outcomes: Map<Waiting, Decided>): Reserved[] {
    const { requestId, needs, at } = one.asked;
    const now = this.options.now();
    const refused = needs.find((need) => !fits(need, now));
    outcomes.set(one, refused ? { refused } : {});
    if (refused) return [];
    for (const need of needs) take(need, now);
    return needs.map(({ counter, amount }) => ({ requestId, counter: counter.definition.id, at, amount }));
  }

  private async step(counters: readonly Counter[], decide: () => Reserved[]): Promise<void> {
    const now = this.options.now();
    const queries = counters.map((counter): CounterQuery => {
      const { start } = counter.windowAt(now);
      const isRequests = counter.definition.quota.unit === "requests";
      return { id: counter.definition.id, since: start, reservedSince: isRequests ? start : 0 };
    });
    await this.options.store.reserve(queries, (state: ReadonlyMap<string, CounterState>) => {
      for (const counter of counters) {
        const found = state.get(counter.definition.id);
        if (found) takeOver(counter, found, now);
      }
      return { reserved: decide(), decided: undefined };
    });
  }
}

/** What ended counts already, though its row is on its way; requests count as soon as they are let in. */
function takeOver(counter: Counter, { slots, reserved, ended }: CounterState, now: number): void {
  const isRequests = counter.definition.quota.unit === "requests";
  counter.replace(slots, isRequests ? 0 : reserved);
  counter.add(counter.slotAt(now), isRequests ? ended + reserved : ended);
}
