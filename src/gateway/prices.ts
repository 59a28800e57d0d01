/** The price of a target by its name, for what is not a request: a row to be priced later, a page, a quota. */
import type { Snapshot } from "../config/snapshot.ts";
import type { Tariff } from "../model/tariff.ts";
import type { FactsOf } from "../routing/resolve.ts";

/** `target` is `provider/model`, the model in the provider's own words. Undefined where nobody knows the price. */
export function priceOfTarget(snapshot: Snapshot, factsOf: FactsOf, target: string): Tariff | undefined {
  const slash = target.indexOf("/");
  const provider = slash < 0 ? undefined : snapshot.providers.get(target.slice(0, slash));
  const model = target.slice(slash + 1);
  return provider && factsOf(provider, model, provider.models.get(model)).price;
}
