/**
 * The one error type and the one table of codes. Routing reads `code`, never message text; `message` is safe for the
 * client, `cause` is for the log. Protocol shapes are made in protocols/<name>/error.ts.
 */
import type { JsonObject } from "./json.ts";

export const errorTable = {
  "invalid-request": { status: 400, nextTarget: false },
  unsupported: { status: 400, nextTarget: true },
  "context-length": { status: 400, nextTarget: true },
  "content-policy": { status: 400, nextTarget: false },
  "too-large": { status: 413, nextTarget: false },
  "not-found": { status: 404, nextTarget: true },
  conflict: { status: 409, nextTarget: false },
  unauthenticated: { status: 401, nextTarget: false },
  forbidden: { status: 403, nextTarget: false },
  "quota-exceeded": { status: 429, nextTarget: false },
  "rate-limited": { status: 429, nextTarget: true },
  "allowance-spent": { status: 429, nextTarget: true },
  billing: { status: 429, nextTarget: true },
  overloaded: { status: 503, nextTarget: true },
  "upstream-failed": { status: 502, nextTarget: true },
  "upstream-unreachable": { status: 502, nextTarget: true },
  "upstream-timeout": { status: 504, nextTarget: true },
  "upstream-auth": { status: 502, nextTarget: true },
  "no-target": { status: 503, nextTarget: false },
  cancelled: { status: 499, nextTarget: false },
  internal: { status: 500, nextTarget: false },
} as const satisfies Record<string, { status: number; nextTarget: boolean }>;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorDetail {
  /** Status for the client where the table's does not fit (405, 408, 431). */
  status?: number;
  /** How long the client should wait, in milliseconds. */
  retryAfterMs?: number;
  /** What the provider stated of that, in milliseconds, before any bound. */
  statedMs?: number;
  /** What of the provider is refused, where it is not what the code usually means. */
  scope?: "model" | "account";
  /** The allowance that is used up, as people call it (`5 h`, `weekly`). */
  window?: string;
  /** Path of the offending request field in the client's own JSON, with dots. */
  param?: string;
  /** A protocol's own machine code that says more than ours (`context_length_exceeded`, `invalid_api_key`). */
  vendorCode?: string;
  /** The status that the upstream answered with. */
  upstreamStatus?: number;
  /** It says nothing of how the target is: something else was needed to ask it, or the model answered in a useless way. */
  isAside?: true;
  /** The message is ours and names no provider: where the target may be known, it is told whose failure this is. */
  isSilent?: true;
  /** Extra response headers (`allow` of a 405). */
  headers?: Record<string, string>;
  /** Further members of problem details: all faults of a configuration, the versions of a stale edit. */
  members?: JsonObject;
  cause?: unknown;
}

export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.detail = detail;
  }

  /** HTTP status for a client whose protocol has no deviating rule. */
  get status(): number {
    return this.detail.status ?? errorTable[this.code].status;
  }
}

/** Anything thrown becomes a GatewayError; what is not ours is `internal`, its text only in the cause. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError("internal", "Plexus failed inside while handling this request. The log has the details.", {
    cause: error,
  });
}
