/** What a request would probably cost at the target to which it would go now. Nobody is called, and nothing is remembered. */
import type { Forecast } from "../model/forecast.ts";
import { emptyUsage } from "../model/usage.ts";
import { Exchange } from "./exchange.ts";
import type { Call, Gateway } from "./gateway.ts";
import { authenticate, parse } from "./handle.ts";
import type { Inbound } from "./inbound.ts";
import { weightOf } from "./quotas.ts";
import { routeConversation, usualOutput } from "./routing.ts";

/** Throws what the request would be refused with before anybody is asked; quotas and slots are not looked at. */
export async function forecast(gateway: Gateway, call: Call): Promise<Forecast> {
  const exchange = new Exchange(gateway, call);
  authenticate(exchange);
  const inbound = await parse(exchange);
  const [target] = routeConversation(exchange, inbound.envelope.model);
  if (!target) throw new Error("an order without a target is a refusal");
  const { name, facts } = target;
  const input = Math.round(gateway.calibration.corrected(name, weightOf(inbound).input));
  const standing = gateway.routing.standings.of(name);
  const usual = standing?.averages(exchange.stream) ?? standing?.averages(!exchange.stream);
  const longest = longestOf(inbound);
  const output = Math.min(Math.round(usual?.tokens ?? usualOutput), longest ?? Number.POSITIVE_INFINITY);
  const costOf = (tokens: number) =>
    facts.price?.costOf({ ...emptyUsage(), inUncached: input, outVisible: tokens }, exchange.at) ?? null;
  return {
    ...{ target: name, input, output, isMeasured: usual !== undefined, costNano: costOf(output) },
    most: longest === null ? null : { output: longest, costNano: costOf(longest) },
  };
}

/** Tokens. What we cannot read, the provider perhaps can. */
function longestOf(inbound: Inbound): number | null {
  try {
    return inbound.understood().sampling.maxTokens ?? null;
  } catch {
    return null;
  }
}
