/**
 * Seals for clients that strip what they do not know: kept when a translated answer ends, and put back when the
 * conversation returns without them and the same account is asked again. What clients do bring back has precedence.
 */
import type { RollingDigest } from "../kit/hash.ts";
import type { ChatRequest, Item } from "../model/chat.ts";
import type { Answer, ChatEvent } from "../model/event.ts";
import type { KeptTurn } from "../model/kept-turn.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";
import { keyOf, partsOf, resealed, type Turn, type Turns, turnsOf } from "./turns.ts";

const asItIs = (text: string) => text;

/** The turns of the request's conversation, worked out once. */
export function turnsIn(exchange: Exchange): Turns {
  exchange.turns ??= turnsOf(exchange.canonical().items, exchange.key?.name ?? "", (text) => exchange.readable(text));
  return exchange.turns;
}

/** Looks for what memory does not know; undefined when there is nothing to wait for. */
export function gatherTurns(exchange: Exchange, candidate: Candidate): Promise<void> | undefined {
  const { gateway, key } = exchange;
  if (!key || !gateway.turns.mayHave(key.name)) return undefined;
  const bare = turnsIn(exchange).list.filter(({ isSealed }) => !isSealed);
  const keys = bare.map((turn) => turn.key).filter((one) => gateway.turns.recall(one) === undefined);
  if (keys.length === 0) return undefined;
  const { scope } = candidate.facts;
  return gateway.turns.load({ owner: key.name, scope, keys })?.catch((error) => {
    gateway.log.warn("kept seals could not be read: the request goes on without", { request: exchange.id, error });
  });
}

/** The request with what was kept of its turns, as far as this account made it. */
export function withKeptSeals(exchange: Exchange, request: ChatRequest, candidate: Candidate): ChatRequest {
  const { gateway, key } = exchange;
  if (!key || !gateway.turns.mayHave(key.name)) return request;
  const turns = turnsIn(exchange).list;
  const { scope } = candidate.facts;
  const kept = (turn: Turn): KeptTurn | undefined => {
    const found = exchange.gateway.turns.recall(turn.key);
    return found && found.scope === scope && found.owner === exchange.key?.name ? found : undefined;
  };
  if (!turns.some((turn) => !turn.isSealed && kept(turn))) return request;
  return { ...request, items: resealed(request.items, turns, kept) };
}

/** Watches one translated answer, of which the first candidate goes on. */
export class TurnKeeper {
  private readonly exchange: Exchange;
  private readonly digest: RollingDigest;
  private readonly candidate: Candidate;
  private readonly origin: string;
  private readonly items: Item[] = [];

  constructor(exchange: Exchange, { candidate, origin }: { candidate: Candidate; origin: string }) {
    this.exchange = exchange;
    this.digest = turnsIn(exchange).digest;
    this.candidate = candidate;
    this.origin = origin;
  }

  events(events: readonly ChatEvent[]): void {
    for (const event of events) {
      if (event.type === "item-end" && !event.c) this.items[event.index] = event.item;
      else if (event.type === "finish" && !event.c) this.keep(this.items);
    }
  }

  whole([first]: readonly Answer[]): void {
    if (first) this.keep(first.items);
  }

  private keep(items: readonly Item[]): void {
    const { gateway, key } = this.exchange;
    const parts = partsOf(items);
    if (!parts || !key) return;
    const turn = { at: Date.now(), owner: key.name, scope: this.candidate.facts.scope, origin: this.origin, parts };
    gateway.turns.keep({ key: keyOf(this.digest, items, asItIs), ...turn });
  }
}
