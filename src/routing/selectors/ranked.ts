/** Sorting by scores, and what all measured selectors have in common. */
import type { Candidate } from "../resolve.ts";
import type { Standing } from "../standing.ts";
import type { Ranking, Selector, SelectorView } from "./selector.ts";

/** The least score first; equal ones as listed, those without one at the end. */
export function leastFirst(
  candidates: readonly Candidate[],
  scores: readonly (number | undefined)[],
): Required<Pick<Ranking, "candidates" | "scores">> {
  const keys = Float64Array.from(scores, (score) => keyOf(score));
  const places = candidates.map((_, place) => place);
  places.sort((one, other) => (keys[one] ?? 0) - (keys[other] ?? 0) || one - other);
  return inPlaces(candidates, scores, places);
}

/** Infinity minus itself is no order. */
function keyOf(score: number | undefined): number {
  return score === undefined || Number.isNaN(score) || score > Number.MAX_VALUE ? Number.MAX_VALUE : score;
}

function inPlaces(
  candidates: readonly Candidate[],
  scores: readonly (number | undefined)[],
  places: readonly number[],
) {
  const ordered: Candidate[] = [];
  for (const place of places) {
    const candidate = candidates[place];
    if (candidate) ordered.push(candidate);
  }
  return { candidates: ordered, scores: places.map((place) => scores[place]) };
}

/** So many requests at once find out about a target that nobody knows; the others do not wait for what they learn. */
const mostTrials = 3;
/** A target without a measurement that has failed is not tried first again before this time. */
const retryMs = 60_000;

interface Measured {
  name: string;
  /** What its scores are. */
  measure: string;
  best: "least" | "most";
  /** Undefined while nothing was measured. */
  scoreOf(standing: Standing, view: SelectorView): number | undefined;
}

/** The best known first, behind those of which nothing is known; a share of the requests is asked elsewhere, to learn. */
export function measured({ name, measure, best, scoreOf }: Measured): Selector {
  const sign = best === "least" ? 1 : -1;
  return {
    name,
    measure,
    order(candidates, view) {
      if (candidates.length <= 1) return { candidates };
      const scores: (number | undefined)[] = [];
      const keys: number[] = [];
      let isComplete = true;
      for (const candidate of candidates) {
        const standing = view.standingOf(candidate);
        const score = standing && scoreOf(standing, view);
        scores.push(score);
        const isTrial = score === undefined && mayTry(standing, view);
        if (isTrial) isComplete = false;
        keys.push(isTrial ? firstOf(standing) : score === undefined ? Number.MAX_VALUE : sign * score);
      }
      return ranking(candidates, { scores, keys, isComplete }, view);
    },
  };
}

/** Before all scores; the one that was asked least is first. */
function firstOf(standing: Standing | undefined): number {
  return -Number.MAX_VALUE / (1 + (standing?.asked ?? 0));
}

function mayTry(standing: Standing | undefined, view: SelectorView): boolean {
  if (!standing) return true;
  return standing.inFlight < mostTrials && view.now() - standing.failedAt >= retryMs;
}

interface Judged {
  scores: readonly (number | undefined)[];
  keys: readonly number[];
  /** Nobody waits for a first trial. */
  isComplete: boolean;
}

function ranking(candidates: readonly Candidate[], { scores, keys, isComplete }: Judged, view: SelectorView): Ranking {
  const places = keys.map((_, place) => place);
  places.sort((one, other) => (keys[one] ?? 0) - (keys[other] ?? 0) || one - other);
  const explores = isComplete && view.exploration > 0 && view.random() < view.exploration;
  if (explores) {
    const [other = 0] = places.splice(1 + Math.floor(view.random() * (places.length - 1)), 1);
    places.unshift(other);
  }
  return { ...inPlaces(candidates, scores, places), explores: explores || !isComplete };
}
