/** The requests that are being answered now, for those who look on. */
import { Chain, Link } from "../kit/chain.ts";
import type { OpenedRecord, RequestRecord } from "../model/record.ts";
import type { Wire } from "../protocols/protocol.ts";
import type { Exchange } from "./exchange.ts";
import { recordOf } from "./record-of.ts";

/** Where one stands among them. */
export class Place extends Link {
  readonly exchange: Exchange<Wire>;

  constructor(exchange: Exchange<Wire>) {
    super();
    this.exchange = exchange;
  }
}

export class Running {
  /** How often one began or ended. */
  changes = 0;
  count = 0;
  private readonly places = new Chain<Place>();

  began(place: Place): void {
    this.changes++;
    this.count++;
    this.places.add(place);
  }

  ended(place: Place): void {
    this.changes++;
    this.count--;
    place.leave();
  }

  /** So many of those that run longest, as they would be kept if they ended now: nobody was told a status yet. */
  longest(most: number): RequestRecord[] {
    return [...this.places[Symbol.iterator]().take(most)].map(({ exchange }) => recordOf(exchange, null));
  }

  /** The same of one client key, and how many it has. */
  longestOf(key: string, most: number): { rows: RequestRecord[]; count: number } {
    const own = [...this.places].filter(({ exchange }) => exchange.key?.name === key);
    return { rows: own.slice(0, most).map(({ exchange }) => recordOf(exchange, null)), count: own.length };
  }

  /** The newest first, as they would be left if the process ended now. */
  *newest(): Generator<OpenedRecord> {
    for (const { exchange } of this.places.backwards()) yield exchange.openedRecord();
  }

  find(id: string): RequestRecord | undefined {
    for (const { exchange } of this.places) if (exchange.id === id) return recordOf(exchange, null);
    return undefined;
  }
}
