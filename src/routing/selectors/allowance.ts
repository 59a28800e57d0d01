/**
 * The most upstream allowance that would be lost at its next reset. Without data as listed, behind those that have
 * something to lose and before those that have nothing left.
 */

import type { Candidate } from "../resolve.ts";
import { leastFirst } from "./ranked.ts";
import type { Selector, SelectorView } from "./selector.ts";

const mostTrials = 3;
const first = -2;

export const allowance: Selector = {
  name: "allowance",
  measure: "would_be_lost",
  order(candidates, view) {
    if (candidates.length <= 1) return { candidates };
    const lost = candidates.map((candidate) => view.standingOf(candidate)?.wouldBeLost(view.now()));
    // What nobody has ever told anything of is in order: only where one is known do the others have to be asked.
    if (lost.every((share) => share === undefined)) {
      const mayTell = candidates.some((candidate) => view.standingOf(candidate)?.wasTold === true);
      if (!mayTell) return { candidates };
    }
    const keys = candidates.map((candidate, place) => keyOf(candidate, lost[place], view));
    return leastFirst(candidates, keys, lost);
  },
};

function keyOf(candidate: Candidate, lost: number | undefined, view: SelectorView): number {
  if (lost !== undefined) return lost > 0 ? -lost : 1;
  const standing = view.standingOf(candidate);
  // Never asked, or told before its reset: asking is the only way to know.
  const isOpen = !standing || standing.asked === 0 || standing.wasTold;
  return isOpen && (standing?.inFlight ?? 0) < mostTrials ? first : 0;
}
