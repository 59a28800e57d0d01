/** The pipeline: what happens to a request, in this order. Steps decide; observers only watch. */
import { GatewayError } from "../model/error.ts";
import { withFailover } from "../routing/failover.ts";
import { order } from "../routing/order.ts";
import { type Candidate, permit, resolve } from "../routing/resolve.ts";
import { attempt, type Upstream } from "./attempt.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { Inbound, smallText } from "./inbound.ts";
import { protocolFor } from "./outgoing.ts";
import { replyEarly, replyError, replyStream, replyWhole } from "./reply.ts";

/** A stream that no upstream has committed by then is opened, so that clients do not give up. */
const openStreamAfterMs = 10_000;
/** With less than this left of a request's time, no further target is tried. */
const leastAttemptMs = 250;

export async function handle(gateway: Gateway, call: Call): Promise<Response> {
  const exchange = openExchange(gateway, call);
  try {
    authenticate(exchange);
    const inbound = await parse(exchange);
    const candidates = route(exchange, inbound);
    admit(exchange);
    const { failover, timeouts } = exchange.snapshot.settings;
    const isOver = () => timeouts.requestMs - exchange.elapsed() < leastAttemptMs;
    const upstream = withFailover(candidates, { ...failover, isOver }, (candidate) =>
      attempt(exchange, inbound, candidate),
    );
    if (!exchange.stream) return replyWhole(exchange, wholeOnly(await upstream));
    const committed = await inTime(upstream);
    return committed ? replyStream(exchange, committed) : replyEarly(exchange, upstream);
  } catch (error) {
    return replyError(exchange, exchange.failure(error));
  }
}

function authenticate(exchange: Exchange): void {
  const { gateway, call, snapshot } = exchange;
  const caller = { credentials: call.credentials, address: call.address, now: exchange.at };
  const { key, label } = gateway.authenticate(snapshot, caller);
  exchange.key = key;
  exchange.label = label ?? null;
  exchange.mark("authenticated");
}

async function parse(exchange: Exchange): Promise<Inbound> {
  const { call, snapshot } = exchange;
  const text = await call.body(snapshot.settings.limits.bodyBytes);
  exchange.mark("read");
  const { protocol, place } = call;
  const inbound = new Inbound(text, { protocol, place, mayPass: mayPass(exchange, text) });
  exchange.inbound = inbound;
  exchange.requestCharacters = text.length;
  exchange.model = inbound.envelope.model;
  exchange.stream = inbound.envelope.stream;
  exchange.framing = inbound.envelope.framing ?? "sse";
  exchange.mark("parsed");
  return inbound;
}

/**
 * Could the text be passed through? Read off the name where it stands at either end; a guess that only decides whether a
 * large body is parsed now or, perhaps, never.
 */
function mayPass({ snapshot, call, gateway }: Exchange, text: string): boolean {
  if (text.length <= smallText) return true;
  const ends = `${text.slice(0, 512)}\n${text.slice(-512)}`;
  const name = /"model"\s*:\s*"([^"\\]+)"/.exec(ends)?.[1];
  if (name === undefined || !snapshot.aliases.has(name)) return true;
  const { groups } = resolve(snapshot, name, gateway.targetFacts);
  return groups.some(({ candidates }) =>
    candidates.some((candidate) => protocolFor(candidate, call.protocol, gateway.protocols) === call.protocol),
  );
}

function route(exchange: Exchange, inbound: Inbound): Candidate[] {
  const { gateway, snapshot, key } = exchange;
  const { model } = inbound.envelope;
  const resolved = resolve(snapshot, model, gateway.targetFacts);
  exchange.alias = resolved.alias;
  const permitted = key ? permit(resolved, model, key) : resolved;
  const spoken = (candidate: Candidate) => protocolFor(candidate, exchange.call.protocol, gateway.protocols);
  const candidates = order(permitted, {
    isFull: (id) => {
      const most = snapshot.providers.get(id)?.maxConcurrency ?? null;
      return most !== null && gateway.slots.used(`provider ${id}`) >= most;
    },
    isAble: (candidate) => spoken(candidate) !== undefined,
    matches: (candidate) => spoken(candidate) === exchange.call.protocol,
    random: gateway.random,
  });
  exchange.mark("routed");
  return candidates;
}

/** Takes the key's slot; it is given back when the exchange closes. */
function admit(exchange: Exchange): void {
  const { gateway, key } = exchange;
  if (!key) return;
  const release = gateway.slots.take(`key ${key.name}`, key.maxConcurrency);
  if (!release) {
    const message = `This key may have ${key.maxConcurrency} requests in flight. Wait for one to end.`;
    throw new GatewayError("quota-exceeded", message, { retryAfterMs: 1000 });
  }
  exchange.onClose(release);
}

function wholeOnly(upstream: Upstream) {
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
