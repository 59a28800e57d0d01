/** Errors in Anthropic's shape, written for clients and read from providers. */
import { type ErrorCode, GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isContextLength } from "../context-length.ts";
import type { ErrorReply } from "../protocol.ts";
import { isObject } from "../read.ts";
import { businessCode, minimaxCode, saysSpent, silence } from "../signs.ts";
import { judged } from "../verdict.ts";
import { numeric } from "./read.ts";

const types: Readonly<Record<ErrorCode, string>> = {
  "invalid-request": "invalid_request_error",
  unsupported: "invalid_request_error",
  "context-length": "invalid_request_error",
  "content-policy": "invalid_request_error",
  "too-large": "request_too_large",
  "not-found": "not_found_error",
  conflict: "conflict_error",
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  "quota-exceeded": "rate_limit_error",
  "rate-limited": "rate_limit_error",
  "allowance-spent": "rate_limit_error",
  billing: "billing_error",
  overloaded: "overloaded_error",
  "upstream-failed": "api_error",
  "upstream-unreachable": "api_error",
  "upstream-timeout": "timeout_error",
  "upstream-auth": "api_error",
  "no-target": "overloaded_error",
  cancelled: "api_error",
  internal: "api_error",
};

const longPrompt = "prompt is too long";

export function errorBody(error: GatewayError, requestId: string): JsonObject {
  let { message } = error;
  // Clients shorten the conversation when they read these words at the start.
  if (error.code === "context-length" && !message.startsWith(longPrompt)) message = `${longPrompt}: ${message}`;
  return { type: "error", error: { type: types[error.code], message }, request_id: requestId };
}

function statusOf(error: GatewayError): number {
  if (error.detail.status !== undefined) return error.detail.status;
  if (error.code === "overloaded") return 529;
  return error.code === "billing" ? 402 : error.status;
}

export function buildError(error: GatewayError, requestId: string): ErrorReply {
  const { retryAfterMs: wait, headers } = error.detail;
  return {
    status: statusOf(error),
    headers: {
      ...headers,
      "request-id": requestId,
      ...(wait === undefined ? {} : { "retry-after": String(Math.ceil(wait / 1000)) }),
    },
    body: errorBody(error, requestId),
  };
}

/** Error types that decide alone. `invalid_request_error` is missing: its text and status say more. */
const codes: Readonly<Record<string, ErrorCode>> = {
  authentication_error: "upstream-auth",
  permission_error: "upstream-auth",
  billing_error: "billing",
  not_found_error: "not-found",
  conflict_error: "conflict",
  request_too_large: "too-large",
  rate_limit_error: "rate-limited",
  overloaded_error: "overloaded",
  api_error: "upstream-failed",
  timeout_error: "upstream-failed",
};

const unpaid = /credit balance|spend(?:ing)? limit|usage limits?\b.*(?:reached|regain)|reached your .*usage limit/i;
const unknownField =
  /not supported|does not support|unsupported|extra inputs are not permitted|not available for this model/i;
const policy = /content (?:filtering )?policy|usage policy|content filter/i;

interface Said {
  status: number | undefined;
  type: string;
  message: string;
  vendorCode: string;
}

function classify({ status, type, message, vendorCode }: Said): ErrorCode {
  if (vendorCode === "enforced_spend_limit_reached") return "billing";
  const known = Object.hasOwn(codes, type) ? codes[type] : undefined;
  if ((known === undefined || known === "too-large") && isContextLength(message)) return "context-length";
  if (known === "rate-limited" && saysSpent(message)) return "allowance-spent";
  if (known !== undefined) return known;
  if (type === "invalid_request_error" || status === 400 || status === 422) {
    if (unpaid.test(message)) return "billing";
    if (policy.test(message)) return "content-policy";
    return unknownField.test(message) ? "unsupported" : "invalid-request";
  }
  return codeOfStatus(status);
}

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: "upstream-auth",
  402: "billing",
  403: "upstream-auth",
  404: "not-found",
  405: "not-found",
  408: "upstream-failed",
  409: "conflict",
  413: "too-large",
  429: "rate-limited",
  503: "overloaded",
  529: "overloaded",
};

/** What an error in a stream, which has no status, would have come with. */
const statuses: Partial<Record<ErrorCode, number>> = {
  "rate-limited": 429,
  "allowance-spent": 429,
  billing: 402,
  overloaded: 529,
};

function codeOfStatus(status: number | undefined): ErrorCode {
  if (status === undefined) return "upstream-failed";
  return byStatus[status] ?? (status >= 400 && status < 500 ? "invalid-request" : "upstream-failed");
}

/** An error object as a provider writes it, in an answer or a stream. `status` is absent when it was 200. */
export function errorOf(json: JsonObject, status?: number, headers = new Headers()): GatewayError {
  const inner = isObject(json.error) ? json.error : json;
  const details = isObject(inner.details) ? inner.details : {};
  const type = typeof inner.type === "string" ? inner.type : "";
  const vendorCode = typeof details.error_code === "string" ? details.error_code : "";
  const words = messageOf(json, inner);
  const message = words || emptyMessage(status);
  const business = typeof inner.code === "string" ? businessCode(inner.code) : undefined;
  const said = business ?? classify({ status: status ?? numeric(inner.code), type, message, vendorCode });
  const { code, detail } = judged({
    code: said,
    status: status ?? statuses[said] ?? 500,
    headers,
    body: json,
    vendorCode,
  });
  return new GatewayError(code, message, {
    ...(status === undefined ? {} : { upstreamStatus: status }),
    ...detail,
    ...(typeof inner.param === "string" ? { param: inner.param } : {}),
    ...(vendorCode === "" ? {} : { vendorCode }),
    ...(words === "" && status !== undefined ? { isSilent: true } : {}),
  });
}

function messageOf(json: JsonObject, inner: JsonObject): string {
  for (const text of [inner.message, json.error, json.message, json.detail]) {
    if (typeof text === "string" && text.trim() !== "") return text;
  }
  return "";
}

function emptyMessage(status: number | undefined): string {
  return status === undefined ? "The provider reported an error without saying which." : silence(status);
}

/** The error that a body with status 200 holds, if it does. */
export function errorOfBody(body: Json): GatewayError | undefined {
  if (!isObject(body)) return undefined;
  if (body.type === "error" || (body.error !== undefined && body.error !== null)) return errorOf(body);
  const base = isObject(body.base_resp) ? body.base_resp : {};
  const code = numeric(base.status_code);
  if (code === undefined || code === 0) return undefined;
  const message =
    typeof base.status_msg === "string" && base.status_msg !== "" ? base.status_msg : emptyMessage(undefined);
  return new GatewayError(minimaxCode(String(code)) ?? "upstream-failed", message, { vendorCode: String(code) });
}

const longest = 2000;

/** Classifies a refusal. The error's type decides before the status. */
export function parseError(status: number, headers: Headers, body: string): GatewayError {
  const json = parseBody(body);
  return errorOf(json ?? { message: plainText(body) }, status, headers);
}

function parseBody(body: string): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(body);
    const first: unknown = Array.isArray(json) ? json[0] : json;
    if (typeof first === "string") return { message: first };
    return isObject(first) ? first : undefined;
  } catch {
    return undefined;
  }
}

/** What a person would read of an error page. */
function plainText(body: string): string {
  const isPage = /^\s*</.test(body);
  const text = isPage ? body.replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ") : body;
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.slice(0, isPage ? 300 : longest);
}
