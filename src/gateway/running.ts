/** The requests that are being answered now, for those who look on. */
import type { RequestRecord } from "../model/record.ts";
import type { Wire } from "../protocols/protocol.ts";
import type { Exchange } from "./exchange.ts";
import { recordOf } from "./record-of.ts";

export class Running {
  /** How often one began or ended. */
  changes = 0;
  private readonly exchanges = new Map<string, Exchange<Wire>>();

  get count(): number {
    return this.exchanges.size;
  }

  began(exchange: Exchange<Wire>): void {
    this.changes++;
    this.exchanges.set(exchange.id, exchange);
  }

  ended({ id }: Exchange<Wire>): void {
    this.changes++;
    this.exchanges.delete(id);
  }

  /** So many of those that run longest, as they would be kept if they ended now: nobody was told a status yet. */
  longest(most: number): RequestRecord[] {
    return [...this.exchanges.values().take(most)].map((exchange) => recordOf(exchange, null));
  }

  find(id: string): RequestRecord | undefined {
    const exchange = this.exchanges.get(id);
    return exchange && recordOf(exchange, null);
  }
}
