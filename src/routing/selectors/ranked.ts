/** Sorting by scores, and what all measured selectors have in common. */
import type { Candidate } from "../resolve.ts";
import type { Standing } from "../standing.ts";
import type { Ranking, Selector, SelectorView } from "./selector.ts";

/** The least score first; equal ones as listed, those without one at the end. `shown`: what is recorded instead. */
export function leastFirst(
  candidates: readonly Candidate[],
  scores: readonly (number | undefined)[],
  shown: readonly (number | undefined)[] = scores,
): Required<Pick<Ranking, "candidates" | "scores">> {
  const keys = new Float64Array(scores.length);
  for (let place = 0; place < keys.length; place++) keys[place] = keyOf(scores[place]);
  return inPlaces(candidates, shown, placesOf(keys));
}

/** Places by their keys, the least first. So many need no more than the lowest bits of a key to tell them apart. */
const placeBits = 12;
const placeMask = 2 ** placeBits - 1;

/**
 * Models may have hundreds of targets, and each request sorts them: with its place in the lowest bits of each key, plain
 * numbers are sorted, which takes a tenth of the time of a comparison that is called. Equal keys stay as listed.
 */
function placesOf(keys: Float64Array): number[] {
  if (keys.length > placeMask) return byComparison(keys);
  const words = new Uint32Array(keys.buffer);
  for (let place = 0; place < keys.length; place++) {
    // A negative zero would change its sign below.
    if (keys[place] === 0) keys[place] = 0;
    const isNegative = (keys[place] ?? 0) < 0;
    const at = 2 * place;
    words[at] = (((words[at] ?? 0) & ~placeMask) | (isNegative ? placeMask - place : place)) >>> 0;
  }
  keys.sort();
  const places: number[] = [];
  for (let at = 0; at < keys.length; at++) {
    const low = (words[2 * at] ?? 0) & placeMask;
    places.push((keys[at] ?? 0) < 0 ? placeMask - low : low);
  }
  return places;
}

function byComparison(keys: Float64Array): number[] {
  const places = Array.from(keys, (_, place) => place);
  return places.sort((one, other) => (keys[one] ?? 0) - (keys[other] ?? 0) || one - other);
}

/** Infinity and what is no number are at the end. */
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
      const keys = new Float64Array(candidates.length);
      let isComplete = true;
      for (const candidate of candidates) {
        const standing = view.standingOf(candidate);
        const score = standing && scoreOf(standing, view);
        const isTrial = score === undefined && mayTry(standing, view);
        if (isTrial) isComplete = false;
        keys[scores.length] = isTrial ? firstOf(standing) : score === undefined ? Number.MAX_VALUE : sign * score;
        scores.push(score);
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
  keys: Float64Array;
  /** Nobody waits for a first trial. */
  isComplete: boolean;
}

function ranking(candidates: readonly Candidate[], { scores, keys, isComplete }: Judged, view: SelectorView): Ranking {
  const places = placesOf(keys);
  const explores = isComplete && view.exploration > 0 && view.random() < view.exploration;
  if (explores) {
    const [other = 0] = places.splice(1 + Math.floor(view.random() * (places.length - 1)), 1);
    places.unshift(other);
  }
  return { ...inPlaces(candidates, scores, places), explores: explores || !isComplete };
}
