/** Errors in the shape that OpenAI clients read. */
import type { ErrorCode, GatewayError } from "../../model/error.ts";
import type { Json } from "../../model/json.ts";
import type { ErrorReply } from "../protocol.ts";

interface Words {
  type: string;
  code: string | null;
}

const invalidRequest = "invalid_request_error";

const table: Record<ErrorCode, Words> = {
  "invalid-request": { type: invalidRequest, code: null },
  unsupported: { type: invalidRequest, code: "unsupported_parameter" },
  "context-length": { type: invalidRequest, code: "context_length_exceeded" },
  "content-policy": { type: invalidRequest, code: "content_policy_violation" },
  "too-large": { type: invalidRequest, code: "request_too_large" },
  "not-found": { type: invalidRequest, code: null },
  conflict: { type: "conflict_error", code: null },
  unauthenticated: { type: invalidRequest, code: "invalid_api_key" },
  forbidden: { type: "permission_error", code: null },
  "quota-exceeded": { type: "insufficient_quota", code: "insufficient_quota" },
  "rate-limited": { type: "rate_limit_error", code: "rate_limit_exceeded" },
  "allowance-spent": { type: "rate_limit_error", code: "rate_limit_exceeded" },
  billing: { type: "insufficient_quota", code: "insufficient_quota" },
  overloaded: { type: "server_error", code: "overloaded" },
  "upstream-failed": { type: "server_error", code: "upstream_failed" },
  "upstream-unreachable": { type: "server_error", code: "upstream_unreachable" },
  "upstream-timeout": { type: "server_error", code: "timeout" },
  "upstream-auth": { type: "server_error", code: "upstream_auth" },
  "no-target": { type: "server_error", code: "no_target" },
  cancelled: { type: "server_error", code: "cancelled" },
  internal: { type: "server_error", code: "internal_error" },
};

/** `{ error: { message, type, param, code } }`, all four always there. */
export function errorBody(error: GatewayError): { error: { [key: string]: Json } } {
  const words = table[error.code];
  const missing = error.code === "not-found" && error.detail.param === "model" ? "model_not_found" : words.code;
  return {
    error: {
      message: error.message,
      type: words.type,
      param: error.detail.param ?? null,
      // Why a provider refused our credential is no business of a client, which would blame its own.
      code: error.code === "upstream-auth" ? words.code : codeOf(error.detail.vendorCode, missing),
    },
  };
}

/** Our word instead of one in another vendor's spelling (`RESOURCE_EXHAUSTED`), which no client looks for. */
function codeOf(vendorCode: string | undefined, own: string | null): string | null {
  if (vendorCode === undefined) return own;
  return /^[A-Z]/.test(vendorCode) ? (own ?? vendorCode) : vendorCode;
}

export function buildError(error: GatewayError): ErrorReply {
  const { retryAfterMs, headers } = error.detail;
  const retry: Record<string, string> =
    retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
  return { status: error.status, headers: { ...headers, ...retry }, body: errorBody(error) };
}
