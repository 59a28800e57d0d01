/**
 * The pipeline that makes a conversation short: a provider's own endpoint where it has one, else a model is asked to
 * write the summary, and it is sealed for the client to bring back. The steps are those of `handle`.
 */
import { estimateUsage } from "../metering/estimate.ts";
import { GatewayError } from "../model/error.ts";
import type { Answer } from "../model/event.ts";
import type { JsonObject } from "../model/json.ts";
import type { CompactingWire } from "../protocols/compacting.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Candidate } from "../routing/resolve.ts";
import { attempt, type WholeUpstream } from "./attempt.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { admit, authenticate, parse, tryInOrder, wholeOnly } from "./handle.ts";
import { ownHeaders } from "./headers.ts";
import type { Inbound } from "./inbound.ts";
import { hasQuotas, underQuotas, weightOf } from "./quotas.ts";
import { replyContext } from "./rendering.ts";
import { replyError, replyWhole } from "./reply.ts";
import { route, speaker } from "./routing.ts";
import { sealSummary } from "./summaries.ts";

/** The provider does not have this endpoint, or not for this model. */
const noEndpoint = new Set([404, 405, 501]);

export async function compact(gateway: Gateway, call: Call<CompactingWire>): Promise<Response> {
  const exchange: Exchange = openExchange<Protocol>(gateway, call);
  try {
    authenticate(exchange);
    const inbound = await parse(exchange);
    const candidates = route(exchange, inbound.envelope.model, speaker(exchange));
    const kept = call.protocol.keptItems(inbound.body, exchange.id);
    admit(exchange);
    const allowed = hasQuotas(exchange) ? await underQuotas(exchange, candidates, () => weightOf(inbound)) : candidates;
    const upstream = await tryInOrder(exchange, allowed, (candidate) => ask(exchange, inbound, candidate));
    return upstream.isVerbatim
      ? replyWhole(exchange, upstream)
      : replySummary(exchange, upstream, { wire: call.protocol, kept });
  } catch (error) {
    return replyError(exchange, exchange.failure(error));
  }
}

async function ask(exchange: Exchange, inbound: Inbound, candidate: Candidate): Promise<WholeUpstream> {
  const { gateway, call } = exchange;
  exchange.asksIn = call.protocol;
  try {
    return wholeOnly(await attempt(exchange, inbound, { candidate, isLast: true }));
  } catch (error) {
    const status = error instanceof GatewayError ? (error.detail.upstreamStatus ?? 0) : 0;
    const conversation = gateway.protocols.find(({ name }) => name === call.protocol.name);
    const isOwn = speaker(exchange)(candidate) === call.protocol;
    if (!conversation || !isOwn || !noEndpoint.has(status)) throw error;
    // It speaks the protocol, but cannot do this: it is asked in words, like any other.
    exchange.asksIn = conversation;
    return wholeOnly(await attempt(exchange, inbound, { candidate, isLast: true }));
  }
}

interface Summarised {
  wire: CompactingWire;
  kept: readonly JsonObject[];
}

function replySummary(exchange: Exchange, upstream: WholeUpstream, { wire, kept }: Summarised): Response {
  const { notes, requestCharacters } = exchange;
  const text = summaryOf(upstream.answers);
  // What the client is told is what the usage row will say.
  const usage = exchange.usage ?? estimateUsage(undefined, { requestCharacters, frames: 0 });
  if (!exchange.usage) notes.add("estimated", "usage");
  const summary = { kept, sealed: sealSummary(exchange, text), usage };
  const body = wire.buildSummary(summary, replyContext(exchange, exchange.replyRequest()));
  const headers = { "content-type": "application/json", ...ownHeaders(exchange) };
  exchange.close(200);
  return new Response(JSON.stringify(body), { headers });
}

/** Throws for one that is not whole: what it leaves out would be lost. */
function summaryOf([answer]: readonly Answer[]): string {
  const blocks = answer?.items.flatMap((item) => (item.type === "message" ? item.blocks : [])) ?? [];
  const text = blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
  if (answer?.finish === "stop" && text.trim() !== "") return text;
  const words = `The model did not write a whole summary of the conversation (it ended with ${answer?.finish}).`;
  throw new GatewayError("upstream-failed", `${words} Try again, or with another model.`);
}
