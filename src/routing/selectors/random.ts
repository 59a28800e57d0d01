/** By weight: each place goes to one of the rest with a chance of its weight's share. */
import { leastFirst } from "./ranked.ts";
import type { Selector } from "./selector.ts";

export const random: Selector = {
  name: "random",
  order(candidates, view) {
    if (candidates.length <= 1) return { candidates };
    // Waiting times of rates that are the weights come in just this order; a weight of 0 is never its turn before others.
    const waits: number[] = [];
    for (const { weight } of candidates) waits.push(-Math.log(1 - view.random()) / weight);
    return { candidates: leastFirst(candidates, waits).candidates };
  },
};
