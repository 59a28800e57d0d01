/** The order in which targets are tried, and why the others are left out. */
import { GatewayError } from "../model/error.ts";
import type { Candidate, Route } from "./resolve.ts";
import { findSelector } from "./selectors/index.ts";

export interface OrderView {
  /** Is a provider at its `max_concurrency`? */
  isFull(providerId: string): boolean;
  /** Can the candidate be reached in a protocol that this gateway speaks? */
  isAble(candidate: Candidate): boolean;
  /** Does it speak the client's own protocol? */
  matches(candidate: Candidate): boolean;
  random(): number;
}

/** Throws `no-target` (or `unsupported` when every enabled target is unable) when nothing is left to try. */
export function order(route: Route, view: OrderView): Candidate[] {
  const left = { disabled: 0, unable: 0, full: 0 };
  const ordered = route.groups.flatMap((group) => {
    const able = group.candidates.filter((candidate) => {
      const reason = passedOver(candidate, view);
      if (reason) left[reason]++;
      return reason === undefined;
    });
    return findSelector(group.selector).order(able, view.random);
  });
  if (ordered.length === 0) throw noTarget(left);
  if (route.alias?.priority !== "api_match") return ordered;
  return [...ordered.filter((one) => view.matches(one)), ...ordered.filter((one) => !view.matches(one))];
}

function passedOver(candidate: Candidate, view: OrderView): "disabled" | "unable" | "full" | undefined {
  if (!candidate.enabled || !candidate.provider.enabled) return "disabled";
  if (!view.isAble(candidate)) return "unable";
  if (view.isFull(candidate.provider.id)) return "full";
  return undefined;
}

function noTarget(left: { disabled: number; unable: number; full: number }): GatewayError {
  if (left.full > 0) {
    const message = "Every target of this model is at its limit of concurrent requests. Try again in a second.";
    return new GatewayError("no-target", message, { retryAfterMs: 1000 });
  }
  if (left.unable > 0) {
    const message = "No target of this model can be reached in a protocol that answers this request.";
    return new GatewayError("unsupported", message, { param: "model" });
  }
  return new GatewayError("no-target", "Every target of this model is disabled.");
}
