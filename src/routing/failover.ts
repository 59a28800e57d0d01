/** Tries targets in order until one commits. Knows codes, never message text, and nothing of what an attempt does. */
import { type ErrorCode, errorTable, GatewayError, toGatewayError } from "../model/error.ts";
import { allCooled } from "./order.ts";
import type { Candidate } from "./resolve.ts";

/** When every target failed, the first of these classes that any attempt gave is what the client is told. */
const told: readonly ErrorCode[] = [
  "rate-limited",
  "allowance-spent",
  "overloaded",
  "upstream-timeout",
  "upstream-failed",
  "upstream-unreachable",
  "context-length",
  "unsupported",
  "billing",
  "upstream-auth",
  "not-found",
];

export interface FailoverLimits {
  enabled: boolean;
  maxAttempts: number;
  /** Asked before every attempt but the first: is the time for all of them over? */
  isOver?(): boolean;
  /** Leave to ask this candidate now; false passes it over, as one that was cooled meanwhile. */
  enter?(candidate: Candidate): boolean | Promise<boolean>;
}

/**
 * Resolves with the first attempt that commits. Throws at once what no other target would mend, else, after the last
 * one, the class that says most. An attempt is told when it is the last. Each attempt's error was already recorded by the
 * attempt itself.
 */
export async function withFailover<T>(
  candidates: readonly Candidate[],
  limits: FailoverLimits,
  attempt: (candidate: Candidate, isLast: boolean) => Promise<T>,
): Promise<T> {
  const errors: GatewayError[] = [];
  const most = limits.enabled ? limits.maxAttempts : 1;
  /** After a request was too long for one target, only a larger window is worth a try. */
  let largerThan = 0;
  let attempts = 0;
  let left = candidates.length;
  for (const candidate of candidates) {
    left--;
    if (attempts >= most || (attempts > 0 && limits.isOver?.())) break;
    if (largerThan > 0 && (candidate.facts.context ?? 0) <= largerThan) continue;
    const entered = limits.enter?.(candidate) ?? true;
    if (!(typeof entered === "boolean" ? entered : await entered)) continue;
    attempts++;
    try {
      return await attempt(candidate, attempts === most || left === 0);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      if (!errorTable[error.code].nextTarget) throw error;
      errors.push(error);
      if (error.code === "context-length") largerThan = candidate.facts.context ?? Number.MAX_SAFE_INTEGER;
    }
  }
  throw errors.length === 0 && candidates.length > 0 ? allCooled() : worst(errors);
}

function worst(errors: GatewayError[]): GatewayError {
  const code = told.find((one) => errors.some((error) => error.code === one));
  const last = errors.findLast((error) => error.code === code);
  if (!last) return errors.at(-1) ?? new GatewayError("no-target", "No target could be tried for this model.");
  if (last.code !== "rate-limited" && last.code !== "allowance-spent" && last.code !== "overloaded") return last;
  const waits = errors.flatMap((error) => (error.detail.retryAfterMs === undefined ? [] : [error.detail.retryAfterMs]));
  if (waits.length === 0) return last;
  return new GatewayError(last.code, last.message, { ...last.detail, retryAfterMs: Math.min(...waits), cause: last });
}
