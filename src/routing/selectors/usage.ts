/** The least used in 24 hours, counted in attempts. */
import { leastFirst } from "./ranked.ts";
import type { Selector } from "./selector.ts";

export const usage: Selector = {
  name: "usage",
  measure: "attempts_24h",
  order(candidates, view) {
    if (candidates.length <= 1) return { candidates };
    const at = view.now();
    return leastFirst(
      candidates,
      candidates.map((candidate) => view.standingOf(candidate)?.used(at) ?? 0),
    );
  },
};
