/** The answer to the client: whole, as an error, or as the head of a stream. */
import { applySplices, scanObject, spliceMembers } from "../kit/json.ts";
import type { GatewayError } from "../model/error.ts";
import type { Wire } from "../protocols/protocol.ts";
import type { StreamUpstream, Upstream, WholeUpstream } from "./attempt.ts";
import { type Kept, streamOf } from "./background.ts";
import type { Exchange } from "./exchange.ts";
import { crossingHeaders, ownHeaders } from "./headers.ts";
import type { Inbound } from "./inbound.ts";
import { outwardFor, replyContext } from "./rendering.ts";
import { StreamReply } from "./stream-reply.ts";

export function replyWhole(exchange: Exchange, upstream: WholeUpstream): Response {
  const headers = upstream.text === undefined ? {} : crossingHeaders(upstream.headers);
  headers["content-type"] = "application/json";
  Object.assign(headers, ownHeaders(exchange));
  const body = bodyOf(exchange, upstream);
  exchange.keeping?.whole(body);
  exchange.close(200);
  return new Response(body, { headers });
}

function bodyOf(exchange: Exchange, upstream: WholeUpstream): string {
  return upstream.text === undefined ? rendered(exchange, upstream) : linked(exchange, upstream.text);
}

interface InBackground extends Kept {
  inbound: Inbound;
  upstream: Promise<Upstream>;
}

/** The pending answer, or a stream that waits for it. */
export function replyBackground(exchange: Exchange, { inbound, upstream, ...kept }: InBackground): Response {
  const { call, gateway, snapshot } = exchange;
  const body = (whole: WholeUpstream) => bodyOf(exchange, whole);
  const running = gateway.backgrounds.start(exchange, { inbound, ...kept, upstream, body });
  const { stream } = inbound.envelope;
  const headers = ownHeaders(exchange);
  delete headers["x-plexus-target"];
  delete headers["x-plexus-attempts"];
  headers["content-type"] = stream ? "text/event-stream; charset=utf-8" : "application/json";
  const { heartbeatMs } = snapshot.settings;
  if (stream) {
    return new Response(streamOf(running, { after: 0, heartbeatMs, heartbeat: call.protocol.heartbeat }), { headers });
  }
  return new Response(JSON.stringify({ ...running.pending, status: "queued" }), { headers });
}

function rendered(exchange: Exchange, upstream: WholeUpstream): string {
  const request = exchange.replyRequest();
  const fresh = exchange.freshIds?.answers(upstream.answers) ?? upstream.answers;
  exchange.keeper?.whole(fresh);
  const answers = outwardFor(exchange, upstream, request).answers(fresh);
  return JSON.stringify(exchange.call.protocol.buildResponse(answers, replyContext(exchange, request)));
}

/** The same as `renamed`, with the id of the answer that it goes on from, of which the provider knows nothing. */
function linked(exchange: Exchange, text: string): string {
  const out = renamed(exchange, text);
  const { stored } = exchange.call.protocol;
  if (exchange.previous === undefined || !stored) return out;
  const members = scanObject(out)?.members;
  if (!members) return out;
  const values = new Map([[stored.previousMember, JSON.stringify(exchange.previous)]]);
  return applySplices(out, spliceMembers(out, values, { object: {}, members }));
}

/** The provider's own text, with the client's name of the model. */
export function renamed(exchange: Exchange<Wire>, text: string): string {
  const name = exchange.call.protocol.modelMember ?? "model";
  const member = scanObject(text)?.members.findLast(({ key }) => key === name);
  if (!member) return text;
  return applySplices(text, [{ start: member.start, end: member.end, text: JSON.stringify(exchange.model) }]);
}

function streamHeaders(exchange: Exchange): Record<string, string> {
  const type = exchange.framing === "sse" ? "text/event-stream; charset=utf-8" : "application/json";
  return { "content-type": type, "cache-control": "no-cache", "x-accel-buffering": "no" };
}

export function replyStream(exchange: Exchange, upstream: StreamUpstream | WholeUpstream): Response {
  const headers = {
    ...(upstream.isVerbatim ? crossingHeaders(upstream.headers) : {}),
    ...streamHeaders(exchange),
    ...ownHeaders(exchange),
  };
  return new Response(new StreamReply(exchange, upstream).body(), { headers });
}

/** A stream that is opened before any upstream committed: its grammar's first events, and pings until there is more. */
export function replyEarly(exchange: Exchange, pending: Promise<Upstream>): Response {
  const reply = new StreamReply(exchange, undefined);
  reply.openEarly(pending);
  const headers: Record<string, string> = { ...streamHeaders(exchange), ...ownHeaders(exchange) };
  delete headers["x-plexus-target"];
  delete headers["x-plexus-attempts"];
  return new Response(reply.body(), { headers });
}

/** The error in the client's shape, framed as its answer would have been where that is known already. */
export function replyError(exchange: Exchange<Wire>, error: GatewayError): Response {
  const built = exchange.call.protocol.buildError(error, exchange.id);
  exchange.close(error.code === "cancelled" ? null : built.status, error);
  const headers = {
    "content-type": "application/json",
    ...built.headers,
    ...ownHeaders(exchange),
    ...error.detail.headers,
  };
  // A client that reads an array reads the error as its only element.
  const body = exchange.framing === "json-array" ? [built.body] : built.body;
  return new Response(JSON.stringify(body), { status: built.status, headers });
}
