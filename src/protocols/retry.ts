/**
 * How long a provider wants to be left alone, from the headers and body of a refusal: one reader for all families,
 * by falling trust: a named window, stated delays, empty buckets, words. Every source has its own upper bound.
 */
import { durationMs, instantMs, numeric } from "./retry-values.ts";
import { type Clocks, spentWindow } from "./windows.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const statedCap = 5 * hour;
const bucketCap = day;
const windowCap = 32 * day;
const weekCap = 8 * day;
/** Longest wait that a 503, a 529 or words about capacity may ask for. */
export const overloadedCapMs = 15 * minute;

/** A stated time: as it is believed, at least 1000 ms, and as it was written. */
export interface Wait {
  ms: number;
  rawMs: number;
  /** What the time is the end of, where that is known. */
  window?: string;
}

/**
 * Milliseconds to wait, at least 1000; undefined when nothing says it. `body` is parsed JSON or plain text; `now` is
 * in milliseconds since 1970.
 */
export function retryAfterMs(headers: Headers, body: unknown, now: number = Date.now()): number | undefined {
  return statedWait(headers, body, { now })?.ms;
}

/** `mayRead`: the text of the message may say it, too. */
export function statedWait(
  headers: Headers,
  body: unknown,
  { now = Date.now(), mayRead = true }: { now?: number; mayRead?: boolean } = {},
): Wait | undefined {
  const clocks = clocksOf(headers, now);
  const named = namedWindow(body, clocks);
  const spent = spentWindow(headers, clocks);
  const label = named?.window ?? spent?.label;
  const wait =
    clamp(named?.ms, windowCapOf(label), day) ??
    clamp(spent?.waitMs, windowCapOf(label), day) ??
    clamp(statedMs(headers, clocks), statedCap) ??
    clamp(bodyDelay(body), statedCap) ??
    clamp(emptyBuckets(headers, clocks), bucketCap) ??
    (mayRead ? clamp(wordedMs(texts(body)), statedCap) : undefined);
  return wait && label !== undefined ? { ...wait, window: label } : wait;
}

/** The provider's clock where it is more than a little off ours. */
export function clocksOf(headers: Headers, now: number): Clocks {
  const date = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(date)) return { now, absolute: true };
  return { now: Math.abs(date - now) > 5 * second ? date : now, absolute: Math.abs(date - now) <= day };
}

function windowCapOf(label: string | undefined): number {
  return label === "weekly" ? weekCap : windowCap;
}

function clamp(value: number | undefined, cap: number, beyond = cap): Wait | undefined {
  if (value === undefined || Number.isNaN(value) || value < 0) return undefined;
  return { ms: value > cap ? beyond : Math.max(second, Math.ceil(value)), rawMs: value };
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** The error object of a body: wrapped, in a one-element array, or the body itself. */
function errorOf(body: unknown): unknown {
  const first = Array.isArray(body) ? body[0] : body;
  return field(first, "error") ?? first;
}

function texts(body: unknown): string {
  if (typeof body === "string") return body.slice(0, 8192);
  const error = errorOf(body);
  if (typeof error === "string") return error.slice(0, 8192);
  const message = field(error, "message") ?? field(body, "message") ?? field(body, "detail");
  return typeof message === "string" ? message.slice(0, 8192) : "";
}

/** A reset that the body names for the exhausted window, with its name where the body has it. */
function namedWindow(body: unknown, clocks: Clocks): { ms: number; window?: string } | undefined {
  const error = errorOf(body);
  const ms = windowReset(body, clocks);
  if (ms !== undefined) return { ms };
  if (dailyQuota(error)) return { ms: untilPacificMidnight(clocks.now), window: "daily" };
  const spend = field(field(error, "details"), "error_code");
  return spend === "enforced_spend_limit_reached" ? { ms: untilNextMonth(clocks.now), window: "monthly" } : undefined;
}

/** Below ten minutes a relative value is preferred. */
function windowReset(body: unknown, clocks: Clocks): number | undefined {
  const error = errorOf(body);
  const relative = numeric(field(error, "resets_in_seconds"));
  if (relative !== undefined && relative * second < 10 * minute) return relative * second;
  const stated = field(error, "resets_at") ?? field(field(error, "metadata"), "resets_at");
  const absolute = clocks.absolute ? instantMs(stated) : undefined;
  if (absolute !== undefined) return absolute - clocks.now;
  const worded = /reset at (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/i.exec(texts(body));
  if (worded && clocks.absolute) return Date.parse(`${worded[1]}T${worded[2]}+08:00`) - clocks.now;
  const suffix = /limit reached\|(\d{10})/.exec(texts(body));
  if (suffix && clocks.absolute) return Number(suffix[1]) * second - clocks.now;
  return relative === undefined ? undefined : relative * second;
}

function details(error: unknown): unknown[] {
  const list = field(error, "details");
  return Array.isArray(list) ? list : [];
}

function dailyQuota(error: unknown): boolean {
  return details(error).some((detail) => {
    const violations = field(detail, "violations");
    if (!Array.isArray(violations)) return false;
    return violations.some((violation) => {
      const id = field(violation, "quotaId");
      return typeof id === "string" && /PerDay|Daily/.test(id);
    });
  });
}

function untilPacificMidnight(now: number): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/Los_Angeles",
    hourCycle: "h23",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(now);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  return day - (part("hour") * hour + part("minute") * minute + part("second") * second);
}

function untilNextMonth(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) - now;
}

/** `retry-after-ms`, else `retry-after` as seconds or as an HTTP date. */
function statedMs(headers: Headers, clocks: Clocks): number | undefined {
  const exact = numeric(headers.get("retry-after-ms"));
  if (exact !== undefined) return exact;
  const stated = (headers.get("retry-after") ?? headers.get("x-ratelimit-user-retry-after"))?.trim();
  if (stated === undefined || stated === "") return undefined;
  const parts = stated.split(",").map((part) => numeric(part));
  if (parts.every((part) => part !== undefined)) return Math.max(...parts.map((part) => part ?? 0)) * second;
  if (!/^[A-Za-z]{3},/.test(stated)) return undefined;
  const date = Date.parse(headers.get("date") ?? "");
  const wait = Date.parse(stated) - (Number.isNaN(date) ? clocks.now : date);
  return wait < 0 ? undefined : wait;
}

function bodyDelay(body: unknown): number | undefined {
  const error = errorOf(body);
  for (const detail of details(error)) {
    const delay = field(detail, "retryDelay");
    const wait = typeof delay === "string" ? durationMs(delay) : numeric(field(delay, "seconds"));
    if (wait !== undefined) return typeof delay === "string" ? wait : wait * second;
  }
  const metadata = field(error, "metadata");
  const stated =
    numeric(field(metadata, "retry_after_seconds")) ??
    numeric(field(error, "retry_after")) ??
    numeric(field(body, "retry_after"));
  return stated === undefined ? undefined : stated * second;
}

/** The longest reset among rate-limit buckets that have nothing left. */
function emptyBuckets(headers: Headers, clocks: Clocks): number | undefined {
  let latest: number | undefined;
  headers.forEach((value, name) => {
    if (!/ratelimit/.test(name) || !/remaining/.test(name) || numeric(value.split(",")[0]) !== 0) return;
    const wait = resetMs(headers.get(name.replace("remaining", "reset")), clocks);
    if (wait !== undefined && wait > (latest ?? 0)) latest = wait;
  });
  return latest;
}

/** A reset header: a duration, seconds, an epoch time or RFC 3339. Zero and negative mean nothing. */
function resetMs(value: string | null, clocks: Clocks): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  const number = numeric(value);
  if (number !== undefined && number < 1e8) return number > 0 ? number * second : undefined;
  const at = instantMs(value);
  if (at !== undefined) return clocks.absolute && at > clocks.now ? at - clocks.now : undefined;
  return durationMs(value.trim());
}

const units: Record<string, number> = { s: second, m: minute, h: hour, d: day };

/** "try again in 1m12.5s", "Please retry after 37 seconds", "wait 71 minutes". */
function wordedMs(text: string): number | undefined {
  const compact = /(?:try again|retry)(?: in| after)\s+~?((?:\d+(?:\.\d+)?(?:ms|[dhms]))+)(?![a-z])/i.exec(text);
  if (compact?.[1]) return durationMs(compact[1].toLowerCase());
  const worded =
    /(?:try again in|retry (?:in|after)|wait)\s+~?(\d+(?:\.\d+)?)\s*(sec|s\b|min|m\b|hour|hr|h\b|day|d\b)/i.exec(text);
  if (!worded?.[1] || !worded[2]) return undefined;
  return Number(worded[1]) * (units[worded[2].charAt(0).toLowerCase()] ?? second);
}
