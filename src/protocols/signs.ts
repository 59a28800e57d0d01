/**
 * What a provider's refusal means, from its status, its codes and, where there is no code, its words. For bodies in
 * OpenAI's manner and the families that imitate it.
 */
import { type ErrorCode, type ErrorDetail, GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import { isContextLength } from "./context-length.ts";
import { judged } from "./verdict.ts";

export interface Signs {
  status: number;
  headers: Headers;
  /** Parsed JSON, or text. */
  body: unknown;
  message: string;
  vendorCode?: string;
  type?: string;
  param?: string;
  metadata?: JsonObject;
  family?: "minimax";
}

const shownLength = 2000;

const policy =
  /content_filter|content_policy|bio_policy|misalignment_policy|content management policy|moderation_blocked|flagged_input|responsible ?ai ?policy|data_inspection_failed|violates usage guidelines/i;
const credit =
  /insufficient_quota|credit_balance_exhausted|spend_limit|usage_limit_exceeded|billing_(?:hard_limit|not_configured|error)|exceeded_current_quota|insufficient[ _]balance|insufficient credit|credit balance is too low|not enough credit|out of credits|payment.required|usage_not_included|arrears/i;
const spent =
  /usage.limit.reached|usage limit for this period|(?:hourly|session|weekly|monthly|daily) usage limit|user_weekly_rate_limited|user_global_rate_limited|quota_exhausted/i;
const busy =
  /overloaded|slow_down|capacity exceeded|model_capacity|capacity_exhausted|high demand|no capacity|server is busy|\bUNAVAILABLE\b/i;
const refusesParameter =
  /unsupported_(?:parameter|value|api_for_model)|unknown_parameter|unsupported (?:parameter|value)|unrecognized request argument|unknown parameter|extra inputs are not permitted|(?:is|are) not supported|(?:does not|doesn't) support|not support(?:ed)? (?:by|for|with) this|no endpoints found that support|unexpected keyword/i;
const badKey = /invalid_api_key|api_key_invalid|(?:incorrect|invalid) api.?key|API key not valid|authentication_error/i;
const noModel =
  /model_not_found|model_not_supported|deploymentnotfound|model\b.{0,80}(?:does not exist|not found|is not a valid)|(?:no such|unknown|invalid) model|not a valid model/i;
const blind = /(?:image|audio|video|file) input is not supported|no endpoints found that support/i;
/** Codes by which a Responses stream says that the client's picture is none. */
const badImage =
  /^(?:image_(?:too_|parse_|file_|content_)|(?:empty|unsupported|invalid)_image|failed_to_download_image)/i;
const neverFits = /request too large.{0,200}limit.{0,40}requested/is;

/** Business codes of Z.ai and BigModel. */
const zai: Record<string, ErrorCode> = {
  "1302": "rate-limited",
  "1303": "rate-limited",
  "1305": "rate-limited",
  "1312": "overloaded",
  "1304": "allowance-spent",
  "1308": "allowance-spent",
  "1309": "billing",
  "1310": "allowance-spent",
  "1311": "not-found",
  "1313": "allowance-spent",
  "1113": "billing",
  "1261": "context-length",
  "1301": "content-policy",
};

const minimax: Record<string, ErrorCode> = {
  "1002": "rate-limited",
  "1041": "rate-limited",
  "2045": "rate-limited",
  "1004": "upstream-auth",
  "2049": "upstream-auth",
  "1008": "billing",
  "1028": "billing",
  "1030": "billing",
  "2056": "allowance-spent",
  "2061": "not-found",
  "1026": "content-policy",
  "1027": "content-policy",
  "1039": "context-length",
  "2013": "invalid-request",
};

export function classify(signs: Signs): GatewayError {
  const { code, detail: times } = judged({ ...signs, code: codeOf(signs) });
  const detail: ErrorDetail = { ...times };
  if (signs.status !== 200) detail.upstreamStatus = signs.status;
  if (signs.param !== undefined) detail.param = signs.param;
  else if (code === "unsupported") {
    const named = /(?:parameter|argument|value)s?(?: supplied)?:?\s*['"`]?([A-Za-z_](?:[\w.[\]]*\w)?)/i.exec(
      signs.message,
    )?.[1];
    if (named !== undefined) detail.param = named;
  }
  // Statuses and sentences are no codes.
  const { vendorCode } = signs;
  if (vendorCode !== undefined && /^[\w.:-]{1,64}$/.test(vendorCode) && !/^\d{3}$/.test(vendorCode)) {
    detail.vendorCode = vendorCode;
  }
  const words = shown(signs);
  return words === ""
    ? new GatewayError(code, silence(signs.status), { ...detail, isSilent: true })
    : new GatewayError(code, words, detail);
}

/** What is told of a refusal without words. */
export function silence(status: number): string {
  const words = statusWords[status];
  return `The provider answered ${status}${words === undefined ? "" : ` ${words}`} without saying why.`;
}

function codeOf(signs: Signs): ErrorCode {
  const { status, vendorCode = "" } = signs;
  const words = [vendorCode, signs.type ?? "", signs.message, metadataWords(signs)].join(" ").slice(0, 8192);
  if (signs.family === "minimax") return numbered(minimax, vendorCode) ?? "upstream-failed";
  const business = numbered(zai, vendorCode);
  if (business) return business;
  if (status < 500 && policy.test(words)) return "content-policy";
  if (neverFits.test(words)) return "context-length";
  if ([400, 413, 422, 429, 500].includes(status) && isContextLength(words)) return "context-length";
  if (blind.test(words)) return "unsupported";
  if (/in_flight_budget/.test(words)) return "rate-limited";
  if (/weight_exceeds_budget/.test(words)) return "invalid-request";
  if (status < 500 && spent.test(words)) return "allowance-spent";
  if (status === 402 || status === 412 || (status < 500 && credit.test(words))) return "billing";
  return status >= 500 ? serverCode(status, words) : requestCode(signs, words);
}

/** What a number of Z.ai and BigModel means, in whichever protocol's error it stands. */
export function businessCode(vendorCode: string): ErrorCode | undefined {
  return numbered(zai, vendorCode);
}

/** What a number of MiniMax means. */
export function minimaxCode(vendorCode: string): ErrorCode | undefined {
  return numbered(minimax, vendorCode);
}

/** Do the words say that an allowance is used up, and not only that the pace is too fast? */
export function saysSpent(words: string): boolean {
  return spent.test(words);
}

function numbered(codes: Record<string, ErrorCode>, vendorCode: string): ErrorCode | undefined {
  return Object.hasOwn(codes, vendorCode) ? codes[vendorCode] : undefined;
}

function metadataWords(signs: Signs): string {
  const { limit_source: source, reasons, error_code: code } = signs.metadata ?? {};
  return [
    typeof source === "string" ? source : "",
    reasons ? "flagged_input" : "",
    typeof code === "string" ? code : "",
  ]
    .join(" ")
    .trim();
}

function serverCode(status: number, words: string): ErrorCode {
  if (status === 503 || status === 529 || busy.test(words)) return "overloaded";
  return status === 504 ? "upstream-timeout" : "upstream-failed";
}

function requestCode(signs: Signs, words: string): ErrorCode {
  switch (signs.status) {
    case 401:
      return "upstream-auth";
    case 403:
      return /openrouter_(?:key_limit|workspace_budget|guardrail_budget)/.test(words)
        ? "allowance-spent"
        : "upstream-auth";
    case 404:
    case 405:
    case 410:
      return "not-found";
    case 408:
    case 499:
      return "upstream-failed";
    case 409:
      return "conflict";
    case 413:
      return signs.headers.has("retry-after") ? "rate-limited" : "too-large";
    case 429:
      return busy.test(words) && !/rate.?limit/i.test(words) ? "overloaded" : "rate-limited";
    case 498:
      return "overloaded";
    default:
      if (badKey.test(words)) return "upstream-auth";
      if (noModel.test(words)) return "not-found";
      return refusesParameter.test(words) ? "unsupported" : "invalid-request";
  }
}

/** The status that an error without one would have had. */
export function statusOfWords(signs: { message: string; vendorCode?: string; type?: string }): number {
  const number = Number(signs.vendorCode);
  if (Number.isInteger(number) && number >= 400 && number <= 599) return number;
  const words = `${signs.vendorCode ?? ""} ${signs.type ?? ""}`;
  if (badImage.test(signs.vendorCode ?? "") || policy.test(words)) return 400;
  if (/rate.?limit|too.?many|RESOURCE_EXHAUSTED|quota/i.test(words)) return 429;
  if (/overloaded|UNAVAILABLE/i.test(words)) return 503;
  if (/authentication|api_key|UNAUTHENTICATED/i.test(words)) return 401;
  if (/permission/i.test(words)) return 403;
  if (/not_found/i.test(words)) return 404;
  if (/invalid|bad.?request|context_length|content_filter/i.test(words)) return 400;
  if (/timeout|DEADLINE_EXCEEDED/i.test(words)) return 504;
  return isContextLength(signs.message) ? 400 : 500;
}

const statusWords: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  413: "Payload Too Large",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  529: "Overloaded",
};

/** The provider's own words, "" when there are none: trimmed, without tags, and without credentials that it may have repeated. */
function shown(signs: Signs): string {
  const page = /^\s*<(?:!doctype|html|\?xml|head|body)/i.test(signs.message);
  const text = page
    ? signs.message
        .replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/gi, " ")
        .replace(/<[^>]*>/g, " ")
        .replace(/\s+/g, " ")
    : signs.message;
  const clean = text
    .trim()
    .replace(/([?&](?:key|api_key|apikey|access_token|token)=)[^&\s"']+/gi, "$1***")
    .replace(/\b(sk|key|gsk|xai)-[A-Za-z0-9_-]{16,}/g, "$1-***");
  return clean.length > shownLength ? `${clean.slice(0, shownLength)}…` : clean;
}
