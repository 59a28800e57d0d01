/** What a client has of its conversation, in its own protocol. */
import type { Fields } from "../../support/upstream/shape.ts";

export interface Moment {
  items: readonly Fields[];
  replied: number;
  previous: string | undefined;
  known: number;
}

export class History {
  items: Fields[] = [];
  /** The last answer by its id, and how many items that one stands for. */
  previous: string | undefined;
  known = 0;
  /** Where the last answer begins. */
  private replied = 0;

  push(...items: Fields[]): void {
    this.items.push(...items);
  }

  keep(items: readonly Fields[], id?: string): void {
    this.replied = this.items.length;
    this.items.push(...items);
    this.previous = id;
    this.known = this.items.length;
  }

  now(): Moment {
    const { items, replied, previous, known } = this;
    return { items: [...items], replied, previous, known };
  }

  /** As if what came later had never been said. */
  back({ items, replied, previous, known }: Moment): void {
    this.items = [...items];
    this.replied = replied;
    this.previous = previous;
    this.known = known;
  }

  /** Puts a summary in the place of everything before the last answer. */
  shorten(summary: Fields): void {
    this.items = [summary, ...this.items.slice(this.replied)];
    this.replied = 1;
    this.previous = undefined;
    this.known = 0;
  }
}
