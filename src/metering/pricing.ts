/**
 * Which price holds for a model of a provider: what is configured, else the newest price list that has it. Worked out
 * once for each target of a configuration; a request only multiplies.
 */
import { type Price, rateNames } from "../config/schema/price.ts";
import type { ModelFacts, Provider, StoredPrices } from "../config/snapshot.ts";
import { sha256Hex } from "../kit/hash.ts";
import type { Tariff } from "../model/tariff.ts";
import { tariffOf } from "./cost.ts";
import { dateOf, findPrice } from "./price-list.ts";
import builtIn from "./prices.txt" with { type: "text" };

export interface Priced {
  provider: Provider;
  model: string;
  listed: ModelFacts | undefined;
  /** The provider's name in price lists, as far as its address tells. */
  family: string | undefined;
}

/** Undefined where nobody knows a price. */
export type PriceOf = (priced: Priced) => Tariff | undefined;

interface Found {
  price: Price;
  version: string;
}

/** `stored`: the list that was loaded last, should there be one. */
export function createPriceOf(stored: () => StoredPrices | null): PriceOf {
  const fromLists = (family: string | undefined, model: string): Found | undefined => {
    if (family === undefined) return undefined;
    for (const { text, version } of lists(stored())) {
      const price = findPrice(text, family, model);
      if (price) return { price, version };
    }
    return undefined;
  };
  return (priced) => {
    const own = configured(priced);
    const { source } = own ?? {};
    const isWhole = own !== undefined && source === undefined && hasRates(own);
    const listed = isWhole ? undefined : fromLists(source ?? priced.family, priced.model);
    const found = own && !isSourceAlone(own) ? overlaid(own, listed) : listed;
    return found && tariffOf(found.price, found.version);
  };
}

/** The versions of the lists that models are looked for in, in their order. */
export function listsInForce(stored: StoredPrices | null): string[] {
  return lists(stored).map(({ version }) => version);
}

/** The newest first: a new program may know more than what was loaded long ago. */
function lists(stored: StoredPrices | null): { text: string; version: string }[] {
  const ours = { text: builtIn, version: `builtin-${dateOf(builtIn)}` };
  if (!stored) return [ours];
  const loaded = { text: stored.text, version: `update-${stored.version}` };
  return new Date(stored.at).toISOString().slice(0, 10) < dateOf(builtIn) ? [ours, loaded] : [loaded, ours];
}

/** The models of the provider that is always there have one price. */
function configured({ provider, listed }: Priced): Price | undefined {
  if (listed) return listed.price ?? undefined;
  return provider.origin === "builtin" ? (provider.models.get(provider.id)?.price ?? undefined) : undefined;
}

function isSourceAlone(own: Price): boolean {
  return Object.keys(own).every((name) => name === "source");
}

/** A price without rates, a discount say, goes with those of a list. */
function hasRates({ input, output, per_request, per_1k_requests }: Price): boolean {
  return [input, output, per_request, per_1k_requests].some((rate) => rate !== undefined);
}

/** What is configured wins, member by member; beside a rate of one's own, those of a list's cases would not fit. */
function overlaid(own: Price, listed: Found | undefined): Found | undefined {
  const { tiers, modes, scheduled, time_of_day, ...plain } = listed?.price ?? {};
  const isOwn = rateNames.some((name) => own[name] !== undefined);
  const price = { ...(isOwn ? plain : listed?.price), ...own };
  if (!hasRates(price)) return undefined;
  return { price, version: `config-${sha256Hex(JSON.stringify(price)).slice(0, 8)}` };
}
