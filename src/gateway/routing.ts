/** Where a request goes: what the pipeline knows, put before the rules of routing. */
import type { Provider } from "../config/snapshot.ts";
import { estimateInput } from "../metering/estimate-input.ts";
import type { GatewayError } from "../model/error.ts";
import type { Protocol, Wire } from "../protocols/protocol.ts";
import type { Cooling } from "../routing/cooldowns/cooldowns.ts";
import { ExpectedCosts } from "../routing/expected-cost.ts";
import { type OrderView, order } from "../routing/order.ts";
import { type Candidate, createResolve, type FactsOf, permit, type Route } from "../routing/resolve.ts";
import type { Standing } from "../routing/standing.ts";
import { Standings } from "../routing/standings.ts";
import { Conversations, conversationOf } from "./conversations.ts";
import type { Exchange } from "./exchange.ts";
import { spokenWith } from "./offered.ts";
import { hasQuotas, unpriced, wantsPrice } from "./quotas.ts";
import { describes, hasImages, imagesRefused } from "./vision.ts";

/** What routing remembers from request to request. */
export interface RoutingMemory {
  resolve: ReturnType<typeof createResolve>;
  standings: Standings;
  costs: ExpectedCosts;
  conversations: Conversations;
  /** By the client's protocol, what is spoken with each target. */
  spoken: WeakMap<Wire, WeakMap<Candidate, Protocol | "nothing">>;
}

export function createRoutingMemory(factsOf: FactsOf): RoutingMemory {
  return {
    resolve: createResolve(factsOf),
    standings: new Standings(),
    costs: new ExpectedCosts(),
    conversations: new Conversations(),
    spoken: new WeakMap(),
  };
}

/** The wire in which a candidate would be called; undefined when there is none. */
export type Speaker = (candidate: Candidate) => Wire | undefined;

export function speaker(exchange: Exchange): Speaker {
  return (candidate) => spokenWith(exchange, candidate, exchange.call.protocol);
}

/** The targets of the model, in the order in which they are tried. */
export function route(exchange: Exchange<Wire>, model: string, spoken: Speaker): readonly Candidate[] {
  return ordered(exchange, permitted(exchange, model), new View(exchange, spoken));
}

/**
 * Those for a conversation, which may hold images, and may have a target already. `selector`: in place of those of its
 * groups, to see what it would choose.
 */
export function routeConversation(exchange: Exchange, model: string, selector?: string): readonly Candidate[] {
  const found = permitted(exchange, model);
  const groups = selector === undefined ? found.groups : found.groups.map((group) => ({ ...group, selector }));
  const route = groups === found.groups ? found : { ...found, groups };
  const hasChoice = route.groups.some(({ candidates }) => candidates.length > 1);
  if (route.alias?.sticky && hasChoice) exchange.conversation = conversationOf(exchange);
  return ordered(exchange, route, new ConversationView(exchange, route));
}

function permitted(exchange: Exchange<Wire>, model: string): Route {
  const { gateway, snapshot, key } = exchange;
  const resolved = gateway.routing.resolve(snapshot, model);
  exchange.alias = resolved.alias;
  // What a request asks for itself is nothing that its client called.
  const asking = key && exchange.parent !== null ? { ...key, aliases: null } : key;
  return asking ? permit(resolved, model, asking) : resolved;
}

function ordered(exchange: Exchange<Wire>, route: Route, view: View<Wire>): readonly Candidate[] {
  const found = order(route, view);
  exchange.ordered = found;
  if (found.refusal) throw found.refusal;
  exchange.mark("routed");
  return found.candidates;
}

/** Characters of JSON for one token, on average over prose and code. */
const charactersPerToken = 4;
/** Output tokens of an answer, where no target of the model has given one yet. */
export const usualOutput = 500;

class View<W extends Wire> implements OrderView {
  readonly exploration: number;
  readonly isStream: boolean;
  readonly wantsPrice: boolean;
  protected readonly exchange: Exchange<W>;
  private readonly spoken: Speaker;
  private cost: ReturnType<ExpectedCosts["of"]> | undefined;

  constructor(exchange: Exchange<W>, spoken: Speaker) {
    this.exchange = exchange;
    this.spoken = spoken;
    this.exploration = exchange.snapshot.settings.exploration;
    this.isStream = exchange.stream;
    this.wantsPrice = hasQuotas(exchange) && wantsPrice(exchange);
  }

  random(): number {
    return this.exchange.gateway.random();
  }

  now(): number {
    return this.exchange.gateway.cooldowns.now();
  }

  isFull({ id, maxConcurrency }: Provider): boolean {
    return maxConcurrency !== null && this.exchange.gateway.slots.used(`provider ${id}`) >= maxConcurrency;
  }

  isLoggedOut({ provider: { oauth } }: Candidate): boolean {
    return oauth !== null && this.exchange.gateway.logins.lacks(oauth);
  }

  cooling(candidate: Candidate): Cooling | undefined {
    return this.exchange.minds ? this.exchange.gateway.cooldowns.cooling(candidate) : undefined;
  }

  priceRefused(): GatewayError {
    return unpriced(this.exchange.model);
  }

  isAble(candidate: Candidate): boolean {
    return this.spoken(candidate) !== undefined;
  }

  matches(candidate: Candidate): boolean {
    return this.spoken(candidate) === this.exchange.call.protocol;
  }

  standingOf({ name }: Candidate): Standing | undefined {
    return this.exchange.gateway.routing.standings.of(name);
  }

  costOf({ facts: { price } }: Candidate): number | undefined {
    if (!price) return undefined;
    this.cost ??= this.exchange.gateway.routing.costs.of(this.expected(), this.exchange.at);
    return this.cost(price);
  }

  private expected() {
    const { requestCharacters, alias, snapshot, model, gateway, stream } = this.exchange;
    let tokens = 0;
    let known = 0;
    const route = alias && model !== null ? gateway.routing.resolve(snapshot, model) : undefined;
    for (const { candidates } of route?.groups ?? []) {
      for (const candidate of candidates) {
        const average = this.standingOf(candidate)?.averages(stream)?.tokens;
        if (average === undefined) continue;
        tokens += average;
        known++;
      }
    }
    return { input: requestCharacters / charactersPerToken, output: known === 0 ? usualOutput : tokens / known };
  }
}

/** Estimates rather say too much: what is left out has to be too long for certain. */
const certain = 0.9;
/** Fewer characters than these for a token of any context need no estimate: bytes of a large body, or of a text. */
const fewest = { byte: 3, character: 1.1 };

class ConversationView extends View<Protocol> {
  private readonly route: Route;
  private estimate: number | undefined;
  private someFits: boolean | undefined;

  constructor(exchange: Exchange, route: Route) {
    super(exchange, speaker(exchange));
    this.route = route;
  }

  isTooSmall(candidate: Candidate): boolean {
    if (this.route.groups.length === 1 && this.route.groups[0]?.candidates.length === 1) return false;
    if (!this.exceeds(candidate)) return false;
    // Where nobody's is large enough, as far as we can tell, providers are the judges.
    this.someFits ??= this.route.groups.some(({ candidates }) =>
      candidates.some((one) => one.enabled && one.provider.enabled && this.isAble(one) && !this.exceeds(one)),
    );
    return this.someFits;
  }

  private exceeds({ name, facts: { context } }: Candidate): boolean {
    const { inbound, gateway } = this.exchange;
    if (context === undefined || !inbound?.isWhole) return false;
    const { content } = inbound;
    if (content.length <= context * (content.bytes ? fewest.byte : fewest.character)) return false;
    this.estimate ??= this.estimated();
    return certain * gateway.calibration.corrected(name, this.estimate) > context;
  }

  private estimated(): number {
    try {
      return estimateInput(this.exchange.canonical());
    } catch {
      // What we do not understand may pass all the same.
      return 0;
    }
  }

  blind(): "as-others" | "last" | "out" {
    if (!hasImages(this.exchange)) return "as-others";
    return describes(this.exchange) ? "last" : "out";
  }

  imagesRefused(): GatewayError {
    return imagesRefused(this.exchange);
  }

  stuckTo(): string | undefined {
    const { conversation, gateway } = this.exchange;
    return conversation === undefined ? undefined : gateway.routing.conversations.targetOf(conversation);
  }
}
