/** Tells many listeners the same things, and one that comes back what it missed. Nothing is kept while nobody listens. */

export interface Told<Item> {
  /** Counted up by each thing that is told. */
  readonly id: number;
  readonly item: Item;
}

export interface BroadcastOptions {
  /** How many things are kept for those who come back. */
  keep: number;
  /** How long they are kept when the last listener has gone. */
  lingerMs: number;
  now?: () => number;
}

export class Broadcast<Item> {
  private readonly listeners = new Set<(told: Told<Item>) => void>();
  private readonly options: Required<BroadcastOptions>;
  private kept: Told<Item>[] = [];
  private last = 0;
  private leftAt = Number.NEGATIVE_INFINITY;

  constructor(options: BroadcastOptions) {
    this.options = { now: Date.now, ...options };
  }

  /** `make` is called only when somebody listens, or did a moment ago. A listener must not throw. */
  publish(make: () => Item): void {
    const { keep, lingerMs, now } = this.options;
    this.last++;
    if (this.listeners.size === 0 && now() - this.leftAt > lingerMs) {
      this.kept = [];
      return;
    }
    const told = { id: this.last, item: make() };
    this.kept.push(told);
    // Cut seldom, for it moves all that stay.
    if (this.kept.length >= 2 * keep) this.kept = this.kept.slice(-keep);
    for (const listener of [...this.listeners]) listener(told);
  }

  /** Returns the function that ends the listening. */
  listen(listener: (told: Told<Item>) => void): () => void {
    this.listeners.add(listener);
    return () => {
      if (this.listeners.delete(listener)) this.leftAt = this.options.now();
    };
  }

  /** What was told after that; undefined when some of it is not known any more. */
  after(id: number): Told<Item>[] | undefined {
    if (id === this.last) return [];
    const kept = this.kept.slice(-this.options.keep);
    const first = kept[0];
    const isKnown = first !== undefined && id + 1 >= first.id && id <= this.last;
    if (!isKnown) return undefined;
    return kept.filter((told) => told.id > id);
  }

  get listening(): number {
    return this.listeners.size;
  }
}
