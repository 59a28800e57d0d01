/** The order in which targets are tried, and why the others are left out. */
import { GatewayError } from "../model/error.ts";
import type { Cooling } from "./cooldowns/cooldowns.ts";
import type { Candidate, Route } from "./resolve.ts";
import { findSelector } from "./selectors/index.ts";

export interface OrderView {
  /** Is a provider at its `max_concurrency`? */
  isFull(providerId: string): boolean;
  /** Is it left alone after failures? Undefined when it may be asked. */
  cooling(candidate: Candidate): Cooling | undefined;
  /** Epoch milliseconds of the clock that `cooling` tells its times in. */
  now(): number;
  /** Can the candidate be reached in a protocol that this gateway speaks? */
  isAble(candidate: Candidate): boolean;
  /** Does it speak the client's own protocol? */
  matches(candidate: Candidate): boolean;
  random(): number;
}

/** Why a candidate is left out, with the numbers that decided. */
export type Reason =
  | { code: "disabled" }
  | { code: "unable" }
  | { code: "full" }
  | { code: "cooled"; cooling: Cooling };

export interface PassedOver {
  candidate: Candidate;
  reason: Reason;
}

export interface Ordered {
  /** To be tried in this order; never empty. */
  candidates: Candidate[];
  passedOver: PassedOver[];
}

/** Where all are cooled, one whose time ends within this is tried at once. */
export const nearlyOverMs = 5000;
const leastWaitMs = 1000;

/** Throws `no-target` (or `unsupported` when every enabled target is unable) when nothing is left to try. */
export function order(route: Route, view: OrderView): Ordered {
  const left: PassedOver[] = [];
  const ordered = route.groups.flatMap((group) => {
    const able = group.candidates.filter((candidate) => {
      const reason = passedOver(candidate, view);
      if (reason) left.push({ candidate, reason });
      return reason === undefined;
    });
    return findSelector(group.selector).order(able, view.random);
  });
  if (ordered.length === 0) return lastResort(left, view.now());
  if (route.alias?.priority !== "api_match") return { candidates: ordered, passedOver: left };
  const candidates = [...ordered.filter((one) => view.matches(one)), ...ordered.filter((one) => !view.matches(one))];
  return { candidates, passedOver: left };
}

function passedOver(candidate: Candidate, view: OrderView): Reason | undefined {
  if (!candidate.enabled || !candidate.provider.enabled) return { code: "disabled" };
  if (!view.isAble(candidate)) return { code: "unable" };
  const cooling = view.cooling(candidate);
  if (cooling) return { code: "cooled", cooling };
  if (view.isFull(candidate.provider.id)) return { code: "full" };
  return undefined;
}

/** Nobody is left: the cooled one that is nearly over, else words on what would help. */
function lastResort(left: readonly PassedOver[], now: number): Ordered {
  const first = earliest(left);
  if (!first || first.cooling.openAt - now >= nearlyOverMs) throw noTarget(left, now);
  return { candidates: [first.candidate], passedOver: left.filter(({ candidate }) => candidate !== first.candidate) };
}

/** The cooled one that may be asked first. One that is just being tried is nobody's. */
function earliest(left: readonly PassedOver[]): { candidate: Candidate; cooling: Cooling } | undefined {
  let first: { candidate: Candidate; cooling: Cooling } | undefined;
  for (const { candidate, reason } of left) {
    if (reason.code !== "cooled" || reason.cooling.isProbing) continue;
    if (!first || reason.cooling.openAt < first.cooling.openAt) first = { candidate, cooling: reason.cooling };
  }
  return first;
}

function noTarget(left: readonly PassedOver[], now: number): GatewayError {
  const codes = new Set(left.map(({ reason }) => reason.code));
  const first = earliest(left);
  if (codes.has("cooled")) {
    // A full one, or one that is just being tried, may be free in a moment.
    const isMoment = !first || codes.has("full");
    const wait = isMoment ? leastWaitMs : Math.max(leastWaitMs, Math.ceil(first.cooling.openAt - now));
    return allCooled(wait);
  }
  if (codes.has("full")) {
    const message = "Every target of this model is at its limit of concurrent requests. Try again in a second.";
    return new GatewayError("no-target", message, { retryAfterMs: leastWaitMs });
  }
  if (codes.has("unable")) {
    const message = "No target of this model can be reached in a protocol that answers this request.";
    return new GatewayError("unsupported", message, { param: "model" });
  }
  return new GatewayError("no-target", "Every target of this model is disabled.");
}

/** What is told when cooldowns leave nothing to try. */
export function allCooled(retryAfterMs: number = leastWaitMs): GatewayError {
  const seconds = Math.ceil(retryAfterMs / 1000);
  const message = `Every target of this model is cooling down after failures. The next may be tried in ${seconds} s.`;
  return new GatewayError("no-target", message, { retryAfterMs });
}
