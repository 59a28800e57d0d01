/** By weight: each place goes to one of the rest with a chance of its weight's share. */
import type { Candidate } from "../resolve.ts";
import type { Selector } from "./selector.ts";

export const random: Selector = {
  name: "random",
  order(candidates, next) {
    const rest = [...candidates];
    if (rest.length <= 1) return rest;
    const out: Candidate[] = [];
    while (rest.length > 0) out.push(...rest.splice(draw(rest, next), 1));
    return out;
  },
};

function draw(rest: readonly Candidate[], next: () => number): number {
  const total = rest.reduce((sum, one) => sum + one.weight, 0);
  let left = next() * total;
  for (const [at, one] of rest.entries()) {
    left -= one.weight;
    if (left < 0) return at;
  }
  return rest.length - 1;
}
