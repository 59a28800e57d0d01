/** The one record that is left of an exchange. */
import { uuidv7 } from "../kit/id.ts";
import type { GatewayError } from "../model/error.ts";
import type { RequestRecord } from "../model/record.ts";
import type { Usage } from "../model/usage.ts";
import { countTokens, partsOf } from "../model/usage-parts.ts";
import type { Wire } from "../protocols/protocol.ts";
import { recordText } from "../routing/recorded.ts";
import type { Exchange } from "./exchange.ts";

export function recordOf(exchange: Exchange<Wire>, status: number | null, error?: GatewayError): RequestRecord {
  const target = exchange.target;
  const usage = exchange.measured();
  return {
    id: exchange.id,
    parent: exchange.parent,
    at: exchange.at,
    protocol: exchange.call.protocol.name,
    address: exchange.call.address,
    key: exchange.key?.name ?? null,
    label: exchange.label,
    model: exchange.model,
    alias: exchange.alias?.name ?? null,
    target: target ? `${target.provider}/${target.model}` : null,
    provider: target?.provider ?? null,
    attempts: exchange.attempts,
    stream: exchange.stream,
    status,
    code: error?.code ?? null,
    interrupted: false,
    counted: exchange.wasCalled && exchange.parent === null && !exchange.isCounting,
    tokens: usage ? countTokens(usage) : null,
    ...charged(exchange, usage),
    ttftMs: exchange.phases.committed ?? null,
    totalMs: exchange.phases.closed ?? null,
    upstreamMs: exchange.attempts > 0 ? Math.round(exchange.upstreamMs * 100) / 100 : null,
    phases: exchange.phases,
    finish: exchange.finish,
    degraded: exchange.clientNotes(),
    errors: exchange.errors,
    routing: exchange.ordered ? recordText(exchange.ordered, exchange.snapshot.version) : null,
    clientRequestId: exchange.call.headers.get("x-client-request-id")?.slice(0, 256) ?? null,
  };
}

/** Of the present target's answer alone, which the client never sees. */
export function passedOver(exchange: Exchange<Wire>, error: GatewayError): RequestRecord {
  const errors = [{ code: error.code, message: error.message, chain: [] }];
  const own = { id: uuidv7(), parent: exchange.id, attempts: 1, counted: false, errors, routing: null };
  return { ...recordOf(exchange, null, error), ...own };
}

/** Where nobody knows the price, the cost is unknown, and not nothing. */
function charged(exchange: Exchange<Wire>, usage: Usage | undefined): Pick<RequestRecord, "costNano" | "pricing"> {
  if (!usage) return { costNano: null };
  const reportedNano = usage.reportedNano ?? null;
  const computedNano = exchange.price?.costOf(usage, exchange.at) ?? null;
  const version = exchange.price?.version ?? null;
  return {
    costNano: reportedNano ?? computedNano,
    pricing: { reportedNano, computedNano, version, parts: partsOf(usage) },
  };
}
