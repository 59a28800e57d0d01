/**
 * Things in a row, the oldest first, each of which leaves at any time at no cost. For what comes and goes with every
 * request: a map or a set makes itself a new table now and then, and the runtime's collector finds through the former ones
 * all that stood in them, so that most of what had left lives until a full collection.
 */

/** Stands in one chain at a time, or in none. */
export class Link {
  before: Link = this;
  after: Link = this;

  leave(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this;
    this.after = this;
  }
}

export class Chain<Item extends Link> {
  private readonly ends = new Link();

  /** At the end; it leaves wherever it stood. */
  add(item: Item): void {
    item.leave();
    const last = this.ends.before;
    last.after = item;
    item.before = last;
    item.after = this.ends;
    this.ends.before = item;
  }

  get first(): Item | undefined {
    const { after } = this.ends;
    return after === this.ends ? undefined : (after as Item);
  }

  /** The one at hand may leave. */
  *[Symbol.iterator](): Generator<Item> {
    for (let at = this.ends.after; at !== this.ends; ) {
      const { after } = at;
      yield at as Item;
      at = after;
    }
  }

  /** The newest first. */
  *backwards(): Generator<Item> {
    for (let at = this.ends.before; at !== this.ends; at = at.before) yield at as Item;
  }
}
