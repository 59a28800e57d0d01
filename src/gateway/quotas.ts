/** Quotas of the client's key: what a request reserves before anybody is asked, and what it came to in the end. */
import type { Quota } from "../config/snapshot.ts";
import { estimateInput } from "../metering/estimate-input.ts";
import type { Estimate, Reservation } from "../metering/quotas/reservation.ts";
import { headersOf } from "../metering/quotas/standing.ts";
import { GatewayError } from "../model/error.ts";
import type { Charge } from "../model/quota.ts";
import type { RequestRecord } from "../model/record.ts";
import { emptyUsage } from "../model/usage.ts";
import type { Wire } from "../protocols/protocol.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";
import type { Inbound } from "./inbound.ts";

/** An answer is taken to be so long at the most, unless its request says less. */
const mostOutput = 4096;
/** Characters of a request that cannot be read, for one token. */
const charactersPerToken = 3.5;

/** Tokens of a request, by our estimate. */
export interface Weight {
  input: number;
  output: number;
}

export function hasQuotas({ key }: Exchange<Wire>): boolean {
  return key !== null && key.quotas.length > 0;
}

/**
 * The candidates that the key's quotas leave, once what the request may take is reserved. Throws `quota-exceeded`, and
 * `forbidden` when only targets are left of which nobody knows the price.
 */
export async function underQuotas(
  exchange: Exchange<Wire>,
  candidates: readonly Candidate[],
  weigh: () => Weight,
): Promise<readonly Candidate[]> {
  const { gateway, snapshot, key, id, model, parent } = exchange;
  if (!key) return candidates;
  const quotas = key.quotas.flatMap((name) => snapshot.quotas.get(name) ?? []);
  const counts = (unit: Quota["unit"]) => quotas.some((quota) => quota.unit === unit);
  const isWeighed = counts("tokens") || counts("cost");
  const weight = isWeighed ? corrected(exchange, candidates, weigh()) : undefined;
  const priced = weight && counts("cost") ? pricedBy(exchange, candidates, { quotas, weight }) : undefined;
  const tokens = weight ? { input: weight.input, whole: weight.input + weight.output } : null;
  const ask = { requestId: id, key, model, parent, tokens, cost: priced?.cost ?? null };
  const reservation = gateway.quotas.reserve(snapshot, ask);
  exchange.reserved(reservation instanceof Promise ? await reservation : reservation);
  return priced?.candidates ?? candidates;
}

/** As the model that counts most of it would count it. */
function corrected({ gateway }: Exchange<Wire>, candidates: readonly Candidate[], { input, output }: Weight): Weight {
  const names = candidates.map(({ provider, model }) => `${provider.id}/${model}`);
  const counts = names.map((name) => gateway.calibration.corrected(name, input));
  return { input: counts.length === 0 ? input : Math.max(...counts), output };
}

interface Pricing {
  quotas: readonly Quota[];
  weight: Weight;
}

/** Targets with a price for all that is asked, where a quota wants that, and what the request costs at the dearest of them. */
function pricedBy(exchange: Exchange<Wire>, candidates: readonly Candidate[], { quotas, weight }: Pricing) {
  const costs = candidates.map((candidate) => costAt(candidate, weight, exchange.at));
  const left = refusesUnpriced(quotas) ? candidates.filter((_, place) => costs[place] !== undefined) : candidates;
  if (left.length === 0 && candidates.length > 0) throw unpriced(exchange.model);
  const known = costs.flatMap((cost) => cost ?? []);
  const dearest = (part: keyof Estimate) => known.reduce((most, cost) => Math.max(most, cost[part]), 0);
  return { candidates: left, cost: { input: dearest("input"), whole: dearest("whole") } };
}

/** Undefined where nobody knows the price. */
function costAt({ facts: { price } }: Candidate, { input, output }: Weight, at: number): Estimate | undefined {
  const usage = { ...emptyUsage(), inUncached: input };
  const whole = price?.costOf({ ...usage, outVisible: output }, at);
  if (whole === undefined || whole === null) return undefined;
  return { input: price?.costOf(usage, at) ?? 0, whole };
}

/** Does a quota leave out targets whose price nobody knows? Not for counting tokens, which costs nothing. */
export function wantsPrice({ snapshot, key, isCounting }: Exchange<Wire>): boolean {
  if (isCounting || !key) return false;
  return refusesUnpriced(key.quotas.flatMap((name) => snapshot.quotas.get(name) ?? []));
}

function refusesUnpriced(quotas: readonly Quota[]): boolean {
  return quotas.some(({ unit, unpriced }) => unit === "cost" && unpriced === "refuse");
}

export function unpriced(model: string | null): GatewayError {
  const named = JSON.stringify(model);
  const message = `No price is known for the model ${named}, and a quota of this key allows priced models only.`;
  return new GatewayError("forbidden", message, { param: "model" });
}

/** Of a conversation. What cannot be read is weighed by its length: perhaps the provider can. */
export function weightOf(inbound: Inbound): Weight {
  try {
    const request = inbound.understood();
    const most = request.sampling.maxTokens ?? mostOutput;
    return { input: estimateInput(request), output: Math.max(0, Math.min(most, mostOutput)) };
  } catch {
    return { ...weightOfLength(inbound.content.length), output: mostOutput };
  }
}

/** Of a request whose answer has no tokens. */
export function weightOfLength(characters: number): Weight {
  return { input: Math.max(1, Math.ceil(characters / charactersPerToken)), output: 0 };
}

/** Of the quota with the smallest share left; none where the key has no quotas. */
export function quotaHeaders({ gateway, snapshot, key }: Exchange<Wire>): Record<string, string> {
  const [first] = key ? gateway.quotas.standings(snapshot, key) : [];
  return first ? headersOf(first, Date.now()) : {};
}

/** What the request came to, with the answers that were passed over for it. */
export function settled(reservation: Reservation, records: readonly RequestRecord[], wasCalled: boolean): Charge[] {
  const sum = (amount: (record: RequestRecord) => number) => records.reduce((total, each) => total + amount(each), 0);
  const tokens = sum(({ tokens }) => (tokens ? tokens.input + tokens.output : 0));
  return reservation.settle({ wasCalled, tokens, costNano: sum(({ costNano }) => costNano ?? 0) });
}
