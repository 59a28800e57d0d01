/** The order in which targets are tried, and why the others are left out. */
import type { Provider } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import type { Cooling } from "./cooldowns/cooldowns.ts";
import type { Candidate, Route, RouteGroup } from "./resolve.ts";
import { findSelector } from "./selectors/index.ts";
import type { Ranking, SelectorView } from "./selectors/selector.ts";

export interface OrderView extends SelectorView {
  /** Is a provider at its `max_concurrency`? */
  isFull(provider: Provider): boolean;
  /** Is it left alone after failures? Undefined when it may be asked. */
  cooling(candidate: Candidate): Cooling | undefined;
  /** Does somebody have to log in to its account first? */
  isLoggedOut(candidate: Candidate): boolean;
  /** Can the candidate be reached in a protocol that this gateway speaks? */
  isAble(candidate: Candidate): boolean;
  /** Does it speak the client's own protocol? */
  matches(candidate: Candidate): boolean;
  /** What becomes of targets that cannot see: asked only where there are some. */
  blind?(): "as-others" | "last" | "out";
  /** Are targets left out whose price nobody knows? */
  readonly wantsPrice?: boolean;
  /** The refusal when that leaves nobody to ask. */
  priceRefused?(): GatewayError;
  /** Is its context too small for the request, while somebody else's is not? */
  isTooSmall?(candidate: Candidate): boolean;
  /** The refusal when images leave nobody to ask. */
  imagesRefused?(): GatewayError;
  /** The target of the conversation so far, by name. Asked only where there is a choice. */
  stuckTo?(): string | undefined;
}

/** Why a candidate is left out, with the numbers that decided. */
export type Reason =
  | { code: "disabled" }
  | { code: "denied" }
  | { code: "unable"; lacks: "protocol" | "vision" | "context" }
  | { code: "unpriced" }
  | { code: "logged-out" }
  | { code: "full" }
  | { code: "cooled"; cooling: Cooling };

export interface PassedOver {
  candidate: Candidate;
  /** Name of its group. */
  group: string;
  reason: Reason;
}

/** How a group's targets came into their order. */
export interface RankedGroup extends Ranking {
  name: string;
  selector: string;
  /** What the scores are. */
  measure?: string;
  /** The first is there for the sake of the conversation. */
  isStuck?: boolean;
}

export interface Ordered {
  /** To be tried in this order. */
  candidates: readonly Candidate[];
  passedOver: readonly PassedOver[];
  groups: readonly RankedGroup[];
  /** Targets of the client's own protocol come first. */
  isMatching?: boolean;
  /** All are cooled: the one whose time is nearly over is tried. */
  isLastResort?: boolean;
  /** What the client is told where there is nobody to try. */
  refusal?: GatewayError;
}

const nothing: readonly never[] = [];

/** Where all are cooled, one whose time ends within this is tried at once. */
export const nearlyOverMs = 5000;
const leastWaitMs = 1000;

/** With nothing left to try there is a refusal: `no-target`, or `unsupported` when every enabled target is unable. */
export function order(route: Route, view: OrderView): Ordered {
  const left: PassedOver[] = [];
  const groups: RankedGroup[] = [];
  for (const group of route.groups) {
    for (const candidate of group.denied ?? nothing)
      left.push({ candidate, group: group.name, reason: { code: "denied" } });
    groups.push(ranked(group, able(group, left, view), view));
  }
  const [only] = groups;
  const ordered = groups.length === 1 && only ? only.candidates : groups.flatMap(({ candidates }) => candidates);
  if (ordered.length === 0) return { ...lastResort(left, view), groups };
  const isMatching = route.alias?.priority === "api_match" && ordered.length > 1;
  const matched = isMatching ? firstThose(ordered, (one) => view.matches(one)) : ordered;
  const candidates = hasBlind(matched) && view.blind?.() === "last" ? firstThose(matched, sees) : matched;
  return { candidates, passedOver: left, groups, ...(isMatching ? { isMatching } : {}) };
}

function able({ name, candidates }: RouteGroup, left: PassedOver[], view: OrderView): readonly Candidate[] {
  const before = left.length;
  for (const candidate of candidates) {
    const reason = passedOver(candidate, view);
    if (reason) left.push({ candidate, group: name, reason });
  }
  if (left.length === before) return candidates;
  const out = new Set(left.map(({ candidate }) => candidate));
  return candidates.filter((candidate) => !out.has(candidate));
}

function ranked({ name, selector }: RouteGroup, able: readonly Candidate[], view: OrderView): RankedGroup {
  if (able.length <= 1) return { name, selector, candidates: able };
  const { measure, order } = findSelector(selector);
  const group = { name, selector, ...(measure === undefined ? {} : { measure }), ...order(able, view) };
  const stuckTo = view.stuckTo?.();
  const at = stuckTo === undefined ? -1 : group.candidates.findIndex((candidate) => candidate.name === stuckTo);
  if (at < 0) return group;
  const { scores, candidates } = group;
  const moved = { candidates: toFront(candidates, at), ...(scores ? { scores: toFront(scores, at) } : {}) };
  return { ...group, ...moved, explores: false, isStuck: true };
}

function toFront<T>(list: readonly T[], at: number): T[] {
  return [...list.slice(at, at + 1), ...list.slice(0, at), ...list.slice(at + 1)];
}

function firstThose(candidates: readonly Candidate[], are: (candidate: Candidate) => boolean): Candidate[] {
  return [...candidates.filter((one) => are(one)), ...candidates.filter((one) => !are(one))];
}

function sees({ facts }: Candidate): boolean {
  return facts.can.vision;
}

function hasBlind(candidates: readonly Candidate[]): boolean {
  return candidates.length > 1 && !candidates.every(sees);
}

function passedOver(candidate: Candidate, view: OrderView): Reason | undefined {
  if (!candidate.enabled || !candidate.provider.enabled) return { code: "disabled" };
  if (!view.isAble(candidate)) return { code: "unable", lacks: "protocol" };
  if (!sees(candidate) && view.blind?.() === "out") return { code: "unable", lacks: "vision" };
  if (view.wantsPrice && candidate.facts.price === undefined) return { code: "unpriced" };
  if (view.isTooSmall?.(candidate)) return { code: "unable", lacks: "context" };
  if (view.isLoggedOut(candidate)) return { code: "logged-out" };
  const cooling = view.cooling(candidate);
  if (cooling) return { code: "cooled", cooling };
  if (view.isFull(candidate.provider)) return { code: "full" };
  return undefined;
}

/** Nobody is left: the cooled one that is nearly over, else words on what would help. */
function lastResort(left: readonly PassedOver[], view: OrderView): Omit<Ordered, "groups"> {
  const now = view.now();
  const first = earliest(left, "until");
  if (!first || first.cooling.until - now >= nearlyOverMs) {
    return { candidates: nothing, passedOver: left, refusal: noTarget(left, now, view) };
  }
  const passedOver = left.filter(({ candidate }) => candidate !== first.candidate);
  return { candidates: [first.candidate], passedOver, isLastResort: true };
}

interface Cooled {
  candidate: Candidate;
  cooling: Cooling;
}

/** The cooled one that ends, or may be asked, before all others. One that is just being tried is nobody's. */
function earliest(left: readonly PassedOver[], by: "until" | "openAt"): Cooled | undefined {
  let first: Cooled | undefined;
  for (const { candidate, reason } of left) {
    if (reason.code !== "cooled" || reason.cooling.isProbing) continue;
    if (!first || reason.cooling[by] < first.cooling[by]) first = { candidate, cooling: reason.cooling };
  }
  return first;
}

function noTarget(left: readonly PassedOver[], now: number, view: OrderView): GatewayError {
  const codes = new Set(left.map(({ reason }) => reason.code));
  const first = earliest(left, "openAt");
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
  if (codes.has("logged-out")) {
    const message = "The provider's account behind this model is logged out. Its owner has to log in again.";
    return new GatewayError("upstream-auth", message);
  }
  const refusedPrice = codes.has("unpriced") ? view.priceRefused?.() : undefined;
  if (refusedPrice) return refusedPrice;
  if (codes.has("unable")) {
    const isForImages = left.some(({ reason }) => reason.code === "unable" && reason.lacks === "vision");
    const refused = isForImages ? view.imagesRefused?.() : undefined;
    if (refused) return refused;
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
