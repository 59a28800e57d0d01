/**
 * The states of one cooldown and what moves it between them. Pure: the same change is done on the view of this process
 * and, in a transaction, on what all nodes share.
 *
 * Cooled until `openAt`; then half open, one live request at a time; a success takes the state out, a failure is the next
 * step. What nobody tried for a day after its end is forgotten.
 */
import type { CooldownKey, CooldownState } from "../../model/cooldown.ts";
import type { ErrorCode } from "../../model/error.ts";
import { type CooldownSettings, type Rule, stepMs } from "./rules.ts";

export const leaseMs = 60_000;
const memoryMs = 86_400_000;
const longestMessage = 500;

export interface Failure {
  key: CooldownKey;
  at: number;
  /** When the attempt began that failed. */
  startedAt: number;
  rule: Rule;
  code: ErrorCode;
  message: string;
  requestId: string;
  window?: string;
  /** The time that the provider stated: as it is believed, and as it was written. */
  stated?: { ms: number; rawMs: number };
  /** The attempt was this probe. */
  probe?: string;
}

/** What moves with the clock alone. */
export type Phase = "cooled" | "probing" | "half-open" | "forgotten";

export function phaseOf(state: CooldownState, at: number): Phase {
  if (state.probe && state.probe.until > at) return "probing";
  if (at < state.openAt) return "cooled";
  return at < Math.max(state.until, state.steppedAt) + memoryMs ? "half-open" : "forgotten";
}

export function failed(
  before: CooldownState | undefined,
  failure: Failure,
  settings: CooldownSettings,
): CooldownState | undefined {
  const { at } = failure;
  const live = before && phaseOf(before, at) !== "forgotten" ? before : undefined;
  const wasProbe = live?.probe != null && live.probe.owner === failure.probe;
  const freed = live && wasProbe ? { ...live, probe: null } : live;
  // Before its far end, a trial that fails has found what was known.
  if (freed?.isFar && at < freed.until && (wasProbe || !failure.stated)) return freed;
  if (failure.stated) return untilStated(freed, failure, { ...failure.stated, settings });
  // Requests that ran together fail together, also those of a node that had not heard of the step: that is one failure.
  if (freed && !wasProbe && failure.startedAt < freed.openAt) return freed;
  const failures = (freed?.failures ?? 0) + 1;
  const until = Math.max(freed?.until ?? 0, at + stepMs(failure.rule, failures, settings));
  return { ...described(freed, failure), failures, until, openAt: until, source: "schedule", isFar: false };
}

/** A stated time is believed instead of the schedule and raises no count. One that ends sooner shortens nothing. */
function untilStated(
  live: CooldownState | undefined,
  failure: Failure,
  { ms, rawMs, settings }: { ms: number; rawMs: number; settings: CooldownSettings },
): CooldownState {
  const { at } = failure;
  const until = at + ms;
  if (live && live.until >= until && live.until > at) return live;
  const isFar = rawMs > settings.maxMs;
  const trial = live?.isFar && live.openAt > at ? live.openAt : at + settings.probeMs;
  const openAt = isFar ? Math.min(until, trial) : until;
  return { ...described(live, failure), failures: live?.failures ?? 0, until, openAt, source: "stated", isFar };
}

type Described = Omit<CooldownState, "failures" | "until" | "openAt" | "source" | "isFar">;

function described(live: CooldownState | undefined, failure: Failure): Described {
  const { key, at, code, message, requestId, window = null } = failure;
  const words = message.slice(0, longestMessage);
  const probe = live?.probe ?? null;
  return { key, since: live?.since ?? at, steppedAt: at, probe, reason: code, message: words, requestId, window };
}

/** A success that began before the present step says nothing of it. */
export function succeeded(state: CooldownState | undefined, startedAt: number): CooldownState | undefined {
  return state && startedAt <= state.steppedAt ? state : undefined;
}

export interface Claim {
  owner: string;
  at: number;
  /** How long before its end it may be. */
  slackMs: number;
  probeMs: number;
}

/** Takes the one trial; the same object back when it is not to be had. Nothing to claim where there is no state. */
export function claimed(state: CooldownState | undefined, claim: Claim): CooldownState | undefined {
  const { owner, at, slackMs, probeMs } = claim;
  if (!state) return undefined;
  const phase = phaseOf(state, at);
  if (phase === "forgotten") return undefined;
  if (phase === "probing" || (at < state.openAt && at + slackMs < state.until)) return state;
  const openAt = state.isFar && at < state.until ? Math.min(state.until, at + probeMs) : state.openAt;
  return { ...state, openAt, probe: { owner, until: at + leaseMs } };
}

/** The probe is still running. */
export function renewed(state: CooldownState | undefined, owner: string, at: number): CooldownState | undefined {
  return state?.probe?.owner === owner ? { ...state, probe: { owner, until: at + leaseMs } } : state;
}

/** The probe ended and told nothing: the next request may try. */
export function released(state: CooldownState | undefined, owner: string, at: number): CooldownState | undefined {
  if (state?.probe?.owner !== owner) return state;
  return { ...state, probe: null, openAt: state.isFar ? Math.min(state.openAt, at) : state.openAt };
}
