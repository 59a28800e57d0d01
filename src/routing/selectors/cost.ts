/** The cheapest for what this request will probably take; those without a price come last. */
import { leastFirst } from "./ranked.ts";
import type { Selector } from "./selector.ts";

export const cost: Selector = {
  name: "cost",
  measure: "cost_nano",
  order(candidates, view) {
    if (candidates.length <= 1) return { candidates };
    return leastFirst(
      candidates,
      candidates.map((candidate) => view.costOf(candidate)),
    );
  },
};
