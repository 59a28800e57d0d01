/** Errors in Google's shape, for clients. */
import type { ErrorCode, GatewayError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { ErrorReply } from "../protocol.ts";

const statuses: Readonly<Record<ErrorCode, string>> = {
  "invalid-request": "INVALID_ARGUMENT",
  unsupported: "INVALID_ARGUMENT",
  "context-length": "INVALID_ARGUMENT",
  "content-policy": "INVALID_ARGUMENT",
  "too-large": "INVALID_ARGUMENT",
  "not-found": "NOT_FOUND",
  conflict: "ABORTED",
  unauthenticated: "UNAUTHENTICATED",
  forbidden: "PERMISSION_DENIED",
  "quota-exceeded": "RESOURCE_EXHAUSTED",
  "rate-limited": "RESOURCE_EXHAUSTED",
  "allowance-spent": "RESOURCE_EXHAUSTED",
  billing: "RESOURCE_EXHAUSTED",
  overloaded: "UNAVAILABLE",
  "upstream-failed": "INTERNAL",
  "upstream-unreachable": "UNAVAILABLE",
  "upstream-timeout": "DEADLINE_EXCEEDED",
  "upstream-auth": "INTERNAL",
  "no-target": "UNAVAILABLE",
  cancelled: "CANCELLED",
  internal: "INTERNAL",
};

const kind = (name: string) => `type.googleapis.com/google.rpc.${name}`;

export function errorBody(error: GatewayError): JsonObject {
  const { param, retryAfterMs, vendorCode } = error.detail;
  const details: JsonObject[] = [];
  if (param !== undefined) {
    const violation = { field: param, description: error.message };
    details.push({ "@type": kind("BadRequest"), fieldViolations: [violation] });
  }
  if (retryAfterMs !== undefined) {
    details.push({ "@type": kind("RetryInfo"), retryDelay: `${Math.ceil(retryAfterMs / 1000)}s` });
  }
  if (vendorCode !== undefined) details.push({ "@type": kind("ErrorInfo"), reason: vendorCode, domain: "plexus" });
  return {
    error: {
      code: error.status,
      message: error.message,
      status: statuses[error.code],
      ...(details.length > 0 ? { details } : {}),
    },
  };
}

export function buildError(error: GatewayError): ErrorReply {
  const { retryAfterMs: wait, headers } = error.detail;
  return {
    status: error.status,
    headers: { ...headers, ...(wait === undefined ? {} : { "retry-after": String(Math.ceil(wait / 1000)) }) },
    body: errorBody(error),
  };
}
