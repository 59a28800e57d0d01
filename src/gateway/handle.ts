/** The pipeline: what happens to a request, in this order. Steps decide; observers only watch. */
import type { Content } from "../kit/content.ts";
import { GatewayError } from "../model/error.ts";
import type { Envelope, Wire } from "../protocols/protocol.ts";
import type { Permit } from "../routing/cooldowns/permit.ts";
import { withFailover } from "../routing/failover.ts";
import { nearlyOverMs } from "../routing/order.ts";
import type { Candidate } from "../routing/resolve.ts";
import { attempt, type Upstream } from "./attempt.ts";
import { keptFor } from "./background.ts";
import { continued, dereferenced, refers } from "./continuing.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { Inbound, smallBody } from "./inbound.ts";
import { keepingFor } from "./keeping.ts";
import { hasQuotas, underQuotas, weightOf } from "./quotas.ts";
import { replyBackground, replyEarly, replyError, replyStream, replyWhole } from "./reply.ts";
import { routeConversation, type Speaker, speaker } from "./routing.ts";
import { withOpenSummaries } from "./summaries.ts";

/** A stream that no upstream has committed by then is opened, so that clients do not give up. */
const openStreamAfterMs = 10_000;
/** With less than this left of a request's time, no further target is tried. */
const leastAttemptMs = 250;

export async function handle(gateway: Gateway, call: Call): Promise<Response> {
  const exchange = openExchange(gateway, call);
  try {
    authenticate(exchange);
    const inbound = await parse(exchange);
    const kept = inbound.envelope.background ? keptFor(exchange) : undefined;
    const candidates = routeConversation(exchange, inbound.envelope.model);
    admit(exchange);
    const allowed = hasQuotas(exchange) ? await underQuotas(exchange, candidates, () => weightOf(inbound)) : candidates;
    const upstream = tryInOrder(exchange, allowed, (candidate, isLast) =>
      attempt(exchange, inbound, { candidate, isLast }),
    );
    if (kept) return replyBackground(exchange, { inbound, upstream, ...kept });
    if (!exchange.stream) return replyWhole(exchange, wholeOnly(await upstream));
    const committed = await inTime(upstream);
    return committed ? replyStream(exchange, committed) : replyEarly(exchange, upstream);
  } catch (error) {
    return replyError(exchange, exchange.failure(error));
  }
}

export function authenticate(exchange: Exchange<Wire>): void {
  const { gateway, call, snapshot } = exchange;
  const caller = { credentials: call.credentials, address: call.address, now: exchange.at };
  const { key, label } = gateway.authenticate(snapshot, caller);
  exchange.key = key;
  exchange.label = label ?? null;
  exchange.mark("authenticated");
}

/** The request with all that it stands on in it: what it goes on from, what it refers to, summaries that are ours. */
export async function parse(exchange: Exchange): Promise<Inbound> {
  const content = withOpenSummaries(exchange, await read(exchange));
  let inbound = inboundOf(exchange, content);
  const { previous } = inbound.envelope;
  const whole = previous === undefined ? content : await continued(exchange, content, previous);
  const meant = refers(exchange, whole) ? await dereferenced(exchange, whole) : whole;
  if (meant !== content) inbound = inboundOf(exchange, meant, previous);
  exchange.inbound = inbound;
  opened(exchange, inbound.envelope);
  exchange.keeping = keepingFor(exchange, inbound);
  return inbound;
}

/** Items of a kept conversation may have to be edited wherever they go: with `previous` it is parsed in any case. */
function inboundOf(exchange: Exchange, content: Content, previous?: string): Inbound {
  const { protocol, place } = exchange.call;
  if (exchange.previousScope !== undefined) {
    const scope = exchange.previousScope;
    const link = previous === undefined ? {} : { previous };
    return new Inbound(content, { protocol, place, mayPass: false, ...link, scope });
  }
  const passes = mayPass(exchange, content, speaker(exchange));
  const holds = !passes && protocol.holds?.(content);
  return new Inbound(content, { protocol, place, mayPass: passes, ...(holds ? { holds } : {}) });
}

/** The request's body, within its limit. */
export async function read(exchange: Exchange<Wire>): Promise<Content> {
  const content = await exchange.call.body(exchange.snapshot.settings.limits.bodyBytes);
  exchange.requestCharacters = content.length;
  exchange.mark("read");
  return content;
}

/** Takes over what the request says of itself. */
export function opened(exchange: Exchange<Wire>, envelope: Envelope): void {
  exchange.model = envelope.model;
  exchange.stream = envelope.stream && !envelope.background;
  exchange.framing = envelope.framing ?? "sse";
  exchange.mark("parsed");
}

/**
 * Could the body be passed through? Read off the name where it stands at either end; a guess that only decides whether a
 * large body is parsed now or, perhaps, never.
 */
export function mayPass({ snapshot, call, gateway }: Exchange<Wire>, content: Content, spoken: Speaker): boolean {
  if (content.length <= smallBody) return true;
  const name = /"model"\s*:\s*"([^"\\]+)"/.exec(content.ends(512))?.[1];
  if (name === undefined || !snapshot.aliases.has(name)) return true;
  const { groups } = gateway.routing.resolve(snapshot, name);
  return groups.some(({ candidates }) => candidates.some((candidate) => spoken(candidate) === call.protocol));
}

/** Takes the key's slot; it is given back when the exchange closes. */
export function admit(exchange: Exchange<Wire>): void {
  const { gateway, key } = exchange;
  if (!key) return;
  const release = gateway.slots.take(`key ${key.name}`, key.maxConcurrency);
  if (!release) {
    const message = `This key may have ${key.maxConcurrency} requests in flight. Wait for one to end.`;
    throw new GatewayError("quota-exceeded", message, { retryAfterMs: 1000 });
  }
  exchange.onClose(release);
}

export function tryInOrder<T>(
  exchange: Exchange<Wire>,
  candidates: readonly Candidate[],
  attempt: (candidate: Candidate, isLast: boolean) => Promise<T>,
): Promise<T> {
  const { failover, timeouts } = exchange.snapshot.settings;
  const isOver = () => timeouts.requestMs - exchange.elapsed() < leastAttemptMs;
  const enter = (candidate: Candidate) => entered(exchange, candidate, candidates.length === 1 ? nearlyOverMs : 0);
  const { enabled, maxAttempts } = failover;
  return withFailover(candidates, { enabled, maxAttempts, isOver, enter }, attempt);
}

/** Takes leave to ask a target that may be cooled. */
function entered(exchange: Exchange<Wire>, candidate: Candidate, slackMs: number): boolean | Promise<boolean> {
  exchange.permit = undefined;
  if (!exchange.minds) return true;
  const take = (permit: Permit | undefined) => {
    exchange.permit = permit;
    return permit !== undefined;
  };
  const permit = exchange.gateway.cooldowns.enter(candidate, { requestId: exchange.id, slackMs });
  return permit instanceof Promise ? permit.then(take) : take(permit);
}

export function wholeOnly(upstream: Upstream) {
  if (upstream.kind === "whole") return upstream;
  throw new GatewayError("internal", "A stream came where a whole answer was to be made.");
}

/** The upstream when it commits in time, else undefined; its failure in that time is thrown. */
async function inTime(upstream: Promise<Upstream>): Promise<Upstream | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, openStreamAfterMs, undefined);
  });
  try {
    return await Promise.race([upstream, late]);
  } finally {
    clearTimeout(timer);
  }
}
