/**
 * What a refusal says beside its code: for how long, of which allowance, and whether a model or the whole account is
 * meant. One rule for all protocols, over the headers and the body of any family.
 */
import type { ErrorCode, ErrorDetail } from "../model/error.ts";
import { clocksOf, overloadedCapMs, statedWait } from "./retry.ts";
import { spentWindow } from "./windows.ts";

export interface Refusal {
  code: ErrorCode;
  status: number;
  headers: Headers;
  /** Parsed JSON, or text. */
  body: unknown;
  vendorCode?: string | undefined;
}

export interface Verdict {
  code: ErrorCode;
  detail: Pick<ErrorDetail, "retryAfterMs" | "statedMs" | "window" | "scope">;
}

/** Codes of refusals that may pass with time. */
const passing: ReadonlySet<ErrorCode> = new Set([
  ...(["rate-limited", "allowance-spent", "billing", "overloaded"] as const),
  ...(["upstream-failed", "upstream-timeout", "upstream-auth"] as const),
]);
/** Where sentences are read for a time. */
const worded: ReadonlySet<number> = new Set([402, 403, 429, 503, 529]);
/** A rate that all models of the account have together. */
const ofAccount =
  /^(?:user_global_rate_limited|integration_rate_limited|agent_mode_limit_exceeded|rate_limited)(?::|$)/;

export function judged(refusal: Refusal, now: number = Date.now()): Verdict {
  const { status, headers, body, vendorCode = "" } = refusal;
  const spent = status === 429 ? spentWindow(headers, clocksOf(headers, now)) : undefined;
  const code = spent && refusal.code === "rate-limited" ? "allowance-spent" : refusal.code;
  if (!passing.has(code)) return { code, detail: {} };
  const detail: Verdict["detail"] = {};
  const wait = statedWait(headers, body, { now, mayRead: worded.has(status) });
  if (wait) {
    detail.retryAfterMs = code === "overloaded" || status >= 500 ? Math.min(wait.ms, overloadedCapMs) : wait.ms;
    detail.statedMs = wait.rawMs;
  }
  const window = wait?.window ?? spent?.label;
  if (window !== undefined) detail.window = window;
  if (code === "allowance-spent" && spent?.scope) detail.scope = spent.scope;
  if (code === "rate-limited" && ofAccount.test(vendorCode)) detail.scope = "account";
  return { code, detail };
}
