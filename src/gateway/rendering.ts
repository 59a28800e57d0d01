/** What rendering an answer for the client needs of its exchange. */
import type { ChatRequest } from "../model/chat.ts";
import type { ReplyContext } from "../protocols/protocol.ts";
import type { Upstream } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import { sealRing } from "./outgoing.ts";
import { Outward } from "./outward.ts";

export function replyContext(exchange: Exchange, request: ChatRequest): ReplyContext {
  const previous = exchange.previous === undefined ? {} : { previous: exchange.previous };
  return { request, ...previous, requestId: exchange.id, now: Math.floor(exchange.at / 1000) };
}

export function outwardFor(exchange: Exchange, upstream: Upstream, request: ChatRequest): Outward {
  return new Outward({
    ring: sealRing(exchange),
    from: upstream.protocol,
    to: exchange.call.protocol,
    scope: upstream.candidate.facts.scope,
    request,
  });
}
