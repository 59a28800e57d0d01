/**
 * Keeps the view of this process and what all nodes share the same: a change is in the view at once and goes to the
 * store in the background, in order; what others changed is read every half second. While the database is away the
 * view alone counts, and the changes wait.
 */
import type { CooldownChange, CooldownKey, CooldownState, CooldownStore } from "../../model/cooldown.ts";
import { sameKey } from "../../model/cooldown.ts";
import { Keyed, type States } from "./view.ts";

export interface SharedOptions {
  store: CooldownStore | undefined;
  /** Told once of each outage. */
  onError(error: unknown): void;
  everyMs?: number;
}

interface Waiting {
  change: CooldownChange;
  /** Told when the change is stored, or the database was away. */
  settled?: () => void;
}

const firstBackoff = 250;
const longestBackoff = 10_000;
const mostWaiting = 2000;
/** A trial waits no longer for the word of the database. */
const claimMs = 2000;

export class SharedStates {
  readonly states: States = new Keyed();
  private readonly options: SharedOptions;
  /** Not in the store yet, oldest first. */
  private readonly waiting: Waiting[] = [];
  private seen: number | undefined;
  private working: Promise<void> | undefined;
  private timer: Timer | undefined;
  private backoff = 0;
  private isClosed = false;

  constructor(options: SharedOptions) {
    this.options = options;
  }

  /** Reads what is there, and goes on looking. Rejects when the database does. */
  async open(): Promise<void> {
    if (!this.options.store) return;
    await this.look(this.options.store);
    this.timer = setInterval(() => this.wake(), this.options.everyMs ?? 500);
    this.timer.unref();
  }

  /** In the view at once, in the store soon. */
  change(change: CooldownChange): void {
    this.states.set(change.key, change.apply(this.states.get(change.key)));
    this.add({ change });
  }

  /**
   * Does the change, and resolves with what is stored then: the word of the database, or, when it does not come in time,
   * of the view.
   */
  async settle(change: CooldownChange): Promise<CooldownState | undefined> {
    this.states.set(change.key, change.apply(this.states.get(change.key)));
    if (this.options.store) {
      const stored = new Promise<void>((settled) => this.add({ change, settled }));
      if (this.backoff === 0) await Promise.race([stored, Bun.sleep(claimMs)]);
    }
    return this.states.get(change.key);
  }

  /** Resolves when what waits is stored and all is read that others changed, or when the database was away. */
  async flush(): Promise<void> {
    await this.working;
    this.wake();
    await this.working;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await Promise.race([this.flush(), Bun.sleep(claimMs)]);
    this.isClosed = true;
    this.settleAll();
  }

  private add(waiting: Waiting): void {
    if (!this.options.store) return;
    if (this.waiting.length >= mostWaiting) this.waiting.shift()?.settled?.();
    this.waiting.push(waiting);
    this.wake();
  }

  private wake(): void {
    const { store } = this.options;
    if (!store || this.isClosed || this.working) return;
    this.working = this.work(store).finally(() => {
      this.working = undefined;
      if (this.waiting.length > 0 && this.backoff === 0) this.wake();
    });
  }

  private async work(store: CooldownStore): Promise<void> {
    try {
      if (this.backoff > 0) await Bun.sleep(this.backoff);
      for (let next = this.waiting[0]; next; next = this.waiting[0]) {
        const stored = await store.change(next.change);
        this.waiting.splice(this.waiting.indexOf(next), 1);
        this.put(next.change.key, stored);
        next.settled?.();
      }
      await this.look(store);
      this.backoff = 0;
    } catch (error) {
      if (this.backoff === 0) this.options.onError(error);
      this.backoff = Math.min(longestBackoff, Math.max(firstBackoff, this.backoff * 2));
      this.settleAll();
    }
  }

  private settleAll(): void {
    for (const { settled } of this.waiting) settled?.();
  }

  private async look(store: CooldownStore): Promise<void> {
    const read = await store.read(this.seen);
    if (!read) return;
    this.seen = read.version;
    this.states.clear();
    for (const state of read.states) this.states.set(state.key, state);
    for (const { change } of this.waiting) this.states.set(change.key, change.apply(this.states.get(change.key)));
  }

  /** What is stored, and what is still to be done on it. */
  private put(key: CooldownKey, stored: CooldownState | undefined): void {
    const left = this.waiting.filter(({ change }) => sameKey(change.key, key));
    this.states.set(
      key,
      left.reduce((state: CooldownState | undefined, { change }) => change.apply(state), stored),
    );
  }
}
