/**
 * A Google refusal as one code of the table: by the reason that its details name, else by status and words. Bodies may
 * be wrapped in a list, or hold their JSON once more inside the message.
 */
import { type ErrorCode, type ErrorDetail, GatewayError } from "../../model/error.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import { isContextLength } from "../context-length.ts";
import { isObject } from "../read.ts";
import { classify } from "../signs.ts";
import { judged } from "../verdict.ts";
import { numeric, textOr } from "./read.ts";

const reasons: Readonly<Record<string, ErrorCode>> = {
  API_KEY_INVALID: "upstream-auth",
  API_KEY_SERVICE_BLOCKED: "upstream-auth",
  ACCESS_TOKEN_EXPIRED: "upstream-auth",
  CONSUMER_SUSPENDED: "upstream-auth",
  SERVICE_DISABLED: "upstream-auth",
  IAM_PERMISSION_DENIED: "upstream-auth",
  VALIDATION_REQUIRED: "upstream-auth",
  BILLING_DISABLED: "billing",
  INSUFFICIENT_G1_CREDITS_BALANCE: "billing",
  QUOTA_EXHAUSTED: "allowance-spent",
  RATE_LIMIT_EXCEEDED: "rate-limited",
  MODEL_CAPACITY_EXHAUSTED: "overloaded",
  MODEL_CAPACITY_EXCEEDED: "overloaded",
};

/** What a model without any quota on this plan is left alone for. */
const noQuotaMs = 5 * 3_600_000;

interface Said {
  status: number;
  headers: Headers;
  /** Parsed JSON, or text. */
  body: unknown;
  /** The error object, as deep as it was found. */
  error: JsonObject;
  message: string;
}

export function parseError(status: number, headers: Headers, body: string): GatewayError {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return classify({ status, headers, body, message: body });
  }
  const outer = isObject(Array.isArray(json) ? json[0] : json) ? (Array.isArray(json) ? json[0] : json) : undefined;
  if (!isObject(outer))
    return classify({ status, headers, body: json, message: typeof json === "string" ? json : body });
  const error = innermost(outer);
  return judge({ status, headers, body: { error }, error, message: textOr(error.message) });
}

/** The error that a chunk or a body with status 200 holds, if it does. */
export function errorOfBody(body: JsonObject): GatewayError | undefined {
  if (!isObject(body.error) && typeof body.error !== "string") return undefined;
  const error = innermost(body);
  const code = numeric(error.code);
  const status = code !== undefined && code >= 400 && code <= 599 ? code : statusOf(textOr(error.status));
  return judge({ status, headers: new Headers(), body: { error }, error, message: textOr(error.message) });
}

const codes: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

function statusOf(word: string): number {
  return (Object.hasOwn(codes, word) ? codes[word] : undefined) ?? 500;
}

/** The error object, and the one that its message may hold as JSON once more. */
function innermost(outer: JsonObject): JsonObject {
  const error = isObject(outer.error)
    ? outer.error
    : typeof outer.error === "string"
      ? { message: outer.error }
      : outer;
  const message = textOr(error.message);
  if (!/^\s*[{[]/.test(message)) return error;
  try {
    const value = JSON.parse(message) as Json;
    const first = Array.isArray(value) ? value[0] : value;
    const inner = isObject(first) && isObject(first.error) ? first.error : first;
    return isObject(inner) && typeof inner.message === "string" ? { ...error, ...inner } : error;
  } catch {
    return error;
  }
}

function judge(said: Said): GatewayError {
  const { status, error, headers, body } = said;
  const details = (Array.isArray(error.details) ? error.details : []).filter(isObject);
  const word = textOr(error.status);
  const reason = details.map((detail) => textOr(detail.reason)).find((text) => text !== "");
  const general = classify({
    ...{ status, headers, body, message: said.message },
    ...(word === "" ? {} : { vendorCode: word }),
  });
  const param = paramOf(details);
  const { code, detail: times } = judged({
    ...{ code: codeOf({ said, reason, word }) ?? general.code, status, headers, body },
  });
  const detail: ErrorDetail = { ...beside(general.detail), ...times, ...(param === undefined ? {} : { param }) };
  if (reason !== undefined && /^[\w.:-]{1,64}$/.test(reason)) detail.vendorCode = reason;
  if (/\blimit: 0\b/.test(said.message) && status === 429) {
    detail.retryAfterMs = Math.max(noQuotaMs, times.retryAfterMs ?? 0);
  }
  if (code === "unsupported" && detail.param === undefined) {
    const named = /Unknown name \\?"([\w.]+)/.exec(said.message)?.[1];
    if (named !== undefined) detail.param = named;
  }
  return new GatewayError(code, general.message, detail);
}

/** What was found beside times: those depend on the code. */
function beside({
  retryAfterMs: _ms,
  statedMs: _raw,
  window: _window,
  scope: _scope,
  ...rest
}: ErrorDetail): ErrorDetail {
  return rest;
}

/** Undefined where status and words decide. */
function codeOf({
  said,
  reason,
  word,
}: {
  said: Said;
  reason: string | undefined;
  word: string;
}): ErrorCode | undefined {
  const { status, message } = said;
  const known = reason !== undefined && Object.hasOwn(reasons, reason) ? reasons[reason] : undefined;
  if (known) return known;
  if (isContextLength(message)) return undefined;
  if (status === 400 && /api.?key (?:not valid|expired|not found)|pass a valid api key/i.test(message))
    return "upstream-auth";
  if (word === "FAILED_PRECONDITION") return /billing/i.test(message) ? "billing" : "upstream-auth";
  if (status === 400 && /Unknown name|Cannot find field|not supported|not enabled/i.test(message)) {
    return "unsupported";
  }
  return undefined;
}

/** The first field that a BadRequest detail complains of. */
function paramOf(details: JsonObject[]): string | undefined {
  for (const detail of details) {
    const violations = Array.isArray(detail.fieldViolations) ? detail.fieldViolations : [];
    for (const violation of violations) {
      if (isObject(violation) && typeof violation.field === "string" && violation.field !== "") return violation.field;
    }
  }
  return undefined;
}
