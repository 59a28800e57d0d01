/**
 * What providers say in the headers of their answers of allowances that come back at a time: windows of subscriptions,
 * and limits of requests and tokens. Families of headers are recognised by their form, whoever sends them.
 */
import type { Allowance } from "../model/allowance.ts";

const minuteMs = 60_000;
const windows: Record<string, number> = { "5h": 300 * minuteMs, "7d": 10_080 * minuteMs };

/** Empty when nothing is said that could be understood. `now`: epoch milliseconds. */
export function allowancesOf(headers: Headers, now: number): Allowance[] {
  const found: Allowance[] = [];
  headers.forEach((value, name) => {
    const allowance =
      utilized(headers, name, value) ?? percent(headers, name, value) ?? remaining(headers, name, value);
    const resetAt = allowance?.resetAt(now);
    if (!allowance || resetAt === undefined || !(resetAt > now)) return;
    const { left, windowMs } = allowance;
    found.push({ left: Math.min(1, Math.max(0, left)), resetAt, ...(windowMs === undefined ? {} : { windowMs }) });
  });
  return found;
}

interface Read {
  left: number;
  resetAt(now: number): number | undefined;
  windowMs?: number;
}

/** `…-unified-5h-utilization: 0.42` beside `…-unified-5h-reset`. */
function utilized(headers: Headers, name: string, value: string): Read | undefined {
  const match = /^(.+-unified-([0-9a-z]+)[^-]*)-utilization$/.exec(name);
  if (!match) return undefined;
  const [, family = "", window = ""] = match;
  const windowMs = windows[window];
  return read(1 - Number(value), headers.get(`${family}-reset`), windowMs);
}

/** `…-primary-used-percent: 42` beside `…-primary-reset-at` (or `-reset-after-seconds`) and `-window-minutes`. */
function percent(headers: Headers, name: string, value: string): Read | undefined {
  const family = /^(.+)-used-percent$/.exec(name)?.[1];
  if (family === undefined) return undefined;
  const minutes = Number(headers.get(`${family}-window-minutes`) ?? Number.NaN);
  const reset = headers.get(`${family}-reset-at`) ?? headers.get(`${family}-reset-after-seconds`);
  return read(1 - Number(value) / 100, reset, minutes > 0 ? minutes * minuteMs : undefined);
}

/** `…ratelimit-remaining-requests` or `…ratelimit-requests-remaining` beside the limit and the reset. */
function remaining(headers: Headers, name: string, value: string): Read | undefined {
  if (!/rate-?limit/.test(name) || !/-remaining(?=-|$)/.test(name)) return undefined;
  const beside = (word: string) => headers.get(name.replace("-remaining", `-${word}`));
  const limit = Number(beside("limit") ?? Number.NaN);
  return limit > 0 ? read(Number(value) / limit, beside("reset")) : undefined;
}

function read(left: number, reset: string | null, windowMs?: number): Read | undefined {
  if (!Number.isFinite(left) || reset === null) return undefined;
  const resetAt = (now: number) => instantOf(reset.trim(), now);
  return { left, resetAt, ...(windowMs === undefined ? {} : { windowMs }) };
}

const units: Record<string, number> = { ms: 1, s: 1000, m: minuteMs, h: 60 * minuteMs, d: 1440 * minuteMs };

/** Epoch seconds or milliseconds, seconds from now, RFC 3339, or a duration like `6m0s`. */
function instantOf(text: string, now: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number >= 1e11) return number;
    return number >= 1e8 ? number * 1000 : now + number * 1000;
  }
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return Date.parse(text);
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    total += Number(amount) * (units[unit] ?? 0);
  return now + total;
}
